/* SPDX-License-Identifier: MIT */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "provider/url.h"

/*
 * The proxy that the environment names for https: https_proxy, HTTPS_PROXY,
 * all_proxy or ALL_PROXY, unless no_proxy or NO_PROXY lists the host. An entry
 * is "*", a name with all names below it ("example.com", ".example.com"), an
 * address, or a network ("10.0.0.0/8", "fd00::/8"). http_proxy is not for us:
 * no key travels over plain http to anything but this machine.
 */
struct proxy {
	char url[512];  /* for libcurl; may hold a password */
	char shown[64]; /* host:port */
};

/* False, with an empty *p, when the host is reached directly. */
bool proxy_find(struct proxy *p, const struct url *u);

/* Is the host in the list? Brackets of an IPv6 host do not matter. */
bool proxy_excepts(const char *list, const char *host);

#endif
