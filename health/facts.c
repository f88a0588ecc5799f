/* SPDX-License-Identifier: MIT */
#include "health/health.h"

#include <stdlib.h>
#include <string.h>

void snapshot_release(struct snapshot *s)
{
	free(s->credentials);
	free(s->providers);
	free(s->findings);
	free(s->service);
	*s = (struct snapshot){ 0 };
}

const struct credential *snapshot_find(const struct snapshot *s, const char *profile_id)
{
	for (size_t i = 0; i < s->credential_count; i++)
		if (strcmp(s->credentials[i].id, profile_id) == 0)
			return &s->credentials[i];
	return NULL;
}

static bool expires_at_all(const struct credential *c)
{
	return c->kind == CRED_TOKEN || c->kind == CRED_OAUTH;
}

enum expiry_status expiry_status(const struct credential *c, int64_t now_ms, int64_t warn_ms)
{
	int64_t left = c->expires_ms - now_ms;

	if (!expires_at_all(c))
		return EXPIRY_STATIC;
	if (c->expires_ms <= 0)
		return c->kind == CRED_OAUTH ? EXPIRY_MISSING : EXPIRY_STATIC;
	if (left <= 0)
		return EXPIRY_EXPIRED;
	return left <= warn_ms ? EXPIRY_EXPIRING : EXPIRY_OK;
}

bool provider_missing(const struct provider_state *p)
{
	return p->in_use && !p->local && !p->profiles && !p->env_var[0] && !p->config_key_mask[0];
}

/* Sealed, and the gateway would get nothing: as bad as not being there. */
static bool locked_out(const struct credential *c)
{
	if (c->stored != STORED_SEALED)
		return false;
	return c->opens == OPENS_NO_KEY || c->opens == OPENS_WRONG_KEY ||
	       c->opens == OPENS_DAMAGED || c->opens == OPENS_MISSING ||
	       c->opens == OPENS_UNREADABLE;
}

int snapshot_check(const struct snapshot *s, int64_t warn_ms)
{
	bool expiring = false;

	for (size_t i = 0; i < s->provider_count; i++)
		if (provider_missing(&s->providers[i]))
			return 1;
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];
		enum expiry_status st = expiry_status(c, s->now_ms, warn_ms);

		if (locked_out(c))
			return 1;
		if (!c->in_store)
			continue;
		if (st == EXPIRY_EXPIRED || st == EXPIRY_MISSING)
			return 1;
		expiring |= st == EXPIRY_EXPIRING;
	}
	return expiring ? 2 : 0;
}
