/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_TALK_H
#define PROVIDER_TALK_H

#include "provider/check.h"
#include "provider/sse.h"

/*
 * A turn of a conversation as data: which request asks a model, and what its answer says. Pure,
 * like provider/check.h: net/ sends it. The conversation is no credential, so its JSON is
 * json-c's; the key stays outside.
 *
 * The protocols are rows of a table in talk_style.c.
 */

/* What was said so far, alternating; kept in memory only. */
struct talk_turn {
	bool from_model;
	struct buf text;
};

struct talk {
	struct talk_turn *turns;
	size_t count, cap;
};

bool talk_add(struct talk *t, bool from_model, const char *p, size_t n, struct err *e);
void talk_cut(struct talk *t, size_t count); /* the turns behind these go */
void talk_release(struct talk *t);

/* Whom to ask. */
struct talk_target {
	const struct provider *provider;
	const struct method *method; /* how the credential travels */
	const char *base_url;        /* "" or NULL: the provider's own */
	enum api_style api;
	const char *model; /* without the provider */
};

/*
 * The protocol of a provider: what models.providers.<id>.api says, else the table. False: one
 * that is not spoken here.
 */
bool talk_api(enum api_style *out, const struct provider *p, const char *configured);

#define TALK_URL_CAP 1024
#define TALK_HEADERS (PROVIDER_HEADERS + 1)

struct talk_request {
	char url[TALK_URL_CAP];
	const char *headers[TALK_HEADERS]; /* static; NULL ends them */
	enum auth_style auth;
	struct buf body; /* JSON */
};

/* Refused (ERR_CONFIG) for the addresses that check_build() refuses. */
bool talk_build(struct talk_request *out, const struct talk_target *t, const struct talk *said,
	bool stream, struct err *e);
void talk_request_release(struct talk_request *r);

/*
 * The body of a good answer as it comes, events or one document: whatever the server sends.
 * The text is the model's, not yet cleaned for a terminal.
 */
struct talk_reader {
	enum api_style api;
	bool (*text)(void *ctx, const char *p, size_t n, struct err *e);
	void *ctx;

	enum talk_shape {
		TALK_UNSEEN,
		TALK_EVENTS,
		TALK_DOCUMENT
	} shape;
	struct sse sse;
	struct buf document;
	bool any;                   /* something was said */
	bool understood;            /* there was at least one thing of the protocol */
	bool cut;                   /* the model came to its limit of length */
	char error[CHECK_TEXT_CAP]; /* an error in the middle of it, not yet cleaned; or "" */
};

bool talk_read(struct talk_reader *r, const char *p, size_t n, struct err *e);

/* ERR_DAMAGED: nothing of it was an answer. An error in the provider's words is in r->error. */
bool talk_read_end(struct talk_reader *r, struct err *e);
void talk_reader_release(struct talk_reader *r);

/* Why there is no answer, as the family classifies it (gateway-family.md 10.4). */
enum talk_class {
	TALK_UNCLASSIFIED,
	TALK_RATE_LIMIT,
	TALK_FORMAT,
	TALK_BILLING,
	TALK_TIMEOUT,
	TALK_AUTH,
};

const char *talk_class_name(enum talk_class c); /* "rate_limit", ... */

/* By status (0: none), then by words. */
enum talk_class talk_classify(int status, const char *text);

/* Is it about this credential, so that another one may do better? */
bool talk_class_rotates(enum talk_class c);

struct talk_failure {
	enum talk_class class;
	enum reason reason; /* provider/check.h; of the network, or what the answer means */
	int status;
	char text[CHECK_TEXT_CAP]; /* the provider's own words, cleaned, key scrubbed; or "" */
};

/* What an answer that is none means. a: as net/ brought it. */
void talk_judge(struct talk_failure *out, const struct talk_target *t, const struct check_answer *a,
	const struct secret *key);

/* The same for an error in the middle of an answer (struct talk_reader). */
void talk_judge_words(struct talk_failure *out, const char *error, const struct secret *key);

/*
 * A sentence for people ("openai:work was not accepted (HTTP 401): ..."), and what to do.
 * who: the credential's name.
 */
void talk_headline(struct str *out, const struct talk_failure *f, const struct talk_target *t,
	const char *who);
void talk_advice(struct str *out, const struct talk_failure *f, const struct talk_target *t);

/* The exit status's code of a failure. */
enum err_code talk_code(const struct talk_failure *f);

#endif
