/* SPDX-License-Identifier: MIT */

/* What stands inside each pane. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wizard/body.h"
#include "wizard/panel_state.h"

#define SPINNER_MS 200

static void right(const struct area *a, int y, int end, enum role role, const char *text)
{
	frame_text(a->f, y, a->x + end - (int)text_cells(text), role, text);
}

static void more(const struct area *a, int y, enum glyph g, size_t n, const char *what)
{
	char text[64];
	struct str s = STR_OF(text);
	int x;

	if (!n)
		return;
	str_fmt(&s, "%zu %s", n, what);
	x = frame_glyph(a->f, y, a->x + 2, ROLE_MUTED, g);
	frame_text(a->f, y, x + 1, ROLE_MUTED, text);
}

static void select_row(const struct area *a, int y)
{
	frame_glyph(a->f, y, a->x, ROLE_SELECT, GLYPH_SELECT);
	if (!a->focused)
		return;
	frame_role(a->f, y, a->x, a->w, ROLE_SELECT);
	frame_cursor(a->f, y, a->x);
}

/* --- profiles ---------------------------------------------------------------------------- */

/* Columns, relative to the pane; 0: not shown at this width. */
struct columns {
	int id_width, kind, state, expires_end, check, age;
};

static struct columns columns_for(int w)
{
	if (w >= 74)
		return (struct columns){ 21, 24, 33, 52, 54, 66 };
	if (w >= 66)
		return (struct columns){ 20, 23, 32, 52, 55, 0 };
	if (w >= 56)
		return (struct columns){ 19, 0, 22, 43, 45, 0 };
	return (struct columns){ 18, 0, 21, 0, 0, 0 };
}

static void profile_state(
	const struct panel *p, const struct area *a, int y, const struct credential *c, int x)
{
	const struct probe *b = panel_probe(p, c->id);
	const char *word;
	enum glyph g = credential_state(c, a->now_ms, &word);
	enum role role = glyph_role(g);

	if (b && b->running) {
		g = (enum glyph)(GLYPH_BUSY0 + a->now_ms / SPINNER_MS % 4);
		role = ROLE_ACCENT;
		word = "checking";
	}
	x = frame_glyph(a->f, y, a->x + x, role, g);
	frame_text(a->f, y, x + 1, ROLE_TEXT, word);
}

static void profile_check(
	const struct area *a, int y, const struct credential *c, const struct columns *col)
{
	char text[40], age[24];
	struct str s = STR_OF(text), t = STR_OF(age);
	bool good = c->accepted == VERDICT_ACCEPTED || c->accepted == VERDICT_LIMITED ||
		    c->accepted == VERDICT_NO_CREDIT;
	enum glyph g = good ? GLYPH_OK : c->accepted == VERDICT_REJECTED ? GLYPH_FAIL : GLYPH_WARN;
	int x = a->x + col->check, end = a->x + (col->age ? col->age - 1 : a->w);

	check_text(&s, c);
	if (c->accepted == VERDICT_NONE) {
		frame_clip(a->f, y, x, end - x, ROLE_MUTED, "not yet");
		return;
	}
	x = frame_glyph(a->f, y, x, glyph_role(g), g) + 1;
	frame_clip(a->f, y, x, end - x, ROLE_TEXT, text);
	if (!col->age || !c->accepted_at_ms)
		return;
	age_text(&t, a->now_ms - c->accepted_at_ms);
	frame_clip(a->f, y, a->x + col->age, a->w - col->age, ROLE_MUTED, age);
}

static void profile_row(const struct panel *p, const struct area *a, int y,
	const struct credential *c, const struct columns *col)
{
	char text[32];
	struct str s = STR_OF(text);

	frame_clip(a->f, y, a->x + 2, col->id_width, ROLE_TEXT, c->id);
	if (col->kind)
		frame_text(a->f, y, a->x + col->kind, ROLE_MUTED, cred_kind_name(c->kind));
	profile_state(p, a, y, c, col->state);
	if (col->expires_end) {
		expires_text(&s, c, a->now_ms);
		right(a, y, col->expires_end, ROLE_TEXT, text);
	}
	if (col->check)
		profile_check(a, y, c, col);
	if (strcmp(c->id, p->selected) == 0)
		select_row(a, y);
}

static void profile_head(const struct area *a, const struct columns *col)
{
	frame_text(a->f, a->y, a->x + 2, ROLE_MUTED, "PROFILE");
	if (col->kind)
		frame_text(a->f, a->y, a->x + col->kind, ROLE_MUTED, "KIND");
	frame_text(a->f, a->y, a->x + col->state, ROLE_MUTED, "STATE");
	if (col->expires_end)
		right(a, a->y, col->expires_end, ROLE_MUTED, "EXPIRES");
	if (col->check)
		frame_text(a->f, a->y, a->x + col->check, ROLE_MUTED, "LAST CHECK");
}

void pane_profiles(const struct panel *p, const struct area *a)
{
	struct columns col = columns_for(a->w);
	struct list l = p->profiles;
	struct list_window win;
	int y = a->y;

	if (!a->narrow) {
		profile_head(a, &col);
		y++;
	}
	list_count(&l, p->world->credential_count);
	win = list_window(&l, (size_t)(a->y + a->h - y));
	if (win.above)
		more(a, y++, GLYPH_UP, win.above, "more");
	for (size_t i = win.first; i < win.first + win.n; i++)
		profile_row(p, a, y++, &p->world->credentials[i], &col);
	more(a, y, GLYPH_DOWN, win.below, "more");
}

/* --- detail ------------------------------------------------------------------------------ */

static void stored(struct str *out, const struct credential *c, int64_t now_ms)
{
	(void)now_ms;
	fact_stored(out, c);
	if (c->stored != STORED_MISSING && c->stored != STORED_NOT_NEEDED) {
		str_add(out, ", ");
		credential_mask(out, c);
	}
}

static void opens(struct str *out, const struct credential *c, int64_t now_ms)
{
	(void)now_ms;
	fact_opens(out, c);
}

static void in_use(struct str *out, const struct credential *c, int64_t now_ms)
{
	(void)now_ms;
	fact_in_use(out, c);
}

static const struct {
	const char *name;
	void (*text)(struct str *out, const struct credential *c, int64_t now_ms);
} facts[] = {
	{ "stored", stored },
	{ "opens", opens },
	{ "selected", fact_selected },
	{ "accepted", fact_accepted },
	{ "expires", fact_expires },
	{ "in use", in_use },
};

void pane_detail(const struct panel *p, const struct area *a)
{
	const struct credential *c = panel_credential(p);
	char text[400];
	int y = a->y;

	if (a->focused)
		frame_cursor(a->f, y, a->x);
	if (!c) {
		frame_clip(a->f, y, a->x + 2, a->w - 2, ROLE_MUTED, "no profile is selected");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(facts) && y < a->y + a->h; i++) {
		struct str s = STR_OF(text);

		facts[i].text(&s, c, a->now_ms);
		frame_text(a->f, y, a->x + 2, ROLE_MUTED, facts[i].name);
		y += frame_wrap(a->f, y, a->x + 12, a->w - 12,
			a->h > (int)ARRAY_LEN(facts) ? a->y + a->h - y : 1, ROLE_TEXT, text);
	}
	if (y >= a->y + a->h || a->h <= (int)ARRAY_LEN(facts))
		return;
	if (!c->fingerprint[0])
		return;
	frame_text(a->f, y, a->x + 2, ROLE_MUTED, "key");
	frame_text(a->f, y, frame_text(a->f, y, a->x + 12, ROLE_TEXT, "fingerprint "), ROLE_TEXT,
		c->fingerprint);
}

/* --- doctor ------------------------------------------------------------------------------ */

static void doctor_row(const struct panel *p, const struct area *a, int y, size_t row)
{
	const struct finding *f = panel_finding_at(p, row);
	int x = a->narrow ? 2 : a->x + 10, end = a->x + a->w;
	enum glyph g;

	if (!f)
		return;
	g = severity_glyph((int)f->severity);
	frame_glyph(a->f, y, a->x + 2, glyph_role(g), g);
	if (a->narrow)
		x = a->x + 4;
	else
		frame_text(a->f, y, a->x + 4, ROLE_TEXT, severity_word((int)f->severity));
	if (f->fix[0] && !a->narrow) {
		end -= 7;
		frame_text(a->f, y, end + 2, ROLE_KEY, "f");
		frame_text(a->f, y, end + 4, ROLE_TEXT, "fix");
	}
	frame_clip(a->f, y, x, end - x, ROLE_TEXT, f->text);
	if (row == p->doctor.at && a->focused)
		select_row(a, y);
}

/* The selected finding in full, where rows are left. */
static void doctor_rest(const struct panel *p, const struct area *a, int y)
{
	const struct finding *f = panel_finding_at(p, p->doctor.at);
	const char *texts[3];
	int end = a->y + a->h;

	if (!f || !a->focused)
		return;
	/* The text itself only where its row had to cut it. */
	texts[0] = frame_cells(a->f, f->text) <= a->w - (a->narrow ? 4 : 17) ? "" : f->text;
	texts[1] = f->evidence;
	texts[2] = f->fix;
	y++;
	for (int i = 0; i < 3 && y < end; i++) {
		if (texts[i][0])
			y += frame_wrap(a->f, y, a->x + 2, a->w - 2, end - y,
				i == 1 ? ROLE_MUTED : ROLE_TEXT, texts[i]);
	}
}

void pane_doctor(const struct panel *p, const struct area *a)
{
	size_t counts[4];
	struct list l = p->doctor;
	struct list_window win;
	int y = a->y, rows = a->h;

	list_count(&l, panel_findings(p, counts));
	if (a->focused)
		frame_cursor(a->f, y, a->x);
	if (counts[SEVERITY_OK] && rows > 1)
		rows--;
	win = list_window(&l, (size_t)(rows > 0 ? rows : 0));
	if (win.above)
		more(a, y++, GLYPH_UP, win.above, "more");
	for (size_t i = win.first; i < win.first + win.n; i++)
		doctor_row(p, a, y++, i);
	if (win.below)
		more(a, y++, GLYPH_DOWN, win.below, "more");
	if (counts[SEVERITY_OK] && y < a->y + a->h) {
		char text[40];
		struct str s = STR_OF(text);
		int x = frame_glyph(a->f, y, a->x + 2, ROLE_OK, GLYPH_OK);

		str_fmt(&s, "%s%zu checks are fine", a->narrow ? "" : "ok    ",
			counts[SEVERITY_OK]);
		frame_clip(a->f, y++, x + 1, a->w - 4, ROLE_MUTED, text);
	}
	doctor_rest(p, a, y);
	if (!p->world->finding_count)
		frame_clip(a->f, y, a->x + 2, a->w - 2, ROLE_MUTED, "nothing was checked yet");
}

/* --- log --------------------------------------------------------------------------------- */

void pane_log(const struct panel *p, const struct area *a)
{
	struct list l = p->log;
	struct list_window win;
	int y = a->y;

	if (a->focused)
		frame_cursor(a->f, y, a->x);
	if (!p->line_count) {
		frame_clip(a->f, y, a->x + 2, a->w - 2, ROLE_MUTED, "no check has finished yet");
		return;
	}
	list_count(&l, p->line_count);
	win = list_window(&l, (size_t)a->h);
	if (win.above)
		more(a, y++, GLYPH_UP, win.above, "newer");
	for (size_t i = win.first; i < win.first + win.n; i++, y++) {
		size_t at = (p->line_at + LOG_LINES - 1 - i) % LOG_LINES;
		const struct log_line *line = &p->lines[at];
		enum glyph g = severity_glyph((int)line->severity);
		char when[32];
		struct str s = STR_OF(when);
		int x = a->x + 2;

		clock_local(&s, line->at_ms);
		if (s.len == 16 && !a->narrow)
			x = frame_text(a->f, y, x, ROLE_MUTED, when + 11) + 1;
		x = frame_glyph(a->f, y, x, glyph_role(g), g) + 1;
		frame_clip(a->f, y, x, a->x + a->w - x, ROLE_TEXT, line->text);
		if (i == l.at && a->focused)
			select_row(a, y);
	}
	if (win.below)
		more(a, y, GLYPH_DOWN, win.below, "older");
}
