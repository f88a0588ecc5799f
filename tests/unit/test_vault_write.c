/* SPDX-License-Identifier: MIT */
#include "store/vault.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/vault_fixture.h"

static struct vault load(struct fixture *fx)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	return v;
}

static struct vault reopen(struct fixture *fx)
{
	struct vault v = load(fx);
	struct err e = { 0 };

	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	return v;
}

static void save(struct vault *v, struct fixture *fx)
{
	struct err e = { 0 };

	assert_ok(vault_save(v, fx->path, &e), e);
}

static void previous_generation_is_kept_beside(void **state)
{
	struct fixture *fx = *state;
	struct buf before = fixture_read(fx->path);
	struct buf bak;

	assert_int_not_equal(access(fx->bak, F_OK), 0);
	fixture_put(&fx->v, "d", "value-of-d", false);
	save(&fx->v, fx);
	bak = fixture_read(fx->bak);
	assert_string_equal(before.p, bak.p);
	buf_release(&before);
	buf_release(&bak);
}

static void change_by_another_program_is_not_overwritten(void **state)
{
	struct fixture *fx = *state;
	struct vault other = reopen(fx);
	struct err e = { 0 };
	struct vault v;

	fixture_put(&other, "d", "value-of-d", false);
	save(&other, fx);
	vault_release(&other);
	fixture_put(&fx->v, "e", "value-of-e", false);
	assert_err(vault_save(&fx->v, fx->path, &e), e, ERR_BUSY);
	v = reopen(fx);
	fixture_expect(&v, "main/d/key", "value-of-d");
	assert_null(vault_find(&v, "main/e/key"));
	vault_release(&v);
}

static void new_vault_never_replaces_an_existing_one(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault second;

	assert_ok(vault_create(&second, fx->keys, &e), e);
	assert_err(vault_save(&second, fx->path, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, "exists"));
	vault_release(&second);
}

static void encoding_changes_nothing_until_it_is_committed(void **state)
{
	struct fixture *fx = *state;
	struct buf one = { 0 };
	struct buf two = { 0 };
	struct err e = { 0 };

	assert_ok(vault_encode(&fx->v, &one, &e), e);
	assert_ok(vault_encode(&fx->v, &two, &e), e);
	assert_string_equal(one.p, two.p);
	assert_int_equal(fx->v.gen, 1);
	fixture_write(fx->path, one.p, one.len, 0600);
	assert_ok(vault_committed(&fx->v, fx->path, &e), e);
	assert_int_equal(fx->v.gen, 2);
	assert_int_equal(fx->v.anchor_gen, 2);
	save(&fx->v, fx);
	assert_int_equal(fx->v.gen, 3);
	buf_release(&one);
	buf_release(&two);
}

static void commit_of_something_else_is_noticed(void **state)
{
	struct fixture *fx = *state;
	struct buf text = { 0 };
	struct err e = { 0 };

	fixture_put(&fx->v, "d", "value-of-d", false);
	assert_ok(vault_encode(&fx->v, &text, &e), e);
	assert_err(vault_committed(&fx->v, fx->path, &e), e, ERR_FAILED);
	assert_int_equal(fx->v.gen, 1);
	fixture_write(fx->path, text.p, text.len - 2, 0600);
	assert_err(vault_committed(&fx->v, fx->path, &e), e, ERR_DAMAGED);
	fixture_write(fx->path, text.p, text.len, 0600);
	assert_ok(vault_committed(&fx->v, fx->path, &e), e);
	buf_release(&text);
}

static void locked_vault_is_not_written(void **state)
{
	struct fixture *fx = *state;
	struct vault v = load(fx);
	struct vault_put put = { "main/a/key", "main", "a", "example", "key", 1, false };
	struct secret s = fixture_secret("x");
	struct err e = { 0 };

	assert_err(vault_put(&v, &put, &s, NULL, &e), e, ERR_KEY);
	assert_err(vault_remove(&v, "main/a/key", &e), e, ERR_KEY);
	assert_err(vault_drop_previous(&v, "main/a/key", &e), e, ERR_KEY);
	assert_err(vault_save(&v, fx->path, &e), e, ERR_KEY);
	secret_release(&s);
	vault_release(&v);
}

static void released_vault_is_empty(void **state)
{
	struct fixture *fx = *state;

	vault_release(&fx->v);
	vault_release(&fx->v);
	assert_null(fx->v.records);
	assert_null(fx->v.vmk.bytes);
	assert_int_equal(fx->v.record_count, 0);
}

/* Puts the generation before back, as a restored backup would. */
static void restore_backup(struct fixture *fx)
{
	struct buf old = fixture_read(fx->path);

	fixture_put(&fx->v, "a", "newer-a", false);
	save(&fx->v, fx);
	fixture_write(fx->path, old.p, old.len, 0600);
	buf_release(&old);
}

static void older_copy_serves_but_is_not_written(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v;

	restore_backup(fx);
	v = reopen(fx);
	assert_int_equal(v.age, VAULT_AGE_OLDER);
	assert_int_equal(v.gen, 1);
	assert_int_equal(v.anchor_gen, 2);
	fixture_expect(&v, "main/a/key", "value-of-a");
	fixture_put(&v, "d", "value-of-d", false);
	assert_err(vault_save(&v, fx->path, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "--accept-rollback"));
	vault_accept_rollback(&v);
	save(&v, fx);
	assert_int_equal(v.gen, 3);
	vault_release(&v);
	v = reopen(fx);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	vault_release(&v);
}

static void another_copy_of_the_same_generation_is_older(void **state)
{
	struct fixture *fx = *state;
	struct vault fork = reopen(fx);
	struct buf text = { 0 };
	struct err e = { 0 };
	struct vault v;

	fixture_put(&fork, "d", "value-of-d", false);
	assert_ok(vault_encode(&fork, &text, &e), e);
	save(&fx->v, fx);
	fixture_write(fx->path, text.p, text.len, 0600);
	v = reopen(fx);
	assert_int_equal(v.gen, 2);
	assert_int_equal(v.age, VAULT_AGE_OLDER);
	buf_release(&text);
	vault_release(&fork);
	vault_release(&v);
}

static void without_an_anchor_the_age_is_unknown_and_writing_works(void **state)
{
	struct fixture *fx = *state;
	char anchor[160];
	struct vault v;

	snprintf(anchor, sizeof(anchor), "%s/%s.anchor", fx->keys, fx->v.id);
	assert_int_equal(unlink(anchor), 0);
	v = reopen(fx);
	assert_int_equal(v.age, VAULT_AGE_UNKNOWN);
	assert_int_equal(v.anchor_error.code, ERR_NONE);
	save(&v, fx);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	assert_int_equal(access(anchor, F_OK), 0);
	vault_release(&v);
}

static void damaged_anchor_is_a_note_and_no_failure(void **state)
{
	struct fixture *fx = *state;
	char anchor[160];
	struct vault v;

	snprintf(anchor, sizeof(anchor), "%s/%s.anchor", fx->keys, fx->v.id);
	fixture_write(anchor, "junk\n", 5, 0600);
	v = reopen(fx);
	assert_int_equal(v.age, VAULT_AGE_UNKNOWN);
	assert_int_equal(v.anchor_error.code, ERR_DAMAGED);
	fixture_expect(&v, "main/a/key", "value-of-a");
	vault_release(&v);
}

/* A crash between the rename and the anchor: the file is newer than the anchor knows. */
static void newer_than_the_anchor_is_current(void **state)
{
	struct fixture *fx = *state;
	struct buf text = { 0 };
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_encode(&fx->v, &text, &e), e);
	fixture_write(fx->path, text.p, text.len, 0600);
	v = reopen(fx);
	assert_int_equal(v.gen, 2);
	assert_int_equal(v.anchor_gen, 1);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	buf_release(&text);
	vault_release(&v);
}

static void vault_without_a_key_folder_keeps_no_anchor(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x80);
	struct err e = { 0 };
	char path[128];
	struct vault v;

	snprintf(path, sizeof(path), "%s/other/vault.json", fx->dir);
	assert_ok(vault_create_with_key(&v, &kek, &e), e);
	fixture_put(&v, "a", "value", false);
	assert_ok(vault_save(&v, path, &e), e);
	assert_int_equal(v.anchor_error.code, ERR_NONE);
	vault_release(&v);
	assert_ok(vault_load(&v, path, &e), e);
	assert_ok(vault_unlock_key(&v, &kek, &e), e);
	assert_int_equal(v.age, VAULT_AGE_UNKNOWN);
	fixture_expect(&v, "main/a/key", "value");
	vault_release(&v);
	secret_release(&kek);
}

static void anchor_that_cannot_move_is_a_note_and_no_failure(void **state)
{
	struct fixture *fx = *state;

	str_copy(fx->v.key_dir, sizeof(fx->v.key_dir), "/nonexistent/keys");
	fixture_put(&fx->v, "d", "value-of-d", false);
	save(&fx->v, fx);
	assert_int_not_equal(fx->v.anchor_error.code, ERR_NONE);
	assert_non_null(strstr(fx->v.anchor_error.msg, "/nonexistent/keys"));
}

static void last_generation_is_not_followed_by_another(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };

	fx->v.gen = (UINT64_C(1) << 53) - 1;
	assert_err(vault_save(&fx->v, fx->path, &e), e, ERR_REFUSED);
}

static void vault_that_could_not_be_read_back_is_not_written(void **state)
{
	static char value[SECRET_MAX + 1];
	struct fixture *fx = *state;
	struct buf before = fixture_read(fx->path);
	struct err e = { 0 };
	struct buf after;
	char name[32];

	memset(value, 'x', SECRET_MAX);
	for (unsigned i = 0; i < 770; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		fixture_put(&fx->v, name, value, false);
	}
	assert_err(vault_save(&fx->v, fx->path, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "16 MiB"));
	after = fixture_read(fx->path);
	assert_string_equal(before.p, after.p);
	buf_release(&before);
	buf_release(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			previous_generation_is_kept_beside, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(change_by_another_program_is_not_overwritten,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(new_vault_never_replaces_an_existing_one,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(encoding_changes_nothing_until_it_is_committed,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			commit_of_something_else_is_noticed, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			locked_vault_is_not_written, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			released_vault_is_empty, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(older_copy_serves_but_is_not_written,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(another_copy_of_the_same_generation_is_older,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			without_an_anchor_the_age_is_unknown_and_writing_works, fixture_setup_three,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(damaged_anchor_is_a_note_and_no_failure,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			newer_than_the_anchor_is_current, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(vault_without_a_key_folder_keeps_no_anchor,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(anchor_that_cannot_move_is_a_note_and_no_failure,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(last_generation_is_not_followed_by_another,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(vault_that_could_not_be_read_back_is_not_written,
			fixture_setup_three, fixture_teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
