/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/say.h"

#define STATUS_LEFT 130

static bool read_choice(
	const char *option, const char *value, const char *const *names, int *out, struct err *e)
{
	for (int i = 0; value && names[i]; i++)
		if (strcmp(names[i], value) == 0) {
			*out = i;
			return true;
		}
	return !value || err_set(e, ERR_USAGE, "%s: \"%.40s\" is not known", option, value);
}

static bool term_choices(struct term_options *o, struct err *e)
{
	static const char *const colors[] = { "auto", "always", "never", NULL };
	static const char *const glyphs[] = { "unicode", "cp437", "ascii", NULL };
	int color = TERM_COLOR_AUTO;

	o->glyphs = -1;
	if (!read_choice("--color", globals.color, colors, &color, e) ||
		!read_choice("--glyphs", globals.glyphs, glyphs, &o->glyphs, e))
		return false;
	o->color = (enum term_color)color;
	return true;
}

bool screen_possible(const char *instead, struct err *e)
{
	const char *why = NULL;

	if (globals.plain)
		why = "--plain was given";
	else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		why = "standard input or output is no terminal";
	else
		why = term_unusable();
	if (!why)
		return true;
	err_set(e, ERR_REFUSED, "the full screen cannot be used here: %s", why);
	return err_hint(e, "%s", instead);
}

static struct wizard *make_wizard(
	struct session *s, const struct screen *o, const char *rotate, struct err *e)
{
	struct wizard *w = wizard_new(&s->now, e);
	bool ok = w != NULL;

	if (ok && rotate)
		ok = wizard_rotate(w, rotate, e);
	else if (ok && o->start == SCREEN_PASTE)
		ok = wizard_paste_only(w, o->provider, o->profile_id, o->expires_ms, e);
	else if (ok && o->start == SCREEN_ADD)
		ok = wizard_add(w, o->provider, o->profile_id, o->expires_ms, e);
	else if (ok && (o->provider || o->method || o->profile_id))
		ok = wizard_preset(w, o->provider, o->method, o->profile_id, e);
	if (ok)
		return w;
	wizard_free(w);
	return NULL;
}

/* The wizard once; *wrote: Apply has succeeded. */
static bool wizard_once(struct session *s, const struct screen *o, const char *rotate,
	enum leave *how, bool *wrote, struct err *e)
{
	struct wizard *w = make_wizard(s, o, rotate, e);
	bool ok;

	if (w && o->start == SCREEN_PANEL)
		wizard_from_panel(w);
	ok = w && drive_wizard(s, w, how, e);

	*wrote = w && wizard_wrote(w);
	wizard_free(w);
	return ok;
}

/* Where the person is in turning between wizard and panel. */
struct turn {
	struct session *s;
	struct screen next; /* preset answers count for the first wizard only */
	enum leave how;     /* how the last screen was left: what comes next */
	char selected[ID_CAP];
	bool wrote;
	int status;
};

static bool turn_panel(struct turn *t, struct err *e)
{
	const char *message =
		t->wrote ? "Setup complete. This view keeps running; quitting it changes nothing."
			 : NULL;

	t->status = 0;
	t->next = (struct screen){
		.command = t->next.command, .agent = t->next.agent, .start = SCREEN_PANEL
	};
	return session_look(t->s, e) && drive_panel(t->s, message, &t->how, t->selected, e);
}

static bool turn_wizard(struct turn *t, struct err *e)
{
	const char *rotate = t->how == LEAVE_ROTATE ? t->selected : NULL;

	if (!wizard_once(t->s, &t->next, rotate, &t->how, &t->wrote, e))
		return false;
	t->status = t->wrote ? 0 : STATUS_LEFT;
	return true;
}

/* Wizard and panel in turn until the person leaves. */
static bool turns(struct turn *t, struct err *e)
{
	static bool (*const next[])(struct turn *, struct err *) = {
		[LEAVE_PANEL] = turn_panel,
		[LEAVE_ADD] = turn_wizard,
		[LEAVE_ROTATE] = turn_wizard,
		[LEAVE_SIGNAL] = NULL,
	};

	while (next[t->how])
		if (!next[t->how](t, e))
			return false;
	return true;
}

static enum leave first_turn(const struct screen *o)
{
	if (o->start == SCREEN_PANEL)
		return LEAVE_PANEL;
	return o->rotate ? LEAVE_ROTATE : LEAVE_ADD;
}

bool screen_run(const struct screen *o, int *status, struct err *e)
{
	struct term_options options = { 0 };
	struct session s;
	struct turn t = { .s = &s, .next = *o, .how = first_turn(o) };
	bool ok = false;

	if (!term_choices(&options, e))
		return false;
	str_copy(t.selected, sizeof(t.selected), o->rotate ? o->rotate : "");
	if (session_open(&s, o->agent, o->start == SCREEN_PANEL ? PLACE_REPAIR : PLACE_WRITE,
		    o->command, e) &&
		term_open(&options, e))
		ok = turns(&t, e);
	session_close(&s);
	term_close();
	if (s.note[0])
		say_note(NULL, s.note);
	*status = t.how == LEAVE_SIGNAL ? term_quit_signal() : t.status;
	return ok;
}
