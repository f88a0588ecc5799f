/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/commands.h"
#include "health/doctor_impl.h"

/* Words of a command line; "thinkfleetbot" is left out. */
static size_t words_of(char *text, char **words, size_t max)
{
	size_t n = 0;

	for (char *at = text; *at && n < max;) {
		size_t len = strcspn(at, " ");

		words[n++] = at;
		at += len;
		if (*at)
			*at++ = '\0';
	}
	return n;
}

static void expect_exists(const char *line)
{
	char text[200];
	char *words[12];
	const struct cmd *cmd;
	size_t used;
	size_t n;

	assert_true(str_copy(text, sizeof(text), line));
	n = words_of(text, words, 12);
	assert_string_equal(words[0], "thinkfleetbot");
	cmd = cmd_find(words + 1, n - 1, &used);
	if (!cmd)
		fail_msg("no such command: %s", line);
	for (size_t i = 1 + used; i < n; i++) {
		const struct opt *o = cmd->opts;

		if (!str_starts(words[i], "--"))
			fail_msg("%s: %s is no option of %s", line, words[i], cmd->name);
		while (o->kind != OPT_END && strcmp(o->name, words[i] + 2) != 0)
			o++;
		if (o->kind == OPT_END)
			fail_msg("%s: %s has no option %s", line, cmd->name, words[i]);
	}
}

static void every_command_that_the_doctor_prints_exists(void **state)
{
	static const char *const lines[] = { FIX_ONBOARD, FIX_DOCTOR, FIX_PROBE, FIX_ROTATE,
		FIX_VERIFY, FIX_KEYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		expect_exists(lines[i]);
}

static void names_are_unique_and_rows_complete(void **state)
{
	(void)state;
	for (const struct cmd *const *c = commands; *c; c++) {
		assert_non_null((*c)->name);
		assert_non_null((*c)->args);
		assert_non_null((*c)->opts);
		assert_non_null((*c)->run);
		assert_true((*c)->summary[0] >= 'a' && (*c)->summary[0] <= 'z');
		assert_false(str_ends((*c)->summary, "."));
		for (const struct cmd *const *d = c + 1; *d; d++)
			assert_string_not_equal((*c)->name, (*d)->name);
	}
}

static void the_longest_name_wins(void **state)
{
	char text[] = "models auth order get extra";
	char nonsense[] = "nonsense";
	char *words[5];
	size_t used;

	(void)state;
	assert_int_equal(words_of(text, words, 5), 5);
	assert_string_equal(cmd_find(words, 5, &used)->name, "models auth order get");
	assert_int_equal(used, 4);
	assert_string_equal(cmd_find(words, 1, &used)->name, "models");
	words[0] = nonsense;
	assert_null(cmd_find(words, 5, &used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_that_the_doctor_prints_exists),
		cmocka_unit_test(names_are_unique_and_rows_complete),
		cmocka_unit_test(the_longest_name_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
