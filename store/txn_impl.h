/* SPDX-License-Identifier: MIT */
#ifndef STORE_TXN_IMPL_H
#define STORE_TXN_IMPL_H

#include "store/txn.h"

/*
 * What the files of the transaction share; nobody else includes this.
 *
 *   txn.c          adding, committing, undoing
 *   txn_journal.c  <root>/<id>/: the copies and intent.json
 *   txn_recover.c  after an interruption
 */

#define TXN_INTENT "intent.json"
#define TXN_FILE_LIMIT (BUF_MAX - 4096)

/* Of a file: keyed, because some have few possible contents. */
struct txn_hash {
	bool exists;
	unsigned char h[MAC_BYTES];
};

struct txn_file {
	char path[FS_PATH_MAX];
	struct buf old, next;
	struct fs_stamp before; /* of old */
	struct fs_stamp after;  /* once it has landed */
	bool removes;
	bool secret;
	mode_t mode;
	bool has_peer;
	struct peerlock_how peer;
	struct peerlock lock;
	struct fs_pending pending;
	bool landed;
	struct txn_hash old_hash, new_hash; /* read from a journal */
};

bool txn_hash_of(struct txn_hash *out, const struct secret *key, bool exists, const void *p,
	size_t n, struct err *e);

/* The copies, durable; and then the intent, which is the commit point. */
bool journal_stage(struct txn *t, struct err *e);
bool journal_write(struct txn *t, struct err *e);

/* ERR_NOT_FOUND: none, it had not begun. ERR_DAMAGED; ERR_NEWER. t->dir is set. */
bool journal_read(struct txn *t, struct err *e);
bool journal_copy_path(char out[FS_PATH_MAX], const struct txn *t, size_t i, struct err *e);

/* The intent first, then the copies, then the folder. False: the intent may still be there. */
bool journal_remove(const struct txn *t, struct err *e);

/* The file as it is; a missing one is success. */
bool txn_read_now(const char *path, struct buf *out, struct fs_stamp *st, struct err *e);

#endif
