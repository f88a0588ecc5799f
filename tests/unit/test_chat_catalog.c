/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "chat/catalog.h"

/* Which model a person means: gateway-family.md 11.2. */

struct row {
	const char *key, *alias;
	bool allowed, near;
};

static struct catalog make(const struct row *rows, size_t n, bool restricted)
{
	struct catalog c = { .restricted = restricted };
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct chat_model m = { .allowed = rows[i].allowed, .near = rows[i].near };

		str_copy(m.key, sizeof(m.key), rows[i].key);
		str_copy(m.alias, sizeof(m.alias), rows[i].alias);
		assert_ok(catalog_add(&c, &m, &e), e);
	}
	str_copy(c.main, sizeof(c.main), rows[0].key);
	return c;
}

static const struct row listed[] = {
	{ "anthropic/claude-opus-4-5", "opus", true, true },
	{ "anthropic/claude-sonnet-4-5", "sonnet", true, true },
	{ "openai/gpt-5.2", "gpt", true, true },
	{ "openai/gpt-5-mini", "", true, true },
	{ "openrouter/moonshotai/kimi-k2", "", true, true },
	{ "google/gemini-3-pro-preview", "", false, true },
};

static void assert_selects(
	const struct catalog *c, const char *typed, const char *resolved, const char *want)
{
	struct selection s;

	catalog_select(&s, c, typed, resolved);
	if (s.outcome != SELECT_OK || strcmp(s.key, want) != 0)
		fail_msg("%s: outcome %d, %s instead of %s", typed, s.outcome, s.key, want);
}

static void assert_outcome(
	const struct catalog *c, const char *typed, const char *resolved, enum select_outcome want)
{
	struct selection s;

	catalog_select(&s, c, typed, resolved);
	if (s.outcome != want)
		fail_msg("%s: outcome %d instead of %d (%s)", typed, s.outcome, want, s.key);
}

static void exact_names_are_taken(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);
	struct selection s;

	(void)state;
	catalog_select(&s, &c, "GPT", "openai/gpt-5.2");
	assert_int_equal(s.outcome, SELECT_OK);
	assert_string_equal(s.alias, "gpt");
	assert_false(s.is_default);
	catalog_select(&s, &c, "opus", "anthropic/claude-opus-4-5");
	assert_true(s.is_default);
	catalog_release(&c);
}

static void names_that_are_nearly_right_are_understood(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);

	(void)state;
	assert_selects(&c, "kimi", "anthropic/kimi", "openrouter/moonshotai/kimi-k2");
	assert_selects(&c, "sonet", "anthropic/sonet", "anthropic/claude-sonnet-4-5");
	assert_selects(&c, "gpt-5.1", "anthropic/gpt-5.1", "openai/gpt-5.2");
	assert_selects(&c, "Sonnet-4", "anthropic/Sonnet-4", "anthropic/claude-sonnet-4-5");
	assert_selects(&c, "openai/mini", "openai/mini", "openai/gpt-5-mini");
	assert_selects(&c, "mini", "anthropic/mini", "openai/gpt-5-mini");
	catalog_release(&c);
}

static void small_relatives_are_meant_only_when_named(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);

	(void)state;
	assert_selects(&c, "gpt-5", "anthropic/gpt-5", "openai/gpt-5.2");
	assert_selects(&c, "gpt-mini", "anthropic/gpt-mini", "openai/gpt-5-mini");
	catalog_release(&c);
}

static void several_that_fit_are_named(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);
	struct selection s;

	(void)state;
	catalog_select(&s, &c, "claude", "anthropic/claude");
	assert_int_equal(s.outcome, SELECT_AMBIGUOUS);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.candidates[0]->key, "anthropic/claude-opus-4-5");
	assert_string_equal(s.candidates[1]->key, "anthropic/claude-sonnet-4-5");
	catalog_release(&c);
}

static void allow_list_is_kept(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);

	(void)state;
	assert_outcome(
		&c, "google/gemini-3-pro-preview", "google/gemini-3-pro-preview", SELECT_FORBIDDEN);
	assert_outcome(&c, "mistral/large", "mistral/large", SELECT_FORBIDDEN);
	assert_outcome(&c, "zzz", "anthropic/zzz", SELECT_UNKNOWN);
	assert_outcome(&c, "", "", SELECT_UNKNOWN);
	catalog_release(&c);
}

static void without_an_allow_list_any_model_of_a_known_provider_may_be_used(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), false);

	(void)state;
	assert_selects(&c, "mistral/mistral-next", "mistral/mistral-next", "mistral/mistral-next");
	assert_outcome(&c, "nosuch/model", "nosuch/model", SELECT_UNKNOWN);
	assert_outcome(&c, "qqqqqq", "anthropic/qqqqqq", SELECT_UNKNOWN);
	catalog_release(&c);
}

static void providers_in_use_go_before_those_that_are_only_known(void **state)
{
	static const struct row rows[] = {
		{ "anthropic/claude-opus-4-5", "", true, true },
		{ "openai/gpt-5.2", "", true, false },
		{ "copilot-proxy/gpt-5.2", "", true, true },
	};
	struct catalog c = make(rows, ARRAY_LEN(rows), false);

	(void)state;
	assert_selects(&c, "gpt-5.2", "anthropic/gpt-5.2", "copilot-proxy/gpt-5.2");
	c.list[2].near = false;
	assert_outcome(&c, "gpt-5.2", "anthropic/gpt-5.2", SELECT_AMBIGUOUS);
	catalog_release(&c);
}

static void likeness_adds_up_as_described(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);

	(void)state;
	/* the whole name and the id include it; its words; the default */
	assert_int_equal(catalog_score(&c, &c.list[0], "4-5"), 110 + 80 + 130 + 20);
	/* part of a word */
	assert_int_equal(catalog_score(&c, &c.list[0], "aude"), 110 + 80 + 20);
	/* a letter is missing in a word */
	assert_int_equal(catalog_score(&c, &c.list[1], "sonet"), 130 - 10);
	/* included in the name, begins the id, is a word, is the alias */
	assert_int_equal(catalog_score(&c, &c.list[2], "gpt"), 110 + 110 + 130 + 140);
	/* a small one that was not asked for */
	assert_int_equal(catalog_score(&c, &c.list[3], "gpt"), 110 + 110 + 130 - 30);
	/* the id with two letters wrong, the default */
	assert_int_equal(catalog_score(&c, &c.list[0], "claude-opus-4-6x"), 70 + 20);
	assert_int_equal(catalog_score(&c, &c.list[4], "nothing"), 0);
	catalog_release(&c);
}

static void model_that_is_added_again_keeps_its_place(void **state)
{
	struct catalog c = make(listed, ARRAY_LEN(listed), true);
	struct chat_model m = { .key = "openai/gpt-5-mini", .alias = "small" };
	struct err e = { 0 };

	(void)state;
	assert_ok(catalog_add(&c, &m, &e), e);
	assert_int_equal(c.count, ARRAY_LEN(listed));
	assert_string_equal(c.list[3].alias, "small");
	assert_true(c.list[3].allowed);
	catalog_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_names_are_taken),
		cmocka_unit_test(names_that_are_nearly_right_are_understood),
		cmocka_unit_test(small_relatives_are_meant_only_when_named),
		cmocka_unit_test(several_that_fit_are_named),
		cmocka_unit_test(allow_list_is_kept),
		cmocka_unit_test(without_an_allow_list_any_model_of_a_known_provider_may_be_used),
		cmocka_unit_test(providers_in_use_go_before_those_that_are_only_known),
		cmocka_unit_test(likeness_adds_up_as_described),
		cmocka_unit_test(model_that_is_added_again_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
