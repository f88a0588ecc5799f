/* SPDX-License-Identifier: MIT */
#ifndef TUI_TERM_PARTS_H
#define TUI_TERM_PARTS_H

#include "tui/term.h"

/*
 * What the files of the terminal share, for nobody else:
 * term_tty.c owns the device, term_signals.c the signals, terminfo.c the entry,
 * term.c the screen through curses, and term_loop.c waits. One terminal per process, so each keeps
 * its own state.
 */

/* --- the device -------------------------------------------------------------------------- */

bool tty_open(struct err *e);
void tty_close(void); /* leaves first */
int tty_in(void);
int tty_out(void);

/* Our modes, from the saved ones. flush: type-ahead is dropped. */
bool tty_raw(bool flush, struct err *e);

/* The bytes that bring the screen back, copied: a signal handler will write them. */
#define TTY_LEAVE_CAP 512
void tty_on_leave(const char *p, size_t n);

/* Once per tty_raw(): writes those bytes, restores the modes. Async-signal-safe. */
void tty_leave(void);
bool tty_entered(void);

/* One write() if the line takes it; the rest waits for tty_flush(). False: terminal gone. */
bool tty_send(const void *p, size_t n);
bool tty_flush(int timeout_ms);
bool tty_pending(void);

/* Is what was sent before still on its way? Then the next frame had better wait. */
bool tty_busy(void);
bool tty_slow(void); /* under 38400 baud */
void tty_size(int *rows, int *cols);
bool tty_foreground(void);

/* --- signals ----------------------------------------------------------------------------- */

enum {
	SEEN_INT = 1 << 0,
	SEEN_TERM = 1 << 1,
	SEEN_HUP = 1 << 2,
	SEEN_STOP = 1 << 3,
	SEEN_CONT = 1 << 4,
	SEEN_SIZE = 1 << 5,
};

bool signals_open(struct err *e);
void signals_close(void);
int signals_fd(void);
unsigned signals_take(void); /* those since the last call */
void signals_stop(void);     /* stops the process; returns when it goes on */

/* --- terminfo ---------------------------------------------------------------------------- */

const char *terminfo_find(const char *name);
bool terminfo_has(const char *name); /* a string capability of the entry in use */
void terminfo_add(struct str *out, const char *name);

/* --- the screen -------------------------------------------------------------------------- */

struct decoder *screen_decoder(void);
bool screen_is_open(void);
void screen_enter(void);             /* after tty_leave(): screen and modes again, all redrawn */
bool screen_fit(void);               /* reads the size; true when it changed */
bool screen_catch_up(struct err *e); /* draws the frame that had to wait, once it can */
bool screen_waiting(void);           /* there is such a frame */
void loop_reset(void);               /* forget events and signals of an earlier terminal */

#endif
