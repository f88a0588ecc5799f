/* SPDX-License-Identifier: MIT */
#include "health/health.h"

/*
 * The names of the enums as scripts see them. Stable: they are part of --json.
 * Every function answers "unknown" for a value that is not in its table.
 */

static const char *pick(const char *const *names, size_t count, size_t i)
{
	return i < count && names[i] ? names[i] : "unknown";
}

const char *expiry_status_name(enum expiry_status s)
{
	static const char *const names[] = {
		[EXPIRY_STATIC] = "static",
		[EXPIRY_OK] = "ok",
		[EXPIRY_EXPIRING] = "expiring",
		[EXPIRY_EXPIRED] = "expired",
		[EXPIRY_MISSING] = "missing",
	};

	return pick(names, ARRAY_LEN(names), (size_t)s);
}

const char *stored_name(enum stored s)
{
	static const char *const names[] = {
		[STORED_MISSING] = "missing",
		[STORED_SEALED] = "sealed",
		[STORED_PLAIN_ENV] = "plain-env",
		[STORED_PLAIN_PROFILES] = "plain-profiles",
		[STORED_ENVIRONMENT] = "environment",
		[STORED_NOT_NEEDED] = "not-needed",
		[STORED_PLAIN_CONFIG] = "plain-config",
		[STORED_REFERENCE] = "reference",
	};

	return pick(names, ARRAY_LEN(names), (size_t)s);
}

const char *opens_name(enum opens o)
{
	static const char *const names[] = {
		[OPENS_UNTRIED] = "untried",
		[OPENS_YES] = "yes",
		[OPENS_NO_KEY] = "no-key",
		[OPENS_WRONG_KEY] = "wrong-key",
		[OPENS_DAMAGED] = "damaged",
		[OPENS_OLDER] = "older-copy",
		[OPENS_MISSING] = "missing",
		[OPENS_UNREADABLE] = "unreadable",
		[OPENS_LOCKED] = "locked",
	};

	return pick(names, ARRAY_LEN(names), (size_t)o);
}

const char *selected_name(enum selected s)
{
	static const char *const names[] = {
		[SELECTED_FIRST] = "first",
		[SELECTED_BEHIND] = "behind",
		[SELECTED_COOLDOWN] = "cooldown",
		[SELECTED_EXCLUDED] = "excluded",
		[SELECTED_UNUSABLE] = "unusable",
		[SELECTED_SHADOWED] = "shadowed",
	};

	return pick(names, ARRAY_LEN(names), (size_t)s);
}

const char *expiry_source_name(enum expiry_source s)
{
	static const char *const names[] = {
		[EXPIRY_NONE] = "none",
		[EXPIRY_PROVIDER] = "provider",
		[EXPIRY_TOKEN] = "token",
		[EXPIRY_YOU] = "you",
		[EXPIRY_ESTIMATE] = "estimate",
	};

	return pick(names, ARRAY_LEN(names), (size_t)s);
}

const char *in_use_name(enum in_use u)
{
	static const char *const names[] = {
		[IN_USE_UNKNOWN] = "unknown",
		[IN_USE_CURRENT] = "current",
		[IN_USE_OLDER] = "older",
		[IN_USE_OTHER] = "other",
	};

	return pick(names, ARRAY_LEN(names), (size_t)u);
}

const char *severity_name(enum severity s)
{
	static const char *const names[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARN] = "warning",
		[SEVERITY_FAIL] = "error",
	};

	return pick(names, ARRAY_LEN(names), (size_t)s);
}
