/* SPDX-License-Identifier: MIT */

/*
 * T2b: preloaded, it lets the k-th allocation of the program fail, or it and all after it.
 *
 *   FAULT_MALLOC_AT=K     which one, counted from the start of main(); 0 only counts
 *   FAULT_MALLOC_ON=1     all after it fail too
 *   FAULT_MALLOC_TRACE=F  who asked for the one that failed goes there (addresses, for addr2line)
 *   FAULT_MALLOC_COUNT=F  the number of allocations goes to this file at the end
 *
 * libsodium's guarded memory comes from mmap(): it is counted in the same row when it is anonymous
 * and not malloc's own (those calls stay inside libc and do not come through here).
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

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

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

/*
 * A program that wipes what it frees has a malloc of its own, which comes before any preloaded one,
 * and takes its memory from these. They are in the way of both kinds of program.
 */
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);

static void find_real(void)
{
	if (real_realloc)
		return;
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "__libc_malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "__libc_calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "__libc_realloc");
}

void *__libc_malloc(size_t n)
{
	find_real();
	return fails() ? NULL : real_malloc(n);
}

void *__libc_calloc(size_t n, size_t size)
{
	find_real();
	return fails() ? NULL : real_calloc(n, size);
}

void *__libc_realloc(void *p, size_t n)
{
	find_real();
	return fails() ? NULL : real_realloc(p, n);
}

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
	if (fails())
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p ? 0 : ENOMEM;
}

void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	static void *(*real)(void *, size_t, int, int, int, off_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "mmap");
	if ((flags & MAP_ANONYMOUS) && fails())
		return MAP_FAILED;
	return real(p, n, prot, flags, fd, offset);
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
