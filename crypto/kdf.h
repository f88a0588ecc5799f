/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stdint.h>

#include "crypto/secret.h"

/*
 * A key from a passphrase: Argon2id. Its cost is checked against floors (a
 * lowered cost is an attack) and ceilings (a raised one is too) before any
 * memory is asked for. "Not enough memory" is ERR_MEMORY, never mistaken for
 * a wrong passphrase, which only the key slot's commitment can tell.
 */

enum {
	KDF_SALT_BYTES = 16
};

struct kdf_cost {
	uint64_t ops;
	uint64_t mem; /* bytes */
};

/* Between the limits for reading: 19 MiB..1 GiB, 2..16 passes; else ERR_DAMAGED. */
bool kdf_cost_check(const struct kdf_cost *cost, struct err *e);

/*
 * The cost for a new slot on this machine: 3 passes over a quarter of the
 * available memory, at most 256 MiB and what one core does in a second, at
 * least 64 MiB. Where less is available: ERR_MEMORY, or 2 passes over 19 MiB
 * with low_memory, an explicit choice. It measures for some milliseconds.
 */
bool kdf_cost_choose(struct kdf_cost *cost, bool low_memory, struct err *e);

struct kdf_machine {
	uint64_t available; /* bytes */
	uint64_t pass_us;   /* of one core, for one pass over one MiB; 0: not known */
};

/* The arithmetic of it, for such a machine. A slow one still gets the floor of 64 MiB. */
bool kdf_cost_for(
	struct kdf_cost *cost, const struct kdf_machine *m, bool low_memory, struct err *e);

/* *key is initialised here: 32 bytes. */
bool kdf_passphrase(struct secret *key, const struct secret *passphrase,
	const unsigned char salt[KDF_SALT_BYTES], const struct kdf_cost *cost, struct err *e);

#endif
