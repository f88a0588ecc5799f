/* SPDX-License-Identifier: MIT */

/* Edits in unusual layouts: what is written, byte for byte, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "store/doc_style.h"
#include "tests/unit/test.h"

static struct doc parse(const char *text)
{
	struct buf copy = { 0 };
	struct err e = { 0 };
	struct doc d;

	assert_true(buf_text(&copy, text, NULL));
	assert_ok(doc_parse(&d, &copy, DOC_JSON5, "test", &e), e);
	return d;
}

static const char *const k[] = { "k", NULL };

struct row {
	const char *before;
	const char *after;
};

enum act {
	PUT,
	REMOVE,
	APPEND,
	PREPEND,
	DROP
};

static void try_rows(const struct row *rows, size_t n, enum act act)
{
	for (size_t i = 0; i < n; i++) {
		struct doc d = parse(rows[i].before);
		struct err e = { 0 };
		bool ok = false;

		switch (act) {
		case PUT:
			ok = doc_put_int(&d, k, 7, &e);
			break;
		case REMOVE:
			ok = doc_remove(&d, k, &e);
			break;
		case APPEND:
			ok = doc_list_append(&d, DOC_ROOT, "n", &e);
			break;
		case PREPEND:
			ok = doc_list_prepend(&d, DOC_ROOT, "n", &e);
			break;
		case DROP:
			ok = doc_list_remove(&d, DOC_ROOT, "n", &e);
			break;
		}
		if (!ok)
			fail_msg("%s: %s", rows[i].before, e.msg);
		assert_string_equal(d.text.p, rows[i].after);
		doc_release(&d);
	}
}

static void members_are_added_in_every_layout(void **state)
{
	static const struct row rows[] = {
		{ "{}", "{\n  \"k\": 7\n}" },
		{ "{ }", "{\n  \"k\": 7\n}" },
		{ "{\n}", "{\n  \"k\": 7\n}" },
		{ "{\n\n}", "{\n  \"k\": 7\n\n}" },
		{ "{/* c */}", "{/* c */\n  \"k\": 7\n}" },
		{ "{// c\n}", "{// c\n  \"k\": 7\n}" },
		{ "{\"a\":1}", "{\"a\":1,\"k\":7}" },
		{ "{\"a\": 1, \"b\":2}", "{\"a\": 1, \"b\":2, \"k\":7}" },
		{ "{a:1,}", "{a:1,k:7,}" },
		{ "{a:1,b:2}", "{a:1,b:2,k:7}" },
		{ "{'a':1}", "{'a':1,\"k\":7}" },
		{ "{\r\n\t\"a\": 1\r\n}", "{\r\n\t\"a\": 1,\r\n\t\"k\": 7\r\n}" },
		{ "{\n  \"a\": 1 // c\n}", "{\n  \"a\": 1, // c\n  \"k\": 7\n}" },
		{ "{\n  \"a\": 1 /* c */ }", "{\n  \"a\": 1,\n  \"k\": 7 /* c */ }" },
		{ "{\n  \"a\" /* c */ : 1\n}", "{\n  \"a\" /* c */ : 1,\n  \"k\": 7\n}" },
		{ "{\n  \"a\": 1,\n}", "{\n  \"a\": 1,\n  \"k\": 7,\n}" },
		{ "\n{\"a\":1}", "\n{\"a\":1,\"k\":7}" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows), PUT);
}

static void a_key_without_quotes_is_an_identifier(void **state)
{
	static const char *const keys[][2] = {
		{ "ok", "{a: 1, ok: 7}" },
		{ "a9_$", "{a: 1, a9_$: 7}" },
		{ "9a", "{a: 1, \"9a\": 7}" },
		{ "0a", "{a: 1, \"0a\": 7}" },
		{ "a-b", "{a: 1, \"a-b\": 7}" },
		{ "", "{a: 1, \"\": 7}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *const path[] = { keys[i][0], NULL };
		struct doc d = parse("{a: 1}");
		struct err e = { 0 };

		assert_ok(doc_put_int(&d, path, 7, &e), e);
		assert_string_equal(d.text.p, keys[i][1]);
		doc_release(&d);
	}
}

static void an_indent_that_is_not_nested_is_no_unit(void **state)
{
	const char *const path[] = { "a", "o", "n", NULL };
	struct doc d = parse("{\n\t\"a\": {\n  \"b\": 1\n }\n}");
	struct err e = { 0 };

	(void)state;
	assert_ok(doc_put_int(&d, path, 7, &e), e);
	assert_string_equal(d.text.p,
		"{\n\t\"a\": {\n  \"b\": 1,\n  \"o\": {\n  \t\"n\": 7\n  "
		"}\n }\n}");
	doc_release(&d);
}

static void members_go_from_every_layout(void **state)
{
	static const struct row rows[] = {
		{ "{\"k\":1}", "{}" },
		{ "{ \"k\": 1 }", "{ }" },
		{ "{\"a\":1,\"k\":2}", "{\"a\":1}" },
		{ "{\"a\":1,   \"k\":2   }", "{\"a\":1   }" },
		{ "{\"a\":1,\n\n\n  \"k\":2}", "{\"a\":1}" },
		{ "{\"k\":2   ,   \"a\":1}", "{\"a\":1}" },
		{ "{\n  \"k\": 2\n  ,\n  \"a\": 1\n}", "{\n  \"a\": 1\n}" },
		{ "{\"k\":2,\"a\":1}", "{\"a\":1}" },
		{ "{\"k\":2 /* c */,\"a\":1}", "{ /* c */\"a\":1}" },
		{ "{\"a\":1,/* c */\"k\":2}", "{\"a\":1/* c */}" },
		{ "{\n  \"a\": 1,\n  \"k\": 2 // c\n}", "{\n  \"a\": 1\n  // c\n}" },
		{ "{\n  \"a\": 1,\n  \"k\": 2\n}", "{\n  \"a\": 1\n}" },
		{ "{\n  \"k\": 2\n}", "{\n}" },
		{ "{\r\n  \"k\": 2,\r\n  \"a\": 1\r\n}", "{\r\n  \"a\": 1\r\n}" },
		{ "{\"k\":1,\"k\":2,\"a\":3,\"k\":4}", "{\"a\":3}" },
		{ "{\n  \"k\": 2 }", "{\n  }" },
		{ "{\"a\":1}", "{\"a\":1}" },
		{ "{k:1,}", "{}" },
		{ "{\r  k: 1,\r  a: 2\r}", "{\r  a: 2\r}" },
		{ "{\r  a: 2,\r  k: 1,\r}", "{\r  a: 2,\r}" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows), REMOVE);
}

static void lists_grow_at_both_ends_in_every_layout(void **state)
{
	static const struct row back[] = {
		{ "[]", "[\n  \"n\"\n]" },
		{ "[1]", "[1, \"n\"]" },
		{ "[1, 2]", "[1, 2, \"n\"]" },
		{ "[\n  1\n]", "[\n  1,\n  \"n\"\n]" },
		{ "[1,]", "[1, \"n\",]" },
	};
	static const struct row front[] = {
		{ "[]", "[\n  \"n\"\n]" },
		{ "[1]", "[\"n\", 1]" },
		{ "[1, 2]", "[\"n\", 1, 2]" },
		{ "[\n  1\n]", "[\n  \"n\",\n  1\n]" },
		{ "[1,\n  2]", "[\"n\", 1,\n  2]" },
		{ "[\n      1,\n  2\n]", "[\n      \"n\",\n      1,\n  2\n]" },
		{ "[\n  1, 2]", "[\n  \"n\",\n  1, 2]" },
	};
	static const struct row fewer[] = {
		{ "['n',1,'n']", "[1]" },
		{ "['n']", "[]" },
		{ "[1]", "[1]" },
		{ "[]", "[]" },
	};

	(void)state;
	try_rows(back, ARRAY_LEN(back), APPEND);
	try_rows(front, ARRAY_LEN(front), PREPEND);
	try_rows(fewer, ARRAY_LEN(fewer), DROP);
}

static void a_value_within_another_is_one_level_deeper(void **state)
{
	struct doc_value inner = { 0 };
	struct doc_value outer = { 0 };

	(void)state;
	doc_value_object(&inner);
	doc_value_key(&inner, "a");
	doc_value_int(&inner, 1);
	doc_value_end(&inner);
	doc_value_object(&outer);
	doc_value_key(&outer, "k");
	doc_value_embed(&outer, &inner);
	doc_value_end(&outer);
	assert_string_equal(outer.text.p, "{\n\t\"k\": {\n\t\t\"a\": 1\n\t}\n}");
	doc_value_release(&inner);
	doc_value_release(&outer);
}

/* The text of a value is nobody's layout. */
static void quotes_and_colons_of_a_text_stay(void **state)
{
	static const struct row rows[] = {
		{ "{\"a\":1}", "{\"a\":1,\"k\":\"x\\\":y\\\\\"}" },
		{ "{a : 1}", "{a : 1, k : \"x\\\":y\\\\\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = parse(rows[i].before);
		struct err e = { 0 };

		assert_ok(doc_put_text(&d, k, "x\":y\\", &e), e);
		assert_string_equal(d.text.p, rows[i].after);
		doc_release(&d);
	}
}

/* One level is what the first container with lines has, wherever it stands. */
static void the_indent_is_that_of_the_first_lines(void **state)
{
	static const char *const path[] = { "b", "c", NULL };
	struct doc d = parse("{\"x\": [1], \"a\": {\n\t\"y\": 1\n}, \"b\": {\n}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(doc_put_int(&d, path, 7, &e), e);
	assert_string_equal(
		d.text.p, "{\"x\": [1], \"a\": {\n\t\"y\": 1\n}, \"b\": {\n\t\"c\": 7\n}}");
	doc_release(&d);
}

static void what_is_no_list_or_object_is_named(void **state)
{
	struct doc d = parse("{\"a\": 1, \"o\": {\"x\": 2}, \"l\": [[1]]}");
	const char *const into[] = { "a", "b", NULL };
	const char *const root[] = { NULL };
	const char *const o[] = { "o", NULL };
	struct err e;
	struct doc other;

	(void)state;
	assert_err(doc_put_int(&d, into, 1, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "\"a\", found a number"));
	assert_err(doc_list_append(&d, doc_find(&d, o), "n", &e), e, ERR_DAMAGED);
	assert_err(doc_list_prepend(&d, doc_find(&d, o), "n", &e), e, ERR_DAMAGED);
	assert_err(doc_list_remove(&d, doc_find(&d, o), "n", &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "expected a list, found an object"));
	assert_err(doc_list_prepend(&d, DOC_NONE, "n", &e), e, ERR_DAMAGED);
	assert_err(doc_remove_node(&d, DOC_ROOT, &e), e, ERR_NOT_FOUND);
	assert_err(doc_remove_node(&d, DOC_NONE, &e), e, ERR_NOT_FOUND);
	assert_int_equal(doc_find(&d, root), DOC_ROOT);
	doc_release(&d);
	other = parse("[1]");
	assert_err(doc_put_int(&other, k, 1, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "line 1: expected an object, found a list"));
	doc_release(&other);
}

static void a_value_that_is_not_finished_is_not_written(void **state)
{
	struct doc d = parse("{\"k\": 1}");
	struct doc_value inner = { 0 };
	struct doc_value v = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_err(doc_put(&d, k, &v, &e), e, ERR_REFUSED);
	assert_err(doc_set(&d, 1, &v, &e), e, ERR_REFUSED);
	doc_value_object(&v);
	assert_err(doc_put(&d, k, &v, &e), e, ERR_REFUSED);
	doc_value_key(&v, "x");
	doc_value_embed(&v, &inner); /* empty */
	assert_true(v.failed);
	doc_value_release(&v);
	doc_value_end(&v); /* of nothing */
	assert_true(v.failed);
	doc_value_release(&v);
	doc_value_string(&v, "bad \xff");
	assert_true(v.failed);
	doc_value_embed(&inner, &v);
	assert_true(inner.failed);
	doc_value_release(&inner);
	doc_value_release(&v);
	doc_value_array(&inner);
	doc_value_embed(&v, &inner); /* still open */
	assert_true(v.failed);
	doc_value_release(&inner);
	doc_value_release(&v);
	doc_value_bool(&v, true);
	assert_err(doc_set(&d, DOC_NONE, &v, &e), e, ERR_NOT_FOUND);
	assert_ok(doc_set(&d, 1, &v, &e), e);
	assert_string_equal(d.text.p, "{\"k\": true}");
	assert_ok(doc_set(&d, DOC_ROOT, &v, &e), e);
	assert_string_equal(d.text.p, "true");
	doc_value_release(&v);
	doc_release(&d);
}

static void a_value_has_at_most_64_levels(void **state)
{
	struct doc_value v = { 0 };

	(void)state;
	for (unsigned i = 0; i < DOC_DEPTH_MAX - 1; i++)
		doc_value_array(&v);
	assert_false(v.failed);
	doc_value_array(&v);
	assert_true(v.failed);
	doc_value_release(&v);
}

static void texts_are_escaped_as_json_does(void **state)
{
	struct doc_value v = { 0 };

	(void)state;
	doc_value_stringn(&v, "\"\\\b\f\n\r\t\x01\x1f\0\x7f\xc3\xa9\xef\xbf\xbd/", 17);
	assert_false(v.failed);
	assert_string_equal(v.text.p,
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000\x7f\xc3\xa9\xef\xbf\xbd/\"");
	doc_value_release(&v);
}

static void nested_values_take_the_layout_around_them(void **state)
{
	static const struct row rows[] = {
		{ "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}",
			"{\n\t\"a\": {\n\t\t\"b\": 1\n\t},\n\t\"k\": {\n"
			"\t\t\"x\": [\n\t\t\t1,\n\t\t\ttrue\n\t\t],"
			"\n\t\t\"1y\": {}\n\t}\n}" },
		{ "{\"a\":1}", "{\"a\":1,\"k\":{\"x\":[1,true],\"1y\":{}}}" },
		{ "{\"a\": 1, \"b\": 2}",
			"{\"a\": 1, \"b\": 2, \"k\": {\"x\": [1, true], \"1y\": {}}}" },
		{ "{a: 1, b: 2}", "{a: 1, b: 2, k: {\"x\": [1, true], \"1y\": {}}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = parse(rows[i].before);
		struct doc_value v = { 0 };
		struct err e = { 0 };

		doc_value_object(&v);
		doc_value_key(&v, "x");
		doc_value_array(&v);
		doc_value_int(&v, 1);
		doc_value_bool(&v, true);
		doc_value_end(&v);
		doc_value_key(&v, "1y");
		doc_value_object(&v);
		doc_value_end(&v);
		doc_value_end(&v);
		assert_ok(doc_put(&d, k, &v, &e), e);
		assert_string_equal(d.text.p, rows[i].after);
		doc_value_release(&v);
		doc_release(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_added_in_every_layout),
		cmocka_unit_test(a_key_without_quotes_is_an_identifier),
		cmocka_unit_test(an_indent_that_is_not_nested_is_no_unit),
		cmocka_unit_test(members_go_from_every_layout),
		cmocka_unit_test(lists_grow_at_both_ends_in_every_layout),
		cmocka_unit_test(a_value_within_another_is_one_level_deeper),
		cmocka_unit_test(quotes_and_colons_of_a_text_stay),
		cmocka_unit_test(the_indent_is_that_of_the_first_lines),
		cmocka_unit_test(what_is_no_list_or_object_is_named),
		cmocka_unit_test(a_value_that_is_not_finished_is_not_written),
		cmocka_unit_test(a_value_has_at_most_64_levels),
		cmocka_unit_test(texts_are_escaped_as_json_does),
		cmocka_unit_test(nested_values_take_the_layout_around_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
