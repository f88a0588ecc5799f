/* SPDX-License-Identifier: MIT */
#ifndef CHAT_PIN_H
#define CHAT_PIN_H

#include "health/health.h"

/*
 * The profile that a session is tied to, and what becomes of it (gateway-family.md 11.4). Pure:
 * the order of profiles is the snapshot's, which is health/order.h's.
 *
 * A pin that a person made stays until a new session begins, whatever the provider says of the
 * key. It goes only when it cannot be used at all: the profile is gone, it is another provider's,
 * or the order leaves it out. (The family also drops it when it has expired, and silently takes
 * another credential. Here the person is told.)
 */

enum pin_source {
	PIN_USER,
	PIN_AUTO,
};

const char *pin_source_name(enum pin_source s); /* "user", "auto" */

/* source: as the file has it; "" with a recorded compaction count is automatic, else a person's. */
enum pin_source pin_source_of(const char *source, bool counted);

enum pin_fate {
	PIN_KEPT,
	PIN_MOVED, /* to another profile, from now on automatic */
	PIN_CLEARED,
};

enum pin_reason {
	PIN_FINE,
	PIN_GONE,
	PIN_OTHER_PROVIDER,
	PIN_EXCLUDED,
	PIN_COOLING,  /* automatic: in a cooldown, or of no use */
	PIN_NEW_TURN, /* a new session or a compaction: the next one's turn */
};

struct pin_question {
	const struct snapshot *s;
	const char *provider; /* of the model that is used */
	const char *profile;  /* the pin */
	enum pin_source source;
	bool fresh;     /* a new session begins */
	bool compacted; /* the session was compacted since the pin was chosen */
};

struct pin_answer {
	enum pin_fate fate;
	enum pin_reason reason;
	const struct credential *to; /* the profile to use; NULL when cleared */
};

void pin_settle(struct pin_answer *out, const struct pin_question *q);

/* "is gone", "is excluded by the order": why a pin was cleared or moved. */
const char *pin_reason_text(enum pin_reason r);

/* Can this profile be tried now: is it in the order, and not in a cooldown? */
bool pin_usable(const struct credential *c, int64_t now_ms);

/*
 * The credentials of a provider in the order in which they are tried: its profiles, then
 * variables, then configured keys (6.6). NULL behind the last.
 */
const struct credential *pin_ranked(const struct snapshot *s, const char *provider, unsigned rank);

/* May this profile be pinned for the provider? The family's words; compared exactly, as there. */
bool pin_allowed(
	const struct snapshot *s, const char *profile, const char *provider, struct err *e);

#endif
