/* SPDX-License-Identifier: MIT */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "store/config.h"
#include "store/paths.h"

/*
 * Where a command works: the state folder, the agent, the configuration. Found
 * from --state-dir, the environment and --agent, the same way for every command.
 */
struct place {
	struct paths paths;
	char agent[AGENT_CAP];
	char agent_dir[FS_PATH_MAX];
	char profiles[FS_PATH_MAX]; /* the agent's auth-profiles.json */
	struct config config;
	struct err config_error; /* why it was left out */
};

enum place_use {
	PLACE_READ,   /* a damaged configuration is left out; the survey reports it */
	PLACE_WRITE,  /* refuses to work for another user, and with a damaged configuration */
	PLACE_REPAIR, /* refuses another user only */
};

/* agent: --agent, or NULL for the configured default. command: what was typed, for the hint. */
bool place_find(
	struct place *p, const char *agent, enum place_use use, const char *command, struct err *e);
void place_release(struct place *p);

/* Our own lock; what an interrupted command left is finished first, and a warning says so. */
bool place_lock(const struct place *p, struct fs_lock *l, struct err *e);

#endif
