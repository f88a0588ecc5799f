/* SPDX-License-Identifier: MIT */

/* How to sign in; not asked when there is one way. */

#include <stdio.h>

#include "wizard/steps.h"

static const struct binding keys_method[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "choose the selected way" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

static const struct binding *method_keys(const struct wizard *w)
{
	(void)w;
	return keys_method;
}

static size_t method_picks(const struct wizard *w)
{
	return provider_method_count(w->draft.provider);
}

static void draw_method(const struct wizard *w, struct body *b, const struct method *m, int number)
{
	bool selected = w->lists[STEP_METHOD].at + 1 == (size_t)number;
	int x = body_row(b, selected, number);

	body_put(b, x, ROLE_TEXT, m->label);
	if (m->note && b->layout >= LAYOUT_M)
		body_put(b, 29, ROLE_MUTED, m->note);
	body_row_end(b, selected);
	if (m->note && b->layout < LAYOUT_M)
		body_wrap(b, x, ROLE_MUTED, m->note);
	if (m->how[0] && b->layout >= LAYOUT_M)
		body_wrap(b, x, ROLE_MUTED, m->how[0]);
	body_gap(b);
}

static void method_draw(const struct wizard *w, struct body *b)
{
	const struct provider *p = w->draft.provider;
	char text[120];
	struct str s = STR_OF(text);

	str_fmt(&s, b->layout == LAYOUT_XS ? "Sign in to %s" : "How do you want to sign in to %s?",
		p->label);
	body_line(b, 0, ROLE_TITLE, text);
	body_gap(b);
	for (size_t i = 0; i < provider_method_count(p); i++)
		draw_method(w, b, &p->methods[i], (int)i + 1);
}

static enum reply method_act(struct wizard *w, int action, const struct event *ev)
{
	const struct provider *p = w->draft.provider;
	struct list *l = &w->lists[STEP_METHOD];
	size_t n = provider_method_count(p);

	list_count(l, n);
	if (action == ACT_ENTER || list_pick(w, ev, n)) {
		choose_method(w, &p->methods[l->at]);
		return REPLY_NEXT;
	}
	list_move(w, ev);
	return REPLY_STAY;
}

static bool method_wanted(const struct wizard *w)
{
	if (w->flow != FLOW_ADD || w->fixed_method || (w->carried && w->report.provider))
		return false;
	return w->draft.provider && provider_method_count(w->draft.provider) > 1;
}

const struct step step_method = {
	.id = "method",
	.title = "Method",
	.about =
		"A subscription's token and an API key are billed differently; both can be stored, "
		"one after the other.",
	.keys = method_keys,
	.picks = method_picks,
	.wanted = method_wanted,
	.draw = method_draw,
	.act = method_act,
};
