/* SPDX-License-Identifier: MIT */
#include "tests/unit/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/unit/test.h"

ssize_t __real_write(int fd, const void *p, size_t n);

static unsigned at; /* 0: nothing fails */
static unsigned seen;
static int error;
static bool on;
static bool happened;
static const char *only;
static const char *last = "";
static const char *moment;
static unsigned calls_until;
static void (*meanwhile)(void *arg);
static void *meanwhile_arg;
static bool inherits; /* a descriptor was made that a child would have */
static uint64_t blocks;
static uint64_t block_size;
static long mapped; /* guarded memory, in pieces */

/* What LeakSanitizer is for malloc(): a secret that nobody released fails the program. */
__attribute__((destructor)) static void expect_nothing_mapped(void)
{
	static const char words[] = "secrets were not released\n";

	if (mapped > 0) {
		(void)!__real_write(STDERR_FILENO, words, sizeof(words) - 1);
		_exit(1);
	}
}

void fault_only(const char *name)
{
	only = name;
}

void fault_at(unsigned nth, int code)
{
	at = nth;
	error = code;
	seen = 0;
	on = false;
	happened = false;
}

void fault_on(void)
{
	on = true;
}

void fault_before(const char *name, unsigned nth, void (*act)(void *arg), void *arg)
{
	moment = name;
	calls_until = nth;
	meanwhile = act;
	meanwhile_arg = arg;
}

bool fault_moment_came(void)
{
	bool came = !moment;

	moment = NULL;
	return came;
}

bool fault_end(void)
{
	at = 0;
	only = NULL;
	return happened;
}

const char *fault_name(void)
{
	return last;
}

void fault_disk(uint64_t free_blocks, uint64_t block)
{
	blocks = free_blocks;
	block_size = block;
}

static bool fails(const char *name)
{
	if (moment && strcmp(moment, name) == 0 && --calls_until == 0) {
		moment = NULL;
		meanwhile(meanwhile_arg);
	}
	if (!at || (only && strcmp(only, name) != 0))
		return false;
	seen++;
	if (seen < at || (seen > at && !on))
		return false;
	happened = true;
	last = name;
	errno = error;
	return true;
}

/* --- in front of libc ----------------------------------------------------------------- */

/* A call that fails with this value: prototype of the real one, and one that asks first. */
#define WRAP(type, name, bad, params, args)                                                        \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails(#name) ? (bad) : __real_##name args;                                  \
	}

WRAP(void *, malloc, NULL, (size_t n), (n))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, NULL, (void *p, size_t n), (p, n))
WRAP(int, mprotect, -1, (void *p, size_t n, int prot), (p, n, prot))
WRAP(ssize_t, read, -1, (int fd, void *p, size_t n), (fd, p, n))
WRAP(ssize_t, pwrite64, -1, (int fd, const void *p, size_t n, off_t o), (fd, p, n, o))
WRAP(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
WRAP(int, stat64, -1, (const char *path, void *sb), (path, sb))
WRAP(int, lstat64, -1, (const char *path, void *sb), (path, sb))
WRAP(int, fstat64, -1, (int fd, void *sb), (fd, sb))
WRAP(int, fstatat64, -1, (int dir, const char *path, void *sb, int flags), (dir, path, sb, flags))
WRAP(char *, realpath, NULL, (const char *path, char *out), (path, out))
WRAP(int, access, -1, (const char *path, int mode), (path, mode))
WRAP(int, unlink, -1, (const char *path), (path))
WRAP(int, unlinkat, -1, (int dir, const char *path, int flags), (dir, path, flags))
WRAP(int, rmdir, -1, (const char *path), (path))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, mkdirat, -1, (int dir, const char *path, mode_t mode), (dir, path, mode))
WRAP(int, rename, -1, (const char *from, const char *to), (from, to))
WRAP(int, renameat, -1, (int d1, const char *from, int d2, const char *to), (d1, from, d2, to))
WRAP(int, renameat2, -1, (int d1, const char *from, int d2, const char *to, unsigned flags),
	(d1, from, d2, to, flags))
WRAP(int, flock, -1, (int fd, int how), (fd, how))
WRAP(int, ftruncate64, -1, (int fd, off_t n), (fd, n))
WRAP(int, futimens, -1, (int fd, const void *times), (fd, times))
WRAP(ssize_t, getrandom, -1, (void *p, size_t n, unsigned flags), (p, n, flags))
WRAP(DIR *, opendir, NULL, (const char *path), (path))

/* The same call in a build with _FORTIFY_SOURCE. */
char *__real___realpath_chk(const char *path, char *out, size_t n);
char *__wrap___realpath_chk(const char *path, char *out, size_t n);

char *__wrap___realpath_chk(const char *path, char *out, size_t n)
{
	return fails("realpath") ? NULL : __real___realpath_chk(path, out, n);
}

void *__real_mmap64(void *p, size_t n, int prot, int flags, int fd, off_t o);
void *__wrap_mmap64(void *p, size_t n, int prot, int flags, int fd, off_t o);
int __real_munmap(void *p, size_t n);
int __wrap_munmap(void *p, size_t n);
int __real_statvfs64(const char *path, struct statvfs *sb);
int __wrap_statvfs64(const char *path, struct statvfs *sb);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_fsync(int fd);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_close(int fd);

void *__wrap_mmap64(void *p, size_t n, int prot, int flags, int fd, off_t o)
{
	if (fails("mmap64"))
		return MAP_FAILED;
	p = __real_mmap64(p, n, prot, flags, fd, o);
	mapped += p != MAP_FAILED;
	return p;
}

int __wrap_munmap(void *p, size_t n)
{
	mapped--;
	return __real_munmap(p, n);
}

int __wrap_statvfs64(const char *path, struct statvfs *sb)
{
	int result = fails("statvfs64") ? -1 : __real_statvfs64(path, sb);

	if (result == 0 && block_size) {
		sb->f_bavail = blocks;
		sb->f_frsize = block_size;
	}
	return result;
}

int __wrap_open64(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	inherits |= !(flags & O_CLOEXEC);
	va_start(more, flags);
	mode = va_arg(more, mode_t);
	va_end(more);
	return fails("open64") ? -1 : __real_open64(path, flags, mode);
}

int __wrap_openat64(int dir, const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	inherits |= !(flags & O_CLOEXEC);
	va_start(more, flags);
	mode = va_arg(more, mode_t);
	va_end(more);
	return fails("openat64") ? -1 : __real_openat64(dir, path, flags, mode);
}

/* As in the kernel: the descriptor is gone whatever close() says. */
int __wrap_close(int fd)
{
	int result = __real_close(fd);

	return fails("close") ? -1 : result;
}

/* Never passed on: no power fails here, and thousands of runs wait for no disk. */
int __wrap_fsync(int fd)
{
	(void)fd;
	return fails("fsync") ? -1 : 0;
}

/* With FAULT_SHORT it writes less than it was given, and says so. */
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (!fails("write"))
		return __real_write(fd, p, n);
	return error == FAULT_SHORT ? __real_write(fd, p, (n + 1) / 2) : -1;
}

/* --- sweeping ------------------------------------------------------------------------- */

static unsigned open_files(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static bool is_in(const char *list, const char *name)
{
	char word[32];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(list, word);
}

unsigned fault_sweep(const struct fault_sweep *s, void *world)
{
	for (unsigned nth = 1;; nth++) {
		struct err e = { 0 };
		unsigned files;
		long secrets;
		bool met;
		bool ok;

		s->before(world);
		files = open_files();
		secrets = mapped;
		inherits = false;
		fault_at(nth, s->error ? s->error : EIO);
		on = s->on;
		ok = s->act(world, &e);
		met = fault_end();
		if (open_files() != files)
			fail_msg("%s failed (call %u): a descriptor stays open", last, nth);
		if (inherits)
			fail_msg("a child would inherit a descriptor");
		if (mapped > secrets)
			fail_msg("%s failed (call %u): a secret stays in memory", last, nth);
		if (!ok && (!e.code || !e.msg[0]))
			fail_msg("%s failed (call %u): no reason was given", last, nth);
		if (!ok && !met)
			fail_msg("without any failure: %s", e.msg);
		if (ok && met && s->forgiven && !is_in(s->forgiven, last))
			fail_msg("%s failed (call %u), and nobody noticed", last, nth);
		s->after(world, ok, &e);
		if (!met)
			return nth - 1;
		if (nth > 20000)
			fail_msg("there is no end of it");
	}
}
