/* SPDX-License-Identifier: MIT */

/* What the steps do to the draft: choosing, taking a paste, forgetting. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "wizard/steps.h"

void say(struct wizard *w, enum severity s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->message, sizeof(w->message), fmt, ap);
	va_end(ap);
	w->message_severity = s;
}

void say_nothing(struct wizard *w)
{
	w->message[0] = '\0';
}

const struct provider_state *provider_state_of(const struct wizard *w, const char *id)
{
	for (size_t i = 0; i < w->world->provider_count; i++) {
		if (strcmp(w->world->providers[i].id, id) == 0)
			return &w->world->providers[i];
	}
	return NULL;
}

void forget_secret(struct wizard *w)
{
	secret_clear(&w->secret.text);
	secret_clear(&w->draft.secret);
	w->draft.prefix[0] = w->draft.tail[0] = w->draft.fingerprint[0] = w->draft.kind[0] = '\0';
	w->report = (struct paste_report){ 0 };
	w->report.verdict = PASTE_EMPTY;
	w->typed = w->warned = w->carried = false;
	w->have_check = false;
	w->draft.check = (struct check_result){ 0 };
	w->draft.verified = w->draft.skip_verify = false;
}

static bool taken_by_another_kind(const struct wizard *w, const char *id, enum cred_kind kind)
{
	const struct credential *c = snapshot_find(w->world, id);

	return c && c->in_store && c->kind != kind;
}

static void name_profile(struct wizard *w)
{
	struct draft *d = &w->draft;
	struct str id = STR_OF(d->profile_id);

	if (w->fixed_profile || !d->provider || !d->method)
		return;
	str_fmt(&id, "%s:%s", d->provider->id,
		d->method->profile_name ? d->method->profile_name : "default");
	if (!taken_by_another_kind(w, d->profile_id, d->method->kind))
		return;
	/* An API key and a setup-token live side by side: adding one must not replace the other. */
	id = STR_OF(d->profile_id);
	str_fmt(&id, "%s:%s", d->provider->id, d->method->id);
}

static void set_method(struct wizard *w, const struct method *m)
{
	w->draft.method = m;
	name_profile(w);
}

void choose_provider(struct wizard *w, const struct provider *p)
{
	const struct provider_state *state = provider_state_of(w, p->id);
	struct draft *d = &w->draft;

	if (d->provider == p && !w->carried)
		return;
	if (!w->carried)
		forget_secret(w);
	d->provider = p;
	d->model[0] = '\0';
	d->base_url[0] = '\0';
	d->endpoint = p == &w->own.row;
	if (p->like)
		str_copy(d->base_url, sizeof(d->base_url), p->base_url);
	else if (state)
		str_copy(d->base_url, sizeof(d->base_url), state->base_url);
	w->lists[STEP_METHOD] = (struct list){ 0 };
	w->lists[STEP_MODEL] = (struct list){ 0 };
	secret_clear(&w->find_model.text);
	if (w->carried && w->report.provider == p && w->report.method)
		set_method(w, w->report.method);
	else
		set_method(w, &p->methods[0]);
	if (w->secret.text.len)
		judge_secret(w);
}

void choose_method(struct wizard *w, const struct method *m)
{
	if (w->draft.method == m)
		return;
	if (!w->carried)
		forget_secret(w);
	set_method(w, m);
	if (w->secret.text.len)
		judge_secret(w);
}

/* Can this wizard replace it? *why says what to do instead. */
bool rotatable(const struct credential *c, struct str *why)
{
	const struct provider *p = provider_find(c->provider);

	if (c->kind == CRED_OAUTH)
		str_add(why, "renews itself");
	else if (c->kind == CRED_NONE)
		str_add(why, "needs no key");
	else if (!c->in_store && c->stored != STORED_PLAIN_ENV)
		str_add(why, "in a variable");
	else if (!p || !provider_method_of_kind(p, c->kind))
		str_add(why, "not known here");
	else
		return true;
	return false;
}

void choose_profile(struct wizard *w, const struct credential *c)
{
	const struct provider *p = provider_find(c->provider);

	w->fixed_profile = false;
	w->draft.intent = INTENT_ROTATE;
	if (strcmp(w->draft.profile_id, c->id) != 0)
		forget_secret(w);
	choose_provider(w, p);
	choose_method(w, provider_method_of_kind(p, c->kind));
	str_copy(w->draft.profile_id, sizeof(w->draft.profile_id), c->id);
	/* Plain text in auth-profiles.json is asked about (protect_wanted); sealed is the default.
	 */
	w->draft.keep = c->stored == STORED_PLAIN_ENV ? KEEP_PLAIN : KEEP_SEALED;
	w->draft.model[0] = '\0';
	w->draft.keep_fallback = false;
	w->draft.expires_ms = 0;
	w->draft.expires_source = EXPIRY_NONE;
}

bool same_as_stored(const struct wizard *w)
{
	const struct credential *c = snapshot_find(w->world, w->draft.profile_id);
	char fingerprint[FINGERPRINT_CAP];

	if (!c || !c->fingerprint[0] || !w->secret.text.len)
		return false;
	secret_fingerprint(fingerprint, &w->secret.text);
	return strcmp(c->fingerprint, fingerprint) == 0;
}

/* The message under a field whose content changed. */
static void tell_verdict(struct wizard *w)
{
	const struct paste_report *r = &w->report;
	char hint[160];
	struct str s = STR_OF(hint);

	say_nothing(w);
	if (r->verdict == PASTE_UNUSUAL && r->message[0]) {
		say(w, SEVERITY_WARN, "%s Enter verifies it anyway.", r->message);
		return;
	}
	if (r->message[0]) {
		say(w, paste_blocks(r->verdict) ? SEVERITY_FAIL : SEVERITY_WARN, "%s", r->message);
		return;
	}
	if (!w->draft.method)
		return;
	paste_cut_hint(&s, &w->secret.text, w->cols, w->draft.method);
	if (s.len && !w->typed)
		say(w, SEVERITY_WARN, "%s", hint);
	else if (same_as_stored(w) && w->flow == FLOW_ROTATE)
		say(w, SEVERITY_FAIL, "Same as the stored %s (compared by fingerprint).",
			w->draft.method->noun);
	else if (same_as_stored(w))
		say(w, SEVERITY_WARN, "Same as the %s already stored for %s.",
			w->draft.method->noun, w->draft.profile_id);
	else if (w->typed && w->secret.text.len > 20)
		say(w, SEVERITY_WARN, "Typed by hand? Pasting is safer.");
}

void judge_secret(struct wizard *w)
{
	unsigned done = w->report.steps, lines = w->report.lines, removed = w->report.removed;
	char name[sizeof(w->report.name)];

	str_copy(name, sizeof(name), w->report.name);
	w->report = (struct paste_report){ 0 };
	paste_judge(&w->secret.text, w->draft.provider, w->draft.method, &w->report);
	if (!w->secret.text.len) /* cleared by hand: no reason to complain */
		w->report.message[0] = '\0';
	if (!w->typed) { /* what was cleaned stays true when only the question changed */
		w->report.steps = done;
		w->report.lines = lines;
		w->report.removed = removed;
		str_copy(w->report.name, sizeof(w->report.name), name);
	}
	w->warned = false;
	w->have_check = false;
	tell_verdict(w);
}

/*
 * A second paste replaces the first, unless the first looked cut or was typed:
 * then it is its continuation, and the cleaning decides about the whole.
 */
static bool join_paste(struct wizard *w, const struct event *ev, struct secret *all, struct err *e)
{
	bool join = w->secret.text.len && (w->typed || w->report.verdict == PASTE_SHORT);

	if (!secret_init(all, 2 * SECRET_MAX + 2, e))
		return false;
	if (join) {
		if (!secret_set(all, w->secret.text.bytes, w->secret.text.len))
			return false;
		if (!w->typed && !secret_insert(all, all->len, "\n", 1))
			return false;
	}
	return secret_insert(all, all->len, ev->paste->bytes, ev->paste->len);
}

bool looks_secret(const struct event *ev)
{
	const struct provider *which;

	return ev->paste && paste_looks_secret(ev->paste->bytes, ev->paste->len, &which);
}

static void refuse_large(struct wizard *w, size_t total)
{
	forget_secret(w);
	w->report.verdict = PASTE_TOO_MUCH;
	if (total >= 1000000)
		say(w, SEVERITY_FAIL, "That is %zu.%zu MB of text, not a secret. Nothing was kept.",
			total / 1000000, total / 100000 % 10);
	else
		say(w, SEVERITY_FAIL, "That is %zu KB of text, not a secret. Nothing was kept.",
			total / 1000);
}

bool take_paste(struct wizard *w, const struct event *ev, bool any)
{
	struct paste_report report = { 0 };
	struct secret all = { 0 }, clean = { 0 };
	struct err e = { 0 };
	bool ok = false;

	if (ev->paste_total > PASTE_CAP) {
		refuse_large(w, ev->paste_total);
		return false;
	}
	if (!ev->paste || !join_paste(w, ev, &all, &e))
		goto out;
	if (!paste_clean(&clean, all.bytes, all.len, any ? NULL : w->draft.provider,
		    any ? NULL : w->draft.method, &report, &e))
		goto out;
	forget_secret(w);
	w->report = report;
	if (report.verdict != PASTE_TOO_MUCH)
		secret_set(&w->secret.text, clean.bytes, clean.len);
	tell_verdict(w);
	ok = true;
out:
	if (!ok)
		say(w, SEVERITY_FAIL, "%s", e.msg[0] ? e.msg : "the paste could not be kept");
	secret_release(&all);
	secret_release(&clean);
	return ok;
}

bool paste_line(struct field *to, const struct event *ev)
{
	const struct secret *p = ev->paste;
	size_t n = p ? p->len : 0;

	while (n && (p->bytes[n - 1] == '\n' || p->bytes[n - 1] == '\r'))
		n--;
	return n && ev->paste_total <= PASSPHRASE_MAX && !memchr(p->bytes, '\n', n) &&
	       !memchr(p->bytes, '\r', n) && !memchr(p->bytes, '\0', n) &&
	       secret_insert(&to->text, to->text.len, p->bytes, n);
}

/* For a key that was pasted where none was asked for. */
void carry_message(struct wizard *w)
{
	const struct paste_report *r = &w->report;

	if (!w->carried)
		return;
	if (r->provider && r->kind[0])
		say(w, SEVERITY_WARN, "That looks like %s %s. Enter continues with %s.",
			strchr("AEIOU", r->kind[0]) ? "an" : "a", r->kind, r->provider->label);
	else
		say(w, SEVERITY_WARN, "That looks like a key. It is kept; choose whose it is.");
}

bool keep_answer(struct wizard *w, struct err *e)
{
	struct draft *d = &w->draft;

	if (!secret_copy(&d->secret, &w->secret.text, e))
		return false;
	secret_tail(d->tail, &w->secret.text);
	secret_fingerprint(d->fingerprint, &w->secret.text);
	str_copy(d->prefix, sizeof(d->prefix), w->report.prefix);
	str_copy(d->kind, sizeof(d->kind), w->report.kind);
	return true;
}

bool list_move(struct wizard *w, const struct event *ev)
{
	int page = w->rows - 8;

	if (!list_key(&w->lists[w->at], ev, page > 1 ? (size_t)page : 1))
		return false;
	w->scrolled = false;
	return true;
}

/* A digit chooses its row at once. */
bool list_pick(struct wizard *w, const struct event *ev, size_t count)
{
	if (ev->type != EVENT_CHAR || ev->ch < '1' || ev->ch > '9' || ev->ch - '1' >= count)
		return false;
	w->lists[w->at].at = ev->ch - '1';
	return true;
}
