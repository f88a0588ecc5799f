/* SPDX-License-Identifier: MIT */
#include "provider/oauth.h"

#include <string.h>

#include "provider/url.h"

#define WAIT_MAX_MS 10000
#define EXPIRES_MAX_S (INT64_C(10) * 365 * 24 * 3600)
#define SHORTEST_MS (INT64_C(30) * 1000) /* a margin never makes a token dead on arrival */

/* --- encoding --------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

/* One character as it may stand in a form or a query; 1 or 3 characters, their number. */
static size_t encode(char out[3], char c)
{
	static const char digits[] = "0123456789ABCDEF";

	out[0] = c;
	if (is_unreserved(c))
		return 1;
	out[0] = '%';
	out[1] = digits[(unsigned char)c >> 4];
	out[2] = digits[(unsigned char)c & 15];
	return 3;
}

static void add_query(struct str *s, const char *name, const char *value)
{
	char part[3];

	str_fmt(s, "%s%s=", strchr(s->p, '?') ? "&" : "?", name);
	for (; *value; value++)
		str_addn(s, part, encode(part, *value));
}

bool oauth_page(char out[OAUTH_URL_CAP], const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p)
{
	struct str s = str_on(out, OAUTH_URL_CAP);

	str_add(&s, o->ask_url);
	add_query(&s, "response_type", "code");
	add_query(&s, "client_id", c->id);
	add_query(&s, "redirect_uri", c->redirect_uri);
	add_query(&s, "scope", c->scope);
	add_query(&s, "code_challenge", p->challenge);
	add_query(&s, "code_challenge_method", "S256");
	add_query(&s, "state", p->state);
	if (o->extra)
		str_fmt(&s, "&%s", o->extra);
	return !s.cut;
}

/* --- bodies ----------------------------------------------------------------------------------- */

/* A form under construction; a member that does not fit is remembered. */
struct form {
	struct secret *out;
	bool full;
};

static void form_put(struct form *f, const char *p, size_t n)
{
	if (!secret_insert(f->out, f->out->len, p, n))
		f->full = true;
}

static void form_addn(struct form *f, const char *name, const char *value, size_t n)
{
	char part[3];

	if (f->out->len)
		form_put(f, "&", 1);
	form_put(f, name, strlen(name));
	form_put(f, "=", 1);
	for (size_t i = 0; i < n; i++)
		form_put(f, part, encode(part, value[i]));
	explicit_bzero(part, sizeof(part));
}

static void form_add(struct form *f, const char *name, const char *value)
{
	form_addn(f, name, value, strlen(value));
}

static void form_add_secret(struct form *f, const char *name, const struct secret *value)
{
	form_addn(f, name, value->bytes ? value->bytes : "", value->len);
}

/* Everything in a form is at most three times as long as it was. */
#define FORM_CAP (4 * SECRET_MAX)

static bool form_begin(struct form *f, struct secret *out, struct err *e)
{
	*f = (struct form){ .out = out };
	return secret_init(out, FORM_CAP, e);
}

static bool form_end(struct form *f, struct err *e)
{
	return !f->full || err_set(e, ERR_USAGE, "the request for a sign-in is too long");
}

static void form_add_client(struct form *f, const struct oauth_client *c)
{
	form_add(f, "client_id", c->id);
	if (c->key.len)
		form_add_secret(f, "client_secret", &c->key);
}

bool oauth_body_code(struct secret *out, const struct oauth_client *c, const struct pkce *p,
	const struct secret *code, struct err *e)
{
	struct form f;

	if (!form_begin(&f, out, e))
		return false;
	form_add(&f, "grant_type", "authorization_code");
	form_add_client(&f, c);
	form_add_secret(&f, "code", code);
	form_add_secret(&f, "code_verifier", &p->verifier);
	form_add(&f, "redirect_uri", c->redirect_uri);
	return form_end(&f, e);
}

bool oauth_body_ask(struct secret *out, const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p, struct err *e)
{
	struct form f;

	if (!form_begin(&f, out, e))
		return false;
	if (o->flow == OAUTH_USER_CODE)
		form_add(&f, "response_type", "code");
	form_add_client(&f, c);
	form_add(&f, "scope", c->scope);
	if (o->pkce) {
		form_add(&f, "code_challenge", p->challenge);
		form_add(&f, "code_challenge_method", "S256");
	}
	if (o->flow == OAUTH_USER_CODE)
		form_add(&f, "state", p->state);
	return form_end(&f, e);
}

bool oauth_body_poll(struct secret *out, const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p, const struct secret *code, struct err *e)
{
	bool own = o->flow == OAUTH_USER_CODE;
	struct form f;

	if (!form_begin(&f, out, e))
		return false;
	form_add(&f, "grant_type",
		own ? "urn:ietf:params:oauth:grant-type:user_code"
		    : "urn:ietf:params:oauth:grant-type:device_code");
	form_add_client(&f, c);
	form_add_secret(&f, own ? "user_code" : "device_code", code);
	if (o->pkce)
		form_add_secret(&f, "code_verifier", &p->verifier);
	return form_end(&f, e);
}

bool oauth_body_refresh(struct secret *out, const struct oauth_client *c,
	const struct secret *refresh, struct err *e)
{
	struct form f;

	if (!form_begin(&f, out, e))
		return false;
	form_add(&f, "grant_type", "refresh_token");
	form_add_client(&f, c);
	form_add_secret(&f, "refresh_token", refresh);
	return form_end(&f, e);
}

/* --- answers ---------------------------------------------------------------------------------- */

enum oauth_poll oauth_poll_word(const char *word)
{
	static const struct {
		const char *word;
		enum oauth_poll poll;
	} rows[] = {
		{ "", OAUTH_POLL_DONE },
		{ "success", OAUTH_POLL_DONE },
		{ "authorization_pending", OAUTH_POLL_PENDING },
		{ "pending", OAUTH_POLL_PENDING },
		{ "slow_down", OAUTH_POLL_SLOW_DOWN },
		{ "expired_token", OAUTH_POLL_EXPIRED },
		{ "access_denied", OAUTH_POLL_DENIED },
		{ "authorization_declined", OAUTH_POLL_DENIED },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].poll;
	return OAUTH_POLL_FAILED;
}

int oauth_next_wait(const struct oauth *o, int wait_ms, enum oauth_poll poll)
{
	/* MiniMax has no slow_down: each round that waits is slower than the last. */
	bool slower = poll == OAUTH_POLL_SLOW_DOWN ||
		      (o->flow == OAUTH_USER_CODE && poll == OAUTH_POLL_PENDING);

	if (!slower)
		return wait_ms;
	if (o->slower_ms)
		return wait_ms + o->slower_ms;
	if (wait_ms >= WAIT_MAX_MS)
		return wait_ms;
	wait_ms += wait_ms / 2;
	return wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
}

bool oauth_expires(const struct oauth *o, int64_t now_ms, int64_t seconds, int64_t *at_ms)
{
	int64_t lasts_ms;

	if (seconds <= 0 || seconds > EXPIRES_MAX_S)
		return false;
	lasts_ms = seconds * 1000 - o->margin_ms;
	*at_ms = now_ms + (o->margin_ms && lasts_ms < SHORTEST_MS ? SHORTEST_MS : lasts_ms);
	return true;
}

bool oauth_resource_url(char *out, size_t cap, const char *text)
{
	struct str s = str_on(out, cap);
	struct url url;
	size_t n = strlen(text);

	while (n && text[n - 1] == '/')
		n--;
	str_fmt(&s, "%s%.*s", strstr(text, "://") ? "" : "https://", (int)n, text);
	if (!str_ends(out, "/v1"))
		str_add(&s, "/v1");
	return !s.cut && url_parse(&url, out, NULL) && url.https;
}
