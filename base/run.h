/* SPDX-License-Identifier: MIT */
#ifndef BASE_RUN_H
#define BASE_RUN_H

#include "base/str.h"

/*
 * Runs a program to its end for what it prints: absolute path, no shell, no descriptor but 0, 1
 * and 2, stderr dropped, in a session of its own that is killed as a whole at the end or at the
 * deadline, so that nothing of it stays behind. An end without status 0 is a failure. No error
 * holds what it printed.
 */
struct run {
	const char *const *argv; /* argv[0]: absolute path; ends with NULL */
	const char *const *env;  /* ends with NULL; NULL: an empty one */
	const char *dir;         /* the working directory; NULL: this one */
	const char *in;          /* what it reads; SIGPIPE must be ignored then */
	size_t in_n;
	size_t out_max; /* more is a failure */
	int timeout_ms;
};

/* Appends. On failure what came until then stays in the buffer. */
bool run_program(const struct run *r, struct buf *out, struct err *e);

/* The same into memory of out_max + 1 bytes, for what may be in no other. *n is set always. */
bool run_into(const struct run *r, char *out, size_t *n, struct err *e);

#endif
