/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "tui/widgets.h"

static struct frame frame;
static struct buf printed;
static struct field field;

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	return crypto_start(&e) && frame_resize(&frame, 1, 80, &e) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	frame_release(&frame);
	field_release(&field);
	buf_release(&printed);
	return 0;
}

static void sized(int rows, int cols)
{
	struct err e = { 0 };

	assert_ok(frame_resize(&frame, rows, cols, &e), e);
}

static const char *shown(void)
{
	struct err e = { 0 };

	buf_release(&printed);
	assert_ok(frame_print(&frame, &printed, &e), e);
	return printed.p;
}

static void opened(bool masked, const char *text)
{
	struct err e = { 0 };

	field_release(&field);
	assert_ok(field_init(&field, 64, masked, &e), e);
	assert_true(secret_set(&field.text, text, strlen(text)));
}

static bool press(enum keysym key)
{
	return field_key(&field, &(struct event){ .type = EVENT_KEY, .key = key });
}

static bool type(uint32_t ch)
{
	return field_key(&field, &(struct event){ .type = EVENT_CHAR, .ch = ch });
}

static const char *drawn(int width, const char *prefix, const char *tail)
{
	frame_clear(&frame);
	field_draw(&field, &frame, 0, 0, width, true, prefix, tail);
	return shown();
}

/* --- field ------------------------------------------------------------------------------- */

static void typing_appends_in_utf8(void **state)
{
	(void)state;
	opened(false, "");
	assert_true(type('a') && type(0xE9) && type(0x65E5));
	assert_string_equal(field.text.bytes, "aé日");
}

static void backspace_removes_a_whole_character(void **state)
{
	(void)state;
	opened(false, "aé日");
	assert_true(press(KEYS_BACKSPACE));
	assert_string_equal(field.text.bytes, "aé");
	assert_true(press(KEYS_BACKSPACE) && press(KEYS_BACKSPACE));
	assert_false(press(KEYS_BACKSPACE));
	assert_int_equal(field.text.len, 0);
}

static void ctrl_u_clears(void **state)
{
	(void)state;
	opened(false, "some text");
	assert_true(press(KEYS_CTRL('U')));
	assert_int_equal(field.text.len, 0);
	assert_false(press(KEYS_CTRL('U')));
}

static void ctrl_w_deletes_back_to_a_separator(void **state)
{
	(void)state;
	opened(false, "sk-ant_oat.x");
	assert_true(press(KEYS_CTRL('W')));
	assert_string_equal(field.text.bytes, "sk-ant_oat.");
	assert_true(press(KEYS_CTRL('W')));
	assert_string_equal(field.text.bytes, "sk-ant_");
	assert_true(press(KEYS_CTRL('W')) && press(KEYS_CTRL('W')));
	assert_int_equal(field.text.len, 0);
}

static void enter_and_arrows_do_not_change_the_text(void **state)
{
	(void)state;
	opened(false, "x");
	assert_false(press(KEYS_ENTER));
	assert_false(press(KEYS_LEFT));
	assert_string_equal(field.text.bytes, "x");
}

static void a_full_field_takes_no_more(void **state)
{
	(void)state;
	opened(false, "abc");
	field.max = 4;
	assert_false(type(0xE9));
	assert_true(type('d'));
	assert_false(type('e'));
	assert_string_equal(field.text.bytes, "abcd");
}

static void invisible_characters_cannot_be_typed(void **state)
{
	(void)state;
	opened(false, "a");
	assert_false(type(0x202E));
	assert_false(type(0x200B));
}

static void the_mask_is_twelve_marks_for_every_length(void **state)
{
	static const char marks[] = "••••••••••••";
	char text[65] = "";

	(void)state;
	for (size_t n = 1; n <= 64; n++) {
		memset(text, 'k', n);
		text[n] = '\0';
		opened(true, text);
		drawn(60, NULL, NULL);
		assert_int_equal(printed.len, sizeof(marks));
		assert_memory_equal(printed.p, marks, sizeof(marks) - 1);
	}
}

static void the_mask_shows_prefix_and_tail(void **state)
{
	(void)state;
	opened(true, "sk-ant-oat01-notarealtoken7QAA");
	assert_string_equal(drawn(60, "sk-ant-oat01-", "7QAA"), "sk-ant-oat01-••••••••••••7QAA\n");
	assert_true(frame.cursor);
	assert_int_equal(frame.cursor_x, 29);
}

static void a_short_secret_shows_no_tail_whoever_asks(void **state)
{
	(void)state;
	opened(true, "hunter2");
	assert_string_equal(drawn(60, "", "ter2"), "••••••••••••\n");
}

static void an_empty_masked_field_shows_nothing(void **state)
{
	(void)state;
	opened(true, "");
	assert_string_equal(drawn(60, "sk-", "7QAA"), "\n");
	assert_int_equal(frame.cursor_x, 0);
}

static void a_masked_text_is_never_drawn(void **state)
{
	(void)state;
	opened(true, "hunter2hunter2hunter2hunter2");
	for (int width = 0; width <= 80; width++)
		assert_null(strstr(drawn(width, "", ""), "hunter"));
}

static void a_long_text_shows_its_end_with_the_cursor_behind(void **state)
{
	(void)state;
	opened(false, "abcdefghijklmnop");
	assert_string_equal(drawn(8, NULL, NULL), "…klmnop\n");
	assert_int_equal(frame.cursor_x, 7);
}

static void a_wide_text_is_not_cut_inside_a_character(void **state)
{
	(void)state;
	opened(false, "日本語日本語");
	assert_string_equal(drawn(8, NULL, NULL), "…日本語\n");
	assert_string_equal(drawn(7, NULL, NULL), "…本語\n");
}

static void a_field_stays_in_its_width(void **state)
{
	(void)state;
	for (int width = 0; width < 40; width++) {
		opened(width % 2, "日本語 a rather long text, longer than the field");
		drawn(width, "sk-ant-oat01-", "7QAA");
		for (int x = width > 0 ? width : 0; x < 80; x++)
			assert_int_equal(frame.cells[x].ch[0], ' ');
		assert_true(frame.cursor_x <= width);
	}
}

/* --- list -------------------------------------------------------------------------------- */

static bool move(struct list *l, enum keysym key, size_t page)
{
	return list_key(l, &(struct event){ .type = EVENT_KEY, .key = key }, page);
}

static void a_list_moves_and_stops_at_its_ends(void **state)
{
	struct list l = { .count = 3 };

	(void)state;
	assert_false(move(&l, KEYS_UP, 10));
	assert_true(move(&l, KEYS_DOWN, 10) && move(&l, KEYS_CTRL('N'), 10));
	assert_false(move(&l, KEYS_DOWN, 10));
	assert_int_equal(l.at, 2);
	assert_true(move(&l, KEYS_CTRL('P'), 10));
	assert_true(move(&l, KEYS_HOME, 10));
	assert_int_equal(l.at, 0);
	assert_true(move(&l, KEYS_END, 10));
	assert_int_equal(l.at, 2);
}

static void other_keys_do_not_move_a_list(void **state)
{
	struct list l = { .count = 3, .at = 1 };

	(void)state;
	assert_false(move(&l, KEYS_ENTER, 10));
	assert_false(list_key(&l, &(struct event){ .type = EVENT_CHAR, .ch = 'j' }, 10));
	assert_int_equal(l.at, 1);
}

static void an_empty_list_survives_every_key(void **state)
{
	static const enum keysym keys[] = { KEYS_UP, KEYS_DOWN, KEYS_PAGE_UP, KEYS_PAGE_DOWN,
		KEYS_HOME, KEYS_END };
	struct list l = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_false(move(&l, keys[i], 5));
	assert_int_equal(list_window(&l, 5).n, 0);
}

static void a_long_list_says_how_many_rows_are_below(void **state)
{
	struct list l = { .count = 26 };
	struct list_window w = list_window(&l, 15);

	(void)state;
	assert_int_equal(w.first, 0);
	assert_int_equal(w.n, 14);
	assert_int_equal(w.above, 0);
	assert_int_equal(w.below, 12);
}

static void a_list_that_fits_has_no_more_lines(void **state)
{
	struct list l = { .count = 15, .at = 14, .top = 7 };
	struct list_window w = list_window(&l, 15);

	(void)state;
	assert_int_equal(w.first, 0);
	assert_int_equal(w.n, 15);
	assert_int_equal(w.above + w.below, 0);
}

/* For every size and walk: selection visible, lines add up, no line hides one row only. */
static void the_selection_is_always_visible(void **state)
{
	(void)state;
	for (size_t count = 1; count < 24; count++) {
		for (size_t height = 1; height < 12; height++) {
			struct list l = { .count = count };
			size_t steps = 0;

			do {
				struct list_window w = list_window(&l, height);
				size_t lines = w.n + (w.above ? 1 : 0) + (w.below ? 1 : 0);

				assert_true(l.at >= w.first && l.at < w.first + w.n);
				assert_true(lines == (count < height ? count : height));
				assert_true(w.above != 1 && w.below != 1);
				if (height >= 3)
					assert_int_equal(w.above + w.n + w.below, count);
				steps++;
			} while (move(&l, steps < count ? KEYS_DOWN : KEYS_UP, height));
		}
	}
}

static void scrolling_back_keeps_the_rows_until_the_selection_reaches_the_edge(void **state)
{
	struct list l = { .count = 20 };
	size_t first;

	(void)state;
	for (int i = 0; i < 12; i++)
		move(&l, KEYS_DOWN, 8);
	first = list_window(&l, 8).first;
	assert_true(first > 0);
	move(&l, KEYS_UP, 8);
	assert_int_equal(list_window(&l, 8).first, first);
}

static void paging_overlaps_by_the_more_lines(void **state)
{
	struct list l = { .count = 40 };

	(void)state;
	assert_true(move(&l, KEYS_PAGE_DOWN, 10));
	assert_int_equal(l.at, 8);
	assert_true(move(&l, KEYS_PAGE_UP, 10));
	assert_int_equal(l.at, 0);
	l.at = 39;
	assert_false(move(&l, KEYS_PAGE_DOWN, 10));
}

static void filtering_clamps_the_selection(void **state)
{
	struct list l = { .count = 26, .at = 20, .top = 12 };

	(void)state;
	list_count(&l, 3);
	assert_int_equal(l.at, 2);
	assert_true(l.top <= l.at);
	list_count(&l, 0);
	assert_int_equal(l.at, 0);
}

/* --- footer ------------------------------------------------------------------------------ */

static const struct binding screen_keys[] = {
	{ .key = KEYS_ENTER, .action = 1, .name = "Enter", .label = "choose" },
	{ .action = 2, .name = "type", .label = "to filter", .priority = 1 },
	{ .key = KEYS_UP, .action = 3, .name = "↑↓", .label = "move", .priority = 2 },
	{ .key = KEYS_DOWN, .action = 4, .name = "↓" },
	{ 0 },
};
static const struct binding common_keys[] = {
	{ .key = KEYS_ESC, .action = 5, .name = "Esc", .label = "back" },
	{ .ch = '?', .action = 6, .name = "?", .label = "help" },
	{ .key = KEYS_CTRL('L'), .action = 8, .name = "Ctrl-L", .label = "redraw", .priority = 3 },
	{ .key = KEYS_CTRL('C'), .action = 7, .name = "^C", .label = "quit", .priority = 2 },
	{ 0 },
};
static const struct binding *const tables[] = { screen_keys, common_keys, NULL };

static const char *footer(int cols)
{
	sized(1, cols);
	footer_draw(&frame, 0, tables);
	return shown();
}

static void the_footer_is_as_the_mock_ups_draw_it(void **state)
{
	(void)state;
	assert_string_equal(
		footer(80), " Enter choose  type to filter  ↑↓ move  Esc back  ? help  ^C quit\n");
	assert_string_equal(footer(60), " Enter choose  type to filter  Esc back  ? help\n");
	assert_string_equal(footer(40), "Enter choose  Esc back  ? help\n");
	assert_string_equal(footer(120),
		" Enter choose  type to filter  ↑↓ move  Esc back  ? help  "
		"Ctrl-L redraw  ^C quit\n");
}

static void the_footer_drops_the_highest_priority_number_first(void **state)
{
	static const struct binding rows[] = {
		{ .key = KEYS_ENTER, .action = 1, .name = "Enter", .label = "save this long one" },
		{ .ch = 'd',
			.action = 2,
			.name = "d",
			.label = "show all the details",
			.priority = 1 },
		{ .ch = 'm',
			.action = 3,
			.name = "m",
			.label = "choose the method again",
			.priority = 2 },
		{ .key = KEYS_ESC, .action = 4, .name = "Esc", .label = "back to the list" },
		{ 0 },
	};
	const struct binding *const one[] = { rows, NULL };

	(void)state;
	sized(1, 80);
	footer_draw(&frame, 0, one);
	assert_string_equal(shown(),
		" Enter save this long one  d show all the details  Esc back to the list\n");
}

static void the_footer_in_ascii_names_the_arrow_keys(void **state)
{
	(void)state;
	frame.glyphs = GLYPHS_ASCII;
	assert_string_equal(footer(80),
		" Enter choose  type to filter  Up/Dn move  Esc back  ? help  ^C quit\n");
	frame.glyphs = GLYPHS_UNICODE;
}

static void a_key_that_an_earlier_row_takes_is_not_shown_twice(void **state)
{
	static const struct binding rows[] = {
		{ .key = KEYS_ESC, .action = 9, .name = "Esc", .label = "clear filter" },
		{ 0 },
	};
	const struct binding *const both[] = { rows, common_keys, NULL };

	(void)state;
	sized(1, 60);
	footer_draw(&frame, 0, both);
	assert_string_equal(shown(), " Esc clear filter  ? help\n");
}

static void the_first_matching_row_gives_the_action(void **state)
{
	struct event esc = { .type = EVENT_KEY, .key = KEYS_ESC };
	struct event help = { .type = EVENT_CHAR, .ch = '?' };
	struct event other = { .type = EVENT_CHAR, .ch = 'x' };
	struct event tick = { .type = EVENT_TICK };

	(void)state;
	assert_int_equal(binding_find(common_keys, &esc), 5);
	assert_int_equal(binding_find(common_keys, &help), 6);
	assert_int_equal(binding_find(common_keys, &other), 0);
	assert_int_equal(binding_find(screen_keys, &tick), 0);
}

/* --- stepper ----------------------------------------------------------------------------- */

static const char *const steps[] = { "Provider", "Method", "Secret", "Verify", "Protect", "Model",
	"Review" };

static const char *stepped(int cols, size_t at)
{
	struct stepper s = { steps, ARRAY_LEN(steps), at };

	sized(1, cols);
	stepper_draw(&frame, 0, &s);
	return shown();
}

static void the_stepper_is_as_the_mock_ups_draw_it(void **state)
{
	(void)state;
	assert_string_equal(stepped(80, 0),
		" [1 Provider]   2 Method   3 Secret   4 Verify   "
		"5 Protect   6 Model   7 Review\n");
	assert_string_equal(stepped(80, 2),
		" ✓ Provider   ✓ Method   [3 Secret]   4 Verify   "
		"5 Protect   6 Model   7 Review\n");
}

static void a_narrow_stepper_takes_its_short_forms(void **state)
{
	(void)state;
	assert_string_equal(stepped(72, 2),
		" ✓ Provider ✓ Method [3 Secret] 4 Verify 5 Protect 6 Model 7 Review\n");
	assert_string_equal(stepped(40, 2), " ✓ ✓ [3 Secret] 4 5 6 7\n");
	assert_string_equal(stepped(20, 2), " 3/7 Secret\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(typing_appends_in_utf8),
		T(backspace_removes_a_whole_character),
		T(ctrl_u_clears),
		T(ctrl_w_deletes_back_to_a_separator),
		T(enter_and_arrows_do_not_change_the_text),
		T(a_full_field_takes_no_more),
		T(invisible_characters_cannot_be_typed),
		T(the_mask_is_twelve_marks_for_every_length),
		T(the_mask_shows_prefix_and_tail),
		T(a_short_secret_shows_no_tail_whoever_asks),
		T(an_empty_masked_field_shows_nothing),
		T(a_masked_text_is_never_drawn),
		T(a_long_text_shows_its_end_with_the_cursor_behind),
		T(a_wide_text_is_not_cut_inside_a_character),
		T(a_field_stays_in_its_width),
		T(a_list_moves_and_stops_at_its_ends),
		T(other_keys_do_not_move_a_list),
		T(an_empty_list_survives_every_key),
		T(a_long_list_says_how_many_rows_are_below),
		T(a_list_that_fits_has_no_more_lines),
		T(the_selection_is_always_visible),
		T(scrolling_back_keeps_the_rows_until_the_selection_reaches_the_edge),
		T(paging_overlaps_by_the_more_lines),
		T(filtering_clamps_the_selection),
		T(the_footer_is_as_the_mock_ups_draw_it),
		T(the_footer_drops_the_highest_priority_number_first),
		T(the_footer_in_ascii_names_the_arrow_keys),
		T(a_key_that_an_earlier_row_takes_is_not_shown_twice),
		T(the_first_matching_row_gives_the_action),
		T(the_stepper_is_as_the_mock_ups_draw_it),
		T(a_narrow_stepper_takes_its_short_forms),
	};

	return cmocka_run_group_tests_name("widgets", tests, NULL, NULL);
}
