/* SPDX-License-Identifier: MIT */

/* The panel: selection, keys, and which check is due. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wizard/answers.h"
#include "wizard/panel_state.h"

enum panel_action {
	PANEL_NONE,
	PANEL_UP_DOWN,
	PANEL_ENTER,
	PANEL_BACK,
	PANEL_NEXT_PANE,
	PANEL_LAST_PANE,
	PANEL_PANE,
	PANEL_CHECK,
	PANEL_CHECK_ALL,
	PANEL_ASK_FIX,
	PANEL_ROTATE,
	PANEL_ADD,
	PANEL_PAUSE,
	PANEL_SHOW_HELP,
	PANEL_REDRAW,
	PANEL_SUSPEND,
	PANEL_QUIT,
	PANEL_YES,
	PANEL_NO,
};

/* clang-format off */
static const struct binding keys_panel[] = {
	{ KEYS_TAB, 0, PANEL_NEXT_PANE, "Tab", "pane", 0, "next pane" },
	{ KEYS_BACKTAB, 0, PANEL_LAST_PANE, NULL, NULL, 0, NULL },
	{ KEYS_NONE, '1', PANEL_PANE, "1-4", "jump", 3, "profiles, detail, doctor, log" },
	{ KEYS_NONE, '2', PANEL_PANE, NULL, NULL, 0, NULL },
	{ KEYS_NONE, '3', PANEL_PANE, NULL, NULL, 0, NULL },
	{ KEYS_NONE, '4', PANEL_PANE, NULL, NULL, 0, NULL },
	{ KEYS_ENTER, 0, PANEL_ENTER, "Enter", "open", 2, "the facts of the selected profile; of a finding, its fix" },
	{ KEYS_NONE, 'r', PANEL_CHECK, "r", "check", 1, "check the selected profile now" },
	{ KEYS_NONE, 'R', PANEL_CHECK_ALL, "R", "check all", 3, "check every profile now" },
	{ KEYS_NONE, 'f', PANEL_ASK_FIX, "f", "fix", 0, "fix the selected finding (asks first)" },
	{ KEYS_NONE, 'o', PANEL_ROTATE, "o", "rotate", 2, "replace the selected profile's key" },
	{ KEYS_NONE, 'a', PANEL_ADD, "a", "add", 2, "connect another provider" },
	{ KEYS_NONE, 'p', PANEL_PAUSE, "p", "pause", 3, "stop or resume the checks by themselves" },
	{ KEYS_UP, 0, PANEL_UP_DOWN, "↑↓", NULL, 0, "move (also ^P ^N, PgUp, PgDn, Home, End)" },
	{ KEYS_ESC, 0, PANEL_BACK, "Esc", NULL, 0, "back to the profiles" },
	{ 0 },
};

static const struct binding keys_empty[] = {
	{ KEYS_NONE, 'a', PANEL_ADD, "a", "add", 0, "connect a provider (starts setup)" },
	{ KEYS_ENTER, 0, PANEL_ADD, "Enter", "add", 1, "the same" },
	{ KEYS_TAB, 0, PANEL_NEXT_PANE, "Tab", NULL, 0, "next pane" },
	{ KEYS_NONE, 'f', PANEL_ASK_FIX, "f", NULL, 0, "fix the first finding (asks first)" },
	{ 0 },
};

static const struct binding keys_common[] = {
	{ KEYS_NONE, '?', PANEL_SHOW_HELP, "?", "help", 0, "this help (also F1, ^G)" },
	{ KEYS_F1, 0, PANEL_SHOW_HELP, NULL, NULL, 0, NULL },
	{ KEYS_CTRL('G'), 0, PANEL_SHOW_HELP, NULL, NULL, 0, NULL },
	{ KEYS_NONE, 'q', PANEL_QUIT, "q", "quit", 0, "leave; nothing changes" },
	{ KEYS_CTRL('C'), 0, PANEL_QUIT, "^C", NULL, 0, "leave" },
	{ KEYS_CTRL('L'), 0, PANEL_REDRAW, "^L", NULL, 0, "redraw the screen" },
	{ KEYS_CTRL('Z'), 0, PANEL_SUSPEND, "^Z", NULL, 0, "suspend (fg returns)" },
	{ 0 },
};

static const struct binding keys_fix[] = {
	{ KEYS_NONE, 'y', PANEL_YES, "y", "apply", 0, "run exactly this" },
	{ KEYS_NONE, 'n', PANEL_NO, "n", "cancel", 0, "do nothing" },
	{ KEYS_ESC, 0, PANEL_NO, "Esc", "cancel", 1, "do nothing" },
	{ KEYS_CTRL('C'), 0, PANEL_NO, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, PANEL_UP_DOWN, NULL, NULL, 0, NULL },
	{ KEYS_DOWN, 0, PANEL_UP_DOWN, NULL, NULL, 0, NULL },
	{ 0 },
};

static const struct binding keys_help[] = {
	{ KEYS_ESC, 0, PANEL_NO, "Esc", "close", 0, "close" },
	{ KEYS_ENTER, 0, PANEL_NO, "Enter", "close", 1, "close" },
	{ KEYS_NONE, '?', PANEL_NO, NULL, NULL, 0, NULL },
	{ KEYS_NONE, 'q', PANEL_NO, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, PANEL_UP_DOWN, "↑↓", "scroll", 2, "scroll" },
	{ KEYS_DOWN, 0, PANEL_UP_DOWN, NULL, NULL, 0, NULL },
	{ 0 },
};
/* clang-format on */

/* --- the snapshot ------------------------------------------------------------------------ */

const struct credential *panel_credential(const struct panel *p)
{
	return p->selected[0] ? snapshot_find(p->world, p->selected) : NULL;
}

static void follow_selection(struct panel *p)
{
	const struct snapshot *s = p->world;

	list_count(&p->profiles, s->credential_count);
	for (size_t i = 0; i < s->credential_count; i++) {
		if (strcmp(s->credentials[i].id, p->selected) == 0)
			p->profiles.at = i;
	}
	p->selected[0] = '\0';
	if (s->credential_count)
		str_copy(p->selected, sizeof(p->selected), s->credentials[p->profiles.at].id);
	list_count(&p->doctor, panel_findings(p, NULL));
}

struct panel *panel_new(const struct snapshot *world, const char *message, struct err *e)
{
	struct panel *p = calloc(1, sizeof(*p));

	if (!p) {
		err_set(e, ERR_MEMORY, "out of memory");
		return NULL;
	}
	p->world = world;
	p->rows = 24;
	p->cols = 80;
	p->now_ms = p->key_ms = world->now_ms;
	if (message)
		panel_message(p, message, SEVERITY_OK);
	if (!panel_match_probes(p)) {
		err_set(e, ERR_MEMORY, "out of memory");
		panel_free(p);
		return NULL;
	}
	follow_selection(p);
	return p;
}

void panel_free(struct panel *p)
{
	if (!p)
		return;
	free(p->probes);
	free(p);
}

void panel_world(struct panel *p, const struct snapshot *world)
{
	p->world = world;
	if (world->now_ms > p->now_ms)
		p->now_ms = world->now_ms;
	panel_match_probes(p);
	follow_selection(p);
}

void panel_size(struct panel *p, int rows, int cols)
{
	p->rows = rows;
	p->cols = cols;
}

void panel_show_doctor(struct panel *p)
{
	p->pane = PANE_DOCTOR;
}

/* --- findings ---------------------------------------------------------------------------- */

size_t panel_findings(const struct panel *p, size_t counts[4])
{
	size_t shown = 0;

	for (int i = 0; counts && i < 4; i++)
		counts[i] = 0;
	for (size_t i = 0; i < p->world->finding_count; i++) {
		enum severity s = p->world->findings[i].severity;

		if (counts)
			counts[s]++;
		shown += s > SEVERITY_OK;
	}
	return shown;
}

/* Row i of the doctor pane. */
const struct finding *panel_finding_at(const struct panel *p, size_t row)
{
	for (size_t i = 0; i < p->world->finding_count; i++) {
		const struct finding *f = &p->world->findings[i];

		if (f->severity > SEVERITY_OK && row-- == 0)
			return f;
	}
	return NULL;
}

/* The selected finding in the doctor pane, elsewhere the first that has a fix. */
const struct finding *panel_fix(const struct panel *p)
{
	const struct finding *f = panel_finding_at(p, p->doctor.at);

	if (p->pane == PANE_DOCTOR)
		return f && f->fix[0] ? f : NULL;
	for (size_t i = 0; (f = panel_finding_at(p, i)) != NULL; i++) {
		if (f->fix[0])
			return f;
	}
	return NULL;
}

/* --- keys -------------------------------------------------------------------------------- */

void panel_tables(const struct panel *p, const struct binding *out[4])
{
	size_t n = 0;

	if (p->overlay == PANEL_FIX) {
		out[n++] = keys_fix;
	} else if (p->overlay == PANEL_HELP) {
		out[n++] = keys_help;
	} else {
		out[n++] = p->world->credential_count ? keys_panel : keys_empty;
		out[n++] = keys_common;
	}
	out[n] = NULL;
}

static int action_of(const struct panel *p, const struct event *ev)
{
	const struct binding *tables[4];
	int action = PANEL_NONE;

	panel_tables(p, tables);
	for (size_t i = 0; tables[i] && !action; i++)
		action = binding_find(tables[i], ev);
	return action;
}

static void move(struct panel *p, const struct event *ev)
{
	size_t page = p->rows > 10 ? (size_t)p->rows - 10 : 1;

	switch (p->pane) {
	case PANE_DOCTOR:
		list_count(&p->doctor, panel_findings(p, NULL));
		list_key(&p->doctor, ev, page);
		break;
	case PANE_LOG:
		list_count(&p->log, p->line_count);
		list_key(&p->log, ev, page);
		break;
	default:
		if (!list_key(&p->profiles, ev, page))
			break;
		if (p->profiles.at < p->world->credential_count)
			str_copy(p->selected, sizeof(p->selected),
				p->world->credentials[p->profiles.at].id);
		break;
	}
}

static void ask_fix(struct panel *p)
{
	const struct finding *f = panel_fix(p);

	if (f) {
		str_copy(p->asked, sizeof(p->asked), f->fix);
		str_copy(p->asked_text, sizeof(p->asked_text), f->text);
		p->overlay = PANEL_FIX;
		p->overlay_top = 0;
		return;
	}
	panel_message(p,
		p->pane == PANE_DOCTOR ? "This finding has no fix by command."
				       : "Nothing here needs a fix.",
		SEVERITY_INFO);
}

static enum panel_effect check_one(struct panel *p)
{
	const struct credential *c = panel_credential(p);

	if (!c)
		return PFX_NONE;
	if (!panel_checkable(c)) {
		panel_message(p, "This one cannot be checked: there is no key that opens.",
			SEVERITY_WARN);
		if (c->kind == CRED_OAUTH)
			panel_message(p, "A sign-in refreshes itself; it is not checked here.",
				SEVERITY_INFO);
		return PFX_NONE;
	}
	str_copy(p->due, sizeof(p->due), c->id);
	return PFX_CHECK_ONE;
}

static enum panel_effect rotate(struct panel *p)
{
	const struct credential *c = panel_credential(p);
	char why[100], text[ID_CAP + 160];
	struct str s = STR_OF(why), t = STR_OF(text);

	if (!c)
		return PFX_NONE;
	if (rotatable(c, &s))
		return PFX_ROTATE;
	str_fmt(&t, "%s: %s, it cannot be replaced here.", c->id, why);
	panel_message(p, text, SEVERITY_WARN);
	return PFX_NONE;
}

static enum panel_effect pause_checks(struct panel *p)
{
	p->paused = !p->paused;
	panel_message(p, p->paused ? "Checks are paused; r still checks one." : "Checks run again.",
		SEVERITY_INFO);
	return PFX_NONE;
}

static void open_selected(struct panel *p)
{
	if (p->pane == PANE_DOCTOR)
		ask_fix(p);
	else
		p->pane = PANE_DETAIL;
}

/* What was confirmed is what is done, also when the findings changed meanwhile. */
static enum panel_effect fix_asked(struct panel *p)
{
	const struct finding *f = panel_fix(p);

	if (f && strcmp(f->fix, p->asked) == 0)
		return PFX_FIX;
	panel_message(p, "The findings have changed meanwhile; nothing was done.", SEVERITY_WARN);
	return PFX_NONE;
}

static enum panel_effect in_overlay(struct panel *p, int action, const struct event *ev)
{
	bool fix = p->overlay == PANEL_FIX;

	if (action == PANEL_UP_DOWN) {
		p->overlay_top += ev->key == KEYS_DOWN && p->overlay_top < panel_overlay_last(p);
		p->overlay_top -= ev->key == KEYS_UP && p->overlay_top;
		return PFX_NONE;
	}
	if (action != PANEL_YES && action != PANEL_NO)
		return PFX_NONE;
	p->overlay = PANEL_OPEN;
	return action == PANEL_YES && fix ? fix_asked(p) : PFX_NONE;
}

static enum panel_effect show(struct panel *p, int action, const struct event *ev)
{
	switch (action) {
	case PANEL_ENTER:
		open_selected(p);
		break;
	case PANEL_BACK:
		p->pane = PANE_PROFILES;
		break;
	case PANEL_NEXT_PANE:
		p->pane = (p->pane + 1) % PANE_COUNT;
		break;
	case PANEL_LAST_PANE:
		p->pane = (p->pane + PANE_COUNT - 1) % PANE_COUNT;
		break;
	case PANEL_PANE:
		p->pane = (enum pane)(ev->ch - '1');
		break;
	case PANEL_ASK_FIX:
		ask_fix(p);
		break;
	case PANEL_SHOW_HELP:
		p->overlay = PANEL_HELP;
		p->overlay_top = 0;
		break;
	default:
		move(p, ev);
		break;
	}
	return PFX_NONE;
}

static enum panel_effect on_key(struct panel *p, const struct event *ev)
{
	int action = action_of(p, ev);

	if (p->overlay != PANEL_OPEN)
		return in_overlay(p, action, ev);
	switch (action) {
	case PANEL_CHECK:
		return check_one(p);
	case PANEL_CHECK_ALL:
		panel_ask_all(p);
		return PFX_CHECK_ALL;
	case PANEL_ROTATE:
		return rotate(p);
	case PANEL_ADD:
		return PFX_ADD;
	case PANEL_PAUSE:
		return pause_checks(p);
	case PANEL_REDRAW:
		return PFX_REDRAW;
	case PANEL_SUSPEND:
		return PFX_SUSPEND;
	case PANEL_QUIT:
		return PFX_QUIT;
	default:
		return show(p, action, ev);
	}
}

static enum panel_effect on_tiny(const struct event *ev)
{
	bool leave = (ev->type == EVENT_CHAR && ev->ch == 'q') ||
		     (ev->type == EVENT_KEY && ev->key == KEYS_CTRL('C'));

	return leave ? PFX_QUIT : PFX_NONE;
}

enum panel_effect panel_handle(struct panel *p, const struct event *ev, int64_t now_ms)
{
	p->now_ms = now_ms;
	if (ev->type == EVENT_PASTE)
		panel_message(p, "Paste ignored: no field is active here.", SEVERITY_WARN);
	if (ev->type != EVENT_KEY && ev->type != EVENT_CHAR)
		return PFX_NONE;
	p->key_ms = now_ms;
	if (layout_of(p->rows, p->cols) == LAYOUT_TINY)
		return on_tiny(ev);
	p->message[0] = '\0';
	return on_key(p, ev);
}

void panel_message(struct panel *p, const char *text, enum severity s)
{
	str_copy(p->message, sizeof(p->message), text);
	p->severity = s;
}

const char *panel_selected(const struct panel *p)
{
	return p->selected[0] ? p->selected : NULL;
}
