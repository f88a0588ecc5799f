/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "tui/input.h"

static struct decoder *decoder;
static struct buf seen;
static int64_t now;

static int setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (!crypto_start(&e))
		return -1;
	decoder = decoder_new(false, &e);
	now = 10000;
	seen.len = 0;
	return decoder ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	decoder_free(decoder);
	buf_release(&seen);
	return 0;
}

/* One event as a word: "Enter", "'x'", "<pasted>", "<over 20000>". */
static void record(const struct event *ev)
{
	static const char *const names[] = { "none", "Enter", "Esc", "Tab", "Backtab", "Backspace",
		"Delete", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End", "F1" };
	struct err e = { 0 };
	char utf8[5] = "";

	if (seen.len)
		buf_text(&seen, " ", &e);
	if (ev->type == EVENT_KEY && ev->key >= KEYS_CTRL_A) {
		buf_fmt(&seen, &e, "^%c", 'A' + (int)(ev->key - KEYS_CTRL_A));
	} else if (ev->type == EVENT_KEY) {
		buf_text(&seen, names[ev->key], &e);
	} else if (ev->type == EVENT_CHAR) {
		utf8[text_put(ev->ch, utf8)] = '\0';
		buf_fmt(&seen, &e, "'%s'", utf8);
	} else if (ev->type == EVENT_PASTE && ev->paste_total > PASTE_CAP) {
		assert_int_equal(ev->paste->len, 0);
		buf_fmt(&seen, &e, "<over %zu>", ev->paste_total);
	} else if (ev->type == EVENT_PASTE) {
		assert_int_equal(ev->paste->len, ev->paste_total);
		buf_fmt(&seen, &e, "<%s>", ev->paste->bytes);
	}
	assert_int_equal(e.code, ERR_NONE);
}

static void drain(void)
{
	struct event ev;

	while (decoder_next(decoder, &ev, now))
		record(&ev);
}

static void feed(const char *bytes, size_t n)
{
	decoder_feed(decoder, bytes, n, now);
	drain();
}

static void type(const char *bytes)
{
	feed(bytes, strlen(bytes));
}

/* Time passes the way the real loop lets it: the decoder is asked when it wants to be. */
static void pass(int64_t ms)
{
	int64_t end = now + ms;
	int wait;

	while ((wait = decoder_wait(decoder, now)) >= 0 && now + wait < end) {
		assert_true(wait > 0);
		now += wait;
		drain();
	}
	now = end;
	drain();
}

static void forget(void)
{
	seen.len = 0;
	if (seen.p)
		seen.p[0] = '\0';
}

static const char *events(void)
{
	pass(3000);
	return seen.p ? seen.p : "";
}

#define SAYS(bytes, want)                                                                          \
	do {                                                                                       \
		forget();                                                                          \
		type(bytes);                                                                       \
		assert_string_equal(events(), want);                                               \
	} while (0)

static void keys_are_known_in_every_form(void **state)
{
	/* clang-format off */
	static const struct {
		const char *bytes;
		const char *want;
	} rows[] = {
		{ "\033[A", "Up" },         { "\033OA", "Up" },          { "\033[1;5A", "Up" },
		{ "\033[B", "Down" },       { "\033OB", "Down" },        { "\033[a", "Up" },
		{ "\033[C", "Right" },      { "\033OD", "Left" },        { "\033O5C", "Right" },
		{ "\033[5~", "PgUp" },      { "\033[6~", "PgDn" },       { "\033[5;2~", "PgUp" },
		{ "\033[H", "Home" },       { "\033OH", "Home" },        { "\033[1~", "Home" },
		{ "\033[7~", "Home" },      { "\033[F", "End" },         { "\033[4~", "End" },
		{ "\033[8~", "End" },       { "\033[8$", "End" },        { "\033[3^", "Delete" },
		{ "\033[3~", "Delete" },    { "\033[Z", "Backtab" },     { "\033OP", "F1" },
		{ "\033[11~", "F1" },       { "\033[[A", "F1" },         { "\033[1;2P", "F1" },
		{ "\033OM", "Enter" },      { "\033Oq", "'1'" },         { "\033Ok", "'+'" },
		{ "\r", "Enter" },          { "\n", "Enter" },           { "\t", "Tab" },
		{ "\x7f", "Backspace" },    { "\b", "Backspace" },       { "\033", "Esc" },
		{ "\x03", "^C" },           { "\x0c", "^L" },            { "\x15", "^U" },
		{ "q", "'q'" },             { "é", "'é'" },              { "日", "'日'" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		SAYS(rows[i].bytes, rows[i].want);
}

static void what_is_no_key_is_swallowed_to_its_end(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"\033[Ix", "\033[Ox",            /* focus reports */
		"\033[?62;1;4cx",                /* who are you */
		"\033[?2026;2$yx",               /* mode report */
		"\033[24;80Rx",                  /* where the cursor is */
		"\033[M !!x", "\033[<0;10;5Mx",  /* the mouse */
		"\033]11;rgb:0000/0000/0000\033\\x", "\033]0;title\007x",
		"\033P1$r0m\033\\x", "\033_Gi=1;OK\033\\x", "\033^pm\033\\x",
		"\033[21~x", "\033[Ex",
		"\033[201~x",                    /* the end of no paste */
		"\xFFx", "\xC3x", "\x80x", "\xED\xA0\x80x", "\xF8x", "\xC2\x85x", "\xE2\x80\xAEx",
		"\x1cx", "\x1fx",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		SAYS(rows[i], "'x'");
}

static void alt_and_a_character_is_nothing(void **state)
{
	(void)state;
	SAYS("\033x", "");
	SAYS("\033\r", "");
	SAYS("\033\x7f", "");
}

static void escape_twice_is_two_escapes_but_alt_arrow_is_an_arrow(void **state)
{
	(void)state;
	SAYS("\033\033", "Esc Esc");
	SAYS("\033\033[A", "Up");
}

static void escape_alone_acts_after_fifty_milliseconds(void **state)
{
	(void)state;
	type("\033");
	assert_int_equal(decoder_wait(decoder, now), 50);
	pass(49);
	assert_int_equal(seen.len, 0);
	pass(1);
	assert_string_equal(seen.p, "Esc");
	assert_int_equal(decoder_wait(decoder, now), -1);
}

static void a_slow_line_waits_longer_for_the_rest_of_a_sequence(void **state)
{
	struct err e = { 0 };

	(void)state;
	decoder_free(decoder);
	decoder = decoder_new(true, &e);
	type("\033");
	pass(99);
	assert_int_equal(seen.len, 0);
	pass(1);
	assert_string_equal(seen.p, "Esc");
}

static void a_sequence_may_be_torn_by_the_network(void **state)
{
	(void)state;
	type("\033");
	pass(40);
	type("[");
	pass(200);
	type("5");
	pass(200);
	type("~");
	assert_string_equal(events(), "PgUp");
}

static void a_sequence_that_breaks_off_does_not_eat_the_next_key(void **state)
{
	(void)state;
	SAYS("\033[\r", "Enter");
	SAYS("\033[12\033[A", "Up");
	type("\033[1");
	pass(600);
	SAYS("x", "'x'");
	type("\033]");
	pass(600);
	SAYS("x", "'x'");
	SAYS("\033P\r", "Enter");
}

static void a_stray_byte_costs_no_other_key(void **state)
{
	(void)state;
	SAYS("\xFF\033[Ba\xC3\033[B", "Down 'a' Down");
}

static void a_character_may_be_torn(void **state)
{
	(void)state;
	type("\xE6");
	pass(30);
	type("\x97");
	pass(30);
	type("\xA5");
	assert_string_equal(events(), "'日'");
}

static void typing_is_characters(void **state)
{
	(void)state;
	SAYS("mini\r", "'m' 'i' 'n' 'i' Enter");
	SAYS("minimax", "'m' 'i' 'n' 'i' 'm' 'a' 'x'");
}

static void typing_waits_only_for_the_gap(void **state)
{
	(void)state;
	type("m");
	assert_int_equal(seen.len, 0);
	assert_int_equal(decoder_wait(decoder, now), 20);
	pass(20);
	assert_string_equal(seen.p, "'m'");
}

static void a_person_who_types_fast_does_not_paste(void **state)
{
	(void)state;
	for (const char *p = "anthropic"; *p; p++) {
		feed(p, 1);
		pass(25);
	}
	type("\r");
	assert_string_equal(events(), "'a' 'n' 't' 'h' 'r' 'o' 'p' 'i' 'c' Enter");
}

static void a_held_key_is_not_a_paste(void **state)
{
	(void)state;
	SAYS("jjjjjjjjjj", "'j' 'j' 'j' 'j' 'j' 'j' 'j' 'j' 'j' 'j'");
	SAYS("\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B",
		"Down Down Down Down Down Down Down Down Down");
	SAYS("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f",
		"Backspace Backspace Backspace Backspace Backspace Backspace Backspace Backspace "
		"Backspace");
}

static void an_unbracketed_burst_is_one_paste_with_its_line_ends(void **state)
{
	(void)state;
	SAYS("sk-ant-oat01-first\rsecond\r\n", "<sk-ant-oat01-first\rsecond\r\n>");
}

static void a_burst_may_come_in_pieces(void **state)
{
	(void)state;
	type("sk-ant-");
	pass(10);
	type("oat01-first");
	pass(110);
	type("\rsecond\r");
	pass(100);
	type("\r");
	assert_string_equal(events(), "<sk-ant-oat01-first\rsecond\r\r>");
}

static void enter_counts_only_a_while_after_a_burst(void **state)
{
	(void)state;
	type("sk-ant-oat01-first");
	pass(119);
	type("\r");
	pass(121);
	type("\r");
	assert_string_equal(events(), "<sk-ant-oat01-first\r> Enter");
}

static void enter_right_behind_a_burst_that_another_key_ended_does_not_count(void **state)
{
	(void)state;
	type("sk-ant-oat01-first\033[B\r");
	assert_string_equal(events(), "<sk-ant-oat01-first> Down");
}

static void a_bracketed_paste_is_one_event_with_its_bytes(void **state)
{
	(void)state;
	SAYS("\033[200~sk-1\r\n\tx\033[201~", "<sk-1\r\n\tx>");
	SAYS("\033[200~é\xFF\033[201~", "<é\xFF>");
	SAYS("\033[200~\033[201~", "<>");
}

static void escape_bytes_inside_a_paste_are_dropped(void **state)
{
	(void)state;
	SAYS("\033[200~a\033b\033[Ac\033[20d\033\033[201~", "<ab[Ac[20d>");
}

static void enter_after_a_bracketed_paste_counts(void **state)
{
	(void)state;
	SAYS("\033[200~sk-1\033[201~\r", "<sk-1> Enter");
}

static void two_pastes_in_one_block_are_two_events(void **state)
{
	(void)state;
	SAYS("\033[200~one\033[201~\033[200~two\033[201~x", "<one> <two> 'x'");
}

static void a_paste_without_an_end_closes_itself(void **state)
{
	(void)state;
	type("\033[200~sk-1");
	pass(999);
	assert_int_equal(seen.len, 0);
	pass(1);
	assert_string_equal(seen.p, "<sk-1>");
	SAYS("x", "'x'");
}

static void a_torn_end_marker_is_not_part_of_the_paste(void **state)
{
	(void)state;
	SAYS("\033[200~sk-1\033[20", "<sk-1>");
}

static void the_end_marker_may_come_in_pieces(void **state)
{
	(void)state;
	type("\033[200~sk-1\033");
	pass(200);
	type("[20");
	pass(200);
	type("1~\r");
	assert_string_equal(events(), "<sk-1> Enter");
}

static void a_start_marker_that_lost_its_escape_to_the_timeout_still_begins_a_paste(void **state)
{
	(void)state;
	type("\033");
	pass(200);
	type("[20");
	pass(200);
	type("0~sk-1\rsk-2\033[201~");
	assert_string_equal(events(), "Esc <sk-1\rsk-2>");
	SAYS("\033", "Esc");
	SAYS("[", "'['");
}

static void a_paste_of_exactly_the_limit_is_kept_and_one_more_is_not(void **state)
{
	static char text[PASTE_CAP + 2];
	struct event ev;

	(void)state;
	memset(text, 'k', PASTE_CAP + 1);
	decoder_feed(decoder, "\033[200~", 6, now);
	decoder_feed(decoder, text, PASTE_CAP, now);
	decoder_feed(decoder, "\033[201~", 6, now);
	assert_true(decoder_next(decoder, &ev, now));
	assert_int_equal(ev.paste->len, PASTE_CAP);
	type("\033[200~");
	type(text);
	type("\033[201~");
	assert_string_equal(seen.p, "<over 16385>");
}

static void a_megabyte_is_counted_and_not_kept(void **state)
{
	static char text[4096];

	(void)state;
	memset(text, 'k', sizeof(text));
	type("\033[200~");
	for (int i = 0; i < 256; i++)
		feed(text, sizeof(text));
	type("\033[201~\033[B");
	assert_string_equal(events(), "<over 1048576> Down");
}

static void a_huge_block_is_digested_at_once(void **state)
{
	static char text[200000];

	(void)state;
	memset(text, 'k', sizeof(text));
	memcpy(text, "\033[200~", 6);
	memcpy(text + sizeof(text) - 6, "\033[201~", 6);
	feed(text, sizeof(text));
	assert_string_equal(events(), "<over 199988>");
	SAYS("x", "'x'");
	memcpy(text, "sk-ant-", 7);
	feed(text, sizeof(text) - 6);
	forget();
	assert_string_equal(events(), "<over 199994>");
}

static void a_reset_forgets_half_a_paste(void **state)
{
	(void)state;
	type("\033[200~half");
	decoder_reset(decoder);
	assert_int_equal(decoder_wait(decoder, now), -1);
	SAYS("x", "'x'");
}

/* --- property: how bytes are cut into blocks changes nothing ------------------------------ */

/* clang-format off */
static const char *const cut[] = {
	"\033[A\033OB\033[5~x\033[1;5C",
	"é日本\xFF\xE2\x82z",
	"\033[200~sk-ant\r\nsecond\033[201~\r\033[B",
	"\033[200~torn\033[20",
	"sk-ant-oat01-notreal\r\rsecond line\r",
	"mini\r\033[Bjjjjjjjjjj\r",
	"jjjjjjjjk\r",
	"\033]11;rgb:0/0/0\033\\x\033P+r\033\\y\033[?1;2cz",
	"\033\033[A\033\033x\033",
	"\033[M !!x\033[[Ax\033[12\033[A\033[\r",
	"\033[200~\033[201~\033[200~a\033\033[201~b",
	"[200~x\033]\rab\033P\033[Bc",
};
/* clang-format on */

static void whole_and_split_are_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
		size_t n = strlen(cut[i]);
		char want[512];

		forget();
		feed(cut[i], n);
		str_copy(want, sizeof(want), events());
		for (size_t a = 0; a <= n; a++) {
			for (size_t b = a; b <= n; b++) {
				forget();
				feed(cut[i], a);
				feed(cut[i] + a, b - a);
				feed(cut[i] + b, n - b);
				assert_string_equal(events(), want);
			}
		}
	}
}

/* ux.md criterion 10: random cuts and gaps of 0 to 200 ms inside a paste. */
static void a_paste_survives_random_cuts_and_delays(void **state)
{
	static const char text[] = "\033[200~sk-ant-oat01-notreal\r\nsecond\033[201~";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		forget();
		for (size_t i = 0; i < sizeof(text) - 1;) {
			size_t n = 1;

			seed = seed * 1664525u + 1013904223u;
			n += (seed >> 16) % 9;
			if (i + n > sizeof(text) - 1)
				n = sizeof(text) - 1 - i;
			feed(text + i, n);
			i += n;
			/* One Escape is due when the very first byte comes alone and late. */
			pass(i == 1 ? (seed >> 8) % 50 : (seed >> 8) % 200);
		}
		assert_string_equal(events(), "<sk-ant-oat01-notreal\r\nsecond>");
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keys_are_known_in_every_form),
		T(what_is_no_key_is_swallowed_to_its_end),
		T(alt_and_a_character_is_nothing),
		T(escape_twice_is_two_escapes_but_alt_arrow_is_an_arrow),
		T(escape_alone_acts_after_fifty_milliseconds),
		T(a_slow_line_waits_longer_for_the_rest_of_a_sequence),
		T(a_sequence_may_be_torn_by_the_network),
		T(a_sequence_that_breaks_off_does_not_eat_the_next_key),
		T(a_stray_byte_costs_no_other_key),
		T(a_character_may_be_torn),
		T(typing_is_characters),
		T(typing_waits_only_for_the_gap),
		T(a_person_who_types_fast_does_not_paste),
		T(a_held_key_is_not_a_paste),
		T(an_unbracketed_burst_is_one_paste_with_its_line_ends),
		T(a_burst_may_come_in_pieces),
		T(enter_counts_only_a_while_after_a_burst),
		T(enter_right_behind_a_burst_that_another_key_ended_does_not_count),
		T(a_bracketed_paste_is_one_event_with_its_bytes),
		T(escape_bytes_inside_a_paste_are_dropped),
		T(enter_after_a_bracketed_paste_counts),
		T(two_pastes_in_one_block_are_two_events),
		T(a_paste_without_an_end_closes_itself),
		T(a_torn_end_marker_is_not_part_of_the_paste),
		T(the_end_marker_may_come_in_pieces),
		T(a_start_marker_that_lost_its_escape_to_the_timeout_still_begins_a_paste),
		T(a_paste_of_exactly_the_limit_is_kept_and_one_more_is_not),
		T(a_megabyte_is_counted_and_not_kept),
		T(a_huge_block_is_digested_at_once),
		T(a_reset_forgets_half_a_paste),
		T(whole_and_split_are_the_same),
		T(a_paste_survives_random_cuts_and_delays),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
