/* SPDX-License-Identifier: MIT */
#include "tests/unit/service_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* --- preparing --- */

void put_bytes(struct world *w, const char *name, const char *bytes, size_t n)
{
	char path[PATHS_CAP];
	char dir[PATHS_CAP];
	struct err e = { 0 };
	FILE *f;

	assert_ok(fs_join(path, sizeof(path), w->home, name, &e), e);
	fs_dirname(dir, sizeof(dir), path);
	assert_ok(fs_mkdirs(dir, &e), e);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

void put_file(struct world *w, const char *name, const char *text)
{
	put_bytes(w, name, text, strlen(text));
}

void put_unit(struct world *w, const char *name, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"[Unit]\nDescription=Gateway\n[Service]\n"
		"ExecStart=/usr/bin/node /opt/openclaw/dist/entry.js gateway\n"
		"Environment=OPENCLAW_STATE_DIR=%%h/.thinkfleetbot\n%s\n",
		more);
	put_file(w, name, text);
}

void put_run_unit(struct world *w, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"[Service]\nExecStart=/usr/bin/thinkfleetbot run -- /usr/bin/openclaw "
		"gateway\n%s\n",
		more);
	put_file(w, USER_UNITS UNIT, text);
}

void put_profile(struct world *w)
{
	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\","
		"\"provider\":\"anthropic\",\"keyRef\":{\"source\":\"exec\","
		"\"provider\":\"thinkfleetbot\",\"id\":\"main/anthropic:default/key\"}}}}");
	world_seal(w, "anthropic:default", "anthropic", NEW_KEY);
}

void put_sealed_line(struct world *w)
{
	world_file(w, ".env", "THINKFLEETBOT_SEALED_" VAR "=main/anthropic:default/key\n");
	world_seal(w, "anthropic:default", "anthropic", NEW_KEY);
}

void put_process(struct world *w, int64_t started_ms, const char *unit, const char *key)
{
	char text[1024];
	long hz = sysconf(_SC_CLK_TCK);
	int n;

	snprintf(text, sizeof(text), "cpu 1 2\nbtime %lld\n", (long long)BOOT_S);
	put_file(w, "proc/stat", text);
	snprintf(text, sizeof(text),
		"4242 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %lld 20\n",
		(long long)((started_ms - BOOT_S * 1000) * hz / 1000));
	put_file(w, "proc/4242/stat", text);
	put_bytes(w, "proc/4242/cmdline", "openclaw-gateway\0\0", 18);
	snprintf(text, sizeof(text),
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/%s\n", unit);
	put_file(w, "proc/4242/cgroup", text);
	n = snprintf(text, sizeof(text), "HOME=%s%cOPENCLAW_STATE_DIR=%s%c", w->home, 0,
		w->paths.state, 0);
	if (key)
		n += snprintf(text + n, sizeof(text) - (size_t)n, VAR "=%s%c", key, 0);
	put_bytes(w, "proc/4242/environ", text, (size_t)n);
}

/* --- asking --- */

const struct service_view *view(struct world *w)
{
	world_take(w);
	if (!w->s.service)
		fail_msg("no service was found");
	return w->s.service;
}

static void print_of(const char *value, char out[FINGERPRINT_CAP])
{
	const struct secret s = { .bytes = (char *)value, .len = strlen(value) };

	secret_fingerprint(out, &s);
}

void next_is(struct world *w, const char *value, enum service_wins wins)
{
	const struct service_row *row = service_row(view(w), VAR);
	char want[FINGERPRINT_CAP] = "";

	if (!value && !row)
		return;
	assert_non_null(row);
	if (value)
		print_of(value, want);
	assert_string_equal(row->next.fingerprint, want);
	assert_string_equal(service_wins_name(row->wins), service_wins_name(wins));
}

const struct finding *finding_with(const struct world *w, const char *words)
{
	for (size_t i = 0; i < w->s.finding_count; i++)
		if (strcmp(w->s.findings[i].check, "service") == 0 &&
			strstr(w->s.findings[i].text, words))
			return &w->s.findings[i];
	return NULL;
}

void finds(const struct world *w, const char *words, enum severity severity)
{
	const struct finding *f = finding_with(w, words);

	if (!f)
		fail_msg("not found: %s", words);
	assert_int_equal(f->severity, severity);
}

void finds_nothing(const struct world *w)
{
	const struct finding *f = world_finding(w, "service");

	assert_non_null(f);
	if (f->severity != SEVERITY_OK)
		fail_msg("found: %s", f->text);
}
