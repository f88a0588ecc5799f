/* SPDX-License-Identifier: MIT */

/* The panel's layouts: one pane with tabs, three in one box, or four boxes. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wizard/answers.h"
#include "wizard/body.h"
#include "wizard/panel_state.h"

static const struct {
	const char *name;
	void (*draw)(const struct panel *p, const struct area *a);
} panes[PANE_COUNT] = {
	[PANE_PROFILES] = { "Profiles", pane_profiles },
	[PANE_DETAIL] = { "Detail", pane_detail },
	[PANE_DOCTOR] = { "Doctor", pane_doctor },
	[PANE_LOG] = { "Log", pane_log },
};

static bool all_checked_failed(const struct panel *p)
{
	size_t failed = 0;

	for (size_t i = 0; i < p->world->credential_count; i++) {
		const struct credential *c = &p->world->credentials[i];

		if (c->accepted == VERDICT_NONE)
			continue;
		if (c->accepted != VERDICT_UNKNOWN ||
			(c->accepted_reason != REASON_DNS && c->accepted_reason != REASON_CONNECT &&
				c->accepted_reason != REASON_TIMEOUT))
			return false;
		failed++;
	}
	return failed > 0;
}

static const char *mood(const struct panel *p, enum glyph *g)
{
	*g = GLYPH_OFF;
	if (p->paused)
		return "paused";
	*g = GLYPH_WARN;
	if (all_checked_failed(p))
		return "offline";
	*g = GLYPH_LIVE;
	return "live";
}

static void draw_title(const struct panel *p, struct frame *f, enum layout l)
{
	char right[160], at[32];
	struct str s = STR_OF(right), t = STR_OF(at);
	enum glyph g;
	const char *word = mood(p, &g);
	int x;

	frame_text(f, 0, l == LAYOUT_XS ? 0 : 1, ROLE_TITLE,
		l == LAYOUT_XS ? "Status" : "Status and doctor");
	clock_local(&t, p->world->now_ms);
	str_add(&s, word);
	if (l >= LAYOUT_S && t.len == 16)
		str_fmt(&s, "%s%s", l >= LAYOUT_M ? "  updated " : " ", at + 11);
	x = f->cols - 1 - frame_cells(f, right);
	frame_text(f, 0, x, ROLE_MUTED, right);
	frame_glyph(f, 0, x - 2, glyph_role(g), g);
	if (l >= LAYOUT_M)
		frame_text(
			f, 0, x - 4 - frame_cells(f, p->world->host), ROLE_MUTED, p->world->host);
}

/* --- one pane, with tabs ----------------------------------------------------------------- */

static void tab_text(const struct panel *p, enum layout l, enum pane at, struct str *out)
{
	size_t counts[4];

	panel_findings(p, counts);
	if (l > LAYOUT_XS)
		str_fmt(out, "%d ", (int)at + 1);
	str_add(out, panes[at].name);
	if (at == PANE_PROFILES && l > LAYOUT_XS)
		str_fmt(out, " %zu", p->world->credential_count);
	if (at == PANE_DOCTOR && counts[SEVERITY_FAIL])
		str_fmt(out, " ✗%zu", counts[SEVERITY_FAIL]);
	if (at == PANE_DOCTOR && counts[SEVERITY_WARN])
		str_fmt(out, " !%zu", counts[SEVERITY_WARN]);
}

static void draw_tabs(const struct panel *p, struct frame *f, enum layout l)
{
	int x = l == LAYOUT_XS ? 0 : 1;

	for (int i = 0; i < PANE_COUNT; i++) {
		bool here = p->pane == (enum pane)i;
		char text[64];
		struct str s = STR_OF(text);

		if (here)
			str_add(&s, "[");
		tab_text(p, l, (enum pane)i, &s);
		if (here)
			str_add(&s, "]");
		x = frame_text(f, 1, x, here ? ROLE_TITLE : ROLE_MUTED, text);
		x += l == LAYOUT_XS ? 1 : 2;
	}
}

/* A message takes the rows that its sentence needs, where the panes can make room. */
static int message_rows(const struct panel *p, const struct frame *f, enum layout l)
{
	struct frame none = { 0 }; /* everything is clipped: only the rows are counted */
	int rows = 1;

	if (p->message[0] && l <= LAYOUT_S)
		rows = frame_wrap(
			&none, 0, 0, f->cols - (l == LAYOUT_XS ? 2 : 4), 3, ROLE_TEXT, p->message);
	return rows < 1 ? 1 : rows > 3 ? 3 : rows;
}

static void draw_single(const struct panel *p, struct frame *f, enum layout l, int64_t now_ms)
{
	int top = l == LAYOUT_XS ? 2 : 3;
	int x = l == LAYOUT_XS ? 0 : 1;
	struct area a = { f, top, x, f->rows - top - 1 - message_rows(p, f, l), f->cols - 2 * x,
		l == LAYOUT_XS, true, now_ms };

	draw_tabs(p, f, l);
	if (l > LAYOUT_XS)
		frame_hline(f, 2, 0, f->cols);
	panes[p->pane].draw(p, &a);
}

/* --- boxes ------------------------------------------------------------------------------- */

static void pane_title(const struct panel *p, enum pane at, struct str *out)
{
	str_fmt(out, "%d %s", (int)at + 1, panes[at].name);
	if (at == PANE_DETAIL && p->selected[0])
		str_fmt(out, ": %.40s", p->selected);
}

/* What stands at the right end of a pane's top line. */
static void pane_note(const struct panel *p, enum pane at, struct str *out)
{
	size_t counts[4];

	if (at == PANE_PROFILES)
		str_add(out, p->paused ? "paused" : "every 60 s");
	if (at != PANE_DOCTOR)
		return;
	panel_findings(p, counts);
	str_fmt(out, "%zu ok", counts[SEVERITY_OK]);
	if (counts[SEVERITY_WARN])
		str_fmt(out, ", %zu warn", counts[SEVERITY_WARN]);
	if (counts[SEVERITY_FAIL])
		str_fmt(out, ", %zu failed", counts[SEVERITY_FAIL]);
}

/* The line above a pane: its title, its note, and a mark when it has the focus. */
static void draw_pane_line(
	const struct panel *p, struct frame *f, enum pane at, int y, int x, int w)
{
	bool here = p->pane == at;
	enum role role = here ? ROLE_TITLE : ROLE_TEXT;
	char title[80], note[60];
	struct str t = STR_OF(title), n = STR_OF(note);
	int to = x + 2;

	pane_title(p, at, &t);
	pane_note(p, at, &n);
	frame_text(f, y, to++, role, " ");
	if (here)
		to = frame_text(f, y, frame_glyph(f, y, to, ROLE_TITLE, GLYPH_SELECT), role, " ");
	to = frame_clip(f, y, to, x + w - to - 3, role, title);
	frame_text(f, y, to, role, " ");
	if (!n.len)
		return;
	to = x + w - 3 - (int)n.len;
	frame_text(f, y, to - 1, ROLE_MUTED, " ");
	to = frame_text(f, y, to, ROLE_MUTED, note);
	frame_text(f, y, to, ROLE_MUTED, " ");
}

static void draw_pane(
	const struct panel *p, struct frame *f, enum pane at, struct area a, int64_t now_ms)
{
	a.focused = p->pane == at;
	a.now_ms = now_ms;
	draw_pane_line(p, f, at, a.y, a.x, a.w);
	a.y += 1;
	a.h -= 1;
	a.x += 2;
	a.w -= 4;
	panes[at].draw(p, &a);
}

static void draw_divider(struct frame *f, int y, int w)
{
	frame_hline(f, y, 1, w - 2);
	frame_glyph(f, y, 0, ROLE_TEXT, GLYPH_TEE_LEFT);
	frame_glyph(f, y, w - 1, ROLE_TEXT, GLYPH_TEE_RIGHT);
}

/* 80x24: profiles, detail and doctor share a box; the log takes the doctor's place. */
static void draw_stacked(const struct panel *p, struct frame *f, int64_t now_ms)
{
	int h = f->rows - 3; /* title, message, footer */
	int inner = h - 2 - 2 - 6;
	int want = (int)p->world->credential_count + 1;
	int shown = (int)panel_findings(p, NULL) + 1;
	int doctor = shown < inner - 3 ? shown : inner - 3;
	int list;
	enum pane last = p->pane == PANE_LOG ? PANE_LOG : PANE_DOCTOR;

	if (doctor < 3)
		doctor = 3;
	list = want < inner - doctor ? want : inner - doctor;
	frame_box(f, 1, 0, h, f->cols, ROLE_TEXT, NULL);
	draw_pane(p, f, PANE_PROFILES, (struct area){ .f = f, .y = 1, .w = f->cols, .h = list + 1 },
		now_ms);
	draw_divider(f, 2 + list, f->cols);
	draw_pane(p, f, PANE_DETAIL, (struct area){ .f = f, .y = 2 + list, .w = f->cols, .h = 7 },
		now_ms);
	draw_divider(f, 9 + list, f->cols);
	draw_pane(p, f, last,
		(struct area){ .f = f, .y = 9 + list, .w = f->cols, .h = h - 9 - list }, now_ms);
}

static void draw_boxed(
	const struct panel *p, struct frame *f, enum pane at, struct area a, int64_t now_ms)
{
	frame_box(f, a.y, a.x, a.h, a.w, p->pane == at ? ROLE_ACCENT : ROLE_TEXT, NULL);
	a.h -= 1;
	draw_pane(p, f, at, a, now_ms);
}

/* From 100x30: four boxes. */
static void draw_four(const struct panel *p, struct frame *f, int64_t now_ms)
{
	int h = f->rows - 3;
	int left = f->cols >= 132 ? f->cols / 2 : f->cols * 3 / 5;
	int top = (int)p->world->credential_count + 4;
	int right;

	if (left > 100)
		left = 100;
	right = f->cols - left;
	if (top < 10)
		top = 10;
	if (top > h / 2)
		top = h / 2;
	draw_boxed(
		p, f, PANE_PROFILES, (struct area){ .f = f, .y = 1, .w = left, .h = top }, now_ms);
	draw_boxed(p, f, PANE_DETAIL,
		(struct area){ .f = f, .y = 1, .x = left, .w = right, .h = top }, now_ms);
	draw_boxed(p, f, PANE_DOCTOR,
		(struct area){ .f = f, .y = 1 + top, .w = left, .h = h - top }, now_ms);
	draw_boxed(p, f, PANE_LOG,
		(struct area){ .f = f, .y = 1 + top, .x = left, .w = right, .h = h - top }, now_ms);
}

/* --- nothing there yet ------------------------------------------------------------------- */

static void draw_empty(const struct panel *p, struct frame *f, enum layout l, int64_t now_ms)
{
	int y = l == LAYOUT_XS ? 2 : 3;
	struct area a = { f, y + 5, l == LAYOUT_XS ? 0 : 1, f->rows - y - 7,
		f->cols - (l == LAYOUT_XS ? 0 : 2), l == LAYOUT_XS, p->pane == PANE_DOCTOR,
		now_ms };

	frame_text(f, y, 3, ROLE_TITLE, "No profiles yet.");
	frame_text(f, y + 2, 3, ROLE_KEY, "a");
	frame_text(f, y + 2, 10, ROLE_TEXT, "connect a provider");
	frame_text(f, y + 3, 3, ROLE_KEY, "Enter");
	frame_text(f, y + 3, 10, ROLE_TEXT, "the same");
	pane_doctor(p, &a);
	if (!a.focused)
		frame_cursor(f, y + 2, 3);
}

/* --- overlays ---------------------------------------------------------------------------- */

static int help_rows(const struct binding *rows, struct frame *f, int y, int x, int w)
{
	for (; rows->action; rows++) {
		const char *help = rows->help ? rows->help : rows->label;

		if (!rows->name || !help)
			continue;
		frame_text(f, y, x, ROLE_KEY, rows->name);
		y += frame_wrap(f, y, x + 7, w - 7, f->rows - y, ROLE_TEXT, help);
	}
	return y;
}

static int box_width(const struct frame *f)
{
	int w = f->cols - 8;

	if (w < 36)
		w = f->cols - 2;
	return w > 72 ? 72 : w;
}

static void draw_box(
	struct frame *f, const struct frame *sheet, int lines, size_t top, const char *title)
{
	int w = box_width(f), room = f->rows - 5;
	int h = lines < room ? lines : room;
	int x = (f->cols - w) / 2, y = 2 + (room - h) / 2;
	int from = (int)top < lines - h ? (int)top : lines - h;

	frame_erase(f, y - 1, x, h + 2, w);
	frame_box(f, y - 1, x, h + 2, w, ROLE_ACCENT, title);
	for (int i = 0; i < h; i++)
		memcpy(&f->cells[(size_t)(y + i) * (size_t)f->cols + (size_t)x + 2],
			&sheet->cells[(size_t)(from + i) * (size_t)sheet->cols],
			(size_t)(w - 4) * sizeof(f->cells[0]));
	if (from + h < lines)
		frame_glyph(f, y + h, x + w - 3, ROLE_MUTED, GLYPH_DOWN);
	if (from > 0)
		frame_glyph(f, y - 1, x + w - 3, ROLE_MUTED, GLYPH_UP);
	frame_cursor(f, y, x + 2);
}

static int fix_rows(const struct panel *p, struct frame *sheet)
{
	int y = frame_wrap(sheet, 0, 0, sheet->cols, sheet->rows, ROLE_TEXT, p->asked_text) + 1;

	frame_text(sheet, y, 0, ROLE_MUTED, "Will run");
	y += frame_wrap(sheet, y, 10, sheet->cols - 10, sheet->rows - y, ROLE_TITLE, p->asked);
	frame_text(sheet, y + 1, 0, ROLE_KEY, "y");
	frame_text(sheet, y + 1, 3, ROLE_TEXT, "apply");
	frame_text(sheet, y + 1, 11, ROLE_KEY, "n");
	frame_text(sheet, y + 1, 14, ROLE_TEXT, "cancel");
	return y + 2;
}

/* The overlay's content on a sheet of its own; the rows, 0 when there is none. */
static int write_overlay(const struct panel *p, const struct frame *f, struct frame *sheet)
{
	struct panel below = *p; /* the keys of the screen under the help box */
	const struct binding *tables[4];
	int lines = 0;

	if (p->overlay == PANEL_OPEN || !frame_resize(sheet, 64, box_width(f) - 4, NULL))
		return 0;
	frame_clear(sheet);
	sheet->glyphs = f->glyphs;
	if (p->overlay == PANEL_FIX)
		return fix_rows(p, sheet);
	below.overlay = PANEL_OPEN;
	panel_tables(&below, tables);
	for (size_t i = 0; tables[i]; i++)
		lines = help_rows(tables[i], sheet, lines, 0, sheet->cols);
	return lines;
}

static void draw_overlay(const struct panel *p, struct frame *f)
{
	struct frame sheet = { 0 };
	int lines = write_overlay(p, f, &sheet);

	if (lines)
		draw_box(
			f, &sheet, lines, p->overlay_top, p->overlay == PANEL_FIX ? "Fix" : "Help");
	frame_release(&sheet);
}

size_t panel_overlay_last(const struct panel *p)
{
	struct frame screen = { .rows = p->rows, .cols = p->cols }, sheet = { 0 };
	int hidden = write_overlay(p, &screen, &sheet) - (p->rows - 5);

	frame_release(&sheet);
	return hidden > 0 ? (size_t)hidden : 0;
}

static void draw_message(const struct panel *p, struct frame *f, enum layout l)
{
	enum glyph g = severity_glyph((int)p->severity);
	int x = l == LAYOUT_XS ? 0 : 1;

	if (p->message[0]) {
		int rows = message_rows(p, f, l), y = f->rows - 1 - rows;

		frame_erase(f, y, 0, rows, f->cols);
		x = frame_glyph(f, y, x, glyph_role(g), g) + 1;
		frame_wrap(f, y, x, f->cols - x - (l == LAYOUT_XS ? 0 : 1), rows, ROLE_TEXT,
			p->message);
	} else if (l <= LAYOUT_S && p->world->credential_count) {
		frame_text(f, f->rows - 2, x, ROLE_MUTED, p->paused ? "paused" : "every 60 s");
	}
}

void panel_draw(const struct panel *p, struct frame *f, int64_t now_ms)
{
	enum layout l = layout_of(f->rows, f->cols);
	const struct binding *tables[4];

	frame_clear(f);
	str_copy(f->title, sizeof(f->title), "ThinkFleetBot status");
	if (l == LAYOUT_TINY) {
		screen_tiny(f, "or run: status --once");
		return;
	}
	draw_title(p, f, l);
	if (!p->world->credential_count)
		draw_empty(p, f, l, now_ms);
	else if (l == LAYOUT_L)
		draw_four(p, f, now_ms);
	else if (l == LAYOUT_M)
		draw_stacked(p, f, now_ms);
	else
		draw_single(p, f, l, now_ms);
	draw_message(p, f, l);
	panel_tables(p, tables);
	footer_draw(f, f->rows - 1, tables);
	draw_overlay(p, f);
}
