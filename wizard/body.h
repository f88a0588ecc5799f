/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_BODY_H
#define WIZARD_BODY_H

#include "tui/widgets.h"

/*
 * The part of a screen between its header and its message line.
 *
 * Steps write it from top to bottom on a sheet that is taller than any
 * terminal; the screen then shows the window of it that holds the focus. So a
 * step says what there is, and one place decides what fits.
 */

#define BODY_ROWS 96

struct lines; /* wizard/lines.h */

struct body {
	struct frame sheet;
	struct lines *lines; /* there is no screen: what is drawn is said here; or NULL */
	enum layout layout;
	int x, w;    /* left edge and width of the text */
	int visible; /* rows that the screen has for it */
	int y;       /* the next row */
	int64_t now_ms;
};

bool body_init(struct body *b, enum layout l, enum glyph_set glyphs, int cols, int visible);
void body_release(struct body *b);

/* The fullest layout, every row of a list, and no sheet: for a page of lines. */
void body_to_lines(struct body *b, struct lines *lines, int64_t now_ms);

/* At column x of the text, clipped; nothing moves. The column after it, relative. */
int body_put(struct body *b, int x, enum role role, const char *text);
int body_fmt(struct body *b, int x, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* At most `width` cells; a path is cut in its middle. Lines have the whole text. */
void body_clip(struct body *b, int x, int width, enum role role, const char *text);
void body_path(struct body *b, int x, int width, const char *path);

/* A mark; lines say it as a word, where none stands before it. The column after it. */
int body_glyph(struct body *b, int x, enum role role, enum glyph g);

/* What only a screen needs: a column's heading, a key and what it does. */
int body_only(struct body *b, int x, enum role role, const char *text);

void body_next(struct body *b);
void body_gap(struct body *b); /* an empty row, where rows are not scarce */
void body_line(struct body *b, int x, enum role role, const char *text);
void body_wrap(struct body *b, int x, enum role role, const char *text);

/* A mark in its own colour and a wrapped text behind it. */
void body_mark(struct body *b, int x, enum glyph g, const char *text);
enum role glyph_role(enum glyph g);
enum glyph severity_glyph(int severity); /* enum severity */
const char *severity_word(int severity);

/* A row of a list: its start, then body_put()s, then its end. number 0: none. */
int body_row(struct body *b, bool selected, int number);
void body_row_end(struct body *b, bool selected);
void body_more(struct body *b, enum glyph g, size_t n, const char *what); /* "v 9 more" */

/* A field with its frame, as the size allows; cursor in it. */
void body_field(struct body *b, const char *title, const struct field *w, const char *prefix,
	const char *tail);

/* A field for a search in the list below it, `width` cells from x. */
void body_find(struct body *b, int x, int width, const struct field *w);

void body_cursor(struct body *b, int x);

/* Copies rows top.. of the sheet to the frame at row y. */
void body_show(const struct body *b, struct frame *f, int y, int top);

#endif
