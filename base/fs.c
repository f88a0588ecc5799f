/* SPDX-License-Identifier: MIT */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

bool fs_join(char *out, size_t cap, const char *a, const char *b, struct err *e)
{
	struct str s = str_on(out, cap);
	size_t n = strlen(a);

	while (n > 1 && a[n - 1] == '/')
		n--;
	str_addn(&s, a, n);
	if (b[0]) {
		if (!(n == 1 && a[0] == '/'))
			str_add(&s, "/");
		str_add(&s, b);
	}
	if (s.cut)
		return err_set(e, ERR_USAGE, "path too long: %.80s/%.80s", a, b);
	return true;
}

void fs_dirname(char *out, size_t cap, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = str_on(out, cap);

	if (!slash)
		str_add(&s, ".");
	else if (slash == path)
		str_add(&s, "/");
	else
		str_addn(&s, path, (size_t)(slash - path));
}

const char *fs_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void fs_shorten(struct str *out, const char *path, const char *home)
{
	size_t n = home ? strlen(home) : 0;

	if (n > 1 && strncmp(path, home, n) == 0 && (path[n] == '/' || path[n] == '\0')) {
		str_add(out, "~");
		path += n;
	}
	str_add(out, path);
}

static void stamp_of(const struct stat *sb, struct fs_stamp *st)
{
	st->exists = true;
	st->dev = sb->st_dev;
	st->ino = sb->st_ino;
	st->size = sb->st_size;
	st->mtime_ns = (int64_t)sb->st_mtim.tv_sec * 1000000000 + sb->st_mtim.tv_nsec;
	st->mode = sb->st_mode & 07777;
	st->uid = sb->st_uid;
}

bool fs_same(const struct fs_stamp *a, const struct fs_stamp *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns;
}

/* The path with every link resolved; a missing last component is kept as it is. */
static bool resolve(const char *path, char out[FS_PATH_MAX], struct fs_stamp *st, struct err *e)
{
	char dir[FS_PATH_MAX];
	struct stat sb;

	*st = (struct fs_stamp){ 0 };
	if (lstat(path, &sb) == 0) {
		st->link = S_ISLNK(sb.st_mode);
		if (realpath(path, out)) {
			if (stat(out, &sb) != 0)
				return err_sys(e, "%s", path);
			stamp_of(&sb, st);
			return true;
		}
		if (!st->link || errno != ENOENT)
			return err_sys(e, "%s", path);
		err_set(e, ERR_REFUSED, "%s is a symbolic link to a file that is missing", path);
		return err_hint(e, "create its target, or remove the link");
	}
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	fs_dirname(dir, sizeof(dir), path);
	if (!realpath(dir, out)) {
		if (errno != ENOENT)
			return err_sys(e, "%s", dir);
		return str_copy(out, FS_PATH_MAX, path);
	}
	memcpy(dir, out, FS_PATH_MAX);
	return fs_join(out, FS_PATH_MAX, dir, fs_basename(path), e);
}

bool fs_stat(const char *path, struct fs_stamp *st, struct err *e)
{
	char real[FS_PATH_MAX];

	return resolve(path, real, st, e);
}

bool fs_read_fd(int fd, size_t max, struct buf *out, struct err *e)
{
	for (;;) {
		ssize_t n;

		if (!buf_reserve(out, 4096, e))
			return false;
		n = read(fd, out->p + out->len, out->cap - 1 - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read");
		if (n == 0)
			break;
		out->len += (size_t)n;
		out->p[out->len] = '\0';
		if (out->len > max)
			return err_set(e, ERR_DAMAGED, "more than %zu bytes", max);
	}
	return true;
}

/* Opened, checked on the descriptor; -1 with *e filled. */
static int open_regular(const char *path, struct fs_stamp *st, struct err *e)
{
	char real[FS_PATH_MAX];
	struct stat sb;
	bool link;
	int fd;

	if (!resolve(path, real, st, e))
		return -1;
	if (!st->exists) {
		err_set(e, ERR_NOT_FOUND, "%s does not exist", path);
		return -1;
	}
	/* O_NONBLOCK: a file swapped for a FIFO must not hang us. */
	fd = open(real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		bool denied = errno == EACCES;

		err_sys(e, "cannot open %s", path);
		if (denied)
			err_hint(e,
				"it belongs to another user or its mode forbids reading; look with "
				"ls -l");
		return -1;
	}
	link = st->link;
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		err_set(e, ERR_REFUSED, "%s is not a regular file", path);
		close(fd);
		return -1;
	}
	stamp_of(&sb, st);
	st->link = link;
	return fd;
}

bool fs_read(const char *path, size_t max, struct buf *out, struct fs_stamp *st, struct err *e)
{
	struct fs_stamp own;
	bool ok;
	int fd;

	if (!st)
		st = &own;
	*st = (struct fs_stamp){ 0 };
	fd = open_regular(path, st, e);
	if (fd < 0)
		return false;
	ok = fs_read_fd(fd, max ? max : FS_FILE_MAX, out, e);
	if (!ok)
		err_wrap(e, "%s", path);
	close(fd);
	return ok;
}

bool fs_read_private(const char *path, size_t max, struct buf *out, struct err *e)
{
	struct fs_stamp st;

	if (!fs_read(path, max, out, &st, e))
		return false;
	if (st.uid != geteuid()) {
		err_set(e, ERR_REFUSED, "%s belongs to uid %u, not to you (uid %u)", path,
			(unsigned)st.uid, (unsigned)geteuid());
		err_hint(e, "run this as the owner of the file");
	} else if (st.mode & 077) {
		err_set(e, ERR_REFUSED, "%s can be read by others (mode %04o)", path,
			(unsigned)st.mode);
		err_hint(e, "chmod go-rwx %s", path);
	} else {
		return true;
	}
	buf_release(out);
	return false;
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

/* The directory that will receive the new name: ours or root's, and nobody else may write there. */
static int open_dir(const char *dir, struct err *e)
{
	struct stat sb;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		err_sys(e, "cannot open the directory %s", dir);
		return -1;
	}
	if (fstat(fd, &sb) != 0) {
		err_sys(e, "%s", dir);
	} else if (sb.st_uid != geteuid() && sb.st_uid != 0) {
		err_set(e, ERR_REFUSED, "the directory %s belongs to uid %u, not to you", dir,
			(unsigned)sb.st_uid);
		err_hint(e, "run this as that user, or choose another --state-dir");
	} else if ((sb.st_mode & 022) && !(sb.st_mode & S_ISVTX)) {
		err_set(e, ERR_REFUSED, "others can write in the directory %s (mode %04o)", dir,
			(unsigned)(sb.st_mode & 07777));
		err_hint(e, "chmod go-w %s", dir);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

static bool in_git_tree(const char *real)
{
	char dir[FS_PATH_MAX];
	char git[FS_PATH_MAX];

	fs_dirname(dir, sizeof(dir), real);
	for (;;) {
		if (fs_join(git, sizeof(git), dir, ".git", NULL) && access(git, F_OK) == 0)
			return true;
		if (strcmp(dir, "/") == 0 || strcmp(dir, ".") == 0)
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
	if (!S_ISREG(sb.st_mode))
		return err_set(e, ERR_REFUSED, "%s is not a regular file", path);
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

/* Some file systems (NFS, 9p) cannot sync a directory: EINVAL is no failure. */
static bool sync_dir(int dir, struct err *e)
{
	if (fsync(dir) != 0 && errno != EINVAL)
		return err_sys(e, "cannot sync the directory");
	return true;
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
	if (!resolve(path, f->real, &st, e) || !may_replace(path, f->real, &st, o && o->secret, e))
		return false;
	fs_dirname(dirname, sizeof(dirname), f->real);
	f->dir = open_dir(dirname, e);
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
	ok = sync_dir(f->dir, e);
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

/* ".<base>.thinkfleetbot.<pid>.<hex>.tmp": the pid, or 0 for any other name. */
static pid_t temp_owner(const char *name)
{
	static const char mark[] = ".thinkfleetbot.";
	const char *at = name[0] == '.' && str_ends(name, ".tmp") ? strstr(name + 1, mark) : NULL;
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

	if (!resolve(path, real, &st, NULL))
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

	if (!resolve(path, real, &st, e) || !may_replace(path, real, &st, false, e))
		return false;
	fs_dirname(dirname, sizeof(dirname), real);
	existing_parent(dirname, sizeof(dirname));
	dir = open_dir(dirname, e);
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

bool fs_mkdirs(const char *path, struct err *e)
{
	char up[FS_PATH_MAX];
	struct stat sb;
	int dir;
	bool ok;

	if (stat(path, &sb) == 0) {
		if (S_ISDIR(sb.st_mode))
			return true;
		return err_set(e, ERR_REFUSED, "%s is not a directory", path);
	}
	if (errno == ENOTDIR)
		return err_set(e, ERR_REFUSED, "%s: a part of the path is not a directory", path);
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	fs_dirname(up, sizeof(up), path);
	if (!fs_mkdirs(up, e))
		return false;
	dir = open_dir(up, e);
	if (dir < 0)
		return false;
	ok = mkdirat(dir, fs_basename(path), 0700) == 0 || errno == EEXIST;
	if (!ok)
		err_sys(e, "cannot create the directory %s", path);
	else
		ok = sync_dir(dir, e);
	close(dir);
	return ok;
}

bool fs_unlink(const char *path, struct err *e)
{
	char dirname[FS_PATH_MAX];
	bool ok;
	int dir;

	if (unlink(path) != 0)
		return errno == ENOENT ? true : err_sys(e, "cannot remove %s", path);
	fs_dirname(dirname, sizeof(dirname), path);
	dir = open_dir(dirname, e);
	if (dir < 0)
		return false;
	ok = sync_dir(dir, e);
	close(dir);
	return ok;
}

static void name_holder(int fd, const char *path, struct err *e)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	err_set(e, ERR_BUSY, "%s is held by another thinkfleetbot%s%s", path,
		pid[0] ? ", pid " : "", pid);
	err_hint(e, "wait for it to finish, then try again");
}

bool fs_lock(struct fs_lock *l, const char *path, int timeout_ms, struct err *e)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	struct timespec nap = { .tv_nsec = 20000000 };
	char pid[24];
	int n;

	l->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return err_sys(e, "cannot open the lock %s", path);
	while (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_sys(e, "cannot lock %s", path);
			goto fail;
		}
		if (clock_mono_ms() >= until) {
			name_holder(l->fd, path, e);
			goto fail;
		}
		nanosleep(&nap, NULL);
	}
	/* Only a help for the one who waits; its failure costs nothing. */
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(l->fd, 0) == 0)
		(void)!pwrite(l->fd, pid, (size_t)n, 0);
	return true;
fail:
	close(l->fd);
	l->fd = -1;
	return false;
}

void fs_unlock(struct fs_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
