/* SPDX-License-Identifier: MIT */

/* What a browser brings back, by itself or in a person's clipboard. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/seal.h"
#include "provider/oauth.h"
#include "provider/url.h"

void oauth_grant_release(struct oauth_grant *g)
{
	secret_release(&g->code);
	secret_release(&g->state);
	*g = (struct oauth_grant){ 0 };
}

/* --- a query ---------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Into guarded memory; what is no escape stays as it is. A NUL ends it: nobody sends one. */
static bool unescape(struct secret *out, const char *p, size_t n, struct err *e)
{
	secret_release(out);
	if (!secret_init(out, n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		int high = c == '%' && i + 2 < n ? hex_value(p[i + 1]) : -1;
		int low = high >= 0 ? hex_value(p[i + 2]) : -1;

		if (low >= 0) {
			c = (char)(unsigned char)(high * 16 + low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if (!c)
			break;
		secret_insert(out, out->len, &c, 1);
	}
	return true;
}

static bool take_error(struct oauth_grant *g, const char *p, size_t n, struct err *e)
{
	struct str word = STR_OF(g->error);
	struct secret text = { 0 };
	bool ok = unescape(&text, p, n, e);

	if (ok)
		text_clean(&word, text.bytes, text.len, sizeof(g->error) - 4);
	secret_release(&text);
	return ok;
}

static bool take_member(struct oauth_grant *g, const char *p, size_t name, size_t n, struct err *e)
{
	const char *value = p + name + 1;
	size_t len = n - name - 1;

	if (name == 4 && memcmp(p, "code", 4) == 0)
		return unescape(&g->code, value, len, e);
	if (name == 5 && memcmp(p, "state", 5) == 0)
		return unescape(&g->state, value, len, e);
	if (name == 5 && memcmp(p, "error", 5) == 0)
		return take_error(g, value, len, e);
	return true;
}

/* name=value&name=value, also behind the '#' with which some pages separate the state. */
static bool read_query(struct oauth_grant *g, const char *p, size_t n, struct err *e)
{
	size_t end;

	for (size_t at = 0; at < n; at += end + 1) {
		const char *equals;

		for (end = 0; at + end < n && !strchr("&#", p[at + end]);)
			end++;
		equals = memchr(p + at, '=', end);
		if (equals && !take_member(g, p + at, (size_t)(equals - (p + at)), end, e))
			return false;
	}
	return true;
}

/* --- a paste ---------------------------------------------------------------------------------- */

/* Without the line ends and blanks that a terminal or a mail put in. */
static bool squeeze(struct secret *out, const char *text, size_t n, struct err *e)
{
	if (n > OAUTH_PASTE_MAX)
		return err_set(
			e, ERR_USAGE, "what was pasted is longer than %zu bytes", OAUTH_PASTE_MAX);
	if (!secret_init(out, n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7F)
			continue;
		if ((unsigned char)text[i] > 0x7F)
			return err_set(
				e, ERR_USAGE, "what was pasted has characters that no address has");
		secret_insert(out, out->len, &text[i], 1);
	}
	return true;
}

/* Quotes and angle brackets are how an address is wrapped in a message. */
static void strip_quotes(struct secret *s)
{
	while (s->len && strchr("\"'<`", s->bytes[0]))
		secret_remove(s, 0, 1);
	while (s->len && strchr("\"'>`", s->bytes[s->len - 1]))
		secret_remove(s, s->len - 1, 1);
}

static bool read_plain(struct oauth_grant *g, const char *p, size_t n, struct err *e)
{
	const char *hash = memchr(p, '#', n);
	size_t code = hash ? (size_t)(hash - p) : n;

	return unescape(&g->code, p, code, e) &&
	       (!hash || unescape(&g->state, hash + 1, n - code - 1, e));
}

static bool read_squeezed(struct oauth_grant *g, const struct secret *s, struct err *e)
{
	const char *p = s->bytes ? s->bytes : "";
	const char *query = strchr(p, '?');

	if (query)
		return read_query(g, query + 1, s->len - (size_t)(query + 1 - p), e);
	if (strstr(p, "://")) /* an address that brings nothing: the sign-in page's own, perhaps */
		return true;
	if (str_starts(p, "code=") || str_starts(p, "state=") || str_starts(p, "error="))
		return read_query(g, p, s->len, e);
	return read_plain(g, p, s->len, e);
}

bool oauth_read_paste(struct oauth_grant *g, const char *text, size_t n, struct err *e)
{
	struct secret s = { 0 };
	bool ok;

	*g = (struct oauth_grant){ 0 };
	ok = squeeze(&s, text, n, e);
	if (ok) {
		strip_quotes(&s);
		ok = read_squeezed(g, &s, e);
	}
	secret_release(&s);
	if (ok && !g->code.len && !g->error[0]) {
		ok = err_set(e, ERR_USAGE, "there is no code in what was pasted");
		err_hint(e, "copy the whole address that the browser ended on, with code= in it");
	}
	if (!ok)
		oauth_grant_release(g);
	return ok;
}

/* --- a request -------------------------------------------------------------------------------- */

enum oauth_request oauth_read_request(
	struct oauth_grant *g, const char *line, size_t n, const char *path)
{
	static const char get[] = "GET ";
	size_t from = sizeof(get) - 1;
	size_t len = strlen(path);
	const char *end;

	*g = (struct oauth_grant){ 0 };
	if (n < from || memcmp(line, get, from) != 0)
		return OAUTH_REQUEST_BAD;
	line += from;
	n -= from;
	end = memchr(line, ' ', n);
	if (!end || n - (size_t)(end - line) < 6 || memcmp(end, " HTTP/", 6) != 0)
		return OAUTH_REQUEST_BAD;
	n = (size_t)(end - line);
	if (n < len || memcmp(line, path, len) != 0 || (n > len && line[len] != '?'))
		return OAUTH_REQUEST_ELSEWHERE;
	if (n > len + 1 && !read_query(g, line + len + 1, n - len - 1, NULL)) {
		oauth_grant_release(g);
		return OAUTH_REQUEST_BAD;
	}
	return g->code.len || g->error[0] ? OAUTH_REQUEST_GRANT : OAUTH_REQUEST_NO_CODE;
}

bool oauth_state_fits(const struct oauth_grant *g, const struct pkce *p, bool none_is_fine)
{
	size_t n = strlen(p->state);

	if (!g->state.len)
		return none_is_fine;
	return g->state.len == n && bytes_equal(g->state.bytes, p->state, n);
}

bool oauth_redirect(const char *uri, unsigned *port, char path[128])
{
	struct url url;

	if (!url_parse(&url, uri, NULL) || url.https || !url.loopback || url.host[0] == '[' ||
		!url.path[0])
		return false;
	*port = url.port ? url.port : 80;
	return str_copy(path, 128, url.path);
}
