/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_SSE_H
#define PROVIDER_SSE_H

#include "base/str.h"

/*
 * Server-sent events as they come from the network, in pieces of any size (HTML Living Standard
 * 9.2). Only the data of an event counts here; its name and id do not.
 */

#define SSE_EVENT_MAX ((size_t)1 << 20)

struct sse {
	struct buf line, data;
	bool has_data;
	bool begun;        /* behind a byte order mark */
	bool after_return; /* a CR ended a line; an LF now belongs to it */
};

/* An event's data, with a NUL behind it. False ends the reading. */
struct sse_sink {
	bool (*event)(void *ctx, const char *data, size_t n, struct err *e);
	void *ctx;
};

/* ERR_DAMAGED: an event is longer than SSE_EVENT_MAX. False too when the sink said so. */
bool sse_take(struct sse *s, const struct sse_sink *sink, const char *p, size_t n, struct err *e);

/* The end: an event whose last line end is missing is still one. */
bool sse_end(struct sse *s, const struct sse_sink *sink, struct err *e);
void sse_release(struct sse *s); /* safe on { 0 }, and twice */

#endif
