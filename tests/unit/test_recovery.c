/* SPDX-License-Identifier: MIT */
#include "crypto/recovery.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tests/unit/fake_random.h"
#include "tests/unit/test.h"

/*
 * Derived by tests/vectors/recovery.py, which knows the alphabet, the sum and
 * BLAKE2b from the standard library and nothing of this program.
 */
static const struct {
	unsigned char first; /* the 28 random bytes: first, first + 1, ... */
	const char *text;
	const char *kek; /* with the salt 10..1f */
} vectors[] = {
	{ 0x00, "01230-4567M-89AB9-CDEFS-GHJKJ-MNPQ6-RSTVV",
		"c58f9049f9ac87c9e7fd9f85717e6e9160e2671f7bb4df571bb0007f0195dec1" },
	{ 0x75, "NPQRC-STVW7-XYZ08-1234W-5678Y-9ABCN-DEFGT",
		"6fefe9a01b4b85d9a0e13521c84e9d74afe5ab706a0917fc6ada0b421872fc91" },
	{ 0xe9, "9ABCJ-DEFGZ-HJKMD-NPQR9-STVW0-XYZ0D-1234Z",
		"cb9f0782a302c3d327d4c7724589932073f0f3cf91dfea958aaf9a9bcc7e30d0" },
};

static struct secret read_ok(const char *typed)
{
	struct err e = { 0 };
	struct secret text;

	assert_ok(recovery_read(&text, typed, strlen(typed), &e), e);
	return text;
}

static void fill_salt(unsigned char salt[KDF_SALT_BYTES])
{
	for (unsigned i = 0; i < KDF_SALT_BYTES; i++)
		salt[i] = (unsigned char)(0x10 + i);
}

static void codes_match_the_vectors(void **state)
{
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct secret text = { 0 };

		fake_random_begin();
		fake_random_queue(vectors[i].first, RECOVERY_DATA);
		assert_ok(recovery_new(&text, &e), e);
		assert_int_equal(fake_random_end(), 1);
		assert_int_equal(text.len, RECOVERY_CHARS);
		assert_string_equal(text.bytes, vectors[i].text);
		secret_release(&text);
	}
}

static void keys_match_the_vectors(void **state)
{
	unsigned char salt[KDF_SALT_BYTES];
	struct err e = { 0 };

	(void)state;
	fill_salt(salt);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct secret text = read_ok(vectors[i].text);
		struct secret kek = { 0 };
		char hex[65];

		assert_ok(recovery_key(&kek, &text, salt, &e), e);
		sodium_bin2hex(hex, sizeof(hex), (unsigned char *)kek.bytes, kek.len);
		assert_string_equal(hex, vectors[i].kek);
		secret_release(&kek);
		secret_release(&text);
	}
}

static void another_salt_is_another_key(void **state)
{
	unsigned char salt[KDF_SALT_BYTES];
	struct secret text = read_ok(vectors[0].text);
	struct secret one = { 0 };
	struct secret two = { 0 };
	struct err e = { 0 };

	(void)state;
	fill_salt(salt);
	assert_ok(recovery_key(&one, &text, salt, &e), e);
	salt[15] ^= 1;
	assert_ok(recovery_key(&two, &text, salt, &e), e);
	assert_false(secret_equal(&one, &two));
	secret_release(&one);
	secret_release(&two);
	secret_release(&text);
}

/* Every group is there, so nobody may type it with care for the looks. */
static void sloppy_typing_is_read(void **state)
{
	char typed[RECOVERY_CHARS + 40] = " ";
	struct str s = STR_OF(typed);
	const char *text = vectors[0].text;
	struct secret back;

	(void)state;
	str_add(&s, " ");
	for (size_t i = 0; i < RECOVERY_CHARS; i++) {
		char c = text[i];

		if (c == '-')
			c = ' ';
		else if (c == '0')
			c = 'o';
		else if (c == '1')
			c = i % 2 ? 'l' : 'I';
		else if (c >= 'A')
			c = (char)(c - 'A' + 'a');
		str_addn(&s, &c, 1);
	}
	str_add(&s, "\r\n");
	back = read_ok(typed);
	assert_string_equal(back.bytes, text);
	secret_release(&back);

	s = STR_OF(typed);
	for (size_t i = 0; i < RECOVERY_CHARS; i++)
		if (text[i] != '-')
			str_addn(&s, &text[i], 1);
	back = read_ok(typed);
	assert_string_equal(back.bytes, text);
	secret_release(&back);
}

/* The message names this group, and the code is refused. */
static void expect_wrong(const char *typed, size_t group)
{
	char want[16];
	struct str s = STR_OF(want);
	struct secret text;
	struct err e = { 0 };

	str_fmt(&s, "group %zu ", group);
	assert_err(recovery_read(&text, typed, strlen(typed), &e), e, ERR_USAGE);
	assert_null(text.bytes);
	assert_non_null(strstr(e.msg, want));
}

static void every_wrong_character_is_found_in_its_group(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char typed[RECOVERY_CHARS + 1];
	unsigned tried = 0;

	(void)state;
	memcpy(typed, vectors[1].text, sizeof(typed));
	for (size_t at = 0; at < RECOVERY_CHARS; at++) {
		char right = typed[at];

		if (right == '-')
			continue;
		for (const char *c = alphabet; *c; c++) {
			if (*c == right)
				continue;
			typed[at] = *c;
			expect_wrong(typed, at / (RECOVERY_GROUP_CHARS + 1) + 1);
			tried++;
		}
		typed[at] = right;
	}
	assert_int_equal(tried, 35 * 31);
}

static void swapped_neighbours_are_found_in_their_group(void **state)
{
	char typed[RECOVERY_CHARS + 1];

	(void)state;
	memcpy(typed, vectors[1].text, sizeof(typed));
	for (size_t at = 0; at + 1 < RECOVERY_CHARS; at++) {
		char a = typed[at];
		char b = typed[at + 1];

		if (a == '-' || b == '-' || a == b)
			continue;
		typed[at] = b;
		typed[at + 1] = a;
		expect_wrong(typed, at / (RECOVERY_GROUP_CHARS + 1) + 1);
		typed[at] = a;
		typed[at + 1] = b;
	}
}

static void swapped_groups_are_found(void **state)
{
	enum {
		STEP = RECOVERY_GROUP_CHARS + 1
	};
	char typed[RECOVERY_CHARS + 1];

	(void)state;
	for (size_t a = 0; a < RECOVERY_GROUPS; a++) {
		for (size_t b = a + 1; b < RECOVERY_GROUPS; b++) {
			memcpy(typed, vectors[2].text, sizeof(typed));
			memcpy(typed + a * STEP, vectors[2].text + b * STEP, RECOVERY_GROUP_CHARS);
			memcpy(typed + b * STEP, vectors[2].text + a * STEP, RECOVERY_GROUP_CHARS);
			expect_wrong(typed, a + 1);
		}
	}
}

static void wrong_lengths_say_so(void **state)
{
	static const char *const wrong[] = { "", "-", "\n", "0", "00000" };
	char typed[RECOVERY_CHARS + 3];
	struct secret text;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_err(recovery_read(&text, wrong[i], strlen(wrong[i]), &e), e, ERR_USAGE);
	for (size_t n = 0; n < RECOVERY_CHARS; n++)
		assert_err(recovery_read(&text, vectors[0].text, n, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "ends in group 7"));
	snprintf(typed, sizeof(typed), "%s0", vectors[0].text);
	assert_err(recovery_read(&text, typed, strlen(typed), &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "too long"));
}

static void foreign_characters_are_found_in_their_group(void **state)
{
	static const char foreign[] = "Uu!@_\x80\xff=/\x01";
	char typed[RECOVERY_CHARS + 1];

	(void)state;
	for (const char *c = foreign; *c; c++) {
		memcpy(typed, vectors[0].text, sizeof(typed));
		typed[13] = *c;
		expect_wrong(typed, 3);
	}
	/* A NUL among the bytes is none of the alphabet either. */
	memcpy(typed, vectors[0].text, sizeof(typed));
	typed[0] = '\0';
	assert_false(recovery_read(&(struct secret){ 0 }, typed, RECOVERY_CHARS, NULL));
}

static void new_codes_differ_and_read_back(void **state)
{
	struct secret last = { 0 };
	struct err e = { 0 };

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct secret text = { 0 };
		struct secret back;

		assert_ok(recovery_new(&text, &e), e);
		back = read_ok(text.bytes);
		assert_true(secret_equal(&text, &back));
		assert_false(secret_equal(&text, &last));
		secret_release(&back);
		secret_move(&last, &text);
	}
	secret_release(&last);
}

static void only_a_code_gives_a_key(void **state)
{
	unsigned char salt[KDF_SALT_BYTES];
	struct secret text = { 0 };
	struct secret kek = { 0 };
	struct err e = { 0 };

	(void)state;
	fill_salt(salt);
	assert_err(recovery_key(&kek, &text, salt, &e), e, ERR_USAGE);
	assert_null(kek.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_match_the_vectors),
		cmocka_unit_test(keys_match_the_vectors),
		cmocka_unit_test(another_salt_is_another_key),
		cmocka_unit_test(sloppy_typing_is_read),
		cmocka_unit_test(every_wrong_character_is_found_in_its_group),
		cmocka_unit_test(swapped_neighbours_are_found_in_their_group),
		cmocka_unit_test(swapped_groups_are_found),
		cmocka_unit_test(wrong_lengths_say_so),
		cmocka_unit_test(foreign_characters_are_found_in_their_group),
		cmocka_unit_test(new_codes_differ_and_read_back),
		cmocka_unit_test(only_a_code_gives_a_key),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
