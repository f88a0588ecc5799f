/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_VARS_H
#define HEALTH_SERVICE_VARS_H

#include <stdint.h>

#include "crypto/secret.h"
#include "store/paths.h"

/*
 * The variables of an environment that is not ours: a unit's, a process's, a login shell's.
 *
 * Kept of each is its fingerprint and where it was set; the value itself only where it says which
 * folders a gateway uses (HOME, ..._STATE_DIR). A value is in memory no longer than the file or
 * block that it came from.
 */

#define SERVICE_VARS_MAX 4096
#define SERVICE_VALUE_CAP 512

struct service_var {
	char name[65];
	char fingerprint[FINGERPRINT_CAP]; /* "" when it is blank */
	bool blank;                        /* set, but to nothing or to white space */
	char value[SERVICE_VALUE_CAP];     /* of names that hold no secret; else "" */
	char *file;                        /* NULL: no file (a process, an account) */
	unsigned line;
};

struct service_vars {
	struct service_var *list;
	size_t count, cap;
	bool full; /* more were set than are kept */
};

/* Where an assignment stands. file NULL: nowhere. */
struct service_place {
	const char *file;
	unsigned line;
};

void vars_release(struct service_vars *v); /* safe on { 0 }, and twice */

/* "NAME=VALUE"; the last one counts. What is no valid name is left out. False: no memory. */
bool vars_put(struct service_vars *v, const char *assignment, size_t n,
	const struct service_place *at, struct err *e);

/* UnsetEnvironment=: "NAME", or "NAME=VALUE" for that value only. */
void vars_drop(struct service_vars *v, const char *word, size_t n);

/* Everything of `more`, which wins. */
bool vars_merge(struct service_vars *v, const struct service_vars *more, struct err *e);

const struct service_var *vars_find(const struct service_vars *v, const char *name);

/* The value of a name that holds no secret, as a paths_env: NULL when it is not set. */
const char *vars_value(void *vars, const char *name);

/* "NAME=VALUE\0NAME=VALUE\0": /proc/PID/environ, env -0. */
bool vars_block(struct service_vars *v, const char *p, size_t n, struct err *e);

/*
 * A file of EnvironmentFile= as systemd reads it (env-file.c of systemd 252, not dotenv, not a
 * shell): no `export`, # and ; comments that a backslash continues, quotes that may be joined.
 */
bool vars_envfile(struct service_vars *v, const char *p, size_t n, const char *file, struct err *e);

#endif
