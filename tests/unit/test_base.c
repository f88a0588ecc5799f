/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/user.h"

static void an_error_keeps_code_message_and_hint(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(err_set(&e, ERR_BUSY, "%s is held", "x"));
	assert_false(err_hint(&e, "wait"));
	assert_false(err_wrap(&e, "saving"));
	assert_int_equal(e.code, ERR_BUSY);
	assert_string_equal(e.msg, "saving: x is held");
	assert_string_equal(e.hint, "wait");
	assert_int_equal(err_exit_status(e.code), 75);
}

static void a_long_context_is_cut_and_says_so(void **state)
{
	struct err e = { 0 };
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, ERR_FAILED, "%s", text);
	err_wrap(&e, "%.100s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_string_equal(e.msg + sizeof(e.msg) - 4, "...");
}

static void a_bounded_text_remembers_that_it_was_cut(void **state)
{
	char small[8];
	struct str s = STR_OF(small);

	(void)state;
	str_add(&s, "abc");
	str_fmt(&s, "%d", 42);
	assert_false(s.cut);
	assert_string_equal(small, "abc42");
	str_add(&s, "defgh");
	assert_true(s.cut);
	assert_string_equal(small, "abc42de");
	str_fmt(&s, "%s", "more");
	assert_string_equal(small, "abc42de");
}

static void a_buffer_splices_anywhere(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(buf_text(&b, "one three", &e), e);
	assert_ok(buf_splice(&b, 4, 0, "two ", 4, &e), e);
	assert_string_equal(b.p, "one two three");
	assert_ok(buf_splice(&b, 0, 3, "1", 1, &e), e);
	assert_string_equal(b.p, "1 two three");
	assert_ok(buf_splice(&b, b.len - 5, 5, NULL, 0, &e), e);
	assert_string_equal(b.p, "1 two ");
	assert_ok(buf_fmt(&b, &e, "%s-%d", "x", 7), e);
	assert_string_equal(b.p, "1 two x-7");
	buf_release(&b);
	buf_release(&b);
	assert_null(b.p);
}

static void a_buffer_refuses_to_grow_without_end(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	assert_err(buf_reserve(&b, BUF_MAX + 1, &e), e, ERR_MEMORY);
	assert_err(buf_reserve(&b, (size_t)-1, &e), e, ERR_MEMORY);
	buf_release(&b);
}

static void words_compare_without_case(void **state)
{
	(void)state;
	assert_true(str_equal_nocase("OpenAI", "openai"));
	assert_false(str_equal_nocase("openai", "openaix"));
	assert_true(str_starts("sk-ant-x", "sk-ant-"));
	assert_true(str_ends("a.json", ".json"));
	assert_false(str_ends("n", ".json"));
}

struct decoded {
	const char *bytes;
	size_t n;
	uint32_t cp;
	size_t used;
};

static void code_points_are_decoded_and_bad_bytes_taken_one_by_one(void **state)
{
	static const struct decoded rows[] = {
		{ "a", 1, 'a', 1 },
		{ "\xc3\xa9", 2, 0xE9, 2 },
		{ "\xe2\x80\xa6", 3, 0x2026, 3 },
		{ "\xf0\x9f\x98\x80", 4, 0x1F600, 4 },
		{ "\xc3", 1, TEXT_BAD, 1 },
		{ "\xc0\x80", 2, TEXT_BAD, 1 },
		{ "\xe0\x80\x80", 3, TEXT_BAD, 1 },
		{ "\xed\xa0\x80", 3, TEXT_BAD, 1 },
		{ "\xf4\x90\x80\x80", 4, TEXT_BAD, 1 },
		{ "\xff", 1, TEXT_BAD, 1 },
		{ "\xe2\x28\xa1", 3, TEXT_BAD, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t used;

		assert_int_equal(text_next(rows[i].bytes, rows[i].n, &used), rows[i].cp);
		assert_int_equal(used, rows[i].used);
	}
}

static void every_code_point_survives_encoding(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp < 0x110000; cp += cp < 0x3000 ? 1 : 97) {
		char bytes[4];
		size_t used;
		size_t n = text_put(cp, bytes);

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		assert_int_equal(text_next(bytes, n, &used), cp);
		assert_int_equal(used, n);
	}
}

static void widths_do_not_depend_on_the_locale(void **state)
{
	(void)state;
	assert_int_equal(text_width('x'), 1);
	assert_int_equal(text_width(0x4E2D), 2);
	assert_int_equal(text_width(0x0301), 0);
	assert_int_equal(text_width(0x1B), -1);
	assert_int_equal(text_width(0x202E), -1);
	assert_int_equal(text_width(0x200B), -1);
	assert_int_equal(text_width(0x2500), 1);
	assert_int_equal(text_cells("a\xe4\xb8\xad"
				    "e\xcc\x81"),
		4);
}

static void expect_clean(const char *in, size_t n, size_t cells, const char *want)
{
	char out[400];
	struct str s = STR_OF(out);

	text_clean(&s, in, n, cells);
	assert_string_equal(out, want);
}

static void foreign_text_cannot_act_on_the_terminal(void **state)
{
	static const char hostile[] =
		"a\033]52;c;ZXZpbA==\ab\033[8mc\033P1;2|x\033\\d\xe2\x80\xae"
		"e\x9b";

	(void)state;
	expect_clean(hostile, sizeof(hostile) - 1, 100, "abcde?");
	expect_clean("one\r\n\ttwo", 9, 100, "one two");
	expect_clean("abcdef", 6, 3, "abc...");
	expect_clean("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 9, 9, "e\xcc\x81\xcc\x81");
	expect_clean("\033[31", 4, 9, "");
	expect_clean("\033", 1, 9, "");
}

static void durations_follow_the_family_grammar(void **state)
{
	struct err e = { 0 };
	int64_t ms;

	(void)state;
	assert_ok(clock_parse_duration("365", "d", &ms, &e), e);
	assert_int_equal(ms, 365 * MS_DAY);
	assert_ok(clock_parse_duration(" 1.5H ", "d", &ms, &e), e);
	assert_int_equal(ms, 90 * MS_MINUTE);
	assert_ok(clock_parse_duration("0d", "d", &ms, &e), e);
	assert_int_equal(ms, 0);
	assert_ok(clock_parse_duration("2w", "d", &ms, &e), e);
	assert_int_equal(ms, 14 * MS_DAY);
	assert_err(clock_parse_duration("", "d", &ms, &e), e, ERR_USAGE);
	assert_string_equal(e.msg, "invalid duration (empty)");
	assert_err(clock_parse_duration("1d12h", "d", &ms, &e), e, ERR_USAGE);
	assert_string_equal(e.msg, "invalid duration: 1d12h");
	assert_err(clock_parse_duration("-1d", "d", &ms, &e), e, ERR_USAGE);
	assert_err(clock_parse_duration("1.d", "d", &ms, &e), e, ERR_USAGE);
	assert_err(clock_parse_duration("99999999999999999999y", "d", &ms, &e), e, ERR_USAGE);
}

static void remaining_time_is_one_rounded_number(void **state)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{ 0, "0m" },
		{ -5, "0m" },
		{ 1, "1m" },
		{ 42 * MS_MINUTE, "42m" },
		{ 59 * MS_MINUTE + 31 * MS_SECOND, "1h" },
		{ 47 * MS_HOUR, "47h" },
		{ 48 * MS_HOUR, "2d" },
		{ 365 * MS_DAY, "365d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[24];
		struct str s = STR_OF(text);

		clock_remaining(&s, rows[i].ms);
		assert_string_equal(text, rows[i].want);
	}
}

static void account_is_found_by_its_number(void **state)
{
	struct err e = { 0 };
	struct user u;

	(void)state;
	assert_ok(user_find(&u, 0, &e), e);
	assert_string_equal(u.name, "root");
	assert_string_equal(u.home, "/root");
	assert_err(user_find(&u, 4000000001u, &e), e, ERR_NOT_FOUND);
	assert_string_equal(u.name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(account_is_found_by_its_number),
		cmocka_unit_test(an_error_keeps_code_message_and_hint),
		cmocka_unit_test(a_long_context_is_cut_and_says_so),
		cmocka_unit_test(a_bounded_text_remembers_that_it_was_cut),
		cmocka_unit_test(a_buffer_splices_anywhere),
		cmocka_unit_test(a_buffer_refuses_to_grow_without_end),
		cmocka_unit_test(words_compare_without_case),
		cmocka_unit_test(code_points_are_decoded_and_bad_bytes_taken_one_by_one),
		cmocka_unit_test(every_code_point_survives_encoding),
		cmocka_unit_test(widths_do_not_depend_on_the_locale),
		cmocka_unit_test(foreign_text_cannot_act_on_the_terminal),
		cmocka_unit_test(durations_follow_the_family_grammar),
		cmocka_unit_test(remaining_time_is_one_rounded_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
