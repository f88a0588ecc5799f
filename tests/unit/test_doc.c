/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/doc.h"

static struct doc parsed(enum doc_dialect dialect, const char *text)
{
	struct buf b = { 0 };
	struct doc d = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(doc_parse(&d, &b, dialect, "test.json", &e), e);
	assert_null(b.p);
	return d;
}

static struct doc json(const char *text)
{
	return parsed(DOC_JSON, text);
}

static struct doc json5(const char *text)
{
	return parsed(DOC_JSON5, text);
}

static void expect_damaged(enum doc_dialect dialect, const char *text, const char *message)
{
	struct buf b = { 0 };
	struct doc d = { 0 };
	struct err e = { 0 };

	assert_true(buf_text(&b, text, &e));
	if (doc_parse(&d, &b, dialect, "f.json", &e))
		fail_msg("accepted: %s", text);
	assert_int_equal(e.code, ERR_DAMAGED);
	assert_string_equal(e.msg, message);
	assert_null(d.text.p);
}

static void expect_text(struct doc *d, const char *want)
{
	assert_string_equal(d->text.p, want);
	doc_release(d);
}

/* --- reading --- */

static void errors_name_line_and_column(void **state)
{
	(void)state;
	expect_damaged(DOC_JSON, "{\n  \"a\": 1,\n  \"b\" 2\n}\n",
		"f.json: line 3, column 7: expected \":\"");
	expect_damaged(
		DOC_JSON, "{\n  \"\xC3\xA4\": x\n}", "f.json: line 2, column 8: expected a value");
	expect_damaged(DOC_JSON, "{\"a\": 1",
		"f.json: line 1, column 8: expected \",\" or \"}\", found the end of the file");
	expect_damaged(DOC_JSON, "{\"a\": \"sk-secret",
		"f.json: line 1, column 7: a text that is not closed");
	expect_damaged(
		DOC_JSON, "[\"a\xFF\"]", "f.json: line 1, column 4: a byte that is not UTF-8");
	expect_damaged(
		DOC_JSON5, "{ /* x }", "f.json: line 1, column 3: a comment that is not closed");
}

static void strict_json_refuses_what_json5_adds(void **state)
{
	static const char *const only_json5[] = { "{a:1}", "{\"a\":1,}", "[1,]", "'a'", "+1", ".5",
		"5.", "0x10", "Infinity", "-Infinity", "NaN", "// c\n1", "/* c */ 1", "\"\\x41\"",
		"\"a\\\nb\"", "\"\t\"", "\v1", "\xC2\xA0[]" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(only_json5); i++) {
		struct buf b = { 0 };
		struct doc d = json5(only_json5[i]);

		doc_release(&d);
		assert_true(buf_text(&b, only_json5[i], &e));
		if (doc_parse(&d, &b, DOC_JSON, "f", &e))
			fail_msg("strict JSON took %s", only_json5[i]);
	}
}

static void both_refuse_what_neither_allows(void **state)
{
	static const char *const bad[] = { "", " ", "// only a comment", "{", "}", "[1 2]", "[,]",
		"{,}", "{\"a\":1,,}", "01", "1e", "-", "\"\\u12g4\"", "'\\1'", "\"a\nb\"",
		"{\"a\"}", "{1:2}", "tru", "nul", "1 1", "{\"a\":1}}", "0x", "\"\\", "{a b:1}",
		"--1", "1.e" };
	struct err e = { 0 };

	(void)state;
	for (int dialect = DOC_JSON; dialect <= DOC_JSON5; dialect++) {
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			struct buf b = { 0 };
			struct doc d = { 0 };

			assert_true(buf_text(&b, bad[i], &e));
			if (doc_parse(&d, &b, (enum doc_dialect)dialect, "f", &e))
				fail_msg("dialect %d took %s", dialect, bad[i]);
		}
	}
}

static void depth_is_limited_to_64(void **state)
{
	char text[160];
	struct doc d;

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	d = json(text);
	doc_release(&d);
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	text[130] = '\0';
	expect_damaged(DOC_JSON, text, "f.json: line 1, column 65: more than 64 levels");
}

static void of_duplicate_keys_the_last_counts(void **state)
{
	struct doc d = json("{\"a\":1,\"a\":{\"b\":2},\"a\":{\"b\":3}}");
	int64_t n = 0;

	(void)state;
	assert_true(doc_int(&d, doc_find(&d, (const char *const[]){ "a", "b", NULL }), &n));
	assert_int_equal(n, 3);
	assert_int_equal(doc_count(&d, DOC_ROOT), 3);
	doc_release(&d);
}

static void texts_decode_escapes_and_surrogates(void **state)
{
	struct doc d = json("[\"a\\n\\\"\\/\\u00e4\\ud83d\\ude00\", \"\\ud800\", \"a\\u0000b\"]");
	uint32_t n = doc_first(&d, DOC_ROOT);
	struct secret s = { 0 };
	struct err e = { 0 };
	char out[32];
	char small[4];

	(void)state;
	assert_true(doc_text(&d, n, out, sizeof(out)));
	assert_string_equal(out, "a\n\"/\xC3\xA4\xF0\x9F\x98\x80");
	assert_ok(doc_secret(&d, n, &s, &e), e);
	assert_int_equal(s.len, strlen(out));
	assert_memory_equal(s.bytes, out, s.len);
	secret_release(&s);
	assert_false(doc_text(&d, n, small, sizeof(small)));
	assert_string_equal(small, "");
	n = doc_next(&d, n);
	assert_true(doc_text(&d, n, out, sizeof(out)));
	assert_string_equal(out, "\xEF\xBF\xBD");
	assert_err(doc_secret(&d, n, &s, &e), e, ERR_DAMAGED);
	n = doc_next(&d, n);
	assert_false(doc_text(&d, n, out, sizeof(out)));
	assert_err(doc_secret(&d, n, &s, &e), e, ERR_DAMAGED);
	doc_release(&d);
}

static void json5_keys_and_texts_are_understood(void **state)
{
	struct doc d =
		json5("\xEF\xBB\xBF// c\n{ un_q$: 'it\\'s', \"two\": 'a\\\n b', \\u0061x: +0x1F, "
		      "\xC3\xA9t\xC3\xA9: -Infinity, }");
	char out[32];
	int64_t n = 0;

	(void)state;
	assert_true(doc_text(&d, doc_get(&d, 0, "un_q$"), out, sizeof(out)));
	assert_string_equal(out, "it's");
	assert_true(doc_text(&d, doc_get(&d, 0, "two"), out, sizeof(out)));
	assert_string_equal(out, "a b");
	assert_true(doc_int(&d, doc_get(&d, 0, "ax"), &n));
	assert_int_equal(n, 31);
	assert_int_equal(doc_kind(&d, doc_get(&d, 0, "\xC3\xA9t\xC3\xA9")), DOC_NUMBER);
	assert_false(doc_int(&d, doc_get(&d, 0, "\xC3\xA9t\xC3\xA9"), &n));
	assert_int_equal(doc_line(&d, doc_get(&d, 0, "two")), 2);
	assert_int_equal(doc_line(&d, doc_get(&d, 0, "ax")), 3);
	doc_release(&d);
}

static void integers_are_exact_or_refused(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t n;
	} rows[] = { { "0", true, 0 }, { "-0", true, 0 }, { "1795347683788", true, 1795347683788 },
		{ "9223372036854775807", true, INT64_MAX }, { "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN }, { "12345678901234567890", false, 0 },
		{ "1e3", true, 1000 }, { "1.5e1", true, 15 }, { "1.25e1", false, 0 },
		{ "5.0", true, 5 }, { "5.5", false, 0 }, { "1e-1", false, 0 }, { "10e-1", true, 1 },
		{ "1000e-2", true, 10 }, { "0.00012e5", true, 12 }, { "0e99999", true, 0 },
		{ "1e99999", false, 0 }, { "1E2", true, 100 }, { "100.00", true, 100 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = json(rows[i].text);
		int64_t n = -7;

		if (doc_int(&d, DOC_ROOT, &n) != rows[i].ok || (rows[i].ok && n != rows[i].n))
			fail_msg("%s gave %lld", rows[i].text, (long long)n);
		doc_release(&d);
	}
}

static void an_absent_node_answers_absent(void **state)
{
	struct doc d = json("{\"a\":\"x\"}");
	char out[4] = "?";
	int64_t n;
	bool b;

	(void)state;
	assert_int_equal(doc_get(&d, doc_get(&d, DOC_ROOT, "no"), "b"), DOC_NONE);
	assert_int_equal(doc_get(&d, doc_get(&d, DOC_ROOT, "a"), "b"), DOC_NONE);
	assert_int_equal(doc_first(&d, DOC_NONE), DOC_NONE);
	assert_false(doc_text(&d, DOC_NONE, out, sizeof(out)));
	assert_false(doc_int(&d, DOC_NONE, &n) || doc_bool(&d, DOC_NONE, &b) ||
		     doc_filled(&d, DOC_NONE));
	doc_release(&d);
}

/* --- editing --- */

enum op {
	PUT,    /* text */
	OBJECT, /* { "x": 1, "y": [] } */
	REMOVE,
	FRONT,
	BACK,
	DROP, /* from a list */
	LIST, /* ["p", "q"] */
};

struct row {
	enum doc_dialect dialect;
	const char *before;
	enum op op;
	const char *path[4];
	const char *text;
	const char *after;
};

static bool put_object(struct doc *d, const char *const *path, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	doc_value_key(&v, "x");
	doc_value_int(&v, 1);
	doc_value_key(&v, "y");
	doc_value_array(&v);
	doc_value_end(&v);
	doc_value_end(&v);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool run(struct doc *d, const struct row *r, struct err *e)
{
	static const char *const pq[] = { "p", "q" };

	switch (r->op) {
	case PUT:
		return doc_put_text(d, r->path, r->text, e);
	case OBJECT:
		return put_object(d, r->path, e);
	case REMOVE:
		return doc_remove(d, r->path, e);
	case FRONT:
		return doc_list_prepend(d, doc_find(d, r->path), r->text, e);
	case BACK:
		return doc_list_append(d, doc_find(d, r->path), r->text, e);
	case DROP:
		return doc_list_remove(d, doc_find(d, r->path), r->text, e);
	default:
		return doc_list_put(d, r->path, pq, 2, e);
	}
}

static void try_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct doc d = parsed(rows[i].dialect, rows[i].before);
		struct err e = { 0 };

		if (!run(&d, &rows[i], &e))
			fail_msg("row %zu: %s", i, e.msg);
		if (strcmp(d.text.p, rows[i].after) != 0)
			fail_msg("row %zu: want\n%s\ngot\n%s", i, rows[i].after, d.text.p);
		doc_release(&d);
	}
}

static void new_members_look_like_their_neighbours(void **state)
{
	static const struct row rows[] = {
		{ DOC_JSON, "{\n}\n", PUT, { "a" }, "v", "{\n  \"a\": \"v\"\n}\n" },
		{ DOC_JSON, "{}", PUT, { "a" }, "v", "{\n  \"a\": \"v\"\n}" },
		{ DOC_JSON, "{\"b\":1}", PUT, { "a" }, "v", "{\"b\":1,\"a\":\"v\"}" },
		{ DOC_JSON, "{ \"b\": 1 }", PUT, { "a" }, "v", "{ \"b\": 1, \"a\": \"v\" }" },
		{ DOC_JSON, "{\n\t\"b\" : 1\n}", PUT, { "a" }, "v",
			"{\n\t\"b\" : 1,\n\t\"a\" : \"v\"\n}" },
		{ DOC_JSON, "{\r\n    \"b\": 1\r\n}\r\n", OBJECT, { "a" }, NULL,
			"{\r\n    \"b\": 1,\r\n    \"a\": {\r\n        \"x\": 1,\r\n        \"y\": "
			"[]\r\n"
			"    }\r\n}\r\n" },
		{ DOC_JSON, "{\n  \"p\": {}\n}", PUT, { "p", "a" }, "v",
			"{\n  \"p\": {\n    \"a\": \"v\"\n  }\n}" },
		{ DOC_JSON, "{\"p\":{}}", PUT, { "p", "a" }, "v", "{\"p\":{\"a\":\"v\"}}" },
		{ DOC_JSON, "{\n  \"p\": { }\n}", PUT, { "p", "a", "b" }, "v",
			"{\n  \"p\": {\n    \"a\": {\n      \"b\": \"v\"\n    }\n  }\n}" },
		{ DOC_JSON5, "{\n  b: 1, // one\n}\n", PUT, { "a" }, "v",
			"{\n  b: 1, // one\n  a: \"v\",\n}\n" },
		{ DOC_JSON5, "{\n  b: 1 // one\n  // end\n}\n", PUT, { "a-b" }, "v",
			"{\n  b: 1, // one\n  \"a-b\": \"v\"\n  // end\n}\n" },
		{ DOC_JSON5, "{\n  // nothing yet\n}\n", PUT, { "a" }, "v",
			"{\n  // nothing yet\n  \"a\": \"v\"\n}\n" },
		{ DOC_JSON5, "{ /* x */ }", PUT, { "a" }, "v", "{ /* x */\n  \"a\": \"v\"\n }" },
		{ DOC_JSON5, "{\n  b: 1 /* two\n lines */,\n}", PUT, { "a" }, "v",
			"{\n  b: 1 /* two\n lines */,\n  a: \"v\",\n}" },
		{ DOC_JSON5, "{b:1,}", PUT, { "a" }, "v", "{b:1,a:\"v\",}" },
		{ DOC_JSON, "{\n  \"b\": 1 }", PUT, { "a" }, "v",
			"{\n  \"b\": 1,\n  \"a\": \"v\" }" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

static void a_changed_value_changes_nothing_else(void **state)
{
	static const struct row rows[] = {
		{ DOC_JSON, "{ \"a\" :1 , \"b\":12345678901234567890 }", PUT, { "a" }, "x\"\n\x01",
			"{ \"a\" :\"x\\\"\\n\\u0001\" , \"b\":12345678901234567890 }" },
		{ DOC_JSON, "{\"a\":1,\"a\":2}", PUT, { "a" }, "v", "{\"a\":1,\"a\":\"v\"}" },
		{ DOC_JSON, "{\n  \"a\": [\n    \"x\"\n  ]\n}", LIST, { "a" }, NULL,
			"{\n  \"a\": [\n    \"p\",\n    \"q\"\n  ]\n}" },
		{ DOC_JSON, "{\n  \"a\": [ \"x\" ]\n}", LIST, { "a" }, NULL,
			"{\n  \"a\": [\"p\", \"q\"]\n}" },
		{ DOC_JSON, "{\n  \"a\": []\n}", LIST, { "a" }, NULL,
			"{\n  \"a\": [\n    \"p\",\n    \"q\"\n  ]\n}" },
		{ DOC_JSON, "{\n  \"a\": \"m\"\n}", OBJECT, { "a" }, NULL,
			"{\n  \"a\": {\n    \"x\": 1,\n    \"y\": []\n  }\n}" },
		{ DOC_JSON5, "\xEF\xBB\xBF{a:'x'}//t", PUT, { "a" }, "v",
			"\xEF\xBB\xBF{a:\"v\"}//t" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

static void removing_takes_the_comma_and_the_line_but_no_comment(void **state)
{
	static const struct row rows[] = {
		{ DOC_JSON, "{\n  \"a\": 1,\n  \"b\": 2\n}\n", REMOVE, { "a" }, NULL,
			"{\n  \"b\": 2\n}\n" },
		{ DOC_JSON, "{\n  \"a\": 1,\n  \"b\": 2\n}\n", REMOVE, { "b" }, NULL,
			"{\n  \"a\": 1\n}\n" },
		{ DOC_JSON, "{\r\n  \"a\": 1\r\n}", REMOVE, { "a" }, NULL, "{\r\n}" },
		{ DOC_JSON, "{\"a\":1,\"b\":2}", REMOVE, { "a" }, NULL, "{\"b\":2}" },
		{ DOC_JSON, "{\"a\":1, \"b\":2}", REMOVE, { "a" }, NULL, "{\"b\":2}" },
		{ DOC_JSON, "{\"a\":1,\"b\":2}", REMOVE, { "b" }, NULL, "{\"a\":1}" },
		{ DOC_JSON, "{\"a\":1}", REMOVE, { "a" }, NULL, "{}" },
		{ DOC_JSON, "{\"a\":1,\"b\":2,\"a\":3}", REMOVE, { "a" }, NULL, "{\"b\":2}" },
		{ DOC_JSON, "{\"a\":1}", REMOVE, { "x", "y" }, NULL, "{\"a\":1}" },
		{ DOC_JSON5, "{\n  // about a\n  a: 1, // more\n  b: 2,\n}", REMOVE, { "a" }, NULL,
			"{\n  // about a\n  // more\n  b: 2,\n}" },
		{ DOC_JSON5, "{\n  a: 1, // one\n  b: 2 // two\n}", REMOVE, { "b" }, NULL,
			"{\n  a: 1 // one\n  // two\n}" },
		{ DOC_JSON5, "{\n  a: 1, // one\n  b: 2\n}", REMOVE, { "b" }, NULL,
			"{\n  a: 1 // one\n}" },
		{ DOC_JSON5, "{ a: 1 /* x */ , b: 2 }", REMOVE, { "a" }, NULL,
			"{  /* x */  b: 2 }" },
		{ DOC_JSON5, "{\n  a: 1,\n  b: 2,\n}", REMOVE, { "b" }, NULL, "{\n  a: 1,\n}" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

static void lists_grow_and_shrink_in_their_own_style(void **state)
{
	static const struct row rows[] = {
		{ DOC_JSON, "{\"l\":[\"a\",\"b\"]}", FRONT, { "l" }, "c",
			"{\"l\":[\"c\",\"a\",\"b\"]}" },
		{ DOC_JSON, "{\"l\": [\"a\", \"b\"]}", BACK, { "l" }, "c",
			"{\"l\": [\"a\", \"b\", \"c\"]}" },
		{ DOC_JSON, "{\n  \"l\": [\n    \"a\"\n  ]\n}", FRONT, { "l" }, "c",
			"{\n  \"l\": [\n    \"c\",\n    \"a\"\n  ]\n}" },
		{ DOC_JSON, "{\n  \"l\": []\n}", FRONT, { "l" }, "c",
			"{\n  \"l\": [\n    \"c\"\n  ]\n}" },
		{ DOC_JSON, "{\"l\":[\"a\",\"b\",\"a\"]}", DROP, { "l" }, "a", "{\"l\":[\"b\"]}" },
		{ DOC_JSON5, "{\n  l: [\n    'a', // first\n    'b',\n  ],\n}", DROP, { "l" }, "a",
			"{\n  l: [\n    // first\n    'b',\n  ],\n}" },
	};

	(void)state;
	try_rows(rows, ARRAY_LEN(rows));
}

static void a_parent_that_is_no_object_is_refused_and_nothing_changes(void **state)
{
	static const char before[] = "{\n  \"a\": [1]\n}\n";
	struct doc d = json(before);
	struct err e = { 0 };

	(void)state;
	assert_err(
		doc_put_text(&d, (const char *const[]){ "a", "b", NULL }, "v", &e), e, ERR_DAMAGED);
	assert_string_equal(e.msg, "test.json: line 2: expected an object in \"a\", found a list");
	expect_text(&d, before);
}

static void an_edit_that_would_nest_too_deep_leaves_the_document(void **state)
{
	const char *const path[] = { "a", "b", NULL };
	struct doc_value v = { 0 };
	char before[160] = "{\"a\":{}}";
	struct err e = { 0 };
	struct doc d = json(before);

	(void)state;
	for (int i = 0; i < 63; i++)
		doc_value_array(&v);
	for (int i = 0; i < 63; i++)
		doc_value_end(&v);
	assert_err(doc_put(&d, path, &v, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "more than 64 levels"));
	expect_text(&d, before);
	doc_value_release(&v);
}

static void a_value_that_is_not_utf8_is_refused(void **state)
{
	struct doc d = json("{}");
	struct err e = { 0 };

	(void)state;
	assert_err(
		doc_put_text(&d, (const char *const[]){ "a", NULL }, "\xFF", &e), e, ERR_REFUSED);
	expect_text(&d, "{}");
}

/* --- property: random edits on random documents --- */

struct maker {
	unsigned seed;
	enum doc_dialect dialect;
	const char *newline;
	struct buf out;
	unsigned depth;
};

static unsigned pick(struct maker *m, unsigned n)
{
	m->seed = m->seed * 1664525u + 1013904223u;
	return (m->seed >> 16) % n;
}

static void say(struct maker *m, const char *text)
{
	assert_true(buf_text(&m->out, text, NULL));
}

static void make_blank(struct maker *m)
{
	static const char *const json5_only[] = { "/* c */", " ", "\t", "" };

	if (pick(m, 3) == 0) {
		say(m, m->newline);
		for (unsigned i = 0; i < m->depth; i++)
			say(m, "  ");
	} else if (m->dialect == DOC_JSON5 && pick(m, 6) == 0) {
		say(m, "// line");
		say(m, m->newline);
	} else {
		say(m, m->dialect == DOC_JSON5 ? json5_only[pick(m, 4)] : pick(m, 2) ? " " : "");
	}
}

static void make_value(struct maker *m);

static void make_container(struct maker *m, bool object)
{
	static const char *const keys[] = { "\"a\"", "\"b\"", "\"c:d\"", "\"\\u0061\"" };
	unsigned n = pick(m, 4);

	m->depth++;
	say(m, object ? "{" : "[");
	for (unsigned i = 0; i < n; i++) {
		make_blank(m);
		if (object) {
			say(m, m->dialect == DOC_JSON5 && pick(m, 2) ? "a" : keys[pick(m, 4)]);
			make_blank(m);
			say(m, ":");
			make_blank(m);
		}
		make_value(m);
		make_blank(m);
		if (i + 1 < n || (m->dialect == DOC_JSON5 && pick(m, 2)))
			say(m, ",");
	}
	make_blank(m);
	say(m, object ? "}" : "]");
	m->depth--;
}

static void make_value(struct maker *m)
{
	static const char *const scalars[] = { "1", "-0", "12345678901234567890", "true", "null",
		"\"x\"", "\"\\ud800\"", "\"a\"", "1.50e+7" };
	unsigned kind = pick(m, m->depth > 4 ? 2 : 4);

	if (kind < 2)
		say(m, scalars[pick(m, ARRAY_LEN(scalars))]);
	else
		make_container(m, kind == 3);
}

/*
 * The text without blanks, commas, what the edits add, and (optionally) one
 * span: what must be the same before and after.
 */
static void essence(struct buf *out, const struct doc *d, size_t from, size_t to)
{
	static const char *const added[] = { "\"z\":", "z:", "\"NEW\"" };
	struct buf dense = { 0 };

	for (size_t i = 0; i < d->text.len; i++) {
		if ((i < from || i >= to) && !strchr(" \t\r\n,", d->text.p[i]))
			assert_true(buf_add(&dense, d->text.p + i, 1, NULL));
	}
	assert_true(buf_reserve(&dense, 0, NULL) && buf_reserve(out, 0, NULL));
	for (size_t i = 0; i < dense.len;) {
		size_t skip = 0;

		for (size_t k = 0; !skip && k < ARRAY_LEN(added); k++) {
			if (strncmp(dense.p + i, added[k], strlen(added[k])) == 0)
				skip = strlen(added[k]);
		}
		if (!skip)
			assert_true(buf_add(out, dense.p + i, 1, NULL));
		i += skip ? skip : 1;
	}
	buf_release(&dense);
}

/* One edit; [*from, *to) is what it may take out of the old text. False: nothing was to be done. */
static bool edit_at_random(struct maker *m, struct doc *d, size_t *from, size_t *to)
{
	uint32_t node = pick(m, d->count);
	const struct doc_node n = d->nodes[node];
	uint32_t z = doc_find(d, (const char *const[]){ "a", "z", NULL });
	unsigned what = pick(m, 5);
	struct doc_value v = { 0 };
	struct err e = { 0 };
	bool ok = true;

	*from = *to = n.at;
	if ((what == 0 && node == DOC_ROOT) || (what < 4 && what > 1 && n.kind != DOC_ARRAY) ||
		(what == 4 && doc_kind(d, doc_get(d, DOC_ROOT, "a")) != DOC_OBJECT))
		return false;
	doc_value_string(&v, "NEW");
	if (what < 2)
		*to = (size_t)n.at + n.len;
	if (what == 0 && n.key_len)
		*from = n.key_at;
	if (what == 4 && z != DOC_NONE) {
		*from = d->nodes[z].key_at;
		*to = (size_t)d->nodes[z].at + d->nodes[z].len;
	}
	if (what == 0)
		ok = doc_remove_node(d, node, &e);
	else if (what == 1)
		ok = doc_set(d, node, &v, &e);
	else if (what == 2)
		ok = doc_list_prepend(d, node, "NEW", &e);
	else if (what == 3)
		ok = doc_list_append(d, node, "NEW", &e);
	else
		ok = doc_put(d, (const char *const[]){ "a", "z", NULL }, &v, &e);
	doc_value_release(&v);
	if (!ok)
		fail_msg("%s\n%s", e.msg, d->text.p);
	return true;
}

static size_t occurrences(const struct doc *d, const char *what)
{
	size_t n = 0;

	for (const char *p = d->text.p; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void edit_and_compare(struct maker *m, struct doc *d)
{
	struct doc was = { 0 };
	struct buf before = { 0 };
	struct buf after = { 0 };
	size_t from;
	size_t to;

	assert_true(doc_copy(&was, d, NULL));
	if (edit_at_random(m, d, &from, &to)) {
		essence(&before, &was, from, to);
		essence(&after, d, 0, 0);
		if (strcmp(before.p, after.p) != 0)
			fail_msg("%s\nbecame\n%s", was.text.p, d->text.p);
	}
	doc_release(&was);
	buf_release(&before);
	buf_release(&after);
}

static void random_edits_keep_documents_whole(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 1500; seed++) {
		struct maker m = { .seed = seed * 7919,
			.dialect = seed % 2 ? DOC_JSON5 : DOC_JSON,
			.newline = seed % 3 ? "\n" : "\r\n" };
		struct doc d = { 0 };
		struct err e = { 0 };
		size_t bare;
		size_t crlf;

		make_container(&m, true);
		if (!doc_parse(&d, &m.out, m.dialect, "random", &e))
			fail_msg("seed %u: %s", seed, e.msg);
		for (unsigned i = 0; i < 8; i++)
			edit_and_compare(&m, &d);
		bare = occurrences(&d, "\n");
		crlf = occurrences(&d, "\r\n");
		/* A file keeps one kind of line end, whatever was added. */
		assert_true(crlf == 0 || crlf == bare);
		doc_release(&d);
	}
}

/* --- files --- */

static void an_empty_or_missing_file_starts_fresh_only_when_asked(void **state)
{
	char path[] = "/tmp/tfb-doc-XXXXXX";
	struct fs_stamp st;
	struct err e = { 0 };
	struct doc d = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_ok(doc_load(&d, path, DOC_JSON, DOC_EMPTY, &st, &e), e);
	assert_true(st.exists);
	expect_text(&d, DOC_EMPTY);
	assert_err(doc_load(&d, path, DOC_JSON, NULL, &st, &e), e, ERR_DAMAGED);
	unlink(path);
	assert_ok(doc_load(&d, path, DOC_JSON, DOC_EMPTY, &st, &e), e);
	assert_false(st.exists);
	expect_text(&d, DOC_EMPTY);
	assert_err(doc_load(&d, path, DOC_JSON, NULL, &st, &e), e, ERR_NOT_FOUND);
}

static void a_file_of_blanks_is_damaged_not_empty(void **state)
{
	char path[] = "/tmp/tfb-doc-XXXXXX";
	struct err e = { 0 };
	struct doc d = { 0 };
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, " \n", 2) == 2);
	close(fd);
	assert_err(doc_load(&d, path, DOC_JSON5, DOC_EMPTY, NULL, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, path));
	assert_non_null(strstr(e.hint, "another program"));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_name_line_and_column),
		cmocka_unit_test(strict_json_refuses_what_json5_adds),
		cmocka_unit_test(both_refuse_what_neither_allows),
		cmocka_unit_test(depth_is_limited_to_64),
		cmocka_unit_test(of_duplicate_keys_the_last_counts),
		cmocka_unit_test(texts_decode_escapes_and_surrogates),
		cmocka_unit_test(json5_keys_and_texts_are_understood),
		cmocka_unit_test(integers_are_exact_or_refused),
		cmocka_unit_test(an_absent_node_answers_absent),
		cmocka_unit_test(new_members_look_like_their_neighbours),
		cmocka_unit_test(a_changed_value_changes_nothing_else),
		cmocka_unit_test(removing_takes_the_comma_and_the_line_but_no_comment),
		cmocka_unit_test(lists_grow_and_shrink_in_their_own_style),
		cmocka_unit_test(a_parent_that_is_no_object_is_refused_and_nothing_changes),
		cmocka_unit_test(an_edit_that_would_nest_too_deep_leaves_the_document),
		cmocka_unit_test(a_value_that_is_not_utf8_is_refused),
		cmocka_unit_test(random_edits_keep_documents_whole),
		cmocka_unit_test(an_empty_or_missing_file_starts_fresh_only_when_asked),
		cmocka_unit_test(a_file_of_blanks_is_damaged_not_empty),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
