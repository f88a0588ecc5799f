/* SPDX-License-Identifier: MIT */

/*
 * The reader of vault.json, and what follows when it accepts: unlocking with
 * the key of the vectors, opening every record, writing it out and reading that
 * again. What was read must be written to a text that reads the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/vault_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Started once: the seeds are vaults of the key 80..9f. */
static const struct secret *example_key(void)
{
	static struct secret key;
	unsigned char bytes[SEAL_KEY_BYTES];

	if (key.len)
		return &key;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(0x80 + i);
	check(crypto_start(NULL) && secret_from(&key, bytes, sizeof(bytes), NULL));
	return &key;
}

static void round_trip(const struct vault *v)
{
	struct buf one = { 0 };
	struct buf two = { 0 };
	struct vault back;

	check(vault_format(v, v->gen, v->mac, &one, NULL));
	check(vault_parse(&back, one.p, one.len, NULL));
	check(vault_format(&back, back.gen, back.mac, &two, NULL));
	check(one.len == two.len && memcmp(one.p, two.p, one.len) == 0);
	buf_release(&one);
	buf_release(&two);
	vault_release(&back);
}

static void use(struct vault *v, const struct secret *key)
{
	struct buf text = { 0 };

	vault_tolerate(v);
	if (!vault_unlock_key(v, key, NULL))
		return;
	for (size_t i = 0; i < v->record_count; i++)
		check(vault_record_opens(v, &v->records[i]) || !v->mac_ok);
	if (v->mac_ok)
		check(vault_encode(v, &text, NULL) || v->gen == VAULT_NUMBER_MAX);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct secret *key = example_key();
	struct err e = { 0 };
	struct vault v;

	if (!vault_parse(&v, (const char *)data, size, &e)) {
		check(e.code == ERR_DAMAGED || e.code == ERR_NEWER);
		check(e.msg[0] && !v.records && !v.open);
		return 0;
	}
	round_trip(&v);
	use(&v, key);
	vault_release(&v);
	return 0;
}
