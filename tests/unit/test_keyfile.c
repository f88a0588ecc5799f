/* SPDX-License-Identifier: MIT */
#include "store/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "tests/unit/vault_fixture.h"

static const char id[] = "oKGio6SlpqeoqaqrrK2urw";

/* The key 80..9f of vault-format.md; the Node program writes the same text. */
static const char example[] = "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K\n";

static mode_t mode_of(const char *path)
{
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	return sb.st_mode & 07777;
}

static char *in_keys(struct fixture *fx, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", fx->keys, name);
	return path;
}

static void new_key_is_private_and_reads_back(void **state)
{
	struct fixture *fx = *state;
	struct secret made = { 0 };
	struct secret back = { 0 };
	struct err e = { 0 };
	char path[256];

	assert_ok(keyfile_create(fx->keys, id, &made, &e), e);
	assert_ok(keyfile_path(path, sizeof(path), fx->keys, id, &e), e);
	assert_ok(keyfile_read(path, &back, &e), e);
	assert_int_equal(back.len, 32);
	assert_true(secret_equal(&made, &back));
	assert_int_equal(mode_of(path), 0400);
	assert_int_equal(mode_of(fx->keys), 0700);
	secret_release(&made);
	secret_release(&back);
}

static void key_folder_asks_other_programs_to_stay_out(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct err e = { 0 };
	struct buf text;

	assert_ok(keyfile_create(fx->keys, id, &kek, &e), e);
	text = fixture_read(in_keys(fx, ".gitignore"));
	assert_string_equal(text.p, "*\n");
	buf_release(&text);
	assert_int_equal(access(in_keys(fx, ".nobackup"), F_OK), 0);
	secret_release(&kek);
}

static void key_file_is_never_overwritten(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct secret second = { 0 };
	struct err e = { 0 };
	struct buf before;
	struct buf after;
	char path[256];

	assert_ok(keyfile_create(fx->keys, id, &kek, &e), e);
	assert_ok(keyfile_path(path, sizeof(path), fx->keys, id, &e), e);
	before = fixture_read(path);
	assert_err(keyfile_create(fx->keys, id, &second, &e), e, ERR_CREATE);
	assert_non_null(strstr(e.msg, path));
	assert_null(second.bytes);
	after = fixture_read(path);
	assert_string_equal(before.p, after.p);
	buf_release(&before);
	buf_release(&after);
	secret_release(&kek);
}

static void two_keys_differ(void **state)
{
	struct fixture *fx = *state;
	struct secret one = { 0 };
	struct secret two = { 0 };
	struct err e = { 0 };

	assert_ok(keyfile_create(fx->keys, id, &one, &e), e);
	assert_ok(keyfile_create(fx->keys, "AAAAAAAAAAAAAAAAAAAAAA", &two, &e), e);
	assert_false(secret_equal(&one, &two));
	secret_release(&one);
	secret_release(&two);
}

static void folder_that_others_can_enter_gets_no_key(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct err e = { 0 };

	assert_int_equal(mkdir(fx->keys, 0700), 0);
	assert_int_equal(chmod(fx->keys, 0750), 0);
	assert_err(keyfile_create(fx->keys, id, &kek, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "chmod 700"));
	assert_int_not_equal(access(in_keys(fx, "oKGio6SlpqeoqaqrrK2urw.key"), F_OK), 0);
}

static void text_of_a_key_matches_the_vector(void **state)
{
	struct secret want = fixture_key(0x80);
	struct secret kek = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(keyfile_parse(example, strlen(example), &kek, &e), e);
	assert_true(secret_equal(&want, &kek));
	secret_release(&kek);
	assert_ok(keyfile_parse(example, strlen(example) - 1, &kek, &e), e);
	assert_true(secret_equal(&want, &kek));
	secret_release(&kek);
	secret_release(&want);
}

static void each_failure_says_what_it_is(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "", "empty" },
		{ "\n", "empty" },
		{ "tfk", "cut off" },
		{ "tfkey1_gIGCg4SFhoeI", "cut off" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7\n", "cut off" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n", "not a thinkfleetbot key" },
		{ "tfkey2_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K\n",
			"not a thinkfleetbot key" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7L\n", "checksum" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp9___at3i7K\n",
			"do not belong" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydno8___at3i7K\n", "checksum" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8-__at3i7K\n",
			"do not belong" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K\n\n",
			"do not belong" },
		{ "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K \n",
			"do not belong" },
	};
	struct fixture *fx = *state;
	struct err e = { 0 };

	assert_ok(keydir_prepare(fx->keys, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret kek = { 0 };
		char *path = in_keys(fx, "x.key");

		fixture_write(path, rows[i].text, strlen(rows[i].text), 0400);
		assert_err(keyfile_read(path, &kek, &e), e, ERR_DAMAGED);
		assert_non_null(strstr(e.msg, path));
		if (!strstr(e.msg, rows[i].says))
			fail_msg("row %zu says \"%s\", not \"%s\"", i, e.msg, rows[i].says);
		assert_null(kek.bytes);
	}
}

static void every_flipped_bit_is_refused(void **state)
{
	char text[sizeof(example)];
	struct secret kek = { 0 };
	struct err e = { 0 };

	(void)state;
	memcpy(text, example, sizeof(text));
	for (size_t bit = 0; bit < 8 * (sizeof(text) - 2); bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		assert_err(keyfile_parse(text, sizeof(text) - 1, &kek, &e), e, ERR_DAMAGED);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
	}
	assert_ok(keyfile_parse(text, sizeof(text) - 1, &kek, &e), e);
	secret_release(&kek);
}

static void errors_never_quote_the_key(void **state)
{
	char text[sizeof(example)];
	struct secret kek = { 0 };
	struct err e = { 0 };

	(void)state;
	memcpy(text, example, sizeof(text));
	text[sizeof(text) - 3] = 'x';
	assert_err(keyfile_parse(text, sizeof(text) - 1, &kek, &e), e, ERR_DAMAGED);
	assert_null(strstr(e.msg, "gIGC"));
	assert_null(strstr(e.hint, "gIGC"));
}

static void missing_key_file_is_named(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct err e = { 0 };

	assert_err(keyfile_read(in_keys(fx, "none.key"), &kek, &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, in_keys(fx, "none.key")));
	assert_string_not_equal(e.hint, "");
}

static void key_file_that_others_can_read_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct err e = { 0 };
	char *path = in_keys(fx, "x.key");

	assert_ok(keydir_prepare(fx->keys, &e), e);
	fixture_write(path, example, strlen(example), 0440);
	assert_err(keyfile_read(path, &kek, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, path));
	assert_null(kek.bytes);
}

static void key_file_of_another_user_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = { 0 };
	struct err e = { 0 };
	char *path = in_keys(fx, "x.key");

	if (geteuid() != 0)
		skip();
	assert_ok(keydir_prepare(fx->keys, &e), e);
	fixture_write(path, example, strlen(example), 0400);
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_err(keyfile_read(path, &kek, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "12345"));
}

static void anchor_comes_back_and_a_missing_one_is_no_error(void **state)
{
	struct fixture *fx = *state;
	struct anchor a = { .gen = UINT64_C(9007199254740991), .mac = { 1, 2, 3 } };
	struct anchor back;
	struct err e = { 0 };

	assert_ok(anchor_read(fx->keys, id, &back, &e), e);
	assert_false(back.exists);
	assert_ok(keydir_prepare(fx->keys, &e), e);
	assert_ok(anchor_read(fx->keys, id, &back, &e), e);
	assert_false(back.exists);
	assert_ok(anchor_write(fx->keys, id, &a, &e), e);
	assert_ok(anchor_read(fx->keys, id, &back, &e), e);
	assert_true(back.exists);
	assert_int_equal(back.gen, a.gen);
	assert_memory_equal(back.mac, a.mac, sizeof(a.mac));
}

static void damaged_anchor_is_told_from_a_missing_one(void **state)
{
	static const char *const wrong[] = {
		"",
		"\n",
		"tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_42",
		"tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_\n",
		"tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_4x\n",
		"tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_99999999999999999999\n",
		"tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=_42\n",
		"tfanchor2_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_42\n",
	};
	static const char right[] = "tfanchor1_AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_42\n";
	struct fixture *fx = *state;
	struct anchor back;
	struct err e = { 0 };
	char *path = in_keys(fx, "oKGio6SlpqeoqaqrrK2urw.anchor");

	assert_ok(keydir_prepare(fx->keys, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		fixture_write(path, wrong[i], strlen(wrong[i]), 0600);
		assert_err(anchor_read(fx->keys, id, &back, &e), e, ERR_DAMAGED);
		assert_false(back.exists);
	}
	fixture_write(path, right, strlen(right), 0600);
	assert_ok(anchor_read(fx->keys, id, &back, &e), e);
	assert_int_equal(back.gen, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			new_key_is_private_and_reads_back, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(key_folder_asks_other_programs_to_stay_out,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			key_file_is_never_overwritten, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(two_keys_differ, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			folder_that_others_can_enter_gets_no_key, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			text_of_a_key_matches_the_vector, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			each_failure_says_what_it_is, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			every_flipped_bit_is_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			errors_never_quote_the_key, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			missing_key_file_is_named, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			key_file_that_others_can_read_is_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			key_file_of_another_user_is_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(anchor_comes_back_and_a_missing_one_is_no_error,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			damaged_anchor_is_told_from_a_missing_one, fixture_setup, fixture_teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
