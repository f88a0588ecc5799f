/* SPDX-License-Identifier: MIT */

/*
 * Wipe-on-free for a whole process (security.md 3.2).
 *
 * json-c, libcurl, OpenSSL, ncurses and stdio copy what they are given and free
 * the copies as they are. This object, linked into the programs only, stands in
 * front of glibc's allocator: every block is wiped before it goes back, and a
 * block that grows moves by copy and wipe, because glibc's own realloc() frees
 * the old one unseen. Memory comes from glibc as before, so blocks of the
 * functions that are not here (open_memstream, getline, ...) are wiped too.
 *
 * Not in builds with sanitizers: they bring their own allocator.
 */

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* glibc's names for its own functions, kept for interposers. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);
/* NOLINTEND(bugprone-reserved-identifier) */

/* Read by base/memory.c. */
bool wipe_refused;

static void *noted(void *p)
{
	if (!p)
		wipe_refused = true;
	return p;
}

void *malloc(size_t n)
{
	return noted(__libc_malloc(n));
}

void *calloc(size_t count, size_t n)
{
	return noted(__libc_calloc(count, n));
}

void free(void *p)
{
	int saved = errno;

	if (!p)
		return;
	explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
	errno = saved;
}

/* The rest of a block that stays where it is holds what its owner gave up. */
static void *shrink(void *p, size_t n, size_t usable)
{
	explicit_bzero((char *)p + n, usable - n);
	return p;
}

void *realloc(void *p, size_t n)
{
	size_t usable = p ? malloc_usable_size(p) : 0;
	void *to;

	if (!p)
		return noted(__libc_malloc(n));
	if (!n) { /* as glibc does */
		free(p);
		return NULL;
	}
	if (n <= usable && n >= usable / 2)
		return shrink(p, n, usable);
	to = noted(__libc_malloc(n));
	if (!to)
		return NULL;
	memcpy(to, p, n < usable ? n : usable);
	free(p);
	return to;
}

void *reallocarray(void *p, size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

static int is_power_of_two(size_t n)
{
	return n && !(n & (n - 1));
}

void *memalign(size_t alignment, size_t n)
{
	return noted(__libc_memalign(alignment, n));
}

void *aligned_alloc(size_t alignment, size_t n)
{
	if (!is_power_of_two(alignment)) {
		errno = EINVAL;
		return NULL;
	}
	return noted(__libc_memalign(alignment, n));
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
	int saved = errno;
	void *p;

	if (!is_power_of_two(alignment) || alignment % sizeof(void *))
		return EINVAL;
	p = noted(__libc_memalign(alignment, n));
	errno = saved;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}
