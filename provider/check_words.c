/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "provider/check.h"

/* What a person calls the thing: a key or a token. */
static const char *thing(const struct method *m)
{
	return m->kind == CRED_TOKEN || m->kind == CRED_OAUTH ? "token" : "key";
}

static const char *host_of(const struct check_result *r, const struct provider *p)
{
	return r->host[0] ? r->host : p->label;
}

bool check_skew_words(struct str *out, int64_t skew_ms)
{
	int64_t off = llabs(skew_ms == INT64_MIN ? 0 : skew_ms);

	if (off <= CHECK_SKEW_MS)
		return false;
	if (out)
		str_fmt(out, "this host's clock is %lld min %s", (long long)off / 60000,
			skew_ms > 0 ? "fast" : "slow");
	return true;
}

bool check_skew(struct str *out, const struct check_result *r)
{
	return check_skew_words(out, r->skew_ms);
}

int64_t check_skew_ms(const struct check_result *r)
{
	return check_skew(NULL, r) ? r->skew_ms : 0;
}

/*
 * Templates: %H host, %P the provider's label, %T "key" or "token", %S the HTTP status, %X the
 * proxy with a blank before it, %K where a new key is made. A row without a verdict is for every
 * verdict; the first row that fits is used.
 */
struct words {
	enum verdict verdict; /* VERDICT_NONE: any */
	enum reason reason;
	bool local; /* only for providers without a key */
	const char *headline;
	const char *advice;
};

static const struct words table[] = {
	{ VERDICT_ACCEPTED, REASON_NONE, true, "%P answers at %H", "" },
	{ VERDICT_ACCEPTED, REASON_NONE, false, "Verified with %H", "" },
	{ VERDICT_ACCEPTED, REASON_RESTRICTED, false,
		"The %T works, but its permissions are limited",
		"It may not list models. Check that it may use the model you want." },
	{ VERDICT_NONE, REASON_CLAUDE_CODE, false, "%P accepts this token for Claude Code only",
		"Use an Anthropic API key instead." },
	{ VERDICT_NONE, REASON_BAD_KEY, false, "%P did not accept this %T",
		"Most likely the %T was revoked, or part of it is missing. Paste it again%K." },
	{ VERDICT_UNKNOWN, REASON_RESTRICTED, false,
		"%H knows the %T but does not let it list models (HTTP %S)",
		"It may still work for messages. You can save it and try." },
	{ VERDICT_NONE, REASON_RATE_LIMIT, false, "The %T works; the account is rate limited",
		"Nothing to repair: wait a little." },
	{ VERDICT_NONE, REASON_BILLING, false,
		"The %T works, but the account has no credit (HTTP %S)",
		"Add credit or a payment method at the provider." },
	{ VERDICT_NONE, REASON_DNS, false, "Could not reach %H: the name was not found",
		"This host cannot look up names. The %T itself was not tested." },
	{ VERDICT_NONE, REASON_CONNECT, true, "Could not reach %P at %H: no connection",
		"Is it running on this machine?" },
	{ VERDICT_NONE, REASON_CONNECT, false, "Could not reach %H: no connection",
		"A network problem on this host. The %T itself was not tested." },
	{ VERDICT_NONE, REASON_TLS, false, "The certificate of %H is not trusted",
		"Check this host's clock and its CA certificates. The %T was not sent." },
	{ VERDICT_NONE, REASON_PROXY, false, "The proxy%X refused the connection to %H",
		"Check https_proxy. The %T itself was not tested." },
	{ VERDICT_NONE, REASON_TIMEOUT, false, "No answer from %H in time",
		"Try again. The %T itself was not tested." },
	{ VERDICT_NONE, REASON_REDIRECT, false, "%H points to another address (HTTP %S)",
		"The %T was not sent there. Is the base address right?" },
	{ VERDICT_NONE, REASON_SERVER, false, "%P has a problem (HTTP %S)",
		"Try again later. This says nothing about the %T." },
	{ VERDICT_NONE, REASON_FORMAT, false,
		"The answer was not what %P sends. Is the base address right?",
		"A login page of the network, or a wrong base address (is /v1 missing?)." },
	{ VERDICT_NONE, REASON_TOO_MUCH, false, "%H sent more than any answer needs",
		"Is the base address right? The %T itself was not tested." },
	{ VERDICT_NONE, REASON_CLOSED, false, "%H closed the connection without an answer",
		"Try again. The %T itself was not tested." },
	{ VERDICT_NONE, REASON_ADMIN_KEY, false, "This is an administration %T of %P",
		"It cannot call models. Create an ordinary API key and paste that." },
	{ VERDICT_NONE, REASON_BLOCKED, false, "%H does not serve this host (HTTP %S)",
		"A firewall, or a rule for countries or addresses. It says nothing about the %T." },
	{ VERDICT_NONE, REASON_PORTAL, false, "This network wants a sign-in first (HTTP %S)",
		"Open its login page in a browser, then try again. The %T was not tested." },
	{ VERDICT_NONE, REASON_CANCELLED, false, "Cancelled", "The %T was not tested." },
	{ VERDICT_NONE, REASON_UNPROVEN, false, "%P has no free way to test a %T",
		"Save it unverified: the first message shows whether it works." },
	{ VERDICT_NONE, REASON_INTERNAL, false, "The check could not be done",
		"The %T was not tested. See thinkfleetbot doctor." },
};

static const struct words *words_for(const struct check_result *r, const struct provider *p)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].reason == r->reason &&
			(table[i].verdict == VERDICT_NONE || table[i].verdict == r->verdict) &&
			(!table[i].local || p->local))
			return &table[i];
	}
	return NULL;
}

static void fill(struct str *out, const char *template, const struct check_result *r,
	const struct provider *p, const struct method *m)
{
	for (; *template; template ++) {
		if (*template != '%') {
			str_addn(out, template, 1);
			continue;
		}
		switch (*++template) {
		case 'H':
			str_add(out, host_of(r, p));
			break;
		case 'P':
			str_add(out, p->label);
			break;
		case 'T':
			str_add(out, p->local ? "server" : thing(m));
			break;
		case 'S':
			str_fmt(out, "%d", r->status);
			break;
		case 'X':
			str_fmt(out, "%s%s", r->proxy[0] ? " " : "", r->proxy);
			break;
		case 'K':
			if (m->kind == CRED_API_KEY && p->keys_page && p->keys_page[0])
				str_fmt(out, ", or make a new one at %s", p->keys_page);
			break;
		default:
			return;
		}
	}
}

void check_headline(struct str *out, const struct check_result *r, const struct provider *p,
	const struct method *m)
{
	const struct words *w = words_for(r, p);

	if (r->verdict == VERDICT_NONE)
		str_add(out, "Not checked yet");
	else if (w)
		fill(out, w->headline, r, p, m);
	else
		fill(out, "No clear answer from %H", r, p, m);
	if (r->verdict == VERDICT_ACCEPTED && !r->reason && !r->model_count && p->local)
		str_add(out, ", but has no model");
}

/* As a sentence of its own. */
static void add_clock(struct str *out, const struct check_result *r)
{
	char text[80];
	struct str s = STR_OF(text);

	if (!check_skew(&s, r))
		return;
	text[0] = 'T';
	str_fmt(out, "%s%s; sign-in may fail.", out->len ? " " : "", text);
}

void check_advice(struct str *out, const struct check_result *r, const struct provider *p,
	const struct method *m)
{
	const struct words *w = words_for(r, p);

	if (w && r->verdict != VERDICT_NONE)
		fill(out, w->advice, r, p, m);
	add_clock(out, r);
}
