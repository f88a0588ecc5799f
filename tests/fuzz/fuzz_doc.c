/* SPDX-License-Identifier: MIT */

/*
 * Any bytes, both dialects: parse, then every edit at every kind of place. An
 * edit may be refused; one that succeeds must parse again to the same nodes,
 * and the text before and after what it touched must be as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool truth)
{
	if (!truth)
		abort();
}

static void adopt(struct doc *d, const struct doc *from)
{
	need(doc_copy(d, from, NULL));
}

static void read_all(const struct doc *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		struct secret s = { 0 };
		char out[64];
		int64_t n;

		doc_key(d, i, out, sizeof(out));
		doc_text(d, i, out, sizeof(out));
		doc_int(d, i, &n);
		doc_filled(d, i);
		doc_line(d, i);
		doc_text_is(d, i, "a");
		if (i < 4 && doc_secret(d, i, &s, NULL))
			need(s.len < doc_text_cap(d, i));
		secret_release(&s);
	}
}

/* Where the edited place begins: everything before it on earlier lines must stay. */
static void check(const struct doc *was, const struct doc *now, size_t from, size_t to)
{
	struct buf text = { 0 };
	struct doc again = { 0 };
	size_t tail = was->text.len - to;

	need(now->text.len >= tail);
	need(memcmp(was->text.p, now->text.p, from) == 0);
	need(memcmp(was->text.p + to, now->text.p + now->text.len - tail, tail) == 0);
	need(buf_add(&text, now->text.p, now->text.len, NULL));
	need(doc_parse(&again, &text, now->dialect, "again", NULL));
	need(again.count == now->count);
	doc_release(&again);
}

static size_t end_of(const struct doc *d, uint32_t n)
{
	return (size_t)d->nodes[n].at + d->nodes[n].len;
}

static void edit_node(const struct doc *was, uint32_t n)
{
	/* The container around bounds what removing and adding may touch. */
	uint32_t around = n ? was->nodes[n].parent : n;
	size_t from = was->nodes[around].at;
	size_t to = end_of(was, around);
	struct doc_value v = { 0 };
	struct doc d = { 0 };

	doc_value_object(&v);
	doc_value_key(&v, "k\n");
	doc_value_array(&v);
	doc_value_string(&v, "x");
	doc_value_end(&v);
	doc_value_end(&v);
	adopt(&d, was);
	if (doc_set(&d, n, &v, NULL))
		check(was, &d, was->nodes[n].at, end_of(was, n));
	doc_release(&d);
	adopt(&d, was);
	if (n && doc_remove_node(&d, n, NULL))
		check(was, &d, from, to);
	doc_release(&d);
	adopt(&d, was);
	if (doc_list_prepend(&d, n, "p", NULL) && doc_list_append(&d, n, "q", NULL) &&
		doc_list_remove(&d, n, "p", NULL))
		check(was, &d, was->nodes[n].at, end_of(was, n));
	doc_release(&d);
	doc_value_release(&v);
}

static void edit_members(const struct doc *was)
{
	const char *const path[] = { "a", "b", NULL };
	struct doc d = { 0 };

	adopt(&d, was);
	if (doc_put_text(&d, path, "v", NULL)) {
		check(was, &d, was->nodes[0].at, end_of(was, 0));
		need(doc_text_is(&d, doc_find(&d, path), "v"));
		need(doc_put_int(&d, path, -7, NULL));
		need(doc_remove(&d, path, NULL) && doc_find(&d, path) == DOC_NONE);
	}
	doc_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!crypto_start(NULL) || size > 4096)
		return 0;
	for (int dialect = DOC_JSON; dialect <= DOC_JSON5; dialect++) {
		struct buf text = { 0 };
		struct doc d = { 0 };

		need(buf_reserve(&text, size, NULL) && (!size || buf_add(&text, data, size, NULL)));
		if (!doc_parse(&d, &text, (enum doc_dialect)dialect, "fuzz", NULL))
			continue;
		read_all(&d);
		for (uint32_t n = 0; n < d.count && n < 24; n++)
			edit_node(&d, n);
		edit_members(&d);
		doc_release(&d);
	}
	return 0;
}
