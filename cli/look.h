/* SPDX-License-Identifier: MIT */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include "cli/place.h"
#include "health/health.h"

/* A snapshot of a place, as the commands that only look need it. */
struct look {
	bool findings; /* run the doctor's checks too */
	bool deep;
	int64_t warn_ms;  /* 0: one day */
	bool ask_systemd; /* run systemctl for the gateway's unit */
	int shell_max_ms; /* how long a login shell is waited for at most; 0: as configured */
};

bool look_take(struct snapshot *out, const struct place *p, const struct look *how, struct err *e);

/*
 * Opens the secret of one credential of a snapshot, wherever it is stored, into
 * *out (initialised here). ERR_NOT_FOUND when nothing is stored.
 */
bool look_secret(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e);

/*
 * How a command ends that answered from a snapshot: false with the first file that could not be
 * read, after a warning for each other one. What the answer lacks may stand there.
 */
bool look_complete(const struct snapshot *s, struct err *e);

/*
 * The credential that a person means: a profile, a variable ("env:NAME" too), or the profile
 * whose sealed key a line of .env delivers. NULL: there is none.
 */
const struct credential *look_find(const struct snapshot *s, const char *name);

/* "--warn-within 14d" in milliseconds; NULL: one day. */
bool look_warn(const char *text, int64_t *ms, struct err *e);

#endif
