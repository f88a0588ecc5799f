/* SPDX-License-Identifier: MIT */
#include "store/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/provider_name.h"
#include "store/paths.h"
#include "store/profiles.h"

/* --- reading --- */

struct loader {
	struct config *c;
	struct err *e;
};

static const struct doc *doc_of(const struct loader *l)
{
	return &l->c->doc;
}

static bool no_memory(struct loader *l)
{
	return err_set(l->e, ERR_MEMORY, "out of memory for %s", l->c->doc.name);
}

static uint32_t at(const struct loader *l, const char *a, const char *b, const char *c)
{
	return doc_find(doc_of(l), (const char *const[]){ a, b, c, NULL });
}

/* The text of a node, or of a member; "" when it is absent. */
static bool take(struct loader *l, uint32_t node, const char **out)
{
	*out = pool_text(&l->c->pool, doc_of(l), node);
	return *out || no_memory(l);
}

static bool take_member(struct loader *l, uint32_t object, const char *key, const char **out)
{
	return take(l, doc_get(doc_of(l), object, key), out);
}

static bool take_key(struct loader *l, uint32_t member, const char **out)
{
	*out = pool_key(&l->c->pool, doc_of(l), member);
	return *out || no_memory(l);
}

static bool take_provider(struct loader *l, const char *raw, const char **out)
{
	size_t cap = strlen(raw) + 16;
	char *to = pool_room(&l->c->pool, cap);

	*out = to;
	if (!to)
		return no_memory(l);
	provider_name_normalise(to, cap, raw);
	return true;
}

/* The texts of a list that are not blank. */
static bool take_texts(struct loader *l, uint32_t list, const char ***out, size_t *count)
{
	const struct doc *d = doc_of(l);

	*count = 0;
	*out = pool_pointers(&l->c->pool, doc_count(d, list) + 1);
	if (!*out)
		return no_memory(l);
	if (doc_kind(d, list) != DOC_ARRAY)
		return true;
	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m)) {
		char *text;

		if (!doc_filled(d, m))
			continue;
		text = pool_trimmed(&l->c->pool, d, m);
		if (!text)
			return no_memory(l);
		(*out)[(*count)++] = text;
	}
	return true;
}

/* Room for one row per member or element; at least one, so that NULL means no memory. */
static void *rows(const struct loader *l, uint32_t container, size_t size)
{
	return calloc((size_t)doc_count(doc_of(l), container) + 1, size);
}

static bool read_model(struct loader *l, const char *key, struct config_model *out)
{
	const struct doc *d = doc_of(l);
	uint32_t node = at(l, "agents", "defaults", key);

	out->present = node != DOC_NONE;
	out->is_text = doc_kind(d, node) == DOC_STRING;
	return take(l, out->is_text ? node : doc_get(d, node, "primary"), &out->primary) &&
	       take_texts(l, doc_get(d, node, "fallbacks"), &out->fallbacks, &out->fallback_count);
}

static bool read_allowed(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t object = at(l, "agents", "defaults", "models");

	l->c->allowed = rows(l, object, sizeof(*l->c->allowed));
	if (!l->c->allowed)
		return no_memory(l);
	if (doc_kind(d, object) != DOC_OBJECT)
		return true;
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_allowed *out = &l->c->allowed[l->c->allowed_count++];

		if (!take_key(l, m, &out->model) || !take_member(l, m, "alias", &out->alias))
			return false;
	}
	return true;
}

static bool read_agents(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t list = at(l, "agents", "list", NULL);

	l->c->agents = rows(l, list, sizeof(*l->c->agents));
	if (!l->c->agents)
		return no_memory(l);
	if (doc_kind(d, list) != DOC_ARRAY)
		return true;
	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_agent *out = &l->c->agents[l->c->agent_count];
		const char *raw;
		char id[AGENT_CAP];

		if (doc_kind(d, m) != DOC_OBJECT)
			continue;
		if (!take_member(l, m, "id", &raw) ||
			!take_member(l, m, "agentDir", &out->agent_dir))
			return false;
		agent_normalise(id, raw);
		out->id = pool_copy(&l->c->pool, id);
		if (!out->id)
			return no_memory(l);
		doc_bool(d, doc_get(d, m, "default"), &out->is_default);
		l->c->agent_count++;
	}
	return true;
}

static bool read_profiles(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t object = at(l, "auth", "profiles", NULL);

	l->c->profiles = rows(l, object, sizeof(*l->c->profiles));
	if (!l->c->profiles)
		return no_memory(l);
	if (doc_kind(d, object) != DOC_OBJECT)
		return true;
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_profile *out = &l->c->profiles[l->c->profile_count++];
		const char *raw;

		if (!take_key(l, m, &out->id) || !take_member(l, m, "provider", &raw) ||
			!take_provider(l, raw, &out->provider) ||
			!take_member(l, m, "mode", &out->mode) ||
			!take_member(l, m, "email", &out->email))
			return false;
	}
	return true;
}

/* Unlike in the store, an empty list counts here: it means "no profiles". */
static bool read_orders(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t object = at(l, "auth", "order", NULL);

	l->c->orders = rows(l, object, sizeof(*l->c->orders));
	if (!l->c->orders)
		return no_memory(l);
	if (doc_kind(d, object) != DOC_OBJECT)
		return true;
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_order *out = &l->c->orders[l->c->order_count];
		const char *raw;

		if (doc_kind(d, m) != DOC_ARRAY)
			continue;
		if (!take_key(l, m, &raw) || !take_provider(l, raw, &out->provider) ||
			!take_texts(l, m, &out->ids, &out->count))
			return false;
		l->c->order_count++;
	}
	return true;
}

/* The name in "${NAME}" or "$NAME"; NULL when it is something else. */
static const char *variable_in(char *text)
{
	bool braces = str_starts(text, "${");
	char *name = text + (braces ? 2 : 1);
	size_t n;

	if (text[0] != '$')
		return NULL;
	n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	if (!n || (name[0] >= '0' && name[0] <= '9') || strcmp(name + n, braces ? "}" : "") != 0)
		return NULL;
	name[n] = '\0';
	return name;
}

bool config_marks_no_key(const char *text)
{
	static const char *const markers[] = { CONFIG_NO_KEY, "none", "ollama-local",
		"minimax-oauth", "qwen-oauth", "lm-studio" };

	for (size_t i = 0; i < ARRAY_LEN(markers); i++)
		if (strcmp(text, markers[i]) == 0)
			return true;
	return false;
}

static bool read_key(struct loader *l, uint32_t node, struct config_provider *out)
{
	const struct doc *d = doc_of(l);
	char text[96];
	const char *name;

	out->variable = "";
	if (doc_kind(d, node) == DOC_OBJECT) {
		out->key = CONFIG_KEY_REF;
		return true;
	}
	if (!doc_filled(d, node))
		return true;
	/* A name of a variable is short; a key that starts with "$" never gets into `text`. */
	if (d->text.p[d->nodes[node].at + 1] == '$' && doc_text(d, node, text, sizeof(text)) &&
		(name = variable_in(text))) {
		out->key = CONFIG_KEY_VARIABLE;
		out->variable = pool_copy(&l->c->pool, name);
		return out->variable || no_memory(l);
	}
	out->key = CONFIG_KEY_PLAIN;
	if (doc_text(d, node, text, sizeof(text)) && config_marks_no_key(text))
		out->key = CONFIG_KEY_MARKER;
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool read_providers(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t object = at(l, "models", "providers", NULL);

	l->c->providers = rows(l, object, sizeof(*l->c->providers));
	if (!l->c->providers)
		return no_memory(l);
	if (doc_kind(d, object) != DOC_OBJECT)
		return true;
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_provider *out = &l->c->providers[l->c->provider_count++];
		const char *raw;

		if (!take_key(l, m, &raw) || !take_provider(l, raw, &out->id) ||
			!take_member(l, m, "baseUrl", &out->base_url) ||
			!take_member(l, m, "api", &out->api) ||
			!read_key(l, doc_get(d, m, "apiKey"), out))
			return false;
	}
	return true;
}

/* Blank values set nothing (gateway-family.md 6.1). */
static bool read_env_object(struct loader *l, uint32_t object, bool top)
{
	const struct doc *d = doc_of(l);

	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		struct config_env *out = &l->c->env[l->c->env_count];

		if (!doc_filled(d, m) ||
			(top && (doc_key_is(d, m, "shellEnv") || doc_key_is(d, m, "vars"))))
			continue;
		if (!take_key(l, m, &out->name))
			return false;
		out->node = m;
		out->line = doc_line(d, m);
		l->c->env_count++;
	}
	return true;
}

static bool read_env(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t env = at(l, "env", NULL, NULL);
	uint32_t vars = doc_get(d, env, "vars");

	l->c->env = calloc((size_t)doc_count(d, env) + doc_count(d, vars) + 1, sizeof(*l->c->env));
	if (!l->c->env)
		return no_memory(l);
	doc_bool(d, at(l, "env", "shellEnv", "enabled"), &l->c->shell_env);
	if (doc_kind(d, vars) == DOC_OBJECT && !read_env_object(l, vars, false))
		return false;
	return doc_kind(d, env) != DOC_OBJECT || read_env_object(l, env, true);
}

static bool read_vault(struct loader *l)
{
	const struct doc *d = doc_of(l);
	uint32_t node = at(l, "secrets", "providers", VAULT_REF_PROVIDER);
	uint32_t arg = doc_first(d, doc_get(d, node, "args"));

	l->c->vault.present = doc_kind(d, node) == DOC_OBJECT;
	while (arg != DOC_NONE && !doc_text_is(d, arg, "--state-dir"))
		arg = doc_next(d, arg);
	return take_member(l, node, "command", &l->c->vault.command) &&
	       take(l, doc_next(d, arg), &l->c->vault.state_dir);
}

static bool has_includes(const struct doc *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		if (doc_key_is(d, i, "$include"))
			return true;
	}
	return false;
}

static bool read_all(struct loader *l)
{
	const struct doc *d = doc_of(l);

	if (doc_kind(d, DOC_ROOT) != DOC_OBJECT)
		return err_set(l->e, ERR_DAMAGED, "%s: expected an object, found %s", d->name,
			doc_kind_text(doc_kind(d, DOC_ROOT)));
	l->c->has_includes = has_includes(d);
	return read_model(l, "model", &l->c->model) &&
	       read_model(l, "imageModel", &l->c->image_model) && read_allowed(l) &&
	       read_agents(l) && read_profiles(l) && read_orders(l) && read_providers(l) &&
	       read_env(l) && read_vault(l);
}

bool config_load(struct config *c, const char *path, struct err *e)
{
	struct loader l = { c, e };

	*c = (struct config){ 0 };
	if (!doc_load(&c->doc, path, DOC_JSON5, DOC_EMPTY, &c->stamp, e))
		return false;
	c->exists = c->stamp.exists;
	if (read_all(&l))
		return true;
	config_release(c);
	return false;
}

void config_release(struct config *c)
{
	doc_release(&c->doc);
	free(c->allowed);
	free(c->agents);
	free(c->profiles);
	free(c->orders);
	free(c->providers);
	free(c->env);
	pool_release(&c->pool);
	*c = (struct config){ 0 };
}
