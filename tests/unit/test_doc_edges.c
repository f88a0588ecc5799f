/* SPDX-License-Identifier: MIT */

/* The far ends of the document module: each kind of blank, escape, number, and place of an edit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/doc_style.h"
#include "tests/unit/test.h"

static bool parse_n(struct doc *d, enum doc_dialect dialect, const char *p, size_t n, struct err *e)
{
	struct buf text = { 0 };

	assert_true(buf_add(&text, p, n, NULL));
	return doc_parse(d, &text, dialect, "test", e);
}

static bool parses(enum doc_dialect dialect, const char *text)
{
	struct err e = { 0 };
	struct doc d = { 0 };
	bool ok = parse_n(&d, dialect, text, strlen(text), &e);

	if (!ok)
		assert_int_equal(e.code, ERR_DAMAGED);
	doc_release(&d);
	return ok;
}

static struct doc json5(const char *text)
{
	struct err e = { 0 };
	struct doc d;

	assert_ok(parse_n(&d, DOC_JSON5, text, strlen(text), &e), e);
	return d;
}

/* --- reading -------------------------------------------------------------------------- */

static void every_blank_of_json5_is_one_and_its_neighbours_are_not(void **state)
{
	static const uint32_t blanks[] = { '\t', '\n', '\v', '\f', '\r', ' ', 0xA0, 0x1680, 0x2000,
		0x2005, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF };
	static const uint32_t others[] = { 0x08, 0x0e, 0x1f, 0x21, 0x9F, 0xA1, 0x167F, 0x1681,
		0x1FFF, 0x200B, 0x2027, 0x202A, 0x202E, 0x2030, 0x205E, 0x2060, 0x2FFF, 0x3001,
		0xFEFE };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(blanks) + ARRAY_LEN(others); i++) {
		bool blank = i < ARRAY_LEN(blanks);
		char text[16] = "[";
		size_t n =
			1 + text_put(blank ? blanks[i] : others[i - ARRAY_LEN(blanks)], text + 1);
		bool plain = blank && strchr("\t\n\r ", text[1]);

		memcpy(text + n, "1]", 3);
		if (parses(DOC_JSON5, text) != blank)
			fail_msg("U+%04X", blank ? blanks[i] : others[i - ARRAY_LEN(blanks)]);
		assert_int_equal(parses(DOC_JSON, text), plain);
	}
}

static void comments_end_where_they_end(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "/**/1", true },
		{ "/***/1", true },
		{ "/* * / */1", true },
		{ "1//", true },
		{ "1/", false },
		{ "/1", false },
		{ "/*/1", false },
		{ "/* *1", false },
		{ "1/*", false },
		{ "// x\n1", true },
		{ "// x\r1", true },
		{ "// x\xe2\x80\xa8"
		  "1",
			true },
		{ "// x\xe2\x80\xa9"
		  "1",
			true },
		{ "// x 1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (parses(DOC_JSON5, rows[i].text) != rows[i].ok)
			fail_msg("%s", rows[i].text);
}

static void bytes_that_are_no_text_are_refused_wherever_they_stand(void **state)
{
	static const char *const bad[] = { "\x80", "\xc3", "\xff", "\xed\xa0\x80", "" };
	struct err e = { 0 };
	struct doc d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		for (size_t at = 1; at < 12; at++) {
			char text[24] = "\"aaaaaaaaaaaaaa\"";
			size_t n = strlen(text);

			memcpy(text + at, bad[i], bad[i][0] ? strlen(bad[i]) : 1);
			assert_false(parse_n(&d, DOC_JSON, text, n, &e));
			assert_int_equal(e.code, ERR_DAMAGED);
		}
	}
	assert_true(parses(DOC_JSON, "\"\xef\xbf\xbd\"")); /* U+FFFD itself is a character */
	assert_true(parses(DOC_JSON, "\xef\xbb\xbf[]"));
	assert_false(parses(DOC_JSON, "\xef\xbb"));
	assert_false(parses(DOC_JSON, "\xef\xbb\xbf"));
}

static void a_file_that_is_too_large_is_not_even_read(void **state)
{
	struct buf text = { 0 };
	struct err e = { 0 };
	struct doc d;

	(void)state;
	assert_ok(buf_reserve(&text, FS_FILE_MAX + 1, &e), e);
	memset(text.p, ' ', FS_FILE_MAX + 1);
	text.p[0] = '1';
	text.len = FS_FILE_MAX;
	text.p[text.len] = '\0';
	assert_ok(doc_parse(&d, &text, DOC_JSON, "test", &e), e);
	text = d.text;
	d.text = (struct buf){ 0 };
	doc_release(&d);
	text.p[text.len++] = ' ';
	assert_false(doc_parse(&d, &text, DOC_JSON, "test", &e));
	assert_int_equal(e.code, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "larger than 4 MiB"));
}

static void each_escape_has_its_dialect(void **state)
{
	static const struct {
		const char *text;
		bool json;
		bool json5;
		const char *means;
	} rows[] = {
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", true, true, "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\"", true, true, "A" },
		{ "\"\\n1\\t0\"", true, true, "\n1\t0" },
		{ "\"\\u00e9\\u20ac\"", true, true, "\xc3\xa9\xe2\x82\xac" },
		{ "\"\\uD83D\\uDE00\"", true, true, "\xf0\x9f\x98\x80" },
		{ "\"\\uDBFF\\uDFFF\"", true, true, "\xf4\x8f\xbf\xbf" },
		{ "\"\\uD83D\"", true, true, "\xef\xbf\xbd" },
		{ "\"\\uD83Dxxxxxx\"", true, true, "\xef\xbf\xbdxxxxxx" },
		{ "\"\\uD83D\\nxxxx\"", true, true, "\xef\xbf\xbd\nxxxx" },
		{ "\"\\uD83D\\u0041\"", true, true,
			"\xef\xbf\xbd"
			"A" },
		{ "\"\\uD83D\\uE000\"", true, true, "\xef\xbf\xbd\xee\x80\x80" },
		{ "\"\\uDE00\\uDE00\"", true, true, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\uE000\"", true, true, "\xee\x80\x80" },
		{ "\"\\uD7FF\"", true, true, "\xed\x9f\xbf" },
		{ "\"\\u004\"", false, false, NULL },
		{ "\"\\u004g\"", false, false, NULL },
		{ "\"\\u", false, false, NULL },
		{ "\"\\", false, false, NULL },
		{ "\"\\x41\"", false, true, "A" },
		{ "\"\\x4\"", false, false, NULL },
		{ "\"\\v\\a\\'\"", false, true, "\va'" },
		{ "\"\\1\"", false, false, NULL },
		{ "\"\\9\"", false, false, NULL },
		{ "\"\\00\"", false, false, NULL },
		{ "\"\\09\"", false, false, NULL },
		{ "\"a\\\nb\"", false, true, "ab" },
		{ "\"a\\\r\nb\"", false, true, "ab" },
		{ "\"a\\\rb\"", false, true, "ab" },
		{ "\"a\\\r", false, false, NULL },
		{ "\"a\\\xe2\x80\xa8"
		  "b\\\xe2\x80\xa9\"",
			false, true, "ab" },
		{ "\"a\\\xc3\xa9\"", false, true, "a\xc3\xa9" },
		{ "\"a\nb\"", false, false, NULL },
		{ "\"a\rb\"", false, false, NULL },
		{ "\"a\tb\"", false, true, "a\tb" },
		{ "'a\"b'", false, true, "a\"b" },
		{ "\"a'b\"", true, true, "a'b" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d;

		if (parses(DOC_JSON, rows[i].text) != rows[i].json)
			fail_msg("JSON: %s", rows[i].text);
		if (parses(DOC_JSON5, rows[i].text) != rows[i].json5)
			fail_msg("JSON5: %s", rows[i].text);
		if (!rows[i].json5)
			continue;
		d = json5(rows[i].text);
		assert_true(doc_text(&d, DOC_ROOT, out, sizeof(out)));
		assert_string_equal(out, rows[i].means);
		assert_true(doc_text_is(&d, DOC_ROOT, rows[i].means));
		assert_false(doc_text_is(&d, DOC_ROOT, "never this, which is longer than any"));
		assert_true(strlen(out) < doc_text_cap(&d, DOC_ROOT));
		assert_true(doc_text(&d, DOC_ROOT, out, strlen(rows[i].means) + 1));
		assert_false(doc_text(&d, DOC_ROOT, out, strlen(rows[i].means)));
		assert_string_equal(out, "");
		doc_release(&d);
	}
}

static void a_text_differs_at_its_beginning_its_end_and_its_length(void **state)
{
	struct doc d = json5("['\\u0061bc', 'abc', 'a\\0c', '', 1]");
	uint32_t n = doc_first(&d, DOC_ROOT);
	char out[8];

	(void)state;
	for (int i = 0; i < 2; i++, n = doc_next(&d, n)) {
		assert_true(doc_text_is(&d, n, "abc"));
		assert_false(doc_text_is(&d, n, "ab"));
		assert_false(doc_text_is(&d, n, "abd"));
		assert_false(doc_text_is(&d, n, "xbc"));
		assert_false(doc_text_is(&d, n, ""));
	}
	assert_false(doc_text_is(&d, n, "a"));
	assert_false(doc_text(&d, n, out, sizeof(out)));
	n = doc_next(&d, n);
	assert_true(doc_text_is(&d, n, ""));
	assert_true(doc_text(&d, n, out, 1));
	assert_false(doc_text(&d, n, out, 0));
	assert_false(doc_key(&d, n, out, 0));
	assert_false(doc_key_is(&d, n, ""));
	assert_int_equal(doc_key_cap(&d, n), 1);
	n = doc_next(&d, n);
	assert_false(doc_text(&d, n, out, 0));
	str_copy(out, sizeof(out), "zz");
	assert_false(doc_text(&d, n, out, sizeof(out)));
	assert_string_equal(out, "");
	str_copy(out, sizeof(out), "zz");
	assert_false(doc_key(&d, n, out, sizeof(out)));
	assert_string_equal(out, "");
	assert_int_equal(doc_text_cap(&d, n), 1);
	assert_int_equal(doc_line(&d, d.count), 0);
	doc_release(&d);
}

static void a_text_of_blanks_is_not_filled(void **state)
{
	static const char *const empty[] = { "''", "' '", "'\\u00a0'", "'\\ufeff \\n'", "1", "null",
		"'\t'" };
	static const char *const filled[] = { "'x'", "' x'", "'\\u00a1'", "'!'" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		struct doc d = json5(empty[i]);

		assert_false(doc_filled(&d, DOC_ROOT));
		doc_release(&d);
	}
	for (size_t i = 0; i < ARRAY_LEN(filled); i++) {
		struct doc d = json5(filled[i]);

		assert_true(doc_filled(&d, DOC_ROOT));
		doc_release(&d);
	}
}

static void numbers_follow_their_dialect(void **state)
{
	static const char *const both[] = { "0", "-0", "10", "1.5", "1e5", "1E+5", "1e-5", "0.0",
		"-1.25e2" };
	static const char *const only5[] = { "+1", ".5", "5.", "0x1f", "0XAb", "-0x1", "Infinity",
		"-Infinity", "NaN", "+NaN", "5.e1" };
	static const char *const neither[] = { "01", "-", "+", "1e", "1e+", ".", "0x", "0xg", "1.e",
		"--1", "00", "-01", "Infinit", "Na", ".e1", "1..2", "e1", "0x1.5" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		if (!parses(DOC_JSON, both[i]) || !parses(DOC_JSON5, both[i]))
			fail_msg("%s", both[i]);
	for (size_t i = 0; i < ARRAY_LEN(only5); i++)
		if (parses(DOC_JSON, only5[i]) || !parses(DOC_JSON5, only5[i]))
			fail_msg("%s", only5[i]);
	for (size_t i = 0; i < ARRAY_LEN(neither); i++)
		if (parses(DOC_JSON, neither[i]) || parses(DOC_JSON5, neither[i]))
			fail_msg("%s", neither[i]);
}

static void integers_are_exact_at_the_limits(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ "0x7fffffffffffffff", true, INT64_MAX },
		{ "0x8000000000000000", false, 0 },
		{ "0x10000000000000000", false, 0 },
		{ "-0x10", true, -16 },
		{ "+0xaF", true, 175 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "-9223372036854775809", false, 0 },
		{ "92233720368547758070", false, 0 },
		{ "1e18", true, 1000000000000000000 },
		{ "1e19", false, 0 },
		{ "10000000000000000000", false, 0 },
		{ "100000000000000000001", false, 0 },
		{ "12.5e1", true, 125 },
		{ "12.55e1", false, 0 },
		{ "1200e-2", true, 12 },
		{ "1200e-3", false, 0 },
		{ "0e999999999", true, 0 },
		{ "1e999999999", false, 0 },
		{ "1e-999999999", false, 0 },
		{ "100E-002", true, 1 },
		{ "1E+2", true, 100 },
		{ "5.", true, 5 },
		{ "0.50e1", true, 5 },
		{ "-7", true, -7 },
		{ "Infinity", false, 0 },
		{ "-Infinity", false, 0 },
		{ "NaN", false, 0 },
		{ "'7'", false, 0 },
		{ "true", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = json5(rows[i].text);
		int64_t v = 0;

		if (doc_int(&d, DOC_ROOT, &v) != rows[i].ok || (rows[i].ok && v != rows[i].value))
			fail_msg("%s", rows[i].text);
		doc_release(&d);
	}
}

static void keys_without_quotes_are_those_of_json5(void **state)
{
	static const char *const good[] = { "a", "A1", "$", "_x9", "\\u0061b", "z\\u00e9",
		"\xc3\xa9", "Zz" };
	static const char *const bad[] = { "1", "a-b", "\\u00", "\\x61", "@", "[", "`", "{",
		"\\u006g", "\xc2\xa0", "a/b", "" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad); i++) {
		bool ok = i < ARRAY_LEN(good);
		const char *name = ok ? good[i] : bad[i - ARRAY_LEN(good)];

		snprintf(text, sizeof(text), "{%s:1}", name);
		if (parses(DOC_JSON5, text) != ok)
			fail_msg("%s", name);
		assert_false(parses(DOC_JSON, text));
	}
	assert_false(parses(DOC_JSON5, "{\\u"));
	assert_false(parses(DOC_JSON5, "{'a"));
	assert_false(parses(DOC_JSON, "{'a':1}"));
	assert_false(parses(DOC_JSON, "['a']"));
	assert_false(parses(DOC_JSON5, "{a"));
	assert_false(parses(DOC_JSON5, "{a /* x"));
}

static void a_secret_is_a_text_without_half_characters(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
	} rows[] = {
		{ "'a key'", ERR_NONE },
		{ "'\\u0061'", ERR_NONE },
		{ "5", ERR_NOT_FOUND },
		{ "'a\\u0000b'", ERR_DAMAGED },
		{ "'\\ud800'", ERR_DAMAGED },
	};
	struct err e;

	(void)state;
	assert_true(crypto_start(NULL));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = json5(rows[i].text);
		struct secret s = { 0 };

		e = (struct err){ 0 };
		assert_int_equal(doc_secret(&d, DOC_ROOT, &s, &e), rows[i].code == ERR_NONE);
		assert_int_equal(e.code, rows[i].code);
		secret_release(&s);
		doc_release(&d);
	}
}

static void a_secret_is_at_most_six_times_its_escapes(void **state)
{
	const size_t most = 6 * SECRET_MAX;
	char *text = malloc(most + 8);
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_true(crypto_start(NULL));
	for (size_t extra = 0; extra < 2; extra++) {
		struct doc d;

		memset(text, 'x', most + extra);
		text[0] = text[most + extra - 1] = '"';
		assert_ok(parse_n(&d, DOC_JSON, text, most + extra, &e), e);
		assert_int_equal(doc_secret(&d, DOC_ROOT, &s, &e), !extra);
		assert_int_equal(e.code, extra ? ERR_DAMAGED : ERR_NONE);
		doc_release(&d);
	}
	secret_release(&s);
	free(text);
}

/* As many nodes as there is room for: the one after the last is nobody's memory. */
static void the_node_after_the_last_is_absent(void **state)
{
	char text[2 * 63 + 2] = "[";
	struct doc d;
	char key[8];

	(void)state;
	for (size_t i = 0; i < 63; i++)
		memcpy(text + 1 + 2 * i, i < 62 ? "1," : "1]", 3);
	d = json5(text);
	assert_int_equal(d.count, d.cap);
	assert_int_equal(doc_kind(&d, d.count), DOC_ABSENT);
	assert_int_equal(doc_line(&d, d.count), 0);
	assert_int_equal(doc_count(&d, d.count), 0);
	assert_int_equal(doc_first(&d, d.count), DOC_NONE);
	assert_int_equal(doc_next(&d, d.count), DOC_NONE);
	assert_int_equal(doc_key_cap(&d, d.count), 1);
	assert_false(doc_key(&d, d.count, key, sizeof(key)));
	doc_release(&d);
}

static void absent_nodes_and_long_names_are_no_trouble(void **state)
{
	char name[2 * DOC_NAME_CAP];
	struct buf text = { 0 };
	struct doc copy = { 0 };
	struct doc empty = { 0 };
	struct err e = { 0 };
	struct doc d;
	bool b;

	(void)state;
	memset(name, 'x', sizeof(name));
	snprintf(name + sizeof(name) - 8, 8, "the end");
	assert_true(buf_text(&text, "[true]", NULL));
	assert_ok(doc_parse(&d, &text, DOC_JSON, name, &e), e);
	assert_int_equal(strlen(d.name), DOC_NAME_CAP - 1);
	assert_non_null(strstr(d.name, "the end"));
	assert_int_equal(doc_line(&d, DOC_NONE), 0);
	assert_int_equal(doc_line(&d, 1), 1);
	assert_true(doc_bool(&d, 1, &b) && b);
	assert_false(doc_bool(&d, DOC_ROOT, &b));
	assert_ok(doc_copy(&copy, &empty, &e), e);
	assert_int_equal(copy.count, 0);
	assert_null(copy.nodes);
	doc_release(&copy);
	doc_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_blank_of_json5_is_one_and_its_neighbours_are_not),
		cmocka_unit_test(comments_end_where_they_end),
		cmocka_unit_test(bytes_that_are_no_text_are_refused_wherever_they_stand),
		cmocka_unit_test(a_file_that_is_too_large_is_not_even_read),
		cmocka_unit_test(each_escape_has_its_dialect),
		cmocka_unit_test(a_text_differs_at_its_beginning_its_end_and_its_length),
		cmocka_unit_test(a_text_of_blanks_is_not_filled),
		cmocka_unit_test(numbers_follow_their_dialect),
		cmocka_unit_test(integers_are_exact_at_the_limits),
		cmocka_unit_test(keys_without_quotes_are_those_of_json5),
		cmocka_unit_test(a_secret_is_a_text_without_half_characters),
		cmocka_unit_test(a_secret_is_at_most_six_times_its_escapes),
		cmocka_unit_test(the_node_after_the_last_is_absent),
		cmocka_unit_test(absent_nodes_and_long_names_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
