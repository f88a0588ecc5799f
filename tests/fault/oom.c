/* SPDX-License-Identifier: MIT */

/*
 * T2b: preloaded, it lets the k-th allocation of the program fail, or it and all after it.
 *
 *   FAULT_MALLOC_AT=K     which one, counted from the start of main(); 0 only counts
 *   FAULT_MALLOC_ON=1     all after it fail too
 *   FAULT_MALLOC_TRACE=F  who asked for the one that failed goes there (addresses, for addr2line)
 *   FAULT_MALLOC_COUNT=F  the number of allocations goes to this file at the end
 *
 * The programs bring their own malloc() (base/wipe.c), which a preloaded one cannot stand in for:
 * it is caught where it asks glibc, at __libc_malloc() and its kin. Guarded memory comes from
 * mmap(): it is counted in the same row when it is anonymous and not malloc's own (those calls stay
 * inside libc and do not come through here).
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool active;
static bool on;
static unsigned long at;
static unsigned long seen;
static char count_path[256];
static char trace_path[256];

static void trace(void)
{
	void *frames[24];
	int fd;

	active = false; /* backtrace() allocates when it is called first */
	fd = open(trace_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	backtrace_symbols_fd(frames, backtrace(frames, 24), fd);
	close(fd);
	active = true;
}

static bool fails(void)
{
	if (!active)
		return false;
	seen++;
	if (!at || seen < at || (seen > at && !on))
		return false;
	if (seen == at && trace_path[0])
		trace();
	errno = ENOMEM;
	return true;
}

/* glibc's own function of this name. dlsym() may allocate itself, and that must not come back. */
static void *next_of(const char *name)
{
	bool was = active;
	void *f;

	active = false;
	f = dlsym(RTLD_NEXT, name);
	active = was;
	return f;
}

void *__libc_malloc(size_t n)
{
	static void *(*real)(size_t);

	if (fails())
		return NULL;
	if (!real)
		*(void **)&real = next_of("__libc_malloc");
	return real(n);
}

void *__libc_calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (fails())
		return NULL;
	if (!real)
		*(void **)&real = next_of("__libc_calloc");
	return real(n, size);
}

void *__libc_realloc(void *p, size_t n)
{
	static void *(*real)(void *, size_t);

	if (fails())
		return NULL;
	if (!real)
		*(void **)&real = next_of("__libc_realloc");
	return real(p, n);
}

void *__libc_memalign(size_t align, size_t n)
{
	static void *(*real)(size_t, size_t);

	if (fails())
		return NULL;
	if (!real)
		*(void **)&real = next_of("__libc_memalign");
	return real(align, n);
}

/* For a program that has no allocator of its own; ours (base/wipe.c) calls the four above. */
void *malloc(size_t n)
{
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return __libc_realloc(p, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	void *got = __libc_memalign(align, n);

	if (!got)
		return ENOMEM;
	*p = got;
	return 0;
}

static void *map(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (!real)
		*(void **)&real = next_of("mmap");
	if ((flags & MAP_ANONYMOUS) && fails())
		return MAP_FAILED;
	return real(p, n, prot, flags, fd, offset);
}

void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	return map(p, n, prot, flags, fd, offset);
}

/* The same function under the name that _FILE_OFFSET_BITS=64 gives it. */
void *mmap64(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	return map(p, n, prot, flags, fd, offset);
}

__attribute__((constructor)) static void start(void)
{
	const char *k = getenv("FAULT_MALLOC_AT");
	const char *to = getenv("FAULT_MALLOC_COUNT");
	const char *from = getenv("FAULT_MALLOC_TRACE");

	at = k ? strtoul(k, NULL, 10) : 0;
	on = getenv("FAULT_MALLOC_ON") != NULL;
	snprintf(count_path, sizeof(count_path), "%s", to ? to : "");
	snprintf(trace_path, sizeof(trace_path), "%s", from ? from : "");
	active = k != NULL;
}

__attribute__((destructor)) static void finish(void)
{
	int fd = count_path[0] ? open(count_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
			       : -1;

	active = false;
	if (fd >= 0) {
		dprintf(fd, "%lu\n", seen);
		close(fd);
	}
}
