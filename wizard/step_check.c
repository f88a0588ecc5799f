/* SPDX-License-Identifier: MIT */

/* The live check: its stages while it runs, and what its answer means. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wizard/steps.h"

enum choice {
	CHOICE_CONTINUE,
	CHOICE_PASTE,
	CHOICE_RETRY,
	CHOICE_METHOD,
	CHOICE_ADDRESS,
	CHOICE_SAVE,
	CHOICE_COUNT
};

#define SPINNER_AFTER_MS 150
#define SPINNER_MS 200
#define SLOW_MS 8000

static const struct binding keys_running[] = {
	{ KEYS_ENTER, 0, ACT_IGNORE, "Enter", "waits", 3, "nothing until the answer is here" },
	{ KEYS_ESC, 0, ACT_BACK, "Esc", "cancel", 0, "cancel the check and go back" },
	{ 0 },
};

static const struct binding keys_good[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "continue", 0, "go on with this key" },
	{ KEYS_NONE, 'd', ACT_DETAILS, "d", "details", 2, "what was sent and answered" },
	{ KEYS_NONE, 'r', ACT_RETRY, "r", NULL, 0, "check again" },
	{ 0 },
};

static const struct binding keys_bad[] = {
	{ KEYS_ENTER, 0, ACT_ENTER, "Enter", "choose", 0, "take the selected choice" },
	{ KEYS_NONE, 'r', ACT_RETRY, "r", "retry", 1, "check again" },
	{ KEYS_NONE, 'd', ACT_DETAILS, "d", "details", 2, "what was sent and answered" },
	{ KEYS_UP, 0, ACT_PASS, "↑↓", NULL, 0, "move (also ^P ^N)" },
	{ 0 },
};

static bool good(const struct check_result *r)
{
	return r->verdict == VERDICT_ACCEPTED || r->verdict == VERDICT_LIMITED ||
	       r->verdict == VERDICT_NO_CREDIT;
}

/* The choices in the order of what most likely helps. */
static size_t choices(const struct wizard *w, enum choice out[CHOICE_COUNT])
{
	const struct check_result *r = &w->draft.check;
	bool key = w->draft.method->kind != CRED_NONE;
	bool other = w->flow == FLOW_ADD && !w->fixed_method &&
		     provider_method_count(w->draft.provider) > 1;
	bool rejected = r->verdict == VERDICT_REJECTED;
	size_t n = 0;

	if (good(r)) {
		out[n++] = CHOICE_CONTINUE;
		return n;
	}
	if (other && r->reason == REASON_CLAUDE_CODE)
		out[n++] = CHOICE_METHOD;
	if (rejected && key)
		out[n++] = CHOICE_PASTE;
	out[n++] = CHOICE_RETRY;
	if (!rejected && key)
		out[n++] = CHOICE_PASTE;
	if (other && r->reason != REASON_CLAUDE_CODE)
		out[n++] = CHOICE_METHOD;
	if (w->draft.endpoint)
		out[n++] = CHOICE_ADDRESS;
	if (!rejected || w->flow != FLOW_ROTATE)
		out[n++] = CHOICE_SAVE;
	return n;
}

static const struct binding *check_keys(const struct wizard *w)
{
	if (w->busy == BUSY_CHECK || !w->have_check)
		return keys_running;
	return good(&w->draft.check) ? keys_good : keys_bad;
}

static const char *address(const struct wizard *w)
{
	const char *url = check_address(w->draft.provider, w->draft.method, w->draft.base_url);

	return url ? url : "";
}

static bool plain_http(const struct wizard *w)
{
	return str_starts(address(w), "http://");
}

static void host_of(const struct wizard *w, struct str *out)
{
	const char *url = address(w);
	const char *host = strstr(url, "//");

	host = host ? host + 2 : url;
	if (w->have_check && w->draft.check.host[0])
		str_add(out, w->draft.check.host);
	else
		str_addn(out, host, strcspn(host, "/"));
}

static void put_ms(struct body *b, int64_t ms, bool whole)
{
	char text[32];
	struct str s = STR_OF(text);
	int width = b->w < 76 ? b->w : 76;

	if (ms < 0)
		return;
	if (whole)
		str_fmt(&s, "%d s", (int)(ms / 1000));
	else if (ms < 1000)
		str_fmt(&s, "%d ms", (int)ms);
	else
		str_fmt(&s, "%d.%d s", (int)(ms / 1000), (int)(ms / 100 % 10));
	body_put(b, width - (int)s.len, ROLE_MUTED, text);
}

struct stage_row {
	const char *name;
	const char *text;
	int64_t ms; /* -1: not shown */
	enum glyph mark;
	bool whole; /* only whole seconds: it is still running */
};

static void draw_stage(struct body *b, const struct stage_row *r)
{
	int x = b->layout == LAYOUT_XS ? 0 : 2;
	int text = b->layout == LAYOUT_XS ? 10 : 18;

	if (r->mark >= GLYPH_BUSY0 && r->mark <= GLYPH_BUSY3)
		body_glyph(b, x, ROLE_ACCENT, r->mark);
	else
		body_glyph(b, x, glyph_role(r->mark), r->mark);
	body_put(b, x + 2, ROLE_TEXT, r->name);
	body_clip(b, text, (b->w < 76 ? b->w : 76) - text - 8, ROLE_TEXT, r->text);
	put_ms(b, r->ms, r->whole);
	body_next(b);
}

static enum glyph spinner(const struct wizard *w, const struct body *b)
{
	int64_t t = b->now_ms - w->stage_ms;

	if (t < SPINNER_AFTER_MS)
		return GLYPH_OFF;
	return (enum glyph)(GLYPH_BUSY0 + t / SPINNER_MS % 4);
}

static const char *const stage_names[] = { "DNS", "TLS", "Sign-in" };

static void draw_running(const struct wizard *w, struct body *b)
{
	static const char *const doing[] = { "looking up the address", "connecting",
		"waiting for the answer" };
	char title[200];
	struct str s = STR_OF(title);
	int64_t waited = b->now_ms - w->busy_ms;

	str_add(&s, "Verifying with ");
	host_of(w, &s);
	body_line(b, 0, ROLE_TITLE, title);
	body_gap(b);
	for (int i = 0; i < 3; i++) {
		const char *name = i == STAGE_TLS && plain_http(w) ? "Connect" : stage_names[i];
		struct stage_row r = { .name = name, .text = "not started", .ms = -1 };

		r.mark = GLYPH_OFF;
		r.whole = true;
		if (i < (int)w->stage) {
			r.mark = GLYPH_OK;
			r.text = "done";
		} else if (i == (int)w->stage) {
			r.mark = spinner(w, b);
			r.text = doing[i];
			r.ms = waited >= 1000 ? waited : -1;
			body_cursor(b, b->layout == LAYOUT_XS ? 0 : 2);
		}
		draw_stage(b, &r);
	}
	body_gap(b);
	if (b->layout > LAYOUT_XS)
		body_wrap(b, 2, ROLE_MUTED, "Sends one request that costs nothing.");
	if (waited >= SLOW_MS)
		body_mark(b, b->layout == LAYOUT_XS ? 0 : 2, GLYPH_WARN, "Slow. Still waiting.");
}

/* Where a failed request stopped: the first stage without a time. */
static int failed_stage(const struct check_result *r)
{
	if (r->reason == REASON_DNS || r->dns_ms < 0)
		return STAGE_DNS;
	if (r->reason == REASON_TLS || r->reason == REASON_CONNECT || r->tls_ms < 0)
		return STAGE_TLS;
	return STAGE_ANSWER;
}

static void answer_text(const struct check_result *r, struct str *out)
{
	static const char *const words[] = {
		[VERDICT_NONE] = "not answered",
		[VERDICT_ACCEPTED] = "accepted",
		[VERDICT_REJECTED] = "rejected",
		[VERDICT_LIMITED] = "accepted, rate limited",
		[VERDICT_NO_CREDIT] = "accepted, no credit",
		[VERDICT_UNKNOWN] = "no clear answer",
	};

	str_add(out, words[r->verdict]);
	if (r->status)
		str_fmt(out, ", HTTP %d", r->status);
}

/* The rows as they are when an answer came. */
static void answered_rows(const struct wizard *w, struct stage_row rows[4], const char *where,
	const char *answer, const char *models)
{
	const struct check_result *r = &w->draft.check;
	bool plain = plain_http(w);

	rows[0] = (struct stage_row){
		.mark = GLYPH_OK, .name = "DNS", .text = where, .ms = r->dns_ms
	};
	rows[1] = (struct stage_row){ .mark = GLYPH_OK,
		.name = plain ? "Connect" : "TLS",
		.text = plain ? "connected, no encryption" : "certificate trusted",
		.ms = r->tls_ms };
	rows[2] = (struct stage_row){
		.mark = GLYPH_OK, .name = "Sign-in", .text = answer, .ms = r->answer_ms
	};
	rows[3] = (struct stage_row){ .mark = GLYPH_OFF, .name = "Models", .ms = -1 };
	rows[3].text = !good(r) ? "skipped" : r->model_count ? models : "not listed";
	if (!good(r))
		rows[2].mark = r->verdict == VERDICT_REJECTED ? GLYPH_FAIL : GLYPH_WARN;
	else if (r->model_count)
		rows[3].mark = GLYPH_OK;
}

/* Without an answer: where it stopped, and what was skipped. */
static void stop_rows(const struct check_result *r, struct stage_row rows[4])
{
	int stop = failed_stage(r);

	rows[stop].mark = GLYPH_FAIL;
	rows[stop].text = r->text[0] ? r->text : reason_name(r->reason);
	rows[stop].ms = -1;
	for (int i = stop + 1; i < 4; i++) {
		rows[i].mark = GLYPH_OFF;
		rows[i].text = "skipped";
		rows[i].ms = -1;
	}
}

static void draw_stages(const struct wizard *w, struct body *b)
{
	const struct check_result *r = &w->draft.check;
	char where[220], answer[80], models[64];
	struct str s = STR_OF(where), a = STR_OF(answer), m = STR_OF(models);
	bool all = b->layout >= LAYOUT_M || (good(r) && b->layout == LAYOUT_S);
	struct stage_row rows[4];

	host_of(w, &s);
	if (r->address[0] && b->layout > LAYOUT_XS)
		str_fmt(&s, ", %s", r->address);
	if (r->proxy[0])
		str_fmt(&s, ", by proxy %s", r->proxy);
	answer_text(r, &a);
	str_fmt(&m, "%zu available", r->model_count);
	answered_rows(w, rows, where, answer, models);
	if (r->verdict == VERDICT_UNKNOWN && !r->status)
		stop_rows(r, rows);
	for (int i = 0; i < (all ? 4 : 3); i++)
		draw_stage(b, &rows[i]);
}

/* What the answer told beside yes or no, each only when it did. */
static void draw_account(const struct check_result *r, struct body *b)
{
	const struct {
		const char *name, *text;
	} rows[] = { { "Account", r->account }, { "Credit", r->credit }, { "Limits", r->limits } };

	if (b->layout < LAYOUT_M)
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stage_row row = {
			.name = rows[i].name, .text = rows[i].text, .ms = -1, .mark = GLYPH_OK
		};

		if (rows[i].text[0])
			draw_stage(b, &row);
	}
}

/* A refusal in the words of who refused; where nothing answered, its stage has them already. */
static void draw_words(const struct wizard *w, struct body *b)
{
	const struct check_result *r = &w->draft.check;
	char text[CHECK_TEXT_CAP + 80];
	struct str s = STR_OF(text);

	if (good(r) || !r->status || !r->text[0])
		return;
	str_fmt(&s, "%s says: %s", w->draft.provider->label, r->text);
	body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, text);
}

static void draw_clock(const struct check_result *r, struct body *b)
{
	char text[120];
	struct str s = STR_OF(text);

	if (!check_skew(&s, r))
		return;
	text[0] = 'T';
	str_add(&s, "; sign-in may fail.");
	body_mark(b, b->layout == LAYOUT_XS ? 0 : 2, GLYPH_WARN, text);
}

static void draw_choices(const struct wizard *w, struct body *b)
{
	static const char *const labels[] = {
		[CHOICE_CONTINUE] = "Continue",
		[CHOICE_PASTE] = "Paste the %s again",
		[CHOICE_RETRY] = "Try again",
		[CHOICE_METHOD] = "Choose another sign-in method",
		[CHOICE_ADDRESS] = "Change the address",
		[CHOICE_SAVE] = "Save it without verifying",
	};
	enum choice list[CHOICE_COUNT];
	size_t n = choices(w, list);

	for (size_t i = 0; i < n; i++) {
		bool selected = i == w->lists[STEP_CHECK].at;
		int x = body_row(b, selected, 0);

		if (list[i] == CHOICE_PASTE)
			body_fmt(b, x, ROLE_TEXT, "Paste the %s again", w->draft.method->noun);
		else
			body_put(b, x, ROLE_TEXT, labels[list[i]]);
		body_row_end(b, selected);
	}
}

static void draw_result(const struct wizard *w, struct body *b)
{
	const struct draft *d = &w->draft;
	struct check_result told = d->check;
	char text[320];
	struct str s = STR_OF(text);

	check_headline(&s, &d->check, d->provider, d->method);
	body_wrap(b, 0, ROLE_TITLE, text);
	body_gap(b);
	draw_stages(w, b);
	draw_account(&d->check, b);
	draw_clock(&d->check, b);
	body_gap(b);
	draw_words(w, b);
	s = STR_OF(text);
	told.skew_ms = INT64_MIN; /* the clock has its own line */
	check_advice(&s, &told, d->provider, d->method);
	body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, text);
	if (w->flow == FLOW_ROTATE && !good(&d->check)) {
		const struct credential *c = snapshot_find(w->world, d->profile_id);

		s = STR_OF(text);
		str_fmt(&s, "%s still uses the old key", d->profile_id);
		if (c && c->tail[0])
			str_fmt(&s, ", ending %s", c->tail);
		str_add(&s, ". Nothing was changed.");
		body_wrap(b, b->layout == LAYOUT_XS ? 0 : 2, ROLE_TEXT, text);
	}
	body_gap(b);
	draw_choices(w, b);
}

static void check_draw(const struct wizard *w, struct body *b)
{
	if (w->busy == BUSY_CHECK || !w->have_check)
		draw_running(w, b);
	else
		draw_result(w, b);
}

/* Back past the secret to the method; a provider that was carried here never showed it. */
static enum reply to_method(struct wizard *w)
{
	forget_secret(w);
	if (w->trail_len && w->trail[w->trail_len - 1] == STEP_SECRET)
		w->trail_len--;
	if (!w->trail_len || w->trail[w->trail_len - 1] != STEP_METHOD)
		w->trail[w->trail_len++] = STEP_METHOD;
	return REPLY_BACK;
}

/* The key stays as long as the address does. */
static enum reply to_address(struct wizard *w)
{
	w->at_address = true;
	while (w->trail_len && w->trail[w->trail_len - 1] != STEP_CUSTOM)
		w->trail_len--;
	return REPLY_BACK;
}

static enum reply take(struct wizard *w, enum choice c)
{
	switch (c) {
	case CHOICE_CONTINUE:
		w->draft.skip_verify = false;
		return REPLY_NEXT;
	case CHOICE_RETRY:
		return REPLY_CHECK;
	case CHOICE_SAVE:
		w->draft.skip_verify = true;
		return REPLY_NEXT;
	case CHOICE_PASTE:
		forget_secret(w);
		return REPLY_BACK;
	case CHOICE_METHOD:
		return to_method(w);
	case CHOICE_ADDRESS:
		return to_address(w);
	default:
		return REPLY_BACK;
	}
}

static enum reply check_act(struct wizard *w, int action, const struct event *ev)
{
	enum choice list[CHOICE_COUNT];
	struct list *l = &w->lists[STEP_CHECK];
	size_t n;

	if (w->busy == BUSY_CHECK)
		return action == ACT_BACK ? REPLY_CANCEL : REPLY_STAY;
	if (!w->have_check)
		return action == ACT_BACK ? REPLY_BACK : REPLY_CHECK;
	n = choices(w, list);
	list_count(l, n);
	if (action == ACT_RETRY)
		return REPLY_CHECK;
	if (action == ACT_DETAILS) {
		w->overlay = OVERLAY_DETAILS;
		w->overlay_top = 0;
		return REPLY_STAY;
	}
	if (action == ACT_ENTER)
		return take(w, list[l->at]);
	list_move(w, ev);
	return REPLY_STAY;
}

static bool check_settled(const struct wizard *w)
{
	return w->have_check && good(&w->draft.check);
}

static enum reply check_enter(struct wizard *w)
{
	w->lists[STEP_CHECK] = (struct list){ 0 };
	return REPLY_CHECK;
}

const struct step step_check = {
	.id = "check",
	.title = "Verify",
	.about = "One free request tells whether the provider accepts the key. A network problem "
		 "is never called an invalid key, and never stops you.",
	.keys = check_keys,
	.enter = check_enter,
	.draw = check_draw,
	.settled = check_settled,
	.act = check_act,
};
