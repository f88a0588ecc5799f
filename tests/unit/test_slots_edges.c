/* SPDX-License-Identifier: MIT */

/* Key slots at their limits: numbers, kinds, folders that are not there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "store/vault_slots.h"
#include "tests/unit/fault.h"
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

/* The same code or passphrase opens two vaults with two keys: neither tells of the other. */
static void what_a_person_types_is_salted_anew_each_time(void **state)
{
	struct secret typed;
	struct slot_key k[2];
	struct err e = { 0 };

	(void)state;
	assert_ok(recovery_new(&typed, &e), e);
	for (size_t i = 0; i < 2; i++)
		assert_ok(slot_key_recovery(&k[i], &typed, &e), e);
	assert_memory_not_equal(k[0].slot.salt, k[1].slot.salt, sizeof(k[0].slot.salt));
	assert_false(secret_equal(&k[0].kek, &k[1].kek));
	slot_key_release(&k[0]);
	slot_key_release(&k[1]);
	for (size_t i = 0; i < 2; i++)
		assert_ok(slot_key_passphrase(&k[i], &typed, true, &e), e);
	assert_memory_not_equal(k[0].slot.salt, k[1].slot.salt, sizeof(k[0].slot.salt));
	assert_false(secret_equal(&k[0].kek, &k[1].kek));
	slot_key_release(&k[0]);
	slot_key_release(&k[1]);
	secret_release(&typed);
}

static void a_damaged_key_file_is_for_no_slot_here(void **state)
{
	struct fixture *fx = *state;
	const struct keyslot *slot = &fx->v.slots[0];
	struct err e = { 0 };
	char path[FS_PATH_MAX];

	assert_true(keyfile_path(path, sizeof(path), fx->keys, fx->v.id, &e));
	fixture_write(path, "short", 5, 0400);
	assert_ok(vault_slot_find_here(&fx->v, fx->keys, &slot, &e), e);
	assert_null(slot);
}

static void a_key_file_that_cannot_be_read_may_be_for_any_slot(void **state)
{
	struct fixture *fx = *state;
	const struct keyslot *slot;
	struct err e;

	fault_only("read");
	fault_at(1, EIO);
	assert_err(vault_slot_find_here(&fx->v, fx->keys, &slot, &e), e, ERR_IO);
	assert_true(fault_end());
	fault_only("read");
	fault_at(1, EIO);
	assert_null(vault_slot_here(&fx->v, fx->keys));
	assert_true(fault_end());
	assert_non_null(vault_slot_here(&fx->v, fx->keys));
}

static void a_typed_code_becomes_the_key_of_its_slot(void **state)
{
	struct fixture *fx = *state;
	struct secret codes[2];
	struct slot_key made;
	struct slot_key again;
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++)
		assert_ok(recovery_new(&codes[i], &e), e);
	assert_ok(slot_key_recovery(&made, &codes[0], &e), e);
	assert_ok(vault_slot_add(&fx->v, &made, &e), e);
	assert_ok(slot_key_for(&again, &fx->v, &fx->v.slots[1], &codes[0], &e), e);
	assert_true(secret_equal(&again.kek, &made.kek));
	slot_key_release(&again);
	assert_err(slot_key_for(&again, &fx->v, &fx->v.slots[1], &codes[1], &e), e, ERR_KEY);
	assert_null(again.kek.bytes);
	slot_key_release(&made);
	secret_release(&codes[0]);
	secret_release(&codes[1]);
}

static void without_memory_no_slot_is_known_to_fit(void **state)
{
	struct fixture *fx = *state;
	const struct keyslot *slot;
	struct secret key = { 0 };
	struct err e = { 0 };
	char path[FS_PATH_MAX];

	assert_true(keyfile_path(path, sizeof(path), fx->keys, fx->v.id, &e));
	assert_ok(keyfile_read(path, &key, &e), e);
	fault_only("mmap64");
	fault_at(1, ENOMEM);
	assert_err(vault_slot_match(&fx->v, &key, &slot, &e), e, ERR_MEMORY);
	assert_true(fault_end());
	fault_only("mmap64");
	fault_at(1, ENOMEM);
	assert_null(vault_slot_of(&fx->v, &key));
	assert_true(fault_end());
	assert_non_null(vault_slot_of(&fx->v, &key));
	secret_release(&key);
}

static void a_passphrase_without_memory_makes_no_slot(void **state)
{
	struct secret typed = fixture_secret("correct horse battery");
	struct slot_key k;
	struct err e;

	(void)state;
	fault_only("mmap64");
	fault_at(1, ENOMEM);
	fault_on();
	assert_err(slot_key_passphrase(&k, &typed, true, &e), e, ERR_MEMORY);
	assert_true(fault_end());
	assert_null(k.kek.bytes);
	slot_key_release(&k);
	secret_release(&typed);
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
		cmocka_unit_test(what_a_person_types_is_salted_anew_each_time),
		with_vault(a_credentials_folder_counts_when_a_slot_asks_for_it),
		with_vault(a_damaged_key_file_is_for_no_slot_here),
		with_vault(a_key_file_that_cannot_be_read_may_be_for_any_slot),
		with_vault(a_typed_code_becomes_the_key_of_its_slot),
		with_vault(without_memory_no_slot_is_known_to_fit),
		with_vault(a_passphrase_without_memory_makes_no_slot),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
