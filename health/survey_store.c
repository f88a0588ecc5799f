/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "health/survey_data.h"
#include "provider/own.h"

/*
 * Credentials out of auth-profiles.json: main's, overlaid entry by entry with
 * the agent's own (gateway-family.md 4). Reading only; nothing is copied.
 */

#define EXPIRES_MAX_MS INT64_C(8640000000000000) /* the last day of JavaScript's calendar */

void survey_describe(struct credential *c, const char *key, size_t n)
{
	const struct secret view = { .bytes = (char *)key, .len = n, .cap = n };
	struct mask m;

	mask_make(&m, key, n);
	str_copy(c->prefix, sizeof(c->prefix), m.prefix);
	str_copy(c->tail, sizeof(c->tail), m.tail);
	secret_fingerprint(c->fingerprint, &view);
	c->broken = false;
	for (size_t i = 0; i < n; i++)
		c->broken |= (unsigned char)key[i] <= ' ' || key[i] == 0x7f;
}

struct credential *survey_add(struct survey *v)
{
	if (v->s->credential_count == v->credential_cap)
		return NULL; /* the room was counted before: cannot happen */
	return &v->s->credentials[v->s->credential_count++];
}

static enum cred_kind kind_of(enum profile_kind k)
{
	static const enum cred_kind kinds[] = {
		[PROFILE_NO_KIND] = CRED_NONE,
		[PROFILE_API_KEY] = CRED_API_KEY,
		[PROFILE_TOKEN] = CRED_TOKEN,
		[PROFILE_OAUTH] = CRED_OAUTH,
	};

	return kinds[k];
}

/*
 * The text between the quotes of a string without escapes, where it lies in the
 * document: 10,000 keys are described without one allocation.
 */
static bool literal(const struct doc *d, uint32_t node, const char **p, size_t *n)
{
	const struct doc_node *at = node == DOC_NONE ? NULL : &d->nodes[node];

	if (!at || at->kind != DOC_STRING || at->len < 2)
		return false;
	*p = d->text.p + at->at + 1;
	*n = at->len - 2;
	return !memchr(*p, '\\', *n);
}

static void describe_node(
	struct survey *v, struct credential *c, const struct doc *d, uint32_t node)
{
	struct secret key = { 0 };
	struct err why = { 0 };
	const char *p;
	size_t n;

	if (literal(d, node, &p, &n))
		survey_describe(c, p, n);
	else if (doc_secret(d, node, &key, &why))
		survey_describe(c, key.bytes, key.len);
	v->failed |= why.code == ERR_MEMORY;
	secret_release(&key);
}

/* Plain text, under any of the names that the family's readers accept. */
static void describe_plain(
	struct survey *v, struct credential *c, const struct doc *d, const struct profile *p)
{
	static const char *const names[] = { "key", "apiKey", "token", "access" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint32_t node = doc_get(d, p->node, names[i]);

		if (!doc_filled(d, node))
			continue;
		describe_node(v, c, d, node);
		return;
	}
}

static enum stored stored_of(const struct profile *p)
{
	if (p->has_ref && p->ref_ours)
		return STORED_SEALED;
	if (p->has_ref)
		return strcmp(p->ref_source, "env") == 0 ? STORED_ENVIRONMENT : STORED_REFERENCE;
	return p->has_key ? STORED_PLAIN_PROFILES : STORED_MISSING;
}

static void fill_usage(struct credential *c, const struct profile_usage *u)
{
	c->last_used_ms = u->last_used_ms;
	c->cooldown_until_ms = u->cooldown_until_ms;
	c->disabled_until_ms = u->disabled_until_ms;
	str_copy(c->disabled_reason, sizeof(c->disabled_reason),
		u->disabled_reason ? u->disabled_reason : "");
}

/* gateway-family.md 8.7: later gateways take a token whose date is none for unusable. */
static bool bad_date(const struct profile *p)
{
	return p->kind == PROFILE_TOKEN && p->expires_present &&
	       (!p->expires_valid || p->expires_ms > EXPIRES_MAX_MS);
}

static void fill(struct survey *v, struct credential *c, const struct profile *p)
{
	const struct config_profile *listed = survey_configured(v, p->id);
	const char *email = listed && listed->email[0] ? listed->email : p->email;

	str_copy(c->id, sizeof(c->id), p->id);
	str_copy(c->provider, sizeof(c->provider), p->provider);
	c->kind = kind_of(p->kind);
	c->in_store = true;
	str_copy(c->email, sizeof(c->email), email);
	c->expires_ms = p->expires_ms;
	c->expires_invalid = bad_date(p);
	if (p->expires_ms > 0)
		c->expires_source = c->kind == CRED_OAUTH ? EXPIRY_PROVIDER : EXPIRY_YOU;
	c->last_good = p->last_good;
	c->stored = stored_of(p);
	fill_usage(c, &p->usage);
	if (c->stored == STORED_SEALED) {
		str_copy(c->ref, sizeof(c->ref), p->ref_id);
		survey_open_record(v, c);
	} else if (c->stored == STORED_ENVIRONMENT) {
		str_copy(c->var, sizeof(c->var), p->ref_id);
	}
}

static void add_profile(struct survey *v, const struct profiles *from, const struct profile *p)
{
	struct credential *c = survey_add(v);

	if (!c)
		return;
	v->sources[v->store_count++] = p;
	fill(v, c, p);
	if (c->stored == STORED_PLAIN_PROFILES && c->kind != CRED_OAUTH)
		describe_plain(v, c, &from->doc, p);
}

static void fill_usage_node(struct credential *c, const struct doc *d, uint32_t node)
{
	const struct {
		const char *name;
		int64_t *to;
	} times[] = {
		{ "lastUsed", &c->last_used_ms },
		{ "cooldownUntil", &c->cooldown_until_ms },
		{ "disabledUntil", &c->disabled_until_ms },
	};

	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (!doc_int(d, doc_get(d, node, times[i].name), times[i].to))
			*times[i].to = 0;
	doc_text(d, doc_get(d, node, "disabledReason"), c->disabled_reason,
		sizeof(c->disabled_reason));
}

/*
 * What the agent itself noted about a profile that it inherits: it wins over
 * main's note. The inherited profiles are the snapshot's first, in main's order.
 */
static void inherit_usage(struct survey *v, const struct doc *d)
{
	const struct profiles *base = &v->main.profiles;
	uint32_t usage = doc_find(d, (const char *const[]){ "usageStats", NULL });

	for (uint32_t n = doc_first(d, usage); n != DOC_NONE; n = doc_next(d, n)) {
		const struct profile *p;
		char id[ID_CAP];

		if (doc_kind(d, n) != DOC_OBJECT || !doc_key(d, n, id, sizeof(id)) ||
			profiles_find(&v->own.profiles, id))
			continue;
		p = profiles_find(base, id);
		if (p)
			fill_usage_node(&v->s->credentials[p - base->list], d, n);
	}
}

/* Room for everything that can be added: the stores, each variable twice, the configuration. */
static bool make_room(struct survey *v, struct err *e)
{
	size_t stored = v->own.profiles.count + v->main.profiles.count;
	size_t others = provider_known_count() * 2 * PROVIDER_VARS + v->dotenv.count +
			v->config.provider_count + provider_known_count();

	v->credential_cap = stored + others;
	v->s->credentials = calloc(v->credential_cap + 1, sizeof(*v->s->credentials));
	v->sources = calloc(stored + 1, sizeof(const struct profile *));
	if (!v->s->credentials || !v->sources)
		return err_set(e, ERR_MEMORY, "out of memory");
	return true;
}

static int compare_configured(const void *a, const void *b)
{
	const struct config_profile *x = *(const struct config_profile *const *)a;
	const struct config_profile *y = *(const struct config_profile *const *)b;
	int c = strcmp(x->id, y->id);

	return c ? c : (x > y) - (x < y);
}

static int compare_configured_key(const void *key, const void *row)
{
	return strcmp(key, (*(const struct config_profile *const *)row)->id);
}

static bool index_configured(struct survey *v, struct err *e)
{
	size_t n = v->config.profile_count;

	v->configured = calloc(n + 1, sizeof(const struct config_profile *));
	if (!v->configured)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < n; i++)
		v->configured[i] = &v->config.profiles[i];
	qsort(v->configured, n, sizeof(const struct config_profile *), compare_configured);
	return true;
}

const struct config_profile *survey_configured(const struct survey *v, const char *id)
{
	const struct config_profile *const *hit =
		bsearch(id, v->configured, v->config.profile_count,
			sizeof(const struct config_profile *), compare_configured_key);

	return hit ? *hit : NULL;
}

bool survey_profiles(struct survey *v, struct err *e)
{
	const struct profiles *own = &v->own.profiles;
	const struct profiles *base = &v->main.profiles;

	if (!make_room(v, e) || !index_configured(v, e))
		return false;
	for (size_t i = 0; i < base->count; i++) {
		const struct profile *p = profiles_find(own, base->list[i].id);

		add_profile(v, p ? own : base, p ? p : &base->list[i]);
	}
	for (size_t i = 0; i < own->count; i++)
		if (!base->count || !profiles_find(base, own->list[i].id))
			add_profile(v, own, &own->list[i]);
	if (base->count) {
		inherit_usage(v, &own->doc);
		inherit_usage(v, &own->state);
	}
	return true;
}

static int compare_note(const void *a, const void *b)
{
	const struct check_note *x = *(const struct check_note *const *)a;
	const struct check_note *y = *(const struct check_note *const *)b;

	return strcmp(x->credential, y->credential);
}

static int compare_note_key(const void *key, const void *row)
{
	return strcmp(key, (*(const struct check_note *const *)row)->credential);
}

static void fill_note(struct credential *c, const struct check_note *note)
{
	static const enum expiry_source sources[] = { EXPIRY_PROVIDER, EXPIRY_TOKEN, EXPIRY_YOU,
		EXPIRY_ESTIMATE };

	for (size_t i = 0; c->expires_ms > 0 && i < ARRAY_LEN(sources); i++)
		if (strcmp(note->expires_source, expiry_source_name(sources[i])) == 0)
			c->expires_source = sources[i];
	if (note->fingerprint[0] && c->fingerprint[0] &&
		strcmp(note->fingerprint, c->fingerprint) != 0)
		return; /* another secret was checked */
	if (!verdict_parse(note->verdict, &c->accepted))
		return;
	if (!reason_parse(note->reason, &c->accepted_reason))
		c->accepted_reason = REASON_NONE;
	/* A note may be there for its expiry only. */
	c->accepted_at_ms = c->accepted == VERDICT_NONE ? 0 : note->at_ms;
	c->accepted_latency_ms = (int)note->latency_ms;
	c->accepted_skew_ms = note->skew_ms;
}

void survey_note_name(struct str *out, const struct credential *c)
{
	if (!c->in_store && c->var[0])
		str_fmt(out, "env:%s", c->var);
	else
		str_add(out, c->id);
}

/* Sorted once: checks_find() is for single questions. */
void survey_checks(struct survey *v)
{
	size_t n = v->checks.count;
	const struct check_note **notes = n ? calloc(n, sizeof(const struct check_note *)) : NULL;

	v->failed |= n && !notes;
	if (!notes)
		return;
	for (size_t i = 0; i < n; i++)
		notes[i] = &v->checks.list[i];
	qsort(notes, n, sizeof(const struct check_note *), compare_note);
	for (size_t i = 0; i < v->s->credential_count; i++) {
		struct credential *c = &v->s->credentials[i];
		char key[ID_CAP + 8];
		struct str s = STR_OF(key);
		const struct check_note *const *hit;

		survey_note_name(&s, c);
		hit = bsearch(key, notes, n, sizeof(const struct check_note *), compare_note_key);
		if (hit)
			fill_note(c, *hit);
	}
	free(notes);
}
