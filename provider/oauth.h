/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_OAUTH_H
#define PROVIDER_OAUTH_H

#include <stdint.h>

#include "base/str.h"
#include "crypto/pkce.h"

/*
 * Signing in to a provider as data: where each is asked, with what words, and
 * what its answers mean (gateway-family.md 14). Pure: cli/ talks to the person,
 * net/ to the provider.
 *
 * The client ids are the public ones that the gateways themselves sign in with,
 * so that a login made here is one that they can renew.
 */

enum oauth_flow {
	OAUTH_ELSEWHERE, /* not from here: `instead` says how */
	OAUTH_BROWSER,   /* a page that sends the browser back to this machine with a code */
	OAUTH_DEVICE,    /* a short code to type on any other machine (RFC 8628) */
	OAUTH_USER_CODE, /* the same in MiniMax's own words */
};

#define OAUTH_MODELS 2

/* What a gateway wants to find in models.providers; address NULL: nothing. */
struct oauth_endpoint {
	const char *base_url; /* where the answer names no other */
	const char *api;
	const char *key; /* stands where a key would */
	const char *models[OAUTH_MODELS];
};

struct oauth {
	const char *provider;     /* normalised id */
	const char *names;        /* also taken for --provider, blank-separated; or NULL */
	const char *method;       /* for --method */
	const char *method_label; /* taken, too */
	const char *label;
	enum oauth_flow flow;
	const char *instead;      /* OAUTH_ELSEWHERE */
	const char *client_id;    /* NULL: the person's own */
	const char *ask_url;      /* the page for a browser, or where a device's code is given */
	const char *token_url;    /* where a code becomes tokens, and a refresh token new ones */
	const char *user_url;     /* who signed in, or NULL */
	const char *redirect_uri; /* OAUTH_BROWSER */
	const char *scope;
	const char *extra;   /* more for the page's address, as it is written there; or NULL */
	const char *claim;   /* of the access token, with the account's id in it; or NULL */
	const char *account; /* the member of that claim */
	bool pkce;
	bool keeps_client; /* `clientId` is stored: it is not the gateway's own */
	bool renews;       /* token_url takes a refresh token, as RFC 6749 has it */
	bool token_only;   /* stored as a token: it does not expire and cannot be renewed */
	int wait_s;        /* OAUTH_BROWSER: for so long; else between two questions */
	int slower_ms;     /* added when the provider says slow_down; 0: half as long again */
	int64_t margin_ms; /* a token counts as expired so much earlier */
	const char *profile_name;
	const char *model; /* "provider/model" */
	struct oauth_endpoint endpoint;
};

size_t oauth_count(void);
const struct oauth *oauth_at(size_t i);

/* By id or another of its names, in any case. NULL: nobody signs in there. */
const struct oauth *oauth_find(const char *name);

/* Is signing in from here the only way to get a credential of this provider (normalised id)? */
bool oauth_is_only_way(const char *provider);

#define OAUTH_COMMAND "thinkfleetbot models auth login --provider"

/* Is `method` one of its own? */
bool oauth_has_method(const struct oauth *o, const char *method);

/* --- requests --- */

/* Who asks: the row's, or what the environment and the person say instead. */
struct oauth_client {
	char id[192];
	char redirect_uri[192];
	char scope[192];
	struct secret key; /* a client secret of the person's own; mostly empty */
};

#define OAUTH_URL_CAP 1024

/* The page's address, one line without blanks; false when it does not fit. */
bool oauth_page(char out[OAUTH_URL_CAP], const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p);

/* The bodies, as application/x-www-form-urlencoded; *out is initialised by each. */
bool oauth_body_code(struct secret *out, const struct oauth_client *c, const struct pkce *p,
	const struct secret *code, struct err *e);
bool oauth_body_ask(struct secret *out, const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p, struct err *e);
bool oauth_body_poll(struct secret *out, const struct oauth *o, const struct oauth_client *c,
	const struct pkce *p, const struct secret *code, struct err *e);
bool oauth_body_refresh(struct secret *out, const struct oauth_client *c,
	const struct secret *refresh, struct err *e);

/* --- the browser's answer --- */

#define OAUTH_WORD_CAP 64

struct oauth_grant {
	struct secret code;         /* empty when `error` says why */
	struct secret state;        /* empty: none came with it */
	char error[OAUTH_WORD_CAP]; /* "access_denied", cleaned */
};

void oauth_grant_release(struct oauth_grant *g);

#define OAUTH_PASTE_MAX ((size_t)8192)

/*
 * What a person copied: the whole address, "code#state", "code=...&state=...", or the code alone.
 * Line ends and blanks that a terminal put in are taken out. ERR_USAGE when there is no code and
 * no error in it; the message does not repeat it.
 */
bool oauth_read_paste(struct oauth_grant *g, const char *text, size_t n, struct err *e);

/* The first line of a browser's request, for the listener. */
enum oauth_request {
	OAUTH_REQUEST_GRANT,   /* *g has a code or an error */
	OAUTH_REQUEST_NO_CODE, /* the right path, with nothing in it */
	OAUTH_REQUEST_ELSEWHERE,
	OAUTH_REQUEST_BAD, /* not HTTP, or not GET */
};

enum oauth_request oauth_read_request(
	struct oauth_grant *g, const char *line, size_t n, const char *path);

/* Constant time. none_is_fine: a code that was typed without one proves itself by the verifier. */
bool oauth_state_fits(const struct oauth_grant *g, const struct pkce *p, bool none_is_fine);

/* Port and path of a redirect address. False unless it is http to this very machine. */
bool oauth_redirect(const char *uri, unsigned *port, char path[128]);

/* --- the provider's answers --- */

enum oauth_poll {
	OAUTH_POLL_DONE,
	OAUTH_POLL_PENDING,
	OAUTH_POLL_SLOW_DOWN,
	OAUTH_POLL_EXPIRED,
	OAUTH_POLL_DENIED,
	OAUTH_POLL_FAILED, /* any other error */
};

/* What `error` (or MiniMax's `status`) means while a code waits to be approved. */
enum oauth_poll oauth_poll_word(const char *word);

/* How long to wait before the next question, in milliseconds. */
int oauth_next_wait(const struct oauth *o, int wait_ms, enum oauth_poll poll);

/* When a token counts as expired, from the seconds it is said to last. False: no such time. */
bool oauth_expires(const struct oauth *o, int64_t now_ms, int64_t seconds, int64_t *at_ms);

/* "https://" and "/v1" where they are missing, as the family reads Qwen's resource_url. */
bool oauth_resource_url(char *out, size_t cap, const char *text);

#endif
