/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include <stddef.h>

#include "base/err.h"

/*
 * Bytes that must not leak: API keys, tokens, derived keys, and every text
 * field of the screens.
 *
 * The memory is a mapping of its own: fenced by guard pages, left out of core
 * dumps, zero in forks and wiped on release, page-locked where the limits allow
 * it (secret_locked() says so). Capacity is fixed at init, so the bytes never
 * move and no stale copy is left behind. There is no print, no strdup and no
 * growable variant, on purpose. { 0 } is empty and may be released.
 */
struct secret {
	char *bytes; /* len bytes, then '\0'; NULL before init */
	size_t len;
	size_t cap; /* without the NUL */
};

#define SECRET_MAX ((size_t)16384) /* the vault's limit for one credential */

/* Once per process, before anything else of crypto/. */
bool crypto_start(struct err *e);

bool secret_init(struct secret *s, size_t cap, struct err *e);
void secret_release(struct secret *s); /* safe on { 0 }, and twice */

/* Forgets the content, keeps the memory. */
void secret_clear(struct secret *s);

/* init + set. */
bool secret_from(struct secret *s, const void *p, size_t n, struct err *e);

/* False when it does not fit; *s is then unchanged. */
bool secret_set(struct secret *s, const void *p, size_t n);
bool secret_insert(struct secret *s, size_t at, const void *p, size_t n);
void secret_remove(struct secret *s, size_t at, size_t n);

/* Releases *to, gives it what *from held, leaves *from empty. */
void secret_move(struct secret *to, struct secret *from);
bool secret_copy(struct secret *to, const struct secret *from, struct err *e);

/* Constant time for equal lengths. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Did mlock() hold for every secret so far? */
bool secret_locked(void);

/*
 * 8 hexadecimal digits of a BLAKE2b hash: enough for a person to compare two
 * credentials, too little to find one.
 */
#define FINGERPRINT_CAP 9
void secret_fingerprint(char out[FINGERPRINT_CAP], const struct secret *s);

/* The last four characters when it has at least 20, else "". */
#define TAIL_CAP 5
void secret_tail(char out[TAIL_CAP], const struct secret *s);

#endif
