/* SPDX-License-Identifier: MIT */
#ifndef CHAT_REPLY_H
#define CHAT_REPLY_H

#include "chat/catalog.h"
#include "chat/pin.h"

/*
 * What a chat answers to /model and /models: the gateway family's texts, word for word
 * (gateway-family.md 11.2, 11.3). Each appends to *out, ends without a newline, and fails for
 * memory only. Names in them come from files: who prints them cleans them.
 */

/* "/model" alone. */
bool reply_current(struct buf *out, const char *model, struct err *e);

/* "/models ARGUMENTS": providers, or the models of one, 20 on a page. */
bool reply_models(struct buf *out, const struct catalog *c, const char *arguments, struct err *e);

/* A model that was not chosen: unknown, not allowed, several. typed: what was written. */
bool reply_refused(struct buf *out, const struct selection *s, const char *typed, struct err *e);

/* A model that was; profile: pinned with it, or "". */
bool reply_chosen(struct buf *out, const struct selection *s, const char *profile, struct err *e);

/* "/model 3": the documented numbered picker, which the family's code refuses too. */
bool reply_number(struct buf *out, struct err *e);
bool reply_is_number(const char *model);

#define REPLY_NEEDS_MODEL "Auth profile override requires a model selection."

/* "/model status". */
struct reply_status {
	const struct snapshot *s;
	const struct catalog *catalog;
	const char *current; /* "provider/model" */
	const char *pinned;  /* the session's profile, or "" */
	enum pin_source source;
	bool reset; /* an earlier choice was not allowed any more */
	const char *(*api)(const void *ctx, const char *provider); /* configured protocol, or "" */
	const void *ctx;
};

bool reply_status(struct buf *out, const struct reply_status *q, struct err *e);

#endif
