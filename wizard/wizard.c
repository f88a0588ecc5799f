/* SPDX-License-Identifier: MIT */

/* The engine: events in, effects out, reports back. */

#include "wizard/wizard.h"

#include <stdlib.h>
#include <string.h>

#include "wizard/steps.h"

#define QUIT_TWICE_MS 2000

static const struct binding keys_back[] = {
	{ KEYS_ESC, 0, ACT_BACK, "Esc", "back", 0, "back; answers are kept" },
	{ 0 },
};

static const struct binding keys_leave[] = {
	{ KEYS_ESC, 0, ACT_BACK, "Esc", "quit", 0, "leave (asks first)" },
	{ 0 },
};

static const struct binding keys_help_mark[] = {
	{ KEYS_NONE, '?', ACT_HELP, "?", "help", 0, "this help (also F1, ^G)" },
	{ KEYS_F1, 0, ACT_HELP, NULL, NULL, 0, NULL },
	{ KEYS_CTRL('G'), 0, ACT_HELP, NULL, NULL, 0, NULL },
	{ 0 },
};

/* Where "?" is text. */
static const struct binding keys_help_ctrl[] = {
	{ KEYS_CTRL('G'), 0, ACT_HELP, "^G", "help", 0, "this help (also F1)" },
	{ KEYS_F1, 0, ACT_HELP, NULL, NULL, 0, NULL },
	{ 0 },
};

static const struct binding keys_always[] = {
	{ KEYS_CTRL('C'), 0, ACT_QUIT, "^C", "quit", 2, "leave (asks first)" },
	{ KEYS_CTRL('L'), 0, ACT_REDRAW, "^L", NULL, 0, "redraw the screen" },
	{ KEYS_CTRL('Z'), 0, ACT_SUSPEND, "^Z", NULL, 0, "suspend (fg returns)" },
	{ KEYS_CTRL('O'), 0, ACT_PLAIN, "^O", NULL, 0, "print the key page's address plainly" },
	{ 0 },
};

/* "1-3 pick", for as many rows as there are. */
static const struct binding keys_pick[][2] = {
	{ { KEYS_NONE, 0, ACT_PASS, "1", "pick", 2, "choose a row by its number" }, { 0 } },
	{ { KEYS_NONE, 0, ACT_PASS, "1-2", "pick", 2, "choose a row by its number" }, { 0 } },
	{ { KEYS_NONE, 0, ACT_PASS, "1-3", "pick", 2, "choose a row by its number" }, { 0 } },
	{ { KEYS_NONE, 0, ACT_PASS, "1-4", "pick", 2, "choose a row by its number" }, { 0 } },
	{ { KEYS_NONE, 0, ACT_PASS, "1-9", "pick", 2, "choose a row by its number" }, { 0 } },
};

struct wizard *wizard_new(const struct snapshot *world, struct err *e)
{
	struct wizard *w = calloc(1, sizeof(*w));

	if (!w) {
		err_set(e, ERR_MEMORY, "out of memory");
		return NULL;
	}
	w->world = world;
	w->rows = 24;
	w->cols = 80;
	w->draft.keep_fallback = true;
	w->report.verdict = PASTE_EMPTY;
	if (!field_init(&w->secret, SECRET_MAX, true, e) ||
		!field_init(&w->find_provider, FIND_CAP, false, e) ||
		!field_init(&w->find_model, FIND_CAP, false, e) ||
		!field_init(&w->own_name, FIND_CAP, false, e) ||
		!field_init(&w->own_address, OWN_URL_CAP, false, e) ||
		!field_init(&w->sentence, FIND_CAP, false, e) ||
		!field_init(&w->passphrase, PASSPHRASE_MAX, true, e) ||
		!field_init(&w->again, PASSPHRASE_MAX, true, e) ||
		!secret_init(&w->draft.passphrase, PASSPHRASE_MAX, e) ||
		!secret_init(&w->draft.secret, SECRET_MAX, e)) {
		wizard_free(w);
		return NULL;
	}
	return w;
}

void wizard_from_panel(struct wizard *w)
{
	w->from_panel = true;
}

void drop_plan(struct wizard *w)
{
	buf_release(&w->plan.diff);
	w->plan = (struct plan){ 0 };
	w->have_plan = false;
}

void wizard_free(struct wizard *w)
{
	if (!w)
		return;
	field_release(&w->secret);
	field_release(&w->find_provider);
	field_release(&w->find_model);
	field_release(&w->own_name);
	field_release(&w->own_address);
	field_release(&w->sentence);
	field_release(&w->passphrase);
	field_release(&w->again);
	secret_release(&w->draft.passphrase);
	secret_release(&w->draft.recovery);
	secret_release(&w->draft.secret);
	drop_plan(w);
	free(w);
}

void wizard_world(struct wizard *w, const struct snapshot *world)
{
	w->world = world;
}

void wizard_custody(struct wizard *w, const struct custody *c)
{
	w->custody = *c;
}

void wizard_size(struct wizard *w, int rows, int cols)
{
	w->rows = rows;
	w->cols = cols;
}

/* --- moving ----------------------------------------------------------------------------- */

static enum effect begin(struct wizard *w, enum busy busy, enum effect fx, int64_t now_ms)
{
	w->busy = busy;
	w->busy_ms = w->stage_ms = now_ms;
	w->stage = STAGE_DNS;
	say_nothing(w);
	return fx;
}

static enum effect perform(struct wizard *w, enum reply r, int64_t now_ms);

static void arrive(struct wizard *w, size_t step)
{
	w->at = step;
	w->scrolled = false;
	w->top = 0;
	say_nothing(w);
}

static enum effect go_next(struct wizard *w, int64_t now_ms)
{
	for (size_t i = w->at + 1; i < STEP_COUNT; i++) {
		enum reply r = REPLY_STAY;

		if (steps[i]->wanted && !steps[i]->wanted(w))
			continue;
		w->trail[w->trail_len++] = w->at;
		arrive(w, i);
		if (steps[i]->enter)
			r = steps[i]->enter(w);
		return perform(w, r, now_ms);
	}
	return FX_NONE;
}

static enum effect go_back(struct wizard *w)
{
	if (!w->trail_len && w->from_panel)
		return FX_PANEL;
	if (!w->trail_len) {
		w->overlay = OVERLAY_QUIT;
		return FX_NONE;
	}
	arrive(w, w->trail[--w->trail_len]);
	if (w->at == STEP_START)
		w->flow = FLOW_ADD;
	return FX_NONE;
}

static enum effect start_apply(struct wizard *w, int64_t now_ms)
{
	for (size_t i = 0; i < w->plan.count; i++)
		w->plan.files[i].state = i ? PLAN_WAITING : PLAN_WRITING;
	w->apply_err = (struct err){ 0 };
	return begin(w, BUSY_APPLY, FX_APPLY, now_ms);
}

static enum effect start_check(struct wizard *w, int64_t now_ms)
{
	w->have_check = false;
	w->draft.verified = false;
	w->draft.skip_verify = false;
	w->draft.check = (struct check_result){ 0 };
	w->lists[STEP_CHECK] = (struct list){ 0 };
	return begin(w, BUSY_CHECK, FX_CHECK, now_ms);
}

static enum effect perform(struct wizard *w, enum reply r, int64_t now_ms)
{
	switch (r) {
	case REPLY_STAY:
		return FX_NONE;
	case REPLY_NEXT:
		return go_next(w, now_ms);
	case REPLY_BACK:
		return go_back(w);
	case REPLY_CHECK:
		return start_check(w, now_ms);
	case REPLY_CANCEL:
		w->busy = BUSY_NO;
		go_back(w);
		return FX_CANCEL_CHECK;
	case REPLY_PLAN:
		drop_plan(w);
		w->plan_err = (struct err){ 0 };
		return begin(w, BUSY_PLAN, FX_PLAN, now_ms);
	case REPLY_APPLY:
		return start_apply(w, now_ms);
	case REPLY_RECOVERY:
		return begin(w, BUSY_RECOVERY, FX_RECOVERY, now_ms);
	case REPLY_PANEL:
		return FX_PANEL;
	case REPLY_QUIT:
		return FX_QUIT;
	case REPLY_ASK_QUIT:
		w->overlay = OVERLAY_QUIT;
		return FX_NONE;
	}
	return FX_NONE;
}

/* --- events ----------------------------------------------------------------------------- */

static const struct binding *pick_table(size_t rows)
{
	if (rows < 1)
		rows = 1;
	return keys_pick[rows < ARRAY_LEN(keys_pick) ? rows - 1 : ARRAY_LEN(keys_pick) - 1];
}

void wizard_tables(const struct wizard *w, const struct binding *out[TABLES])
{
	static const struct event esc = { .type = EVENT_KEY, .key = KEYS_ESC };
	const struct step *s = steps[w->at];
	size_t n = 0;

	if (w->overlay != OVERLAY_NONE) {
		out[n++] = overlay_keys(w);
	} else {
		out[n++] = s->keys(w);
		if (s->picks)
			out[n++] = pick_table(s->picks(w));
		if (!binding_find(out[0], &esc))
			out[n++] = w->trail_len ? keys_back : keys_leave;
		out[n++] = s->text ? keys_help_ctrl : keys_help_mark;
	}
	out[n++] = keys_always;
	out[n] = NULL;
}

int wizard_action(const struct wizard *w, const struct event *ev)
{
	const struct binding *tables[TABLES];
	int action = ACT_NONE;

	if (ev->type != EVENT_KEY && ev->type != EVENT_CHAR)
		return ACT_NONE;
	wizard_tables(w, tables);
	for (size_t i = 0; tables[i] && !action; i++)
		action = binding_find(tables[i], ev);
	return action;
}

static enum effect interrupt(struct wizard *w, int64_t now_ms)
{
	bool twice = w->quit_ms && now_ms - w->quit_ms <= QUIT_TWICE_MS;

	if (w->busy == BUSY_APPLY) {
		say(w, SEVERITY_WARN, "Writing, a moment. Nothing stops half-way.");
		return FX_NONE;
	}
	if (w->applied || twice || w->overlay == OVERLAY_QUIT)
		return FX_QUIT;
	w->quit_ms = now_ms;
	w->overlay = OVERLAY_QUIT;
	return FX_NONE;
}

/* Bodies that are longer than the screen: PgUp and PgDn, and arrows where no list is. */
static bool scroll(struct wizard *w, const struct event *ev, int action)
{
	struct body b;
	int page, top;

	if (ev->type != EVENT_KEY ||
		(ev->key != KEYS_PAGE_UP && ev->key != KEYS_PAGE_DOWN && action != ACT_SCROLL))
		return false;
	if (!screen_body(w, &b, w->busy_ms, NULL))
		return false;
	top = screen_top(w, &b);
	page = action == ACT_SCROLL ? 1 : b.visible > 2 ? b.visible - 2 : 1;
	if (ev->key == KEYS_UP || ev->key == KEYS_PAGE_UP)
		page = -page;
	page += top;
	if (page > b.y - b.visible)
		page = b.y - b.visible;
	if (page < 0)
		page = 0;
	body_release(&b);
	if (page == top)
		return action == ACT_SCROLL;
	w->scrolled = true;
	w->top = page;
	return true;
}

static enum effect on_paste(struct wizard *w, const struct event *ev, int64_t now_ms)
{
	const struct step *s = steps[w->at];

	if (w->overlay != OVERLAY_NONE || w->busy != BUSY_NO || !s->paste) {
		say(w, SEVERITY_WARN, "Paste ignored: no field is active here.");
		return FX_NONE;
	}
	w->scrolled = false;
	return perform(w, s->paste(w, ev), now_ms);
}

static enum effect on_key(struct wizard *w, const struct event *ev, int64_t now_ms)
{
	int action = wizard_action(w, ev);

	switch (action) {
	case ACT_QUIT:
		return interrupt(w, now_ms);
	case ACT_REDRAW:
		return FX_REDRAW;
	case ACT_SUSPEND:
		return FX_SUSPEND;
	case ACT_PLAIN:
		return FX_PLAIN_PAGE;
	case ACT_IGNORE:
		return FX_NONE;
	case ACT_HELP:
		w->overlay = OVERLAY_HELP;
		w->overlay_top = 0;
		return FX_NONE;
	default:
		break;
	}
	if (w->overlay != OVERLAY_NONE)
		return perform(w, overlay_act(w, action, ev), now_ms);
	if (w->busy == BUSY_PLAN && action != ACT_BACK)
		return FX_NONE;
	if (action == ACT_BACK && w->busy != BUSY_CHECK) {
		w->busy = BUSY_NO; /* a plan that arrives later is dropped */
		return go_back(w);
	}
	if (w->busy == BUSY_NO && scroll(w, ev, action))
		return FX_NONE;
	return perform(w, steps[w->at]->act(w, action, ev), now_ms);
}

/* Below 40x12 nothing can be seen, so nothing is done, except leaving. */
static enum effect on_tiny(const struct wizard *w, const struct event *ev)
{
	bool leave = (ev->type == EVENT_CHAR && ev->ch == 'q') ||
		     (ev->type == EVENT_KEY && ev->key == KEYS_CTRL('C'));

	return leave && w->busy != BUSY_APPLY ? FX_QUIT : FX_NONE;
}

enum effect wizard_handle(struct wizard *w, const struct event *ev, int64_t now_ms)
{
	if (layout_of(w->rows, w->cols) == LAYOUT_TINY)
		return on_tiny(w, ev);
	switch (ev->type) {
	case EVENT_KEY:
	case EVENT_CHAR:
		return on_key(w, ev, now_ms);
	case EVENT_PASTE:
		return on_paste(w, ev, now_ms);
	default:
		return FX_NONE;
	}
}

enum effect wizard_tick(struct wizard *w, int64_t now_ms)
{
	if (w->quit_ms && now_ms - w->quit_ms > QUIT_TWICE_MS)
		w->quit_ms = 0;
	return FX_NONE;
}

/* While a check runs: the next frame of the spinner, which also covers seconds and "Slow". */
int wizard_wait(const struct wizard *w, int64_t now_ms)
{
	int64_t t = now_ms - w->stage_ms;

	if (w->busy != BUSY_CHECK)
		return -1;
	if (t < 0)
		return 200;
	if (t < 150)
		return (int)(150 - t);
	return (int)(200 - t % 200);
}

/* --- questions -------------------------------------------------------------------------- */

const struct draft *wizard_draft(const struct wizard *w)
{
	return &w->draft;
}

const char *wizard_at(const struct wizard *w)
{
	return steps[w->at]->id;
}

bool wizard_wrote(const struct wizard *w)
{
	return w->applied;
}

void wizard_plain_text(const struct wizard *w, struct str *out)
{
	const struct provider *p = w->draft.provider;

	if (!p || w->at <= STEP_PROVIDER) {
		str_add(out,
			"Choose a provider first; then this page has the address where it "
			"gives keys.\n");
		return;
	}
	if (p->keys_page && p->keys_page[0])
		str_fmt(out, "%s keys:\n\nhttps://%s\n", p->label, p->keys_page);
	else if (p->base_url)
		str_fmt(out, "%s needs no key. Its address:\n\n%s\n", p->label, p->base_url);
	else
		str_fmt(out, "%s: keys and address are those of your own server.\n", p->label);
}
