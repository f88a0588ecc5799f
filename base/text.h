/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Text from outside: UTF-8 decoding, cell widths, and making foreign strings
 * harmless. Independent of the locale, so that a server with LANG=C measures
 * and cleans exactly as one with UTF-8.
 */

#define TEXT_BAD 0xFFFDu

/*
 * The code point at *p (of n bytes, n > 0), and how many bytes it took (>= 1)
 * in *used. Invalid, overlong and surrogate forms give TEXT_BAD and one byte.
 */
uint32_t text_next(const char *p, size_t n, size_t *used);

/* Encodes into at most 4 bytes (no NUL); the number of bytes. */
size_t text_put(uint32_t cp, char out[4]);

/* Cells: 0 combining, 1, 2 wide; -1 for what must not be drawn (controls, bidi, unassigned). */
int text_width(uint32_t cp);

/* Cells of a whole NUL-terminated text; undrawable code points count as one ("?"). */
size_t text_cells(const char *text);

/*
 * Adds a foreign string so that it can neither move the cursor nor reorder,
 * hide or colour anything: C0, C1, DEL, escape sequences, bidi controls and
 * zero-width characters go, invalid bytes become "?", at most two combining
 * marks stay on a character, and it ends with "..." after max_cells.
 */
void text_clean(struct str *out, const char *p, size_t n, size_t max_cells);

#endif
