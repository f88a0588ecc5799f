/* SPDX-License-Identifier: MIT */
#include "cli/livecheck.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/say.h"
#include "net/client.h"

#define CHECK_TIMEOUT_MS 15000
#define SKEW_MS 60000 /* more than that breaks expiry dates and signatures */

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

bool live_check(const struct live_check *c, struct check_result *out, struct err *e)
{
	const struct config_provider *row = config_provider(c->config, c->provider->id);
	struct wire_check check = { .timeout_ms = CHECK_TIMEOUT_MS };
	bool ok;

	str_copy(check.provider, sizeof(check.provider), c->provider->id);
	str_copy(check.method, sizeof(check.method), c->method->id);
	str_copy(check.base_url, sizeof(check.base_url), row ? row->base_url : "");
	if (c->key->len && !secret_copy(&check.key, c->key, e))
		return false;
	ok = client_check(&check, out, e);
	secret_release(&check.key);
	if (ok && out->verdict == VERDICT_REJECTED)
		return rejected(c, out, e);
	return ok;
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
	if (r->skew_ms != INT64_MIN && (r->skew_ms > SKEW_MS || r->skew_ms < -SKEW_MS))
		say_warning("this host's clock is %" PRId64 " s %s the provider's",
			(r->skew_ms < 0 ? -r->skew_ms : r->skew_ms) / 1000,
			r->skew_ms < 0 ? "behind" : "ahead of");
}
