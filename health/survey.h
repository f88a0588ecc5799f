/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SURVEY_H
#define HEALTH_SURVEY_H

#include "crypto/secret.h"
#include "health/health.h"
#include "store/paths.h"

/*
 * Gathers the snapshot from the files, the environment and the vault. Reads
 * only: no lock, no network, no repair; the one thing it may move is the vault's
 * rollback anchor, as every opening does.
 *
 * A file that is damaged, busy, foreign or unreadable becomes a finding and an
 * empty place in the snapshot; everything else is still there. A secret is in
 * memory only while its prefix, tail and fingerprint are taken.
 *
 * Left out on purpose: the .env of the working directory and the login shell
 * (gateway-family.md 6.1, steps 2 and 5), because the gateway runs elsewhere.
 */
struct survey_options {
	const struct paths *paths;
	const struct paths_env *env; /* NULL: this process's */
	const char *agent;           /* NULL or "": the configuration's default agent */
	const struct secret *key;    /* opens the vault instead of the key file; or NULL */
	const char *resolver;        /* the installed resolver, to compare the copy with; or NULL */
	const char *root;            /* in tests: stands in front of /etc, /proc; or NULL */
	bool want_findings;          /* run the doctor's checks (health/doctor.h) */
	bool deep;                   /* doctor --deep: also every other agent's files */
	int64_t now_ms;
	int64_t warn_ms; /* 0: one day */
};

/* False only for a wrong call or out of memory; *out is then empty. Else snapshot_release(). */
bool survey_take(struct snapshot *out, const struct survey_options *o, struct err *e);

/* The name under which a check of this credential is noted in checks.json. */
void survey_note_name(struct str *out, const struct credential *c);

#endif
