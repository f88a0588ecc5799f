/* SPDX-License-Identifier: MIT */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include "base/text.h"
#include "tui/frame.h"

/* Single cells: what frame.c and frame_text.c share, for nobody else. */

/* NULL outside the frame. */
struct cell *frame_cell(const struct frame *f, int y, int x);

/*
 * Puts one drawable character of width 1 or 2; the caller has made sure that
 * both cells of a wide one are inside. Halves of wide characters that this
 * cuts become blanks.
 */
void frame_store(struct frame *f, int y, int x, enum role role, uint32_t cp);

#endif
