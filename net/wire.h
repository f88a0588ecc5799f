/* SPDX-License-Identifier: MIT */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "provider/check.h"

/*
 * What thinkfleetbot and thinkfleetbot-probe say to each other over their
 * socketpair: length-prefixed binary messages, integers big-endian. Linked by
 * both sides; no libcurl here.
 *
 *   frame   = u32 length of what follows (at most WIRE_MAX) | u8 type | body
 *   CHECK   = u32 id | u32 timeout_ms | str provider | str method | str base_url | str secret
 *   RESULT  = u32 id | the members of struct check_result in order
 *   STAGE   = u32 id | u8 stage      ("resolving", "connecting", "waiting")
 *   EXCHANGE = u32 id | u32 timeout_ms | u32 idle_s | u32 body length | u8 auth | u8 flags
 *             (1: POST, 2: stream) | str url | str content_type | u8 n | n x str header | str key
 *   PART    = u32 id | u32 status | bytes to the frame's end
 *   EXCHANGED = u32 id | u32 status | u8 reason | u32 retry_after_s | str text
 *   str     = u32 length | bytes
 *
 * An exchange is any other request (net/exchange.h). Its body follows in PARTs of status 0 and is
 * sent when it is whole; what is answered comes back in PARTs of the answer's status, as it
 * arrives, and EXCHANGED ends it.
 *
 * A reader takes bytes as they come and never allocates by a number it read
 * beyond WIRE_MAX.
 */

#define WIRE_MAX ((size_t)64 << 10)
#define WIRE_PART_MAX ((size_t)16 << 10)

#define EXCHANGE_HEADERS 6
#define EXCHANGE_HEADER_CAP 192
#define EXCHANGE_SEND_MAX ((size_t)1 << 20)   /* a request's body */
#define EXCHANGE_TAKE_MAX ((size_t)256 << 10) /* an answer that is kept */
#define EXCHANGE_STREAM_MAX ((size_t)16 << 20)

enum wire_type {
	WIRE_CHECK = 1,
	WIRE_RESULT = 2,
	WIRE_STAGE = 3,
	WIRE_EXCHANGE = 4,
	WIRE_PART = 5,
	WIRE_EXCHANGED = 6
};

struct wire_check {
	uint32_t id;
	uint32_t timeout_ms;
	char provider[65];
	char method[33];
	char base_url[CHECK_URL_CAP]; /* "": the provider's own */
	struct secret key;            /* empty for CRED_NONE; the reader initialises it */
};

struct wire_exchange {
	uint32_t id;
	uint32_t timeout_ms;
	uint32_t idle_s; /* so long without a byte, and it is over; 0: the checks' 10 s */
	uint32_t body_len;
	enum auth_style auth;
	bool posts;   /* else GET */
	bool streams; /* what comes with a good status is not kept, and may be long */
	char url[CHECK_URL_CAP];
	char content_type[64];
	char headers[EXCHANGE_HEADERS][EXCHANGE_HEADER_CAP]; /* "": none, nor after it */
	struct secret key;                                   /* empty for AUTH_NO_HEADER */
};

struct wire_part {
	uint32_t id;
	int status; /* of the answer; 0: a piece of the request */
	struct secret bytes;
};

struct wire_exchanged {
	uint32_t id;
	int status; /* 0: none came */
	enum reason reason;
	int retry_after_s;         /* 0: not said */
	char text[CHECK_TEXT_CAP]; /* of the network, never of the answer */
};

struct wire_message {
	enum wire_type type;
	uint32_t id;
	struct wire_check check;    /* WIRE_CHECK */
	struct check_result result; /* WIRE_RESULT */
	enum check_stage stage;     /* WIRE_STAGE */
	struct wire_exchange exchange;
	struct wire_part part;
	struct wire_exchanged exchanged;
};

/* Collects bytes; wiped on release, because checks carry secrets. */
struct wire_reader {
	struct secret in;
};

bool wire_reader_init(struct wire_reader *r, struct err *e);
void wire_reader_release(struct wire_reader *r);

/* False (ERR_DAMAGED) when what was collected cannot become a message. */
bool wire_feed(struct wire_reader *r, const void *p, size_t n, struct err *e);

/* Takes one whole message out; *got false when more bytes are needed. */
bool wire_take(struct wire_reader *r, struct wire_message *m, bool *got, struct err *e);
void wire_message_release(struct wire_message *m);

/* Encode a frame into *out (initialised with WIRE_MAX by the caller). */
bool wire_put_check(struct secret *out, const struct wire_check *c, struct err *e);
bool wire_put_result(struct secret *out, uint32_t id, const struct check_result *r, struct err *e);
bool wire_put_stage(struct secret *out, uint32_t id, enum check_stage s, struct err *e);
bool wire_put_exchange(struct secret *out, const struct wire_exchange *x, struct err *e);
bool wire_put_exchanged(struct secret *out, const struct wire_exchanged *x, struct err *e);

/* n at most WIRE_PART_MAX. */
bool wire_put_part(
	struct secret *out, uint32_t id, int status, const char *p, size_t n, struct err *e);

#endif
