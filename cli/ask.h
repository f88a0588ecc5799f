/* SPDX-License-Identifier: MIT */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "crypto/secret.h"

/*
 * Questions on /dev/tty for commands without a screen: standard input and output
 * stay free for pipes. Without a terminal every question is ERR_REFUSED with
 * `instead` as its hint. The terminal's settings come back on every way out,
 * signals included; a question that is interrupted ends the process as the signal
 * would have.
 */

/* True when exactly `want` was typed. */
bool ask_typed(const char *prompt, const char *want, const char *instead, struct err *e);

/* Any line, echoed, into *out (initialised here). */
bool ask_shown(struct secret *out, const char *prompt, const char *instead, struct err *e);

/* Typed without echo, 1 to ASK_MAX bytes, into *out (initialised here). */
bool ask_hidden(struct secret *out, const char *prompt, const char *instead, struct err *e);

/* Twice, until both are the same; three tries. */
bool ask_hidden_twice(struct secret *out, const char *prompt, const char *again,
	const char *instead, struct err *e);

#define ASK_MAX 1024 /* longer lines are refused, not cut */

#endif
