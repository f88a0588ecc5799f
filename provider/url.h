/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_URL_H
#define PROVIDER_URL_H

#include <stdint.h>

#include "base/str.h"

/*
 * The addresses a credential may be sent to (security.md 6). Anything two
 * parsers could read differently is refused: user info, escapes, backslashes,
 * odd spellings of IP addresses. What passes is the same for libcurl.
 */
struct url {
	bool https;
	bool loopback;    /* 127.0.0.0/8, ::1 or localhost, spelled so */
	char host[128];   /* as written, lower case, brackets kept */
	unsigned port;    /* 0: the scheme's own */
	const char *path; /* into the parsed text: "" or "/..." */
};

/* Refuses with ERR_CONFIG. The text must outlive *u. */
bool url_parse(struct url *u, const char *text, struct err *e);

/* "host", or "host:port" when the port is not the scheme's own. */
void url_shown(struct str *out, const struct url *u);

/* The host of any foreign address (a Location header), for display only; "" when there is none. */
void url_foreign_host(struct str *out, const char *text);

#endif
