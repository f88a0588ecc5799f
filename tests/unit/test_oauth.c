/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "provider/oauth.h"
#include "provider/provider.h"

#define STATE "0123456789abcdef0123456789abcdef"

static struct oauth_grant grant;
static struct pkce pkce;
static struct secret body;

static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	pkce = (struct pkce){ .challenge = "CHALLENGE", .state = STATE };
	return !secret_from(&pkce.verifier, "verifier-~1", 11, &e);
}

static int tear_down(void **state)
{
	(void)state;
	oauth_grant_release(&grant);
	pkce_release(&pkce);
	secret_release(&body);
	return 0;
}

static struct oauth_client client_of(const struct oauth *o)
{
	struct oauth_client c = { 0 };

	str_copy(c.id, sizeof(c.id), o->client_id ? o->client_id : "cid_own");
	str_copy(c.redirect_uri, sizeof(c.redirect_uri), o->redirect_uri ? o->redirect_uri : "");
	str_copy(c.scope, sizeof(c.scope), o->scope);
	return c;
}

/* --- the table -------------------------------------------------------------------------------- */

static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < oauth_count(); i++) {
		const struct oauth *o = oauth_at(i);
		unsigned port;
		char path[128];

		assert_non_null(provider_find(o->provider));
		assert_ptr_equal(oauth_find(o->provider), o);
		assert_true(oauth_has_method(o, o->method));
		assert_true((o->instead != NULL) == (o->flow == OAUTH_ELSEWHERE));
		if (o->flow == OAUTH_ELSEWHERE)
			continue;
		assert_true(str_starts(o->ask_url, "https://"));
		assert_true(str_starts(o->token_url, "https://"));
		assert_true(o->wait_s > 0);
		assert_non_null(o->profile_name);
		assert_true((o->redirect_uri != NULL) == (o->flow == OAUTH_BROWSER));
		if (o->redirect_uri)
			assert_true(oauth_redirect(o->redirect_uri, &port, path));
		if (o->model)
			assert_true(str_starts(o->model, o->provider));
	}
}

static void other_names_find_their_row(void **state)
{
	(void)state;
	assert_string_equal(oauth_find("Qwen")->provider, "qwen-portal");
	assert_string_equal(oauth_find("gemini-cli")->provider, "google-gemini-cli");
	assert_string_equal(oauth_find("copilot")->provider, "github-copilot");
	assert_null(oauth_find("openrouter"));
	assert_null(oauth_find(""));
}

static void only_way_is_told_where_it_is_one(void **state)
{
	(void)state;
	assert_true(oauth_is_only_way("openai-codex"));
	assert_true(oauth_is_only_way("github-copilot"));
	assert_false(oauth_is_only_way("chutes"));  /* takes a key, too */
	assert_false(oauth_is_only_way("minimax")); /* another provider of that name */
	assert_false(oauth_is_only_way("google-gemini-cli"));
	assert_false(oauth_is_only_way("openai"));
}

/* --- requests --------------------------------------------------------------------------------- */

static void page_is_the_family_s(void **state)
{
	const struct oauth *o = oauth_find("openai-codex");
	struct oauth_client c = client_of(o);
	char url[OAUTH_URL_CAP];

	(void)state;
	assert_true(oauth_page(url, o, &c, &pkce));
	assert_string_equal(url,
		"https://auth.openai.com/oauth/authorize?response_type=code"
		"&client_id=app_EMoamEEZ73f0CkXaXp7hrann"
		"&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback"
		"&scope=openid%20profile%20email%20offline_access"
		"&code_challenge=CHALLENGE&code_challenge_method=S256&state=" STATE
		"&id_token_add_organizations=true&codex_cli_simplified_flow=true&originator=pi");
	assert_null(strstr(url, "verifier"));
}

static void code_is_sent_with_its_verifier(void **state)
{
	struct oauth_client c = client_of(oauth_find("openai-codex"));
	struct secret code = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_from(&code, "ac_1/+&=", 8, &e), e);
	assert_ok(oauth_body_code(&body, &c, &pkce, &code, &e), e);
	assert_string_equal(body.bytes,
		"grant_type=authorization_code&client_id=app_EMoamEEZ73f0CkXaXp7hrann"
		"&code=ac_1%2F%2B%26%3D&code_verifier=verifier-~1"
		"&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback");
	secret_release(&code);
}

static void own_client_secret_goes_along(void **state)
{
	struct oauth_client c = client_of(oauth_find("chutes"));
	struct secret refresh = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_from(&c.key, "s", 1, &e) && secret_from(&refresh, "r", 1, &e), e);
	assert_ok(oauth_body_refresh(&body, &c, &refresh, &e), e);
	assert_string_equal(body.bytes,
		"grant_type=refresh_token&client_id=cid_own&client_secret=s&refresh_token=r");
	secret_release(&c.key);
	secret_release(&refresh);
}

static void asks(const char *provider, const char *wanted)
{
	const struct oauth *o = oauth_find(provider);
	struct oauth_client c = client_of(o);
	struct err e = { 0 };

	secret_release(&body);
	assert_ok(oauth_body_ask(&body, o, &c, &pkce, &e), e);
	assert_string_equal(body.bytes, wanted);
}

static void each_device_flow_asks_in_its_words(void **state)
{
	(void)state;
	asks("github-copilot", "client_id=Iv1.b507a08c87ecfe98&scope=read%3Auser");
	asks("qwen-portal",
		"client_id=f0304373b74a44d2b584a3fb70ca9e56"
		"&scope=openid%20profile%20email%20model.completion"
		"&code_challenge=CHALLENGE&code_challenge_method=S256");
	asks("minimax-portal",
		"response_type=code&client_id=78257093-7e40-4613-99e0-527b14b39113"
		"&scope=group_id%20profile%20model.completion"
		"&code_challenge=CHALLENGE&code_challenge_method=S256&state=" STATE);
}

static void polls(const char *provider, const char *wanted)
{
	const struct oauth *o = oauth_find(provider);
	struct oauth_client c = client_of(o);
	struct secret code = { 0 };
	struct err e = { 0 };

	secret_release(&body);
	assert_ok(secret_from(&code, "dc", 2, &e), e);
	assert_ok(oauth_body_poll(&body, o, &c, &pkce, &code, &e), e);
	assert_string_equal(body.bytes, wanted);
	secret_release(&code);
}

static void each_device_flow_polls_in_its_words(void **state)
{
	(void)state;
	polls("github-copilot",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
		"&client_id=Iv1.b507a08c87ecfe98&device_code=dc");
	polls("minimax-portal",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Auser_code"
		"&client_id=78257093-7e40-4613-99e0-527b14b39113&user_code=dc"
		"&code_verifier=verifier-~1");
}

/* --- what was pasted -------------------------------------------------------------------------- */

static void paste(const char *text)
{
	struct err e = { 0 };

	oauth_grant_release(&grant);
	assert_ok(oauth_read_paste(&grant, text, strlen(text), &e), e);
}

static void pasted(const char *text, const char *code, const char *with)
{
	paste(text);
	assert_string_equal(grant.code.bytes, code);
	assert_string_equal(grant.state.bytes ? grant.state.bytes : "", with);
	assert_string_equal(grant.error, "");
}

static void every_form_of_a_paste_is_read(void **state)
{
	(void)state;
	pasted("http://localhost:1455/auth/callback?code=ac_1&scope=openid&state=" STATE, "ac_1",
		STATE);
	pasted("  <http://localhost:1455/auth/callback?state=s&code=a%2Fb>\r\n", "a/b", "s");
	pasted("http://localhost:1455/auth/callback?code=ac_1#" STATE, "ac_1", "");
	pasted("https://console.example/cb?code=a&state=b#fragment", "a", "b");
	pasted("ac_1#" STATE, "ac_1", STATE);
	pasted("code=ac_1&state=s", "ac_1", "s");
	pasted("state=s&code=ac_1", "ac_1", "s");
	pasted("ac_1", "ac_1", "");
	pasted("\"ac_1\"", "ac_1", "");
}

static void address_wrapped_by_a_terminal_is_one(void **state)
{
	(void)state;
	pasted("http://localhost:1455/auth/callback?code=ac_\r\n   1234\n&state=s", "ac_1234", "s");
}

static void refusal_in_the_browser_is_read(void **state)
{
	(void)state;
	paste("http://localhost/cb?error=access_denied&error_description=x&state=s");
	assert_int_equal(grant.code.len, 0);
	assert_string_equal(grant.error, "access_denied");
	paste("http://localhost/cb?error=%1b%5b31mno");
	assert_null(strchr(grant.error, 27));
}

static void not_a_code(const char *text, size_t n)
{
	struct err e = { 0 };

	assert_false(oauth_read_paste(&grant, text, n, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_null(grant.code.bytes);
}

static void paste_without_a_code_is_refused(void **state)
{
	static char long_text[OAUTH_PASTE_MAX + 1];

	(void)state;
	not_a_code("", 0);
	not_a_code(" \n", 2);
	not_a_code("https://auth.openai.com/oauth/authorize", 39);
	not_a_code("http://localhost/cb?state=x", 27);
	not_a_code("http://localhost/cb?code=", 25);
	not_a_code("a\xC3\xA9", 3);
	memset(long_text, 'a', sizeof(long_text));
	not_a_code(long_text, sizeof(long_text));
}

static void state_must_be_this_attempt_s(void **state)
{
	(void)state;
	paste("code=a&state=" STATE);
	assert_true(oauth_state_fits(&grant, &pkce, false));
	paste("code=a&state=0123456789abcdef0123456789abcdee");
	assert_false(oauth_state_fits(&grant, &pkce, true));
	paste("code=a&state=0123");
	assert_false(oauth_state_fits(&grant, &pkce, true));
	paste("a");
	assert_true(oauth_state_fits(&grant, &pkce, true));
	assert_false(oauth_state_fits(&grant, &pkce, false));
}

/* --- what a browser asks the listener --------------------------------------------------------- */

static enum oauth_request request(const char *line)
{
	oauth_grant_release(&grant);
	return oauth_read_request(&grant, line, strlen(line), "/auth/callback");
}

static void only_the_right_path_brings_a_code(void **state)
{
	(void)state;
	assert_int_equal(
		request("GET /auth/callback?code=a%20b&state=s HTTP/1.1\r"), OAUTH_REQUEST_GRANT);
	assert_string_equal(grant.code.bytes, "a b");
	assert_string_equal(grant.state.bytes, "s");
	assert_int_equal(request("GET /auth/callback?error=denied HTTP/1.0"), OAUTH_REQUEST_GRANT);
	assert_int_equal(request("GET /auth/callback HTTP/1.1"), OAUTH_REQUEST_NO_CODE);
	assert_int_equal(request("GET /auth/callback?state=s HTTP/1.1"), OAUTH_REQUEST_NO_CODE);
	assert_int_equal(request("GET /favicon.ico HTTP/1.1"), OAUTH_REQUEST_ELSEWHERE);
	assert_int_equal(request("GET /auth/callbacks?code=a HTTP/1.1"), OAUTH_REQUEST_ELSEWHERE);
	assert_int_equal(request("POST /auth/callback?code=a HTTP/1.1"), OAUTH_REQUEST_BAD);
	assert_int_equal(request("GET /auth/callback?code=a"), OAUTH_REQUEST_BAD);
	assert_int_equal(request(""), OAUTH_REQUEST_BAD);
}

static void redirect_goes_to_this_machine_only(void **state)
{
	unsigned port;
	char path[128];

	(void)state;
	assert_true(oauth_redirect("http://127.0.0.1:1456/oauth-callback", &port, path));
	assert_int_equal(port, 1456);
	assert_string_equal(path, "/oauth-callback");
	assert_false(oauth_redirect("https://127.0.0.1:1456/cb", &port, path));
	assert_false(oauth_redirect("http://example.com:1456/cb", &port, path));
	assert_false(oauth_redirect("http://127.0.0.1:1456", &port, path));
}

/* --- answers ---------------------------------------------------------------------------------- */

static void words_of_a_poll_are_known(void **state)
{
	(void)state;
	assert_int_equal(oauth_poll_word(""), OAUTH_POLL_DONE);
	assert_int_equal(oauth_poll_word("success"), OAUTH_POLL_DONE);
	assert_int_equal(oauth_poll_word("authorization_pending"), OAUTH_POLL_PENDING);
	assert_int_equal(oauth_poll_word("slow_down"), OAUTH_POLL_SLOW_DOWN);
	assert_int_equal(oauth_poll_word("expired_token"), OAUTH_POLL_EXPIRED);
	assert_int_equal(oauth_poll_word("access_denied"), OAUTH_POLL_DENIED);
	assert_int_equal(oauth_poll_word("incorrect_client_credentials"), OAUTH_POLL_FAILED);
}

static void waiting_grows_as_each_provider_wants(void **state)
{
	const struct oauth *github = oauth_find("github-copilot"), *qwen = oauth_find("qwen"),
			   *minimax = oauth_find("minimax");

	(void)state;
	assert_int_equal(oauth_next_wait(github, 5000, OAUTH_POLL_PENDING), 5000);
	assert_int_equal(oauth_next_wait(github, 5000, OAUTH_POLL_SLOW_DOWN), 7000);
	assert_int_equal(oauth_next_wait(qwen, 2000, OAUTH_POLL_SLOW_DOWN), 3000);
	assert_int_equal(oauth_next_wait(qwen, 8000, OAUTH_POLL_SLOW_DOWN), 10000);
	assert_int_equal(oauth_next_wait(qwen, 20000, OAUTH_POLL_SLOW_DOWN), 20000);
	assert_int_equal(oauth_next_wait(minimax, 2000, OAUTH_POLL_PENDING), 3000);
}

static void expiry_keeps_its_margin(void **state)
{
	const struct oauth *codex = oauth_find("openai-codex"), *chutes = oauth_find("chutes");
	int64_t at = 0;

	(void)state;
	assert_true(oauth_expires(codex, 1000, 3600, &at));
	assert_true(at == 1000 + INT64_C(3600000));
	assert_true(oauth_expires(chutes, 1000, 3600, &at));
	assert_true(at == 1000 + INT64_C(3300000));
	assert_true(oauth_expires(chutes, 1000, 60, &at));
	assert_true(at == 1000 + INT64_C(30000));
	assert_false(oauth_expires(codex, 1000, 0, &at));
	assert_false(oauth_expires(codex, 1000, -5, &at));
	assert_false(oauth_expires(codex, 1000, INT64_MAX, &at));
}

static void resource_url_is_completed(void **state)
{
	char url[64];

	(void)state;
	assert_true(oauth_resource_url(url, sizeof(url), "portal.qwen.ai"));
	assert_string_equal(url, "https://portal.qwen.ai/v1");
	assert_true(oauth_resource_url(url, sizeof(url), "https://portal.qwen.ai/v1/"));
	assert_string_equal(url, "https://portal.qwen.ai/v1");
	assert_false(oauth_resource_url(url, sizeof(url), "http://127.0.0.1/"));
	assert_false(oauth_resource_url(url, sizeof(url), "a b"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(every_row_is_complete),
		T(other_names_find_their_row),
		T(only_way_is_told_where_it_is_one),
		T(page_is_the_family_s),
		T(code_is_sent_with_its_verifier),
		T(own_client_secret_goes_along),
		T(each_device_flow_asks_in_its_words),
		T(each_device_flow_polls_in_its_words),
		T(every_form_of_a_paste_is_read),
		T(address_wrapped_by_a_terminal_is_one),
		T(refusal_in_the_browser_is_read),
		T(paste_without_a_code_is_refused),
		T(state_must_be_this_attempt_s),
		T(only_the_right_path_brings_a_code),
		T(redirect_goes_to_this_machine_only),
		T(words_of_a_poll_are_known),
		T(waiting_grows_as_each_provider_wants),
		T(expiry_keeps_its_margin),
		T(resource_url_is_completed),
	};
#undef T
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
