/* SPDX-License-Identifier: MIT */

/* The onboarding as a person plays it, without a terminal, a network or a disk. */

#include "tests/unit/wizard_world.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static void eight_keys_and_a_paste_reach_a_written_profile(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(press(KEYS_ENTER), FX_NONE); /* connect */
	assert_string_equal(at(), "provider");
	press(KEYS_ENTER); /* Anthropic */
	assert_string_equal(at(), "method");
	press(KEYS_ENTER); /* setup-token */
	assert_string_equal(at(), "secret");
	paste(sample_token(2, 108));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	assert_string_equal(at(), "check");
	assert_int_equal(draft()->secret.len, 108);
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	press(KEYS_ENTER);
	assert_string_equal(at(), "protect");
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
	assert_string_equal(at(), "review");
	plan_ready();
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
	assert_int_equal(player.keys, 8);
	assert_int_equal(player.pastes, 1);
	written();
	assert_true(wizard_wrote(player.w));
	assert_string_equal(draft()->profile_id, "anthropic:default");
	assert_string_equal(draft()->model, provider_find("anthropic")->models[0]);
	assert_int_equal(draft()->keep, KEEP_SEALED);
	assert_true(draft()->verified);
	assert_int_equal(press(KEYS_ENTER), FX_PANEL);
}

static void a_search_without_a_match_offers_an_endpoint_of_that_name(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	type("acme");
	assert_true(sees("No provider is called \"acme\"."));
	assert_true(sees("set up \"acme\" as a custom OpenAI-compatible endpoint"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "custom");
	assert_true(sees("acme"));
}

static void escape_in_the_search_clears_it_first(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	type("gro");
	press(KEYS_ESC);
	assert_string_equal(at(), "provider");
	assert_true(sees("OpenRouter"));
	press(KEYS_ESC);
	assert_string_equal(at(), "start");
}

static void a_provider_with_one_method_goes_straight_to_the_key(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	type("groq");
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	press(KEYS_ESC);
	assert_string_equal(at(), "provider");
}

static void a_local_server_needs_no_key_and_no_protection(void **state)
{
	(void)state;
	fresh();
	press(KEYS_ENTER);
	type("ollama");
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	assert_string_equal(at(), "check");
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	press(KEYS_ESC);
	assert_string_equal(at(), "check");
	press(KEYS_ESC);
	assert_string_equal(at(), "provider");
}

static void a_rejected_key_stays_and_offers_to_paste_again(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	answer(VERDICT_REJECTED, REASON_BAD_KEY, 401);
	assert_false(draft()->verified);
	assert_string_equal(at(), "check");
	assert_true(sees("Paste the setup-token again"));
	press(KEYS_ENTER);
	assert_string_equal(at(), "secret");
	assert_true(sees("nothing pasted yet"));
	assert_int_equal(draft()->secret.len, 0);
}

static void an_unreachable_provider_blames_the_network_and_can_be_saved_unverified(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	answer(VERDICT_UNKNOWN, REASON_DNS, 0);
	assert_false(sees("nvalid"));
	assert_true(sees("not tested"));
	assert_true(sees("Save it without verifying"));
	press(KEYS_END);
	press(KEYS_ENTER);
	assert_string_equal(at(), "protect");
	assert_true(draft()->skip_verify);
	assert_false(draft()->verified);
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	plan_ready();
	assert_true(sees("not verified"));
}

static void limited_and_no_credit_count_as_verified(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	answer(VERDICT_LIMITED, REASON_RATE_LIMIT, 429);
	assert_true(draft()->verified);
	type("r");
	assert_int_equal(player.fx, FX_CHECK);
	answer(VERDICT_NO_CREDIT, REASON_BILLING, 402);
	assert_true(draft()->verified);
	press(KEYS_ENTER);
	assert_string_equal(at(), "protect");
}

static void a_clock_that_is_off_gets_its_own_warning(void **state)
{
	struct check_result r = result_of(VERDICT_ACCEPTED, REASON_NONE, 200);

	(void)state;
	fresh();
	walk_to("check");
	r.skew_ms = 7 * MS_MINUTE;
	wizard_checked(player.w, &r, NULL);
	assert_true(sees("This host's clock is 7 min fast"));
	type("r");
	r.skew_ms = -59999;
	wizard_checked(player.w, &r, NULL);
	assert_false(sees("clock"));
}

static void escape_cancels_a_running_check_and_a_late_answer_is_dropped(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	assert_int_equal(press(KEYS_ENTER), FX_NONE); /* busy: ignored */
	assert_int_equal(press(KEYS_ESC), FX_CANCEL_CHECK);
	assert_string_equal(at(), "secret");
	answer(VERDICT_REJECTED, REASON_BAD_KEY, 401);
	assert_string_equal(at(), "secret");
	assert_true(sees("108 characters"));
}

static void the_spinner_starts_late_and_slowness_is_said(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	assert_false(sees("⠋"));
	assert_int_equal(wizard_wait(player.w, player.now_ms), 150);
	player.now_ms += 160;
	assert_true(sees("⠋"));
	player.now_ms += 200;
	assert_true(sees("⠙"));
	assert_false(sees("Slow. Still waiting."));
	player.now_ms += 8000;
	assert_true(sees("Slow. Still waiting."));
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	assert_int_equal(wizard_wait(player.w, player.now_ms), -1);
}

static void stages_advance_and_never_go_back(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	wizard_stage(player.w, STAGE_ANSWER, player.now_ms);
	assert_true(sees("waiting for the answer"));
	wizard_stage(player.w, STAGE_TLS, player.now_ms);
	assert_true(sees("waiting for the answer"));
}

static void escape_from_each_step_returns_with_the_answers_intact(void **state)
{
	static const char *const order[] = { "provider", "method", "secret", "check", "protect",
		"model", "review" };

	(void)state;
	used();
	walk_to("review");
	plan_ready();
	for (size_t i = ARRAY_LEN(order); i-- > 0;) {
		assert_string_equal(at(), order[i]);
		assert_int_equal(press(KEYS_ESC), FX_NONE);
	}
	assert_string_equal(at(), "start");
	for (size_t i = 0; i < 3; i++) {
		press(KEYS_ENTER);
		assert_string_equal(at(), order[i]);
	}
	assert_true(sees("108 characters"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
}

static void escape_on_the_first_screen_asks(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(press(KEYS_ESC), FX_NONE);
	assert_true(sees("Leave setup?"));
	type("n");
	assert_false(sees("Leave setup?"));
	press(KEYS_ESC);
	press(KEYS_ESC);
	assert_false(sees("Leave setup?"));
	press(KEYS_ESC);
	assert_int_equal(type("y"), FX_QUIT);
}

static void two_interrupts_leave_from_every_step(void **state)
{
	static const char *const ids[] = { "start", "provider", "method", "secret", "check",
		"protect", "model", "review" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		used();
		walk_to(ids[i]);
		assert_int_equal(press(KEYS_CTRL('C')), FX_NONE);
		assert_true(sees("Leave setup?"));
		assert_true(sees("Nothing has been written."));
		assert_int_equal(press(KEYS_CTRL('C')), FX_QUIT);
	}
}

static void plain_text_asks_once_more(void **state)
{
	(void)state;
	fresh();
	walk_to("protect");
	type("4");
	assert_true(sees("Store the secret unencrypted? y N"));
	press(KEYS_ENTER); /* N */
	assert_string_equal(at(), "protect");
	assert_int_equal(draft()->keep, KEEP_SEALED);
	type("4");
	type("y");
	assert_string_equal(at(), "model");
	assert_int_equal(draft()->keep, KEEP_PLAIN);
}

static void the_current_default_comes_first_and_leaves_the_model_alone(void **state)
{
	(void)state;
	used();
	walk_to("model");
	assert_true(sees("keep the current default"));
	press(KEYS_ENTER);
	assert_string_equal(draft()->model, "");
	assert_false(draft()->keep_fallback);
}

static void a_new_default_keeps_the_old_one_as_a_fallback_unless_toggled(void **state)
{
	(void)state;
	used();
	walk_to("model");
	press(KEYS_DOWN);
	assert_true(sees("[x] keep the old default"));
	type(" ");
	assert_true(sees("[ ] keep the old default"));
	type(" ");
	press(KEYS_ENTER);
	assert_string_equal(draft()->model, provider_find("anthropic")->models[0]);
	assert_true(draft()->keep_fallback);
}

static void an_unlisted_model_can_be_typed(void **state)
{
	(void)state;
	fresh();
	walk_to("model");
	type("claude-next");
	assert_true(sees("anthropic/claude-next"));
	press(KEYS_ENTER);
	assert_string_equal(draft()->model, "anthropic/claude-next");
}

static void models_without_a_live_list_say_so(void **state)
{
	(void)state;
	fresh();
	walk_to("check");
	answer(VERDICT_LIMITED, REASON_RATE_LIMIT, 429);
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_true(sees("list from this program, not live"));
}

static void a_failed_plan_can_be_tried_again(void **state)
{
	struct err e = { 0 };

	(void)state;
	fresh();
	walk_to("review");
	err_set(&e, ERR_REFUSED, "thinkfleetbot.json is not yours");
	wizard_planned(player.w, NULL, &e);
	assert_true(sees("thinkfleetbot.json is not yours"));
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
	plan_ready();
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
}

static void a_plan_that_arrives_after_going_back_is_dropped(void **state)
{
	(void)state;
	fresh();
	walk_to("review");
	press(KEYS_ESC);
	plan_ready();
	assert_string_equal(at(), "model");
	assert_int_equal(press(KEYS_ENTER), FX_PLAN);
}

static void the_diff_opens_and_closes(void **state)
{
	(void)state;
	used();
	walk_to("review");
	plan_ready();
	type("d");
	assert_true(sees("+    \"primary\": \"anthropic/claude-sonnet-4-5\","));
	press(KEYS_ESC);
	assert_false(sees("\"primary\""));
	assert_string_equal(at(), "review");
}

static void a_failed_write_keeps_the_key_and_can_be_tried_again(void **state)
{
	struct err e = { 0 };

	(void)state;
	fresh();
	walk_to("review");
	plan_ready();
	press(KEYS_ENTER);
	err_set(&e, ERR_IO, "vault.json: no space left on device");
	wizard_file(player.w, 0, false, &e);
	wizard_applied(player.w, &e);
	assert_false(wizard_wrote(player.w));
	assert_true(sees("no space left on device"));
	assert_int_equal(draft()->secret.len, 108);
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
	written();
	assert_true(wizard_wrote(player.w));
}

static void keys_are_ignored_while_files_are_written(void **state)
{
	(void)state;
	fresh();
	walk_to("review");
	plan_ready();
	press(KEYS_ENTER);
	assert_int_equal(press(KEYS_ESC), FX_NONE);
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_int_equal(press(KEYS_CTRL('C')), FX_NONE);
	assert_int_equal(press(KEYS_CTRL('C')), FX_NONE);
	assert_string_equal(at(), "apply");
}

static void the_secret_is_wiped_once_it_is_written(void **state)
{
	(void)state;
	fresh();
	walk_to("apply");
	written();
	assert_int_equal(draft()->secret.len, 0);
	assert_int_equal(press(KEYS_ESC), FX_QUIT);
}

static void too_small_keeps_the_state_and_only_leaves(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	paste(sample_token(2, 108));
	wizard_size(player.w, 8, 32);
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	type("abc");
	paste(sample_token(1, 108));
	assert_string_equal(at(), "secret");
	assert_true(sees("108 characters"));
	assert_true(sees("ends c1AA"));
	wizard_size(player.w, 8, 32);
	assert_int_equal(type("q"), FX_QUIT);
}

static void global_keys_work_on_every_screen(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(press(KEYS_CTRL('L')), FX_REDRAW);
	assert_int_equal(press(KEYS_CTRL('Z')), FX_SUSPEND);
	assert_int_equal(press(KEYS_CTRL('O')), FX_PLAIN_PAGE);
	type("?");
	assert_true(sees("Help: Start"));
	assert_int_equal(press(KEYS_CTRL('L')), FX_REDRAW);
	press(KEYS_ESC);
	walk_to("secret");
	type("?"); /* text here */
	assert_false(sees("Help: Secret"));
	press(KEYS_CTRL('G'));
	assert_true(sees("Help: Secret"));
}

static void the_plain_page_has_the_whole_address(void **state)
{
	char text[512];
	struct str s = STR_OF(text);

	(void)state;
	fresh();
	walk_to("secret");
	wizard_plain_text(player.w, &s);
	assert_non_null(strstr(text, "https://console.anthropic.com/settings/keys\n"));
}

static void repair_opens_the_panel_on_what_needs_attention(void **state)
{
	(void)state;
	used();
	assert_true(sees("Repair what needs attention"));
	assert_int_equal(type("4"), FX_PANEL);
	assert_int_equal(draft()->intent, INTENT_REPAIR);
	fresh();
	assert_false(sees("Repair what needs attention"));
}

/* One random thing that a person, a terminal or a network does. */
static void random_turn(uint32_t r)
{
	static const enum keysym keys[] = { KEYS_ENTER, KEYS_ENTER, KEYS_ENTER, KEYS_ESC, KEYS_UP,
		KEYS_DOWN, KEYS_PAGE_DOWN, KEYS_END, KEYS_TAB, KEYS_BACKSPACE, KEYS_F1,
		KEYS_CTRL('T'), KEYS_CTRL('U'), KEYS_CTRL('G') };
	static const char *const texts[] = { "1", "2", "3", "4", "d", "r", " ", "n", "open" };

	switch (r % 8) {
	case 0:
		paste(r & 64 ? sample_token(2, 108) : sample_key("sk-or-v1-", 73));
		break;
	case 1:
		type(texts[(r >> 8) % ARRAY_LEN(texts)]);
		break;
	default:
		press(keys[(r >> 8) % ARRAY_LEN(keys)]);
		break;
	}
	if (player.fx == FX_CHECK && r & 256)
		answer(r & 512 ? VERDICT_ACCEPTED : VERDICT_REJECTED, REASON_NONE, 200);
	else if (player.fx == FX_PLAN)
		plan_ready();
}

static void a_hundred_random_people_break_nothing(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int person = 0; person < 100; person++) {
		used();
		for (int turn = 0; turn < 40; turn++) {
			seed = seed * 1664525u + 1013904223u;
			wizard_size(player.w, 10 + (int)(seed >> 28), 36 + (int)(seed >> 26));
			random_turn(seed >> 4);
			if (turn % 8 == 0)
				screen(10 + (int)(seed >> 28), 36 + (int)(seed >> 26));
			if (player.fx == FX_APPLY) {
				assert_string_equal(at(), "apply");
				break;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_keys_and_a_paste_reach_a_written_profile),
		cmocka_unit_test(a_search_without_a_match_offers_an_endpoint_of_that_name),
		cmocka_unit_test(escape_in_the_search_clears_it_first),
		cmocka_unit_test(a_provider_with_one_method_goes_straight_to_the_key),
		cmocka_unit_test(a_local_server_needs_no_key_and_no_protection),
		cmocka_unit_test(a_rejected_key_stays_and_offers_to_paste_again),
		cmocka_unit_test(
			an_unreachable_provider_blames_the_network_and_can_be_saved_unverified),
		cmocka_unit_test(limited_and_no_credit_count_as_verified),
		cmocka_unit_test(a_clock_that_is_off_gets_its_own_warning),
		cmocka_unit_test(escape_cancels_a_running_check_and_a_late_answer_is_dropped),
		cmocka_unit_test(the_spinner_starts_late_and_slowness_is_said),
		cmocka_unit_test(stages_advance_and_never_go_back),
		cmocka_unit_test(escape_from_each_step_returns_with_the_answers_intact),
		cmocka_unit_test(escape_on_the_first_screen_asks),
		cmocka_unit_test(two_interrupts_leave_from_every_step),
		cmocka_unit_test(plain_text_asks_once_more),
		cmocka_unit_test(the_current_default_comes_first_and_leaves_the_model_alone),
		cmocka_unit_test(a_new_default_keeps_the_old_one_as_a_fallback_unless_toggled),
		cmocka_unit_test(an_unlisted_model_can_be_typed),
		cmocka_unit_test(models_without_a_live_list_say_so),
		cmocka_unit_test(a_failed_plan_can_be_tried_again),
		cmocka_unit_test(a_plan_that_arrives_after_going_back_is_dropped),
		cmocka_unit_test(the_diff_opens_and_closes),
		cmocka_unit_test(a_failed_write_keeps_the_key_and_can_be_tried_again),
		cmocka_unit_test(keys_are_ignored_while_files_are_written),
		cmocka_unit_test(the_secret_is_wiped_once_it_is_written),
		cmocka_unit_test(a_hundred_random_people_break_nothing),
		cmocka_unit_test(too_small_keeps_the_state_and_only_leaves),
		cmocka_unit_test(global_keys_work_on_every_screen),
		cmocka_unit_test(the_plain_page_has_the_whole_address),
		cmocka_unit_test(repair_opens_the_panel_on_what_needs_attention),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
