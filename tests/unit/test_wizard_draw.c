/* SPDX-License-Identifier: MIT */

/* What every screen looks like, and what must hold on all of them. */

#include "tests/unit/wizard_scenes.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	int rows, cols;
} sizes[] = { { 12, 40 }, { 16, 60 }, { 24, 80 }, { 40, 120 }, { 60, 200 } };

static void draw_at(int rows, int cols, enum glyph_set glyphs)
{
	struct err e = { 0 };

	assert_ok(frame_resize(&frame, rows, cols, &e), e);
	frame.glyphs = glyphs;
	wizard_size(player.w, rows, cols);
	wizard_draw(player.w, &frame, player.now_ms);
}

static void every_screen_is_its_golden_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].play();
		for (size_t k = 0; k < 3 + (size_t)scenes[i].large; k++) {
			draw_at(sizes[k].rows, sizes[k].cols, GLYPHS_UNICODE);
			golden(scenes[i].name, &frame);
		}
	}
}

static void ascii_screens_are_their_golden_frames(void **state)
{
	static const char *const names[] = { "provider", "secret-good", "check-accepted",
		"review" };

	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			char name[64];

			if (strcmp(scenes[i].name, names[k]) != 0)
				continue;
			snprintf(name, sizeof(name), "%s-ascii", names[k]);
			scenes[i].play();
			draw_at(24, 80, GLYPHS_ASCII);
			golden(name, &frame);
		}
	}
}

static void windows_that_are_too_small_say_so(void **state)
{
	static const struct {
		int rows, cols;
	} small[] = { { 8, 32 }, { 11, 80 }, { 24, 39 }, { 2, 14 } };

	(void)state;
	scene_secret_good();
	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		draw_at(small[i].rows, small[i].cols, GLYPHS_UNICODE);
		golden("tiny", &frame);
	}
}

/* --- what holds on every screen ---------------------------------------------------------- */

static void for_each_screen(void (*check)(const char *name))
{
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].play();
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
			char name[96];

			snprintf(name, sizeof(name), "%s at %dx%d", scenes[i].name, sizes[k].cols,
				sizes[k].rows);
			draw_at(sizes[k].rows, sizes[k].cols, GLYPHS_UNICODE);
			check(name);
		}
	}
}

static const char *last_line(void)
{
	static char line[512];
	const char *text = screen_of(&frame);
	size_t n = strlen(text);
	const char *from = text + n - 1;

	while (from > text && from[-1] != '\n')
		from--;
	str_copy(line, sizeof(line), from);
	return line;
}

/* Writing is the one moment without a way back; overlays have their own answers. */
static void has_its_keys(const char *name)
{
	const char *foot = last_line();
	bool box = strstr(name, "quit") || strstr(name, "help") || strstr(name, "details") ||
		   strstr(name, "diff") || strstr(name, "protect-plain") ||
		   strstr(name, "protect-weaker");
	bool busy = strncmp(name, "check at", 8) == 0 || strncmp(name, "check-slow", 10) == 0 ||
		    strncmp(name, "review-waiting", 14) == 0;

	if (!strstr(foot, "Esc") && !strstr(foot, "n stay"))
		fail_msg("%s has no Esc: %s", name, foot);
	if (!box && !busy && !strstr(foot, "Enter") && !strstr(foot, "^T switch"))
		fail_msg("%s has no Enter: %s", name, foot);
	if (!box && !strstr(foot, "help"))
		fail_msg("%s has no help: %s", name, foot);
}

static void enter_escape_and_help_are_in_every_footer(void **state)
{
	(void)state;
	for_each_screen(has_its_keys);
}

/* The hardware cursor is on the screen, and at most one row is selected. */
static void has_one_focus(const char *name)
{
	int selected = 0;

	if (!frame.cursor || frame.cursor_y < 0 || frame.cursor_y >= frame.rows ||
		frame.cursor_x < 0 || frame.cursor_x >= frame.cols)
		fail_msg("%s has no cursor", name);
	for (int y = 0; y < frame.rows; y++) {
		bool here = false;

		for (int x = 0; x < frame.cols; x++)
			here |= frame.cells[y * frame.cols + x].role == ROLE_SELECT;
		selected += here;
	}
	if (selected > 1)
		fail_msg("%s has %d selected rows", name, selected);
}

static void the_cursor_stands_on_the_one_focus(void **state)
{
	(void)state;
	for_each_screen(has_one_focus);
}

static void the_cursor_stands_on_the_selected_row_of_a_list(void **state)
{
	static void (*const lists[])(void) = { scene_start_used, scene_method, scene_protect,
		scene_check_rejected, scene_profile, scene_apply_failed };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		lists[i]();
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
			draw_at(sizes[k].rows, sizes[k].cols, GLYPHS_UNICODE);
			assert_int_equal(
				frame.cells[frame.cursor_y * frame.cols + frame.cursor_x].role,
				ROLE_SELECT);
		}
	}
}

/* Any eight characters in a row of the middle of the key would be a leak. */
static void shows_no_secret(const char *name)
{
	const char *text = screen_of(&frame);
	for (int k = 0; k < 4; k++) {
		const char *key = k == 0   ? sample_token(1, 108)
				  : k == 1 ? sample_token(2, 108)
				  : k == 2 ? sample_key("sk-or-v1-", 73)
					   : sample_key("sk-proj-", 164);
		size_t n = strlen(key);

		for (size_t i = 13; i + 8 < n - 4; i++) {
			char part[9];

			memcpy(part, key + i, 8);
			part[8] = '\0';
			if (strstr(text, part))
				fail_msg("%s shows a part of the key", name);
		}
	}
}

static void no_screen_shows_a_part_of_the_secret(void **state)
{
	(void)state;
	for_each_screen(shows_no_secret);
}

static void is_ascii(const char *name)
{
	for (int i = 0; i < frame.rows * frame.cols; i++) {
		if (frame.cells[i].ch[0] > 0x7E)
			fail_msg("%s has U+%04X", name, (unsigned)frame.cells[i].ch[0]);
	}
}

static void ascii_glyphs_leave_no_byte_above_0x7e(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].play();
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
			draw_at(sizes[k].rows, sizes[k].cols, GLYPHS_ASCII);
			is_ascii(scenes[i].name);
		}
	}
}

static void any_size_is_drawn_inside_the_grid(void **state)
{
	static const size_t some[] = { 0, 2, 9, 10, 16, 23, 25, 28, 33, 36 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		scenes[some[i]].play();
		for (int rows = 1; rows <= 61; rows += 5) {
			for (int cols = 1; cols <= 131; cols += 13)
				draw_at(rows, cols, GLYPHS_UNICODE);
		}
	}
}

static void a_resize_draws_what_a_fresh_frame_of_that_size_has(void **state)
{
	struct frame fresh = { 0 };
	struct err e = { 0 };

	(void)state;
	scene_secret_good();
	draw_at(12, 40, GLYPHS_UNICODE);
	draw_at(60, 200, GLYPHS_UNICODE);
	draw_at(5, 5, GLYPHS_UNICODE);
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_ok(frame_resize(&fresh, 24, 80, &e), e);
	wizard_draw(player.w, &fresh, player.now_ms);
	assert_true(frame_equal(&frame, &fresh));
	frame_release(&fresh);
}

static void long_screens_scroll_so_that_nothing_is_out_of_reach(void **state)
{
	(void)state;
	scene_review();
	draw_at(12, 40, GLYPHS_UNICODE);
	assert_null(strstr(screen_of(&frame), "pid 4121"));
	press(KEYS_PAGE_DOWN);
	press(KEYS_PAGE_DOWN);
	press(KEYS_PAGE_DOWN);
	draw_at(12, 40, GLYPHS_UNICODE);
	assert_non_null(strstr(screen_of(&frame), "pid 4121"));
	press(KEYS_PAGE_UP);
	press(KEYS_PAGE_UP);
	press(KEYS_PAGE_UP);
	draw_at(12, 40, GLYPHS_UNICODE);
	assert_null(strstr(screen_of(&frame), "pid 4121"));
}

static void every_choice_of_a_small_screen_can_be_seen(void **state)
{
	(void)state;
	scene_check_rejected();
	draw_at(12, 40, GLYPHS_UNICODE);
	press(KEYS_END);
	draw_at(12, 40, GLYPHS_UNICODE);
	assert_non_null(strstr(screen_of(&frame), "Save it without verifying"));
	scene_protect();
	draw_at(12, 40, GLYPHS_UNICODE);
	press(KEYS_END);
	draw_at(12, 40, GLYPHS_UNICODE);
	assert_non_null(strstr(screen_of(&frame), "Plain text"));
}

/* "Enter verify": Enter verifies; "Enter why not": it does not. */
static void labels_name_what_the_key_does(void **state)
{
	(void)state;
	scene_secret_good();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Enter verify"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	scene_secret_other();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "^T switch"));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	scene_secret_anyway();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Enter verify anyway"));
	assert_int_equal(press(KEYS_ENTER), FX_CHECK);
	scene_review();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Enter write"));
	assert_int_equal(press(KEYS_ENTER), FX_APPLY);
	scene_check();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Esc cancel"));
	assert_int_equal(press(KEYS_ESC), FX_CANCEL_CHECK);
	scene_provider_filter();
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Esc clear filter"));
	press(KEYS_ESC);
	draw_at(24, 80, GLYPHS_UNICODE);
	assert_non_null(strstr(last_line(), "Esc back"));
	press(KEYS_ESC);
	assert_string_equal(wizard_at(player.w), "start");
}

static void the_mask_is_the_same_for_every_length(void **state)
{
	static const size_t lengths[] = { 12, 20, 40, 108, 400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		const char *text, *mark;
		size_t n = 0;

		scene_secret();
		type(sample_key("zz", lengths[i]));
		draw_at(24, 80, GLYPHS_UNICODE);
		text = screen_of(&frame);
		for (mark = text; (mark = strstr(mark, "•")) != NULL; mark += strlen("•"))
			n++;
		assert_int_equal(n, 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_is_its_golden_frame),
		cmocka_unit_test(ascii_screens_are_their_golden_frames),
		cmocka_unit_test(windows_that_are_too_small_say_so),
		cmocka_unit_test(enter_escape_and_help_are_in_every_footer),
		cmocka_unit_test(the_cursor_stands_on_the_one_focus),
		cmocka_unit_test(the_cursor_stands_on_the_selected_row_of_a_list),
		cmocka_unit_test(no_screen_shows_a_part_of_the_secret),
		cmocka_unit_test(ascii_glyphs_leave_no_byte_above_0x7e),
		cmocka_unit_test(any_size_is_drawn_inside_the_grid),
		cmocka_unit_test(a_resize_draws_what_a_fresh_frame_of_that_size_has),
		cmocka_unit_test(long_screens_scroll_so_that_nothing_is_out_of_reach),
		cmocka_unit_test(every_choice_of_a_small_screen_can_be_seen),
		cmocka_unit_test(labels_name_what_the_key_does),
		cmocka_unit_test(the_mask_is_the_same_for_every_length),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
