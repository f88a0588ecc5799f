/* SPDX-License-Identifier: MIT */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "tui/input.h"

/* What the bytes of single keys mean; only the decoder asks. */

/* 0x00-0x1F and 0x7F. */
enum keysym key_of_control(unsigned char c);

/* ESC [ body: parameters and the final byte, as in "1;5A", "3~", "[A". */
enum keysym key_of_csi(const char *body, size_t n);

/* ESC O final: a key, or in *ch what the numeric keypad types. */
enum keysym key_of_ss3(char final, uint32_t *ch);

#endif
