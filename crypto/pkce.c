/* SPDX-License-Identifier: MIT */
#include "crypto/pkce.h"

#include <sodium.h>

#include "crypto/seal.h"

void pkce_challenge(char out[B64_32 + 1], const struct secret *verifier)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)verifier->bytes, verifier->len);
	b64_encode(out, B64_32 + 1, hash, sizeof(hash));
}

bool pkce_init(struct pkce *p, struct err *e)
{
	struct secret random = { 0 };
	unsigned char state[16];
	bool ok;

	*p = (struct pkce){ 0 };
	ok = random_key(&random, e) && b64_encode_secret(&p->verifier, &random, e);
	secret_release(&random);
	if (!ok)
		return false;
	pkce_challenge(p->challenge, &p->verifier);
	random_bytes(state, sizeof(state));
	sodium_bin2hex(p->state, sizeof(p->state), state, sizeof(state));
	return true;
}

void pkce_release(struct pkce *p)
{
	secret_release(&p->verifier);
	*p = (struct pkce){ 0 };
}

void uuid_new(char out[UUID_CAP])
{
	static const unsigned char groups[] = { 4, 2, 2, 2, 6 };
	unsigned char bytes[16];
	const unsigned char *from = bytes;

	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		sodium_bin2hex(out, (size_t)groups[i] * 2 + 1, from, groups[i]);
		from += groups[i];
		out += (size_t)groups[i] * 2;
		*out++ = '-';
	}
	out[-1] = '\0';
}
