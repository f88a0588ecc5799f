/* SPDX-License-Identifier: MIT */

/* How the key is kept. Facts and limits, no adjectives (security.md 1.3). */

#include <stdio.h>

#include "wizard/steps.h"

/* A vault that is there keeps its ways in: a save adds a record to it and changes no slot. */
static const char vault_is_there[] =
	"\"thinkfleetbot secrets slot add\" changes what opens the vault.";

static const char *always(const struct wizard *w)
{
	(void)w;
	return "";
}

static const char *why_no_system_key(const struct wizard *w)
{
	return w->world->vault_exists ? vault_is_there : w->custody.no_system_key;
}

static const char *why_no_passphrase(const struct wizard *w)
{
	return w->world->vault_exists ? vault_is_there : w->custody.no_passphrase;
}

struct way {
	const char *label;
	const char *note;  /* beside it */
	const char *brief; /* the same where columns are scarce */
	const char *lines; /* under it */
	int at;            /* column of the note, after the number */
	enum keep keep;
	enum opener opener;
	const char *(*why_not)(const struct wizard *w); /* "": it can be chosen */
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
		.at = 16,
		.keep = KEEP_SEALED,
		.opener = OPENER_FILE,
		.why_not = always,
	},
	{
		.label = "Sealed with the system's key",
		.note = "needs administrator, system service",
		.brief = "system service",
		.lines = "Also safe if the disk alone is stolen. It comes with a recovery code.",
		.at = 33,
		.keep = KEEP_SEALED,
		.opener = OPENER_SYSTEM,
		.why_not = why_no_system_key,
	},
	{
		.label = "Sealed with a passphrase",
		.note = "! offline after a restart until typed",
		.brief = "! typed each restart",
		.lines = "The gateway starts only with \"thinkfleetbot run\", which asks for it.",
		.at = 33,
		.keep = KEEP_SEALED,
		.opener = OPENER_PASSPHRASE,
		.why_not = why_no_passphrase,
	},
	{
		.label = "Plain text",
		.note = "every gateway version can read it",
		.brief = "every gateway can read it",
		.lines = "Anyone who reads the file has your keys.",
		.at = 16,
		.keep = KEEP_PLAIN,
		.why_not = always,
	},
};

static const struct binding keys_protect[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "keep it the selected way" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

/* Beside a new vault's way in there can be a code on paper. */
static const struct binding keys_new_vault[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "keep it the selected way" },
	{ KEYS_NONE, ' ', ACT_TOGGLE, "Space", "recovery", 1,
		"a recovery code on paper, which also opens the vault" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

static const struct binding *protect_keys(const struct wizard *w)
{
	return w->world->vault_exists ? keys_protect : keys_new_vault;
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
	const char *why_not = ways[i].why_not(w);
	bool selected = w->lists[STEP_PROTECT].at == i;
	bool here = !why_not[0];
	int x = body_row(b, selected, (int)i + 1);

	body_put(b, x, here ? ROLE_TEXT : ROLE_MUTED, ways[i].label);
	if (b->layout > LAYOUT_XS)
		body_put(b, x + ways[i].at, ROLE_MUTED,
			!here                   ? "not here"
			: b->layout >= LAYOUT_M ? ways[i].note
						: ways[i].brief);
	body_row_end(b, selected);
	/* Where rows are scarce only the selected way explains itself. */
	if (b->layout >= LAYOUT_M || selected)
		body_wrap(b, b->layout == LAYOUT_XS ? 2 : x, ROLE_MUTED,
			here ? ways[i].lines : why_not);
	if (i == 0 || b->layout >= LAYOUT_M)
		body_gap(b);
}

static void draw_recovery(const struct wizard *w, struct body *b)
{
	bool on = w->draft.want_recovery;

	body_fmt(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, "[%c] %s", on ? 'x' : ' ',
		b->layout == LAYOUT_XS  ? "recovery code, on paper"
		: b->layout == LAYOUT_S ? "and a recovery code on paper"
					: "and a recovery code on paper, shown once");
	if (b->layout > LAYOUT_XS)
		body_only(b, b->layout == LAYOUT_S ? 42 : 50, ROLE_MUTED, "Space toggles");
	body_next(b);
}

static void draw_sealed(const struct wizard *w, struct body *b)
{
	size_t n = sealed_count(w);
	char text[200];
	struct str s = STR_OF(text);

	if (!n)
		return;
	if (b->layout < LAYOUT_M)
		body_gap(b);
	str_fmt(&s, "%zu key%s already sealed%s%s. %s.", n, n == 1 ? "" : "s",
		w->custody.opens[0] ? "; the vault " : "", w->custody.opens,
		n == 1 ? "It stays as it is" : "They stay as they are");
	body_wrap(b, 0, ROLE_TEXT, text);
}

static void protect_draw(const struct wizard *w, struct body *b)
{
	bool fresh = !w->world->vault_exists;

	body_line(b, 0, ROLE_TITLE,
		b->layout == LAYOUT_XS ? "How should keys be kept?"
				       : "How should your keys be kept on this computer?");
	/* Where rows are scarce it must not be below the edge. */
	if (fresh && b->layout < LAYOUT_M)
		draw_recovery(w, b);
	else
		body_gap(b);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		draw_way(w, b, i);
	if (!fresh)
		draw_sealed(w, b);
	else if (b->layout >= LAYOUT_M)
		draw_recovery(w, b);
}

/* The way is taken; a code on paper comes before the next step, because it can be refused. */
static enum reply keep_by(struct wizard *w, const struct way *way)
{
	struct draft *d = &w->draft;

	d->keep = way->keep;
	d->opener = way->opener;
	if (d->keep == KEEP_PLAIN || w->world->vault_exists)
		return REPLY_NEXT;
	/* A firmware update or a new disk can lose the system's key for ever. */
	if (d->opener == OPENER_SYSTEM)
		d->want_recovery = true;
	if (!d->want_recovery)
		secret_release(&d->recovery);
	return d->want_recovery && !d->recovery.len ? REPLY_RECOVERY : REPLY_NEXT;
}

static enum reply take(struct wizard *w, const struct way *way)
{
	const char *why_not = way->why_not(w);

	if (why_not[0]) {
		say(w, SEVERITY_WARN, "%s", why_not);
		return REPLY_STAY;
	}
	if (way->keep == KEEP_PLAIN && w->draft.keep != KEEP_PLAIN) {
		w->overlay = OVERLAY_UNSEALED;
		return REPLY_STAY;
	}
	if (way->keep == KEEP_SEALED && way->opener == OPENER_PASSPHRASE &&
		w->custody.weak_passphrase && !w->draft.weak_passphrase) {
		w->overlay = OVERLAY_WEAKER;
		return REPLY_STAY;
	}
	return keep_by(w, way);
}

enum reply protect_agreed(struct wizard *w, enum overlay question)
{
	if (question == OVERLAY_WEAKER)
		w->draft.weak_passphrase = true;
	return keep_by(w, &ways[w->lists[STEP_PROTECT].at]);
}

void keep_words(const struct wizard *w, struct str *out)
{
	static const char *const opens[] = {
		[OPENER_FILE] = "opens with a key file on this disk",
		[OPENER_SYSTEM] = "opens with a system credential, inside its service",
		[OPENER_PASSPHRASE] = "opens only when a passphrase is typed",
	};
	const struct draft *d = &w->draft;
	bool there = w->world->vault_exists && w->custody.opens[0] && !w->applied;

	if (d->keep == KEEP_PLAIN) {
		str_add(out, "Plain text, anyone who reads the file has the key");
		return;
	}
	str_fmt(out, "Sealed, %s", there ? w->custody.opens : opens[d->opener]);
	if (d->recovery.len || d->want_recovery)
		str_add(out, "; also with the recovery code");
}

static enum reply protect_act(struct wizard *w, int action, const struct event *ev)
{
	struct list *l = &w->lists[STEP_PROTECT];

	list_count(l, ARRAY_LEN(ways));
	if (action == ACT_ENTER || list_pick(w, ev, ARRAY_LEN(ways)))
		return take(w, &ways[l->at]);
	if (action == ACT_TOGGLE)
		w->draft.want_recovery = !w->draft.want_recovery;
	else if (list_move(w, ev))
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
