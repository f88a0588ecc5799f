/* SPDX-License-Identifier: MIT */
#ifndef CLI_SECRETS_FACTS_H
#define CLI_SECRETS_FACTS_H

#include <json-c/json.h>

#include "cli/unlock.h"

/*
 * What `secrets status`, `secrets slot list` and `secrets verify` say of a vault: worked out
 * once, without a question and without a secret that outlives it.
 */
struct secrets_facts {
	const struct paths *paths;
	struct vault vault;
	struct err closed;           /* why it did not open, or no code */
	bool tried[VAULT_SLOTS_MAX]; /* was the key of this slot at hand? */
	bool opens[VAULT_SLOTS_MAX]; /* and did it open the slot? */
	size_t records_open;
	bool record_opens[VAULT_RECORDS_MAX];
	bool pending; /* a change of the key file was interrupted */
	bool has_backup;
	uint64_t backup_gen;
	bool backup_opens; /* false with no error: it needs a person */
	struct err backup; /* why the copy does not open, or no code */
};

/* False when the vault cannot be read at all; one that does not open is a fact. */
bool secrets_facts_take(struct secrets_facts *f, struct unlock *u, struct err *e);
void secrets_facts_release(struct secrets_facts *f);

/* "passphrase (3 passes over 256 MiB)". */
void secrets_slot_text(struct str *out, const struct keyslot *slot);

bool secrets_slots_print(const struct secrets_facts *f, struct err *e);
struct json_object *secrets_slots_json(const struct secrets_facts *f);
struct json_object *secrets_weakest_json(const struct secrets_facts *f);

#endif
