/* SPDX-License-Identifier: MIT */
#ifndef CLI_REPAIR_H
#define CLI_REPAIR_H

#include "cli/place.h"
#include "health/health.h"

/*
 * Performs the fix of one safe finding: what health/doctor knows itself (modes of
 * our own files), and what needs this layer (the resolver's copy and its entry in
 * the configuration). True means it was looked at again and is so now.
 */
bool repair_possible(const struct finding *f);

/*
 * Before anything in a file changes it is copied, beside it, with REPAIR_BACKUP at the end and mode
 * 0600; the copy of an earlier repair is replaced. A file that holds a secret in plain text is not
 * copied: there would be two of it. What a repair changes there is one entry of ours.
 */
#define REPAIR_BACKUP ".doctor.bak"
bool repair(const struct place *p, const struct finding *f, struct err *e);

/* The same; backup is the path of that copy, "" when there is none. */
bool repair_noted(
	const struct place *p, const struct finding *f, char *backup, size_t cap, struct err *e);

#endif
