/* SPDX-License-Identifier: MIT */
#include "cli/oauth_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "provider/url.h"

#define FORM "application/x-www-form-urlencoded"
#define POLL_MS 10000
#define REFRESH_MS 4000 /* of the PEERLOCK_HOLD_MS that the caller has */

/* --- where ------------------------------------------------------------------------------------ */

static bool address(char out[CHECK_URL_CAP], const char *url, struct err *e)
{
	const char *test = getenv("THINKFLEETBOT_TEST_OAUTH");
	struct str s = str_on(out, CHECK_URL_CAP);
	struct url parsed;

	if (!url || !test || !*test) {
		str_add(&s, url ? url : "");
		return true;
	}
	if (!url_parse(&parsed, test, NULL) || !parsed.loopback)
		return err_set(
			e, ERR_REFUSED, "THINKFLEETBOT_TEST_OAUTH is no address of this machine");
	str_fmt(&s, "%s/%s", test, strstr(url, "://") + 3);
	return !s.cut || err_set(e, ERR_USAGE, "THINKFLEETBOT_TEST_OAUTH is too long");
}

bool oauth_addresses(struct oauth_addresses *out, const struct oauth *o, struct err *e)
{
	return address(out->ask, o->ask_url, e) && address(out->token, o->token_url, e) &&
	       address(out->user, o->user_url, e);
}

void oauth_attempt_release(struct oauth_attempt *a)
{
	pkce_release(&a->pkce);
	secret_release(&a->client.key);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Nobody answered, or not the one who was asked. */
static bool unreached(const char *url, const struct exchange_answer *a, struct err *e)
{
	char name[128];
	struct str host = STR_OF(name);

	url_foreign_host(&host, url);
	if (a->reason == REASON_CANCELLED)
		return err_set(e, ERR_REFUSED, "the sign-in was cancelled; nothing was changed");
	err_set(e, ERR_UNREACHABLE, "%s: %s%s%s", name, reason_name(a->reason),
		a->text[0] ? ": " : "", a->text);
	return err_hint(e, "is this host online? A proxy is taken from https_proxy");
}

/* Posts a form; *a is the caller's to release. False for the network's faults, too. */
static bool post(const struct oauth_attempt *x, const char *url, const struct secret *body,
	int timeout_ms, struct exchange_answer *a, struct err *e)
{
	char line[64], id[UUID_CAP];
	struct str own = STR_OF(line);
	struct exchange q = { .url = url,
		.headers = { line },
		.content_type = FORM,
		.body = body,
		.timeout_ms = timeout_ms };

	uuid_new(id);
	str_fmt(&own, "x-request-id: %s", id);
	return exchange_run(&q, NULL, x->cancel_fd, a, e) &&
	       (a->reason == REASON_NONE || unreached(url, a, e));
}

/* What the provider says against it, in a word of its own. */
static bool refused(const char *url, const struct exchange_answer *a, const char *word,
	enum err_code code, struct err *e)
{
	char name[128];
	struct str host = STR_OF(name);

	url_foreign_host(&host, url);
	if (a->status / 100 == 5 || a->status == 429)
		return err_set(
			e, ERR_UNREACHABLE, "%s cannot answer now (HTTP %d)", name, a->status);
	return err_set(e, code, "%s refuses the sign-in (HTTP %d%s%s)", name, a->status,
		word[0] ? ": " : "", word);
}

static bool is_good(const struct exchange_answer *a, const char *word)
{
	return a->status / 100 == 2 && !word[0];
}

bool oauth_ask_device(const struct oauth_attempt *a, struct oauth_device *d, struct err *e)
{
	struct exchange_answer answer = { 0 };
	struct secret body = { 0 };
	char word[OAUTH_WORD_CAP] = "";
	bool ok = oauth_body_ask(&body, a->row, &a->client, &a->pkce, e) &&
		  post(a, a->at.ask, &body, 0, &answer, e);

	if (ok && answer.status / 100 != 2) {
		oauth_take_word(word, a->row, &answer.body);
		ok = refused(a->at.ask, &answer, word, ERR_REJECTED, e);
	}
	ok = ok && oauth_take_device(d, a->row, &answer.body, &a->pkce, clock_now_ms(), e);
	exchange_answer_release(&answer);
	secret_release(&body);
	return ok;
}

/* What the answer to a poll is; a server that has trouble is asked again. */
static enum oauth_poll judge_poll(const struct exchange_answer *a, const char *word)
{
	enum oauth_poll poll = oauth_poll_word(word);

	if (poll == OAUTH_POLL_DONE && a->status / 100 != 2)
		poll = OAUTH_POLL_FAILED;
	if (poll == OAUTH_POLL_FAILED && a->status == 429)
		poll = OAUTH_POLL_SLOW_DOWN;
	return poll;
}

static bool end_of_poll(enum oauth_poll poll, const struct oauth_attempt *a,
	const struct exchange_answer *answer, const char *word, struct err *e)
{
	switch (poll) {
	case OAUTH_POLL_EXPIRED:
		err_set(e, ERR_FAILED, "the code of %s expired; nothing was changed",
			a->row->label);
		return err_hint(e, "run the command again for a new one");
	case OAUTH_POLL_DENIED:
		return err_set(e, ERR_REFUSED,
			"the sign-in to %s was refused in the browser; nothing was changed",
			a->row->label);
	default:
		return refused(a->at.token, answer, word, ERR_REJECTED, e);
	}
}

bool oauth_ask_poll(const struct oauth_attempt *a, const struct oauth_device *d,
	enum oauth_poll *poll, struct oauth_tokens *t, struct err *e)
{
	struct exchange_answer answer = { 0 };
	struct secret body = { 0 };
	char word[OAUTH_WORD_CAP] = "";
	bool ok = oauth_body_poll(&body, a->row, &a->client, &a->pkce, &d->code, e) &&
		  post(a, a->at.token, &body, POLL_MS, &answer, e);

	if (ok) {
		oauth_take_word(word, a->row, &answer.body);
		*poll = judge_poll(&answer, word);
		if (*poll >= OAUTH_POLL_EXPIRED)
			ok = end_of_poll(*poll, a, &answer, word, e);
	}
	if (ok && *poll == OAUTH_POLL_DONE)
		ok = oauth_take_tokens(t, a->row, &answer.body, clock_now_ms(), NULL, e);
	exchange_answer_release(&answer);
	secret_release(&body);
	return ok;
}

/* --- tokens ----------------------------------------------------------------------------------- */

/* A name is a comfort: without it the profile gets its usual one. */
static void ask_user(const struct oauth_attempt *a, struct oauth_tokens *t)
{
	struct exchange q = { .url = a->at.user, .auth = AUTH_BEARER, .key = &t->access };
	struct exchange_answer answer;

	if (exchange_run(&q, NULL, a->cancel_fd, &answer, NULL) && answer.reason == REASON_NONE &&
		answer.status == 200)
		oauth_take_user(t, &answer.body, NULL);
	exchange_answer_release(&answer);
}

/* had: the refresh token that is renewed, NULL at a sign-in. */
static bool ask_token_page(const struct oauth_attempt *a, const struct secret *body,
	const struct secret *had, struct oauth_tokens *t, struct err *e)
{
	struct exchange_answer answer = { 0 };
	char word[OAUTH_WORD_CAP] = "";
	bool ok = post(a, a->at.token, body, had ? REFRESH_MS : 0, &answer, e);

	if (ok) {
		oauth_take_word(word, a->row, &answer.body);
		/* A page of HTML with a good status is somebody else's. */
		ok = is_good(&answer, word) || refused(a->at.token, &answer, word, ERR_REJECTED, e);
	}
	ok = ok && oauth_take_tokens(t, a->row, &answer.body, clock_now_ms(), had, e);
	exchange_answer_release(&answer);
	return ok;
}

bool oauth_ask_tokens(const struct oauth_attempt *a, const struct secret *code,
	struct oauth_tokens *t, struct err *e)
{
	struct secret body = { 0 };
	bool ok = oauth_body_code(&body, &a->client, &a->pkce, code, e) &&
		  ask_token_page(a, &body, NULL, t, e);

	secret_release(&body);
	if (ok && a->at.user[0])
		ask_user(a, t);
	return ok;
}

bool oauth_ask_refresh(const struct oauth_attempt *a, const struct secret *refresh,
	struct oauth_tokens *t, struct err *e)
{
	struct secret body = { 0 };
	bool ok = oauth_body_refresh(&body, &a->client, refresh, e) &&
		  ask_token_page(a, &body, refresh, t, e);

	secret_release(&body);
	return ok;
}
