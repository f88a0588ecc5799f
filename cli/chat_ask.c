/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chat/clean.h"
#include "cli/chat.h"
#include "cli/opener.h"
#include "cli/probe.h"
#include "cli/say.h"
#include "net/exchange.h"
#include "provider/own.h"

/*
 * Asking a model: the session's credential, or the candidates of its provider in the order in
 * which a gateway tries them (gateway-family.md 6.6), one after the other while a failure is
 * about the credential (10.4). A credential that a person pinned is the only one.
 */

#define ANSWER_MS (10 * 60 * 1000)
#define IDLE_S 60
#define ANSWER_MAX ((size_t)4 << 20)

struct ask {
	struct chat *c;
	const struct chat_how *how;
	struct chat_answer *out;
	struct opener opener;
	struct err locked; /* why the vault stays closed: nobody is asked twice */
	char provider[PROVIDER_CAP];
	const struct provider_state *state;
	struct talk_target target;

	/* The candidate that is tried. */
	const struct credential *credential; /* NULL: a variable that the configuration names */
	const char *who;
	struct secret key;

	/* Its answer. */
	struct clean clean;
	struct buf said;  /* as the model sent it */
	struct err error; /* what went wrong here with a piece of it */
};

/* --- whom to ask ------------------------------------------------------------------------------ */

static const struct provider_state *state_of(const struct chat *c, const char *provider)
{
	for (size_t i = 0; i < c->now.provider_count; i++)
		if (strcmp(c->now.providers[i].id, provider) == 0)
			return &c->now.providers[i];
	return NULL;
}

static bool cannot_talk(const struct ask *a, const char *why, struct err *e)
{
	err_set(e, ERR_CONFIG, "chat cannot talk to %s: %s", a->provider, why);
	return err_hint(e, "/models lists what can be chosen");
}

/* The address and the protocol; the method is the credential's. */
static bool find_target(struct ask *a, const struct credential *c, struct err *e)
{
	const struct config *config = &a->c->place.config;
	const struct config_provider *from = config_provider(config, a->provider);
	const struct probe_row row = { .provider = a->state, .credential = c };
	struct talk_target *t = &a->target;

	*t = (struct talk_target){ .model = model_name(a->c->model) };
	if (!probe_method(&row, config, &t->provider, &t->method)) {
		if (!t->provider)
			return cannot_talk(a, "its protocol is not spoken here", e);
		return cannot_talk(a,
			c && c->kind == CRED_OAUTH ? "its login is the gateway's, which renews it"
						   : "how its keys are sent is not known",
			e);
	}
	t->base_url = t->provider->like ? t->provider->base_url : a->state->base_url;
	if (!talk_api(&t->api, t->provider, from ? from->api : ""))
		return cannot_talk(a, "its protocol is not spoken here", e);
	return true;
}

/* --- its credential --------------------------------------------------------------------------- */

/* A vault that nothing here opens may have somebody who does. */
static bool open_vault(struct ask *a, struct err *e)
{
	struct unlock *u = &a->c->unlock;

	if (a->opener.vault_file.read)
		return true;
	u->tolerant = true;
	if (a->locked.code || !unlock_open(u, &a->opener.vault, &a->locked)) {
		*e = a->locked;
		return false;
	}
	u->given = u->given || u->passphrase.bytes || u->recovery.bytes; /* typed once is enough */
	a->opener.vault_file.read = true;
	return true;
}

static bool open_key(struct ask *a, struct err *e)
{
	const struct config_provider *from;

	secret_release(&a->key);
	if (a->credential)
		return (a->credential->stored != STORED_SEALED || open_vault(a, e)) &&
		       opener_get(&a->opener, &a->key, a->credential, e);
	from = config_provider(&a->c->place.config, a->provider);
	return from && opener_variable(&a->opener, &a->key, from->variable, e);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* A piece of it: kept as it is for the conversation, and harmless for the person. */
static bool take_text(void *ctx, const char *p, size_t n, struct err *e)
{
	struct ask *a = ctx;
	struct buf *shown = &a->out->text;
	size_t before = shown->len;

	if (a->said.len + n > ANSWER_MAX)
		return err_set(e, ERR_DAMAGED, "the answer is too long");
	if (!buf_add(&a->said, p, n, e) || !clean_add(&a->clean, shown, p, n, e))
		return false;
	if (!a->how->show || shown->len == before)
		return true;
	fwrite(shown->p + before, 1, shown->len - before, stdout);
	return fflush(stdout) == 0 || err_sys(e, "cannot write the output");
}

struct part {
	struct ask *a;
	struct talk_reader *reader;
};

static bool take_part(void *ctx, const char *p, size_t n)
{
	struct part *part = ctx;

	return talk_read(part->reader, p, n, &part->a->error);
}

static bool send_it(struct ask *a, const struct talk_request *rq, const struct secret *body,
	struct talk_reader *reader, struct exchange_answer *answer, struct err *e)
{
	struct part part = { a, reader };
	const struct exchange_reader to = { take_part, &part };
	struct exchange x = { .url = rq->url,
		.auth = a->key.len ? rq->auth : AUTH_NO_HEADER,
		.key = a->key.len ? &a->key : NULL,
		.content_type = "application/json",
		.body = body,
		.timeout_ms = ANSWER_MS,
		.idle_s = IDLE_S };

	for (size_t i = 0; i < TALK_HEADERS; i++)
		x.headers[i] = rq->headers[i];
	return exchange_run(&x, &to, a->how->cancel_fd, answer, e);
}

/* Asks once. False: the question could not be sent, or something here went wrong. */
static bool exchange(
	struct ask *a, struct talk_reader *reader, struct exchange_answer *answer, struct err *e)
{
	struct talk_request rq;
	struct secret body = { 0 };
	bool ok;

	if (!talk_build(&rq, &a->target, &a->c->said, a->how->stream, e))
		return false;
	if (rq.body.len > EXCHANGE_SEND_MAX) {
		err_set(e, ERR_USAGE, "the conversation is too long to be sent");
		ok = err_hint(e, "/new begins a new one");
	} else {
		ok = secret_from(&body, rq.body.p, rq.body.len, e) &&
		     send_it(a, &rq, &body, reader, answer, e);
	}
	secret_release(&body);
	talk_request_release(&rq);
	return ok;
}

enum outcome {
	ANSWERED,
	CANCELLED,
	FAILED, /* the provider or the network says why */
	BROKEN, /* something here */
};

static bool is_good(const struct exchange_answer *x)
{
	return x->reason == REASON_NONE && x->status / 100 == 2;
}

static enum outcome judge(struct ask *a, const struct talk_reader *reader,
	const struct exchange_answer *x, struct talk_failure *f)
{
	struct check_answer answer = { .status = x->status,
		.transport = x->reason,
		.body = x->body.bytes,
		.body_len = x->body.len };

	if (reader->error[0]) {
		talk_judge_words(f, reader->error, &a->key);
		return FAILED;
	}
	str_copy(answer.transport_text, sizeof(answer.transport_text), x->text);
	if (x->reason != REASON_NONE)
		answer.status = 0; /* what began well and broke off is the network's matter */
	talk_judge(f, &a->target, &answer, &a->key);
	return FAILED;
}

static enum outcome try_one(struct ask *a, struct talk_failure *f, int *retry_s, struct err *e)
{
	struct talk_reader reader = { .api = a->target.api, .text = take_text, .ctx = a };
	struct exchange_answer x = { 0 };
	enum outcome outcome = BROKEN;

	a->clean = (struct clean){ 0 };
	a->error = (struct err){ 0 };
	a->said.len = a->out->text.len = 0;
	if (!exchange(a, &reader, &x, e))
		goto out;
	*retry_s = x.retry_after_s;
	if (a->error.code) {
		*e = a->error;
	} else if (x.reason == REASON_CANCELLED) {
		outcome = CANCELLED;
	} else if (!is_good(&x) || reader.error[0]) {
		outcome = judge(a, &reader, &x, f);
	} else if (talk_read_end(&reader, e)) {
		a->out->cut = reader.cut;
		outcome = reader.error[0] ? judge(a, &reader, &x, f) : ANSWERED;
	}
out:
	exchange_answer_release(&x);
	talk_reader_release(&reader);
	return outcome;
}

/* --- candidates ------------------------------------------------------------------------------- */

static const struct credential *pinned(const struct ask *a)
{
	const struct credential *c = a->c->pin[0] ? snapshot_find(&a->c->now, a->c->pin) : NULL;

	return c && c->in_store && strcmp(c->provider, a->provider) == 0 ? c : NULL;
}

static bool is_only_one(const struct ask *a)
{
	return pinned(a) && a->c->source == PIN_USER;
}

/* An automatic pin first, then the order. Step 0 is the pin; false behind the last. */
static bool candidate(const struct ask *a, unsigned step, const struct credential **c)
{
	const struct credential *pin = pinned(a);

	if (step == 0 || is_only_one(a)) {
		*c = pin;
		return pin && step == 0;
	}
	*c = pin_ranked(&a->c->now, a->provider, step);
	return *c != NULL;
}

static unsigned next_step(const struct ask *a, unsigned step)
{
	const struct credential *c;

	for (step++; candidate(a, step, &c); step++)
		if (c != pinned(a))
			return step;
	return 0;
}

static bool no_credential(const struct ask *a, struct err *e)
{
	err_set(e, ERR_NOT_FOUND,
		"No API key found for provider \"%s\". Auth store: %.160s (agent %s).", a->provider,
		a->c->place.profiles, a->c->place.agent);
	return err_hint(e, "thinkfleetbot models auth add --provider %s", a->provider);
}

/* What to do; a profile of ours has a command of its own for that. */
static void advise(struct str *out, const struct ask *a, const struct talk_failure *f, int retry_s)
{
	bool profile = a->credential && a->credential->in_store;

	if (profile && f->class == TALK_AUTH && f->reason != REASON_CLAUDE_CODE)
		str_fmt(out, "replace it: thinkfleetbot models auth rotate %s", a->who);
	else
		talk_advice(out, f, &a->target);
	if (retry_s > 0)
		str_fmt(out, "%sit may be asked again in %d s", out->len ? "; " : "", retry_s);
}

static bool fail(const struct ask *a, const struct talk_failure *f, int retry_s, struct err *e)
{
	char head[320];
	char advice[200];
	struct str h = STR_OF(head);
	struct str ad = STR_OF(advice);

	talk_headline(&h, f, &a->target, a->who);
	advise(&ad, a, f, retry_s);
	err_set(e, talk_code(f), "%s", head);
	if (!is_only_one(a) || !talk_class_rotates(f->class))
		return ad.len ? err_hint(e, "%s", advice) : false;
	return err_hint(e,
		"%s is pinned to this session, so no other was tried: /model NAME@PROFILE pins "
		"another, /new ends it%s%s",
		a->who, ad.len ? "; " : "", advice);
}

/* One line, and on to the next. */
static void tell_next(const struct ask *a, const struct talk_failure *f, unsigned step)
{
	const struct credential *next;
	char head[320];
	struct str h = STR_OF(head);

	candidate(a, step, &next);
	talk_headline(&h, f, &a->target, a->who);
	say_warning("%s; trying %s", head, next->id);
}

/* Is it a credential that can be sent from here? Else *e says why not. */
static bool ready(struct ask *a, const struct credential *c, struct err *e)
{
	a->credential = c;
	a->who = c ? c->id : a->provider;
	str_copy(a->out->profile, sizeof(a->out->profile), a->who);
	if (c && c->kind == CRED_TOKEN && c->expires_ms > 0 && c->expires_ms <= a->c->now.now_ms) {
		err_set(e, ERR_REJECTED, "%s has expired", c->id);
		return err_hint(e, "thinkfleetbot models auth rotate %s%s", c->id,
			is_only_one(a) ? ", or /new ends the pin" : "");
	}
	return find_target(a, c, e) && (open_key(a, e) || err_wrap(e, "%s", a->who));
}

/* Every candidate until one answers. */
static bool ask_in_turn(struct ask *a, unsigned step, struct err *e)
{
	const struct credential *c;

	while (candidate(a, step, &c)) {
		unsigned next = next_step(a, step);
		struct talk_failure f = { 0 };
		int retry_s = 0;
		enum outcome outcome;

		if (!ready(a, c, e)) {
			if (!next)
				return false;
			candidate(a, next, &c);
			say_warning("%s; trying %s", e->msg, c->id);
			*e = (struct err){ 0 };
			step = next;
			continue;
		}
		outcome = try_one(a, &f, &retry_s, e);
		a->out->cancelled = outcome == CANCELLED;
		if (outcome != FAILED)
			return outcome != BROKEN;
		/* Somebody who has read half of an answer does not want another one behind it. */
		if (!next || !talk_class_rotates(f.class) || a->said.len)
			return fail(a, &f, retry_s, e);
		tell_next(a, &f, next);
		step = next;
	}
	return no_credential(a, e);
}

/* A variable that models.providers.<id>.apiKey names, which is no credential of the snapshot. */
static bool ask_with_variable(struct ask *a, struct err *e)
{
	struct talk_failure f = { 0 };
	int retry_s = 0;
	enum outcome outcome;

	if (!ready(a, NULL, e))
		return false;
	outcome = try_one(a, &f, &retry_s, e);
	a->out->cancelled = outcome == CANCELLED;
	return outcome == FAILED ? fail(a, &f, retry_s, e) : outcome != BROKEN;
}

static bool has_variable(const struct ask *a)
{
	const struct config_provider *from = config_provider(&a->c->place.config, a->provider);

	return from && from->key == CONFIG_KEY_VARIABLE;
}

static bool ask_all(struct ask *a, struct err *e)
{
	const struct credential *c;
	unsigned step = pinned(a) ? 0 : 1;

	a->state = state_of(a->c, a->provider);
	if (!a->state)
		return no_credential(a, e);
	if (!candidate(a, step, &c) && has_variable(a))
		return ask_with_variable(a, e);
	return ask_in_turn(a, step, e);
}

bool chat_ask(struct chat *c, const char *question, const struct chat_how *how,
	struct chat_answer *out, struct err *e)
{
	struct ask a = { .c = c, .how = how, .out = out };
	size_t before = c->said.count;
	bool answered;
	bool ok;

	*out = (struct chat_answer){ 0 };
	chat_settle(c);
	model_provider(a.provider, sizeof(a.provider), c->model);
	opener_init(&a.opener, &c->place);
	ok = talk_add(&c->said, false, question, strlen(question), e) && ask_all(&a, e);
	answered = ok && !out->cancelled && a.said.len > 0;
	if (answered)
		ok = clean_end(&a.clean, &out->text, e) &&
		     talk_add(&c->said, true, a.said.p, a.said.len, e);
	/* What was not answered was not said: two questions in a row are refused by some. */
	if (!ok || !answered)
		talk_cut(&c->said, before);
	secret_release(&a.key);
	buf_release(&a.said);
	opener_release(&a.opener);
	return ok;
}

void chat_answer_release(struct chat_answer *a)
{
	buf_release(&a->text);
	*a = (struct chat_answer){ 0 };
}
