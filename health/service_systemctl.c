/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/run.h"
#include "health/service_impl.h"

/*
 * What systemd itself says of the unit, where it runs: its main process, its state, and whether it
 * has read the files as they are now. Asked by its absolute path, without a shell, for two seconds
 * at most.
 */

#define SHOW_TIMEOUT_MS 2000
#define SHOW_OUT_MAX ((size_t)65536)

/* sd_booted(3), and for a unit of the account its own manager. */
static bool is_running(const struct service *s, const struct service_options *o)
{
	char name[64];
	char path[PATHS_CAP];
	struct str text = STR_OF(name);

	if (s->kind == SERVICE_USER)
		str_fmt(&text, "/run/user/%u/systemd", (unsigned)o->uid);
	else
		str_add(&text, "/run/systemd/system");
	return (s->kind == SERVICE_USER || s->kind == SERVICE_SYSTEM) &&
	       root_path(o, path, sizeof(path), name) && access(path, F_OK) == 0;
}

static bool find_systemctl(const struct service_options *o, char *out, size_t cap)
{
	static const char *const paths[] = { "/usr/bin/systemctl", "/bin/systemctl" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (root_path(o, out, cap, paths[i]) && access(out, X_OK) == 0)
			return true;
	return false;
}

/* NeedDaemonReload= stays "no" for a drop-in whose folder is new since systemd read the unit. */
static bool knows_fewer(const struct service *s, const char *paths)
{
	size_t n = 0;

	for (const char *at = paths; *at; at += strspn(at, " ")) {
		at += strcspn(at, " ");
		n++;
	}
	return n < s->dropins;
}

static void take_property(struct service *s, const char *line)
{
	if (str_starts(line, "MainPID="))
		s->main_pid = (pid_t)strtol(line + 8, NULL, 10);
	else if (str_starts(line, "ActiveState="))
		str_copy(s->active, sizeof(s->active), line + 12);
	else if (str_starts(line, "NeedDaemonReload="))
		s->needs_reload |= strcmp(line + 17, "yes") == 0;
	else if (str_starts(line, "DropInPaths="))
		s->needs_reload |= knows_fewer(s, line + 12);
}

static void take_answer(struct service *s, char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		bool last = !text[n];

		text[n] = '\0';
		take_property(s, text);
		text += n + !last;
	}
}

bool systemctl_show(struct service *s, const struct service_options *o, struct err *e)
{
	char path[PATHS_CAP];
	char runtime[64];
	char manager[] = "--system";
	char plain[] = "LC_ALL=C";
	const char *const env[] = { runtime, plain, NULL };
	const char *argv[] = { path, manager, "show", "--no-pager",
		"--property=MainPID,ActiveState,NeedDaemonReload,DropInPaths", "--", s->name,
		NULL };
	const struct run r = {
		.argv = argv, .env = env, .out_max = SHOW_OUT_MAX, .timeout_ms = SHOW_TIMEOUT_MS
	};
	struct buf out = { 0 };
	struct err why = { 0 };

	if (!o->ask_systemd || !is_running(s, o) || !find_systemctl(o, path, sizeof(path)))
		return true;
	if (s->kind == SERVICE_USER)
		str_copy(manager, sizeof(manager), "--user");
	/* What it needs to find the account's manager. */
	snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=/run/user/%u", (unsigned)o->uid);
	if (run_program(&r, &out, &why) && out.len)
		take_answer(s, out.p);
	else
		service_gap(s, "systemd was not heard: %s", why.msg);
	buf_release(&out);
	return why.code != ERR_MEMORY || err_set(e, ERR_MEMORY, "out of memory");
}
