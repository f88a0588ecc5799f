/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/repair.h"
#include "health/survey.h"
#include "store/checks.h"

/* Three at a time is the panel's own limit (wizard/panel.c); one more for a key press. */
#define FLIGHTS 8
/* A verdict that stays the same is written down this seldom, to spare flash storage. */
#define NOTE_EVERY_MS (10 * MS_MINUTE)

/* A check on its way. */
struct flight {
	uint32_t id; /* 0: free */
	char credential[ID_CAP];
	char fingerprint[FINGERPRINT_CAP];
};

/* What a check of this run said; newer than what checks.json holds. */
struct live {
	char credential[ID_CAP];
	char fingerprint[FINGERPRINT_CAP];
	enum verdict verdict;
	enum reason reason;
	int64_t at_ms;
	int latency_ms;
	int64_t skew_ms;  /* as check_skew_ms() */
	int64_t noted_ms; /* when checks.json got it */
};

struct view {
	struct session *s;
	struct panel *p;
	struct flight flights[FLIGHTS];
	uint32_t next_id;
	struct live *live;
	size_t live_count;
	enum leave how;
	bool left;
};

static struct live *live_find(struct view *v, const char *credential)
{
	for (size_t i = 0; i < v->live_count; i++)
		if (strcmp(v->live[i].credential, credential) == 0)
			return &v->live[i];
	return NULL;
}

static struct live *live_add(struct view *v, const char *credential)
{
	struct live *l = live_find(v, credential);

	if (l)
		return l;
	l = realloc(v->live, (v->live_count + 1) * sizeof(*l));
	if (!l)
		return NULL;
	v->live = l;
	l = &v->live[v->live_count++];
	*l = (struct live){ 0 };
	str_copy(l->credential, sizeof(l->credential), credential);
	return l;
}

/* The snapshot is read from files; what this run has learnt since is laid over it. */
static void overlay(struct view *v)
{
	for (size_t i = 0; i < v->s->now.credential_count; i++) {
		struct credential *c = &v->s->now.credentials[i];
		const struct live *l = live_find(v, c->id);

		if (!l || l->at_ms < c->accepted_at_ms ||
			(c->fingerprint[0] && strcmp(c->fingerprint, l->fingerprint) != 0))
			continue;
		c->accepted = l->verdict;
		c->accepted_reason = l->reason;
		c->accepted_at_ms = l->at_ms;
		c->accepted_latency_ms = l->latency_ms;
		c->accepted_skew_ms = l->skew_ms;
	}
}

static void look_again(struct view *v)
{
	struct err e = { 0 };

	if (!session_look(v->s, &e)) {
		panel_message(v->p, e.msg, SEVERITY_FAIL);
		return;
	}
	overlay(v);
	panel_world(v->p, &v->s->now);
}

static void write_note(struct view *v, struct live *l)
{
	const struct credential *c = snapshot_find(&v->s->now, l->credential);
	char name[ID_CAP + 8];
	struct str n = STR_OF(name);
	struct check_note note = { .credential = name,
		.fingerprint = l->fingerprint,
		.verdict = verdict_name(l->verdict),
		.reason = reason_name(l->reason),
		.expires_source = "",
		.at_ms = l->at_ms,
		.latency_ms = l->latency_ms,
		.skew_ms = l->skew_ms };

	if (!c)
		return; /* removed while it was checked */
	survey_note_name(&n, c);
	if (c->expires_ms > 0)
		note.expires_source = expiry_source_name(c->expires_source);
	/* A memory for next time: that it cannot be written is no reason to stop looking. */
	if (v->s->now.state_exists && checks_record(v->s->place.paths.checks, &note, NULL))
		l->noted_ms = l->at_ms;
}

static void learn(struct view *v, const struct flight *f, const struct check_result *r)
{
	struct live *l = live_add(v, f->credential);
	bool changed;

	if (!l)
		return;
	changed = l->verdict != r->verdict || l->reason != r->reason ||
		  (l->skew_ms != 0) != (check_skew_ms(r) != 0);
	str_copy(l->fingerprint, sizeof(l->fingerprint), f->fingerprint);
	l->verdict = r->verdict;
	l->reason = r->reason;
	l->at_ms = clock_now_ms();
	l->latency_ms = r->latency_ms;
	l->skew_ms = check_skew_ms(r);
	if (changed || l->at_ms - l->noted_ms > NOTE_EVERY_MS)
		write_note(v, l);
}

static void land(struct view *v, struct flight *f, const struct check_result *r)
{
	learn(v, f, r);
	panel_probing(v->p, f->credential, false);
	f->id = 0;
}

static void crash(struct view *v)
{
	static const struct check_result failed = { .verdict = VERDICT_UNKNOWN,
		.reason = REASON_INTERNAL };

	for (size_t i = 0; i < FLIGHTS; i++)
		if (v->flights[i].id)
			land(v, &v->flights[i], &failed);
	session_cancel(v->s);
}

static struct flight *free_flight(struct view *v)
{
	for (size_t i = 0; i < FLIGHTS; i++)
		if (!v->flights[i].id)
			return &v->flights[i];
	return NULL;
}

static const char *base_url_of(const struct view *v, const char *provider)
{
	for (size_t i = 0; i < v->s->now.provider_count; i++)
		if (strcmp(v->s->now.providers[i].id, provider) == 0)
			return v->s->now.providers[i].base_url;
	return "";
}

static bool take_off(struct view *v, const struct credential *c, struct flight *f, struct err *e)
{
	const struct provider *p = provider_find(c->provider);
	const struct method *m = p ? provider_method_of_kind(p, c->kind) : NULL;
	struct session_check check;
	struct secret key = { 0 };
	bool ok;

	if (!m)
		return err_set(e, ERR_NOT_FOUND, "%s has no live check", c->provider);
	check = (struct session_check){ .id = f->id,
		.provider = p,
		.method = m,
		.base_url = base_url_of(v, c->provider),
		.key = &key };
	ok = look_secret(&key, &v->s->place, c, e) && session_check(v->s, &check, e);
	secret_release(&key);
	return ok;
}

static void check_one(struct view *v, const char *credential)
{
	static const struct check_result impossible = { .verdict = VERDICT_UNKNOWN,
		.reason = REASON_INTERNAL };
	const struct credential *c = credential ? snapshot_find(&v->s->now, credential) : NULL;
	struct flight *f = free_flight(v);
	struct err e = { 0 };

	if (!c || !f)
		return;
	f->id = ++v->next_id;
	str_copy(f->credential, sizeof(f->credential), c->id);
	str_copy(f->fingerprint, sizeof(f->fingerprint), c->fingerprint);
	panel_probing(v->p, c->id, true);
	if (!take_off(v, c, f, &e)) {
		land(v, f, &impossible);
		overlay(v);
		panel_world(v->p, &v->s->now);
	}
}

static void hear_probe(struct view *v)
{
	struct wire_message m;
	struct err e = { 0 };
	bool landed = false;
	bool got = true;

	while (v->s->probe.fd >= 0 && got) {
		if (!client_take(&v->s->probe, &m, &got, &e)) {
			crash(v);
			landed = true;
			break;
		}
		for (size_t i = 0; got && m.type == WIRE_RESULT && i < FLIGHTS; i++)
			if (v->flights[i].id == m.id) {
				land(v, &v->flights[i], &m.result);
				landed = true;
			}
		if (got)
			wire_message_release(&m);
	}
	if (v->s->probe.fd >= 0 && !v->s->probe.pending)
		session_cancel(v->s);
	if (landed) {
		overlay(v);
		panel_world(v->p, &v->s->now);
	}
}

static void fix(struct view *v)
{
	const struct finding *f = panel_fix(v->p);
	char text[400];
	struct str s = STR_OF(text);
	struct err e = { 0 };

	if (!f)
		return;
	if (!repair_possible(f)) {
		str_fmt(&s, "Run it yourself: %s", f->fix);
		panel_message(v->p, text, SEVERITY_INFO);
		return;
	}
	if (repair(&v->s->place, f, &e)) {
		panel_message(v->p, "Fixed.", SEVERITY_OK);
	} else {
		str_fmt(&s, "Not fixed: %s", e.msg);
		panel_message(v->p, text, SEVERITY_FAIL);
	}
	look_again(v);
}

static void leave(struct view *v, enum leave how)
{
	v->how = how;
	v->left = true;
}

static void perform(struct view *v, enum panel_effect fx)
{
	switch (fx) {
	case PFX_NONE:
	case PFX_CHECK_ALL: /* panel_tick() hands them out one by one */
		return;
	case PFX_CHECK_ONE:
		check_one(v, panel_due(v->p));
		return;
	case PFX_ADD:
		leave(v, LEAVE_ADD);
		return;
	case PFX_ROTATE:
		leave(v, LEAVE_ROTATE);
		return;
	case PFX_FIX:
		fix(v);
		return;
	case PFX_REDRAW:
		term_redraw();
		return;
	case PFX_SUSPEND:
		term_suspend();
		return;
	case PFX_QUIT:
		leave(v, LEAVE_QUIT);
		return;
	}
}

static bool show(struct view *v, struct err *e)
{
	struct frame *f = &v->s->frame;
	int rows;
	int cols;

	term_size(&rows, &cols);
	f->glyphs = term_glyphs();
	panel_size(v->p, rows, cols);
	if (!frame_resize(f, rows, cols, e))
		return false;
	panel_draw(v->p, f, clock_now_ms());
	return term_show(f, e);
}

/* At most as many as there are flights: a panel that always had one more would hang us. */
static void hand_out_checks(struct view *v)
{
	for (size_t i = 0; i < FLIGHTS && !v->left; i++) {
		enum panel_effect fx = panel_tick(v->p, clock_now_ms());

		if (fx == PFX_NONE)
			return;
		perform(v, fx);
	}
}

static void once(struct view *v)
{
	static const struct event interrupt = { .type = EVENT_KEY, .key = KEYS_CTRL('C') };
	unsigned woke = session_wait(v->s, panel_wait(v->p, clock_now_ms()));
	struct event ev;

	if (woke & TERM_QUIT) {
		leave(v, LEAVE_SIGNAL);
		return;
	}
	if (woke & TERM_INTERRUPT)
		perform(v, panel_handle(v->p, &interrupt, clock_now_ms()));
	if (woke & TERM_OTHER) {
		hear_probe(v);
		if (session_changed(v->s))
			look_again(v);
	}
	while ((woke & TERM_INPUT) && !v->left && term_event(&ev))
		perform(v, panel_handle(v->p, &ev, clock_now_ms()));
	hand_out_checks(v);
}

bool drive_panel(struct session *s, const char *message, enum leave *how, char selected[ID_CAP],
	struct err *e)
{
	struct view v = { .s = s };
	bool ok;

	v.p = panel_new(&s->now, message, e);
	ok = v.p != NULL;
	if (ok)
		hand_out_checks(&v);
	while (ok && !v.left) {
		ok = show(&v, e);
		if (ok)
			once(&v);
	}
	session_cancel(s);
	for (size_t i = 0; i < v.live_count; i++)
		if (v.live[i].noted_ms != v.live[i].at_ms)
			write_note(&v, &v.live[i]);
	if (v.p && panel_selected(v.p))
		str_copy(selected, ID_CAP, panel_selected(v.p));
	panel_free(v.p);
	free(v.live);
	*how = v.how;
	return ok;
}
