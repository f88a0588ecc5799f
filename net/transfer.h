/* SPDX-License-Identifier: MIT */
#ifndef NET_TRANSFER_H
#define NET_TRANSFER_H

#include <curl/curl.h>

#include "net/wire.h"

/*
 * One check as one HTTPS request. The only user of libcurl, and the place of
 * the rules for a key on the network (security.md 6): sent once, to the host it
 * was meant for, after TLS has proved that host, and never after a redirect.
 */
struct transfer; /* opaque */

/* The result of a check that was never sent, and why. */
void transfer_none(struct check_result *out, const char *why);

/* Takes the key out of *c. NULL with *out filled: it could not start, and that is the result. */
struct transfer *transfer_new(CURLM *multi, struct wire_check *c, struct check_result *out);

/* The transfer of a handle that curl_multi_info_read() returned. */
struct transfer *transfer_of(CURL *easy);

uint32_t transfer_id(const struct transfer *t);

/* True, with the stage, when it has come further since the last call. */
bool transfer_stage(struct transfer *t, enum check_stage *s);

/* Judges what came; the handle is then out of the multi. */
void transfer_finish(struct transfer *t, CURLcode code, struct check_result *out);
void transfer_free(struct transfer *t);

#endif
