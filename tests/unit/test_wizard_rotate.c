/* SPDX-License-Identifier: MIT */

/* The shorter ways through: rotating, paste-token, answers given by flags. */

#include "tests/unit/wizard_world.h"

#include <string.h>

static void rotation_from_the_first_screen_replaces_one_key(void **state)
{
	(void)state;
	used();
	type("2");
	assert_string_equal(at(), "profile");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_true(sees("Paste the new setup-token for anthropic:default"));
	paste(sample_token(2, 108));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
	plan_ready();
	assert_int_equal(draft()->intent, INTENT_ROTATE);
	assert_string_equal(draft()->profile_id, "anthropic:default");
	assert_string_equal(draft()->model, "");
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
}

static void rotation_refuses_the_token_already_in_use(void **state)
{
	struct err e = { 0 };

	(void)state;
	used();
	assert_ok(wizard_rotate(player.w, "anthropic:default", &e), e);
	assert_string_equal(at(), "secret");
	paste(sample_token(1, 108));
	assert_true(sees("This is the setup-token already in use."));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_string_equal(at(), "secret");
}

static void a_rejected_rotation_says_that_the_old_key_stays(void **state)
{
	struct err e = { 0 };

	(void)state;
	used();
	assert_ok(wizard_rotate(player.w, "anthropic:default", &e), e);
	walk_to("check");
	answer(VERDICT_REJECTED, REASON_BAD_KEY, 401);
	assert_true(sees("anthropic:default still uses the old key, ending 7QAA"));
	assert_false(sees("Save it without verifying"));
}

static void what_cannot_be_rotated_says_why(void **state)
{
	struct err e = { 0 };

	(void)state;
	used();
	assert_err(wizard_rotate(player.w, "google:work", &e), e, ERR_USAGE);
	assert_err(wizard_rotate(player.w, "nobody:here", &e), e, ERR_NOT_FOUND);
	type("2");
	press(KEYS_DOWN);
	press(KEYS_DOWN);
	press(KEYS_ENTER);
	assert_string_equal(at(), "profile");
	assert_true(sees("cannot be replaced here"));
}

static void a_plain_key_in_a_foreign_file_asks_how_to_keep_the_new_one(void **state)
{
	(void)state;
	used();
	world.credentials[0].stored = STORED_PLAIN_PROFILES;
	type("2");
	press(KEYS_ENTER);
	paste(sample_token(2, 108));
	press(KEYS_ENTER);
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	press(KEYS_ENTER);
	assert_string_equal(at(), "protect");
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
	assert_int_equal(draft()->keep, KEEP_SEALED);
}

static void a_plain_line_of_ours_is_rotated_in_place(void **state)
{
	(void)state;
	used();
	world.credentials[0].stored = STORED_PLAIN_ENV;
	world.credentials[0].in_store = false;
	type("2");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_int_equal(draft()->keep, KEEP_PLAIN);
	assert_int_equal(draft()->intent, INTENT_ROTATE);
}

static void adding_another_kind_of_credential_does_not_replace_the_first(void **state)
{
	struct err e = { 0 };

	(void)state;
	used();
	assert_int_equal(snapshot_find(&world, "anthropic:default")->kind, CRED_TOKEN);
	assert_ok(wizard_preset(player.w, "anthropic", "api-key", NULL, &e), e);
	assert_string_equal(draft()->profile_id, "anthropic:api-key");
	assert_ok(wizard_preset(player.w, "anthropic", "setup-token", NULL, &e), e);
	assert_string_equal(draft()->profile_id, "anthropic:default");
}

static void a_rotation_given_up_leaves_nothing_in_what_is_added(void **state)
{
	(void)state;
	used();
	str_copy(world.credentials[0].id, ID_CAP, "anthropic:work");
	world.credentials[0].stored = STORED_PLAIN_PROFILES;
	type("2");
	press(KEYS_ENTER);
	assert_string_equal(draft()->profile_id, "anthropic:work");
	assert_int_equal(draft()->keep, KEEP_SEALED);
	paste(sample_token(2, 108));
	press(KEYS_ESC);
	press(KEYS_ESC);
	press(KEYS_HOME);
	walk_to("secret");
	assert_string_equal(draft()->profile_id, "anthropic:default");
	assert_int_equal(draft()->keep, KEEP_SEALED);
	assert_true(sees("nothing pasted yet"));
}

static void paste_only_is_four_steps(void **state)
{
	struct err e = { 0 };

	(void)state;
	fresh();
	assert_ok(wizard_paste_only(player.w, "anthropic", "anthropic:work", NOW + 1, &e), e);
	assert_string_equal(at(), "secret");
	paste(sample_token(2, 108));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
	assert_string_equal(at(), "review");
	assert_string_equal(draft()->profile_id, "anthropic:work");
	assert_int_equal(draft()->expires_source, EXPIRY_YOU);
	plan_ready();
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
}

static void adding_begins_at_the_first_question_that_is_open(void **state)
{
	struct err e = { 0 };

	(void)state;
	fresh();
	assert_ok(wizard_add(player.w, NULL, NULL, 0, &e), e);
	assert_string_equal(at(), "provider");
	press(KEYS_ESC);
	assert_true(sees("Leave"));
	fresh();
	assert_ok(wizard_add(player.w, "anthropic", NULL, NOW + 1, &e), e);
	assert_string_equal(at(), "method");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_int_equal(draft()->expires_ms, NOW + 1);
	fresh();
	assert_ok(wizard_add(player.w, "openai", "openai:ci", 0, &e), e);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->profile_id, "openai:ci");
	fresh();
	assert_err(wizard_add(player.w, "ollama", NULL, 0, &e), e, ERR_USAGE);
}

static void presets_skip_their_steps_and_name_the_valid_ids(void **state)
{
	struct err e = { 0 };

	(void)state;
	fresh();
	assert_err(wizard_preset(player.w, "acme", NULL, NULL, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.hint, "help providers"));
	assert_err(wizard_preset(player.w, "anthropic", "telepathy", NULL, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.hint, "setup-token"));
	e = (struct err){ 0 };
	assert_ok(wizard_preset(player.w, "anthropic", "api-key", "anthropic:ci", &e), e);
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_string_equal(draft()->profile_id, "anthropic:ci");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotation_from_the_first_screen_replaces_one_key),
		cmocka_unit_test(rotation_refuses_the_token_already_in_use),
		cmocka_unit_test(a_rejected_rotation_says_that_the_old_key_stays),
		cmocka_unit_test(what_cannot_be_rotated_says_why),
		cmocka_unit_test(a_plain_key_in_a_foreign_file_asks_how_to_keep_the_new_one),
		cmocka_unit_test(a_plain_line_of_ours_is_rotated_in_place),
		cmocka_unit_test(adding_another_kind_of_credential_does_not_replace_the_first),
		cmocka_unit_test(a_rotation_given_up_leaves_nothing_in_what_is_added),
		cmocka_unit_test(paste_only_is_four_steps),
		cmocka_unit_test(adding_begins_at_the_first_question_that_is_open),
		cmocka_unit_test(presets_skip_their_steps_and_name_the_valid_ids),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
