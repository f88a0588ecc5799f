/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_RECOVERY_H
#define CRYPTO_RECOVERY_H

#include "crypto/kdf.h"
#include "crypto/secret.h"

/*
 * A recovery code: 140 random bits that a person writes down once.
 *
 *   RM4TX-0V2QK-...   7 groups of 4 characters and 1 check character
 *
 * The alphabet is 0-9 A-Z without I, L, O and U, each character 5 bits. The check
 * character closes a sum over GF(32) that also counts the number of the group, so
 * that one wrong character, two swapped ones and two swapped groups are always
 * found, and found in their group. No hardening is needed: nobody guesses 140 bits.
 */

enum {
	RECOVERY_GROUPS = 7,
	RECOVERY_GROUP_DATA = 4,
	RECOVERY_GROUP_CHARS = RECOVERY_GROUP_DATA + 1,
	RECOVERY_DATA = RECOVERY_GROUPS * RECOVERY_GROUP_DATA,
	RECOVERY_CHARS = RECOVERY_GROUPS * (RECOVERY_GROUP_CHARS + 1) - 1, /* with the hyphens */
};

/* *text is initialised here: the code as it is shown, hyphens and all. */
bool recovery_new(struct secret *text, struct err *e);

/*
 * What a person typed, in *text as it was shown. Lower case, missing or other hyphens, blanks,
 * and I or L for 1, O for 0 are forgiven. ERR_USAGE names the first group that is wrong, or says
 * that there are too few or too many characters. A message never repeats what was typed.
 */
bool recovery_read(struct secret *text, const char *p, size_t n, struct err *e);

/* 32 bytes: BLAKE2b-256("tfv1/recovery\0" || salt || the 28 data characters). */
bool recovery_key(struct secret *kek, const struct secret *text,
	const unsigned char salt[KDF_SALT_BYTES], struct err *e);

#endif
