/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "provider/talk.h"

/* What is sent to a model, and what is heard of its answer. */

static struct talk said;
static struct talk_request request;
static struct err e;

static int begin(void **state)
{
	(void)state;
	assert_ok(talk_add(&said, false, "Hi \"you\"\n", 9, &e), e);
	assert_ok(talk_add(&said, true, "Hello", 5, &e), e);
	assert_ok(talk_add(&said, false, "/etc?", 5, &e), e);
	return 0;
}

static int end(void **state)
{
	(void)state;
	talk_release(&said);
	talk_request_release(&request);
	return 0;
}

static struct talk_target target(const char *provider, const char *method, const char *model)
{
	const struct provider *p = provider_find(provider);
	struct talk_target t = {
		.provider = p, .method = provider_method(p, method), .base_url = "", .model = model
	};

	assert_true(talk_api(&t.api, p, ""));
	return t;
}

static void build(const struct talk_target *t, bool stream)
{
	talk_request_release(&request);
	assert_ok(talk_build(&request, t, &said, stream, &e), e);
}

static void openai_is_asked_for_a_completion(void **state)
{
	struct talk_target t = target("openai", "api-key", "gpt-5.2");

	(void)state;
	build(&t, true);
	assert_string_equal(request.url, "https://api.openai.com/v1/chat/completions");
	assert_int_equal(request.auth, AUTH_BEARER);
	assert_null(request.headers[0]);
	assert_string_equal(request.body.p,
		"{\"model\":\"gpt-5.2\",\"stream\":true,\"messages\":["
		"{\"role\":\"user\",\"content\":\"Hi \\\"you\\\"\\n\"},"
		"{\"role\":\"assistant\",\"content\":\"Hello\"},"
		"{\"role\":\"user\",\"content\":\"/etc?\"}]}");
}

static void anthropic_is_sent_a_message(void **state)
{
	struct talk_target t = target("anthropic", "api-key", "claude-opus-4-5");

	(void)state;
	build(&t, false);
	assert_string_equal(request.url, "https://api.anthropic.com/v1/messages");
	assert_int_equal(request.auth, AUTH_X_API_KEY);
	assert_string_equal(request.headers[0], "anthropic-version: 2023-06-01");
	assert_null(request.headers[1]);
	assert_non_null(strstr(request.body.p,
		"{\"model\":\"claude-opus-4-5\",\"stream\":false,\"max_tokens\":8192,"
		"\"messages\":["));
}

static void setup_token_goes_as_bearer_with_its_beta_header(void **state)
{
	struct talk_target t = target("anthropic", "setup-token", "claude-opus-4-5");

	(void)state;
	build(&t, true);
	assert_int_equal(request.auth, AUTH_BEARER);
	assert_string_equal(request.headers[0], "anthropic-version: 2023-06-01");
	assert_string_equal(request.headers[1], "anthropic-beta: oauth-2025-04-20");
	assert_null(request.headers[2]);
}

static void version_is_sent_where_the_method_has_none(void **state)
{
	struct talk_target t = target("minimax", "api-key", "MiniMax-M2.1");

	(void)state;
	build(&t, true);
	assert_string_equal(request.headers[0], "anthropic-version: 2023-06-01");
	assert_string_equal(request.url, "https://api.minimax.io/anthropic/v1/messages");
}

static void google_has_the_model_in_the_address(void **state)
{
	struct talk_target t = target("google", "api-key", "gemini 3?x");

	(void)state;
	build(&t, true);
	assert_string_equal(request.url,
		"https://generativelanguage.googleapis.com/v1beta/models/"
		"gemini%203%3Fx:streamGenerateContent?alt=sse");
	assert_int_equal(request.auth, AUTH_GOOG);
	assert_non_null(strstr(request.body.p,
		"{\"contents\":[{\"parts\":[{\"text\":\"Hi \\\"you\\\"\\n\"}],"
		"\"role\":\"user\"},{\"parts\":[{\"text\":\"Hello\"}],"
		"\"role\":\"model\"}"));
	build(&t, false);
	assert_true(strstr(request.url, ":generateContent") && !strchr(request.url, '?'));
}

static void configured_address_is_asked_with_and_without_its_version(void **state)
{
	static const struct {
		const char *provider, *base, *url;
	} rows[] = {
		{ "ollama", "", "http://127.0.0.1:11434/v1/chat/completions" },
		{ "ollama", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1/chat/completions" },
		{ "lmstudio", "http://127.0.0.1:1/", "http://127.0.0.1:1/v1/chat/completions" },
		{ "openai", "https://proxy.example/x", "https://proxy.example/x/chat/completions" },
		{ "anthropic", "https://proxy.example/v1", "https://proxy.example/v1/messages" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk_target t = target(
			rows[i].provider, provider_find(rows[i].provider)->methods[0].id, "m");

		t.base_url = rows[i].base;
		build(&t, true);
		assert_string_equal(request.url, rows[i].url);
	}
}

static void address_that_no_key_may_go_to_is_refused(void **state)
{
	struct talk_target t = target("openai", "api-key", "m");

	(void)state;
	t.base_url = "http://proxy.example/v1";
	assert_err(talk_build(&request, &t, &said, true, &e), e, ERR_CONFIG);
	assert_null(request.body.p);
}

static void configured_protocol_goes_before_the_tables(void **state)
{
	enum api_style api;

	(void)state;
	assert_true(talk_api(&api, provider_find("openai"), "anthropic-messages"));
	assert_int_equal(api, API_ANTHROPIC);
	assert_true(talk_api(&api, provider_find("anthropic"), "openai-responses"));
	assert_int_equal(api, API_OPENAI);
	assert_true(talk_api(&api, provider_find("google"), NULL));
	assert_int_equal(api, API_GOOGLE);
	assert_false(talk_api(&api, provider_find("openai"), "bedrock-converse-stream"));
}

static void cut_forgets_the_last_turns(void **state)
{
	(void)state;
	talk_cut(&said, 1);
	assert_int_equal(said.count, 1);
	talk_cut(&said, 5);
	assert_int_equal(said.count, 1);
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool collect(void *ctx, const char *p, size_t n, struct err *why)
{
	return buf_add(ctx, p, n, why);
}

struct heard {
	struct buf text;
	bool cut;
	char error[CHECK_TEXT_CAP];
	struct err e;
	bool ok;
};

static void hear(struct heard *h, enum api_style api, const char *body)
{
	struct talk_reader r = { .api = api, .text = collect, .ctx = &h->text };

	*h = (struct heard){ 0 };
	assert_ok(buf_text(&h->text, "", &h->e), h->e);
	h->ok = talk_read(&r, body, strlen(body), &h->e) && talk_read_end(&r, &h->e);
	h->cut = r.cut;
	str_copy(h->error, sizeof(h->error), r.error);
	talk_reader_release(&r);
}

static void assert_heard(enum api_style api, const char *body, const char *want, bool cut)
{
	struct heard h;

	hear(&h, api, body);
	if (!h.ok)
		fail_msg("%s", h.e.msg);
	assert_string_equal(h.text.p, want);
	assert_string_equal(h.error, "");
	assert_int_equal(h.cut, cut);
	buf_release(&h.text);
}

static void openai_is_heard(void **state)
{
	(void)state;
	assert_heard(API_OPENAI,
		"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
		"data: {\"choices\":[{\"delta\":{\"content\":\"Gr\\u00fc\\u00dfe\"}}]}\n\n"
		"data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":null}]}\n\n"
		"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
		"data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n"
		"data: [DONE]\n\n",
		"Grüße!", true);
	assert_heard(API_OPENAI,
		"{\"choices\":[{\"message\":{\"content\":\"whole\"},\"finish_reason\":\"stop\"}]}",
		"whole", false);
	assert_heard(API_OPENAI,
		"{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
		"{\"type\":\"text\",\"text\":\"b\"}]}}]}",
		"ab", false);
}

static void anthropic_is_heard(void **state)
{
	(void)state;
	assert_heard(API_ANTHROPIC,
		"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n"
		"event: ping\ndata: {\"type\":\"ping\"}\n\n"
		"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\","
		"\"thinking\":\"hm\"}}\n\n"
		"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\","
		"\"text\":\"Hel\"}}\n\n"
		"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\","
		"\"text\":\"lo\"}}\n\n"
		"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"}}\n\n"
		"data: {\"type\":\"message_stop\"}\n\n",
		"Hello", true);
	assert_heard(API_ANTHROPIC,
		"{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},"
		"{\"type\":\"tool_use\"},{\"type\":\"text\",\"text\":\"y\"}],"
		"\"stop_reason\":\"end_turn\"}",
		"xy", false);
}

static void google_is_heard(void **state)
{
	(void)state;
	assert_heard(API_GOOGLE,
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"th\","
		"\"thought\":true},{\"text\":\"a\"}]}}]}\r\n\r\n"
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},"
		"\"finishReason\":\"MAX_TOKENS\"}]}\r\n\r\n",
		"ab", true);
	assert_heard(API_GOOGLE,
		"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"c\"}]},"
		"\"finishReason\":\"STOP\"}]}",
		"c", false);
}

static void error_in_the_middle_is_kept_in_its_words(void **state)
{
	struct heard h;

	(void)state;
	hear(&h, API_ANTHROPIC,
		"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\","
		"\"text\":\"half\"}}\n\n"
		"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
		"\"message\":\"Overloaded\"}}\n\n"
		"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\","
		"\"text\":\"never\"}}\n\n");
	assert_true(h.ok);
	assert_string_equal(h.text.p, "half");
	assert_string_equal(h.error, "Overloaded");
	buf_release(&h.text);
	hear(&h, API_GOOGLE, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}");
	assert_string_equal(h.error, "the question was blocked (SAFETY)");
	buf_release(&h.text);
	hear(&h, API_OPENAI, "{\"error\":\"plain words\"}");
	assert_string_equal(h.error, "plain words");
	buf_release(&h.text);
}

static void body_that_is_no_answer_is_said(void **state)
{
	static const char *const bodies[] = { "", "<html>", "{}", "{\"choices\":", "data: {}\n\n",
		"data: nonsense\n\n", "[]", "\xFF\xFE" };
	struct heard h;

	(void)state;
	for (int api = API_OPENAI; api <= API_GOOGLE; api++) {
		for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
			hear(&h, (enum api_style)api, bodies[i]);
			assert_false(h.ok);
			assert_int_equal(h.e.code, ERR_DAMAGED);
			assert_string_equal(h.text.p, "");
			buf_release(&h.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(openai_is_asked_for_a_completion, begin, end),
		cmocka_unit_test_setup_teardown(anthropic_is_sent_a_message, begin, end),
		cmocka_unit_test_setup_teardown(
			setup_token_goes_as_bearer_with_its_beta_header, begin, end),
		cmocka_unit_test_setup_teardown(
			version_is_sent_where_the_method_has_none, begin, end),
		cmocka_unit_test_setup_teardown(google_has_the_model_in_the_address, begin, end),
		cmocka_unit_test_setup_teardown(
			configured_address_is_asked_with_and_without_its_version, begin, end),
		cmocka_unit_test_setup_teardown(
			address_that_no_key_may_go_to_is_refused, begin, end),
		cmocka_unit_test(configured_protocol_goes_before_the_tables),
		cmocka_unit_test_setup_teardown(cut_forgets_the_last_turns, begin, end),
		cmocka_unit_test(openai_is_heard),
		cmocka_unit_test(anthropic_is_heard),
		cmocka_unit_test(google_is_heard),
		cmocka_unit_test(error_in_the_middle_is_kept_in_its_words),
		cmocka_unit_test(body_that_is_no_answer_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
