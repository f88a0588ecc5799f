/* SPDX-License-Identifier: MIT */

/* The panel over made-up snapshots: what it shows, when it checks, what its keys do. */

#include "tests/unit/wizard_world.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct panel *panel;
static int64_t now;

static void opened(void)
{
	struct err e = { 0 };

	panel_free(panel);
	now = NOW;
	panel = panel_new(&world, "Setup complete. Quitting this view changes nothing.", &e);
	if (!panel)
		fail_msg("%s", e.msg);
}

static void used_panel(void)
{
	world_used();
	opened();
}

static void fresh_panel(void)
{
	world_fresh();
	opened();
}

static enum panel_effect hit(enum keysym key)
{
	return panel_handle(panel, &(struct event){ .type = EVENT_KEY, .key = key }, now);
}

static enum panel_effect say(char c)
{
	return panel_handle(
		panel, &(struct event){ .type = EVENT_CHAR, .ch = (unsigned char)c }, now);
}

static const char *drawn(int rows, int cols)
{
	struct err e = { 0 };

	assert_ok(frame_resize(&frame, rows, cols, &e), e);
	frame.glyphs = GLYPHS_UNICODE;
	panel_size(panel, rows, cols);
	panel_draw(panel, &frame, now);
	return screen_of(&frame);
}

static bool shows(const char *text)
{
	return strstr(drawn(24, 80), text) != NULL;
}

static const struct {
	int rows, cols;
} sizes[] = { { 24, 80 }, { 16, 60 }, { 12, 40 }, { 40, 120 }, { 60, 200 } };

static void goldens(const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		drawn(sizes[i].rows, sizes[i].cols);
		golden(name, &frame);
	}
}

static void the_panel_is_its_golden_frame(void **state)
{
	(void)state;
	used_panel();
	goldens("panel", 5);
	hit(KEYS_TAB);
	goldens("panel-detail", 3);
	hit(KEYS_TAB);
	goldens("panel-doctor", 3);
	hit(KEYS_TAB);
	goldens("panel-log", 3);
	say('?');
	goldens("panel-help", 3);
}

static void the_confirmation_shows_the_exact_command(void **state)
{
	(void)state;
	used_panel();
	say('3');
	hit(KEYS_DOWN);
	say('f');
	goldens("panel-fix", 3);
	assert_true(shows("Will run"));
	assert_true(shows("chmod 600"));
	assert_int_equal(say('n'), PFX_NONE);
	say('f');
	assert_int_equal(say('y'), PFX_FIX);
	assert_string_equal(panel_fix(panel)->check, "modes");
}

static void a_fix_that_changed_under_the_question_is_not_done(void **state)
{
	(void)state;
	used_panel();
	say('3');
	say('f');
	world.findings++; /* the first finding is gone meanwhile */
	world.finding_count--;
	panel_world(panel, &world);
	assert_int_equal(say('y'), PFX_NONE);
	assert_true(shows("have changed meanwhile"));
}

static void an_empty_panel_offers_to_connect(void **state)
{
	(void)state;
	fresh_panel();
	goldens("panel-empty", 4);
	assert_int_equal(say('a'), PFX_ADD);
	assert_int_equal(hit(KEYS_ENTER), PFX_ADD);
	assert_null(panel_selected(panel));
	assert_int_equal(say('r'), PFX_NONE);
	assert_int_equal(say('q'), PFX_QUIT);
}

static void the_six_facts_are_there_in_words(void **state)
{
	static const char *const facts[] = { "stored", "opens", "selected", "accepted", "expires",
		"in use" };

	(void)state;
	used_panel();
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		assert_true(shows(facts[i]));
	assert_true(shows("sealed"));
	assert_true(shows("first in order"));
	assert_true(shows("an estimate"));
}

static void the_selection_follows_the_profile(void **state)
{
	struct credential moved;

	(void)state;
	used_panel();
	hit(KEYS_DOWN);
	assert_string_equal(panel_selected(panel), "openai:default");
	moved = world.credentials[1];
	world.credentials[1] = world.credentials[3];
	world.credentials[3] = moved;
	panel_world(panel, &world);
	assert_string_equal(panel_selected(panel), "openai:default");
	hit(KEYS_DOWN);
	assert_string_equal(panel_selected(panel), "ollama:local");
}

static void a_profile_that_is_gone_leaves_a_selection(void **state)
{
	(void)state;
	used_panel();
	hit(KEYS_END);
	world.credential_count = 2;
	panel_world(panel, &world);
	assert_string_equal(panel_selected(panel), "openai:default");
	world.credential_count = 0;
	panel_world(panel, &world);
	assert_null(panel_selected(panel));
	drawn(24, 80);
}

static void r_checks_the_selected_one(void **state)
{
	(void)state;
	used_panel();
	hit(KEYS_DOWN);
	assert_int_equal(say('r'), PFX_CHECK_ONE);
	assert_string_equal(panel_due(panel), "openai:default");
	assert_int_equal(say('R'), PFX_CHECK_ALL);
	hit(KEYS_DOWN);
	assert_int_equal(say('r'), PFX_NONE);
	assert_true(shows("not checked here"));
}

static void o_rotates_what_can_be_rotated(void **state)
{
	(void)state;
	used_panel();
	assert_int_equal(say('o'), PFX_ROTATE);
	assert_string_equal(panel_selected(panel), "anthropic:default");
	hit(KEYS_END);
	assert_int_equal(say('o'), PFX_NONE);
	assert_true(shows("needs no key"));
}

/* What the driver does: starts what is due, and counts. */
static size_t due_now(void)
{
	size_t n = 0;

	while (n < 20 && panel_tick(panel, now) == PFX_CHECK_ONE) {
		panel_probing(panel, panel_due(panel), true);
		n++;
	}
	return n;
}

static void finish(const char *id, enum verdict v)
{
	for (size_t i = 0; i < world.credential_count; i++) {
		struct credential *c = &world.credentials[i];

		if (strcmp(c->id, id) != 0)
			continue;
		c->accepted = v;
		c->accepted_reason = v == VERDICT_UNKNOWN ? REASON_TIMEOUT : REASON_NONE;
		c->accepted_at_ms = now;
		c->accepted_latency_ms = 240;
	}
	world.now_ms = now;
	panel_probing(panel, id, false);
	panel_world(panel, &world);
}

static void checks_are_due_once_a_minute_and_three_at_a_time(void **state)
{
	(void)state;
	world_used();
	world.credentials[3].accepted_at_ms = NOW - MS_SECOND;
	opened();
	assert_int_equal(due_now(), 0); /* all were checked a moment ago */
	now += 3 * MS_MINUTE;
	assert_int_equal(panel_wait(panel, now), 0);
	assert_int_equal(due_now(), 3);
	assert_int_equal(due_now(), 0);
	finish("anthropic:default", VERDICT_ACCEPTED);
	assert_int_equal(due_now(), 1);
	finish("openai:default", VERDICT_ACCEPTED);
	finish("openrouter:default", VERDICT_REJECTED);
	finish("ollama:local", VERDICT_UNKNOWN);
	assert_int_equal(due_now(), 0);
	now += 50 * MS_SECOND;
	assert_int_equal(due_now(), 0);
	now += 20 * MS_SECOND;
	assert_int_equal(due_now(), 2); /* the two that are well */
}

static void failures_back_off_to_ten_minutes(void **state)
{
	static const int64_t minutes[] = { 2, 5, 10, 10 };

	(void)state;
	used_panel();
	world.credential_count = 1;
	panel_world(panel, &world);
	finish("anthropic:default", VERDICT_UNKNOWN);
	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		now += 20 * MS_MINUTE; /* whatever was due is */
		hit(KEYS_UP);
		assert_int_equal(due_now(), 1);
		finish("anthropic:default", VERDICT_UNKNOWN);
		now += minutes[i] * MS_MINUTE * 85 / 100;
		assert_int_equal(due_now(), 0);
		now += minutes[i] * MS_MINUTE * 30 / 100;
		assert_int_equal(due_now(), 1);
		panel_probing(panel, "anthropic:default", false);
	}
}

static void nobody_watching_means_fewer_checks(void **state)
{
	(void)state;
	used_panel();
	world.credential_count = 1;
	panel_world(panel, &world);
	now += 11 * MS_MINUTE;
	assert_int_equal(due_now(), 1);
	finish("anthropic:default", VERDICT_ACCEPTED);
	now += 2 * MS_MINUTE;
	assert_int_equal(due_now(), 0);
	now += 4 * MS_MINUTE;
	assert_int_equal(due_now(), 1);
}

static void p_pauses_the_checks(void **state)
{
	(void)state;
	used_panel();
	say('p');
	now += 5 * MS_MINUTE;
	assert_int_equal(due_now(), 0);
	assert_true(shows("paused"));
	assert_int_equal(say('r'), PFX_CHECK_ONE);
	say('p');
	assert_true(due_now() > 0);
}

static void R_checks_all_three_at_a_time_also_when_paused(void **state)
{
	(void)state;
	used_panel();
	say('p');
	assert_int_equal(due_now(), 0);
	assert_int_equal(say('R'), PFX_CHECK_ALL);
	assert_int_equal(due_now(), 3);
	finish("anthropic:default", VERDICT_ACCEPTED);
	assert_int_equal(due_now(), 1); /* a sign-in is not checked */
	finish("openai:default", VERDICT_ACCEPTED);
	assert_int_equal(due_now(), 0);
}

static void a_clock_set_back_does_not_stop_the_checks(void **state)
{
	(void)state;
	used_panel();
	world.credential_count = 1;
	panel_world(panel, &world);
	now -= 30 * MS_DAY;
	assert_int_equal(due_now(), 1);
}

static void results_are_kept_in_the_log(void **state)
{
	(void)state;
	used_panel();
	now += 65 * MS_SECOND;
	finish("anthropic:default", VERDICT_ACCEPTED);
	finish("openai:default", VERDICT_REJECTED);
	say('4');
	assert_true(shows("anthropic:default accepted, 240 ms"));
	assert_true(shows("openai:default rejected, 240 ms"));
	panel_world(panel, &world);
	drawn(16, 60);
	goldens("panel-log-filled", 3);
}

static void a_running_check_says_so(void **state)
{
	(void)state;
	used_panel();
	panel_probing(panel, "anthropic:default", true);
	assert_true(shows("checking"));
	assert_true(panel_wait(panel, now) <= 200);
	panel_probing(panel, "anthropic:default", false);
	assert_false(shows("checking"));
}

/* Between two waits the frame is the same, so that no byte is sent. */
static void nothing_changes_before_the_wait_is_over(void **state)
{
	struct frame before = { 0 };
	struct err e = { 0 };

	(void)state;
	used_panel();
	say('p');
	assert_ok(frame_resize(&before, 24, 80, &e), e);
	for (int i = 0; i < 300; i++) {
		int wait = panel_wait(panel, now);

		assert_true(wait > 0);
		panel_draw(panel, &before, now);
		drawn(24, 80);
		now += wait - 1;
		drawn(24, 80);
		if (!frame_equal(&before, &frame))
			fail_msg(
				"changed within %d ms at turn %d:\n%s", wait, i, screen_of(&frame));
		now += 1;
	}
	frame_release(&before);
}

static void countdowns_are_on_the_second_only_under_an_hour(void **state)
{
	(void)state;
	used_panel();
	assert_true(shows("0:42:10"));
	assert_true(panel_wait(panel, now) <= 1000);
	world.credential_count = 1;
	panel_world(panel, &world);
	now += MS_MINUTE + 5 * MS_SECOND;
	say('p');
	assert_true(panel_wait(panel, now) > 5000);
}

static void every_size_has_a_cursor_help_and_a_way_out(void **state)
{
	(void)state;
	used_panel();
	for (int pane = '1'; pane <= '4'; pane++) {
		say((char)pane);
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			const char *text = drawn(sizes[i].rows, sizes[i].cols);

			assert_true(frame.cursor);
			assert_true(frame.cursor_y < frame.rows && frame.cursor_x < frame.cols);
			assert_non_null(strstr(text, "? help"));
			assert_non_null(strstr(text, "q quit"));
		}
	}
}

static void any_size_is_drawn_inside_the_grid(void **state)
{
	(void)state;
	used_panel();
	for (int rows = 1; rows <= 61; rows += 4) {
		for (int cols = 1; cols <= 201; cols += 20) {
			drawn(rows, cols);
			say('f');
			drawn(rows, cols);
			say('n');
			say('?');
			drawn(rows, cols);
			hit(KEYS_ESC);
			hit(KEYS_TAB);
		}
	}
}

static void two_thousand_profiles_are_one_screen(void **state)
{
	static struct credential many[2000];

	(void)state;
	used_panel();
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = world.credentials[2]; /* a sign-in: never due */
		snprintf(many[i].id, sizeof(many[i].id), "google:%zu", i);
	}
	world.credentials = many;
	world.credential_count = ARRAY_LEN(many);
	panel_world(panel, &world);
	hit(KEYS_END);
	assert_string_equal(panel_selected(panel), "google:1999");
	assert_true(shows("google:1999"));
	assert_true(shows("more"));
}

static void tiny_windows_say_so_and_leave(void **state)
{
	(void)state;
	used_panel();
	assert_non_null(strstr(drawn(8, 32), "Window too small"));
	assert_int_equal(say('r'), PFX_NONE);
	assert_int_equal(say('q'), PFX_QUIT);
}

static void a_paste_is_dropped_with_a_note(void **state)
{
	struct event ev = { .type = EVENT_PASTE };

	(void)state;
	used_panel();
	assert_int_equal(panel_handle(panel, &ev, now), PFX_NONE);
	assert_true(shows("Paste ignored"));
}

static int close_panel(void **state)
{
	panel_free(panel);
	panel = NULL;
	return world_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_panel_is_its_golden_frame),
		cmocka_unit_test(the_confirmation_shows_the_exact_command),
		cmocka_unit_test(a_fix_that_changed_under_the_question_is_not_done),
		cmocka_unit_test(an_empty_panel_offers_to_connect),
		cmocka_unit_test(the_six_facts_are_there_in_words),
		cmocka_unit_test(the_selection_follows_the_profile),
		cmocka_unit_test(a_profile_that_is_gone_leaves_a_selection),
		cmocka_unit_test(r_checks_the_selected_one),
		cmocka_unit_test(o_rotates_what_can_be_rotated),
		cmocka_unit_test(checks_are_due_once_a_minute_and_three_at_a_time),
		cmocka_unit_test(failures_back_off_to_ten_minutes),
		cmocka_unit_test(nobody_watching_means_fewer_checks),
		cmocka_unit_test(p_pauses_the_checks),
		cmocka_unit_test(R_checks_all_three_at_a_time_also_when_paused),
		cmocka_unit_test(a_clock_set_back_does_not_stop_the_checks),
		cmocka_unit_test(results_are_kept_in_the_log),
		cmocka_unit_test(a_running_check_says_so),
		cmocka_unit_test(nothing_changes_before_the_wait_is_over),
		cmocka_unit_test(countdowns_are_on_the_second_only_under_an_hour),
		cmocka_unit_test(every_size_has_a_cursor_help_and_a_way_out),
		cmocka_unit_test(any_size_is_drawn_inside_the_grid),
		cmocka_unit_test(two_thousand_profiles_are_one_screen),
		cmocka_unit_test(tiny_windows_say_so_and_leave),
		cmocka_unit_test(a_paste_is_dropped_with_a_note),
	};

	return cmocka_run_group_tests(tests, world_setup, close_panel);
}
