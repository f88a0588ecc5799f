/* SPDX-License-Identifier: MIT */
#ifndef STORE_VAULT_REKEY_H
#define STORE_VAULT_REKEY_H

#include "store/vault_slots.h"

/*
 * New keys for a vault that is there. The caller holds the lock, v is unlocked.
 *
 * A new key file, each step durable before the next:
 *
 *   1  <id>.key.new is made
 *   2  the vault has slots for both key files, and opens from the disk through the new one
 *   3  the two files change names
 *   4  the vault loses the old slot, its backup before it
 *   5  .key.new, now the old key, goes
 *
 * Whatever lies between two steps opens with .key or with .key.new: every way of unlocking tries
 * both. vault_rekey_resume() brings any of these states to its end. A file system that cannot
 * exchange two names gets 4 before 3, and .key.new replaces .key.
 *
 * A new master key is one rename: the new vault is complete, proven through every slot and
 * compared with the old one record by record before it replaces it.
 */

/* ERR_NOT_FOUND: no key file here opens a slot. First finishes what was left, then rekeys. */
bool vault_rekey_file(struct vault *v, const char *path, struct err *e);

/*
 * A slot for a new key file in v's key folder, where none is: steps 1 and 2, then the new file
 * gets its name. *k is initialised here and gets the slot. An interruption is finished by
 * vault_rekey_resume(), too.
 */
bool vault_slot_install_file(struct vault *v, const char *path, struct slot_key *k, struct err *e);

enum rekey_left {
	REKEY_NOTHING,  /* no .key.new, or one that is not for us to judge */
	REKEY_CLEANED,  /* it opened nothing: removed */
	REKEY_FINISHED, /* the rotation was brought to its end */
};

/* Needs v unlocked with its key folder (vault_watch). Safe to repeat. what may be NULL. */
bool vault_rekey_resume(struct vault *v, const char *path, enum rekey_left *what, struct err *e);

/* Does a .key.new lie in the key folder? For those who only look. */
bool vault_rekey_pending(const struct vault *v, const char *key_dir);

struct rekey {
	const struct slot_key *keys; /* of every slot that stays: slot_key_for() */
	size_t count;
	bool compromised; /* the old master key is known to others: no .bak is kept */
};

/*
 * Epoch + 1. A slot whose key is not given is dropped: the caller asked for that. All records
 * are sealed anew, with their revisions. v is the new vault when it succeeds, else unchanged.
 */
bool vault_rekey_master(struct vault *v, const char *path, const struct rekey *how, struct err *e);

#endif
