/* SPDX-License-Identifier: MIT */

/* An endpoint of the user's own: its host is confirmed before there is a key, and holds. */

#include "tests/unit/wizard_world.h"

#include <stdio.h>
#include <string.h>

#include "provider/own.h"

static void custom(const char *which)
{
	fresh();
	press(KEYS_ENTER);
	type(which);
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
}

/* Name and address typed; where the key will go is on the screen. */
static void shown(const char *name, const char *address)
{
	type(name);
	press(KEYS_ENTER);
	type(address);
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
}

static void to_secret(void)
{
	custom("custom-openai");
	shown("my-llm", "https://llm.example.org/v1");
	press(KEYS_ENTER);
	assert_string_equal(at(), "method");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
}

static void to_check(void)
{
	to_secret();
	paste(sample_key("", 40));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void to_model(size_t listed)
{
	struct check_result r = result_of(VERDICT_ACCEPTED, REASON_NONE, 200);

	to_check();
	r.model_count = listed;
	for (size_t i = 0; i < CHECK_MODELS; i++)
		r.models[i][0] = '\0';
	for (size_t i = 0; i < listed; i++)
		snprintf(r.models[i], sizeof(r.models[i]), "org/model-%zu", i + 1);
	wizard_checked(player.w, &r, NULL);
	for (int i = 0; i < 4 && strcmp(at(), "model") != 0; i++)
		press(KEYS_ENTER);
	assert_string_equal(at(), "model");
}

static void the_host_is_said_and_confirmed_before_a_key_is_asked_for(void **state)
{
	(void)state;
	custom("custom-openai");
	assert_false(sees("will be sent"));
	shown("my-llm", "https://llm.example.org:8443/v1");
	assert_true(sees("Your key will be sent to llm.example.org:8443"));
	assert_true(sees("Enter yes, this host"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "method");
	assert_string_equal(draft()->provider->id, "my-llm");
	assert_string_equal(draft()->base_url, "https://llm.example.org:8443/v1");
	assert_string_equal(draft()->profile_id, "my-llm:default");
	assert_true(draft()->endpoint);
}

static void a_changed_address_is_confirmed_again(void **state)
{
	(void)state;
	custom("custom-openai");
	shown("my-llm", "https://llm.example.org/v1");
	type("x");
	assert_false(sees("will be sent"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	assert_true(sees("will be sent to llm.example.org,"));
}

static void a_refused_address_says_why_and_stays(void **state)
{
	(void)state;
	custom("custom-openai");
	shown("my-llm", "http://llm.example.org/v1");
	assert_true(sees("http is for this machine only"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	assert_false(draft()->endpoint);
}

static void a_name_that_is_taken_puts_the_focus_on_the_name(void **state)
{
	(void)state;
	custom("custom-openai");
	shown("openai", "https://llm.example.org/v1");
	assert_true(sees("openai is the name of a provider"));
	type("-2"); /* goes to the name */
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	assert_string_equal(draft()->provider->id, "openai-2");
}

static void another_address_forgets_the_key_that_was_pasted_for_the_first(void **state)
{
	(void)state;
	to_check();
	answer(VERDICT_UNKNOWN, REASON_CONNECT, 0);
	assert_true(sees("Change the address"));
	press(KEYS_ESC);
	press(KEYS_ESC);
	press(KEYS_ESC);
	assert_string_equal(at(), "custom");
	press(KEYS_ENTER);
	press(KEYS_ENTER); /* the same address: the key stays */
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_true(sees("40 characters"));
	press(KEYS_ESC);
	press(KEYS_ESC);
	type("/x");
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_true(sees("(nothing pasted yet)"));
	assert_int_equal(draft()->secret.len, 0);
}

static void the_address_can_be_changed_where_it_failed(void **state)
{
	(void)state;
	to_check();
	answer(VERDICT_UNKNOWN, REASON_DNS, 0);
	for (int i = 0; i < 3; i++)
		press(KEYS_DOWN);
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	type("2");
	press(KEYS_ENTER);
	assert_true(sees("llm.example.org"));
	press(KEYS_ENTER);
	assert_string_equal(draft()->base_url, "https://llm.example.org/v12");
}

static void a_provider_of_the_table_has_no_such_choice(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	answer(VERDICT_UNKNOWN, REASON_DNS, 0);
	assert_false(sees("Change the address"));
	assert_false(draft()->endpoint);
}

static void the_models_that_it_lists_can_be_searched(void **state)
{
	(void)state;
	to_model(12);
	assert_true(sees("12 models"));
	assert_true(sees("my-llm/org/model-1"));
	type("model-12");
	assert_false(sees("model-11"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "review");
	assert_string_equal(draft()->model, "my-llm/org/model-12");
}

static void a_name_that_it_does_not_list_is_taken_with_a_warning(void **state)
{
	(void)state;
	to_model(2);
	type("meta-llama/Llama-3");
	assert_true(sees("is not among the models that this key can use"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "review");
	assert_string_equal(draft()->model, "my-llm/meta-llama/Llama-3");
}

static void one_that_lists_nothing_needs_a_name(void **state)
{
	(void)state;
	to_model(0);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_true(sees("Nothing typed yet"));
	type("my-llm/llama");
	press(KEYS_ENTER);
	assert_string_equal(at(), "review");
	assert_string_equal(draft()->model, "my-llm/llama");
}

static void a_server_on_this_machine_needs_no_key(void **state)
{
	(void)state;
	custom("custom-anthropic");
	shown("here", "http://127.0.0.1:8080");
	assert_true(sees("it stays on this machine"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "method");
	type("3");
	assert_string_equal(at(), "check");
	assert_int_equal(draft()->method->kind, CRED_NONE);
}

static void a_provider_at_many_addresses_is_asked_only_for_that(void **state)
{
	(void)state;
	custom("cloudflare");
	assert_true(sees("Where is your Cloudflare AI Gateway?"));
	assert_false(sees("my-llm"));
	type("https://gateway.example/v1/account/gw");
	press(KEYS_ENTER);
	assert_true(sees("will be sent to gateway.example,"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->provider->id, "cloudflare-ai-gateway");
	assert_true(draft()->endpoint);
}

static void a_key_is_not_taken_for_an_address(void **state)
{
	(void)state;
	custom("custom-openai");
	paste(sample_key("sk-proj-", 164));
	assert_true(sees("That looks like a key."));
	assert_false(sees("sk-proj-"));
	paste("my-llm\n");
	press(KEYS_ENTER);
	paste("https://llm.example.org/v1\n");
	press(KEYS_ENTER);
	assert_true(sees("will be sent to llm.example.org,"));
}

static void another_provider_afterwards_is_no_endpoint(void **state)
{
	(void)state;
	to_secret();
	for (int i = 0; i < 3; i++)
		press(KEYS_ESC);
	assert_string_equal(at(), "provider");
	press(KEYS_CTRL('U'));
	type("groq");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->provider->id, "groq");
	assert_string_equal(draft()->base_url, "");
	assert_false(draft()->endpoint);
}

static void a_method_that_was_given_stays_chosen(void **state)
{
	(void)state;
	world_fresh();
	play();
	assert_true(wizard_preset(player.w, "custom-anthropic", "bearer", NULL, NULL));
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	shown("proxy", "https://llm.example.org");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->method->id, "bearer");
	assert_ptr_equal(draft()->method, provider_method(draft()->provider, "bearer"));
}

static void a_token_cannot_be_pasted_for_an_endpoint_without_an_address(void **state)
{
	struct err e = { 0 };

	(void)state;
	world_fresh();
	play();
	assert_false(wizard_paste_only(player.w, "custom-openai", NULL, 0, &e));
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.hint, "onboard --provider custom-openai"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_is_said_and_confirmed_before_a_key_is_asked_for),
		cmocka_unit_test(a_changed_address_is_confirmed_again),
		cmocka_unit_test(a_refused_address_says_why_and_stays),
		cmocka_unit_test(a_name_that_is_taken_puts_the_focus_on_the_name),
		cmocka_unit_test(another_address_forgets_the_key_that_was_pasted_for_the_first),
		cmocka_unit_test(the_address_can_be_changed_where_it_failed),
		cmocka_unit_test(a_provider_of_the_table_has_no_such_choice),
		cmocka_unit_test(the_models_that_it_lists_can_be_searched),
		cmocka_unit_test(a_name_that_it_does_not_list_is_taken_with_a_warning),
		cmocka_unit_test(one_that_lists_nothing_needs_a_name),
		cmocka_unit_test(a_server_on_this_machine_needs_no_key),
		cmocka_unit_test(a_provider_at_many_addresses_is_asked_only_for_that),
		cmocka_unit_test(a_key_is_not_taken_for_an_address),
		cmocka_unit_test(another_provider_afterwards_is_no_endpoint),
		cmocka_unit_test(a_method_that_was_given_stays_chosen),
		cmocka_unit_test(a_token_cannot_be_pasted_for_an_endpoint_without_an_address),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
