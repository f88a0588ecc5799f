/* SPDX-License-Identifier: MIT */
#include "crypto/b64.h"

#include <sodium.h>
#include <stdint.h>

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

/* One more than the value of a digit; 0 is no digit. */
/* clang-format off */
static const unsigned char digits[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};
/* clang-format on */

/* The value of 2 to 4 digits, left-aligned in 24 bits; false when one is none. */
static bool take_group(const char *text, size_t n, uint32_t *value)
{
	uint32_t x = 0;

	for (size_t i = 0; i < 4; i++) {
		unsigned d = i < n ? digits[(unsigned char)text[i]] : 1;

		if (!d)
			return false;
		x = x << 6 | (d - 1);
	}
	*value = x;
	return true;
}

static bool decode(unsigned char *out, const char *text, size_t n)
{
	size_t rest = n % 4;
	uint32_t x;

	for (; n >= 4; text += 4, n -= 4) {
		if (!take_group(text, 4, &x))
			return false;
		*out++ = (unsigned char)(x >> 16);
		*out++ = (unsigned char)(x >> 8);
		*out++ = (unsigned char)x;
	}
	if (!rest)
		return true;
	if (rest == 1 || !take_group(text, rest, &x))
		return false;
	*out++ = (unsigned char)(x >> 16);
	if (rest == 3)
		*out++ = (unsigned char)(x >> 8);
	/* Bits that reach no byte must be zero. */
	return (rest == 3 ? x & 0xff : x & 0xffff) == 0;
}

bool b64_decode_upto(void *out, size_t cap, size_t *len, const char *text, size_t n)
{
	*len = n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
	if (*len <= cap && decode(out, text, n))
		return true;
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

/* Through libsodium, whose time does not depend on the digits. */
bool b64_decode_secret(struct secret *out, const char *text, size_t n, struct err *e)
{
	if (!secret_init(out, n / 4 * 3 + 2, e))
		return false;
	/* ignore and b64_end both NULL: only then is the whole text the value. */
	if (ascii(text, n) && sodium_base642bin((unsigned char *)out->bytes, out->cap, text, n,
				      NULL, &out->len, NULL, VARIANT) == 0) {
		out->bytes[out->len] = '\0';
		return true;
	}
	secret_release(out);
	return err_set(e, ERR_DAMAGED, "not base64 text");
}
