/* SPDX-License-Identifier: MIT */

/* Endpoints of the user's own: what may be one, and how it is found and asked. */

#include "test.h"

#include <string.h>

#include "provider/check.h"
#include "provider/own.h"

static struct own_provider own;

static const struct provider *row(const char *id)
{
	const struct provider *p = provider_find(id);

	assert_non_null(p);
	return p;
}

static void refused(const char *like, const char *name, const char *address, enum err_code code)
{
	struct err e = { 0 };

	if (own_provider_make(&own, row(like), name, address, &e))
		fail_msg("taken: %s at %s", name, address);
	assert_int_equal(e.code, code);
	assert_true(e.msg[0] != '\0');
}

static void an_endpoint_is_the_row_it_is_like_with_a_name_and_an_address(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(own_provider_make(&own, row("custom-anthropic"), " My.LLM-2 ",
			  "https://llm.example.org/v1//", &e),
		e);
	assert_string_equal(own.row.id, "my.llm-2");
	assert_string_equal(own.row.label, "my.llm-2");
	assert_string_equal(own.row.base_url, "https://llm.example.org/v1");
	assert_string_equal(own.row.var, "MY_LLM_2_API_KEY");
	assert_string_equal(own.row.vars[0], "MY_LLM_2_API_KEY");
	assert_ptr_equal(own.row.like, row("custom-anthropic"));
	assert_ptr_equal(provider_row(&own.row), row("custom-anthropic"));
	assert_string_equal(own_provider_api(&own.row), "anthropic-messages");
	assert_int_equal(provider_method(&own.row, "api-key")->auth, AUTH_X_API_KEY);
}

static void made_from_another_endpoint_it_is_like_the_same_row(void **state)
{
	struct own_provider second;

	(void)state;
	assert_true(own_provider_make(&own, row("custom-openai"), "a1", "https://a.example", NULL));
	assert_true(own_provider_make(&second, &own.row, "b2", "https://b.example", NULL));
	assert_ptr_equal(second.row.like, row("custom-openai"));
	assert_string_equal(second.row.id, "b2");
	assert_string_equal(second.row.var, "B2_API_KEY");
}

static void a_name_that_no_configuration_should_have_is_refused(void **state)
{
	static const char *const names[] = { "", " ", "my llm", "my/llm", "1st", "-x", "a:b",
		"\xc3\xbc-x", "a234567890123456789012345678901234567890x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		refused("custom-openai", names[i], "https://a.example", ERR_USAGE);
}

/* Its key would go where that provider's keys are, and its checks to another host. */
static void a_name_of_the_table_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++)
		refused("custom-openai", provider_at(i)->id, "https://a.example", ERR_USAGE);
	refused("custom-openai", "OpenAI", "https://a.example", ERR_USAGE);
	refused("custom-openai", "z.ai", "https://a.example", ERR_USAGE);
}

static void an_address_that_no_key_may_go_to_is_refused(void **state)
{
	static const char *const addresses[] = { "", "llm.example.org", "http://llm.example.org",
		"http://192.168.1.5:8000/v1", "https://u:p@llm.example.org", "ftp://127.0.0.1",
		"https://169.254.169.254", "http://0.0.0.0:1", "https://[::ffff:127.0.0.1]",
		"http://127.1:80", "https://llm.example.org/v1?x=1",
		"http://localhost.example.org" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		refused("custom-openai", "my-llm", addresses[i], ERR_CONFIG);
}

static void no_endpoint_takes_the_variable_of_another_provider(void **state)
{
	(void)state;
	assert_string_equal(row("google")->var, "GEMINI_API_KEY");
	assert_true(
		own_provider_make(&own, row("custom-openai"), "gemini", "https://a.example", NULL));
	assert_string_equal(own.row.var, "GEMINI_CUSTOM_API_KEY");
}

static void a_provider_at_many_addresses_keeps_its_name(void **state)
{
	const struct provider *like = row("cloudflare-ai-gateway");

	(void)state;
	assert_true(own_provider_wanted(like));
	assert_false(own_provider_unnamed(like));
	assert_true(own_provider_make(&own, like, "unused", "https://gw.example/v1/a/b", NULL));
	assert_string_equal(own.row.id, "cloudflare-ai-gateway");
	assert_string_equal(own.row.var, like->var);
	assert_false(own_provider_wanted(&own.row));
}

static void what_the_configuration_says_is_found_like_a_row(void **state)
{
	const struct provider *p;
	size_t n = provider_known_count();

	(void)state;
	assert_true(provider_learn(&(struct own_facts){
		"learned", "https://a.example/v1", "openai-responses", false }));
	p = row("Learned");
	assert_int_equal(provider_known_count(), n + 1);
	assert_ptr_equal(provider_known_at(n), p);
	assert_ptr_equal(p->like, row("custom-openai"));
	assert_false(p->local);
	assert_true(provider_learn(&(struct own_facts){
		"learned", "http://localhost:1/", "anthropic-messages", true }));
	assert_int_equal(provider_known_count(), n + 1);
	assert_ptr_equal(row("learned"), p);
	assert_string_equal(p->base_url, "http://localhost:1");
	assert_ptr_equal(p->like, row("custom-anthropic"));
	assert_true(p->local);
}

static void what_cannot_be_one_is_not_learned(void **state)
{
	static const struct own_facts facts[] = {
		{ "openai", "https://a.example", "", false },
		{ "nowhere", "", "", false },
		{ "private", "http://10.0.0.1:8000", "", false },
		{ "bedrocklike", "https://a.example", "bedrock-converse-stream", false },
		{ "spoken", "https://a.example", "google-generative-ai", false },
	};
	size_t n = provider_known_count();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		assert_false(provider_learn(&facts[i]));
	assert_int_equal(provider_known_count(), n);
	assert_null(row("openai")->like);
	assert_null(provider_find("nowhere"));
}

static void the_key_goes_to_the_address_and_nowhere_else(void **state)
{
	struct check_request rq;
	struct err e = { 0 };

	(void)state;
	assert_true(own_provider_make(
		&own, row("custom-openai"), "my-llm", "https://llm.example.org:8443/v1", NULL));
	assert_ok(check_build(&rq, &own.row, &own.row.methods[0], NULL, &e), e);
	assert_string_equal(rq.url, "https://llm.example.org:8443/v1/models");
	assert_int_equal(rq.auth, AUTH_BEARER);
	assert_true(own_provider_make(
		&own, row("custom-anthropic"), "my-llm", "https://llm.example.org/v1", NULL));
	assert_ok(check_build(&rq, &own.row, &own.row.methods[0], NULL, &e), e);
	assert_string_equal(rq.url, "https://llm.example.org/v1/models");
	assert_int_equal(rq.auth, AUTH_X_API_KEY);
	assert_string_equal(rq.headers[0], "anthropic-version: 2023-06-01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_endpoint_is_the_row_it_is_like_with_a_name_and_an_address),
		cmocka_unit_test(made_from_another_endpoint_it_is_like_the_same_row),
		cmocka_unit_test(a_name_that_no_configuration_should_have_is_refused),
		cmocka_unit_test(a_name_of_the_table_is_refused),
		cmocka_unit_test(an_address_that_no_key_may_go_to_is_refused),
		cmocka_unit_test(no_endpoint_takes_the_variable_of_another_provider),
		cmocka_unit_test(a_provider_at_many_addresses_keeps_its_name),
		cmocka_unit_test(what_the_configuration_says_is_found_like_a_row),
		cmocka_unit_test(what_cannot_be_one_is_not_learned),
		cmocka_unit_test(the_key_goes_to_the_address_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
