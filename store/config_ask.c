/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/provider_name.h"
#include "store/config.h"
#include "store/paths.h"
#include "store/profiles.h"

/* Questions to a configuration that was read. Of duplicates the last counts. */

const struct config_profile *config_profile(const struct config *c, const char *id)
{
	for (size_t i = c->profile_count; i-- > 0;) {
		if (strcmp(c->profiles[i].id, id) == 0)
			return &c->profiles[i];
	}
	return NULL;
}

const struct config_order *config_order(const struct config *c, const char *provider)
{
	for (size_t i = c->order_count; i-- > 0;) {
		if (strcmp(c->orders[i].provider, provider) == 0)
			return &c->orders[i];
	}
	return NULL;
}

const struct config_provider *config_provider(const struct config *c, const char *provider)
{
	for (size_t i = c->provider_count; i-- > 0;) {
		if (strcmp(c->providers[i].id, provider) == 0)
			return &c->providers[i];
	}
	return NULL;
}

const char *config_default_agent(const struct config *c)
{
	for (size_t i = 0; i < c->agent_count; i++) {
		if (c->agents[i].is_default)
			return c->agents[i].id;
	}
	return c->agent_count ? c->agents[0].id : AGENT_DEFAULT;
}

const struct config_agent *config_agent(const struct config *c, const char *agent)
{
	for (size_t i = 0; i < c->agent_count; i++) {
		if (strcmp(c->agents[i].id, agent) == 0)
			return &c->agents[i];
	}
	return NULL;
}

/* --- models --- */

/* gateway-family.md 5.5 */
static const char *const builtin_aliases[][2] = {
	{ "opus", "anthropic/claude-opus-4-5" },
	{ "sonnet", "anthropic/claude-sonnet-4-5" },
	{ "gpt", "openai/gpt-5.2" },
	{ "gpt-mini", "openai/gpt-5-mini" },
	{ "gemini", "google/gemini-3-pro-preview" },
	{ "gemini-flash", "google/gemini-3-flash-preview" },
};

const char *config_builtin_alias(const char *model)
{
	for (size_t i = 0; i < ARRAY_LEN(builtin_aliases); i++) {
		if (strcmp(builtin_aliases[i][1], model) == 0)
			return builtin_aliases[i][0];
	}
	return NULL;
}

static const char *const renamed[][2] = {
	{ "anthropic/opus-4.5", "anthropic/claude-opus-4-5" },
	{ "anthropic/sonnet-4.5", "anthropic/claude-sonnet-4-5" },
	{ "google/gemini-3-pro", "google/gemini-3-pro-preview" },
	{ "google/gemini-3-flash", "google/gemini-3-flash-preview" },
};

static const char *renamed_to(const char *model)
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++) {
		if (str_equal_nocase(model, renamed[i][0]))
			return renamed[i][1];
	}
	return NULL;
}

/* provider and model, with the provider's normal name and the model's current one. */
static bool write_model(char *out, size_t cap, const char *provider, const char *model)
{
	struct str s = str_on(out, cap);
	char name[256];
	const char *now;

	model += strspn(model, " \t");
	if (!provider_name_normalise(name, sizeof(name), provider) || !*name || !*model)
		return false;
	str_fmt(&s, "%s/%s", name, model);
	now = s.cut ? NULL : renamed_to(out);
	return now ? str_copy(out, cap, now) : !s.cut;
}

static bool split_model(char *out, size_t cap, const char *text)
{
	const char *slash = strchr(text, '/');
	char provider[256];
	struct str s = STR_OF(provider);

	if (!slash)
		return write_model(out, cap, CONFIG_DEFAULT_PROVIDER, text);
	str_addn(&s, text, (size_t)(slash - text));
	return !s.cut && write_model(out, cap, provider, slash + 1);
}

static bool is_allowed(const struct config *c, const char *model)
{
	char full[512];

	for (size_t i = 0; i < c->allowed_count; i++) {
		if (split_model(full, sizeof(full), c->allowed[i].model) &&
			strcmp(full, model) == 0)
			return true;
	}
	return false;
}

/* What the alias stands for, or NULL. Built-in ones count for models that are in the list. */
static const char *alias_target(const struct config *c, const char *alias)
{
	for (size_t i = 0; i < c->allowed_count; i++) {
		if (*c->allowed[i].alias && str_equal_nocase(c->allowed[i].alias, alias))
			return c->allowed[i].model;
	}
	for (size_t i = 0; i < ARRAY_LEN(builtin_aliases); i++) {
		if (str_equal_nocase(builtin_aliases[i][0], alias) &&
			is_allowed(c, builtin_aliases[i][1]))
			return builtin_aliases[i][1];
	}
	return NULL;
}

bool config_resolve_model(const struct config *c, const char *raw, char *out, size_t cap)
{
	char text[512];
	struct str s = STR_OF(text);
	const char *target;
	size_t n;

	raw += strspn(raw, " \t\r\n");
	n = strlen(raw);
	while (n && strchr(" \t\r\n", raw[n - 1]))
		n--;
	str_addn(&s, raw, n);
	if (!n || s.cut)
		return false;
	target = strchr(text, '/') ? NULL : alias_target(c, text);
	return split_model(out, cap, target ? target : text);
}

bool config_default_model(const struct config *c, char *out, size_t cap)
{
	return config_resolve_model(
		c, *c->model.primary ? c->model.primary : CONFIG_DEFAULT_MODEL, out, cap);
}

/* --- secrets --- */

bool config_provider_key(
	const struct config *c, const char *provider, struct secret *out, struct err *e)
{
	const struct doc *d = &c->doc;
	uint32_t object = doc_find(d, (const char *const[]){ "models", "providers", NULL });
	const struct config_provider *p = config_provider(c, provider);
	uint32_t found = DOC_NONE;
	char raw[256];
	char name[256];

	if (!p || p->key != CONFIG_KEY_PLAIN)
		return err_set(e, ERR_NOT_FOUND,
			"%s: models.providers has no plain-text key for %s", d->name, provider);
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		if (doc_key(d, m, raw, sizeof(raw)) &&
			provider_name_normalise(name, sizeof(name), raw) &&
			strcmp(name, provider) == 0)
			found = m;
	}
	return doc_secret(d, doc_get(d, found, "apiKey"), out, e);
}

bool config_env_value(
	const struct config *c, const struct config_env *v, struct secret *out, struct err *e)
{
	return doc_secret(&c->doc, v->node, out, e);
}
