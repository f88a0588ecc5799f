/* SPDX-License-Identifier: MIT */
#ifndef CLI_KEYSOURCE_H
#define CLI_KEYSOURCE_H

#include "cli/opt.h"
#include "provider/paste.h"

/*
 * Where a secret may come from without a screen: --key-stdin, --key-fd N,
 * --key-file F (0600, ours), --key-env NAME. Never from the command line.
 */
struct keysource {
	bool from_stdin;
	const char *fd;
	const char *file;
	const char *env;
};

/* Filled once by the option parser, from these rows; a command lists them as its second table. */
extern struct keysource keysource;
extern const struct opt keysource_opts[];

bool keysource_given(void);

/* Without any of them a key that is piped in is read, as newer gateways do. */
void keysource_take_pipe(void);

/*
 * Reads and cleans it. Exactly one source must be given. A verdict that blocks
 * is an error in its own words; one that only warns is left in the report.
 */
bool keysource_read(const struct provider *want, const struct method *method, struct secret *out,
	struct paste_report *report, struct err *e);

/* The second half alone: what was read elsewhere, cleaned and judged. */
bool keysource_clean(const struct buf *raw, const struct provider *want,
	const struct method *method, struct secret *out, struct paste_report *report,
	struct err *e);

/* Says on stderr what was done to it, and what looks odd. */
void keysource_tell(
	const struct paste_report *report, const struct secret *key, const struct method *method);

#endif
