/* SPDX-License-Identifier: MIT */
#ifndef CLI_OAUTH_ANSWER_H
#define CLI_OAUTH_ANSWER_H

#include "provider/check.h"
#include "provider/oauth.h"

/*
 * What the servers of a sign-in answer (gateway-family.md 14). They hold tokens, so they are read
 * by store/doc straight into guarded memory. An answer that is not what it should be is
 * ERR_DAMAGED; no message repeats any of it.
 */

struct oauth_tokens {
	struct secret access;
	struct secret refresh;        /* empty: none, and that is right for this provider */
	int64_t expires_ms;           /* 0: never */
	char account[128];            /* "" */
	char user[128];               /* a name that a profile's id can carry, or "" */
	char base_url[CHECK_URL_CAP]; /* where these tokens are for, when they say so; or "" */
};

void oauth_tokens_release(struct oauth_tokens *t);

/* `had`: the refresh token that was sent and stays when no new one comes; NULL at a sign-in. */
bool oauth_take_tokens(struct oauth_tokens *t, const struct oauth *o, const struct secret *body,
	int64_t now_ms, const struct secret *had, struct err *e);

/* Who it is, from the row's user_url: account and user. What is missing stays "". */
bool oauth_take_user(struct oauth_tokens *t, const struct secret *body, struct err *e);

/* A code to show and what to poll with. */
struct oauth_device {
	struct secret code; /* of the device; MiniMax polls with the code that is shown */
	char shown[40];     /* "WDJB-MJHT" */
	char page[256];     /* https, to be opened anywhere */
	int wait_ms;
	int64_t until_ms;
};

void oauth_device_release(struct oauth_device *d);
bool oauth_take_device(struct oauth_device *d, const struct oauth *o, const struct secret *body,
	const struct pkce *p, int64_t now_ms, struct err *e);

/*
 * The word of an error, for oauth_poll_word(): "" when the answer has none. Of MiniMax it is made
 * from its `status`. An answer that is no JSON is the word "format".
 */
void oauth_take_word(char out[OAUTH_WORD_CAP], const struct oauth *o, const struct secret *body);

#endif
