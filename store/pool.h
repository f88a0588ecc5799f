/* SPDX-License-Identifier: MIT */
#ifndef STORE_POOL_H
#define STORE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "store/doc.h"

/*
 * Texts that live exactly as long as the reader that decoded them. For names,
 * never for secrets: nothing is wiped. NULL means out of memory.
 */
struct pool_block;

struct pool {
	struct pool_block *blocks;
};

void pool_release(struct pool *p);         /* safe on { 0 }, and twice */
char *pool_room(struct pool *p, size_t n); /* n bytes, not cleared */
const char **pool_pointers(struct pool *p, size_t n);
char *pool_copy(struct pool *p, const char *text);

/* The decoded string or key; "" when it is absent or not a string. */
const char *pool_text(struct pool *p, const struct doc *d, uint32_t node);
char *pool_trimmed(struct pool *p, const struct doc *d, uint32_t node); /* without blanks around */
const char *pool_key(struct pool *p, const struct doc *d, uint32_t node);

#endif
