/* SPDX-License-Identifier: MIT */

/*
 * What an answer means. The rules are (gateway-family.md 16, user-pains.md P62):
 *
 * - Accepted only when the body is what this provider sends to a good key: a
 *   captive portal also says 200, and a public model list says it to anybody.
 * - Rejected only when the provider said so. Everything else is unknown.
 * - Words are looked for in the provider's error code and message only.
 */
#include "provider/judge_parts.h"

#include <string.h>

static void decide(struct judged *j, enum verdict v, enum reason reason)
{
	j->out->verdict = v;
	j->out->reason = reason;
}

/* Keys for an organisation's administration: known to the provider, no use for models. */
static bool is_admin_key(const struct secret *key)
{
	static const char *const prefixes[] = { "sk-admin-", "sk-ant-admin" };

	for (size_t i = 0; key && i < ARRAY_LEN(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (key->len >= n && memcmp(key->bytes, prefixes[i], n) == 0)
			return true;
	}
	return false;
}

static bool decide_by_meaning(struct judged *j, enum meaning means)
{
	static const struct {
		enum verdict verdict;
		enum reason reason;
	} rows[] = {
		[MEANS_BAD_KEY] = { VERDICT_REJECTED, REASON_BAD_KEY },
		[MEANS_NO_CREDIT] = { VERDICT_NO_CREDIT, REASON_BILLING },
		[MEANS_RATE] = { VERDICT_LIMITED, REASON_RATE_LIMIT },
		[MEANS_RESTRICTED] = { VERDICT_UNKNOWN, REASON_RESTRICTED },
		[MEANS_BLOCKED] = { VERDICT_UNKNOWN, REASON_BLOCKED },
	};

	if (means == MEANS_NOTHING)
		return false;
	decide(j, rows[means].verdict, rows[means].reason);
	if (means == MEANS_RESTRICTED && j->style->restricted_good)
		j->out->verdict = VERDICT_ACCEPTED;
	return true;
}

/* Good, unless nothing is left of what the key may spend. */
static void judge_known(struct judged *j)
{
	double left;

	if (judge_left(j, &left) && left <= 0)
		decide_by_meaning(j, j->account->none_left_is_rate ? MEANS_RATE : MEANS_NO_CREDIT);
	else
		decide(j, VERDICT_ACCEPTED, REASON_NONE);
}

/* An error that came as 200. What lacks a permission is known only by the provider's own number. */
static bool decide_hidden_error(struct judged *j)
{
	enum meaning means = judge_meaning(j);

	if (!j->root || !decide_by_meaning(j, means))
		return false;
	if (means == MEANS_RESTRICTED && !j->style->codes)
		j->out->verdict = VERDICT_UNKNOWN;
	return true;
}

static void judge_success(struct judged *j)
{
	const struct style *s = j->style;
	bool listed = !s->account && judge_is_list(j->root);

	if (s->account)
		j->account = judge_shape(j->root);
	if (listed && s->list_is_public)
		decide(j, VERDICT_UNKNOWN, REASON_UNPROVEN);
	else if (listed || j->account)
		judge_known(j);
	else if (!decide_hidden_error(j))
		decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

/* 400 and what has no row of its own: only clear words count. */
static void judge_bad_request(struct judged *j)
{
	enum meaning means = judge_meaning(j);

	if (means == MEANS_NO_CREDIT || means == MEANS_BLOCKED ||
		(means == MEANS_BAD_KEY && j->style->bad_key_400))
		decide_by_meaning(j, means);
	else
		decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

/* OpenAI and others answer 401 also to a good key that lacks a scope. */
static void judge_unauthorized(struct judged *j)
{
	enum meaning means = judge_meaning(j);

	if (is_admin_key(j->key))
		decide(j, VERDICT_REJECTED, REASON_ADMIN_KEY);
	else if (means == MEANS_RESTRICTED || means == MEANS_NO_CREDIT || means == MEANS_BLOCKED)
		decide_by_meaning(j, means);
	else
		decide(j, VERDICT_REJECTED, REASON_BAD_KEY);
}

/* Venice asks for money also when it does not know the key. */
static void judge_payment(struct judged *j)
{
	enum meaning means = judge_meaning(j);

	decide_by_meaning(j, means == MEANS_BAD_KEY ? means : MEANS_NO_CREDIT);
}

static void judge_forbidden(struct judged *j)
{
	if (j->html || j->challenge)
		decide(j, VERDICT_UNKNOWN, REASON_BLOCKED); /* a firewall's page */
	else if (is_admin_key(j->key))
		decide(j, VERDICT_REJECTED, REASON_ADMIN_KEY);
	else if (!decide_by_meaning(j, judge_meaning(j)))
		decide(j, VERDICT_UNKNOWN, REASON_RESTRICTED);
}

static void judge_limited(struct judged *j)
{
	enum meaning means = judge_meaning(j);

	if (means == MEANS_NO_CREDIT && j->style->quota_is_rate)
		means = MEANS_RATE;
	if (means != MEANS_NO_CREDIT && means != MEANS_BAD_KEY)
		means = MEANS_RATE;
	decide_by_meaning(j, means);
}

static void judge_proxy(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_PROXY);
}

static void judge_redirect(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_REDIRECT);
	str_copy(j->message, sizeof(j->message), j->answer->transport_text);
}

static void judge_portal(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_PORTAL);
}

static void judge_server(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, j->challenge ? REASON_BLOCKED : REASON_SERVER);
}

static void judge_format(struct judged *j)
{
	decide(j, VERDICT_UNKNOWN, REASON_FORMAT);
}

/* The first row that holds the status; the last row holds everything. */
static const struct {
	int from, to;
	void (*judge)(struct judged *j);
} statuses[] = {
	{ 200, 299, judge_success },
	{ 300, 399, judge_redirect },
	{ 401, 401, judge_unauthorized },
	{ 402, 402, judge_payment },
	{ 403, 403, judge_forbidden },
	{ 407, 407, judge_proxy },
	{ 429, 429, judge_limited },
	{ 400, 499, judge_bad_request },
	{ 511, 511, judge_portal }, /* "network authentication required" */
	{ 500, 599, judge_server },
	{ 0, 999, judge_format },
};

static const char claude_code[] = "only authorized for use with Claude Code";

static void judge_answer(struct judged *j)
{
	int status = j->answer->status;

	if (judge_contains(j->message, claude_code)) {
		decide(j, VERDICT_REJECTED, REASON_CLAUDE_CODE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (status >= statuses[i].from && status <= statuses[i].to) {
			statuses[i].judge(j);
			return;
		}
	}
	judge_format(j);
}

/* What the result may hold of an earlier answer. */
static void forget_answer(struct check_result *out)
{
	out->text[0] = out->account[0] = out->credit[0] = out->limits[0] = '\0';
	out->model_count = 0;
	memset(out->models, 0, sizeof(out->models));
}

void check_judge(struct check_result *out, const struct check_request *rq,
	const struct check_answer *a, const struct secret *key)
{
	struct judged j = { .out = out, .answer = a, .key = key, .style = judge_style(rq->judge) };

	out->status = a->status;
	forget_answer(out);
	if (a->transport != REASON_NONE || !a->status) {
		decide(&j, VERDICT_UNKNOWN,
			a->transport != REASON_NONE ? a->transport : REASON_CLOSED);
		str_copy(j.message, sizeof(j.message), a->transport_text);
	} else {
		judge_read(&j);
		judge_answer(&j);
		if (out->verdict == VERDICT_ACCEPTED || out->reason == REASON_UNPROVEN)
			judge_models(&j);
		judge_account(&j);
	}
	if (out->reason != REASON_NONE)
		judge_take(out->text, sizeof(out->text), j.message, strlen(j.message), key);
	json_object_put(j.root);
}
