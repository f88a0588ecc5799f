/* SPDX-License-Identifier: MIT */
#ifndef CRYPTO_B64_H
#define CRYPTO_B64_H

#include "base/str.h"
#include "crypto/secret.h"

/*
 * Base64 as the vault writes it: URL-safe, unpadded, one text for each value.
 *
 * Decoding refuses what other decoders forgive: padding, the `+/` alphabet,
 * blanks, bytes after the end, tail bits that are not zero, and two bytes
 * beyond ASCII that libsodium takes for '-' and '_'. Two texts for the same
 * bytes would be a change that no MAC sees.
 */

/* Characters, without the NUL, for the sizes that files hold. */
enum {
	B64_6 = 8,
	B64_16 = 22,
	B64_24 = 32,
	B64_32 = 43,
	B64_48 = 64,
};

/* Characters for n bytes, without the NUL. */
size_t b64_length(size_t n);

/* Appends to a text that grows. */
bool b64_add(struct buf *out, const void *p, size_t n, struct err *e);

/* Into an array, with a NUL; false when it does not fit (cap counts the NUL). */
bool b64_encode(char *out, size_t cap, const void *p, size_t n);

/* Exactly `want` bytes; false for any other text, and *out then holds nothing of use. */
bool b64_decode(void *out, size_t want, const char *text, size_t n);

/* At most cap bytes, their number in *len. */
bool b64_decode_upto(void *out, size_t cap, size_t *len, const char *text, size_t n);

/*
 * The same for secrets, in a time that depends only on the length; *out is
 * initialised here. ERR_DAMAGED for a wrong text. What stands in a vault is no
 * secret, and 10,000 records of it are decoded in a third of that time above.
 */
bool b64_encode_secret(struct secret *out, const struct secret *from, struct err *e);
bool b64_decode_secret(struct secret *out, const char *text, size_t n, struct err *e);

#endif
