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
 *   str     = u32 length | bytes
 *
 * A reader takes bytes as they come and never allocates by a number it read
 * beyond WIRE_MAX.
 */

#define WIRE_MAX ((size_t)64 << 10)

enum wire_type {
	WIRE_CHECK = 1,
	WIRE_RESULT = 2,
	WIRE_STAGE = 3
};

struct wire_check {
	uint32_t id;
	uint32_t timeout_ms;
	char provider[65];
	char method[33];
	char base_url[CHECK_URL_CAP]; /* "": the provider's own */
	struct secret key;            /* empty for CRED_NONE; the reader initialises it */
};

struct wire_message {
	enum wire_type type;
	uint32_t id;
	struct wire_check check;    /* WIRE_CHECK */
	struct check_result result; /* WIRE_RESULT */
	enum check_stage stage;     /* WIRE_STAGE */
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

#endif
