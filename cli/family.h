/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAMILY_H
#define CLI_FAMILY_H

#include <stddef.h>

/*
 * Commands of the gateway family that have another name here, or none: a person who
 * types one is told what does the same. NULL: the words begin with no such command.
 */
const char *family_instead(char **words, size_t n);

#endif
