/* SPDX-License-Identifier: MIT */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/*
 * Files, the only way this program touches them.
 *
 * Reading opens O_NOFOLLOW on the resolved path and checks the descriptor.
 * Writing is one primitive (security.md 4.1): a temporary file of mode 0600 in
 * the same directory, fsync, read back and compared, rename, fsync of the
 * directory. Killed or failed at any point the target holds the old bytes or
 * the new ones. Symbolic links survive (the file behind them is replaced),
 * modes never widen, and hard links, foreign owners, non-files and directories
 * that others can write are refused with their own message.
 */

#define FS_PATH_MAX PATH_MAX
#define FS_FILE_MAX ((size_t)4 << 20)

/* Identity of the bytes that were read: an edit may land only on these. */
struct fs_stamp {
	bool exists;
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns;
	mode_t mode; /* permission bits */
	uid_t uid;
	bool link; /* reached through a symbolic link */
};

/*
 * Reads a whole regular file of at most max bytes (0: FS_FILE_MAX). A missing
 * file is ERR_NOT_FOUND with st->exists false. st may be NULL.
 */
bool fs_read(const char *path, size_t max, struct buf *out, struct fs_stamp *st, struct err *e);

/* The same for key material: not ours, or any group or other permission, is ERR_REFUSED. */
bool fs_read_private(const char *path, size_t max, struct buf *out, struct err *e);

/* What is there now, file or folder; missing is success with exists false. */
bool fs_stat(const char *path, struct fs_stamp *st, struct err *e);
bool fs_same(const struct fs_stamp *a, const struct fs_stamp *b);

struct fs_replace {
	const struct fs_stamp *expect; /* NULL: whatever is there; else ERR_BUSY when it changed */
	mode_t mode;                   /* 0: 0600; an existing narrower mode stays */
	bool secret;                   /* refuse a target inside a git work tree behind a link */
};

/* o may be NULL: mode 0600, anything may be replaced. */
bool fs_replace(
	const char *path, const void *p, size_t n, const struct fs_replace *o, struct err *e);

/*
 * fs_replace() in its two halves, for who must hold another program's lock: all the slow
 * work comes before, fs_land() only checks `expect`, renames and syncs the directory.
 * After fs_land() and fs_drop() the value is empty, whatever they return.
 */
struct fs_pending {
	bool ready;
	int dir;
	char path[FS_PATH_MAX]; /* as it was asked for */
	char real[FS_PATH_MAX];
	char temp[NAME_MAX + 1]; /* beside real */
	struct fs_stamp expect;
	bool expects;
};

bool fs_prepare(struct fs_pending *f, const char *path, const void *p, size_t n,
	const struct fs_replace *o, struct err *e);
bool fs_land(struct fs_pending *f, struct err *e);
void fs_drop(struct fs_pending *f); /* safe on { 0 }, and twice */

/* Removes our temporary files in the folder of this file whose process was killed. No error. */
void fs_sweep(const char *path);

/* Is there one? Its path, for those who only look. */
bool fs_left(const char *path, char *out, size_t cap);

/*
 * Whether fs_replace() could write there: directory (or its nearest existing
 * parent) writable and safe, target replaceable, room for n bytes. Changes nothing.
 */
bool fs_can_replace(const char *path, size_t n, struct err *e);

/* Makes every missing directory of the path, mode 0700, and syncs their parents. */
bool fs_mkdirs(const char *path, struct err *e);

/* Removes a file durably. A missing file is success. */
bool fs_unlink(const char *path, struct err *e);

/*
 * An flock on a file that is created (0600) and never removed, for our own
 * instances only. Waits at most timeout_ms; ERR_BUSY names the holder's pid
 * when it is known. { .fd = -1 } is unlocked.
 */
struct fs_lock {
	int fd;
};

bool fs_lock(struct fs_lock *l, const char *path, int timeout_ms, struct err *e);
void fs_unlock(struct fs_lock *l);

/* "a/b"; false (ERR_USAGE) when it does not fit. */
bool fs_join(char *out, size_t cap, const char *a, const char *b, struct err *e);

/* Directory part and last component of a path with a slash. */
void fs_dirname(char *out, size_t cap, const char *path);
const char *fs_basename(const char *path);

/* $HOME at the front becomes "~" (gateway-family.md 7.6). home may be NULL or "". */
void fs_shorten(struct str *out, const char *path, const char *home);

/* All of it or an error; restarts after signals and short counts. */
bool fs_write_all(int fd, const void *p, size_t n, struct err *e);

/* Appends from fd to its end, at most max bytes; more is ERR_DAMAGED. */
bool fs_read_fd(int fd, size_t max, struct buf *out, struct err *e);

#endif
