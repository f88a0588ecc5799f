/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "base/str.h"
#include "cli/mask.h"

#define PREFIX "sk-ant-oat01-"

static char shown[1024];
static unsigned found;

/* What a person sees of it, and how many tokens began. */
static const char *see(const char *printed)
{
	struct mask m = { .prefix = PREFIX };

	assert_true(str_copy(shown, sizeof(shown), printed));
	found = 0;
	for (char *p = shown; *p; p++)
		found += mask_byte(&m, p);
	return shown;
}

static void a_token_is_hidden_and_what_stands_around_it_is_not(void **state)
{
	(void)state;
	assert_string_equal(see("Token: " PREFIX "abc_DEF-9 (one year)\r\n"),
		"Token: " PREFIX "********* (one year)\r\n");
	assert_int_equal(found, 1);
}

static void text_without_a_token_stays(void **state)
{
	(void)state;
	assert_string_equal(
		see("sk-ant-api03-abc sk-ant-oat02-abc"), "sk-ant-api03-abc sk-ant-oat02-abc");
	assert_int_equal(found, 0);
}

static void a_beginning_inside_a_beginning_is_found(void **state)
{
	(void)state;
	assert_string_equal(see("sk-ssk-ant-oat01-x"), "sk-ssk-ant-oat01-*");
}

static void colours_neither_end_nor_reveal_it(void **state)
{
	(void)state;
	assert_string_equal(see("sk-\033[1;32mant-oat01-a\033[0mb\033]8;;x\033\\c\033]0;t\007d"),
		"sk-\033[1;32mant-oat01-*\033[0m*\033]8;;x\033\\*\033]0;t\007*");
	assert_int_equal(found, 1);
}

static void a_wrapped_token_is_hidden_to_its_end(void **state)
{
	(void)state;
	assert_string_equal(
		see(PREFIX "abc\r\ndef\r\n\r\nStore it."), PREFIX "***\r\n***\r\n\r\nStore it.");
	assert_string_equal(
		see(PREFIX "abc   \r\n  def\r\n\r\nStore"), PREFIX "***   \r\n  ***\r\n\r\nStore");
}

static void a_wrap_inside_the_prefix_is_seen_through(void **state)
{
	(void)state;
	assert_string_equal(see("sk-ant-\r\noat01-abc"), "sk-ant-\r\noat01-***");
	assert_int_equal(found, 1);
}

static void a_frame_around_it_does_not_reveal_the_second_line(void **state)
{
	(void)state;
	assert_string_equal(see("│ " PREFIX "abc │\r\n│ def │"), "│ " PREFIX "*** │\r\n│ *** │");
}

static void every_token_of_several_is_found(void **state)
{
	(void)state;
	see(PREFIX "abc\r\n\r\n" PREFIX "def\r\n\r\n");
	assert_int_equal(found, 2);
	assert_null(strstr(shown, "abc"));
	assert_null(strstr(shown, "def"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_hidden_and_what_stands_around_it_is_not),
		cmocka_unit_test(text_without_a_token_stays),
		cmocka_unit_test(a_beginning_inside_a_beginning_is_found),
		cmocka_unit_test(colours_neither_end_nor_reveal_it),
		cmocka_unit_test(a_wrapped_token_is_hidden_to_its_end),
		cmocka_unit_test(a_wrap_inside_the_prefix_is_seen_through),
		cmocka_unit_test(a_frame_around_it_does_not_reveal_the_second_line),
		cmocka_unit_test(every_token_of_several_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
