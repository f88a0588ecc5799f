/* SPDX-License-Identifier: MIT */
#include "cli/oauth_answer.h"

#include <string.h>

#include "base/text.h"
#include "provider/url.h"
#include "store/doc.h"

#define ANSWER "the answer to the sign-in"
#define ABSOLUTE_MAX_MS (INT64_C(10) * 365 * 24 * 3600 * 1000)
#define DEVICE_MAX_S (INT64_C(24) * 3600)
#define DEVICE_S 900 /* where it is not said how long a code lives */

void oauth_tokens_release(struct oauth_tokens *t)
{
	secret_release(&t->access);
	secret_release(&t->refresh);
	*t = (struct oauth_tokens){ 0 };
}

void oauth_device_release(struct oauth_device *d)
{
	secret_release(&d->code);
	*d = (struct oauth_device){ 0 };
}

/* The text is copied into memory that the document wipes. */
static bool open_answer(struct doc *d, const char *p, size_t n, struct err *e)
{
	struct buf text = { 0 };

	*d = (struct doc){ 0 };
	if (buf_add(&text, p, n, e) && doc_parse(d, &text, DOC_JSON, ANSWER, e))
		return true;
	buf_release(&text);
	return false;
}

static bool lacks(const char *member, struct err *e)
{
	err_set(e, ERR_DAMAGED, ANSWER " has no usable \"%s\"", member);
	return err_hint(e, "try again; if it stays so, sign in with the gateway itself");
}

/* A header carries it later: what no header can carry is no token. */
static bool take_secret(const struct doc *d, const char *member, struct secret *out, struct err *e)
{
	uint32_t node = doc_get(d, DOC_ROOT, member);

	if (!doc_filled(d, node) || !doc_secret(d, node, out, NULL))
		return lacks(member, e);
	for (size_t i = 0; i < out->len; i++)
		if (out->bytes[i] <= ' ' || out->bytes[i] > '~' || out->len > SECRET_MAX)
			return lacks(member, e);
	return true;
}

/* Only what may stand in an id or a name; anything else is left out whole. */
static bool take_name(char *out, size_t cap, const struct doc *d, uint32_t node)
{
	if (doc_text(d, node, out, cap) && *out &&
		strspn(out,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789_.:@-|+") == strlen(out))
		return true;
	*out = '\0';
	return false;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static bool take_expiry(struct oauth_tokens *t, const struct oauth *o, const struct doc *d,
	int64_t now_ms, struct err *e)
{
	const char *member = o->flow == OAUTH_USER_CODE ? "expired_in" : "expires_in";
	int64_t n = 0;

	if (!doc_int(d, doc_get(d, DOC_ROOT, member), &n))
		return lacks(member, e);
	if (o->flow != OAUTH_USER_CODE)
		return oauth_expires(o, now_ms, n, &t->expires_ms) || lacks(member, e);
	/* MiniMax says the moment itself. */
	t->expires_ms = n;
	return (n > now_ms && n - now_ms < ABSOLUTE_MAX_MS) || lacks(member, e);
}

/* The middle part of a JWT. Its signature is the provider's own business: TLS brought it. */
static bool open_claims(struct doc *d, const struct secret *token)
{
	const char *first = memchr(token->bytes, '.', token->len);
	const char *second = first ? strchr(first + 1, '.') : NULL;
	struct secret text = { 0 };
	bool ok;

	if (!second)
		return false;
	ok = b64_decode_secret(&text, first + 1, (size_t)(second - first - 1), NULL) &&
	     open_answer(d, text.bytes, text.len, NULL);
	secret_release(&text);
	return ok;
}

static bool take_account(struct oauth_tokens *t, const struct oauth *o, struct err *e)
{
	struct doc d = { 0 };
	bool ok = open_claims(&d, &t->access) &&
		  take_name(t->account, sizeof(t->account), &d,
			  doc_get(&d, doc_get(&d, DOC_ROOT, o->claim), o->account));

	doc_release(&d);
	return ok || err_set(e, ERR_DAMAGED, "the token of %s names no account", o->label);
}

static void take_base_url(struct oauth_tokens *t, const struct doc *d)
{
	char text[CHECK_URL_CAP];

	if (!doc_text(d, doc_get(d, DOC_ROOT, "resource_url"), text, sizeof(text)) || !*text ||
		!oauth_resource_url(t->base_url, sizeof(t->base_url), text))
		t->base_url[0] = '\0';
}

static bool take_tokens(struct oauth_tokens *t, const struct oauth *o, const struct doc *d,
	int64_t now_ms, const struct secret *had, struct err *e)
{
	if (!take_secret(d, "access_token", &t->access, e))
		return false;
	if (o->token_only)
		return true;
	if (had && !doc_filled(d, doc_get(d, DOC_ROOT, "refresh_token"))) {
		if (!secret_copy(&t->refresh, had, e))
			return false;
	} else if (!take_secret(d, "refresh_token", &t->refresh, e)) {
		return false;
	}
	if (o->flow == OAUTH_DEVICE)
		take_base_url(t, d);
	return take_expiry(t, o, d, now_ms, e) && (!o->claim || take_account(t, o, e));
}

bool oauth_take_tokens(struct oauth_tokens *t, const struct oauth *o, const struct secret *body,
	int64_t now_ms, const struct secret *had, struct err *e)
{
	struct doc d;
	bool ok;

	*t = (struct oauth_tokens){ 0 };
	ok = open_answer(&d, body->bytes ? body->bytes : "", body->len, e) &&
	     take_tokens(t, o, &d, now_ms, had, e);
	doc_release(&d);
	if (!ok)
		oauth_tokens_release(t);
	return ok;
}

bool oauth_take_user(struct oauth_tokens *t, const struct secret *body, struct err *e)
{
	struct doc d;

	if (!open_answer(&d, body->bytes ? body->bytes : "", body->len, e))
		return false;
	take_name(t->account, sizeof(t->account), &d, doc_get(&d, DOC_ROOT, "sub"));
	take_name(t->user, sizeof(t->user), &d, doc_get(&d, DOC_ROOT, "username"));
	doc_release(&d);
	return true;
}

/* --- a device --------------------------------------------------------------------------------- */

/* A page that a person is sent to. */
static bool take_page(struct oauth_device *out, const struct doc *d)
{
	static const char *const members[] = { "verification_uri_complete", "verification_uri",
		"verification_url" };
	char plain[sizeof(out->page)];
	struct url url;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		char *query;

		if (!doc_text(d, doc_get(d, DOC_ROOT, members[i]), out->page, sizeof(out->page)))
			continue;
		str_copy(plain, sizeof(plain), out->page);
		query = strchr(plain, '?');
		if (query)
			*query = '/';
		if (url_parse(&url, plain, NULL))
			return true;
	}
	return false;
}

static bool is_code(const char *text)
{
	size_t n = strlen(text);

	return n && strspn(text,
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789-") == n;
}

static bool take_times(struct oauth_device *out, const struct oauth *o, const struct doc *d,
	int64_t now_ms, struct err *e)
{
	bool own = o->flow == OAUTH_USER_CODE;
	int64_t interval = 0, lasts = DEVICE_S;

	/* MiniMax counts in milliseconds, the others in seconds. */
	if (doc_int(d, doc_get(d, DOC_ROOT, "interval"), &interval) && interval > 0 &&
		interval < (own ? 60000 : 60))
		out->wait_ms = (int)(own ? interval : interval * 1000);
	else
		out->wait_ms = o->wait_s * 1000;
	if (own) {
		if (!doc_int(d, doc_get(d, DOC_ROOT, "expired_in"), &lasts))
			return lacks("expired_in", e);
		lasts = (lasts - now_ms) / 1000;
	} else {
		doc_int(d, doc_get(d, DOC_ROOT, "expires_in"), &lasts);
	}
	if (lasts <= 0 || lasts > DEVICE_MAX_S)
		return lacks(own ? "expired_in" : "expires_in", e);
	out->until_ms = now_ms + lasts * 1000;
	return true;
}

static bool take_device(struct oauth_device *out, const struct oauth *o, const struct doc *d,
	const struct pkce *p, struct err *e)
{
	bool own = o->flow == OAUTH_USER_CODE;

	if (own && !doc_text_is(d, doc_get(d, DOC_ROOT, "state"), p->state))
		return err_set(e, ERR_REFUSED, "this answer belongs to another sign-in attempt");
	if (!doc_text(d, doc_get(d, DOC_ROOT, "user_code"), out->shown, sizeof(out->shown)) ||
		!is_code(out->shown))
		return lacks("user_code", e);
	return take_secret(d, own ? "user_code" : "device_code", &out->code, e) &&
	       (take_page(out, d) || lacks("verification_uri", e));
}

bool oauth_take_device(struct oauth_device *out, const struct oauth *o, const struct secret *body,
	const struct pkce *p, int64_t now_ms, struct err *e)
{
	struct doc d;
	bool ok;

	*out = (struct oauth_device){ 0 };
	ok = open_answer(&d, body->bytes ? body->bytes : "", body->len, e) &&
	     take_device(out, o, &d, p, e) && take_times(out, o, &d, now_ms, e);
	doc_release(&d);
	if (!ok)
		oauth_device_release(out);
	return ok;
}

/* --- an error --------------------------------------------------------------------------------- */

static void status_word(char out[OAUTH_WORD_CAP], const struct doc *d)
{
	uint32_t status = doc_get(d, DOC_ROOT, "status");
	const char *word = "pending";

	if (doc_text_is(d, status, "success"))
		word = "";
	else if (doc_text_is(d, status, "error"))
		word = "error";
	str_copy(out, OAUTH_WORD_CAP, word);
}

void oauth_take_word(char out[OAUTH_WORD_CAP], const struct oauth *o, const struct secret *body)
{
	struct str clean = str_on(out, OAUTH_WORD_CAP);
	char raw[OAUTH_WORD_CAP];
	struct doc d;
	uint32_t error, node;

	if (!open_answer(&d, body->bytes ? body->bytes : "", body->len, NULL)) {
		str_add(&clean, "format");
		return;
	}
	error = doc_get(&d, DOC_ROOT, "error");
	/* OpenAI's newer errors are objects with a code. */
	node = doc_kind(&d, error) == DOC_OBJECT ? doc_get(&d, error, "code") : error;
	if (doc_text(&d, node, raw, sizeof(raw)))
		text_clean(&clean, raw, strlen(raw), OAUTH_WORD_CAP - 4);
	else if (error != DOC_NONE)
		str_add(&clean, "error");
	else if (o->flow == OAUTH_USER_CODE)
		status_word(out, &d);
	doc_release(&d);
}
