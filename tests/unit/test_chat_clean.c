/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "chat/clean.h"

/* In pieces of every size the answer is the same: nothing depends on where the network cut it. */
static void assert_clean(const char *text, size_t n, const char *want)
{
	for (size_t piece = 1; piece <= n; piece++) {
		struct clean c = { 0 };
		struct buf out = { 0 };
		struct err e = { 0 };

		for (size_t at = 0; at < n; at += piece)
			assert_ok(
				clean_add(&c, &out, text + at, n - at < piece ? n - at : piece, &e),
				e);
		assert_ok(clean_end(&c, &out, &e), e);
		if (strcmp(out.p ? out.p : "", want) != 0)
			fail_msg("pieces of %zu: \"%s\" instead of \"%s\"", piece, out.p, want);
		buf_release(&out);
	}
}

static void lines_and_letters_stay(void **state)
{
	(void)state;
	assert_clean("a\tb\nc\n", 6, "a\tb\nc\n");
	assert_clean(
		"Grüße, 世界 🙂", strlen("Grüße, 世界 🙂"), "Grüße, 世界 🙂");
}

static void carriage_returns_cannot_write_over_a_line(void **state)
{
	static const char text[] = "safe\rEVIL\r\nnext\ré\nx";

	(void)state;
	assert_clean(text, sizeof(text) - 1, "safe\nEVIL\nnext\né\nx");
}

static void sequences_go_as_a_whole(void **state)
{
	static const char csi[] = "a\033[31;1mred\033[0m\033[2J\033[H!";
	static const char osc[] = "a\033]0;title\007b\033]52;c;Zm9v\033\\c";
	static const char dcs[] = "a\033P1$r\033\\b\033(Bc";

	(void)state;
	assert_clean(csi, sizeof(csi) - 1, "ared!");
	assert_clean(osc, sizeof(osc) - 1, "abc");
	assert_clean(dcs, sizeof(dcs) - 1, "abBc");
}

static void sequence_without_an_end_swallows_the_rest(void **state)
{
	static const char text[] = "a\033]0;never ends\033 still";

	(void)state;
	assert_clean(text, sizeof(text) - 1, "a");
}

static void invisible_and_reordering_characters_go(void **state)
{
	static const char text[] = "a\u202Eb\u200Bc\u2066d\x7F\x08\x07\xC2\x9Bz";

	(void)state;
	assert_clean(text, sizeof(text) - 1, "abcdz");
}

static void marks_do_not_pile_up(void **state)
{
	static const char text[] = "e\u0301\u0301\u0301\u0301x";

	(void)state;
	assert_clean(text, sizeof(text) - 1, "e\u0301\u0301x");
}

static void bytes_that_are_no_characters_are_question_marks(void **state)
{
	static const char text[] = "a\xFF\xC3(\xE2\x82";

	(void)state;
	assert_clean(text, sizeof(text) - 1,
		"a?"
		"?("
		"?"
		"?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_letters_stay),
		cmocka_unit_test(carriage_returns_cannot_write_over_a_line),
		cmocka_unit_test(sequences_go_as_a_whole),
		cmocka_unit_test(sequence_without_an_end_swallows_the_rest),
		cmocka_unit_test(invisible_and_reordering_characters_go),
		cmocka_unit_test(marks_do_not_pile_up),
		cmocka_unit_test(bytes_that_are_no_characters_are_question_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
