/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_ANSWERS_H
#define WIZARD_ANSWERS_H

#include "health/health.h"
#include "tui/frame.h"

/* What the wizard and the panel share. */

/* Can this program replace it? When not, *why says what to do instead. */
bool rotatable(const struct credential *c, struct str *why);

/* The state of a credential in one or two words, and its mark; panel_words.c. */
enum glyph credential_state(const struct credential *c, int64_t now_ms, const char **word);

/* The sentence below 40x12; `instead` is its last line. */
void screen_tiny(struct frame *f, const char *instead);

#endif
