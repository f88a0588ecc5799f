/* SPDX-License-Identifier: MIT */
#include "crypto/keyslot.h"

#include <string.h>

#include "base/str.h"
#include "crypto/b64.h"
#include "tests/unit/fake_random.h"
#include "tests/unit/test.h"

struct fixture {
	struct scope scope;
	struct secret kek;
	struct secret vmk;
	struct keyslot slot; /* the file slot of vault-format.md, wrapped */
};

static struct secret key_from(unsigned char first)
{
	unsigned char bytes[SEAL_KEY_BYTES];
	struct err e = { 0 };
	struct secret key;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(first + i);
	assert_ok(secret_from(&key, bytes, sizeof(bytes), &e), e);
	return key;
}

static int setup(void **state)
{
	static struct fixture fx;
	struct err e = { 0 };

	fx = (struct fixture){ .scope = { .epoch = 1 } };
	for (unsigned i = 0; i < VAULT_ID_BYTES; i++)
		fx.scope.vault_id[i] = (unsigned char)(0xa0 + i);
	fx.kek = key_from(0x80);
	fx.vmk = key_from(0);
	fx.slot = (struct keyslot){ .id = "s1", .type = KEYSLOT_FILE };
	fake_random_begin();
	fake_random_queue(0x60, SEAL_NONCE_BYTES);
	assert_ok(keyslot_wrap(&fx.slot, &fx.scope, &fx.kek, &fx.vmk, &e), e);
	assert_int_equal(fake_random_end(), 1);
	*state = &fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	secret_release(&fx->kek);
	secret_release(&fx->vmk);
	return 0;
}

static void wrapped_key_matches_the_vectors(void **state)
{
	struct fixture *fx = *state;
	char kc[B64_32 + 1];
	char w[B64_48 + 1];

	assert_true(b64_encode(kc, sizeof(kc), fx->slot.kc, sizeof(fx->slot.kc)));
	assert_true(b64_encode(w, sizeof(w), fx->slot.w, sizeof(fx->slot.w)));
	assert_string_equal(kc, "EutXglx4SQnbRmYUBL_fw4u31noNTY4XkBlrTWHN2sc");
	assert_string_equal(w, "nZz5-WP51pIlVOdlfn0okKT1LcTs0sFDkeXshvZI8C7mh7dpYUV721uBDgbH0pnB");
}

static void right_key_unwraps(void **state)
{
	struct fixture *fx = *state;
	struct secret vmk = { 0 };
	struct err e = { 0 };

	assert_ok(keyslot_unwrap(&fx->slot, &fx->scope, &fx->kek, &vmk, &e), e);
	assert_true(secret_equal(&vmk, &fx->vmk));
	secret_release(&vmk);
}

static void wrong_key_is_told_from_damage(void **state)
{
	struct fixture *fx = *state;
	struct secret other = key_from(0x81);
	struct secret vmk = { 0 };
	struct err e = { 0 };

	assert_err(keyslot_unwrap(&fx->slot, &fx->scope, &other, &vmk, &e), e, ERR_KEY);
	assert_null(vmk.bytes);
	fx->slot.w[0] ^= 1;
	assert_err(keyslot_unwrap(&fx->slot, &fx->scope, &fx->kek, &vmk, &e), e, ERR_DAMAGED);
	assert_null(vmk.bytes);
	fx->slot.w[0] ^= 1;
	fx->slot.n[0] ^= 1;
	assert_err(keyslot_unwrap(&fx->slot, &fx->scope, &fx->kek, &vmk, &e), e, ERR_DAMAGED);
	secret_release(&other);
}

static void slot_of_another_vault_or_epoch_does_not_unwrap(void **state)
{
	struct fixture *fx = *state;
	struct scope other = fx->scope;
	struct secret vmk = { 0 };
	struct err e = { 0 };

	other.epoch = 2;
	assert_err(keyslot_unwrap(&fx->slot, &other, &fx->kek, &vmk, &e), e, ERR_KEY);
	other = fx->scope;
	other.vault_id[15] ^= 1;
	assert_err(keyslot_unwrap(&fx->slot, &other, &fx->kek, &vmk, &e), e, ERR_KEY);
}

static void every_parameter_is_committed_to(void **state)
{
	struct fixture *fx = *state;
	struct keyslot slot = {
		.id = "s2",
		.type = KEYSLOT_ARGON2ID,
		.salt = { 1, 2, 3 },
		.cost = { .ops = 3, .mem = 64 << 20 },
	};
	struct keyslot changed[5];
	struct secret vmk = { 0 };
	struct err e = { 0 };

	assert_ok(keyslot_wrap(&slot, &fx->scope, &fx->kek, &fx->vmk, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(changed); i++)
		changed[i] = slot;
	changed[0].id[1] = '3';
	changed[1].salt[15] ^= 1;
	changed[2].cost.ops = 2;
	changed[3].cost.mem = 63 << 20;
	changed[4].kc[0] ^= 1;
	for (size_t i = 0; i < ARRAY_LEN(changed); i++)
		assert_err(keyslot_unwrap(&changed[i], &fx->scope, &fx->kek, &vmk, &e), e, ERR_KEY);
	assert_ok(keyslot_unwrap(&slot, &fx->scope, &fx->kek, &vmk, &e), e);
	secret_release(&vmk);
}

static void impossible_parameters_are_refused(void **state)
{
	static const struct keyslot wrong[] = {
		{ .id = "s1", .type = KEYSLOT_FILE, .cost = { .ops = 1 } },
		{ .id = "s1", .type = KEYSLOT_FILE, .cost = { .mem = 1 } },
		{ .id = "s1", .type = KEYSLOT_FILE, .name = "x" },
		{ .id = "s1", .type = KEYSLOT_SYSTEMD_CRED },
		{ .id = "s1", .type = KEYSLOT_ARGON2ID },
		{ .id = "s1", .type = KEYSLOT_ARGON2ID, .cost = { .ops = 3, .mem = 1 << 20 } },
		{ .id = "s1",
			.type = KEYSLOT_ARGON2ID,
			.cost = { .ops = 3, .mem = 64 << 20 },
			.name = "x" },
		{ .id = "s1", .type = KEYSLOT_RECOVERY, .cost = { .ops = 3 } },
	};
	struct fixture *fx = *state;
	struct secret vmk = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct keyslot slot = wrong[i];

		assert_err(keyslot_wrap(&slot, &fx->scope, &fx->kek, &fx->vmk, &e), e, ERR_DAMAGED);
		assert_err(keyslot_unwrap(&slot, &fx->scope, &fx->kek, &vmk, &e), e, ERR_DAMAGED);
	}
}

static void every_type_has_a_name_of_its_own(void **state)
{
	static const enum keyslot_type all[] = { KEYSLOT_FILE, KEYSLOT_ARGON2ID,
		KEYSLOT_SYSTEMD_CRED, KEYSLOT_RECOVERY };
	enum keyslot_type found;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_true(keyslot_type_find(&found, keyslot_type_name(all[i])));
		assert_int_equal(found, all[i]);
	}
	assert_false(keyslot_type_find(&found, "files"));
	assert_false(keyslot_type_find(&found, ""));
}

static void only_a_whole_key_is_wrapped(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };

	fx->vmk.len = 31;
	assert_err(keyslot_wrap(&fx->slot, &fx->scope, &fx->kek, &fx->vmk, &e), e, ERR_KEY);
	fx->vmk.len = 32;
	fx->kek.len = 31;
	assert_err(keyslot_wrap(&fx->slot, &fx->scope, &fx->kek, &fx->vmk, &e), e, ERR_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wrapped_key_matches_the_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(right_key_unwraps, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_key_is_told_from_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(
			slot_of_another_vault_or_epoch_does_not_unwrap, setup, teardown),
		cmocka_unit_test_setup_teardown(every_parameter_is_committed_to, setup, teardown),
		cmocka_unit_test_setup_teardown(impossible_parameters_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(every_type_has_a_name_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(only_a_whole_key_is_wrapped, setup, teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
