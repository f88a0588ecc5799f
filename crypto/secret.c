/* SPDX-License-Identifier: MIT */
#include "crypto/secret.h"

#include <sodium.h>
#include <string.h>

/* The one piece of state: whether mlock() ever failed. */
static bool lock_failed;

bool crypto_start(struct err *e)
{
	if (sodium_init() < 0)
		return err_set(e, ERR_FAILED, "libsodium cannot start: no source of random bytes");
	return true;
}

bool secret_init(struct secret *s, size_t cap, struct err *e)
{
	*s = (struct secret){ 0 };
	s->bytes = sodium_malloc(cap + 1);
	if (!s->bytes)
		return err_set(e, ERR_MEMORY, "out of memory for a secret of %zu bytes", cap);
	/* sodium_malloc ignores a failing mlock (1.0.18, utils.c); asking again tells. */
	if (sodium_mlock(s->bytes, cap + 1) != 0)
		lock_failed = true;
	s->cap = cap;
	s->bytes[0] = '\0';
	return true;
}

void secret_release(struct secret *s)
{
	sodium_free(s->bytes);
	*s = (struct secret){ 0 };
}

void secret_clear(struct secret *s)
{
	if (s->bytes)
		sodium_memzero(s->bytes, s->cap + 1);
	s->len = 0;
}

bool secret_from(struct secret *s, const void *p, size_t n, struct err *e)
{
	return secret_init(s, n, e) && secret_set(s, p, n);
}

bool secret_set(struct secret *s, const void *p, size_t n)
{
	if (n > s->cap)
		return false;
	if (n)
		memmove(s->bytes, p, n);
	if (s->bytes)
		sodium_memzero(s->bytes + n, s->cap + 1 - n);
	s->len = n;
	return true;
}

bool secret_insert(struct secret *s, size_t at, const void *p, size_t n)
{
	if (n > s->cap - s->len || at > s->len)
		return false;
	if (!n)
		return true;
	memmove(s->bytes + at + n, s->bytes + at, s->len - at);
	memcpy(s->bytes + at, p, n);
	s->len += n;
	s->bytes[s->len] = '\0';
	return true;
}

void secret_remove(struct secret *s, size_t at, size_t n)
{
	if (at >= s->len)
		return;
	if (n > s->len - at)
		n = s->len - at;
	memmove(s->bytes + at, s->bytes + at + n, s->len - at - n);
	s->len -= n;
	sodium_memzero(s->bytes + s->len, n);
}

void secret_move(struct secret *to, struct secret *from)
{
	if (to == from)
		return;
	secret_release(to);
	*to = *from;
	*from = (struct secret){ 0 };
}

bool secret_copy(struct secret *to, const struct secret *from, struct err *e)
{
	return secret_from(to, from->bytes, from->len, e);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && (!a->len || sodium_memcmp(a->bytes, b->bytes, a->len) == 0);
}

bool secret_locked(void)
{
	return !lock_failed;
}

void secret_fingerprint(char out[FINGERPRINT_CAP], const struct secret *s)
{
	static const unsigned char context[] = "thinkfleetbot fingerprint v1";
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)s->bytes, s->len, context,
		sizeof(context) - 1);
	sodium_bin2hex(out, FINGERPRINT_CAP, hash, 4);
}

void secret_tail(char out[TAIL_CAP], const struct secret *s)
{
	out[0] = '\0';
	if (s->len < 20)
		return;
	memcpy(out, s->bytes + s->len - 4, 4);
	out[4] = '\0';
}
