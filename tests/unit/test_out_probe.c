/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out_probe.h"

/* How the answers of `models status --probe` are shown (gateway-family.md 8.3, 8.6). */

static const struct provider_state anthropic = { .id = "anthropic" };
static const struct provider_state openai = { .id = "openai" };

static const struct probe_row accepted = { .provider = &openai,
	.profile_id = "openai:default",
	.label = "openai:default (me@example.org)",
	.source = "profile",
	.mode = "api_key",
	.model = "openai/gpt-5.2",
	.target = true,
	.verdict = VERDICT_ACCEPTED,
	.latency_ms = 812 };

static const struct probe_row expired = { .provider = &anthropic,
	.profile_id = "anthropic:manual",
	.label = "anthropic:manual",
	.source = "profile",
	.mode = "token",
	.status = PROBE_UNKNOWN,
	.reason_code = "expired",
	.latency_ms = -1,
	.error = "Auth profile credentials are missing or expired.\n"
		 "↳ Auth reason [expired]: token credentials are expired." };

static struct probe_report report_of(struct probe_row *rows, size_t n)
{
	struct probe_report r = { .started_ms = 1795330000000,
		.finished_ms = 1795330000900,
		.duration_ms = 900,
		.rows = rows,
		.count = n,
		.provider = "",
		.timeout_ms = 8000,
		.concurrency = 2,
		.max_tokens = 8 };

	for (size_t i = 0; i < n; i++)
		r.targets += rows[i].target;
	return r;
}

static char *text_of(const struct probe_report *r, bool ascii, size_t columns)
{
	const struct probe_look look = { .ascii = ascii, .columns = columns };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct err e = { 0 };

	assert_non_null(out);
	assert_ok(out_probe_text(out, r, &look, &e), e);
	fclose(out);
	return text;
}

static void expect_text(const struct probe_report *r, bool ascii, size_t columns, const char *want)
{
	char *text = text_of(r, ascii, columns);

	assert_string_equal(text, want);
	free(text);
}

static void a_box_has_a_row_for_each_answer_sorted_by_provider(void **state)
{
	struct probe_row rows[] = { accepted, expired };
	struct probe_report r = report_of(rows, 2);

	(void)state;
	str_copy(rows[1].error, sizeof(rows[1].error), "Excluded.");
	expect_text(&r, false, 100,
		"\nAuth probes\n"
		"┌────────────────────┬───────────────────────────────────────────┬──────────────┐"
		"\n"
		"│ Model              │ Profile                                   │ Status       "
		"│\n"
		"├────────────────────┼───────────────────────────────────────────┼──────────────┤"
		"\n"
		"│ anthropic/-        │ anthropic:manual (token)                  │ unknown      "
		"│\n"
		"│                    │                                           │ ↳ Excluded.  "
		"│\n"
		"│ openai/gpt-5.2     │ openai:default (me@example.org) (api_key) │ ok · 812ms   "
		"│\n"
		"└────────────────────┴───────────────────────────────────────────┴──────────────┘"
		"\n"
		"Probed 1 target in 900ms\n");
}

static void a_narrow_terminal_breaks_the_status_at_blanks(void **state)
{
	struct probe_row rows[] = { expired };
	struct probe_report r = report_of(rows, 1);

	(void)state;
	expect_text(&r, true, 80,
		"\nAuth probes\n"
		"+--------------------+--------------------------+------------------------------+\n"
		"| Model              | Profile                  | Status                       |\n"
		"+--------------------+--------------------------+------------------------------+\n"
		"| anthropic/-        | anthropic:manual (token) | unknown                      |\n"
		"|                    |                          | > Auth profile credentials   |\n"
		"|                    |                          | are missing or expired.      |\n"
		"|                    |                          | > Auth reason [expired]:     |\n"
		"|                    |                          | token credentials are        |\n"
		"|                    |                          | expired.                     |\n"
		"+--------------------+--------------------------+------------------------------+\n"
		"No probe targets.\n");
}

static void a_word_that_is_too_long_is_broken_anywhere(void **state)
{
	struct probe_row rows[] = { accepted };
	struct probe_report r = report_of(rows, 1);
	char *text;

	(void)state;
	memset(rows[0].error, 'x', sizeof(rows[0].error) - 1);
	text = text_of(&r, false, 10);
	assert_non_null(strstr(text, "│ xxxxxxxxxxxx │\n"));
	free(text);
}

static void nothing_to_ask_is_said(void **state)
{
	struct probe_report r = report_of(NULL, 0);

	(void)state;
	expect_text(&r, false, 80, "\nAuth probes\n- none\nNo probe targets.\n");
}

static void seconds_have_one_digit_after_the_point(void **state)
{
	struct probe_row rows[] = { accepted, accepted };
	struct probe_report r = report_of(rows, 2);
	char *text;

	(void)state;
	r.duration_ms = 12345;
	text = text_of(&r, true, 80);
	assert_true(str_ends(text, "Probed 2 targets in 12.3s\n"));
	free(text);
}

static void what_a_provider_said_cannot_act_on_the_terminal(void **state)
{
	struct probe_row rows[] = { accepted };
	struct probe_report r = report_of(rows, 1);
	char *text;

	(void)state;
	str_copy(rows[0].error, sizeof(rows[0].error),
		"a\033]0;b\007c\r\xE2\x80\xAE"
		"d\x9B"
		"31m");
	str_copy(rows[0].label, sizeof(rows[0].label), "x\033[2Jy");
	str_copy(rows[0].account, sizeof(rows[0].account), "\033[1mme");
	text = text_of(&r, true, 100);
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
	free(text);
}

static struct json_object *first_row(struct json_object *o)
{
	struct json_object *rows;

	assert_true(json_object_object_get_ex(o, "results", &rows));
	return json_object_array_get_idx(rows, 0);
}

static void assert_members(struct json_object *o, const char *want)
{
	char got[512];
	struct str s = STR_OF(got);

	json_object_object_foreach(o, key, value)
	{
		(void)value;
		str_fmt(&s, "%s%s", s.len ? " " : "", key);
	}
	assert_string_equal(got, want);
}

static const char *text_member(struct json_object *o, const char *name)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(o, name, &value));
	return json_object_get_string(value);
}

static void json_has_the_members_of_the_family_in_its_order(void **state)
{
	struct probe_row rows[] = { accepted };
	struct probe_report r = report_of(rows, 1);
	const char *const ids[] = { "openai:default" };
	struct json_object *o;
	struct json_object *options;

	(void)state;
	r.provider = "openai";
	r.profile_ids = ids;
	r.profile_count = 1;
	o = out_probe_json(&r);
	assert_members(o, "startedAt finishedAt durationMs totalTargets options results");
	assert_true(json_object_object_get_ex(o, "options", &options));
	assert_members(options, "provider profileIds timeoutMs concurrency maxTokens");
	assert_members(first_row(o),
		"provider model profileId label source mode status latencyMs verdict reason");
	assert_string_equal(text_member(first_row(o), "status"), "ok");
	json_object_put(o);
}

static void json_of_what_was_not_asked_has_a_reason_code_and_comes_first(void **state)
{
	struct probe_row rows[] = { accepted, expired };
	struct probe_report r = report_of(rows, 2);
	struct json_object *o = out_probe_json(&r);

	(void)state;
	assert_members(
		first_row(o), "provider profileId label source mode status reasonCode error");
	assert_string_equal(text_member(first_row(o), "reasonCode"), "expired");
	json_object_put(o);
}

static void what_an_answer_tells_of_the_account_is_shown(void **state)
{
	struct probe_row rows[] = { accepted };
	struct probe_report r = report_of(rows, 1);
	struct json_object *o;
	char *text;

	(void)state;
	str_copy(rows[0].account, sizeof(rows[0].account), "Example Ltd");
	str_copy(rows[0].credit, sizeof(rows[0].credit), "12.34 USD left");
	str_copy(rows[0].limits, sizeof(rows[0].limits), "49 of 50 requests left");
	text = text_of(&r, true, 100);
	assert_non_null(strstr(text, "| Example Ltd "));
	assert_non_null(strstr(text, "| 12.34 USD left "));
	assert_non_null(strstr(text, "| 49 of 50 requests left "));
	free(text);
	o = out_probe_json(&r);
	assert_string_equal(text_member(first_row(o), "account"), "Example Ltd");
	assert_string_equal(text_member(first_row(o), "credit"), "12.34 USD left");
	assert_string_equal(text_member(first_row(o), "limits"), "49 of 50 requests left");
	json_object_put(o);
}

static void clock_that_is_off_is_a_finding_of_its_own(void **state)
{
	struct probe_row rows[] = { accepted, expired };
	struct probe_report r = report_of(rows, 2);
	struct json_object *o, *skew;
	char *text;

	(void)state;
	rows[0].skew_ms = INT64_C(-420000);
	text = text_of(&r, true, 100);
	assert_non_null(strstr(text, "\nNote: this host's clock is 7 min slow: set it first ("));
	free(text);
	o = out_probe_json(&r);
	skew = json_object_array_get_idx(json_object_object_get(o, "results"), 1);
	assert_int_equal(json_object_get_int64(json_object_object_get(skew, "skewMs")), -420000);
	json_object_put(o);
	rows[0].skew_ms = 0;
	text = text_of(&r, true, 100);
	assert_null(strstr(text, "clock"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_has_a_row_for_each_answer_sorted_by_provider),
		cmocka_unit_test(a_narrow_terminal_breaks_the_status_at_blanks),
		cmocka_unit_test(a_word_that_is_too_long_is_broken_anywhere),
		cmocka_unit_test(nothing_to_ask_is_said),
		cmocka_unit_test(seconds_have_one_digit_after_the_point),
		cmocka_unit_test(what_a_provider_said_cannot_act_on_the_terminal),
		cmocka_unit_test(json_has_the_members_of_the_family_in_its_order),
		cmocka_unit_test(json_of_what_was_not_asked_has_a_reason_code_and_comes_first),
		cmocka_unit_test(what_an_answer_tells_of_the_account_is_shown),
		cmocka_unit_test(clock_that_is_off_is_a_finding_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
