/* SPDX-License-Identifier: MIT */

/* Lines of text, as a body writes them. */

#include "wizard/lines.h"

#include <stdlib.h>
#include <string.h>

const char *line_text(const struct lines *l, size_t i)
{
	return l->text.p ? l->text.p + l->list[i].at : "";
}

void lines_release(struct lines *l)
{
	free(l->list);
	buf_release(&l->text);
	*l = (struct lines){ 0 };
}

static bool lines_room(struct lines *l)
{
	size_t room = l->room ? 2 * l->room : 32;
	struct line *more;

	if (l->count < l->room)
		return true;
	more = realloc(l->list, room * sizeof(*more));
	if (!more)
		return false;
	l->list = more;
	l->room = room;
	return true;
}

void lines_begin(struct lines *l, enum line_kind kind)
{
	lines_end(l);
	if (!lines_room(l)) {
		l->lost = true;
		return;
	}
	l->list[l->count++] = (struct line){ .kind = kind, .at = l->text.len };
	l->open = true;
	l->parts = 0;
}

static void add(struct lines *l, const char *text)
{
	struct line *line;

	if (!l->open)
		return; /* no memory for it: see lost */
	line = &l->list[l->count - 1];
	if (!buf_text(&l->text, text, NULL))
		l->lost = true;
	line->len = l->text.len - line->at;
}

/* Between the part that is there and the next one. */
static const char *separator(const struct lines *l)
{
	const struct line *line = &l->list[l->count - 1];
	const char *text = line_text(l, l->count - 1);

	if (l->parts > 1)
		return ", ";
	if (line->len && strspn(text, "0123456789") == line->len)
		return ". ";
	return line->len && strchr(":.?]", text[line->len - 1]) ? " " : ": ";
}

void lines_part(struct lines *l, const char *text)
{
	while (*text == ' ')
		text++;
	if (!*text)
		return;
	if (!l->open)
		lines_begin(l, LINE_TEXT);
	if (l->open && l->parts)
		add(l, separator(l));
	add(l, text);
	if (l->open && !l->parts++)
		l->list[l->count - 1].label = l->list[l->count - 1].len;
}

/* A mark behind a word only repeats it. */
void lines_mark(struct lines *l, const char *word)
{
	if (l->open && l->parts)
		return;
	if (!l->open)
		lines_begin(l, LINE_TEXT);
	add(l, word);
}

void lines_end(struct lines *l)
{
	const struct line *line = l->open ? &l->list[l->count - 1] : NULL;

	l->open = false;
	if (!line)
		return;
	if (!line->len && line->kind != LINE_FIELD)
		l->count--;
	else if (!buf_add(&l->text, "", 1, NULL))
		l->lost = true;
}
