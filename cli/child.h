/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include "crypto/secret.h"

/*
 * Runs a program the way a gateway runs the resolver (gateway-family.md 17.3):
 * absolute path, no shell, empty environment, its own directory as the working
 * directory, stdin given, stdout kept, stderr dropped, killed at the deadline.
 * It gets no descriptor but 0, 1 and 2.
 */
struct child {
	const char *const *env;  /* NULL: an empty environment, as a gateway gives */
	const char *const *argv; /* argv[0]: absolute path; ends with NULL */
	const char *in;
	size_t in_n;
	size_t out_max; /* more output is a failure */
	int timeout_ms;
};

/* *out is initialised here. */
bool child_run(const struct child *c, struct secret *out, struct err *e);

#endif
