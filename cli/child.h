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
bool child_run(const char *const argv[], const void *in, size_t in_n, struct secret *out,
	size_t out_cap, int timeout_ms, struct err *e);

#endif
