/* SPDX-License-Identifier: MIT */
#ifndef STORE_CHECKS_H
#define STORE_CHECKS_H

#include "store/pool.h"

/*
 * What the last live check of each credential said: <state>/secrets/checks.json.
 *
 * Our own notes, nothing secret: losing them costs one more check, so a missing
 * or damaged file is "nothing known". One that cannot be read is an error, and
 * so is a lack of memory. Verdicts and reasons are the words of provider/check.h,
 * kept as text.
 */

struct check_note {
	const char *credential;     /* profile id, or "env:NAME" */
	const char *fingerprint;    /* of the secret that was checked; "" unknown */
	const char *verdict;        /* "accepted" */
	const char *reason;         /* "" */
	const char *expires_source; /* "you"; "" */
	int64_t at_ms;
	int64_t latency_ms;
	int64_t skew_ms; /* this host's clock minus the provider's; 0: it does no harm, or unknown
			  */
};

struct checks {
	struct check_note *list;
	size_t count;
	struct pool pool;
};

bool checks_load(struct checks *c, const char *path, struct err *e);
void checks_release(struct checks *c);

/*
 * What is known about the credential; NULL when nothing is, or when it was
 * another secret that was checked (fingerprint NULL or "": any).
 */
const struct check_note *checks_find(
	const struct checks *c, const char *credential, const char *fingerprint);

/* Adds or replaces notes in the file (0600), in one write. A damaged file starts anew. */
bool checks_record_all(const char *path, const struct check_note *notes, size_t n, struct err *e);
bool checks_record(const char *path, const struct check_note *note, struct err *e);
bool checks_forget(const char *path, const char *credential, struct err *e);

#endif
