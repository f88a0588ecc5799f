/* SPDX-License-Identifier: MIT */

/*
 * The secret: one masked field. It never shows more than the public prefix,
 * twelve marks and the last four; what a person needs in order to trust it is
 * said in words under the field.
 */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wizard/steps.h"

/* Enter is there in every table, because it always answers something. */
#define ROW_CLEAR                                                                                  \
	{                                                                                          \
		KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 1, "clear the field"                   \
	}
#define ROW_WORD                                                                                   \
	{                                                                                          \
		KEYS_CTRL('W'), 0, ACT_PASS, "^W", NULL, 0, "delete back to a separator"           \
	}
#define ROW_PASTE                                                                                  \
	{                                                                                          \
		KEYS_NONE, 0, ACT_PASS, "paste", NULL, 0, "any way your terminal does"             \
	}

static const struct binding keys_verify[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "verify", 0, "test it live at the provider" },
	ROW_CLEAR,
	ROW_WORD,
	ROW_PASTE,
	{ 0 },
};

static const struct binding keys_anyway[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "verify anyway", 0, "test it although it looks odd" },
	ROW_CLEAR,
	ROW_WORD,
	ROW_PASTE,
	{ 0 },
};

static const struct binding keys_why[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "why not", 0, "say why it cannot be verified" },
	ROW_CLEAR,
	ROW_WORD,
	ROW_PASTE,
	{ 0 },
};

static const struct binding keys_switch[] = {
	{ KEYS_CTRL('T'), 0, ACT_SWITCH, "^T", "switch", 0,
		"use it for the provider it belongs to" },
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "why not", 2, "say why it cannot be verified" },
	ROW_CLEAR,
	ROW_WORD,
	ROW_PASTE,
	{ 0 },
};

static bool can_switch(const struct wizard *w)
{
	return w->flow == FLOW_ADD && !w->fixed_provider && w->report.verdict == PASTE_OTHER &&
	       w->report.provider && w->report.method;
}

/* The token already in use is not a new one. */
static bool blocked(const struct wizard *w)
{
	if (paste_blocks(w->report.verdict))
		return true;
	return w->flow == FLOW_ROTATE && same_as_stored(w);
}

static const struct binding *secret_keys(const struct wizard *w)
{
	if (can_switch(w))
		return keys_switch;
	if (!w->secret.text.len)
		return keys_verify;
	if (blocked(w))
		return keys_why;
	return w->warned ? keys_anyway : keys_verify;
}

static void draw_title(const struct wizard *w, struct body *b)
{
	const struct draft *d = &w->draft;
	char text[ID_CAP + 80];
	struct str s = STR_OF(text);

	if (w->flow == FLOW_ROTATE)
		str_fmt(&s, "Paste the new %s for %s", d->method->noun, d->profile_id);
	else if (w->flow == FLOW_PASTE)
		str_fmt(&s, "Provider  %s    Profile  %s", d->provider->id, d->profile_id);
	else if (b->layout == LAYOUT_XS)
		str_fmt(&s, "%s %s", d->provider->label, d->method->noun);
	else
		str_fmt(&s, "Paste your %s %s", d->provider->label, d->method->noun);
	body_line(b, 0, ROLE_TITLE, text);
	body_gap(b);
}

static void draw_how(const struct wizard *w, struct body *b)
{
	const char *const *how = w->draft.method->how;
	int n = 0;

	if (b->layout == LAYOUT_XS || (w->flow == FLOW_ROTATE && b->layout == LAYOUT_S))
		return;
	if (b->layout == LAYOUT_S) {
		if (how[0])
			body_wrap(b, 0, ROLE_TEXT, how[0]);
		body_gap(b);
		return;
	}
	for (; n < 3 && how[n]; n++) {
		body_fmt(b, 0, ROLE_MUTED, "%d", n + 1);
		body_wrap(b, 3, ROLE_TEXT, how[n]);
	}
	body_gap(b);
}

/* "Anthropic setup-token, 108 characters, ends 7QAA, fingerprint 1a2b3c4d" */
static void describe(const struct wizard *w, struct body *b, struct str *out)
{
	const struct secret *s = &w->secret.text;
	char tail[TAIL_CAP], fingerprint[FINGERPRINT_CAP];

	secret_tail(tail, s);
	secret_fingerprint(fingerprint, s);
	str_fmt(out, "%s, %zu characters",
		w->report.kind[0] ? w->report.kind : w->draft.method->noun, s->len);
	if (tail[0] && b->layout > LAYOUT_XS)
		str_fmt(out, ", ends %s", tail);
	if (b->layout >= LAYOUT_M)
		str_fmt(out, ", fingerprint %s", fingerprint);
}

static void draw_switch(const struct wizard *w, struct body *b)
{
	char text[120];
	struct str s = STR_OF(text);

	if (!can_switch(w))
		return;
	if (w->report.provider == w->draft.provider)
		str_fmt(&s, "use it as %s %s instead (keeps it, changes the way to sign in)",
			strchr("AEIOUaeio", w->report.method->noun[0]) ? "an" : "a",
			w->report.method->noun);
	else
		str_fmt(&s, "use it for %s instead (keeps the key, changes the provider)",
			w->report.provider->label);
	body_gap(b);
	body_put(b, b->layout == LAYOUT_XS ? 0 : 3, ROLE_KEY, b->lines ? "switch" : "^T");
	body_wrap(b, b->layout == LAYOUT_XS ? 4 : 7, ROLE_TEXT, text);
	body_only(b, b->layout == LAYOUT_XS ? 0 : 3, ROLE_KEY, "^U");
	body_only(b, b->layout == LAYOUT_XS ? 4 : 7, ROLE_TEXT, "clear and paste another");
	body_next(b);
}

/* What is known about the content; the message line has the verdict in a sentence. */
static void draw_facts(const struct wizard *w, struct body *b)
{
	int x = b->layout == LAYOUT_XS ? 0 : 3;
	char text[200], notes[6][80];
	struct str s = STR_OF(text);
	size_t n;

	if (!w->secret.text.len) {
		body_only(b, x, ROLE_MUTED, "(nothing pasted yet)");
		body_next(b);
		if (w->flow == FLOW_ADD && w->draft.provider->before)
			body_mark(b, x, GLYPH_WARN, w->draft.provider->before);
		return;
	}
	describe(w, b, &s);
	if (w->flow == FLOW_ROTATE && same_as_stored(w)) {
		s = STR_OF(text);
		str_fmt(&s, "This is the %s already in use. Create a new one first.",
			w->draft.method->noun);
		body_mark(b, x, GLYPH_FAIL, text);
	} else {
		body_mark(b, x,
			blocked(w)                       ? GLYPH_FAIL
			: paste_warns(w->report.verdict) ? GLYPH_WARN
							 : GLYPH_OK,
			text);
	}
	n = paste_notes(&w->report, notes, ARRAY_LEN(notes));
	for (size_t i = 0; i < n; i++)
		body_mark(b, x, GLYPH_OK, notes[i]);
	if (w->report.verdict == PASTE_SHORT)
		body_wrap(b, x, ROLE_TEXT, "It looks cut. Copy it again, with its second line.");
	draw_switch(w, b);
}

/* An address from the configuration is not the provider's own: say where the key will go. */
static void draw_address(const struct wizard *w, struct body *b)
{
	char text[CHECK_URL_CAP + 80];
	struct str s = STR_OF(text);

	if (!w->draft.base_url[0])
		return;
	str_fmt(&s, "It will be sent to %s (models.providers.%s.baseUrl).", w->draft.base_url,
		w->draft.provider->id);
	body_mark(b, b->layout == LAYOUT_XS ? 0 : 3, GLYPH_WARN, text);
}

static void secret_draw(const struct wizard *w, struct body *b)
{
	char tail[TAIL_CAP];

	secret_tail(tail, &w->secret.text);
	draw_title(w, b);
	draw_how(w, b);
	body_field(b, w->draft.method->noun, &w->secret, w->report.prefix, tail);
	draw_facts(w, b);
	draw_address(w, b);
}

static void say_why(struct wizard *w)
{
	if (w->report.message[0])
		say(w, SEVERITY_FAIL, "%s", w->report.message);
	else if (!w->secret.text.len)
		say(w, SEVERITY_FAIL, "Nothing pasted yet.");
	else if (w->secret.text.len)
		say(w, SEVERITY_FAIL, "Same as the stored %s (compared by fingerprint).",
			w->draft.method->noun);
}

static enum reply submit(struct wizard *w)
{
	struct err e = { 0 };

	if (!w->secret.text.len || blocked(w)) {
		say_why(w);
		return REPLY_STAY;
	}
	if (paste_warns(w->report.verdict) && !w->warned) {
		w->warned = true;
		say(w, SEVERITY_WARN, "%s%sEnter again verifies it anyway.", w->report.message,
			w->report.message[0] ? " " : "");
		return REPLY_STAY;
	}
	if (!keep_answer(w, &e)) {
		say(w, SEVERITY_FAIL, "%s", e.msg);
		return REPLY_STAY;
	}
	return REPLY_NEXT;
}

/* The recognised provider takes the key over. */
static enum reply switch_provider(struct wizard *w)
{
	const struct provider *p = w->report.provider;
	const struct method *m = w->report.method;

	if (!can_switch(w))
		return REPLY_STAY;
	w->carried = true; /* choosing must not forget it */
	if (p == w->draft.provider && m)
		choose_method(w, m);
	else
		choose_provider(w, p);
	w->carried = false;
	if (w->report.verdict == PASTE_GOOD)
		say(w, SEVERITY_OK, "Now setting up %s.", w->draft.provider->label);
	return REPLY_STAY;
}

static enum reply secret_act(struct wizard *w, int action, const struct event *ev)
{
	switch (action) {
	case ACT_ENTER:
		return submit(w);
	case ACT_SWITCH:
		return switch_provider(w);
	default:
		break;
	}
	if (!field_key(&w->secret, ev))
		return REPLY_STAY;
	w->typed = w->secret.text.len > 0;
	w->report.steps = 0;
	judge_secret(w);
	return REPLY_STAY;
}

static enum reply secret_paste(struct wizard *w, const struct event *ev)
{
	w->carried = false;
	take_paste(w, ev, false);
	return REPLY_STAY;
}

static bool secret_wanted(const struct wizard *w)
{
	return !w->draft.method || w->draft.method->kind != CRED_NONE;
}

static enum reply secret_enter(struct wizard *w)
{
	if (w->secret.text.len)
		judge_secret(w);
	w->carried = false;
	return REPLY_STAY;
}

const struct step step_secret = {
	.id = "secret",
	.title = "Secret",
	.about = "Paste the key. It is never shown: the field has its public prefix, twelve marks "
		 "whatever its length, and the last four characters.",
	.text = true,
	.keys = secret_keys,
	.wanted = secret_wanted,
	.enter = secret_enter,
	.draw = secret_draw,
	.act = secret_act,
	.paste = secret_paste,
};
