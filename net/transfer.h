/* SPDX-License-Identifier: MIT */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include <curl/curl.h>

#include "net/wire.h"

/*
 * One check or one exchange as one HTTPS request. The only user of libcurl, and
 * the place of the rules for a key on the network (security.md 6): sent once, to
 * the host it was meant for, after TLS has proved that host, and never after a
 * redirect.
 */
struct transfer; /* opaque */

/* Takes the pieces of an exchange's answer as they come; false ends the transfer. */
struct transfer_sink {
	bool (*take)(void *context, const struct transfer *t, const char *p, size_t n);
	void *context;
};

/* The result of a check that was never sent, and why. */
void transfer_none(struct check_result *out, const char *why);

/* Takes the key out of *c. NULL with *out filled: it could not start, and that is the result. */
struct transfer *transfer_new(CURLM *multi, struct wire_check *c, struct check_result *out);

/* The same for an exchange. One with a body is not sent before transfer_feed() made it whole. */
struct transfer *transfer_exchange(CURLM *multi, struct wire_exchange *x,
	const struct transfer_sink *sink, struct wire_exchanged *out);

/* A piece of the body; false when it is none that was announced. */
bool transfer_feed(struct transfer *t, const struct wire_part *part);

/* The transfer of a handle that curl_multi_info_read() returned. */
struct transfer *transfer_of(CURL *easy);

uint32_t transfer_id(const struct transfer *t);
bool transfer_is_exchange(const struct transfer *t);

/* The answer's, so far; 0: none yet. */
int transfer_status(const struct transfer *t);

/* True, with the stage, when it has come further since the last call. */
bool transfer_stage(struct transfer *t, enum check_stage *s);

/* Judges what came; the handle is then out of the multi. */
void transfer_finish(struct transfer *t, CURLcode code, struct check_result *out);
void transfer_finish_exchange(struct transfer *t, CURLcode code, struct wire_exchanged *out);
void transfer_free(struct transfer *t);

#endif
