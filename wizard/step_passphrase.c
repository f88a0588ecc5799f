/* SPDX-License-Identifier: MIT */

/*
 * The passphrase: a new one, typed twice, or the one of the vault that is there. It stays in
 * the draft until Apply; two that differ are noticed on Enter, not while typing.
 */

#include <string.h>

#include "wizard/passphrase.h"
#include "wizard/steps.h"

static const struct binding keys_first[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "go on", 0, "go on" },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 1, "clear the field" },
	{ 0 },
};

static const struct binding keys_twice[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "go on", 0, "to the second field; then compare" },
	{ KEYS_TAB, 0, ACT_TOGGLE, "Tab", "other field", 1, "the other field" },
	{ KEYS_BACKTAB, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_DOWN, 0, ACT_TOGGLE, NULL, NULL, 0, NULL },
	{ KEYS_CTRL('U'), 0, ACT_PASS, "^U", "clear", 2, "clear the field" },
	{ 0 },
};

bool new_passphrase(const struct wizard *w)
{
	return w->draft.keep == KEEP_SEALED && w->draft.opener == OPENER_PASSPHRASE &&
	       !w->world->vault_exists;
}

static const struct binding *passphrase_keys(const struct wizard *w)
{
	return new_passphrase(w) ? keys_twice : keys_first;
}

static enum strength strength_of(const struct wizard *w)
{
	const char *name = strchr(w->draft.profile_id, ':');
	const char *const names[] = { w->draft.profile_id, w->draft.provider->id,
		w->draft.provider->label, name ? name + 1 : "", w->world->user, w->world->host,
		"thinkfleetbot", NULL };

	return passphrase_strength(&w->passphrase.text, names);
}

static void draw_strength(const struct wizard *w, struct body *b)
{
	enum strength s = strength_of(w);
	int x = b->layout == LAYOUT_XS ? 0 : 3;

	if (!w->passphrase.text.len) {
		body_wrap(b, x, ROLE_MUTED,
			b->layout == LAYOUT_XS
				? "10 characters or 4 words"
				: "At least ten characters or four words; five or six "
				  "random words are easy to type.");
		return;
	}
	body_mark(b, x,
		strength_refused(s)  ? GLYPH_FAIL
		: s == STRENGTH_WEAK ? GLYPH_WARN
				     : GLYPH_OK,
		strength_words(s));
}

/* The field that has the focus is drawn last: it has the cursor. */
static void draw_two(const struct wizard *w, struct body *b)
{
	int first = b->y;

	body_field(b, "passphrase", &w->passphrase, NULL, NULL);
	draw_strength(w, b);
	body_field(b, "the same again", &w->again, NULL, NULL);
	if (!w->at_again) {
		int end = b->y;

		b->y = first;
		body_field(b, "passphrase", &w->passphrase, NULL, NULL);
		b->y = end;
	}
}

static void passphrase_draw(const struct wizard *w, struct body *b)
{
	bool fresh = new_passphrase(w);

	body_line(b, 0, ROLE_TITLE,
		!fresh                   ? "This vault opens with a passphrase"
		: b->layout == LAYOUT_XS ? "A passphrase for the vault"
					 : "Choose a passphrase for the vault");
	body_gap(b);
	if (b->layout >= LAYOUT_M) {
		body_wrap(b, 0, ROLE_TEXT,
			fresh ? "It is stored nowhere. Who forgets it needs the recovery code, or "
				"enters every key again."
			      : "It is tried when the changes are worked out, before anything is "
				"written.");
		body_gap(b);
	}
	if (fresh)
		draw_two(w, b);
	else
		body_field(b, "passphrase", &w->passphrase, NULL, NULL);
}

static enum reply keep(struct wizard *w)
{
	struct err e = { 0 };

	if (!secret_copy(&w->draft.passphrase, &w->passphrase.text, &e)) {
		say(w, SEVERITY_FAIL, "%s", e.msg);
		return REPLY_STAY;
	}
	return REPLY_NEXT;
}

static enum reply submit_first(struct wizard *w)
{
	enum strength s = strength_of(w);

	if (strength_refused(s)) {
		say(w, SEVERITY_FAIL, "%s", strength_words(s));
		return REPLY_STAY;
	}
	w->at_again = true;
	say_nothing(w);
	return REPLY_STAY;
}

static enum reply submit(struct wizard *w)
{
	if (!w->passphrase.text.len) {
		say(w, SEVERITY_FAIL, "Nothing typed yet.");
		return REPLY_STAY;
	}
	if (!new_passphrase(w))
		return keep(w);
	if (!w->at_again)
		return submit_first(w);
	if (!secret_equal(&w->passphrase.text, &w->again.text)) {
		secret_clear(&w->again.text);
		say(w, SEVERITY_FAIL, "The two are different. Type the second one again.");
		return REPLY_STAY;
	}
	if (strength_refused(strength_of(w))) { /* the first was changed meanwhile */
		w->at_again = false;
		return submit_first(w);
	}
	return keep(w);
}

static struct field *focused(struct wizard *w)
{
	return w->at_again ? &w->again : &w->passphrase;
}

static enum reply passphrase_act(struct wizard *w, int action, const struct event *ev)
{
	if (action == ACT_ENTER)
		return submit(w);
	if (action == ACT_TOGGLE)
		w->at_again = !w->at_again;
	else if (field_key(focused(w), ev))
		say_nothing(w);
	return REPLY_STAY;
}

/* From a password manager. Quick typing over a slow line arrives like this, too: it is added. */
static enum reply passphrase_paste(struct wizard *w, const struct event *ev)
{
	if (paste_line(focused(w), ev))
		say_nothing(w);
	else
		say(w, SEVERITY_WARN, "Paste ignored: a passphrase is one line.");
	return REPLY_STAY;
}

static bool passphrase_wanted(const struct wizard *w)
{
	return new_passphrase(w) ||
	       (w->custody.asks && w->draft.method && w->draft.method->kind != CRED_NONE);
}

static enum reply passphrase_enter(struct wizard *w)
{
	w->at_again = false;
	secret_clear(&w->again.text);
	return REPLY_STAY;
}

const struct step step_passphrase = {
	.id = "passphrase",
	.title = "Passphrase",
	.about = "The passphrase is made into a key with Argon2id, which takes this computer up to "
		 "two seconds and an attacker as long for every guess. Neither is written down.",
	.text = true,
	.keys = passphrase_keys,
	.wanted = passphrase_wanted,
	.enter = passphrase_enter,
	.draw = passphrase_draw,
	.act = passphrase_act,
	.paste = passphrase_paste,
};
