/* SPDX-License-Identifier: MIT */
#ifndef CLI_QUICK_H
#define CLI_QUICK_H

#include "cli/place.h"
#include "cli/save.h"

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
	const char *expires_in;
	const char *agent;
	const struct secret *raw; /* what was captured, cleaned like a paste; NULL: a key source */
	bool no_verify;
	bool accept_rollback;
	bool json;
};

bool quick_save(const struct quick *q, const char *command, struct err *e);

#endif
