/* SPDX-License-Identifier: MIT */

/* Protect: what can be chosen, what comes with it, and what the draft holds then. */

#include <string.h>

#include "tests/unit/wizard_world.h"
#include "wizard/passphrase.h"

static void at_protect(void)
{
	fresh();
	wizard_custody(player.w, &host);
	walk_to("protect");
}

static void with_host(void)
{
	wizard_custody(player.w, &host);
}

static void recovered(const char *text)
{
	struct secret code = { 0 };

	assert_true(secret_from(&code, text, strlen(text), NULL));
	wizard_recovery(player.w, &code, NULL);
	assert_int_equal(code.len, 0); /* taken */
	secret_release(&code);
}

static bool holds(const struct secret *s, const char *text)
{
	return s->len == strlen(text) && memcmp(s->bytes, text, s->len) == 0;
}

static void sealed_with_a_key_file_is_the_default(void **state)
{
	(void)state;
	at_protect();
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_int_equal(draft()->keep, KEEP_SEALED);
	assert_int_equal(draft()->opener, OPENER_FILE);
	assert_int_equal(draft()->recovery.len, 0);
}

static void a_recovery_code_is_shown_before_the_next_step(void **state)
{
	(void)state;
	at_protect();
	type(" ");
	assert_true(sees("[x] and a recovery code"));
	assert_int_equal(press(KEYS_ENTER), FX_RECOVERY);
	assert_string_equal(at(), "protect");
	recovered(SAMPLE_CODE);
	assert_true(sees("typed back"));
	assert_false(sees("0123K"));
	assert_int_equal(press(KEYS_ENTER), FX_NONE);
	assert_string_equal(at(), "model");
	assert_true(holds(&draft()->recovery, SAMPLE_CODE));
}

static void a_code_that_was_not_typed_back_is_none(void **state)
{
	struct err e = { 0 };

	(void)state;
	at_protect();
	type(" ");
	press(KEYS_ENTER);
	err_set(&e, ERR_REFUSED, "interrupted");
	wizard_recovery(player.w, NULL, &e);
	assert_true(sees("No recovery code was made: interrupted"));
	assert_int_equal(draft()->recovery.len, 0);
	assert_string_equal(at(), "protect");
	assert_int_equal(press(KEYS_ENTER), FX_RECOVERY);
}

static void a_code_that_is_not_wanted_any_more_is_forgotten(void **state)
{
	(void)state;
	at_protect();
	type(" ");
	press(KEYS_ENTER);
	recovered(SAMPLE_CODE);
	type(" ");
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_int_equal(draft()->recovery.len, 0);
}

static void a_way_that_does_not_work_here_says_why(void **state)
{
	(void)state;
	at_protect();
	str_copy(host.no_system_key, sizeof(host.no_system_key), NO_SYSTEM_KEY);
	with_host();
	assert_true(sees(NO_SYSTEM_KEY));
	type("2");
	assert_string_equal(at(), "protect");
	assert_true(sees("not here"));
	assert_int_equal(draft()->opener, OPENER_FILE);
}

static void the_systems_key_always_comes_with_a_recovery_code(void **state)
{
	(void)state;
	at_protect();
	assert_int_equal(type("2"), FX_RECOVERY);
	assert_int_equal(draft()->opener, OPENER_SYSTEM);
	recovered(SAMPLE_CODE);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
}

static void a_vault_that_is_there_keeps_its_ways_in(void **state)
{
	(void)state;
	used();
	str_copy(host.opens, sizeof(host.opens), "opens with a key file on this disk");
	with_host();
	walk_to("protect");
	assert_true(sees("secrets slot add"));
	assert_true(sees("the vault opens with a key file on this disk"));
	type("3");
	assert_string_equal(at(), "protect");
	assert_int_equal(type(" "), FX_NONE);
	press(KEYS_HOME);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_false(draft()->want_recovery);
}

static void a_passphrase_is_typed_twice_and_compared_on_enter(void **state)
{
	(void)state;
	at_protect();
	type("3");
	assert_string_equal(at(), "passphrase");
	type(SAMPLE_PASSPHRASE);
	assert_true(sees("strong"));
	assert_false(sees("otter"));
	press(KEYS_ENTER);
	type("glad otter");
	assert_false(sees("different"));
	press(KEYS_ENTER);
	assert_true(sees("The two are different"));
	assert_int_equal(draft()->passphrase.len, 0);
	type(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_true(holds(&draft()->passphrase, SAMPLE_PASSPHRASE));
	assert_int_equal(draft()->opener, OPENER_PASSPHRASE);
}

static void a_short_passphrase_stays_on_the_step(void **state)
{
	(void)state;
	at_protect();
	type("3");
	press(KEYS_ENTER);
	assert_true(sees("Nothing typed yet"));
	type("short one");
	press(KEYS_ENTER);
	assert_true(sees("ten characters or four words"));
	press(KEYS_CTRL('U'));
	type("anthropic:default1");
	press(KEYS_ENTER);
	assert_true(sees("a name that this computer shows"));
	assert_string_equal(at(), "passphrase");
}

static void a_first_field_changed_afterwards_is_judged_again(void **state)
{
	(void)state;
	at_protect();
	type("3");
	type(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	press(KEYS_TAB);
	press(KEYS_CTRL('U'));
	type("tiny");
	press(KEYS_TAB);
	type("tiny");
	press(KEYS_ENTER);
	assert_string_equal(at(), "passphrase");
	assert_true(sees("ten characters"));
}

static void a_pasted_passphrase_loses_its_line_end_only(void **state)
{
	(void)state;
	at_protect();
	type("3");
	paste("two\nlines of it");
	assert_true(sees("Paste ignored"));
	paste(SAMPLE_PASSPHRASE "\n");
	press(KEYS_ENTER);
	paste(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	assert_true(holds(&draft()->passphrase, SAMPLE_PASSPHRASE));
}

static void a_service_makes_the_sentence_necessary(void **state)
{
	(void)state;
	at_protect();
	host.always_on = true;
	with_host();
	type("3");
	assert_string_equal(at(), "offline");
	press(KEYS_ENTER);
	assert_string_equal(at(), "offline");
	type("offline after restarts");
	press(KEYS_ENTER);
	assert_string_equal(at(), "offline");
	press(KEYS_BACKSPACE);
	press(KEYS_ENTER);
	assert_string_equal(at(), "passphrase");
	press(KEYS_ESC);
	press(KEYS_ESC);
	assert_string_equal(at(), "protect");
}

static void little_memory_asks_before_the_weaker_setting(void **state)
{
	(void)state;
	at_protect();
	host.weak_passphrase = true;
	with_host();
	type("3");
	assert_true(sees("Use the weaker setting? y N"));
	press(KEYS_ENTER); /* N */
	assert_string_equal(at(), "protect");
	assert_false(draft()->weak_passphrase);
	type("3");
	type("y");
	assert_string_equal(at(), "passphrase");
	assert_true(draft()->weak_passphrase);
}

static void a_vault_that_asks_gets_its_passphrase_once(void **state)
{
	(void)state;
	used();
	host.asks = true;
	with_host();
	walk_to("protect");
	press(KEYS_ENTER);
	assert_string_equal(at(), "passphrase");
	assert_true(sees("This vault opens with a passphrase"));
	type("whatever");
	press(KEYS_ENTER);
	assert_string_equal(at(), "model");
	assert_true(holds(&draft()->passphrase, "whatever"));
}

static void what_was_typed_is_gone_after_apply(void **state)
{
	(void)state;
	at_protect();
	type(" ");
	type("3");
	recovered(SAMPLE_CODE);
	press(KEYS_ENTER);
	type(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	type(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	walk_to("apply");
	written();
	assert_true(sees("Sealed, opens only when a passphrase is typed; also with the"));
	assert_true(sees("thinkfleetbot run"));
	assert_int_equal(draft()->passphrase.len, 0);
	assert_int_equal(draft()->recovery.len, 0);
}

static void strength_is_a_word(void **state)
{
	static const char *const names[] = { "anthropic:default", "fleet", "", NULL };
	static const struct {
		const char *text;
		enum strength want;
	} rows[] = {
		{ "", STRENGTH_SHORT },
		{ "ninechars", STRENGTH_SHORT },
		{ "a b c d", STRENGTH_WEAK },
		{ "Anthropic:Default99", STRENGTH_NAMED },
		{ "my-fleet-1", STRENGTH_NAMED },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", STRENGTH_WEAK },
		{ "tenletters", STRENGTH_WEAK },
		{ "four calm green birds", STRENGTH_FAIR },
		{ "fourteenletter", STRENGTH_FAIR },
		{ SAMPLE_PASSPHRASE, STRENGTH_STRONG },
		{ "kD8!pw2Qz-7vLm3x", STRENGTH_STRONG },
		{ "fleet kD8!pw2Qz-7vLm3x", STRENGTH_STRONG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret s = { 0 };

		assert_true(secret_init(&s, 128, NULL));
		assert_true(secret_set(&s, rows[i].text, strlen(rows[i].text)));
		if (passphrase_strength(&s, names) != rows[i].want)
			fail_msg("%s: %s", rows[i].text,
				strength_words(passphrase_strength(&s, names)));
		secret_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_with_a_key_file_is_the_default),
		cmocka_unit_test(a_recovery_code_is_shown_before_the_next_step),
		cmocka_unit_test(a_code_that_was_not_typed_back_is_none),
		cmocka_unit_test(a_code_that_is_not_wanted_any_more_is_forgotten),
		cmocka_unit_test(a_way_that_does_not_work_here_says_why),
		cmocka_unit_test(the_systems_key_always_comes_with_a_recovery_code),
		cmocka_unit_test(a_vault_that_is_there_keeps_its_ways_in),
		cmocka_unit_test(a_passphrase_is_typed_twice_and_compared_on_enter),
		cmocka_unit_test(a_short_passphrase_stays_on_the_step),
		cmocka_unit_test(a_first_field_changed_afterwards_is_judged_again),
		cmocka_unit_test(a_pasted_passphrase_loses_its_line_end_only),
		cmocka_unit_test(a_service_makes_the_sentence_necessary),
		cmocka_unit_test(little_memory_asks_before_the_weaker_setting),
		cmocka_unit_test(a_vault_that_asks_gets_its_passphrase_once),
		cmocka_unit_test(what_was_typed_is_gone_after_apply),
		cmocka_unit_test(strength_is_a_word),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
