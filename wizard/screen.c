/* SPDX-License-Identifier: MIT */

/* One screen: header, the step's body, message, footer; and what lies over it. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wizard/steps.h"

#define SIDE_AT 80 /* column of the side pane on large screens */

/* What the stepper shows, and which of its names each step belongs to. */
struct route {
	const char *title;
	const char *names[8];
	size_t count;
	unsigned char place[STEP_COUNT];
};

static const struct route routes[] = {
	[FLOW_ADD] = {
		.title = "ThinkFleetBot setup",
		.names = { "Provider", "Method", "Secret", "Verify", "Protect", "Model", "Review" },
		.count = 7,
		.place = { [STEP_METHOD] = 1,
			[STEP_SECRET] = 2,
			[STEP_CHECK] = 3,
			[STEP_PROTECT] = 4,
			[STEP_OFFLINE] = 4,
			[STEP_PASSPHRASE] = 4,
			[STEP_MODEL] = 5,
			[STEP_REVIEW] = 6,
			[STEP_APPLY] = 6 },
	},
	[FLOW_ROTATE] = {
		.title = "Rotate a key",
		.names = { "Choose", "Paste", "Verify", "Switch" },
		.count = 4,
		.place = { [STEP_SECRET] = 1,
			[STEP_CHECK] = 2,
			[STEP_PROTECT] = 2,
			[STEP_PASSPHRASE] = 2,
			[STEP_REVIEW] = 3,
			[STEP_APPLY] = 3 },
	},
	[FLOW_PASTE] = {
		.title = "Paste a token",
		.names = { "Paste", "Verify", "Review" },
		.count = 3,
		.place = { [STEP_CHECK] = 1,
			[STEP_PASSPHRASE] = 1,
			[STEP_REVIEW] = 2,
			[STEP_APPLY] = 2 },
	},
};

void screen_head(const struct wizard *w, struct str *out)
{
	const struct route *r = &routes[w->flow];
	size_t at = r->place[w->at];

	if (w->at == STEP_START)
		str_add(out, r->title);
	else
		str_fmt(out, "Step %zu of %zu: %s", at + 1, r->count, r->names[at]);
}

/* Rows of the header and below the body. */
static int head_rows(const struct wizard *w, enum layout l)
{
	if (l == LAYOUT_XS)
		return 1;
	return l == LAYOUT_S || w->at == STEP_START ? 2 : 3;
}

/* A message takes the rows that its sentence needs: it is what the person has to read. */
#define MESSAGE_ROWS 3

static int message_rows(const struct wizard *w, enum layout l)
{
	int width = w->cols - (l == LAYOUT_XS ? 2 : 4);
	int rows;
	struct frame none = { 0 }; /* everything is clipped: only the rows are counted */

	if (!w->message[0])
		return 1;
	rows = frame_wrap(&none, 0, 0, width, MESSAGE_ROWS, ROLE_TEXT, w->message);
	return rows < 1 ? 1 : rows > MESSAGE_ROWS ? MESSAGE_ROWS : rows;
}

static int foot_rows(const struct wizard *w, enum layout l)
{
	return message_rows(w, l) + (l >= LAYOUT_M ? 2 : 1);
}

bool screen_body(const struct wizard *w, struct body *b, int64_t now_ms, struct err *e)
{
	enum layout l = layout_of(w->rows, w->cols);
	int cols = l == LAYOUT_L ? SIDE_AT : w->cols;

	if (!body_init(b, l, GLYPHS_UNICODE, cols, w->rows - head_rows(w, l) - foot_rows(w, l)))
		return err_set(e, ERR_MEMORY, "out of memory");
	b->now_ms = now_ms;
	steps[w->at]->draw(w, b);
	return true;
}

/* The first row that is shown: by hand, or so that the focus is visible. */
int screen_top(const struct wizard *w, const struct body *b)
{
	int top = w->scrolled ? w->top : 0;

	if (!w->scrolled && b->sheet.cursor && b->sheet.cursor_y >= b->visible)
		top = b->sheet.cursor_y - b->visible + 2;
	if (top > b->y - b->visible)
		top = b->y - b->visible;
	return top < 0 ? 0 : top;
}

static void draw_right(struct frame *f, int y, enum role role, const char *text)
{
	int edge = f->cols > 2 ? f->cols - 1 : f->cols;

	frame_text(f, y, edge - (int)text_cells(text), role, text);
}

static void draw_title(const struct wizard *w, struct frame *f, enum layout l)
{
	const struct route *r = &routes[w->flow];
	size_t at = r->place[w->at] + 1u;
	char right[160];
	struct str s = STR_OF(right);

	frame_text(f, 0, 1, ROLE_TITLE, l == LAYOUT_XS ? steps[w->at]->title : r->title);
	if (w->at == STEP_START)
		str_add(&s, w->world->host);
	else if (l == LAYOUT_XS)
		str_fmt(&s, "%zu/%zu", at, r->count);
	else if (l == LAYOUT_S)
		str_fmt(&s, "%zu/%zu %s", at, r->count, r->names[at - 1]);
	else
		str_fmt(&s, "%.40s  step %zu/%zu", w->world->host, at, r->count);
	draw_right(f, 0, ROLE_MUTED, right);
}

static void draw_head(const struct wizard *w, struct frame *f, enum layout l)
{
	const struct route *r = &routes[w->flow];
	struct stepper s = { r->names, r->count, r->place[w->at] };

	draw_title(w, f, l);
	if (l == LAYOUT_XS)
		return;
	if (head_rows(w, l) == 3)
		stepper_draw(f, 1, &s);
	frame_hline(f, head_rows(w, l) - 1, 0, f->cols);
}

static void draw_message(const struct wizard *w, struct frame *f, enum layout l)
{
	int y = f->rows - foot_rows(w, l);
	int x = l == LAYOUT_XS ? 0 : 1;
	bool quiet = w->at < STEP_REVIEW && w->at != STEP_CHECK && l >= LAYOUT_M;

	if (w->message[0]) {
		enum glyph g = severity_glyph((int)w->message_severity);

		x = frame_glyph(f, y, x, glyph_role(g), g) + 1;
		frame_wrap(f, y, x, f->cols - x - (l == LAYOUT_XS ? 0 : 1), MESSAGE_ROWS, ROLE_TEXT,
			w->message);
	} else if (w->busy == BUSY_CHECK && l >= LAYOUT_S) {
		frame_clip(f, y, x, f->cols - x - 1, ROLE_MUTED,
			"Times out by itself. Esc drops the request.");
	} else if (w->busy == BUSY_APPLY && l >= LAYOUT_S) {
		frame_clip(f, y, x, f->cols - x - 1, ROLE_MUTED,
			"Please wait. Each file is replaced in one step.");
	} else if (quiet && w->at == STEP_START) {
		frame_clip(f, y, x, f->cols - x - 1, ROLE_MUTED,
			"Nothing is written until you confirm on the Review step.");
	}
}

static void draw_foot(const struct wizard *w, struct frame *f, enum layout l)
{
	const struct binding *tables[TABLES];

	draw_message(w, f, l);
	if (l >= LAYOUT_M)
		frame_hline(f, f->rows - 2, 0, f->cols);
	wizard_tables(w, tables);
	footer_draw(f, f->rows - 1, tables);
}

/* --- the side pane of large screens ----------------------------------------------------- */

static int side_line(
	const struct wizard *w, struct frame *f, int y, enum role role, const char *text)
{
	int x = SIDE_AT + 2;
	int room = f->rows - foot_rows(w, LAYOUT_L) - y;
	int used = room > 0 ? frame_wrap(f, y, x, f->cols - x - 1, room, role, text) : 0;

	return y + used;
}

static int side_fact(
	const struct wizard *w, struct frame *f, int y, const char *name, const char *text)
{
	int x = SIDE_AT + 2;
	int room = f->rows - foot_rows(w, LAYOUT_L) - y;
	int used;

	if (!text || !text[0] || room < 1)
		return y;
	frame_text(f, y, x, ROLE_MUTED, name);
	used = frame_wrap(f, y, x + 10, f->cols - x - 11, room, ROLE_TEXT, text);
	return y + (used > 0 ? used : 1);
}

static int side_provider(const struct wizard *w, struct frame *f, int y)
{
	const struct provider *p = w->draft.provider;
	const struct provider_state *s = provider_state_of(w, p->id);
	char text[64];
	struct str t = STR_OF(text);

	y = side_line(w, f, y, ROLE_TITLE, p->label) + 1;
	y = side_fact(w, f, y, "Models", p->models_hint);
	y = side_fact(w, f, y, "Address", w->draft.base_url[0] ? w->draft.base_url : p->base_url);
	y = side_fact(w, f, y, "Keys at", p->keys_page);
	if (s && s->profiles) {
		str_fmt(&t, "%u profile%s", s->profiles, s->profiles == 1 ? "" : "s");
		y = side_fact(w, f, y, "Stored", text);
	}
	if (s && s->env_var[0])
		y = side_fact(w, f, y, "Found", s->env_var);
	return y + 1;
}

static void draw_side(const struct wizard *w, struct frame *f)
{
	const struct draft *d = &w->draft;
	int y = head_rows(w, LAYOUT_L);

	for (int i = y; i < f->rows - foot_rows(w, LAYOUT_L); i++)
		frame_glyph(f, i, SIDE_AT, ROLE_MUTED, GLYPH_VLINE);
	if (d->provider && w->at > STEP_PROVIDER)
		y = side_provider(w, f, y);
	y = side_line(w, f, y, ROLE_TITLE, "Your choices so far");
	if (!d->provider || w->at <= STEP_PROVIDER) {
		side_line(w, f, y, ROLE_MUTED, "(nothing yet)");
		return;
	}
	y = side_fact(w, f, y, "Provider", d->provider->label);
	if (d->method && w->at > STEP_METHOD)
		y = side_fact(w, f, y, "Method", d->method->label);
	if (w->at > STEP_SECRET)
		y = side_fact(w, f, y, "Profile", d->profile_id);
	if (w->at > STEP_SECRET && d->tail[0])
		y = side_fact(w, f, y, "Key ends", d->tail);
	if (w->at > STEP_CHECK)
		y = side_fact(w, f, y, "Verified", d->verified ? "yes" : "no");
	if (w->at > STEP_PROTECT && d->method && d->method->kind != CRED_NONE)
		y = side_fact(w, f, y, "Kept", d->keep == KEEP_SEALED ? "sealed" : "plain text");
	if (w->at > STEP_MODEL)
		side_fact(w, f, y, "Model", d->model[0] ? d->model : "unchanged");
}

/* --- too small -------------------------------------------------------------------------- */

void screen_tiny(struct frame *f, const char *instead)
{
	char text[80];
	struct str s = STR_OF(text);

	if (f->rows < 3 || f->cols < 20) {
		frame_clip(f, 0, 0, f->cols, ROLE_TEXT, "Too small: q");
		frame_cursor(f, 0, 0);
		return;
	}
	str_fmt(&s, "%dx%d, needs 40x12", f->cols, f->rows);
	frame_clip(f, f->rows > 6 ? 2 : 0, 2, f->cols - 2, ROLE_TITLE, "Window too small");
	frame_clip(f, f->rows > 6 ? 3 : 1, 2, f->cols - 2, ROLE_TEXT, text);
	if (f->rows > 6) {
		frame_clip(f, 5, 2, f->cols - 2, ROLE_TEXT, "Make it larger, or press q");
		frame_clip(f, 6, 2, f->cols - 2, ROLE_TEXT, instead);
	} else {
		frame_clip(f, 2, 2, f->cols - 2, ROLE_TEXT, "Enlarge, or press q");
	}
	frame_cursor(f, f->rows > 6 ? 2 : 0, 2);
}

static void draw_scrolled(const struct body *b, struct frame *f, int y, int top)
{
	int edge = b->sheet.cols - 1;

	if (top > 0)
		frame_glyph(f, y, edge, ROLE_MUTED, GLYPH_UP);
	if (top + b->visible < b->y)
		frame_glyph(f, y + b->visible - 1, edge, ROLE_MUTED, GLYPH_DOWN);
}

void wizard_draw(const struct wizard *w, struct frame *f, int64_t now_ms)
{
	enum layout l = layout_of(f->rows, f->cols);
	struct wizard sized = *w; /* the frame's size counts, whatever wizard_size() said */
	struct body b;
	int top, y;

	sized.rows = f->rows;
	sized.cols = f->cols;
	frame_clear(f);
	str_copy(f->title, sizeof(f->title), routes[w->flow].title);
	if (l == LAYOUT_TINY) {
		screen_tiny(f, "and run: onboard --plain");
		return;
	}
	y = head_rows(w, l);
	if (!body_init(&b, l, f->glyphs, l == LAYOUT_L ? SIDE_AT : f->cols,
		    f->rows - y - foot_rows(&sized, l)))
		return;
	b.now_ms = now_ms;
	steps[w->at]->draw(&sized, &b);
	top = screen_top(&sized, &b);
	draw_head(&sized, f, l);
	body_show(&b, f, y, top);
	draw_scrolled(&b, f, y, top);
	if (l == LAYOUT_L)
		draw_side(&sized, f);
	draw_foot(&sized, f, l);
	overlay_draw(&sized, f);
	body_release(&b);
}
