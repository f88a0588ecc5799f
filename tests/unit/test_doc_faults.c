/* SPDX-License-Identifier: MIT */

/* Every allocation of parsing, reading and editing a document fails once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/doc.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

/* Long enough that the table of nodes grows. */
#define ROW "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,\n"
static const char text[] =
	"// a comment\n"
	"{\n"
	"  bare: { 'a': \"one\", b: [ \"x\", \"y\", \"x\" ] },\n"
	"  empty: {}, none: [],\n"
	"  \"numbers\": [" ROW ROW ROW
	"0],\n"
	"  twice: 1, twice: 2,\n"
	"  last: true, // with a comment\n"
	"}\n";

struct world {
	const char *path[4];
	bool (*edit)(const struct world *, struct doc *, struct err *);
	struct doc d;
};

static bool parse(struct doc *d, const char *from, struct err *e)
{
	struct buf copy = { 0 };

	if (!buf_text(&copy, from, e)) {
		buf_release(&copy);
		return false;
	}
	return doc_parse(d, &copy, DOC_JSON5, "test", e);
}

static void start(void *world)
{
	struct world *w = world;
	struct err e = { 0 };

	doc_release(&w->d);
	assert_ok(parse(&w->d, text, &e), e);
}

static bool act(void *world, struct err *e)
{
	struct world *w = world;

	return w->edit(w, &w->d, e);
}

/* All or nothing: the text is the old one, and the nodes still fit it. */
static void expect_whole(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct doc again = { 0 };
	struct err own = { 0 };

	if (!ok) {
		assert_true(e->code == ERR_MEMORY || e->code == ERR_FAILED);
		assert_string_equal(w->d.text.p, text);
	}
	assert_ok(parse(&again, w->d.text.p, &own), own);
	assert_int_equal(again.count, w->d.count);
	assert_memory_equal(again.nodes, w->d.nodes, again.count * sizeof(again.nodes[0]));
	doc_release(&again);
}

static bool put_text(const struct world *w, struct doc *d, struct err *e)
{
	return doc_put_text(d, w->path, "a \"new\" text", e);
}

static bool put_int(const struct world *w, struct doc *d, struct err *e)
{
	return doc_put_int(d, w->path, -5, e);
}

static bool put_object(const struct world *w, struct doc *d, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_object(&v);
	doc_value_key(&v, "key");
	doc_value_bool(&v, false);
	doc_value_key(&v, "list");
	doc_value_array(&v);
	doc_value_string(&v, "x");
	doc_value_end(&v);
	doc_value_end(&v);
	ok = doc_put(d, w->path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool take_away(const struct world *w, struct doc *d, struct err *e)
{
	return doc_remove(d, w->path, e);
}

static bool put_list(const struct world *w, struct doc *d, struct err *e)
{
	static const char *const texts[] = { "one", "two" };

	return doc_list_put(d, w->path, texts, 2, e);
}

static bool append(const struct world *w, struct doc *d, struct err *e)
{
	return doc_list_append(d, doc_find(d, w->path), "new", e);
}

static bool prepend(const struct world *w, struct doc *d, struct err *e)
{
	return doc_list_prepend(d, doc_find(d, w->path), "new", e);
}

static bool drop_text(const struct world *w, struct doc *d, struct err *e)
{
	return doc_list_remove(d, doc_find(d, w->path), "x", e);
}

static void an_edit_without_memory_changes_nothing(void **state)
{
	struct world rows[] = {
		{ .path = { "bare", "a", NULL }, .edit = put_text },
		{ .path = { "bare", "c", NULL }, .edit = put_text },
		{ .path = { "new", "d e", NULL }, .edit = put_text },
		{ .path = { "empty", "f", NULL }, .edit = put_object },
		{ .path = { "bare", "b", NULL }, .edit = put_object },
		{ .path = { "last", NULL }, .edit = put_int },
		{ .path = { "twice", NULL }, .edit = take_away },
		{ .path = { "last", NULL }, .edit = take_away },
		{ .path = { "bare", "b", NULL }, .edit = put_list },
		{ .path = { "bare", "b", NULL }, .edit = append },
		{ .path = { "bare", "b", NULL }, .edit = prepend },
		{ .path = { "none", NULL }, .edit = prepend },
		{ .path = { "bare", "b", NULL }, .edit = drop_text },
	};
	struct fault_sweep s = { start, act, expect_whole, ENOMEM, false, " " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(fault_sweep(&s, &rows[i]) >= 2);
		doc_release(&rows[i].d);
	}
}

static void an_edit_without_memory_and_nobody_to_tell_changes_nothing(void **state)
{
	struct world w = { .path = { "bare", "c", NULL } };

	(void)state;
	for (unsigned nth = 1;; nth++) {
		start(&w);
		fault_at(nth, ENOMEM);
		if (!put_text(&w, &w.d, NULL))
			assert_string_equal(w.d.text.p, text);
		if (!fault_end())
			break;
	}
	assert_string_not_equal(w.d.text.p, text);
	doc_release(&w.d);
}

static bool read_all(const struct world *w, struct doc *d, struct err *e)
{
	struct doc copy = { 0 };
	struct doc parsed = { 0 };
	struct secret s = { 0 };
	bool ok = doc_copy(&copy, d, e) && parse(&parsed, text, e) &&
		  doc_secret(&copy, doc_find(&copy, w->path), &s, e);

	if (ok)
		assert_string_equal(s.bytes, "one");
	secret_release(&s);
	doc_release(&copy);
	doc_release(&parsed);
	return ok;
}

static void reading_without_memory_fails_and_leaks_nothing(void **state)
{
	struct world w = { .path = { "bare", "a", NULL }, .edit = read_all };
	struct fault_sweep s = { start, act, expect_whole, ENOMEM, false, " " };

	(void)state;
	assert_true(crypto_start(NULL));
	assert_true(fault_sweep(&s, &w) >= 6);
	doc_release(&w.d);
}

struct file {
	char *dir;
	const char *fresh;
	bool exists;
	struct doc d;
};

static void put_file(void *world)
{
	struct file *f = world;

	doc_release(&f->d);
	if (f->exists)
		temp_write(temp_path(f->dir, "f.json"), "{\"a\":1}");
}

static bool load(void *world, struct err *e)
{
	struct file *f = world;

	return doc_load(&f->d, temp_path(f->dir, "f.json"), DOC_JSON, f->fresh, NULL, e);
}

static void expect_loaded(void *world, bool ok, const struct err *e)
{
	struct file *f = world;

	(void)e;
	if (ok)
		assert_int_equal(doc_count(&f->d, DOC_ROOT), f->exists ? 1 : 0);
	else
		assert_int_equal(f->d.count, 0);
}

static void an_unreadable_file_is_never_an_empty_one(void **state)
{
	struct file f = { .dir = temp_new(), .fresh = DOC_EMPTY, .exists = true };
	struct fault_sweep s = { put_file, load, expect_loaded, EIO, false, " close " };

	(void)state;
	assert_true(fault_sweep(&s, &f) >= 6);
	f.exists = false;
	remove(temp_path(f.dir, "f.json"));
	assert_true(fault_sweep(&s, &f) >= 4);
	doc_release(&f.d);
	temp_free(f.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edit_without_memory_changes_nothing),
		cmocka_unit_test(an_edit_without_memory_and_nobody_to_tell_changes_nothing),
		cmocka_unit_test(reading_without_memory_fails_and_leaks_nothing),
		cmocka_unit_test(an_unreadable_file_is_never_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
