/* SPDX-License-Identifier: MIT */
#ifndef STORE_VAULT_IMPL_H
#define STORE_VAULT_IMPL_H

#include "store/vault.h"

/*
 * What the files of the vault share; nobody else includes this.
 *
 *   vault.c         records in memory: find, get, put, remove
 *   vault_key.c     what a key proves: commitment, file MAC, age
 *   vault_unlock.c  ways to a key: key file, credential, passphrase, recovery code
 *   vault_slots.c   key slots: add, remove, prove
 *   vault_rekey.c   a new key file, a new master key, and what an interruption left
 *   vault_read.c    text -> struct vault, structure only
 *   vault_write.c   struct vault -> text -> disk, and the proof
 */

#define VAULT_NUMBER_MAX ((UINT64_C(1) << 53) - 1) /* what every JSON reader holds exactly */

enum {
	SEALED_MIN = SEAL_PAD + SEAL_TAG_BYTES,
	SEALED_MAX = 16384 + SEAL_PAD + SEAL_TAG_BYTES,
};

_Static_assert(SECRET_MAX == 16384, "SEALED_MAX follows SECRET_MAX");

/* ERR_KEY while the vault is locked. */
bool vault_is_open(const struct vault *v, struct err *e);

/* Puts the vault's file in front of a message that names no file yet. Returns false. */
bool vault_blame(const struct vault *v, struct err *e);

/* The rules for a record that need no key; ERR_DAMAGED or ERR_USAGE is the caller's word. */
bool record_check(const struct vault_record *r, struct err *e);
void record_aad(struct canon *out, const struct vault_record *r, const struct scope *scope);
bool record_open(
	const struct vault *v, const struct vault_record *r, struct secret *out, struct err *e);

/* Seals into r->c, which has room; proves at once that it opens to the same. */
bool record_seal(
	const struct vault *v, struct vault_record *r, const struct secret *value, struct err *e);

/* Copies texts and c into one new block at the end; the order is the caller's affair. */
bool vault_append(struct vault *v, const struct vault_record *r, struct err *e);

/* The MAC over everything, as if this were the generation gen. */
void vault_mac(const struct vault *v, uint64_t gen, unsigned char out[MAC_BYTES]);

/* Derives the record and MAC keys from *vmk (which it takes) and checks kc and mac. */
bool vault_open_with(struct vault *v, struct secret *vmk, struct err *e);
bool vault_commitment(const struct vault *v, unsigned char out[MAC_BYTES], struct err *e);

/* A master key in place, with the keys below it; the vault counts as locked until it is checked. */
bool vault_set_key(struct vault *v, struct secret *vmk, struct err *e);
void vault_relock(struct vault *v);

/* vault_save(), with what becomes of the generation that is on disk now. */
enum vault_backup {
	BACKUP_PREVIOUS, /* it becomes .bak */
	BACKUP_NONE,     /* an older .bak goes first, durably, and none is made */
};
bool vault_write(struct vault *v, const char *path, enum vault_backup backup, struct err *e);

/* .bak becomes what is on disk now, so that a key slot that was removed opens neither. */
bool vault_refresh_backup(const char *path, struct err *e);

/* Every record of one opens to what the other one's does, compared in constant time. */
bool vault_records_equal(const struct vault *a, const struct vault *b, struct err *e);

/* Appends the text with this generation and MAC. */
bool vault_format(const struct vault *v, uint64_t gen, const unsigned char mac[MAC_BYTES],
	struct buf *out, struct err *e);

#endif
