/* SPDX-License-Identifier: MIT */

/* The wizard line by line: its pages are said, and answers are typed. No step is known here. */

#include "cli/drive_lines.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/effects.h"
#include "provider/paste.h"
#include "wizard/lines.h"

#define LIST_ROWS 9 /* choices said at a time, when there are more than LIST_ALL */
#define LIST_ALL 12
#define STILL_MS 8000
#define STILL_AGAIN_MS 30000

struct talk {
	struct lineio *io;
	struct wizard *w;
	struct effects effects;
	struct page page, said; /* what it is now, and what the person was told last */
	size_t from;            /* the first choice that is said */
	bool back;              /* the person came back to this page: nothing goes on by itself */
	bool taught;            /* the words were said once */
	enum leave how;
	bool left;
};

static void leave(struct talk *t, enum leave how)
{
	t->how = how;
	t->left = true;
}

static void nothing_moves(void *ctx)
{
	(void)ctx;
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

/* The page as it is now. */
static bool look(struct talk *t, struct err *e)
{
	page_release(&t->page);
	return wizard_page(t->w, &t->page, clock_mono_ms(), e);
}

/* All of it was said. */
static bool was_told(struct talk *t, struct err *e)
{
	page_release(&t->said);
	t->said = t->page;
	t->page = (struct page){ 0 };
	wizard_heard(t->w);
	return look(t, e);
}

/* --- saying --------------------------------------------------------------------------------- */

static bool was_said(const struct talk *t, const char *text)
{
	for (size_t i = 0; i < t->said.lines.count; i++)
		if (strcmp(line_text(&t->said.lines, i), text) == 0)
			return true;
	return false;
}

static bool same_choices(const struct talk *t)
{
	if (t->said.choices != t->page.choices)
		return false;
	for (size_t i = 0; i < t->page.choices; i++)
		if (strcmp(t->said.lines.text.p + page_choice(&t->said, i)->at,
			    t->page.lines.text.p + page_choice(&t->page, i)->at) != 0)
			return false;
	return true;
}

static size_t shown_choices(const struct talk *t)
{
	size_t left = t->page.choices - t->from;

	return t->page.choices > LIST_ALL && left > LIST_ROWS ? LIST_ROWS : left;
}

static void say_choice(struct talk *t, size_t i, const char *text)
{
	char lead[24];
	struct str s = STR_OF(lead);

	str_fmt(&s, "%3zu. ", i + 1);
	lineio_item(t->io, lead, text);
}

/* The choices in view, each with what explains it. */
static void say_choices(struct talk *t)
{
	size_t end = t->from + shown_choices(t);
	size_t next = 0; /* the number of the next choice */

	for (size_t i = 0; i < t->page.lines.count; i++) {
		const struct line *l = &t->page.lines.list[i];
		const char *text = line_text(&t->page.lines, i);

		if (l->kind == LINE_CHOICE && next++ >= t->from && next <= end)
			say_choice(t, next - 1, text);
		if (l->kind == LINE_NOTE && next > t->from && next <= end)
			lineio_item(t->io, "     ", text);
	}
	if (end < t->page.choices)
		lineio_say(t->io, "  m. More (%zu)", t->page.choices - end);
}

static void say_texts(struct talk *t, bool all)
{
	bool choices = t->page.choices && (all || !same_choices(t));
	size_t from = 0;

	for (size_t i = 0; i < t->page.lines.count; i++) {
		const struct line *l = &t->page.lines.list[i];
		const char *text = line_text(&t->page.lines, i);

		if (l->kind == LINE_CHOICE && choices && !from++)
			say_choices(t);
		if (l->kind == LINE_TEXT && (all || !was_said(t, text)))
			lineio_item(t->io, "", text);
	}
}

static void say_message(struct talk *t, enum severity severity, const char *text)
{
	static const char *const words[] = {
		[SEVERITY_OK] = "Done: ",
		[SEVERITY_INFO] = "",
		[SEVERITY_WARN] = "Warning: ",
		[SEVERITY_FAIL] = "Error: ",
	};

	if (text[0])
		lineio_say(t->io, "%s%s", words[severity], text);
}

static void keep_in_view(struct talk *t)
{
	t->from = 0;
	if (t->page.choices > LIST_ALL && t->page.chosen >= LIST_ROWS)
		t->from = t->page.chosen;
}

/* What is new of the page: all of it where the step is another one. */
static void say_page(struct talk *t)
{
	const struct page *p = &t->page, *was = &t->said;
	bool all = p->overlay || was->overlay || !was->step || strcmp(p->step, was->step) != 0 ||
		   was->busy != p->busy;

	if (all && (p->overlay || !was->step || strcmp(p->head, was->head) != 0 || was->overlay))
		lineio_say(t->io, "%s.", p->head);
	if (p->busy) {
		if (all && p->lines.count)
			lineio_say(t->io, "%s.", line_text(&p->lines, 0));
		return;
	}
	if (all || !same_choices(t))
		keep_in_view(t);
	say_texts(t, all);
	say_message(t, p->severity, p->message);
}

static void say_words(struct talk *t, const char *colon)
{
	for (size_t i = 0; i < t->page.word_count; i++) {
		const struct page_word *word = &t->page.words[i];

		if (word->letter)
			lineio_say(t->io, "  %s%c, %s%s", colon, word->letter, colon, word->name);
		else
			lineio_say(t->io, "  %s%s", colon, word->name);
	}
	lineio_say(t->io, "  %sb, %sback: to the question before; answers are kept", colon, colon);
	lineio_say(t->io, "  %s?, %shelp: this help", colon, colon);
	lineio_say(t->io, "  %sq, %squit: leave; asks first. Ctrl-C leaves at once.", colon, colon);
}

static bool is_text_page(const struct page *p)
{
	return p->field && !p->field->search;
}

static void say_help(struct talk *t)
{
	char text[1024];
	struct str s = STR_OF(text);

	if (t->page.about)
		lineio_say(t->io, "%s", t->page.about);
	lineio_say(t->io, "Beside an answer you can type:");
	say_words(t, is_text_page(&t->page) ? ":" : "");
	wizard_plain_text(t->w, &s);
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (n)
			lineio_say(t->io, "%.*s", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

/* --- asking --------------------------------------------------------------------------------- */

static void prompt_words(const struct talk *t, struct str *out, const char *colon)
{
	for (size_t i = 0; i < t->page.word_count; i++) {
		const struct page_word *word = &t->page.words[i];

		if (word->letter)
			str_fmt(out, ", %s%c %s", colon, word->letter, word->name);
		else
			str_fmt(out, ", %s%s", colon, word->name);
	}
	if (!t->taught)
		str_fmt(out, ", %sb back, %s? help, %sq quit", colon, colon, colon);
}

/* "Setup-token", for the start of a line. */
static void capital(struct str *out, const char *text)
{
	char first[2] = { (char)toupper((unsigned char)text[0]) };

	str_add(out, first);
	str_add(out, text[0] ? text + 1 : "");
}

static void prompt_text(const struct talk *t, struct str *out)
{
	const struct page *p = &t->page;
	size_t field = (size_t)(p->field - p->lines.list);

	capital(out, line_text(&p->lines, field));
	if (p->field->masked)
		str_add(out, p->field->filled ? " (not shown; Enter keeps what is there"
					      : " (not shown");
	else
		str_add(out, " (");
	if (!p->field->masked && !p->word_count && t->taught) {
		out->len -= 2;
		out->p[out->len] = '\0';
	} else {
		prompt_words(t, out, ":");
		str_add(out, ")");
	}
	str_add(out, ": ");
}

static void make_prompt(const struct talk *t, struct str *out)
{
	const struct page *p = &t->page;

	if (p->ask) {
		str_fmt(out, "%s%syes or no", p->ask, p->ask[0] ? " " : "");
		prompt_words(t, out, "");
		str_add(out, " [no]: ");
	} else if (p->choices) {
		str_add(out, p->field ? "Number or name" : "Number");
		prompt_words(t, out, "");
		str_fmt(out, " [%zu]: ", p->chosen + 1);
	} else if (is_text_page(p)) {
		prompt_text(t, out);
	} else {
		str_add(out, "Enter");
		if (p->enter && !p->overlay)
			str_fmt(out, ": %s", p->enter);
		if (!p->overlay)
			prompt_words(t, out, "");
		str_add(out, ": ");
	}
}

/* --- answers -------------------------------------------------------------------------------- */

struct given {
	const struct secret *text;
	size_t total;
	char word[32]; /* in lower case without a colon, when it can be a word; or "" */
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
	size_t next = t->from + shown_choices(t);

	if (!t->page.choices)
		return false;
	t->from = next < t->page.choices ? next : 0;
	say_choices(t);
	return true;
}

/* The words every page knows, then its own. True when it was one. */
static bool obey(struct talk *t, const struct given *a)
{
	int64_t now = clock_mono_ms();

	if (is(a, "b", "back")) {
		t->back = true;
		perform(t,
			t->page.overlay ? wizard_yes_no(t->w, false, now) : wizard_back(t->w, now));
		return true;
	}
	if (is(a, "q", "quit") && !t->page.overlay) {
		perform(t, wizard_leave(t->w, now));
		return true;
	}
	if (is(a, "?", "help")) {
		say_help(t);
		return true;
	}
	if (is(a, "m", "more") && say_more(t))
		return true;
	for (size_t i = 0; i < t->page.word_count; i++) {
		const struct page_word *word = &t->page.words[i];
		const char letter[2] = { word->letter };

		if ((word->letter && strcmp(a->word, letter) == 0) ||
			strcmp(a->word, word->name) == 0) {
			perform(t, wizard_word(t->w, word, now));
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
	const char *label = t->page.lines.text.p + page_choice(&t->page, i)->at;

	lineio_say(t->io, "%.*s.", (int)page_choice(&t->page, i)->label, label);
	perform(t, wizard_choose(t->w, i, clock_mono_ms()));
}

/* A name that is not a number: the step's own search knows more names than the list shows. */
static bool answer_name(struct talk *t, const struct given *a, struct err *e)
{
	size_t at = 0;

	if (!t->page.field) {
		if (find_choice(&t->page, a->word, &at))
			choose(t, at);
		else
			lineio_say(t->io, "Error: there is no such choice. Type its number.");
		return true;
	}
	wizard_fill(t->w, a->text, a->total, clock_mono_ms());
	if (!look(t, e))
		return false;
	if (find_choice(&t->page, a->word, &at) || t->page.choices == 1) {
		choose(t, at);
	} else if (!t->page.choices && t->page.enter_clears) {
		say_texts(t, false);
		perform(t, wizard_enter(t->w, clock_mono_ms()));
	}
	return true;
}

static bool answer_list(struct talk *t, const struct given *a, struct err *e)
{
	size_t at;

	if (!a->text->len)
		perform(t, wizard_enter(t->w, clock_mono_ms()));
	else if (is_number(a->word, t->page.choices, &at))
		choose(t, at);
	else if (isdigit((unsigned char)a->word[0]) &&
		 strspn(a->word, "0123456789") == strlen(a->word))
		lineio_say(t->io, "Error: the numbers go from 1 to %zu.", t->page.choices);
	else
		return answer_name(t, a, e);
	return true;
}

/* Into the field, and on: unless the step says what is wrong with it. */
static bool answer_text(struct talk *t, const struct given *a, struct err *e)
{
	char message[240] = "";
	enum severity severity = SEVERITY_INFO;
	const char *step = t->page.step;

	if (a->text->len || a->total) {
		wizard_fill(t->w, a->text, a->total, clock_mono_ms());
		if (!look(t, e))
			return false;
		say_texts(t, false);
		str_copy(message, sizeof(message), t->page.message);
		severity = t->page.severity;
		if (!was_told(t, e))
			return false;
		if (message[0] && severity == SEVERITY_FAIL) {
			say_message(t, severity, message);
			return true;
		}
	}
	perform(t, wizard_enter(t->w, clock_mono_ms()));
	if (strcmp(wizard_at(t->w), step) != 0)
		say_message(t, severity, message);
	return true;
}

/* Typed where it can be read: it may still be used, but it is no longer a secret. */
static void warn_of_secret(struct talk *t, const struct secret *text)
{
	bool shown = t->io->terminal && !(t->page.field && t->page.field->masked);

	if (shown && text->len && paste_looks_secret(text->bytes, text->len, NULL))
		lineio_say(t->io,
			"Warning: that looks like a key, and this question shows what is "
			"typed. It stays in the scrollback; rotate it soon.");
}

static bool answer(struct talk *t, const struct given *a, struct err *e)
{
	int64_t now = clock_mono_ms();

	warn_of_secret(t, a->text);
	if (a->word[0] && obey(t, a))
		return true;
	if (t->page.ask) {
		if (t->page.overlay || is(a, "y", "yes") || !a->text->len || is(a, "n", "no"))
			perform(t, wizard_yes_no(t->w, is(a, "y", "yes"), now));
		else
			lineio_say(t->io, "Error: yes or no is asked here.");
		return true;
	}
	if (t->page.overlay) {
		perform(t, wizard_enter(t->w, now));
		return true;
	}
	if (is_text_page(&t->page))
		return answer_text(t, a, e);
	if (t->page.choices || t->page.field)
		return answer_list(t, a, e);
	perform(t, wizard_enter(t->w, now));
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
	bool hidden = t->page.field && t->page.field->masked && !t->page.ask;
	bool ok = true;

	if (!secret_init(&text, SECRET_MAX, e))
		return false;
	make_prompt(t, &p);
	t->taught = true;
	if (lineio_ask(t->io, prompt, hidden, &text, &a.total) != HEARD_LINE) {
		hung_up(t);
	} else {
		t->back = false;
		read_word(&a, &text, is_text_page(&t->page));
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

	while (!t->left && t->page.busy) {
		if (lineio_wait(t->io, t->effects.s->epoll, (int)(say_at - now)))
			session_changed(t->effects.s);
		if (lineio_signal()) {
			hung_up(t);
			return;
		}
		effects_hear(&t->effects);
		now = clock_mono_ms();
		if (now >= say_at) {
			lineio_say(t->io, "Still waiting, %d s.", (int)((now - began) / 1000));
			say_at = now + STILL_AGAIN_MS;
		}
		if (!look(t, NULL))
			return;
	}
}

static bool once(struct talk *t, struct err *e)
{
	if (!look(t, e))
		return false;
	say_page(t);
	if (!was_told(t, e))
		return false;
	if (t->page.busy)
		wait_for_it(t);
	else if (t->page.settled && !t->back)
		perform(t, wizard_enter(t->w, clock_mono_ms()));
	else
		return ask(t, e);
	return true;
}

bool drive_lines(
	struct session *s, struct wizard *w, struct lineio *io, enum leave *how, struct err *e)
{
	struct talk t = { .io = io, .w = w };
	bool ok = true;

	t.effects = (struct effects){ .s = s, .w = w, .moved = nothing_moves };
	effects_begin(&t.effects);
	while (ok && !t.left)
		ok = once(&t, e);
	session_cancel(s);
	page_release(&t.page);
	page_release(&t.said);
	*how = t.how;
	return ok;
}
