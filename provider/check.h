/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_CHECK_H
#define PROVIDER_CHECK_H

#include <stdint.h>

#include "base/str.h"
#include "crypto/secret.h"
#include "provider/provider.h"

/*
 * The live check as data: which request to send, and what its answer means.
 *
 * Pure: no socket here, so that every judgement is a unit test. net/ sends the
 * request; nothing in this folder knows libcurl.
 */

enum verdict {
	VERDICT_NONE, /* never checked */
	VERDICT_ACCEPTED,
	VERDICT_REJECTED,  /* the provider says the credential is bad */
	VERDICT_LIMITED,   /* good, rate limited */
	VERDICT_NO_CREDIT, /* good, no credit */
	VERDICT_UNKNOWN,   /* cannot tell; `reason` says why. Never "invalid". */
};

/* Why, finer than the verdict. Stable names (reason_name) for JSON and checks.json. */
enum reason {
	REASON_NONE,
	REASON_BAD_KEY,     /* 401 and its relatives */
	REASON_RESTRICTED,  /* accepted, but lacks a permission the check wanted */
	REASON_CLAUDE_CODE, /* "only authorized for use with Claude Code" */
	REASON_RATE_LIMIT,
	REASON_BILLING,
	REASON_DNS,
	REASON_CONNECT, /* refused or unreachable */
	REASON_TLS,
	REASON_PROXY,
	REASON_TIMEOUT,
	REASON_REDIRECT, /* not followed: the key stays on the host */
	REASON_SERVER,   /* 5xx, 529 */
	REASON_FORMAT,   /* not what this provider sends: HTML, garbage, captive portal */
	REASON_TOO_MUCH, /* over the body or header limit */
	REASON_CLOSED,   /* connection closed without an answer */
	REASON_CANCELLED,
	REASON_INTERNAL,  /* the probe could not do its work */
	REASON_ADMIN_KEY, /* a key for administration, of no use for models */
	REASON_UNPROVEN,  /* the provider has no free request that needs a key */
	REASON_BLOCKED,   /* this host, its country or its address; says nothing of the key */
	REASON_PORTAL,    /* the network wants a sign-in of its own first */
	REASON_COUNT
};

const char *verdict_name(enum verdict v); /* "accepted", "no_credit", ... */
bool verdict_parse(const char *name, enum verdict *v);
const char *reason_name(enum reason r); /* "bad_key", "claude_code", ... */
bool reason_parse(const char *name, enum reason *r);

#define CHECK_URL_CAP 512
#define CHECK_TEXT_CAP 208
#define CHECK_MODELS 64
#define CHECK_MODEL_CAP 96

/* What to send. The credential itself stays outside. */
struct check_request {
	char url[CHECK_URL_CAP];
	enum auth_style auth;
	const char *headers[PROVIDER_HEADERS]; /* from the table, static */
	enum judge_style judge;
	bool loopback; /* the address names this machine: http is allowed */
};

/*
 * The address that is asked: the user's base_url, else the provider's own for checks, else its
 * base address; NULL when none is known.
 */
const char *check_address(const struct provider *p, const struct method *m, const char *base_url);

/* Path behind base address; a "/v1" at the end of the one and the start of the other is one. */
void check_join(struct str *url, const char *base, const char *path);

/*
 * base_url NULL or "": the provider's own. ERR_NOT_FOUND: this key cannot be checked. Refused
 * (ERR_CONFIG): http to anything but a literal loopback address or "localhost", user info in the
 * address, control characters, other schemes, 0.0.0.0, link-local 169.254/16 and IPv4-mapped forms.
 */
bool check_build(struct check_request *out, const struct provider *p, const struct method *m,
	const char *base_url, struct err *e);

/* What headers tell of the account. */
enum answer_header {
	HEADER_ACCOUNT,     /* name or id of the organisation */
	HEADER_LIMIT,       /* requests in a window... */
	HEADER_REMAINING,   /* ...and how many of them are left */
	HEADER_RETRY_AFTER, /* seconds */
	HEADER_CHALLENGE,   /* a firewall wants to see a browser */
	HEADER_ERROR,       /* the error's type, where the body does not say it */
	HEADER_COUNT
};

#define CHECK_HEADER_CAP 96

struct check_headers {
	char values[HEADER_COUNT][CHECK_HEADER_CAP]; /* foreign text, not yet cleaned */
};

/* Keeps "name: value" if a judgement can use it. The line needs no end. */
void check_take_header(struct check_headers *h, const char *line, size_t n);

/* What came back from the network, before it is judged. */
struct check_answer {
	int status;            /* HTTP status, 0: none */
	enum reason transport; /* REASON_NONE, or why there is no answer */
	const char *body;      /* body_len bytes, may be NULL */
	size_t body_len;
	struct check_headers headers;
	char transport_text[CHECK_TEXT_CAP]; /* "could not resolve host", without secrets */
};

/* Where a running check is, from the transfer's own timings. */
enum check_stage {
	STAGE_DNS,
	STAGE_TLS,
	STAGE_ANSWER
};

struct check_result {
	enum verdict verdict;
	enum reason reason;
	int status;
	int64_t at_ms;  /* when the answer came (wall clock) */
	int latency_ms; /* whole request; -1 unknown */
	int dns_ms;     /* stages from the transfer's own timings; -1: not reached */
	int tls_ms;
	int answer_ms;
	int64_t skew_ms;           /* this host's clock minus the Date header; INT64_MIN unknown */
	char host[128];            /* host:port as shown */
	char address[64];          /* connected peer, or "" */
	char proxy[64];            /* host:port that the request went through, or "" */
	char trust[128];           /* file of authorities beside the system's, or "" */
	char text[CHECK_TEXT_CAP]; /* the provider's own words, cleaned, key scrubbed; or "" */
	char account[96];          /* name or organisation, when the answer tells; cleaned; or "" */
	char credit[64];           /* "12.34 USD left", when the answer tells; or "" */
	char limits[64];    /* "49 of 50 requests left", from the rate-limit headers; or "" */
	size_t model_count; /* how many the answer lists, may exceed CHECK_MODELS */
	char models[CHECK_MODELS][CHECK_MODEL_CAP]; /* ids without provider/ */
};

/*
 * Fills verdict, reason, status, text, account, credit, limits and models from the answer; the rest
 * is the caller's.
 */
void check_judge(struct check_result *out, const struct check_request *rq,
	const struct check_answer *a, const struct secret *key);

/* More than this, and expiry dates, signatures and certificates go wrong. */
#define CHECK_SKEW_MS (INT64_C(5) * 60 * 1000)

/*
 * Adds "this host's clock is 7 min slow" (out may be NULL); false, adding nothing, when it is right
 * or unknown.
 */
bool check_skew(struct str *out, const struct check_result *r);
bool check_skew_words(struct str *out, int64_t skew_ms);

/* How far the clock is off, for the notes; 0: so little that it does no harm, or unknown. */
int64_t check_skew_ms(const struct check_result *r);

/* A headline for people ("Anthropic did not accept this key"), and what to do next. */
void check_headline(struct str *out, const struct check_result *r, const struct provider *p,
	const struct method *m);
void check_advice(struct str *out, const struct check_result *r, const struct provider *p,
	const struct method *m);

#endif
