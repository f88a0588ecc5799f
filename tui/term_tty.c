/* SPDX-License-Identifier: MIT */

/*
 * The device: two descriptors on /dev/tty, its modes, and the way back. The
 * writing one is non-blocking and opened anew, because O_NONBLOCK belongs to
 * the open file and a shell that shares ours would break.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "tui/term_parts.h"

#define LEAVE_WAIT_MS 200 /* a line stopped by ^S must not keep us from leaving */

static struct {
	int in;
	int out;
	bool open;
	struct termios saved;
	speed_t speed;
	struct buf rest; /* bytes the line has not taken yet, from `sent` on */
	size_t sent;
	size_t bytes;
	unsigned frames;
} tty = { .in = -1, .out = -1 };

/* Read by signal handlers. */
static volatile sig_atomic_t entered;
static char leave_bytes[TTY_LEAVE_CAP];
static size_t leave_len;

bool tty_open(struct err *e)
{
	tty.in = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty.in < 0) {
		err_set(e, ERR_REFUSED, "there is no terminal to draw on");
		return err_hint(e, "run it in a terminal, or use --plain");
	}
	tty.out = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (tty.out < 0 || tcgetattr(tty.in, &tty.saved) != 0) {
		err_sys(e, "/dev/tty");
		tty_close();
		return false;
	}
	tty.speed = cfgetospeed(&tty.saved);
	tty.open = true;
	tty.bytes = 0;
	tty.frames = 0;
	return true;
}

void tty_close(void)
{
	tty_leave();
	if (tty.out >= 0)
		close(tty.out);
	if (tty.in >= 0)
		close(tty.in);
	tty.in = -1;
	tty.out = -1;
	tty.open = false;
	tty.sent = 0;
	buf_release(&tty.rest);
}

int tty_in(void)
{
	return tty.in;
}

int tty_out(void)
{
	return tty.out;
}

bool tty_raw(bool flush, struct err *e)
{
	struct termios mode = tty.saved;

	mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	mode.c_lflag |= ISIG | NOFLSH; /* ^C must not throw away half a frame */
	mode.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | ISTRIP);
	mode.c_oflag &= ~(tcflag_t)OPOST; /* curses moves down by a bare LF */
	mode.c_cc[VQUIT] = _POSIX_VDISABLE;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	if (tcsetattr(tty.in, flush ? TCSAFLUSH : TCSADRAIN, &mode) != 0)
		return err_sys(e, "/dev/tty: terminal modes");
	entered = 1;
	return true;
}

void tty_on_leave(const char *p, size_t n)
{
	leave_len = 0;
	if (n > sizeof(leave_bytes))
		n = sizeof(leave_bytes);
	memcpy(leave_bytes, p, n);
	leave_len = n;
}

bool tty_entered(void)
{
	return entered;
}

void tty_leave(void)
{
	int saved_errno = errno;
	size_t done = 0;

	if (!entered)
		return;
	entered = 0;
	while (done < leave_len) {
		ssize_t n = write(tty.out, leave_bytes + done, leave_len - done);
		struct pollfd p = { .fd = tty.out, .events = POLLOUT };

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n == 0 || errno != EAGAIN || poll(&p, 1, LEAVE_WAIT_MS) != 1)
			break;
	}
	/* Waiting for the output could wait for ever: ^S, a dead line. */
	while (tcsetattr(tty.in, TCSANOW, &tty.saved) != 0 && errno == EINTR)
		;
	errno = saved_errno;
}

/* How many bytes one write() takes now; -1: the terminal is gone. */
static ssize_t write_some(const char *p, size_t n)
{
	ssize_t done;

	do {
		done = write(tty.out, p, n);
	} while (done < 0 && errno == EINTR);
	if (done < 0 && errno == EAGAIN)
		return 0;
	if (done > 0)
		tty.bytes += (size_t)done;
	return done;
}

bool tty_pending(void)
{
	return tty.sent < tty.rest.len;
}

static void rest_forget(void)
{
	buf_release(&tty.rest);
	tty.sent = 0;
}

bool tty_send(const void *p, size_t n)
{
	ssize_t done = 0;

	tty.frames++;
	if (!tty_pending())
		done = write_some(p, n);
	if (done < 0)
		return false;
	return (size_t)done == n ||
	       buf_add(&tty.rest, (const char *)p + done, n - (size_t)done, NULL);
}

bool tty_flush(int timeout_ms)
{
	int64_t end = clock_mono_ms() + timeout_ms;

	while (tty_pending()) {
		struct pollfd p = { .fd = tty.out, .events = POLLOUT };
		ssize_t n = write_some(tty.rest.p + tty.sent, tty.rest.len - tty.sent);
		int64_t left = end - clock_mono_ms();

		if (n < 0)
			return false;
		tty.sent += (size_t)n;
		if (!tty_pending())
			break;
		if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
			return true;
	}
	rest_forget();
	return true;
}

/* Bytes per second, 10 bits each; 0 when the line does not say. */
static int line_rate(void)
{
	static const struct {
		speed_t speed;
		int baud;
	} rows[] = {
		{ B300, 300 },
		{ B1200, 1200 },
		{ B2400, 2400 },
		{ B4800, 4800 },
		{ B9600, 9600 },
		{ B19200, 19200 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].speed == tty.speed)
			return rows[i].baud / 10;
	}
	return 0;
}

bool tty_slow(void)
{
	return line_rate() > 0;
}

bool tty_busy(void)
{
	int queued = 0;

	if (tty_pending())
		return true;
	/* The kernel takes seconds' worth of a slow line: old frames would pile up there. */
	return tty_slow() && ioctl(tty.out, TIOCOUTQ, &queued) == 0 && queued > line_rate() / 4;
}

static int from_environment(const char *name)
{
	const char *text = getenv(name);
	long n = text ? strtol(text, NULL, 10) : 0;

	return n > 0 && n <= FRAME_SIDE_MAX ? (int)n : 0;
}

static int choose_side(int told, const char *name, int otherwise)
{
	if (told <= 0)
		told = from_environment(name);
	if (told <= 0)
		told = otherwise;
	return told < FRAME_SIDE_MAX ? told : FRAME_SIDE_MAX;
}

void tty_size(int *rows, int *cols)
{
	struct winsize ws = { 0 };

	/* A serial console says 0x0. */
	if (ioctl(tty.in, TIOCGWINSZ, &ws) != 0)
		ws = (struct winsize){ 0 };
	*rows = choose_side(ws.ws_row, "LINES", 24);
	*cols = choose_side(ws.ws_col, "COLUMNS", 80);
}

bool tty_foreground(void)
{
	pid_t group = tcgetpgrp(tty.in);

	return group < 0 || group == getpgrp();
}

size_t term_bytes_written(void)
{
	return tty.bytes;
}

unsigned term_frames_written(void)
{
	return tty.frames;
}
