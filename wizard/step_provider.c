/* SPDX-License-Identifier: MIT */

/* Whose models: search as you type over the provider table. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wizard/steps.h"

#define SHOWN_MAX 64

struct match {
	const struct provider *p;
	int rank;
};

static const char *typed_text(const struct wizard *w)
{
	return w->find_provider.text.len ? w->find_provider.text.bytes : "";
}

#define STANDINGS 4
#define OFFERED 1000 /* more than any rank: a dead end is never what Enter takes first */

/* In use first, then found on the host, then the table's order. */
static int standing(const struct wizard *w, const struct provider *p)
{
	const struct provider_state *s = provider_state_of(w, p->id);

	if (!s)
		return 0;
	if (s->in_use && (s->profiles || s->env_var[0]))
		return 3;
	return s->profiles ? 2 : s->env_var[0] ? 1 : 0;
}

/* Stable insertion: what can be set up here, by rank, then standing. */
static size_t matches(const struct wizard *w, struct match out[SHOWN_MAX])
{
	const char *typed = typed_text(w);
	size_t n = 0;

	for (size_t i = 0; i < provider_count() && n < SHOWN_MAX; i++) {
		const struct provider *p = provider_at(i);
		int rank = provider_match(p, typed);
		const char *why;
		size_t to = n;

		if (rank <= 0)
			continue;
		rank = rank * STANDINGS + standing(w, p);
		if (provider_offered(p, &why))
			rank += OFFERED;
		while (to > 0 && out[to - 1].rank < rank) {
			out[to] = out[to - 1];
			to--;
		}
		out[to] = (struct match){ p, rank };
		n++;
	}
	return n;
}

static const struct binding keys_list[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "choose the selected provider" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ KEYS_NONE, 0, ACT_PASS, "type", "to filter", 2,
		"filter by name, model (claude) or key prefix (sk-or)" },
	{ 0 },
};

static const struct binding keys_filter[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "choose the selected provider" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ KEYS_ESC, 0, ACT_CLEAR, "Esc", "clear filter", 0, "clear the filter" },
	{ KEYS_CTRL('U'), 0, ACT_CLEAR, "^U", NULL, 0, "clear the filter" },
	{ 0 },
};

static const struct binding keys_empty[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "endpoint", 0,
		"set up an endpoint of your own with this name" },
	{ KEYS_ESC, 0, ACT_CLEAR, "Esc", "clear", 0, "clear the filter" },
	{ KEYS_CTRL('U'), 0, ACT_CLEAR, "^U", NULL, 0, "clear the filter" },
	{ 0 },
};

static const struct binding *provider_keys(const struct wizard *w)
{
	struct match list[SHOWN_MAX];

	if (!w->find_provider.text.len)
		return keys_list;
	return matches(w, list) ? keys_filter : keys_empty;
}

static void methods_text(struct str *out, const struct provider *p)
{
	for (size_t i = 0; i < provider_method_count(p); i++) {
		if (i)
			str_add(out, ", ");
		str_add(out,
			p->methods[i].kind == CRED_NONE ? "no key needed" : p->methods[i].noun);
	}
}

static void draw_state(const struct wizard *w, struct body *b, int x, const struct provider *p)
{
	const struct provider_state *s = provider_state_of(w, p->id);
	const char *why;

	if (!provider_offered(p, &why)) {
		body_put(b, x, ROLE_MUTED, "elsewhere");
		return;
	}
	if (!s)
		return;
	if (s->profiles) {
		x = body_glyph(b, x, ROLE_OK, GLYPH_OK);
		body_put(b, x + 1, ROLE_TEXT, s->in_use ? "in use" : "set up");
	} else if (s->env_var[0]) {
		body_put(b, x, ROLE_TEXT, "+ env key");
	}
}

static void draw_row(
	const struct wizard *w, struct body *b, const struct provider *p, bool selected)
{
	char text[80];
	struct str s = STR_OF(text);
	const char *why;

	body_row(b, selected, 0);
	methods_text(&s, p);
	body_clip(b, 2, 18, provider_offered(p, &why) ? ROLE_TEXT : ROLE_MUTED, p->label);
	if (b->layout >= LAYOUT_M) {
		body_clip(b, 21, 19, ROLE_MUTED, p->models_hint);
		body_clip(b, 41, 25, ROLE_MUTED, text);
		draw_state(w, b, 67, p);
	} else if (b->layout == LAYOUT_S) {
		body_clip(b, 21, 24, ROLE_MUTED, text);
		draw_state(w, b, 47, p);
	} else {
		draw_state(w, b, 21, p);
	}
	body_row_end(b, selected);
}

/* The find line: it has the hardware cursor, because typing goes there. */
static void draw_find(const struct wizard *w, struct body *b, size_t n)
{
	char count[32];
	struct str s = STR_OF(count);
	int x = body_only(b, 0, ROLE_TEXT, "Find: ");
	int width = b->w < 78 ? b->w : 77;

	if (w->find_provider.text.len)
		str_fmt(&s, "%zu of %zu", n, provider_count());
	else if (b->layout == LAYOUT_XS)
		str_fmt(&s, "%zu", provider_count());
	else
		str_fmt(&s, "%zu providers", provider_count());
	body_put(b, width - (int)text_cells(count), ROLE_MUTED, count);
	body_find(b, x, width - x - (int)s.len - 2, &w->find_provider);
	body_next(b);
}

static void draw_none(const struct wizard *w, struct body *b)
{
	char shown[64], text[128];
	struct str s = STR_OF(shown), t = STR_OF(text);

	text_clean(&s, typed_text(w), w->find_provider.text.len, 30);
	str_fmt(&t, "No provider is called \"%s\".", shown);
	body_gap(b);
	body_wrap(b, 2, ROLE_TEXT, text);
	body_gap(b);
	body_wrap(b, 2, ROLE_MUTED,
		"Names, models (claude, grok) and key prefixes (sk-or) are searched.");
	body_gap(b);
	body_put(b, 2, ROLE_KEY, "Enter");
	t = STR_OF(text);
	str_fmt(&t,
		b->layout == LAYOUT_XS ? "make it a custom endpoint"
				       : "set up \"%s\" as a custom OpenAI-compatible endpoint",
		shown);
	body_wrap(b, 9, ROLE_TEXT, text);
	body_only(b, 2, ROLE_KEY, "Esc");
	body_only(b, 9, ROLE_TEXT, "clear the filter");
	body_next(b);
}

#define FOOT_ROWS 2

/*
 * Where it gives keys is never cut: the address goes without its path, or not at all, and last the
 * name, which the row has.
 */
static void draw_addresses(struct body *b, const struct provider *p)
{
	const char *host = p->base_url ? strstr(p->base_url, "//") : NULL;
	const char *address = host ? host + 2 : "at your own address";
	bool keys = p->keys_page && p->keys_page[0];
	int taken = keys ? (int)(strlen("   keys: ") + text_cells(p->keys_page)) : 0;
	int label = (int)text_cells(p->label), shown = (int)text_cells(address);
	int room = b->w - label - taken - 3, x = 0;

	if (label + taken <= b->w)
		x = body_put(b, 0, ROLE_TITLE, p->label) + 3;
	if (shown > room)
		shown = (int)strcspn(address, "/");
	if (shown <= room)
		x = body_fmt(b, x, ROLE_MUTED, "%.*s", shown, address) + 3;
	if (keys)
		body_fmt(b, x, ROLE_MUTED, "keys: %s", p->keys_page);
	body_next(b);
}

/* Its address and where it gives keys, then what must be known before choosing it. */
static void draw_foot(struct body *b, const struct provider *p)
{
	const char *why;

	if (b->layout != LAYOUT_M)
		return;
	draw_addresses(b, p);
	if (!provider_offered(p, &why))
		body_fmt(b, 0, ROLE_MUTED, "Not here: %s", why);
	else if (p->before)
		body_fmt(b, 0, ROLE_MUTED, "First: %s", p->before);
	body_next(b);
}

static void provider_draw(const struct wizard *w, struct body *b)
{
	struct match list[SHOWN_MAX];
	size_t n = matches(w, list);
	struct list l = w->lists[STEP_PROVIDER];
	struct list_window win;
	int room = b->visible - 1 - (b->layout >= LAYOUT_M ? 1 : 0) -
		   (b->layout == LAYOUT_M ? FOOT_ROWS : 0);

	if (b->layout >= LAYOUT_M)
		body_line(b, 0, ROLE_TITLE, "Which provider do you want to connect?");
	draw_find(w, b, n);
	if (!n) {
		draw_none(w, b);
		return;
	}
	list_count(&l, n);
	win = list_window(&l, room > 1 ? (size_t)room : 1);
	body_more(b, GLYPH_UP, win.above, "more");
	for (size_t i = win.first; i < win.first + win.n; i++) {
		struct frame *f = &b->sheet;
		int y = f->cursor_y, x = f->cursor_x;

		draw_row(w, b, list[i].p, i == l.at);
		frame_cursor(f, y, x); /* the field keeps it */
	}
	body_more(b, GLYPH_DOWN, win.below, "more");
	draw_foot(b, list[l.at].p);
}

static enum reply take(struct wizard *w, const struct provider *p)
{
	const char *why;

	if (!provider_offered(p, &why)) {
		say(w, SEVERITY_WARN, "%s: %s.", p->label, why);
		return REPLY_STAY;
	}
	if (w->carried && w->report.provider && w->report.provider != p)
		forget_secret(w); /* another one than the key's: the person chose */
	choose_provider(w, p);
	return REPLY_NEXT;
}

/* What no provider is called becomes the name of an endpoint. */
static enum reply take_own(struct wizard *w)
{
	char name[FIND_CAP];
	struct str s = STR_OF(name);

	text_clean(&s, typed_text(w), w->find_provider.text.len, OWN_NAME_MAX);
	for (char *c = name; *c; c++)
		if (*c == ' ')
			*c = '-';
	secret_set(&w->own_name.text, name, s.len);
	return take(w, own_provider_like(""));
}

/* The row of `p` in the list as it is filtered now. */
static void select_provider(struct wizard *w, const struct provider *p)
{
	struct match list[SHOWN_MAX];
	size_t n = matches(w, list);
	struct list *l = &w->lists[STEP_PROVIDER];

	list_count(l, n);
	l->at = 0;
	for (size_t i = 0; i < n; i++) {
		if (list[i].p == p)
			l->at = i;
	}
}

static enum reply provider_act(struct wizard *w, int action, const struct event *ev)
{
	struct match list[SHOWN_MAX];
	size_t n = matches(w, list);
	struct list *l = &w->lists[STEP_PROVIDER];
	const struct provider *was;

	list_count(l, n);
	was = n ? list[l->at].p : NULL;
	switch (action) {
	case ACT_ENTER:
		return was ? take(w, was) : take_own(w);
	case ACT_CLEAR:
		secret_clear(&w->find_provider.text);
		select_provider(w, was);
		return REPLY_STAY;
	default:
		break;
	}
	if (list_move(w, ev))
		return REPLY_STAY;
	if (field_key(&w->find_provider, ev)) {
		say_nothing(w);
		select_provider(w, w->find_provider.text.len ? NULL : was);
	}
	return REPLY_STAY;
}

static void filter_by(struct wizard *w, const struct event *ev)
{
	char text[FIND_CAP];
	struct str s = STR_OF(text);

	text_clean(&s, ev->paste->bytes, ev->paste->len, 40);
	secret_set(&w->find_provider.text, text, s.len);
	select_provider(w, NULL);
}

static enum reply provider_paste(struct wizard *w, const struct event *ev)
{
	if (ev->paste_total > PASTE_CAP || !ev->paste) {
		say(w, SEVERITY_WARN, "Paste ignored: too much text for a search.");
		return REPLY_STAY;
	}
	if (!looks_secret(ev)) {
		filter_by(w, ev);
		return REPLY_STAY;
	}
	if (!take_paste(w, ev, true))
		return REPLY_STAY;
	w->carried = true;
	secret_clear(&w->find_provider.text);
	if (w->report.provider)
		select_provider(w, w->report.provider);
	carry_message(w);
	return REPLY_STAY;
}

static bool provider_wanted(const struct wizard *w)
{
	return w->flow == FLOW_ADD && !w->fixed_provider;
}

static enum reply provider_enter(struct wizard *w)
{
	if (w->carried && w->report.provider)
		select_provider(w, w->report.provider);
	carry_message(w);
	return REPLY_STAY;
}

const struct step step_provider = {
	.id = "provider",
	.title = "Provider",
	.about = "Pick the company that bills you, or a server on this machine. You can add more "
		 "later. \"+ env key\" means that a key was found in the environment.",
	.text = true,
	.keys = provider_keys,
	.wanted = provider_wanted,
	.enter = provider_enter,
	.draw = provider_draw,
	.act = provider_act,
	.paste = provider_paste,
};
