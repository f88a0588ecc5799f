/* SPDX-License-Identifier: MIT */
#include "cli/out_table.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define CELL_CAP 1024
#define GAP 2

/* Of cleaned text: nothing in it has a negative width. */
static size_t cells_of(const char *text)
{
	size_t n = strlen(text);
	size_t used;
	size_t cells = 0;

	for (; n; text += used, n -= used) {
		int width = text_width(text_next(text, n, &used));

		cells += width > 0 ? (size_t)width : 0;
	}
	return cells;
}

bool out_table_row(struct out_table *t, const char *const *texts, size_t n, struct err *e)
{
	t->columns = n < OUT_TABLE_COLUMNS ? n : OUT_TABLE_COLUMNS;
	for (size_t i = 0; i < t->columns; i++) {
		char cleaned[CELL_CAP];
		struct str s = STR_OF(cleaned);
		size_t cells;

		text_clean(&s, texts[i], strlen(texts[i]), SIZE_MAX);
		if (!buf_add(&t->cells, cleaned, s.len + 1, e))
			return false;
		cells = cells_of(cleaned);
		if (cells > t->width[i])
			t->width[i] = cells;
	}
	return true;
}

void out_table_print(FILE *out, const struct out_table *t)
{
	const char *at = t->cells.p;
	const char *end = at ? at + t->cells.len : at;
	size_t column = 0;

	while (at < end) {
		size_t pad = t->width[column] - cells_of(at) + GAP;

		fputs(at, out);
		at += strlen(at) + 1;
		if (++column == t->columns) {
			fputc('\n', out);
			column = 0;
			continue;
		}
		while (pad--)
			fputc(' ', out);
	}
}

void out_table_release(struct out_table *t)
{
	buf_release(&t->cells);
	*t = (struct out_table){ 0 };
}
