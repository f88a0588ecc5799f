/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_CANON_H
#define CRYPTO_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The canonical bytes of vault-format.md: what is authenticated is never the
 * JSON text but these, so that two programs which lay out the text differently
 * still agree. Integers are big-endian, LP(x) is a u16 length and the bytes.
 */

enum {
	VAULT_ID_BYTES = 16,
	CANON_MAX = 1024, /* a record's AAD with every text at its limit needs 907 */
};

/* Which vault, and which of its master keys: the start of everything authenticated. */
struct scope {
	unsigned char vault_id[VAULT_ID_BYTES];
	uint32_t epoch;
};

struct canon {
	unsigned char p[CANON_MAX];
	size_t len;
	bool cut; /* something did not fit: the bytes must not be used */
};

/* Starts over with label, its NUL, vault id and epoch. */
void canon_start(struct canon *c, const char *label, const struct scope *scope);
void canon_bytes(struct canon *c, const void *p, size_t n);
void canon_u32(struct canon *c, uint32_t x);
void canon_u64(struct canon *c, uint64_t x);
void canon_lp(struct canon *c, const void *p, size_t n);
void canon_text(struct canon *c, const char *text); /* LP of its bytes */

#endif
