/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/doc.h"

static void add(struct doc_value *v, const char *p, size_t n)
{
	if (!v->no_memory && !buf_add(&v->text, p, n, NULL))
		v->no_memory = true;
}

static void new_line(struct doc_value *v)
{
	add(v, "\n", 1);
	for (unsigned i = 0; i < v->depth; i++)
		add(v, "\t", 1);
}

/* The comma and the new line before a member, an element or a key. */
static void separate(struct doc_value *v)
{
	if (v->keyed) {
		v->keyed = false;
		return;
	}
	if (v->more)
		add(v, ",", 1);
	if (v->depth)
		new_line(v);
	v->more = true;
}

static void open_level(struct doc_value *v, bool list)
{
	separate(v);
	add(v, list ? "[" : "{", 1);
	if (++v->depth >= DOC_DEPTH_MAX) {
		v->failed = true;
		v->depth--;
		return;
	}
	v->lists =
		list ? v->lists | UINT64_C(1) << v->depth : v->lists & ~(UINT64_C(1) << v->depth);
	v->more = false;
}

void doc_value_object(struct doc_value *v)
{
	open_level(v, false);
}

void doc_value_array(struct doc_value *v)
{
	open_level(v, true);
}

void doc_value_end(struct doc_value *v)
{
	bool list = v->lists >> v->depth & 1;

	if (!v->depth) {
		v->failed = true;
		return;
	}
	v->depth--;
	if (v->more)
		new_line(v);
	add(v, list ? "]" : "}", 1);
	v->more = true;
}

/* What JSON.stringify escapes, and nothing else. */
static void quote(struct doc_value *v, const char *p, size_t n)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	size_t start = 0;
	size_t used;

	add(v, "\"", 1);
	for (size_t i = 0; i < n; i += used) {
		uint32_t cp = text_next(p + i, n - i, &used);
		const char *known = cp && cp < 0x80 ? strchr(plain, (int)cp) : NULL;
		char escape[8];

		if (cp == TEXT_BAD && used == 1)
			v->failed = true;
		if (!known && cp >= 0x20)
			continue;
		add(v, p + start, i - start);
		start = i + used;
		if (known)
			snprintf(escape, sizeof(escape), "\\%c", names[known - plain]);
		else
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)cp);
		add(v, escape, strlen(escape));
	}
	add(v, p + start, n - start);
	add(v, "\"", 1);
}

void doc_value_key(struct doc_value *v, const char *key)
{
	separate(v);
	quote(v, key, strlen(key));
	add(v, ": ", 2);
	v->keyed = true;
}

void doc_value_string(struct doc_value *v, const char *text)
{
	doc_value_stringn(v, text, strlen(text));
}

void doc_value_stringn(struct doc_value *v, const char *p, size_t n)
{
	separate(v);
	quote(v, p, n);
}

void doc_value_int(struct doc_value *v, int64_t n)
{
	char text[24];

	separate(v);
	snprintf(text, sizeof(text), "%" PRId64, n);
	add(v, text, strlen(text));
}

void doc_value_bool(struct doc_value *v, bool b)
{
	const char *text = b ? "true" : "false";

	separate(v);
	add(v, text, strlen(text));
}

void doc_value_embed(struct doc_value *v, const struct doc_value *inner)
{
	const char *p = inner->text.p;
	size_t start = 0;

	v->no_memory |= inner->no_memory;
	if (inner->failed || inner->depth || !inner->text.len) {
		v->failed = true;
		return;
	}
	separate(v);
	/* Line breaks are never part of a text: those are escaped. */
	for (size_t i = 0; i < inner->text.len; i++) {
		if (p[i] != '\n')
			continue;
		add(v, p + start, i - start);
		new_line(v);
		start = i + 1;
	}
	add(v, p + start, inner->text.len - start);
}

bool doc_value_good(const struct doc_value *v, const char *what, struct err *e)
{
	if (v->no_memory)
		return err_set(e, ERR_MEMORY, "%s: out of memory", what);
	if (v->failed || v->depth || !v->text.len)
		return err_set(e, ERR_REFUSED,
			"%s: a value that is not UTF-8, or too deep, cannot be written there",
			what);
	return true;
}

void doc_value_release(struct doc_value *v)
{
	buf_release(&v->text);
	*v = (struct doc_value){ 0 };
}
