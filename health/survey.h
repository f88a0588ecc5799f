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
 * Left out on purpose: the .env of our own working directory (gateway-family.md 6.1, step 2),
 * because the gateway runs elsewhere; its service's is looked at. A login shell is asked only where
 * the gateway would ask it, and killed at its deadline.
 */
struct survey_options {
	const struct paths *paths;
	const struct paths_env *env; /* NULL: this process's */
	const char *agent;           /* NULL or "": the configuration's default agent */
	const struct secret *key;    /* opens the vault instead of the key file; or NULL */
	const char *resolver;        /* the installed resolver, to compare the copy with; or NULL */
	bool ask_systemd;            /* run systemctl for the gateway's unit */
	char *const *environ;        /* what a login shell is started with; NULL: ours */
	int shell_max_ms;            /* a shorter deadline for it than the configured one; or 0 */
	const char *root;            /* in tests: stands in front of /etc, /proc; or NULL */
	bool want_findings;          /* run the doctor's checks (health/doctor.h) */
	bool deep;                   /* doctor --deep: also every other agent's files */
	int64_t now_ms;
	int64_t warn_ms; /* 0: one day */
};

/* False only for a wrong call or out of memory; *out is then empty. Else snapshot_release(). */
bool survey_take(struct snapshot *out, const struct survey_options *o, struct err *e);

/*
 * The endpoints of models.providers that the provider table does not have: from here on
 * provider_find() knows them (provider/own.h). The survey does it; so must who works without one.
 */
struct config;
void survey_learn(const struct config *c);

/* The name under which a check of this credential is noted in checks.json. */
void survey_note_name(struct str *out, const struct credential *c);

#endif
