/* SPDX-License-Identifier: MIT */

/* models.providers.<id>: an endpoint of the user's own (gateway-family.md 5.2). */

#include <string.h>

#include "base/provider_name.h"
#include "store/config_impl.h"

/* The member that is there, however its name is written. */
static void key_of(const struct doc *d, const char *id, char *out, size_t cap)
{
	uint32_t object = doc_find(d, (const char *const[]){ "models", "providers", NULL });
	char raw[256];
	char name[256];

	str_copy(out, cap, id);
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m))
		if (doc_key(d, m, raw, sizeof(raw)) &&
			provider_name_normalise(name, sizeof(name), raw) && strcmp(name, id) == 0)
			str_copy(out, cap, raw);
}

static void model_value(struct doc_value *v, const char *id)
{
	doc_value_object(v);
	doc_value_key(v, "id");
	doc_value_string(v, id);
	doc_value_key(v, "name");
	doc_value_string(v, id);
	doc_value_end(v);
}

static void models_value(struct doc_value *v, const struct config_endpoint *p)
{
	doc_value_array(v);
	for (size_t i = 0; i < p->model_count; i++)
		model_value(v, p->models[i]);
	doc_value_end(v);
}

static bool has_model(const struct doc *d, uint32_t list, const char *id)
{
	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m))
		if (doc_text_is(d, doc_get(d, m, "id"), id))
			return true;
	return false;
}

/* What a person wrote about a model stays; only what is missing joins the list. */
static bool add_models(
	struct doc *d, const char *const *path, const struct config_endpoint *p, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < p->model_count; i++) {
		uint32_t list = doc_find(d, path);
		struct doc_value v = { 0 };

		if (has_model(d, list, p->models[i]))
			continue;
		model_value(&v, p->models[i]);
		ok = doc_append(d, list, &v, e);
		doc_value_release(&v);
	}
	return ok;
}

static bool put_models(
	struct doc *d, const char *const *path, const struct config_endpoint *p, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	if (doc_kind(d, doc_find(d, path)) == DOC_ARRAY)
		return add_models(d, path, p, e);
	models_value(&v, p);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

/* A key that a person put there, in whatever form, is not ours to replace (12.4). */
static bool put_key(
	struct doc *d, const char *const *path, const struct config_endpoint *p, struct err *e)
{
	uint32_t node = doc_find(d, path);
	char text[256];
	bool ours;

	if (!doc_text(d, node, text, sizeof(text)))
		text[0] = '\0';
	ours = node == DOC_NONE || strcmp(text, p->own_key) == 0 || config_marks_no_key(text);
	explicit_bzero(text, sizeof(text));
	if (!ours)
		return true;
	return p->key ? config_put_text(d, path, p->key, e) : doc_remove(d, path, e);
}

static bool put_address(
	struct doc *d, const char *name, const struct config_endpoint *p, struct err *e)
{
	const char *const header[] = { "models", "providers", name, "authHeader", NULL };
	struct doc_value yes = { 0 };
	bool is_set = false;
	bool ok = config_put_text(d,
			  (const char *const[]){ "models", "providers", name, "baseUrl", NULL },
			  p->base_url, e) &&
		  config_put_text(d,
			  (const char *const[]){ "models", "providers", name, "api", NULL }, p->api,
			  e);

	if (!ok || (doc_bool(d, doc_find(d, header), &is_set) && is_set) == p->bearer)
		return ok;
	if (!p->bearer)
		return doc_remove(d, header, e);
	doc_value_bool(&yes, true);
	ok = doc_put(d, header, &yes, e);
	doc_value_release(&yes);
	return ok;
}

static bool endpoint_steps(
	struct doc *d, const char *name, const struct config_endpoint *p, struct err *e)
{
	const char *const models[] = { "models", "providers", name, "models", NULL };
	const char *const key[] = { "models", "providers", name, "apiKey", NULL };

	return (!p->base_url || put_address(d, name, p, e)) && put_key(d, key, p, e) &&
	       ((!p->base_url && !p->model_count) || put_models(d, models, p, e));
}

bool config_put_endpoint(struct doc *d, const struct config_endpoint *p, struct err *e)
{
	struct doc was = { 0 };
	char name[256];

	key_of(d, p->id, name, sizeof(name));
	return config_may_edit(d,
		       (const char *const[]){ "models", "providers", name, "baseUrl", NULL }, e) &&
	       doc_copy(&was, d, e) && doc_settle(d, &was, endpoint_steps(d, name, p, e));
}

bool config_forget_key(struct doc *d, const char *id, const char *own_key, struct err *e)
{
	const char *path[] = { "models", "providers", NULL, "apiKey", NULL };
	char name[256];

	key_of(d, id, name, sizeof(name));
	path[2] = name;
	return !doc_text_is(d, doc_find(d, path), own_key) || doc_remove(d, path, e);
}
