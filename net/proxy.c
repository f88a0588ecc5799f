/* SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The first of the variables that is set to something. */
static const char *first_of(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

/* --- exceptions ------------------------------------------------------------------------------- */

struct address {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128; 0: not an address */
};

static struct address address_of(const char *text)
{
	struct address a = { 0 };

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.bits = 32;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.bits = 128;
	return a;
}

static bool same_bits(const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return !rest || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

/* "10.0.0.0/8" or "10.1.2.3"; *slash is where the entry's bits stand, or NULL. */
static bool in_network(const struct address *host, const char *entry, const char *slash)
{
	struct address net = address_of(entry);
	unsigned bits = net.bits;

	if (slash) {
		char *end;
		unsigned long n = strtoul(slash, &end, 10);

		if (end == slash || *end || n > net.bits)
			return false;
		bits = (unsigned)n;
	}
	return net.bits && net.bits == host->bits && same_bits(host, &net, bits);
}

/* The name itself, or one below it. */
static bool in_domain(const char *host, const char *entry)
{
	size_t have = strlen(host), want;

	while (*entry == '.')
		entry++;
	want = strlen(entry);
	return want && have >= want && str_equal_nocase(host + have - want, entry) &&
	       (have == want || host[have - want - 1] == '.');
}

static bool entry_holds(char *entry, const char *host, const struct address *ip)
{
	char *slash = strchr(entry, '/');

	if (strcmp(entry, "*") == 0)
		return true;
	if (slash)
		*slash++ = '\0';
	if (ip->bits)
		return in_network(ip, entry, slash);
	return !slash && in_domain(host, entry);
}

/* A copy without the brackets of an IPv6 address. */
static void bare(char *out, size_t cap, const char *p, size_t n)
{
	if (n > 1 && p[0] == '[' && p[n - 1] == ']') {
		p++;
		n -= 2;
	}
	str_copy(out, n + 1 < cap ? n + 1 : cap, p);
}

bool proxy_excepts(const char *list, const char *host)
{
	static const char separators[] = ", \t";
	char name[128], entry[128];
	struct address ip;

	bare(name, sizeof(name), host, strlen(host));
	ip = address_of(name);
	while (list && *list) {
		size_t n = strcspn(list, separators);

		bare(entry, sizeof(entry), list, n);
		if (n && n < sizeof(entry) && entry_holds(entry, name, &ip))
			return true;
		list += n;
		list += strspn(list, separators);
	}
	return false;
}

/* --- the proxy -------------------------------------------------------------------------------- */

/* "host:port" of "scheme://user:password@host:port/". */
static void show(struct str *out, const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t n = strcspn(host, "/?#");

	for (size_t i = n; i > 0; i--) {
		if (host[i - 1] == '@') {
			host += i;
			n -= i;
			break;
		}
	}
	text_clean(out, host, n, out->cap - 1);
}

bool proxy_find(struct proxy *p, const struct url *u)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY" };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY" };
	const char *url = first_of(names, ARRAY_LEN(names));
	struct str shown;

	*p = (struct proxy){ 0 };
	if (!url || proxy_excepts(first_of(exceptions, ARRAY_LEN(exceptions)), u->host))
		return false;
	shown = STR_OF(p->shown);
	show(&shown, url);
	/* One that cannot be used is not the same as none: libcurl then says what is wrong. */
	if (!str_copy(p->url, sizeof(p->url), url))
		str_copy(p->url, sizeof(p->url), "://");
	return true;
}
