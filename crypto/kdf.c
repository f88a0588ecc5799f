/* SPDX-License-Identifier: MIT */
#include "crypto/kdf.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "crypto/seal.h"

#define MIB (UINT64_C(1) << 20)

static const struct kdf_cost floor_read = { .ops = 2, .mem = 19 * MIB };
static const struct kdf_cost ceiling_read = { .ops = 16, .mem = 1024 * MIB };
static const struct kdf_cost floor_write = { .ops = 3, .mem = 64 * MIB };
static const struct kdf_cost best_write = { .ops = 3, .mem = 256 * MIB };

bool kdf_cost_check(const struct kdf_cost *cost, struct err *e)
{
	if (cost->mem < floor_read.mem || cost->ops < floor_read.ops)
		return err_set(e, ERR_DAMAGED,
			"the cost of the passphrase was lowered (%" PRIu64 " passes, %" PRIu64
			" MiB)",
			cost->ops, cost->mem / MIB);
	if (cost->mem > ceiling_read.mem || cost->ops > ceiling_read.ops)
		return err_set(e, ERR_DAMAGED,
			"the cost of the passphrase is beyond the limit (%" PRIu64
			" passes, %" PRIu64 " MiB)",
			cost->ops, cost->mem / MIB);
	return true;
}

bool kdf_cost_for(struct kdf_cost *cost, uint64_t available, bool low_memory, struct err *e)
{
	*cost = best_write;
	if (available / 4 < cost->mem)
		cost->mem = available / 4 / MIB * MIB;
	if (cost->mem >= floor_write.mem)
		return true;
	/* A quarter is polite; the floor itself must only fit. */
	*cost = floor_write;
	if (available > 2 * floor_write.mem)
		return true;
	*cost = floor_read;
	if (low_memory && available > floor_read.mem)
		return true;
	err_set(e, ERR_MEMORY,
		"a passphrase needs %" PRIu64 " MiB of free memory, here are %" PRIu64,
		2 * floor_write.mem / MIB, available / MIB);
	return err_hint(e, "use a key file instead, or accept the weaker low-memory setting");
}

/* Bytes the kernel could give without swapping; 0 when it does not say. */
static uint64_t memory_available(void)
{
	static const char name[] = "\nMemAvailable:";
	struct buf text = { 0 };
	uint64_t kib = 0;
	const char *at;

	if (fs_read("/proc/meminfo", 65536, &text, NULL, NULL) && text.p &&
		(at = strstr(text.p, name)))
		kib = strtoull(at + strlen(name), NULL, 10);
	buf_release(&text);
	return kib * 1024;
}

bool kdf_cost_choose(struct kdf_cost *cost, bool low_memory, struct err *e)
{
	uint64_t available = memory_available();

	/* Where /proc is not there, the best is tried; a failing allocation says so itself. */
	return kdf_cost_for(cost, available ? available : 4 * best_write.mem, low_memory, e);
}

static bool too_little(uint64_t mem, struct err *e)
{
	err_set(e, ERR_MEMORY,
		"not enough memory for the passphrase: it needs %" PRIu64 " MiB at once",
		mem / MIB);
	return err_hint(e,
		"this says nothing about the passphrase; stop other programs, then "
		"try again");
}

bool kdf_passphrase(struct secret *key, const struct secret *passphrase,
	const unsigned char salt[KDF_SALT_BYTES], const struct kdf_cost *cost, struct err *e)
{
	if (!kdf_cost_check(cost, e) || !secret_init(key, SEAL_KEY_BYTES, e))
		return false;
	/* With the cost checked, memory is the only thing that this can lack. */
	if (crypto_pwhash((unsigned char *)key->bytes, SEAL_KEY_BYTES, passphrase->bytes,
		    passphrase->len, salt, cost->ops, (size_t)cost->mem,
		    crypto_pwhash_ALG_ARGON2ID13) != 0) {
		secret_release(key);
		return too_little(cost->mem, e);
	}
	key->len = SEAL_KEY_BYTES;
	return true;
}
