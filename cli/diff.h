/* SPDX-License-Identifier: MIT */
#ifndef CLI_DIFF_H
#define CLI_DIFF_H

#include "base/str.h"

/*
 * What an edit did to a text file, for the review screen: counts and a line
 * diff in which every credential is replaced by "...". It is computed on the
 * redacted lines, so a value cannot appear by being context.
 */
struct diff_counts {
	unsigned added;
	unsigned removed;
};

/* Appends to *out (may be NULL: counts only). A new file: old is an empty buf. */
bool diff_lines(const struct buf *old, const struct buf *new, struct diff_counts *counts,
	struct buf *out, struct err *e);

/* "new", "+2 lines", "~1 line", "+2 ~1 -1": for the CHANGE column. */
void diff_summary(struct str *out, const struct diff_counts *c, bool is_new);

#endif
