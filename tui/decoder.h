/* SPDX-License-Identifier: MIT */
#ifndef TUI_DECODER_H
#define TUI_DECODER_H

#include "tui/input.h"

/*
 * The decoder's inside: input.c keeps the queue, typing and pastes, sequences.c
 * everything that begins with ESC. For nobody else.
 */
#define SEQUENCE_MS 500 /* silence inside a sequence: it was cut off */
#define ESC 0x1B

enum state {
	STATE_GROUND,
	STATE_PASTE,
	STATE_BURST,
	STATE_STRING, /* OSC, DCS and the like: swallowed */
	STATE_COUNT
};

struct decoder {
	struct secret queue; /* only its memory: the bytes are [head, head + len) */
	int64_t *times;
	size_t head;
	size_t len;
	size_t typed; /* at the front: known to be typing, not a burst */
	enum state state;
	struct secret paste;
	size_t paste_total;
	size_t matched;     /* bytes of the paste's end marker */
	int64_t last_ms;    /* of the byte that paste, burst or string took last */
	int64_t enter_from; /* Enter before this belongs to the burst before it */
	int64_t escaped_ms;
	bool escaped; /* the last thing given out was a lone Escape, at escaped_ms */
	bool armed;   /* there is something to decide at wake_ms */
	int64_t wake_ms;
	int64_t esc_ms;
	struct event held; /* decided inside decoder_feed() */
	bool has_held;
};

/* What looking at the front of the queue led to. */
enum taken {
	TAKEN_EVENT,
	TAKEN_MORE, /* something was consumed or the state changed: look again */
	TAKEN_WAIT
};

/* The front of the queue. */
unsigned char queue_byte(const struct decoder *d, size_t i);
int64_t queue_time(const struct decoder *d, size_t i);
void queue_take(struct decoder *d, size_t n); /* wiped */

/* Nothing to decide before ms, unless bytes come. */
enum taken queue_wait(struct decoder *d, int64_t ms);

/* TAKEN_MORE when there is no such key, or nothing to see of the character. */
enum taken event_key(struct event *ev, enum keysym key);
enum taken event_char(struct event *ev, uint32_t ch);

/* A paste or burst begins, with the byte that came at ms. */
void paste_begin(struct decoder *d, enum state state, int64_t ms);

/* ESC is at the front. */
enum taken sequence_start(struct decoder *d, struct event *ev, int64_t now_ms);

/* Inside a string that is swallowed. */
enum taken sequence_rest(struct decoder *d, struct event *ev, int64_t now_ms);

#endif
