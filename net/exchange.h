/* SPDX-License-Identifier: MIT */
#ifndef NET_EXCHANGE_H
#define NET_EXCHANGE_H

#include "net/wire.h"

/*
 * One request and its answer, for what is no check: a sign-in's token, a turn
 * of a conversation. Carried out by a probe of its own under the rules of a
 * check (net/transfer.h): the secret goes to the host of `url` and nowhere
 * else, redirects are told and not followed.
 */
struct exchange {
	const char *url; /* https, or http to a literal loopback address; may have a query */
	const char *headers[EXCHANGE_HEADERS]; /* "name: value", NULL ends them */
	enum auth_style auth;
	const struct secret *key;  /* for `auth`, else NULL */
	const char *content_type;  /* of `body`, or NULL */
	const struct secret *body; /* at most EXCHANGE_SEND_MAX; NULL: GET */
	int timeout_ms;            /* the whole of it, at most 10 minutes; 0: 15 s */
	int idle_s;                /* without a byte; 0: 10 s */
};

struct exchange_answer {
	int status; /* 0: none came */
	/* REASON_NONE: answered, with whatever status. Else one of the network's, or CANCELLED. */
	enum reason reason;
	char text[CHECK_TEXT_CAP]; /* about the reason, cleaned; or "" */
	int retry_after_s;         /* 0: not said */
	struct secret body;        /* what did not go to `part`; at most EXCHANGE_TAKE_MAX */
};

/* A piece of the answer's body as it comes; false cancels. */
struct exchange_reader {
	bool (*take)(void *context, const char *p, size_t n);
	void *context;
};

/*
 * Asks and waits. With a reader (or NULL) the body of a good answer (2xx) goes
 * there as it comes; an error's is kept in *out. As soon as cancel_fd (or -1)
 * is readable the request is dropped, REASON_CANCELLED; nothing is read from it.
 *
 * False only when the question could not be asked at all, never for the
 * network. *out is initialised by this; release it in any case.
 */
bool exchange_run(const struct exchange *x, const struct exchange_reader *reader, int cancel_fd,
	struct exchange_answer *out, struct err *e);
void exchange_answer_release(struct exchange_answer *a);

#endif
