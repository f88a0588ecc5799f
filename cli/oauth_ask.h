/* SPDX-License-Identifier: MIT */
#ifndef CLI_OAUTH_ASK_H
#define CLI_OAUTH_ASK_H

#include "cli/oauth_answer.h"
#include "net/exchange.h"

/*
 * The requests of a sign-in, each through a probe of its own (net/exchange.h), and each to the
 * addresses of the provider's row: nothing a server says can send a code or a token elsewhere.
 *
 * THINKFLEETBOT_TEST_OAUTH=http://127.0.0.1:PORT, for tests, puts that in front of every
 * address: http://127.0.0.1:PORT/auth.openai.com/oauth/token. Anything but a loopback address is
 * refused.
 */
struct oauth_addresses {
	char ask[CHECK_URL_CAP];
	char token[CHECK_URL_CAP];
	char user[CHECK_URL_CAP]; /* "" */
};

bool oauth_addresses(struct oauth_addresses *out, const struct oauth *o, struct err *e);

/* One sign-in under way. */
struct oauth_attempt {
	const struct oauth *row;
	struct oauth_addresses at;
	struct oauth_client client;
	struct pkce pkce;
	int cancel_fd; /* readable: what is asked is dropped; -1 */
};

void oauth_attempt_release(struct oauth_attempt *a);

/* A code for a device. */
bool oauth_ask_device(const struct oauth_attempt *a, struct oauth_device *d, struct err *e);

/*
 * Has it been approved? False: *e says why it never will be, or ERR_UNREACHABLE that nobody
 * answered, which may pass. OAUTH_POLL_DONE: *t has the tokens.
 */
bool oauth_ask_poll(const struct oauth_attempt *a, const struct oauth_device *d,
	enum oauth_poll *poll, struct oauth_tokens *t, struct err *e);

/* Tokens for what a browser brought, and who it was. */
bool oauth_ask_tokens(const struct oauth_attempt *a, const struct secret *code,
	struct oauth_tokens *t, struct err *e);

/*
 * New ones for an old refresh token, which may be of no use afterwards. ERR_REJECTED: it was of
 * none before. Shorter than a gateway's lock may be held.
 */
bool oauth_ask_refresh(const struct oauth_attempt *a, const struct secret *refresh,
	struct oauth_tokens *t, struct err *e);

#endif
