/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHANGES_H
#define CLI_CHANGES_H

#include <json-c/json.h>
#include <stdio.h>

#include "store/txn.h"

/*
 * Text files that a command will change: worked out in memory, shown, then
 * written in one transaction, in the order in which they were added. The caller
 * orders them so that every prefix works.
 */
struct change {
	char path[FS_PATH_MAX];
	struct fs_stamp stamp;
	struct buf old, new;
};

#define CHANGES_MAX 8

struct changes {
	struct change list[CHANGES_MAX];
	size_t count;
};

/* What the file holds and will hold; equal texts are no change. */
bool changes_add(struct changes *c, const char *path, const struct fs_stamp *stamp,
	const struct buf *old, const struct buf *new, struct err *e);
void changes_release(struct changes *c); /* wipes; safe on { 0 } */

/* Refuses before the first write what could not be written. */
bool changes_can(const struct changes *c, struct err *e);

/* Adds them all. config: the configuration's path, which tells how gateways lock their store. */
bool changes_into(struct txn *t, const struct changes *c, const char *config, struct err *e);

/* "  ~/.thinkfleetbot/.env  -1 line"; with diffs, redacted, when asked for. */
bool changes_print(const struct changes *c, FILE *out, const char *home, bool diffs, struct err *e);
struct json_object *changes_json(const struct changes *c, const char *home);

#endif
