/* SPDX-License-Identifier: MIT */
#include "wizard/body.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "health/health.h"

#define TEXT_MAX 76 /* columns of running text, also on a wide screen */

bool body_init(struct body *b, enum layout l, enum glyph_set glyphs, int cols, int visible)
{
	*b = (struct body){ .layout = l, .visible = visible };
	b->x = l == LAYOUT_XS ? 0 : 1;
	b->w = cols - 2 * b->x;
	if (!frame_resize(&b->sheet, BODY_ROWS, cols, NULL))
		return false;
	frame_clear(&b->sheet);
	b->sheet.glyphs = glyphs;
	return true;
}

void body_release(struct body *b)
{
	frame_release(&b->sheet);
}

int body_put(struct body *b, int x, enum role role, const char *text)
{
	if (x >= b->w)
		return x;
	return frame_clip(&b->sheet, b->y, b->x + x, b->w - x, role, text) - b->x;
}

int body_fmt(struct body *b, int x, enum role role, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return body_put(b, x, role, text);
}

void body_next(struct body *b)
{
	if (b->y < BODY_ROWS - 1)
		b->y++;
}

void body_gap(struct body *b)
{
	if (b->layout > LAYOUT_XS)
		body_next(b);
}

void body_line(struct body *b, int x, enum role role, const char *text)
{
	body_put(b, x, role, text);
	body_next(b);
}

void body_wrap(struct body *b, int x, enum role role, const char *text)
{
	int width = b->w - x, used;

	if (!text[0])
		return;
	if (width > TEXT_MAX)
		width = TEXT_MAX;
	used = frame_wrap(&b->sheet, b->y, b->x + x, width, BODY_ROWS - b->y, role, text);
	while (used-- > 0)
		body_next(b);
}

enum role glyph_role(enum glyph g)
{
	switch (g) {
	case GLYPH_OK:
	case GLYPH_LIVE:
		return ROLE_OK;
	case GLYPH_FAIL:
		return ROLE_FAIL;
	case GLYPH_WARN:
		return ROLE_WARN;
	case GLYPH_OFF:
		return ROLE_MUTED;
	default:
		return ROLE_TEXT;
	}
}

enum glyph severity_glyph(int severity)
{
	static const enum glyph marks[] = {
		[SEVERITY_OK] = GLYPH_OK,
		[SEVERITY_INFO] = GLYPH_OFF,
		[SEVERITY_WARN] = GLYPH_WARN,
		[SEVERITY_FAIL] = GLYPH_FAIL,
	};

	return marks[severity];
}

const char *severity_word(int severity)
{
	static const char *const words[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_INFO] = "note",
		[SEVERITY_WARN] = "warn",
		[SEVERITY_FAIL] = "fail",
	};

	return words[severity];
}

void body_mark(struct body *b, int x, enum glyph g, const char *text)
{
	int after = frame_glyph(&b->sheet, b->y, b->x + x, glyph_role(g), g) - b->x;

	body_wrap(b, after + 1, ROLE_TEXT, text);
}

int body_row(struct body *b, bool selected, int number)
{
	int x = 2;

	if (selected) {
		frame_glyph(&b->sheet, b->y, b->x, ROLE_SELECT, GLYPH_SELECT);
		body_cursor(b, 0);
	}
	if (number > 0)
		x = body_fmt(b, x, ROLE_TEXT, "%d", number) + 2;
	return x;
}

void body_row_end(struct body *b, bool selected)
{
	if (selected)
		frame_role(&b->sheet, b->y, b->x, b->w, ROLE_SELECT);
	body_next(b);
}

void body_more(struct body *b, enum glyph g, size_t n, const char *what)
{
	int x;

	if (!n)
		return;
	x = frame_glyph(&b->sheet, b->y, b->x + 2, ROLE_MUTED, g) - b->x;
	body_fmt(b, x + 1, ROLE_MUTED, "%zu %s", n, what);
	body_next(b);
}

void body_field(struct body *b, const char *title, const struct field *w, const char *prefix,
	const char *tail)
{
	int width = b->w < TEXT_MAX + 2 ? b->w : TEXT_MAX + 2;

	if (b->layout >= LAYOUT_M) {
		frame_box(&b->sheet, b->y, b->x + 1, 3, width - 1, ROLE_ACCENT, title);
		body_next(b);
		field_draw(w, &b->sheet, b->y, b->x + 3, width - 5, true, prefix, tail);
		body_next(b);
		body_next(b);
		return;
	}
	frame_text(&b->sheet, b->y, b->x, ROLE_ACCENT, "> ");
	field_draw(w, &b->sheet, b->y, b->x + 2, width - 2, true, prefix, tail);
	body_next(b);
	if (b->layout == LAYOUT_S)
		frame_hline(&b->sheet, b->y, b->x, width);
	body_next(b);
}

void body_cursor(struct body *b, int x)
{
	frame_cursor(&b->sheet, b->y, b->x + x);
}

void body_show(const struct body *b, struct frame *f, int y, int top)
{
	int cols = b->sheet.cols < f->cols ? b->sheet.cols : f->cols;

	for (int i = 0; i < b->visible; i++) {
		if (y + i >= f->rows || top + i >= b->sheet.rows)
			break;
		memcpy(&f->cells[(size_t)(y + i) * (size_t)f->cols],
			&b->sheet.cells[(size_t)(top + i) * (size_t)b->sheet.cols],
			(size_t)cols * sizeof(f->cells[0]));
	}
	if (b->sheet.cursor) {
		int row = b->sheet.cursor_y - top;

		/* Scrolled away from the focus: the cursor waits at the edge it is behind. */
		if (row < 0)
			row = 0;
		if (row >= b->visible)
			row = b->visible - 1;
		frame_cursor(f, y + row, b->sheet.cursor_x);
	}
}
