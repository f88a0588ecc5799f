/* SPDX-License-Identifier: MIT */

/* What will be written; Enter on this screen is the first thing that writes. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wizard/steps.h"

static const struct binding keys_waiting[] = {
	{ KEYS_ENTER, 0, ACT_IGNORE, "Enter", "waits", 3, "nothing until the plan is made" },
	{ 0 },
};

static const struct binding keys_review[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "write", 0, "write these changes" },
	{ KEYS_NONE, 'd', ACT_DETAILS, "d", "diff", 1,
		"what changes, line by line, nothing secret" },
	{ KEYS_UP, 0, ACT_SCROLL, "↑↓", NULL, 0, "scroll (also PgUp, PgDn)" },
	{ KEYS_DOWN, 0, ACT_SCROLL, NULL, NULL, 0, NULL },
	{ 0 },
};

static const struct binding keys_failed[] = {
	{ KEYS_ENTER, 0, ACT_RETRY, "Enter", "try again", 0, "work out the changes again" },
	{ 0 },
};

static const struct binding *review_keys(const struct wizard *w)
{
	if (w->busy == BUSY_PLAN)
		return keys_waiting;
	return w->have_plan ? keys_review : keys_failed;
}

static void fact(struct body *b, const char *name, const char *text)
{
	int x = b->layout == LAYOUT_XS ? 9 : 14;

	if (!text[0])
		return;
	body_put(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_MUTED, name);
	body_wrap(b, x, ROLE_TEXT, text);
}

static void provider_text(const struct wizard *w, struct str *out)
{
	const struct draft *d = &w->draft;
	char at[32];
	struct str t = STR_OF(at);

	str_add(out, d->provider->label);
	if (d->method->kind != CRED_NONE)
		str_fmt(out, ", %s", d->method->noun);
	if (d->tail[0])
		str_fmt(out, " ending %s", d->tail);
	if (!d->verified) {
		str_add(out, ", not verified");
		return;
	}
	str_add(out, ", verified");
	clock_local(&t, d->check.at_ms);
	if (t.len == 16)
		str_fmt(out, " %s", at + 11);
}

static void profile_text(const struct wizard *w, struct str *out)
{
	const struct credential *c = snapshot_find(w->world, w->draft.profile_id);

	str_add(out, w->draft.profile_id);
	if (!c)
		return;
	str_add(out, ", replaces the old key");
	if (c->tail[0])
		str_fmt(out, " ending %s", c->tail);
}

static void model_text(const struct wizard *w, struct str *out)
{
	if (w->flow != FLOW_ADD)
		return;
	if (!w->draft.model[0]) {
		str_add(out, w->world->default_raw[0] ? w->world->default_model : "none chosen");
		str_add(out, w->world->default_raw[0] ? " (unchanged)" : "");
		return;
	}
	str_add(out, w->draft.model);
	if (w->draft.keep_fallback && w->world->default_raw[0] &&
		strcmp(w->draft.model, w->world->default_model) != 0)
		str_fmt(out, ", fallback %s", w->world->default_model);
}

static void draw_facts(const struct wizard *w, struct body *b)
{
	const struct draft *d = &w->draft;
	char text[ID_CAP + 200];
	struct str s = STR_OF(text);
	char expires[64];
	struct str x = STR_OF(expires);

	provider_text(w, &s);
	fact(b, "Provider", text);
	s = STR_OF(text);
	profile_text(w, &s);
	fact(b, "Profile", text);
	s = STR_OF(text);
	if (d->method->kind != CRED_NONE)
		keep_words(w, &s);
	fact(b, "Protect", text);
	s = STR_OF(text);
	model_text(w, &s);
	fact(b, "Model", text);
	if (d->expires_ms)
		clock_local(&x, d->expires_ms);
	fact(b, "Expires", expires);
}

static void draw_file(struct body *b, const struct plan_file *p)
{
	int mode = b->layout >= LAYOUT_M ? 57 : 38;
	char text[16];
	struct str s = STR_OF(text);

	if (b->layout == LAYOUT_XS) {
		body_path(b, 0, b->w - 13, p->path);
		body_put(b, b->w - 12, ROLE_MUTED, p->change);
		body_next(b);
		return;
	}
	body_path(b, 2, mode - 4, p->path);
	str_fmt(&s, "%04o", p->mode & 07777);
	body_put(b, mode, ROLE_MUTED, text);
	body_put(b, mode + 8, ROLE_TEXT, p->change);
	body_next(b);
	if (p->note[0])
		body_wrap(b, 4, ROLE_MUTED, p->note);
}

static void draw_files(const struct wizard *w, struct body *b)
{
	int mode = b->layout >= LAYOUT_M ? 57 : 38;

	body_gap(b);
	if (b->layout == LAYOUT_XS) {
		body_line(b, 0, ROLE_MUTED, "FILES");
	} else {
		body_put(b, 2, ROLE_MUTED, b->lines ? "Files" : "FILES");
		body_only(b, mode, ROLE_MUTED, "MODE");
		body_only(b, mode + 8, ROLE_MUTED, "CHANGE");
		body_next(b);
	}
	for (size_t i = 0; i < w->plan.count; i++)
		draw_file(b, &w->plan.files[i]);
	if (!w->plan.count)
		body_line(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, "No file needs a change.");
	if (w->plan.note_count)
		body_gap(b);
	for (size_t i = 0; i < w->plan.note_count; i++)
		body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, w->plan.notes[i]);
}

static void draw_failure(const struct wizard *w, struct body *b)
{
	body_mark(b, 0, GLYPH_FAIL, w->plan_err.msg);
	if (w->plan_err.hint[0])
		body_wrap(b, 2, ROLE_TEXT, w->plan_err.hint);
	body_gap(b);
	body_wrap(b, 0, ROLE_TEXT,
		b->lines ? "Nothing has been written. Going back keeps the answers."
			 : "Nothing has been written. Esc goes back, the answers stay.");
}

static void review_draw(const struct wizard *w, struct body *b)
{
	body_wrap(b, 0, ROLE_TITLE,
		b->lines                 ? "Nothing has been written yet."
		: b->layout == LAYOUT_XS ? "Nothing has been written yet."
		: b->layout == LAYOUT_S  ? "Enter writes this; nothing has been written yet."
					 : "Review. Enter writes these changes; nothing has been "
					   "written yet.");
	body_cursor(b, 0);
	b->sheet.cursor_y = 0;
	body_gap(b);
	draw_facts(w, b);
	if (w->busy == BUSY_PLAN) {
		body_gap(b);
		body_line(b, 2, ROLE_MUTED, "Reading the files that will change ...");
	} else if (w->have_plan) {
		draw_files(w, b);
	} else {
		body_gap(b);
		draw_failure(w, b);
	}
}

static enum reply review_act(struct wizard *w, int action, const struct event *ev)
{
	(void)ev;
	switch (action) {
	case ACT_ENTER:
		return w->have_plan ? REPLY_NEXT : REPLY_STAY;
	case ACT_RETRY:
		return REPLY_PLAN;
	case ACT_DETAILS:
		w->overlay = OVERLAY_DIFF;
		w->overlay_top = 0;
		return REPLY_STAY;
	default:
		return REPLY_STAY;
	}
}

static const char *review_ask(const struct wizard *w)
{
	return w->have_plan ? "Write these changes?" : NULL;
}

static enum reply review_enter(struct wizard *w)
{
	(void)w;
	return REPLY_PLAN;
}

const struct step step_review = {
	.id = "review",
	.title = "Review",
	.about = "Every file that changes, with its mode. Each is replaced in one step; other "
		 "content in them stays byte for byte.",
	.keys = review_keys,
	.enter = review_enter,
	.draw = review_draw,
	.ask = review_ask,
	.act = review_act,
};
