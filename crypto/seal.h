/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stdint.h>

#include "crypto/canon.h"
#include "crypto/secret.h"

/*
 * The primitives of the vault, each libsodium's, with the choices made here
 * once: XChaCha20-Poly1305 with a fresh random nonce per seal, keyed
 * BLAKE2b-256, libsodium's key derivation. A caller cannot pass a nonce to
 * seal_secret(), so none is ever used twice; randombytes_buf() is the only
 * source. Keys are `struct secret` of 32 bytes; others are refused.
 */

enum {
	SEAL_KEY_BYTES = 32,
	SEAL_NONCE_BYTES = 24,
	SEAL_TAG_BYTES = 16,
	SEAL_PAD = 64, /* lengths are hidden to the next multiple */
	MAC_BYTES = 32,
};

/* Bytes of a sealed secret of n bytes: padded, with its tag. */
size_t seal_length(size_t n);

void random_bytes(void *out, size_t n);
bool random_key(struct secret *out, struct err *e);

/* A subkey of `key` for a purpose: id and an 8-character context. */
bool key_derive(struct secret *out, const struct secret *key, uint64_t id, const char context[9],
	struct err *e);

/* Draws the nonce, pads, seals. c holds seal_length(from->len) bytes. */
bool seal_secret(unsigned char *c, unsigned char nonce[SEAL_NONCE_BYTES], const struct secret *from,
	const struct secret *key, const struct canon *aad, struct err *e);

/*
 * Opens what seal_secret() made; *out (at first { 0 }) gets new memory only when
 * its capacity is too small, so one secret serves a loop. Anything that is not
 * authentic is ERR_DAMAGED, and *out is then empty.
 */
struct sealed {
	const unsigned char *nonce; /* SEAL_NONCE_BYTES */
	const unsigned char *c;
	size_t len;
};

bool open_secret(struct secret *out, const struct sealed *s, const struct secret *key,
	const struct canon *aad, struct err *e);

/* The bare cipher, without padding, for known-answer tests and wrapped keys. */
struct aead {
	const struct secret *key;
	const unsigned char *nonce;
	const unsigned char *aad;
	size_t aad_len;
};

/* c holds n + SEAL_TAG_BYTES. */
bool aead_seal(const struct aead *a, unsigned char *c, const void *p, size_t n);
/* p holds n - SEAL_TAG_BYTES; false, and p wiped, when it is not authentic. */
bool aead_open(const struct aead *a, void *p, const unsigned char *c, size_t n);

/* Keyed BLAKE2b-256, as a stream and at once. */
struct mac {
	_Alignas(64) unsigned char state[384];
};

bool mac_begin(struct mac *m, const struct secret *key);
void mac_add(struct mac *m, const void *p, size_t n);
void mac_end(struct mac *m, unsigned char out[MAC_BYTES]); /* wipes the state */
bool mac_of(unsigned char out[MAC_BYTES], const struct secret *key, const void *p, size_t n);

/* Unkeyed, for checksums. */
void hash_of(unsigned char out[MAC_BYTES], const void *p, size_t n);

/* Constant time. */
bool bytes_equal(const void *a, const void *b, size_t n);

#endif
