/* SPDX-License-Identifier: MIT */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <stdint.h>

#include "crypto/secret.h"

/*
 * From terminal bytes to events, and from events to actions.
 *
 * The decoder is our own (terminal.md 4.3: get_wch loses input): it works on
 * blocks of bytes, gives the same events however the bytes are split, accepts
 * arrow keys in every known form, swallows unknown sequences to their end, and
 * collects a bracketed paste - or an unbracketed burst - into one event whose
 * text lives in a struct secret. It never reads a clock: the caller passes it.
 *
 * Pastes. Between ESC[200~ and ESC[201~ everything is text: line ends and tabs
 * are kept as bytes, a lone ESC is dropped, and one second of silence ends a
 * paste whose end marker was lost. Where the terminal does not bracket, bytes
 * that come faster than a person types are a paste too. Precisely:
 *
 *  - A run is a printable character and all printable characters, CR, LF and
 *    TAB that follow with gaps under 20 ms.
 *  - A run with 8 or more printable bytes, not all equal (that is a held key),
 *    begins a burst. Any shorter run ("mini", Enter) is typing: EVENT_CHARs and
 *    KEYS_ENTER, delivered when 20 ms have passed or another key comes.
 *  - A burst goes on until 120 ms of silence, or a byte that cannot be part of
 *    a run; then it is one EVENT_PASTE. So Enter counts only 120 ms after its
 *    last byte, and one that comes earlier is white space in it.
 *
 * Arrow keys and other sequences never belong to a run, however fast they come.
 *
 * Escape alone acts after 50 ms (100 ms on a slow line). ESC and a character
 * within that time is Alt and a character, which means nothing here.
 */

enum event_type {
	EVENT_NONE,
	EVENT_KEY,    /* key */
	EVENT_CHAR,   /* ch: a printable character */
	EVENT_PASTE,  /* paste, paste_total */
	EVENT_RESIZE, /* the caller's; the frame's new size is known to it */
	EVENT_TICK,   /* the caller's: time passed */
};

/*
 * Names start with KEYS_ because curses owns KEY_. For a switch with
 * KEYS_CTRL('U') cast to int: those values have no names of their own.
 */
enum keysym {
	KEYS_NONE,
	KEYS_ENTER,
	KEYS_ESC,
	KEYS_TAB,
	KEYS_BACKTAB,
	KEYS_BACKSPACE,
	KEYS_DELETE,
	KEYS_UP,
	KEYS_DOWN,
	KEYS_LEFT,
	KEYS_RIGHT,
	KEYS_PAGE_UP,
	KEYS_PAGE_DOWN,
	KEYS_HOME,
	KEYS_END,
	KEYS_F1,
	KEYS_CTRL_A, /* Ctrl-A .. Ctrl-Z are consecutive; ^H ^I ^J ^M have their own names above */
	KEYS_CTRL_Z = KEYS_CTRL_A + 25,
};
#define KEYS_CTRL(letter) ((enum keysym)(KEYS_CTRL_A + ((letter) - 'A')))

#define PASTE_CAP SECRET_MAX

struct event {
	enum event_type type;
	enum keysym key;
	uint32_t ch;
	const struct secret *paste; /* valid until the next call of the decoder */
	size_t paste_total;         /* bytes that came; over PASTE_CAP: paste holds none of them */
};

struct decoder; /* opaque */

/* Timeouts are chosen from the environment (SSH_CONNECTION: 100 ms for a lone Escape, else 50). */
struct decoder *decoder_new(bool slow_line, struct err *e);
void decoder_free(struct decoder *d); /* wipes */

/* Adds bytes that arrived at now_ms (monotonic). */
void decoder_feed(struct decoder *d, const void *p, size_t n, int64_t now_ms);

/* Takes the next event; false when there is none yet. */
bool decoder_next(struct decoder *d, struct event *ev, int64_t now_ms);

/* Milliseconds until decoder_next() could have one without new bytes; -1: none pending. */
int decoder_wait(const struct decoder *d, int64_t now_ms);

/* Forgets a half-read sequence and paste (after suspend). */
void decoder_reset(struct decoder *d);

/*
 * What keys mean, one row each: the footer, the help overlay and the manual's
 * KEYS section are read from the same rows.
 */
struct binding {
	enum keysym key;   /* KEYS_NONE: `ch` */
	uint32_t ch;       /* 0 too: never matches, a row for the footer only ("type to filter") */
	int action;        /* the owner's enum; 0 ends a table */
	const char *name;  /* "Enter", "^U", "q" */
	const char *label; /* footer text, "verify"; NULL: not in the footer */
	uint8_t priority;  /* footer order and dropping: 0 never dropped, higher drops first */
	const char *help;  /* help overlay's text; NULL: the label */
};

/* The action of the first row that matches, 0 when none does. */
int binding_find(const struct binding *rows, const struct event *ev);

#endif
