/* SPDX-License-Identifier: MIT */
#include "store/profiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/provider_name.h"
#include "store/profiles_entry.h"

struct loader {
	struct profiles *p;
	struct err *e;
};

static bool no_memory(struct loader *l)
{
	return err_set(l->e, ERR_MEMORY, "out of memory for %s", l->p->doc.name);
}

static bool problem(struct loader *l, uint32_t node, const char *id, const char *why)
{
	struct profiles *p = l->p;
	struct profile_problem *out = &p->problems[p->problem_count];

	if (p->problem_count++ >= PROFILE_PROBLEMS_MAX)
		return true;
	out->line = doc_line(&p->doc, node);
	out->id = pool_copy(&p->pool, id);
	out->why = pool_copy(&p->pool, why);
	return (out->id && out->why) || no_memory(l);
}

static const char *text_member(struct loader *l, uint32_t object, const char *key)
{
	return pool_text(&l->p->pool, &l->p->doc, doc_get(&l->p->doc, object, key));
}

static bool read_ref(struct loader *l, struct profile *out)
{
	uint32_t ref = entry_ref(&l->p->doc, out->node, out->kind);

	out->ref_source = text_member(l, ref, "source");
	out->ref_provider = text_member(l, ref, "provider");
	out->ref_id = text_member(l, ref, "id");
	if (!out->ref_source || !out->ref_provider || !out->ref_id)
		return no_memory(l);
	out->has_ref = *out->ref_source && *out->ref_provider && *out->ref_id;
	out->ref_ours = out->has_ref && strcmp(out->ref_source, "exec") == 0 &&
			strcmp(out->ref_provider, VAULT_REF_PROVIDER) == 0;
	return true;
}

/* The names that most often stand where a type should be, so that the report can say it. */
static const char *type_problem(const struct doc *d, uint32_t entry)
{
	uint32_t type = doc_get(d, entry, "type");

	if (doc_kind(d, type) == DOC_ABSENT)
		type = doc_get(d, entry, "mode");
	if (doc_kind(d, type) == DOC_ABSENT)
		return "it has no type; gateways ignore it; write \"type\": \"api_key\", \"token\" "
		       "or \"oauth\"";
	return "its type is none of api_key, token and oauth; gateways ignore it";
}

static bool read_entry(struct loader *l, const char *id, uint32_t node)
{
	const struct doc *d = &l->p->doc;
	struct profile *out = &l->p->list[l->p->count];
	uint32_t expires = doc_get(d, node, "expires");
	char *provider;

	*out = (struct profile){ .id = id, .node = node, .line = doc_line(d, node) };
	out->usage.disabled_reason = "";
	if (doc_kind(d, node) != DOC_OBJECT)
		return problem(l, node, id, "it is not an object; gateways ignore it");
	out->kind = entry_kind(d, node);
	if (out->kind == PROFILE_NO_KIND)
		return problem(l, node, id, type_problem(d, node));
	if (!doc_filled(d, doc_get(d, node, "provider")))
		return problem(l, node, id, "it names no provider; gateways ignore it");
	out->provider_raw = text_member(l, node, "provider");
	out->email = text_member(l, node, "email");
	provider =
		out->provider_raw ? pool_room(&l->p->pool, strlen(out->provider_raw) + 16) : NULL;
	if (!provider || !out->email)
		return no_memory(l);
	provider_name_normalise(provider, strlen(out->provider_raw) + 16, out->provider_raw);
	out->provider = provider;
	out->has_key = entry_secret(d, node) != DOC_NONE;
	out->expires_present = doc_kind(d, expires) != DOC_ABSENT;
	out->expires_valid = doc_int(d, expires, &out->expires_ms) && out->expires_ms > 0;
	if (!out->expires_valid)
		out->expires_ms = 0;
	l->p->count++;
	return read_ref(l, out);
}

/* A member of "profiles", before duplicates are settled. */
struct raw {
	const char *id;
	uint32_t node;
	uint32_t at; /* place in the file */
	bool dead;   /* a later one has the same id */
};

static int compare_raw(const void *a, const void *b)
{
	const struct raw *x = a;
	const struct raw *y = b;
	int order = strcmp(x->id, y->id);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_place(const void *a, const void *b)
{
	const struct raw *x = a;
	const struct raw *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* As JSON.parse: the last value counts, in the place of the first. */
static void settle_duplicates(struct raw *raw, uint32_t n)
{
	uint32_t first = 0;

	qsort(raw, n, sizeof(*raw), compare_raw);
	for (uint32_t i = 1; i < n; i++) {
		if (strcmp(raw[i].id, raw[first].id) != 0) {
			first = i;
			continue;
		}
		raw[first].node = raw[i].node;
		raw[i].dead = true;
	}
	qsort(raw, n, sizeof(*raw), compare_place);
}

static bool read_entries(struct loader *l, uint32_t object)
{
	struct profiles *p = l->p;
	uint32_t n = doc_count(&p->doc, object);
	struct raw *raw = calloc(n ? n : 1, sizeof(*raw));
	uint32_t i = 0;
	bool ok = true;

	p->list = calloc(n ? n : 1, sizeof(*p->list));
	if (!raw || !p->list) {
		free(raw);
		return no_memory(l);
	}
	for (uint32_t m = doc_first(&p->doc, object); m != DOC_NONE;
		m = doc_next(&p->doc, m), i++) {
		raw[i] = (struct raw){ pool_key(&p->pool, &p->doc, m), m, i, false };
		if (!raw[i].id) {
			free(raw);
			return no_memory(l);
		}
	}
	settle_duplicates(raw, n);
	for (i = 0; ok && i < n; i++) {
		if (!raw[i].dead)
			ok = read_entry(l, raw[i].id, raw[i].node);
	}
	free(raw);
	return ok;
}

/* --- what goes with the entries --- */

static int compare_key(const void *a, const void *b)
{
	return strcmp(((const struct profile_key *)a)->id, ((const struct profile_key *)b)->id);
}

static bool index_ids(struct loader *l)
{
	struct profiles *p = l->p;

	p->by_id = calloc(p->count ? p->count : 1, sizeof(*p->by_id));
	if (!p->by_id)
		return no_memory(l);
	for (size_t i = 0; i < p->count; i++)
		p->by_id[i] = (struct profile_key){ p->list[i].id, i };
	qsort(p->by_id, p->count, sizeof(*p->by_id), compare_key);
	return true;
}

/* The same profile, to be filled. */
static struct profile *find_own(struct profiles *p, const char *id)
{
	const struct profile_key wanted = { .id = id };
	const struct profile_key *found =
		p->count ? bsearch(&wanted, p->by_id, p->count, sizeof(wanted), compare_key) : NULL;

	return found ? &p->list[found->at] : NULL;
}

const struct profile *profiles_find(const struct profiles *p, const char *id)
{
	const struct profile_key wanted = { .id = id };
	const struct profile_key *found =
		p->count ? bsearch(&wanted, p->by_id, p->count, sizeof(wanted), compare_key) : NULL;

	return found ? &p->list[found->at] : NULL;
}

static int64_t time_member(const struct doc *d, uint32_t object, const char *key)
{
	int64_t t = 0;

	return doc_int(d, doc_get(d, object, key), &t) && t > 0 ? t : 0;
}

/* The file beside comes second: what it says about a profile counts. */
static bool read_usage(struct loader *l, const struct doc *d)
{
	uint32_t stats = doc_get(d, DOC_ROOT, "usageStats");

	for (uint32_t m = doc_first(d, stats); m != DOC_NONE; m = doc_next(d, m)) {
		const char *id = pool_key(&l->p->pool, d, m);
		struct profile *out = id ? find_own(l->p, id) : NULL;

		if (!id)
			return no_memory(l);
		if (!out || doc_kind(d, m) != DOC_OBJECT)
			continue;
		out->usage = (struct profile_usage){ .present = true };
		out->usage.last_used_ms = time_member(d, m, "lastUsed");
		out->usage.cooldown_until_ms = time_member(d, m, "cooldownUntil");
		out->usage.disabled_until_ms = time_member(d, m, "disabledUntil");
		out->usage.last_failure_ms = time_member(d, m, "lastFailureAt");
		out->usage.error_count = time_member(d, m, "errorCount");
		out->usage.disabled_reason =
			pool_text(&l->p->pool, d, doc_get(d, m, "disabledReason"));
		if (!out->usage.disabled_reason)
			return no_memory(l);
	}
	return true;
}

static const char *normalised_key(struct loader *l, const struct doc *d, uint32_t member)
{
	const char *raw = pool_key(&l->p->pool, d, member);
	size_t cap = raw ? strlen(raw) + 16 : 0;
	char *out = raw ? pool_room(&l->p->pool, cap) : NULL;

	if (!out) {
		no_memory(l);
		return NULL;
	}
	provider_name_normalise(out, cap, raw);
	return out;
}

/* One good profile per provider; a later file or member replaces the earlier one. */
static bool read_last_good(struct loader *l, const struct doc *d)
{
	uint32_t object = doc_get(d, DOC_ROOT, "lastGood");

	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		const char *provider = normalised_key(l, d, m);
		const char *id = pool_text(&l->p->pool, d, m);

		if (!provider)
			return false;
		if (!id)
			return no_memory(l);
		for (size_t i = 0; i < l->p->count; i++) {
			struct profile *p = &l->p->list[i];

			if (strcmp(p->provider, provider) == 0)
				p->last_good = strcmp(p->id, id) == 0;
		}
	}
	return true;
}

static bool read_order(struct loader *l, const struct doc *d, uint32_t list, const char *provider)
{
	struct profiles *p = l->p;
	struct profile_order *out = &p->orders[p->order_count];
	uint32_t n = doc_count(d, list);

	if (doc_kind(d, list) != DOC_ARRAY || !n)
		return true;
	*out = (struct profile_order){ .provider = provider };
	out->ids = (const char **)pool_pointers(&p->pool, n);
	if (!out->ids)
		return no_memory(l);
	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m)) {
		char *id;

		if (!doc_filled(d, m))
			continue;
		id = pool_trimmed(&p->pool, d, m);
		if (!id)
			return no_memory(l);
		out->ids[out->count++] = id;
	}
	if (!out->count)
		return true;
	for (size_t i = 0; i < p->order_count; i++) {
		if (strcmp(p->orders[i].provider, provider) == 0) {
			p->orders[i] = *out;
			return true;
		}
	}
	p->order_count++;
	return true;
}

static bool read_orders(struct loader *l, const struct doc *d)
{
	uint32_t object = doc_get(d, DOC_ROOT, "order");

	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		const char *provider = normalised_key(l, d, m);

		if (!provider || !read_order(l, d, m, provider))
			return false;
	}
	return true;
}

static bool read_state(struct loader *l)
{
	struct profiles *p = l->p;
	const struct doc *docs[] = { &p->doc, &p->state };
	size_t most = 1;

	for (size_t i = 0; i < ARRAY_LEN(docs); i++)
		most += doc_count(docs[i], doc_get(docs[i], DOC_ROOT, "order"));
	p->orders = calloc(most, sizeof(*p->orders));
	if (!p->orders)
		return no_memory(l);
	for (size_t i = 0; i < ARRAY_LEN(docs); i++) {
		if (!read_usage(l, docs[i]) || !read_last_good(l, docs[i]) ||
			!read_orders(l, docs[i]))
			return false;
	}
	return true;
}

/* { "openrouter": { "apiKey": "..." } }: nothing reads that any more. */
static bool report_flat(struct loader *l)
{
	const struct doc *d = &l->p->doc;

	for (uint32_t m = doc_first(d, DOC_ROOT); m != DOC_NONE; m = doc_next(d, m)) {
		const char *id;

		if (doc_kind(d, doc_get(d, m, "apiKey")) == DOC_ABSENT &&
			doc_kind(d, doc_get(d, m, "key")) == DOC_ABSENT &&
			doc_kind(d, doc_get(d, m, "token")) == DOC_ABSENT)
			continue;
		id = pool_key(&l->p->pool, d, m);
		if (!id)
			return no_memory(l);
		if (!problem(
			    l, m, id, "an old flat entry outside \"profiles\"; gateways ignore it"))
			return false;
	}
	return true;
}

static bool read_all(struct loader *l)
{
	const struct doc *d = &l->p->doc;
	uint32_t object = doc_get(d, DOC_ROOT, "profiles");

	if (doc_kind(d, DOC_ROOT) != DOC_OBJECT)
		return err_set(l->e, ERR_DAMAGED, "%s: expected an object, found %s", d->name,
			doc_kind_text(doc_kind(d, DOC_ROOT)));
	if (object != DOC_NONE && doc_kind(d, object) != DOC_OBJECT)
		return err_set(l->e, ERR_DAMAGED,
			"%s: line %u: expected an object in \"profiles\", "
			"found %s",
			d->name, doc_line(d, object), doc_kind_text(doc_kind(d, object)));
	if (object == DOC_NONE && !report_flat(l))
		return false;
	return read_entries(l, object) && index_ids(l) && read_state(l);
}

bool profiles_load(struct profiles *p, const char *path, const char *state_path, struct err *e)
{
	struct loader l = { p, e };
	struct err own = { 0 };

	*p = (struct profiles){ 0 };
	if (!doc_load(&p->doc, path, DOC_JSON, PROFILES_FRESH, &p->stamp, e))
		return false;
	p->exists = p->stamp.exists;
	if (state_path && !doc_load(&p->state, state_path, DOC_JSON, NULL, &p->state_stamp, &own) &&
		own.code != ERR_NOT_FOUND) {
		if (e)
			*e = own;
		goto fail;
	}
	if (read_all(&l))
		return true;
fail:
	profiles_release(p);
	return false;
}

void profiles_release(struct profiles *p)
{
	doc_release(&p->doc);
	doc_release(&p->state);
	free(p->list);
	free(p->orders);
	free(p->by_id);
	pool_release(&p->pool);
	*p = (struct profiles){ 0 };
}

const struct profile_order *profiles_order(const struct profiles *p, const char *provider)
{
	for (size_t i = 0; i < p->order_count; i++) {
		if (strcmp(p->orders[i].provider, provider) == 0)
			return &p->orders[i];
	}
	return NULL;
}

bool profiles_secret(const struct doc *d, const char *id, struct secret *out, struct err *e)
{
	uint32_t entry = doc_find(d, (const char *const[]){ "profiles", id, NULL });
	uint32_t node = entry_secret(d, entry);

	if (entry == DOC_NONE)
		return err_set(e, ERR_NOT_FOUND, "%s: there is no profile \"%s\"", d->name, id);
	if (node == DOC_NONE)
		return err_set(e, ERR_NOT_FOUND,
			"%s: profile \"%s\" holds no plain-text credential", d->name, id);
	return doc_secret(d, node, out, e);
}
