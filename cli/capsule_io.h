/* SPDX-License-Identifier: MIT */
#ifndef CLI_CAPSULE_IO_H
#define CLI_CAPSULE_IO_H

#include "cli/place.h"
#include "store/capsule.h"
#include "store/pool.h"

/* What export, import and verify share: the passphrase, the file, and what goes into it. */

/* Where --passphrase-fd N and --passphrase-file FILE of a command leave what was given. */
struct capsule_given {
	const char *fd;
	const char *file;
};
extern struct capsule_given capsule_given;

/* From there, else asked for on the terminal; twice when a new capsule is made. */
bool capsule_passphrase(struct secret *out, bool twice, struct err *e);

/*
 * Reads and opens; every message names the file. passphrase NULL or empty: from the options
 * or asked for, after damage would have been told.
 */
bool capsule_read(
	struct capsule *c, const char *path, const struct secret *passphrase, struct err *e);

/* The profiles of every agent and the sealed lines of .env. The texts live in the pool. */
struct capsule_lists {
	struct capsule_profile *profiles;
	size_t profile_count;
	struct capsule_line *lines;
	size_t line_count;
	struct pool pool;
};

bool capsule_gather(struct capsule_lists *l, const struct place *p, struct err *e);
void capsule_lists_release(struct capsule_lists *l);

/* The names of previous revisions end so; the value came before the one without it. */
bool capsule_is_previous(const struct capsule_record *r);

#endif
