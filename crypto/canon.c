/* SPDX-License-Identifier: MIT */
#include "crypto/canon.h"

#include <string.h>

void canon_bytes(struct canon *c, const void *p, size_t n)
{
	if (n > sizeof(c->p) - c->len) {
		c->cut = true;
		return;
	}
	if (n)
		memcpy(c->p + c->len, p, n);
	c->len += n;
}

static void add_big_endian(struct canon *c, uint64_t x, size_t width)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < width; i++)
		bytes[i] = (unsigned char)(x >> (8 * (width - 1 - i)));
	canon_bytes(c, bytes, width);
}

void canon_u32(struct canon *c, uint32_t x)
{
	add_big_endian(c, x, 4);
}

void canon_u64(struct canon *c, uint64_t x)
{
	add_big_endian(c, x, 8);
}

void canon_lp(struct canon *c, const void *p, size_t n)
{
	if (n > UINT16_MAX) {
		c->cut = true;
		return;
	}
	add_big_endian(c, n, 2);
	canon_bytes(c, p, n);
}

void canon_text(struct canon *c, const char *text)
{
	canon_lp(c, text, strlen(text));
}

void canon_start(struct canon *c, const char *label, const struct scope *scope)
{
	c->len = 0;
	c->cut = false;
	canon_bytes(c, label, strlen(label) + 1);
	canon_bytes(c, scope->vault_id, sizeof(scope->vault_id));
	canon_u32(c, scope->epoch);
}
