/* SPDX-License-Identifier: MIT */

/* How providers' answers differ, as rows: gateway-family.md 14.9 and 16, and where a row says so.
 */
#include "provider/judge_parts.h"

/* docs.z.ai/api-reference/api-code: they come with any status. */
static const struct error_code zai_codes[] = {
	{ 401, MEANS_BAD_KEY },
	{ 1000, MEANS_BAD_KEY },
	{ 1001, MEANS_BAD_KEY },
	{ 1002, MEANS_BAD_KEY },
	{ 1003, MEANS_BAD_KEY },
	{ 1004, MEANS_BAD_KEY },
	{ 1110, MEANS_BAD_KEY }, /* the account is inactive, gone or locked */
	{ 1111, MEANS_BAD_KEY },
	{ 1112, MEANS_BAD_KEY },
	{ 1113, MEANS_NO_CREDIT },
	{ 1121, MEANS_BAD_KEY },
	{ 1220, MEANS_RESTRICTED },
	{ 1302, MEANS_RATE },
	{ 1303, MEANS_RATE },
	{ 1304, MEANS_RATE },
	{ 1305, MEANS_RATE },
	{ 1308, MEANS_RATE },
	{ 1309, MEANS_NO_CREDIT }, /* the plan has run out */
	{ 1310, MEANS_RATE },
	{ 1311, MEANS_RESTRICTED },
	{ 1313, MEANS_RATE },
	{ 0 },
};

/* platform.minimax.io/docs/api-reference/errorcode */
static const struct error_code minimax_codes[] = {
	{ 1002, MEANS_RATE },
	{ 1004, MEANS_BAD_KEY },
	{ 1008, MEANS_NO_CREDIT },
	{ 1028, MEANS_RATE }, /* the plan's window is used up */
	{ 1030, MEANS_RATE },
	{ 1039, MEANS_RATE },
	{ 2049, MEANS_BAD_KEY },
	{ 2056, MEANS_RATE },
	{ 2061, MEANS_RESTRICTED },
	{ 0 },
};

/* An answer about the account; what of it counts is found by its shape. */
static const struct style account = { .account = true, .restricted_good = true };

static const struct style by_status = { .restricted_good = true };
/* Lacking a permission tells nothing here: a setup-token lacks it, and a server without keys. */
static const struct style plain = { 0 };
static const struct style google = {
	.bad_key_400 = true, .quota_is_rate = true, .restricted_good = true
};
static const struct style xai = { .bad_key_400 = true, .restricted_good = true };
static const struct style zai = { .code = "code", .codes = zai_codes, .restricted_good = true };
static const struct style minimax = {
	.code = "base_resp.status_code", .codes = minimax_codes, .restricted_good = true
};
static const struct style public_list = { .list_is_public = true, .restricted_good = true };

static const struct style *const styles[] = {
	[JUDGE_STATUS] = &by_status,
	[JUDGE_ANTHROPIC] = &plain,
	[JUDGE_GOOGLE] = &google,
	[JUDGE_XAI] = &xai,
	[JUDGE_ZAI] = &zai,
	[JUDGE_OPENROUTER_KEY] = &account,
	[JUDGE_LOCAL] = &plain,
	[JUDGE_PUBLIC] = &public_list,
	[JUDGE_MINIMAX] = &minimax,
	[JUDGE_HUGGINGFACE] = &account,
	[JUDGE_VERCEL] = &account,
	[JUDGE_VENICE] = &account,
	[JUDGE_SYNTHETIC] = &account,
	[JUDGE_CHUTES] = &account,
	[JUDGE_ELEVENLABS] = &account,
	[JUDGE_DEEPGRAM] = &account,
	[JUDGE_ACCOUNT] = &account,
};

_Static_assert(ARRAY_LEN(styles) == JUDGE_STYLES, "a style for every name");

const struct style *judge_style(enum judge_style s)
{
	return styles[(size_t)s < ARRAY_LEN(styles) ? s : JUDGE_STATUS];
}

/* The sources of the shapes are beside the answers in tests/provider/answers. */
static const struct account accounts[] = {
	{ "data.usage", { "data.label" }, "data.limit_remaining", NULL, "USD", false },
	{ "data.rateLimits", { "data.apiTier.id" }, "data.balances.USD", NULL, "USD", false },
	{ "total_used", { NULL }, "balance", NULL, "USD", false },
	{ "subscription.tier", { "first_name", "user_id" }, "subscription.character_limit",
		"subscription.character_count", "characters", false },
	{ "rollingFiveHourLimit.max", { NULL }, "rollingFiveHourLimit.remaining", NULL, "requests",
		true },
	{ "subscription.limit", { NULL }, "subscription.limit", "subscription.requests", "requests",
		true },
	{ "auth.accessToken", { "name", "fullname" }, NULL, NULL, NULL, false },
	{ "username", { "username" }, "balance", NULL, "USD", false },
	{ "user.email", { "user.name", "user.email" }, NULL, NULL, NULL, false },
	{ "projects", { "projects.name" }, NULL, NULL, NULL, false },
	{ "modelSummaries", { NULL }, NULL, NULL, NULL, false },
	{ "requests", { NULL }, NULL, NULL, NULL, false },
};

const struct account *judge_shape(struct json_object *root)
{
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++) {
		if (judge_at(root, accounts[i].proof))
			return &accounts[i];
	}
	return NULL;
}
