/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health/service_impl.h"

/*
 * What a start of a unit gives it (systemd.exec(5) "Environment variables"): the variables of the
 * manager, of the account, of Environment=, of the files of EnvironmentFile=, without what
 * UnsetEnvironment= names. The later wins.
 */

/* --- who, and where ----------------------------------------------------------------------------
 */

static void name_manager(struct unit_loader *l)
{
	struct account *m = &l->manager;

	if (l->out->kind == SERVICE_USER) {
		char number[16];

		snprintf(number, sizeof(number), "%u", (unsigned)l->o->uid);
		if (!account_find(m, l->o, number))
			m->uid = l->o->uid;
		str_copy(m->home, sizeof(m->home), l->o->home);
		if (l->o->user[0])
			str_copy(m->name, sizeof(m->name), l->o->user);
	} else if (!account_find(m, l->o, "0")) {
		*m = (struct account){ .name = "root", .home = "/root", .shell = "/bin/sh" };
	}
}

static void fill_specifiers(struct unit_loader *l, const char *name)
{
	const bool user = l->out->kind == SERVICE_USER;
	const char *config = l->o->env->get(l->o->env->ctx, "XDG_CONFIG_HOME");

	snprintf(l->uid, sizeof(l->uid), "%u", (unsigned)l->manager.uid);
	snprintf(l->runtime, sizeof(l->runtime), user ? "/run/user/%s" : "/run", l->uid);
	if (!user)
		str_copy(l->config, sizeof(l->config), "/etc");
	else if (config && *config == '/')
		str_copy(l->config, sizeof(l->config), config);
	else
		fs_join(l->config, sizeof(l->config), l->manager.home, ".config", NULL);
	str_copy(
		l->state, sizeof(l->state), user ? l->config : "/var/lib"); /* 252; 254: ~/.local */
	if (!user || !fs_join(l->cache, sizeof(l->cache), l->manager.home, ".cache", NULL))
		str_copy(l->cache, sizeof(l->cache), "/var/cache");
	if (!user || !fs_join(l->logs, sizeof(l->logs), l->config, "log", NULL))
		str_copy(l->logs, sizeof(l->logs), "/var/log");
	if (gethostname(l->host, sizeof(l->host) - 1) != 0)
		l->host[0] = '\0';
	l->spec = (struct unit_specifiers){ .name = name,
		.user = l->manager.name,
		.home = l->manager.home,
		.uid = l->uid,
		.shell = l->manager.shell,
		.runtime = l->runtime,
		.state = l->state,
		.cache = l->cache,
		.logs = l->logs,
		.config = l->config,
		.host = l->host };
}

void unit_describe(struct unit_loader *l, const char *name)
{
	name_manager(l);
	fill_specifiers(l, name);
}

/* The account that the service runs as; a system service without User= runs as root. */
static void resolve_account(struct unit_loader *l, struct account *a)
{
	struct service *s = l->out;

	*a = l->manager;
	if (s->kind == SERVICE_SYSTEM && l->user[0] && !account_find(a, l->o, l->user)) {
		*a = (struct account){ .uid = (uid_t)-1 };
		str_copy(a->name, sizeof(a->name), l->user);
		if (!l->dynamic_user)
			service_gap(s, "User=%s is no account in /etc/passwd", l->user);
	}
	if (l->dynamic_user)
		service_gap(s, "DynamicUser= makes an account at each start");
	str_copy(s->user, sizeof(s->user), a->name);
	str_copy(s->home, sizeof(s->home), a->home);
}

static void resolve_dir(struct unit_loader *l)
{
	const char *dir = l->dir + (l->dir[0] == '-');
	struct service *s = l->out;

	if (strcmp(dir, "~") == 0 || (!*dir && s->kind == SERVICE_USER))
		str_copy(s->dir, sizeof(s->dir), s->home);
	else
		str_copy(s->dir, sizeof(s->dir), *dir ? dir : "/");
}

/* --- the environment ---------------------------------------------------------------------------
 */

static bool put_text(struct service_vars *v, const char *name, const char *value, struct err *e)
{
	const struct service_place nowhere = { 0 };
	char text[PATHS_CAP + 16];
	struct str s = STR_OF(text);

	if (!*value)
		return true;
	str_fmt(&s, "%s=%s", name, value);
	return s.cut || vars_put(v, text, s.len, &nowhere, e);
}

/* systemd sets these for services of an account, not for those of root without User=. */
static bool put_account(struct unit_loader *l, const struct account *a, struct err *e)
{
	struct service_vars *v = &l->out->vars;

	if (l->out->kind == SERVICE_SYSTEM && !l->user[0])
		return true;
	return put_text(v, "HOME", a->home, e) && put_text(v, "USER", a->name, e) &&
	       put_text(v, "LOGNAME", a->name, e) && put_text(v, "SHELL", a->shell, e);
}

static bool put_file(struct unit_loader *l, const char *path, bool required, struct err *e)
{
	struct buf text = { 0 };
	bool found;
	bool ok;

	if (!file_text(&text, path, &found, e))
		return false;
	if (!found && (required || access(path, F_OK) == 0))
		service_gap(l->out, "%s cannot be read%s", path,
			required ? ": the service does not start without it" : "");
	ok = !found || vars_envfile(&l->out->vars, text.p, text.len, path, e);
	buf_release(&text);
	return ok;
}

/* The paths of a unit are the machine's; ROOT stands in front of those outside of HOME. */
static bool in_root(const struct unit_loader *l, char *out, size_t cap, const char *path)
{
	size_t n = strlen(l->o->home);

	if (strncmp(path, l->o->home, n) == 0 && (path[n] == '/' || !path[n]))
		return str_copy(out, cap, path);
	return root_path(l->o, out, cap, path);
}

static bool put_env_file(struct unit_loader *l, const struct unit_env_file *f, struct err *e)
{
	char path[PATHS_CAP];
	glob_t found = { 0 };
	bool ok = true;
	int r;

	if (!in_root(l, path, sizeof(path), f->path))
		return true;
	if (!strpbrk(path, "*?["))
		return put_file(l, path, !f->optional, e);
	r = glob(path, 0, NULL, &found);
	if (r == GLOB_NOSPACE)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (r != 0 && !f->optional)
		service_gap(l->out, "%s:%u: nothing is like %s: the service does not start",
			fs_basename(f->from), f->line, f->path);
	for (size_t i = 0; r == 0 && ok && i < found.gl_pathc; i++)
		ok = put_file(l, found.gl_pathv[i], !f->optional, e);
	globfree(&found);
	return ok;
}

/* environment.d(5): what this account's manager was started with, and hands on. */
static bool put_environment_d(struct unit_loader *l, struct err *e)
{
	static const char *const roots[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib" };
	struct unit_dirs *dirs = calloc(1, sizeof(*dirs));
	struct dropins *files = calloc(1, sizeof(*files));
	bool ok = dirs && files;

	if (!ok)
		err_set(e, ERR_MEMORY, "out of memory");
	else
		str_copy(dirs->list[dirs->count++], PATHS_CAP, l->config);
	for (size_t i = 0; ok && i < ARRAY_LEN(roots); i++)
		if (root_path(l->o, dirs->list[dirs->count], PATHS_CAP, roots[i]))
			dirs->count++;
	if (ok)
		dropins_read(files, dirs, "environment.d");
	for (size_t i = 0; ok && i < files->count; i++)
		ok = put_file(l, files->list[i], false, e);
	free(dirs);
	free(files);
	return ok;
}

static void note_passed(struct unit_loader *l)
{
	for (size_t at = 0; at < l->pass.len; at += strlen(l->pass.p + at) + 1)
		if (!vars_find(&l->out->vars, l->pass.p + at))
			service_gap(l->out,
				"PassEnvironment=%.60s: what systemd has is not known here",
				l->pass.p + at);
}

bool unit_environment(struct unit_loader *l, struct err *e)
{
	struct service *s = l->out;
	struct account a;

	resolve_account(l, &a);
	resolve_dir(l);
	if ((s->kind == SERVICE_USER && !put_environment_d(l, e)) || !put_account(l, &a, e))
		return false;
	note_passed(l);
	if (!vars_merge(&s->vars, &l->set, e))
		return false;
	for (size_t i = 0; i < l->file_count; i++)
		if (!put_env_file(l, &l->files[i], e))
			return false;
	for (size_t at = 0; at < l->unset.len; at += strlen(l->unset.p + at) + 1)
		vars_drop(&s->vars, l->unset.p + at, strlen(l->unset.p + at));
	return true;
}
