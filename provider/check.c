/* SPDX-License-Identifier: MIT */
#include "provider/check.h"

#include <string.h>

#include "provider/url.h"

static const char *const verdicts[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_ACCEPTED] = "accepted",
	[VERDICT_REJECTED] = "rejected",
	[VERDICT_LIMITED] = "limited",
	[VERDICT_NO_CREDIT] = "no_credit",
	[VERDICT_UNKNOWN] = "unknown",
};

static const char *const reasons[REASON_COUNT] = {
	[REASON_NONE] = "none",
	[REASON_BAD_KEY] = "bad_key",
	[REASON_RESTRICTED] = "restricted",
	[REASON_CLAUDE_CODE] = "claude_code",
	[REASON_RATE_LIMIT] = "rate_limit",
	[REASON_BILLING] = "billing",
	[REASON_DNS] = "dns",
	[REASON_CONNECT] = "connect",
	[REASON_TLS] = "tls",
	[REASON_PROXY] = "proxy",
	[REASON_TIMEOUT] = "timeout",
	[REASON_REDIRECT] = "redirect",
	[REASON_SERVER] = "server",
	[REASON_FORMAT] = "format",
	[REASON_TOO_MUCH] = "too_much",
	[REASON_CLOSED] = "closed",
	[REASON_CANCELLED] = "cancelled",
	[REASON_INTERNAL] = "internal",
	[REASON_ADMIN_KEY] = "admin_key",
	[REASON_UNPROVEN] = "unproven",
	[REASON_BLOCKED] = "blocked",
	[REASON_PORTAL] = "captive_portal",
};

static bool name_find(const char *const *names, size_t n, const char *name, size_t *found)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			*found = i;
			return true;
		}
	}
	return false;
}

const char *verdict_name(enum verdict v)
{
	return (size_t)v < ARRAY_LEN(verdicts) ? verdicts[v] : "unknown";
}

bool verdict_parse(const char *name, enum verdict *v)
{
	size_t i;

	if (!name_find(verdicts, ARRAY_LEN(verdicts), name, &i))
		return false;
	*v = (enum verdict)i;
	return true;
}

const char *reason_name(enum reason r)
{
	return (size_t)r < ARRAY_LEN(reasons) ? reasons[r] : "internal";
}

bool reason_parse(const char *name, enum reason *r)
{
	size_t i;

	if (!name_find(reasons, ARRAY_LEN(reasons), name, &i))
		return false;
	*r = (enum reason)i;
	return true;
}

/*
 * "/v1/models" after ".../v1": people write the base address with the version
 * and without it. How many bytes of the check's path the base already has.
 */
static size_t version_in_base(const char *base, size_t n, const char *check_path)
{
	size_t segment = check_path[0] ? strcspn(check_path + 1, "/?") + 1 : 0;

	if (segment < 3 || check_path[1] != 'v' || check_path[segment] != '/')
		return 0;
	return n > segment && memcmp(base + n - segment, check_path, segment) == 0 ? segment : 0;
}

/* The base address with the check's path after it. */
static bool join(struct str *out, const char *base, const char *path)
{
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	str_addn(out, base, n);
	str_add(out, path + version_in_base(base, n, path));
	return !out->cut;
}

bool check_build(struct check_request *out, const struct provider *p, const struct method *m,
	const char *base_url, struct err *e)
{
	bool own = !base_url || !*base_url;
	/* An address of the check's own is the provider's: no key goes there for a moved base. */
	bool elsewhere = own && m->check_url;
	const char *base = elsewhere ? m->check_url : own ? p->base_url : base_url;
	struct str url = STR_OF(out->url);
	struct url parsed;

	*out = (struct check_request){ .auth = m->auth, .judge = m->judge };
	if (!elsewhere && !m->check_path)
		return err_set(
			e, ERR_NOT_FOUND, "%s has no free request that proves a key", p->label);
	if (!base)
		return err_set(e, ERR_CONFIG, "%s needs a base address", p->label);
	if (!url_parse(&parsed, base, e))
		return false;
	if (!join(&url, base, elsewhere ? "" : m->check_path))
		return err_set(e, ERR_CONFIG, "base address refused: longer than %d characters",
			CHECK_URL_CAP - 1);
	for (size_t i = 0; i < PROVIDER_HEADERS; i++)
		out->headers[i] = m->headers[i];
	out->loopback = parsed.loopback;
	return true;
}
