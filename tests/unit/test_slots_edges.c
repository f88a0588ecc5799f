/* SPDX-License-Identifier: MIT */

/* Key slots at their limits: numbers, kinds, folders that are not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "store/vault_slots.h"
#include "tests/unit/temp.h"
#include "tests/unit/vault_fixture.h"

static int setup_group(void **state)
{
	(void)state;
	return crypto_start(NULL) ? 0 : -1;
}

static void keys_of_slots_have_their_length_and_name(void **state)
{
	struct fixture *fx = *state;
	struct secret s = fixture_secret("sixteen bytes ok");
	struct slot_key k = { 0 };
	struct err e;

	assert_err(slot_key_file(&k, &s, &e), e, ERR_USAGE);
	assert_err(slot_key_credential(&k, fx->dir, "none", &e), e, ERR_NOT_FOUND);
	slot_key_release(&k);
	assert_err(vault_slot_remove(&fx->v, "s9", &e), e, ERR_NOT_FOUND);
	assert_err(vault_slot_discard(&fx->v, fx->path, "s9", &e), e, ERR_NOT_FOUND);
	assert_null(vault_slot(&fx->v, ""));
	assert_false(keyslot_unattended((enum keyslot_type)99));
	secret_release(&s);
}

static void a_vault_without_slots_has_no_weakest(void **state)
{
	struct vault v = { 0 };

	(void)state;
	assert_null(vault_weakest(&v));
	assert_string_equal(vault_weakest_words(&v, "/none"), "");
	assert_int_equal(vault_unattended(&v), 0);
	assert_false(vault_opens_alone(&v, "/none", NULL));
}

static void new_slots_number_above_all_others(void **state)
{
	static const struct {
		const char *id;
		const char *next;
	} rows[] = {
		{ "s1", "s2" },
		{ "s7", "s8" },
		{ "x9", "s1" },
		{ "s", "s1" },
		{ "s999999", "s1000000" },
		{ "s1000000", "s1" },
		{ "s99999999999999999999", "s1" },
	};
	struct fixture *fx = *state;
	struct secret key = fixture_key(5);
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slot_key k;

		assert_ok(slot_key_file(&k, &key, &e), e);
		str_copy(fx->v.slots[0].id, sizeof(fx->v.slots[0].id), rows[i].id);
		assert_ok(vault_slot_add(&fx->v, &k, &e), e);
		assert_string_equal(fx->v.slots[1].id, rows[i].next);
		fx->v.slot_count = 1;
		slot_key_release(&k);
	}
	for (fx->v.slot_count = 1; fx->v.slot_count < VAULT_SLOTS_MAX;) {
		struct slot_key k;

		assert_ok(slot_key_file(&k, &key, &e), e);
		assert_ok(vault_slot_add(&fx->v, &k, &e), e);
		slot_key_release(&k);
	}
	assert_err(vault_slot_add(&fx->v, &(struct slot_key){ 0 }, &e), e, ERR_REFUSED);
	secret_release(&key);
}

static void a_vault_without_a_key_folder_is_managed_all_the_same(void **state)
{
	struct fixture *fx = *state;
	struct secret keys[2] = { fixture_key(1), fixture_key(2) };
	enum rekey_left what = REKEY_FINISHED;
	struct slot_key k;
	struct vault v;
	struct err e = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/other/vault.json", fx->dir);
	assert_ok(vault_create_with_key(&v, &keys[0], &e), e);
	assert_ok(vault_save(&v, path, &e), e);
	assert_ok(slot_key_file(&k, &keys[1], &e), e);
	assert_ok(vault_slot_install(&v, path, &k, &e), e);
	assert_ok(vault_reload(&v, path, &e), e);
	assert_string_equal(v.key_dir, "");
	assert_ok(vault_rekey_resume(&v, path, &what, &e), e);
	assert_int_equal(what, REKEY_NOTHING);
	assert_err(vault_rekey_file(&v, path, &e), e, ERR_NOT_FOUND);
	assert_ok(vault_slot_discard(&v, path, "s1", &e), e);
	str_copy(v.opened_by, sizeof(v.opened_by), "s2");
	assert_err(vault_slot_discard(&v, path, "s2", &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "last key slot"));
	fixture_write(path, "{}", 2, 0600);
	assert_false(vault_committed(&v, path, NULL));
	slot_key_release(&k);
	secret_release(&keys[0]);
	secret_release(&keys[1]);
	vault_release(&v);
}

static void a_credentials_folder_counts_when_a_slot_asks_for_it(void **state)
{
	struct fixture *fx = *state;
	struct secret key = fixture_key(9);
	struct err e = { 0 };
	struct slot_key k;
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	assert_ok(vault_unlock_unattended(&v, fx->keys, &e), e);
	setenv("CREDENTIALS_DIRECTORY", fx->dir, 1);
	assert_ok(vault_unlock_unattended(&v, fx->keys, &e), e);
	/* A slot that asks, and a folder that has nothing: the key file opens it. */
	fixture_write(temp_path(fx->dir, "bot"), key.bytes, key.len, 0400);
	assert_ok(slot_key_credential(&k, fx->dir, "bot", &e), e);
	assert_ok(vault_slot_add(&v, &k, &e), e);
	assert_true(vault_opens_alone(&v, "/none", NULL));
	assert_false(vault_opens_alone(&v, "/none", k.slot.id));
	assert_true(vault_opens_alone(&v, fx->keys, k.slot.id));
	assert_ok(vault_save(&v, fx->path, &e), e);
	assert_int_equal(unlink(temp_path(fx->dir, "bot")), 0);
	assert_ok(vault_unlock_unattended(&v, fx->keys, &e), e);
	assert_string_equal(v.opened_by, "s1");
	unsetenv("CREDENTIALS_DIRECTORY");
	slot_key_release(&k);
	secret_release(&key);
	vault_release(&v);
}

#define with_vault(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, fixture_setup_three, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_vault(keys_of_slots_have_their_length_and_name),
		cmocka_unit_test(a_vault_without_slots_has_no_weakest),
		with_vault(new_slots_number_above_all_others),
		with_vault(a_vault_without_a_key_folder_is_managed_all_the_same),
		with_vault(a_credentials_folder_counts_when_a_slot_asks_for_it),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
