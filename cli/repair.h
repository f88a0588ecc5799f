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
bool repair(const struct place *p, const struct finding *f, struct err *e);

/*
 * Before it: a copy of the file whose content the repair changes, beside it with REPAIR_BACKUP at
 * the end and mode 0600; the copy of an earlier repair is replaced. out is its path, "" when there
 * is nothing to copy. A file that holds a secret in plain text is not copied: there would be two.
 * What a repair changes in it is one entry of ours.
 */
#define REPAIR_BACKUP ".doctor.bak"
bool repair_backup(
	const struct place *p, const struct finding *f, char *out, size_t cap, struct err *e);

#endif
