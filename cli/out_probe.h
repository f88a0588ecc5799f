/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_PROBE_H
#define CLI_OUT_PROBE_H

#include <json-c/json.h>
#include <stdio.h>

#include "health/health.h"

/*
 * `models status --probe`: what many live checks at once said, as plain data, and
 * how it is shown (gateway-family.md 8.6). No secret is in it.
 */

/* The family's words for an outcome. */
enum probe_status {
	PROBE_OK,
	PROBE_AUTH,
	PROBE_RATE_LIMIT,
	PROBE_BILLING,
	PROBE_TIMEOUT,
	PROBE_FORMAT,
	PROBE_UNKNOWN,
	PROBE_NO_MODEL,
};

const char *probe_status_name(enum probe_status s); /* "ok", "rate_limit", ... */

/* One credential: a stored profile, or what a provider has instead of profiles. */
struct probe_row {
	const struct provider_state *provider;
	const struct credential *credential; /* NULL: a variable that the configuration names */
	char profile_id[ID_CAP];             /* "": not a profile */
	char label[ID_CAP + 136];
	const char *source; /* "profile", "env", "models.json"; ours: "local" */
	const char *mode;   /* "api_key", "token", "oauth"; "none" for a local server */
	char model[192];    /* "provider/model", or "" */

	enum probe_status status;
	const char *reason_code; /* why it was not asked, in the family's words; or NULL */
	bool target;             /* it was to be asked */
	enum verdict verdict;
	enum reason reason;
	int64_t at_ms;   /* when the answer came; 0: none came */
	int latency_ms;  /* -1 unknown */
	int64_t skew_ms; /* this host's clock minus the provider's; 0: it does no harm, or unknown
			  */
	char error[400];
	char account[96];
	char credit[64];
	char limits[64];
};

struct probe_report {
	int64_t started_ms, finished_ms; /* wall clock */
	int64_t duration_ms;
	size_t targets; /* rows that were to be asked */
	struct probe_row *rows;
	size_t count;
	int caught; /* the signal that ended it early, or 0 */

	/* As they were given. */
	const char *provider; /* normalised, or "" */
	const char *const *profile_ids;
	size_t profile_count;
	int64_t timeout_ms;
	int64_t concurrency;
	int64_t max_tokens;
};

/* What a table may be drawn with. */
struct probe_look {
	bool ascii;
	size_t columns; /* the table's lines are not longer, as far as its words allow */
};

/* The block "Auth probes", with the line before it. */
bool out_probe_text(
	FILE *out, const struct probe_report *r, const struct probe_look *look, struct err *e);

/* The member auth.probes. */
struct json_object *out_probe_json(const struct probe_report *r);

#endif
