/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "store/profiles.h"

static struct doc parsed(const char *text)
{
	struct doc d = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(doc_parse(&d, &b, DOC_JSON, "auth-profiles.json", &e), e);
	return d;
}

static void expect_text(struct doc *d, const char *want)
{
	assert_string_equal(d->text.p, want);
	doc_release(d);
}

static struct secret new_access, new_refresh;
static const struct profile_login login = { .id = "openai-codex:default",
	.provider = "openai-codex",
	.kind = PROFILE_OAUTH,
	.access = &new_access,
	.refresh = &new_refresh,
	.expires_ms = INT64_C(1795347683788),
	.account = "acct_1" };

static int make_tokens(void **state)
{
	struct err e = { 0 };

	(void)state;
	return !secret_from(&new_access, "at_new", 6, &e) ||
	       !secret_from(&new_refresh, "rt_new", 6, &e);
}

static int forget_tokens(void **state)
{
	(void)state;
	secret_release(&new_access);
	secret_release(&new_refresh);
	return 0;
}

static void a_login_looks_as_a_gateway_would_write_it(void **state)
{
	struct doc d = parsed(PROFILES_FRESH);
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_put_login(&d, &login, &e), e);
	expect_text(&d,
		"{\n"
		"  \"version\": 1,\n"
		"  \"profiles\": {\n"
		"    \"openai-codex:default\": {\n"
		"      \"type\": \"oauth\",\n"
		"      \"provider\": \"openai-codex\",\n"
		"      \"access\": \"at_new\",\n"
		"      \"refresh\": \"rt_new\",\n"
		"      \"expires\": 1795347683788,\n"
		"      \"accountId\": \"acct_1\"\n"
		"    }\n"
		"  }\n"
		"}\n");
}

static void a_login_keeps_what_it_does_not_know(void **state)
{
	struct doc d =
		parsed("{\"profiles\":{\"openai-codex:default\":{\"type\":\"oauth\","
		       "\"idToken\":\"kept\",\"access\":\"OLD1\",\"access\":\"OLD2\","
		       "\"refresh\":\"OLD3\",\"provider\":\"openai-codex\","
		       "\"expires\":5,\"email\":\"me@example.org\"}},\"mine\":1}");
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_put_login(&d, &login, &e), e);
	assert_null(strstr(d.text.p, "OLD"));
	expect_text(&d,
		"{\"profiles\":{\"openai-codex:default\":{\"type\":\"oauth\","
		"\"idToken\":\"kept\",\"access\":\"at_new\",\"refresh\":\"rt_new\","
		"\"provider\":\"openai-codex\",\"expires\":1795347683788,"
		"\"email\":\"me@example.org\",\"accountId\":\"acct_1\"}},\"mine\":1}");
}

static void a_plain_token_does_not_stand_behind_its_old_reference(void **state)
{
	struct profile_login l = { .id = "github-copilot:github",
		.provider = "github-copilot",
		.kind = PROFILE_TOKEN,
		.access = &new_access };
	struct doc d =
		parsed("{\"profiles\":{\"github-copilot:github\":{\"type\":\"token\","
		       "\"provider\":\"github-copilot\",\"token\":\"\","
		       "\"tokenRef\":{\"source\":\"exec\"}}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_put_login(&d, &l, &e), e);
	expect_text(&d,
		"{\"profiles\":{\"github-copilot:github\":{\"type\":\"token\","
		"\"provider\":\"github-copilot\",\"token\":\"at_new\"}}}");
}

static void a_login_does_not_take_the_place_of_a_key(void **state)
{
	static const char text[] =
		"{\"profiles\":{\"openai-codex:default\":{\"type\":"
		"\"api_key\",\"provider\":\"x\",\"key\":\"k\"}}}";
	struct doc d = parsed(text);
	struct err e = { 0 };

	(void)state;
	assert_false(profiles_put_login(&d, &login, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	expect_text(&d, text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make_tokens, forget_tokens)
	const struct CMUnitTest tests[] = {
		T(a_login_looks_as_a_gateway_would_write_it),
		T(a_login_keeps_what_it_does_not_know),
		T(a_plain_token_does_not_stand_behind_its_old_reference),
		T(a_login_does_not_take_the_place_of_a_key),
	};
#undef T
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
