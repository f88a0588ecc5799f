/* SPDX-License-Identifier: MIT */
#include "crypto/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

/* The one piece of state: whether mlock() ever failed. */
static bool lock_failed;

bool crypto_start(struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_FAILED, "libsodium cannot start: no source of random bytes");
	return true;
}

/*
 * One mapping per secret: fence, pages, fence. The bytes end at the second fence,
 * so that the first byte too many kills; before them a guard value tells of writes
 * that went the other way. Done here rather than with sodium_malloc(), which hides
 * whether mlock() held (1.0.18, utils.c), locks more pages, and whose guard value
 * does not survive MADV_WIPEONFORK.
 */
static const unsigned char guard[16] = { 0xa5, 0x5a, 0xc3, 0x3c, 0x96, 0x69, 0x0f, 0xf0, 0xa5, 0x5a,
	0xc3, 0x3c, 0x96, 0x69, 0x0f, 0xf0 };
#define GUARD sizeof(guard)
#define SECRET_CAP_MAX ((size_t)1 << 30) /* keeps the sums below from overflowing */

struct region {
	char *base; /* of the whole mapping */
	size_t whole;
	char *pages; /* what may be touched */
	size_t inner;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t inner_size(size_t cap, size_t page)
{
	return (cap + 1 + GUARD + page - 1) / page * page;
}

static struct region region_of(const struct secret *s)
{
	size_t page = page_size();
	size_t inner = inner_size(s->cap, page);
	char *pages = s->bytes + s->cap + 1 - inner;

	return (struct region){ pages - page, inner + 2 * page, pages, inner };
}

static bool region_map(struct region *r, size_t cap)
{
	size_t page = page_size();

	r->inner = inner_size(cap, page);
	r->whole = r->inner + 2 * page;
	r->base = mmap(NULL, r->whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->base == MAP_FAILED)
		return false;
	r->pages = r->base + page;
	if (mprotect(r->pages, r->inner, PROT_READ | PROT_WRITE) == 0)
		return true;
	munmap(r->base, r->whole);
	return false;
}

static void region_protect(const struct region *r)
{
	/* Kernels without one of these are no reason to fail: secret_locked() is shown. */
	if (mlock(r->pages, r->inner) != 0)
		lock_failed = true;
	madvise(r->pages, r->inner, MADV_DONTDUMP);
	madvise(r->pages, r->inner, MADV_WIPEONFORK);
}

bool secret_init(struct secret *s, size_t cap, struct err *e)
{
	struct region r;

	*s = (struct secret){ 0 };
	if (cap > SECRET_CAP_MAX || !region_map(&r, cap)) {
		memory_note();
		return err_set(e, ERR_MEMORY, "out of memory for a secret of %zu bytes", cap);
	}
	region_protect(&r);
	s->bytes = r.pages + r.inner - cap - 1;
	s->cap = cap;
	memcpy(s->bytes - GUARD, guard, GUARD);
	return true;
}

/* In a child the kernel wiped the pages, the guard value too. */
static bool guard_holds(const char *p)
{
	return memcmp(p, guard, GUARD) == 0 || sodium_is_zero((const void *)p, GUARD);
}

void secret_release(struct secret *s)
{
	struct region r;

	if (s->bytes) {
		if (!guard_holds(s->bytes - GUARD))
			sodium_misuse(); /* aborts: somebody wrote in front of a secret */
		r = region_of(s);
		sodium_memzero(r.pages, r.inner);
		munmap(r.base, r.whole);
	}
	*s = (struct secret){ 0 };
}

void secret_clear(struct secret *s)
{
	if (s->bytes)
		sodium_memzero(s->bytes, s->cap + 1);
	s->len = 0;
}

bool secret_from(struct secret *s, const void *p, size_t n, struct err *e)
{
	return secret_init(s, n, e) && secret_set(s, p, n);
}

bool secret_set(struct secret *s, const void *p, size_t n)
{
	if (n > s->cap)
		return false;
	if (n)
		memmove(s->bytes, p, n);
	if (s->bytes)
		sodium_memzero(s->bytes + n, s->cap + 1 - n);
	s->len = n;
	return true;
}

bool secret_insert(struct secret *s, size_t at, const void *p, size_t n)
{
	if (n > s->cap - s->len || at > s->len)
		return false;
	if (!n)
		return true;
	memmove(s->bytes + at + n, s->bytes + at, s->len - at);
	memcpy(s->bytes + at, p, n);
	s->len += n;
	s->bytes[s->len] = '\0';
	return true;
}

void secret_remove(struct secret *s, size_t at, size_t n)
{
	if (at >= s->len)
		return;
	if (n > s->len - at)
		n = s->len - at;
	memmove(s->bytes + at, s->bytes + at + n, s->len - at - n);
	s->len -= n;
	sodium_memzero(s->bytes + s->len, n);
}

void secret_move(struct secret *to, struct secret *from)
{
	if (to == from)
		return;
	secret_release(to);
	*to = *from;
	*from = (struct secret){ 0 };
}

bool secret_copy(struct secret *to, const struct secret *from, struct err *e)
{
	return secret_from(to, from->bytes, from->len, e);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && (!a->len || sodium_memcmp(a->bytes, b->bytes, a->len) == 0);
}

bool secret_locked(void)
{
	return !lock_failed;
}

void secret_fingerprint(char out[FINGERPRINT_CAP], const struct secret *s)
{
	static const unsigned char context[] = "thinkfleetbot fingerprint v1";
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)s->bytes, s->len, context,
		sizeof(context) - 1);
	sodium_bin2hex(out, FINGERPRINT_CAP, hash, 4);
}

void secret_tail(char out[TAIL_CAP], const struct secret *s)
{
	out[0] = '\0';
	if (s->len < 20)
		return;
	memcpy(out, s->bytes + s->len - 4, 4);
	out[4] = '\0';
}
