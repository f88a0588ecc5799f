/* SPDX-License-Identifier: MIT */
#include "store/vault_rekey.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "tests/unit/vault_fixture.h"

static void path_of(char out[FS_PATH_MAX], const struct fixture *fx, const char *suffix)
{
	snprintf(out, FS_PATH_MAX, "%s/%s%s", fx->keys, fx->v.id, suffix);
}

static bool exists(const struct fixture *fx, const char *suffix)
{
	char path[FS_PATH_MAX];

	path_of(path, fx, suffix);
	return access(path, F_OK) == 0;
}

/* The rotation is over: one slot, one key file, and not the old key. */
static void expect_finished(const struct fixture *fx, const struct secret *old, bool replaced)
{
	struct secret key = fixture_key_of(fx, ".key");
	struct vault v = fixture_reopen(fx);

	assert_int_equal(v.slot_count, 1);
	assert_non_null(vault_slot_of(&v, &key));
	assert_int_equal(!vault_slot_of(&v, old), replaced);
	assert_false(exists(fx, ".key.new"));
	assert_false(vault_rekey_pending(&v, fx->keys));
	vault_release(&v);
	secret_release(&key);
}

static void resume(const struct fixture *fx, enum rekey_left want)
{
	enum rekey_left got;
	struct err e = { 0 };
	struct vault v = fixture_reopen(fx);

	assert_ok(vault_rekey_resume(&v, fx->path, &got, &e), e);
	assert_int_equal(got, want);
	vault_release(&v);
}

/* What was left is brought to its end, and a second run has nothing to do. */
static void expect_resumed(
	const struct fixture *fx, enum rekey_left want, const struct secret *old, bool replaced)
{
	resume(fx, want);
	expect_finished(fx, old, replaced);
	resume(fx, REKEY_NOTHING);
	expect_finished(fx, old, replaced);
}

/* Steps 1 and 2, as vault_rekey_file() does them. */
static void step_1(struct fixture *fx, struct secret *next)
{
	struct err e = { 0 };

	assert_ok(keyfile_create_next(fx->keys, fx->v.id, next, &e), e);
}

static void step_2(struct fixture *fx, const struct secret *next)
{
	struct slot_key k = { 0 };
	struct err e = { 0 };

	assert_ok(slot_key_file(&k, next, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	slot_key_release(&k);
}

static void step_3(struct fixture *fx)
{
	struct err e = { 0 };
	bool done;

	assert_ok(keyfile_exchange(fx->keys, fx->v.id, &done, &e), e);
	assert_true(done);
}

static void step_4(struct fixture *fx)
{
	struct err e = { 0 };

	assert_ok(vault_slot_remove(&fx->v, "s1", &e), e);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
}

static void key_file_is_replaced(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct err e = { 0 };
	struct stat sb;
	char path[FS_PATH_MAX];
	struct vault v;

	assert_ok(vault_rekey_file(&fx->v, fx->path, &e), e);
	expect_finished(fx, &old, true);
	path_of(path, fx, ".key");
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0400);

	/* The backup is not a way around it. */
	assert_ok(vault_load(&v, fx->bak, &e), e);
	assert_null(vault_slot_of(&v, &old));
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	vault_release(&v);
	secret_release(&old);
}

static void key_file_can_be_replaced_again(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		struct secret old = fixture_key_of(fx, ".key");

		assert_ok(vault_rekey_file(&fx->v, fx->path, &e), e);
		expect_finished(fx, &old, true);
		secret_release(&old);
	}
}

static void interrupted_before_the_slot_is_cleaned(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };

	step_1(fx, &next);
	expect_resumed(fx, REKEY_CLEANED, &old, false);
	secret_release(&old);
	secret_release(&next);
}

static void interrupted_before_the_exchange_is_finished(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };

	step_1(fx, &next);
	step_2(fx, &next);
	expect_resumed(fx, REKEY_FINISHED, &old, true);
	secret_release(&old);
	secret_release(&next);
}

static void interrupted_after_the_exchange_is_finished(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };

	step_1(fx, &next);
	step_2(fx, &next);
	step_3(fx);
	expect_resumed(fx, REKEY_FINISHED, &old, true);
	secret_release(&old);
	secret_release(&next);
}

static void interrupted_before_the_old_key_went_is_cleaned(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };

	step_1(fx, &next);
	step_2(fx, &next);
	step_3(fx);
	step_4(fx);
	expect_resumed(fx, REKEY_CLEANED, &old, true);
	secret_release(&old);
	secret_release(&next);
}

/* Where two names cannot be exchanged, the slot goes first: only .key.new opens then. */
static void interrupted_before_the_promotion_is_finished(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };

	step_1(fx, &next);
	step_2(fx, &next);
	step_4(fx);
	expect_resumed(fx, REKEY_FINISHED, &old, true);
	secret_release(&old);
	secret_release(&next);
}

static void lost_key_file_beside_its_successor_is_made_good(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };
	char path[FS_PATH_MAX];
	struct vault v;

	step_1(fx, &next);
	step_2(fx, &next);
	path_of(path, fx, ".key");
	assert_int_equal(unlink(path), 0);
	resume(fx, REKEY_FINISHED);
	v = fixture_reopen(fx);
	assert_true(exists(fx, ".key"));
	assert_false(exists(fx, ".key.new"));
	vault_release(&v);
	secret_release(&old);
	secret_release(&next);
}

/* A second rotation begins with the end of the first. */
static void new_rotation_finishes_the_old_one_first(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct secret next = { 0 };
	struct err e = { 0 };
	struct vault v;

	step_1(fx, &next);
	step_2(fx, &next);
	v = fixture_reopen(fx);
	assert_ok(vault_rekey_file(&v, fx->path, &e), e);
	vault_release(&v);
	expect_finished(fx, &old, true);
	expect_finished(fx, &next, true);
	secret_release(&old);
	secret_release(&next);
}

/* The older copy may need the key that the newer one gave up. */
static void older_copy_keeps_every_key(void **state)
{
	struct fixture *fx = *state;
	struct buf before = fixture_read(fx->path);
	enum rekey_left what;
	struct secret next = { 0 };
	struct err e = { 0 };
	struct vault v;

	fixture_put(&fx->v, "d", "later", false);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
	fixture_write(fx->path, before.p, before.len, 0600);
	step_1(fx, &next);
	v = fixture_reopen(fx);
	assert_int_equal(v.age, VAULT_AGE_OLDER);
	assert_ok(vault_rekey_resume(&v, fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_NOTHING);
	assert_true(exists(fx, ".key.new"));
	assert_err(vault_rekey_file(&v, fx->path, &e), e, ERR_REFUSED);
	vault_release(&v);
	secret_release(&next);
	buf_release(&before);
}

/* The vault with a second slot for a key that is not in the key folder, opened by it. */
static struct vault open_by_other(struct fixture *fx, const struct secret *kek)
{
	struct slot_key k = { 0 };
	struct err e = { 0 };
	struct vault v;

	assert_ok(slot_key_file(&k, kek, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	slot_key_release(&k);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_key(&v, kek, &e), e);
	vault_watch(&v, fx->keys);
	return v;
}

static void slot_and_its_key_file_come_together(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x44);
	struct slot_key k = { 0 };
	enum rekey_left what;
	struct err e = { 0 };
	struct vault v = open_by_other(fx, &kek);

	assert_err(vault_slot_install_file(&v, fx->path, &k, &e), e, ERR_CREATE);
	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	assert_false(exists(fx, ".key"));
	assert_false(exists(fx, ".key.new"));
	assert_ok(vault_slot_install_file(&v, fx->path, &k, &e), e);
	assert_true(exists(fx, ".key"));
	assert_false(exists(fx, ".key.new"));
	assert_string_equal(vault_slot_here(&v, fx->keys)->id, k.slot.id);
	vault_release(&v);

	/* Killed before it got its name, and before its slot was written. */
	v = fixture_reopen(fx);
	assert_ok(keyfile_set_aside(fx->keys, v.id, &e), e);
	assert_ok(vault_rekey_resume(&v, fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_FINISHED);
	assert_true(exists(fx, ".key"));
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&kek);
}

static void key_file_of_a_slot_that_is_not_in_the_vault_goes(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x44);
	struct secret next = { 0 };
	enum rekey_left what;
	struct err e = { 0 };
	struct vault v = open_by_other(fx, &kek);

	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	step_1(fx, &next);
	assert_ok(vault_rekey_resume(&v, fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_CLEANED);
	assert_false(exists(fx, ".key.new"));
	vault_release(&v);
	secret_release(&next);
	secret_release(&kek);
}

static void backup_loses_a_slot_not_after_the_vault(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x44);
	struct err e = { 0 };
	struct vault v = open_by_other(fx, &kek);
	struct vault bak;

	assert_non_null(vault_slot(&v, "s1"));
	assert_ok(vault_slot_discard(&v, fx->path, "s1", &e), e);
	assert_ok(vault_load(&bak, fx->bak, &e), e);
	assert_null(vault_slot(&bak, "s1"));
	assert_int_equal(bak.gen, v.gen);
	vault_release(&bak);
	vault_release(&v);
	secret_release(&kek);
}

static void foreign_pair_of_keys_is_left_alone(void **state)
{
	struct fixture *fx = *state;
	struct slot_key k = { 0 };
	struct secret kek = fixture_key(0x44);
	struct secret next = { 0 };
	enum rekey_left what;
	struct err e = { 0 };
	char path[FS_PATH_MAX];
	struct vault v;

	assert_ok(slot_key_file(&k, &kek, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	assert_ok(vault_slot_remove(&fx->v, "s1", &e), e);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
	step_1(fx, &next);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_key(&v, &kek, &e), e);
	vault_watch(&v, fx->keys);
	assert_ok(vault_rekey_resume(&v, fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_NOTHING);
	path_of(path, fx, ".key");
	assert_int_equal(access(path, F_OK), 0);
	assert_true(exists(fx, ".key.new"));
	assert_err(vault_rekey_file(&v, fx->path, &e), e, ERR_NOT_FOUND);
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&kek);
	secret_release(&next);
}

/* Step 2 cannot be written: everything is as it was, the new key file too. */
static void failed_write_leaves_no_successor(void **state)
{
	struct fixture *fx = *state;
	struct secret old = fixture_key_of(fx, ".key");
	struct buf before = fixture_read(fx->path);
	struct buf after;
	struct err e = { 0 };
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/secrets", fx->dir);
	/* Writable by others: refused by base/fs, for root as well. */
	assert_int_equal(chmod(dir, 0777), 0);
	assert_err(vault_rekey_file(&fx->v, fx->path, &e), e, ERR_REFUSED);
	assert_int_equal(chmod(dir, 0700), 0);
	after = fixture_read(fx->path);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.p, before.p, before.len);
	expect_finished(fx, &old, false);
	buf_release(&before);
	buf_release(&after);
	secret_release(&old);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_three, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(key_file_is_replaced),
		TEST(key_file_can_be_replaced_again),
		TEST(interrupted_before_the_slot_is_cleaned),
		TEST(interrupted_before_the_exchange_is_finished),
		TEST(interrupted_after_the_exchange_is_finished),
		TEST(interrupted_before_the_old_key_went_is_cleaned),
		TEST(interrupted_before_the_promotion_is_finished),
		TEST(lost_key_file_beside_its_successor_is_made_good),
		TEST(new_rotation_finishes_the_old_one_first),
		TEST(older_copy_keeps_every_key),
		TEST(slot_and_its_key_file_come_together),
		TEST(key_file_of_a_slot_that_is_not_in_the_vault_goes),
		TEST(backup_loses_a_slot_not_after_the_vault),
		TEST(foreign_pair_of_keys_is_left_alone),
		TEST(failed_write_leaves_no_successor),
	};
#undef TEST
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
