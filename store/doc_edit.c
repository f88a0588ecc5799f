/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "store/doc_style.h"

/*
 * Editing by span. An edit is a short list of splices, in order and without
 * overlap; apply() is the only place where a document changes.
 */

struct splice {
	size_t at, n;
	const char *with;
	size_t with_n;
};

/* --- applying --- */

/* The promise of this module, checked each time: what was not edited is as it was. */
static bool untouched(const struct buf *was, const struct buf *is, const struct splice *s, size_t n)
{
	size_t from = 0;
	size_t to = 0;

	for (size_t i = 0; i <= n; i++) {
		size_t end = i < n ? s[i].at : was->len;
		size_t same = end - from;

		if (is->len - to < same || memcmp(was->p + from, is->p + to, same) != 0)
			return false;
		to += same + (i < n ? s[i].with_n : 0);
		from = end + (i < n ? s[i].n : 0);
	}
	return to == is->len;
}

static bool apply(struct doc *d, const struct splice *s, size_t n, struct err *e)
{
	struct doc next = { .dialect = d->dialect };
	size_t size = d->text.len;
	size_t from = 0;

	memcpy(next.name, d->name, sizeof(next.name));
	for (size_t i = 0; i < n; i++)
		size += s[i].with_n;
	if (!buf_reserve(&next.text, size, e))
		return false;
	for (size_t i = 0; i <= n; i++) {
		size_t end = i < n ? s[i].at : d->text.len;

		if (!span_add(&next.text, (struct span){ d->text.p + from, end - from }, e) ||
			(i < n &&
				!span_add(&next.text, (struct span){ s[i].with, s[i].with_n }, e)))
			goto fail;
		from = end + (i < n ? s[i].n : 0);
	}
	if (!untouched(&d->text, &next.text, s, n)) {
		err_set(e, ERR_FAILED, "%s: an edit would change other bytes", d->name);
		goto fail;
	}
	if (!doc_scan(&next, e)) {
		err_wrap(e, "this edit would damage the file");
		goto fail;
	}
	doc_release(d);
	*d = next;
	return true;
fail:
	doc_release(&next);
	return false;
}

/* --- adding --- */

/*
 * The end of the line after `at`, behind comments that belong to it; `at` itself
 * when something else follows on the line.
 */
static size_t line_end(const struct doc *d, size_t at)
{
	size_t i = at;

	while (i < d->text.len && !is_newline(d->text.p[i])) {
		size_t next = doc_blank(d, i);

		if (next == i)
			return at;
		i = next;
	}
	return i;
}

static bool add_after_last(struct doc *d, uint32_t container, const char *key,
	const struct doc_value *v, struct err *e)
{
	uint32_t last = d->nodes[container].last;
	struct style st = doc_style_of(d, container);
	size_t comma = doc_comma_after(d, last);
	bool trailing = comma != DOC_NONE;
	size_t at = trailing ? comma + 1 : doc_end(d, last);
	struct buf text = { 0 };
	bool ok = false;

	if (st.lines ? !style_break(&text, &st, 0, e) : st.spaced && !buf_add(&text, " ", 1, e))
		goto out;
	if (!style_member(&text, key, v, &st, e) || (trailing && !buf_add(&text, ",", 1, e)))
		goto out;
	ok = apply(d,
		(struct splice[]){ { at, 0, ",", trailing ? 0 : 1 },
			{ st.lines ? line_end(d, at) : at, 0, text.p, text.len } },
		2, e);
out:
	buf_release(&text);
	return ok;
}

/* Behind the comments of an empty container; without any, the blanks in it are replaced. */
static bool add_first(struct doc *d, uint32_t container, const char *key, const struct doc_value *v,
	struct err *e)
{
	struct style st = doc_style_of(d, container);
	size_t open = (size_t)d->nodes[container].at + 1;
	size_t close = doc_end(d, container) - 1;
	size_t at = open;
	struct buf text = { 0 };
	bool closed;
	bool ok = false;

	for (size_t i = open, next; i < close; i = next) {
		next = doc_blank(d, i);
		if (d->text.p[i] == '/')
			at = next;
	}
	closed = doc_newline_in(d, at, close); /* the brace is on a line of its own already */
	if ((st.lines && !style_break(&text, &st, 0, e)) || !style_member(&text, key, v, &st, e))
		goto out;
	if (st.lines && !closed &&
		(!span_add(&text, st.newline, e) || !span_add(&text, st.base, e)))
		goto out;
	ok = apply(d,
		(struct splice[]){ { at, closed || at > open ? 0 : close - at, text.p, text.len } },
		1, e);
out:
	buf_release(&text);
	return ok;
}

/* key NULL: an element at the end of an array. */
static bool add_child(struct doc *d, uint32_t container, const char *key, const struct doc_value *v,
	struct err *e)
{
	return d->nodes[container].count ? add_after_last(d, container, key, v, e)
					 : add_first(d, container, key, v, e);
}

bool doc_set(struct doc *d, uint32_t node, const struct doc_value *v, struct err *e)
{
	enum doc_kind kind = doc_kind(d, node);
	struct buf text = { 0 };
	struct style st;
	bool ok;

	if (kind == DOC_ABSENT || !doc_value_good(v, d->name, e))
		return kind == DOC_ABSENT ? err_set(e, ERR_NOT_FOUND, "%s: no such value", d->name)
					  : false;
	st = doc_style_of(d, node == DOC_ROOT ? node : d->nodes[node].parent);
	if (doc_count(d, node))
		st.lines = doc_newline_in(d, d->nodes[node].at, doc_end(d, node));
	st.indent = doc_indent_at(d, doc_start(d, node));
	st.level = 0;
	ok = style_value(&text, v, &st, e) &&
	     apply(d,
		     (struct splice[]){
			     { d->nodes[node].at, d->nodes[node].len, text.p, text.len } },
		     1, e);
	buf_release(&text);
	return ok;
}

/* Nests v in one object per remaining key: { "b": { "c": v } }. */
static void nest(struct doc_value *out, const char *const *keys, const struct doc_value *v)
{
	size_t n = 0;

	for (; keys[n]; n++) {
		doc_value_object(out);
		doc_value_key(out, keys[n]);
	}
	doc_value_embed(out, v);
	while (n--)
		doc_value_end(out);
}

static bool not_an_object(const struct doc *d, uint32_t node, const char *key, struct err *e)
{
	if (!key)
		return err_set(e, ERR_DAMAGED, "%s: line %u: expected an object, found %s", d->name,
			doc_line(d, node), doc_kind_text(doc_kind(d, node)));
	return err_set(e, ERR_DAMAGED, "%s: line %u: expected an object in \"%s\", found %s",
		d->name, doc_line(d, node), key, doc_kind_text(doc_kind(d, node)));
}

bool doc_put(struct doc *d, const char *const *path, const struct doc_value *v, struct err *e)
{
	struct doc_value nested = { 0 };
	uint32_t node = DOC_ROOT;
	uint32_t next;
	size_t i = 0;
	bool ok;

	if (!doc_value_good(v, d->name, e))
		return false;
	for (; path[i]; i++, node = next) {
		if (doc_kind(d, node) != DOC_OBJECT)
			return not_an_object(d, node, i ? path[i - 1] : NULL, e);
		next = doc_get(d, node, path[i]);
		if (next == DOC_NONE)
			break;
	}
	if (!path[i])
		return doc_set(d, node, v, e);
	nest(&nested, path + i + 1, v);
	ok = doc_value_good(&nested, d->name, e) && add_child(d, node, path[i], &nested, e);
	doc_value_release(&nested);
	return ok;
}

bool doc_put_text(struct doc *d, const char *const *path, const char *text, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_string(&v, text);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

bool doc_put_int(struct doc *d, const char *const *path, int64_t n, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_int(&v, n);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

/* --- removing --- */

/*
 * Grows [from, to) to the whole line when nothing else is on it; else takes the
 * blanks behind it.
 */
static void grow(const struct doc *d, size_t *from, size_t *to)
{
	const char *p = d->text.p;
	size_t left = *from;
	size_t right = *to;

	while (left > 0 && is_space(p[left - 1]))
		left--;
	while (right < d->text.len && is_space(p[right]))
		right++;
	*to = right;
	if (!left || !is_newline(p[left - 1]) || right >= d->text.len || !is_newline(p[right]))
		return;
	*from = left;
	*to = right + (p[right] == '\r' && right + 1 < d->text.len && p[right + 1] == '\n' ? 2 : 1);
}

/* Is the rest of the line after `at` a comment? Then the line stays. */
static bool comment_follows(const struct doc *d, size_t at)
{
	while (at < d->text.len && is_space(d->text.p[at]))
		at++;
	return doc_blank(d, at) != at && d->text.p[at] == '/';
}

static bool remove_before_comma(struct doc *d, uint32_t node, size_t comma, struct err *e)
{
	size_t from = doc_start(d, node);
	size_t to = doc_end(d, node);

	if (!doc_blank_in(d, to, comma))
		return apply(d,
			(struct splice[]){ { from, to - from, NULL, 0 }, { comma, 1, NULL, 0 } }, 2,
			e);
	to = comma + 1;
	grow(d, &from, &to);
	return apply(d, (struct splice[]){ { from, to - from, NULL, 0 } }, 1, e);
}

/* The last one without a trailing comma: the comma before it goes as well. */
static bool remove_last(struct doc *d, uint32_t node, uint32_t prev, struct err *e)
{
	size_t from = doc_start(d, node);
	size_t to = doc_end(d, node);
	size_t comma = prev == DOC_NONE ? DOC_NONE : doc_comma_after(d, prev);

	if (comma != DOC_NONE && doc_blank_in(d, comma + 1, from) && !comment_follows(d, to))
		return apply(d, (struct splice[]){ { comma, to - comma, NULL, 0 } }, 1, e);
	grow(d, &from, &to);
	if (comma == DOC_NONE)
		return apply(d, (struct splice[]){ { from, to - from, NULL, 0 } }, 1, e);
	return apply(
		d, (struct splice[]){ { comma, 1, NULL, 0 }, { from, to - from, NULL, 0 } }, 2, e);
}

bool doc_remove_node(struct doc *d, uint32_t node, struct err *e)
{
	size_t comma;

	if (doc_kind(d, node) == DOC_ABSENT || node == DOC_ROOT)
		return err_set(e, ERR_NOT_FOUND, "%s: nothing to remove", d->name);
	comma = doc_comma_after(d, node);
	if (comma != DOC_NONE)
		return remove_before_comma(d, node, comma, e);
	return remove_last(d, node, doc_before(d, node), e);
}

bool doc_remove(struct doc *d, const char *const *path, struct err *e)
{
	struct doc was = { 0 };
	bool ok = true;
	uint32_t node = doc_find(d, path);

	if (node == DOC_NONE)
		return true;
	if (!doc_copy(&was, d, e))
		return false;
	for (; ok && node != DOC_NONE; node = doc_find(d, path))
		ok = doc_remove_node(d, node, e);
	return doc_settle(d, &was, ok);
}

/* --- lists of texts --- */

bool doc_list_put(
	struct doc *d, const char *const *path, const char *const *texts, size_t n, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_array(&v);
	for (size_t i = 0; i < n; i++)
		doc_value_string(&v, texts[i]);
	doc_value_end(&v);
	ok = doc_put(d, path, &v, e);
	doc_value_release(&v);
	return ok;
}

static bool not_a_list(const struct doc *d, uint32_t node, struct err *e)
{
	return err_set(e, ERR_DAMAGED, "%s: line %u: expected a list, found %s", d->name,
		doc_line(d, node), doc_kind_text(doc_kind(d, node)));
}

bool doc_append(struct doc *d, uint32_t array, const struct doc_value *v, struct err *e)
{
	if (doc_kind(d, array) != DOC_ARRAY)
		return not_a_list(d, array, e);
	return doc_value_good(v, d->name, e) && add_child(d, array, NULL, v, e);
}

bool doc_list_append(struct doc *d, uint32_t array, const char *text, struct err *e)
{
	struct doc_value v = { 0 };
	bool ok;

	doc_value_string(&v, text);
	ok = doc_append(d, array, &v, e);
	doc_value_release(&v);
	return ok;
}

bool doc_list_prepend(struct doc *d, uint32_t array, const char *text, struct err *e)
{
	struct doc_value v = { 0 };
	struct buf out = { 0 };
	struct style st;
	uint32_t first;
	bool ok;

	if (!doc_count(d, array))
		return doc_list_append(d, array, text, e);
	if (doc_kind(d, array) != DOC_ARRAY)
		return not_a_list(d, array, e);
	first = d->nodes[array].first;
	st = doc_style_of(d, array);
	st.lines = doc_newline_in(d, (size_t)d->nodes[array].at + 1, doc_start(d, first));
	st.indent = doc_indent_at(d, doc_start(d, first));
	doc_value_string(&v, text);
	ok = doc_value_good(&v, d->name, e) && style_value(&out, &v, &st, e) &&
	     buf_add(&out, ",", 1, e) &&
	     (st.lines ? style_break(&out, &st, 0, e) : !st.spaced || buf_add(&out, " ", 1, e)) &&
	     apply(d, (struct splice[]){ { doc_start(d, first), 0, out.p, out.len } }, 1, e);
	doc_value_release(&v);
	buf_release(&out);
	return ok;
}

/* From the back: removing one leaves the numbers of those before it as they are. */
static uint32_t last_with_text(const struct doc *d, uint32_t array, const char *text)
{
	uint32_t found = DOC_NONE;

	for (uint32_t n = doc_first(d, array); n != DOC_NONE; n = doc_next(d, n)) {
		if (doc_text_is(d, n, text))
			found = n;
	}
	return found;
}

bool doc_list_remove(struct doc *d, uint32_t array, const char *text, struct err *e)
{
	struct doc was = { 0 };
	bool ok = true;
	uint32_t node;

	if (doc_kind(d, array) != DOC_ARRAY)
		return not_a_list(d, array, e);
	node = last_with_text(d, array, text);
	if (node == DOC_NONE)
		return true;
	if (!doc_copy(&was, d, e))
		return false;
	for (; ok && node != DOC_NONE; node = last_with_text(d, array, text))
		ok = doc_remove_node(d, node, e);
	return doc_settle(d, &was, ok);
}
