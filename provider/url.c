/* SPDX-License-Identifier: MIT */
#include "provider/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

static bool refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_CONFIG, "base address refused: %s", why);
}

static bool only_plain_ascii(const char *text)
{
	for (; *text; text++) {
		if (*text < 0x21 || *text > 0x7E || strchr("\\\"<>^`{|}", *text))
			return false;
	}
	return true;
}

static const char *scheme(struct url *u, const char *text)
{
	static const char *const names[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char start[9];

		str_copy(start, strlen(names[i]) + 1, text);
		if (str_equal_nocase(start, names[i])) {
			u->https = i == 1;
			return text + strlen(names[i]);
		}
	}
	return NULL;
}

static bool take_port(struct url *u, const char *p, const char *end, struct err *e)
{
	if (p == end)
		return true;
	if (*p++ != ':' || p == end || end - p > 5)
		return refuse(e, "the port is not a number");
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return refuse(e, "the port is not a number");
		u->port = u->port * 10 + (unsigned)(*p - '0');
	}
	if (!u->port || u->port > 65535)
		return refuse(e, "the port is not between 1 and 65535");
	return true;
}

static bool judge_ipv4(struct url *u, uint32_t ip, struct err *e)
{
	if (ip >> 24 == 0)
		return refuse(e, "0.0.0.0 names no host");
	if (ip >> 16 == 0xA9FE)
		return refuse(e, "link-local address (169.254.0.0/16)");
	u->loopback = ip >> 24 == 127;
	return true;
}

static bool judge_ipv6(struct url *u, struct err *e)
{
	static const unsigned char zeros[15];
	unsigned char ip[16];
	char text[128];

	str_copy(text, sizeof(text), u->host + 1);
	text[strlen(text) - 1] = '\0';
	if (inet_pton(AF_INET6, text, ip) != 1)
		return refuse(e, "not an IPv6 address");
	if (memcmp(ip, zeros, 15) == 0) {
		u->loopback = ip[15] == 1;
		return ip[15] == 1 || refuse(e, "the address names no host");
	}
	if (memcmp(ip, zeros, 10) == 0 || memcmp(ip, "\0\x64\xff\x9b", 4) == 0)
		return refuse(e, "an IPv4 address written as IPv6");
	if (ip[0] == 0xFE && (ip[1] & 0xC0) == 0x80)
		return refuse(e, "link-local address (fe80::/10)");
	return true;
}

/* 127.1, 0x7f000001, 2130706433, 0177.0.0.1: some parsers read these as addresses. */
static bool resembles_ipv4(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last && last[1] ? last + 1 : host;
	return str_starts(last, "0x") || strspn(last, "0123456789.") == strlen(last);
}

static bool judge_host(struct url *u, struct err *e)
{
	struct in_addr ip;

	if (u->host[0] == '[')
		return judge_ipv6(u, e);
	if (inet_pton(AF_INET, u->host, &ip) == 1)
		return judge_ipv4(u, ntohl(ip.s_addr), e);
	if (resembles_ipv4(u->host))
		return refuse(e, "an IP address in an unusual form");
	if (strspn(u->host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(u->host))
		return refuse(e, "a character that no host name has");
	if (u->host[0] == '.' || u->host[0] == '-' || strstr(u->host, ".."))
		return refuse(e, "not a host name");
	u->loopback = strcmp(u->host, "localhost") == 0;
	return true;
}

static void lower_host(struct url *u, const char *from, size_t n)
{
	memcpy(u->host, from, n);
	for (size_t i = 0; i < n; i++) {
		if (from[i] >= 'A' && from[i] <= 'Z')
			u->host[i] = (char)(from[i] - 'A' + 'a');
	}
	u->host[n] = '\0';
}

bool url_parse(struct url *u, const char *text, struct err *e)
{
	const char *host, *end, *host_end;

	*u = (struct url){ 0 };
	if (!only_plain_ascii(text))
		return refuse(e, "blanks, control or other unusual characters in it");
	host = scheme(u, text);
	if (!host)
		return refuse(e, "it must start with https:// (or http:// for this machine)");
	end = host + strcspn(host, "/?#");
	if (memchr(host, '@', (size_t)(end - host)))
		return refuse(e, "a user name or password in it");
	if (*end == '?' || *end == '#' || strpbrk(end, "?#"))
		return refuse(e, "a query or fragment in it");
	host_end = *host == '[' ? memchr(host, ']', (size_t)(end - host))
				: memchr(host, ':', (size_t)(end - host));
	if (*host == '[' && !host_end)
		return refuse(e, "not an IPv6 address");
	host_end = !host_end ? end : host_end + (*host == '[');
	if (host_end == host || (size_t)(host_end - host) >= sizeof(u->host))
		return refuse(e, "the host name is missing or too long");
	lower_host(u, host, (size_t)(host_end - host));
	u->path = end;
	if (!take_port(u, host_end, end, e) || !judge_host(u, e))
		return false;
	if (!u->https && !u->loopback)
		return refuse(e, "http is for this machine only, use https");
	return true;
}

void url_shown(struct str *out, const struct url *u)
{
	str_add(out, u->host);
	if (u->port && u->port != (u->https ? 443U : 80U))
		str_fmt(out, ":%u", u->port);
}

void url_foreign_host(struct str *out, const char *text)
{
	const char *host = strstr(text, "://");
	size_t n, user;

	if (!host)
		return;
	host += 3;
	n = strcspn(host, "/?#");
	for (user = n; user > 0; user--) {
		if (host[user - 1] == '@')
			break;
	}
	text_clean(out, host + user, n - user, 100);
}
