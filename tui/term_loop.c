/* SPDX-License-Identifier: MIT */

/* Waiting: for keys, signals, time, and whatever descriptor the caller has. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "tui/term_parts.h"

#define RESIZE_PAUSE_MS 30
#define RETRY_MS 50 /* a slow line that still has enough to send */

static struct {
	struct event held; /* taken from the decoder to know that there is one */
	bool has_held;
	int quit_signal;
	unsigned wake; /* found while nobody waited */
	bool resize_due;
	int64_t resize_after; /* the next resize is looked at from here on */
	bool resume_due;      /* continued in the background: wait for the foreground */
} loop;

void loop_reset(void)
{
	memset(&loop, 0, sizeof(loop));
}

static int sooner(int a, int b)
{
	if (a < 0)
		return b;
	return b >= 0 && b < a ? b : a;
}

static unsigned quit(int signal)
{
	if (!loop.quit_signal)
		loop.quit_signal = signal;
	return TERM_QUIT;
}

/* --- leaving and coming back ------------------------------------------------------------- */

void term_suspend(void)
{
	if (!screen_is_open())
		return;
	/* The leader of a session has no shell that could bring it back. */
	if (getsid(0) == getpid())
		return;
	tty_flush(RETRY_MS);
	tty_leave();
	signals_stop();
	loop.resume_due = true;
}

static unsigned resume(void)
{
	unsigned wake = TERM_RESUMED;
	int rows;
	int cols;
	int new_rows;
	int new_cols;

	if (!tty_foreground())
		return 0; /* asking for modes now would stop us again */
	loop.resume_due = false;
	loop.has_held = false;
	term_size(&rows, &cols);
	screen_enter();
	term_size(&new_rows, &new_cols);
	if (rows != new_rows || cols != new_cols)
		wake |= TERM_RESIZED;
	return wake;
}

/* --- what happened ----------------------------------------------------------------------- */

static unsigned handle_signals(void)
{
	unsigned seen = signals_take();
	unsigned wake = 0;

	if (seen & SEEN_INT)
		wake |= TERM_INTERRUPT;
	if (seen & SEEN_TERM)
		wake |= quit(SIGTERM);
	if (seen & SEEN_HUP)
		wake |= quit(SIGHUP);
	if (seen & SEEN_STOP) {
		term_suspend();
		seen |= signals_take(); /* its own SIGCONT */
	}
	if (seen & SEEN_CONT)
		loop.resume_due = true;
	if (seen & SEEN_SIZE)
		loop.resize_due = true;
	return wake;
}

static bool wait_for_line(void)
{
	char bytes[256];

	for (;;) {
		struct pollfd p[2] = { { .fd = tty_in(), .events = POLLIN },
			{ .fd = signals_fd(), .events = POLLIN } };
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return false;
		if (p[1].revents)
			loop.wake |= handle_signals();
		if (loop.wake & (TERM_QUIT | TERM_INTERRUPT))
			return true; /* the caller hears of it from term_wait() */
		if (!p[0].revents)
			continue;
		n = read(tty_in(), bytes, sizeof(bytes));
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		if (n > 0 && memchr(bytes, '\n', (size_t)n))
			return true;
	}
}

bool term_aside(void)
{
	if (!screen_is_open())
		return false;
	tty_flush(RETRY_MS);
	tty_leave();
	return true;
}

void term_back(void)
{
	screen_enter();
}

bool term_plain_page(const char *text, struct err *e)
{
	static const char ask[] = "\nPress Enter to go back. ";
	bool ok;

	if (!term_aside())
		return err_set(e, ERR_FAILED, "the terminal is not open");
	ok = fs_write_all(tty_in(), text, strlen(text), e) &&
	     fs_write_all(tty_in(), ask, sizeof(ask) - 1, e);
	if (ok && !wait_for_line())
		ok = err_set(e, ERR_IO, "the terminal is gone");
	screen_enter();
	return ok;
}

static unsigned handle_resize(int64_t now)
{
	if (!loop.resize_due || now < loop.resize_after)
		return 0;
	loop.resize_due = false;
	loop.resize_after = now + RESIZE_PAUSE_MS;
	return screen_fit() ? TERM_RESIZED : 0;
}

static unsigned handle_input(int64_t now)
{
	char bytes[4096];
	ssize_t n = read(tty_in(), bytes, sizeof(bytes));

	if (n > 0)
		decoder_feed(screen_decoder(), bytes, (size_t)n, now);
	explicit_bzero(bytes, sizeof(bytes));
	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return 0;
	return quit(SIGHUP); /* end of file, EIO: nobody is there any more */
}

static bool event_ready(int64_t now)
{
	if (!loop.has_held)
		loop.has_held = decoder_next(screen_decoder(), &loop.held, now);
	return loop.has_held;
}

/* What is due without any descriptor. */
static unsigned due(int64_t now)
{
	struct err ignored = { 0 };
	unsigned wake = loop.wake;

	loop.wake = 0;
	if (loop.quit_signal)
		wake |= TERM_QUIT;
	if (loop.resume_due)
		wake |= resume();
	wake |= handle_resize(now);
	if (event_ready(now))
		wake |= TERM_INPUT;
	if (!tty_flush(0) || !screen_catch_up(&ignored))
		wake |= quit(SIGHUP);
	return wake;
}

/* How long the poll may sleep, -1: until a descriptor says something. */
static int sleep_ms(int64_t now, int64_t end)
{
	int ms = end < 0 ? -1 : end > now ? (int)(end - now) : 0;

	ms = sooner(ms, decoder_wait(screen_decoder(), now));
	if (loop.resize_due)
		ms = sooner(ms, loop.resize_after > now ? (int)(loop.resize_after - now) : 0);
	if (screen_waiting() && !tty_pending())
		ms = sooner(ms, RETRY_MS);
	if (loop.resume_due)
		ms = sooner(ms, 500);
	return ms;
}

/* Sleeps at most ms; what the descriptors say then. */
static unsigned poll_once(int fd, int ms)
{
	/* In the background the terminal is not ours to read. */
	struct pollfd p[4] = { { .fd = signals_fd(), .events = POLLIN },
		{ .fd = loop.resume_due ? -1 : tty_in(), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
		{ .fd = tty_pending() ? tty_out() : -1, .events = POLLOUT } };
	unsigned wake = 0;

	if (poll(p, ARRAY_LEN(p), ms) < 0)
		return errno == EINTR ? 0 : quit(SIGHUP);
	if (p[0].revents)
		wake |= handle_signals();
	if (p[1].revents && !loop.has_held)
		wake |= handle_input(clock_mono_ms());
	if (p[2].revents)
		wake |= TERM_OTHER;
	return wake;
}

unsigned term_wait(int fd, int timeout_ms)
{
	int64_t now = clock_mono_ms();
	int64_t end = timeout_ms < 0 ? -1 : now + timeout_ms;
	unsigned wake;

	if (!screen_is_open())
		return quit(SIGHUP);
	for (;;) {
		wake = due(now);
		wake |= poll_once(fd, wake ? 0 : sleep_ms(now, end));
		now = clock_mono_ms();
		if (event_ready(now))
			wake |= TERM_INPUT;
		if (wake)
			return wake;
		if (end >= 0 && now >= end)
			return TERM_TIMEOUT;
	}
}

bool term_event(struct event *ev)
{
	if (!screen_is_open() || !event_ready(clock_mono_ms())) {
		*ev = (struct event){ 0 };
		return false;
	}
	*ev = loop.held;
	loop.has_held = false;
	return true;
}

int term_quit_signal(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	int signo = loop.quit_signal;

	term_close();
	if (!signo)
		return 0;
	sigemptyset(&usual.sa_mask);
	sigaction(signo, &usual, NULL);
	raise(signo);
	return 128 + signo;
}
