/* SPDX-License-Identifier: MIT */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include "base/err.h"

/* "thinkfleetbot: error: ..." and, when there is one, "thinkfleetbot: hint: ..." on stderr. */
void say_error(const struct err *e);

/* "thinkfleetbot: warning: ..." on stderr. */
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A warning, for who is told things through a callback. */
void say_note(void *ctx, const char *text);

#endif
