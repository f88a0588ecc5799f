/* SPDX-License-Identifier: MIT */
#include "crypto/b64.h"

#include <sodium.h>

enum {
	VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};

size_t b64_length(size_t n)
{
	return sodium_base64_encoded_len(n, VARIANT) - 1;
}

bool b64_encode(char *out, size_t cap, const void *p, size_t n)
{
	if (cap <= b64_length(n))
		return false;
	sodium_bin2base64(out, cap, p, n, VARIANT);
	return true;
}

bool b64_add(struct buf *out, const void *p, size_t n, struct err *e)
{
	size_t more = b64_length(n);

	if (!buf_reserve(out, more, e))
		return false;
	sodium_bin2base64(out->p + out->len, more + 1, p, n, VARIANT);
	out->len += more;
	return true;
}

/*
 * libsodium 1.0.18 takes 0xad for '-' and 0xdf for '_' where char is signed: its
 * comparison loses the sign bits. Looks at every byte, whatever the bytes are.
 */
static bool ascii(const char *text, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)text[i];
	return all < 0x80;
}

bool b64_decode_upto(void *out, size_t cap, size_t *len, const char *text, size_t n)
{
	/* ignore and b64_end both NULL: only then is the whole text the value. */
	if (ascii(text, n) && sodium_base642bin(out, cap, text, n, NULL, len, NULL, VARIANT) == 0)
		return true;
	sodium_memzero(out, cap);
	*len = 0;
	return false;
}

bool b64_decode(void *out, size_t want, const char *text, size_t n)
{
	size_t len;

	return n == b64_length(want) && b64_decode_upto(out, want, &len, text, n) && len == want;
}

bool b64_encode_secret(struct secret *out, const struct secret *from, struct err *e)
{
	if (!secret_init(out, b64_length(from->len), e))
		return false;
	out->len = out->cap;
	return b64_encode(out->bytes, out->cap + 1, from->bytes, from->len);
}

bool b64_decode_secret(struct secret *out, const char *text, size_t n, struct err *e)
{
	if (!secret_init(out, n / 4 * 3 + 2, e))
		return false;
	if (b64_decode_upto(out->bytes, out->cap, &out->len, text, n)) {
		out->bytes[out->len] = '\0';
		return true;
	}
	secret_release(out);
	return err_set(e, ERR_DAMAGED, "not base64 text");
}
