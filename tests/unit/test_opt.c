/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/opt.h"
#include "crypto/secret.h"

static bool json;
static const char *provider;
static struct opt_list ids;
static bool quiet;

static const struct opt rows[] = {
	{ "json", NULL, "", OPT_FLAG, { .flag = &json } },
	{ "provider", "NAME", "", OPT_TEXT, { .text = &provider } },
	{ "id", "ID", "", OPT_LIST, { .list = &ids } },
	{ .kind = OPT_END },
};

static const struct opt more[] = {
	{ "quiet", NULL, "", OPT_FLAG, { .flag = &quiet } },
	{ .kind = OPT_END },
};

#define WORDS 12

static char words[WORDS][120];
static char *argv[WORDS + 1];
static int argc;

/* "a b c" as a writable argument vector after the program's name. */
static void line(const char *text)
{
	char *at = words[0];

	json = quiet = false;
	provider = NULL;
	ids.count = 0;
	argc = 0;
	str_copy(at, sizeof(words[0]), "thinkfleetbot");
	argv[argc++] = at;
	while (*text && argc < WORDS) {
		size_t n = strcspn(text, " ");

		memcpy(words[argc], text, n);
		words[argc][n] = '\0';
		argv[argc] = words[argc];
		argc++;
		text += n;
		text += *text == ' ';
	}
	argv[argc] = NULL;
}

static bool parse(const char *text, struct args *rest, struct err *e)
{
	const struct opt *const tables[OPT_TABLES] = { rows, NULL, more };

	line(text);
	return opt_parse(tables, 1, argc, argv, rest, e);
}

static void options_may_stand_anywhere(void **state)
{
	struct args rest;
	struct err e = { 0 };

	(void)state;
	assert_ok(parse("one --json two --provider=x --quiet three", &rest, &e), e);
	assert_true(json);
	assert_true(quiet);
	assert_string_equal(provider, "x");
	assert_int_equal(rest.count, 3);
	assert_string_equal(rest.items[2], "three");
}

static void two_dashes_end_the_options(void **state)
{
	struct args rest;
	struct err e = { 0 };

	(void)state;
	assert_ok(parse("--provider x -- --json -v", &rest, &e), e);
	assert_false(json);
	assert_int_equal(rest.count, 2);
	assert_string_equal(rest.items[0], "--json");
}

static void a_list_is_repeatable_and_a_single_is_not(void **state)
{
	struct args rest;
	struct err e = { 0 };

	(void)state;
	assert_ok(parse("--id a --id b", &rest, &e), e);
	assert_int_equal(ids.count, 2);
	assert_err(parse("--provider a --provider b", &rest, &e), e, ERR_USAGE);
	assert_err(parse("--json --json", &rest, &e), e, ERR_USAGE);
}

static void what_is_unknown_missing_or_too_much_is_refused(void **state)
{
	struct args rest;
	struct err e;

	(void)state;
	assert_err(parse("--nope", &rest, &e), e, ERR_USAGE);
	assert_err(parse("--provider", &rest, &e), e, ERR_USAGE);
	assert_err(parse("--json=yes", &rest, &e), e, ERR_USAGE);
	assert_err(parse("-j", &rest, &e), e, ERR_USAGE);
}

static void a_secret_on_the_command_line_is_refused_and_wiped(void **state)
{
	static const char *const lines[] = {
		"onboard --anthropic-api-key "
		"sk-ant-api03-CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYAA",
		"onboard --token=CANARYCANARY",
		"paste "
		"sk-ant-api03-CANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYCANARYAA",
		"x --profile-id=sk-proj-CANARYCANARYCANARYCANARYCANARYCANARY1234567890",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct err e = { 0 };

		line(lines[i]);
		assert_false(opt_refuse_secrets(argc, argv, &e));
		assert_int_equal(e.code, ERR_USAGE);
		assert_non_null(strstr(e.hint, "rotate"));
		assert_null(strstr(e.msg, "CANARY"));
		for (int k = 0; k < argc; k++)
			assert_null(strstr(argv[k], "CANARY"));
	}
}

static void harmless_words_and_the_target_of_run_are_left_alone(void **state)
{
	static const char *const lines[] = {
		"models auth order set --provider anthropic anthropic:default anthropic:work",
		"onboard --key-file /home/u/key --key-stdin --model anthropic/claude-opus-4-5",
		"run -- curl --key sk-ant-api03-CANARYCANARYCANARYCANARYCANARYCANARYCANARYAA",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct err e = { 0 };

		line(lines[i]);
		assert_ok(opt_refuse_secrets(argc, argv, &e), e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(a_list_is_repeatable_and_a_single_is_not),
		cmocka_unit_test(what_is_unknown_missing_or_too_much_is_refused),
		cmocka_unit_test(a_secret_on_the_command_line_is_refused_and_wiped),
		cmocka_unit_test(harmless_words_and_the_target_of_run_are_left_alone),
	};

	if (!crypto_start(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
