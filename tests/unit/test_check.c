/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "provider/check.h"
#include "provider/url.h"

#define KEY "sk-proj-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X"

static const struct method *method_of(const char *id)
{
	return &provider_find(id)->methods[0];
}

/* --- addresses -------------------------------------------------------------------------------- */

static void safe_addresses_are_taken(void **state)
{
	static const struct {
		const char *provider, *base, *url;
		bool loopback;
	} cases[] = {
		{ "openai", NULL, "https://api.openai.com/v1/models", false },
		{ "openai", "", "https://api.openai.com/v1/models", false },
		{ "openai", "https://proxy.example:8443/v1/",
			"https://proxy.example:8443/v1/models", false },
		{ "anthropic", NULL, "https://api.anthropic.com/v1/models?limit=100", false },
		{ "anthropic", "https://llm.example/v1", "https://llm.example/v1/models?limit=100",
			false },
		{ "anthropic", "https://llm.example/anthropic",
			"https://llm.example/anthropic/v1/models?limit=100", false },
		{ "openrouter", NULL, "https://openrouter.ai/api/v1/key", false },
		{ "google", NULL,
			"https://generativelanguage.googleapis.com/v1beta/models?pageSize=100",
			false },
		{ "ollama", NULL, "http://127.0.0.1:11434/v1/models", true },
		{ "ollama", "http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/models", true },
		{ "ollama", "http://[::1]:11434", "http://[::1]:11434/v1/models", true },
		{ "ollama", "HTTP://LocalHost:1", "HTTP://LocalHost:1/v1/models", true },
		{ "ollama", "http://127.9.9.9", "http://127.9.9.9/v1/models", true },
		{ "openai", "https://192.168.1.5/v1", "https://192.168.1.5/v1/models", false },
		{ "openai", "https://[2001:db8::5]:444/v1", "https://[2001:db8::5]:444/v1/models",
			false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct check_request rq;
		struct err e = { 0 };

		assert_ok(check_build(&rq, provider_find(cases[i].provider),
				  method_of(cases[i].provider), cases[i].base, &e),
			e);
		assert_string_equal(rq.url, cases[i].url);
		assert_int_equal(rq.loopback, cases[i].loopback);
	}
}

static void unsafe_addresses_are_refused(void **state)
{
	static const char *const cases[] = {
		"http://api.openai.com/v1",
		"http://192.168.1.5",
		"http://10.0.0.1:11434",
		"http://127.0.0.1.evil.example",
		"http://localhost.evil.example",
		"http://localhost@evil.example",
		"https://user:pass@api.openai.com",
		"https://api.openai.com:443@evil.example/",
		"https://evil.example\\@api.openai.com",
		"ftp://127.0.0.1",
		"file:///etc/passwd",
		"api.openai.com/v1",
		"//api.openai.com",
		"https://",
		"https:///v1",
		"https://a b.example",
		"https://a.example/\n",
		"https://a.example\r\nX: y",
		"https://a.example/?q=1",
		"https://a.example/#f",
		"https://a.example:0",
		"https://a.example:65536",
		"https://a.example:",
		"https://a.example:80x",
		"https://0.0.0.0",
		"http://0.0.0.0:11434",
		"http://0/",
		"http://127.1",
		"http://2130706433",
		"http://0x7f000001",
		"http://0x7f.0.0.1",
		"http://0177.0.0.1",
		"https://169.254.169.254/latest",
		"https://[::ffff:169.254.169.254]",
		"http://[::ffff:127.0.0.1]",
		"http://[::127.0.0.1]",
		"https://[64:ff9b::7f00:1]",
		"https://[fe80::1]",
		"https://[::]",
		"https://[::1",
		"https://[zz]",
		"https://b\xC3\xBCw.example",
		"https://a..example",
		"https://%61.example",
		"https://a.example/<script>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct check_request rq;
		struct err e = { 0 };

		if (check_build(&rq, provider_find("openai"), method_of("openai"), cases[i], &e))
			fail_msg("taken: %s", cases[i]);
		assert_int_equal(e.code, ERR_CONFIG);
	}
}

static void address_that_does_not_fit_is_refused(void **state)
{
	char base[CHECK_URL_CAP + 1] = "https://a.example/";
	struct check_request rq;
	struct err e;
	size_t n = strlen(base);

	(void)state;
	memset(base + n, 'x', sizeof(base) - 3 - n);
	assert_err(check_build(&rq, provider_find("openai"), method_of("openai"), base, &e), e,
		ERR_CONFIG);
}

static void request_carries_the_rows_headers(void **state)
{
	const struct provider *p = provider_find("anthropic");
	struct check_request rq;
	struct err e = { 0 };

	(void)state;
	assert_ok(check_build(&rq, p, &p->methods[0], NULL, &e), e);
	assert_int_equal(rq.auth, AUTH_BEARER);
	assert_string_equal(rq.headers[0], "anthropic-version: 2023-06-01");
	assert_string_equal(rq.headers[1], "anthropic-beta: oauth-2025-04-20");
	assert_ok(check_build(&rq, p, &p->methods[1], NULL, &e), e);
	assert_int_equal(rq.auth, AUTH_X_API_KEY);
	assert_null(rq.headers[1]);
}

/* --- judging ---------------------------------------------------------------------------------- */

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

struct answer {
	enum judge_style style;
	int status;
	const char *body;
	enum verdict verdict;
	enum reason reason;
};

#define LIST "{\"data\":[{\"id\":\"m1\"},{\"id\":\"m2\"}]}"
#define CLAUDE_CODE                                                                                \
	"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"This "    \
	"credential is only authorized for use with Claude Code and cannot be used for other API " \
	"requests.\"}}"

static const struct answer answers[] = {
	/* 2xx: only with the right body */
	{ JUDGE_STATUS, 200, LIST, VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_STATUS, 200, " " LIST "\n", VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_STATUS, 200, "{\"data\":[]}", VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_STATUS, 200, "[{\"id\":\"m1\"}]", VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_STATUS, 200, LIST "x", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "{\"data\":[", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "{}", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "null", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "42", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "<html>log in</html>", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 200, "invalid api key", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 204, "", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_LOCAL, 200, "{\"models\":[{\"name\":\"llama3.3\"}]}", VERDICT_ACCEPTED,
		REASON_NONE },
	{ JUDGE_LOCAL, 200, "{\"models\":[]}", VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_LOCAL, 200, "<html>", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_GOOGLE, 200, "{\"models\":[{\"name\":\"models/g\"}]}", VERDICT_ACCEPTED,
		REASON_NONE },
	{ JUDGE_OPENROUTER_KEY, 200, "{\"data\":{\"label\":\"x\",\"usage\":1}}", VERDICT_ACCEPTED,
		REASON_NONE },
	{ JUDGE_OPENROUTER_KEY, 200, "{\"data\":{\"usage\":1,\"limit_remaining\":0}}",
		VERDICT_NO_CREDIT, REASON_BILLING },
	/* its model list is public: it proves nothing */
	{ JUDGE_OPENROUTER_KEY, 200, LIST, VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_OPENROUTER_KEY, 401, "{\"error\":{\"message\":\"No auth credentials found\"}}",
		VERDICT_REJECTED, REASON_BAD_KEY },
	/* errors that come as 200 */
	{ JUDGE_ZAI, 200, LIST, VERDICT_ACCEPTED, REASON_NONE },
	{ JUDGE_ZAI, 200, "{\"code\":1002,\"msg\":\"bad\",\"success\":false}", VERDICT_REJECTED,
		REASON_BAD_KEY },
	{ JUDGE_ZAI, 200, "{\"code\":401,\"msg\":\"token expired or incorrect\"}", VERDICT_REJECTED,
		REASON_BAD_KEY },
	{ JUDGE_ZAI, 200, "{\"error\":{\"code\":\"1113\",\"message\":\"x\"}}", VERDICT_NO_CREDIT,
		REASON_BILLING },
	{ JUDGE_ZAI, 429, "{\"error\":{\"code\":\"1113\",\"message\":\"x\"}}", VERDICT_NO_CREDIT,
		REASON_BILLING },
	{ JUDGE_ZAI, 200, "{\"code\":1302,\"msg\":\"x\"}", VERDICT_LIMITED, REASON_RATE_LIMIT },
	{ JUDGE_ZAI, 200, "{\"code\":500,\"success\":false}", VERDICT_UNKNOWN, REASON_FORMAT },
	/* 3xx */
	{ JUDGE_STATUS, 302, "", VERDICT_UNKNOWN, REASON_REDIRECT },
	{ JUDGE_STATUS, 307, LIST, VERDICT_UNKNOWN, REASON_REDIRECT },
	/* 400 */
	{ JUDGE_GOOGLE, 400,
		"{\"error\":{\"code\":400,\"message\":\"x\",\"status\":\"INVALID_ARGUMENT\","
		"\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}",
		VERDICT_REJECTED, REASON_BAD_KEY },
	{ JUDGE_GOOGLE, 400, "{\"error\":{\"code\":400,\"message\":\"bad page size\"}}",
		VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_XAI, 400, "{\"code\":\"x\",\"error\":\"Incorrect API key provided: xa***0\"}",
		VERDICT_REJECTED, REASON_BAD_KEY },
	{ JUDGE_STATUS, 400, "{\"error\":\"Incorrect API key\"}", VERDICT_UNKNOWN, REASON_FORMAT },
	{ JUDGE_STATUS, 404, "{}", VERDICT_UNKNOWN, REASON_FORMAT },
	/* 401, 402 */
	{ JUDGE_STATUS, 401, "", VERDICT_REJECTED, REASON_BAD_KEY },
	{ JUDGE_ANTHROPIC, 401, "{\"error\":{\"type\":\"authentication_error\"}}", VERDICT_REJECTED,
		REASON_BAD_KEY },
	{ JUDGE_STATUS, 402, "{}", VERDICT_NO_CREDIT, REASON_BILLING },
	/* 403 */
	{ JUDGE_ANTHROPIC, 403, "{\"error\":{\"type\":\"permission_error\",\"message\":\"x\"}}",
		VERDICT_UNKNOWN, REASON_RESTRICTED },
	{ JUDGE_ANTHROPIC, 403, "{\"error\":{\"type\":\"authentication_error\"}}", VERDICT_REJECTED,
		REASON_BAD_KEY },
	{ JUDGE_STATUS, 403,
		"{\"error\":{\"message\":\"You have insufficient permissions. Missing scopes: "
		"api.model.read\"}}",
		VERDICT_ACCEPTED, REASON_RESTRICTED },
	{ JUDGE_STATUS, 403, "{\"error\":{\"message\":\"Country not supported\"}}", VERDICT_UNKNOWN,
		REASON_BLOCKED },
	{ JUDGE_STATUS, 403, "{\"error\":{\"message\":\"no\"}}", VERDICT_UNKNOWN,
		REASON_RESTRICTED },
	/* OpenAI answers so to a restricted key: it is good */
	{ JUDGE_STATUS, 401, "{\"error\":{\"message\":\"Missing scopes: api.model.read\"}}",
		VERDICT_ACCEPTED, REASON_RESTRICTED },
	{ JUDGE_XAI, 403, "{\"error\":\"Your team doesn't have any credits yet\"}",
		VERDICT_NO_CREDIT, REASON_BILLING },
	{ JUDGE_STATUS, 403, "<html>Attention required</html>", VERDICT_UNKNOWN, REASON_BLOCKED },
	{ JUDGE_STATUS, 503, "<html><title>Just a moment...</title>", VERDICT_UNKNOWN,
		REASON_BLOCKED },
	{ JUDGE_STATUS, 503, "<html><title>Unavailable</title>", VERDICT_UNKNOWN, REASON_SERVER },
	{ JUDGE_GOOGLE, 403, "{\"error\":{\"message\":\"Your API key was reported as leaked.\"}}",
		VERDICT_REJECTED, REASON_BAD_KEY },
	/* 429 */
	{ JUDGE_STATUS, 429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", VERDICT_LIMITED,
		REASON_RATE_LIMIT },
	{ JUDGE_STATUS, 429, "", VERDICT_LIMITED, REASON_RATE_LIMIT },
	{ JUDGE_STATUS, 429,
		"{\"error\":{\"message\":\"Rate limit reached. Visit "
		"https://platform.openai.com/account/billing to raise it.\"}}",
		VERDICT_LIMITED, REASON_RATE_LIMIT },
	{ JUDGE_STATUS, 429, "{\"error\":{\"code\":\"insufficient_quota\"}}", VERDICT_NO_CREDIT,
		REASON_BILLING },
	{ JUDGE_GOOGLE, 429, "{\"error\":{\"message\":\"You exceeded your current quota\"}}",
		VERDICT_LIMITED, REASON_RATE_LIMIT },
	/* 5xx */
	{ JUDGE_STATUS, 500, LIST, VERDICT_UNKNOWN, REASON_SERVER },
	{ JUDGE_ANTHROPIC, 529, "", VERDICT_UNKNOWN, REASON_SERVER },
	{ JUDGE_STATUS, 511, "<html>", VERDICT_UNKNOWN, REASON_PORTAL },
	{ JUDGE_STATUS, 407, "", VERDICT_UNKNOWN, REASON_PROXY },
	/* any status */
	{ JUDGE_ANTHROPIC, 400, CLAUDE_CODE, VERDICT_REJECTED, REASON_CLAUDE_CODE },
	{ JUDGE_ANTHROPIC, 401, CLAUDE_CODE, VERDICT_REJECTED, REASON_CLAUDE_CODE },
	{ JUDGE_ANTHROPIC, 403, CLAUDE_CODE, VERDICT_REJECTED, REASON_CLAUDE_CODE },
	{ JUDGE_ANTHROPIC, 200, CLAUDE_CODE, VERDICT_REJECTED, REASON_CLAUDE_CODE },
};

static void every_answer_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const struct answer *a = &answers[i];

		judge(a->style, a->status, a->body);
		if (result.verdict != a->verdict || result.reason != a->reason)
			fail_msg("%d %s: %s/%s", a->status, a->body, verdict_name(result.verdict),
				reason_name(result.reason));
		assert_int_equal(result.status, a->status);
	}
}

static void no_answer_is_unknown_and_never_invalid(void **state)
{
	struct check_request rq = { .judge = JUDGE_STATUS };

	(void)state;
	for (int r = REASON_DNS; r < REASON_COUNT; r++) {
		/* Even when half of an answer came, with a status in it. */
		struct check_answer a = { .status = 401,
			.transport = (enum reason)r,
			.transport_text = "no route to host" };

		check_judge(&result, &rq, &a, NULL);
		assert_int_equal(result.verdict, VERDICT_UNKNOWN);
		assert_int_equal(result.reason, r);
		assert_string_equal(result.text, "no route to host");
	}
}

static void models_come_as_bare_ids(void **state)
{
	(void)state;
	judge(JUDGE_STATUS, 200, LIST);
	assert_int_equal(result.model_count, 2);
	assert_string_equal(result.models[0], "m1");
	assert_string_equal(result.models[1], "m2");
	judge(JUDGE_GOOGLE, 200, "{\"models\":[{\"name\":\"models/gemini-3\"},{\"x\":1},7]}");
	assert_int_equal(result.model_count, 1);
	assert_string_equal(result.models[0], "gemini-3");
	judge(JUDGE_STATUS, 200, "{\"data\":[{\"id\":\"a\\u001b[31m/b\"}]}");
	assert_null(strchr(result.models[0], '\033'));
}

static void long_lists_are_counted_but_cut(void **state)
{
	char body[6000];
	struct str s = STR_OF(body);

	(void)state;
	str_add(&s, "{\"data\":[");
	for (int i = 0; i < 300; i++)
		str_fmt(&s, "%s{\"id\":\"m%d\"}", i ? "," : "", i);
	str_add(&s, "]}");
	judge(JUDGE_STATUS, 200, body);
	assert_int_equal(result.model_count, 300);
	assert_string_equal(result.models[CHECK_MODELS - 1], "m63");
}

static void accepted_answer_has_no_text(void **state)
{
	(void)state;
	judge(JUDGE_STATUS, 200, LIST);
	assert_string_equal(result.text, "");
}

/* --- words ------------------------------------------------------------------------------------ */

static void headline(char *out, size_t cap, const char *provider)
{
	struct str s = str_on(out, cap);

	check_headline(&s, &result, provider_find(provider), method_of(provider));
}

static void advice(char *out, size_t cap, const char *provider)
{
	struct str s = str_on(out, cap);

	check_advice(&s, &result, provider_find(provider), method_of(provider));
}

static void headlines_say_what_happened(void **state)
{
	char text[200];

	(void)state;
	judge(JUDGE_ANTHROPIC, 401, "");
	headline(text, sizeof(text), "anthropic");
	assert_string_equal(text, "Anthropic did not accept this token");
	headline(text, sizeof(text), "openai");
	assert_string_equal(text, "OpenAI did not accept this key");
	judge(JUDGE_STATUS, 402, "");
	headline(text, sizeof(text), "deepseek");
	assert_string_equal(text, "The key works, but the account has no credit (HTTP 402)");
	judge(JUDGE_STATUS, 200, LIST);
	str_copy(result.host, sizeof(result.host), "api.openai.com");
	headline(text, sizeof(text), "openai");
	assert_string_equal(text, "Verified with api.openai.com");
}

static void claude_code_token_leads_to_an_api_key(void **state)
{
	char text[200];

	(void)state;
	judge(JUDGE_ANTHROPIC, 400, CLAUDE_CODE);
	advice(text, sizeof(text), "anthropic");
	assert_string_equal(text, "Use an Anthropic API key instead.");
}

static void refused_key_leads_to_the_page_that_makes_new_ones(void **state)
{
	char text[200];

	(void)state;
	judge(JUDGE_STATUS, 401, "{}");
	advice(text, sizeof(text), "groq");
	assert_string_equal(text,
		"Most likely the key was revoked, or part of it is missing. Paste it again, or "
		"make "
		"a new one at console.groq.com/keys.");
	advice(text, sizeof(text), "custom-openai");
	assert_string_equal(
		text, "Most likely the key was revoked, or part of it is missing. Paste it again.");
}

static void wrong_clock_is_named(void **state)
{
	char text[300];

	(void)state;
	judge(JUDGE_STATUS, 200, LIST);
	result.skew_ms = -420000;
	advice(text, sizeof(text), "openai");
	assert_string_equal(text, "This host's clock is 7 min slow; sign-in may fail.");
	result.skew_ms = 3 * 3600000;
	advice(text, sizeof(text), "openai");
	assert_string_equal(text, "This host's clock is 180 min fast; sign-in may fail.");
	result.skew_ms = 299000;
	advice(text, sizeof(text), "openai");
	assert_string_equal(text, "");
}

static void every_reason_has_words_and_a_name(void **state)
{
	char text[300];
	enum reason back;

	(void)state;
	for (int r = REASON_NONE; r < REASON_COUNT; r++) {
		assert_true(reason_parse(reason_name((enum reason)r), &back));
		assert_int_equal(back, r);
		if (r == REASON_NONE)
			continue;
		result = (struct check_result){
			.verdict = VERDICT_UNKNOWN, .reason = (enum reason)r, .skew_ms = INT64_MIN
		};
		headline(text, sizeof(text), "openai");
		assert_null(strstr(text, "No clear answer"));
		assert_null(strchr(text, '%'));
		advice(text, sizeof(text), "ollama");
		assert_true(text[0]);
		assert_null(strchr(text, '%'));
	}
	assert_false(reason_parse("", &back));
}

static void every_verdict_has_a_name(void **state)
{
	enum verdict back;

	(void)state;
	for (int v = VERDICT_NONE; v <= VERDICT_UNKNOWN; v++) {
		assert_true(verdict_parse(verdict_name((enum verdict)v), &back));
		assert_int_equal(back, v);
	}
	assert_false(verdict_parse("invalid", &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(safe_addresses_are_taken),
		cmocka_unit_test(unsafe_addresses_are_refused),
		cmocka_unit_test(address_that_does_not_fit_is_refused),
		cmocka_unit_test(request_carries_the_rows_headers),
		cmocka_unit_test(every_answer_has_its_meaning),
		cmocka_unit_test(no_answer_is_unknown_and_never_invalid),
		cmocka_unit_test(models_come_as_bare_ids),
		cmocka_unit_test(long_lists_are_counted_but_cut),
		cmocka_unit_test(accepted_answer_has_no_text),
		cmocka_unit_test(headlines_say_what_happened),
		cmocka_unit_test(claude_code_token_leads_to_an_api_key),
		cmocka_unit_test(refused_key_leads_to_the_page_that_makes_new_ones),
		cmocka_unit_test(wrong_clock_is_named),
		cmocka_unit_test(every_reason_has_words_and_a_name),
		cmocka_unit_test(every_verdict_has_a_name),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
