/* SPDX-License-Identifier: MIT */
#ifndef CLI_STATUS_VIEW_H
#define CLI_STATUS_VIEW_H

#include "health/health.h"

/*
 * What text and JSON of `models status` both need: the credentials of the store
 * grouped by provider, and the words that appear in both. Private to out_status*.
 */

struct status_group {
	const struct provider_state *provider;
	const struct credential **rows; /* inside the view */
	size_t count;
};

struct status_view {
	const struct snapshot *s;
	int64_t warn_ms;
	const struct credential **by_file; /* by provider, then as the file has them */
	const struct credential **by_id;   /* by provider, then by id */
	size_t count;
	const struct credential **unusable; /* in cooldown or disabled, the soonest end first */
	size_t unusable_count;
};

bool status_view_init(
	struct status_view *v, const struct snapshot *s, int64_t warn_ms, struct err *e);
void status_view_release(struct status_view *v);

/* The profiles of one provider, in the order of the list given (by_file or by_id). */
struct status_group status_group(const struct status_view *v, const struct credential **list,
	const struct provider_state *p);

/* Has a profile, a variable or a configured key: only those are listed (8.2). */
bool status_has_any(const struct provider_state *p);

/* A variable that carries an OAuth token is shown as "OAuth (env)". */
bool status_env_is_oauth(const struct provider_state *p);
const char *status_env_value(const struct provider_state *p);

/* OAuth and token profiles plus an OAuth variable: the n of "anthropic (n)". */
unsigned status_oauth_count(const struct provider_state *p);

const char *status_effective_kind(const struct provider_state *p); /* "profiles", "env", ... */

/* "anthropic:default=sk-ant-...4f2Q [cooldown 1m]" */
void status_label(struct str *out, const struct credential *c, int64_t now_ms);
/* "anthropic:default (me@example.org)" */
void status_display(struct str *out, const struct credential *c);

/* An OAuth login or a token: what the expiry lists show. */
bool status_dated(const struct credential *c);

/* What to run when a provider in use has nothing. */
void status_hint(struct str *out, const struct provider_state *p);

/* The end of a cooldown or disable when it is not over, else 0. */
int64_t status_unusable_until(const struct credential *c, int64_t now_ms);

/* gateway-family.md 8.4, the last paragraph: status and the earliest expiry of a provider. */
struct status_health {
	const char *status;
	int64_t expires_ms; /* 0: none */
};
struct status_health status_health(const struct status_group *g, int64_t now_ms, int64_t warn_ms);

#endif
