/* SPDX-License-Identifier: MIT */

/* What an answer tells beside yes or no, and that a foreign text does no harm. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "provider/check.h"

#define KEY "sk-proj-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X"
#define LIST "{\"data\":[{\"id\":\"m1\"},{\"id\":\"m2\"}]}"

static struct check_result result;

static void judge(enum judge_style style, int status, const char *body)
{
	struct check_request rq = { .judge = style };
	struct check_answer a = { .status = status, .body = body, .body_len = strlen(body) };
	struct secret key = { 0 };
	struct err e = { 0 };

	result = (struct check_result){ .skew_ms = INT64_MIN };
	assert_ok(secret_from(&key, KEY, strlen(KEY), &e), e);
	check_judge(&result, &rq, &a, &key);
	secret_release(&key);
}

static void headers_are_taken_by_name_whatever_their_case(void **state)
{
	static const char *const lines[] = { "OpenAI-Organization:  acme \r\n",
		"X-RateLimit-Limit-Requests: 50\r\n", "x-ratelimit-remaining-requests:49\r\n",
		"Retry-After: 20", "set-cookie: a=b", "no colon", ":", "" };
	struct check_headers h = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		check_take_header(&h, lines[i], strlen(lines[i]));
	assert_string_equal(h.values[HEADER_ACCOUNT], "acme");
	assert_string_equal(h.values[HEADER_LIMIT], "50");
	assert_string_equal(h.values[HEADER_REMAINING], "49");
	assert_string_equal(h.values[HEADER_RETRY_AFTER], "20");
	assert_string_equal(h.values[HEADER_CHALLENGE], "");
}

static void header_that_does_not_fit_or_comes_again_is_left(void **state)
{
	struct check_headers h = { 0 };
	char line[300] = "openai-organization: ";

	(void)state;
	memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
	check_take_header(&h, line, sizeof(line) - 1);
	assert_string_equal(h.values[HEADER_ACCOUNT], "");
	check_take_header(&h, "retry-after: 1", 14);
	check_take_header(&h, "retry-after: 2", 14);
	assert_string_equal(h.values[HEADER_RETRY_AFTER], "1");
}

static void header_line_needs_no_end(void **state)
{
	static const char line[] = "retry-after: 20";
	struct check_headers h = { 0 };
	char *exact = malloc(sizeof(line) - 1);

	(void)state;
	assert_non_null(exact);
	memcpy(exact, line, sizeof(line) - 1);
	check_take_header(&h, exact, sizeof(line) - 1);
	free(exact);
	assert_string_equal(h.values[HEADER_RETRY_AFTER], "20");
}

static void judge_with(const char *headers[], size_t n)
{
	struct check_request rq = { .judge = JUDGE_STATUS };
	struct check_answer a = { .status = 200, .body = LIST, .body_len = strlen(LIST) };
	struct secret key = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		check_take_header(&a.headers, headers[i], strlen(headers[i]));
	assert_ok(secret_from(&key, KEY, strlen(KEY), &e), e);
	check_judge(&result, &rq, &a, &key);
	secret_release(&key);
}

static void limits_are_numbers_or_nothing(void **state)
{
	const char *bad[] = { "x-ratelimit-limit: 5\x1b[31m", "x-ratelimit-remaining: many",
		"retry-after: Wed, 21 Oct 2026 07:28:00 GMT" };
	const char *alone[] = { "x-ratelimit-remaining: 7" };

	(void)state;
	judge_with(bad, ARRAY_LEN(bad));
	assert_string_equal(result.limits, "");
	judge_with(alone, ARRAY_LEN(alone));
	assert_string_equal(result.limits, "7 requests left");
}

static void name_of_the_account_is_clean_and_holds_no_key(void **state)
{
	const char *hostile[] = {
		"openai-organization: a\x1b]0;x\x07\xE2\x80\xAE"
		"b"
	};
	const char *echo[] = { "openai-organization: org of " KEY };

	(void)state;
	judge_with(hostile, 1);
	assert_string_equal(result.account, "ab");
	judge_with(echo, 1);
	assert_string_equal(result.account, "");
}

static void foreign_text_with_a_pile_of_marks_stays_small(void **state)
{
	static char body[300000] = "{\"error\":{\"message\":\"a";
	size_t n = strlen(body);

	(void)state;
	for (int i = 0; i < 100000; i++, n += 2)
		memcpy(body + n, "\xCC\x81", 2);
	memcpy(body + n, " end\"}}", 8);
	judge(JUDGE_STATUS, 401, body);
	assert_int_equal(result.verdict, VERDICT_REJECTED);
	assert_true(strlen(result.text) < 10);
}

static void echoed_key_is_scrubbed(void **state)
{
	static const char *const bodies[] = {
		"{\"error\":{\"message\":\"bad key " KEY ".\"}}",
		"{\"error\":{\"message\":\"bad key " KEY KEY "\"}}",
		"{\"error\":{\"message\":\"bad key sk-proj-4vT9...Ds9Aq1Wz2X\"}}",
		"{\"error\":{\"message\":\"x\\u001b[0m4vT9Qw7e\\u200bXz1Lb8Kc\"}}",
		KEY " is bad",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		judge(JUDGE_STATUS, 401, bodies[i]);
		for (size_t k = 0; k + 8 <= strlen(KEY); k++) {
			char piece[9];

			str_copy(piece, sizeof(piece), &KEY[k]);
			if (strstr(result.text, piece))
				fail_msg("%s", result.text);
		}
		assert_true(result.text[0]);
	}
}

static void foreign_text_is_made_harmless(void **state)
{
	(void)state;
	judge(JUDGE_STATUS, 401,
		"{\"error\":{\"message\":\"a\\u001b]0;x\\u0007b\\u202ec\\u200bd\\ne\"}}");
	for (const char *p = result.text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p != 0x7F);
	assert_null(strstr(result.text, "\xE2\x80\xAE"));
}

static void models_that_agents_cannot_talk_to_come_last(void **state)
{
	static const struct {
		const char *body, *first, *last;
	} cases[] = {
		{ "{\"data\":[{\"id\":\"tts-1\"},{\"id\":\"gpt-5.2\"}]}", "gpt-5.2", "tts-1" },
		{ "{\"data\":[{\"id\":\"text-embedding-3-small\"},{\"id\":\"o3\"}]}", "o3",
			"text-embedding-3-small" },
		{ "[{\"id\":\"a\",\"type\":\"image\"},{\"id\":\"b\",\"type\":\"chat\"}]", "b",
			"a" },
		{ "{\"models\":[{\"name\":\"models/aqa\",\"supportedGenerationMethods\":"
		  "[\"generateAnswer\"]},{\"name\":\"models/gemini-3\","
		  "\"supportedGenerationMethods\":[\"countTokens\",\"generateContent\"]}]}",
			"gemini-3", "aqa" },
		{ "{\"data\":[{\"id\":\"a\",\"capabilities\":{\"completion_chat\":false}},"
		  "{\"id\":\"b\",\"capabilities\":{\"completion_chat\":true}}]}",
			"b", "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		judge(JUDGE_STATUS, 200, cases[i].body);
		assert_int_equal(result.model_count, 2);
		assert_string_equal(result.models[0], cases[i].first);
		assert_string_equal(result.models[1], cases[i].last);
	}
}

/* OpenAI lists some hundred, in no order. */
static void models_to_talk_to_are_kept_when_there_are_too_many(void **state)
{
	char body[CHECK_MODELS * 40];
	struct str s = STR_OF(body);

	(void)state;
	str_add(&s, "{\"data\":[");
	for (int i = 0; i < CHECK_MODELS; i++)
		str_fmt(&s, "{\"id\":\"whisper-%d\"},", i);
	str_add(&s, "{\"id\":\"gpt-5.2\"}]}");
	assert_false(s.cut);
	judge(JUDGE_STATUS, 200, body);
	assert_int_equal(result.model_count, CHECK_MODELS + 1);
	assert_string_equal(result.models[0], "gpt-5.2");
	assert_string_equal(result.models[1], "whisper-0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_taken_by_name_whatever_their_case),
		cmocka_unit_test(header_that_does_not_fit_or_comes_again_is_left),
		cmocka_unit_test(header_line_needs_no_end),
		cmocka_unit_test(limits_are_numbers_or_nothing),
		cmocka_unit_test(name_of_the_account_is_clean_and_holds_no_key),
		cmocka_unit_test(foreign_text_with_a_pile_of_marks_stays_small),
		cmocka_unit_test(echoed_key_is_scrubbed),
		cmocka_unit_test(models_that_agents_cannot_talk_to_come_last),
		cmocka_unit_test(models_to_talk_to_are_kept_when_there_are_too_many),
		cmocka_unit_test(foreign_text_is_made_harmless),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
