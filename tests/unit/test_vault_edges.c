/* SPDX-License-Identifier: MIT */

/* Records, slots and texts at their limits, and calls that nobody listens to. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "store/vault_slots.h"
#include "tests/unit/temp.h"
#include "tests/unit/vault_fixture.h"

static char long_path[FS_PATH_MAX + 64];

static int setup_group(void **state)
{
	(void)state;
	crypto_start(NULL);
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	return 0;
}

static struct vault_record good_record(unsigned char *c)
{
	return (struct vault_record){ .id = "a/b/c",
		.agent = "a",
		.profile = "b",
		.provider = "p",
		.field = "c",
		.rev = 1,
		.ts = 1,
		.c = c,
		.c_len = 64 + SEAL_TAG_BYTES };
}

static void numbers_and_lengths_of_a_record_have_limits(void **state)
{
	unsigned char c[1] = { 0 };
	struct vault_record r = good_record(c);
	struct err e = { 0 };
	static const struct {
		size_t length;
		bool ok;
	} lengths[] = {
		{ 0, false },
		{ SEALED_MIN - 64, false },
		{ SEALED_MIN - 1, false },
		{ SEALED_MIN, true },
		{ SEALED_MIN + 1, false },
		{ SEALED_MIN + 64, true },
		{ SEALED_MAX - 64, true },
		{ SEALED_MAX, true },
		{ SEALED_MAX + 64, false },
	};
	static const struct {
		uint64_t rev, ts;
		bool ok;
	} numbers[] = {
		{ 1, 0, true },
		{ 0, 1, false },
		{ VAULT_NUMBER_MAX, VAULT_NUMBER_MAX, true },
		{ VAULT_NUMBER_MAX + 1, 1, false },
		{ 1, VAULT_NUMBER_MAX + 1, false },
	};

	(void)state;
	assert_ok(record_check(&r, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		r.c_len = lengths[i].length;
		assert_int_equal(record_check(&r, &e), lengths[i].ok);
	}
	r = good_record(c);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		r.rev = numbers[i].rev;
		r.ts = numbers[i].ts;
		assert_int_equal(record_check(&r, &e), numbers[i].ok);
	}
}

static void texts_of_a_record_are_plain_and_fit(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "", false },
		{ " ", true },
		{ "\x1f", false },
		{ "\x7f", false },
		{ "~", true },
		{ "\xc3\xa9", true },
		{ "\xc3", false },
		{ "a\xff", false },
		{ "\xef\xbf\xbd", true },
	};
	unsigned char c[1] = { 0 };
	struct vault_record r = good_record(c);
	char text[VAULT_PROFILE_CAP + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		r.profile = rows[i].text;
		assert_int_equal(record_check(&r, NULL), rows[i].ok);
	}
	memset(text, 'x', sizeof(text));
	text[VAULT_PROFILE_CAP] = '\0';
	r.profile = text;
	assert_false(record_check(&r, NULL));
	text[VAULT_PROFILE_CAP - 1] = '\0';
	assert_true(record_check(&r, NULL));
	r.id = text;
	assert_true(record_check(&r, NULL));
}

static void names_of_records_begin_with_a_letter_or_digit(void **state)
{
	static const char *const good[] = { "a", "Z", "0", "9z", "a/b:c._-", "mm" };
	static const char *const bad[] = { "", "/a", "-a", "_a", ".a", ":a", "a b", "a@", "a\\",
		"a\xc3\xa9", "@", "[", "`", "{" };
	char text[VAULT_RECORD_ID_CAP + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(vault_record_id_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(vault_record_id_valid(bad[i]));
	memset(text, 'x', sizeof(text));
	text[VAULT_RECORD_ID_CAP] = '\0';
	assert_false(vault_record_id_valid(text));
	text[VAULT_RECORD_ID_CAP - 1] = '\0';
	assert_true(vault_record_id_valid(text));
}

static void a_reused_secret_is_empty_after_a_failure(void **state)
{
	struct fixture *fx = *state;
	struct secret s = { 0 };
	struct err e = { 0 };
	struct vault locked;

	assert_ok(vault_get_into(&fx->v, "main/a/key", &s, &e), e);
	assert_string_equal(s.bytes, "value-of-a");
	assert_ok(vault_get_into(&fx->v, "main/b/key", &s, &e), e);
	assert_string_equal(s.bytes, "value-of-b");
	assert_err(vault_get_into(&fx->v, "main/x/key", &s, &e), e, ERR_NOT_FOUND);
	assert_int_equal(s.len, 0);
	assert_ok(vault_load(&locked, fx->path, &e), e);
	assert_err(vault_get_into(&locked, "main/a/key", &s, &e), e, ERR_KEY);
	assert_false(vault_record_opens(&locked, &locked.records[0]));
	assert_true(vault_record_opens(&fx->v, &fx->v.records[0]));
	assert_err(vault_drop_previous(&locked, "main/a/key", &e), e, ERR_KEY);
	assert_err(vault_remove(&locked, "main/a/key", &e), e, ERR_KEY);
	vault_release(&locked);
	secret_release(&s);
}

static void each_part_of_a_name_decides_whose_record_it_is(void **state)
{
	struct fixture *fx = *state;
	struct secret s = fixture_secret("other");
	const struct vault_put good = {
		.id = "main/a/key", .agent = "main", .profile = "a", .provider = "x", .field = "key"
	};
	struct vault_put puts[3] = { good, good, good };
	struct err e;

	puts[0].agent = "other";
	puts[1].profile = "b";
	puts[2].field = "token";
	for (size_t i = 0; i < ARRAY_LEN(puts); i++)
		assert_err(vault_put(&fx->v, &puts[i], &s, NULL, &e), e, ERR_REFUSED);
	assert_true(vault_put(&fx->v, &good, &s, NULL, &e));
	fx->v.records[0].rev = VAULT_NUMBER_MAX - 1;
	assert_true(vault_put(&fx->v, &good, &s, NULL, &e));
	assert_err(vault_put(&fx->v, &good, &s, NULL, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "revisions"));
	secret_release(&s);
}

static void a_record_whose_name_is_full_keeps_no_previous_value(void **state)
{
	struct fixture *fx = *state;
	struct secret s = fixture_secret("x");
	char field[VAULT_FIELD_CAP];
	struct vault_put put = { .id = "f/f/f",
		.agent = "f",
		.profile = "f",
		.provider = "x",
		.field = field,
		.keep_previous = true };
	struct err e = { 0 };

	/* Five more than fit, and then just what does. */
	memset(field, 'f', sizeof(field));
	field[VAULT_FIELD_CAP - 5] = '\0';
	assert_ok(vault_put(&fx->v, &put, &s, NULL, &e), e);
	assert_err(vault_put(&fx->v, &put, &s, NULL, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "too long to keep"));
	assert_ok(vault_remove(&fx->v, put.id, &e), e);
	field[VAULT_FIELD_CAP - 6] = '\0';
	assert_ok(vault_put(&fx->v, &put, &s, NULL, &e), e);
	assert_ok(vault_put(&fx->v, &put, &s, NULL, &e), e);
	assert_int_equal(fx->v.record_count, 5);
	secret_release(&s);
}

static void paths_that_are_too_long_are_refused(void **state)
{
	struct fixture *fx = *state;
	struct vault v;
	struct err e;

	assert_err(vault_create(&v, long_path, &e), e, ERR_USAGE);
	assert_int_equal(v.record_count, 0);
	assert_err(vault_unlock_keyfile(&fx->v, long_path, &e), e, ERR_USAGE);
	vault_watch(&fx->v, long_path);
	assert_int_equal(fx->v.anchor_error.code, ERR_USAGE);
	assert_string_equal(fx->v.key_dir, "");
	assert_int_equal(fx->v.age, VAULT_AGE_UNKNOWN);
	assert_false(vault_rekey_pending(&fx->v, long_path));
	assert_null(vault_slot_here(&fx->v, long_path));
	long_path[FS_PATH_MAX - 4] = '\0';
	assert_false(vault_save(&fx->v, long_path, NULL));
	long_path[FS_PATH_MAX - 4] = 'x';
}

static void unlocking_without_a_listener_still_fails(void **state)
{
	struct fixture *fx = *state;
	struct secret wrong = fixture_key(99);
	struct secret typed = fixture_secret("typed");
	struct vault v;
	struct err e = { 0 };

	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_false(vault_unlock_key(&v, &wrong, NULL));
	assert_false(vault_unlock_passphrase(&v, &typed, NULL));
	assert_false(vault_unlock_recovery(&v, &typed, NULL));
	assert_false(vault_unlock_credential(&v, fx->dir, NULL));
	assert_false(vault_unlock_keyfile(&v, fx->dir, NULL));
	assert_false(vault_unlock_unattended(&v, fx->dir, NULL));
	assert_false(vault_reload(&v, fx->path, NULL));
	assert_false(vault_slot_proven(&v, fx->path, &(struct slot_key){ 0 }, NULL));
	assert_false(vault_rekey_file(&v, fx->path, NULL));
	vault_release(&v);
	assert_false(vault_parse(&v, "{", 1, NULL));
	assert_false(vault_save(&v, fx->path, NULL));
	secret_release(&wrong);
	secret_release(&typed);
}

static void a_master_key_fits_only_its_vault_and_epoch(void **state)
{
	struct fixture *fx = *state;
	struct secret key = fixture_key(3);
	struct vault other;
	struct vault v;
	struct err e = { 0 };

	assert_ok(vault_create_with_key(&other, &key, &e), e);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_err(vault_unlock_like(&v, &other, &e), e, ERR_BUSY);
	assert_ok(vault_unlock_like(&v, &fx->v, &e), e);
	v.scope.epoch++;
	assert_err(vault_unlock_like(&v, &fx->v, &e), e, ERR_BUSY);
	v.scope.epoch--;
	v.mac[0] ^= 1;
	assert_err(vault_unlock_like(&v, &fx->v, &e), e, ERR_DAMAGED);
	assert_false(v.open);
	vault_release(&v);
	vault_release(&other);
	secret_release(&key);
}

static void the_last_epoch_is_followed_by_none(void **state)
{
	struct fixture *fx = *state;
	struct rekey how = { 0 };
	struct err e;

	assert_err(vault_rekey_master(&fx->v, fx->path, &how, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "no key slot would be left"));
	fx->v.scope.epoch = UINT32_MAX;
	assert_err(vault_rekey_master(&fx->v, fx->path, &how, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "used up its master keys"));
}

static void a_text_that_is_no_json_says_where(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "", "is empty" },
		{ " \n", "is empty" },
		{ "x", "not a thinkfleetbot vault" },
		{ "[]", "not a thinkfleetbot vault" },
		{ "{", "cut off" },
		{ "{}", "not a thinkfleetbot vault" },
		{ "{\"format\"", "cut off" },
		{ "{\"format\" x", "a colon must be here" },
		{ "{\"format\":\"tfx\"}", "not a thinkfleetbot vault" },
		{ "{\"format\":5}", "not a thinkfleetbot vault" },
		{ "{\"format\":\"tfv\"}", "a comma must be here" },
		{ "{\"format\":\"tfv\",\"v\":0}", "\"v\" has an impossible value" },
		{ "{\"format\":\"tfv\",\"v\":01}", "\"v\" has an impossible value" },
		{ "{\"format\":\"tfv\",\"v\":1.0}", "a comma must be here" },
		{ "{\"format\":\"tfv\",\"v\":\"1\"}", "\"v\" has an impossible value" },
		{ "{\"format\":\"tfv\",\"v\":2}", "format version 2" },
		{ "{\"format\":\"tfv\",\"v\":1,\"epoch\":1}", "\"vaultId\" must be here" },
	};
	struct err e;
	struct vault v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		e = (struct err){ 0 };
		assert_false(vault_parse(&v, rows[i].text, strlen(rows[i].text), &e));
		if (!strstr(e.msg, rows[i].says))
			fail_msg("%s: %s", rows[i].text, e.msg);
		vault_release(&v);
	}
}

static void a_value_that_is_none_is_sealed_and_does_not_open(void **state)
{
	struct fixture *fx = *state;
	struct vault_record *r = &fx->v.records[0];
	struct secret s;
	struct err e = { 0 };

	assert_ok(secret_from(&s, "a\0b", 3, &e), e);
	assert_err(record_seal(&fx->v, r, &s, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "holds no credential"));
	s.len = 0;
	assert_err(record_seal(&fx->v, r, &s, &e), e, ERR_DAMAGED);
	secret_release(&s);
}

static void vaults_are_equal_when_every_record_is(void **state)
{
	struct fixture *fx = *state;
	struct vault other;
	struct err e = { 0 };

	assert_ok(vault_load(&other, fx->path, &e), e);
	assert_ok(vault_unlock_keyfile(&other, fx->keys, &e), e);
	assert_true(vault_records_equal(&fx->v, &other, &e));
	fixture_put(&other, "c", "another value", false);
	assert_false(vault_records_equal(&fx->v, &other, &e));
	fixture_put(&other, "c", "value-of-c", false);
	assert_true(vault_records_equal(&fx->v, &other, &e));
	assert_ok(vault_remove(&other, "main/c/key", &e), e);
	assert_false(vault_records_equal(&fx->v, &other, &e));
	fixture_put(&other, "d", "value-of-c", false);
	assert_false(vault_records_equal(&fx->v, &other, &e));
	vault_release(&other);
}

static void a_parsed_vault_that_a_key_does_not_open_has_no_name(void **state)
{
	struct fixture *fx = *state;
	struct buf text = fixture_read(fx->path);
	struct secret wrong = fixture_key(77);
	struct vault v;
	struct err e = { 0 };
	char path[FS_PATH_MAX];

	assert_ok(vault_parse(&v, text.p, text.len, &e), e);
	assert_true(keyfile_path(path, sizeof(path), fx->keys, v.id, &e));
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_int_equal(unlink(path), 0);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_NOT_FOUND);
	assert_err(vault_unlock_key(&v, &wrong, &e), e, ERR_KEY);
	secret_release(&wrong);
	buf_release(&text);
	vault_release(&v);
}

#define with_vault(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, fixture_setup_three, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_lengths_of_a_record_have_limits),
		cmocka_unit_test(texts_of_a_record_are_plain_and_fit),
		cmocka_unit_test(names_of_records_begin_with_a_letter_or_digit),
		with_vault(a_reused_secret_is_empty_after_a_failure),
		with_vault(each_part_of_a_name_decides_whose_record_it_is),
		with_vault(a_record_whose_name_is_full_keeps_no_previous_value),
		with_vault(paths_that_are_too_long_are_refused),
		with_vault(unlocking_without_a_listener_still_fails),
		with_vault(a_master_key_fits_only_its_vault_and_epoch),
		with_vault(the_last_epoch_is_followed_by_none),
		with_vault(a_value_that_is_none_is_sealed_and_does_not_open),
		with_vault(vaults_are_equal_when_every_record_is),
		with_vault(a_parsed_vault_that_a_key_does_not_open_has_no_name),
		cmocka_unit_test(a_text_that_is_no_json_says_where),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
