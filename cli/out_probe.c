/* SPDX-License-Identifier: MIT */
#include "cli/out_probe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"

/* A box of three columns (8.6); a row is as high as its status has lines. */

#define COLUMNS 3
#define TEXT_CAP 1024
#define STATUS_MIN 12
#define FRAME 10 /* what the lines and blanks around three columns take */

const char *probe_status_name(enum probe_status s)
{
	static const char *const names[] = {
		[PROBE_OK] = "ok",
		[PROBE_AUTH] = "auth",
		[PROBE_RATE_LIMIT] = "rate_limit",
		[PROBE_BILLING] = "billing",
		[PROBE_TIMEOUT] = "timeout",
		[PROBE_FORMAT] = "format",
		[PROBE_UNKNOWN] = "unknown",
		[PROBE_NO_MODEL] = "no_model",
	};

	return names[s];
}

/* The family's: "812ms", "1.2s". */
static void add_ms(struct str *out, int64_t ms)
{
	if (ms < MS_SECOND)
		str_fmt(out, "%" PRId64 "ms", ms);
	else
		str_fmt(out, "%" PRId64 ".%" PRId64 "s", ms / MS_SECOND, ms % MS_SECOND / 100);
}

struct table {
	FILE *out;
	const struct probe_look *look;
	size_t width[COLUMNS];
};

struct cells {
	char text[COLUMNS][TEXT_CAP];
};

static void add_clean(struct str *out, const char *text)
{
	text_clean(out, text, strlen(text), SIZE_MAX);
}

#define ARROW "↳ " /* in front of why */

/* One line of a note; the family's arrow is no letter of every terminal. */
static void add_note_line(struct str *out, const char *p, size_t n, bool ascii)
{
	static const size_t skip = sizeof(ARROW) - 1;
	bool arrow = n >= skip && memcmp(p, ARROW, skip) == 0;

	str_add(out, "\n");
	if (arrow && ascii) {
		str_add(out, "> ");
		p += skip;
		n -= skip;
	}
	text_clean(out, p, n, SIZE_MAX);
}

static void add_note(struct str *out, const char *text, bool ascii)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		add_note_line(out, text, n, ascii);
		text += n + (text[n] == '\n');
	}
}

/* Lines of the status: what it is, why, and what else the answer told. */
static void status_lines(struct str *out, const struct probe_row *row, bool ascii)
{
	char why[sizeof(row->error) + sizeof(ARROW)];
	struct str s = STR_OF(why);

	str_add(out, probe_status_name(row->status));
	if (row->latency_ms >= 0) {
		str_add(out, ascii ? " - " : " · ");
		add_ms(out, row->latency_ms);
	}
	if (row->error[0])
		str_fmt(&s, "%s%s", ARROW, row->error);
	add_note(out, why, ascii);
	add_note(out, row->account, ascii);
	add_note(out, row->credit, ascii);
	add_note(out, row->limits, ascii);
}

static void fill(struct cells *c, const struct probe_row *row, bool ascii)
{
	struct str model = STR_OF(c->text[0]);
	struct str profile = STR_OF(c->text[1]);
	struct str status = STR_OF(c->text[2]);

	if (row->model[0]) {
		add_clean(&model, row->model);
	} else {
		add_clean(&model, row->provider->id);
		str_add(&model, "/-");
	}
	add_clean(&profile, row->label);
	str_fmt(&profile, " (%s)", row->mode);
	status_lines(&status, row, ascii);
}

/* The widest line of a cell. */
static size_t cell_width(const char *text)
{
	size_t widest = 0;

	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[TEXT_CAP];
		struct str s = STR_OF(line);
		size_t cells;

		str_addn(&s, text, n);
		cells = text_cells(line);
		widest = cells > widest ? cells : widest;
		text += n;
		text += *text == '\n';
	}
	return widest;
}

/*
 * The next line of at most `width` cells out of *text: up to a newline, else to the
 * last blank that fits, else as much as fits. *text moves behind it.
 */
static void next_line(struct str *out, const char **text, size_t width)
{
	const char *p = *text;
	size_t cells = 0;
	size_t blank = 0;
	size_t n = 0;

	while (p[n] && p[n] != '\n') {
		size_t used;
		int w = text_width(text_next(p + n, strlen(p + n), &used));

		if (cells + (w > 0 ? (size_t)w : 0) > width)
			break;
		cells += w > 0 ? (size_t)w : 0;
		if (p[n] == ' ')
			blank = n;
		n += used;
	}
	if (p[n] && p[n] != '\n' && p[n] != ' ' && blank)
		n = blank;
	str_addn(out, p, n);
	*text = p + n + (p[n] == '\n' || p[n] == ' ');
}

static void rule(const struct table *t, const char *const marks[4])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		fputs(marks[i ? 1 : 0], t->out);
		for (size_t k = 0; k < t->width[i] + 2; k++)
			fputs(marks[3], t->out);
	}
	fprintf(t->out, "%s\n", marks[2]);
}

static void draw_row(const struct table *t, const struct cells *c)
{
	const char *bar = t->look->ascii ? "|" : "│";
	const char *left[COLUMNS];
	bool more = true;

	for (size_t i = 0; i < COLUMNS; i++)
		left[i] = c->text[i];
	while (more) {
		more = false;
		for (size_t i = 0; i < COLUMNS; i++) {
			char text[TEXT_CAP];
			struct str s = STR_OF(text);

			next_line(&s, &left[i], t->width[i]);
			fprintf(t->out, "%s %s", bar, text);
			for (size_t k = text_cells(text); k < t->width[i] + 1; k++)
				fputc(' ', t->out);
			more |= *left[i] != '\0';
		}
		fprintf(t->out, "%s\n", bar);
	}
}

/* Left, between, right, and what the line itself is made of. */
static const char *const ascii_rules[3][4] = { { "+", "+", "+", "-" }, { "+", "+", "+", "-" },
	{ "+", "+", "+", "-" } };
static const char *const line_rules[3][4] = { { "┌", "┬", "┐", "─" }, { "├", "┼", "┤", "─" },
	{ "└", "┴", "┘", "─" } };

/* By provider, then by label: what a person looks for. */
static int compare_rows(const void *a, const void *b)
{
	const struct probe_row *x = *(const struct probe_row *const *)a;
	const struct probe_row *y = *(const struct probe_row *const *)b;
	int c = strcmp(x->provider->id, y->provider->id);

	if (!c)
		c = strcasecmp(x->label, y->label);
	return c ? c : (x > y) - (x < y);
}

/* As wide as the widest text; only the status gives way, and is broken into lines. */
static void measure(struct table *t, const struct probe_report *r)
{
	static const size_t least[COLUMNS] = { 18, 24, STATUS_MIN };
	size_t room;

	memcpy(t->width, least, sizeof(least));
	for (size_t i = 0; i < r->count; i++) {
		struct cells c;

		fill(&c, &r->rows[i], t->look->ascii);
		for (size_t k = 0; k < COLUMNS; k++) {
			size_t width = cell_width(c.text[k]);

			t->width[k] = width > t->width[k] ? width : t->width[k];
		}
	}
	room = t->width[0] + t->width[1] + FRAME;
	room = t->look->columns > room ? t->look->columns - room : 0;
	if (room < STATUS_MIN)
		room = STATUS_MIN;
	t->width[2] = t->width[2] < room ? t->width[2] : room;
}

static void draw(struct table *t, const struct probe_row *const *rows, size_t n)
{
	static const struct cells head = { .text = { "Model", "Profile", "Status" } };
	const char *const(*rules)[4] = t->look->ascii ? ascii_rules : line_rules;

	rule(t, rules[0]);
	draw_row(t, &head);
	rule(t, rules[1]);
	for (size_t i = 0; i < n; i++) {
		struct cells c;

		fill(&c, rows[i], t->look->ascii);
		draw_row(t, &c);
	}
	rule(t, rules[2]);
}

/* A finding of its own: with a wrong clock, the other answers may be wrong too. */
static void print_skew(FILE *out, const struct probe_report *r)
{
	int64_t worst = 0;
	char line[80];
	struct str s = STR_OF(line);

	for (size_t i = 0; i < r->count; i++)
		if (llabs(r->rows[i].skew_ms) > llabs(worst))
			worst = r->rows[i].skew_ms;
	if (check_skew_words(&s, worst))
		fprintf(out, "Note: %s: set it first (timedatectl set-ntp true)\n", line);
}

static void footer(FILE *out, const struct probe_report *r)
{
	char took[32];
	struct str s = STR_OF(took);

	if (!r->targets) {
		fputs("No probe targets.\n", out);
		return;
	}
	add_ms(&s, r->duration_ms);
	fprintf(out, "Probed %zu target%s in %s\n", r->targets, r->targets == 1 ? "" : "s", took);
}

bool out_probe_text(
	FILE *out, const struct probe_report *r, const struct probe_look *look, struct err *e)
{
	struct table t = { .out = out, .look = look };
	const struct probe_row **rows = calloc(r->count + 1, sizeof(const struct probe_row *));

	if (!rows)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < r->count; i++)
		rows[i] = &r->rows[i];
	qsort(rows, r->count, sizeof(const struct probe_row *), compare_rows);
	fputs("\nAuth probes\n", out);
	if (r->count) {
		measure(&t, r);
		draw(&t, rows, r->count);
	} else {
		fputs("- none\n", out);
	}
	footer(out, r);
	print_skew(out, r);
	free(rows);
	return true;
}
