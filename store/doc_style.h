/* SPDX-License-Identifier: MIT */
#ifndef STORE_DOC_STYLE_H
#define STORE_DOC_STYLE_H

#include "store/doc_scan.h"

/*
 * Inside of the doc module: how a document is laid out around a place, and new
 * values laid out in that manner. Nothing here changes a document.
 */

/* A run of bytes: of the document, or a literal. */
struct span {
	const char *p;
	size_t n;
};

/* How a container writes its members. */
struct style {
	struct span newline;
	struct span base;   /* indent of the line the container begins on */
	struct span indent; /* of its members, with `level` times `unit` behind it */
	struct span unit;
	size_t level;
	struct span colon;
	bool lines;  /* a line for each member; else all in one */
	bool spaced; /* in one line: a blank after the comma */
	bool bare;   /* keys without quotes */
};

bool span_add(struct buf *b, struct span s, struct err *e);

/* Of a member with its key, or of an element. */
size_t doc_start(const struct doc *d, uint32_t node);
size_t doc_end(const struct doc *d, uint32_t node);

/* The one before it, and the comma behind it; or DOC_NONE. */
uint32_t doc_before(const struct doc *d, uint32_t node);
size_t doc_comma_after(const struct doc *d, uint32_t node);

bool is_newline(char c);
bool is_space(char c); /* blank or tab */
bool doc_newline_in(const struct doc *d, size_t from, size_t to);
bool doc_blank_in(const struct doc *d, size_t from, size_t to); /* blanks and newlines only */

/* The blanks at the beginning of the line. */
struct span doc_indent_at(const struct doc *d, size_t at);
struct style doc_style_of(const struct doc *d, uint32_t container);

bool style_break(struct buf *out, const struct style *st, size_t level, struct err *e);
bool style_value(struct buf *out, const struct doc_value *v, const struct style *st, struct err *e);
bool style_member(struct buf *out, const char *key, const struct doc_value *v,
	const struct style *st, struct err *e);

#endif
