/* SPDX-License-Identifier: MIT */
#include "store/peerlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/seal.h"
#include "store/peerlock_impl.h"

#define FIRST_WAIT_MS 100

/* What ends or stops a process: none may strike between making a lock and removing it. */
static const int held_back[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
	SIGPIPE, SIGALRM, SIGXFSZ };

static void block_signals(struct peerlock *l)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(held_back); i++)
		sigaddset(&set, held_back[i]);
	sigprocmask(SIG_BLOCK, &set, &l->signals);
}

static bool exists_beside(const char *path, const char *name)
{
	char dir[FS_PATH_MAX];
	char other[FS_PATH_MAX];

	fs_dirname(dir, sizeof(dir), path);
	return fs_join(other, sizeof(other), dir, name, NULL) && access(other, F_OK) == 0;
}

static bool lock_path(char out[FS_PATH_MAX], const char *file)
{
	struct str s = str_on(out, FS_PATH_MAX);

	str_fmt(&s, "%s.lock", file);
	return !s.cut;
}

enum peerlock_kind peerlock_choose(const char *path, const struct peerlock_how *how)
{
	char lock[FS_PATH_MAX];
	struct stat sb;

	if (how && how->kind != PEERLOCK_AUTO)
		return how->kind;
	if (lock_path(lock, path) && lstat(lock, &sb) == 0) {
		if (S_ISDIR(sb.st_mode))
			return PEERLOCK_DIR;
		if (S_ISREG(sb.st_mode))
			return PEERLOCK_FILE;
	}
	if (exists_beside(path, "auth-state.json"))
		return PEERLOCK_FILE;
	return how && how->january ? PEERLOCK_DIR : PEERLOCK_FILE;
}

/*
 * April locks realpath(folder)/name, January realpath(file): behind a link these are two
 * names, and both are taken, the link's first.
 */
static size_t lock_names(char out[2][FS_PATH_MAX], const char *path, struct err *e)
{
	char dir[FS_PATH_MAX];
	char real_dir[FS_PATH_MAX];
	char near[FS_PATH_MAX];
	char real[FS_PATH_MAX];

	fs_dirname(dir, sizeof(dir), path);
	if (!realpath(dir, real_dir)) {
		err_sys(e, "%s", dir);
		return 0;
	}
	if (!fs_join(near, sizeof(near), real_dir, fs_basename(path), e))
		return 0;
	if (!realpath(near, real))
		str_copy(real, sizeof(real), near);
	if (!lock_path(out[0], near) || !lock_path(out[1], real)) {
		err_set(e, ERR_USAGE, "path too long: %.80s", path);
		return 0;
	}
	return strcmp(out[0], out[1]) == 0 ? 1 : 2;
}

/* --- making and removing one ---------------------------------------------------------- */

static bool own(struct peerlock_name *n, const char *path)
{
	struct stat sb;

	if (fstat(n->fd, &sb) != 0)
		return false;
	n->dev = sb.st_dev;
	n->ino = sb.st_ino;
	return str_copy(n->path, sizeof(n->path), path);
}

/* The mtime is set because on a network file system the server's clock would judge it. */
static bool make_dir(struct peerlock_name *n, const char *path)
{
	if (mkdir(path, 0755) != 0)
		return false;
	n->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (n->fd < 0) {
		int error = errno;

		rmdir(path);
		errno = error;
		return false;
	}
	return own(n, path) && futimens(n->fd, NULL) == 0;
}

/* Where a rename cannot be made to fail: for a moment the lock is there and says nothing. */
static bool make_file_plainly(struct peerlock_name *n, const char *path, const char *text)
{
	n->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return n->fd >= 0 && own(n, path) && fs_write_all(n->fd, text, strlen(text), NULL);
}

/*
 * Written under another name and moved to its own: a lock file that says nothing, left by a
 * process that was killed at the wrong moment, would keep everybody out for 30 seconds.
 */
static bool make_file(struct peerlock_name *n, const char *path)
{
	char draft[FS_PATH_MAX];
	char text[160];
	int error;

	peerlock_text(text, sizeof(text));
	peerlock_aside(draft, path);
	if (!draft[0])
		return make_file_plainly(n, path, text);
	n->fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (n->fd < 0)
		return false;
	/* Synced: after a power failure a torn text would keep everybody out for 30 seconds. */
	if (fs_write_all(n->fd, text, strlen(text), NULL) && fsync(n->fd) == 0 &&
		renameat2(AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return own(n, path);
	error = errno;
	unlink(draft);
	close(n->fd);
	n->fd = -1;
	if (error == EINVAL || error == ENOSYS)
		return make_file_plainly(n, path, text);
	errno = error;
	return false;
}

/* More than once: a lock that stays keeps a gateway waiting. */
static bool remove_lock(const char *path, enum peerlock_kind kind, struct err *e)
{
	for (int i = 0; i < 3; i++)
		if ((kind == PEERLOCK_DIR ? rmdir(path) : unlink(path)) == 0)
			return true;
	err_sys(e, "cannot remove the lock %s", path);
	return err_hint(e, "gateways take it over in half a minute, or remove it yourself");
}

/* errno says why not. A lock that could be made but not finished is gone again. */
static bool make(struct peerlock_name *n, enum peerlock_kind kind, const char *path)
{
	int error;

	n->fd = -1;
	if (kind == PEERLOCK_DIR ? make_dir(n, path) : make_file(n, path))
		return true;
	error = errno;
	if (n->fd >= 0) {
		remove_lock(path, kind, NULL);
		close(n->fd);
	}
	errno = error;
	return false;
}

/* Its descriptor is open: no other file can have its number meanwhile. */
static bool still_ours(const struct peerlock_name *n)
{
	struct stat sb;

	return lstat(n->path, &sb) == 0 && sb.st_dev == n->dev && sb.st_ino == n->ino;
}

static bool unmake(struct peerlock_name *n, enum peerlock_kind kind, struct err *e)
{
	bool ok = !still_ours(n) || remove_lock(n->path, kind, e);

	close(n->fd);
	return ok;
}

/* Names from the last to the first, then the signals that waited. */
bool peerlock_drop(struct peerlock *l, struct err *e)
{
	bool ok = true;

	if (!l->count)
		return true;
	while (l->count)
		ok &= unmake(&l->names[--l->count], l->kind, e);
	sigprocmask(SIG_SETMASK, &l->signals, NULL);
	return ok;
}

void peerlock_release(struct peerlock *l)
{
	peerlock_drop(l, NULL);
}

bool peerlock_holds(const struct peerlock *l, struct err *e)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!still_ours(&l->names[i]))
			return err_set(e, ERR_BUSY, "%s was taken away by another program",
				l->names[i].path);
	}
	if (!l->count)
		return err_set(e, ERR_FAILED, "no lock is held");
	if (clock_mono_ms() - l->since_ms > PEERLOCK_HOLD_MS)
		return err_set(e, ERR_BUSY, "%s was held for too long", l->names[0].path);
	return true;
}

/* --- waiting -------------------------------------------------------------------------- */

enum attempt {
	TAKEN,
	AGAIN, /* an abandoned one was removed */
	HELD,
	FAILED,
};

static enum attempt try_once(
	struct peerlock *l, char names[2][FS_PATH_MAX], size_t count, struct err *e)
{
	enum attempt result = FAILED;
	struct err why = { 0 };

	block_signals(l);
	while (l->count < count && make(&l->names[l->count], l->kind, names[l->count]))
		l->count++;
	if (l->count == count) {
		l->since_ms = clock_mono_ms();
		return TAKEN;
	}
	if (errno != EEXIST)
		err_sys(&why, "cannot create the lock %s", names[l->count]);
	else if (peerlock_take_over(names[l->count], &why))
		result = AGAIN;
	else if (!why.code)
		result = HELD;
	if (result == FAILED && e)
		*e = why;
	while (l->count)
		unmake(&l->names[--l->count], l->kind, NULL);
	sigprocmask(SIG_SETMASK, &l->signals, NULL);
	return result;
}

/* Twice as long each time, up to 1.6 s, and times a random 1 to 2, so that two do not walk in step.
 */
static void wait_a_while(unsigned attempt, int64_t left)
{
	int64_t ms = FIRST_WAIT_MS << (attempt < 4 ? attempt : 4);
	uint16_t r;

	random_bytes(&r, sizeof(r));
	ms += ms * r / UINT16_MAX;
	if (ms > left)
		ms = left;
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

bool peerlock_take(
	struct peerlock *l, const char *path, const struct peerlock_how *how, struct err *e)
{
	int64_t until =
		clock_mono_ms() + (how && how->timeout_ms ? how->timeout_ms : PEERLOCK_WAIT_MS);
	char names[2][FS_PATH_MAX];
	size_t count;

	*l = (struct peerlock){ .kind = peerlock_choose(path, how) };
	count = lock_names(names, path, e);
	if (!count)
		return false;
	peerlock_sweep(names[count - 1]);
	for (unsigned waits = 0, removed = 0;;) {
		int64_t left = until - clock_mono_ms();
		enum attempt result = try_once(l, names, count, e);

		if (result == TAKEN || result == FAILED)
			return result == TAKEN;
		/* Who removed an abandoned lock may try at once, but not for ever. */
		if (result == AGAIN && ++removed < 100)
			continue;
		if (left <= 0)
			return peerlock_describe(names, count, e);
		wait_a_while(waits++, left);
	}
}

void peerlock_clean(const char *path)
{
	char names[2][FS_PATH_MAX];
	size_t count = lock_names(names, path, NULL);

	while (count--) {
		peerlock_sweep(names[count]);
		peerlock_take_over(names[count], NULL);
	}
}
