/* SPDX-License-Identifier: MIT */
#include "cli/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fs.h"

#define TRIES 3

static const int told[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* A terminal that is being asked, and what it was before. */
struct asked {
	int fd;
	bool changed;
	struct termios before;
	struct sigaction old[ARRAY_LEN(told)];
};

static bool no_terminal(const char *instead, struct err *e)
{
	err_set(e, ERR_REFUSED, "there is no terminal to ask on");
	return err_hint(e, "%s", instead);
}

static bool asked_open(struct asked *a, bool hidden, const char *instead, struct err *e)
{
	/* Without SA_RESTART: the read must end, or the signal would wait for Enter. */
	struct sigaction sa = { .sa_handler = on_signal };
	struct termios quiet;

	*a = (struct asked){ .fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) };
	if (a->fd < 0)
		return no_terminal(instead, e);
	caught = 0;
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		sigaction(told[i], &sa, &a->old[i]);
	if (!hidden)
		return true;
	if (tcgetattr(a->fd, &a->before) != 0)
		return err_sys(e, "/dev/tty");
	quiet = a->before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	a->changed = true;
	return tcsetattr(a->fd, TCSAFLUSH, &quiet) == 0 || err_sys(e, "/dev/tty");
}

/* A signal that came meanwhile does now what it would have done. */
static void asked_close(struct asked *a)
{
	if (a->changed)
		tcsetattr(a->fd, TCSAFLUSH, &a->before);
	if (a->fd >= 0)
		close(a->fd);
	else
		return;
	a->fd = -1;
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		sigaction(told[i], &a->old[i], NULL);
	if (caught)
		raise(caught);
}

/*
 * One line, byte by byte: no buffer of stdio keeps a copy. A line that is too long is
 * read to its end, so that the rest does not become the answer to the next question.
 */
static bool read_line(const struct asked *a, struct secret *out, struct err *e)
{
	bool too_long = false;
	char c = 0;

	for (;;) {
		ssize_t n = read(a->fd, &c, 1);

		if (n < 0 && errno == EINTR && !caught)
			continue;
		if (n < 0 || caught)
			return err_set(e, ERR_REFUSED, "interrupted; nothing was changed");
		if (n == 0 || c == '\n')
			break;
		if (!secret_insert(out, out->len, &c, 1))
			too_long = true;
	}
	explicit_bzero(&c, sizeof(c));
	if (too_long)
		return err_set(e, ERR_USAGE, "what was typed is longer than %d bytes", ASK_MAX);
	return true;
}

static bool ask_line(
	struct secret *out, const char *prompt, bool hidden, const char *instead, struct err *e)
{
	struct asked a = { .fd = -1 };
	bool ok;

	if (!secret_init(out, ASK_MAX, e))
		return false;
	ok = asked_open(&a, hidden, instead, e) && fs_write_all(a.fd, prompt, strlen(prompt), e) &&
	     read_line(&a, out, e);
	/* Enter was not echoed either. */
	if (hidden && a.fd >= 0)
		fs_write_all(a.fd, "\n", 1, NULL);
	asked_close(&a);
	if (!ok)
		secret_release(out);
	return ok;
}

bool ask_typed(const char *prompt, const char *want, const char *instead, struct err *e)
{
	struct secret line = { 0 };
	bool same = false;

	if (!ask_line(&line, prompt, false, instead, e))
		return false;
	same = line.len == strlen(want) && memcmp(line.bytes, want, line.len) == 0;
	secret_release(&line);
	return same || err_set(e, ERR_REFUSED, "something else was typed; nothing was changed");
}

bool ask_shown(struct secret *out, const char *prompt, const char *instead, struct err *e)
{
	return ask_line(out, prompt, false, instead, e);
}

bool ask_hidden(struct secret *out, const char *prompt, const char *instead, struct err *e)
{
	if (!ask_line(out, prompt, true, instead, e))
		return false;
	if (out->len)
		return true;
	secret_release(out);
	return err_set(e, ERR_USAGE, "nothing was typed");
}

bool ask_hidden_twice(struct secret *out, const char *prompt, const char *again,
	const char *instead, struct err *e)
{
	struct secret second = { 0 };

	for (int i = 0; i < TRIES; i++) {
		bool same;

		if (!ask_hidden(out, prompt, instead, e))
			return false;
		if (!ask_hidden(&second, again, instead, e)) {
			secret_release(out);
			return false;
		}
		same = secret_equal(out, &second);
		secret_release(&second);
		if (same)
			return true;
		secret_release(out);
	}
	return err_set(e, ERR_USAGE, "the two were different each time");
}
