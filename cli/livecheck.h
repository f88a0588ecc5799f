/* SPDX-License-Identifier: MIT */
#ifndef CLI_LIVECHECK_H
#define CLI_LIVECHECK_H

#include "net/wire.h"
#include "provider/check.h"
#include "store/config.h"

/* A credential that is not stored yet, and where it is to be tried. */
struct live_check {
	const struct config *config; /* its models.providers may name another address */
	const struct provider *provider;
	const struct method *method;
	const struct secret *key;
};

/* What a probe must be told: it knows the table, but no endpoint of the user's own. */
void live_check_address(struct wire_check *out, const struct provider *p, const struct method *m,
	const char *base_url);

/*
 * One live check for commands without a screen. A credential that the provider
 * rejects is ERR_REJECTED in the provider's words and says that nothing was saved.
 * One that cannot be checked now is success with VERDICT_UNKNOWN.
 */
bool live_check(const struct live_check *c, struct check_result *out, struct err *e);

/* On stderr: accepted and how fast, or a warning; and a clock that is off. */
void live_check_tell(const struct live_check *c, const struct check_result *r);

#endif
