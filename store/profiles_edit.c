/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/provider_name.h"
#include "store/profiles_entry.h"

/* --- sealing --- */

static void ref_value(struct doc_value *v, const char *ref_id)
{
	doc_value_object(v);
	doc_value_key(v, "source");
	doc_value_string(v, "exec");
	doc_value_key(v, "provider");
	doc_value_string(v, VAULT_REF_PROVIDER);
	doc_value_key(v, "id");
	doc_value_string(v, ref_id);
	doc_value_end(v);
}

/* An empty secret and a reference beside it: what both generations of gateways accept. */
static bool put_new(
	struct doc *d, const char *const *path, const struct profile_seal *s, struct err *e)
{
	const struct entry_fields *f = entry_fields(s->kind);
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	doc_value_key(&v, "type");
	doc_value_string(&v, profile_kind_name(s->kind));
	doc_value_key(&v, "provider");
	doc_value_string(&v, s->provider);
	doc_value_key(&v, f->plain[0]);
	doc_value_string(&v, "");
	doc_value_key(&v, f->ref);
	ref_value(&v, s->ref_id);
	if (s->expires_ms > 0) {
		doc_value_key(&v, "expires");
		doc_value_int(&v, s->expires_ms);
	}
	doc_value_end(&v);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

/* Members with this key except the last: JSON.parse never sees them, but a reader of the file does.
 */
static bool remove_dead(struct doc *d, const char *const *parent, const char *key, struct err *e)
{
	for (;;) {
		uint32_t object = doc_find(d, parent);
		uint32_t last = doc_get(d, object, key);
		uint32_t m = doc_first(d, object);

		while (m != DOC_NONE && (m == last || !doc_key_is(d, m, key)))
			m = doc_next(d, m);
		if (m == DOC_NONE)
			return true;
		if (!doc_remove_node(d, m, e))
			return false;
	}
}

static bool put_text(
	struct doc *d, const char *const *entry, const char *key, const char *text, struct err *e)
{
	const char *path[] = { entry[0], entry[1], key, NULL };

	if (doc_text_is(d, doc_find(d, path), text))
		return true;
	return doc_put_text(d, path, text, e);
}

static bool remove_member(struct doc *d, const char *const *entry, const char *key, struct err *e)
{
	return doc_remove(d, (const char *const[]){ entry[0], entry[1], key, NULL }, e);
}

/* Type and provider, only where they say something else. */
static bool put_identity(
	struct doc *d, const char *const *entry, const struct profile_seal *s, struct err *e)
{
	uint32_t node = doc_find(d, entry);
	char provider[256];
	char wanted[256];

	if (doc_kind(d, doc_get(d, node, "mode")) == DOC_STRING &&
		!put_text(d, entry, "mode", profile_kind_name(s->kind), e))
		return false;
	if (!put_text(d, entry, "type", profile_kind_name(s->kind), e))
		return false;
	node = doc_get(d, doc_find(d, entry), "provider");
	if (doc_text(d, node, wanted, sizeof(wanted)) &&
		provider_name_normalise(provider, sizeof(provider), wanted) &&
		provider_name_normalise(wanted, sizeof(wanted), s->provider) &&
		strcmp(provider, wanted) == 0)
		return true;
	return put_text(d, entry, "provider", s->provider, e);
}

/* Every member that could still hold a secret of the entry, but the one that stays empty. */
static bool remove_plain(
	struct doc *d, const char *const *entry, const struct profile_seal *s, struct err *e)
{
	const struct entry_fields *own = entry_fields(s->kind);

	for (enum profile_kind k = PROFILE_API_KEY; k <= PROFILE_OAUTH; k++) {
		const struct entry_fields *f = entry_fields(k);

		for (size_t i = 0; i < ENTRY_FIELDS && f->plain[i]; i++) {
			if (strcmp(f->plain[i], own->plain[0]) != 0 &&
				!remove_member(d, entry, f->plain[i], e))
				return false;
		}
		if (f->ref && strcmp(f->ref, own->ref) != 0 && !remove_member(d, entry, f->ref, e))
			return false;
	}
	return remove_dead(d, entry, own->plain[0], e) && remove_dead(d, entry, own->ref, e);
}

static bool put_ref(
	struct doc *d, const char *const *entry, const struct profile_seal *s, struct err *e)
{
	const char *path[] = { entry[0], entry[1], entry_fields(s->kind)->ref, NULL };
	uint32_t ref = doc_find(d, path);
	struct doc_value v = { 0 };
	bool ok;

	if (doc_count(d, ref) == 3 && doc_text_is(d, doc_get(d, ref, "source"), "exec") &&
		doc_text_is(d, doc_get(d, ref, "provider"), VAULT_REF_PROVIDER) &&
		doc_text_is(d, doc_get(d, ref, "id"), s->ref_id))
		return true;
	ref_value(&v, s->ref_id);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool put_expires(
	struct doc *d, const char *const *entry, const struct profile_seal *s, struct err *e)
{
	const char *path[] = { entry[0], entry[1], "expires", NULL };
	int64_t now = 0;

	if (s->expires_ms <= 0)
		return doc_remove(d, path, e);
	if (doc_int(d, doc_find(d, path), &now) && now == s->expires_ms)
		return true;
	return doc_put_int(d, path, s->expires_ms, e);
}

static bool seal_steps(struct doc *d, const struct profile_seal *s, struct err *e)
{
	const char *const profiles[] = { "profiles", NULL };
	const char *const entry[] = { "profiles", s->id, NULL };

	if (!remove_dead(d, profiles, s->id, e))
		return false;
	if (doc_kind(d, doc_find(d, entry)) != DOC_OBJECT)
		return put_new(d, entry, s, e);
	return put_identity(d, entry, s, e) &&
	       put_text(d, entry, entry_fields(s->kind)->plain[0], "", e) &&
	       remove_plain(d, entry, s, e) && put_ref(d, entry, s, e) &&
	       put_expires(d, entry, s, e);
}

bool profiles_put_sealed(struct doc *d, const struct profile_seal *s, struct err *e)
{
	uint32_t entry = doc_find(d, (const char *const[]){ "profiles", s->id, NULL });
	struct doc was = { 0 };

	if (s->kind != PROFILE_API_KEY && s->kind != PROFILE_TOKEN)
		return err_set(e, ERR_USAGE, "a sign-in of kind \"%s\" cannot be sealed",
			profile_kind_name(s->kind));
	/* A sign-in that renews itself is worth more than a free name. */
	if (entry_kind(d, entry) == PROFILE_OAUTH && entry_secret(d, entry) != DOC_NONE) {
		err_set(e, ERR_REFUSED, "%s: profile \"%s\" holds a sign-in (oauth)", d->name,
			s->id);
		return err_hint(e, "choose another name for this credential");
	}
	return doc_copy(&was, d, e) && doc_settle(d, &was, seal_steps(d, s, e));
}

/* --- sign-ins --- */

static bool put_secret(struct doc *d, const char *const *entry, const char *key,
	const struct secret *value, struct err *e)
{
	const char *path[] = { entry[0], entry[1], key, NULL };
	struct doc_value v = { 0 };
	bool ok;

	doc_value_stringn(&v, value->bytes, value->len);
	/* A duplicate that nobody reads would keep the old one. */
	ok = remove_dead(d, entry, key, e) && doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool put_some(
	struct doc *d, const char *const *entry, const char *key, const char *text, struct err *e)
{
	return !text || !*text || put_text(d, entry, key, text, e);
}

static bool login_steps(struct doc *d, const struct profile_login *l, struct err *e)
{
	const struct profile_seal s = {
		.id = l->id, .provider = l->provider, .kind = l->kind, .expires_ms = l->expires_ms
	};
	const char *const profiles[] = { "profiles", NULL };
	const char *const entry[] = { "profiles", l->id, NULL };
	bool oauth = l->kind == PROFILE_OAUTH;

	return remove_dead(d, profiles, l->id, e) && put_identity(d, entry, &s, e) &&
	       put_secret(d, entry, oauth ? "access" : "token", l->access, e) &&
	       (oauth ? put_secret(d, entry, "refresh", l->refresh, e)
		      : remove_member(d, entry, "tokenRef", e)) &&
	       put_expires(d, entry, &s, e) && put_some(d, entry, "email", l->email, e) &&
	       put_some(d, entry, "clientId", l->client_id, e) &&
	       put_some(d, entry, "accountId", l->account, e);
}

bool profiles_put_login(struct doc *d, const struct profile_login *l, struct err *e)
{
	uint32_t entry = doc_find(d, (const char *const[]){ "profiles", l->id, NULL });
	struct doc was = { 0 };

	if (doc_kind(d, entry) == DOC_OBJECT && entry_kind(d, entry) != l->kind) {
		err_set(e, ERR_REFUSED, "%s: profile \"%s\" holds a credential of another kind",
			d->name, l->id);
		return err_hint(e, "choose another name for the login: --profile-id ID");
	}
	return doc_copy(&was, d, e) && doc_settle(d, &was, login_steps(d, l, e));
}

/* --- order --- */

/* The next member of `object` for the provider, however its name is written. */
static uint32_t for_provider(const struct doc *d, uint32_t object, const char *provider)
{
	uint32_t found = DOC_NONE;
	char wanted[256];
	char raw[256];
	char name[256];

	if (!provider_name_normalise(wanted, sizeof(wanted), provider))
		return DOC_NONE;
	for (uint32_t m = doc_first(d, object); m != DOC_NONE; m = doc_next(d, m)) {
		if (doc_key(d, m, raw, sizeof(raw)) &&
			provider_name_normalise(name, sizeof(name), raw) &&
			strcmp(name, wanted) == 0)
			found = m;
	}
	return found;
}

bool profiles_order_set(
	struct doc *d, const char *provider, const char *const *ids, size_t n, struct err *e)
{
	uint32_t member = for_provider(d, doc_get(d, DOC_ROOT, "order"), provider);
	char key[256];

	if (!doc_key(d, member, key, sizeof(key)))
		str_copy(key, sizeof(key), provider);
	return doc_list_put(d, (const char *const[]){ "order", key, NULL }, ids, n, e);
}

/* An object that has become empty says nothing: it goes as well. */
static bool remove_if_empty(struct doc *d, const char *key, struct err *e)
{
	uint32_t object = doc_get(d, DOC_ROOT, key);

	if (doc_kind(d, object) != DOC_OBJECT || doc_count(d, object))
		return true;
	return doc_remove_node(d, object, e);
}

static bool clear_steps(struct doc *d, const char *provider, struct err *e)
{
	uint32_t member;

	while ((member = for_provider(d, doc_get(d, DOC_ROOT, "order"), provider)) != DOC_NONE) {
		if (!doc_remove_node(d, member, e))
			return false;
	}
	return remove_if_empty(d, "order", e);
}

bool profiles_order_clear(struct doc *d, const char *provider, struct err *e)
{
	struct doc was = { 0 };

	if (for_provider(d, doc_get(d, DOC_ROOT, "order"), provider) == DOC_NONE)
		return true;
	return doc_copy(&was, d, e) && doc_settle(d, &was, clear_steps(d, provider, e));
}

/* --- removing, and forgetting failures --- */

static size_t times_named(const struct doc *d, uint32_t list, const char *id)
{
	size_t n = 0;

	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m))
		n += doc_text_is(d, m, id);
	return n;
}

/* Out of every order; a list that named nothing else goes whole. */
static bool leave_orders(struct doc *d, const char *id, struct err *e)
{
	for (;;) {
		uint32_t list = doc_first(d, doc_get(d, DOC_ROOT, "order"));
		size_t n = 0;

		while (list != DOC_NONE &&
			(doc_kind(d, list) != DOC_ARRAY || !(n = times_named(d, list, id))))
			list = doc_next(d, list);
		if (list == DOC_NONE)
			return remove_if_empty(d, "order", e);
		if (n == doc_count(d, list) ? !doc_remove_node(d, list, e)
					    : !doc_list_remove(d, list, id, e))
			return false;
	}
}

static bool leave_last_good(struct doc *d, const char *id, struct err *e)
{
	for (;;) {
		uint32_t m = doc_first(d, doc_get(d, DOC_ROOT, "lastGood"));

		while (m != DOC_NONE && !doc_text_is(d, m, id))
			m = doc_next(d, m);
		if (m == DOC_NONE)
			return true;
		if (!doc_remove_node(d, m, e))
			return false;
	}
}

bool profiles_remove(struct doc *d, const char *id, struct err *e)
{
	struct doc was = { 0 };

	return doc_copy(&was, d, e) &&
	       doc_settle(d, &was,
		       doc_remove(d, (const char *const[]){ "profiles", id, NULL }, e) &&
			       doc_remove(d, (const char *const[]){ "usageStats", id, NULL }, e) &&
			       leave_orders(d, id, e) && leave_last_good(d, id, e));
}

static bool forget_steps(struct doc *d, const char *id, struct err *e)
{
	static const char *const failures[] = { "cooldownUntil", "disabledUntil", "disabledReason",
		"failureCounts", "cooldownReason", "cooldownModel", "cooldownClassification",
		"blockedUntil", "blockedReason", "blockedSource", "blockedModel", "blockedScope" };
	const char *path[] = { "usageStats", id, NULL, NULL };
	int64_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		path[2] = failures[i];
		if (!doc_remove(d, path, e))
			return false;
	}
	path[2] = "errorCount";
	if (doc_find(d, path) == DOC_NONE || (doc_int(d, doc_find(d, path), &count) && !count))
		return true;
	return doc_put_int(d, path, 0, e);
}

bool profile_has_failures(const struct profile *p)
{
	return p->usage.cooldown_until_ms || p->usage.disabled_until_ms || p->usage.error_count ||
	       p->usage.disabled_reason[0];
}

bool profiles_clear_failures(struct doc *d, const char *id, struct err *e)
{
	uint32_t stats = doc_find(d, (const char *const[]){ "usageStats", id, NULL });
	struct doc was = { 0 };

	if (doc_kind(d, stats) != DOC_OBJECT)
		return true;
	return doc_copy(&was, d, e) && doc_settle(d, &was, forget_steps(d, id, e));
}
