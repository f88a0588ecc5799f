/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_RUN_H
#define HEALTH_SERVICE_RUN_H

#include "base/str.h"

/*
 * Runs a program for what it prints: absolute path, stdin and stderr closed to it, in a session of
 * its own that is killed as a whole at the deadline, so that nothing of it stays behind.
 */
struct run {
	const char *const *argv; /* argv[0]: absolute path; ends with NULL */
	char *const *envp;
	size_t out_max; /* more is a failure */
	int timeout_ms;
};

/* *out is appended to. Its end without status 0 is a failure. No error holds what it printed. */
bool run_program(const struct run *r, struct buf *out, struct err *e);

#endif
