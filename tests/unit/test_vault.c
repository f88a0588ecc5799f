/* SPDX-License-Identifier: MIT */
#include "store/vault.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

static void saved_secrets_come_back_with_the_key_file(void **state)
{
	struct fixture *fx = *state;
	struct vault v = reopen(fx);

	assert_int_equal(v.gen, 1);
	assert_int_equal(v.record_count, 3);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	fixture_expect(&v, "main/a/key", "value-of-a");
	fixture_expect(&v, "main/b/key", "value-of-b");
	fixture_expect(&v, "main/c/key", "value-of-c");
	vault_release(&v);
}

static void files_are_private(void **state)
{
	struct fixture *fx = *state;
	struct stat sb;
	char path[128];

	save(&fx->v, fx);
	assert_int_equal(stat(fx->path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	assert_int_equal(stat(fx->bak, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/secrets/.gitignore", fx->dir);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_size, 2);
}

static void metadata_is_readable_without_a_key(void **state)
{
	struct fixture *fx = *state;
	struct vault v = load(fx);
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_int_equal(v.record_count, 3);
	assert_string_equal(v.records[0].id, "main/a/key");
	assert_string_equal(v.records[0].agent, "main");
	assert_string_equal(v.records[0].provider, "example");
	assert_int_equal(v.records[0].rev, 1);
	assert_int_equal(v.records[0].ts, 1760000000);
	assert_false(v.open);
	assert_err(vault_get(&v, "main/a/key", &s, &e), e, ERR_KEY);
	assert_null(s.bytes);
	vault_release(&v);
}

static void no_value_stands_in_the_file(void **state)
{
	struct fixture *fx = *state;
	struct buf text = fixture_read(fx->path);

	assert_null(strstr(text.p, "value-of"));
	buf_release(&text);
}

static void unknown_record_is_not_found(void **state)
{
	struct fixture *fx = *state;
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_err(vault_get(&fx->v, "main/d/key", &s, &e), e, ERR_NOT_FOUND);
	assert_err(vault_get(&fx->v, "", &s, &e), e, ERR_NOT_FOUND);
	assert_err(vault_remove(&fx->v, "main/d/key", &e), e, ERR_NOT_FOUND);
	assert_null(vault_find(&fx->v, "main/a/ke"));
}

static void every_seal_draws_a_new_nonce(void **state)
{
	struct fixture *fx = *state;
	struct vault_record before = *vault_find(&fx->v, "main/a/key");
	unsigned char nonce[SEAL_NONCE_BYTES];

	memcpy(nonce, before.n, sizeof(nonce));
	assert_int_equal(fixture_put(&fx->v, "a", "value-of-a", false), 2);
	assert_memory_not_equal(nonce, vault_find(&fx->v, "main/a/key")->n, SEAL_NONCE_BYTES);
}

static void rotation_keeps_the_previous_value_until_it_is_dropped(void **state)
{
	struct fixture *fx = *state;
	const struct vault_record *prev;
	struct err e = { 0 };
	struct vault v;

	assert_int_equal(fixture_put(&fx->v, "b", "new-b", true), 2);
	save(&fx->v, fx);
	v = reopen(fx);
	fixture_expect(&v, "main/b/key", "new-b");
	fixture_expect(&v, "main/b/key/prev", "value-of-b");
	prev = vault_find(&v, "main/b/key/prev");
	assert_string_equal(prev->field, "key.prev");
	assert_int_equal(prev->rev, 1);

	assert_int_equal(fixture_put(&v, "b", "newer-b", true), 3);
	fixture_expect(&v, "main/b/key/prev", "new-b");
	assert_ok(vault_drop_previous(&v, "main/b/key", &e), e);
	assert_null(vault_find(&v, "main/b/key/prev"));
	assert_ok(vault_drop_previous(&v, "main/b/key", &e), e);
	fixture_expect(&v, "main/b/key", "newer-b");
	assert_int_equal(v.record_count, 3);
	vault_release(&v);
}

static void putting_without_keeping_leaves_no_stale_previous_value(void **state)
{
	struct fixture *fx = *state;

	fixture_put(&fx->v, "b", "second", true);
	fixture_put(&fx->v, "b", "third", false);
	assert_null(vault_find(&fx->v, "main/b/key/prev"));
	fixture_put(&fx->v, "d", "first", true);
	assert_null(vault_find(&fx->v, "main/d/key/prev"));
}

static void removal_takes_the_previous_value_along(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v;

	fixture_put(&fx->v, "b", "second", true);
	assert_ok(vault_remove(&fx->v, "main/b/key", &e), e);
	save(&fx->v, fx);
	v = reopen(fx);
	assert_int_equal(v.record_count, 2);
	assert_null(vault_find(&v, "main/b/key"));
	fixture_expect(&v, "main/a/key", "value-of-a");
	fixture_expect(&v, "main/c/key", "value-of-c");
	vault_release(&v);
}

static void impossible_values_change_nothing(void **state)
{
	static char long_value[SECRET_MAX + 2];
	struct fixture *fx = *state;
	struct vault_put put = { "main/a/key", "main", "a", "example", "key", 1, false };
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_USAGE);
	assert_ok(secret_from(&s, "a\0b", 3, &e), e);
	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_USAGE);
	secret_release(&s);
	memset(long_value, 'x', sizeof(long_value) - 1);
	s = fixture_secret(long_value);
	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_USAGE);
	assert_int_equal(vault_find(&fx->v, "main/a/key")->rev, 1);
	s.len = SECRET_MAX;
	assert_ok(vault_put(&fx->v, &put, &s, NULL, &e), e);
	save(&fx->v, fx);
	secret_release(&s);
}

static void impossible_names_change_nothing(void **state)
{
	static char long_name[VAULT_PROFILE_CAP + 1];
	const struct vault_put rows[] = {
		{ "main/a/key/prev", "main", "a", "example", "key", 1, false },
		{ "/a/key", "main", "a", "example", "key", 1, false },
		{ "", "main", "a", "example", "key", 1, false },
		{ "main/x y/key", "main", "a", "example", "key", 1, false },
		{ "main/x/key", "", "a", "example", "key", 1, false },
		{ "main/x/key", "main", "", "example", "key", 1, false },
		{ "main/x/key", "main", "a", "", "key", 1, false },
		{ "main/x/key", "main", "a", "example", "", 1, false },
		{ "main/x/key", "main", "a\nb", "example", "key", 1, false },
		{ "main/x/key", "main", "a\x80", "example", "key", 1, false },
		{ "main/x/key", "main", long_name, "example", "key", 1, false },
		{ "main/x/key", "main", "a", "example", "key", UINT64_MAX, false },
	};
	struct fixture *fx = *state;
	struct secret s = fixture_secret("x");
	struct err e = { 0 };

	memset(long_name, 'a', sizeof(long_name) - 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_err(vault_put(&fx->v, &rows[i], &s, NULL, &e), e, ERR_USAGE);
	assert_int_equal(fx->v.record_count, 3);
	secret_release(&s);
}

static void record_of_another_profile_is_not_overwritten(void **state)
{
	struct fixture *fx = *state;
	const struct vault_put put = { "main/a/key", "main", "A", "example", "key", 1, false };
	struct secret s = fixture_secret("x");
	struct err e = { 0 };

	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_REFUSED);
	fixture_expect(&fx->v, "main/a/key", "value-of-a");
	secret_release(&s);
}

static void record_ids_follow_the_profile(void **state)
{
	static const struct {
		const char *profile;
		const char *id;
	} rows[] = {
		{ "anthropic:default", "main/anthropic:default/key" },
		{ "google:a@b.com", "main/google:a_x40b.com/key" },
		{ "a/b", "main/a_x2fb/key" },
		{ "\xc3\xbc", "main/_xc3_xbc/key" },
		{ "../x", "main/.._x2fx/key" },
	};
	char id[VAULT_RECORD_ID_CAP];
	char profile[300];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(vault_record_id(id, "main", rows[i].profile, "key", &e), e);
		assert_string_equal(id, rows[i].id);
		assert_true(vault_record_id_valid(id));
	}
	memset(profile, 'a', sizeof(profile));
	profile[247] = '\0';
	assert_ok(vault_record_id(id, "main", profile, "key", &e), e);
	assert_int_equal(strlen(id), 256);
	assert_true(vault_record_id_valid(id));
	profile[247] = 'a';
	profile[248] = '\0';
	assert_err(vault_record_id(id, "main", profile, "key", &e), e, ERR_USAGE);
	assert_err(vault_record_id(id, "", "p", "key", &e), e, ERR_USAGE);
	assert_err(vault_record_id(id, "a/b", "p", "key", &e), e, ERR_USAGE);
	assert_err(vault_record_id(id, "main", "p", "k y", &e), e, ERR_USAGE);
	assert_err(vault_record_id(id, "main", "", "key", &e), e, ERR_USAGE);
}

static void many_records_stay_sorted_and_findable(void **state)
{
	struct fixture *fx = *state;
	struct vault v;
	char name[32];
	char id[64];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "p%02u", i * 37 % 100);
		fixture_put(&fx->v, name, name, false);
	}
	save(&fx->v, fx);
	v = reopen(fx);
	assert_int_equal(v.record_count, 103);
	for (size_t i = 1; i < v.record_count; i++)
		assert_true(strcmp(v.records[i - 1].id, v.records[i].id) < 0);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "p%02u", i);
		snprintf(id, sizeof(id), "main/%s/key", name);
		fixture_expect(&v, id, name);
	}
	vault_release(&v);
}

/* "/prev" must fit behind the id; where it does not, the old value is not lost either. */
static void previous_value_that_cannot_be_kept_refuses_the_put(void **state)
{
	struct fixture *fx = *state;
	char name[VAULT_PROFILE_CAP];
	char id[VAULT_RECORD_ID_CAP];
	struct vault_put put = { id, "main", name, "example", "key", 1, true };
	struct secret s = fixture_secret("second");
	struct err e = { 0 };

	memset(name, 'a', sizeof(name));
	name[247] = '\0';
	assert_ok(vault_record_id(id, "main", name, "key", &e), e);
	fixture_put(&fx->v, name, "first", true);
	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_USAGE);
	fixture_expect(&fx->v, id, "first");
	assert_int_equal(fx->v.record_count, 4);
	secret_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_ids_follow_the_profile),
		cmocka_unit_test_setup_teardown(saved_secrets_come_back_with_the_key_file,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			files_are_private, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			metadata_is_readable_without_a_key, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			no_value_stands_in_the_file, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			unknown_record_is_not_found, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			every_seal_draws_a_new_nonce, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			rotation_keeps_the_previous_value_until_it_is_dropped, fixture_setup_three,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			putting_without_keeping_leaves_no_stale_previous_value, fixture_setup_three,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(removal_takes_the_previous_value_along,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			impossible_values_change_nothing, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			impossible_names_change_nothing, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(record_of_another_profile_is_not_overwritten,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(many_records_stay_sorted_and_findable,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(previous_value_that_cannot_be_kept_refuses_the_put,
			fixture_setup_three, fixture_teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
