/* SPDX-License-Identifier: MIT */
#include "tui/widgets.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MASK_MARKS 12    /* whatever the length: the mask must not tell it */
#define MASK_TAIL_MIN 12 /* bytes; of a shorter secret not even the end is shown */

/* --- field ------------------------------------------------------------------------------- */

bool field_init(struct field *w, size_t cap, bool masked, struct err *e)
{
	*w = (struct field){ .masked = masked };
	return secret_init(&w->text, cap, e);
}

void field_release(struct field *w)
{
	secret_release(&w->text);
	*w = (struct field){ 0 };
}

static bool field_type(struct field *w, uint32_t ch)
{
	size_t max = w->max && w->max < w->text.cap ? w->max : w->text.cap;
	char bytes[4];
	size_t n = text_put(ch, bytes);

	return text_width(ch) >= 0 && w->text.len + n <= max &&
	       secret_insert(&w->text, w->text.len, bytes, n);
}

/* The length of the text without its last code point. */
static size_t without_last(const struct secret *s)
{
	size_t n = s->len;

	while (n > 0 && ((unsigned char)s->bytes[--n] & 0xC0) == 0x80)
		;
	return n;
}

static bool is_separator(char c)
{
	return c && strchr("-_./: ", c) != NULL;
}

static size_t without_word(const struct secret *s)
{
	size_t n = s->len;

	while (n > 0 && is_separator(s->bytes[n - 1]))
		n--;
	while (n > 0 && !is_separator(s->bytes[n - 1]))
		n--;
	return n;
}

bool field_key(struct field *w, const struct event *ev)
{
	size_t keep = w->text.len;

	if (ev->type == EVENT_CHAR)
		return field_type(w, ev->ch);
	if (ev->type != EVENT_KEY || !w->text.len)
		return false;
	if (ev->key == KEYS_BACKSPACE)
		keep = without_last(&w->text);
	else if (ev->key == KEYS_CTRL('U'))
		keep = 0;
	else if (ev->key == KEYS_CTRL('W'))
		keep = without_word(&w->text);
	if (keep == w->text.len)
		return false;
	secret_remove(&w->text, keep, w->text.len - keep);
	return true;
}

static void mask_text(const struct field *w, const struct frame *f, const char *prefix,
	const char *tail, struct str *out)
{
	const char *mark = glyph_text(f->glyphs, GLYPH_MASK);

	str_add(out, prefix ? prefix : "");
	for (int i = 0; i < MASK_MARKS; i++)
		str_add(out, mark);
	if (tail && w->text.len >= MASK_TAIL_MIN)
		str_add(out, tail);
}

/* Where the last `room` cells of a text start. */
static const char *text_end(const struct frame *f, const char *text, size_t len, int room)
{
	const char *from = text + len;

	while (from > text) {
		const char *before = from - 1;

		while (before > text && ((unsigned char)*before & 0xC0) == 0x80)
			before--;
		if (frame_cells(f, before) > room)
			break;
		from = before;
	}
	return from;
}

/* The end of the text, because that is where typing happens. */
static int draw_end(const struct field *w, struct frame *f, int y, int x, int width)
{
	const char *dots = glyph_text(f->glyphs, GLYPH_ELLIPSIS);
	const char *text = w->text.bytes;
	int room = width;

	if (frame_cells(f, text) <= room)
		return frame_text(f, y, x, ROLE_TEXT, text);
	room -= frame_cells(f, dots);
	x = frame_text(f, y, x, ROLE_MUTED, dots);
	return frame_text(f, y, x, ROLE_TEXT, text_end(f, text, w->text.len, room));
}

/* NOLINTNEXTLINE(readability-function-size): a place and a look, all of them plain values */
void field_draw(const struct field *w, struct frame *f, int y, int x, int width, bool focused,
	const char *prefix, const char *tail)
{
	int room = width - 1; /* the cursor stands behind the text */
	char mask[128];
	struct str text = STR_OF(mask);
	int end = x;

	if (room < 4)
		return;
	if (w->text.len && w->masked) {
		mask_text(w, f, prefix, tail, &text);
		end = frame_clip(f, y, x, room, ROLE_TEXT, mask);
	} else if (w->text.len) {
		end = draw_end(w, f, y, x, room);
	}
	if (focused)
		frame_cursor(f, y, end);
}

/* --- list -------------------------------------------------------------------------------- */

/* How many rows are shown from `first` on, with the "more" lines taken off. */
static struct list_window window_at(size_t first, size_t count, size_t height)
{
	struct list_window w = { .first = first };
	size_t lines = height;
	size_t rest = count - first;

	if (height < 3) {
		w.n = rest < height ? rest : height;
		return w;
	}
	w.above = first;
	if (first)
		lines--;
	w.n = rest <= lines ? rest : lines - 1;
	w.below = rest - w.n;
	return w;
}

struct list_window list_window(const struct list *l, size_t height)
{
	struct list_window w = { 0 };
	size_t first = l->top < l->at ? l->top : l->at;

	if (!height || !l->count)
		return w;
	if (first >= l->count)
		first = l->count - 1;
	w = window_at(first, l->count, height);
	while (l->at < l->count && l->at >= w.first + w.n)
		w = window_at(w.first + 1, l->count, height);
	/* No empty lines at the end, and no line that hides a single row. */
	while (w.first) {
		struct list_window up = window_at(w.first - 1, l->count, height);

		if (up.below > w.below || l->at >= up.first + up.n)
			break;
		w = up;
	}
	return w;
}

static size_t page_step(size_t page)
{
	return page > 3 ? page - 2 : 1; /* two lines may say "more" */
}

bool list_key(struct list *l, const struct event *ev, size_t page)
{
	size_t old = l->at;
	size_t last = l->count ? l->count - 1 : 0;
	size_t step = page_step(page);

	if (ev->type != EVENT_KEY)
		return false;
	switch ((int)ev->key) { /* KEYS_CTRL() values have no name of their own */
	case KEYS_UP:
	case KEYS_CTRL('P'):
		l->at -= l->at ? 1 : 0;
		break;
	case KEYS_DOWN:
	case KEYS_CTRL('N'):
		l->at += l->at < last ? 1 : 0;
		break;
	case KEYS_PAGE_UP:
		l->at = l->at > step ? l->at - step : 0;
		break;
	case KEYS_PAGE_DOWN:
		l->at = last - l->at > step ? l->at + step : last;
		break;
	case KEYS_HOME:
		l->at = 0;
		break;
	case KEYS_END:
		l->at = last;
		break;
	default:
		return false;
	}
	l->top = list_window(l, page).first;
	return l->at != old;
}

void list_count(struct list *l, size_t count)
{
	size_t last = count ? count - 1 : 0;

	l->count = count;
	if (l->at > last)
		l->at = last;
	if (l->top > l->at)
		l->top = l->at;
}

/* --- stepper ----------------------------------------------------------------------------- */

enum stepper_form {
	STEPPER_WIDE,  /* three blanks between */
	STEPPER_CLOSE, /* one */
	STEPPER_SHORT, /* only the current step has its name */
	STEPPER_FORMS
};

static void step_text(const struct frame *f, const struct stepper *s, size_t i,
	enum stepper_form form, char out[64])
{
	const char *done = glyph_text(f->glyphs, GLYPH_OK);
	bool named = form != STEPPER_SHORT;
	struct str text = str_on(out, 64);

	if (i == s->at)
		str_fmt(&text, "[%zu %s]", i + 1, s->names[i]);
	else if (i < s->at)
		str_fmt(&text, "%s%s%s", done, named ? " " : "", named ? s->names[i] : "");
	else
		str_fmt(&text, "%zu%s%s", i + 1, named ? " " : "", named ? s->names[i] : "");
}

static int stepper_gap(enum stepper_form form)
{
	return form == STEPPER_WIDE ? 3 : 1;
}

static int stepper_width(const struct frame *f, const struct stepper *s, enum stepper_form form)
{
	int width = 0;
	char text[64];

	for (size_t i = 0; i < s->count; i++) {
		step_text(f, s, i, form, text);
		width += frame_cells(f, text) + (i ? stepper_gap(form) : 0);
	}
	return width;
}

static enum role step_role(const struct stepper *s, size_t i)
{
	if (i == s->at)
		return ROLE_ACCENT;
	return i < s->at ? ROLE_OK : ROLE_MUTED;
}

void stepper_draw(struct frame *f, int y, const struct stepper *s)
{
	enum stepper_form form = STEPPER_WIDE;
	int room = f->cols - 2;
	char text[64];
	int x = 1;

	while (form < STEPPER_FORMS && stepper_width(f, s, form) > room)
		form++;
	if (form == STEPPER_FORMS) {
		snprintf(text, sizeof(text), "%zu/%zu %s", s->at + 1, s->count,
			s->at < s->count ? s->names[s->at] : "");
		frame_clip(f, y, x, room, ROLE_ACCENT, text);
		return;
	}
	for (size_t i = 0; i < s->count; i++) {
		step_text(f, s, i, form, text);
		x = frame_text(f, y, x, step_role(s, i), text) + stepper_gap(form);
	}
}
