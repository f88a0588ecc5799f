/* SPDX-License-Identifier: MIT */

/* Writing: a line per file, then what is true now. */

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "wizard/steps.h"

static const struct binding keys_writing[] = {
	{ KEYS_ENTER, 0, ACT_IGNORE, "Enter", "waits", 0, "nothing while files are written" },
	{ KEYS_ESC, 0, ACT_IGNORE, "Esc", "waits", 0, "nothing while files are written" },
	{ 0 },
};

static const struct binding keys_done[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "open the panel", 0, "see it live" },
	{ KEYS_ESC, 0, ACT_YES, "Esc", "leave", 0, "leave; everything is written" },
	{ KEYS_NONE, 'q', ACT_YES, "q", NULL, 0, "leave; everything is written" },
	{ 0 },
};

static const struct binding keys_failed[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "take the selected choice" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move" },
	{ 0 },
};

static const struct binding *apply_keys(const struct wizard *w)
{
	if (w->busy == BUSY_APPLY)
		return keys_writing;
	return w->applied ? keys_done : keys_failed;
}

static void draw_files(const struct wizard *w, struct body *b)
{
	static const enum glyph marks[] = {
		[PLAN_WAITING] = GLYPH_OFF,
		[PLAN_WRITING] = GLYPH_BUSY0,
		[PLAN_WRITTEN] = GLYPH_OK,
		[PLAN_FAILED] = GLYPH_FAIL,
	};
	static const char *const words[] = {
		[PLAN_WAITING] = "not started",
		[PLAN_WRITING] = "writing",
		[PLAN_WRITTEN] = "written",
		[PLAN_FAILED] = "failed",
	};
	int x = b->layout == LAYOUT_XS ? 0 : 2;
	int text = (b->w < 76 ? b->w : 76) - 12;

	for (size_t i = 0; i < w->plan.count; i++) {
		const struct plan_file *p = &w->plan.files[i];
		enum glyph g = marks[p->state];

		body_glyph(b, x, glyph_role(g), g);
		body_path(b, x + 2, text - x - 3,
			b->layout == LAYOUT_XS ? fs_basename(p->path) : p->path);
		body_put(b, text, ROLE_MUTED, words[p->state]);
		body_next(b);
	}
}

static void draw_kept(const struct wizard *w, struct body *b)
{
	bool offline = w->draft.opener == OPENER_PASSPHRASE || w->custody.asks;
	int x = b->layout == LAYOUT_XS ? 0 : 2;
	char text[200];
	struct str s = STR_OF(text);

	keep_words(w, &s);
	str_add(&s, ".");
	body_mark(b, x, w->draft.keep == KEEP_SEALED ? GLYPH_OK : GLYPH_WARN, text);
	if (w->draft.keep == KEEP_SEALED && offline)
		body_mark(b, x, GLYPH_WARN,
			"Start the gateway by hand: thinkfleetbot run -- COMMAND asks for the "
			"passphrase.");
}

static void draw_done(const struct wizard *w, struct body *b)
{
	const struct draft *d = &w->draft;
	char text[ID_CAP + 160];
	struct str s = STR_OF(text);

	str_fmt(&s, "%s is %s", d->profile_id,
		d->verified ? "stored, and the provider accepted it."
			    : "stored, but was not verified: check it in the panel.");
	body_gap(b);
	body_mark(b, b->layout == LAYOUT_XS ? 0 : 2, d->verified ? GLYPH_OK : GLYPH_WARN, text);
	if (d->method->kind != CRED_NONE)
		draw_kept(w, b);
	if (w->flow == FLOW_ROTATE && d->provider->keys_page && d->provider->keys_page[0]) {
		s = STR_OF(text);
		str_fmt(&s, "Still to do: revoke the old key at %s", d->provider->keys_page);
		body_gap(b);
		body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, text);
	}
	for (size_t i = 0; i < w->plan.note_count; i++)
		body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, w->plan.notes[i]);
}

static void draw_failed(const struct wizard *w, struct body *b)
{
	static const char *const labels[] = { "Try again", "Quit" };
	int x = b->layout == LAYOUT_XS ? 0 : 2;

	body_gap(b);
	body_mark(b, x, GLYPH_FAIL, w->apply_err.msg);
	if (w->apply_err.hint[0])
		body_wrap(b, x + 2, ROLE_TEXT, w->apply_err.hint);
	body_gap(b);
	for (size_t i = 0; i < 2; i++) {
		bool selected = w->lists[STEP_APPLY].at == i;

		body_put(b, body_row(b, selected, 0), ROLE_TEXT, labels[i]);
		body_row_end(b, selected);
	}
}

static void apply_draw(const struct wizard *w, struct body *b)
{
	bool failed = w->busy != BUSY_APPLY && !w->applied;

	body_line(b, 0, ROLE_TITLE,
		w->applied               ? "Done"
		: !failed                ? "Writing"
		: b->layout == LAYOUT_XS ? "Could not finish"
					 : "Could not finish. Your answers are kept.");
	body_cursor(b, 0);
	b->sheet.cursor_y = 0;
	body_gap(b);
	draw_files(w, b);
	if (w->applied)
		draw_done(w, b);
	else if (failed)
		draw_failed(w, b);
}

static enum reply apply_act(struct wizard *w, int action, const struct event *ev)
{
	struct list *l = &w->lists[STEP_APPLY];

	if (w->busy == BUSY_APPLY)
		return REPLY_STAY;
	if (w->applied)
		return action == ACT_ENTER ? REPLY_PANEL
		       : action == ACT_YES ? REPLY_QUIT
					   : REPLY_STAY;
	list_count(l, 2);
	if (action == ACT_ENTER)
		return l->at == 0 ? REPLY_APPLY : REPLY_QUIT;
	list_move(w, ev);
	return REPLY_STAY;
}

static bool apply_settled(const struct wizard *w)
{
	return w->applied;
}

static enum reply apply_enter(struct wizard *w)
{
	w->lists[STEP_APPLY] = (struct list){ 0 };
	return REPLY_APPLY;
}

const struct step step_apply = {
	.id = "apply",
	.title = "Write",
	.about = "Each file is replaced in one step: at any moment it is the old one or the new.",
	.keys = apply_keys,
	.enter = apply_enter,
	.draw = apply_draw,
	.settled = apply_settled,
	.act = apply_act,
};
