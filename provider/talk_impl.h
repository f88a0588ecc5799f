/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_TALK_IMPL_H
#define PROVIDER_TALK_IMPL_H

#include <json-c/json.h>

#include "provider/talk.h"

/* Between the files of provider/talk.h: one row for each protocol. */
struct talk_style {
	/* Behind the base address: "%M" is the model, "%A" what a stream is asked with. */
	const char *path;
	const char *asks[2]; /* of "%A": whole, streamed */
	const char *header;  /* always sent, or NULL */
	bool stream_member;  /* the body says "stream": true */
	/* The conversation into *body, whose model and stream members are there already. */
	bool (*fill)(struct json_object *body, const struct talk *said);
	/* What an event or a document says: into the reader. False: the reader's callback failed.
	 */
	bool (*hear)(struct talk_reader *r, struct json_object *o, struct err *e);
};

const struct talk_style *talk_style(enum api_style api);

#endif
