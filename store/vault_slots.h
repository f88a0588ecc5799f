/* SPDX-License-Identifier: MIT */
#ifndef STORE_VAULT_SLOTS_H
#define STORE_VAULT_SLOTS_H

#include "store/vault.h"

/*
 * The ways into a vault, as a person adds and removes them.
 *
 * A slot is added in memory, written, and proven by opening the file on the
 * disk through it; whatever it replaces goes in a second write. There is always
 * a slot left. The caller holds the lock (secrets/.lock).
 */

/* A key and the slot it fits: one that is there already, or the makings of a new one. */
struct slot_key {
	struct keyslot slot; /* a new one has no id yet */
	struct secret kek;
};

void slot_key_release(struct slot_key *k);

/* The makings of a new slot; *k is initialised here. A passphrase's costs a second. */
bool slot_key_file(struct slot_key *k, const struct secret *kek, struct err *e);
bool slot_key_passphrase(
	struct slot_key *k, const struct secret *passphrase, bool low_memory, struct err *e);
bool slot_key_recovery(struct slot_key *k, const struct secret *code, struct err *e);
bool slot_key_credential(struct slot_key *k, const char *dir, const char *name, struct err *e);

/*
 * The key that a secret yields for a slot that is there: the key itself, the
 * passphrase or the recovery code. ERR_KEY when it does not open that slot.
 */
bool slot_key_for(struct slot_key *k, const struct vault *v, const struct keyslot *slot,
	const struct secret *from, struct err *e);

/* NULL when there is none. */
const struct keyslot *vault_slot(const struct vault *v, const char *id);

/*
 * The slot that this key opens, or NULL. False when that could not be found out (ERR_MEMORY):
 * nothing may be thrown away then. vault_slot_of() is for who only shows it.
 */
bool vault_slot_match(const struct vault *v, const struct secret *kek, const struct keyslot **slot,
	struct err *e);
const struct keyslot *vault_slot_of(const struct vault *v, const struct secret *kek);

/* In memory. k->slot gets the id ("s3") and what wrapping adds. */
bool vault_slot_add(struct vault *v, struct slot_key *k, struct err *e);

/* In memory. ERR_REFUSED for the last one, ERR_NOT_FOUND. */
bool vault_slot_remove(struct vault *v, const char *id, struct err *e);

/* The file on the disk opens through exactly this slot, authentic, with every record of v. */
bool vault_slot_proven(
	const struct vault *v, const char *path, const struct slot_key *k, struct err *e);

/* Add, write, prove. On failure the file on the disk still opens as before. */
bool vault_slot_install(struct vault *v, const char *path, struct slot_key *k, struct err *e);

/*
 * Remove, write; the backup beside it first, so that the slot opens neither. v must have been
 * opened by another slot (vault_avoid_slot): ERR_REFUSED. A key file in v's key folder that
 * opened this slot goes; the caller has called vault_rekey_resume() under the lock.
 */
bool vault_slot_discard(struct vault *v, const char *path, const char *id, struct err *e);

/* Does something on this computer open it without a person? */
bool keyslot_unattended(enum keyslot_type type);

/* How many slots are of such a kind. A key file of one may still be elsewhere. */
size_t vault_unattended(const struct vault *v);

/*
 * The slot that the key file in this folder opens, or NULL; a damaged one opens none. False when
 * there is one that cannot be read, or no memory. vault_slot_here() is for who only shows it.
 */
bool vault_slot_find_here(
	const struct vault *v, const char *key_dir, const struct keyslot **slot, struct err *e);
const struct keyslot *vault_slot_here(const struct vault *v, const char *key_dir);

/*
 * Would a service still open it if it had not this slot (NULL: as it is)? A credential counts.
 * The second form is for who knows already which slot the key file here opens (NULL: none).
 */
bool vault_opens_alone(const struct vault *v, const char *key_dir, const char *without);
bool vault_opens_by(const struct vault *v, const struct keyslot *here, const char *without);

/*
 * A vault is as strong as its weakest slot. In words, for a sentence that begins "the vault
 * ...": "opens with a key file on this disk". "" for a vault without slots.
 */
const struct keyslot *vault_weakest(const struct vault *v);
const char *vault_weakest_words(const struct vault *v, const char *key_dir);

#endif
