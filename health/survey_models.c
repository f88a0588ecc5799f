/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "health/survey_data.h"

/* Models as the configuration has them, and one row for every provider anything speaks of. */

/* Names, sorted and without doubles later. They point into the snapshot, the configuration
 * or the table. */
struct names {
	const char **list;
	size_t count;
	size_t cap;
};

static bool add_name(struct names *n, const char *name, struct err *e)
{
	if (!name[0] || (n->count && strcmp(n->list[n->count - 1], name) == 0))
		return true; /* profiles of one provider usually stand together */
	if (n->count == n->cap) {
		size_t cap = n->cap ? 2 * n->cap : 64;
		const char **grown = realloc(n->list, cap * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory");
		n->list = grown;
		n->cap = cap;
	}
	n->list[n->count++] = name;
	return true;
}

static int compare_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The providers of the models, resolved once. */
struct used {
	char ids[3 * SNAPSHOT_LIST_CAP + 2][PROVIDER_CAP];
	size_t count;
	size_t in_use; /* the first ones: default, fallbacks, images; then the allowlist */
};

static void use(struct used *u, const struct config *c, const char *raw)
{
	char model[192];
	char *slash;

	if (u->count == ARRAY_LEN(u->ids) || !config_resolve_model(c, raw, model, sizeof(model)))
		return;
	slash = strchr(model, '/');
	if (slash)
		*slash = '\0';
	if (provider_normalise(u->ids[u->count], PROVIDER_CAP, model))
		u->count++;
}

static size_t copy_list(char (*to)[192], const char *const *from, size_t n)
{
	size_t count = n < SNAPSHOT_LIST_CAP ? n : SNAPSHOT_LIST_CAP;

	for (size_t i = 0; i < count; i++)
		str_copy(to[i], sizeof(to[i]), from[i]);
	return count;
}

static void read_allowed(struct snapshot *s, const struct config *c)
{
	for (size_t i = 0; i < c->allowed_count && i < SNAPSHOT_LIST_CAP; i++) {
		const struct config_allowed *a = &c->allowed[i];
		const char *alias = a->alias[0] ? a->alias : config_builtin_alias(a->model);

		str_copy(s->allowed[s->allowed_count++], sizeof(s->allowed[0]), a->model);
		if (!alias)
			continue;
		str_copy(s->aliases[s->alias_count][0], sizeof(s->aliases[0][0]), alias);
		str_copy(s->aliases[s->alias_count++][1], sizeof(s->aliases[0][1]), a->model);
	}
}

static void read_models(struct survey *v, struct used *u)
{
	struct snapshot *s = v->s;
	const struct config *c = &v->config;

	/* A configuration that cannot be read says nothing: then the family's default holds. */
	if (v->config_error.code ||
		!config_default_model(c, s->default_model, sizeof(s->default_model)))
		str_copy(s->default_model, sizeof(s->default_model), CONFIG_DEFAULT_MODEL);
	if (c->model.present)
		str_copy(s->default_raw, sizeof(s->default_raw), c->model.primary);
	s->fallback_count = copy_list(s->fallbacks, c->model.fallbacks, c->model.fallback_count);
	if (c->image_model.present)
		str_copy(s->image_model, sizeof(s->image_model), c->image_model.primary);
	s->image_fallback_count = copy_list(
		s->image_fallbacks, c->image_model.fallbacks, c->image_model.fallback_count);
	read_allowed(s, c);
	use(u, c, s->default_model);
	for (size_t i = 0; i < s->fallback_count; i++)
		use(u, c, s->fallbacks[i]);
	if (s->image_model[0])
		use(u, c, s->image_model);
	for (size_t i = 0; i < s->image_fallback_count; i++)
		use(u, c, s->image_fallbacks[i]);
	u->in_use = u->count;
	for (size_t i = 0; i < s->allowed_count; i++)
		use(u, c, s->allowed[i]);
}

static bool collect(struct survey *v, const struct used *u, struct names *n, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < v->s->credential_count; i++)
		ok = add_name(n, v->s->credentials[i].provider, e);
	for (size_t i = 0; ok && i < v->config.provider_count; i++)
		ok = add_name(n, v->config.providers[i].id, e);
	for (size_t i = 0; ok && i < u->count; i++)
		ok = add_name(n, u->ids[i], e);
	if (ok && n->count)
		qsort(n->list, n->count, sizeof(*n->list), compare_name);
	return ok;
}

static bool make_rows(struct survey *v, const struct names *n, struct err *e)
{
	struct snapshot *s = v->s;

	s->providers = calloc(n->count + 1, sizeof(*s->providers));
	if (!s->providers)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < n->count; i++) {
		const struct provider *known;
		struct provider_state *p;

		if (i && strcmp(n->list[i], n->list[i - 1]) == 0)
			continue;
		p = &s->providers[s->provider_count++];
		known = provider_find(n->list[i]);
		str_copy(p->id, sizeof(p->id), n->list[i]);
		p->label = known ? known->label : NULL;
		p->local = known && known->local;
	}
	for (size_t i = 0; i < s->provider_count; i++)
		if (!s->providers[i].label)
			s->providers[i].label = s->providers[i].id;
	return true;
}

static int compare_row(const void *key, const void *row)
{
	return strcmp(key, ((const struct provider_state *)row)->id);
}

struct provider_state *survey_provider(const struct survey *v, const char *id)
{
	return bsearch(
		id, v->s->providers, v->s->provider_count, sizeof(*v->s->providers), compare_row);
}

static void count_profile(struct provider_state *p, const struct credential *c)
{
	p->profiles++;
	p->oauth += c->kind == CRED_OAUTH;
	p->token += c->kind == CRED_TOKEN;
	p->api_key += c->kind == CRED_API_KEY;
}

/* The first variable of the table's order that has a value is the one in force (6.4). */
static void count_credentials(struct survey *v)
{
	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *c = &v->s->credentials[i];
		struct provider_state *p = survey_provider(v, c->provider);
		struct str mask;

		if (!p)
			continue;
		if (c->in_store)
			count_profile(p, c);
		if (c->in_store || p->env_var[0] || !c->var[0] || strcmp(c->id, c->var) != 0)
			continue; /* an id that is not the variable's name: hidden, see survey_env.c
				   */
		str_copy(p->env_var, sizeof(p->env_var), c->var);
		p->env_from_shell = c->from_shell;
		mask = STR_OF(p->env_mask);
		credential_mask(&mask, c);
	}
}

/* A variable that nothing sets is no key; the doctor says so. */
static void mask_variable(struct survey *v, struct str *out, const char *name)
{
	struct credential c = { 0 };

	if (survey_variable(v, name, &c))
		credential_mask(out, &c);
}

static void mask_config_key(struct survey *v, struct str *out, const struct config_provider *p)
{
	struct secret key = { 0 };
	struct mask m = { 0 };

	switch (p->key) {
	case CONFIG_KEY_NONE:
	case CONFIG_KEY_MARKER:
		break;
	case CONFIG_KEY_REF:
		str_add(out, "ref");
		break;
	case CONFIG_KEY_VARIABLE:
		mask_variable(v, out, p->variable);
		break;
	case CONFIG_KEY_PLAIN:
		if (config_provider_key(&v->config, p->id, &key, NULL))
			mask_make(&m, key.bytes, key.len);
		mask_print(out, m.prefix, m.tail);
		secret_release(&key);
		break;
	}
}

static void fill_rows(struct survey *v, const struct used *u)
{
	for (size_t i = 0; i < v->config.provider_count; i++) {
		const struct config_provider *from = &v->config.providers[i];
		struct provider_state *p = survey_provider(v, from->id);
		struct str mask;

		if (!p)
			continue;
		str_copy(p->base_url, sizeof(p->base_url), from->base_url);
		mask = STR_OF(p->config_key_mask);
		mask_config_key(v, &mask, from);
	}
	for (size_t i = 0; i < u->in_use; i++) {
		struct provider_state *p = survey_provider(v, u->ids[i]);

		if (p)
			p->in_use = true;
	}
}

/* A local server has no key, but it is a row of the panel: it can be checked too. */
static void add_local(struct survey *v, const struct provider_state *p)
{
	struct credential *c;
	struct str id;

	if (!p->local || p->profiles || p->env_var[0] || p->config_key_mask[0])
		return;
	c = survey_add(v);
	if (!c)
		return;
	id = STR_OF(c->id);
	str_fmt(&id, "%s:local", p->id);
	str_copy(c->provider, sizeof(c->provider), p->id);
	c->kind = CRED_NONE;
	c->stored = STORED_NOT_NEEDED;
}

bool survey_models(struct survey *v, struct err *e)
{
	struct names names = { 0 };
	struct used used = { 0 };
	bool ok;

	read_models(v, &used);
	ok = collect(v, &used, &names, e) && make_rows(v, &names, e);
	if (ok) {
		count_credentials(v);
		fill_rows(v, &used);
		for (size_t i = 0; i < v->s->provider_count; i++)
			add_local(v, &v->s->providers[i]);
	}
	free(names.list);
	return ok;
}
