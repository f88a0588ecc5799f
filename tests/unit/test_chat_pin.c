/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "chat/pin.h"

/* gateway-family.md 11.4: what becomes of a session's profile. */

#define NOW INT64_C(1795330000000)

static struct credential list[5];
static struct snapshot world;

static void add(const char *id, const char *provider, unsigned rank)
{
	struct credential *c = &list[world.credential_count++];

	*c = (struct credential){ .in_store = true, .rank = rank, .kind = CRED_API_KEY };
	str_copy(c->id, sizeof(c->id), id);
	str_copy(c->provider, sizeof(c->provider), provider);
}

/* a, b, c in this order, and another provider's. */
static int begin(void **state)
{
	(void)state;
	world = (struct snapshot){ .credentials = list, .now_ms = NOW };
	add("a:1", "a", 1);
	add("a:2", "a", 2);
	add("a:3", "a", 3);
	add("b:1", "b", 1);
	return 0;
}

static struct pin_answer settle(struct pin_question q)
{
	struct pin_answer out;

	q.s = &world;
	q.provider = "a";
	pin_settle(&out, &q);
	return out;
}

static void assert_answer(struct pin_question q, enum pin_fate fate, const char *to)
{
	struct pin_answer a = settle(q);

	assert_int_equal(a.fate, fate);
	if (to)
		assert_string_equal(a.to->id, to);
	else
		assert_null(a.to);
}

static void pin_of_a_person_stays_in_a_cooldown(void **state)
{
	(void)state;
	list[1].cooldown_until_ms = NOW + MS_HOUR;
	assert_answer(
		(struct pin_question){ .profile = "a:2", .source = PIN_USER }, PIN_KEPT, "a:2");
}

static void pin_of_a_person_stays_when_it_has_expired(void **state)
{
	(void)state;
	list[1].rank = 0;
	list[1].selected = SELECTED_UNUSABLE;
	assert_answer(
		(struct pin_question){ .profile = "a:2", .source = PIN_USER }, PIN_KEPT, "a:2");
}

static void pin_of_a_person_stays_after_a_compaction(void **state)
{
	(void)state;
	assert_answer(
		(struct pin_question){ .profile = "a:2", .source = PIN_USER, .compacted = true },
		PIN_KEPT, "a:2");
}

static void automatic_pin_leaves_a_cooldown_for_the_first_usable(void **state)
{
	struct pin_question q = { .profile = "a:1", .source = PIN_AUTO };

	(void)state;
	list[0].cooldown_until_ms = NOW + MS_HOUR;
	assert_answer(q, PIN_MOVED, "a:2");
	list[1].disabled_until_ms = NOW + MS_HOUR;
	assert_answer(q, PIN_MOVED, "a:3");
	list[2].cooldown_until_ms = NOW + MS_HOUR;
	assert_answer(q, PIN_KEPT, "a:1");
}

static void automatic_pin_stays_while_it_is_well(void **state)
{
	(void)state;
	list[1].cooldown_until_ms = NOW; /* over */
	assert_answer(
		(struct pin_question){ .profile = "a:2", .source = PIN_AUTO }, PIN_KEPT, "a:2");
}

static void new_session_takes_the_next_in_the_circle(void **state)
{
	struct pin_question q = { .profile = "a:2", .source = PIN_USER, .fresh = true };

	(void)state;
	assert_answer(q, PIN_MOVED, "a:3");
	q.profile = "a:3";
	assert_answer(q, PIN_MOVED, "a:1");
	list[0].cooldown_until_ms = NOW + 1;
	assert_answer(q, PIN_MOVED, "a:2");
	assert_int_equal(settle(q).reason, PIN_NEW_TURN);
}

static void only_profile_becomes_automatic_on_a_new_session(void **state)
{
	(void)state;
	world.credential_count = 1;
	assert_answer((struct pin_question){ .profile = "a:1", .source = PIN_USER, .fresh = true },
		PIN_MOVED, "a:1");
	assert_answer((struct pin_question){ .profile = "a:1", .source = PIN_AUTO, .fresh = true },
		PIN_KEPT, "a:1");
}

static void compaction_moves_an_automatic_pin(void **state)
{
	(void)state;
	assert_answer(
		(struct pin_question){ .profile = "a:3", .source = PIN_AUTO, .compacted = true },
		PIN_MOVED, "a:1");
}

static void pin_that_cannot_be_is_cleared_with_the_reason(void **state)
{
	(void)state;
	assert_answer((struct pin_question){ .profile = "a:9" }, PIN_CLEARED, NULL);
	assert_int_equal(settle((struct pin_question){ .profile = "a:9" }).reason, PIN_GONE);
	assert_int_equal(
		settle((struct pin_question){ .profile = "b:1" }).reason, PIN_OTHER_PROVIDER);
	list[1].excluded = EXCLUDED_ORDER;
	list[1].rank = 0;
	assert_int_equal(settle((struct pin_question){ .profile = "a:2" }).reason, PIN_EXCLUDED);
	list[2].in_store = false;
	assert_int_equal(settle((struct pin_question){ .profile = "a:3" }).reason, PIN_GONE);
}

static void source_that_is_missing_follows_the_count(void **state)
{
	(void)state;
	assert_int_equal(pin_source_of("user", true), PIN_USER);
	assert_int_equal(pin_source_of("auto", false), PIN_AUTO);
	assert_int_equal(pin_source_of("", false), PIN_USER);
	assert_int_equal(pin_source_of("", true), PIN_AUTO);
}

static void profile_is_pinned_only_for_its_own_provider(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(pin_allowed(&world, "a:2", "a", &e), e);
	assert_err(pin_allowed(&world, "x", "a", &e), e, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "Auth profile \"x\" not found.");
	assert_err(pin_allowed(&world, "b:1", "a", &e), e, ERR_USAGE);
	assert_string_equal(e.msg, "Auth profile \"b:1\" is for b, not a.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pin_of_a_person_stays_in_a_cooldown, begin),
		cmocka_unit_test_setup(pin_of_a_person_stays_when_it_has_expired, begin),
		cmocka_unit_test_setup(pin_of_a_person_stays_after_a_compaction, begin),
		cmocka_unit_test_setup(automatic_pin_leaves_a_cooldown_for_the_first_usable, begin),
		cmocka_unit_test_setup(automatic_pin_stays_while_it_is_well, begin),
		cmocka_unit_test_setup(new_session_takes_the_next_in_the_circle, begin),
		cmocka_unit_test_setup(only_profile_becomes_automatic_on_a_new_session, begin),
		cmocka_unit_test_setup(compaction_moves_an_automatic_pin, begin),
		cmocka_unit_test_setup(pin_that_cannot_be_is_cleared_with_the_reason, begin),
		cmocka_unit_test(source_that_is_missing_follows_the_count),
		cmocka_unit_test_setup(profile_is_pinned_only_for_its_own_provider, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
