/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_TABLE_H
#define CLI_OUT_TABLE_H

#include <stdio.h>

#include "base/str.h"

/*
 * Columns as wide as their widest text, counted in cells of the terminal. Texts
 * are made harmless when they are added. The last column is never padded.
 */
#define OUT_TABLE_COLUMNS 8

struct out_table {
	struct buf cells; /* each with its NUL, row after row */
	size_t columns;
	size_t width[OUT_TABLE_COLUMNS];
};

/* Every row has as many texts as the first one. */
bool out_table_row(struct out_table *t, const char *const *texts, size_t n, struct err *e);
void out_table_print(FILE *out, const struct out_table *t);
void out_table_release(struct out_table *t); /* safe on { 0 } */

#endif
