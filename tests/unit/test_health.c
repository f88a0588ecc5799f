/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "health/health.h"

#define NOW INT64_C(1795330000000)

static struct credential of_kind(enum cred_kind kind, int64_t expires_ms)
{
	return (struct credential){
		.id = "anthropic:default",
		.provider = "anthropic",
		.kind = kind,
		.in_store = true,
		.stored = STORED_PLAIN_PROFILES,
		.expires_ms = expires_ms,
	};
}

static enum expiry_status status(enum cred_kind kind, int64_t expires_ms)
{
	struct credential c = of_kind(kind, expires_ms);

	return expiry_status(&c, NOW, MS_DAY);
}

static int check(struct credential c)
{
	struct snapshot s = { .now_ms = NOW, .credentials = &c, .credential_count = 1 };

	return snapshot_check(&s, MS_DAY);
}

static int check_provider(struct provider_state p)
{
	struct snapshot s = { .now_ms = NOW, .providers = &p, .provider_count = 1 };

	return snapshot_check(&s, MS_DAY);
}

static void api_keys_are_static_whatever_their_date(void **state)
{
	(void)state;
	assert_int_equal(status(CRED_API_KEY, 0), EXPIRY_STATIC);
	assert_int_equal(status(CRED_API_KEY, NOW - 1), EXPIRY_STATIC);
	assert_int_equal(status(CRED_NONE, 0), EXPIRY_STATIC);
}

static void a_token_without_a_date_is_static_and_an_oauth_missing(void **state)
{
	(void)state;
	assert_int_equal(status(CRED_TOKEN, 0), EXPIRY_STATIC);
	assert_int_equal(status(CRED_TOKEN, -1), EXPIRY_STATIC);
	assert_int_equal(status(CRED_OAUTH, 0), EXPIRY_MISSING);
	assert_int_equal(status(CRED_OAUTH, -1), EXPIRY_MISSING);
}

static void expiry_borders_are_exact(void **state)
{
	(void)state;
	assert_int_equal(status(CRED_TOKEN, NOW), EXPIRY_EXPIRED);
	assert_int_equal(status(CRED_TOKEN, NOW + 1), EXPIRY_EXPIRING);
	assert_int_equal(status(CRED_OAUTH, NOW + MS_DAY), EXPIRY_EXPIRING);
	assert_int_equal(status(CRED_OAUTH, NOW + MS_DAY + 1), EXPIRY_OK);
}

static void expiry_names_are_the_familys(void **state)
{
	(void)state;
	assert_string_equal(expiry_status_name(EXPIRY_STATIC), "static");
	assert_string_equal(expiry_status_name(EXPIRY_OK), "ok");
	assert_string_equal(expiry_status_name(EXPIRY_EXPIRING), "expiring");
	assert_string_equal(expiry_status_name(EXPIRY_EXPIRED), "expired");
	assert_string_equal(expiry_status_name(EXPIRY_MISSING), "missing");
	assert_string_equal(expiry_status_name((enum expiry_status)99), "unknown");
}

static void check_of_an_empty_snapshot_is_0(void **state)
{
	struct snapshot s = { .now_ms = NOW };

	(void)state;
	assert_int_equal(snapshot_check(&s, MS_DAY), 0);
}

static void check_is_1_for_expired_and_2_for_expiring(void **state)
{
	(void)state;
	assert_int_equal(check(of_kind(CRED_TOKEN, NOW - 1)), 1);
	assert_int_equal(check(of_kind(CRED_OAUTH, 0)), 1);
	assert_int_equal(check(of_kind(CRED_TOKEN, NOW + 5)), 2);
	assert_int_equal(check(of_kind(CRED_OAUTH, NOW + 2 * MS_DAY)), 0);
	assert_int_equal(check(of_kind(CRED_API_KEY, 0)), 0);
}

static void check_prefers_1_over_2(void **state)
{
	struct credential two[] = { of_kind(CRED_TOKEN, NOW + 5), of_kind(CRED_TOKEN, NOW - 5) };
	struct snapshot s = { .now_ms = NOW, .credentials = two, .credential_count = 2 };

	(void)state;
	assert_int_equal(snapshot_check(&s, MS_DAY), 1);
}

static void check_ignores_cooldowns_and_environment_tokens(void **state)
{
	struct credential c = of_kind(CRED_API_KEY, 0);

	(void)state;
	c.cooldown_until_ms = NOW + MS_DAY;
	c.disabled_until_ms = NOW + MS_DAY;
	c.selected = SELECTED_COOLDOWN;
	assert_int_equal(check(c), 0);
	c = of_kind(CRED_OAUTH, 0);
	c.in_store = false;
	c.stored = STORED_ENVIRONMENT;
	assert_int_equal(check(c), 0);
}

static void check_counts_sealed_credentials_that_stay_closed(void **state)
{
	static const struct {
		enum opens opens;
		int want;
	} rows[] = {
		{ OPENS_UNTRIED, 0 },
		{ OPENS_YES, 0 },
		{ OPENS_OLDER, 0 },
		{ OPENS_NO_KEY, 1 },
		{ OPENS_WRONG_KEY, 1 },
		{ OPENS_DAMAGED, 1 },
		{ OPENS_MISSING, 1 },
		{ OPENS_LOCKED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct credential c = of_kind(CRED_API_KEY, 0);

		c.stored = STORED_SEALED;
		c.opens = rows[i].opens;
		assert_int_equal(check(c), rows[i].want);
	}
}

static void check_is_1_for_a_used_provider_without_anything(void **state)
{
	struct provider_state p = { .id = "openai", .in_use = true };

	(void)state;
	assert_int_equal(check_provider(p), 1);
	p.in_use = false;
	assert_int_equal(check_provider(p), 0);
}

static void any_source_makes_a_provider_not_missing(void **state)
{
	struct provider_state none = { .id = "openai", .in_use = true };
	struct provider_state p = none;

	(void)state;
	p.profiles = 1;
	assert_false(provider_missing(&p));
	p = none;
	str_copy(p.env_var, sizeof(p.env_var), "OPENAI_API_KEY");
	assert_false(provider_missing(&p));
	p = none;
	str_copy(p.config_key_mask, sizeof(p.config_key_mask), "...");
	assert_false(provider_missing(&p));
	p = none;
	p.local = true;
	assert_false(provider_missing(&p));
	assert_true(provider_missing(&none));
}

static void find_answers_by_id(void **state)
{
	struct credential two[] = { of_kind(CRED_TOKEN, 0), of_kind(CRED_TOKEN, 0) };
	struct snapshot s = { .credentials = two, .credential_count = 2 };

	(void)state;
	str_copy(two[1].id, sizeof(two[1].id), "anthropic:manual");
	assert_ptr_equal(snapshot_find(&s, "anthropic:manual"), &two[1]);
	assert_null(snapshot_find(&s, "anthropic:other"));
}

static void release_takes_an_empty_snapshot_and_twice(void **state)
{
	struct snapshot s = { 0 };

	(void)state;
	snapshot_release(&s);
	snapshot_release(&s);
}

static void assert_mask(const char *key, const char *want)
{
	char text[64];
	struct str s = STR_OF(text);
	struct mask m;

	mask_make(&m, key, strlen(key));
	mask_print(&s, m.prefix, m.tail);
	assert_string_equal(text, want);
	assert_true((strlen(m.prefix) + strlen(m.tail)) * 3 <= strlen(key));
}

static void masks_show_prefix_and_tail(void **state)
{
	(void)state;
	assert_mask("sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE4f2Q",
		"sk-ant-api03-...4f2Q");
}

static void masks_of_unknown_kinds_show_the_tail_only(void **state)
{
	(void)state;
	assert_mask("0123456789abcdef0123456789abcdef", "...cdef");
}

static void masks_of_short_keys_show_nothing(void **state)
{
	(void)state;
	assert_mask("sk-ant-api03-short1", "...");
	assert_mask("x", "...");
	assert_mask("", "...");
}

static void masks_drop_a_prefix_that_would_show_too_much(void **state)
{
	(void)state;
	assert_mask("sk-ant-api03-EXAMPLE4f2Q", "...4f2Q");
}

static void masks_never_show_more_than_a_third(void **state)
{
	char key[200];

	(void)state;
	for (size_t n = 1; n < sizeof(key); n++) {
		struct mask m;

		memset(key, 'A', sizeof(key));
		memcpy(key, "sk-ant-api03-", n < 13 ? n : 13);
		mask_make(&m, key, n);
		assert_true((strlen(m.prefix) + strlen(m.tail)) * 3 <= n);
	}
}

typedef void (*fact)(struct str *out, const struct credential *c);
typedef void (*dated_fact)(struct str *out, const struct credential *c, int64_t now_ms);

static void assert_fact(fact f, const struct credential *c, const char *want)
{
	char text[256];
	struct str s = STR_OF(text);

	f(&s, c);
	assert_string_equal(text, want);
}

static void assert_dated(dated_fact f, const struct credential *c, const char *want)
{
	char text[256];
	struct str s = STR_OF(text);

	f(&s, c, NOW);
	assert_string_equal(text, want);
}

static void stored_says_where_the_plain_text_is(void **state)
{
	struct credential c = { .stored = STORED_PLAIN_ENV };

	(void)state;
	assert_fact(fact_stored, &c, "plain in .env");
	c.stored = STORED_PLAIN_PROFILES;
	assert_fact(fact_stored, &c, "plain in auth-profiles.json");
	c.stored = STORED_SEALED;
	assert_fact(fact_stored, &c, "sealed");
}

static void opens_tells_a_wrong_key_from_damage(void **state)
{
	struct credential c = { .opens = OPENS_WRONG_KEY };

	(void)state;
	assert_fact(fact_opens, &c, "no: wrong key");
	c.opens = OPENS_DAMAGED;
	assert_fact(fact_opens, &c, "no: damaged");
	c.opens = OPENS_OLDER;
	assert_fact(fact_opens, &c, "yes, but from an older copy of the vault");
}

static void selected_names_the_winner(void **state)
{
	struct credential c = { .selected = SELECTED_FIRST };

	(void)state;
	assert_dated(fact_selected, &c, "first in order");
	c.selected = SELECTED_BEHIND;
	str_copy(c.selected_by, sizeof(c.selected_by), "anthropic:manual");
	assert_dated(fact_selected, &c, "behind anthropic:manual");
	c.selected = SELECTED_SHADOWED;
	str_copy(c.selected_by, sizeof(c.selected_by), "ANTHROPIC_API_KEY");
	assert_dated(fact_selected, &c, "shadowed by ANTHROPIC_API_KEY");
}

static void selected_says_how_long_a_cooldown_lasts(void **state)
{
	struct credential c = { .selected = SELECTED_COOLDOWN,
		.cooldown_until_ms = NOW + 3 * MS_MINUTE };

	(void)state;
	assert_dated(fact_selected, &c, "in cooldown for 3m");
	c.disabled_until_ms = NOW + 5 * MS_HOUR;
	str_copy(c.disabled_reason, sizeof(c.disabled_reason), "billing");
	assert_dated(fact_selected, &c, "disabled (billing) for 5h");
}

static void accepted_says_when_how_fast_and_why_not(void **state)
{
	struct credential c = { 0 };

	(void)state;
	assert_dated(fact_accepted, &c, "never checked");
	c.accepted = VERDICT_ACCEPTED;
	c.accepted_latency_ms = 212;
	c.accepted_at_ms = NOW - 4 * MS_MINUTE;
	assert_dated(fact_accepted, &c, "accepted, 212 ms, 4m ago");
	c.accepted = VERDICT_UNKNOWN;
	c.accepted_reason = REASON_TIMEOUT;
	c.accepted_latency_ms = 0;
	assert_dated(fact_accepted, &c, "cannot tell (timed out), 4m ago");
	c.accepted = VERDICT_REJECTED;
	c.accepted_reason = REASON_BAD_KEY;
	assert_dated(fact_accepted, &c, "rejected, 4m ago");
}

static void expires_says_where_the_date_comes_from(void **state)
{
	struct credential c = { .kind = CRED_TOKEN };

	(void)state;
	assert_dated(fact_expires, &c, "never");
	c.expires_ms = NOW + 41 * MS_DAY;
	c.expires_source = EXPIRY_ESTIMATE;
	assert_dated(fact_expires, &c, "in 41d (an estimate)");
	c.expires_ms = NOW - 2 * MS_DAY;
	c.expires_source = EXPIRY_NONE;
	assert_dated(fact_expires, &c, "expired 2d ago");
	c.expires_ms = 0;
	c.kind = CRED_OAUTH;
	assert_dated(fact_expires, &c, "unknown");
}

static void in_use_asks_for_a_restart(void **state)
{
	struct credential c = { .in_use = IN_USE_OLDER };

	(void)state;
	assert_fact(fact_in_use, &c, "an older one (restart needed)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(api_keys_are_static_whatever_their_date),
		cmocka_unit_test(a_token_without_a_date_is_static_and_an_oauth_missing),
		cmocka_unit_test(expiry_borders_are_exact),
		cmocka_unit_test(expiry_names_are_the_familys),
		cmocka_unit_test(check_of_an_empty_snapshot_is_0),
		cmocka_unit_test(check_is_1_for_expired_and_2_for_expiring),
		cmocka_unit_test(check_prefers_1_over_2),
		cmocka_unit_test(check_ignores_cooldowns_and_environment_tokens),
		cmocka_unit_test(check_counts_sealed_credentials_that_stay_closed),
		cmocka_unit_test(check_is_1_for_a_used_provider_without_anything),
		cmocka_unit_test(any_source_makes_a_provider_not_missing),
		cmocka_unit_test(find_answers_by_id),
		cmocka_unit_test(release_takes_an_empty_snapshot_and_twice),
		cmocka_unit_test(masks_show_prefix_and_tail),
		cmocka_unit_test(masks_of_unknown_kinds_show_the_tail_only),
		cmocka_unit_test(masks_of_short_keys_show_nothing),
		cmocka_unit_test(masks_drop_a_prefix_that_would_show_too_much),
		cmocka_unit_test(masks_never_show_more_than_a_third),
		cmocka_unit_test(stored_says_where_the_plain_text_is),
		cmocka_unit_test(opens_tells_a_wrong_key_from_damage),
		cmocka_unit_test(selected_names_the_winner),
		cmocka_unit_test(selected_says_how_long_a_cooldown_lasts),
		cmocka_unit_test(accepted_says_when_how_fast_and_why_not),
		cmocka_unit_test(expires_says_where_the_date_comes_from),
		cmocka_unit_test(in_use_asks_for_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
