/* SPDX-License-Identifier: MIT */

/* The default model: what the check listed, else what this program knows; or typed. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wizard/steps.h"

static const struct binding keys_model[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "make it the default" },
	{ KEYS_NONE, 0, ACT_PASS, "type", "to filter", 2, "filter, or type another model's name" },
	{ KEYS_NONE, ' ', ACT_TOGGLE, "Space", NULL, 0,
		"keep the old default as a fallback, or not" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ 0 },
};

static const struct binding keys_fallback[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "make it the default" },
	{ KEYS_NONE, ' ', ACT_TOGGLE, "Space", "fallback", 1,
		"keep the old default as a fallback, or not" },
	{ KEYS_NONE, 0, ACT_PASS, "type", "to filter", 2, "filter, or type another model's name" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ 0 },
};

static const struct binding keys_filter[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "make it the default" },
	{ KEYS_NONE, ' ', ACT_TOGGLE, "Space", NULL, 0,
		"keep the old default as a fallback, or not" },
	{ KEYS_ESC, 0, ACT_CLEAR, "Esc", "clear filter", 0, "clear the filter" },
	{ KEYS_CTRL('U'), 0, ACT_CLEAR, "^U", NULL, 0, "clear the filter" },
	{ 0 },
};

static const struct binding keys_typed[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "use it", 0, "use the typed name as it is" },
	{ KEYS_ESC, 0, ACT_CLEAR, "Esc", "clear", 0, "clear the filter" },
	{ KEYS_CTRL('U'), 0, ACT_CLEAR, "^U", NULL, 0, "clear the filter" },
	{ 0 },
};

static const char *typed_text(const struct wizard *w)
{
	return w->find_model.text.len ? w->find_model.text.bytes : "";
}

static bool live(const struct wizard *w)
{
	return w->draft.check.model_count > 0 && w->draft.check.models[0][0];
}

/* An endpoint that lists nothing: only its owner knows what it serves, and one name is needed. */
static bool unlisted(const struct wizard *w)
{
	return w->draft.endpoint && !live(w);
}

/* The model that the table recommends, or that one as of a day: "-20251101" behind its name. */
static bool is_model(const char *listed, const char *wanted)
{
	size_t n = strlen(wanted);

	return strncmp(listed, wanted, n) == 0 &&
	       (!listed[n] || (listed[n] == '-' && strlen(listed + n) == 9 &&
				      strspn(listed + n + 1, "0123456789") == 8));
}

/* Candidate i before filtering: the table's first, when it is listed, then the rest. */
static bool candidate(const struct wizard *w, size_t i, char *out, size_t cap, const char **note)
{
	const struct provider *p = w->draft.provider;
	const struct check_result *r = &w->draft.check;
	size_t known = r->model_count < CHECK_MODELS ? r->model_count : CHECK_MODELS;
	const char *first = p->models[0] ? strchr(p->models[0], '/') : NULL;
	struct str s = str_on(out, cap);

	*note = "";
	if (!live(w)) {
		if (i >= PROVIDER_MODELS || !p->models[i])
			return false;
		*note = i == 0 ? "recommended" : "";
		str_add(&s, p->models[i]);
		return true;
	}
	for (size_t k = 0; first && k < known; k++) {
		if (!is_model(r->models[k], first + 1))
			continue;
		if (i == 0) {
			*note = "recommended";
			str_fmt(&s, "%s/%s", p->id, r->models[k]);
			return true;
		}
		if (i <= k)
			i--; /* the recommended one moved in front of these */
		break;
	}
	if (i >= known)
		return false;
	str_fmt(&s, "%s/%s", p->id, r->models[i]);
	return true;
}

static bool contains_nocase(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; *text; text++) {
		size_t i = 0;

		while (i < n && text[i] && (text[i] | 32) == (part[i] | 32))
			i++;
		if (i == n)
			return true;
	}
	return n == 0;
}

bool model_row_at(const struct wizard *w, size_t i, struct model_row *row)
{
	const char *typed = typed_text(w);
	const char *note;

	*row = (struct model_row){ .note = "" };
	if (w->world->default_raw[0] && !typed[0] && !unlisted(w)) {
		if (i == 0) {
			row->keep = true;
			str_copy(row->id, sizeof(row->id), w->world->default_model);
			row->note = "keep the current default";
			return true;
		}
		i--;
	}
	for (size_t k = 0; candidate(w, k, row->id, sizeof(row->id), &note); k++) {
		if (!contains_nocase(row->id, typed) || i-- > 0)
			continue;
		row->note = note;
		return true;
	}
	return false;
}

size_t model_rows(const struct wizard *w)
{
	struct model_row row;
	size_t n = 0;

	while (model_row_at(w, n, &row))
		n++;
	return n;
}

/* Would choosing now replace another default? */
static bool replaces(const struct wizard *w)
{
	struct model_row row;

	if (!w->world->default_raw[0])
		return false;
	if (!model_row_at(w, w->lists[STEP_MODEL].at, &row))
		return true;
	return !row.keep && strcmp(row.id, w->world->default_model) != 0;
}

static const struct binding *model_keys(const struct wizard *w)
{
	if (w->find_model.text.len)
		return model_rows(w) ? keys_filter : keys_typed;
	return replaces(w) ? keys_fallback : keys_model;
}

static void source_text(const struct wizard *w, const struct body *b, struct str *out)
{
	const struct check_result *r = &w->draft.check;
	char at[32];
	struct str t = STR_OF(at);

	if (unlisted(w)) {
		str_add(out, b->layout > LAYOUT_XS ? "it lists no models" : "none listed");
		return;
	}
	if (!live(w)) {
		str_add(out,
			b->layout > LAYOUT_XS ? "list from this program, not live" : "not live");
		return;
	}
	if (r->model_count > CHECK_MODELS)
		str_fmt(out, "%d of ", CHECK_MODELS);
	str_fmt(out, "%zu model%s", r->model_count, r->model_count == 1 ? "" : "s");
	if (b->layout < LAYOUT_M)
		return;
	clock_local(&t, r->at_ms);
	str_fmt(out, ", list from %.40s", r->host);
	if (t.len == 16)
		str_fmt(out, " %s", at + 11);
}

static void draw_find(const struct wizard *w, struct body *b)
{
	char text[120];
	struct str s = STR_OF(text);
	int x = body_only(b, 0, ROLE_TEXT, unlisted(w) ? "Name: " : "Find: ");
	int width = b->w < 78 ? b->w : 77;

	source_text(w, b, &s);
	body_put(b, width - (int)text_cells(text), ROLE_MUTED, text);
	body_find(b, x, width - x - (int)s.len - 2, &w->find_model);
	body_next(b);
}

static void draw_row(struct body *b, const struct model_row *row, bool selected)
{
	int y = b->sheet.cursor_y, x = b->sheet.cursor_x;
	int note = b->layout >= LAYOUT_M ? 50 : b->layout == LAYOUT_S ? 34 : 0;

	body_row(b, selected, 0);
	if (row->keep && b->layout == LAYOUT_XS) {
		body_fmt(b, 2, ROLE_TEXT, "keep %s", row->id);
	} else {
		body_clip(b, 2, note ? note - 3 : b->w - 2, ROLE_TEXT, row->id);
		if (note)
			body_put(b, note, ROLE_MUTED, row->note);
	}
	body_row_end(b, selected);
	frame_cursor(&b->sheet, y, x);
}

/*
 * Typed names without a provider belong to the one being set up. At an endpoint of one's own a
 * slash is part of the name: "meta-llama/Llama-3.3" is no model of a provider meta-llama.
 */
static void typed_model(const struct wizard *w, struct str *out)
{
	const char *id = w->draft.provider->id;
	size_t n = strlen(id);
	char clean[FIND_CAP];
	struct str s = STR_OF(clean);
	bool whole;

	text_clean(&s, typed_text(w), w->find_model.text.len, FIND_CAP - 1);
	whole = w->draft.endpoint ? strncmp(clean, id, n) == 0 && clean[n] == '/'
				  : strchr(clean, '/') != NULL;
	if (!whole)
		str_fmt(out, "%s/", id);
	str_add(out, clean);
}

static void draw_none(const struct wizard *w, struct body *b)
{
	char name[192], text[300];
	struct str s = STR_OF(name), t = STR_OF(text);

	body_gap(b);
	if (!w->find_model.text.len) {
		body_wrap(b, 2, ROLE_TEXT,
			"Type the name of a model that it serves, as the server knows it.");
		return;
	}
	typed_model(w, &s);
	if (unlisted(w))
		str_fmt(&t, "Enter uses %s. The check cannot tell whether it is served.", name);
	else if (live(w))
		str_fmt(&t,
			"%s is not among the models that this key can use. Enter takes it as "
			"it is.",
			name);
	else
		str_fmt(&t, "Not in the list. Enter uses the name %s as it is.", name);
	body_mark(b, b->layout == LAYOUT_XS ? 0 : 2, GLYPH_WARN, text);
}

static void draw_fallback(const struct wizard *w, struct body *b)
{
	bool on = w->draft.keep_fallback;

	if (!w->world->default_raw[0])
		return;
	body_gap(b);
	if (!replaces(w)) {
		body_fmt(b, 2, ROLE_MUTED, "The default stays %s.", w->world->default_model);
		body_next(b);
		return;
	}
	if (b->layout > LAYOUT_XS) {
		body_fmt(b, 2, ROLE_TEXT, "Current default: %s.%s", w->world->default_model,
			on ? " It becomes fallback 1." : "");
		body_next(b);
	}
	body_fmt(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, "[%c] keep the old %s",
		on ? 'x' : ' ', b->layout == LAYOUT_XS ? "as fallback" : "default as a fallback");
	if (b->layout > LAYOUT_XS)
		body_only(b, b->layout == LAYOUT_S ? 42 : 50, ROLE_MUTED, "Space toggles");
	body_next(b);
}

static void model_draw(const struct wizard *w, struct body *b)
{
	struct list l = w->lists[STEP_MODEL];
	struct list_window win;
	struct model_row row;
	int rest = !w->world->default_raw[0] ? 0 : b->layout == LAYOUT_XS ? 1 : 3;
	size_t n = model_rows(w);
	int room;

	if (b->layout > LAYOUT_XS)
		body_line(b, 0, ROLE_TITLE, "Which model should agents use by default?");
	draw_find(w, b);
	if (!n) {
		draw_none(w, b);
		draw_fallback(w, b);
		return;
	}
	room = b->visible - b->y - rest;
	list_count(&l, n);
	win = list_window(&l, room > 1 ? (size_t)room : 1);
	body_more(b, GLYPH_UP, win.above, "more");
	for (size_t i = win.first; i < win.first + win.n; i++) {
		if (model_row_at(w, i, &row))
			draw_row(b, &row, i == l.at);
	}
	body_more(b, GLYPH_DOWN, win.below, "more");
	draw_fallback(w, b);
}

static enum reply take(struct wizard *w)
{
	struct draft *d = &w->draft;
	struct str s = STR_OF(d->model);
	struct model_row row;

	if (!model_row_at(w, w->lists[STEP_MODEL].at, &row)) {
		if (!w->find_model.text.len && unlisted(w)) {
			say(w, SEVERITY_FAIL, "Nothing typed yet: agents need a model's name.");
			return REPLY_STAY;
		}
		if (!w->find_model.text.len) {
			d->keep_fallback = false;
			return REPLY_NEXT; /* nothing known, nothing typed: leave it */
		}
		typed_model(w, &s);
		return REPLY_NEXT;
	}
	if (!row.keep)
		str_add(&s, row.id);
	else
		d->keep_fallback = false;
	return REPLY_NEXT;
}

static void filter_changed(struct wizard *w)
{
	struct list *l = &w->lists[STEP_MODEL];

	say_nothing(w);
	*l = (struct list){ 0 };
	list_count(l, model_rows(w));
}

static enum reply model_act(struct wizard *w, int action, const struct event *ev)
{
	list_count(&w->lists[STEP_MODEL], model_rows(w));
	switch (action) {
	case ACT_ENTER:
		return take(w);
	case ACT_CLEAR:
		secret_clear(&w->find_model.text);
		filter_changed(w);
		return REPLY_STAY;
	case ACT_TOGGLE:
		if (replaces(w))
			w->draft.keep_fallback = !w->draft.keep_fallback;
		return REPLY_STAY;
	default:
		break;
	}
	if (!list_move(w, ev) && field_key(&w->find_model, ev))
		filter_changed(w);
	return REPLY_STAY;
}

static enum reply model_paste(struct wizard *w, const struct event *ev)
{
	char text[FIND_CAP];
	struct str s = STR_OF(text);

	if (!ev->paste || ev->paste_total >= FIND_CAP || looks_secret(ev)) {
		say(w, SEVERITY_WARN, "Paste ignored: that is not a model's name.");
		return REPLY_STAY;
	}
	text_clean(&s, ev->paste->bytes, ev->paste->len, FIND_CAP - 1);
	while (s.len && text[s.len - 1] == ' ')
		text[--s.len] = '\0';
	secret_set(&w->find_model.text, text, s.len);
	filter_changed(w);
	return REPLY_STAY;
}

static bool model_wanted(const struct wizard *w)
{
	const struct provider *p = w->draft.provider;

	/* Speech and search have keys, but nothing that could be an agent's default model. */
	return w->flow == FLOW_ADD && (!p || p->custom || p->models[0]);
}

static enum reply model_enter(struct wizard *w)
{
	list_count(&w->lists[STEP_MODEL], model_rows(w));
	return REPLY_STAY;
}

const struct step step_model = {
	.id = "model",
	.title = "Model",
	.about = "Agents use this model unless they have their own. Anything can be typed; a name "
		 "without a slash belongs to this provider.",
	.text = true,
	.keys = model_keys,
	.wanted = model_wanted,
	.enter = model_enter,
	.draw = model_draw,
	.act = model_act,
	.paste = model_paste,
};
