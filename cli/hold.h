/* SPDX-License-Identifier: MIT */
#ifndef CLI_HOLD_H
#define CLI_HOLD_H

#include "cli/place.h"
#include "store/txn.h"
#include "store/vault.h"

/*
 * The vault, unlocked, with our lock held: what a command needs that changes
 * records and no other file. { .lock = { .fd = -1 } } is empty.
 */
struct hold {
	struct fs_lock lock;
	struct vault vault;
};

#define HOLD_NONE ((struct hold){ .lock = { .fd = -1 } })

/*
 * ERR_NOT_FOUND without a vault; nothing is made for that. ahead: the vault as unlock_ahead()
 * opened it; closed, or NULL: it opens by itself or not at all.
 */
bool hold_open(struct hold *h, const struct paths *p, const struct vault *ahead,
	bool accept_rollback, struct err *e);

/* Waits for the lock only: another command works with the vault meanwhile. */
bool hold_lock(struct hold *h, const struct paths *p, struct err *e);

/* Safe on HOLD_NONE, and twice. Warns when the vault's anchor could not be read or moved. */
void hold_release(struct hold *h);

/* Our own lock; what an interrupted command left is finished first, and a warning says so. */
bool own_lock(struct fs_lock *l, const struct paths *p, struct err *e);

/*
 * That alone, before a command looks at what it is to change: what looks done may be half done,
 * and a run that finds nothing to do still leaves nothing about. Where nothing is left it takes
 * no lock and touches nothing.
 */
bool hold_settle(const struct place *p, struct err *e);

/*
 * A change under our lock: once() works it out from the disk as it is and commits t. A gateway
 * that writes in between does not make a command fail: it starts over, as txn_again() says.
 * profiles: the store whose leftovers go first; NULL: none. What a commit could not clear away
 * is warned of.
 */
bool hold_change(const struct paths *p, const char *profiles,
	bool (*once)(void *ctx, struct txn *t, struct err *e), void *ctx, struct err *e);

/* Loads and unlocks, for reading. ahead: as above. */
bool vault_open_at(
	struct vault *v, const struct paths *p, const struct vault *ahead, struct err *e);

/* Is there a vault? */
bool vault_exists(const struct paths *p);

#endif
