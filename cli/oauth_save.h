/* SPDX-License-Identifier: MIT */
#ifndef CLI_OAUTH_SAVE_H
#define CLI_OAUTH_SAVE_H

#include "cli/oauth_answer.h"
#include "cli/place.h"
#include "store/vault.h"

/*
 * What a sign-in brought, into the files: the profile (and what it is forgiven), auth.profiles of
 * the configuration, and what a gateway needs under models.providers, in one transaction under
 * the gateways' lock (gateway-family.md 9.7, 12.4).
 *
 * A login that renews itself stays in plain text, 0600: the gateway writes it again with each
 * renewal, and refuses a reference in its place (17.1). A token that never expires is sealed,
 * where the gateway can follow a reference.
 */
struct oauth_save {
	const struct place *place;
	const struct oauth *row;
	const struct oauth_client *client;
	const struct oauth_tokens *tokens; /* not yet needed by oauth_can_save() */
	const char *profile_id;
	bool set_default;
	struct vault
		*ahead; /* oauth_can_save() opens it when a person must; the caller releases it */
};

/* Is it sealed, then? */
bool oauth_is_sealed(const struct oauth_save *s);

/* What would fail afterwards fails before anybody signs in. *exists: it would be replaced. */
bool oauth_can_save(const struct oauth_save *s, bool *exists, struct err *e);

bool oauth_save(const struct oauth_save *s, struct err *e);

#endif
