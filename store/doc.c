/* SPDX-License-Identifier: MIT */
#include "store/doc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "store/doc_scan.h"

#define LOAD_TRIES 5
#define LOAD_PAUSE_MS 50
#define SECRET_TOKEN_MAX (6 * SECRET_MAX) /* every character escaped */

/* The end of a path says more than its beginning. */
static void set_name(struct doc *d, const char *name)
{
	size_t n = strlen(name);

	str_copy(d->name, sizeof(d->name), n < DOC_NAME_CAP ? name : name + n + 1 - DOC_NAME_CAP);
}

bool doc_parse(
	struct doc *d, struct buf *text, enum doc_dialect dialect, const char *name, struct err *e)
{
	*d = (struct doc){ .text = *text, .dialect = dialect };
	*text = (struct buf){ 0 };
	set_name(d, name);
	if (doc_scan(d, e))
		return true;
	doc_release(d);
	return false;
}

/* fresh is NULL while an empty file may still be one that is just being written. */
static bool load_once(struct doc *d, const char *path, enum doc_dialect dialect, const char *fresh,
	struct fs_stamp *st, struct err *e)
{
	struct buf text = { 0 };
	struct fs_stamp own;

	if (!st)
		st = &own;
	if (!fs_read(path, 0, &text, st, e)) {
		buf_release(&text);
		if (!fresh || st->exists || e->code != ERR_NOT_FOUND)
			return false;
		*e = (struct err){ 0 };
	}
	if (!text.len && fresh && !buf_text(&text, fresh, e))
		return false;
	if (!text.len) {
		buf_release(&text);
		return err_set(e, ERR_DAMAGED, "%s: the file is empty", path);
	}
	return doc_parse(d, &text, dialect, path, e);
}

bool doc_load(struct doc *d, const char *path, enum doc_dialect dialect, const char *fresh,
	struct fs_stamp *st, struct err *e)
{
	const struct timespec pause = { .tv_nsec = LOAD_PAUSE_MS * 1000000L };
	struct err own;

	if (!e)
		e = &own;
	for (int left = LOAD_TRIES; left-- > 0;) {
		*e = (struct err){ 0 };
		if (load_once(d, path, dialect, left ? NULL : fresh, st, e))
			return true;
		if (e->code == ERR_NOT_FOUND && fresh)
			return load_once(d, path, dialect, fresh, st, e);
		if (e->code != ERR_DAMAGED)
			return false;
		if (left)
			nanosleep(&pause, NULL);
	}
	return err_hint(
		e, "the file is damaged, or another program is writing it; it was left as it is");
}

void doc_release(struct doc *d)
{
	buf_release(&d->text);
	free(d->nodes);
	*d = (struct doc){ 0 };
}

bool doc_copy(struct doc *to, const struct doc *from, struct err *e)
{
	struct doc copy = { .dialect = from->dialect, .count = from->count, .cap = from->count };

	str_copy(copy.name, sizeof(copy.name), from->name);
	if (!buf_add(&copy.text, from->text.p, from->text.len, e))
		return false;
	if (from->count) {
		copy.nodes = malloc(from->count * sizeof(*copy.nodes));
		if (!copy.nodes) {
			buf_release(&copy.text);
			return err_set(e, ERR_MEMORY, "out of memory for %s", from->name);
		}
		memcpy(copy.nodes, from->nodes, from->count * sizeof(*copy.nodes));
	}
	*to = copy;
	return true;
}

bool doc_settle(struct doc *d, struct doc *was, bool ok)
{
	if (!ok) {
		doc_release(d);
		*d = *was;
		*was = (struct doc){ 0 };
	}
	doc_release(was);
	return ok;
}

/* --- shape --- */

enum doc_kind doc_kind(const struct doc *d, uint32_t node)
{
	return node < d->count ? d->nodes[node].kind : DOC_ABSENT;
}

const char *doc_kind_text(enum doc_kind k)
{
	static const char *const texts[] = { "nothing", "null", "true or false", "a number",
		"a text", "a list", "an object" };

	return texts[k];
}

unsigned doc_line(const struct doc *d, uint32_t node)
{
	return node < d->count ? d->nodes[node].line : 0;
}

uint32_t doc_first(const struct doc *d, uint32_t container)
{
	return container < d->count ? d->nodes[container].first : DOC_NONE;
}

uint32_t doc_next(const struct doc *d, uint32_t node)
{
	return node < d->count ? d->nodes[node].next : DOC_NONE;
}

uint32_t doc_count(const struct doc *d, uint32_t container)
{
	return container < d->count ? d->nodes[container].count : 0;
}

uint32_t doc_get(const struct doc *d, uint32_t object, const char *key)
{
	uint32_t found = DOC_NONE;

	if (doc_kind(d, object) != DOC_OBJECT)
		return DOC_NONE;
	for (uint32_t n = doc_first(d, object); n != DOC_NONE; n = doc_next(d, n)) {
		if (doc_key_is(d, n, key))
			found = n;
	}
	return found;
}

uint32_t doc_find(const struct doc *d, const char *const *path)
{
	uint32_t node = DOC_ROOT;

	for (; *path; path++)
		node = doc_get(d, node, *path);
	return node;
}

/* --- texts --- */

static bool decode(struct doc_chars c, char *out, size_t cap)
{
	size_t written = (size_t)(c.end - c.p);
	size_t n = 0;
	uint32_t cp;

	if (!cap)
		return false;
	if (written < cap && !memchr(c.p, '\\', written)) {
		memcpy(out, c.p, written);
		out[written] = '\0';
		return true;
	}
	while ((cp = doc_chars_next(&c)) != DOC_CHARS_END) {
		char bytes[4];
		size_t used = text_put(cp, bytes);

		if (cp == 0 || n + used >= cap) {
			out[0] = '\0';
			return false;
		}
		memcpy(out + n, bytes, used);
		n += used;
	}
	out[n] = '\0';
	return true;
}

/* Most tokens have no escape and compare as bytes. */
static bool chars_are(struct doc_chars c, const char *text)
{
	size_t n = (size_t)(c.end - c.p);
	size_t wanted = strlen(text);
	uint32_t cp;

	/* No text is longer decoded than written. */
	if (n < wanted)
		return false;
	if (!memchr(c.p, '\\', n))
		return wanted == n && memcmp(c.p, text, n) == 0;
	while ((cp = doc_chars_next(&c)) != DOC_CHARS_END) {
		char bytes[4];
		size_t used = text_put(cp, bytes);

		if (cp == 0 || strncmp(text, bytes, used) != 0)
			return false;
		text += used;
	}
	return *text == '\0';
}

static struct doc_chars key_chars(const struct doc *d, uint32_t node)
{
	return doc_chars(d, d->nodes[node].key_at, d->nodes[node].key_len);
}

static struct doc_chars text_chars(const struct doc *d, uint32_t node)
{
	return doc_chars(d, d->nodes[node].at, d->nodes[node].len);
}

static bool has_key(const struct doc *d, uint32_t node)
{
	return node < d->count && d->nodes[node].key_len;
}

bool doc_key(const struct doc *d, uint32_t node, char *out, size_t cap)
{
	if (cap)
		out[0] = '\0';
	return has_key(d, node) && decode(key_chars(d, node), out, cap);
}

bool doc_text(const struct doc *d, uint32_t node, char *out, size_t cap)
{
	if (cap)
		out[0] = '\0';
	return doc_kind(d, node) == DOC_STRING && decode(text_chars(d, node), out, cap);
}

bool doc_key_is(const struct doc *d, uint32_t node, const char *key)
{
	return has_key(d, node) && chars_are(key_chars(d, node), key);
}

bool doc_text_is(const struct doc *d, uint32_t node, const char *text)
{
	return doc_kind(d, node) == DOC_STRING && chars_are(text_chars(d, node), text);
}

/* No escape is longer decoded than written: "\x80" is 4 bytes for 2, "\ud800" 6 for 3. */
size_t doc_key_cap(const struct doc *d, uint32_t node)
{
	return has_key(d, node) ? (size_t)d->nodes[node].key_len + 1 : 1;
}

size_t doc_text_cap(const struct doc *d, uint32_t node)
{
	/* Written with its quotes, which leaves room for the NUL. */
	return doc_kind(d, node) == DOC_STRING ? (size_t)d->nodes[node].len : 1;
}

bool doc_filled(const struct doc *d, uint32_t node)
{
	struct doc_chars c;
	uint32_t cp;

	if (doc_kind(d, node) != DOC_STRING)
		return false;
	c = text_chars(d, node);
	while ((cp = doc_chars_next(&c)) != DOC_CHARS_END) {
		if (cp > ' ' && cp != 0xA0 && cp != 0xFEFF)
			return true;
	}
	return false;
}

bool doc_secret(const struct doc *d, uint32_t node, struct secret *out, struct err *e)
{
	struct secret s = { 0 };
	struct doc_chars c;
	bool usable = true;
	uint32_t cp;

	if (doc_kind(d, node) != DOC_STRING)
		return err_set(e, ERR_NOT_FOUND, "%s: there is no text", d->name);
	if (d->nodes[node].len > SECRET_TOKEN_MAX)
		return err_set(e, ERR_DAMAGED, "%s: line %u: a text that is too long for a secret",
			d->name, doc_line(d, node));
	if (!secret_init(&s, doc_text_cap(d, node) + sizeof(cp), e))
		return false;
	c = text_chars(d, node);
	/* Not through a buffer of ours, so that no copy stays behind. */
	while ((cp = doc_chars_next(&c)) != DOC_CHARS_END) {
		usable = usable && cp != 0;
		s.len += text_put(cp, s.bytes + s.len);
	}
	s.bytes[s.len] = '\0';
	if (!usable || c.lone) {
		secret_release(&s);
		return err_set(e, ERR_DAMAGED, "%s: line %u: a text with NUL or half a character",
			d->name, doc_line(d, node));
	}
	secret_move(out, &s);
	return true;
}

/* --- numbers --- */

static bool hex_int(const char *p, size_t n, bool minus, int64_t *out)
{
	int64_t v = 0;

	for (size_t i = 2; i < n; i++) {
		int digit = p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10;

		if (__builtin_mul_overflow(v, 16, &v) || __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = minus ? -v : v;
	return true;
}

static int exponent_of(const char *p, size_t n)
{
	bool minus = n && *p == '-';
	int v = 0;

	if (n && (*p == '-' || *p == '+')) {
		p++;
		n--;
	}
	for (size_t i = 0; i < n && v < 100000; i++)
		v = v * 10 + (p[i] - '0');
	return minus ? -v : v;
}

/* One more decimal digit, growing away from zero. */
static bool push_digit(int64_t *v, int digit, bool minus)
{
	return !__builtin_mul_overflow(*v, 10, v) &&
	       !__builtin_add_overflow(*v, minus ? -digit : digit, v);
}

static bool push_zeros(int64_t *v, size_t n, bool minus)
{
	for (; *v && n > 0; n--) {
		if (!push_digit(v, 0, minus))
			return false;
	}
	return true;
}

/*
 * digits [. digits] [e exponent], exactly: 1.5e1 is 15, 1.25e1 is not an integer.
 * Zeros are held back until a digit follows: at the end they may all be shifted out.
 */
static bool decimal_int(const char *p, size_t n, bool minus, int64_t *out)
{
	size_t digits_n = 0;
	size_t zeros = 0;
	bool point = false;
	int64_t v = 0;
	int shift;

	while (digits_n < n && (p[digits_n] | 32) != 'e')
		digits_n++;
	shift = digits_n < n ? exponent_of(p + digits_n + 1, n - digits_n - 1) : 0;
	for (size_t i = 0; i < digits_n; i++) {
		shift -= point;
		if (p[i] == '.') {
			point = true;
		} else if (p[i] == '0') {
			zeros++;
		} else {
			if (!push_zeros(&v, zeros, minus) || !push_digit(&v, p[i] - '0', minus))
				return false;
			zeros = 0;
		}
	}
	*out = v;
	if (!v)
		return true;
	shift += (int)zeros;
	if (shift < 0 || !push_zeros(&v, (size_t)shift, minus))
		return false;
	*out = v;
	return true;
}

bool doc_int(const struct doc *d, uint32_t node, int64_t *out)
{
	const char *p;
	size_t n;
	bool minus;

	if (doc_kind(d, node) != DOC_NUMBER)
		return false;
	p = d->text.p + d->nodes[node].at;
	n = d->nodes[node].len;
	minus = *p == '-';
	if (*p == '-' || *p == '+') {
		p++;
		n--;
	}
	if (*p == 'I' || *p == 'N')
		return false;
	if (n > 2 && p[0] == '0' && (p[1] | 32) == 'x')
		return hex_int(p, n, minus, out);
	return decimal_int(p, n, minus, out);
}

bool doc_bool(const struct doc *d, uint32_t node, bool *out)
{
	if (doc_kind(d, node) != DOC_BOOL)
		return false;
	*out = d->text.p[d->nodes[node].at] == 't';
	return true;
}
