/* SPDX-License-Identifier: MIT */

/* Text into cells: clipping, shortening, wrapping. */
#include <limits.h>
#include <string.h>

#include "tui/cells.h"

/* Where the next character goes. Columns outside the frame are counted, not drawn. */
struct pen {
	struct frame *f;
	int y;
	int x;
	int end;  /* first column that must not be touched */
	int base; /* column of the last character drawn, for combining marks; -1: none */
	enum role role;
};

static struct pen pen_at(struct frame *f, int y, int x, int end, enum role role)
{
	return (struct pen){ f, y, x, end < f->cols ? end : f->cols, -1, role };
}

static void pen_mark(struct pen *p, uint32_t cp)
{
	struct cell *c = p->base < 0 ? NULL : frame_cell(p->f, p->y, p->base);

	if (!c)
		return;
	for (size_t i = 1; i < ARRAY_LEN(c->ch); i++) {
		if (!c->ch[i]) {
			c->ch[i] = cp;
			return;
		}
	}
}

/* One character; false when the pen has reached its end. */
static bool pen_put(struct pen *p, uint32_t cp)
{
	int width = text_width(cp);

	if (width == 0) {
		pen_mark(p, cp);
		return true;
	}
	if (p->x >= p->end)
		return false;
	if (width < 0) {
		cp = '?';
		width = 1;
	}
	p->base = -1;
	if (p->x + width > p->end || (p->x < 0 && p->x + width > 0)) {
		/* Half a wide character cannot be drawn: its visible cell is blank. */
		if (p->end > 0)
			frame_store(p->f, p->y, p->x < 0 ? 0 : p->x, p->role, ' ');
	} else if (frame_cell(p->f, p->y, p->x)) {
		frame_store(p->f, p->y, p->x, p->role, cp);
		p->base = p->x;
	}
	p->x = p->x + width > p->end ? p->end : p->x + width;
	return true;
}

/*
 * What text becomes when a glyph set shows it, one unit after the other: a
 * code point, or what it is folded into.
 */
struct unit {
	const char *fold; /* NULL: cp, `times` times */
	uint32_t cp;
	int times;
	int cells;
	size_t used;
};

static struct unit unit_next(enum glyph_set set, const char *p, size_t n)
{
	struct unit u = { .times = 1, .used = 1 };
	int width;

	u.fold = glyph_fold(set, p, &u.used);
	if (u.fold) {
		u.cells = (int)text_cells(u.fold);
		return u;
	}
	u.cp = text_next(p, n, &u.used);
	if (u.cp == TEXT_BAD)
		u.cp = '?';
	width = text_width(u.cp);
	if (set == GLYPHS_ASCII && u.cp > 0x7E && width >= 0) {
		u.cp = '?'; /* as many as it was wide, so that columns stay in line */
		u.times = width;
	}
	u.cells = width < 0 ? 1 : width;
	return u;
}

static bool pen_unit(struct pen *p, const struct unit *u)
{
	if (u->fold) {
		size_t used;
		size_t n = strlen(u->fold);

		for (size_t i = 0; i < n; i += used) {
			if (!pen_put(p, text_next(u->fold + i, n - i, &used)))
				return false;
		}
		return true;
	}
	for (int i = 0; i < u->times; i++) {
		if (!pen_put(p, u->cp))
			return false;
	}
	return true;
}

static void pen_text(struct pen *p, const char *text, size_t n)
{
	struct unit u;

	for (size_t i = 0; i < n; i += u.used) {
		u = unit_next(p->f->glyphs, text + i, n - i);
		if (!pen_unit(p, &u))
			return;
	}
}

/* The bytes at the front of a text that fit into `cells`. */
static size_t text_fit(enum glyph_set set, const char *text, size_t n, int cells)
{
	struct unit u;
	size_t i;

	for (i = 0; i < n; i += u.used) {
		u = unit_next(set, text + i, n - i);
		cells -= u.cells;
		if (cells < 0)
			break;
	}
	return i;
}

int frame_cells(const struct frame *f, const char *text)
{
	size_t n = strlen(text);
	struct unit u;
	int cells = 0;

	for (size_t i = 0; i < n && cells < INT_MAX / 2; i += u.used) {
		u = unit_next(f->glyphs, text + i, n - i);
		cells += u.cells;
	}
	return cells;
}

int frame_text(struct frame *f, int y, int x, enum role role, const char *text)
{
	struct pen p = pen_at(f, y, x, f->cols, role);

	pen_text(&p, text, strlen(text));
	return p.x;
}

int frame_glyph(struct frame *f, int y, int x, enum role role, enum glyph g)
{
	return frame_text(f, y, x, role, glyph_text(f->glyphs, g));
}

/* The column where `width` cells from x end; also for absurd numbers. */
static int end_of(int x, int width)
{
	return x > INT_MAX - width ? INT_MAX : x + width;
}

int frame_clip(struct frame *f, int y, int x, int width, enum role role, const char *text)
{
	const char *dots = glyph_text(f->glyphs, GLYPH_ELLIPSIS);
	int most = width > 0 ? width : 0;
	int room = most - (int)text_cells(dots);
	struct pen p = pen_at(f, y, x, end_of(x, most), role);

	if (frame_cells(f, text) <= most) {
		pen_text(&p, text, strlen(text));
		return p.x;
	}
	pen_text(&p, text, text_fit(f->glyphs, text, strlen(text), room));
	pen_text(&p, dots, strlen(dots));
	return p.x;
}

int frame_path(struct frame *f, int y, int x, int width, enum role role, const char *text)
{
	const char *dots = glyph_text(f->glyphs, GLYPH_ELLIPSIS);
	int most = width > 0 ? width : 0;
	int room = most - (int)text_cells(dots);
	struct pen p = pen_at(f, y, x, end_of(x, most), role);
	int cells = frame_cells(f, text);
	size_t n = strlen(text);
	size_t head;
	size_t skip;

	if (cells <= most) {
		pen_text(&p, text, n);
		return p.x;
	}
	if (room < 2)
		return frame_clip(f, y, x, width, role, text);
	/* The end says more than the beginning: it gets two thirds. */
	head = text_fit(f->glyphs, text, n, room / 3);
	for (skip = 0; cells > room - room / 3;) {
		struct unit u = unit_next(f->glyphs, text + skip, n - skip);

		skip += u.used;
		cells -= u.cells;
	}
	pen_text(&p, text, head);
	pen_text(&p, dots, strlen(dots));
	pen_text(&p, text + skip, n - skip);
	return p.x;
}

/*
 * The first line of a text that is to be at most `width` cells wide: its
 * bytes, and in *next where the following line starts.
 */
static size_t wrap_line(enum glyph_set set, const char *text, size_t n, int width, size_t *next)
{
	size_t space = 0;
	int cells = 0;
	struct unit u = { .used = 1 };
	size_t i;

	for (i = 0; i < n && text[i] != '\n'; i += u.used) {
		u = unit_next(set, text + i, n - i);
		if (text[i] == ' ')
			space = i;
		cells += u.cells;
		if (cells > width)
			break;
	}
	if (i == n || text[i] == '\n') {
		*next = i < n ? i + 1 : n;
		return i;
	}
	/* A word longer than the line is cut; one character at least moves on. */
	if (!space) {
		*next = i ? i : u.used;
		return *next;
	}
	for (i = space; i < n && text[i] == ' '; i++)
		;
	*next = i;
	while (space && text[space - 1] == ' ')
		space--;
	return space;
}

/* NOLINTNEXTLINE(readability-function-size): a rectangle, a role and a text */
int frame_wrap(
	struct frame *f, int y, int x, int width, int max_rows, enum role role, const char *text)
{
	size_t n = strlen(text);
	size_t next = 0;
	int rows = 0;

	if (width < 1)
		return 0;
	for (size_t i = 0; i < n && rows < FRAME_SIDE_MAX; i += next, rows++) {
		size_t len = wrap_line(f->glyphs, text + i, n - i, width, &next);

		if (rows < max_rows && y < f->rows) {
			struct pen p = pen_at(f, y + rows, x, end_of(x, width), role);

			pen_text(&p, text + i, len);
		}
	}
	return rows;
}
