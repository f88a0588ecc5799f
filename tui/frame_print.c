/* SPDX-License-Identifier: MIT */

/* A frame as text, for golden files and for people who read a failed test. */
#include "tui/cells.h"

static const char role_letters[ROLE_COUNT] = {
	[ROLE_TEXT] = 't',
	[ROLE_MUTED] = 'm',
	[ROLE_TITLE] = 'h', /* heading */
	[ROLE_KEY] = 'k',
	[ROLE_ACCENT] = 'a',
	[ROLE_SELECT] = 's',
	[ROLE_OK] = 'o',
	[ROLE_WARN] = 'w',
	[ROLE_FAIL] = 'f',
};

static bool print_cell(const struct cell *c, struct buf *out, struct err *e)
{
	char bytes[4];

	if (!c->width) /* the right half of the wide one before it */
		return true;
	for (size_t i = 0; i < ARRAY_LEN(c->ch) && c->ch[i]; i++) {
		size_t n = text_put(c->ch[i], bytes);

		if (!buf_add(out, bytes, n, e))
			return false;
	}
	return true;
}

static bool print_letter(const struct cell *c, struct buf *out, struct err *e)
{
	return buf_add(out, &role_letters[c->role], 1, e);
}

/* Every row without what `filler` leaves at its end. */
static bool print_rows(const struct frame *f,
	bool (*print)(const struct cell *c, struct buf *out, struct err *e), char filler,
	struct buf *out, struct err *e)
{
	for (int y = 0; y < f->rows; y++) {
		size_t start = out->len;

		for (int x = 0; x < f->cols; x++) {
			if (!print(frame_cell(f, y, x), out, e))
				return false;
		}
		while (out->len > start && out->p[out->len - 1] == filler)
			out->p[--out->len] = '\0';
		if (!buf_text(out, "\n", e))
			return false;
	}
	return true;
}

bool frame_print(const struct frame *f, struct buf *out, struct err *e)
{
	return print_rows(f, print_cell, ' ', out, e);
}

bool frame_print_roles(const struct frame *f, struct buf *out, struct err *e)
{
	return print_rows(f, print_letter, role_letters[ROLE_TEXT], out, e);
}
