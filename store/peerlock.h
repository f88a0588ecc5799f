/* SPDX-License-Identifier: MIT */
#ifndef STORE_PEERLOCK_H
#define STORE_PEERLOCK_H

#include <signal.h>

#include "base/fs.h"

/*
 * The lock that gateways take on auth-profiles.json: "<file>.lock".
 *
 * Releases of January 2026 make a folder (proper-lockfile), those from April on
 * a file that names their process. While it is fresh each kind keeps both kinds
 * of gateway out. An abandoned one does not: a leftover folder makes an April
 * gateway spin for ever, a leftover file makes a January gateway write without
 * a lock (security.md 0). So the kind follows what is installed, everything slow
 * is done before, and the signals that end or stop a process wait until the
 * lock is released.
 *
 * A lock is abandoned when it is 30 s old, or a file whose process is gone. It
 * is taken over by moving it aside, which only one of many can do, and by
 * looking at what was moved: a lock that was renewed in between goes back.
 */

enum peerlock_kind {
	PEERLOCK_AUTO, /* by what is found beside the file */
	PEERLOCK_FILE,
	PEERLOCK_DIR,
};

#define PEERLOCK_STALE_MS 30000 /* the family's number, and mtimes are its clock */
#define PEERLOCK_HOLD_MS 5000   /* after that peerlock_holds() says no */
#define PEERLOCK_WAIT_MS 10000

struct peerlock_how {
	enum peerlock_kind kind;
	bool january;   /* AUTO: the configuration's name is that of a release before April */
	int timeout_ms; /* 0: PEERLOCK_WAIT_MS */
};

/* One name that is locked: a file behind a link has two. */
struct peerlock_name {
	char path[FS_PATH_MAX];
	int fd; /* of the lock itself */
	dev_t dev;
	ino_t ino;
};

/* { 0 } holds nothing and may be released. */
struct peerlock {
	struct peerlock_name names[2];
	size_t count; /* how many are held */
	enum peerlock_kind kind;
	int64_t since_ms;
	sigset_t signals; /* what was blocked before */
};

/* Which kind would be taken: a wish, else the kind that lies there, else the traces beside it. */
enum peerlock_kind peerlock_choose(const char *path, const struct peerlock_how *how);

/*
 * Locks the file (which may be missing; its folder may not). how may be NULL.
 * ERR_BUSY after the timeout, with the holder; ERR_REFUSED for what is no lock.
 */
bool peerlock_take(
	struct peerlock *l, const char *path, const struct peerlock_how *how, struct err *e);

/*
 * Is it still ours? Asked immediately before the rename: ERR_BUSY when another
 * program removed or took it, or when it was held for too long.
 */
bool peerlock_holds(const struct peerlock *l, struct err *e);

/* Removes what processes that died left beside the file: an abandoned lock, names moved aside. */
void peerlock_clean(const char *path);

/* Nothing is held afterwards. False when a name of ours stays although it was to be removed. */
bool peerlock_drop(struct peerlock *l, struct err *e);

/* Never removes what is not ours. Safe on { 0 }, and twice. */
void peerlock_release(struct peerlock *l);

#endif
