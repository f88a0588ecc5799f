/* SPDX-License-Identifier: MIT */
#include "cli/out_base.h"

#include <json-c/printbuf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/memory.h"
#include "base/text.h"

#define TEXT_CAP 4096 /* longer than any field of a snapshot */

/* Printable ASCII needs no work; it is nearly everything. */
static bool plain(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p >= 0x20 && *p < 0x7f)
		p++;
	return *p == '\0';
}

static void clean(struct str *out, const char *text)
{
	text_clean(out, text, strlen(text), SIZE_MAX);
}

void out_text(FILE *out, const char *text)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	if (plain(text)) {
		fputs(text, out);
		return;
	}
	clean(&s, text);
	fputs(cleaned, out);
}

void out_path(FILE *out, const char *path, const char *home)
{
	char text[TEXT_CAP];
	struct str s = STR_OF(text);

	fs_shorten(&s, path, home);
	out_text(out, text);
}

struct json_object *json_text(const char *text)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	if (plain(text))
		return json_object_new_string(text);
	clean(&s, text);
	return json_object_new_string(cleaned);
}

struct json_object *json_path(const char *path, const char *home)
{
	char text[TEXT_CAP];
	struct str s = STR_OF(text);

	fs_shorten(&s, path, home);
	return json_text(text);
}

void json_put(struct json_object *to, const char *key, struct json_object *value)
{
	if (!to || json_object_object_add_ex(to, key, value,
			   JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY) != 0)
		json_object_put(value);
}

void json_append(struct json_object *to, struct json_object *value)
{
	if (!to || json_object_array_add(to, value) != 0)
		json_object_put(value);
}

void json_put_text(struct json_object *to, const char *key, struct json_object *value)
{
	char cleaned[TEXT_CAP];
	struct str s = STR_OF(cleaned);

	clean(&s, key);
	if (!to || json_object_object_add(to, cleaned, value) != 0)
		json_object_put(value);
}

/* --- rows that are made while they are printed -------------------------------------------------
 */

struct rows {
	struct json_object *(*make)(const void *ctx, size_t i);
	const void *ctx;
	size_t first, n;
};

static void new_line(struct printbuf *out, int level)
{
	printbuf_strappend(out, "\n");
	printbuf_memset(out, -1, ' ', 2 * level);
}

/* A text of several lines, each below the first moved to the right. Strings hold no newline. */
static void append_at(struct printbuf *out, const char *text, int level)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		printbuf_memappend(out, text, (int)n);
		if (!text[n])
			return;
		new_line(out, level);
		text += n + 1;
	}
}

static int print_rows(struct json_object *array, struct printbuf *out, int level, int flags)
{
	const struct rows *r = json_object_get_userdata(array);

	printbuf_strappend(out, "[");
	for (size_t i = 0; i < r->n; i++) {
		struct json_object *row = r->make(r->ctx, r->first + i);

		if (i)
			printbuf_strappend(out, ",");
		new_line(out, level + 1);
		append_at(out, json_object_to_json_string_ext(row, flags), level + 1);
		json_object_put(row);
	}
	new_line(out, level);
	printbuf_strappend(out, "]");
	return 0;
}

static void free_rows(struct json_object *array, void *rows)
{
	(void)array;
	free(rows);
}

struct json_object *json_rows(struct json_object *(*make)(const void *ctx, size_t i),
	const void *ctx, size_t first, size_t n)
{
	struct json_object *array = json_object_new_array();
	struct rows *r = n && array ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return array;
	*r = (struct rows){ .make = make, .ctx = ctx, .first = first, .n = n };
	json_object_set_serializer(array, print_rows, r, free_rows);
	return array;
}

bool json_finish(FILE *out, struct json_object *root, struct err *e)
{
	const char *text = root ? json_object_to_json_string_ext(
					  root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
							JSON_C_TO_STRING_NOSLASHESCAPE)
				: NULL;
	bool ok = text && !memory_ran_out();

	if (!ok)
		err_set(e, ERR_MEMORY, "out of memory for the output");
	else
		ok = (fputs(text, out) >= 0 && fputc('\n', out) >= 0) ||
		     err_sys(e, "cannot write the output");
	json_object_put(root);
	return ok;
}
