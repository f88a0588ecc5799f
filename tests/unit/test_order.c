/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "health/order.h"

/* gateway-family.md 10.1, rule by rule. */

#define NOW INT64_C(1795330000000)

static struct order_profile key(const char *id)
{
	return (struct order_profile){
		.id = id,
		.provider = "anthropic",
		.kind = CRED_API_KEY,
		.has_secret = true,
	};
}

static struct order_profile of_kind(const char *id, enum cred_kind kind)
{
	struct order_profile p = key(id);

	p.kind = kind;
	return p;
}

static struct order_profile listed(const char *id, const char *provider, enum cred_kind mode)
{
	struct order_profile p = key(id);

	p.configured = true;
	p.configured_provider = provider;
	p.configured_mode = mode;
	return p;
}

static struct order_input input_of(const struct order_profile *p, size_t n)
{
	return (struct order_input){
		.provider = "anthropic", .profiles = p, .count = n, .now_ms = NOW
	};
}

/* The result as text, "a b c", compared with what is wanted. */
static void assert_order(const struct order_input *in, const char *want)
{
	char got[512];
	struct str s = STR_OF(got);
	struct order_result r;
	struct err e = { 0 };

	assert_ok(order_resolve(&r, in, &e), e);
	for (size_t i = 0; i < r.ranked_count; i++)
		str_fmt(&s, "%s%s", i ? " " : "", in->profiles[r.ranked[i]].id);
	order_release(&r);
	assert_string_equal(got, want);
}

static void assert_fate(const struct order_input *in, size_t at, enum fate want)
{
	struct order_result r;
	struct err e = { 0 };

	assert_ok(order_resolve(&r, in, &e), e);
	assert_int_equal(r.fates[at], want);
	order_release(&r);
}

static void nothing_stored_gives_nothing(void **state)
{
	struct order_input in = input_of(NULL, 0);

	(void)state;
	assert_order(&in, "");
}

static void round_robin_takes_oauth_then_token_then_key(void **state)
{
	struct order_profile p[] = { key("k"), of_kind("t", CRED_TOKEN), of_kind("o", CRED_OAUTH) };
	struct order_input in = input_of(p, 3);

	(void)state;
	assert_order(&in, "o t k");
}

static void round_robin_takes_the_longest_unused_of_a_type(void **state)
{
	struct order_profile p[] = { key("a"), key("b"), key("never") };
	struct order_input in = input_of(p, 3);

	(void)state;
	p[0].last_used_ms = NOW - 10;
	p[1].last_used_ms = NOW - 20;
	assert_order(&in, "never b a");
}

static void round_robin_keeps_the_file_order_of_equals(void **state)
{
	struct order_profile p[] = { key("z"), key("a"), key("m"), key("b"), key("y"), key("c") };
	struct order_input in = input_of(p, 6);

	(void)state;
	assert_order(&in, "z a m b y c");
}

static void type_matters_more_than_last_use(void **state)
{
	struct order_profile p[] = { key("k"), of_kind("t", CRED_TOKEN) };
	struct order_input in = input_of(p, 2);

	(void)state;
	p[1].last_used_ms = NOW;
	assert_order(&in, "t k");
}

static void cooling_profiles_come_last_soonest_first(void **state)
{
	struct order_profile p[] = { of_kind("late", CRED_OAUTH), key("soon"), key("k") };
	struct order_input in = input_of(p, 3);

	(void)state;
	p[0].unusable_until_ms = NOW + 2000;
	p[1].unusable_until_ms = NOW + 1000;
	assert_order(&in, "k soon late");
	assert_fate(&in, 0, FATE_COOLING);
}

static void a_cooldown_ends_at_its_millisecond(void **state)
{
	struct order_profile p[] = { key("a") };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].unusable_until_ms = NOW;
	assert_fate(&in, 0, FATE_USABLE);
	p[0].unusable_until_ms = NOW + 1;
	assert_fate(&in, 0, FATE_COOLING);
}

static void explicit_order_is_kept_as_written(void **state)
{
	static const char *const ids[] = { "k", "o", "t" };
	struct order_profile p[] = { of_kind("o", CRED_OAUTH), of_kind("t", CRED_TOKEN), key("k") };
	struct order_input in = input_of(p, 3);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 3;
	p[2].last_used_ms = NOW;
	assert_order(&in, "k o t");
}

static void explicit_order_puts_cooling_ones_behind(void **state)
{
	static const char *const ids[] = { "a", "b", "c" };
	struct order_profile p[] = { key("a"), key("b"), key("c") };
	struct order_input in = input_of(p, 3);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 3;
	p[0].unusable_until_ms = NOW + 9000;
	p[1].unusable_until_ms = NOW + 1000;
	assert_order(&in, "c b a");
}

static void explicit_order_excludes_what_it_does_not_name(void **state)
{
	static const char *const ids[] = { "b" };
	struct order_profile p[] = { key("a"), key("b") };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 1;
	assert_order(&in, "b");
	assert_fate(&in, 0, FATE_NOT_LISTED);
}

static void explicit_order_of_gone_profiles_gives_nothing(void **state)
{
	static const char *const ids[] = { "gone", "also-gone" };
	struct order_profile p[] = { key("a") };
	struct order_input in = input_of(p, 1);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 2;
	assert_order(&in, "");
}

static void empty_explicit_order_means_none(void **state)
{
	struct order_profile p[] = { key("a") };
	struct order_input in = input_of(p, 1);

	(void)state;
	in.explicit_given = true;
	assert_order(&in, "");
	assert_fate(&in, 0, FATE_NOT_LISTED);
}

static void explicit_duplicates_count_once(void **state)
{
	static const char *const ids[] = { "b", "a", "b", "a" };
	struct order_profile p[] = { key("a"), key("b") };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 4;
	assert_order(&in, "b a");
}

static void explicit_order_may_name_what_the_configuration_does_not(void **state)
{
	static const char *const ids[] = { "a" };
	static const char *const configured[] = { "b" };
	struct order_profile p[] = { key("a"), listed("b", "anthropic", CRED_API_KEY) };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 1;
	in.configured_ids = configured;
	in.configured_count = 1;
	assert_order(&in, "a");
}

static void configured_profiles_hide_the_others(void **state)
{
	static const char *const configured[] = { "b" };
	struct order_profile p[] = { key("a"), listed("b", "anthropic", CRED_API_KEY) };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.configured_ids = configured;
	in.configured_count = 1;
	assert_order(&in, "b");
	assert_fate(&in, 0, FATE_NOT_CONFIGURED);
}

static void configured_profiles_tie_in_the_configurations_order(void **state)
{
	static const char *const configured[] = { "c", "a", "b" };
	struct order_profile p[] = { listed("a", "anthropic", CRED_API_KEY),
		listed("b", "anthropic", CRED_API_KEY), listed("c", "anthropic", CRED_API_KEY) };
	struct order_input in = input_of(p, 3);

	(void)state;
	in.configured_ids = configured;
	in.configured_count = 3;
	assert_order(&in, "c a b");
}

static void configured_mode_must_agree(void **state)
{
	static const char *const configured[] = { "a" };
	struct order_profile p[] = { listed("a", "anthropic", CRED_TOKEN) };
	struct order_input in = input_of(p, 1);

	(void)state;
	in.configured_ids = configured;
	in.configured_count = 1;
	assert_order(&in, "");
	assert_fate(&in, 0, FATE_DIFFERS);
}

static void configured_oauth_accepts_a_stored_token(void **state)
{
	struct order_profile p[] = { listed("a", "anthropic", CRED_OAUTH) };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].kind = CRED_TOKEN;
	assert_order(&in, "a");
}

static void configured_token_does_not_accept_oauth(void **state)
{
	struct order_profile p[] = { listed("a", "anthropic", CRED_TOKEN) };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].kind = CRED_OAUTH;
	assert_order(&in, "");
}

static void configured_provider_must_agree_even_in_an_explicit_order(void **state)
{
	static const char *const ids[] = { "a" };
	struct order_profile p[] = { listed("a", "openai", CRED_API_KEY) };
	struct order_input in = input_of(p, 1);

	(void)state;
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 1;
	assert_order(&in, "");
	assert_fate(&in, 0, FATE_DIFFERS);
}

static void other_providers_profiles_are_ignored(void **state)
{
	static const char *const ids[] = { "o", "a" };
	struct order_profile p[] = { key("a"), key("o") };
	struct order_input in = input_of(p, 2);

	(void)state;
	p[1].provider = "openai";
	assert_order(&in, "a");
	in.explicit_given = true;
	in.explicit_ids = ids;
	in.explicit_count = 2;
	assert_order(&in, "a");
	assert_fate(&in, 1, FATE_OTHER_PROVIDER);
}

static void a_profile_without_a_secret_is_left_out(void **state)
{
	struct order_profile p[] = { key("a"), key("b") };
	struct order_input in = input_of(p, 2);

	(void)state;
	p[0].has_secret = false;
	assert_order(&in, "b");
	assert_fate(&in, 0, FATE_NO_SECRET);
}

static void an_expired_token_is_left_out_from_its_millisecond(void **state)
{
	struct order_profile p[] = { of_kind("t", CRED_TOKEN) };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].expires_ms = NOW + 1;
	assert_order(&in, "t");
	p[0].expires_ms = NOW;
	assert_order(&in, "");
	assert_fate(&in, 0, FATE_EXPIRED);
}

static void a_token_without_an_expiry_stays(void **state)
{
	struct order_profile p[] = { of_kind("t", CRED_TOKEN) };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].expires_ms = -5;
	assert_order(&in, "t");
}

static void an_expired_oauth_stays(void **state)
{
	struct order_profile p[] = { of_kind("o", CRED_OAUTH) };
	struct order_input in = input_of(p, 1);

	(void)state;
	p[0].expires_ms = NOW - 86400000;
	assert_order(&in, "o");
}

static void a_preferred_profile_moves_to_the_front(void **state)
{
	struct order_profile p[] = { key("a"), key("b"), key("c") };
	struct order_input in = input_of(p, 3);

	(void)state;
	in.preferred = "c";
	assert_order(&in, "c a b");
}

static void a_preferred_profile_may_be_cooling(void **state)
{
	struct order_profile p[] = { key("a"), key("b") };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.preferred = "b";
	p[1].unusable_until_ms = NOW + 1000;
	assert_order(&in, "b a");
}

static void a_preferred_profile_that_is_left_out_stays_out(void **state)
{
	struct order_profile p[] = { key("a"), key("b") };
	struct order_input in = input_of(p, 2);

	(void)state;
	in.preferred = "b";
	p[1].has_secret = false;
	assert_order(&in, "a");
}

/* 20,000 in an explicit order of 20,000: seconds when it is quadratic. */
static void a_large_order_takes_no_time(void **state)
{
	enum {
		N = 20000
	};
	static char ids[N][16];
	static const char *names[N];
	static struct order_profile p[N];
	struct order_input in = input_of(p, N);
	struct order_result r;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		snprintf(ids[i], sizeof(ids[i]), "a:%zu", (i * 7919) % N);
		p[i] = key(ids[i]);
		names[N - 1 - i] = ids[i];
	}
	in.explicit_given = true;
	in.explicit_ids = names;
	in.explicit_count = N;
	assert_ok(order_resolve(&r, &in, &e), e);
	assert_int_equal(r.ranked_count, N);
	assert_int_equal(r.ranked[0], N - 1);
	assert_int_equal(r.ranked[N - 1], 0);
	order_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_stored_gives_nothing),
		cmocka_unit_test(round_robin_takes_oauth_then_token_then_key),
		cmocka_unit_test(round_robin_takes_the_longest_unused_of_a_type),
		cmocka_unit_test(round_robin_keeps_the_file_order_of_equals),
		cmocka_unit_test(type_matters_more_than_last_use),
		cmocka_unit_test(cooling_profiles_come_last_soonest_first),
		cmocka_unit_test(a_cooldown_ends_at_its_millisecond),
		cmocka_unit_test(explicit_order_is_kept_as_written),
		cmocka_unit_test(explicit_order_puts_cooling_ones_behind),
		cmocka_unit_test(explicit_order_excludes_what_it_does_not_name),
		cmocka_unit_test(explicit_order_of_gone_profiles_gives_nothing),
		cmocka_unit_test(empty_explicit_order_means_none),
		cmocka_unit_test(explicit_duplicates_count_once),
		cmocka_unit_test(explicit_order_may_name_what_the_configuration_does_not),
		cmocka_unit_test(configured_profiles_hide_the_others),
		cmocka_unit_test(configured_profiles_tie_in_the_configurations_order),
		cmocka_unit_test(configured_mode_must_agree),
		cmocka_unit_test(configured_oauth_accepts_a_stored_token),
		cmocka_unit_test(configured_token_does_not_accept_oauth),
		cmocka_unit_test(configured_provider_must_agree_even_in_an_explicit_order),
		cmocka_unit_test(other_providers_profiles_are_ignored),
		cmocka_unit_test(a_profile_without_a_secret_is_left_out),
		cmocka_unit_test(an_expired_token_is_left_out_from_its_millisecond),
		cmocka_unit_test(a_token_without_an_expiry_stays),
		cmocka_unit_test(an_expired_oauth_stays),
		cmocka_unit_test(a_preferred_profile_moves_to_the_front),
		cmocka_unit_test(a_preferred_profile_may_be_cooling),
		cmocka_unit_test(a_preferred_profile_that_is_left_out_stays_out),
		cmocka_unit_test(a_large_order_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
