/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "cli/effects.h"

/* One run of the wizard on the terminal. */
struct run {
	struct session *s;
	struct wizard *w;
	struct effects effects;
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

/* A terminal that is gone must not stop what is being written half-way. */
static void show_again(void *ctx)
{
	show(ctx, NULL);
}

/* Outside the screen: curses would keep the code in its cells. Nothing is written yet. */
static void show_recovery(struct run *r)
{
	const struct err closed = { .code = ERR_FAILED, .msg = "the terminal is not open" };

	if (term_aside())
		effects_recovery(&r->effects);
	else
		wizard_recovery(r->w, NULL, &closed);
	term_back();
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
	case FX_CHECK:
	case FX_CANCEL_CHECK:
	case FX_PLAN:
	case FX_APPLY:
		effects_perform(&r->effects, fx);
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
		effects_hear(&r->effects);
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
	bool ok = true;

	r.effects = (struct effects){ .s = s, .w = w, .moved = show_again, .ctx = &r };
	effects_begin(&r.effects);
	while (ok && !r.left) {
		ok = show(&r, e);
		if (ok)
			once(&r);
	}
	session_cancel(s);
	*how = r.how;
	return ok;
}
