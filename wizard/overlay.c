/* SPDX-License-Identifier: MIT */

/* Boxes over the screen: leaving, help, diff, details, the unencrypted question. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wizard/steps.h"

static const struct binding keys_quit[] = {
	{ KEYS_NONE, 'n', ACT_NO, "n", "stay", 0, "stay" },
	{ KEYS_NONE, 'N', ACT_NO, NULL, NULL, 0, NULL },
	{ KEYS_NONE, 'y', ACT_YES, "y", "leave", 0, "leave" },
	{ KEYS_NONE, 'Y', ACT_YES, NULL, NULL, 0, NULL },
	{ KEYS_ESC, 0, ACT_NO, "Esc", "stay", 0, "stay" },
	{ KEYS_ENTER, 0, ACT_NO, "Enter", NULL, 0, "stay" },
	{ 0 },
};

static const struct binding keys_unsealed[] = {
	{ KEYS_NONE, 'y', ACT_YES, "y", "store unencrypted", 0, "store the key as plain text" },
	{ KEYS_NONE, 'Y', ACT_YES, NULL, NULL, 0, NULL },
	{ KEYS_NONE, 'n', ACT_NO, "n", "no", 0, "choose another way" },
	{ KEYS_NONE, 'N', ACT_NO, NULL, NULL, 0, NULL },
	{ KEYS_ESC, 0, ACT_NO, "Esc", "no", 0, "choose another way" },
	{ KEYS_ENTER, 0, ACT_NO, "Enter", NULL, 0, "choose another way" },
	{ 0 },
};

static const struct binding keys_weaker[] = {
	{ KEYS_NONE, 'y', ACT_YES, "y", "use it", 0, "use the weaker setting" },
	{ KEYS_NONE, 'Y', ACT_YES, NULL, NULL, 0, NULL },
	{ KEYS_NONE, 'n', ACT_NO, "n", "no", 0, "choose another way" },
	{ KEYS_NONE, 'N', ACT_NO, NULL, NULL, 0, NULL },
	{ KEYS_ESC, 0, ACT_NO, "Esc", "no", 0, "choose another way" },
	{ KEYS_ENTER, 0, ACT_NO, "Enter", NULL, 0, "choose another way" },
	{ 0 },
};

static const struct binding keys_close[] = {
	{ KEYS_ESC, 0, ACT_NO, "Esc", "close", 0, "close" },
	{ KEYS_ENTER, 0, ACT_NO, "Enter", "close", 1, "close" },
	{ KEYS_NONE, 'q', ACT_NO, NULL, NULL, 0, NULL },
	{ KEYS_UP, 0, ACT_SCROLL, "↑↓", "scroll", 2, "scroll (also PgUp, PgDn)" },
	{ KEYS_DOWN, 0, ACT_SCROLL, NULL, NULL, 0, NULL },
	{ KEYS_PAGE_UP, 0, ACT_SCROLL, NULL, NULL, 0, NULL },
	{ KEYS_PAGE_DOWN, 0, ACT_SCROLL, NULL, NULL, 0, NULL },
	{ 0 },
};

const struct binding *overlay_keys(const struct wizard *w)
{
	switch (w->overlay) {
	case OVERLAY_QUIT:
		return keys_quit;
	case OVERLAY_UNSEALED:
		return keys_unsealed;
	case OVERLAY_WEAKER:
		return keys_weaker;
	default:
		return keys_close;
	}
}

/* --- contents, as lines ----------------------------------------------------------------- */

static void quit_text(const struct wizard *w, struct buf *out)
{
	buf_text(out, "Nothing has been written.\n", NULL);
	if (w->secret.text.len || w->draft.secret.len)
		buf_fmt(out, NULL, "The pasted %s will be wiped from memory.\n",
			w->draft.method ? w->draft.method->noun : "key");
	buf_text(out, "\nn or Esc\tstay\ny or Ctrl-C again\tleave\n", NULL);
}

static void unsealed_text(struct buf *out)
{
	buf_text(out,
		"Store the secret unencrypted? y N\n\n"
		"Anyone who reads the file has the key: backups, git, a support zip, "
		"a tool that prints the file.\n",
		NULL);
}

static void weaker_text(struct buf *out)
{
	buf_text(out,
		"Use the weaker setting? y N\n\n"
		"This computer has little free memory: guessing the passphrase would cost an "
		"attacker 19 MiB a try instead of 64. A key file needs no memory; a longer "
		"passphrase makes up for it.\n",
		NULL);
}

static void help_rows(const struct binding *rows, struct buf *out)
{
	for (; rows->action; rows++) {
		const char *help = rows->help ? rows->help : rows->label;

		if (rows->name && help)
			buf_fmt(out, NULL, "%s\t%s\n", rows->name, help);
	}
}

static void help_text(const struct wizard *w, struct buf *out)
{
	const struct binding *tables[TABLES];
	struct wizard below = *w; /* the keys of the screen under this box */

	below.overlay = OVERLAY_NONE;
	wizard_tables(&below, tables);
	for (size_t i = 0; tables[i]; i++)
		help_rows(tables[i], out);
	if (steps[w->at]->about)
		buf_fmt(out, NULL, "\n%s\n", steps[w->at]->about);
}

static void ms_text(struct buf *out, const char *name, int ms)
{
	if (ms >= 0)
		buf_fmt(out, NULL, "%s\t%d ms\n", name, ms);
}

static void word_text(struct buf *out, const char *name, const char *word)
{
	if (word[0])
		buf_fmt(out, NULL, "%s\t%s\n", name, word);
}

static void details_text(const struct wizard *w, struct buf *out)
{
	const struct draft *d = &w->draft;
	const struct check_result *r = &d->check;
	struct check_request rq;

	if (check_build(&rq, d->provider, d->method, d->base_url, NULL))
		buf_fmt(out, NULL, "GET %s\n", rq.url);
	if (d->prefix[0] || d->tail[0])
		buf_fmt(out, NULL, "key\t%s...%s\n", d->prefix, d->tail);
	word_text(out, "peer", r->address);
	word_text(out, "proxy", r->proxy);
	word_text(out, "CA file", r->trust);
	if (r->status)
		buf_fmt(out, NULL, "status\tHTTP %d\n", r->status);
	buf_fmt(out, NULL, "verdict\t%s, %s\n", verdict_name(r->verdict), reason_name(r->reason));
	word_text(out, "answer", r->text);
	word_text(out, "account", r->account);
	word_text(out, "credit", r->credit);
	word_text(out, "limits", r->limits);
	ms_text(out, "dns", r->dns_ms);
	ms_text(out, "connected", r->tls_ms);
	ms_text(out, "first byte", r->answer_ms);
	ms_text(out, "whole", r->latency_ms);
	if (r->skew_ms != INT64_MIN)
		buf_fmt(out, NULL, "clock\t%+d ms from the server's\n", (int)r->skew_ms);
}

bool overlay_text(const struct wizard *w, struct buf *out, char *title, size_t cap)
{
	struct str t = str_on(title, cap);

	switch (w->overlay) {
	case OVERLAY_QUIT:
		str_add(&t, "Leave setup?");
		quit_text(w, out);
		return true;
	case OVERLAY_UNSEALED:
		str_add(&t, "Plain text");
		unsealed_text(out);
		return true;
	case OVERLAY_WEAKER:
		str_add(&t, "Little memory");
		weaker_text(out);
		return true;
	case OVERLAY_HELP:
		str_fmt(&t, "Help: %s", steps[w->at]->title);
		help_text(w, out);
		return true;
	case OVERLAY_DETAILS:
		str_add(&t, "Details");
		details_text(w, out);
		return true;
	case OVERLAY_DIFF:
		str_add(&t, "Changes (secrets are never shown)");
		buf_add(out, w->plan.diff.p ? w->plan.diff.p : "", w->plan.diff.len, NULL);
		if (!out->len)
			buf_text(out, "Nothing changes.\n", NULL);
		return true;
	default:
		return false;
	}
}

/* --- the box ---------------------------------------------------------------------------- */

static enum role diff_role(const struct wizard *w, const char *line)
{
	if (w->overlay != OVERLAY_DIFF)
		return ROLE_TEXT;
	return line[0] == '+' ? ROLE_OK : line[0] == '-' ? ROLE_FAIL : ROLE_TEXT;
}

/* One line at row y; a tab separates a name from its text. The rows used. */
static int write_line(const struct wizard *w, struct frame *f, int y, char *line)
{
	int indent = w->overlay == OVERLAY_QUIT ? 20 : w->overlay == OVERLAY_DETAILS ? 12 : 8;
	char *tab = strchr(line, '\t');
	enum role role = diff_role(w, line);
	int used;

	if (!tab && frame_cells(f, line) <= f->cols) {
		frame_text(f, y, 0, role, line); /* its blanks stay */
		return 1;
	}
	if (!tab)
		return frame_wrap(f, y, 0, f->cols, f->rows - y, role, line);
	*tab = '\0';
	frame_text(f, y, 0, ROLE_KEY, line);
	used = frame_wrap(f, y, indent, f->cols - indent, f->rows - y, ROLE_TEXT, tab + 1);
	return used > 0 ? used : 1;
}

/* Writes the lines on a sheet. The rows used. */
static int write_lines(const struct wizard *w, struct frame *f, struct buf *text)
{
	int y = 0;

	for (char *line = text->p; line && *line && y < f->rows;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		y += write_line(w, f, y, line);
		line = end ? end + 1 : NULL;
	}
	return y < f->rows ? y : f->rows;
}

struct box {
	int y, x, h, w; /* inside the frame lines */
};

static struct box place(const struct wizard *w, const struct frame *f, int lines)
{
	int wide = w->overlay == OVERLAY_DIFF ? 78 : 70;
	int margin = f->cols >= 80 ? (f->cols - wide) / 2 : 1;
	int room = f->rows - 5; /* title, box lines, message, footer */
	struct box p = { .w = f->cols - 2 * margin - 4 };

	if (p.w > 100)
		p.w = 100;
	p.x = (f->cols - p.w) / 2;
	p.h = lines < room ? lines : room;
	if (p.h < 1)
		p.h = 1;
	p.y = 2 + (room - p.h) / 2;
	return p;
}

/* Cells of the sheet from row `top` into the box. */
static void copy_rows(struct frame *f, const struct box *p, const struct frame *sheet, int top)
{
	for (int i = 0; i < p->h && top + i < sheet->rows; i++)
		memcpy(&f->cells[(size_t)(p->y + i) * (size_t)f->cols + (size_t)p->x],
			&sheet->cells[(size_t)(top + i) * (size_t)sheet->cols],
			(size_t)p->w * sizeof(f->cells[0]));
}

#define OVERLAY_ROWS 400

void overlay_draw(const struct wizard *w, struct frame *f)
{
	struct buf text = { 0 };
	struct frame sheet = { 0 };
	struct box p = place(w, f, 1);
	char title[80];
	int lines, top;

	if (!overlay_text(w, &text, title, sizeof(title)))
		return;
	if (!frame_resize(&sheet, OVERLAY_ROWS, p.w, NULL))
		goto out;
	frame_clear(&sheet);
	sheet.glyphs = f->glyphs;
	lines = write_lines(w, &sheet, &text);
	p = place(w, f, lines);
	top = (int)w->overlay_top;
	if (top > lines - p.h)
		top = lines - p.h;
	frame_erase(f, p.y - 1, p.x - 2, p.h + 2, p.w + 4);
	frame_box(f, p.y - 1, p.x - 2, p.h + 2, p.w + 4, ROLE_ACCENT, title);
	copy_rows(f, &p, &sheet, top);
	if (top > 0)
		frame_glyph(f, p.y - 1, p.x + p.w - 1, ROLE_MUTED, GLYPH_UP);
	if (top + p.h < lines)
		frame_glyph(f, p.y + p.h, p.x + p.w - 1, ROLE_MUTED, GLYPH_DOWN);
	frame_cursor(f, p.y, p.x);
out:
	frame_release(&sheet);
	buf_release(&text);
}

/* How far it can be scrolled, for a screen of the wizard's size. */
static size_t last_top(const struct wizard *w)
{
	struct buf text = { 0 };
	struct frame sheet = { 0 }, screen = { .rows = w->rows, .cols = w->cols };
	char title[80];
	struct box p = place(w, &screen, 1);
	int lines = 0;

	if (overlay_text(w, &text, title, sizeof(title)) &&
		frame_resize(&sheet, OVERLAY_ROWS, p.w, NULL)) {
		lines = write_lines(w, &sheet, &text);
		p = place(w, &screen, lines);
	}
	frame_release(&sheet);
	buf_release(&text);
	return lines > p.h ? (size_t)(lines - p.h) : 0;
}

static void scroll_overlay(struct wizard *w, const struct event *ev)
{
	size_t last = last_top(w);
	size_t page = w->rows > 8 ? (size_t)w->rows - 8 : 1;

	switch (ev->key) {
	case KEYS_UP:
		w->overlay_top -= w->overlay_top > 0;
		break;
	case KEYS_DOWN:
		w->overlay_top++;
		break;
	case KEYS_PAGE_UP:
		w->overlay_top -= w->overlay_top > page ? page : w->overlay_top;
		break;
	default:
		w->overlay_top += page;
		break;
	}
	if (w->overlay_top > last)
		w->overlay_top = last;
}

enum reply overlay_act(struct wizard *w, int action, const struct event *ev)
{
	enum overlay was = w->overlay;

	switch (action) {
	case ACT_NO:
		w->overlay = OVERLAY_NONE;
		w->quit_ms = 0;
		return REPLY_STAY;
	case ACT_YES:
		w->overlay = OVERLAY_NONE;
		if (was == OVERLAY_QUIT)
			return REPLY_QUIT;
		return protect_agreed(w, was);
	case ACT_SCROLL:
		scroll_overlay(w, ev);
		return REPLY_STAY;
	default:
		return REPLY_STAY;
	}
}
