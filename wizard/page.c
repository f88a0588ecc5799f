/* SPDX-License-Identifier: MIT */

/* A page of lines: what the current step says and asks, and what an answer does. */

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "wizard/lines.h"
#include "wizard/steps.h"

void page_release(struct page *p)
{
	lines_release(&p->lines);
	*p = (struct page){ 0 };
}

const struct line *page_choice(const struct page *p, size_t i)
{
	for (size_t k = 0; k < p->lines.count; k++) {
		if (p->lines.list[k].kind == LINE_CHOICE && !i--)
			return &p->lines.list[k];
	}
	return NULL;
}

/* --- what is said --------------------------------------------------------------------------- */

/* Keys are nothing to read here, nor is the "y N" of a question that asks for a word. */
static void overlay_line(struct lines *l, char *line, bool question)
{
	static const char keys[] = " y N";
	char *tab = strchr(line, '\t');

	if (question && tab)
		return;
	if (question && str_ends(line, keys))
		line[strlen(line) - strlen(keys)] = '\0';
	if (tab)
		*tab = '\0';
	lines_begin(l, LINE_TEXT);
	lines_part(l, line);
	if (tab)
		lines_part(l, tab + 1);
	lines_end(l);
}

static void overlay_page(const struct wizard *w, struct page *p)
{
	struct buf text = { 0 };
	char title[96];

	p->overlay = true;
	if (binding_find(overlay_keys(w), &(struct event){ .type = EVENT_CHAR, .ch = 'y' }))
		p->ask = "";
	if (!overlay_text(w, &text, title, sizeof(title)))
		return;
	str_copy(p->head, sizeof(p->head), title);
	for (char *line = text.p; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		overlay_line(&p->lines, line, p->ask != NULL);
		line = end ? end + 1 : NULL;
	}
	buf_release(&text);
}

static void count_lines(struct page *p)
{
	for (size_t i = 0; i < p->lines.count; i++) {
		const struct line *l = &p->lines.list[i];

		if (l->kind == LINE_FIELD)
			p->field = l; /* the one with the focus is drawn last */
		if (l->kind != LINE_CHOICE)
			continue;
		if (l->selected)
			p->chosen = p->choices;
		p->choices++;
	}
}

/* --- what can be said ----------------------------------------------------------------------- */

static bool is_word(const struct binding *b)
{
	static const int spoken[] = { ACT_DETAILS, ACT_RETRY, ACT_SWITCH, ACT_TOGGLE, ACT_CLEAR };

	for (size_t i = 0; i < ARRAY_LEN(spoken); i++)
		if (b->action == spoken[i] && b->label && b->key != KEYS_ENTER)
			return true;
	return false;
}

static void add_word(struct page *p, const struct binding *b)
{
	struct page_word *word = &p->words[p->word_count++];
	struct str name = STR_OF(word->name);

	str_addn(&name, b->label, strcspn(b->label, " "));
	word->key = (struct event){
		.type = b->ch ? EVENT_CHAR : EVENT_KEY, .key = b->key, .ch = b->ch
	};
	word->help = b->help ? b->help : b->label;
	if (b->ch < 0x80 && isalpha((int)b->ch))
		word->letter = (char)b->ch;
}

static void add_words(const struct wizard *w, struct page *p)
{
	const struct binding *rows = steps[w->at]->keys(w);

	for (; rows->action; rows++) {
		if (rows->key == KEYS_ENTER)
			p->enter = rows->label;
		if (is_word(rows) && p->word_count < PAGE_WORDS)
			add_word(p, rows);
	}
}

static void step_page(const struct wizard *w, struct page *p, int64_t now_ms)
{
	const struct step *s = steps[w->at];
	struct str head = STR_OF(p->head);
	struct body b;

	screen_head(w, &head);
	body_to_lines(&b, &p->lines, now_ms);
	s->draw(w, &b);
	lines_end(&p->lines);
	add_words(w, p);
	p->busy = w->busy != BUSY_NO;
	p->ask = s->ask ? s->ask(w) : NULL;
	p->settled = !p->busy && s->settled && s->settled(w);
}

bool wizard_page(const struct wizard *w, struct page *out, int64_t now_ms, struct err *e)
{
	*out = (struct page){ .step = steps[w->at]->id,
		.about = steps[w->at]->about,
		.message = w->message,
		.severity = w->message_severity };
	if (w->overlay != OVERLAY_NONE)
		overlay_page(w, out);
	else
		step_page(w, out, now_ms);
	count_lines(out);
	if (!out->lines.lost)
		return true;
	page_release(out);
	return err_set(e, ERR_MEMORY, "out of memory");
}

void wizard_heard(struct wizard *w)
{
	say_nothing(w);
}

/* --- answers -------------------------------------------------------------------------------- */

static enum effect key(struct wizard *w, enum keysym k, int64_t now_ms)
{
	const struct event ev = { .type = EVENT_KEY, .key = k };

	return wizard_handle(w, &ev, now_ms);
}

static enum effect letter(struct wizard *w, uint32_t ch, int64_t now_ms)
{
	const struct event ev = { .type = EVENT_CHAR, .ch = ch };

	return wizard_handle(w, &ev, now_ms);
}

enum effect wizard_enter(struct wizard *w, int64_t now_ms)
{
	say_nothing(w);
	return key(w, KEYS_ENTER, now_ms);
}

enum effect wizard_choose(struct wizard *w, size_t i, int64_t now_ms)
{
	key(w, KEYS_HOME, now_ms);
	while (i--)
		key(w, KEYS_DOWN, now_ms);
	return wizard_enter(w, now_ms);
}

/* On a screen Esc clears a filter first; who types "back" has said which of the two is meant. */
enum effect wizard_back(struct wizard *w, int64_t now_ms)
{
	const struct event esc = { .type = EVENT_KEY, .key = KEYS_ESC };

	say_nothing(w);
	if (wizard_action(w, &esc) == ACT_CLEAR)
		key(w, KEYS_ESC, now_ms);
	return key(w, KEYS_ESC, now_ms);
}

enum effect wizard_leave(struct wizard *w, int64_t now_ms)
{
	w->quit_ms = 0; /* never the second of two */
	return key(w, KEYS_CTRL('C'), now_ms);
}

enum effect wizard_yes_no(struct wizard *w, bool yes, int64_t now_ms)
{
	say_nothing(w);
	if (w->overlay != OVERLAY_NONE)
		return letter(w, yes ? 'y' : 'n', now_ms);
	return yes ? key(w, KEYS_ENTER, now_ms) : wizard_leave(w, now_ms);
}

enum effect wizard_word(struct wizard *w, const struct page_word *word, int64_t now_ms)
{
	say_nothing(w);
	return wizard_handle(w, &word->key, now_ms);
}

static void type_text(struct wizard *w, const struct secret *text, int64_t now_ms)
{
	size_t used;

	for (size_t i = 0; i < text->len; i += used)
		letter(w, text_next(text->bytes + i, text->len - i, &used), now_ms);
}

void wizard_fill(struct wizard *w, const struct secret *text, size_t total, int64_t now_ms)
{
	const struct event ev = { .type = EVENT_PASTE,
		.paste = text,
		.paste_total = total > text->len ? total : text->len };

	say_nothing(w);
	key(w, KEYS_CTRL('U'), now_ms);
	if (steps[w->at]->paste)
		wizard_handle(w, &ev, now_ms);
	else
		type_text(w, text, now_ms);
}
