/* SPDX-License-Identifier: MIT */
#include "store/capsule_body.h"

#include <stdlib.h>
#include <string.h>

static const char label[] = "tfc1/body";

enum {
	RECORD_MIN = 5 * 2 + 8 + 8 + 4 + 2, /* one character and a NUL each, one byte of value */
	PROFILE_MIN = 5 + 8,
	LINE_MIN = 2,
};

/* --- writing: twice over the same code, once only counting --------------------------------------
 */

struct writer {
	struct secret *to; /* NULL: only count */
	size_t len;
	bool full;
};

static void put(struct writer *w, const void *p, size_t n)
{
	if (w->to && !secret_insert(w->to, w->to->len, p, n))
		w->full = true;
	w->len += n;
}

static void put_number(struct writer *w, uint64_t x, size_t n)
{
	unsigned char bytes[8];

	for (size_t i = n; i--; x >>= 8)
		bytes[i] = (unsigned char)(x & 0xff);
	put(w, bytes, n);
}

static void put_text(struct writer *w, const char *text)
{
	put(w, text, strlen(text) + 1);
}

/* Counting takes the sealed length, which is never below the value's. */
static bool put_value(
	struct writer *w, const struct vault *v, const struct vault_record *r, struct err *e)
{
	struct secret value = { 0 };

	if (!w->to) {
		w->len += 4 + r->c_len + 1;
		return true;
	}
	if (!vault_get(v, r->id, &value, e))
		return false;
	put_number(w, value.len, 4);
	put(w, value.bytes, value.len);
	put(w, "", 1);
	secret_release(&value);
	return true;
}

static bool put_records(struct writer *w, const struct vault *v, struct err *e)
{
	put_number(w, v->record_count, 4);
	for (size_t i = 0; i < v->record_count; i++) {
		const struct vault_record *r = &v->records[i];
		const char *const texts[] = { r->id, r->agent, r->profile, r->provider, r->field };

		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			put_text(w, texts[k]);
		put_number(w, r->rev, 8);
		put_number(w, r->ts, 8);
		if (!put_value(w, v, r, e))
			return false;
	}
	return true;
}

static bool put_all(struct writer *w, const struct capsule_contents *in, struct err *e)
{
	put_text(w, label);
	if (!put_records(w, in->vault, e))
		return false;
	put_number(w, in->profile_count, 4);
	for (size_t i = 0; i < in->profile_count; i++) {
		const struct capsule_profile *p = &in->profiles[i];
		const char *const texts[] = { p->agent, p->id, p->provider, p->kind, p->email };

		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			put_text(w, texts[k]);
		put_number(w, p->expires_ms, 8);
	}
	put_number(w, in->line_count, 4);
	for (size_t i = 0; i < in->line_count; i++) {
		put_text(w, in->lines[i].variable);
		put_text(w, in->lines[i].record);
	}
	while (w->to && w->to->len % CAPSULE_PAD)
		put(w, "", 1);
	return true;
}

bool body_write(struct secret *out, const struct capsule_contents *in, struct err *e)
{
	struct writer count = { 0 };
	struct writer w = { .to = out };
	size_t limit = CAPSULE_MAX - CAPSULE_HEAD_BYTES - SEAL_TAG_BYTES - MAC_BYTES - CAPSULE_PAD;

	if (!in->vault->open)
		return err_set(e, ERR_KEY, "the vault is locked");
	if (!put_all(&count, in, e))
		return false;
	if (count.len > limit)
		return err_set(e, ERR_USAGE, "a capsule holds at most %d MiB", CAPSULE_MAX >> 20);
	if (!secret_init(out, count.len + CAPSULE_PAD, e))
		return false;
	if (put_all(&w, in, e) && !w.full)
		return true;
	secret_release(out);
	/* What fails by itself has said why. */
	return w.full ? err_set(e, ERR_FAILED, "the capsule's contents were miscounted") : false;
}

/* --- reading -----------------------------------------------------------------------------------
 */

struct reader {
	const char *at;
	const char *end;
	bool bad;
};

static const char *take(struct reader *r, size_t n)
{
	const char *at = r->at;

	if (r->bad || (size_t)(r->end - r->at) < n) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return at;
}

static uint64_t take_number(struct reader *r, size_t n)
{
	const unsigned char *p = (const unsigned char *)take(r, n);
	uint64_t x = 0;

	while (p && n--)
		x = x << 8 | *p++;
	return x;
}

static const char *take_text(struct reader *r)
{
	const char *nul = r->bad ? NULL : memchr(r->at, '\0', (size_t)(r->end - r->at));

	if (!nul) {
		r->bad = true;
		return "";
	}
	return take(r, (size_t)(nul - r->at) + 1);
}

/* A list that cannot fit in what is left is refused before memory is asked for. */
static void *take_list(struct reader *r, size_t *n, size_t min, size_t size, struct err *e)
{
	void *list;

	*n = (size_t)take_number(r, 4);
	if (r->bad || *n > (size_t)(r->end - r->at) / min) {
		r->bad = true;
		*n = 0;
		return NULL;
	}
	list = calloc(*n ? *n : 1, size);
	if (!list) {
		*n = 0;
		err_set(e, ERR_MEMORY, "out of memory");
	}
	return list;
}

static void take_record(struct reader *r, struct capsule_record *out)
{
	out->id = take_text(r);
	out->agent = take_text(r);
	out->profile = take_text(r);
	out->provider = take_text(r);
	out->field = take_text(r);
	out->rev = take_number(r, 8);
	out->ts = take_number(r, 8);
	out->len = (size_t)take_number(r, 4);
	if (!out->len || out->len > SECRET_MAX)
		r->bad = true;
	out->value = take(r, out->len);
	/* One byte more, and it is the first NUL: a value is a C string, too. */
	if (!take(r, 1) || memchr(out->value, '\0', out->len + 1) != out->value + out->len)
		r->bad = true;
	if (!vault_record_id_valid(out->id))
		r->bad = true;
}

static void take_profile(struct reader *r, struct capsule_profile *out)
{
	out->agent = take_text(r);
	out->id = take_text(r);
	out->provider = take_text(r);
	out->kind = take_text(r);
	out->email = take_text(r);
	out->expires_ms = take_number(r, 8);
}

static bool sorted(const struct capsule *c)
{
	for (size_t i = 1; i < c->record_count; i++)
		if (strcmp(c->records[i - 1].id, c->records[i].id) >= 0)
			return false;
	return true;
}

static bool only_zeros(const struct reader *r)
{
	for (const char *p = r->at; p < r->end; p++)
		if (*p)
			return false;
	return (size_t)(r->end - r->at) < CAPSULE_PAD;
}

static bool read_lists(struct capsule *c, struct reader *r, struct err *e)
{
	c->records = take_list(r, &c->record_count, RECORD_MIN, sizeof(c->records[0]), e);
	for (size_t i = 0; i < c->record_count && !r->bad; i++)
		take_record(r, &c->records[i]);
	if (!c->records)
		return false;
	c->profiles = take_list(r, &c->profile_count, PROFILE_MIN, sizeof(c->profiles[0]), e);
	for (size_t i = 0; i < c->profile_count && !r->bad; i++)
		take_profile(r, &c->profiles[i]);
	if (!c->profiles)
		return false;
	c->lines = take_list(r, &c->line_count, LINE_MIN, sizeof(c->lines[0]), e);
	for (size_t i = 0; i < c->line_count && !r->bad; i++) {
		c->lines[i].variable = take_text(r);
		c->lines[i].record = take_text(r);
	}
	return c->lines && !r->bad;
}

bool body_read(struct capsule *c, struct err *e)
{
	struct reader r = { .at = c->body.bytes, .end = c->body.bytes + c->body.len };
	struct err memory = { 0 };
	bool ok = strcmp(take_text(&r), label) == 0 && read_lists(c, &r, &memory) && sorted(c) &&
		  only_zeros(&r);

	if (ok)
		return true;
	if (memory.code) {
		if (e)
			*e = memory;
		return false;
	}
	return err_set(e, ERR_DAMAGED, "the capsule's contents break the rules of version %d",
		CAPSULE_VERSION);
}
