/* SPDX-License-Identifier: MIT */
#include "cli/livecheck.h"

#include <stdio.h>

#include "cli/say.h"
#include "net/client.h"
#include "provider/own.h"

#define CHECK_TIMEOUT_MS 15000

static bool rejected(const struct live_check *c, const struct check_result *r, struct err *e)
{
	char head[200];
	char advice[300];
	struct str h = STR_OF(head);
	struct str ad = STR_OF(advice);

	check_headline(&h, r, c->provider, c->method);
	check_advice(&ad, r, c->provider, c->method);
	err_set(e, ERR_REJECTED, "%s%s%s; nothing was saved", head, r->text[0] ? ": " : "",
		r->text);
	return err_hint(e, "%s", advice);
}

/* An address that was confirmed a moment ago goes before what the configuration still says. */
void live_check_address(struct wire_check *out, const struct provider *p, const struct method *m,
	const char *base_url)
{
	if (p->like)
		base_url = p->base_url;
	str_copy(out->provider, sizeof(out->provider), provider_row(p)->id);
	str_copy(out->method, sizeof(out->method), m->id);
	str_copy(out->base_url, sizeof(out->base_url), base_url ? base_url : "");
}

bool live_check(const struct live_check *c, struct check_result *out, struct err *e)
{
	const struct config_provider *row = config_provider(c->config, c->provider->id);
	struct wire_check check = { .timeout_ms = CHECK_TIMEOUT_MS };
	bool ok;

	live_check_address(&check, c->provider, c->method, row ? row->base_url : "");
	if (c->key->len && !secret_copy(&check.key, c->key, e))
		return false;
	ok = client_check(&check, out, e);
	secret_release(&check.key);
	if (ok && out->verdict == VERDICT_REJECTED)
		return rejected(c, out, e);
	return ok;
}

/* What the answer told beside yes or no, and by which way it came. */
static void tell_account(const struct check_result *r)
{
	const struct {
		const char *name, *text;
	} rows[] = {
		{ "proxy", r->proxy },
		{ "CA file", r->trust },
		{ "account", r->account },
		{ "credit", r->credit },
		{ "limits", r->limits },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].text[0])
			fprintf(stderr, "  %s: %s\n", rows[i].name, rows[i].text);
	}
}

void live_check_tell(const struct live_check *c, const struct check_result *r)
{
	char head[200];
	struct str h = STR_OF(head);

	check_headline(&h, r, c->provider, c->method);
	if (r->verdict == VERDICT_ACCEPTED)
		fprintf(stderr, "%s (%d ms).\n", head, r->latency_ms);
	else
		say_warning("%s%s%s%s", head, r->text[0] ? ": " : "", r->text,
			r->verdict == VERDICT_UNKNOWN ? " - saved as unverified" : "");
	tell_account(r);
	h = STR_OF(head);
	if (check_skew(&h, r))
		say_warning("%s by the provider's", head);
}
