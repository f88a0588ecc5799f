/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_SCAN_H
#define TESTS_FAULT_SCAN_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Looks for a secret in the memory of a stopped process, in any of the shapes a
 * library may have given it. A needle is units of `width` bytes, `stride` apart:
 * plain bytes are one unit, the cells of ncurses are 4-byte units 28 apart.
 *
 * The file has a needle a line: NAME WIDTH STRIDE HEX.
 */
bool scan_load(const char *path);

/* Every readable mapping; label only names the process in the report. */
void scan_process(pid_t pid, const char *label);

/* ,"processes":N,"bytes":N,"hits":[{"needle":..,"pid":..,"where":..,"guarded":..}] */
void scan_print(FILE *report);

#endif
