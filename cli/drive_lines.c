/* SPDX-License-Identifier: MIT */

/* The wizard line by line: its pages are said, and answers are typed. No step is known here. */

#include "cli/drive_lines.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/effects.h"
#include "cli/told.h"
#include "provider/paste.h"

#define STILL_MS 8000
#define STILL_AGAIN_MS 30000

struct talk {
	struct told told;
	struct effects effects;
	bool back; /* the person came back to this page: nothing goes on by itself */
	enum leave how;
	bool left;
};

static void leave(struct talk *t, enum leave how)
{
	t->how = how;
	t->left = true;
}

static void perform(struct talk *t, enum effect fx)
{
	if (effects_perform(&t->effects, fx))
		return;
	switch (fx) {
	case FX_RECOVERY:
		effects_recovery(&t->effects);
		return;
	case FX_PANEL:
		leave(t, LEAVE_PANEL);
		return;
	case FX_QUIT:
		leave(t, LEAVE_QUIT);
		return;
	default:
		return; /* nothing to redraw */
	}
}

/* --- answers -------------------------------------------------------------------------------- */

struct given {
	const struct secret *text;
	size_t total;
	char word[200]; /* in lower case without a colon, when it can be a word; or "" */
};

static void read_word(struct given *a, const struct secret *text, bool colon)
{
	size_t from = text->len && text->bytes[0] == ':' ? 1 : 0;

	a->word[0] = '\0';
	if ((colon && !from) || text->len - from >= sizeof(a->word))
		return;
	for (size_t i = from; i < text->len; i++)
		a->word[i - from] = (char)tolower((unsigned char)text->bytes[i]);
	a->word[text->len - from] = '\0';
}

static bool is(const struct given *a, const char *letter, const char *word)
{
	return strcmp(a->word, letter) == 0 || strcmp(a->word, word) == 0;
}

static bool say_more(struct talk *t)
{
	size_t next = t->told.from + told_choices(&t->told);

	if (!t->told.page.choices)
		return false;
	t->told.from = next < t->told.page.choices ? next : 0;
	told_list(&t->told);
	return true;
}

/* The words every page knows, then its own. True when it was one. */
static bool obey(struct talk *t, const struct given *a)
{
	int64_t now = clock_mono_ms();

	if (is(a, "b", "back")) {
		t->back = true;
		perform(t, t->told.page.overlay ? wizard_yes_no(t->told.w, false, now)
						: wizard_back(t->told.w, now));
		return true;
	}
	if (is(a, "q", "quit") && !t->told.page.overlay) {
		perform(t, wizard_leave(t->told.w, now));
		return true;
	}
	if (is(a, "?", "help")) {
		told_help(&t->told);
		return true;
	}
	if (is(a, "m", "more") && say_more(t))
		return true;
	for (size_t i = 0; i < t->told.page.word_count; i++) {
		const struct page_word *word = &t->told.page.words[i];
		const char letter[2] = { word->letter };

		if ((word->letter && strcmp(a->word, letter) == 0) ||
			strcmp(a->word, word->name) == 0) {
			perform(t, wizard_word(t->told.w, word, now));
			return true;
		}
	}
	return false;
}

static bool label_is(const struct page *p, size_t i, const char *word, bool whole)
{
	const struct line *l = page_choice(p, i);
	const char *label = p->lines.text.p + l->at;
	size_t n = strlen(word);

	return n <= l->label && (!whole || n == l->label) && strncasecmp(label, word, n) == 0;
}

/* The choice of that name, or the only one that begins like it. */
static bool find_choice(const struct page *p, const char *word, size_t *at)
{
	size_t found = 0;

	for (size_t i = 0; i < p->choices; i++)
		if (label_is(p, i, word, true)) {
			*at = i;
			return true;
		}
	for (size_t i = 0; i < p->choices; i++)
		if (label_is(p, i, word, false) && !found++)
			*at = i;
	return found == 1;
}

static bool is_number(const char *word, size_t most, size_t *at)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (!isdigit((unsigned char)word[0]) || *end || n < 1 || n > most)
		return false;
	*at = n - 1;
	return true;
}

static void choose(struct talk *t, size_t i)
{
	const char *label = t->told.page.lines.text.p + page_choice(&t->told.page, i)->at;

	lineio_say(t->told.io, "%.*s.", (int)page_choice(&t->told.page, i)->label, label);
	perform(t, wizard_choose(t->told.w, i, clock_mono_ms()));
}

/* A name that is not a number: the step's own search knows more names than the list shows. */
static bool answer_name(struct talk *t, const struct given *a, struct err *e)
{
	size_t at = 0;

	if (!t->told.page.field) {
		if (find_choice(&t->told.page, a->word, &at))
			choose(t, at);
		else
			lineio_say(t->told.io, "Error: there is no such choice. Type its number.");
		return true;
	}
	wizard_fill(t->told.w, a->text, a->total, clock_mono_ms());
	if (!told_look(&t->told, e))
		return false;
	if (find_choice(&t->told.page, a->word, &at) || t->told.page.choices == 1)
		choose(t, at);
	return true;
}

static bool answer_list(struct talk *t, const struct given *a, struct err *e)
{
	size_t at;

	if (!a->text->len)
		perform(t, wizard_enter(t->told.w, clock_mono_ms()));
	else if (is_number(a->word, t->told.page.choices, &at))
		choose(t, at);
	else if (isdigit((unsigned char)a->word[0]) &&
		 strspn(a->word, "0123456789") == strlen(a->word))
		lineio_say(
			t->told.io, "Error: the numbers go from 1 to %zu.", t->told.page.choices);
	else
		return answer_name(t, a, e);
	return true;
}

/* Into the field, and on: unless the step says what is wrong with it. */
static bool answer_text(struct talk *t, const struct given *a, struct err *e)
{
	char message[240] = "";
	enum severity severity = SEVERITY_INFO;
	const char *step = t->told.page.step;

	if (a->text->len || a->total) {
		wizard_fill(t->told.w, a->text, a->total, clock_mono_ms());
		if (!told_look(&t->told, e))
			return false;
		told_texts(&t->told, false);
		str_copy(message, sizeof(message), t->told.page.message);
		severity = t->told.page.severity;
		if (!told_said(&t->told, e))
			return false;
		if (message[0] && severity == SEVERITY_FAIL) {
			told_message(&t->told, severity, message);
			return true;
		}
	}
	perform(t, wizard_enter(t->told.w, clock_mono_ms()));
	if (strcmp(wizard_at(t->told.w), step) != 0)
		told_message(&t->told, severity, message);
	return true;
}

/* Typed where it can be read: it may still be used, but it is no longer a secret. */
static void warn_of_secret(struct talk *t, const struct secret *text)
{
	bool shown = t->told.io->terminal && !(t->told.page.field && t->told.page.field->masked);

	if (shown && text->len && paste_looks_secret(text->bytes, text->len, NULL))
		lineio_say(t->told.io,
			"Warning: that looks like a key, and this question shows what is "
			"typed. It stays in the scrollback; rotate it soon.");
}

static bool answer(struct talk *t, const struct given *a, struct err *e)
{
	int64_t now = clock_mono_ms();

	warn_of_secret(t, a->text);
	if (a->word[0] && obey(t, a))
		return true;
	if (t->told.page.ask) {
		if (t->told.page.overlay || is(a, "y", "yes") || !a->text->len || is(a, "n", "no"))
			perform(t, wizard_yes_no(t->told.w, is(a, "y", "yes"), now));
		else
			lineio_say(t->told.io, "Error: yes or no is asked here.");
		return true;
	}
	if (told_is_text(&t->told.page))
		return answer_text(t, a, e);
	if (t->told.page.choices || t->told.page.field)
		return answer_list(t, a, e);
	perform(t, wizard_enter(t->told.w, now));
	return true;
}

/* --- the loop ------------------------------------------------------------------------------- */

static void hung_up(struct talk *t)
{
	int number = lineio_signal();

	leave(t, number && number != SIGINT ? LEAVE_SIGNAL : LEAVE_QUIT);
}

static bool ask(struct talk *t, struct err *e)
{
	char prompt[400];
	struct str p = STR_OF(prompt);
	struct secret text = { 0 };
	struct given a = { .text = &text };
	bool hidden = t->told.page.field && t->told.page.field->masked && !t->told.page.ask;
	bool ok = true;

	if (!secret_init(&text, SECRET_MAX, e))
		return false;
	told_prompt(&t->told, &p);
	t->told.taught = true;
	if (lineio_ask(t->told.io, prompt, hidden, &text, &a.total) != HEARD_LINE) {
		hung_up(t);
	} else {
		t->back = false;
		read_word(&a, &text, told_is_text(&t->told.page));
		ok = answer(t, &a, e);
	}
	explicit_bzero(a.word, sizeof(a.word));
	secret_release(&text);
	return ok;
}

/* While a check runs: one line after 8 s, then one every half minute. */
static void wait_for_it(struct talk *t)
{
	const int64_t began = clock_mono_ms();
	int64_t now = began;
	int64_t say_at = began + STILL_MS;

	while (!t->left && t->told.page.busy) {
		if (lineio_wait(t->told.io, t->effects.s->epoll, (int)(say_at - now)))
			session_changed(t->effects.s);
		if (lineio_signal()) {
			hung_up(t);
			return;
		}
		effects_hear(&t->effects);
		now = clock_mono_ms();
		if (now >= say_at) {
			lineio_say(t->told.io, "Still waiting, %d s.", (int)((now - began) / 1000));
			say_at = now + STILL_AGAIN_MS;
		}
		if (!told_look(&t->told, NULL))
			return;
	}
}

static bool once(struct talk *t, struct err *e)
{
	if (!told_look(&t->told, e))
		return false;
	if (t->back)
		t->told.page.settled = false;
	told_page(&t->told);
	if (!told_said(&t->told, e))
		return false;
	if (t->told.page.busy)
		wait_for_it(t);
	else if ((t->told.page.settled && !t->back) || (t->told.page.overlay && !t->told.page.ask))
		perform(t, wizard_enter(t->told.w, clock_mono_ms()));
	else
		return ask(t, e);
	return true;
}

bool drive_lines(
	struct session *s, struct wizard *w, struct lineio *io, enum leave *how, struct err *e)
{
	struct talk t = { .told = { .io = io, .w = w } };
	bool ok = true;

	t.effects = (struct effects){ .s = s, .w = w };
	effects_begin(&t.effects);
	while (ok && !t.left)
		ok = once(&t, e);
	session_cancel(s);
	told_release(&t.told);
	*how = t.how;
	return ok;
}
