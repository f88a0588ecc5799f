/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "cli/probe.h"

/* Which credentials `models status --probe` asks for, and why not the others (8.6, 8.7). */

#define NOW INT64_C(1795330000000)

struct scene {
	struct credential rows[4];
	struct provider_state providers[2];
	struct snapshot s;
	struct place place;
	struct opt_list ids;
	struct probe_ask ask;
	struct probe_report report;
};

static int set_up(void **state)
{
	static struct scene x;

	x = (struct scene){ .rows = { { .id = "openai:default",
				    .provider = "openai",
				    .kind = CRED_API_KEY,
				    .in_store = true,
				    .stored = STORED_PLAIN_PROFILES } },
		.providers = { { .id = "openai", .profiles = 1 } } };
	x.s = (struct snapshot){ .credentials = x.rows,
		.credential_count = 1,
		.providers = x.providers,
		.provider_count = 1,
		.now_ms = NOW,
		.default_model = "anthropic/claude-opus-4-5" };
	x.ask = (struct probe_ask){ .provider = "",
		.profiles = &x.ids,
		.timeout_ms = 1000,
		.concurrency = 2,
		.max_tokens = 8 };
	*state = &x;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *x = *state;

	probe_release(&x->report);
	return 0;
}

static struct probe_row *plan(struct scene *x)
{
	struct err e = { 0 };

	probe_release(&x->report);
	assert_ok(probe_plan(&x->report, &x->s, &x->place, &x->ask, &e), e);
	return x->report.rows;
}

static void a_stored_key_is_asked_for_with_the_first_model_of_its_provider(void **state)
{
	struct scene *x = *state;
	const struct probe_row *row = plan(x);

	assert_int_equal(x->report.targets, 1);
	assert_true(row->target);
	assert_null(row->reason_code);
	assert_string_equal(row->label, "openai:default");
	assert_string_equal(row->source, "profile");
	assert_string_equal(row->model, provider_find("openai")->models[0]);
	str_copy(x->s.fallbacks[0], sizeof(x->s.fallbacks[0]), "openai/gpt-5-mini");
	x->s.fallback_count = 1;
	assert_string_equal(plan(x)->model, "openai/gpt-5-mini");
}

static void expect_refused(struct scene *x, const char *code)
{
	const struct probe_row *row = plan(x);

	assert_int_equal(x->report.count, 1);
	assert_int_equal(x->report.targets, 0);
	assert_false(row->target);
	assert_int_equal(row->status, PROBE_UNKNOWN);
	assert_string_equal(row->reason_code, code);
	assert_true(row->error[0] != '\0');
}

static void each_reason_not_to_ask_has_its_code(void **state)
{
	struct scene *x = *state;
	const struct credential good = x->rows[0];

	x->rows[0].excluded = EXCLUDED_ORDER;
	expect_refused(x, "excluded_by_auth_order");
	x->rows[0] = good;
	x->rows[0].excluded = EXCLUDED_DIFFERS;
	expect_refused(x, "ineligible_profile");
	x->rows[0] = good;
	x->rows[0].stored = STORED_MISSING;
	expect_refused(x, "missing_credential");
	x->rows[0] = good;
	x->rows[0].kind = CRED_TOKEN;
	x->rows[0].expires_ms = NOW;
	expect_refused(x, "expired");
	x->rows[0].expires_ms = NOW + 1;
	assert_true(plan(x)->target);
	x->rows[0].expires_invalid = true;
	expect_refused(x, "invalid_expires");
	x->rows[0] = good;
	x->rows[0].stored = STORED_REFERENCE;
	expect_refused(x, "unresolved_ref");
	x->rows[0].stored = STORED_SEALED;
	x->rows[0].opens = OPENS_WRONG_KEY;
	expect_refused(x, "unresolved_ref");
	x->rows[0].opens = OPENS_OLDER;
	assert_true(plan(x)->target);
}

/* The family asks for these too: without an explicit order nothing is left out. */
static void a_profile_that_the_configuration_does_not_name_is_asked_for(void **state)
{
	struct scene *x = *state;

	x->rows[0].excluded = EXCLUDED_OTHERS;
	assert_true(plan(x)->target);
}

static void an_unknown_provider_has_no_model_or_no_check(void **state)
{
	struct scene *x = *state;

	str_copy(x->rows[0].provider, sizeof(x->rows[0].provider), "nobody");
	str_copy(x->providers[0].id, sizeof(x->providers[0].id), "nobody");
	assert_int_equal(plan(x)->status, PROBE_NO_MODEL);
	assert_int_equal(x->report.targets, 0);
	str_copy(x->s.default_model, sizeof(x->s.default_model), "nobody/one");
	assert_int_equal(plan(x)->status, PROBE_UNKNOWN);
	assert_null(x->report.rows->reason_code);
}

static void a_login_is_left_to_the_gateway(void **state)
{
	struct scene *x = *state;

	x->rows[0].kind = CRED_OAUTH;
	assert_false(plan(x)->target);
	assert_non_null(strstr(x->report.rows->error, "gateway renews"));
}

static void filters_leave_the_others_out(void **state)
{
	struct scene *x = *state;

	x->rows[1] = x->rows[0];
	str_copy(x->rows[1].id, sizeof(x->rows[1].id), "openai:other");
	x->s.credential_count = 2;
	plan(x);
	assert_int_equal(x->report.count, 2);
	x->ids = (struct opt_list){ .items = { "openai:other", "openai:none" }, .count = 2 };
	assert_string_equal(plan(x)->profile_id, "openai:other");
	assert_int_equal(x->report.count, 1);
	x->ids.count = 0;
	x->ask.provider = "anthropic";
	plan(x);
	assert_int_equal(x->report.count, 0);
}

static void a_variable_is_asked_for_when_there_is_no_profile(void **state)
{
	struct scene *x = *state;

	x->rows[0] = (struct credential){ .id = "OPENAI_API_KEY",
		.provider = "openai",
		.var = "OPENAI_API_KEY",
		.kind = CRED_API_KEY,
		.stored = STORED_ENVIRONMENT };
	x->providers[0] = (struct provider_state){ .id = "openai", .env_var = "OPENAI_API_KEY" };
	assert_string_equal(plan(x)->label, "env");
	assert_string_equal(x->report.rows->mode, "api_key");
	assert_string_equal(x->report.rows->profile_id, "");
	x->ids = (struct opt_list){ .items = { "openai:default" }, .count = 1 };
	plan(x);
	assert_int_equal(x->report.count, 0);
}

static void a_variable_with_a_login_has_the_mode_oauth(void **state)
{
	struct scene *x = *state;

	x->rows[0] = (struct credential){ .id = "ANTHROPIC_OAUTH_TOKEN",
		.provider = "anthropic",
		.var = "ANTHROPIC_OAUTH_TOKEN",
		.kind = CRED_TOKEN,
		.stored = STORED_ENVIRONMENT };
	x->providers[0] =
		(struct provider_state){ .id = "anthropic", .env_var = "ANTHROPIC_OAUTH_TOKEN" };
	assert_string_equal(plan(x)->mode, "oauth");
	assert_true(x->report.rows->target);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stored_key_is_asked_for_with_the_first_model_of_its_provider),
		TEST(each_reason_not_to_ask_has_its_code),
		TEST(a_profile_that_the_configuration_does_not_name_is_asked_for),
		TEST(an_unknown_provider_has_no_model_or_no_check),
		TEST(a_login_is_left_to_the_gateway),
		TEST(filters_leave_the_others_out),
		TEST(a_variable_is_asked_for_when_there_is_no_profile),
		TEST(a_variable_with_a_login_has_the_mode_oauth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
