/* SPDX-License-Identifier: MIT */

/*
 * What providers say in their errors. The sources of the words are beside the answers in
 * tests/provider/answers, which every row here is tested with.
 */
#include "provider/judge_parts.h"

/* Looked for in "code type status" and message of an error, in this order, without case. */
static const struct {
	const char *words;
	enum meaning means;
} phrases[] = {
	{ "request_quota_exceeded", MEANS_RATE }, /* Cerebras; before "quota_exceeded" */
	{ "insufficient_quota", MEANS_NO_CREDIT },
	{ "insufficient_user_quota", MEANS_NO_CREDIT },
	{ "insufficient_balance", MEANS_NO_CREDIT },
	{ "insufficient balance", MEANS_NO_CREDIT },
	{ "insufficient_credit", MEANS_NO_CREDIT },
	{ "insufficient credit", MEANS_NO_CREDIT },
	{ "insufficient funds", MEANS_NO_CREDIT },
	{ "exceeded your current quota", MEANS_NO_CREDIT },
	{ "credit_balance", MEANS_NO_CREDIT },
	{ "credit balance is too low", MEANS_NO_CREDIT },
	{ "exceeded_current_quota", MEANS_NO_CREDIT },
	{ "quota_exceeded", MEANS_NO_CREDIT },
	{ "no credits", MEANS_NO_CREDIT },
	{ "any credits", MEANS_NO_CREDIT },
	{ "out of credits", MEANS_NO_CREDIT },
	{ "included credits", MEANS_NO_CREDIT },
	{ "used all available credits", MEANS_NO_CREDIT },
	{ "payment required", MEANS_NO_CREDIT },
	{ "payment_required", MEANS_NO_CREDIT },
	{ "billing_not_active", MEANS_NO_CREDIT },
	{ "billing_error", MEANS_NO_CREDIT },
	{ "credit limit", MEANS_NO_CREDIT },
	{ "spending limit", MEANS_NO_CREDIT },
	{ "good standing", MEANS_NO_CREDIT },
	{ "arrearage", MEANS_NO_CREDIT },
	{ "overdue", MEANS_NO_CREDIT },
	{ "budget has been exceeded", MEANS_NO_CREDIT },
	{ "budget_exceeded", MEANS_NO_CREDIT },
	{ "usage limit for this billing cycle", MEANS_NO_CREDIT },
	{ "api_key_invalid", MEANS_BAD_KEY },
	{ "api key not valid", MEANS_BAD_KEY },
	{ "api key expired", MEANS_BAD_KEY },
	{ "reported as leaked", MEANS_BAD_KEY },
	{ "incorrect api key", MEANS_BAD_KEY },
	{ "incorrect_api_key", MEANS_BAD_KEY },
	{ "invalid_api_key", MEANS_BAD_KEY },
	{ "invalidapikey", MEANS_BAD_KEY },
	{ "invalid api key", MEANS_BAD_KEY },
	{ "invalid api-key", MEANS_BAD_KEY },
	{ "invalid api token", MEANS_BAD_KEY },
	{ "api key is invalid", MEANS_BAD_KEY },
	{ "api key is valid", MEANS_BAD_KEY }, /* "please make sure your API key is valid" */
	{ "api key appears to be invalid", MEANS_BAD_KEY },
	{ "missing or invalid", MEANS_BAD_KEY },
	{ "invalid x-api-key", MEANS_BAD_KEY },
	{ "invalid bearer token", MEANS_BAD_KEY },
	{ "bearer token has expired", MEANS_BAD_KEY },
	{ "invalid_iam_token", MEANS_BAD_KEY },
	{ "invalid credentials", MEANS_BAD_KEY },
	{ "bad credentials", MEANS_BAD_KEY },
	{ "no auth credentials", MEANS_BAD_KEY },
	{ "token_not_found", MEANS_BAD_KEY },
	{ "security token included in the request is invalid", MEANS_BAD_KEY },
	{ "authentication_error", MEANS_BAD_KEY },
	{ "authenticationerror", MEANS_BAD_KEY },
	{ "invalid_authentication", MEANS_BAD_KEY },
	{ "invalid authentication", MEANS_BAD_KEY },
	{ "authentication required", MEANS_BAD_KEY },
	{ "authentication fail", MEANS_BAD_KEY },
	{ "authentication parameter not received", MEANS_BAD_KEY },
	{ "token expired or incorrect", MEANS_BAD_KEY },
	{ "api key is blocked", MEANS_BAD_KEY },
	{ "api key has been disabled", MEANS_BAD_KEY },
	{ "unsupported_country", MEANS_BLOCKED },
	{ "country", MEANS_BLOCKED },
	{ "location is not supported", MEANS_BLOCKED },
	{ "ip_not_authorized", MEANS_BLOCKED },
	{ "ip not authorized", MEANS_BLOCKED },
	{ "network access denied", MEANS_BLOCKED },
	{ "check your network settings", MEANS_BLOCKED },
	{ "missing scopes", MEANS_RESTRICTED },
	{ "missing_permissions", MEANS_RESTRICTED },
	{ "sufficient permission", MEANS_RESTRICTED }, /* insufficient, or not sufficient */
	{ "insufficient_permission", MEANS_RESTRICTED },
	{ "permission_error", MEANS_RESTRICTED },
	{ "permission_denied", MEANS_RESTRICTED },
	{ "permissions_error", MEANS_RESTRICTED },
	{ "service_blocked", MEANS_RESTRICTED },
	{ "access_denied", MEANS_RESTRICTED },
	{ "accessdenied", MEANS_RESTRICTED },
	{ "is not open", MEANS_RESTRICTED },
	{ "not authorized to perform", MEANS_RESTRICTED },
	{ "rate_limit", MEANS_RATE },
	{ "rate limit", MEANS_RATE },
	{ "usage limit", MEANS_RATE },
	{ "too many requests", MEANS_RATE },
	{ "resource_exhausted", MEANS_RATE },
};

/* The provider's own number goes before words: the words around it vary. */
static enum meaning meaning_of_code(const struct judged *j)
{
	const struct style *s = j->style;
	struct json_object *value;
	int code;

	if (!s->codes)
		return MEANS_NOTHING;
	value = judge_at(j->root, s->code);
	if (!value)
		value = judge_at(j->root, "error.code");
	code = value ? json_object_get_int(value) : 0;
	for (const struct error_code *c = s->codes; c->code; c++) {
		if (c->code == code)
			return c->means;
	}
	return MEANS_NOTHING;
}

enum meaning judge_meaning(const struct judged *j)
{
	enum meaning m = meaning_of_code(j);

	for (size_t i = 0; m == MEANS_NOTHING && i < ARRAY_LEN(phrases); i++) {
		if (judge_contains(j->code, phrases[i].words) ||
			judge_contains(j->message, phrases[i].words))
			m = phrases[i].means;
	}
	return m;
}
