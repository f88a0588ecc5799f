/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_PKCE_H
#define CRYPTO_PKCE_H

#include "crypto/b64.h"

/*
 * What proves that the one who fetches a sign-in's tokens is the one who began it (RFC 7636): a
 * random verifier that stays here, and its SHA-256 that goes into the address. `state` ties the
 * browser's answer to this attempt; it stands in the address, too.
 */
#define PKCE_STATE_CAP 33

struct pkce {
	struct secret verifier; /* 43 characters */
	char challenge[B64_32 + 1];
	char state[PKCE_STATE_CAP]; /* 16 bytes in hexadecimal */
};

bool pkce_init(struct pkce *p, struct err *e);
void pkce_release(struct pkce *p); /* safe on { 0 }, and twice */

/* The challenge of a verifier. */
void pkce_challenge(char out[B64_32 + 1], const struct secret *verifier);

/* A random id for a request, as a version 4 UUID. */
#define UUID_CAP 37
void uuid_new(char out[UUID_CAP]);

#endif
