/* SPDX-License-Identifier: MIT */
#ifndef STORE_DOC_SCAN_H
#define STORE_DOC_SCAN_H

#include "store/doc.h"

/*
 * Inside of the doc module: from text to nodes, and from tokens to characters.
 * Other modules use store/doc.h.
 */

/* Fills d->nodes from d->text. On failure the nodes are gone, the text stays. */
bool doc_scan(struct doc *d, struct err *e);

/* Past one blank, newline or comment at `at`; `at` itself when there is none. */
size_t doc_blank(const struct doc *d, size_t at);
size_t doc_blanks(const struct doc *d, size_t at); /* past all of them */

/* White space of JSON5 outside ASCII. */
bool doc_wide_blank(uint32_t cp);

int doc_hex(char c); /* -1: not a hexadecimal digit */

/* The code points of a key or string token, one at a time. */
struct doc_chars {
	const char *p, *end;
	bool lone; /* a surrogate without its partner was met */
};

#define DOC_CHARS_END UINT32_MAX

struct doc_chars doc_chars(const struct doc *d, uint32_t at, uint32_t len);
uint32_t doc_chars_next(struct doc_chars *c);

#endif
