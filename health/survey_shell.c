/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/run.h"
#include "health/survey_data.h"

/*
 * The login-shell import (gateway-family.md 6.5): where the configuration or a variable turns it
 * on, a gateway that finds none of the expected keys asks `$SHELL -l -c 'env -0'` for them. So does
 * the survey, and keeps fingerprints and masks of those keys alone.
 */

#define SHELL_OUT_MAX ((size_t)2 << 20)
#define SHELL_TIMEOUT_MS 15000

/* In the family's order. _Static_assert: the survey has a place for each. */
static const char *const expected[] = { "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
	"ANTHROPIC_OAUTH_TOKEN", "GEMINI_API_KEY", "ZAI_API_KEY", "OPENROUTER_API_KEY",
	"AI_GATEWAY_API_KEY", "MINIMAX_API_KEY", "SYNTHETIC_API_KEY", "ELEVENLABS_API_KEY",
	"TELEGRAM_BOT_TOKEN", "DISCORD_BOT_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN",
	"CLAWDBOT_GATEWAY_TOKEN", "CLAWDBOT_GATEWAY_PASSWORD" };

_Static_assert(ARRAY_LEN(expected) == SURVEY_EXPECTED, "one place for each");

static const char *const prefixes[] = { "THINKFLEETBOT", "OPENCLAW", "MOLTBOT", "CLAWDBOT" };

/* The first of <FAMILY>_<name> that is set. */
static const char *setting(const struct survey *v, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		char full[64];
		struct str s = STR_OF(full);
		const char *value;

		str_fmt(&s, "%s_%s", prefixes[i], name);
		value = v->env.get(v->env.ctx, full);
		if (value && *value)
			return value;
	}
	return NULL;
}

static bool is_on(const struct survey *v)
{
	static const char *const yes[] = { "1", "true", "yes", "on" };
	const char *value = setting(v, "LOAD_SHELL_ENV");

	for (size_t i = 0; value && i < ARRAY_LEN(yes); i++)
		if (str_equal_nocase(value, yes[i]))
			return true;
	return v->config.shell_env;
}

static int timeout(const struct survey *v)
{
	static const char *const path[] = { "env", "shellEnv", "timeoutMs", NULL };
	const char *value = setting(v, "SHELL_ENV_TIMEOUT_MS");
	int64_t ms = value ? strtoll(value, NULL, 10) : 0;

	if (ms <= 0 && !v->config_error.code)
		if (!doc_int(&v->config.doc, doc_find(&v->config.doc, path), &ms))
			ms = 0;
	if (ms <= 0 || ms > 10 * MS_MINUTE)
		ms = SHELL_TIMEOUT_MS;
	return v->o->shell_max_ms && ms > v->o->shell_max_ms ? v->o->shell_max_ms : (int)ms;
}

/* One that is there already: the gateway then asks no shell at all. */
static bool has_expected(struct survey *v)
{
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct credential c = { 0 };

		if (survey_variable(v, expected[i], &c))
			return true;
	}
	return false;
}

static void take_value(struct survey *v, const char *text, size_t n)
{
	const char *equals = memchr(text, '=', n);
	size_t name_n = equals ? (size_t)(equals - text) : 0;
	struct credential *c = &v->shell.list[v->shell.count];

	if (!equals || name_n + 1 == n || v->shell.count == SURVEY_EXPECTED)
		return;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		if (strlen(expected[i]) != name_n || memcmp(expected[i], text, name_n) != 0)
			continue;
		*c = (struct credential){ .stored = STORED_ENVIRONMENT, .from_shell = true };
		str_copy(c->var, sizeof(c->var), expected[i]);
		survey_describe(c, equals + 1, n - name_n - 1);
		v->shell.count++;
		return;
	}
}

/* "NAME=VALUE\0" again and again. */
static void take_block(struct survey *v, const char *p, size_t n)
{
	const char *end = p + n;

	while (p < end) {
		const char *stop = memchr(p, '\0', (size_t)(end - p));

		stop = stop ? stop : end;
		take_value(v, p, (size_t)(stop - p));
		p = stop + 1;
	}
}

static bool is_credential(const char *assignment)
{
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		size_t n = strlen(expected[i]);

		if (strncmp(assignment, expected[i], n) == 0 && assignment[n] == '=')
			return true;
	}
	return false;
}

/* What the shell is started with: without the keys that it is asked for. free() the list alone. */
static char **environment(const struct survey *v)
{
	char *const *from = v->o->environ ? v->o->environ : environ;
	char **list;
	size_t n = 0;

	while (from[n])
		n++;
	list = calloc(n + 1, sizeof(*list));
	n = 0;
	for (size_t i = 0; list && from[i]; i++)
		if (!is_credential(from[i]))
			list[n++] = from[i];
	return list;
}

void survey_shell_ask(struct survey *v)
{
	const char *shell = v->env.get(v->env.ctx, "SHELL");
	const char *argv[] = { "/bin/sh", "-l", "-c", "env -0", NULL };
	char **envp = v->shell.asked ? NULL : environment(v);
	struct run r = { .argv = argv, .env = (const char *const *)envp, .out_max = SHELL_OUT_MAX };
	struct buf out = { 0 };

	if (v->shell.asked)
		return;
	v->shell.asked = true;
	if (shell && *shell == '/') /* a name alone could be anybody's program */
		argv[0] = shell;
	r.timeout_ms = timeout(v);
	if (!envp)
		v->failed = true;
	else if (run_program(&r, &out, &v->shell.error))
		take_block(v, out.p, out.len);
	v->failed |= v->shell.error.code == ERR_MEMORY;
	buf_release(&out);
	free(envp);
}

void survey_shell(struct survey *v)
{
	v->s->shell_env = is_on(v);
	if (!v->s->shell_env || has_expected(v))
		return;
	survey_shell_ask(v);
	v->shell.applies = true;
}

const char *survey_expected(size_t i)
{
	return i < ARRAY_LEN(expected) ? expected[i] : NULL;
}

bool survey_shell_value(const struct survey *v, const char *name, struct credential *c)
{
	for (size_t i = 0; i < v->shell.count; i++) {
		if (strcmp(v->shell.list[i].var, name) != 0)
			continue;
		*c = v->shell.list[i];
		return true;
	}
	return false;
}

bool survey_shell_variable(struct survey *v, const char *name, struct credential *c)
{
	return v->shell.applies && survey_shell_value(v, name, c);
}
