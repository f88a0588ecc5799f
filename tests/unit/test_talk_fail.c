/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "provider/talk.h"

/* Why there is no answer: gateway-family.md 10.4, and what a person is told. */

static struct talk_target target(const char *provider)
{
	const struct provider *p = provider_find(provider);

	return (struct talk_target){
		.provider = p, .method = provider_method(p, "api-key"), .base_url = ""
	};
}

static void status_goes_before_words(void **state)
{
	(void)state;
	assert_int_equal(talk_classify(402, "rate limit"), TALK_BILLING);
	assert_int_equal(talk_classify(429, "invalid api key"), TALK_RATE_LIMIT);
	assert_int_equal(talk_classify(401, ""), TALK_AUTH);
	assert_int_equal(talk_classify(403, ""), TALK_AUTH);
	assert_int_equal(talk_classify(408, ""), TALK_TIMEOUT);
}

static void words_are_looked_for_in_order(void **state)
{
	static const struct {
		const char *text;
		enum talk_class want;
	} rows[] = {
		{ "Rate_Limit exceeded", TALK_RATE_LIMIT },
		{ "You exceeded your current quota, check billing and plan", TALK_RATE_LIMIT },
		{ "RESOURCE_EXHAUSTED", TALK_RATE_LIMIT },
		{ "overloaded_error", TALK_RATE_LIMIT },
		{ "messages.1.content.1.tool_use.id: x", TALK_FORMAT },
		{ "string should match pattern", TALK_FORMAT },
		{ "Your credit balance is too low", TALK_BILLING },
		{ "see plans & billing", TALK_BILLING },
		{ "billing: please upgrade", TALK_BILLING },
		{ "billing", TALK_UNCLASSIFIED },
		{ "error 402.", TALK_BILLING },
		{ "error 14022", TALK_UNCLASSIFIED },
		{ "context deadline exceeded", TALK_TIMEOUT },
		{ "request timed out", TALK_TIMEOUT },
		{ "Incorrect API key provided", TALK_AUTH },
		{ "invalid_api_key", TALK_AUTH },
		{ "token has expired", TALK_AUTH },
		{ "HTTP 403", TALK_AUTH },
		{ "model not found", TALK_UNCLASSIFIED },
		{ "", TALK_UNCLASSIFIED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (talk_classify(500, rows[i].text) != rows[i].want)
			fail_msg("%s: %s", rows[i].text,
				talk_class_name(talk_classify(500, rows[i].text)));
}

static void only_what_is_about_the_credential_rotates(void **state)
{
	(void)state;
	assert_true(talk_class_rotates(TALK_AUTH));
	assert_true(talk_class_rotates(TALK_RATE_LIMIT));
	assert_true(talk_class_rotates(TALK_BILLING));
	assert_false(talk_class_rotates(TALK_TIMEOUT));
	assert_false(talk_class_rotates(TALK_FORMAT));
	assert_false(talk_class_rotates(TALK_UNCLASSIFIED));
}

/* --- judged answers -----------------------------------------------------------------------------
 */

struct row {
	const char *provider;
	int status;
	enum reason transport;
	const char *body;
	enum talk_class class;
	enum err_code code;
	const char *headline, *advice;
};

static void assert_row(const struct row *row)
{
	struct talk_target t = target(row->provider);
	struct check_answer a = { .status = row->status,
		.transport = row->transport,
		.body = row->body,
		.body_len = strlen(row->body) };
	char head[320], advice[240];
	struct str h = STR_OF(head);
	struct str ad = STR_OF(advice);
	struct talk_failure f;

	talk_judge(&f, &t, &a, NULL);
	talk_headline(&h, &f, &t, "x:work");
	talk_advice(&ad, &f, &t);
	if (f.class != row->class || talk_code(&f) != row->code)
		fail_msg("%d %s: %s, %s", row->status, row->body, talk_class_name(f.class),
			err_text(talk_code(&f)));
	assert_string_equal(head, row->headline);
	if (!strstr(advice, row->advice))
		fail_msg("%s: %s", head, advice);
}

static void failures_are_told(void **state)
{
	static const struct row rows[] = {
		{ "anthropic", 401, REASON_NONE,
			"{\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid "
			"x-api-key\"}}",
			TALK_AUTH, ERR_REJECTED,
			"Anthropic did not accept x:work (HTTP 401): invalid x-api-key",
			"thinkfleetbot models auth add --provider anthropic" },
		{ "openai", 429, REASON_NONE,
			"{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"You exceeded "
			"your "
			"current quota\"}}",
			TALK_BILLING, ERR_FAILED,
			"OpenAI has no credit for x:work (HTTP 429): You exceeded your current "
			"quota",
			"add credit" },
		{ "openai", 429, REASON_NONE,
			"{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down\"}}",
			TALK_RATE_LIMIT, ERR_BUSY, "OpenAI limits x:work (HTTP 429): Slow down",
			"wait a little" },
		{ "openai", 404, REASON_NONE,
			"{\"error\":{\"code\":\"model_not_found\",\"message\":\"no such model\"}}",
			TALK_UNCLASSIFIED, ERR_FAILED,
			"OpenAI refused the request (HTTP 404): no such model",
			"is the name of the model right?" },
		{ "google", 400, REASON_NONE,
			"{\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"status\":"
			"\"INVALID_ARGUMENT\",\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}",
			TALK_AUTH, ERR_REJECTED,
			"Google Gemini did not accept x:work (HTTP 400): API key not valid.",
			"models auth add --provider google" },
		{ "anthropic", 400, REASON_NONE,
			"{\"error\":{\"message\":\"This credential is only authorized for use with "
			"Claude Code and cannot be used for other API requests.\"}}",
			TALK_AUTH, ERR_REJECTED,
			"Anthropic did not accept x:work (HTTP 400): This credential is only "
			"authorized for use with Claude Code and cannot be used for other API "
			"requests.",
			"use an Anthropic API key instead" },
		{ "anthropic", 529, REASON_NONE,
			"{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
			TALK_RATE_LIMIT, ERR_UNREACHABLE,
			"Anthropic limits x:work (HTTP 529): Overloaded", "wait a little" },
		{ "anthropic", 500, REASON_NONE, "{\"error\":{\"message\":\"oops\"}}",
			TALK_UNCLASSIFIED, ERR_UNREACHABLE,
			"Anthropic has a problem (HTTP 500): oops", "try again later" },
		{ "openai", 302, REASON_REDIRECT, "", TALK_UNCLASSIFIED, ERR_UNREACHABLE,
			"api.openai.com points to another address (HTTP 302)", "" },
		{ "openai", 0, REASON_DNS, "", TALK_UNCLASSIFIED, ERR_UNREACHABLE,
			"Could not reach api.openai.com: the name was not found",
			"This host cannot look up names" },
		{ "openai", 0, REASON_TIMEOUT, "", TALK_TIMEOUT, ERR_UNREACHABLE,
			"No answer from api.openai.com in time", "Try again" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_row(&rows[i]);
}

static void key_in_the_providers_words_is_not_shown(void **state)
{
	static const char invented[] = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz";
	struct talk_target t = target("openai");
	struct check_answer a = { .status = 401 };
	struct talk_failure f;
	struct secret key = { 0 };
	struct err e = { 0 };
	char body[200];

	(void)state;
	assert_ok(secret_from(&key, invented, strlen(invented), &e), e);
	snprintf(body, sizeof(body), "{\"error\":{\"message\":\"bad key %s\\u001b[31m!\"}}",
		invented);
	a.body = body;
	a.body_len = strlen(body);
	talk_judge(&f, &t, &a, &key);
	assert_string_equal(f.text, "bad key ...!");
	snprintf(body, sizeof(body), "authentication failed for %s", invented);
	talk_judge_words(&f, body, &key);
	assert_string_equal(f.text, "authentication failed for ...");
	assert_int_equal(f.class, TALK_AUTH);
	secret_release(&key);
}

static int start(void **state)
{
	struct err e = { 0 };

	(void)state;
	return crypto_start(&e) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_goes_before_words),
		cmocka_unit_test(words_are_looked_for_in_order),
		cmocka_unit_test(only_what_is_about_the_credential_rotates),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(key_in_the_providers_words_is_not_shown),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
