/* SPDX-License-Identifier: MIT */
#include "chat/pin.h"

#include <string.h>

const char *pin_source_name(enum pin_source s)
{
	return s == PIN_AUTO ? "auto" : "user";
}

enum pin_source pin_source_of(const char *source, bool counted)
{
	if (strcmp(source, "auto") == 0)
		return PIN_AUTO;
	return !source[0] && counted ? PIN_AUTO : PIN_USER;
}

const char *pin_reason_text(enum pin_reason r)
{
	static const char *const texts[] = {
		[PIN_FINE] = "",
		[PIN_GONE] = "is gone",
		[PIN_OTHER_PROVIDER] = "belongs to another provider",
		[PIN_EXCLUDED] = "is excluded by the order",
		[PIN_COOLING] = "cannot be used now",
		[PIN_NEW_TURN] = "had its turn",
	};

	return texts[r];
}

bool pin_usable(const struct credential *c, int64_t now_ms)
{
	return c->rank > 0 && now_ms >= c->cooldown_until_ms && now_ms >= c->disabled_until_ms;
}

const struct credential *pin_ranked(const struct snapshot *s, const char *provider, unsigned rank)
{
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];

		if (c->rank == rank && rank && strcmp(c->provider, provider) == 0)
			return c;
	}
	return NULL;
}

/* The profile of that rank; variables and configured keys come behind all profiles. */
static const struct credential *ranked_profile(
	const struct snapshot *s, const char *provider, unsigned rank)
{
	const struct credential *c = pin_ranked(s, provider, rank);

	return c && c->in_store ? c : NULL;
}

static unsigned profile_count(const struct pin_question *q)
{
	unsigned n = 0;

	while (ranked_profile(q->s, q->provider, n + 1))
		n++;
	return n;
}

/* The first that is usable, else the first; NULL when the order is empty. */
static const struct credential *first_usable(const struct pin_question *q)
{
	for (unsigned rank = 1;; rank++) {
		const struct credential *c = ranked_profile(q->s, q->provider, rank);

		if (!c)
			return ranked_profile(q->s, q->provider, 1);
		if (pin_usable(c, q->s->now_ms))
			return c;
	}
}

/* Round the circle from the one that had its turn; that one again, when no other is usable. */
static const struct credential *next_usable(
	const struct pin_question *q, const struct credential *from)
{
	unsigned n = profile_count(q);

	if (!from->rank)
		return first_usable(q);
	for (unsigned step = 1; step <= n; step++) {
		unsigned rank = (from->rank - 1 + step) % n + 1;
		const struct credential *c = ranked_profile(q->s, q->provider, rank);

		if (c && pin_usable(c, q->s->now_ms))
			return c;
	}
	return from;
}

static enum pin_reason why_cleared(const struct pin_question *q, const struct credential *c)
{
	if (!c)
		return PIN_GONE;
	if (strcmp(c->provider, q->provider) != 0)
		return PIN_OTHER_PROVIDER;
	return c->excluded != EXCLUDED_NOT ? PIN_EXCLUDED : PIN_FINE;
}

static const struct credential *find_profile(const struct snapshot *s, const char *id)
{
	const struct credential *c = snapshot_find(s, id);

	return c && c->in_store ? c : NULL;
}

void pin_settle(struct pin_answer *out, const struct pin_question *q)
{
	const struct credential *c = find_profile(q->s, q->profile);
	const struct credential *to = c;

	*out = (struct pin_answer){ .fate = PIN_CLEARED, .reason = why_cleared(q, c) };
	if (out->reason != PIN_FINE)
		return;
	if (q->fresh || (q->compacted && q->source == PIN_AUTO)) {
		to = next_usable(q, c);
		out->reason = PIN_NEW_TURN;
	} else if (q->source == PIN_AUTO && !pin_usable(c, q->s->now_ms)) {
		to = first_usable(q);
		out->reason = PIN_COOLING;
	}
	out->to = to ? to : c;
	/* On a new session a person's pin becomes automatic even where it stays. */
	out->fate = out->to != c || (q->fresh && q->source == PIN_USER) ? PIN_MOVED : PIN_KEPT;
	if (out->fate == PIN_KEPT)
		out->reason = PIN_FINE;
}

bool pin_allowed(const struct snapshot *s, const char *profile, const char *provider, struct err *e)
{
	const struct credential *c = find_profile(s, profile);

	if (!c) {
		err_set(e, ERR_NOT_FOUND, "Auth profile \"%.200s\" not found.", profile);
		return err_hint(e, "/model status shows the profiles of each provider");
	}
	if (strcmp(c->provider, provider) == 0)
		return true;
	return err_set(e, ERR_USAGE, "Auth profile \"%.200s\" is for %s, not %s.", profile,
		c->provider, provider);
}
