/* SPDX-License-Identifier: MIT */
#ifndef CLI_HOLD_H
#define CLI_HOLD_H

#include "base/fs.h"
#include "store/paths.h"
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

/* ERR_NOT_FOUND without a vault; nothing is made for that. */
bool hold_open(struct hold *h, const struct paths *p, bool accept_rollback, struct err *e);

/* Waits for the lock only: another command works with the vault meanwhile. */
bool hold_lock(struct hold *h, const struct paths *p, struct err *e);
void hold_release(struct hold *h); /* safe on HOLD_NONE, and twice */

/* Loads and unlocks, for reading. */
bool vault_open_at(struct vault *v, const struct paths *p, struct err *e);

/* Is there a vault? */
bool vault_exists(const struct paths *p);

#endif
