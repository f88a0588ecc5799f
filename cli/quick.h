/* SPDX-License-Identifier: MIT */
#ifndef CLI_QUICK_H
#define CLI_QUICK_H

#include "cli/place.h"
#include "cli/save.h"

/* What was left open, as it was decided. */
struct quick_chosen {
	const char *method, *keep;
	char profile_id[ID_CAP];
};

/*
 * Adds or rotates one credential without a screen: what the options say, the
 * key from --key-stdin and its relatives, a live check unless it is waived, then
 * the same save as the wizard's. A rejected key is ERR_REJECTED and nothing is
 * written; a provider that cannot be reached leaves the credential unverified,
 * with a warning.
 */
struct quick {
	const char *provider;    /* required */
	const char *provider_id; /* a custom endpoint's own name, with its address */
	const char *base_url;
	const char *method;       /* NULL: recognised from the key, else the provider's first */
	const char *profile_id;   /* NULL: "<provider>:<default_name>" */
	const char *default_name; /* NULL: the method's */
	const char *keep;         /* "sealed" (also NULL) or "plain" */
	const char *model;
	const char *opens_with; /* a new vault: key-file (also NULL), system-key, passphrase */
	const char *expires_in;
	const char *agent;
	const struct secret *raw; /* what was captured, cleaned like a paste; NULL: a key source */
	bool no_verify;
	bool keep_fallback;   /* the old default model becomes the first fallback */
	bool yes_offline;     /* a service may be without keys after a restart */
	bool weak_passphrase; /* the low-memory setting may be used */
	bool silent;          /* nobody is asked for the vault's passphrase */
	bool dry_run;         /* say what would change, write nothing */
	bool to_stderr;       /* what was done is said there: stdout has the answers */
	bool accept_rollback;
	bool json;
	struct quick_chosen *chosen; /* filled when it is done; NULL: nobody asks */
};

/* When --expires-in ends from now on; 0 when it was not given. A wrong duration names the option.
 */
bool quick_expiry(const struct quick *q, int64_t *expires_ms, struct err *e);

bool quick_save(const struct quick *q, const char *command, struct err *e);

#endif
