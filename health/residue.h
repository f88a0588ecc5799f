/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_RESIDUE_H
#define HEALTH_RESIDUE_H

#include <stdint.h>

#include "base/str.h"
#include "crypto/secret.h"

/*
 * Looks for known secrets in foreign bytes, all of them in one pass.
 *
 * By keyed fingerprint: a rolling hash of the last 16 bytes (of a short secret
 * the last 8), with a table drawn anew for every run; a match is then compared
 * in constant time with the value, which lives in one guarded block. The last
 * bytes, not the first, because all keys of a provider begin alike. No value is
 * ever an argument, a temporary file or part of a message.
 */

#define RESIDUE_MIN 8 /* a shorter value is found by chance everywhere: not looked for */
#define RESIDUE_NONE SIZE_MAX

struct residue_needle {
	uint64_t hash;
	size_t at, len; /* in the guarded block */
};

struct residue {
	struct secret table; /* 256 words: the key of this run */
	struct secret values;
	struct residue_needle *needles;
	size_t count, cap;
	uint32_t *slots; /* hash -> needle + 1 */
	size_t slot_count;
	unsigned char *seen; /* one bit per 16 bits of hash: most places end here */
	size_t longest;
	bool has_short, has_long;
	size_t too_short; /* how many were not taken */
	struct buf window;
};

struct residue_hit {
	size_t needle;
	uint64_t at;   /* offset of its first byte */
	unsigned line; /* 1-based */
};

typedef void (*residue_fn)(void *ctx, const struct residue_hit *hit);

/* crypto_start() was called. */
bool residue_init(struct residue *r, struct err *e);
void residue_release(struct residue *r); /* safe on { 0 }, and twice */

/*
 * One more value. *index (may be NULL) is its needle: the same for the same value
 * twice, RESIDUE_NONE for one that is too short.
 */
bool residue_add(struct residue *r, const struct secret *value, size_t *index, struct err *e);

/* The needle that is exactly this value, or RESIDUE_NONE. */
size_t residue_known(const struct residue *r, const struct secret *value);

/* Every occurrence in n bytes, in the order of their ends per length class. */
void residue_scan(const struct residue *r, const char *p, size_t n, residue_fn fn, void *ctx);

/* What became of a file. */
struct residue_read {
	uint64_t max; /* asked for: at most so many bytes */
	uint64_t bytes;
	bool binary; /* a NUL near its beginning: lines mean nothing */
	bool cut;    /* longer than was asked for */
};

/* The same for a descriptor, at most what->max bytes, with one buffer that is wiped after. */
bool residue_scan_fd(struct residue *r, int fd, struct residue_read *what, residue_fn fn, void *ctx,
	struct err *e);

#endif
