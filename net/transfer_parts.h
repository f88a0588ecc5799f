/* SPDX-License-Identifier: MIT */
#ifndef NET_TRANSFER_PARTS_H
#define NET_TRANSFER_PARTS_H

#include "base/str.h"
#include "net/transfer.h"
#include "provider/url.h"

/* Between transfer.c (a request from start to end) and request.c (what libcurl is told). */

#define BODY_MAX ((size_t)1 << 20)
#define HEADER_MAX ((size_t)64 << 10)

struct transfer {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	uint32_t id;
	long timeout_ms;
	struct secret key;
	struct check_request request;
	struct wire_check check;       /* without its key, which is above... */
	struct wire_exchange exchange; /* ...so this one */
	struct transfer_sink sink;     /* .take NULL: a check */
	struct secret upload;          /* an exchange's body; libcurl reads it here */
	size_t streamed;
	struct url url; /* where it goes */
	struct check_result result;
	struct buf body;
	struct check_headers seen;
	size_t header_bytes;
	char error[CURL_ERROR_SIZE];
	char moved_to[104]; /* host of a Location header */
	bool too_much;
	bool by_proxy; /* the environment names one, usable or not */
	bool foreign_peer;
	int stage; /* last reported, -1: none */
};

/* Take the request apart and hand it to libcurl; not sent yet. */
bool request_set_up(struct transfer *t, struct err *e);
bool request_set_up_exchange(struct transfer *t, struct err *e);

/* From now on libcurl works on it. */
bool request_send(struct transfer *t, struct err *e);

#endif
