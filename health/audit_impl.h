/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_AUDIT_IMPL_H
#define HEALTH_AUDIT_IMPL_H

#include "health/audit.h"
#include "store/config.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/vault.h"

/*
 * What the files of the audit share; private to audit*.c.
 *
 *   audit.c           the run: vault, places, findings
 *   audit_collect.c   documents: what lies where a credential belongs
 *   audit_refs.c      references: do they lead somewhere
 *   audit_fix.c       the edits
 */

/* Beside a needle of the search: whose value it is. */
struct audit_value {
	char name[VAULT_RECORD_ID_CAP]; /* record, profile or variable */
	char provider[PROVIDER_CAP];
	char profile[ID_CAP];
	bool sealed;
	bool delivered; /* something refers to the record, so a plain copy is not needed */
};

struct audit_run {
	struct audit *a;
	const struct audit_options *o;
	struct paths_env env;
	struct residue search;
	struct audit_value *values; /* parallel to search.needles */
	size_t value_cap;
	struct vault vault;
	bool vault_exists, unlocked;
	struct secret opened; /* one record at a time */
	struct config config;
	struct dotenv dotenv;
	char **agent_dirs;
	size_t agent_count;
	struct err error; /* out of memory in a callback */
	struct audit_finding unseen;
};

/* A new finding; never NULL. file: as it is, resolved here. */
struct audit_finding *audit_add(struct audit_run *w, enum audit_code code, enum severity severity,
	const char *file, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void audit_note(struct audit_run *w, const char *path, const char *why);

/* The same for a file that holds credentials. */
void audit_unread(struct audit_run *w, const char *path, const struct err *why);

/*
 * Takes the value into the search and says whose it is: an existing needle keeps
 * its owner. RESIDUE_NONE when it is too short to be looked for.
 */
size_t audit_learn(
	struct audit_run *w, const struct secret *value, const struct audit_value *whose);

/* Opens a record into w->opened. */
bool audit_open(struct audit_run *w, const char *record);

/* A plain value of a document: learnt, and a finding of its own. */
struct audit_spot {
	const char *file;
	unsigned line;
	const char *path; /* in the document */
	const char *provider;
	const char *profile; /* "" */
	enum audit_code code;
	enum severity severity;
	const char *what; /* "is stored as plain text" */
};
struct audit_finding *audit_plain(
	struct audit_run *w, const struct audit_spot *spot, const struct secret *value);

/* audit_collect.c */
const char *audit_carries_key(const char *name); /* the provider of a variable's name, or NULL */
void audit_collect(struct audit_run *w);

/* audit_refs.c */
void audit_delivered(struct audit_run *w); /* before audit_collect(): which records are in use */
void audit_reference(struct audit_run *w, const struct audit_spot *at, const struct profile *p);
void audit_sealed_line(struct audit_run *w, uint32_t entry, const char *name);
void audit_shadowed(struct audit_run *w);

#endif
