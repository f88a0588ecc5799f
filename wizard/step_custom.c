/* SPDX-License-Identifier: MIT */

/*
 * An endpoint of the user's own: its name, its address, and a yes to the host that the key will
 * go to. The yes is asked before there is a key, and again whenever the address changes.
 */

#include <string.h>

#include "provider/url.h"
#include "wizard/steps.h"

static const struct binding keys_custom[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "go on", 0, "to the address; then check both" },
	{ KEYS_TAB, 0, ACT_TOGGLE, "Tab", "other field", 1, "the other field" },
	{ KEYS_BACKTAB, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_DOWN, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 2, "clear the field" },
	{ 0 },
};

static const struct binding keys_address[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "go on", 0, "check the address" },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 1, "clear the field" },
	{ 0 },
};

static const struct binding keys_confirm[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "yes, this host", 0, "the key may go to this host" },
	{ KEYS_TAB, 0, ACT_TOGGLE, "Tab", "change", 1, "change the name or the address" },
	{ KEYS_BACKTAB, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_DOWN, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", NULL, 0, "clear the field" },
	{ 0 },
};

static bool unnamed(const struct wizard *w)
{
	return own_provider_unnamed(w->draft.provider);
}

static const struct binding *custom_keys(const struct wizard *w)
{
	if (!w->own_shown && !unnamed(w))
		return keys_address;
	return w->own_shown ? keys_confirm : keys_custom;
}

static bool at_address(const struct wizard *w)
{
	return w->at_address || !unnamed(w);
}

static const char *text_of(const struct field *f)
{
	return f->text.len ? f->text.bytes : "";
}

static struct field *focused(struct wizard *w)
{
	return at_address(w) ? &w->own_address : &w->own_name;
}

/* --- drawing ------------------------------------------------------------------------------- */

static int indent(const struct body *b)
{
	return b->layout == LAYOUT_XS ? 0 : 3;
}

static void draw_name(const struct wizard *w, struct body *b)
{
	body_field(b, "name", &w->own_name, NULL, NULL);
}

static void draw_address(const struct wizard *w, struct body *b)
{
	body_field(b, "address", &w->own_address, NULL, NULL);
}

/* The field that has the focus is drawn last: it has the cursor. */
static void draw_fields(const struct wizard *w, struct body *b)
{
	int first = b->y;
	int end;

	if (unnamed(w))
		draw_name(w, b);
	if (unnamed(w) && b->layout > LAYOUT_XS)
		body_wrap(b, indent(b), ROLE_MUTED, "Yours to choose, for example my-llm.");
	draw_address(w, b);
	if (at_address(w))
		return;
	end = b->y;
	b->y = first;
	draw_name(w, b);
	b->y = end;
}

/* What the address means for the key, in a sentence. */
static void draw_host(const struct wizard *w, struct body *b)
{
	const struct provider_state *was = provider_state_of(w, w->own.id);
	char host[160], text[OWN_URL_CAP + 120];
	struct str h = STR_OF(host), s = STR_OF(text);
	struct url url;

	if (!url_parse(&url, w->own.base_url, NULL))
		return;
	url_shown(&h, &url);
	if (url.loopback)
		str_fmt(&s, "Your key will be sent to %s: it stays on this machine.", host);
	else
		str_fmt(&s, "Your key will be sent to %s, encrypted, and to no other host.", host);
	body_mark(b, indent(b), url.loopback ? GLYPH_OK : GLYPH_WARN, text);
	if (strstr(url.host, "xn--"))
		body_mark(b, indent(b), GLYPH_WARN,
			"Its name is in other letters (xn--): is it really the one you mean?");
	if (!was || !was->base_url[0] || strcmp(was->base_url, w->own.base_url) == 0)
		return;
	s = STR_OF(text);
	str_fmt(&s, "%s is set up for %s; that address will be replaced.", w->own.id,
		was->base_url);
	body_mark(b, indent(b), GLYPH_WARN, text);
}

static void custom_draw(const struct wizard *w, struct body *b)
{
	char title[80];
	struct str s = STR_OF(title);

	if (!unnamed(w))
		str_fmt(&s, b->layout == LAYOUT_XS ? "%s" : "Where is your %s?",
			w->draft.provider->label);
	else
		str_fmt(&s, b->layout == LAYOUT_XS ? "%s" : "Where is your %s endpoint?",
			w->draft.provider->models_hint);
	body_line(b, 0, ROLE_TITLE, title);
	body_gap(b);
	draw_fields(w, b);
	if (w->own_shown) {
		draw_host(w, b);
		return;
	}
	body_wrap(b, indent(b), ROLE_MUTED,
		b->layout == LAYOUT_XS
			? "https://host/v1"
			: "For example https://llm.example.org/v1; http only on this machine, "
			  "like http://127.0.0.1:8080/v1.");
}

/* --- doing --------------------------------------------------------------------------------- */

/* The same as before keeps the key that was pasted for it. */
static enum reply accept(struct wizard *w)
{
	struct draft *d = &w->draft;
	char method[24];

	w->own_shown = false;
	if (d->provider == &w->own.row)
		return REPLY_NEXT;
	str_copy(method, sizeof(method), d->method->id);
	choose_provider(w, &w->own.row);
	if (w->fixed_method)
		choose_method(w, provider_method(&w->own.row, method));
	return REPLY_NEXT;
}

/* Both are good, and what they mean is on the screen; the next Enter is the yes. */
static enum reply show(struct wizard *w)
{
	const struct provider *like = provider_row(w->draft.provider);
	struct own_provider made;
	struct err e = { 0 };

	if (!own_provider_make(&made, like, text_of(&w->own_name), text_of(&w->own_address), &e)) {
		w->at_address = e.code == ERR_CONFIG;
		say(w, SEVERITY_FAIL, "%s%s%s", e.msg, e.hint[0] ? ": " : "", e.hint);
		return REPLY_STAY;
	}
	if (w->own.row.like != like || strcmp(made.id, w->own.id) != 0 ||
		strcmp(made.base_url, w->own.base_url) != 0) {
		if (w->draft.provider == &w->own.row)
			choose_provider(w, like); /* what was checked there says nothing here */
		own_provider_make(
			&w->own, like, text_of(&w->own_name), text_of(&w->own_address), NULL);
	}
	w->own_shown = true;
	say_nothing(w);
	return REPLY_STAY;
}

static enum reply submit(struct wizard *w)
{
	if (w->own_shown)
		return accept(w);
	if (!focused(w)->text.len) {
		say(w, SEVERITY_FAIL, "Nothing typed yet.");
		return REPLY_STAY;
	}
	if (unnamed(w) && (!w->at_address || !w->own_name.text.len)) {
		w->at_address = !w->at_address;
		say_nothing(w);
		return REPLY_STAY;
	}
	return show(w);
}

static void changed(struct wizard *w)
{
	w->own_shown = false;
	say_nothing(w);
}

static enum reply custom_act(struct wizard *w, int action, const struct event *ev)
{
	if (action == ACT_ENTER)
		return submit(w);
	if (action == ACT_TOGGLE) {
		w->at_address = !w->at_address;
		changed(w);
	} else if (field_key(focused(w), ev)) {
		changed(w);
	}
	return REPLY_STAY;
}

static enum reply custom_paste(struct wizard *w, const struct event *ev)
{
	if (looks_secret(ev))
		say(w, SEVERITY_WARN, "That looks like a key. It is asked for after the address.");
	else if (paste_line(focused(w), ev))
		changed(w);
	else
		say(w, SEVERITY_WARN, "Paste ignored: this is one line.");
	return REPLY_STAY;
}

/* The row that stands for all of them was chosen, or the one that is being set up. */
static bool custom_wanted(const struct wizard *w)
{
	const struct provider *p = w->draft.provider;

	return w->flow == FLOW_ADD && p && (own_provider_wanted(p) || p == &w->own.row);
}

/* The address that it has by now is the likeliest. */
static enum reply custom_enter(struct wizard *w)
{
	if (!unnamed(w) && w->draft.base_url[0])
		secret_set(&w->own_address.text, w->draft.base_url, strlen(w->draft.base_url));
	w->at_address = false;
	w->own_shown = false;
	return REPLY_STAY;
}

const struct step step_custom = {
	.id = "custom",
	.title = "Endpoint",
	.about = "A server that speaks OpenAI's or Anthropic's protocol. Its models are called "
		 "NAME/model. The key is sent to the host of the address, never to another one: "
		 "a redirect is not followed.",
	.text = true,
	.keys = custom_keys,
	.wanted = custom_wanted,
	.enter = custom_enter,
	.draw = custom_draw,
	.act = custom_act,
	.paste = custom_paste,
};
