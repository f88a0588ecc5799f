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

void check_join(struct str *url, const char *base, const char *path)
{
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	str_addn(url, base, n);
	str_add(url, path + (*path ? version_in_base(base, n, path) : 0));
}

static bool is_moved(const char *base_url)
{
	return base_url && *base_url;
}

const char *check_address(const struct provider *p, const struct method *m, const char *base_url)
{
	if (is_moved(base_url))
		return base_url;
	return m->check_url ? m->check_url : p->base_url;
}

bool check_build(struct check_request *out, const struct provider *p, const struct method *m,
	const char *base_url, struct err *e)
{
	const char *address = check_address(p, m, base_url);
	const char *path = m->check_url && !is_moved(base_url) ? "" : m->check_path;
	struct str url = STR_OF(out->url);
	struct url parsed;

	*out = (struct check_request){ .auth = m->auth, .judge = m->judge };
	if (!address)
		return err_set(e, ERR_NOT_FOUND, "no base address is known for %s", p->id);
	if (!path)
		return err_set(e, ERR_NOT_FOUND, "no free request proves a key of %s", p->label);
	if (!url_parse(&parsed, address, e))
		return false;
	check_join(&url, address, path);
	if (url.cut)
		return err_set(e, ERR_CONFIG, "base address refused: longer than %d characters",
			CHECK_URL_CAP - 1);
	for (size_t i = 0; i < PROVIDER_HEADERS; i++)
		out->headers[i] = m->headers[i];
	out->loopback = parsed.loopback;
	return true;
}
