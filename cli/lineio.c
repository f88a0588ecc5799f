/* SPDX-License-Identifier: MIT */
#include "cli/lineio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "cli/line_answer.h"
#include "tui/term_names.h"

#define WIDTH_MAX 79
#define WIDTH_MIN 20
#define JOIN_MS 120 /* a pasted line end is followed by its next line sooner than that */
#define ROWS_MAX 64 /* of one wrapped sentence */

/* --- signals: a byte in a pipe for each, so that none comes between a look and a wait ------- */

static const int told[LINEIO_SIGNALS] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
static const int crashes[] = {
	SIGABRT,
#ifndef TFB_SANITIZE /* there these belong to the sanitizer, which has more to say */
	SIGSEGV,
	SIGBUS,
	SIGFPE,
	SIGILL,
#endif
};

static int pipe_fds[2] = { -1, -1 };
static struct sigaction old_told[LINEIO_SIGNALS], old_crashes[ARRAY_LEN(crashes)], old_pipe;
static volatile sig_atomic_t caught, stopped;

/* The terminal while it is quiet: what a handler needs to bring it back. */
static volatile sig_atomic_t quiet;
static int quiet_fd;
static struct termios loud;

static void on_told(int number)
{
	int saved_errno = errno;

	if (number == SIGTSTP)
		stopped = 1;
	else
		caught = number;
	(void)!write(pipe_fds[1], "", 1);
	errno = saved_errno;
}

static void on_crash(int number)
{
	if (quiet)
		tcsetattr(quiet_fd, TCSANOW, &loud);
	raise(number); /* SA_RESETHAND: this time the default action */
}

static void signals_install(void)
{
	struct sigaction sa = { .sa_handler = on_told, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < LINEIO_SIGNALS; i++)
		sigaction(told[i], &sa, &old_told[i]);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, &old_pipe);
	sa.sa_handler = on_crash;
	sa.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &sa, &old_crashes[i]);
}

static void signals_remove(void)
{
	for (size_t i = 0; i < LINEIO_SIGNALS; i++)
		sigaction(told[i], &old_told[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &old_crashes[i], NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
}

int lineio_signal(void)
{
	return caught;
}

int lineio_signal_fd(void)
{
	return pipe_fds[0];
}

/* --- opening -------------------------------------------------------------------------------- */

static int width_of(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_col > WIDTH_MAX)
		return WIDTH_MAX;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col - 1;
}

bool lineio_open(struct lineio *io, int in, int out, struct err *e)
{
	*io = (struct lineio){ .in = in, .out = out, .prompt = "", .terminal = isatty(in) == 1 };
	if (out < 0) {
		io->out = isatty(STDERR_FILENO) ? STDERR_FILENO
						: open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
		io->own_out = io->out >= 0 && io->out != STDERR_FILENO;
	}
	if (io->out < 0) {
		err_set(e, ERR_REFUSED, "there is no terminal to ask on");
		return err_hint(e, "--non-interactive asks nothing");
	}
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, "cannot make a pipe for signals");
	caught = stopped = 0;
	io->width = width_of(io->out);
	io->glyphs = term_choose_glyphs("");
	signals_install();
	return true;
}

int lineio_close(struct lineio *io)
{
	if (pipe_fds[0] < 0)
		return 0;
	signals_remove();
	for (size_t i = 0; i < ARRAY_LEN(pipe_fds); i++) {
		close(pipe_fds[i]);
		pipe_fds[i] = -1;
	}
	if (io->own_out)
		close(io->out);
	*io = (struct lineio){ .in = -1, .out = -1 };
	return caught;
}

/* --- saying --------------------------------------------------------------------------------- */

static void put(struct lineio *io, const char *p, size_t n)
{
	if (!io->lost && !fs_write_all(io->out, p, n, NULL))
		io->lost = true;
}

/* An address or a path stays in one piece: a terminal that wraps it lets it be copied whole. */
static int widest_word(const struct frame *f, const char *text)
{
	char word[512];
	int most = 0;

	for (size_t n; *text; text += n) {
		struct str s = STR_OF(word);
		int cells;

		n = strcspn(text, " ");
		str_addn(&s, text, n);
		cells = frame_cells(f, word);
		most = cells > most ? cells : most;
		n += strspn(text + n, " ");
	}
	return most;
}

/* A frame folds, cleans and wraps as on a screen; its rows are what is said. */
void lineio_item(struct lineio *io, const char *lead, const char *text)
{
	struct frame f = { .glyphs = io->glyphs };
	struct buf rows = { 0 };
	int indent = frame_cells(&f, lead);
	int width = io->width - indent;
	int most = widest_word(&f, text);
	int used;

	width = most > width ? most : width;
	if (!frame_resize(&f, ROWS_MAX, width + indent, NULL))
		goto out;
	frame_clear(&f);
	frame_text(&f, 0, 0, ROLE_TEXT, lead);
	used = frame_wrap(&f, 0, indent, width, ROWS_MAX, ROLE_TEXT, text);
	f.rows = used < 1 ? 1 : used < ROWS_MAX ? used : ROWS_MAX;
	if (frame_print(&f, &rows, NULL))
		put(io, rows.p, rows.len);
	f.rows = ROWS_MAX;
out:
	frame_release(&f);
	buf_release(&rows);
}

void lineio_say(struct lineio *io, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lineio_item(io, "", text);
}

void lineio_raw(struct lineio *io, const char *text)
{
	put(io, text, strlen(text));
	put(io, "\n", 1);
}

void lineio_reprompt(struct lineio *io, const char *prompt)
{
	io->prompt = prompt;
	put(io, "\r", 1);
	put(io, prompt, strlen(prompt));
}

/* --- hearing -------------------------------------------------------------------------------- */

static void drain_pipe(void)
{
	char c[16];

	while (read(pipe_fds[0], c, sizeof(c)) > 0)
		;
}

static void be_quiet(struct lineio *io)
{
	struct termios t;

	if (!io->terminal || tcgetattr(io->in, &loud) != 0)
		return;
	t = loud;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON);
	t.c_lflag |= ISIG;
	t.c_iflag |= ICRNL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	quiet_fd = io->in;
	quiet = 1;
	tcsetattr(io->in, TCSAFLUSH, &t);
}

/* What was typed ahead goes: it was meant for the secret, not for the next question. */
static void be_loud(void)
{
	if (quiet)
		tcsetattr(quiet_fd, TCSAFLUSH, &loud);
	quiet = 0;
}

void lineio_forget_interrupt(void)
{
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &before);
	if (caught == SIGINT || !caught) {
		caught = 0;
		drain_pipe();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ^Z: the shell gets the terminal as it was, and the question is asked again afterwards. */
static void stop_here(struct lineio *io)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, ours;
	bool hidden = quiet;

	stopped = 0;
	be_loud();
	sigaction(SIGTSTP, &usual, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	if (hidden)
		be_quiet(io);
	put(io, io->prompt, strlen(io->prompt));
	io->again = true;
}

bool lineio_wait(struct lineio *io, int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = pipe_fds[0], .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };

	if (caught || poll(fds, ARRAY_LEN(fds), timeout_ms) <= 0)
		return false;
	if (fds[0].revents)
		drain_pipe();
	if (stopped)
		stop_here(io);
	return !caught && fds[1].revents != 0;
}

enum taken {
	TAKEN_BYTE,
	TAKEN_END, /* of the input, or of the terminal */
	TAKEN_SIGNAL,
	TAKEN_SILENCE, /* for as long as was asked */
	TAKEN_NEWS,    /* what went on meanwhile has an end */
	TAKEN_NOTHING  /* yet */
};

/* One step of a wait without a limit; what goes on beside it gets its turn. */
static enum taken wait_beside(struct lineio *io)
{
	const struct lineio_meanwhile *m = io->meanwhile;
	struct pollfd fds[] = { { .fd = pipe_fds[0], .events = POLLIN },
		{ .fd = io->in, .events = POLLIN }, { .fd = m->fd, .events = POLLIN } };

	if (!caught && poll(fds, ARRAY_LEN(fds), m->every_ms) > 0 && fds[0].revents)
		drain_pipe();
	if (stopped)
		stop_here(io);
	if (caught)
		return TAKEN_SIGNAL;
	if (fds[1].revents)
		return TAKEN_BYTE;
	return m->turn(m->ctx) ? TAKEN_NOTHING : TAKEN_NEWS;
}

/* The same with nothing beside it, for at most so long. */
static enum taken wait_alone(struct lineio *io, int timeout_ms)
{
	bool ready = lineio_wait(io, io->in, timeout_ms);

	if (caught)
		return TAKEN_SIGNAL;
	if (ready)
		return TAKEN_BYTE;
	return timeout_ms >= 0 ? TAKEN_SILENCE : TAKEN_NOTHING;
}

static enum taken take_byte(struct lineio *io, int timeout_ms, char *c)
{
	for (;;) {
		enum taken taken = timeout_ms < 0 && io->meanwhile ? wait_beside(io)
								   : wait_alone(io, timeout_ms);
		ssize_t n;

		if (taken == TAKEN_NOTHING)
			continue;
		if (taken != TAKEN_BYTE)
			return taken;
		n = read(io->in, c, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		return n == 1 ? TAKEN_BYTE : TAKEN_END;
	}
}

enum {
	CTRL_D = 4,
	ESCAPE = 27
};

static void forget_before_stop(struct lineio *io, struct answer *a)
{
	if (io->again)
		answer_clear(a);
	io->again = false;
}

#define ESCAPE_MS 50

/* Esc, or the first byte of what another key sends? The rest of that is nobody's. */
static bool is_key_alone(struct lineio *io)
{
	char c;
	bool alone = true;

	while (take_byte(io, ESCAPE_MS, &c) == TAKEN_BYTE)
		alone = false;
	return alone;
}

/* Did something else than a byte end the answer? */
static bool is_ended(enum taken taken, const struct answer *a, enum heard *heard)
{
	switch (taken) {
	case TAKEN_SIGNAL:
		*heard = HEARD_SIGNAL;
		return true;
	case TAKEN_NEWS:
		*heard = HEARD_ELSEWHERE;
		return true;
	case TAKEN_SILENCE:
		*heard = HEARD_LINE;
		return true;
	case TAKEN_END:
		*heard = a->total ? HEARD_LINE : HEARD_END;
		return true;
	default:
		return false;
	}
}

/* raw: the terminal does no editing, and a line end is followed by the rest of the paste. */
static enum heard hear(struct lineio *io, bool raw, struct answer *a)
{
	enum heard heard;
	int timeout_ms = -1;
	char c = 0;

	for (;;) {
		enum taken taken = take_byte(io, timeout_ms, &c);

		forget_before_stop(io, a);
		if (is_ended(taken, a, &heard))
			return heard;
		if (c == '\n' && !raw)
			return HEARD_LINE;
		if (raw && c == CTRL_D && !a->total)
			return HEARD_END;
		if (io->meanwhile && c == ESCAPE && timeout_ms < 0) {
			if (is_key_alone(io))
				return HEARD_ESCAPE;
			continue;
		}
		timeout_ms = c == '\n' ? JOIN_MS : -1;
		if (!raw || !answer_edit(a, c))
			answer_add(a, c);
	}
}

enum heard lineio_ask(
	struct lineio *io, const char *prompt, bool hidden, struct secret *out, size_t *total)
{
	struct answer a = { .text = out };
	enum heard heard;

	secret_clear(out);
	if (hidden)
		be_quiet(io);
	io->prompt = prompt;
	put(io, prompt, strlen(prompt));
	heard = hear(io, hidden && io->terminal, &a);
	be_loud();
	io->prompt = "";
	if (hidden || heard != HEARD_LINE || !io->terminal)
		put(io, "\n", 1); /* Enter was not echoed */
	while (out->len && strchr("\r\n", out->bytes[out->len - 1])) {
		secret_remove(out, out->len - 1, 1);
		a.total--;
	}
	if (a.total > out->len)
		secret_clear(out);
	*total = a.total;
	return io->lost ? HEARD_END : heard;
}
