/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_KEYSLOT_H
#define CRYPTO_KEYSLOT_H

#include "crypto/canon.h"
#include "crypto/kdf.h"
#include "crypto/seal.h"

/*
 * A key slot: the vault's master key (VMK), wrapped under a key-encryption key
 * (KEK) that one way of unlocking yields. The cipher does not commit to its
 * key, so a slot carries a commitment that is compared before anything is
 * decrypted: a wrong key is ERR_KEY, a changed slot under the right key is
 * ERR_DAMAGED.
 */

enum keyslot_type {
	KEYSLOT_FILE,
	KEYSLOT_ARGON2ID,
	KEYSLOT_SYSTEMD_CRED,
	KEYSLOT_RECOVERY,
};

enum {
	KEYSLOT_ID_CAP = 32,
	KEYSLOT_NAME_CAP = 129,
	KEYSLOT_WRAPPED_BYTES = SEAL_KEY_BYTES + SEAL_TAG_BYTES,
};

/* Parameters first (the caller's), then what keyslot_wrap() fills in. */
struct keyslot {
	char id[KEYSLOT_ID_CAP];
	enum keyslot_type type;
	char name[KEYSLOT_NAME_CAP];        /* systemd-cred: the credential; else "" */
	unsigned char salt[KDF_SALT_BYTES]; /* argon2id, recovery */
	struct kdf_cost cost;               /* argon2id; else zeros */

	unsigned char kc[MAC_BYTES];
	unsigned char n[SEAL_NONCE_BYTES];
	unsigned char w[KEYSLOT_WRAPPED_BYTES];
};

const char *keyslot_type_name(enum keyslot_type type);
bool keyslot_type_find(enum keyslot_type *type, const char *name);
bool keyslot_type_salted(enum keyslot_type type);

/* The rules that need no key: cost within limits, no stray name or cost. ERR_DAMAGED. */
bool keyslot_check(const struct keyslot *slot, struct err *e);

void keyslot_aad(struct canon *out, const struct keyslot *slot, const struct scope *scope);

/* Wraps, and proves at once that the KEK unwraps it again. */
bool keyslot_wrap(struct keyslot *slot, const struct scope *scope, const struct secret *kek,
	const struct secret *vmk, struct err *e);

/* *vmk is initialised here. */
bool keyslot_unwrap(const struct keyslot *slot, const struct scope *scope, const struct secret *kek,
	struct secret *vmk, struct err *e);

#endif
