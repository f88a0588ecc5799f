/* SPDX-License-Identifier: MIT */

/*
 * A service that starts by itself and a vault that waits for a person do not fit
 * together. Who wants that says so in a sentence, not with one more Enter.
 */

#include <string.h>

#include "wizard/steps.h"

static const struct binding keys_offline[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "go on", 0, "go on, when the sentence is there" },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 1, "clear the field" },
	{ 0 },
};

static const struct binding *offline_keys(const struct wizard *w)
{
	(void)w;
	return keys_offline;
}

static void offline_draw(const struct wizard *w, struct body *b)
{
	body_wrap(b, 0, ROLE_TITLE,
		b->layout == LAYOUT_XS ? "A service starts here"
				       : "A gateway's service is installed on this computer.");
	body_gap(b);
	body_wrap(b, 0, ROLE_TEXT,
		b->layout == LAYOUT_XS
			? "After every restart it has no keys until you start it by hand."
			: "After every restart it has no keys, and answers nobody, until you start "
			  "it by hand with \"thinkfleetbot run\" and type the passphrase.");
	body_gap(b);
	body_put(b, 0, ROLE_TEXT, b->layout == LAYOUT_XS ? "Type:" : "When you want that, type:");
	body_line(b, b->layout == LAYOUT_XS ? 6 : 26, ROLE_KEY, OFFLINE_SENTENCE);
	body_gap(b);
	body_field(b, "the sentence", &w->sentence, NULL, NULL);
}

static enum reply offline_act(struct wizard *w, int action, const struct event *ev)
{
	const struct secret *typed = &w->sentence.text;

	if (action != ACT_ENTER) {
		if (field_key(&w->sentence, ev))
			say_nothing(w);
		return REPLY_STAY;
	}
	if (typed->len == strlen(OFFLINE_SENTENCE) &&
		memcmp(typed->bytes, OFFLINE_SENTENCE, typed->len) == 0)
		return REPLY_NEXT;
	say(w, SEVERITY_WARN, "Type \"" OFFLINE_SENTENCE "\", or Esc for another way.");
	return REPLY_STAY;
}

static enum reply offline_paste(struct wizard *w, const struct event *ev)
{
	if (looks_secret(ev) || !paste_line(&w->sentence, ev))
		say(w, SEVERITY_WARN, "Paste ignored: that is not the sentence.");
	return REPLY_STAY;
}

static bool offline_wanted(const struct wizard *w)
{
	return new_passphrase(w) && w->custody.always_on;
}

const struct step step_offline = {
	.id = "offline",
	.title = "Offline",
	.about = "The gateway's service cannot ask you. With a passphrase as the only way into the "
		 "vault it stays without keys after every restart.",
	.text = true,
	.keys = offline_keys,
	.wanted = offline_wanted,
	.draw = offline_draw,
	.act = offline_act,
	.paste = offline_paste,
};
