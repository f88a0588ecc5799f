/* SPDX-License-Identifier: MIT */

/* The panel's short texts, and when each of them changes next. */

#include "base/clock.h"
#include "wizard/panel_state.h"

enum glyph credential_state(const struct credential *c, int64_t now_ms, const char **word)
{
	enum expiry_status expiry = expiry_status(c, now_ms, MS_DAY);

	*word = "ok";
	if (c->stored == STORED_MISSING || c->opens == OPENS_MISSING) {
		*word = "missing";
		return GLYPH_FAIL;
	}
	if (c->opens == OPENS_NO_KEY || c->opens == OPENS_WRONG_KEY || c->opens == OPENS_DAMAGED ||
		c->opens == OPENS_UNREADABLE) {
		*word = "locked";
		return GLYPH_FAIL;
	}
	if (c->opens == OPENS_LOCKED) {
		*word = "locked";
		return GLYPH_WARN;
	}
	if (expiry == EXPIRY_EXPIRED) {
		*word = "expired";
		return GLYPH_FAIL;
	}
	if (c->accepted == VERDICT_REJECTED) {
		*word = "rejected";
		return GLYPH_FAIL;
	}
	if (expiry == EXPIRY_EXPIRING) {
		*word = "expiring";
		return GLYPH_WARN;
	}
	switch (c->accepted) {
	case VERDICT_ACCEPTED:
		return GLYPH_OK;
	case VERDICT_LIMITED:
		*word = "limited";
		return GLYPH_WARN;
	case VERDICT_NO_CREDIT:
		*word = "no credit";
		return GLYPH_WARN;
	case VERDICT_UNKNOWN:
		*word = c->stored == STORED_NOT_NEEDED ? "off" : "unknown";
		return c->stored == STORED_NOT_NEEDED ? GLYPH_OFF : GLYPH_WARN;
	default:
		*word = "untested";
		return GLYPH_OFF;
	}
}

void expires_text(struct str *out, const struct credential *c, int64_t now_ms)
{
	int64_t left = c->expires_ms - now_ms;

	if (c->expires_ms <= 0) {
		str_add(out, c->kind == CRED_OAUTH ? "unknown" : "never");
		return;
	}
	if (left <= 0) {
		str_add(out, "expired");
		return;
	}
	if (left >= MS_DAY)
		str_fmt(out, "%d d", (int)(left / MS_DAY));
	else if (left >= MS_HOUR)
		str_fmt(out, "%d h", (int)(left / MS_HOUR));
	else
		str_fmt(out, "0:%02d:%02d", (int)(left / MS_MINUTE), (int)(left / MS_SECOND % 60));
}

/* Steps of ten seconds, then minutes, hours, days: a text that changes seldom. */
void age_text(struct str *out, int64_t ms)
{
	if (ms < 10 * MS_SECOND)
		str_add(out, "now");
	else if (ms < MS_MINUTE)
		str_fmt(out, "%d s ago", (int)(ms / (10 * MS_SECOND)) * 10);
	else if (ms < MS_HOUR)
		str_fmt(out, "%d m ago", (int)(ms / MS_MINUTE));
	else if (ms < MS_DAY)
		str_fmt(out, "%d h ago", (int)(ms / MS_HOUR));
	else
		str_fmt(out, "%d d ago", (int)(ms / MS_DAY));
}

/* "212 ms", "rejected", "timeout". */
void check_text(struct str *out, const struct credential *c)
{
	if (c->accepted == VERDICT_NONE)
		return;
	if (c->accepted == VERDICT_UNKNOWN)
		str_add(out, reason_name(c->accepted_reason));
	else if (c->accepted == VERDICT_REJECTED)
		str_add(out, "rejected");
	else if (c->accepted_latency_ms > 0)
		str_fmt(out, "%d ms", c->accepted_latency_ms);
	else
		str_add(out, "accepted");
}

static int64_t sooner(int64_t a, int64_t b)
{
	return b > 0 && b < a ? b : a;
}

/* Half minutes, because clock_remaining() rounds to the nearest minute. */
static int64_t until_step(int64_t point_ms, int64_t now_ms)
{
	int64_t left = point_ms - now_ms;
	int64_t unit = left <= MS_HOUR ? MS_SECOND : MS_MINUTE / 2;

	return point_ms > 0 && left > 0 ? left % unit + 1 : 0;
}

/*
 * A remaining time shows another text when it falls below a whole number of its
 * unit; an age when it reaches the next one.
 */
int64_t words_wait(const struct credential *c, int64_t now_ms)
{
	int64_t age = now_ms - c->accepted_at_ms;
	int64_t wait = sooner(MS_HOUR, until_step(c->expires_ms, now_ms));

	wait = sooner(wait, until_step(c->cooldown_until_ms, now_ms));
	wait = sooner(wait, until_step(c->disabled_until_ms, now_ms));
	if (c->accepted != VERDICT_NONE && c->accepted_at_ms > 0 && age >= 0) {
		int64_t unit = age < MS_MINUTE ? 10 * MS_SECOND : MS_MINUTE / 2;

		wait = sooner(wait, unit - age % unit);
	}
	return wait;
}
