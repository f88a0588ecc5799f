/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/*
 * One error value for the whole program.
 *
 * A function that can fail returns bool and takes `struct err *e` last. The
 * code that detects the failure fills *e once; callers may put context in
 * front with err_wrap() on the way up. Messages are lower case, have no final
 * period, name the file or thing, and never contain a secret. The command line
 * maps the code to an exit status (sysexits.h numbers, see design.md); the
 * wizard shows message and hint under the field.
 */

/* X(code, exit status, default text) */
#define ERR_LIST(X)                                                                                \
	X(NONE, 0, "done")                                                                         \
	X(FAILED, 1, "failed")                                                                     \
	X(REJECTED, 1, "the provider rejected the credential")                                     \
	X(USAGE, 64, "invalid usage")                                                              \
	X(DAMAGED, 65, "damaged or foreign data")                                                  \
	X(NOT_FOUND, 66, "not found")                                                              \
	X(UNREACHABLE, 69, "the provider could not be reached")                                    \
	X(MEMORY, 71, "out of memory")                                                             \
	X(CREATE, 73, "cannot create")                                                             \
	X(IO, 74, "cannot read or write")                                                          \
	X(BUSY, 75, "busy, try again")                                                             \
	X(LOCKED, 75, "the vault is locked")                                                       \
	X(NEWER, 76, "made by a newer version")                                                    \
	X(REFUSED, 77, "refused for permissions or safety")                                        \
	X(KEY, 77, "wrong key")                                                                    \
	X(CONFIG, 78, "configuration")

enum err_code {
#define X(code, status, text) ERR_##code,
	ERR_LIST(X)
#undef X
};

struct err {
	enum err_code code;
	char msg[320];
	char hint[320]; /* what to do next, or "" */
};

/* These return false, so that `return err_set(...)` reads well. e may be NULL. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds ": " and the text of errno, and picks the code from errno. */
bool err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the message. */
bool err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets the hint: a sentence or command, without a final period. */
bool err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int err_exit_status(enum err_code code);
const char *err_text(enum err_code code);

#endif
