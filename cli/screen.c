/* SPDX-License-Identifier: MIT */
#include "cli/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "cli/drive_lines.h"
#include "cli/out_doctor.h"
#include "cli/out_status.h"
#include "cli/say.h"

#define STATUS_LEFT 130

static bool read_choice(
	const char *option, const char *value, const char *const *names, int *out, struct err *e)
{
	char list[80];
	struct str s = STR_OF(list);

	for (int i = 0; value && names[i]; i++) {
		str_fmt(&s, "%s%s", i ? ", " : "", names[i]);
		if (strcmp(names[i], value) == 0) {
			*out = i;
			return true;
		}
	}
	if (!value)
		return true;
	err_set(e, ERR_USAGE, "%s: \"%.40s\" is not known", option, value);
	return err_hint(e, "one of: %s", list);
}

bool screen_choices(struct term_options *o, struct err *e)
{
	static const char *const colors[] = { "auto", "always", "never", NULL };
	static const char *const sets[] = { "unicode", "cp437", "ascii", NULL };
	int color = TERM_COLOR_AUTO;
	int glyphs = -1;

	if (!read_choice("--color", globals.color, colors, &color, e) ||
		!read_choice("--glyphs", globals.glyphs, sets, &glyphs, e))
		return false;
	if (o) {
		o->color = (enum term_color)color;
		o->glyphs = glyphs;
	}
	return true;
}

/* A convention of several programs: set, and not to "no". */
static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0] && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

static bool too_small(void)
{
	struct winsize size = { 0 };

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
	       layout_of(size.ws_row, size.ws_col) == LAYOUT_TINY;
}

enum screen_mode screen_mode(const char **why)
{
	bool terminal = isatty(STDIN_FILENO) == 1;

	*why = NULL;
	if (globals.plain)
		*why = "--plain";
	else if (!terminal)
		*why = "standard input is no terminal";
	else if (is_set("ACCESSIBLE"))
		*why = "ACCESSIBLE is set";
	else if (is_set("THINKFLEETBOT_PLAIN"))
		*why = "THINKFLEETBOT_PLAIN is set";
	else if (isatty(STDOUT_FILENO) != 1)
		*why = "standard output is no terminal";
	else if (too_small())
		*why = "the window is smaller than 40x12";
	else
		*why = term_unusable();
	if (!*why)
		return SCREEN_FULL;
	/* Who asks for lines may pipe the answers in; else a pipe is nobody who answers. */
	return terminal || globals.plain ? SCREEN_LINES : SCREEN_NONE;
}

bool screen_possible(const char *instead, struct err *e)
{
	const char *why;

	if (screen_mode(&why) != SCREEN_NONE)
		return true;
	err_set(e, ERR_REFUSED, "nothing can be asked here: %s", why);
	return err_hint(e, "%s", instead);
}

static struct wizard *make_wizard(
	struct session *s, const struct screen *o, const char *rotate, struct err *e)
{
	const struct credential *known = rotate ? look_find(&s->now, rotate) : NULL;
	struct wizard *w = wizard_new(&s->now, e);
	bool ok = w != NULL;

	if (ok && rotate)
		ok = wizard_rotate(w, known ? known->id : rotate, e);
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

/* Where the person is in turning between wizard and panel. */
struct turn {
	struct session *s;
	struct screen next; /* preset answers count for the first wizard only */
	enum leave how;     /* how the last screen was left: what comes next */
	char selected[ID_CAP];
	bool wrote;
	struct wizard *first; /* that wrote: its answers may be asked for at the end; or NULL */
	int status;
};

/* The wizard is done: its answers are kept when it is the first that wrote. */
static void wizard_done(struct turn *t, struct wizard *w)
{
	t->wrote = w && wizard_wrote(w);
	if (t->wrote && !t->first)
		t->first = w;
	else
		wizard_free(w);
}

/* After the screen: whoever started this hears what was answered. */
static bool tell_answers(const struct turn *t, const struct screen *o, struct err *e)
{
	return !o->wrote || !t->first || o->wrote(wizard_draft(t->first), e);
}

static bool wizard_once(struct turn *t, const char *rotate, struct err *e)
{
	struct wizard *w = make_wizard(t->s, &t->next, rotate, e);
	bool ok;

	if (w && t->next.start == SCREEN_PANEL)
		wizard_from_panel(w);
	ok = w && drive_wizard(t->s, w, &t->how, e);
	wizard_done(t, w);
	return ok;
}

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

	if (!wizard_once(t, rotate, e))
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

static bool print_status(struct session *s, struct err *e)
{
	if (!session_look(s, e) || !out_status_text(stdout, &s->now, MS_DAY, e))
		return false;
	putchar('\n');
	out_doctor_text(stdout, &s->now);
	return true;
}

/* What comes after the conversation, instead of the panel. */
static bool lines_after(
	struct session *s, struct lineio *io, enum leave how, bool wrote, struct err *e)
{
	if (wrote)
		lineio_say(io, "Next: thinkfleetbot status");
	else if (how == LEAVE_PANEL)
		return print_status(s, e);
	else
		lineio_say(io, "Left. Nothing was written.");
	return true;
}

static bool lines_talk(
	struct session *s, const struct screen *o, struct lineio *io, struct turn *t, struct err *e)
{
	struct wizard *w;
	bool ok;

	if (!session_open(s, o->agent, PLACE_WRITE, o->command, e))
		return false;
	w = make_wizard(s, o, o->rotate, e);
	ok = w && drive_lines(s, w, io, &t->how, e);
	wizard_done(t, w);
	return ok && lines_after(s, io, t->how, t->wrote, e);
}

/* The same wizard, line by line. */
static bool lines_run(const struct screen *o, const char *why, int *status, struct err *e)
{
	bool shown = isatty(STDOUT_FILENO) == 1 || isatty(STDIN_FILENO) != 1;
	struct session s = { .probe = CLIENT_NONE, .watch = -1, .epoll = -1, .probe_fd = -1 };
	struct turn t = { .how = LEAVE_QUIT };
	struct lineio io;
	bool ok = false;
	int number;

	if (!lineio_open(&io, STDIN_FILENO, shown ? STDOUT_FILENO : -1, e))
		return false;
	lineio_say(&io, "Plain mode (%s). Nothing is written before you confirm.", why);
	ok = lines_talk(&s, o, &io, &t, e);
	session_close(&s);
	number = lineio_close(&io);
	if (s.note[0])
		say_note(NULL, s.note);
	*status = t.wrote || t.how == LEAVE_PANEL ? 0 : STATUS_LEFT;
	ok = ok && tell_answers(&t, o, e);
	wizard_free(t.first);
	if (ok && t.how == LEAVE_SIGNAL) {
		raise(number);
		*status = 128 + number; /* it was blocked */
	}
	return ok;
}

bool screen_run(const struct screen *o, int *status, struct err *e)
{
	struct term_options options = { 0 };
	const char *why;
	struct session s;
	struct turn t = { .s = &s, .next = *o, .how = first_turn(o) };
	bool ok = false;

	if (screen_mode(&why) == SCREEN_LINES)
		return lines_run(o, why, status, e);
	if (!screen_choices(&options, e))
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
	ok = ok && tell_answers(&t, o, e);
	wizard_free(t.first);
	*status = t.how == LEAVE_SIGNAL ? term_quit_signal() : t.status;
	return ok;
}
