/* SPDX-License-Identifier: MIT */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include "crypto/seal.h"
#include "store/paths.h"
#include "store/peerlock.h"

/*
 * Several files, changed together or not at all.
 *
 * The order of txn_add() is the order in which the files change, and the caller's
 * promise: every prefix of it is a working state. What is referred to comes first,
 * plain text that goes comes last.
 *
 *   1  everything new is written beside its target, synced and read back
 *   2  gateways' locks are taken, and every file must still be what was read
 *   3  with several files: copies and a journal go to <state>/secrets/.txn/<id>/;
 *      intent.json is the commit point
 *   4  renames, in order
 *   5  the journal goes
 *
 * Failed before 4: nothing has changed. Failed in 4: what was renamed is put back,
 * and only when that fails too does the journal stay. Killed: txn_recover(), at the
 * next start, removes what had not begun and completes what had. One file needs no
 * journal: its rename is the commit point.
 *
 * A journal may hold a plain-text .env: 0600 in 0700, removed by unlink. On a disk
 * that keeps old blocks it leaves the same residue as any replaced .env.
 *
 * The caller holds the lock secrets/.lock from before its reading until the end.
 */

#define TXN_FILES_MAX 64 /* every agent has a store */

enum txn_outcome {
	TXN_NOTHING, /* every file is what it was */
	TXN_DONE,
	TXN_HALF, /* failed half-way, and could not be put back: the next start completes it */
};

struct txn_change {
	const char *path;
	const void *p; /* NULL: remove the file */
	size_t n;
	const struct fs_stamp *expect; /* what p was worked out from; NULL: what is there now */
	const struct peerlock_how
		*peer; /* how gateways lock it; auth-profiles.json they always do */
	mode_t mode;   /* 0: 0600; an existing narrower mode stays */
	bool secret;   /* as struct fs_replace */
};

struct txn_file;

/* { 0 } is empty and may be released. */
struct txn {
	char root[FS_PATH_MAX];
	char dir[FS_PATH_MAX]; /* root/<id>; "": no journal was begun */
	bool intended;         /* its intent may be there */
	struct secret key;     /* of the hashes in the journal */
	struct txn_file *files;
	size_t count;
	enum txn_outcome outcome;
	bool raced;      /* it failed because a file had changed: read again, and try again */
	struct err note; /* written, but a lock or the journal stays: said, and not a failure */
};

/* root: struct paths' txn. */
void txn_begin(struct txn *t, const char *root);

/* Nothing is written yet. Both contents are kept until txn_release(), which wipes them. */
bool txn_add(struct txn *t, const struct txn_change *c, struct err *e);

/* All of it, or an error that names the file and says what became of the others. */
bool txn_commit(struct txn *t, struct err *e);

/* One file. ERR_BUSY also when it had changed since it was read. */
bool txn_write(const char *root, const struct txn_change *c, struct err *e);

/*
 * A gateway that writes between our reading and our commit costs another attempt, not the command.
 * { 0 } before the first attempt; raced: what its transaction said. True: read again, try again;
 * at least eight times, and for a second.
 */
struct txn_patience {
	unsigned attempts;
	int64_t since_ms;
};

bool txn_again(struct txn_patience *p, bool raced);

/* After a commit: the old contents again, last file first. A file changed since is left, ERR_BUSY.
 */
bool txn_undo(struct txn *t, struct err *e);
void txn_release(struct txn *t);

/* What txn_recover() did, or would do. */
struct txn_report {
	unsigned cleaned;       /* had not begun: its copies are gone */
	unsigned completed;     /* was carried to its end */
	unsigned stopped;       /* ended at a file that something else has changed since */
	char path[FS_PATH_MAX]; /* that file */
	char note[FS_PATH_MAX]; /* done, but a lock or a journal could not be taken away; or "" */
};

/*
 * Finishes what an interrupted process began. For each file of a journal, in order:
 * new already, done; still the old one, replaced; anything else, the change ends there
 * and the file stays. Can be interrupted and repeated. r may be NULL.
 */
bool txn_recover(const char *root, struct txn_report *r, struct err *e);

/* The same question, changing nothing. False when there is nothing to do. */
bool txn_pending(const char *root, struct txn_report *r);

/*
 * How every command that writes begins: makes the folder, takes our own lock (10 s), finishes
 * what an interrupted one left, and removes its temporary files and dead locks beside every file
 * of the state folder. fs_unlock() ends it. txn_tidy() is the last for one store, which may be
 * elsewhere.
 */
bool txn_lock(struct fs_lock *l, const struct paths *p, struct txn_report *r, struct err *e);
void txn_tidy(const char *profiles);

/* Does such a temporary file lie there? It may hold a plain key. For those who only look. */
bool txn_left(const struct paths *p, char *out, size_t cap);

/* What a person is told of it; "" when nothing was. */
void txn_report_text(struct str *out, const struct txn_report *r);

#endif
