/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_RESIDUE_PLACES_H
#define HEALTH_RESIDUE_PLACES_H

#include "health/residue.h"

/*
 * Where copies of a key end up (user-pains.md P35): the state folder with its
 * backups and caches, other gateways' state folders, shell histories and start
 * files with their own backups, unit files and drop-ins of system and user,
 * the EnvironmentFiles they name, environment.d. Deep also: temporary folders,
 * and the environment and command line of this account's processes.
 *
 * Every file is looked at once, whatever names it has. Links are not followed
 * out of a folder that is walked; they are noted. Files, bytes and time are
 * bounded, and reaching a bound is noted, never silent.
 */

enum residue_place {
	PLACE_IN_STATE, /* the state folder, and files that its configuration names */
	PLACE_OTHER_STATE,
	PLACE_SHELL,
	PLACE_UNIT,
	PLACE_ENVIRONMENT, /* EnvironmentFiles, environment.d */
	PLACE_TEMP,
	PLACE_PROCESS,
	PLACES,
};

const char *residue_place_text(enum residue_place p); /* "unit files" */

struct places_file {
	const char *path;
	enum residue_place place;
	bool private; /* nobody but the owner and root can read it */
	struct residue_read read;
};

/* What the caller hears. Each may be called many times. */
struct places_events {
	void *ctx;
	void (*file)(void *ctx, const struct places_file *f); /* before its hits */
	void (*hit)(void *ctx, const struct places_file *f, const struct residue_hit *hit);
	void (*done)(void *ctx, const struct places_file *f);       /* read is filled */
	void (*note)(void *ctx, const char *path, const char *why); /* not or not fully read */
};

struct places_options {
	const char *state; /* the real path */
	const char *home;
	const char *const
		*extra; /* single files of the gateway that may lie elsewhere; NULL ends */
	const char *const *folders; /* the same for folders; NULL ends */
	const char *root;           /* "" or, in tests, what stands in front of /etc and /proc */
	bool deep;
	int64_t time_ms; /* 0: half a minute */
	size_t files_max;
	uint64_t file_max, bytes_max;
};

/* False only when memory is out. */
bool places_search(struct residue *r, const struct places_options *o,
	const struct places_events *events, struct err *e);

#endif
