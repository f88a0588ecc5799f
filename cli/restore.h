/* SPDX-License-Identifier: MIT */
#ifndef CLI_RESTORE_H
#define CLI_RESTORE_H

#include "store/capsule.h"

/*
 * From a capsule into an open vault, in memory. Times stay, revisions start anew. What
 * the vault has under the same name becomes the previous revision; where it has
 * nothing, the capsule's own previous revision does. No record is ever removed.
 */
bool restore_record(
	struct vault *v, const struct capsule *c, const struct capsule_record *r, struct err *e);
bool restore_records(struct vault *v, const struct capsule *c, struct err *e);

/* The previous revision of a record, or NULL. */
const struct capsule_record *restore_previous(
	const struct capsule *c, const struct capsule_record *r);

#endif
