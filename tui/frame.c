/* SPDX-License-Identifier: MIT */
#include "tui/frame.h"

#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"

static const struct cell blank = { .ch = { ' ' }, .width = 1, .role = ROLE_TEXT };

bool frame_resize(struct frame *f, int rows, int cols, struct err *e)
{
	size_t want;

	if (rows < 1 || cols < 1 || rows > FRAME_SIDE_MAX || cols > FRAME_SIDE_MAX)
		return err_set(e, ERR_USAGE, "a screen of %dx%d cannot be drawn", cols, rows);
	want = (size_t)rows * (size_t)cols;
	if (want > f->room) {
		struct cell *cells = calloc(want, sizeof(*cells));

		if (!cells)
			return err_set(
				e, ERR_MEMORY, "no memory for a screen of %dx%d", cols, rows);
		free(f->cells);
		f->cells = cells;
		f->room = want;
	}
	f->rows = rows;
	f->cols = cols;
	frame_clear(f);
	return true;
}

void frame_clear(struct frame *f)
{
	size_t n = (size_t)f->rows * (size_t)f->cols;

	for (size_t i = 0; i < n; i++)
		f->cells[i] = blank;
	f->cursor = false;
	f->cursor_y = 0;
	f->cursor_x = 0;
}

void frame_release(struct frame *f)
{
	free(f->cells);
	*f = (struct frame){ 0 };
}

struct cell *frame_cell(const struct frame *f, int y, int x)
{
	if (y < 0 || x < 0 || y >= f->rows || x >= f->cols)
		return NULL;
	return &f->cells[(size_t)y * (size_t)f->cols + (size_t)x];
}

/* Whoever overwrites one half of a wide character must blank the other. */
static void cell_break(struct frame *f, int y, int x)
{
	struct cell *c = frame_cell(f, y, x);

	if (!c || c->width == 1)
		return;
	c = frame_cell(f, y, c->width == 2 ? x + 1 : x - 1);
	if (c) {
		uint8_t role = c->role;

		*c = blank;
		c->role = role;
	}
}

void frame_store(struct frame *f, int y, int x, enum role role, uint32_t cp)
{
	struct cell *c = frame_cell(f, y, x);
	int width = text_width(cp);

	if (!c)
		return;
	cell_break(f, y, x);
	if (width == 2)
		cell_break(f, y, x + 1);
	*c = (struct cell){ .ch = { cp }, .width = (uint8_t)width, .role = (uint8_t)role };
	if (width == 2)
		c[1] = (struct cell){ .role = (uint8_t)role };
}

/* What of a rectangle lies inside the frame; false when nothing does. */
static bool rect_clip(const struct frame *f, int *y, int *x, int *height, int *width)
{
	long y2 = (long)*y + *height;
	long x2 = (long)*x + *width;

	if (*y < 0)
		*y = 0;
	if (*x < 0)
		*x = 0;
	if (y2 > f->rows)
		y2 = f->rows;
	if (x2 > f->cols)
		x2 = f->cols;
	*height = y2 > *y ? (int)(y2 - *y) : 0;
	*width = x2 > *x ? (int)(x2 - *x) : 0;
	return *height && *width;
}

void frame_erase(struct frame *f, int y, int x, int height, int width)
{
	if (!rect_clip(f, &y, &x, &height, &width))
		return;
	for (int row = y; row < y + height; row++) {
		for (int col = x; col < x + width; col++)
			frame_store(f, row, col, ROLE_TEXT, ' ');
	}
}

void frame_role(struct frame *f, int y, int x, int width, enum role role)
{
	int height = 1;

	if (!rect_clip(f, &y, &x, &height, &width))
		return;
	for (int col = x; col < x + width; col++)
		frame_cell(f, y, col)->role = (uint8_t)role;
}

void frame_cursor(struct frame *f, int y, int x)
{
	f->cursor = frame_cell(f, y, x) != NULL;
	f->cursor_y = f->cursor ? y : 0;
	f->cursor_x = f->cursor ? x : 0;
}

/* Sums of such numbers cannot overflow; nothing farther out can touch a frame. */
static bool near(int y, int x, int height, int width)
{
	return abs(y / 2) < FRAME_SIDE_MAX && abs(x / 2) < FRAME_SIDE_MAX && height >= 0 &&
	       width >= 0 && height <= 4 * FRAME_SIDE_MAX && width <= 4 * FRAME_SIDE_MAX;
}

static void draw_line(struct frame *f, int y, int x, int width, enum role role)
{
	int height = 1;

	if (!rect_clip(f, &y, &x, &height, &width))
		return;
	for (int col = x; col < x + width; col++)
		frame_glyph(f, y, col, role, GLYPH_HLINE);
}

void frame_hline(struct frame *f, int y, int x, int width)
{
	draw_line(f, y, x, width, ROLE_MUTED);
}

/* NOLINTNEXTLINE(readability-function-size): a rectangle and how it looks */
void frame_box(
	struct frame *f, int y, int x, int height, int width, enum role role, const char *title)
{
	int bottom = y;
	int right = x;

	if (height < 2 || width < 2 || !near(y, x, height, width))
		return;
	bottom += height - 1;
	right += width - 1;
	draw_line(f, y, x, width, role);
	draw_line(f, bottom, x, width, role);
	for (int row = y + 1; row < bottom; row++) {
		frame_glyph(f, row, x, role, GLYPH_VLINE);
		frame_glyph(f, row, right, role, GLYPH_VLINE);
	}
	frame_glyph(f, y, x, role, GLYPH_TOP_LEFT);
	frame_glyph(f, y, right, role, GLYPH_TOP_RIGHT);
	frame_glyph(f, bottom, x, role, GLYPH_BOTTOM_LEFT);
	frame_glyph(f, bottom, right, role, GLYPH_BOTTOM_RIGHT);
	if (title && width > 6) {
		int end = frame_clip(f, y, x + 3, width - 6, ROLE_TITLE, title);

		frame_text(f, y, x + 2, role, " ");
		frame_text(f, y, end, role, " ");
	}
}

static bool cell_equal(const struct cell *a, const struct cell *b)
{
	return a->width == b->width && a->role == b->role && !memcmp(a->ch, b->ch, sizeof(a->ch));
}

static bool row_equal(const struct frame *a, const struct frame *b, int y)
{
	const struct cell *p = frame_cell(a, y, 0);
	const struct cell *q = frame_cell(b, y, 0);

	for (int x = 0; x < a->cols; x++) {
		if (!cell_equal(&p[x], &q[x]))
			return false;
	}
	return true;
}

int frame_changed(const struct frame *a, const struct frame *b)
{
	int n = 0;

	if (a->rows != b->rows || a->cols != b->cols)
		return a->rows;
	for (int y = 0; y < a->rows; y++)
		n += !row_equal(a, b, y);
	return n;
}

bool frame_equal(const struct frame *a, const struct frame *b)
{
	return a->rows == b->rows && a->cols == b->cols && a->cursor == b->cursor &&
	       a->cursor_y == b->cursor_y && a->cursor_x == b->cursor_x &&
	       !strcmp(a->title, b->title) && !frame_changed(a, b);
}

bool frame_copy(struct frame *to, const struct frame *from, struct err *e)
{
	if (!frame_resize(to, from->rows, from->cols, e))
		return false;
	memcpy(to->cells, from->cells,
		(size_t)from->rows * (size_t)from->cols * sizeof(*from->cells));
	to->cursor = from->cursor;
	to->cursor_y = from->cursor_y;
	to->cursor_x = from->cursor_x;
	to->glyphs = from->glyphs;
	memcpy(to->title, from->title, sizeof(to->title));
	return true;
}

enum layout layout_of(int rows, int cols)
{
	static const struct {
		int rows;
		int cols;
		enum layout layout;
	} least[] = {
		{ 30, 100, LAYOUT_L },
		{ 24, 80, LAYOUT_M },
		{ 16, 60, LAYOUT_S },
		{ 12, 40, LAYOUT_XS },
	};

	for (size_t i = 0; i < ARRAY_LEN(least); i++) {
		if (rows >= least[i].rows && cols >= least[i].cols)
			return least[i].layout;
	}
	return LAYOUT_TINY;
}
