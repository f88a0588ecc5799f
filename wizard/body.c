/* SPDX-License-Identifier: MIT */
#include "wizard/body.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "health/health.h"
#include "wizard/lines.h"

#define TEXT_MAX 76     /* columns of running text, also on a wide screen */
#define LINES_WIDE 1000 /* columns and rows of a body that is not drawn */

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

void body_to_lines(struct body *b, struct lines *lines, int64_t now_ms)
{
	*b = (struct body){ .lines = lines,
		.layout = LAYOUT_L,
		.w = LINES_WIDE,
		.visible = LINES_WIDE,
		.now_ms = now_ms };
}

int body_put(struct body *b, int x, enum role role, const char *text)
{
	if (b->lines)
		lines_part(b->lines, text);
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

void body_clip(struct body *b, int x, int width, enum role role, const char *text)
{
	if (b->lines)
		lines_part(b->lines, text);
	frame_clip(&b->sheet, b->y, b->x + x, width, role, text);
}

void body_path(struct body *b, int x, int width, const char *path)
{
	if (b->lines)
		lines_part(b->lines, path);
	frame_path(&b->sheet, b->y, b->x + x, width, ROLE_TEXT, path);
}

/* Colour only repeats it on a screen; here it is the word that a person can search for. */
static const char *mark_word(enum glyph g)
{
	static const char *const words[GLYPH_COUNT] = {
		[GLYPH_OK] = "OK: ",
		[GLYPH_FAIL] = "Error: ",
		[GLYPH_WARN] = "Warning: ",
	};

	return words[g] ? words[g] : "";
}

int body_glyph(struct body *b, int x, enum role role, enum glyph g)
{
	if (b->lines)
		lines_mark(b->lines, mark_word(g));
	return frame_glyph(&b->sheet, b->y, b->x + x, role, g) - b->x;
}

int body_only(struct body *b, int x, enum role role, const char *text)
{
	return frame_clip(&b->sheet, b->y, b->x + x, b->w - x, role, text) - b->x;
}

void body_next(struct body *b)
{
	if (b->lines)
		lines_end(b->lines);
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

/* Indented under a choice it explains that one. */
static void wrap_to_lines(struct lines *l, int x, const char *text)
{
	const struct line *before = l->count ? &l->list[l->count - 1] : NULL;

	if (!l->open && x >= 2 && before &&
		(before->kind == LINE_CHOICE || before->kind == LINE_NOTE))
		lines_begin(l, LINE_NOTE);
	lines_part(l, text);
	lines_end(l);
}

void body_wrap(struct body *b, int x, enum role role, const char *text)
{
	int width = b->w - x, used;

	if (!text[0])
		return;
	if (b->lines) {
		wrap_to_lines(b->lines, x, text);
		return;
	}
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
	int after = body_glyph(b, x, glyph_role(g), g);

	body_wrap(b, after + 1, ROLE_TEXT, text);
}

static void lines_choice(struct lines *l, bool selected)
{
	lines_begin(l, LINE_CHOICE);
	if (l->open)
		l->list[l->count - 1].selected = selected;
}

int body_row(struct body *b, bool selected, int number)
{
	int x = 2;

	if (b->lines) {
		lines_choice(b->lines, selected);
		return x; /* a page numbers its choices itself */
	}
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
	x = body_glyph(b, 2, ROLE_MUTED, g);
	body_fmt(b, x + 1, ROLE_MUTED, "%zu %s", n, what);
	body_next(b);
}

/* What a field holds is never part of a page: a masked one is a secret, and who typed knows. */
static void lines_field(struct lines *l, const char *title, const struct field *w, bool search)
{
	struct line *line;

	lines_begin(l, LINE_FIELD);
	if (l->open) {
		line = &l->list[l->count - 1];
		line->masked = w->masked;
		line->filled = w->text.len > 0;
		line->search = search;
		lines_part(l, title);
	}
	lines_end(l);
}

void body_field(struct body *b, const char *title, const struct field *w, const char *prefix,
	const char *tail)
{
	int width = b->w < TEXT_MAX + 2 ? b->w : TEXT_MAX + 2;

	if (b->lines) {
		lines_field(b->lines, title, w, false);
		return;
	}
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

void body_find(struct body *b, int x, int width, const struct field *w)
{
	if (b->lines)
		lines_field(b->lines, "name", w, true);
	field_draw(w, &b->sheet, b->y, b->x + x, width, true, "", "");
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
