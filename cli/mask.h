/* SPDX-License-Identifier: MIT */
#ifndef CLI_MASK_H
#define CLI_MASK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A filter between a program that prints a token and the person's screen: from the
 * token's public prefix on its characters become asterisks, one for one, so that
 * the layout stays. It works byte by byte, so neither colours nor a wrap nor the
 * pieces in which the output arrives let a character through.
 *
 * It hides too much rather than too little: what directly follows on the next line
 * may be the rest of a wrapped token.
 */
enum mask_in {
	MASK_TEXT,
	MASK_ESCAPE,
	MASK_CSI,
	MASK_STRING,
	MASK_STRING_ESCAPE,
};

struct mask {
	const char *prefix; /* "sk-ant-oat01-" */

	size_t matched; /* how much of the prefix was just seen */
	bool hiding;
	unsigned newlines; /* since the last hidden character */
	bool gap;          /* a blank after it, on the same line */
	enum mask_in in;
};

/* What to show in place of *byte. True when this byte completes the prefix. */
bool mask_byte(struct mask *m, char *byte);

#endif
