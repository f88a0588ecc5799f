/* SPDX-License-Identifier: MIT */

/*
 * The strict reader of vault.json: exactly this schema, nothing else.
 *
 * Every object has its members in the written order, so that a missing, an
 * unknown and a repeated member are one case. Only blanks and newlines are
 * free. There is no recursion, and nothing is allocated by a number that was
 * read. `format` and `v` come first: a newer version is known as such before
 * anything that it may have changed.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/b64.h"
#include "store/vault_impl.h"

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_BYTES,
	KIND_SEALED,
	KIND_SLOT_TYPE,
	KIND_FORMAT,
	KIND_VERSION,
};

struct member {
	const char *name;
	size_t offset; /* into the object's struct */
	size_t size;   /* of the field there */
	enum kind kind;
	bool salted; /* only in slots whose type has a salt */
};

/* One record as it stands in the text, before it gets its own memory. */
struct raw_record {
	char id[VAULT_RECORD_ID_CAP];
	char agent[VAULT_AGENT_CAP];
	char profile[VAULT_PROFILE_CAP];
	char provider[VAULT_PROVIDER_CAP];
	char field[VAULT_FIELD_CAP];
	uint64_t rev;
	uint64_t ts;
	unsigned char n[SEAL_NONCE_BYTES];
	size_t c_len;
	unsigned char c[SEALED_MAX];
};

static const struct member head_members[] = {
	{ "format", 0, 0, KIND_FORMAT },
	{ "v", 0, 0, KIND_VERSION },
	{ "vaultId", offsetof(struct vault, scope.vault_id), VAULT_ID_BYTES, KIND_BYTES },
	{ "epoch", offsetof(struct vault, scope.epoch), sizeof(uint32_t), KIND_NUMBER },
	{ "gen", offsetof(struct vault, gen), sizeof(uint64_t), KIND_NUMBER },
	{ "kc", offsetof(struct vault, kc), MAC_BYTES, KIND_BYTES },
};

static const struct member tail_members[] = {
	{ "mac", offsetof(struct vault, mac), MAC_BYTES, KIND_BYTES },
};

static const struct member slot_members[] = {
	{ "id", offsetof(struct keyslot, id), KEYSLOT_ID_CAP, KIND_TEXT },
	{ "type", offsetof(struct keyslot, type), 0, KIND_SLOT_TYPE },
	{ "name", offsetof(struct keyslot, name), KEYSLOT_NAME_CAP, KIND_TEXT },
	{ "salt", offsetof(struct keyslot, salt), KDF_SALT_BYTES, KIND_BYTES, .salted = true },
	{ "ops", offsetof(struct keyslot, cost.ops), sizeof(uint64_t), KIND_NUMBER },
	{ "mem", offsetof(struct keyslot, cost.mem), sizeof(uint64_t), KIND_NUMBER },
	{ "kc", offsetof(struct keyslot, kc), MAC_BYTES, KIND_BYTES },
	{ "n", offsetof(struct keyslot, n), SEAL_NONCE_BYTES, KIND_BYTES },
	{ "w", offsetof(struct keyslot, w), KEYSLOT_WRAPPED_BYTES, KIND_BYTES },
};

static const struct member record_members[] = {
	{ "id", offsetof(struct raw_record, id), VAULT_RECORD_ID_CAP, KIND_TEXT },
	{ "agent", offsetof(struct raw_record, agent), VAULT_AGENT_CAP, KIND_TEXT },
	{ "profile", offsetof(struct raw_record, profile), VAULT_PROFILE_CAP, KIND_TEXT },
	{ "provider", offsetof(struct raw_record, provider), VAULT_PROVIDER_CAP, KIND_TEXT },
	{ "field", offsetof(struct raw_record, field), VAULT_FIELD_CAP, KIND_TEXT },
	{ "rev", offsetof(struct raw_record, rev), sizeof(uint64_t), KIND_NUMBER },
	{ "ts", offsetof(struct raw_record, ts), sizeof(uint64_t), KIND_NUMBER },
	{ "n", offsetof(struct raw_record, n), SEAL_NONCE_BYTES, KIND_BYTES },
	{ "c", offsetof(struct raw_record, c), SEALED_MAX, KIND_SEALED },
};

struct reader {
	const char *p;
	size_t n;
	size_t at;
	struct err *e;
};

static bool bad(struct reader *r, const char *what)
{
	if (r->at >= r->n)
		err_set(r->e, ERR_DAMAGED, "the vault is cut off after %zu bytes", r->n);
	else
		err_set(r->e, ERR_DAMAGED, "the vault is damaged at byte %zu: %s", r->at, what);
	return false;
}

/* The first thing that must be there is not. */
static bool foreign(struct reader *r)
{
	if (r->at >= r->n)
		return bad(r, "");
	return err_set(r->e, ERR_DAMAGED, "not a thinkfleetbot vault");
}

static bool bad_member(struct reader *r, const char *name)
{
	char what[64];
	struct str s = STR_OF(what);

	if (strcmp(name, "format") == 0)
		return foreign(r);
	str_fmt(&s, "the member \"%s\" must be here", name);
	return bad(r, what);
}

static bool bad_value(struct reader *r, const char *name)
{
	char what[64];
	struct str s = STR_OF(what);

	str_fmt(&s, "\"%s\" has an impossible value", name);
	return bad(r, what);
}

static char peek(struct reader *r)
{
	while (r->at < r->n && (r->p[r->at] == ' ' || r->p[r->at] == '\n'))
		r->at++;
	return (char)(r->at < r->n ? r->p[r->at] : '\0');
}

static bool take(struct reader *r, char c)
{
	if (peek(r) != c || c == '\0')
		return false;
	r->at++;
	return true;
}

/* The quote that ends a string: one with an even number of backslashes before it. */
static const char *closing_quote(const char *start, const char *end)
{
	const char *q = start;

	while ((q = memchr(q, '"', (size_t)(end - q)))) {
		size_t escapes = 0;

		while (q - escapes > start && q[-1 - (ptrdiff_t)escapes] == '\\')
			escapes++;
		if (escapes % 2 == 0)
			return q;
		q++;
	}
	return NULL;
}

/* What stands between two quotes, escapes and all. Without an end the text is cut off. */
static bool take_string(struct reader *r, const char **p, size_t *n)
{
	const char *end;

	if (peek(r) != '"')
		return false;
	*p = r->p + r->at + 1;
	end = closing_quote(*p, r->p + r->n);
	if (!end) {
		r->at = r->n;
		return false;
	}
	*n = (size_t)(end - *p);
	r->at = (size_t)(end - r->p) + 1;
	return true;
}

static bool take_name(struct reader *r, const char *name)
{
	size_t start = r->at;
	const char *p;
	size_t n;

	if (!take_string(r, &p, &n) || n != strlen(name) || memcmp(p, name, n) != 0) {
		if (r->at < r->n)
			r->at = start;
		return bad_member(r, name);
	}
	return take(r, ':') || bad(r, "a colon must be here");
}

/* Metadata has no control characters, so a quote and a backslash are all that is escaped. */
static bool read_text(struct reader *r, char *out, size_t cap)
{
	const char *p;
	size_t len = 0;
	size_t n;

	if (!take_string(r, &p, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && p[++i] != '"' && p[i] != '\\')
			return false;
		if ((unsigned char)p[i] < 0x20 || len + 1 >= cap)
			return false;
		out[len++] = p[i];
	}
	out[len] = '\0';
	return true;
}

static bool read_number(struct reader *r, void *out, size_t size)
{
	const uint64_t max = size == sizeof(uint32_t) ? UINT32_MAX : VAULT_NUMBER_MAX;
	char first = peek(r);
	size_t start = r->at;
	uint64_t x = 0;

	for (; r->at < r->n && r->p[r->at] >= '0' && r->p[r->at] <= '9'; r->at++) {
		x = x * 10 + (uint64_t)(r->p[r->at] - '0');
		if (x > max)
			return false;
	}
	if (r->at == start || (first == '0' && r->at != start + 1))
		return false;
	if (size == sizeof(uint32_t))
		*(uint32_t *)out = (uint32_t)x;
	else
		*(uint64_t *)out = x;
	return true;
}

static bool read_bytes(struct reader *r, void *out, size_t size)
{
	const char *p;
	size_t n;

	return take_string(r, &p, &n) && b64_decode(out, size, p, n);
}

static bool read_sealed(struct reader *r, struct raw_record *raw)
{
	const char *p;
	size_t n;

	return take_string(r, &p, &n) && b64_decode_upto(raw->c, sizeof(raw->c), &raw->c_len, p, n);
}

static bool read_slot_type(struct reader *r, enum keyslot_type *type)
{
	char name[32];

	return read_text(r, name, sizeof(name)) && keyslot_type_find(type, name);
}

static bool read_format(struct reader *r)
{
	char format[8];

	if (read_text(r, format, sizeof(format)) && strcmp(format, "tfv") == 0)
		return true;
	return foreign(r);
}

static bool read_version(struct reader *r)
{
	uint64_t v = 0;

	if (!read_number(r, &v, sizeof(v)) || v == 0)
		return bad_value(r, "v");
	if (v == 1)
		return true;
	err_set(r->e, ERR_NEWER, "the vault has format version %" PRIu64 ", this program knows 1",
		v);
	return err_hint(r->e, "use the newer thinkfleetbot that wrote it; nothing was changed");
}

static bool read_value(struct reader *r, const struct member *m, void *base)
{
	char *field = (char *)base + m->offset;
	bool ok = false;

	switch (m->kind) {
	case KIND_FORMAT:
		return read_format(r);
	case KIND_VERSION:
		return read_version(r);
	case KIND_TEXT:
		ok = read_text(r, field, m->size);
		break;
	case KIND_NUMBER:
		ok = read_number(r, field, m->size);
		break;
	case KIND_BYTES:
		ok = read_bytes(r, field, m->size);
		break;
	case KIND_SEALED:
		ok = read_sealed(r, base);
		break;
	case KIND_SLOT_TYPE:
		ok = read_slot_type(r, (void *)field);
		break;
	}
	return ok || bad_value(r, m->name);
}

static bool read_members(struct reader *r, const struct member *m, size_t count, void *base)
{
	for (size_t i = 0; i < count; i++) {
		if (m[i].salted && !keyslot_type_salted(((struct keyslot *)base)->type))
			continue;
		if (i && !take(r, ','))
			return bad(r, "a comma must be here");
		if (!take_name(r, m[i].name) || !read_value(r, &m[i], base))
			return false;
	}
	return true;
}

static bool read_object(struct reader *r, const struct member *m, size_t count, void *base)
{
	if (!take(r, '{'))
		return bad(r, "an object must be here");
	return read_members(r, m, count, base) && (take(r, '}') || bad(r, "} must be here"));
}

static bool read_slot(struct reader *r, struct vault *v)
{
	struct keyslot *slot = &v->slots[v->slot_count];

	if (v->slot_count == VAULT_SLOTS_MAX)
		return bad(r, "too many key slots");
	if (!read_object(r, slot_members, ARRAY_LEN(slot_members), slot))
		return false;
	if (!vault_record_id_valid(slot->id))
		return bad(r, "a key slot's id breaks the rules for names");
	if (!keyslot_check(slot, r->e))
		return false;
	for (size_t i = 0; i < v->slot_count; i++) {
		if (strcmp(v->slots[i].id, slot->id) == 0)
			return bad(r, "two key slots have the same id");
	}
	v->slot_count++;
	return true;
}

static bool read_record(struct reader *r, struct vault *v)
{
	struct raw_record raw;
	struct vault_record own = {
		.id = raw.id,
		.agent = raw.agent,
		.profile = raw.profile,
		.provider = raw.provider,
		.field = raw.field,
		.c = raw.c,
	};

	if (!read_object(r, record_members, ARRAY_LEN(record_members), &raw))
		return false;
	own.rev = raw.rev;
	own.ts = raw.ts;
	own.c_len = raw.c_len;
	memcpy(own.n, raw.n, sizeof(own.n));
	if (!record_check(&own, r->e))
		return false;
	if (v->record_count && strcmp(v->records[v->record_count - 1].id, own.id) >= 0)
		return bad(r, "the records are not in order");
	return vault_append(v, &own, r->e);
}

static bool read_list(struct reader *r, struct vault *v, const char *name,
	bool (*read_item)(struct reader *, struct vault *))
{
	if (!take(r, ','))
		return bad(r, "a comma must be here");
	if (!take_name(r, name) || (!take(r, '[') && !bad(r, "a list must be here")))
		return false;
	if (take(r, ']'))
		return true;
	do {
		if (!read_item(r, v))
			return false;
	} while (take(r, ','));
	return take(r, ']') || bad(r, "] must be here");
}

static bool read_vault(struct reader *r, struct vault *v)
{
	if (!take(r, '{'))
		return foreign(r);
	if (!read_members(r, head_members, ARRAY_LEN(head_members), v) ||
		!read_list(r, v, "slots", read_slot) || !read_list(r, v, "records", read_record))
		return false;
	if (!take(r, ','))
		return bad(r, "a comma must be here");
	if (!read_members(r, tail_members, ARRAY_LEN(tail_members), v))
		return false;
	if (!take(r, '}'))
		return bad(r, "} must be here");
	if (peek(r) != '\0' || r->at != r->n)
		return bad(r, "something follows the end");
	/* So that a file that lost its last byte is a file that is cut off. */
	if (r->p[r->n - 1] != '\n')
		return bad(r, "");
	if (!v->scope.epoch || !v->gen || !v->slot_count)
		return err_set(r->e, ERR_DAMAGED, "the vault is damaged: its %s",
			v->slot_count ? "counters start at 1" : "key slots are gone");
	return b64_encode(v->id, sizeof(v->id), v->scope.vault_id, sizeof(v->scope.vault_id));
}

bool vault_parse(struct vault *v, const char *p, size_t n, struct err *e)
{
	struct err own = { 0 };
	struct reader r = { .p = p, .n = n, .e = &own };
	size_t blank = 0;

	*v = (struct vault){ 0 };
	while (blank < n && (p[blank] == ' ' || p[blank] == '\n' || p[blank] == '\0'))
		blank++;
	if (blank == n)
		err_set(&own, ERR_DAMAGED, "the vault is empty (%zu bytes, no content)", n);
	else if (n > VAULT_TEXT_MAX)
		err_set(&own, ERR_DAMAGED, "the vault is too large (%zu bytes)", n);
	else if (read_vault(&r, v))
		return true;
	if (own.code == ERR_DAMAGED && !own.hint[0])
		err_hint(&own,
			"the copy before the last change is beside it, with .bak at the "
			"end");
	if (e)
		*e = own;
	vault_release(v);
	return false;
}

bool vault_load(struct vault *v, const char *path, struct err *e)
{
	struct buf text = { 0 };
	struct fs_stamp stamp;
	bool ok;

	*v = (struct vault){ 0 };
	ok = fs_read(path, VAULT_TEXT_MAX, &text, &stamp, e);
	if (ok) {
		ok = vault_parse(v, text.p, text.len, e) || err_wrap(e, "%s", path);
		if (ok) {
			v->stamp = stamp;
			str_copy(v->file, sizeof(v->file), path);
		}
	}
	buf_release(&text);
	return ok;
}
