/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/oauth_answer.h"

#define NOW INT64_C(1795336800000)
#define STATE "0123456789abcdef0123456789abcdef"
/* {"https://api.openai.com/auth":{"chatgpt_account_id":"acct_1"}} and the same without the id */
#define WITH_ACCOUNT                                                                               \
	"e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnsiY2hhdGdwdF9hY2NvdW50X2lkIjoiYWNjdF8xIn19" \
	".sig"
#define WITHOUT_ACCOUNT "e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnt9fQ.sig"

static struct oauth_tokens tokens;
static struct oauth_device device;

static int tear_down(void **state)
{
	(void)state;
	oauth_tokens_release(&tokens);
	oauth_device_release(&device);
	return 0;
}

static struct secret secret_of(const char *text)
{
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_ok(secret_from(&s, text, strlen(text), &e), e);
	return s;
}

static bool take(const char *provider, const char *text, struct err *e)
{
	struct secret body = secret_of(text);
	bool ok;

	oauth_tokens_release(&tokens);
	ok = oauth_take_tokens(&tokens, oauth_find(provider), &body, NOW, NULL, e);
	secret_release(&body);
	return ok;
}

static void codex_names_its_account(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take("openai-codex",
			  "{\"access_token\":\"" WITH_ACCOUNT
			  "\",\"refresh_token\":\"rt_1\",\"expires_in\":3600,\"id_token\":\"x\"}",
			  &e),
		e);
	assert_string_equal(tokens.access.bytes, WITH_ACCOUNT);
	assert_string_equal(tokens.refresh.bytes, "rt_1");
	assert_string_equal(tokens.account, "acct_1");
	assert_true(tokens.expires_ms == NOW + INT64_C(3600000));
}

static void github_has_a_token_alone(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take("github-copilot", "{\"access_token\":\"gho_1\",\"scope\":\"\"}", &e), e);
	assert_string_equal(tokens.access.bytes, "gho_1");
	assert_int_equal(tokens.refresh.len, 0);
	assert_true(tokens.expires_ms == 0);
}

static void qwen_says_where_its_tokens_are_for(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take("qwen-portal",
			  "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":60,"
			  "\"resource_url\":\"portal.qwen.ai\"}",
			  &e),
		e);
	assert_string_equal(tokens.base_url, "https://portal.qwen.ai/v1");
	assert_ok(take("qwen-portal",
			  "{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":60,"
			  "\"resource_url\":\"http://evil example/\"}",
			  &e),
		e);
	assert_string_equal(tokens.base_url, "");
}

static void minimax_says_the_moment(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take("minimax-portal",
			  "{\"status\":\"success\",\"access_token\":\"a\",\"refresh_token\":\"r\","
			  "\"expired_in\":1795340400000}",
			  &e),
		e);
	assert_true(tokens.expires_ms == INT64_C(1795340400000));
	assert_false(take("minimax-portal",
		"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expired_in\":3600}", &e));
}

static void unusable(const char *provider, const char *text)
{
	struct err e = { 0 };

	if (take(provider, text, &e))
		fail_msg("taken: %s", text);
	assert_int_equal(e.code, ERR_DAMAGED);
	assert_null(strstr(e.msg, "SECRET"));
	assert_null(strstr(e.hint, "SECRET"));
	assert_null(tokens.access.bytes);
	assert_null(tokens.refresh.bytes);
}

static void unusable_answers_are_refused_without_a_word_of_them(void **state)
{
	(void)state;
	unusable("chutes", "");
	unusable("chutes", "<html>SECRET</html>");
	unusable("chutes", "[]");
	unusable("chutes", "{\"access_token\":\"SECRET\",\"expires_in\":60}");
	unusable("chutes", "{\"refresh_token\":\"SECRET\",\"expires_in\":60}");
	unusable("chutes", "{\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\"}");
	unusable("chutes",
		"{\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\",\"expires_in\":\"60\"}");
	unusable("chutes",
		"{\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\",\"expires_in\":0}");
	unusable("chutes",
		"{\"access_token\":\"SECRET\\r\\nx: "
		"y\",\"refresh_token\":\"S\",\"expires_in\":60}");
	unusable("chutes", "{\"access_token\":12,\"refresh_token\":\"SECRET\",\"expires_in\":60}");
	unusable("openai-codex", "{\"access_token\":\"" WITHOUT_ACCOUNT
				 "\",\"refresh_token\":\"SECRET\",\"expires_in\":60}");
	unusable("openai-codex",
		"{\"access_token\":\"SECRET\",\"refresh_token\":\"SECRET\",\"expires_in\":60}");
	unusable("openai-codex",
		"{\"access_token\":\"a.!SECRET.b\",\"refresh_token\":\"r\",\"expires_in\":60}");
}

static void old_refresh_token_stays_when_none_comes(void **state)
{
	struct secret body = secret_of("{\"access_token\":\"a2\",\"expires_in\":600}");
	struct secret had = secret_of("rt_old");
	struct err e = { 0 };

	(void)state;
	assert_ok(oauth_take_tokens(&tokens, oauth_find("chutes"), &body, NOW, &had, &e), e);
	assert_string_equal(tokens.refresh.bytes, "rt_old");
	secret_release(&body);
	secret_release(&had);
}

static void user_is_named_only_by_what_an_id_can_carry(void **state)
{
	struct secret good = secret_of("{\"sub\":\"u-1\",\"username\":\"some.one\"}");
	struct secret bad = secret_of("{\"sub\":7,\"username\":\"a b\\u001b[31m\"}");
	struct err e = { 0 };

	(void)state;
	assert_ok(oauth_take_user(&tokens, &good, &e), e);
	assert_string_equal(tokens.account, "u-1");
	assert_string_equal(tokens.user, "some.one");
	assert_ok(oauth_take_user(&tokens, &bad, &e), e);
	assert_string_equal(tokens.account, "");
	assert_string_equal(tokens.user, "");
	secret_release(&good);
	secret_release(&bad);
}

/* --- devices ---------------------------------------------------------------------------------- */

static bool take_device(const char *provider, const char *text, struct err *e)
{
	const struct pkce p = { .state = STATE };
	struct secret body = secret_of(text);
	bool ok;

	oauth_device_release(&device);
	ok = oauth_take_device(&device, oauth_find(provider), &body, &p, NOW, e);
	secret_release(&body);
	return ok;
}

static void device_s_code_is_read(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take_device("github-copilot",
			  "{\"device_code\":\"dc\",\"user_code\":\"WDJB-MJHT\","
			  "\"verification_uri\":\"https://github.com/login/device\","
			  "\"expires_in\":899,\"interval\":7}",
			  &e),
		e);
	assert_string_equal(device.code.bytes, "dc");
	assert_string_equal(device.shown, "WDJB-MJHT");
	assert_string_equal(device.page, "https://github.com/login/device");
	assert_int_equal(device.wait_ms, 7000);
	assert_true(device.until_ms == NOW + INT64_C(899000));
}

static void page_with_the_code_in_it_is_preferred(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take_device("qwen",
			  "{\"device_code\":\"dc\",\"user_code\":\"AB\","
			  "\"verification_uri\":\"https://chat.qwen.ai/authorize\","
			  "\"verification_uri_complete\":\"https://chat.qwen.ai/a?user_code=AB\"}",
			  &e),
		e);
	assert_string_equal(device.page, "https://chat.qwen.ai/a?user_code=AB");
	assert_int_equal(device.wait_ms, 2000);
	assert_true(device.until_ms == NOW + INT64_C(900000));
}

static void minimax_polls_with_the_code_that_is_shown(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(take_device("minimax",
			  "{\"user_code\":\"XY-1\",\"verification_uri\":\"https://m.example/d\","
			  "\"state\":\"" STATE "\",\"interval\":3000,"
			  "\"expired_in\":1795336860000}",
			  &e),
		e);
	assert_string_equal(device.code.bytes, "XY-1");
	assert_int_equal(device.wait_ms, 3000);
	assert_true(device.until_ms == NOW + INT64_C(60000));
	assert_false(take_device("minimax",
		"{\"user_code\":\"XY-1\",\"verification_uri\":\"https://m.example/d\","
		"\"state\":\"other\",\"expired_in\":1795336860000}",
		&e));
	assert_int_equal(e.code, ERR_REFUSED);
}

static void hostile_device(const char *page, const char *code)
{
	char text[400];
	struct str s = STR_OF(text);
	struct err e = { 0 };

	str_fmt(&s,
		"{\"device_code\":\"dc\",\"user_code\":\"%s\",\"verification_uri\":\"%s\","
		"\"expires_in\":60}",
		code, page);
	assert_false(take_device("qwen", text, &e));
	assert_int_equal(e.code, ERR_DAMAGED);
}

static void hostile_pages_and_codes_are_not_shown(void **state)
{
	(void)state;
	hostile_device("https://a.example/", "A\\u001b[2J");
	hostile_device("https://a.example/", "A B");
	hostile_device("https://a.example/", "");
	hostile_device("http://a.example/", "AB");
	hostile_device("javascript:alert(1)", "AB");
	hostile_device("https://a.example/\\u001b]52;c;x\\u0007", "AB");
	hostile_device("https://good.example@evil.example/", "AB");
	hostile_device("", "AB");
}

/* --- words ------------------------------------------------------------------------------------ */

static void word_is(const char *provider, const char *text, const char *wanted)
{
	struct secret body = secret_of(text);
	char word[OAUTH_WORD_CAP];

	oauth_take_word(word, oauth_find(provider), &body);
	assert_string_equal(word, wanted);
	secret_release(&body);
}

static void error_is_one_word(void **state)
{
	(void)state;
	word_is("qwen", "{\"error\":\"authorization_pending\"}", "authorization_pending");
	word_is("qwen", "{\"access_token\":\"x\"}", "");
	word_is("qwen", "nonsense", "format");
	word_is("qwen", "", "format");
	word_is("qwen", "{\"error\":{\"code\":\"token_expired\"}}", "token_expired");
	word_is("qwen", "{\"error\":{\"message\":\"x\"}}", "error");
	word_is("qwen", "{\"error\":\"a\\u001b[31mb\"}", "ab");
	word_is("minimax", "{\"status\":\"success\"}", "");
	word_is("minimax", "{\"status\":\"error\"}", "error");
	word_is("minimax", "{\"status\":\"waiting\"}", "pending");
	word_is("minimax", "{}", "pending");
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		T(codex_names_its_account),
		T(github_has_a_token_alone),
		T(qwen_says_where_its_tokens_are_for),
		T(minimax_says_the_moment),
		T(unusable_answers_are_refused_without_a_word_of_them),
		T(old_refresh_token_stays_when_none_comes),
		T(user_is_named_only_by_what_an_id_can_carry),
		T(device_s_code_is_read),
		T(page_with_the_code_in_it_is_preferred),
		T(minimax_polls_with_the_code_that_is_shown),
		T(hostile_pages_and_codes_are_not_shown),
		T(error_is_one_word),
	};
#undef T
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
