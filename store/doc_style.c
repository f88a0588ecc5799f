/* SPDX-License-Identifier: MIT */
#include "store/doc_style.h"

#include <string.h>

static struct span literal(const char *text)
{
	return (struct span){ text, strlen(text) };
}

bool span_add(struct buf *b, struct span s, struct err *e)
{
	return !s.n || buf_add(b, s.p, s.n, e);
}

size_t doc_start(const struct doc *d, uint32_t node)
{
	return d->nodes[node].key_len ? d->nodes[node].key_at : d->nodes[node].at;
}

size_t doc_end(const struct doc *d, uint32_t node)
{
	return (size_t)d->nodes[node].at + d->nodes[node].len;
}

bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

bool doc_newline_in(const struct doc *d, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (is_newline(d->text.p[i]))
			return true;
	}
	return false;
}

/* Blanks and newlines only, no comment. */
bool doc_blank_in(const struct doc *d, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!is_space(d->text.p[i]) && !is_newline(d->text.p[i]))
			return false;
	}
	return true;
}

/* The comma after a member or element, or DOC_NONE. */
size_t doc_comma_after(const struct doc *d, uint32_t node)
{
	size_t at = doc_blanks(d, doc_end(d, node));

	return at < d->text.len && d->text.p[at] == ',' ? at : DOC_NONE;
}

uint32_t doc_before(const struct doc *d, uint32_t node)
{
	uint32_t prev = DOC_NONE;

	for (uint32_t n = d->nodes[d->nodes[node].parent].first; n != node; n = d->nodes[n].next)
		prev = n;
	return prev;
}

/* Where the room in front of a member begins: after the comma, or after the brace. */
static size_t gap_before(const struct doc *d, uint32_t node, uint32_t prev)
{
	return prev == DOC_NONE ? (size_t)d->nodes[d->nodes[node].parent].at + 1
				: doc_comma_after(d, prev) + 1;
}

struct span doc_indent_at(const struct doc *d, size_t at)
{
	size_t start = at;
	size_t n = 0;

	while (start > 0 && !is_newline(d->text.p[start - 1]))
		start--;
	while (start + n < at && is_space(d->text.p[start + n]))
		n++;
	return (struct span){ d->text.p + start, n };
}

static struct span newline_of(const struct doc *d)
{
	const char *lf = memchr(d->text.p, '\n', d->text.len);

	return literal(lf && lf > d->text.p && lf[-1] == '\r' ? "\r\n" : "\n");
}

static struct span colon_of(const struct doc *d, uint32_t node)
{
	const struct doc_node *n = &d->nodes[node];
	size_t from = (size_t)n->key_at + n->key_len;

	if (!n->key_len)
		return literal(": ");
	for (size_t i = from; i < n->at; i++) {
		if (!is_space(d->text.p[i]) && d->text.p[i] != ':')
			return literal(": ");
	}
	return (struct span){ d->text.p + from, n->at - from };
}

/* What `inner` has more than `outer`; one level of the file when they are not nested so. */
static struct span unit_between(struct span outer, struct span inner, struct span otherwise)
{
	if (inner.n <= outer.n || memcmp(outer.p, inner.p, outer.n) != 0)
		return otherwise;
	return (struct span){ inner.p + outer.n, inner.n - outer.n };
}

/* Of the first container that has lines; two blanks when there is none. */
static struct span unit_of(const struct doc *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		uint32_t first = d->nodes[i].first;
		size_t at;

		if (first == DOC_NONE)
			continue;
		at = doc_start(d, first);
		if (doc_newline_in(d, (size_t)d->nodes[i].at + 1, at))
			return unit_between(doc_indent_at(d, doc_start(d, i)), doc_indent_at(d, at),
				literal("  "));
	}
	return literal("  ");
}

static bool bare_key(const struct doc *d, uint32_t node)
{
	const struct doc_node *n = &d->nodes[node];

	return n->key_len && d->text.p[n->key_at] != '"' && d->text.p[n->key_at] != '\'';
}

/* From the last member; of an empty container, from what is around it. */
struct style doc_style_of(const struct doc *d, uint32_t container)
{
	uint32_t last = d->nodes[container].last;
	struct style st = { .newline = newline_of(d), .unit = unit_of(d) };
	size_t open = d->nodes[container].at;

	st.base = doc_indent_at(d, doc_start(d, container));
	if (last == DOC_NONE) {
		uint32_t parent = d->nodes[container].parent;

		st.lines = parent == DOC_NONE ||
			   doc_newline_in(d, d->nodes[parent].at, doc_start(d, container)) ||
			   doc_newline_in(d, open, doc_end(d, container));
		st.colon = colon_of(d, container);
		st.bare = bare_key(d, container);
		st.indent = st.base;
		st.level = 1;
	} else {
		uint32_t prev = doc_before(d, last);
		size_t gap = gap_before(d, last, prev);
		size_t at = doc_start(d, last);

		st.lines = doc_newline_in(d, gap, at);
		st.colon = colon_of(d, d->nodes[last].key_len ? last : container);
		st.bare = bare_key(d, last);
		st.indent = doc_indent_at(d, at);
		st.spaced = prev != DOC_NONE && at > gap;
		if (st.lines)
			st.unit = unit_between(st.base, st.indent, st.unit);
	}
	if (last == DOC_NONE || d->nodes[container].count == 1)
		st.spaced = st.colon.n > 1;
	return st;
}

/* --- laying out a value --- */

bool style_break(struct buf *out, const struct style *st, size_t level, struct err *e)
{
	if (!span_add(out, st->newline, e) || !span_add(out, st->indent, e))
		return false;
	for (size_t i = 0; i < st->level + level; i++) {
		if (!span_add(out, st->unit, e))
			return false;
	}
	return true;
}

/* Where a doc_value breaks its line: do so, or in one line leave a blank after a comma. */
static bool separate(struct buf *out, const struct style *st, size_t level, struct err *e)
{
	if (st->lines)
		return style_break(out, st, level, e);
	return !st->spaced || out->p[out->len - 1] != ',' || buf_add(out, " ", 1, e);
}

/*
 * Writes a doc_value in a style. st->indent is that of the line the value
 * stands on. Outside texts, the value's own text has line breaks with tabs,
 * ": " and nothing else to translate.
 */
bool style_value(struct buf *out, const struct doc_value *v, const struct style *st, struct err *e)
{
	const char *p = v->text.p;
	const char *end = p + v->text.len;
	bool quoted = false;

	for (; p < end; p++) {
		bool ok;

		if (quoted && *p == '\\') {
			ok = buf_add(out, p++, 2, e);
		} else if (quoted || *p == '"') {
			quoted ^= *p == '"';
			ok = buf_add(out, p, 1, e);
		} else if (*p == '\n') {
			size_t level = 0;

			for (; p + 1 < end && p[1] == '\t'; p++)
				level++;
			ok = separate(out, st, level, e);
		} else if (*p == ':') {
			p++;
			ok = span_add(out, st->colon, e);
		} else {
			ok = buf_add(out, p, 1, e);
		}
		if (!ok)
			return false;
	}
	return true;
}

static bool is_identifier(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$");

	return n && !key[n] && !(key[0] >= '0' && key[0] <= '9');
}

/* key may be NULL: an element of an array. */
bool style_member(struct buf *out, const char *key, const struct doc_value *v,
	const struct style *st, struct err *e)
{
	struct doc_value name = { 0 };
	bool ok;

	if (!key)
		return style_value(out, v, st, e);
	if (st->bare && is_identifier(key))
		return buf_text(out, key, e) && span_add(out, st->colon, e) &&
		       style_value(out, v, st, e);
	doc_value_string(&name, key);
	ok = doc_value_good(&name, key, e) &&
	     span_add(out, (struct span){ name.text.p, name.text.len }, e) &&
	     span_add(out, st->colon, e) && style_value(out, v, st, e);
	doc_value_release(&name);
	return ok;
}
