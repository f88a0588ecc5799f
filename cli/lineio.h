/* SPDX-License-Identifier: MIT */
#ifndef CLI_LINEIO_H
#define CLI_LINEIO_H

#include "crypto/secret.h"
#include "tui/frame.h"

/*
 * A conversation in lines: what is said is only ever appended, no cursor is moved and nothing is
 * coloured, so that a screen reader, a serial line and a pipe all get the same.
 *
 * The terminal keeps its own line editing, except while a secret is read: that is without echo
 * and without the 4095 bytes a terminal's line may have. Its settings come back on every way
 * out. Signals end a wait and are remembered; the caller leaves and lineio_close() gives them
 * back.
 */

#define LINEIO_SIGNALS 5

/* What happens while a hidden question waits for its first key. */
struct lineio_meanwhile {
	int fd; /* a turn as soon as it is readable; -1: only by the time */
	int every_ms;
	bool (*turn)(void *ctx); /* false: the question is over, HEARD_ELSEWHERE */
	void *ctx;
};

struct lineio {
	int in, out;
	bool own_out;  /* opened here */
	bool terminal; /* the answers come from one */
	int width;
	enum glyph_set glyphs;
	const char *prompt; /* of the question that waits */
	bool again;         /* it was asked again after ^Z: what came before does not count */
	const struct lineio_meanwhile *meanwhile; /* goes on while it does; NULL: nothing */
	bool lost;                                /* nobody reads what is said any more */
};

/* in and out: descriptors to talk on; out -1: where the person sees it, beside a redirected stdout.
 */
bool lineio_open(struct lineio *io, int in, int out, struct err *e);

/* The last signal that came meanwhile, 0: none. It is the caller's to raise. */
int lineio_close(struct lineio *io);
int lineio_signal(void);

/* ^C was for the answer that was being given, not for the whole conversation. Others stay. */
void lineio_forget_interrupt(void);

/* A sentence, wrapped at the width. */
void lineio_say(struct lineio *io, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text behind its number, or behind blanks; its further rows are indented as much. */
void lineio_item(struct lineio *io, const char *lead, const char *text);

enum heard {
	HEARD_LINE,
	HEARD_END, /* of the input, or of the terminal */
	HEARD_SIGNAL,
	HEARD_ELSEWHERE, /* `meanwhile` ended it */
	HEARD_ESCAPE     /* the key; only while `meanwhile` goes on */
};

/*
 * A prompt and its answer, without the line end, into *out (room: its capacity). hidden: not
 * echoed, and lines that follow within 120 ms belong to it, because a wrapped token is pasted as
 * two; those are joined by a newline. *total: bytes that came; more than the room keeps none.
 */
enum heard lineio_ask(
	struct lineio *io, const char *prompt, bool hidden, struct secret *out, size_t *total);

/*
 * Writes the text over the prompt of the question that waits, which it replaces: as long as that
 * one, and living as long as the question.
 */
void lineio_reprompt(struct lineio *io, const char *prompt);

/* One line as it is, however long: an address that is copied must not be cut. */
void lineio_raw(struct lineio *io, const char *text);

/* Readable when a signal has come: what may wait elsewhere ends its wait by it. */
int lineio_signal_fd(void);

/* Until fd is readable (true), a signal or the time. */
bool lineio_wait(struct lineio *io, int fd, int timeout_ms);

#endif
