/* SPDX-License-Identifier: MIT */
#ifndef CLI_LINE_ANSWER_H
#define CLI_LINE_ANSWER_H

#include "crypto/secret.h"

/* An answer as it is typed, where the terminal does no editing of its own. */
struct answer {
	struct secret *text;
	size_t total; /* bytes that came; beyond the text's capacity none is kept */
};

void answer_add(struct answer *a, char c);
void answer_clear(struct answer *a);

/* Backspace and ^U. True when the byte was one of them. */
bool answer_edit(struct answer *a, char c);

#endif
