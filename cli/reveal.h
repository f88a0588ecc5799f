/* SPDX-License-Identifier: MIT */
#ifndef CLI_REVEAL_H
#define CLI_REVEAL_H

#include "crypto/secret.h"

/*
 * Shows a recovery code once, on the terminal's other screen, and asks to have it typed back:
 * a code that nobody wrote down is worse than none. The screen is cleared on every way out, so
 * the code does not stay in the scrollback. instead: the hint where there is no terminal.
 */
bool reveal_recovery(const struct secret *code, const char *instead, struct err *e);

#endif
