/* SPDX-License-Identifier: MIT */
#ifndef CLI_ANSWERS_H
#define CLI_ANSWERS_H

#include <stdio.h>

#include "cli/opt.h"

/*
 * The answers of a setup in a file, to give them again: a JSON object (comments are welcome)
 * whose members are the command's own options, flags as true or false. The option tables are the
 * only list of them. Secrets are named in it (key-file, key-env, key-fd), never written: a value
 * that looks like one is refused, and no message repeats it.
 */
struct answers {
	char *texts[OPT_LIST_CAP]; /* what the options point to */
	size_t count;
};

/* Fills the options that the command line left open. */
bool answers_read(
	struct answers *a, const char *path, const struct opt *const tables[], struct err *e);
void answers_release(struct answers *a); /* the options must not be used afterwards */

/* The file for the options as they are set. tables end with NULL. */
bool answers_print(FILE *out, const struct opt *const tables[], struct err *e);

#endif
