/* SPDX-License-Identifier: MIT */
#include "crypto/recovery.h"

#include <string.h>

#include "crypto/seal.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char label[] = "tfv1/recovery"; /* with its NUL */

enum {
	BITS = 5,
	VALUES = 1 << BITS,
	NO_VALUE = VALUES,
	POLYNOMIAL = 0x25, /* x^5 + x^2 + 1: x is a generator of GF(32) */
};

static unsigned times_x(unsigned a)
{
	a <<= 1;
	return a & VALUES ? a ^ POLYNOMIAL : a;
}

/* number ^ x*d1 ^ x^2*d2 ^ x^3*d3 ^ x^4*d4: no two places and no two groups count alike. */
static unsigned check_of(unsigned number, const unsigned char data[RECOVERY_GROUP_DATA])
{
	unsigned sum = 0;

	for (size_t i = RECOVERY_GROUP_DATA; i-- > 0;)
		sum = times_x(sum ^ data[i]);
	return sum ^ number;
}

static bool write_text(struct secret *text, const unsigned char data[RECOVERY_DATA], struct err *e)
{
	if (!secret_init(text, RECOVERY_CHARS, e))
		return false;
	for (unsigned g = 0; g < RECOVERY_GROUPS; g++) {
		const unsigned char *group = data + (size_t)g * RECOVERY_GROUP_DATA;

		if (g)
			secret_insert(text, text->len, "-", 1);
		for (size_t i = 0; i < RECOVERY_GROUP_DATA; i++)
			secret_insert(text, text->len, &alphabet[group[i]], 1);
		secret_insert(text, text->len, &alphabet[check_of(g + 1, group)], 1);
	}
	return true;
}

bool recovery_new(struct secret *text, struct err *e)
{
	struct secret random = { 0 };
	unsigned char *data;
	bool ok;

	if (!secret_init(&random, RECOVERY_DATA, e))
		return false;
	data = (unsigned char *)random.bytes;
	random_bytes(data, RECOVERY_DATA);
	for (size_t i = 0; i < RECOVERY_DATA; i++)
		data[i] %= VALUES; /* 256 is a multiple: every value is as likely */
	ok = write_text(text, data, e);
	secret_release(&random);
	return ok;
}

/* Without a table, so that no memory address depends on what was typed. */
static unsigned value_of(char c)
{
	unsigned found = NO_VALUE;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'I' || c == 'L')
		c = '1';
	if (c == 'O')
		c = '0';
	for (unsigned i = 0; i < VALUES; i++)
		found = alphabet[i] == c ? i : found;
	return found;
}

static bool separates(char c)
{
	return c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The values of all 35 characters, check characters too, in *values. */
static bool read_values(struct secret *values, const char *p, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		char v;

		if (separates(p[i]))
			continue;
		if (values->len == values->cap)
			return err_set(e, ERR_USAGE,
				"the recovery code is too long: it has %d groups of %d",
				RECOVERY_GROUPS, RECOVERY_GROUP_CHARS);
		v = (char)value_of(p[i]);
		if (v == NO_VALUE)
			return err_set(e, ERR_USAGE,
				"group %zu of the recovery code has a character that no code has",
				values->len / RECOVERY_GROUP_CHARS + 1);
		secret_insert(values, values->len, &v, 1);
	}
	return true;
}

static bool check_groups(
	unsigned char data[RECOVERY_DATA], const struct secret *values, struct err *e)
{
	for (unsigned g = 0; g < RECOVERY_GROUPS; g++) {
		const char *group = values->bytes + (size_t)g * RECOVERY_GROUP_CHARS;
		unsigned char *to = data + (size_t)g * RECOVERY_GROUP_DATA;

		if ((size_t)(g + 1) * RECOVERY_GROUP_CHARS > values->len)
			return err_set(e, ERR_USAGE,
				"the recovery code ends in group %u: it has %d groups of %d", g + 1,
				RECOVERY_GROUPS, RECOVERY_GROUP_CHARS);
		memcpy(to, group, RECOVERY_GROUP_DATA);
		if (check_of(g + 1, to) != (unsigned)group[RECOVERY_GROUP_DATA]) {
			err_set(e, ERR_USAGE, "group %u of the recovery code has a typing mistake",
				g + 1);
			return err_hint(e, "compare that group with what you wrote down");
		}
	}
	return true;
}

bool recovery_read(struct secret *text, const char *p, size_t n, struct err *e)
{
	struct secret values = { 0 };
	struct secret data = { 0 };
	bool ok;

	*text = (struct secret){ 0 };
	ok = secret_init(&values, (size_t)RECOVERY_GROUPS * RECOVERY_GROUP_CHARS, e) &&
	     secret_init(&data, RECOVERY_DATA, e) && read_values(&values, p, n, e) &&
	     check_groups((unsigned char *)data.bytes, &values, e) &&
	     write_text(text, (unsigned char *)data.bytes, e);
	secret_release(&values);
	secret_release(&data);
	return ok;
}

bool recovery_key(struct secret *kek, const struct secret *text,
	const unsigned char salt[KDF_SALT_BYTES], struct err *e)
{
	struct secret all = { 0 };

	if (text->len != RECOVERY_CHARS)
		return err_set(e, ERR_USAGE, "not a recovery code");
	if (!secret_init(&all, sizeof(label) + KDF_SALT_BYTES + RECOVERY_DATA, e))
		return false;
	secret_set(&all, label, sizeof(label));
	secret_insert(&all, all.len, salt, KDF_SALT_BYTES);
	for (size_t g = 0; g < RECOVERY_GROUPS; g++)
		secret_insert(&all, all.len, text->bytes + g * (RECOVERY_GROUP_CHARS + 1),
			RECOVERY_GROUP_DATA);
	if (secret_init(kek, SEAL_KEY_BYTES, e)) {
		hash_of((unsigned char *)kek->bytes, all.bytes, all.len);
		kek->len = SEAL_KEY_BYTES;
	}
	secret_release(&all);
	return kek->len == SEAL_KEY_BYTES;
}
