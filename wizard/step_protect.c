/* SPDX-License-Identifier: MIT */

/* How the key is kept. Facts and limits, no adjectives (security.md 1.3). */

#include <stdio.h>

#include "wizard/steps.h"

struct way {
	const char *label;
	const char *note;  /* beside it */
	const char *brief; /* the same where columns are scarce */
	const char *lines; /* under it */
	bool here;         /* can be chosen in this version */
	enum keep keep;
};

static const struct way ways[] = {
	{
		.label = "Sealed",
		.note = "recommended, the gateway starts by itself",
		.brief = "recommended, works unattended",
		.lines = "Encrypted; the unlocking key is a separate file that only you can "
			 "read. Safe if the bot folder leaks: backups, git, a support zip, a "
			 "tool that prints the file. Not safe if someone copies your whole home "
			 "or disk, runs programs as you, or is root.",
		.here = true,
		.keep = KEEP_SEALED,
	},
	{
		.label = "Sealed with the system's key",
		.note = "not in this version",
		.brief = "not in this version",
		.lines = "Comes with \"thinkfleetbot secrets slot add\".",
	},
	{
		.label = "Sealed with a passphrase",
		.note = "not in this version",
		.brief = "not in this version",
		.lines = "Comes with \"thinkfleetbot secrets slot add\"; offline after a "
			 "restart.",
	},
	{
		.label = "Plain text",
		.note = "every gateway version can read it",
		.brief = "every gateway can read it",
		.lines = "Anyone who reads the file has your keys.",
		.here = true,
		.keep = KEEP_PLAIN,
	},
};

static const struct binding keys_protect[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "keep it the selected way" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

static const struct binding *protect_keys(const struct wizard *w)
{
	(void)w;
	return keys_protect;
}

static size_t protect_picks(const struct wizard *w)
{
	(void)w;
	return ARRAY_LEN(ways);
}

static size_t sealed_count(const struct wizard *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->world->credential_count; i++)
		n += w->world->credentials[i].stored == STORED_SEALED;
	return n;
}

static void draw_way(const struct wizard *w, struct body *b, size_t i)
{
	bool selected = w->lists[STEP_PROTECT].at == i;
	enum role role = ways[i].here ? ROLE_TEXT : ROLE_MUTED;
	int x = body_row(b, selected, (int)i + 1);

	body_put(b, x, role, ways[i].label);
	if (b->layout > LAYOUT_XS)
		body_put(b, ways[i].here ? x + 16 : x + 33, ROLE_MUTED,
			b->layout >= LAYOUT_M ? ways[i].note : ways[i].brief);
	body_row_end(b, selected);
	/* Where rows are scarce only the selected way explains itself. */
	if (b->layout >= LAYOUT_M || selected)
		body_wrap(b, b->layout == LAYOUT_XS ? 2 : x, ROLE_MUTED, ways[i].lines);
	if (i == 0 || b->layout >= LAYOUT_M)
		body_gap(b);
}

static void protect_draw(const struct wizard *w, struct body *b)
{
	size_t n = sealed_count(w);
	char text[160];
	struct str s = STR_OF(text);

	body_line(b, 0, ROLE_TITLE,
		b->layout == LAYOUT_XS ? "How should keys be kept?"
				       : "How should your keys be kept on this computer?");
	body_gap(b);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		draw_way(w, b, i);
	if (!n || !w->world->vault_exists)
		return;
	if (b->layout < LAYOUT_M)
		body_gap(b);
	str_fmt(&s, "%zu key%s already sealed with the key file. %s.", n, n == 1 ? "" : "s",
		n == 1 ? "It stays as it is" : "They stay as they are");
	body_wrap(b, 0, ROLE_TEXT, text);
}

static enum reply take(struct wizard *w, const struct way *way)
{
	if (!way->here) {
		say(w, SEVERITY_WARN, "%s is not available in this version.", way->label);
		return REPLY_STAY;
	}
	if (way->keep == KEEP_PLAIN && w->draft.keep != KEEP_PLAIN) {
		w->overlay = OVERLAY_UNSEALED;
		return REPLY_STAY;
	}
	w->draft.keep = way->keep;
	return REPLY_NEXT;
}

static enum reply protect_act(struct wizard *w, int action, const struct event *ev)
{
	struct list *l = &w->lists[STEP_PROTECT];

	list_count(l, ARRAY_LEN(ways));
	if (action == ACT_ENTER || list_pick(w, ev, ARRAY_LEN(ways)))
		return take(w, &ways[l->at]);
	if (list_move(w, ev))
		say_nothing(w);
	return REPLY_STAY;
}

/* A rotation asks only where the old key lies in a file that this program does not write to. */
static bool protect_wanted(const struct wizard *w)
{
	const struct credential *c = snapshot_find(w->world, w->draft.profile_id);

	if (w->flow == FLOW_ROTATE)
		return c && c->stored == STORED_PLAIN_PROFILES;
	return w->flow == FLOW_ADD && w->draft.method && w->draft.method->kind != CRED_NONE;
}

const struct step step_protect = {
	.id = "protect",
	.title = "Protect",
	.about = "Encryption protects copies of your files. It does not protect against programs "
		 "that run as you, or against root. Because the gateway must start without you, "
		 "something on this computer can unlock the vault without you.",
	.keys = protect_keys,
	.picks = protect_picks,
	.wanted = protect_wanted,
	.draw = protect_draw,
	.act = protect_act,
};
