/* SPDX-License-Identifier: MIT */

/* The footer: what the keys do here, from the same rows that make them do it. */
#include "tui/widgets.h"

#define FOOTER_MAX 24 /* entries; a footer with more would not be read anyway */
#define FOOTER_GAP 2

struct entry {
	const struct binding *row;
	int cells;
};

struct entries {
	struct entry at[FOOTER_MAX];
	size_t count;
};

int binding_find(const struct binding *rows, const struct event *ev)
{
	for (; rows->action; rows++) {
		if (ev->type == EVENT_KEY && rows->key && rows->key == ev->key)
			return rows->action;
		if (ev->type == EVENT_CHAR && !rows->key && rows->ch && rows->ch == ev->ch)
			return rows->action;
	}
	return 0;
}

/* Does an earlier row take the key, so that this one never acts? */
static bool is_shadowed(const struct binding *const tables[], const struct binding *row)
{
	if (!row->key && !row->ch)
		return false;
	for (; *tables; tables++) {
		for (const struct binding *b = *tables; b->action; b++) {
			if (b == row)
				return false;
			if (b->key == row->key && b->ch == row->ch)
				return true;
		}
	}
	return false;
}

/* The highest priority that a width shows: ux.md 2.2 and its mock-ups. */
static uint8_t priority_limit(int cols)
{
	if (cols < 60)
		return 0;
	if (cols < 80)
		return 1;
	return cols < 100 ? 2 : UINT8_MAX;
}

static struct entries collect(const struct frame *f, const struct binding *const tables[])
{
	uint8_t limit = priority_limit(f->cols);
	struct entries e = { 0 };

	for (const struct binding *const *t = tables; *t; t++) {
		for (const struct binding *b = *t; b->action && e.count < FOOTER_MAX; b++) {
			if (!b->label || b->priority > limit || is_shadowed(tables, b))
				continue;
			e.at[e.count].row = b;
			e.at[e.count].cells =
				frame_cells(f, b->name) + 1 + frame_cells(f, b->label);
			e.count++;
		}
	}
	return e;
}

static int width_of(const struct entries *e)
{
	int width = 0;

	for (size_t i = 0; i < e->count; i++)
		width += e->at[i].cells + (i ? FOOTER_GAP : 0);
	return width;
}

/* Removes the entry that matters least, the last one of equals; false when all matter. */
static bool drop_one(struct entries *e)
{
	size_t worst = 0;

	for (size_t i = 1; i < e->count; i++) {
		if (e->at[i].row->priority >= e->at[worst].row->priority)
			worst = i;
	}
	if (!e->count || !e->at[worst].row->priority)
		return false;
	for (size_t i = worst + 1; i < e->count; i++)
		e->at[i - 1] = e->at[i];
	e->count--;
	return true;
}

void footer_draw(struct frame *f, int y, const struct binding *const tables[])
{
	struct entries e = collect(f, tables);
	int left = layout_of(FRAME_SIDE_MAX, f->cols) > LAYOUT_XS ? 1 : 0;
	int x = left;

	while (width_of(&e) > f->cols - 2 * left && drop_one(&e))
		;
	for (size_t i = 0; i < e.count; i++) {
		if (i)
			x += FOOTER_GAP;
		x = frame_text(f, y, x, ROLE_KEY, e.at[i].row->name);
		x = frame_text(f, y, x + 1, ROLE_TEXT, e.at[i].row->label);
	}
}
