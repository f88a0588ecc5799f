/* SPDX-License-Identifier: MIT */

/* Answers in a file: the options are its only vocabulary, and no secret is taken from it. */

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/answers.h"
#include "crypto/secret.h"
#include "tests/unit/temp.h"

static struct {
	const char *provider, *key_env, *key_fd, *model;
	const char *answers;
	bool keep, dry;
} given;

static const struct opt first[] = {
	{ "provider", "NAME", "", OPT_TEXT, { .text = &given.provider } },
	{ "model", "NAME", "", OPT_TEXT, { .text = &given.model } },
	{ "keep-fallback", NULL, "", OPT_FLAG, { .flag = &given.keep } },
	{ "answers", "FILE", "", OPT_TEXT, { .text = &given.answers } },
	{ "dry-run", NULL, "", OPT_FLAG, { .flag = &given.dry } },
	{ .kind = OPT_END },
};
static const struct opt second[] = {
	{ "key-env", "NAME", "", OPT_TEXT, { .text = &given.key_env } },
	{ "key-fd", "N", "", OPT_TEXT, { .text = &given.key_fd } },
	{ .kind = OPT_END },
};
static const struct opt *const tables[] = { first, second, NULL };

static char *dir;
static struct answers answers;

static int setup(void **state)
{
	(void)state;
	memset(&given, 0, sizeof(given));
	dir = temp_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	answers_release(&answers);
	temp_free(dir);
	return 0;
}

static bool take(const char *text, struct err *e)
{
	const char *path = temp_path(dir, "answers.json");

	temp_write(path, text);
	answers_release(&answers);
	*e = (struct err){ 0 };
	return answers_read(&answers, path, tables, e);
}

/* It is refused, with this in the message or the hint, and without `hidden` in either. */
static void refused(const char *text, const char *want, const char *hidden)
{
	struct err e;

	assert_false(take(text, &e));
	if (!strstr(e.msg, want) && !strstr(e.hint, want))
		fail_msg("%s: never said \"%s\", but: %s (%s)", text, want, e.msg, e.hint);
	if (hidden) {
		assert_null(strstr(e.msg, hidden));
		assert_null(strstr(e.hint, hidden));
	}
}

static void members_are_options(void **state)
{
	struct err e;

	(void)state;
	assert_ok(take("{ // why\n \"version\": 1, \"provider\": \"openai\", \"keep-fallback\": "
		       "true,\n"
		       " \"key-fd\": 3, }",
			  &e),
		e);
	assert_string_equal(given.provider, "openai");
	assert_string_equal(given.key_fd, "3");
	assert_true(given.keep);
	assert_null(given.model);
}

static void the_command_line_counts(void **state)
{
	struct err e;

	(void)state;
	given.provider = "mistral";
	assert_ok(take("{\"provider\":\"openai\",\"model\":\"a/b\"}", &e), e);
	assert_string_equal(given.provider, "mistral");
	assert_string_equal(given.model, "a/b");
}

static void a_key_in_place_of_its_name_is_refused_unseen(void **state)
{
	(void)state;
	refused("{\"key-env\":\"abcDEF0123456789abcDEF0123456789\"}", "looks like a key", "abcDEF");
	refused("{\"key-env\":\"secretword\"}", "looks like a key", "secretword");
	refused("{\"provider\":\"abcDEF0123456789abcDEF0123456789\"}", "looks like a key",
		"abcDEF");
	refused("{\"model\":\"sk-proj-EXAMPLEexample0123456789EXAMPLEexample0123456789EXAMPLE\"}",
		"looks like a key", "EXAMPLE");
	refused("{\"sk-proj-EXAMPLEexample0123456789EXAMPLEexample0123456\":1}", "looks like a key",
		"EXAMPLE");
}

static void names_that_carry_secrets_elsewhere_say_how_it_is_done(void **state)
{
	(void)state;
	refused("{\"api-key\":\"x\"}", "\"key-env\"", "\"x\"");
	refused("{\"token\":\"hushhush\"}", "a secret is not written here", "hushhush");
	refused("{\"passphrase\":\"hushhush\"}", "a secret is not written here", "hushhush");
}

static void what_says_how_to_run_is_no_answer(void **state)
{
	(void)state;
	refused("{\"dry-run\":true}", "\"dry-run\" is no answer", NULL);
	refused("{\"answers\":\"x\"}", "\"answers\" is no answer", NULL);
}

static void wrong_shapes_name_their_line(void **state)
{
	(void)state;
	refused("{\n\"provider\": []\n}", "line 2", NULL);
	refused("{\n\n\"keep-fallback\": \"yes\"}", "line 3", NULL);
	refused("{\"version\": 2}", "version 1", NULL);
	refused("[]", "object", NULL);
	refused("{", "answers.json", NULL);
}

static void names_with_digits_are_no_keys(void **state)
{
	struct err e;

	(void)state;
	assert_ok(take("{\"key-env\":\"MY_COMPANY_ANTHROPIC_API_KEY_2\",\"model\":"
		       "\"anthropic/claude-sonnet-4-5-20250929\"}",
			  &e),
		e);
}

static void what_is_printed_is_read_again(void **state)
{
	struct err e;
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	given.provider = "openai";
	given.key_env = "OPENAI_API_KEY";
	given.keep = given.dry = true;
	given.answers = "elsewhere.json";
	assert_ok(answers_print(out, tables, &e), e);
	fclose(out);
	assert_null(strstr(text, "elsewhere"));
	assert_null(strstr(text, "dry-run"));
	memset(&given, 0, sizeof(given));
	assert_ok(take(text, &e), e);
	assert_string_equal(given.provider, "openai");
	assert_string_equal(given.key_env, "OPENAI_API_KEY");
	assert_true(given.keep);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(members_are_options),
		T(the_command_line_counts),
		T(a_key_in_place_of_its_name_is_refused_unseen),
		T(names_that_carry_secrets_elsewhere_say_how_it_is_done),
		T(what_says_how_to_run_is_no_answer),
		T(wrong_shapes_name_their_line),
		T(names_with_digits_are_no_keys),
		T(what_is_printed_is_read_again),
	};

	if (!crypto_start(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
