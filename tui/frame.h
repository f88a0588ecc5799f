/* SPDX-License-Identifier: MIT */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include <stdint.h>

#include "base/str.h"

/*
 * A frame is what one screen looks like, as plain data. Drawing code writes
 * cells and knows nothing about a terminal; tui/term.c is the only file that
 * shows a frame, and tests compare frame_print() with a golden text. Writing
 * outside the frame is clipped, never an error. All text passes the widths of
 * base/text.h: what must not be drawn becomes "?".
 */

enum role { /* meaning, not colour: term.c owns the palette */
	ROLE_TEXT,
	ROLE_MUTED, /* hints, ages */
	ROLE_TITLE,
	ROLE_KEY,    /* key names in the footer */
	ROLE_ACCENT, /* field frame, current step */
	ROLE_SELECT, /* focused row: reverse */
	ROLE_OK,
	ROLE_WARN,
	ROLE_FAIL,
	ROLE_COUNT
};

enum glyph_set {
	GLYPHS_UNICODE,
	GLYPHS_CP437,
	GLYPHS_ASCII
};

enum glyph {
	GLYPH_SELECT, /* ▸ */
	GLYPH_OK,
	GLYPH_FAIL,
	GLYPH_WARN,
	GLYPH_OFF,
	GLYPH_HLINE,
	GLYPH_VLINE,
	GLYPH_TOP_LEFT,
	GLYPH_TOP_RIGHT,
	GLYPH_BOTTOM_LEFT,
	GLYPH_BOTTOM_RIGHT,
	GLYPH_TEE_LEFT,  /* ├ */
	GLYPH_TEE_RIGHT, /* ┤ */
	GLYPH_MASK,      /* • */
	GLYPH_ELLIPSIS,
	GLYPH_DOWN,
	GLYPH_UP,
	GLYPH_LIVE,  /* ● */
	GLYPH_BUSY0, /* four frames of the spinner follow each other */
	GLYPH_BUSY1,
	GLYPH_BUSY2,
	GLYPH_BUSY3,
	GLYPH_COUNT
};

struct cell {
	uint32_t ch[3]; /* character and up to two combining marks; 0 ends */
	uint8_t width;  /* 1, 2, or 0: right half of the wide one before it */
	uint8_t role;
};

#define FRAME_SIDE_MAX 1000 /* rows, columns: more is not a terminal but a mistake */

struct frame {
	int rows, cols;
	struct cell *cells; /* rows * cols */
	size_t room;        /* cells allocated */
	bool cursor;        /* shown, at: */
	int cursor_y, cursor_x;
	enum glyph_set glyphs;
	char title[80]; /* window title, "" none */
};

/* All cells blank; keeps memory when it suffices. { 0 } is valid before. */
bool frame_resize(struct frame *f, int rows, int cols, struct err *e);
void frame_clear(struct frame *f); /* also hides the cursor */
void frame_release(struct frame *f);

/* Writes UTF-8 text at (y, x), clipped at the right edge; returns the column after it. */
int frame_text(struct frame *f, int y, int x, enum role role, const char *text);

/* At most `width` cells; a longer text ends with an ellipsis. Returns the column after it. */
int frame_clip(struct frame *f, int y, int x, int width, enum role role, const char *text);

/* The same, cut in the middle: for paths. */
int frame_path(struct frame *f, int y, int x, int width, enum role role, const char *text);

/* Word-wrapped into rows y .. y+max_rows-1; returns the rows used (may exceed max_rows). */
int frame_wrap(
	struct frame *f, int y, int x, int width, int max_rows, enum role role, const char *text);

int frame_glyph(struct frame *f, int y, int x, enum role role, enum glyph g);
const char *glyph_text(enum glyph_set set, enum glyph g);

/*
 * What a set shows instead of the (typographic) character at the start of the
 * text, and in *used how many bytes that replaces; NULL: nothing special. All
 * drawing functions fold by themselves: "…" in a sentence is "..." in ASCII.
 */
const char *glyph_fold(enum glyph_set set, const char *text, size_t *used);

/* Cells that frame_text() would use for it: with folding, text_cells() is not enough. */
int frame_cells(const struct frame *f, const char *text);

void frame_hline(struct frame *f, int y, int x, int width);
void frame_box(struct frame *f, int y, int x, int height, int width, enum role role,
	const char *title); /* title may be NULL */
void frame_erase(struct frame *f, int y, int x, int height, int width);
void frame_role(struct frame *f, int y, int x, int width, enum role role); /* recolour */
void frame_cursor(struct frame *f, int y, int x);

bool frame_equal(const struct frame *a, const struct frame *b);
int frame_changed(const struct frame *a, const struct frame *b); /* rows that differ */
bool frame_copy(struct frame *to, const struct frame *from, struct err *e);

/* Rows as UTF-8 text without trailing blanks, each ending in a newline. */
bool frame_print(const struct frame *f, struct buf *out, struct err *e);

/* One letter per cell: the role map, for golden files ("t" text, "s" select, ...). */
bool frame_print_roles(const struct frame *f, struct buf *out, struct err *e);

/* The layout classes of ux.md 2.2. */
enum layout {
	LAYOUT_TINY,
	LAYOUT_XS,
	LAYOUT_S,
	LAYOUT_M,
	LAYOUT_L
};
enum layout layout_of(int rows, int cols);

#endif
