/* SPDX-License-Identifier: MIT */
#include "store/vault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/seal.h"
#include "store/vault_impl.h"

static const char prev_id[] = "/prev";
static const char prev_field[] = ".prev";

static void record_release(struct vault_record *r)
{
	free(r->block);
	*r = (struct vault_record){ 0 };
}

void vault_release(struct vault *v)
{
	for (size_t i = 0; i < v->record_count; i++)
		record_release(&v->records[i]);
	free(v->records);
	secret_release(&v->vmk);
	secret_release(&v->k_rec);
	secret_release(&v->k_mac);
	*v = (struct vault){ 0 };
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* strchr() finds the NUL, too; every caller stops before it. */
static bool plain(char c, const char *others)
{
	return alnum(c) || strchr(others, c);
}

static bool word_valid(const char *word)
{
	if (!alnum(word[0]))
		return false;
	for (; *word; word++) {
		if (!plain(*word, "._-"))
			return false;
	}
	return true;
}

bool vault_record_id_valid(const char *id)
{
	const char *at = id;

	if (!alnum(*at))
		return false;
	while (*at) {
		if (!plain(*at++, "._:/-"))
			return false;
	}
	return (size_t)(at - id) < VAULT_RECORD_ID_CAP;
}

bool vault_record_id(char out[VAULT_RECORD_ID_CAP], const char *agent, const char *profile,
	const char *field, struct err *e)
{
	struct str s = str_on(out, VAULT_RECORD_ID_CAP);

	if (!word_valid(agent) || !word_valid(field))
		return err_set(e, ERR_USAGE, "%.64s/%.64s cannot be part of a record's name", agent,
			field);
	if (!profile[0])
		return err_set(e, ERR_USAGE, "a profile without a name cannot be sealed");
	str_fmt(&s, "%s/", agent);
	for (; *profile; profile++) {
		if (plain(*profile, "._:-"))
			str_addn(&s, profile, 1);
		else
			str_fmt(&s, "_x%02x", (unsigned)(unsigned char)*profile);
	}
	str_fmt(&s, "/%s", field);
	if (s.cut)
		return err_set(
			e, ERR_USAGE, "the name of profile %.40s... is too long to seal", out);
	return true;
}

/* Metadata is text that every JSON writer puts down the same way. */
static bool text_valid(const char *text, size_t cap)
{
	size_t n = strlen(text);
	size_t used;

	if (n == 0 || n >= cap)
		return false;
	for (; n; text += used, n -= used) {
		uint32_t cp = text_next(text, n, &used);

		if (cp < 0x20 || cp == 0x7f || (cp == TEXT_BAD && used == 1))
			return false;
	}
	return true;
}

bool record_check(const struct vault_record *r, struct err *e)
{
	const struct {
		const char *name;
		const char *text;
		size_t cap;
	} texts[] = {
		{ "agent", r->agent, VAULT_AGENT_CAP },
		{ "profile", r->profile, VAULT_PROFILE_CAP },
		{ "provider", r->provider, VAULT_PROVIDER_CAP },
		{ "field", r->field, VAULT_FIELD_CAP },
	};

	if (!vault_record_id_valid(r->id))
		return err_set(e, ERR_DAMAGED, "a record's name breaks the rules for names");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!text_valid(texts[i].text, texts[i].cap))
			return err_set(e, ERR_DAMAGED,
				"the %s of record %s is empty, too long, or not plain text",
				texts[i].name, r->id);
	}
	if (!r->rev || r->rev > VAULT_NUMBER_MAX || r->ts > VAULT_NUMBER_MAX)
		return err_set(e, ERR_DAMAGED, "record %s has an impossible number", r->id);
	if (r->c_len < SEALED_MIN || r->c_len > SEALED_MAX ||
		(r->c_len - SEAL_TAG_BYTES) % SEAL_PAD)
		return err_set(e, ERR_DAMAGED, "record %s has an impossible length", r->id);
	return true;
}

void record_aad(struct canon *out, const struct vault_record *r, const struct scope *scope)
{
	canon_start(out, "tfv1/record", scope);
	canon_text(out, r->id);
	canon_text(out, r->agent);
	canon_text(out, r->profile);
	canon_text(out, r->provider);
	canon_text(out, r->field);
	canon_u64(out, r->rev);
}

/* The first record whose id is not below. */
static size_t lower_bound(const struct vault *v, const char *id)
{
	size_t low = 0;
	size_t high = v->record_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(v->records[mid].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct vault_record *vault_find(const struct vault *v, const char *id)
{
	size_t at = lower_bound(v, id);

	if (at == v->record_count || strcmp(v->records[at].id, id) != 0)
		return NULL;
	return &v->records[at];
}

bool record_open(
	const struct vault *v, const struct vault_record *r, struct secret *out, struct err *e)
{
	const struct sealed sealed = { .nonce = r->n, .c = r->c, .len = r->c_len };
	struct canon aad;

	if (!vault_is_open(v, e))
		return false;
	record_aad(&aad, r, &v->scope);
	if (!open_secret(out, &sealed, &v->k_rec, &aad, e)) {
		err_wrap(e, "record %s", r->id);
		return vault_blame(v, e);
	}
	/* Whoever takes it as a C string must get all of it. */
	if (!out->len || memchr(out->bytes, '\0', out->len)) {
		secret_clear(out);
		err_set(e, ERR_DAMAGED, "record %s holds no credential", r->id);
		return vault_blame(v, e);
	}
	return true;
}

static bool no_record(const struct vault *v, const char *id, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "the vault has no record %s", id);
	return vault_blame(v, e);
}

bool vault_get(const struct vault *v, const char *id, struct secret *out, struct err *e)
{
	const struct vault_record *r = vault_find(v, id);

	*out = (struct secret){ 0 };
	if (!r)
		return no_record(v, id, e);
	if (record_open(v, r, out, e))
		return true;
	secret_release(out);
	return false;
}

bool vault_get_into(const struct vault *v, const char *id, struct secret *reused, struct err *e)
{
	const struct vault_record *r = vault_find(v, id);

	if (r)
		return record_open(v, r, reused, e);
	secret_clear(reused);
	return no_record(v, id, e);
}

bool vault_record_opens(const struct vault *v, const struct vault_record *r)
{
	struct secret value = { 0 };
	bool ok = record_open(v, r, &value, NULL);

	secret_release(&value);
	return ok;
}

static bool reserve(struct vault *v, size_t more, struct err *e)
{
	size_t cap = v->record_cap ? v->record_cap : 8;
	struct vault_record *grown;

	if (v->record_count + more > VAULT_RECORDS_MAX)
		return err_set(e, ERR_USAGE, "a vault holds at most %d records", VAULT_RECORDS_MAX);
	while (cap < v->record_count + more)
		cap *= 2;
	if (cap == v->record_cap)
		return true;
	grown = realloc(v->records, cap * sizeof(*grown));
	if (!grown)
		return err_set(e, ERR_MEMORY, "out of memory for %zu records", cap);
	v->records = grown;
	v->record_cap = cap;
	return true;
}

static const char *copy_text(char **at, const char *text)
{
	char *start = *at;
	size_t n = strlen(text) + 1;

	memcpy(start, text, n);
	*at += n;
	return start;
}

/* A record of its own memory, with the texts of `from` and room for from->c_len bytes. */
static bool record_new(struct vault_record *r, const struct vault_record *from, struct err *e)
{
	size_t need = strlen(from->id) + strlen(from->agent) + strlen(from->profile) +
		      strlen(from->provider) + strlen(from->field) + 5 + from->c_len;
	char *at = malloc(need);

	if (!at) {
		err_set(e, ERR_MEMORY, "out of memory for a record");
		return false;
	}
	*r = *from;
	r->block = at;
	r->id = copy_text(&at, from->id);
	r->agent = copy_text(&at, from->agent);
	r->profile = copy_text(&at, from->profile);
	r->provider = copy_text(&at, from->provider);
	r->field = copy_text(&at, from->field);
	r->c = (unsigned char *)at;
	return true;
}

bool vault_append(struct vault *v, const struct vault_record *r, struct err *e)
{
	struct vault_record own;

	if (!reserve(v, 1, e) || !record_new(&own, r, e))
		return false;
	memcpy(own.c, r->c, r->c_len);
	v->records[v->record_count++] = own;
	return true;
}

bool record_seal(
	const struct vault *v, struct vault_record *r, const struct secret *value, struct err *e)
{
	struct secret back = { 0 };
	struct canon aad;
	bool ok;

	record_aad(&aad, r, &v->scope);
	ok = seal_secret(r->c, r->n, value, &v->k_rec, &aad, e) && record_open(v, r, &back, e);
	if (ok && !secret_equal(&back, value))
		ok = err_set(e, ERR_FAILED, "record %s does not open to what was sealed", r->id);
	secret_release(&back);
	return ok;
}

static bool record_make(struct vault_record *out, const struct vault *v,
	const struct vault_record *meta, const struct secret *value, struct err *e)
{
	struct vault_record from = *meta;
	struct err why = { 0 };

	from.c_len = seal_length(value->len);
	if (!record_check(&from, &why)) {
		err_set(e, ERR_USAGE, "%s", why.msg);
		return false;
	}
	if (record_new(out, &from, e) && record_seal(v, out, value, e))
		return true;
	record_release(out);
	vault_blame(v, e);
	return false;
}

/* Takes the record; room was reserved. */
static void place(struct vault *v, struct vault_record *r)
{
	size_t at = lower_bound(v, r->id);
	bool replaces = at < v->record_count && strcmp(v->records[at].id, r->id) == 0;

	if (replaces) {
		record_release(&v->records[at]);
	} else {
		memmove(&v->records[at + 1], &v->records[at],
			(v->record_count - at) * sizeof(v->records[0]));
		v->record_count++;
	}
	v->records[at] = *r;
	*r = (struct vault_record){ 0 };
}

static bool drop(struct vault *v, const char *id)
{
	size_t at = lower_bound(v, id);

	if (at == v->record_count || strcmp(v->records[at].id, id) != 0)
		return false;
	record_release(&v->records[at]);
	v->record_count--;
	memmove(&v->records[at], &v->records[at + 1],
		(v->record_count - at) * sizeof(v->records[0]));
	return true;
}

/* "<id>/prev"; false when that is too long. */
static bool prev_of(char out[VAULT_RECORD_ID_CAP], const char *id)
{
	struct str s = str_on(out, VAULT_RECORD_ID_CAP);

	str_fmt(&s, "%s%s", id, prev_id);
	return !s.cut;
}

/* The present value of `old`, sealed anew under its second name. */
static bool make_previous(struct vault_record *out, const struct vault *v,
	const struct vault_record *old, struct err *e)
{
	char id[VAULT_RECORD_ID_CAP];
	char field[VAULT_FIELD_CAP];
	struct str s = STR_OF(field);
	struct secret value = { 0 };
	struct vault_record meta = *old;
	bool ok;

	str_fmt(&s, "%s%s", old->field, prev_field);
	if (!prev_of(id, old->id) || s.cut)
		return err_set(e, ERR_USAGE,
			"the name of record %.200s is too long to keep its "
			"previous value",
			old->id);
	meta.id = id;
	meta.field = field;
	ok = record_open(v, old, &value, e) && record_make(out, v, &meta, &value, e);
	secret_release(&value);
	return ok;
}

static bool may_put(const struct vault *v, const struct vault_put *put, const struct secret *value,
	const struct vault_record *old, struct err *e)
{
	if (!vault_is_open(v, e))
		return false;
	if (!value->len || value->len > SECRET_MAX || memchr(value->bytes, '\0', value->len))
		return err_set(
			e, ERR_USAGE, "a credential has 1 to %zu bytes and no NUL", SECRET_MAX);
	if (str_ends(put->id, prev_id))
		return err_set(
			e, ERR_USAGE, "record names ending in %s are for previous values", prev_id);
	if (!old)
		return true;
	if (strcmp(old->agent, put->agent) != 0 || strcmp(old->profile, put->profile) != 0 ||
		strcmp(old->field, put->field) != 0)
		return err_set(e, ERR_REFUSED, "record %s belongs to another profile (%.100s)",
			put->id, old->profile);
	if (old->rev >= VAULT_NUMBER_MAX)
		return err_set(e, ERR_REFUSED, "record %s has used up its revisions", put->id);
	return true;
}

bool vault_put(struct vault *v, const struct vault_put *put, const struct secret *value,
	uint64_t *rev, struct err *e)
{
	const struct vault_record *old = vault_find(v, put->id);
	const struct vault_record meta = {
		.id = put->id,
		.agent = put->agent,
		.profile = put->profile,
		.provider = put->provider,
		.field = put->field,
		.ts = put->ts,
		.rev = old ? old->rev + 1 : 1,
	};
	struct vault_record next = { 0 };
	struct vault_record prev = { 0 };
	uint64_t number = meta.rev;

	if (!may_put(v, put, value, old, e) || !record_make(&next, v, &meta, value, e))
		return false;
	next.fresh = true;
	if (old && put->keep_previous && !make_previous(&prev, v, old, e))
		goto fail;
	if (!reserve(v, 2, e))
		goto fail;
	if (prev.block)
		place(v, &prev);
	else
		vault_drop_previous(v, put->id, NULL);
	place(v, &next);
	if (rev)
		*rev = number;
	return true;
fail:
	record_release(&next);
	record_release(&prev);
	return false;
}

bool vault_remove(struct vault *v, const char *id, struct err *e)
{
	if (!vault_is_open(v, e))
		return false;
	if (!vault_find(v, id))
		return no_record(v, id, e);
	vault_drop_previous(v, id, NULL);
	drop(v, id);
	return true;
}

bool vault_drop_previous(struct vault *v, const char *id, struct err *e)
{
	char prev[VAULT_RECORD_ID_CAP];

	if (!vault_is_open(v, e))
		return false;
	if (prev_of(prev, id))
		drop(v, prev);
	return true;
}
