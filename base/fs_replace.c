/* SPDX-License-Identifier: MIT */
#include "base/fs_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Of an existing file, whose path is resolved: it ends at "/". */
static bool in_git_tree(const char *real)
{
	char dir[FS_PATH_MAX];
	char git[FS_PATH_MAX];

	fs_dirname(dir, sizeof(dir), real);
	for (;;) {
		if (fs_join(git, sizeof(git), dir, ".git", NULL) && access(git, F_OK) == 0)
			return true;
		if (strcmp(dir, "/") == 0)
			return false;
		memcpy(git, dir, sizeof(git));
		fs_dirname(dir, sizeof(dir), git);
	}
}

static bool may_replace(
	const char *path, const char *real, const struct fs_stamp *st, bool secret, struct err *e)
{
	struct stat sb;

	if (!st->exists)
		return true;
	if (st->uid != geteuid()) {
		err_set(e, ERR_REFUSED, "%s belongs to uid %u, not to you (uid %u)", path,
			(unsigned)st->uid, (unsigned)geteuid());
		return err_hint(e, "run this as the owner of the file");
	}
	if (stat(real, &sb) != 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(sb.st_mode)) {
		err_set(e, ERR_REFUSED, "%s is not a regular file", path);
		return err_hint(e, "move it away; look with ls -ld");
	}
	if (sb.st_nlink > 1) {
		err_set(e, ERR_REFUSED,
			"%s has %lu names (hard links); replacing it would leave the old content "
			"in the others",
			path, (unsigned long)sb.st_nlink);
		return err_hint(
			e, "find them with: find DIR -xdev -inum %" PRIu64 "", (uint64_t)sb.st_ino);
	}
	if (secret && st->link && in_git_tree(real)) {
		err_set(e, ERR_REFUSED, "%s leads into a git work tree (%s)", path, real);
		return err_hint(e,
			"a key written there could be committed; use the sealed vault, or move the "
			"file");
	}
	return true;
}

static bool temp_name(char *out, size_t cap, const char *base, struct err *e)
{
	uint64_t r;
	int n;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return err_sys(e, "cannot get random bytes");
	n = snprintf(out, cap, ".%s.thinkfleetbot.%ld.%016" PRIx64 ".tmp", base, (long)getpid(), r);
	if (n < 0 || (size_t)n >= cap)
		return err_set(e, ERR_USAGE, "file name too long: %.80s", base);
	return true;
}

bool fs_write_all(int fd, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	while (n) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_sys(e, "cannot write");
		at += w;
		n -= (size_t)w;
	}
	return true;
}

/* Reads the temporary file back: a disk or a bug that lies is found before the rename. */
static bool verify(int dir, const char *name, const void *p, size_t n, struct err *e)
{
	struct buf back = { 0 };
	bool ok = false;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot read back");
	if (!fs_read_fd(fd, n, &back, e))
		goto out;
	if (back.len != n || (n && memcmp(back.p, p, n) != 0)) {
		err_set(e, ERR_IO, "what was read back differs from what was written");
		goto out;
	}
	ok = true;
out:
	close(fd);
	buf_release(&back);
	return ok;
}

/*
 * fsync that failed is not retried: Linux marks the pages clean and the second
 * call would lie (PostgreSQL wiki, Fsync_Errors).
 */
static bool write_temp(
	int dir, const char *name, mode_t mode, const void *p, size_t n, struct err *e)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return err_sys(e, "cannot create a temporary file");
	ok = fs_write_all(fd, p, n, e);
	if (ok && mode != 0600 && fchmod(fd, mode) != 0)
		ok = err_sys(e, "cannot set the mode");
	if (ok && fsync(fd) != 0)
		ok = err_sys(e, "cannot sync");
	/* EDQUOT and EIO may arrive only here on network file systems. */
	if (close(fd) != 0 && ok)
		ok = err_sys(e, "cannot close");
	return ok && verify(dir, name, p, n, e);
}

static mode_t narrow(const struct fs_replace *o, const struct fs_stamp *st)
{
	mode_t mode = o && o->mode ? o->mode : 0600;

	return st->exists && (mode & st->mode) ? mode & st->mode : mode;
}

static bool unchanged(const struct fs_pending *f, struct err *e)
{
	struct fs_stamp now;

	if (!f->expects)
		return true;
	if (!fs_stat(f->path, &now, e))
		return false;
	if (fs_same(&now, &f->expect))
		return true;
	err_set(e, ERR_BUSY, "%s was changed by another program meanwhile", f->path);
	return err_hint(e, "nothing was changed; run the command again");
}

static bool name_path(struct err *e, const char *path)
{
	return e && !strstr(e->msg, path) ? err_wrap(e, "%s", path) : false;
}

bool fs_prepare(struct fs_pending *f, const char *path, const void *p, size_t n,
	const struct fs_replace *o, struct err *e)
{
	char dirname[FS_PATH_MAX];
	struct fs_stamp st;

	*f = (struct fs_pending){ .expects = o && o->expect };
	if (f->expects)
		f->expect = *o->expect;
	if (!str_copy(f->path, sizeof(f->path), path))
		return err_set(e, ERR_USAGE, "path too long: %.80s", path);
	if (!fs_resolve(path, f->real, &st, e) ||
		!may_replace(path, f->real, &st, o && o->secret, e))
		return false;
	fs_dirname(dirname, sizeof(dirname), f->real);
	f->dir = fs_open_dir(dirname, e);
	if (f->dir < 0)
		return name_path(e, path);
	if (!temp_name(f->temp, sizeof(f->temp), fs_basename(f->real), e)) {
		close(f->dir);
		return name_path(e, path);
	}
	f->ready = true;
	if (write_temp(f->dir, f->temp, narrow(o, &st), p, n, e) && unchanged(f, e))
		return true;
	fs_drop(f);
	return name_path(e, path);
}

bool fs_land(struct fs_pending *f, struct err *e)
{
	char dirname[FS_PATH_MAX];
	bool ok = false;

	if (!f->ready)
		return err_set(e, ERR_FAILED, "%s: nothing was prepared", f->path);
	if (!unchanged(f, e)) {
		fs_drop(f);
		return false;
	}
	if (renameat(f->dir, f->temp, f->dir, fs_basename(f->real)) != 0) {
		err_sys(e, "cannot rename");
		fs_drop(f);
		return name_path(e, f->path);
	}
	fs_dirname(dirname, sizeof(dirname), f->real);
	ok = fs_sync_dir(f->dir, dirname, e);
	close(f->dir);
	f->ready = false;
	return ok || name_path(e, f->path);
}

void fs_drop(struct fs_pending *f)
{
	if (!f->ready)
		return;
	unlinkat(f->dir, f->temp, 0);
	close(f->dir);
	f->ready = false;
}

bool fs_replace(
	const char *path, const void *p, size_t n, const struct fs_replace *o, struct err *e)
{
	struct fs_pending f;

	return fs_prepare(&f, path, p, n, o, e) && fs_land(&f, e);
}

/* ".<base>.thinkfleetbot.<pid>.<hex>.tmp": the pid, or 0 for any other name. A base has a byte. */
static pid_t temp_owner(const char *name)
{
	static const char mark[] = ".thinkfleetbot.";
	const char *at = name[0] == '.' && str_ends(name, ".tmp") ? strstr(name + 2, mark) : NULL;
	char *end;
	long pid;

	if (!at)
		return 0;
	pid = strtol(at + sizeof(mark) - 1, &end, 10);
	return *end == '.' && pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

/* The folder of this file, for a look at what lies beside it; NULL: there is none. */
static DIR *open_beside(const char *path, char *dirname, size_t cap)
{
	char real[FS_PATH_MAX];
	struct fs_stamp st;

	if (!fs_resolve(path, real, &st, NULL))
		return NULL;
	fs_dirname(dirname, cap, real);
	return opendir(dirname);
}

/* The next of our temporary files whose process is gone; NULL at the end. */
static const char *next_left(DIR *d)
{
	const struct dirent *entry;

	while ((entry = readdir(d))) {
		pid_t pid = temp_owner(entry->d_name);

		if (pid && kill(pid, 0) != 0 && errno == ESRCH)
			return entry->d_name;
	}
	return NULL;
}

void fs_sweep(const char *path)
{
	char dirname[FS_PATH_MAX];
	DIR *d = open_beside(path, dirname, sizeof(dirname));
	const char *name;

	while (d && (name = next_left(d)))
		unlinkat(dirfd(d), name, 0);
	if (d)
		closedir(d);
}

bool fs_left(const char *path, char *out, size_t cap)
{
	char dirname[FS_PATH_MAX];
	DIR *d = open_beside(path, dirname, sizeof(dirname));
	const char *name = d ? next_left(d) : NULL;
	bool found = name && fs_join(out, cap, dirname, name, NULL);

	if (d)
		closedir(d);
	return found;
}

/* The nearest directory that exists, at or above path. */
static void existing_parent(char *dir, size_t cap)
{
	char up[FS_PATH_MAX];

	while (access(dir, F_OK) != 0 && strcmp(dir, "/") != 0 && strcmp(dir, ".") != 0) {
		fs_dirname(up, sizeof(up), dir);
		str_copy(dir, cap, up);
	}
}

bool fs_can_replace(const char *path, size_t n, struct err *e)
{
	char real[FS_PATH_MAX];
	char dirname[FS_PATH_MAX];
	struct statvfs vfs;
	struct fs_stamp st;
	int dir;

	if (!fs_resolve(path, real, &st, e) || !may_replace(path, real, &st, false, e))
		return false;
	fs_dirname(dirname, sizeof(dirname), real);
	existing_parent(dirname, sizeof(dirname));
	dir = fs_open_dir(dirname, e);
	if (dir < 0)
		return false;
	close(dir);
	if (access(dirname, W_OK | X_OK) != 0)
		return err_sys(e, "cannot write in %s", dirname);
	if (statvfs(dirname, &vfs) == 0 && vfs.f_bavail < 4 * n / (vfs.f_frsize + 1) + 8) {
		errno = ENOSPC;
		return err_sys(e, "%s", dirname);
	}
	return true;
}
