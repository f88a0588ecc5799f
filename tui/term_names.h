/* SPDX-License-Identifier: MIT */
#ifndef TUI_TERM_NAMES_H
#define TUI_TERM_NAMES_H

#include "tui/frame.h"

/* What the names of terminals tell: pure functions of TERM and the locale's variables. */

struct term_family {
	const char *name; /* TERM starts with it */
	bool title;       /* sets a window title by OSC 2 */
	bool sync;        /* draws a frame at once between the marks of mode 2026 */
	bool ascii;       /* too old for UTF-8, whatever the locale says */
	bool console;     /* the font of a PC */
};

/* Never NULL; a stranger gets no extras. */
const struct term_family *term_family_of(const char *term);

/* Names that mean "not a screen": NULL, "", dumb, unknown, emacs. */
bool term_name_is_plain(const char *term);

/* The entry to try after `term` has turned out to be missing; NULL: none is left. ux.md 3.1 */
const char *term_name_fallback(const char *term);

/* From LC_ALL, LC_CTYPE, LANG (the first that is not empty) by name: it need not be installed. */
bool term_locale_is_utf8(void);
enum glyph_set term_choose_glyphs(const char *term);

#endif
