/* SPDX-License-Identifier: MIT */

/* What happens to what is pasted, on every screen where it can be. */

#include "tests/unit/wizard_world.h"

#include <string.h>

static void a_key_pasted_on_the_first_screen_skips_the_questions_it_answers(void **state)
{
	(void)state;
	fresh();
	paste(sample_token(2, 108));
	assert_true(sees("Anthropic setup-token"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "provider");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	assert_string_equal(draft()->method->id, "setup-token");
	assert_int_equal(draft()->secret.len, 108);
}

static void a_key_pasted_into_the_search_names_its_provider(void **state)
{
	const char *key;

	(void)state;
	fresh();
	press(KEYS_ENTER);
	key = sample_key("sk-or-v1-", 73);
	paste(key);
	assert_string_equal(at(), "provider");
	assert_null(strstr(screen(24, 80), key + 20));
	assert_true(sees("OpenRouter."));
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->provider->id, "openrouter");
}

static void choosing_another_provider_drops_a_carried_key(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	paste(sample_key("sk-or-v1-", 73));
	type("groq");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->provider->id, "groq");
	assert_true(sees("nothing pasted yet"));
}

static void a_word_pasted_into_the_search_filters(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	paste("openrouter");
	press(KEYS_ENTER);
	assert_string_equal(draft()->provider->id, "openrouter");
}

static void a_wrapped_token_is_one_answer(void **state)
{
	char wrapped[128];
	struct str s = STR_OF(wrapped);

	(void)state;
	str_addn(&s, sample_token(2, 108), 80);
	str_fmt(&s, "\r\n%s", sample_token(2, 108) + 80);
	fresh();
	walk_to("secret");
	paste(wrapped);
	assert_string_equal(at(), "secret");
	assert_true(sees("Joined 2 lines"));
	assert_true(sees("108 characters"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "check");
	assert_memory_equal(draft()->secret.bytes, sample_token(2, 108), 108);
}

static void the_rest_of_a_cut_token_can_be_pasted_after_it(void **state)
{
	char half[64];

	(void)state;
	fresh();
	walk_to("secret");
	str_copy(half, 61, sample_token(2, 108));
	paste(half);
	assert_true(sees("60 characters"));
	paste(sample_token(2, 108) + 60);
	assert_true(sees("108 characters"));
}

static void a_second_whole_paste_replaces_the_first(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_token(2, 108));
	paste(sample_token(1, 108));
	assert_true(sees("ends 7QAA"));
	assert_true(sees("108 characters"));
}

static void a_paste_where_no_field_is_active_is_dropped(void **state)
{
	(void)state;
	fresh();
	walk_to("method");
	paste(sample_token(2, 108));
	assert_true(sees("Paste ignored: no field is active here."));
	press(KEYS_ENTER);
	assert_true(sees("nothing pasted yet"));
	walk_to("check");
	paste("y\n");
	assert_true(sees("Paste ignored"));
}

static void a_pasted_key_never_becomes_a_model(void **state)
{
	(void)state;
	fresh();
	walk_to("model");
	paste(sample_token(2, 108));
	assert_true(sees("not a model's name"));
	assert_null(strstr(screen(24, 80), sample_token(2, 108) + 20));
}

static void another_providers_key_stays_until_it_is_switched(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_key("sk-or-v1-", 73));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_string_equal(at(), "secret");
	assert_true(sees("^T"));
	press(KEYS_CTRL('T'));
	assert_string_equal(draft()->provider->id, "openrouter");
	assert_string_equal(draft()->profile_id, "openrouter:default");
	assert_true(sees("73 characters"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void the_other_kind_of_the_same_provider_can_be_switched_too(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_key("sk-ant-api03-", 108));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_true(sees("use it as an API key instead (keeps it, changes the way to sign in)"));
	press(KEYS_CTRL('T'));
	assert_string_equal(draft()->method->id, "api-key");
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void a_doubtful_key_needs_a_second_enter(void **state)
{
	char cut[80];

	(void)state;
	fresh();
	walk_to("secret");
	str_copy(cut, sizeof(cut), sample_token(2, 108));
	paste(cut);
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_string_equal(at(), "secret");
	assert_true(sees("verify anyway"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void nothing_pasted_says_so(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	press(KEYS_ENTER);
	assert_true(sees("Nothing pasted yet."));
	assert_string_equal(at(), "secret");
}

static void a_megabyte_is_refused_and_nothing_kept(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste_bytes("", 0, 1200000);
	assert_true(sees("That is 1.2 MB of text, not a secret. Nothing was kept."));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_string_equal(at(), "secret");
}

static void the_stored_token_is_recognised(void **state)
{
	(void)state;
	used();
	walk_to("secret");
	paste(sample_token(1, 108));
	assert_true(sees("already stored for anthropic:default"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void clearing_the_field_clears_the_verdict(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_key("sk-or-v1-", 73));
	press(KEYS_CTRL('U'));
	assert_true(sees("nothing pasted yet"));
	assert_false(sees("OpenRouter"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_pasted_on_the_first_screen_skips_the_questions_it_answers),
		cmocka_unit_test(a_key_pasted_into_the_search_names_its_provider),
		cmocka_unit_test(choosing_another_provider_drops_a_carried_key),
		cmocka_unit_test(a_word_pasted_into_the_search_filters),
		cmocka_unit_test(a_wrapped_token_is_one_answer),
		cmocka_unit_test(the_rest_of_a_cut_token_can_be_pasted_after_it),
		cmocka_unit_test(a_second_whole_paste_replaces_the_first),
		cmocka_unit_test(a_paste_where_no_field_is_active_is_dropped),
		cmocka_unit_test(a_pasted_key_never_becomes_a_model),
		cmocka_unit_test(another_providers_key_stays_until_it_is_switched),
		cmocka_unit_test(the_other_kind_of_the_same_provider_can_be_switched_too),
		cmocka_unit_test(a_doubtful_key_needs_a_second_enter),
		cmocka_unit_test(nothing_pasted_says_so),
		cmocka_unit_test(a_megabyte_is_refused_and_nothing_kept),
		cmocka_unit_test(the_stored_token_is_recognised),
		cmocka_unit_test(clearing_the_field_clears_the_verdict),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
