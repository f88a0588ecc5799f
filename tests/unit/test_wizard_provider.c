/* SPDX-License-Identifier: MIT */

/* The list of providers: all are in it, and what cannot be set up here says how it is. */

#include "tests/unit/wizard_world.h"

#include <string.h>

static void the_list(void)
{
	fresh();
	press(KEYS_ENTER);
	assert_string_equal(at(), "provider");
}

static void every_provider_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		the_list();
		type(provider_at(i)->label);
		if (!sees(provider_at(i)->label))
			fail_msg("%s is not in the list", provider_at(i)->label);
		play_end();
		world_clear();
	}
	the_list();
}

static void what_is_signed_in_elsewhere_says_how_and_is_not_chosen(void **state)
{
	(void)state;
	the_list();
	type("github");
	assert_true(sees("elsewhere"));
	assert_true(sees("Not here: sign in with thinkfleetbot"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "provider");
	assert_true(sees("models auth login-github-copilot."));
	assert_null(draft()->provider);
}

static void an_address_of_ones_own_is_needed_before_its_key(void **state)
{
	(void)state;
	the_list();
	type("custom-anthropic");
	assert_true(sees("Custom (Anthropic)   at your own address"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	assert_true(sees("Where is your Anthropic-compatible endpoint?"));
}

static void what_must_be_done_first_is_said_before_the_key_is_asked_for(void **state)
{
	const char *first = provider_find("huggingface")->before;

	(void)state;
	the_list();
	type("hugging");
	assert_true(sees(first));
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_true(sees(first));
	assert_non_null(strstr(screen(12, 40), "Inference"));
}

static void a_provider_without_chat_models_asks_for_none(void **state)
{
	(void)state;
	the_list();
	type("elevenlabs");
	press(KEYS_ENTER);
	paste(sample_key("sk_", 51));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	for (int i = 0; i < 4 && strcmp(at(), "review") != 0; i++) {
		press(KEYS_ENTER);
		assert_string_not_equal(at(), "model");
	}
	assert_string_equal(at(), "review");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_provider_is_found_by_its_name),
		cmocka_unit_test(what_is_signed_in_elsewhere_says_how_and_is_not_chosen),
		cmocka_unit_test(an_address_of_ones_own_is_needed_before_its_key),
		cmocka_unit_test(what_must_be_done_first_is_said_before_the_key_is_asked_for),
		cmocka_unit_test(a_provider_without_chat_models_asks_for_none),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
