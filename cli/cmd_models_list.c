/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/look.h"
#include "cli/out_base.h"
#include "cli/status_view.h"
#include "provider/url.h"

/*
 * `models list`: the models that the configuration names, then those that models.providers
 * lists (as the family does since 2026.8), and with --all every one that we know of
 * (gateway-family.md 9.9). What a model can do is known only where models.providers says
 * it: we carry no catalogue that would be old next month.
 */

static struct {
	bool all;
	bool local;
	bool json;
	const char *provider;
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "all", NULL, "every model we know of, not only the configured ones", OPT_FLAG,
		{ .flag = &given.all } },
	{ "local", NULL, "only models of servers on this machine", OPT_FLAG,
		{ .flag = &given.local } },
	{ "provider", "NAME", "only this provider's", OPT_TEXT, { .text = &given.provider } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ .kind = OPT_END },
};

#define KEY_CAP 192
#define MODEL_CELLS 42

struct row {
	char key[KEY_CAP]; /* "provider/model" */
	char provider[PROVIDER_CAP];
	char name[KEY_CAP];
	char input[64];  /* "text+image", or "-" */
	int64_t context; /* tokens; 0 unknown */
	bool local;
	bool available; /* there is something to authenticate with */
	char tags[256]; /* "default,configured,alias:Opus" */
};

struct list {
	const struct snapshot *s;
	const struct config *config;
	char provider[PROVIDER_CAP];
	struct row *rows;
	size_t count, cap;
	bool failed; /* out of memory */
};

/* --- rows -------------------------------------------------------------------------------------
 */

static const struct provider_state *state_of(const struct list *l, const char *provider)
{
	for (size_t i = 0; i < l->s->provider_count; i++)
		if (strcmp(l->s->providers[i].id, provider) == 0)
			return &l->s->providers[i];
	return NULL;
}

static bool is_local(const struct list *l, const char *provider)
{
	const struct config_provider *from = config_provider(l->config, provider);
	const struct provider *known = provider_find(provider);
	struct url url;

	if (from && from->base_url[0])
		return url_parse(&url, from->base_url, NULL) && url.loopback;
	return known && known->local;
}

/* What models.providers.<id>.models says of it, as written. */
static uint32_t described(const struct list *l, const struct row *r)
{
	const struct doc *d = &l->config->doc;
	const char *const path[] = { "models", "providers", r->provider, "models", NULL };
	uint32_t list = doc_find(d, path);

	for (uint32_t n = doc_first(d, list); n != DOC_NONE; n = doc_next(d, n))
		if (doc_text_is(d, doc_get(d, n, "id"), strchr(r->key, '/') + 1))
			return n;
	return DOC_NONE;
}

static void describe(const struct list *l, struct row *r)
{
	const struct doc *d = &l->config->doc;
	uint32_t node = described(l, r);
	struct str input = STR_OF(r->input);
	uint32_t kinds = doc_get(d, node, "input");

	if (!doc_text(d, doc_get(d, node, "name"), r->name, sizeof(r->name)) || !r->name[0])
		str_copy(r->name, sizeof(r->name), strchr(r->key, '/') + 1);
	if (!doc_int(d, doc_get(d, node, "contextWindow"), &r->context) || r->context < 0)
		r->context = 0;
	for (uint32_t n = doc_first(d, kinds); n != DOC_NONE; n = doc_next(d, n)) {
		char kind[32];

		if (doc_text(d, n, kind, sizeof(kind)))
			str_fmt(&input, "%s%s", input.len ? "+" : "", kind);
	}
	if (!input.len)
		str_add(&input, "-");
}

static struct row *find(const struct list *l, const char *key)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->rows[i].key, key) == 0)
			return &l->rows[i];
	return NULL;
}

static struct row *new_row(struct list *l)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		struct row *grown = realloc(l->rows, cap * sizeof(*grown));

		if (!grown) {
			l->failed = true;
			return NULL;
		}
		l->rows = grown;
		l->cap = cap;
	}
	l->rows[l->count] = (struct row){ 0 };
	return &l->rows[l->count++];
}

static struct row *add_key(struct list *l, const char *key)
{
	const struct provider_state *p;
	struct row *r = find(l, key);
	size_t n = strcspn(key, "/");

	if (r || !key[n])
		return r;
	r = new_row(l);
	if (!r)
		return NULL;
	str_copy(r->key, sizeof(r->key), key);
	str_copy(r->provider, n + 1 < PROVIDER_CAP ? n + 1 : PROVIDER_CAP, key);
	p = state_of(l, r->provider);
	r->local = is_local(l, r->provider);
	r->available = r->local || (p && status_has_any(p));
	describe(l, r);
	return r;
}

static void add_tag(struct row *r, const char *tag)
{
	size_t had = strlen(r->tags);
	struct str s = str_on(r->tags + had, sizeof(r->tags) - had);

	str_fmt(&s, "%s%s", had ? "," : "", tag);
}

/* As it is written in the configuration: a reference or an alias. */
static void add_raw(struct list *l, const char *raw, const char *tag)
{
	char key[KEY_CAP];
	struct row *r;

	if (!config_resolve_model(l->config, raw, key, sizeof(key)))
		return;
	r = add_key(l, key);
	if (r)
		add_tag(r, tag);
}

static void add_numbered(struct list *l, const char (*raws)[192], size_t n, const char *tag)
{
	for (size_t i = 0; i < n; i++) {
		char text[40];
		struct str s = STR_OF(text);

		str_fmt(&s, "%s#%zu", tag, i + 1);
		add_raw(l, raws[i], text);
	}
}

/* In the family's order: it is the order of its output. */
static void add_configured(struct list *l)
{
	const struct snapshot *s = l->s;

	add_raw(l, s->default_model, "default");
	add_numbered(l, s->fallbacks, s->fallback_count, "fallback");
	if (s->image_model[0])
		add_raw(l, s->image_model, "image");
	add_numbered(l, s->image_fallbacks, s->image_fallback_count, "img-fallback");
	for (size_t i = 0; i < l->config->allowed_count; i++)
		add_raw(l, l->config->allowed[i].model, "configured");
	for (size_t i = 0; i < l->config->allowed_count; i++) {
		const struct config_allowed *a = &l->config->allowed[i];
		char tag[120];
		struct str t = STR_OF(tag);

		str_fmt(&t, "alias:%s", a->alias);
		if (a->alias[0])
			add_raw(l, a->model, tag);
	}
}

/* Those that models.providers says a provider has: the user's own servers, mostly. */
static void add_listed(struct list *l)
{
	const struct doc *d = &l->config->doc;
	uint32_t from = doc_find(d, (const char *const[]){ "models", "providers", NULL });

	for (uint32_t p = doc_first(d, from); p != DOC_NONE; p = doc_next(d, p)) {
		uint32_t models = doc_get(d, p, "models");
		char raw[PROVIDER_CAP];
		char provider[PROVIDER_CAP];

		if (!doc_key(d, p, raw, sizeof(raw)) ||
			!provider_normalise(provider, sizeof(provider), raw))
			continue;
		for (uint32_t n = doc_first(d, models); n != DOC_NONE; n = doc_next(d, n)) {
			char id[128];
			char key[KEY_CAP];
			struct str s = STR_OF(key);

			if (!doc_text(d, doc_get(d, n, "id"), id, sizeof(id)))
				continue;
			str_fmt(&s, "%s/%s", provider, id);
			if (!s.cut)
				add_key(l, key);
		}
	}
}

static void add_known(struct list *l)
{
	for (size_t i = 0; i < provider_count(); i++)
		for (size_t k = 0; k < PROVIDER_MODELS && provider_at(i)->models[k]; k++)
			add_key(l, provider_at(i)->models[k]);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->key, ((const struct row *)b)->key);
}

/* Only what was asked for stays. */
static void keep_wanted(struct list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		const struct row *r = &l->rows[i];

		if ((!l->provider[0] || strcmp(r->provider, l->provider) == 0) &&
			(!given.local || r->local))
			l->rows[kept++] = *r;
	}
	l->count = kept;
}

static bool collect(struct list *l, struct err *e)
{
	add_configured(l);
	add_listed(l);
	if (given.all)
		add_known(l);
	if (l->failed)
		return err_set(e, ERR_MEMORY, "out of memory");
	keep_wanted(l);
	if (given.all && l->count)
		qsort(l->rows, l->count, sizeof(*l->rows), compare);
	return true;
}

/* --- what is said -------------------------------------------------------------------------------
 */

static void print_text(const struct list *l)
{
	if (!l->count) {
		puts("No models found.");
		return;
	}
	printf("%-*s %-10s %-8s %-5s %-5s %s\n", MODEL_CELLS, "Model", "Input", "Ctx", "Local",
		"Auth", "Tags");
	for (size_t i = 0; i < l->count; i++) {
		const struct row *r = &l->rows[i];
		char context[24] = "-";

		if (r->context >= 1024)
			snprintf(context, sizeof(context), "%" PRId64 "k",
				(r->context + 512) / 1024);
		else if (r->context)
			snprintf(context, sizeof(context), "%" PRId64, r->context);
		out_text(stdout, r->key);
		for (size_t k = strlen(r->key); k < MODEL_CELLS; k++)
			putchar(' ');
		putchar(' ');
		out_text(stdout, r->input);
		for (size_t k = strlen(r->input); k < 10; k++)
			putchar(' ');
		printf(" %-8s %-5s %-5s ", context, r->local ? "yes" : "no",
			r->available ? "yes" : "no");
		out_text(stdout, r->tags);
		putchar('\n');
	}
}

static struct json_object *tags_json(const struct row *r)
{
	struct json_object *list = json_object_new_array();
	const char *at = r->tags;

	while (*at) {
		size_t n = strcspn(at, ",");
		char tag[160];
		struct str s = STR_OF(tag);

		str_addn(&s, at, n);
		json_append(list, json_text(tag));
		at += n + (at[n] == ',');
	}
	return list;
}

static bool print_json(const struct list *l, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *models = json_object_new_array();

	for (size_t i = 0; i < l->count; i++) {
		const struct row *r = &l->rows[i];
		struct json_object *o = json_object_new_object();

		json_put(o, "key", json_text(r->key));
		json_put(o, "name", json_text(r->name));
		json_put(o, "input", json_text(r->input));
		json_put(o, "contextWindow", r->context ? json_object_new_int64(r->context) : NULL);
		json_put(o, "local", json_object_new_boolean(r->local));
		json_put(o, "available", json_object_new_boolean(r->available));
		json_put(o, "tags", tags_json(r));
		json_put(o, "missing", json_object_new_boolean(false));
		json_append(models, o);
	}
	json_put(root, "count", json_object_new_int64((int64_t)l->count));
	json_put(root, "models", models);
	return json_finish(stdout, root, e);
}

static bool print(const struct list *l, struct err *e)
{
	if (given.json)
		return print_json(l, e);
	if (!globals.plain) {
		print_text(l);
		return true;
	}
	for (size_t i = 0; i < l->count; i++) {
		out_text(stdout, l->rows[i].key);
		putchar('\n');
	}
	return true;
}

static bool run(struct cli *c, struct err *e)
{
	struct snapshot s = { 0 };
	struct place place = { 0 };
	struct list l = { .s = &s, .config = &place.config };
	bool ok = false;

	if (given.json && globals.plain)
		return err_set(e, ERR_USAGE, "Choose either --json or --plain, not both.");
	if (given.provider && !provider_normalise(l.provider, sizeof(l.provider), given.provider))
		return err_set(e, ERR_USAGE, "no provider is called \"%.60s\"", given.provider);
	if (place_find(&place, given.agent, PLACE_READ, c->cmd->name, e) &&
		look_take(&s, &place, &(struct look){ 0 }, e) && collect(&l, e) && print(&l, e))
		ok = look_complete(&s, e);
	free(l.rows);
	snapshot_release(&s);
	place_release(&place);
	return ok;
}

const struct cmd cmd_models_list = {
	.name = "models list",
	.args = "[--all] [--local] [--provider P] [--json|--plain] [--agent ID]",
	.summary = "list the configured models, or all that are known",
	.opts = opts,
	.run = run,
};
