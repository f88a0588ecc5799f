/* SPDX-License-Identifier: MIT */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include "crypto/secret.h"

/*
 * Runs a program on a pseudo-terminal of its own, between it and the person: keys go
 * in, its screen comes out with the token masked (cli/mask.h), and what it printed
 * from the token's prefix on is kept. The program gets the person's environment
 * without any provider's credentials, and no descriptor but 0, 1 and 2.
 *
 * The terminal's modes are restored however it ends; SIGTERM, SIGHUP and a terminal
 * that goes away end the program, too.
 */
struct capture {
	const char *path;        /* absolute */
	const char *const *argv; /* argv[0] as it shall see it; ends with NULL */
	const char *prefix;
};

/*
 * *out is initialised here: the last occurrence of the prefix and what followed it, raw; empty
 * when there was none. False: it could not be started, or a signal ended us. *status: as from
 * waitpid().
 */
bool capture_run(const struct capture *c, struct secret *out, int *status, struct err *e);

/* Where a program is in PATH. False: nowhere. */
bool capture_find(char *out, size_t cap, const char *name);

#endif
