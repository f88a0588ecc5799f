/* SPDX-License-Identifier: MIT */

/* The panel: selection, keys, and which check is due. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wizard/answers.h"
#include "wizard/panel_state.h"

#define CHECK_EVERY_MS (60 * MS_SECOND)
#define CHECK_IDLE_MS (5 * MS_MINUTE)
#define IDLE_AFTER_MS (10 * MS_MINUTE)
#define CHECKS_MAX 3
#define SPINNER_MS 200

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

static struct probe *probe_of(const struct panel *p, const char *id)
{
	for (size_t i = 0; i < p->probe_count; i++) {
		if (strcmp(p->probes[i].id, id) == 0)
			return &p->probes[i];
	}
	return NULL;
}

const struct probe *panel_probe(const struct panel *p, const char *id)
{
	return probe_of(p, id);
}

bool panel_checkable(const struct credential *c)
{
	const struct provider *p = provider_find(c->provider);

	if (!p || c->kind == CRED_OAUTH || c->stored == STORED_MISSING)
		return false;
	if (c->opens != OPENS_YES && c->opens != OPENS_UNTRIED && c->opens != OPENS_OLDER)
		return false;
	return provider_method_of_kind(p, c->kind) != NULL;
}

static void log_add(struct panel *p, int64_t at_ms, enum severity s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void log_add(struct panel *p, int64_t at_ms, enum severity s, const char *fmt, ...)
{
	struct log_line *l = &p->lines[p->line_at];
	va_list ap;

	l->at_ms = at_ms;
	l->severity = s;
	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	p->line_at = (p->line_at + 1) % LOG_LINES;
	if (p->line_count < LOG_LINES)
		p->line_count++;
}

/* Spread over 10 % both ways, so that many hosts and profiles do not move in step. */
static int64_t jitter(const struct probe *b, int64_t interval)
{
	uint32_t h = 2166136261u + b->turns * 7919u;

	for (const char *c = b->id; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	return interval / 5 * (int64_t)(h % 1000) / 1000 - interval / 10;
}

static void schedule(const struct panel *p, struct probe *b, int64_t from_ms)
{
	static const int64_t backoff[] = { 1, 2, 5, 10 };
	int64_t interval = CHECK_EVERY_MS;

	if (p->now_ms - p->key_ms > IDLE_AFTER_MS)
		interval = CHECK_IDLE_MS;
	if (b->failures) {
		size_t n = b->failures < ARRAY_LEN(backoff) ? b->failures : ARRAY_LEN(backoff);

		if (interval < backoff[n - 1] * MS_MINUTE)
			interval = backoff[n - 1] * MS_MINUTE;
	}
	b->turns++;
	b->due_ms = from_ms + interval + jitter(b, interval);
}

/* A result that is newer than the last one seen goes to the log and moves the next check. */
static void take_result(struct panel *p, struct probe *b, const struct credential *c, bool first)
{
	bool good = c->accepted == VERDICT_ACCEPTED || c->accepted == VERDICT_LIMITED ||
		    c->accepted == VERDICT_NO_CREDIT;
	char text[96];
	struct str s = STR_OF(text);

	if (c->accepted == VERDICT_NONE || c->accepted_at_ms <= b->seen_ms)
		return;
	b->seen_ms = c->accepted_at_ms;
	b->failures = good ? 0 : b->failures + 1;
	schedule(p, b, c->accepted_at_ms);
	if (first)
		return;
	str_add(&s, verdict_name(c->accepted));
	if (c->accepted_reason != REASON_NONE)
		str_fmt(&s, ", %s", reason_name(c->accepted_reason));
	if (c->accepted_latency_ms > 0)
		str_fmt(&s, ", %d ms", c->accepted_latency_ms);
	log_add(p, c->accepted_at_ms,
		good                              ? SEVERITY_OK
		: c->accepted == VERDICT_REJECTED ? SEVERITY_FAIL
						  : SEVERITY_WARN,
		"%s %s", c->id, text);
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

/* False when memory ran out: the old probes stay, new profiles are then not checked. */
static bool match_probes(struct panel *p)
{
	const struct snapshot *s = p->world;
	struct probe *now = calloc(s->credential_count ? s->credential_count : 1, sizeof(*now));

	if (!now)
		return false;
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct probe *old = probe_of(p, s->credentials[i].id);

		if (old)
			now[i] = *old;
		else
			str_copy(now[i].id, sizeof(now[i].id), s->credentials[i].id);
		take_result(p, &now[i], &s->credentials[i], !old);
	}
	free(p->probes);
	p->probes = now;
	p->probe_count = s->credential_count;
	return true;
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
	if (!match_probes(p)) {
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
	match_probes(p);
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

/* --- checks ------------------------------------------------------------------------------ */

static size_t running(const struct panel *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->probe_count; i++)
		n += p->probes[i].running;
	return n;
}

/* A due time further away than any interval means that the clock was set back. */
static bool is_due(const struct probe *b, int64_t now_ms)
{
	return !b->running && (b->due_ms <= now_ms || b->due_ms - now_ms > 12 * MS_MINUTE);
}

enum panel_effect panel_tick(struct panel *p, int64_t now_ms)
{
	p->now_ms = now_ms;
	if (p->paused || running(p) >= CHECKS_MAX)
		return PFX_NONE;
	for (size_t i = 0; i < p->probe_count; i++) {
		struct probe *b = &p->probes[i];
		const struct credential *c = snapshot_find(p->world, b->id);

		if (!c || !panel_checkable(c) || !is_due(b, now_ms))
			continue;
		schedule(p, b, now_ms); /* also when the caller cannot start it */
		str_copy(p->due, sizeof(p->due), b->id);
		return PFX_CHECK_ONE;
	}
	return PFX_NONE;
}

const char *panel_due(const struct panel *p)
{
	return p->due[0] ? p->due : NULL;
}

static int64_t until_due(const struct panel *p, int64_t now_ms)
{
	int64_t wait = MS_HOUR;

	if (p->paused || running(p) >= CHECKS_MAX)
		return wait;
	for (size_t i = 0; i < p->probe_count; i++) {
		const struct probe *b = &p->probes[i];
		const struct credential *c = snapshot_find(p->world, b->id);

		if (!c || b->running || !panel_checkable(c))
			continue;
		if (is_due(b, now_ms))
			return 0;
		if (b->due_ms - now_ms < wait)
			wait = b->due_ms - now_ms;
	}
	return wait;
}

int panel_wait(const struct panel *p, int64_t now_ms)
{
	int64_t wait = until_due(p, now_ms);

	for (size_t i = 0; i < p->world->credential_count; i++) {
		int64_t words = words_wait(&p->world->credentials[i], now_ms);

		if (words < wait)
			wait = words;
	}
	if (running(p)) {
		int64_t frame = SPINNER_MS - now_ms % SPINNER_MS;

		if (frame < wait)
			wait = frame;
	}
	return (int)wait;
}

void panel_probing(struct panel *p, const char *profile_id, bool probing)
{
	struct probe *b = probe_of(p, profile_id);

	if (!b)
		return;
	b->running = probing;
	b->since_ms = p->now_ms;
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
