/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/config.h"
#include "store/profiles.h"

/*
 * A parent that an $include file may hold: what we wrote beside it would be
 * merged over, or under, something we have not read.
 */
static bool may_edit(const struct doc *d, const char *const *path, struct err *e)
{
	uint32_t node = DOC_ROOT;

	for (; *path && node != DOC_NONE; path++) {
		uint32_t next = doc_get(d, node, *path);
		uint32_t include = doc_get(d, node, "$include");

		if (include != DOC_NONE && next == DOC_NONE) {
			err_set(e, ERR_REFUSED,
				"%s: line %u: \"%s\" may come from an $include file, which is not "
				"edited",
				d->name, doc_line(d, include), *path);
			return err_hint(e, "make the change in the included file");
		}
		node = next;
	}
	return true;
}

static bool put_text(struct doc *d, const char *const *path, const char *text, struct err *e)
{
	if (doc_text_is(d, doc_find(d, path), text))
		return true;
	return doc_put_text(d, path, text, e);
}

/* --- profiles --- */

static bool to_front(struct doc *d, const char *provider, const char *id, struct err *e)
{
	uint32_t object = doc_find(d, (const char *const[]){ "auth", "order", NULL });
	uint32_t list = DOC_NONE;
	char raw[256];
	char name[256];

	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		if (doc_key(d, m, raw, sizeof(raw)) &&
			provider_name_normalise(name, sizeof(name), raw) &&
			strcmp(name, provider) == 0)
			list = m;
	}
	if (doc_kind(d, list) != DOC_ARRAY || doc_text_is(d, doc_first(d, list), id))
		return true;
	return doc_list_remove(d, list, id, e) && doc_list_prepend(d, list, id, e);
}

static bool put_new_profile(struct doc *d, const char *const *path, const char *provider,
	const char *mode, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	doc_value_key(&v, "provider");
	doc_value_string(&v, provider);
	doc_value_key(&v, "mode");
	doc_value_string(&v, mode);
	doc_value_end(&v);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool profile_steps(
	struct doc *d, const char *id, const char *provider, const char *mode, struct err *e)
{
	const char *const path[] = { "auth", "profiles", id, NULL };
	bool ok;

	if (doc_kind(d, doc_find(d, path)) == DOC_OBJECT)
		ok = put_text(d, (const char *const[]){ "auth", "profiles", id, "provider", NULL },
			     provider, e) &&
		     put_text(d, (const char *const[]){ "auth", "profiles", id, "mode", NULL },
			     mode, e);
	else
		ok = put_new_profile(d, path, provider, mode, e);
	return ok && to_front(d, provider, id, e);
}

bool config_put_profile(
	struct doc *d, const char *id, const char *provider, const char *mode, struct err *e)
{
	struct doc was = { 0 };
	char name[256];

	if (!provider_name_normalise(name, sizeof(name), provider))
		return err_set(e, ERR_USAGE, "the provider's name is too long");
	return may_edit(d, (const char *const[]){ "auth", "profiles", NULL }, e) &&
	       doc_copy(&was, d, e) && doc_settle(d, &was, profile_steps(d, id, name, mode, e));
}

static bool leave_orders(struct doc *d, const char *id, struct err *e)
{
	uint32_t object = doc_find(d, (const char *const[]){ "auth", "order", NULL });
	uint32_t n = doc_count(d, object);

	/* A list may become empty: here that means "no profiles", so it stays (10.1). */
	for (uint32_t i = 0; i < n; i++) {
		uint32_t m =
			doc_first(d, doc_find(d, (const char *const[]){ "auth", "order", NULL }));

		for (uint32_t skip = i; skip > 0; skip--)
			m = doc_next(d, m);
		if (doc_kind(d, m) == DOC_ARRAY && !doc_list_remove(d, m, id, e))
			return false;
	}
	return true;
}

bool config_remove_profile(struct doc *d, const char *id, struct err *e)
{
	struct doc was = { 0 };

	return doc_copy(&was, d, e) &&
	       doc_settle(d, &was,
		       doc_remove(d, (const char *const[]){ "auth", "profiles", id, NULL }, e) &&
			       leave_orders(d, id, e));
}

/* --- the default model --- */

static const char *const model_path[] = { "agents", "defaults", "model", NULL };
static const char *const primary_path[] = { "agents", "defaults", "model", "primary", NULL };
static const char *const fallbacks_path[] = { "agents", "defaults", "model", "fallbacks", NULL };
static const char *const models_path[] = { "agents", "defaults", "models", NULL };

/* { "primary": model, "fallbacks": [old] } in the place of a text. */
static bool put_model_object(struct doc *d, const char *model, const char *old, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	doc_value_key(&v, "primary");
	doc_value_string(&v, model);
	if (old) {
		doc_value_key(&v, "fallbacks");
		doc_value_array(&v);
		doc_value_string(&v, old);
		doc_value_end(&v);
	}
	doc_value_end(&v);
	ok = doc_put(d, model_path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool fallback_first(struct doc *d, const char *old, struct err *e)
{
	uint32_t list = doc_find(d, fallbacks_path);

	if (doc_kind(d, list) != DOC_ARRAY)
		return doc_list_put(d, fallbacks_path, &old, 1, e);
	if (doc_text_is(d, doc_first(d, list), old))
		return true;
	return doc_list_remove(d, list, old, e) &&
	       doc_list_prepend(d, doc_find(d, fallbacks_path), old, e);
}

/* The new primary is no fallback of itself any more. */
static bool no_longer_fallback(struct doc *d, const char *model, struct err *e)
{
	uint32_t list = doc_find(d, fallbacks_path);

	return doc_kind(d, list) != DOC_ARRAY || doc_list_remove(d, list, model, e);
}

static bool allow(struct doc *d, const char *model, struct err *e)
{
	const char *const path[] = { "agents", "defaults", "models", model, NULL };
	struct doc_value v = { 0 };
	bool ok;

	if (!doc_count(d, doc_find(d, models_path)) || doc_find(d, path) != DOC_NONE)
		return true;
	doc_value_object(&v);
	doc_value_end(&v);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool model_steps(struct doc *d, const char *model, const char *old, struct err *e)
{
	enum doc_kind kind = doc_kind(d, doc_find(d, model_path));
	bool ok;

	if (kind == DOC_STRING && !old)
		ok = put_text(d, model_path, model, e);
	else if (kind == DOC_OBJECT)
		ok = put_text(d, primary_path, model, e) && no_longer_fallback(d, model, e) &&
		     (!old || fallback_first(d, old, e));
	else
		ok = put_model_object(d, model, old, e);
	return ok && allow(d, model, e);
}

bool config_put_model(struct doc *d, const char *model, bool keep_old, struct err *e)
{
	uint32_t node = doc_find(d, model_path);
	struct doc was = { 0 };
	char old[512];
	bool kept;

	if (doc_kind(d, node) == DOC_OBJECT)
		node = doc_get(d, node, "primary");
	kept = doc_text(d, node, old, sizeof(old)) && *old && keep_old && strcmp(old, model) != 0;
	return may_edit(d, model_path, e) && doc_copy(&was, d, e) &&
	       doc_settle(d, &was, model_steps(d, model, kept ? old : NULL, e));
}

/* --- the vault --- */

static void vault_value(
	struct doc_value *v, const char *resolver, const char *state_dir, const char *key_dir)
{
	doc_value_object(v);
	doc_value_key(v, "source");
	doc_value_string(v, "exec");
	doc_value_key(v, "command");
	doc_value_string(v, resolver);
	doc_value_key(v, "args");
	doc_value_array(v);
	doc_value_string(v, "--state-dir");
	doc_value_string(v, state_dir);
	if (key_dir && key_dir[0]) {
		doc_value_string(v, "--key-dir");
		doc_value_string(v, key_dir);
	}
	doc_value_end(v);
	doc_value_key(v, "passEnv");
	doc_value_array(v);
	doc_value_string(v, "CREDENTIALS_DIRECTORY");
	doc_value_end(v);
	doc_value_key(v, "timeoutMs");
	doc_value_int(v, 5000);
	doc_value_key(v, "jsonOnly");
	doc_value_bool(v, true);
	doc_value_end(v);
}

/* The same value, whatever its layout. */
static bool same_value(const struct doc *a, uint32_t x, const struct doc *b, uint32_t y)
{
	char key[64];
	char text[FS_PATH_MAX];
	uint32_t m;
	uint32_t n;

	if (doc_kind(a, x) != doc_kind(b, y) || doc_count(a, x) != doc_count(b, y))
		return false;
	if (doc_kind(a, x) == DOC_STRING)
		return doc_text(b, y, text, sizeof(text)) && doc_text_is(a, x, text);
	if (doc_kind(a, x) != DOC_ARRAY && doc_kind(a, x) != DOC_OBJECT)
		return a->nodes[x].len == b->nodes[y].len &&
		       memcmp(a->text.p + a->nodes[x].at, b->text.p + b->nodes[y].at,
			       a->nodes[x].len) == 0;
	for (m = doc_first(a, x), n = doc_first(b, y); n != DOC_NONE;
		m = doc_next(a, m), n = doc_next(b, n)) {
		if (doc_kind(b, y) == DOC_OBJECT && doc_key(b, n, key, sizeof(key)))
			m = doc_get(a, x, key);
		if (!same_value(a, m, b, n))
			return false;
	}
	return true;
}

bool config_put_vault(struct doc *d, const char *resolver, const char *state_dir,
	const char *key_dir, struct err *e)
{
	const char *const path[] = { "secrets", "providers", VAULT_REF_PROVIDER, NULL };
	struct doc_value v = { 0 };
	struct doc wanted = { 0 };
	struct buf text = { 0 };
	bool ok;

	vault_value(&v, resolver, state_dir, key_dir);
	ok = may_edit(d, path, e) && doc_value_good(&v, d->name, e) &&
	     buf_add(&text, v.text.p, v.text.len, e) &&
	     doc_parse(&wanted, &text, DOC_JSON, "the vault's entry", e);
	if (ok && !same_value(d, doc_find(d, path), &wanted, DOC_ROOT))
		ok = doc_put(d, path, &v, e);
	buf_release(&text);
	doc_release(&wanted);
	doc_value_release(&v);
	return ok;
}
