/* SPDX-License-Identifier: MIT */

/* The list of providers: all are in it, and what cannot be set up here says how it is; their
 * models. */

#include "tests/unit/wizard_world.h"

#include <stdio.h>
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

static void where_keys_are_made_is_never_cut(void **state)
{
	char page[120];
	struct str s;

	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		if (!p->keys_page || !p->keys_page[0])
			continue;
		s = STR_OF(page);
		str_fmt(&s, "keys: %s", p->keys_page);
		the_list();
		type(p->id);
		if (!sees(page))
			fail_msg("%s: %s is cut", p->id, page);
		play_end();
		world_clear();
	}
	the_list();
}

static void a_dated_model_is_the_recommended_one(void **state)
{
	struct check_result r = result_of(VERDICT_ACCEPTED, REASON_NONE, 200);
	const char *recommended = provider_find("anthropic")->models[0];

	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_token(2, 108));
	press(KEYS_ENTER);
	r.model_count = 2;
	str_copy(r.models[0], sizeof(r.models[0]), "claude-next-20301101");
	snprintf(r.models[1], sizeof(r.models[1]), "%s-20261101", strchr(recommended, '/') + 1);
	wizard_checked(player.w, &r, NULL);
	for (int i = 0; i < 4 && strcmp(at(), "model") != 0; i++)
		press(KEYS_ENTER);
	assert_true(sees("recommended"));
	press(KEYS_ENTER);
	assert_string_equal(draft()->model + strlen(recommended), "-20261101");
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
		cmocka_unit_test(where_keys_are_made_is_never_cut),
		cmocka_unit_test(a_dated_model_is_the_recommended_one),
		cmocka_unit_test(a_provider_without_chat_models_asks_for_none),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
