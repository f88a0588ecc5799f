/* SPDX-License-Identifier: MIT */

/* Rotation's first question: which key. */

#include <stdio.h>
#include <string.h>

#include "wizard/steps.h"

static const struct binding keys_profile[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "replace the selected key" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ 0 },
};

static const struct binding *profile_keys(const struct wizard *w)
{
	(void)w;
	return keys_profile;
}

static void draw_head(struct body *b)
{
	if (b->layout > LAYOUT_XS)
		body_line(b, 0, ROLE_TITLE, "Rotate: which key do you want to replace?");
	body_gap(b);
	body_only(b, 2, ROLE_MUTED, "PROFILE");
	if (b->layout > LAYOUT_XS)
		body_only(b, 25, ROLE_MUTED, "ENDS WITH");
	if (b->layout >= LAYOUT_M)
		body_only(b, 36, ROLE_MUTED, "KIND");
	body_only(b,
		b->layout >= LAYOUT_M   ? 46
		: b->layout == LAYOUT_S ? 36
					: 24,
		ROLE_MUTED, "STATE");
	body_next(b);
}

static void draw_row(
	const struct wizard *w, struct body *b, const struct credential *c, bool selected)
{
	char text[120];
	struct str s = STR_OF(text);
	int wide = b->layout > LAYOUT_XS ? 22 : 21;
	int x = b->layout >= LAYOUT_M ? 46 : b->layout == LAYOUT_S ? 36 : 24;
	const char *word;
	enum glyph g;

	body_row(b, selected, 0);
	body_clip(b, 2, wide, ROLE_TEXT, c->id);
	if (b->layout > LAYOUT_XS)
		body_put(b, 25, ROLE_TEXT, c->tail[0] ? c->tail : "-");
	if (b->layout >= LAYOUT_M)
		body_put(b, 36, ROLE_TEXT, cred_kind_name(c->kind));
	if (rotatable(c, &s)) {
		g = credential_state(c, w->world->now_ms, &word);
		x = body_glyph(b, x, glyph_role(g), g);
		body_put(b, x + 1, ROLE_TEXT, word);
	} else {
		body_put(b, x, ROLE_MUTED, text);
	}
	body_row_end(b, selected);
}

static void profile_draw(const struct wizard *w, struct body *b)
{
	struct list l = w->lists[STEP_PROFILE];
	struct list_window win;
	int room;

	draw_head(b);
	room = b->visible - b->y;
	list_count(&l, w->world->credential_count);
	win = list_window(&l, room > 1 ? (size_t)room : 1);
	body_more(b, GLYPH_UP, win.above, "more");
	for (size_t i = win.first; i < win.first + win.n; i++)
		draw_row(w, b, &w->world->credentials[i], i == l.at);
	body_more(b, GLYPH_DOWN, win.below, "more");
}

static enum reply profile_act(struct wizard *w, int action, const struct event *ev)
{
	struct list *l = &w->lists[STEP_PROFILE];
	const struct credential *c;
	char why[100];
	struct str s = STR_OF(why);

	list_count(l, w->world->credential_count);
	if (action != ACT_ENTER || !l->count) {
		if (list_move(w, ev))
			say_nothing(w);
		return REPLY_STAY;
	}
	c = &w->world->credentials[l->at];
	if (!rotatable(c, &s)) {
		say(w, SEVERITY_FAIL, "%s: %s, it cannot be replaced here.", c->id, why);
		return REPLY_STAY;
	}
	choose_profile(w, c);
	return REPLY_NEXT;
}

static bool profile_wanted(const struct wizard *w)
{
	return w->flow == FLOW_ROTATE && !w->fixed_profile;
}

const struct step step_profile = {
	.id = "profile",
	.title = "Choose",
	.about = "The old key stays in force until the new one was accepted and written.",
	.keys = profile_keys,
	.wanted = profile_wanted,
	.draw = profile_draw,
	.act = profile_act,
};
