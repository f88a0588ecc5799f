/* SPDX-License-Identifier: MIT */
#ifndef CHAT_CLEAN_H
#define CHAT_CLEAN_H

#include "base/str.h"

/*
 * A model's answer on its way to a terminal, piece by piece: line ends and tabs stay, everything
 * that moves the cursor, reorders, hides or colours goes, as text_clean() has it. A sequence or a
 * character may be cut anywhere between two pieces.
 */
struct clean {
	char held[4]; /* the beginning of a character */
	size_t held_count;
	enum clean_state {
		CLEAN_TEXT,
		CLEAN_ESCAPE,     /* behind ESC */
		CLEAN_CSI,        /* to its final byte */
		CLEAN_STRING,     /* OSC, DCS, APC, PM: to BEL or ST */
		CLEAN_STRING_END, /* ESC inside of one: is it ST? */
	} state;
	bool after_return; /* CR, which is a line end unless LF follows */
	int marks;         /* combining marks on the last character */
};

/* { 0 } is the beginning. */
bool clean_add(struct clean *c, struct buf *out, const char *p, size_t n, struct err *e);

/* The answer is over: what was held back of a character is none. */
bool clean_end(struct clean *c, struct buf *out, struct err *e);

#endif
