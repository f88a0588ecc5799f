/* SPDX-License-Identifier: MIT */
#ifndef BASE_SELF_H
#define BASE_SELF_H

#include <stddef.h>

#include "base/err.h"

/*
 * Where one of our own programs is: ../libexec/thinkfleetbot/NAME from the running
 * program's folder, or beside it (build tree). Never from PATH.
 */
bool self_program(char *out, size_t cap, const char *name, struct err *e);

#endif
