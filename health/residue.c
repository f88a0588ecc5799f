/* SPDX-License-Identifier: MIT */
#include "health/residue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/seal.h"

#define LONG 16 /* width of the rolling hash, and of the one for short values */
#define SHORT RESIDUE_MIN
#define SEEN_BYTES 8192
#define CHUNK ((size_t)256 << 10)
#define BINARY_LOOK 8192

/* --- the hash: cyclic polynomial over a secret table -------------------------------------------
 */

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t word(const struct residue *r, char c)
{
	uint64_t w;

	/* The table's address is not aligned: it ends at a guard page. */
	memcpy(&w, r->table.bytes + (size_t)(unsigned char)c * sizeof(w), sizeof(w));
	return w;
}

static unsigned width_of(size_t len)
{
	return len < LONG ? SHORT : LONG;
}

/* Of the last bytes of a value. */
static uint64_t hash_end(const struct residue *r, const char *p, size_t n)
{
	unsigned width = width_of(n);
	uint64_t h = 0;

	for (size_t i = n - width; i < n; i++)
		h = rotate(h, 1) ^ word(r, p[i]);
	return h;
}

/* --- the needles -------------------------------------------------------------------------------
 */

bool residue_init(struct residue *r, struct err *e)
{
	*r = (struct residue){ 0 };
	r->seen = calloc(1, SEEN_BYTES);
	if (!r->seen)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (!secret_init(&r->table, 256 * sizeof(uint64_t), e)) {
		residue_release(r);
		return false;
	}
	random_bytes(r->table.bytes, r->table.cap);
	return true;
}

void residue_release(struct residue *r)
{
	if (r->needles)
		explicit_bzero(r->needles, r->count * sizeof(*r->needles));
	free(r->needles);
	free(r->slots);
	free(r->seen);
	secret_release(&r->table);
	secret_release(&r->values);
	buf_release(&r->window);
	*r = (struct residue){ 0 };
}

/* The slot of the first needle with this hash, or the free one where it would be. */
static size_t slot_of(const struct residue *r, uint64_t hash)
{
	return (size_t)(hash >> 16) & (r->slot_count - 1);
}

static void index_needle(struct residue *r, size_t i)
{
	uint64_t hash = r->needles[i].hash;
	size_t at = slot_of(r, hash);

	while (r->slots[at])
		at = (at + 1) & (r->slot_count - 1);
	r->slots[at] = (uint32_t)i + 1;
	r->seen[(hash & 0xffff) / 8] |= (unsigned char)(1U << (hash & 7));
}

static bool grow(struct residue *r, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct residue_needle *needles = realloc(r->needles, cap * sizeof(*needles));
	uint32_t *slots = needles ? calloc(4 * cap, sizeof(*slots)) : NULL;

	if (needles)
		r->needles = needles;
	if (!slots)
		return err_set(e, ERR_MEMORY, "out of memory");
	free(r->slots);
	r->slots = slots;
	r->slot_count = 4 * cap;
	r->cap = cap;
	for (size_t i = 0; i < r->count; i++)
		index_needle(r, i);
	return true;
}

/* Room in the guarded block; it moves by copy and wipe. */
static bool reserve(struct residue *r, size_t more, struct err *e)
{
	struct secret wider = { 0 };
	size_t need = r->values.len + more;

	if (need <= r->values.cap)
		return true;
	if (!secret_init(&wider, need < 4096 ? 8192 : 2 * need, e))
		return false;
	secret_set(&wider, r->values.bytes, r->values.len);
	secret_move(&r->values, &wider);
	return true;
}

size_t residue_known(const struct residue *r, const struct secret *value)
{
	uint64_t hash;

	if (!r->count || value->len < RESIDUE_MIN)
		return RESIDUE_NONE;
	hash = hash_end(r, value->bytes, value->len);
	for (size_t at = slot_of(r, hash); r->slots[at]; at = (at + 1) & (r->slot_count - 1)) {
		const struct residue_needle *needle = &r->needles[r->slots[at] - 1];

		if (needle->hash == hash && needle->len == value->len &&
			bytes_equal(value->bytes, r->values.bytes + needle->at, value->len))
			return r->slots[at] - 1;
	}
	return RESIDUE_NONE;
}

static bool append(struct residue *r, const struct secret *value, struct err *e)
{
	struct residue_needle *needle;

	if ((r->count == r->cap && !grow(r, e)) || !reserve(r, value->len, e))
		return false;
	needle = &r->needles[r->count];
	*needle = (struct residue_needle){
		.hash = hash_end(r, value->bytes, value->len),
		.at = r->values.len,
		.len = value->len,
	};
	secret_insert(&r->values, r->values.len, value->bytes, value->len);
	index_needle(r, r->count++);
	r->has_short = r->has_short || width_of(value->len) == SHORT;
	r->has_long = r->has_long || width_of(value->len) == LONG;
	if (value->len > r->longest)
		r->longest = value->len;
	return true;
}

bool residue_add(struct residue *r, const struct secret *value, size_t *index, struct err *e)
{
	size_t known = residue_known(r, value);

	if (index)
		*index = known;
	if (known != RESIDUE_NONE)
		return true;
	if (value->len < RESIDUE_MIN) {
		r->too_short++;
		return true;
	}
	if (!append(r, value, e))
		return false;
	if (index)
		*index = r->count - 1;
	return true;
}

/* --- scanning ----------------------------------------------------------------------------------
 */

struct pass {
	const struct residue *r;
	residue_fn fn;
	void *ctx;
	const char *p;
	size_t n;
	size_t from;   /* hits that end before were reported with the bytes before */
	uint64_t base; /* offset of p */
	unsigned line; /* at p */
};

static unsigned lines_in(const char *p, size_t n)
{
	unsigned lines = 0;

	for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

static void report(const struct pass *s, size_t needle, size_t end)
{
	size_t start = end - s->r->needles[needle].len;
	struct residue_hit hit = {
		.needle = needle,
		.at = s->base + start,
		.line = s->line + lines_in(s->p, start),
	};

	s->fn(s->ctx, &hit);
}

/* Every needle that ends at `end`: one key may be the end of another. */
static void compare(const struct pass *s, uint64_t hash, size_t end)
{
	const struct residue *r = s->r;

	for (size_t at = slot_of(r, hash); r->slots[at]; at = (at + 1) & (r->slot_count - 1)) {
		const struct residue_needle *needle = &r->needles[r->slots[at] - 1];

		if (needle->hash == hash && needle->len <= end &&
			bytes_equal(s->p + end - needle->len, r->values.bytes + needle->at,
				needle->len))
			report(s, r->slots[at] - 1, end);
	}
}

/* The hot loop. */
static void scan_width(const struct pass *s, unsigned width)
{
	const struct residue *r = s->r;
	uint64_t h = 0;

	for (size_t i = 0; i < s->n; i++) {
		h = rotate(h, 1) ^ word(r, s->p[i]);
		if (i >= width)
			h ^= rotate(word(r, s->p[i - width]), width);
		if (!(r->seen[(h & 0xffff) / 8] & (1U << (h & 7))) || i + 1 < width ||
			i + 1 <= s->from)
			continue;
		compare(s, h, i + 1);
	}
}

static void scan_pass(const struct pass *s)
{
	if (s->r->has_long)
		scan_width(s, LONG);
	if (s->r->has_short)
		scan_width(s, SHORT);
}

void residue_scan(const struct residue *r, const char *p, size_t n, residue_fn fn, void *ctx)
{
	const struct pass s = { .r = r, .fn = fn, .ctx = ctx, .p = p, .n = n, .line = 1 };

	if (r->count)
		scan_pass(&s);
}

static ssize_t read_some(int fd, char *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* What the next bytes may still complete stays at the front of the window. */
static void slide(struct pass *s, char *p, size_t keep)
{
	size_t gone = s->n - keep;

	s->line += lines_in(p, gone);
	s->base += gone;
	memmove(p, p + gone, keep);
	s->from = keep;
	s->n = keep;
}

/* One read more: false at the end of the file, or with got below 0 after a failure. */
static bool read_chunk(
	struct pass *s, int fd, char *window, struct residue_read *what, ssize_t *got)
{
	*got = read_some(fd, window + s->n, CHUNK);
	if (*got <= 0)
		return false;
	if (!what->bytes)
		what->binary =
			memchr(window, '\0',
				(size_t)*got < BINARY_LOOK ? (size_t)*got : BINARY_LOOK) != NULL;
	what->bytes += (uint64_t)*got;
	s->n += (size_t)*got;
	return true;
}

bool residue_scan_fd(struct residue *r, int fd, struct residue_read *what, residue_fn fn, void *ctx,
	struct err *e)
{
	struct pass s = { .r = r, .fn = fn, .ctx = ctx, .line = 1 };
	size_t overlap = r->longest ? r->longest - 1 : 0;
	ssize_t got = 0;

	*what = (struct residue_read){ .max = what->max };
	if (!r->window.p && !buf_reserve(&r->window, CHUNK + SECRET_MAX, e))
		return false;
	s.p = r->window.p;
	while (what->bytes < what->max && read_chunk(&s, fd, r->window.p, what, &got)) {
		if (r->count)
			scan_pass(&s);
		slide(&s, r->window.p, s.n < overlap ? s.n : overlap);
	}
	explicit_bzero(r->window.p, r->window.cap);
	if (got < 0)
		return err_sys(e, "cannot read");
	what->cut = what->bytes >= what->max;
	return true;
}
