/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "health/doctor_impl.h"

/*
 * What the configuration says about the gateway's own door and its logs: who may talk to it may use
 * every key in it (gateway-family.md 13.5 and 13.6). Lengths and members, never values.
 */

#define TOKEN_MIN 24 /* the family's gateway.token_too_short */

static const char *const bind_path[] = { "gateway", "bind", NULL };
static const char *const token_path[] = { "gateway", "auth", "token", NULL };
static const char *const password_path[] = { "gateway", "auth", "password", NULL };
static const char *const hooks_path[] = { "hooks", "token", NULL };
static const char *const redact_path[] = { "logging", "redactSensitive", NULL };

static bool in_config(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->env_count; i++)
		if (strcmp(c->env[i].name, name) == 0)
			return true;
	return false;
}

/* In whichever name the family has had. */
static bool variable_set(const struct survey *v, const char *end)
{
	static const char *const fronts[] = { "THINKFLEETBOT", "OPENCLAW", "MOLTBOT", "CLAWDBOT" };

	for (size_t i = 0; i < ARRAY_LEN(fronts); i++) {
		char name[64];
		struct str s = STR_OF(name);
		const char *value;

		str_fmt(&s, "%s_GATEWAY_%s", fronts[i], end);
		value = v->env.get(v->env.ctx, name);
		if ((value && value[0]) || dotenv_find(&v->dotenv, name) != DOTENV_NONE ||
			in_config(&v->config, name))
			return true;
	}
	return false;
}

/* A text, or a reference to where it is kept. */
static bool given(const struct doc *d, const char *const *path)
{
	uint32_t node = doc_find(d, path);

	return doc_filled(d, node) || doc_kind(d, node) == DOC_OBJECT;
}

static void at_node(struct survey *v, struct finding *f, uint32_t node)
{
	unsigned line = doc_line(&v->config.doc, node);

	finding_evidence(v, f, v->paths->config, line);
	finding_edit(f, v->paths->config, line);
}

/* Reachable from other machines, and nothing asked of who comes. */
static void check_door(struct survey *v, const struct check *c)
{
	const struct doc *d = &v->config.doc;
	uint32_t bind = doc_find(d, bind_path);
	char word[32];

	if (!doc_text(d, bind, word, sizeof(word)) || strcmp(word, "loopback") == 0 ||
		strcmp(word, "auto") == 0 || given(d, token_path) || given(d, password_path) ||
		variable_set(v, "TOKEN") || variable_set(v, "PASSWORD"))
		return;
	at_node(v,
		finding_add(v, c, SEVERITY_WARN, /* the service may have a token of its own */
			"the gateway listens on \"%.16s\", and nothing here sets a token for it: "
			"who reaches it uses your keys",
			word),
		bind);
}

/* A reference to a variable is as long as its name; only what stands there is judged. */
static void check_token(
	struct survey *v, const struct check *c, const char *const *path, const char *name)
{
	const struct doc *d = &v->config.doc;
	uint32_t node = doc_find(d, path);

	if (!doc_filled(d, node) || d->text.p[d->nodes[node].at + 1] == '$' ||
		d->nodes[node].len >= TOKEN_MIN + 2) /* with its quotes */
		return;
	at_node(v,
		finding_add(
			v, c, SEVERITY_WARN, "%s is shorter than %d characters", name, TOKEN_MIN),
		node);
}

bool check_gateway(struct survey *v, const struct check *c)
{
	const struct doc *d = &v->config.doc;
	uint32_t redact = doc_find(d, redact_path);

	if (!v->s->config_exists || v->config_error.code)
		return false;
	check_door(v, c);
	check_token(v, c, token_path, "gateway.auth.token");
	check_token(v, c, hooks_path, "hooks.token");
	if (doc_text_is(d, redact, "off"))
		at_node(v,
			finding_add(v, c, SEVERITY_WARN,
				"keys are not masked in the gateway's logs: "
				"logging.redactSensitive is off"),
			redact);
	if (v->config.has_includes) {
		struct finding *f = finding_add(v, c, SEVERITY_INFO,
			"the configuration includes other files; what they say is not looked at");

		finding_evidence(v, f, v->paths->config, 0);
		finding_fix(f, "grep -n include", v->paths->config);
	}
	return true;
}
