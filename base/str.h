/* SPDX-License-Identifier: MIT */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Two text builders.
 *
 * struct str builds into memory the caller owns, never allocates, and
 * remembers in `cut` that something did not fit. struct buf grows on the heap
 * up to a stated limit and holds whole files: they may contain secrets, so
 * every byte it gives up (on growth, on release) is wiped first. Both keep a
 * NUL after the text. { 0 } is an empty buf.
 */
struct str {
	char *p;
	size_t len;
	size_t cap; /* with the NUL */
	bool cut;
};

/* An empty text in an array. */
#define STR_OF(array) str_on((array), sizeof(array))

struct str str_on(char *p, size_t cap);

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t n);
void str_fmt(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct buf {
	char *p;
	size_t len;
	size_t cap;
};

#define BUF_MAX ((size_t)64 << 20) /* no file of ours comes near it */

bool buf_reserve(struct buf *b, size_t more, struct err *e);
bool buf_add(struct buf *b, const void *p, size_t n, struct err *e);
bool buf_text(struct buf *b, const char *text, struct err *e);
bool buf_fmt(struct buf *b, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Replaces the n bytes at `at` by the `with_n` bytes at `with`. */
bool buf_splice(struct buf *b, size_t at, size_t n, const void *with, size_t with_n, struct err *e);
void buf_release(struct buf *b); /* wipes; safe on { 0 }, and twice */

/* Small questions about text, asked in many places. */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_equal_nocase(const char *a, const char *b); /* ASCII only */

/* Copies and cuts at cap; false when it was cut. */
bool str_copy(char *to, size_t cap, const char *from);

#endif
