/* SPDX-License-Identifier: MIT */
#include "health/health.h"

#include "base/clock.h"

/* The six facts as people read them: in the panel, in the table, in the doctor. */

void fact_stored(struct str *out, const struct credential *c)
{
	static const char *const words[] = {
		[STORED_MISSING] = "missing",
		[STORED_SEALED] = "sealed",
		[STORED_PLAIN_ENV] = "plain in .env",
		[STORED_PLAIN_PROFILES] = "plain in auth-profiles.json",
		[STORED_ENVIRONMENT] = "environment only",
		[STORED_NOT_NEEDED] = "no key needed",
		[STORED_PLAIN_CONFIG] = "plain in the configuration",
		[STORED_REFERENCE] = "in another secret store",
	};

	str_add(out, c->from_shell ? "in a login shell" : words[c->stored]);
}

void fact_opens(struct str *out, const struct credential *c)
{
	static const char *const words[] = {
		[OPENS_UNTRIED] = "nothing to open",
		[OPENS_YES] = "yes",
		[OPENS_NO_KEY] = "no: the key file is missing or unreadable",
		[OPENS_WRONG_KEY] = "no: wrong key",
		[OPENS_DAMAGED] = "no: damaged",
		[OPENS_OLDER] = "yes, but from an older copy of the vault",
		[OPENS_MISSING] = "no: the vault has no such record",
		[OPENS_UNREADABLE] = "no: the vault cannot be read",
		[OPENS_LOCKED] = "no: the vault is locked",
	};

	str_add(out, words[c->opens]);
}

static void cooldown(struct str *out, const struct credential *c, int64_t now_ms)
{
	bool disabled = c->disabled_until_ms > now_ms;
	int64_t until = disabled ? c->disabled_until_ms : c->cooldown_until_ms;

	if (disabled)
		str_fmt(out, "disabled (%s) for ",
			c->disabled_reason[0] ? c->disabled_reason : "unknown");
	else
		str_add(out, "in cooldown for ");
	clock_remaining(out, until - now_ms);
}

void fact_selected(struct str *out, const struct credential *c, int64_t now_ms)
{
	switch (c->selected) {
	case SELECTED_FIRST:
		str_add(out, "first in order");
		break;
	case SELECTED_BEHIND:
		str_fmt(out, "behind %s", c->selected_by);
		break;
	case SELECTED_COOLDOWN:
		cooldown(out, c, now_ms);
		break;
	case SELECTED_EXCLUDED:
		str_fmt(out, "excluded by %s",
			c->selected_by[0] ? c->selected_by : "an explicit order");
		break;
	case SELECTED_UNUSABLE:
		str_fmt(out, "not usable%s%s", c->selected_by[0] ? ": " : "", c->selected_by);
		break;
	case SELECTED_SHADOWED:
		str_fmt(out, "shadowed by %s", c->selected_by);
		break;
	}
}

static const char *verdict_words(enum verdict v)
{
	static const char *const words[] = {
		[VERDICT_NONE] = "never checked",
		[VERDICT_ACCEPTED] = "accepted",
		[VERDICT_REJECTED] = "rejected",
		[VERDICT_LIMITED] = "good, but rate limited",
		[VERDICT_NO_CREDIT] = "good, but no credit",
		[VERDICT_UNKNOWN] = "cannot tell",
	};

	return words[v];
}

static const char *reason_words(enum reason r)
{
	static const char *const words[REASON_COUNT] = {
		[REASON_RESTRICTED] = "lacks a permission",
		[REASON_CLAUDE_CODE] = "only authorized for Claude Code",
		[REASON_DNS] = "name not found",
		[REASON_CONNECT] = "could not connect",
		[REASON_TLS] = "TLS failed",
		[REASON_PROXY] = "proxy failed",
		[REASON_TIMEOUT] = "timed out",
		[REASON_REDIRECT] = "redirected elsewhere",
		[REASON_SERVER] = "server trouble",
		[REASON_FORMAT] = "unexpected answer",
		[REASON_TOO_MUCH] = "answer too big",
		[REASON_CLOSED] = "connection closed",
		[REASON_CANCELLED] = "cancelled",
		[REASON_INTERNAL] = "the check could not run",
		[REASON_ADMIN_KEY] = "an administration key",
		[REASON_BLOCKED] = "this host is not served",
		[REASON_PORTAL] = "the network wants a sign-in",
		[REASON_UNPROVEN] = "no free check exists",
	};

	return r < REASON_COUNT ? words[r] : NULL;
}

void fact_accepted(struct str *out, const struct credential *c, int64_t now_ms)
{
	const char *why = reason_words(c->accepted_reason);

	str_add(out, verdict_words(c->accepted));
	if (c->accepted == VERDICT_NONE)
		return;
	if (why)
		str_fmt(out, " (%s)", why);
	if (c->accepted_latency_ms > 0)
		str_fmt(out, ", %d ms", c->accepted_latency_ms);
	if (c->accepted_at_ms > 0) {
		str_add(out, ", ");
		clock_remaining(out, now_ms - c->accepted_at_ms);
		str_add(out, " ago");
	}
}

static const char *source_words(enum expiry_source s)
{
	static const char *const words[] = {
		[EXPIRY_PROVIDER] = "says the provider",
		[EXPIRY_TOKEN] = "says the token itself",
		[EXPIRY_YOU] = "as you entered it",
		[EXPIRY_ESTIMATE] = "an estimate",
	};

	return (size_t)s < ARRAY_LEN(words) ? words[s] : NULL;
}

void fact_expires(struct str *out, const struct credential *c, int64_t now_ms)
{
	const char *source = source_words(c->expires_source);

	if (c->expires_ms <= 0) {
		str_add(out, c->kind == CRED_OAUTH ? "unknown" : "never");
		return;
	}
	if (c->expires_ms <= now_ms) {
		str_add(out, "expired ");
		clock_remaining(out, now_ms - c->expires_ms);
		str_add(out, " ago");
	} else {
		str_add(out, "in ");
		clock_remaining(out, c->expires_ms - now_ms);
	}
	if (source)
		str_fmt(out, " (%s)", source);
}

void fact_in_use(struct str *out, const struct credential *c)
{
	static const char *const words[] = {
		[IN_USE_UNKNOWN] = "unknown",
		[IN_USE_CURRENT] = "this revision",
		[IN_USE_OLDER] = "an older one (restart needed)",
		[IN_USE_OTHER] = "another key",
	};

	str_add(out, words[c->in_use]);
}
