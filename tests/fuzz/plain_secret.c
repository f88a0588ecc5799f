/* SPDX-License-Identifier: MIT */

/*
 * crypto/secret.h over plain allocations, for libFuzzer programs whose code under test is not the
 * memory itself. A mapping of its own for every secret costs seven system calls and two page
 * faults; here AddressSanitizer watches every byte at the price of a malloc(). Linked before the
 * real one, in fuzz programs only (fuzz_target(... PLAIN)); the replay of the corpus has the real.
 */
#include "crypto/secret.h"

#include <stdlib.h>
#include <string.h>

/* A quarantine of 256 MiB is 60,000 page faults before the first block is used again. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8:max_malloc_fill_size=0";
}

bool crypto_start(struct err *e)
{
	(void)e;
	return true;
}

bool secret_init(struct secret *s, size_t cap, struct err *e)
{
	*s = (struct secret){ .bytes = malloc(cap + 1), .cap = cap };
	if (!s->bytes)
		return err_set(e, ERR_MEMORY, "out of memory for a secret of %zu bytes", cap);
	s->bytes[0] = '\0';
	return true;
}

void secret_release(struct secret *s)
{
	free(s->bytes);
	*s = (struct secret){ 0 };
}

void secret_clear(struct secret *s)
{
	if (s->bytes)
		s->bytes[0] = '\0';
	s->len = 0;
}

bool secret_set(struct secret *s, const void *p, size_t n)
{
	if (n > s->cap)
		return false;
	if (n)
		memmove(s->bytes, p, n);
	if (s->bytes)
		s->bytes[n] = '\0';
	s->len = n;
	return true;
}

bool secret_from(struct secret *s, const void *p, size_t n, struct err *e)
{
	return secret_init(s, n, e) && secret_set(s, p, n);
}

bool secret_insert(struct secret *s, size_t at, const void *p, size_t n)
{
	if (n > s->cap - s->len || at > s->len)
		return false;
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
	s->bytes[s->len] = '\0';
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && (!a->len || memcmp(a->bytes, b->bytes, a->len) == 0);
}
