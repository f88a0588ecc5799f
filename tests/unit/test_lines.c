/* SPDX-License-Identifier: MIT */

/* The wizard's pages: what a conversation says and asks, without a terminal. */

#include "tests/unit/wizard_scenes.h"

#include <stdio.h>
#include <string.h>

#include "wizard/lines.h"

static struct page page;

static const struct page *now(void)
{
	struct err e = { 0 };

	page_release(&page);
	assert_ok(wizard_page(player.w, &page, player.now_ms, &e), e);
	return &page;
}

static bool says(const char *text)
{
	for (size_t i = 0; i < now()->lines.count; i++)
		if (strcmp(line_text(&page.lines, i), text) == 0)
			return true;
	return false;
}

static void fill(const char *text)
{
	struct secret s = { 0 };

	assert_true(secret_from(&s, text, strlen(text), NULL));
	wizard_fill(player.w, &s, s.len, player.now_ms);
	secret_release(&s);
}

static void choose(size_t i)
{
	player.fx = wizard_choose(player.w, i, player.now_ms);
}

/* A page in one text: the kind of each line, then the line. */
static void print_page(const struct page *p, struct buf *out)
{
	static const char *const kinds[] = { "  ", "     ", "  * ", "  = " };

	buf_fmt(out, NULL, "%s\n", p->head);
	for (size_t i = 0; i < p->lines.count; i++) {
		const struct line *l = &p->lines.list[i];

		buf_fmt(out, NULL, "%s%s%s%s\n", kinds[l->kind], line_text(&p->lines, i),
			l->selected ? " [default]" : "",
			l->kind != LINE_FIELD ? ""
			: l->masked           ? " (hidden)"
					      : " (shown)");
	}
	if (p->message[0])
		buf_fmt(out, NULL, "message: %s\n", p->message);
	for (size_t i = 0; i < p->word_count; i++)
		buf_fmt(out, NULL, "word: %s\n", p->words[i].name);
	if (p->ask)
		buf_fmt(out, NULL, "ask: %s yes or no\n", p->ask);
	if (p->settled)
		buf_text(out, "goes on by itself\n", NULL);
}

static void every_page_is_its_golden_text(void **state)
{
	struct buf text = { 0 };
	char name[80];

	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].play();
		print_page(now(), &text);
		snprintf(name, sizeof(name), "lines/%s", scenes[i].name);
		golden_text(name, text.p);
		buf_release(&text);
	}
}

/* Screens may shorten, lines may not: a mark of an ellipsis would hide the end of a name. */
static void no_line_is_shortened(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		scenes[i].play();
		now();
		for (size_t k = 0; k < page.lines.count; k++)
			assert_null(strstr(line_text(&page.lines, k), "…"));
	}
}

static void every_choice_of_every_page_can_be_taken_by_its_number(void **state)
{
	(void)state;
	fresh();
	assert_int_equal(now()->choices, 2);
	choose(0);
	assert_string_equal(now()->step, "provider");
	assert_true(page.choices > 40);
	choose(1);
	assert_string_equal(draft()->provider->id, "openai");
}

static void a_name_narrows_the_choices(void **state)
{
	(void)state;
	fresh();
	choose(0);
	assert_true(now()->field && page.field->search);
	fill("anthropic");
	assert_in_range(now()->choices, 1, 3);
	choose(0);
	assert_string_equal(draft()->provider->id, "anthropic");
}

static void a_second_name_replaces_the_first(void **state)
{
	(void)state;
	fresh();
	choose(0);
	fill("zzz");
	assert_int_equal(now()->choices, 0);
	fill("mistral");
	assert_int_equal(now()->choices, 1);
}

static void a_secret_is_described_and_never_said(void **state)
{
	const char *token = sample_token(7, 108);

	(void)state;
	fresh();
	walk_to("secret");
	assert_true(now()->field && page.field->masked);
	fill(token);
	assert_true(now()->field->filled);
	for (size_t i = 0; i < page.lines.count; i++)
		assert_null(strstr(line_text(&page.lines, i), token + 20));
	assert_null(strstr(page.message, token + 20));
	player.fx = wizard_enter(player.w, player.now_ms);
	assert_int_equal(player.fx, FX_CHECK);
	assert_true(now()->busy);
}

static void an_accepted_key_goes_on_by_itself(void **state)
{
	(void)state;
	scene_check_accepted();
	assert_true(now()->settled);
	scene_check_rejected();
	assert_false(now()->settled);
	assert_true(page.choices > 1);
}

static void nothing_is_written_without_a_yes(void **state)
{
	(void)state;
	scene_review();
	assert_string_equal(now()->ask, "Write these changes?");
	assert_int_equal(wizard_yes_no(player.w, false, player.now_ms), FX_NONE);
	assert_true(now()->overlay && page.ask);
	assert_int_equal(wizard_yes_no(player.w, false, player.now_ms), FX_NONE);
	assert_string_equal(now()->step, "review");
	assert_int_equal(wizard_yes_no(player.w, true, player.now_ms), FX_APPLY);
}

static void plain_text_needs_a_yes(void **state)
{
	(void)state;
	fresh();
	walk_to("protect");
	choose(now()->choices - 1);
	assert_true(now()->overlay && page.ask);
	assert_true(says("Store the secret unencrypted?"));
	wizard_yes_no(player.w, false, player.now_ms);
	assert_int_equal(draft()->keep, KEEP_SEALED);
	choose(now()->choices - 1);
	wizard_yes_no(player.w, true, player.now_ms);
	assert_int_equal(draft()->keep, KEEP_PLAIN);
}

static void back_goes_back_with_a_filter_too(void **state)
{
	(void)state;
	fresh();
	choose(0);
	fill("anth");
	wizard_back(player.w, player.now_ms);
	assert_string_equal(now()->step, "start");
}

static void leaving_asks_first_however_often(void **state)
{
	(void)state;
	fresh();
	choose(0);
	assert_int_equal(wizard_leave(player.w, player.now_ms), FX_NONE);
	wizard_yes_no(player.w, false, player.now_ms);
	assert_int_equal(wizard_leave(player.w, player.now_ms), FX_NONE);
	assert_true(now()->overlay);
	assert_int_equal(wizard_yes_no(player.w, true, player.now_ms), FX_QUIT);
}

static void a_word_does_what_its_key_does(void **state)
{
	(void)state;
	scene_review();
	assert_true(now()->word_count >= 1);
	assert_int_equal(page.words[0].letter, 'd');
	wizard_word(player.w, &page.words[0], player.now_ms);
	assert_true(now()->overlay && !page.ask);
	wizard_enter(player.w, player.now_ms);
	assert_string_equal(now()->step, "review");
}

static void a_foreign_key_can_be_switched_by_a_word(void **state)
{
	(void)state;
	scene_secret_other();
	for (size_t i = 0; i < now()->word_count; i++)
		if (strcmp(page.words[i].name, "switch") == 0) {
			wizard_word(player.w, &page.words[i], player.now_ms);
			assert_string_equal(draft()->provider->id, "openai");
			return;
		}
	fail_msg("no word for it");
}

static void a_message_comes_once(void **state)
{
	(void)state;
	fresh();
	walk_to("secret");
	wizard_enter(player.w, player.now_ms);
	assert_string_equal(now()->message, "Nothing pasted yet.");
	wizard_heard(player.w);
	assert_string_equal(now()->message, "");
}

static int teardown(void **state)
{
	page_release(&page);
	return world_teardown(state);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_page_is_its_golden_text),
		T(no_line_is_shortened),
		T(every_choice_of_every_page_can_be_taken_by_its_number),
		T(a_name_narrows_the_choices),
		T(a_second_name_replaces_the_first),
		T(a_secret_is_described_and_never_said),
		T(an_accepted_key_goes_on_by_itself),
		T(nothing_is_written_without_a_yes),
		T(plain_text_needs_a_yes),
		T(back_goes_back_with_a_filter_too),
		T(leaving_asks_first_however_often),
		T(a_word_does_what_its_key_does),
		T(a_foreign_key_can_be_switched_by_a_word),
		T(a_message_comes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
