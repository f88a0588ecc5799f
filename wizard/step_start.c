/* SPDX-License-Identifier: MIT */

/* Where you are, what is configured, and what you came for. */

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "wizard/steps.h"

enum choice {
	CHOICE_CONNECT,
	CHOICE_ROTATE,
	CHOICE_STATUS,
	CHOICE_REPAIR
};

/* On an untouched host that nothing is set up is no fault: it is why the person is here. */
static bool shown(const struct wizard *w, const struct finding *f)
{
	static const char *const later[] = { "state", "models" };

	if (f->severity < SEVERITY_WARN)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (!w->world->credential_count && strcmp(f->check, later[i]) == 0)
			return false;
	return true;
}

/* What needs attention: failed, or a warning with a way to fix it. */
static size_t attention(const struct wizard *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->world->finding_count; i++) {
		const struct finding *f = &w->world->findings[i];

		if (shown(w, f) && (f->severity == SEVERITY_FAIL || f->fix[0]))
			n++;
	}
	return n;
}

static size_t choices(const struct wizard *w, enum choice out[4])
{
	size_t n = 0;

	out[n++] = CHOICE_CONNECT;
	if (w->world->credential_count)
		out[n++] = CHOICE_ROTATE;
	out[n++] = CHOICE_STATUS;
	if (attention(w))
		out[n++] = CHOICE_REPAIR;
	return n;
}

static const struct binding keys_start[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "take the selected choice" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

static const struct binding *start_keys(const struct wizard *w)
{
	(void)w;
	return keys_start;
}

static size_t start_picks(const struct wizard *w)
{
	enum choice list[4];

	return choices(w, list);
}

static void draw_choice(const struct wizard *w, struct body *b, enum choice c, int number)
{
	static const char *const labels[] = {
		[CHOICE_CONNECT] = "Connect a provider",
		[CHOICE_ROTATE] = "Replace or rotate a key",
		[CHOICE_STATUS] = "Status and doctor",
		[CHOICE_REPAIR] = "Repair what needs attention",
	};
	bool selected = w->lists[STEP_START].at + 1 == (size_t)number;
	bool wide = b->layout >= LAYOUT_M;
	int x = body_row(b, selected, number);
	size_t n = c == CHOICE_REPAIR ? attention(w) : w->world->credential_count;

	body_put(b, x, ROLE_TEXT, labels[c]);
	x = 34;
	if (b->layout == LAYOUT_XS) {
		body_row_end(b, selected);
		return;
	}
	if (c == CHOICE_CONNECT && n)
		body_put(b, x, ROLE_MUTED, "add another one");
	else if (c == CHOICE_CONNECT)
		body_put(b, x, ROLE_MUTED,
			wide ? "first-time setup, about 2 minutes" : "about 2 minutes");
	else if (c == CHOICE_STATUS)
		body_put(b, x, ROLE_MUTED,
			wide ? "live profiles, checks and findings" : "live, with findings");
	else if (c == CHOICE_ROTATE)
		body_fmt(b, x, ROLE_MUTED, "%zu credential%s configured", n, n == 1 ? "" : "s");
	else
		body_fmt(b, x, ROLE_MUTED, "%zu finding%s", n, n == 1 ? "" : "s");
	body_row_end(b, selected);
}

static int fact_name(struct body *b, const char *name)
{
	body_put(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_MUTED, name);
	return b->layout == LAYOUT_XS ? 10 : 18;
}

static void fact(struct body *b, const char *name, const char *text)
{
	body_wrap(b, fact_name(b, name), ROLE_TEXT, text);
}

static void path_fact(
	struct body *b, const char *home, const char *name, const char *path, const char *also)
{
	char text[1200];
	struct str s = STR_OF(text);
	int x;

	fs_shorten(&s, path, home);
	if (also[0])
		str_fmt(&s, "  %s", also);
	x = fact_name(b, name);
	body_path(b, x, b->w - x, text);
	body_next(b);
}

static void draw_where(const struct wizard *w, struct body *b)
{
	const struct snapshot *s = w->world;
	char text[1200];
	struct str t = STR_OF(text);
	size_t stored = 0, other;

	str_fmt(&t, "%s on %s", s->user, s->host);
	fact(b, "You are", text);
	path_fact(b, "", "Home", s->home, "");
	path_fact(b, s->home, b->layout == LAYOUT_XS ? "State" : "State folder", s->state_dir,
		s->state_exists ? "" : "(new)");
	for (size_t i = 0; i < s->credential_count; i++)
		stored += s->credentials[i].in_store;
	other = s->credential_count - stored;
	t = STR_OF(text);
	if (stored)
		str_fmt(&t, "%zu profile%s", stored, stored == 1 ? "" : "s");
	if (other)
		str_fmt(&t, "%s%zu key%s in variables", stored ? ", " : "", other,
			other == 1 ? "" : "s");
	if (!s->credential_count)
		str_add(&t, "nothing yet");
	if (s->default_raw[0])
		str_fmt(&t, ", default model %s", s->default_model);
	fact(b, b->layout == LAYOUT_XS ? "Set up" : "Configured", text);
	if (s->protection[0])
		fact(b, b->layout == LAYOUT_XS ? "Keys" : "Keys are kept", s->protection);
}

static void draw_findings(const struct wizard *w, struct body *b)
{
	size_t count = 0;

	for (size_t i = 0; i < w->world->finding_count; i++) {
		const struct finding *f = &w->world->findings[i];
		char text[280];
		struct str t = STR_OF(text);

		if (!shown(w, f) || ++count > 3)
			continue;
		str_fmt(&t, "%s  %s", severity_word((int)f->severity), f->text);
		body_mark(
			b, b->layout == LAYOUT_XS ? 0 : 2, severity_glyph((int)f->severity), text);
	}
	if (count > 3)
		body_more(b, GLYPH_DOWN, count - 3, "more under Status and doctor");
}

static void start_draw(const struct wizard *w, struct body *b)
{
	enum choice list[4];
	size_t n = choices(w, list);

	if (b->layout >= LAYOUT_M) {
		body_line(b, 0, ROLE_TITLE, "Connect a model provider so the gateway can answer.");
		body_gap(b);
	}
	for (size_t i = 0; i < n; i++)
		draw_choice(w, b, list[i], (int)i + 1);
	body_gap(b);
	if (b->layout > LAYOUT_S)
		body_line(b, 0, ROLE_TITLE, "Where you are");
	draw_where(w, b);
	if (b->layout >= LAYOUT_M)
		body_gap(b);
	draw_findings(w, b);
}

/* A rotation that was given up leaves nothing behind in what is added instead. */
static void forget_rotation(struct wizard *w)
{
	struct draft *d = &w->draft;

	if (d->intent != INTENT_ROTATE)
		return;
	if (!w->carried)
		forget_secret(w);
	if (!w->fixed_provider)
		d->provider = NULL;
	d->keep = KEEP_SEALED;
	d->keep_fallback = true;
}

static enum reply take(struct wizard *w, enum choice c)
{
	switch (c) {
	case CHOICE_CONNECT:
		forget_rotation(w);
		w->flow = FLOW_ADD;
		w->draft.intent = INTENT_ADD;
		return REPLY_NEXT;
	case CHOICE_ROTATE:
		w->flow = FLOW_ROTATE;
		w->draft.intent = INTENT_ROTATE;
		return REPLY_NEXT;
	case CHOICE_REPAIR:
		w->draft.intent = INTENT_REPAIR;
		return REPLY_PANEL;
	default:
		w->draft.intent = INTENT_ADD;
		return REPLY_PANEL;
	}
}

static enum reply start_act(struct wizard *w, int action, const struct event *ev)
{
	enum choice list[4];
	size_t n = choices(w, list);

	list_count(&w->lists[STEP_START], n);
	if (action == ACT_ENTER)
		return take(w, list[w->lists[STEP_START].at]);
	if (list_pick(w, ev, n))
		return take(w, list[w->lists[STEP_START].at]);
	list_move(w, ev);
	return REPLY_STAY;
}

static enum reply start_paste(struct wizard *w, const struct event *ev)
{
	if (w->fixed_provider || !ev->paste || !looks_secret(ev)) {
		say(w, SEVERITY_WARN, "Paste ignored: no field is active here.");
		return REPLY_STAY;
	}
	if (take_paste(w, ev, true)) {
		w->carried = true;
		w->lists[STEP_START].at = 0;
		carry_message(w);
	}
	return REPLY_STAY;
}

const struct step step_start = {
	.id = "start",
	.title = "Start",
	.about = "Where this program works, what is set up already, and what you came for. "
		 "Nothing is written before you confirm on the Review step.",
	.keys = start_keys,
	.picks = start_picks,
	.draw = start_draw,
	.act = start_act,
	.paste = start_paste,
};
