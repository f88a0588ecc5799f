/* SPDX-License-Identifier: MIT */

/* A page of the wizard in sentences: what is new of it, its choices, its help, its prompt. */

#include "cli/told.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"

#define LIST_ROWS 9 /* choices said at a time, when there are more than LIST_ALL */
#define LIST_ALL 12

void told_release(struct told *t)
{
	page_release(&t->page);
	page_release(&t->said);
}

bool told_look(struct told *t, struct err *e)
{
	page_release(&t->page);
	return wizard_page(t->w, &t->page, clock_mono_ms(), e);
}

bool told_said(struct told *t, struct err *e)
{
	wizard_heard(t->w);
	if (t->page.overlay)
		return true; /* what lies under it is still what was said */
	page_release(&t->said);
	t->said = t->page;
	t->page = (struct page){ 0 };
	return told_look(t, e);
}

static bool was_said(const struct told *t, const char *text)
{
	for (size_t i = 0; i < t->said.lines.count; i++)
		if (strcmp(line_text(&t->said.lines, i), text) == 0)
			return true;
	return false;
}

static bool same_choices(const struct told *t)
{
	if (t->said.choices != t->page.choices)
		return false;
	for (size_t i = 0; i < t->page.choices; i++)
		if (strcmp(t->said.lines.text.p + page_choice(&t->said, i)->at,
			    t->page.lines.text.p + page_choice(&t->page, i)->at) != 0)
			return false;
	return true;
}

size_t told_choices(const struct told *t)
{
	size_t left = t->page.choices - t->from;

	return t->page.choices > LIST_ALL && left > LIST_ROWS ? LIST_ROWS : left;
}

static void say_choice(struct told *t, size_t i, const char *text)
{
	char lead[24];
	struct str s = STR_OF(lead);

	str_fmt(&s, "%3zu. ", i + 1);
	lineio_item(t->io, lead, text);
}

/* The choices in view, each with what explains it. */
void told_list(struct told *t)
{
	size_t end = t->from + told_choices(t);
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

/* The choices come last, beside the question. */
void told_texts(struct told *t, bool all)
{
	for (size_t i = 0; i < t->page.lines.count; i++) {
		const char *text = line_text(&t->page.lines, i);

		if (t->page.lines.list[i].kind == LINE_TEXT && (all || !was_said(t, text)))
			lineio_item(t->io, "", text);
	}
	if (t->page.choices && !t->page.settled && (all || !same_choices(t)))
		told_list(t);
}

void told_message(struct told *t, enum severity severity, const char *text)
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

static void keep_in_view(struct told *t)
{
	t->from = 0;
	if (t->page.choices > LIST_ALL && t->page.chosen >= LIST_ROWS)
		t->from = t->page.chosen;
}

/* What is new of the page: all of it where the step is another one. */
void told_page(struct told *t)
{
	const struct page *p = &t->page, *was = &t->said;
	bool all =
		p->overlay || !was->step || strcmp(p->step, was->step) != 0 || was->busy != p->busy;

	if (all && (!was->step || strcmp(p->head, was->head) != 0))
		lineio_say(t->io, "%s.", p->head);
	if (p->busy) {
		if (all && p->lines.count)
			lineio_say(t->io, "%s.", line_text(&p->lines, 0));
		return;
	}
	if (all || !same_choices(t))
		keep_in_view(t);
	told_texts(t, all);
	told_message(t, p->severity, p->message);
}

static void say_words(struct told *t, const char *colon)
{
	for (size_t i = 0; i < t->page.word_count; i++) {
		const struct page_word *word = &t->page.words[i];

		if (word->letter)
			lineio_say(t->io, "  %s%c, %s%s: %s", colon, word->letter, colon,
				word->name, word->help);
		else
			lineio_say(t->io, "  %s%s: %s", colon, word->name, word->help);
	}
	lineio_say(t->io, "  %sb, %sback: to the question before; answers are kept", colon, colon);
	lineio_say(t->io, "  %s?, %shelp: this help", colon, colon);
	lineio_say(t->io, "  %sq, %squit: leave; asks first. Ctrl-C leaves at once.", colon, colon);
}

bool told_is_text(const struct page *p)
{
	return p->field && !p->field->search;
}

void told_help(struct told *t)
{
	char text[1024];
	struct str s = STR_OF(text);

	if (t->page.about)
		lineio_say(t->io, "%s", t->page.about);
	lineio_say(t->io, "Beside an answer you can type:");
	say_words(t, told_is_text(&t->page) ? ":" : "");
	wizard_plain_text(t->w, &s);
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (n)
			lineio_say(t->io, "%.*s", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

/* --- asking --------------------------------------------------------------------------------- */

static void prompt_words(const struct told *t, struct str *out, const char *colon)
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

static void prompt_text(const struct told *t, struct str *out)
{
	const struct page *p = &t->page;
	char words[200];
	struct str w = STR_OF(words);

	if (p->field->masked)
		str_add(&w, p->field->filled ? ", not shown; Enter keeps what is there"
					     : ", not shown");
	prompt_words(t, &w, ":");
	capital(out, line_text(&p->lines, (size_t)(p->field - p->lines.list)));
	if (w.len)
		str_fmt(out, " (%s)", words + strlen(", "));
	str_add(out, ": ");
}

void told_prompt(const struct told *t, struct str *out)
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
	} else if (told_is_text(p)) {
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
