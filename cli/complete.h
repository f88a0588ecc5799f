/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What can stand at the cursor, from the same rows that the parser and the help
 * read, so that a new command or option completes by itself. Names come from the
 * files of the state folder as they are: nothing is opened, asked or written, and
 * what cannot be read completes to nothing.
 */

/* Called once for each candidate; about may be "". */
typedef void complete_emit(void *to, const char *word, const char *about);

/* Instead of a word: the shell completes file or folder names itself. */
#define COMPLETE_FILES ":files"
#define COMPLETE_DIRS ":dirs"

/* words: what follows the program's name, the last one up to the cursor (it may be ""). */
void complete_words(char **words, size_t n, complete_emit *emit, void *to);

/* Does a placeholder of a usage line or an option row ("PROFILE") have values? For the test. */
bool complete_knows(const char *placeholder);

#endif
