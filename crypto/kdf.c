/* SPDX-License-Identifier: MIT */
#include "crypto/kdf.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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

/* Half of the two seconds that unlocking may take: the machine has other work, too. */
#define AIM_US 1000000

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool kdf_cost_for(
	struct kdf_cost *cost, const struct kdf_machine *m, bool low_memory, struct err *e)
{
	uint64_t available = m->available;

	*cost = best_write;
	cost->mem = least(cost->mem, available / 4 / MIB * MIB);
	if (cost->mem >= floor_write.mem) {
		if (m->pass_us)
			cost->mem = least(cost->mem, AIM_US / (cost->ops * m->pass_us) * MIB);
		if (cost->mem < floor_write.mem)
			cost->mem = floor_write.mem;
		return true;
	}
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
	return err_hint(
		e, "--low-memory accepts the weaker setting, 19 MiB; a key file needs no memory");
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

/* An address-space limit (ulimit -v) is less memory, too: what it leaves over. */
static uint64_t limit_left(void)
{
	struct rlimit limit;
	struct buf text = { 0 };
	uint64_t pages = 0;
	uint64_t used;

	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	if (fs_read("/proc/self/statm", 4096, &text, NULL, NULL) && text.p)
		pages = strtoull(text.p, NULL, 10);
	buf_release(&text);
	used = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

static uint64_t core_us(void)
{
	struct timespec t;

	/* Time of this thread, not of the clock: a busy neighbour is no slow machine. */
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* One pass over a few MiB; 0 when it cannot be measured. */
static uint64_t measure_pass(void)
{
	static const unsigned char salt[KDF_SALT_BYTES];
	const size_t mib = 16;
	unsigned char out[SEAL_KEY_BYTES];
	uint64_t before = core_us();

	if (crypto_pwhash(out, sizeof(out), "measure", 7, salt, 1, mib * MIB,
		    crypto_pwhash_ALG_ARGON2ID13) != 0)
		return 0;
	return (core_us() - before + mib - 1) / mib;
}

bool kdf_cost_choose(struct kdf_cost *cost, bool low_memory, struct err *e)
{
	uint64_t available = memory_available();
	struct kdf_machine m = { .pass_us = measure_pass() };

	/* Where /proc is not there, the best is tried; a failing allocation says so itself. */
	m.available = least(available ? available : 4 * best_write.mem, limit_left());
	return kdf_cost_for(cost, &m, low_memory, e);
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
