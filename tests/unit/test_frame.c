/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tui/frame.h"

static struct frame frame;
static struct buf printed;

static void sized(int rows, int cols, enum glyph_set set)
{
	struct err e = { 0 };

	assert_ok(frame_resize(&frame, rows, cols, &e), e);
	frame.glyphs = set;
}

/* The frame as text, valid until the next call. */
static const char *shown(void)
{
	struct err e = { 0 };

	buf_release(&printed);
	assert_ok(frame_print(&frame, &printed, &e), e);
	return printed.p;
}

static const char *roles(void)
{
	struct err e = { 0 };

	buf_release(&printed);
	assert_ok(frame_print_roles(&frame, &printed, &e), e);
	return printed.p;
}

static int teardown(void **state)
{
	(void)state;
	frame_release(&frame);
	buf_release(&printed);
	return 0;
}

static void text_is_clipped_at_the_right_edge(void **state)
{
	(void)state;
	sized(1, 6, GLYPHS_UNICODE);
	assert_int_equal(frame_text(&frame, 0, 2, ROLE_TEXT, "abcdef"), 6);
	assert_string_equal(shown(), "  abcd\n");
}

static void text_returns_the_column_after_it(void **state)
{
	(void)state;
	sized(1, 20, GLYPHS_UNICODE);
	assert_int_equal(frame_text(&frame, 0, 1, ROLE_TEXT, "é日x"), 5);
}

static void text_left_of_the_frame_shows_its_end(void **state)
{
	(void)state;
	sized(1, 6, GLYPHS_UNICODE);
	assert_int_equal(frame_text(&frame, 0, -2, ROLE_TEXT, "abcd"), 2);
	assert_string_equal(shown(), "cd\n");
}

static void a_wide_character_half_out_on_the_right_is_a_blank(void **state)
{
	(void)state;
	sized(1, 4, GLYPHS_UNICODE);
	frame_text(&frame, 0, 3, ROLE_TEXT, "#");
	assert_int_equal(frame_text(&frame, 0, 1, ROLE_TEXT, "日本"), 4);
	assert_string_equal(shown(), " 日\n");
}

static void a_wide_character_half_out_on_the_left_is_a_blank(void **state)
{
	(void)state;
	sized(1, 4, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_TEXT, "####");
	assert_int_equal(frame_text(&frame, 0, -1, ROLE_TEXT, "日本"), 3);
	assert_string_equal(shown(), " 本#\n");
}

static void overwriting_half_of_a_wide_character_blanks_the_other_half(void **state)
{
	(void)state;
	sized(2, 4, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_TEXT, "日日");
	frame_text(&frame, 0, 1, ROLE_TEXT, "xx");
	assert_string_equal(shown(), " xx\n\n");
	frame_text(&frame, 0, 0, ROLE_TEXT, "日日");
	frame_text(&frame, 0, 1, ROLE_TEXT, "本");
	assert_string_equal(shown(), " 本\n\n");
}

static void combining_marks_stay_on_their_character_two_at_most(void **state)
{
	(void)state;
	sized(1, 4, GLYPHS_UNICODE);
	assert_int_equal(frame_text(&frame, 0, 0, ROLE_TEXT, "e\u0301\u0302\u0303x"), 2);
	assert_string_equal(shown(), "e\u0301\u0302x\n");
}

static void a_combining_mark_without_a_character_is_dropped(void **state)
{
	(void)state;
	sized(1, 4, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_TEXT, "a");
	assert_int_equal(frame_text(&frame, 0, 1, ROLE_TEXT, "\u0301b"), 2);
	assert_string_equal(shown(), "ab\n");
}

static void what_must_not_be_drawn_becomes_a_question_mark(void **state)
{
	(void)state;
	sized(1, 20, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_TEXT, "a\033[2J\u202Eb\xFFz");
	assert_string_equal(shown(), "a?[2J?b?z\n");
}

static void ascii_frames_have_no_byte_above_7e(void **state)
{
	(void)state;
	sized(8, 60, GLYPHS_ASCII);
	frame_text(&frame, 0, 0, ROLE_TEXT, "“quoted” → done… é 日 ✓ · 5 × 3 – e\u0301");
	frame_box(&frame, 1, 0, 4, 20, ROLE_ACCENT, "Ä box");
	frame_hline(&frame, 5, 0, 60);
	frame_clip(&frame, 6, 0, 10, ROLE_TEXT, "a text that is longer");
	for (int g = 0; g < GLYPH_COUNT; g++)
		frame_glyph(&frame, 7, 2 * g, ROLE_TEXT, (enum glyph)g);
	for (const char *p = shown(); *p; p++)
		assert_true(*p == '\n' || (*p >= 0x20 && *p <= 0x7E));
	assert_true(str_starts(printed.p, "\"quoted\" -> done... ? ?? + - 5 x 3 - e\n"));
}

static void two_arrows_in_ascii_do_not_read_as_a_control_key(void **state)
{
	(void)state;
	sized(1, 20, GLYPHS_ASCII);
	assert_int_equal(frame_text(&frame, 0, 0, ROLE_TEXT, "↑↓ move"), 10);
	assert_string_equal(shown(), "Up/Dn move\n");
	assert_int_equal(frame_cells(&frame, "↑↓ move"), 10);
}

static void the_console_set_uses_only_glyphs_of_its_font(void **state)
{
	(void)state;
	sized(1, 20, GLYPHS_CP437);
	frame_text(&frame, 0, 0, ROLE_TEXT, "✓ ▸ “x” ⠋ │");
	assert_string_equal(shown(), "√ ► \"x\" | │\n");
}

static void clip_ends_with_an_ellipsis_of_the_set(void **state)
{
	(void)state;
	sized(3, 12, GLYPHS_UNICODE);
	assert_int_equal(frame_clip(&frame, 0, 0, 6, ROLE_TEXT, "abcdefgh"), 6);
	assert_int_equal(frame_clip(&frame, 1, 0, 6, ROLE_TEXT, "abcdef"), 6);
	assert_int_equal(frame_clip(&frame, 2, 0, 6, ROLE_TEXT, "日本語"), 6);
	assert_string_equal(shown(), "abcde…\nabcdef\n日本語\n");
	frame.glyphs = GLYPHS_ASCII;
	frame_clear(&frame);
	frame_clip(&frame, 0, 0, 6, ROLE_TEXT, "abcdefgh");
	assert_string_equal(shown(), "abc...\n\n\n");
}

static void clip_never_cuts_a_wide_character_in_half(void **state)
{
	(void)state;
	sized(1, 12, GLYPHS_UNICODE);
	assert_int_equal(frame_clip(&frame, 0, 0, 6, ROLE_TEXT, "a日本語"), 6);
	assert_string_equal(shown(), "a日本…\n");
	frame_clear(&frame);
	assert_int_equal(frame_clip(&frame, 0, 0, 5, ROLE_TEXT, "a日本語"), 4);
	assert_string_equal(shown(), "a日…\n");
}

static void clip_to_nothing_draws_nothing(void **state)
{
	(void)state;
	sized(1, 4, GLYPHS_UNICODE);
	assert_int_equal(frame_clip(&frame, 0, 1, 0, ROLE_TEXT, "abc"), 1);
	assert_int_equal(frame_clip(&frame, 0, 1, -5, ROLE_TEXT, "abc"), 1);
	assert_string_equal(shown(), "\n");
}

static void a_path_is_cut_in_the_middle_and_keeps_its_file_name(void **state)
{
	(void)state;
	sized(1, 40, GLYPHS_UNICODE);
	assert_int_equal(frame_path(&frame, 0, 0, 24, ROLE_TEXT,
				 "~/.openclaw/agents/main/agent/auth-profiles.json"),
		24);
	assert_string_equal(shown(), "~/.open…th-profiles.json\n");
}

static void a_short_path_is_left_alone(void **state)
{
	(void)state;
	sized(1, 40, GLYPHS_UNICODE);
	assert_int_equal(frame_path(&frame, 0, 3, 24, ROLE_TEXT, "~/.env"), 9);
	assert_string_equal(shown(), "   ~/.env\n");
}

static void wrap_breaks_at_blanks(void **state)
{
	(void)state;
	sized(4, 20, GLYPHS_UNICODE);
	assert_int_equal(
		frame_wrap(&frame, 0, 1, 10, 4, ROLE_TEXT, "the token was revoked, or"), 4);
	assert_string_equal(shown(), " the token\n was\n revoked,\n or\n");
}

static void wrap_keeps_line_breaks_and_empty_lines(void **state)
{
	(void)state;
	sized(4, 20, GLYPHS_UNICODE);
	assert_int_equal(frame_wrap(&frame, 0, 0, 10, 4, ROLE_TEXT, "a\n\nb"), 3);
	assert_string_equal(shown(), "a\n\nb\n\n");
}

static void wrap_cuts_a_word_that_is_longer_than_the_line(void **state)
{
	(void)state;
	sized(4, 20, GLYPHS_UNICODE);
	assert_int_equal(frame_wrap(&frame, 0, 0, 5, 4, ROLE_TEXT, "abcdefgh ij"), 3);
	assert_string_equal(shown(), "abcde\nfgh\nij\n\n");
}

static void wrap_says_how_many_rows_it_needed_but_draws_only_the_allowed(void **state)
{
	(void)state;
	sized(4, 20, GLYPHS_UNICODE);
	assert_int_equal(frame_wrap(&frame, 0, 0, 4, 2, ROLE_TEXT, "one two six ten"), 4);
	assert_string_equal(shown(), "one\ntwo\n\n\n");
}

static void wrap_moves_on_when_a_wide_character_cannot_fit(void **state)
{
	(void)state;
	sized(4, 20, GLYPHS_UNICODE);
	assert_int_equal(frame_wrap(&frame, 0, 0, 1, 4, ROLE_TEXT, "日本"), 2);
}

static void a_box_has_corners_sides_and_a_title(void **state)
{
	(void)state;
	sized(3, 16, GLYPHS_UNICODE);
	frame_box(&frame, 0, 0, 3, 16, ROLE_ACCENT, "token");
	assert_string_equal(shown(), "┌─ token ──────┐\n│              │\n└──────────────┘\n");
	assert_string_equal(roles(), "aaahhhhhaaaaaaaa\natttttttttttttta\naaaaaaaaaaaaaaaa\n");
}

static void a_box_partly_outside_is_clipped(void **state)
{
	(void)state;
	sized(2, 4, GLYPHS_UNICODE);
	frame_box(&frame, -1, -1, 3, 4, ROLE_ACCENT, "title");
	assert_string_equal(shown(), "  │\n──┘\n");
}

static void erase_blanks_a_rectangle_and_mends_what_it_cuts(void **state)
{
	(void)state;
	sized(1, 8, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_SELECT, "a日b日c");
	frame_erase(&frame, 0, 2, 1, 3);
	assert_string_equal(shown(), "a     c\n");
}

static void recolouring_keeps_the_text(void **state)
{
	(void)state;
	sized(1, 6, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_OK, "abcd");
	frame_role(&frame, 0, 1, 100, ROLE_SELECT);
	assert_string_equal(roles(), "osssss\n");
	assert_string_equal(shown(), "abcd\n");
}

static void a_cursor_outside_is_hidden(void **state)
{
	(void)state;
	sized(2, 2, GLYPHS_UNICODE);
	frame_cursor(&frame, 1, 1);
	assert_true(frame.cursor);
	frame_cursor(&frame, 1, 2);
	assert_false(frame.cursor);
}

static void frames_differ_by_a_cell_a_role_the_cursor_or_the_title(void **state)
{
	struct frame other = { 0 };
	struct err e = { 0 };

	(void)state;
	sized(2, 4, GLYPHS_UNICODE);
	assert_ok(frame_resize(&other, 2, 4, &e), e);
	assert_true(frame_equal(&frame, &other));
	frame_text(&other, 0, 0, ROLE_TEXT, "a");
	assert_false(frame_equal(&frame, &other));
	frame_clear(&other);
	frame_role(&other, 1, 3, 1, ROLE_OK);
	assert_false(frame_equal(&frame, &other));
	frame_clear(&other);
	frame_cursor(&other, 0, 0);
	assert_false(frame_equal(&frame, &other));
	frame_clear(&other);
	str_copy(other.title, sizeof(other.title), "x");
	assert_false(frame_equal(&frame, &other));
	frame_release(&other);
}

static void resizing_blanks_and_keeps_the_memory(void **state)
{
	struct cell *before;

	(void)state;
	sized(10, 10, GLYPHS_UNICODE);
	frame_text(&frame, 0, 0, ROLE_TEXT, "x");
	before = frame.cells;
	sized(2, 3, GLYPHS_UNICODE);
	assert_ptr_equal(frame.cells, before);
	assert_string_equal(shown(), "\n\n");
}

static void a_size_that_is_no_terminal_is_refused(void **state)
{
	struct frame none = { 0 };
	struct err e;

	(void)state;
	assert_err(frame_resize(&none, 0, 80, &e), e, ERR_USAGE);
	assert_err(frame_resize(&none, 24, -1, &e), e, ERR_USAGE);
	assert_err(frame_resize(&none, INT_MAX, INT_MAX, &e), e, ERR_USAGE);
	frame_release(&none);
}

static void layouts_follow_the_smaller_of_width_and_height(void **state)
{
	(void)state;
	assert_int_equal(layout_of(24, 80), LAYOUT_M);
	assert_int_equal(layout_of(23, 80), LAYOUT_S);
	assert_int_equal(layout_of(24, 79), LAYOUT_S);
	assert_int_equal(layout_of(16, 60), LAYOUT_S);
	assert_int_equal(layout_of(15, 200), LAYOUT_XS);
	assert_int_equal(layout_of(50, 59), LAYOUT_XS);
	assert_int_equal(layout_of(12, 40), LAYOUT_XS);
	assert_int_equal(layout_of(11, 200), LAYOUT_TINY);
	assert_int_equal(layout_of(50, 39), LAYOUT_TINY);
	assert_int_equal(layout_of(30, 100), LAYOUT_L);
	assert_int_equal(layout_of(29, 100), LAYOUT_M);
	assert_int_equal(layout_of(30, 99), LAYOUT_M);
}

/* --- property: whatever is drawn, every row stays a row ---------------------------------- */

static uint32_t seed;

static uint32_t any(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Mostly near the frame, sometimes absurd. */
static int coordinate(int side)
{
	static const int far[] = { INT_MIN, INT_MAX, INT_MIN + 1, INT_MAX - 1, -1000000, 5000 };

	if (!any(16))
		return far[any(ARRAY_LEN(far))];
	return (int)any((uint32_t)side + 8) - 4;
}

static void assert_sound(const struct frame *f)
{
	for (int y = 0; y < f->rows; y++) {
		const struct cell *row = f->cells + (size_t)y * (size_t)f->cols;

		for (int x = 0; x < f->cols; x++) {
			assert_true(row[x].role < ROLE_COUNT);
			if (row[x].width == 2)
				assert_true(x + 1 < f->cols && row[x + 1].width == 0);
			else if (row[x].width == 0)
				assert_true(x > 0 && row[x - 1].width == 2 && !row[x].ch[0]);
			else
				assert_int_equal(row[x].width, 1);
			if (row[x].width)
				assert_int_equal(text_width(row[x].ch[0]), row[x].width);
		}
	}
}

static void draw_anything(struct frame *f)
{
	static const char *const texts[] = { "plain text", "日本語テキスト", "e\u0301\u0302\u0303",
		"a\tb\nc", "\xE2\x82", "↑↓ …", "", "one two three four five six seven" };
	const char *text = texts[any(ARRAY_LEN(texts))];
	int y = coordinate(f->rows);
	int x = coordinate(f->cols);
	int width = coordinate(f->cols);
	enum role role = (enum role)any(ROLE_COUNT);

	switch (any(9)) {
	case 0:
		frame_text(f, y, x, role, text);
		break;
	case 1:
		frame_clip(f, y, x, width, role, text);
		break;
	case 2:
		frame_path(f, y, x, width, role, text);
		break;
	case 3:
		frame_wrap(f, y, x, width, coordinate(f->rows), role, text);
		break;
	case 4:
		frame_box(f, y, x, coordinate(f->rows), width, role, text);
		break;
	case 5:
		frame_erase(f, y, x, coordinate(f->rows), width);
		break;
	case 6:
		frame_role(f, y, x, width, role);
		break;
	case 7:
		frame_hline(f, y, x, width);
		break;
	default:
		frame_cursor(f, y, x);
	}
}

static void random_drawing_never_leaves_the_grid_or_breaks_a_row(void **state)
{
	(void)state;
	seed = 2026;
	for (int i = 0; i < 60; i++) {
		struct err e = { 0 };

		/* A fresh block each time, so that AddressSanitizer guards its edges. */
		frame_release(&frame);
		assert_ok(frame_resize(&frame, 1 + (int)any(30), 1 + (int)any(100), &e), e);
		frame.glyphs = (enum glyph_set)any(3);
		for (int n = 0; n < 60; n++)
			draw_anything(&frame);
		assert_sound(&frame);
	}
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(text_is_clipped_at_the_right_edge),
		T(text_returns_the_column_after_it),
		T(text_left_of_the_frame_shows_its_end),
		T(a_wide_character_half_out_on_the_right_is_a_blank),
		T(a_wide_character_half_out_on_the_left_is_a_blank),
		T(overwriting_half_of_a_wide_character_blanks_the_other_half),
		T(combining_marks_stay_on_their_character_two_at_most),
		T(a_combining_mark_without_a_character_is_dropped),
		T(what_must_not_be_drawn_becomes_a_question_mark),
		T(ascii_frames_have_no_byte_above_7e),
		T(two_arrows_in_ascii_do_not_read_as_a_control_key),
		T(the_console_set_uses_only_glyphs_of_its_font),
		T(clip_ends_with_an_ellipsis_of_the_set),
		T(clip_never_cuts_a_wide_character_in_half),
		T(clip_to_nothing_draws_nothing),
		T(a_path_is_cut_in_the_middle_and_keeps_its_file_name),
		T(a_short_path_is_left_alone),
		T(wrap_breaks_at_blanks),
		T(wrap_keeps_line_breaks_and_empty_lines),
		T(wrap_cuts_a_word_that_is_longer_than_the_line),
		T(wrap_says_how_many_rows_it_needed_but_draws_only_the_allowed),
		T(wrap_moves_on_when_a_wide_character_cannot_fit),
		T(a_box_has_corners_sides_and_a_title),
		T(a_box_partly_outside_is_clipped),
		T(erase_blanks_a_rectangle_and_mends_what_it_cuts),
		T(recolouring_keeps_the_text),
		T(a_cursor_outside_is_hidden),
		T(frames_differ_by_a_cell_a_role_the_cursor_or_the_title),
		T(resizing_blanks_and_keeps_the_memory),
		T(a_size_that_is_no_terminal_is_refused),
		T(layouts_follow_the_smaller_of_width_and_height),
		T(random_drawing_never_leaves_the_grid_or_breaks_a_row),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
