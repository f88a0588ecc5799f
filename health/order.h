/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_ORDER_H
#define HEALTH_ORDER_H

#include <stdint.h>

#include "provider/provider.h"

/*
 * In which order a gateway tries the profiles of one provider, and why it does
 * not try the others: gateway-family.md 10.1, over plain arrays. The one order
 * function of the program: status, explain and the panel all ask here.
 *
 * lastGood plays no part in it, on purpose: the gateway ignores it too.
 */

struct order_profile {
	const char *id;
	const char *provider; /* normalised */
	enum cred_kind kind;
	bool has_secret; /* a key, token, access or refresh; a reference counts as one */
	int64_t expires_ms;
	int64_t last_used_ms;
	int64_t unusable_until_ms; /* the later of cooldown and disabled */

	/* What the configuration's auth.profiles says of this id. */
	bool configured;
	const char *configured_provider; /* normalised */
	enum cred_kind configured_mode;
};

struct order_input {
	const char *provider;                 /* normalised */
	const struct order_profile *profiles; /* as the file has them; others' are ignored */
	size_t count;

	/* The explicit order: the store's, else the configuration's. Given and empty means none. */
	bool explicit_given;
	const char *const *explicit_ids;
	size_t explicit_count;

	/* The configuration's auth.profiles of this provider, as the file has them. */
	const char *const *configured_ids;
	size_t configured_count;

	const char *preferred; /* pinned by a session, or NULL */
	int64_t now_ms;
};

enum fate {
	FATE_USABLE,         /* tried now */
	FATE_COOLING,        /* tried after the usable ones */
	FATE_NOT_LISTED,     /* an explicit order leaves it out */
	FATE_NOT_CONFIGURED, /* auth.profiles names others of this provider only */
	FATE_DIFFERS,        /* auth.profiles has it under another provider or mode */
	FATE_NO_SECRET,
	FATE_EXPIRED,
	FATE_OTHER_PROVIDER,
};

struct order_result {
	size_t *ranked; /* indexes into profiles, first tried first */
	size_t ranked_count;
	enum fate *fates; /* one per profile */
};

/* Takes time n log n. On failure (memory) *out is empty. */
bool order_resolve(struct order_result *out, const struct order_input *in, struct err *e);
void order_release(struct order_result *r);

#endif
