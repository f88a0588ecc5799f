/* SPDX-License-Identifier: MIT */
#include "cli/session.h"

#include <string.h>

#include "base/clock.h"
#include "cli/custody.h"
#include "cli/reveal.h"
#include "crypto/recovery.h"

/* One run of the wizard on the terminal. */
struct run {
	struct session *s;
	struct wizard *w;
	struct plan shown; /* paths only: what wizard_file() counts by */
	enum leave how;
	bool left;
};

static bool show(struct run *r, struct err *e)
{
	struct frame *f = &r->s->frame;
	int rows;
	int cols;

	term_size(&rows, &cols);
	f->glyphs = term_glyphs();
	wizard_size(r->w, rows, cols);
	if (!frame_resize(f, rows, cols, e))
		return false;
	wizard_draw(r->w, f, clock_mono_ms());
	return term_show(f, e);
}

static void save_of(const struct run *r, struct save *save)
{
	const struct draft *d = wizard_draft(r->w);

	*save = (struct save){ .paths = &r->s->place.paths,
		.agent = r->s->place.agent,
		.agent_dir = r->s->place.agent_dir,
		.profile_id = d->profile_id,
		.provider = d->provider,
		.method = d->method,
		.key = &d->secret,
		.keep = d->keep,
		.opener = d->opener,
		.weak_passphrase = d->weak_passphrase,
		.passphrase = &d->passphrase,
		.recovery = &d->recovery,
		.model = d->model,
		.endpoint = d->endpoint,
		.keep_fallback = d->keep_fallback,
		.expires_ms = d->expires_ms,
		.expires_source = d->expires_source,
		.check = d->check.verdict == VERDICT_NONE ? NULL : &d->check };
}

static void start_check(struct run *r)
{
	const struct draft *d = wizard_draft(r->w);
	struct session_check check = { .id = 1,
		.provider = d->provider,
		.method = d->method,
		.base_url = d->base_url,
		.key = &d->secret };
	struct err e = { 0 };

	if (!session_check(r->s, &check, &e))
		wizard_checked(r->w, NULL, &e);
}

static void make_plan(struct run *r)
{
	struct plan plan = { 0 };
	struct save save;
	struct err e = { 0 };

	save_of(r, &save);
	if (!save_plan(&save, &plan, &e)) {
		wizard_planned(r->w, NULL, &e);
		return;
	}
	memcpy(r->shown.files, plan.files, sizeof(plan.files));
	r->shown.count = plan.count;
	wizard_planned(r->w, &plan, NULL);
}

static void on_file(void *ctx, const char *path, bool done, const struct err *failed)
{
	struct run *r = ctx;

	for (size_t i = 0; i < r->shown.count; i++)
		if (strcmp(r->shown.files[i].path, path) == 0)
			wizard_file(r->w, i, done, failed);
	/* What is written is written; a terminal that is gone must not stop it half-way. */
	show(r, NULL);
}

static void on_note(void *ctx, const char *text)
{
	struct run *r = ctx;
	struct str s = STR_OF(r->s->note);

	str_add(&s, text);
}

static void apply(struct run *r)
{
	struct save_progress progress = { .file = on_file, .note = on_note, .ctx = r };
	struct save save;
	struct err e = { 0 };

	save_of(r, &save);
	if (!save_apply(&save, &progress, &e)) {
		wizard_applied(r->w, &e);
		return;
	}
	wizard_applied(r->w, NULL);
	if (session_look(r->s, &e))
		wizard_world(r->w, &r->s->now);
}

/* Outside the screen: curses would keep the code in its cells. Nothing is written yet. */
static void show_recovery(struct run *r)
{
	struct secret code = { 0 };
	struct err e = { 0 };
	bool ok = false;

	if (!term_aside())
		err_set(&e, ERR_FAILED, "the terminal is not open");
	else
		ok = recovery_new(&code, &e) &&
		     reveal_recovery(
			     &code, "thinkfleetbot secrets slot add recovery makes one", &e);
	term_back();
	wizard_recovery(r->w, ok ? &code : NULL, &e);
	secret_release(&code);
}

static void plain_page(struct run *r)
{
	char text[1024];
	struct str s = STR_OF(text);

	wizard_plain_text(r->w, &s);
	term_plain_page(text, NULL);
}

static void leave(struct run *r, enum leave how)
{
	r->how = how;
	r->left = true;
}

/* Effects may follow each other: a report can make the next one due at the next tick. */
static void perform(struct run *r, enum effect fx)
{
	switch (fx) {
	case FX_NONE:
		return;
	case FX_CHECK:
		start_check(r);
		return;
	case FX_CANCEL_CHECK:
		session_cancel(r->s);
		return;
	case FX_PLAN:
		make_plan(r);
		return;
	case FX_APPLY:
		apply(r);
		return;
	case FX_RECOVERY:
		show_recovery(r);
		return;
	case FX_PANEL:
		leave(r, LEAVE_PANEL);
		return;
	case FX_REDRAW:
		term_redraw();
		return;
	case FX_SUSPEND:
		term_suspend();
		return;
	case FX_PLAIN_PAGE:
		plain_page(r);
		return;
	case FX_QUIT:
		leave(r, LEAVE_QUIT);
		return;
	}
}

static void hear_probe(struct run *r)
{
	struct wire_message m;
	struct err e = { 0 };
	bool got = true;

	while (r->s->probe.fd >= 0 && got) {
		if (!client_take(&r->s->probe, &m, &got, &e)) {
			session_cancel(r->s);
			wizard_checked(r->w, NULL, &e);
			return;
		}
		if (got && m.type == WIRE_STAGE)
			wizard_stage(r->w, m.stage, clock_mono_ms());
		if (got && m.type == WIRE_RESULT) {
			wizard_checked(r->w, &m.result, NULL);
			session_cancel(r->s);
		}
		if (got)
			wire_message_release(&m);
	}
}

static void hear_keys(struct run *r)
{
	struct event ev;

	while (!r->left && term_event(&ev))
		perform(r, wizard_handle(r->w, &ev, clock_mono_ms()));
}

static void once(struct run *r)
{
	static const struct event interrupt = { .type = EVENT_KEY, .key = KEYS_CTRL('C') };
	unsigned woke = session_wait(r->s, wizard_wait(r->w, clock_mono_ms()));

	if (woke & TERM_QUIT) {
		leave(r, LEAVE_SIGNAL);
		return;
	}
	if (woke & TERM_INTERRUPT)
		perform(r, wizard_handle(r->w, &interrupt, clock_mono_ms()));
	if (woke & TERM_OTHER) {
		hear_probe(r);
		session_changed(r->s);
	}
	if (woke & TERM_INPUT)
		hear_keys(r);
	if (!r->left)
		perform(r, wizard_tick(r->w, clock_mono_ms()));
}

bool drive_wizard(struct session *s, struct wizard *w, enum leave *how, struct err *e)
{
	struct run r = { .s = s, .w = w };
	struct custody custody;
	bool ok = true;

	custody_find(&custody, &s->place.paths);
	wizard_custody(w, &custody);
	while (ok && !r.left) {
		ok = show(&r, e);
		if (ok)
			once(&r);
	}
	session_cancel(s);
	*how = r.how;
	return ok;
}
