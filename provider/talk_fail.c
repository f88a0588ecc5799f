/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "provider/judge_parts.h"
#include "provider/talk.h"
#include "provider/url.h"

/* --- the family's classes (gateway-family.md 10.4) -------------------------------------------- */

const char *talk_class_name(enum talk_class c)
{
	static const char *const names[] = {
		[TALK_UNCLASSIFIED] = "unknown",
		[TALK_RATE_LIMIT] = "rate_limit",
		[TALK_FORMAT] = "format",
		[TALK_BILLING] = "billing",
		[TALK_TIMEOUT] = "timeout",
		[TALK_AUTH] = "auth",
	};

	return names[c];
}

/* Order matters: the first hit counts. number: must stand alone, not inside of a longer one. */
static const struct {
	enum talk_class class;
	const char *words;
	bool number;
	const char *also; /* needed beside it, or NULL */
} clues[] = {
	{ TALK_RATE_LIMIT, "rate limit" },
	{ TALK_RATE_LIMIT, "rate_limit" },
	{ TALK_RATE_LIMIT, "too many requests" },
	{ TALK_RATE_LIMIT, "429" },
	{ TALK_RATE_LIMIT, "exceeded your current quota" },
	{ TALK_RATE_LIMIT, "resource has been exhausted" },
	{ TALK_RATE_LIMIT, "quota exceeded" },
	{ TALK_RATE_LIMIT, "resource_exhausted" },
	{ TALK_RATE_LIMIT, "usage limit" },
	{ TALK_RATE_LIMIT, "overloaded" },
	{ TALK_FORMAT, "string should match pattern" },
	{ TALK_FORMAT, "tool_use.id" },
	{ TALK_FORMAT, "tool_use_id" },
	{ TALK_FORMAT, "invalid request format" },
	{ TALK_BILLING, "402", .number = true },
	{ TALK_BILLING, "payment required" },
	{ TALK_BILLING, "insufficient credits" },
	{ TALK_BILLING, "credit balance" },
	{ TALK_BILLING, "plans & billing" },
	{ TALK_BILLING, "billing", .also = "upgrade" },
	{ TALK_BILLING, "billing", .also = "credits" },
	{ TALK_BILLING, "billing", .also = "payment" },
	{ TALK_BILLING, "billing", .also = "plan" },
	{ TALK_TIMEOUT, "timeout" },
	{ TALK_TIMEOUT, "timed out" },
	{ TALK_TIMEOUT, "deadline exceeded" },
	{ TALK_AUTH, "invalid api key" },
	{ TALK_AUTH, "invalid_api_key" },
	{ TALK_AUTH, "invalidapikey" },
	{ TALK_AUTH, "invalid apikey" },
	{ TALK_AUTH, "invalid api_key" },
	{ TALK_AUTH, "invalid_apikey" },
	{ TALK_AUTH, "incorrect api key" },
	{ TALK_AUTH, "invalid token" },
	{ TALK_AUTH, "authentication" },
	{ TALK_AUTH, "re-authenticate" },
	{ TALK_AUTH, "oauth token refresh failed" },
	{ TALK_AUTH, "unauthorized" },
	{ TALK_AUTH, "forbidden" },
	{ TALK_AUTH, "access denied" },
	{ TALK_AUTH, "expired" },
	{ TALK_AUTH, "401", .number = true },
	{ TALK_AUTH, "403", .number = true },
	{ TALK_AUTH, "no credentials found" },
	{ TALK_AUTH, "no api key found" },
};

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static bool has_number(const char *text, const char *number)
{
	size_t n = strlen(number);

	for (const char *p = strstr(text, number); p; p = strstr(p + 1, number))
		if ((p == text || !is_word(p[-1])) && !is_word(p[n]))
			return true;
	return false;
}

enum talk_class talk_classify(int status, const char *text)
{
	static const struct {
		int status;
		enum talk_class class;
	} statuses[] = { { 402, TALK_BILLING }, { 429, TALK_RATE_LIMIT }, { 401, TALK_AUTH },
		{ 403, TALK_AUTH }, { 408, TALK_TIMEOUT } };

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].class;
	for (size_t i = 0; i < ARRAY_LEN(clues); i++) {
		bool hit = clues[i].number ? has_number(text, clues[i].words)
					   : judge_contains(text, clues[i].words);

		if (hit && (!clues[i].also || judge_contains(text, clues[i].also)))
			return clues[i].class;
	}
	return TALK_UNCLASSIFIED;
}

bool talk_class_rotates(enum talk_class c)
{
	return c == TALK_AUTH || c == TALK_RATE_LIMIT || c == TALK_BILLING;
}

/* --- what an answer means --------------------------------------------------------------------- */

/* What the provider means may be clearer than its status: the key is the wrong one, or has no
 * credit. */
static void refine(struct talk_failure *f)
{
	switch (f->reason) {
	case REASON_CLAUDE_CODE: /* good for something else only */
	case REASON_ADMIN_KEY:
	case REASON_BAD_KEY: /* Google and xAI say so with 400 */
		f->class = TALK_AUTH;
		break;
	case REASON_BILLING: /* OpenAI's quota is 429 */
		f->class = TALK_BILLING;
		break;
	default:
		break;
	}
}

void talk_judge(struct talk_failure *out, const struct talk_target *t, const struct check_answer *a,
	const struct secret *key)
{
	static struct check_result result; /* large; of no use behind this function */
	const struct check_request rq = { .judge = t->method->judge };

	result = (struct check_result){ 0 };
	check_judge(&result, &rq, a, key);
	*out = (struct talk_failure){ .reason = result.reason, .status = a->status };
	str_copy(out->text, sizeof(out->text), result.text);
	if (a->transport == REASON_TIMEOUT || a->transport == REASON_CLOSED)
		out->class = TALK_TIMEOUT;
	else if (a->transport == REASON_NONE)
		out->class = talk_classify(a->status, out->text);
	refine(out);
}

void talk_judge_words(struct talk_failure *out, const char *error, const struct secret *key)
{
	*out = (struct talk_failure){ 0 };
	judge_take(out->text, sizeof(out->text), error, strlen(error), key);
	out->class = talk_classify(0, out->text);
}

/* Of the network: nothing came that an HTTP server says to a request. */
static bool is_network(const struct talk_failure *f)
{
	return !f->status && f->reason != REASON_NONE;
}

enum err_code talk_code(const struct talk_failure *f)
{
	static const enum err_code codes[] = {
		[TALK_UNCLASSIFIED] = ERR_FAILED,
		[TALK_RATE_LIMIT] = ERR_BUSY,
		[TALK_FORMAT] = ERR_FAILED,
		[TALK_BILLING] = ERR_FAILED,
		[TALK_TIMEOUT] = ERR_UNREACHABLE,
		[TALK_AUTH] = ERR_REJECTED,
	};

	if (is_network(f) || f->status >= 500 || (f->status >= 300 && f->status < 400))
		return ERR_UNREACHABLE;
	return codes[f->class];
}

static void add_status(struct str *out, const struct talk_failure *f)
{
	if (f->status)
		str_fmt(out, " (HTTP %d)", f->status);
	if (f->text[0])
		str_fmt(out, ": %s", f->text);
}

static void network_words(
	struct check_result *r, const struct talk_failure *f, const struct talk_target *t)
{
	bool moved = t->base_url && t->base_url[0];
	const char *base = moved ? t->base_url : t->provider->base_url;
	struct str host = STR_OF(r->host);
	struct url url;

	*r = (struct check_result){ .verdict = VERDICT_UNKNOWN, .reason = f->reason };
	r->status = f->status;
	r->skew_ms = INT64_MIN;
	if (base && url_parse(&url, base, NULL))
		url_shown(&host, &url);
}

void talk_headline(
	struct str *out, const struct talk_failure *f, const struct talk_target *t, const char *who)
{
	static const char *const says[] = {
		[TALK_UNCLASSIFIED] = "refused the request",
		[TALK_RATE_LIMIT] = "limits",
		[TALK_FORMAT] = "did not understand the request",
		[TALK_BILLING] = "has no credit for",
		[TALK_TIMEOUT] = "did not answer in time",
		[TALK_AUTH] = "did not accept",
	};
	static struct check_result r;

	network_words(&r, f, t);
	if (is_network(f) || (f->status >= 300 && f->status < 400)) {
		check_headline(out, &r, t->provider, t->method);
		if (f->text[0] && is_network(f))
			str_fmt(out, " (%s)", f->text);
		return;
	}
	if (f->class == TALK_UNCLASSIFIED && f->status >= 500)
		str_fmt(out, "%s has a problem", t->provider->label);
	else
		str_fmt(out, "%s %s%s%s", t->provider->label, says[f->class],
			talk_class_rotates(f->class) ? " " : "",
			talk_class_rotates(f->class) ? who : "");
	add_status(out, f);
}

void talk_advice(struct str *out, const struct talk_failure *f, const struct talk_target *t)
{
	static struct check_result r;
	static const char *const says[] = {
		[TALK_UNCLASSIFIED] =
			"is the name of the model right? /models lists those that are known",
		[TALK_RATE_LIMIT] = "wait a little, or choose another model",
		[TALK_FORMAT] = "begin again with /new",
		[TALK_BILLING] = "add credit or a payment method at the provider",
		[TALK_TIMEOUT] = "try again",
		[TALK_AUTH] = "",
	};

	if (f->reason == REASON_CLAUDE_CODE) {
		str_fmt(out,
			"use an Anthropic API key instead: thinkfleetbot onboard --provider %s "
			"--method api-key",
			t->provider->id);
	} else if (is_network(f)) {
		network_words(&r, f, t);
		check_advice(out, &r, t->provider, t->method);
		if (out->len && out->p[out->len - 1] == '.') /* a hint has none */
			out->p[--out->len] = '\0';
	} else if (f->class == TALK_AUTH) {
		str_fmt(out, "replace it: thinkfleetbot models auth add --provider %s",
			t->provider->id);
	} else if (f->class == TALK_UNCLASSIFIED && f->status >= 500) {
		str_add(out, "try again later");
	} else {
		str_add(out, says[f->class]);
	}
}
