/* SPDX-License-Identifier: MIT */
#include "crypto/seal.h"

#include <sodium.h>
#include <string.h>

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "cipher key");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "cipher nonce");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "cipher tag");
_Static_assert(SEAL_KEY_BYTES == crypto_kdf_KEYBYTES, "derivation key");
_Static_assert(MAC_BYTES == crypto_generichash_BYTES, "mac");
_Static_assert(sizeof(struct mac) == sizeof(crypto_generichash_state), "mac state");

size_t seal_length(size_t n)
{
	return n / SEAL_PAD * SEAL_PAD + SEAL_PAD + SEAL_TAG_BYTES;
}

void random_bytes(void *out, size_t n)
{
	randombytes_buf(out, n);
}

bool random_key(struct secret *out, struct err *e)
{
	if (!secret_init(out, SEAL_KEY_BYTES, e))
		return false;
	random_bytes(out->bytes, SEAL_KEY_BYTES);
	out->len = SEAL_KEY_BYTES;
	return true;
}

static bool is_key(const struct secret *key)
{
	return key->len == SEAL_KEY_BYTES;
}

static bool wrong_length(const struct secret *key, struct err *e)
{
	return err_set(e, ERR_KEY, "a key has %d bytes, not %zu", SEAL_KEY_BYTES, key->len);
}

bool key_derive(struct secret *out, const struct secret *key, uint64_t id, const char context[9],
	struct err *e)
{
	if (!is_key(key))
		return wrong_length(key, e);
	if (!secret_init(out, SEAL_KEY_BYTES, e))
		return false;
	crypto_kdf_derive_from_key((unsigned char *)out->bytes, SEAL_KEY_BYTES, id, context,
		(const unsigned char *)key->bytes);
	out->len = SEAL_KEY_BYTES;
	return true;
}

bool aead_seal(const struct aead *a, unsigned char *c, const void *p, size_t n)
{
	if (!is_key(a->key))
		return false;
	return crypto_aead_xchacha20poly1305_ietf_encrypt(c, NULL, p, n, a->aad, a->aad_len, NULL,
		       a->nonce, (const unsigned char *)a->key->bytes) == 0;
}

bool aead_open(const struct aead *a, void *p, const unsigned char *c, size_t n)
{
	if (!is_key(a->key) || n < SEAL_TAG_BYTES)
		return false;
	/* It checks the tag first and zeroes p when that fails. */
	return crypto_aead_xchacha20poly1305_ietf_decrypt(p, NULL, NULL, c, n, a->aad, a->aad_len,
		       a->nonce, (const unsigned char *)a->key->bytes) == 0;
}

static bool pad(struct secret *out, const struct secret *from, struct err *e)
{
	if (!secret_init(out, seal_length(from->len) - SEAL_TAG_BYTES, e))
		return false;
	secret_set(out, from->bytes, from->len);
	return sodium_pad(&out->len, (unsigned char *)out->bytes, from->len, SEAL_PAD, out->cap) ==
	       0;
}

bool seal_secret(unsigned char *c, unsigned char nonce[SEAL_NONCE_BYTES], const struct secret *from,
	const struct secret *key, const struct canon *aad, struct err *e)
{
	struct aead a = { .key = key, .nonce = nonce, .aad = aad->p, .aad_len = aad->len };
	struct secret padded = { 0 };
	bool ok = false;

	if (!is_key(key))
		return wrong_length(key, e);
	if (aad->cut)
		return err_set(e, ERR_USAGE, "the names of a credential are too long");
	if (!pad(&padded, from, e))
		goto out;
	random_bytes(nonce, SEAL_NONCE_BYTES);
	ok = aead_seal(&a, c, padded.bytes, padded.len);
out:
	secret_release(&padded);
	return ok;
}

static bool damaged(struct secret *out, struct err *e)
{
	secret_clear(out);
	return err_set(e, ERR_DAMAGED, "the sealed value was changed");
}

bool open_secret(struct secret *out, const struct sealed *s, const struct secret *key,
	const struct canon *aad, struct err *e)
{
	struct aead a = { .key = key, .nonce = s->nonce, .aad = aad->p, .aad_len = aad->len };
	size_t n;

	if (!is_key(key))
		return wrong_length(key, e);
	if (aad->cut || s->len < SEAL_PAD + SEAL_TAG_BYTES)
		return damaged(out, e);
	n = s->len - SEAL_TAG_BYTES;
	if (out->cap < n) {
		secret_release(out);
		if (!secret_init(out, n, e))
			return false;
	}
	secret_clear(out);
	if (!aead_open(&a, out->bytes, s->c, s->len) ||
		sodium_unpad(&out->len, (unsigned char *)out->bytes, n, SEAL_PAD) != 0)
		return damaged(out, e);
	sodium_memzero(out->bytes + out->len, out->cap + 1 - out->len);
	return true;
}

static crypto_generichash_state *state_of(struct mac *m)
{
	return (void *)m->state;
}

bool mac_begin(struct mac *m, const struct secret *key)
{
	return is_key(key) && crypto_generichash_init(state_of(m), (const void *)key->bytes,
				      key->len, MAC_BYTES) == 0;
}

void mac_add(struct mac *m, const void *p, size_t n)
{
	crypto_generichash_update(state_of(m), p, n);
}

void mac_end(struct mac *m, unsigned char out[MAC_BYTES])
{
	crypto_generichash_final(state_of(m), out, MAC_BYTES);
	sodium_memzero(m, sizeof(*m));
}

bool mac_of(unsigned char out[MAC_BYTES], const struct secret *key, const void *p, size_t n)
{
	struct mac m;

	if (!mac_begin(&m, key))
		return false;
	mac_add(&m, p, n);
	mac_end(&m, out);
	return true;
}

void hash_of(unsigned char out[MAC_BYTES], const void *p, size_t n)
{
	crypto_generichash(out, MAC_BYTES, p, n, NULL, 0);
}

bool bytes_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}
