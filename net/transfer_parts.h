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
	struct wire_check check;
	struct check_request request;
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

/* Takes the request apart and hands it to libcurl; not sent yet. */
bool request_set_up(struct transfer *t, struct err *e);

#endif
