/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "chat/directive.h"

/* gateway-family.md 11.1, with the examples of both rules. */

static const char *const aliases[] = { "opus", "gpt-mini" };

static struct directive find(const char *text, enum pin_rule rule)
{
	struct directive d;

	assert_true(directive_find(&d, text, aliases, ARRAY_LEN(aliases), rule));
	return d;
}

static void assert_rest(const char *text, const char *want)
{
	struct directive d = find(text, PIN_APRIL);
	struct buf rest = { 0 };
	struct err e = { 0 };

	assert_ok(directive_rest(&rest, text, &d, &e), e);
	assert_string_equal(rest.p, want);
	buf_release(&rest);
}

struct example {
	const char *argument;
	const char *model, *profile;
};

static void assert_split(const struct example *rows, size_t n, enum pin_rule rule)
{
	for (size_t i = 0; i < n; i++) {
		char model[DIRECTIVE_CAP];
		char profile[DIRECTIVE_CAP];

		assert_true(directive_split(model, profile, rows[i].argument, rule));
		assert_string_equal(model, rows[i].model);
		assert_string_equal(profile, rows[i].profile);
	}
}

static void january_splits_at_the_first_at_sign(void **state)
{
	static const struct example rows[] = {
		{ "opus", "opus", "" },
		{ "Opus@anthropic:work", "Opus", "anthropic:work" },
		{ "gemini@google-antigravity:me@x.org", "gemini", "google-antigravity:me@x.org" },
		{ "anthropic/claude-opus-4-5@team/anthropic:work", "anthropic/claude-opus-4-5",
			"team/anthropic:work" },
		{ "opus@", "opus", "" },
		{ "@anthropic:work", "", "anthropic:work" },
		/* What it cannot say. */
		{ "cf/@cf/meta/llama", "cf/", "cf/meta/llama" },
		{ "google/claude@20250514", "google/claude", "20250514" },
	};

	(void)state;
	assert_split(rows, ARRAY_LEN(rows), PIN_JANUARY);
}

static void april_leaves_the_model_its_own_at_signs(void **state)
{
	static const struct example rows[] = {
		{ "opus", "opus", "" },
		{ "Opus@anthropic:work", "Opus", "anthropic:work" },
		{ "gemini@google-antigravity:me@x.org", "gemini", "google-antigravity:me@x.org" },
		{ "openrouter/moonshotai/kimi-k2@openrouter:default",
			"openrouter/moonshotai/kimi-k2", "openrouter:default" },
		{ "cf/@cf/meta/llama", "cf/@cf/meta/llama", "" },
		{ "cf/@cf/meta/llama@cf:default", "cf/@cf/meta/llama", "cf:default" },
		{ "cf/@llama", "cf/@llama", "" },
		{ "cf/@llama@cf:default", "cf/@llama", "cf:default" },
		{ "google-vertex/claude-opus@20250514", "google-vertex/claude-opus@20250514", "" },
		{ "google-vertex/claude-opus@20250514@google:work",
			"google-vertex/claude-opus@20250514", "google:work" },
		{ "claude@2025", "claude", "2025" },
		{ "claude@202505141", "claude", "202505141" },
		{ "lmstudio/qwen@q4_k_m", "lmstudio/qwen@q4_k_m", "" },
		{ "lmstudio/qwen@Q4_K_M@lmstudio:local", "lmstudio/qwen@Q4_K_M", "lmstudio:local" },
		{ "lmstudio/qwen@iq3_xs", "lmstudio/qwen@iq3_xs", "" },
		{ "lmstudio/qwen@4bit", "lmstudio/qwen@4bit", "" },
		{ "lmstudio/qwen@4bits", "lmstudio/qwen", "4bits" },
		{ "lmstudio/qwen@q4:me", "lmstudio/qwen", "q4:me" },
		{ "opus@", "opus", "" },
		{ "@anthropic:work", "", "anthropic:work" },
	};

	(void)state;
	assert_split(rows, ARRAY_LEN(rows), PIN_APRIL);
}

static void forms_of_a_directive_are_found(void **state)
{
	static const struct example rows[] = {
		{ "/model opus", "opus", "" },
		{ "/MODEL: opus", "opus", "" },
		{ "/model : opus", "opus", "" },
		{ "/model:opus@anthropic:work", "opus", "anthropic:work" },
		{ "say hello /model gpt\nplease", "gpt", "" },
		{ "/model", "", "" },
		{ "/model status", "status", "" },
		{ "/model openrouter/moonshotai/kimi-k2 hi", "openrouter/moonshotai/kimi-k2", "" },
		{ "/model opus, please", "opus", "" },
		{ "/model \"opus\"", "", "" },
		{ "/opus hello", "opus", "" },
		{ "hello /GPT-mini: yes", "GPT-mini", "" },
		{ "/opus and /model gpt", "gpt", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct directive d = find(rows[i].argument, PIN_APRIL);

		assert_true(d.found);
		assert_string_equal(d.model, rows[i].model);
		assert_string_equal(d.profile, rows[i].profile);
	}
}

static void other_words_are_no_directive(void **state)
{
	static const char *const texts[] = { "", "model opus", "/models", "/modelx", "a/model b",
		"/model/opus", "see /opuses", "http://x/model y", "/opus2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(find(texts[i], PIN_APRIL).found);
}

static void rest_is_the_text_without_the_directive(void **state)
{
	(void)state;
	assert_rest("/model opus", "");
	assert_rest("/model opus hello  there", "hello there");
	assert_rest("  say   /model: opus  hello ", "say hello");
	assert_rest("/opus: what is 2/3?", "what is 2/3?");
	assert_rest("a /opus", "a");
	assert_rest("line\n\nline", "line\n\nline");
}

static void argument_that_is_too_long_is_said(void **state)
{
	char text[DIRECTIVE_CAP + 32] = "/model ";
	struct directive d;

	(void)state;
	memset(text + 7, 'x', DIRECTIVE_CAP + 8);
	assert_false(directive_find(&d, text, NULL, 0, PIN_APRIL));
	assert_true(d.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(january_splits_at_the_first_at_sign),
		cmocka_unit_test(april_leaves_the_model_its_own_at_signs),
		cmocka_unit_test(forms_of_a_directive_are_found),
		cmocka_unit_test(other_words_are_no_directive),
		cmocka_unit_test(rest_is_the_text_without_the_directive),
		cmocka_unit_test(argument_that_is_too_long_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
