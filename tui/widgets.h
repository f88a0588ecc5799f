/* SPDX-License-Identifier: MIT */
#ifndef TUI_WIDGETS_H
#define TUI_WIDGETS_H

#include "tui/frame.h"
#include "tui/input.h"

/*
 * The pieces that screens are made of: a text field over a struct secret, a
 * list with a filter, a footer made from bindings, and overlays. State here,
 * drawing const, no terminal.
 */

/*
 * Every text field edits a struct secret, also for harmless text: there is no
 * plain editor that a key could be typed into by mistake. Masked is a drawing
 * flag: prefix, always twelve marks, last four - never the length, never more.
 */
struct field {
	struct secret text;
	bool masked;
	size_t max; /* bytes; 0: the capacity */
};

bool field_init(struct field *w, size_t cap, bool masked, struct err *e);
void field_release(struct field *w);

/*
 * Handles typing, Backspace, ^U, ^W (back to one of - _ . / : or a blank). True
 * when the text changed. Not Enter, not paste.
 */
bool field_key(struct field *w, const struct event *ev);

/* One line at (y, x), width cells, cursor at its end when focused. prefix/tail: what a mask shows.
 */
void field_draw(const struct field *w, struct frame *f, int y, int x, int width, bool focused,
	const char *prefix, const char *tail);

/*
 * A list: the caller owns the rows and says how many and which match; the list
 * keeps selection and scroll. `at` is an index into the visible rows.
 */
struct list {
	size_t count; /* visible rows */
	size_t at;
	size_t top; /* first row on the screen */
};

/* Moves by Up, Down, ^P, ^N, PgUp, PgDn, Home, End; page: rows on the screen. True when it moved.
 */
bool list_key(struct list *l, const struct event *ev, size_t page);
void list_count(struct list *l, size_t count); /* clamps */

/*
 * Which rows [first, first+n) are shown in `height` lines, keeping room for
 * "v N more". Below three lines there is no room for that: above and below are
 * then 0. list_key() remembers the scroll position if `page` is that height.
 */
struct list_window {
	size_t first, n;
	size_t above, below; /* hidden rows; a line of the height says so */
};
struct list_window list_window(const struct list *l, size_t height);

/*
 * The footer at row y from binding rows (several tables, NULL-terminated), in
 * the order of the rows, dropping by priority: 0 is always there, 1 from 60
 * columns, 2 from 80, more from 100; then the highest goes first until the rest
 * fits. A row whose key an earlier row already takes is not shown: it does not act.
 */
void footer_draw(struct frame *f, int y, const struct binding *const tables[]);

/* "[1 Provider]  2 Method ..." or its short forms, for the width. at: 0-based. */
struct stepper {
	const char *const *names;
	size_t count, at;
};
void stepper_draw(struct frame *f, int y, const struct stepper *s);

#endif
