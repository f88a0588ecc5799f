/* SPDX-License-Identifier: MIT */
#ifndef TUI_TERM_H
#define TUI_TERM_H

#include "tui/frame.h"
#include "tui/input.h"

/*
 * The terminal: the only module that knows curses (output through a memfd, one
 * write per frame) and the tty's modes. It opens /dev/tty, restores it exactly
 * once however the program ends (exit, SIGINT, TERM, HUP, QUIT, TSTP, crash),
 * and turns signals into events through a self-pipe. One per process.
 */

enum term_color {
	TERM_COLOR_AUTO,
	TERM_COLOR_ALWAYS,
	TERM_COLOR_NEVER
};

struct term_options {
	enum term_color color; /* then NO_COLOR, then terminfo */
	int glyphs;            /* enum glyph_set, or -1: choose */
};

/* Why the full screen cannot be used here ("TERM=dumb"), or NULL when it can. ux.md 3.1 */
const char *term_unusable(void);

/* Fails (ERR_REFUSED) without a terminal, with a hint that names the plain way. */
bool term_open(const struct term_options *o, struct err *e);
void term_close(void); /* idempotent */

void term_size(int *rows, int *cols);
enum glyph_set term_glyphs(void);
bool term_slow(void); /* under 38400 baud: no spinner */

/* Shows a frame: nothing is written when it equals the one shown. */
bool term_show(const struct frame *f, struct err *e);
void term_redraw(void); /* forget what is shown: ^L */

/* Signals that ended the wait. */
enum term_wake {
	TERM_INPUT = 1 << 0, /* events are ready: term_event() */
	TERM_RESIZED = 1 << 1,
	TERM_OTHER = 1 << 2, /* the extra descriptor is readable */
	TERM_TIMEOUT = 1 << 3,
	TERM_QUIT = 1 << 4,      /* SIGTERM, SIGHUP or a terminal that is gone: leave now */
	TERM_INTERRUPT = 1 << 5, /* SIGINT */
	TERM_RESUMED = 1 << 6,   /* back from ^Z or a stop: everything was redrawn */
};

/* Waits for any of them; fd -1: none; timeout_ms -1: for ever. Also handles suspend. */
unsigned term_wait(int fd, int timeout_ms);
bool term_event(struct event *ev);
void term_suspend(void);

/*
 * Ends the process by the signal that TERM_QUIT reported (status 143, 129), after cleaning up
 * the terminal: the caller's own cleaning comes before. Returns only when there was no such
 * signal (0) or it is blocked (128 + signal, for exit()).
 */
int term_quit_signal(void);

/* For the tests of the bandwidth rules: since term_open(). */
size_t term_bytes_written(void);
unsigned term_frames_written(void);

/* Leaves the screen for something else on the terminal (a dialogue of /dev/tty), and comes back. */
bool term_aside(void);
void term_back(void);

/* Leaves the screen, prints plain lines, waits for Enter, comes back (^O). */
bool term_plain_page(const char *text, struct err *e);

#endif
