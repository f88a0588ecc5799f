/* SPDX-License-Identifier: MIT */
#ifndef CLI_OAUTH_LISTEN_H
#define CLI_OAUTH_LISTEN_H

#include "provider/oauth.h"

/*
 * Where a browser comes back to after a sign-in: 127.0.0.1 only, for as long as the attempt
 * lasts. It reads the first line of a request, of bounded length, and answers 404 for another
 * path, 400 for a wrong state or a missing code, else one small page.
 */

#define LISTEN_CLIENTS 4

struct listen_client {
	int fd;             /* -1: free */
	struct secret line; /* so far; it will hold the code */
};

struct oauth_listener {
	int fd; /* readable when oauth_listen_turn() has something to do; -1: not open */
	int sock;
	char path[128];
	struct listen_client clients[LISTEN_CLIENTS];
	size_t next; /* the place that a new client takes: of the oldest, when all are taken */
};

#define OAUTH_LISTENER_NONE ((struct oauth_listener){ .fd = -1, .sock = -1 })

/* ERR_BUSY when another program listens on the port. */
bool oauth_listen(struct oauth_listener *l, unsigned port, const char *path, struct err *e);
void oauth_listen_close(struct oauth_listener *l); /* safe when not open */

/* True when a browser has brought *g for this attempt: a code, or the error that was its answer. */
bool oauth_listen_turn(struct oauth_listener *l, const struct pkce *p, struct oauth_grant *g);

#endif
