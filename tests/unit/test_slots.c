/* SPDX-License-Identifier: MIT */
#include "store/vault_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "tests/unit/vault_fixture.h"

/* The lowest cost that is read: these tests are not about its strength. */
static const struct kdf_cost cheap = { .ops = 2, .mem = (uint64_t)19 << 20 };

static struct vault load(struct fixture *fx)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	return v;
}

static struct slot_key passphrase_key(const char *text)
{
	struct slot_key k = { .slot = { .type = KEYSLOT_ARGON2ID, .cost = cheap } };
	struct secret p = fixture_secret(text);
	struct err e = { 0 };

	random_bytes(k.slot.salt, sizeof(k.slot.salt));
	assert_ok(kdf_passphrase(&k.kek, &p, k.slot.salt, &cheap, &e), e);
	secret_release(&p);
	return k;
}

static void install(struct fixture *fx, struct slot_key *k)
{
	struct err e = { 0 };

	assert_ok(vault_slot_install(&fx->v, fx->path, k, &e), e);
	slot_key_release(k);
}

static void install_passphrase(struct fixture *fx, const char *text)
{
	struct slot_key k = passphrase_key(text);

	install(fx, &k);
}

/* A folder as systemd gives it to a unit, with one credential. */
static void give_credential(struct fixture *fx, char dir[96], const void *p, size_t n, mode_t mode)
{
	char path[128];

	snprintf(dir, 96, "%s/credentials", fx->dir);
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/tfb.kek", dir);
	fixture_write(path, p, n, mode);
}

static void passphrase_opens_beside_the_key_file(void **state)
{
	struct fixture *fx = *state;
	struct secret right = fixture_secret("correct horse");
	struct secret wrong = fixture_secret("correct horsf");
	struct err e = { 0 };
	struct vault v;

	install_passphrase(fx, "correct horse");
	v = load(fx);
	assert_int_equal(v.slot_count, 2);
	assert_err(vault_unlock_passphrase(&v, &wrong, &e), e, ERR_KEY);
	assert_non_null(strstr(e.msg, "secrets/vault.json: wrong passphrase"));
	assert_false(v.open);
	assert_ok(vault_unlock_passphrase(&v, &right, &e), e);
	assert_string_equal(v.opened_by, "s2");
	fixture_expect(&v, "main/b/key", "value-of-b");
	vault_release(&v);
	v = load(fx);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_string_equal(v.opened_by, "s1");
	vault_release(&v);
	secret_release(&right);
	secret_release(&wrong);
}

static void recovery_code_opens_and_another_does_not(void **state)
{
	struct fixture *fx = *state;
	struct slot_key k = { 0 };
	struct secret code = { 0 };
	struct secret other = { 0 };
	struct err e = { 0 };
	struct vault v;

	assert_ok(recovery_new(&code, &e) && recovery_new(&other, &e), e);
	assert_ok(slot_key_recovery(&k, &code, &e), e);
	install(fx, &k);
	v = load(fx);
	assert_int_equal(v.slots[1].type, KEYSLOT_RECOVERY);
	assert_err(vault_unlock_recovery(&v, &other, &e), e, ERR_KEY);
	assert_ok(vault_unlock_recovery(&v, &code, &e), e);
	fixture_expect(&v, "main/a/key", "value-of-a");
	vault_release(&v);
	secret_release(&code);
	secret_release(&other);
}

static void missing_kinds_of_slot_are_not_found(void **state)
{
	struct fixture *fx = *state;
	struct secret s = fixture_secret("anything");
	struct err e = { 0 };
	struct vault v = load(fx);

	assert_err(vault_unlock_passphrase(&v, &s, &e), e, ERR_NOT_FOUND);
	assert_err(vault_unlock_recovery(&v, &s, &e), e, ERR_NOT_FOUND);
	assert_err(vault_unlock_credential(&v, fx->dir, &e), e, ERR_NOT_FOUND);
	vault_release(&v);
	secret_release(&s);
}

static void credential_opens_by_its_bytes_or_its_text(void **state)
{
	struct fixture *fx = *state;
	struct slot_key k = { 0 };
	struct secret kek = fixture_key(0x30);
	struct err e = { 0 };
	char dir[96];
	struct vault v;

	give_credential(fx, dir, kek.bytes, kek.len, 0400);
	assert_ok(slot_key_credential(&k, dir, "tfb.kek", &e), e);
	install(fx, &k);
	v = load(fx);
	assert_string_equal(v.slots[1].name, "tfb.kek");
	assert_ok(vault_unlock_credential(&v, dir, &e), e);
	assert_string_equal(v.opened_by, "s2");
	vault_release(&v);

	/* tfkey1_ line of the same 32 bytes, derived apart from this program. */
	{
		static const char line[] =
			"tfkey1_MDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk8_jnDbtbk5\n";

		give_credential(fx, dir, line, sizeof(line) - 1, 0400);
	}
	v = load(fx);
	v.age = VAULT_AGE_CURRENT; /* what an earlier try by another way found out */
	assert_ok(vault_unlock_credential(&v, dir, &e), e);
	assert_int_equal(v.age, VAULT_AGE_UNKNOWN);
	fixture_expect(&v, "main/c/key", "value-of-c");
	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	vault_release(&v);
	v = load(fx);
	assert_ok(vault_unlock_credential(&v, dir, &e), e);
	vault_release(&v);
	secret_release(&kek);
}

static void credential_that_others_can_read_is_refused(void **state)
{
	static const mode_t wide[] = { 0404, 0444, 0604 };
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct slot_key k = { 0 };
	struct err e = { 0 };
	char dir[96];

	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		give_credential(fx, dir, kek.bytes, kek.len, wide[i]);
		assert_err(slot_key_credential(&k, dir, "tfb.kek", &e), e, ERR_REFUSED);
		assert_null(k.kek.bytes);
	}
	give_credential(fx, dir, kek.bytes, kek.len - 1, 0400);
	assert_err(slot_key_credential(&k, dir, "tfb.kek", &e), e, ERR_DAMAGED);
	assert_err(slot_key_credential(&k, dir, "absent", &e), e, ERR_NOT_FOUND);
	assert_err(slot_key_credential(&k, "relative", "tfb.kek", &e), e, ERR_CONFIG);
	secret_release(&kek);
}

/* The name stands in the vault file: it must not lead out of the folder. */
static void credential_names_stay_in_their_folder(void **state)
{
	static const char *const wrong[] = { "", ".", "..", "../x", "a/b", ".hidden", "a b",
		"a\n" };
	struct secret kek;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_false(credential_name_valid(wrong[i]));
		assert_err(credential_read("/", wrong[i], &kek, &e), e, ERR_USAGE);
	}
	assert_true(credential_name_valid("thinkfleetbot.kek"));
}

/* The name is part of what the slot authenticates. */
static void credential_under_another_name_does_not_open(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct slot_key k = { 0 };
	struct secret vmk = { 0 };
	struct err e = { 0 };
	struct keyslot moved;
	char dir[96];

	give_credential(fx, dir, kek.bytes, kek.len, 0400);
	assert_ok(slot_key_credential(&k, dir, "tfb.kek", &e), e);
	assert_ok(vault_slot_add(&fx->v, &k, &e), e);
	moved = k.slot;
	str_copy(moved.name, sizeof(moved.name), "tfb.kez");
	assert_err(keyslot_unwrap(&moved, &fx->v.scope, &kek, &vmk, &e), e, ERR_KEY);
	slot_key_release(&k);
	secret_release(&kek);
}

static void unattended_takes_the_credential_and_then_the_key_file(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct slot_key k = { 0 };
	struct err e = { 0 };
	char dir[96];
	struct vault v;

	give_credential(fx, dir, kek.bytes, kek.len, 0400);
	assert_ok(slot_key_credential(&k, dir, "tfb.kek", &e), e);
	install(fx, &k);

	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	v = load(fx);
	assert_ok(vault_unlock_unattended(&v, fx->keys, &e), e);
	assert_string_equal(v.opened_by, "s2");
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	vault_release(&v);

	setenv("CREDENTIALS_DIRECTORY", fx->keys, 1);
	v = load(fx);
	assert_ok(vault_unlock_unattended(&v, fx->keys, &e), e);
	assert_string_equal(v.opened_by, "s1");
	vault_release(&v);
	unsetenv("CREDENTIALS_DIRECTORY");
	secret_release(&kek);
}

static void vault_that_needs_a_person_says_so(void **state)
{
	struct fixture *fx = *state;
	struct secret p = fixture_secret("correct horse");
	struct err e = { 0 };
	struct vault v;

	install_passphrase(fx, "correct horse");
	v = load(fx);
	assert_ok(vault_unlock_passphrase(&v, &p, &e), e);
	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	vault_release(&v);
	v = load(fx);
	assert_int_equal(vault_unattended(&v), 0);
	assert_err(vault_unlock_unattended(&v, fx->keys, &e), e, ERR_LOCKED);
	assert_non_null(strstr(e.msg,
		"vault.json: the vault is locked: it opens only when a passphrase is typed"));
	vault_release(&v);
	secret_release(&p);
}

static void last_slot_stays(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };

	assert_err(vault_slot_remove(&fx->v, "s1", &e), e, ERR_REFUSED);
	assert_err(vault_slot_discard(&fx->v, fx->path, "s1", &e), e, ERR_REFUSED);
	assert_err(vault_slot_remove(&fx->v, "s9", &e), e, ERR_NOT_FOUND);
	assert_int_equal(fx->v.slot_count, 1);
}

static void slot_that_opened_the_vault_is_not_the_one_to_go(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v;

	install_passphrase(fx, "correct horse");
	v = load(fx);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_err(vault_slot_discard(&v, fx->path, "s1", &e), e, ERR_REFUSED);
	assert_int_equal(v.slot_count, 2);
	vault_release(&v);
}

static void avoided_slot_does_not_open(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v = load(fx);

	vault_avoid_slot(&v, "s1");
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_NOT_FOUND);
	vault_release(&v);
}

static void removed_slot_opens_neither_the_vault_nor_its_backup(void **state)
{
	struct fixture *fx = *state;
	struct secret p = fixture_secret("correct horse");
	const char *const paths[] = { fx->path, fx->bak };
	char key[FS_PATH_MAX];
	struct err e = { 0 };
	struct vault v;

	install_passphrase(fx, "correct horse");
	v = load(fx);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_ok(vault_slot_discard(&v, fx->path, "s2", &e), e);
	vault_release(&v);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		assert_ok(vault_load(&v, paths[i], &e), e);
		assert_int_equal(v.slot_count, 1);
		assert_err(vault_unlock_passphrase(&v, &p, &e), e, ERR_NOT_FOUND);
		assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
		fixture_expect(&v, "main/a/key", "value-of-a");
		vault_release(&v);
	}
	assert_ok(keyfile_path(key, sizeof(key), fx->keys, fx->v.id, &e), e);
	assert_int_equal(access(key, F_OK), 0);
	secret_release(&p);
}

static void key_file_goes_with_its_slot(void **state)
{
	struct fixture *fx = *state;
	struct secret p = fixture_secret("correct horse");
	char key[FS_PATH_MAX];
	struct err e = { 0 };
	struct vault v;

	install_passphrase(fx, "correct horse");
	v = load(fx);
	assert_ok(vault_unlock_passphrase(&v, &p, &e), e);
	vault_watch(&v, fx->keys);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	assert_ok(keyfile_path(key, sizeof(key), fx->keys, v.id, &e), e);
	assert_int_equal(access(key, F_OK), -1);
	vault_release(&v);
	v = load(fx);
	assert_ok(vault_unlock_passphrase(&v, &p, &e), e);
	fixture_expect(&v, "main/c/key", "value-of-c");
	vault_release(&v);
	secret_release(&p);
}

static void slot_that_the_disk_does_not_hold_is_not_proven(void **state)
{
	struct fixture *fx = *state;
	struct slot_key k = passphrase_key("correct horse");
	struct slot_key other = passphrase_key("another horse");
	struct err e = { 0 };

	assert_ok(vault_slot_add(&fx->v, &k, &e), e);
	assert_err(vault_slot_proven(&fx->v, fx->path, &k, &e), e, ERR_FAILED);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
	assert_ok(vault_slot_proven(&fx->v, fx->path, &k, &e), e);
	str_copy(other.slot.id, sizeof(other.slot.id), "s2");
	assert_err(vault_slot_proven(&fx->v, fx->path, &other, &e), e, ERR_KEY);
	fixture_put(&fx->v, "d", "only in memory", false);
	assert_err(vault_slot_proven(&fx->v, fx->path, &k, &e), e, ERR_FAILED);
	slot_key_release(&k);
	slot_key_release(&other);
}

static void ids_are_not_given_twice(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct err e = { 0 };

	for (unsigned i = 2; i <= VAULT_SLOTS_MAX; i++) {
		struct slot_key k = { 0 };
		char want[8];

		snprintf(want, sizeof(want), "s%u", i);
		assert_ok(slot_key_file(&k, &kek, &e), e);
		assert_ok(vault_slot_add(&fx->v, &k, &e), e);
		assert_string_equal(k.slot.id, want);
		slot_key_release(&k);
	}
	{
		struct slot_key k = { 0 };

		assert_ok(slot_key_file(&k, &kek, &e), e);
		assert_err(vault_slot_add(&fx->v, &k, &e), e, ERR_REFUSED);
		assert_ok(vault_slot_remove(&fx->v, "s2", &e), e);
		assert_ok(vault_slot_add(&fx->v, &k, &e), e);
		assert_string_equal(k.slot.id, "s17");
		slot_key_release(&k);
	}
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
	secret_release(&kek);
}

static void weakest_slot_is_named_in_words(void **state)
{
	struct fixture *fx = *state;
	struct vault v = { 0 };

	assert_string_equal(
		vault_weakest_words(&fx->v, fx->keys), "opens with a key file on this disk");
	assert_string_equal(vault_weakest(&fx->v)->id, "s1");
	assert_string_equal(vault_weakest_words(&fx->v, fx->dir),
		"opens with a key file that is kept elsewhere");
	assert_string_equal(vault_weakest_words(&v, fx->keys), "");
	assert_null(vault_weakest(&v));
	v.slots[v.slot_count++].type = KEYSLOT_RECOVERY;
	assert_string_equal(vault_weakest_words(&v, fx->keys), "opens only with the recovery code");
	v.slots[v.slot_count++].type = KEYSLOT_ARGON2ID;
	assert_string_equal(
		vault_weakest_words(&v, fx->keys), "opens only when a passphrase is typed");
	assert_int_equal(vault_unattended(&v), 0);
	v.slots[v.slot_count++].type = KEYSLOT_SYSTEMD_CRED;
	assert_string_equal(vault_weakest_words(&v, fx->keys),
		"opens with a system credential, inside its service");
	assert_int_equal(vault_unattended(&v), 1);
}

/* A second key file may be on a stick in a drawer: the service does not start with it. */
static void only_the_key_folder_and_credentials_open_alone(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct slot_key k = { 0 };
	struct err e = { 0 };

	assert_string_equal(vault_slot_here(&fx->v, fx->keys)->id, "s1");
	assert_null(vault_slot_here(&fx->v, fx->dir));
	assert_true(vault_opens_alone(&fx->v, fx->keys, NULL));
	assert_ok(slot_key_file(&k, &kek, &e), e);
	install(fx, &k);
	assert_int_equal(vault_unattended(&fx->v), 2);
	assert_false(vault_opens_alone(&fx->v, fx->keys, "s1"));
	assert_true(vault_opens_alone(&fx->v, fx->keys, "s2"));
	assert_false(vault_opens_alone(&fx->v, fx->dir, NULL));
	fx->v.slots[1].type = KEYSLOT_SYSTEMD_CRED;
	assert_true(vault_opens_alone(&fx->v, fx->keys, "s1"));
	secret_release(&kek);
}

static void new_passphrase_slot_has_the_cost_of_this_machine(void **state)
{
	struct fixture *fx = *state;
	struct secret p = fixture_secret("correct horse");
	struct slot_key k = { 0 };
	struct slot_key back = { 0 };
	struct secret wrong = fixture_secret("x");
	struct err e = { 0 };

	assert_ok(slot_key_passphrase(&k, &p, true, &e), e);
	assert_ok(kdf_cost_check(&k.slot.cost, &e), e);
	assert_ok(vault_slot_add(&fx->v, &k, &e), e);
	assert_ok(slot_key_for(&back, &fx->v, vault_slot(&fx->v, "s2"), &p, &e), e);
	assert_true(secret_equal(&back.kek, &k.kek));
	slot_key_release(&back);
	assert_err(slot_key_for(&back, &fx->v, vault_slot(&fx->v, "s1"), &wrong, &e), e, ERR_KEY);
	slot_key_release(&k);
	secret_release(&p);
	secret_release(&wrong);
}

static void locked_vault_gets_no_slot(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x30);
	struct slot_key k = { 0 };
	struct err e = { 0 };
	struct vault v = load(fx);

	assert_ok(slot_key_file(&k, &kek, &e), e);
	assert_err(vault_slot_add(&v, &k, &e), e, ERR_KEY);
	assert_err(vault_slot_remove(&v, "s1", &e), e, ERR_KEY);
	slot_key_release(&k);
	secret_release(&kek);
	vault_release(&v);
}

static void reload_sees_what_others_wrote(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v = load(fx);

	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	fixture_put(&v, "d", "value-of-d", false);
	assert_ok(vault_save(&v, fx->path, &e), e);
	vault_release(&v);
	assert_err(vault_save(&fx->v, fx->path, &e), e, ERR_BUSY);
	assert_ok(vault_reload(&fx->v, fx->path, &e), e);
	fixture_expect(&fx->v, "main/d/key", "value-of-d");
	assert_int_equal(fx->v.age, VAULT_AGE_CURRENT);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_three, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(passphrase_opens_beside_the_key_file),
		TEST(recovery_code_opens_and_another_does_not),
		TEST(missing_kinds_of_slot_are_not_found),
		TEST(credential_opens_by_its_bytes_or_its_text),
		TEST(credential_that_others_can_read_is_refused),
		TEST(credential_names_stay_in_their_folder),
		TEST(credential_under_another_name_does_not_open),
		TEST(unattended_takes_the_credential_and_then_the_key_file),
		TEST(vault_that_needs_a_person_says_so),
		TEST(last_slot_stays),
		TEST(slot_that_opened_the_vault_is_not_the_one_to_go),
		TEST(avoided_slot_does_not_open),
		TEST(removed_slot_opens_neither_the_vault_nor_its_backup),
		TEST(key_file_goes_with_its_slot),
		TEST(slot_that_the_disk_does_not_hold_is_not_proven),
		TEST(ids_are_not_given_twice),
		TEST(weakest_slot_is_named_in_words),
		TEST(only_the_key_folder_and_credentials_open_alone),
		TEST(new_passphrase_slot_has_the_cost_of_this_machine),
		TEST(locked_vault_gets_no_slot),
		TEST(reload_sees_what_others_wrote),
	};
#undef TEST
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	unsetenv("CREDENTIALS_DIRECTORY");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
