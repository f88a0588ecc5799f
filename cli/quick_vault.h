/* SPDX-License-Identifier: MIT */
#ifndef CLI_QUICK_VAULT_H
#define CLI_QUICK_VAULT_H

#include "cli/place.h"
#include "cli/quick.h"
#include "store/vault.h"

/* What opens the vault, as the options say: the wizard's Protect step without a screen. */
struct quick_vault {
	enum opener opener;       /* of a new vault */
	struct secret passphrase; /* the new one, or empty */
	struct vault ahead;       /* the one that is there; see unlock_ahead() */
};

/*
 * Refuses what the wizard would: a weak passphrase, a system key that is not there, a service
 * that would be offline after a restart without having been told so.
 */
bool quick_vault_read(
	struct quick_vault *v, const struct quick *q, const struct place *place, struct err *e);
void quick_vault_release(struct quick_vault *v); /* safe on { 0 } */

/* The word of --opens-with for a setup that made a vault; NULL: that was not asked. */
const char *quick_vault_opener(const struct draft *d);

#endif
