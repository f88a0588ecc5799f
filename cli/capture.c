/* SPDX-License-Identifier: MIT */
#include "cli/capture.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/mask.h"
#include "provider/provider.h"

#define KEEP_BYTES ((size_t)2048) /* a wrapped token and the words after it */

static volatile sig_atomic_t ended_by, resized;

static void on_signal(int number)
{
	if (number == SIGWINCH)
		resized = 1;
	else
		ended_by = number;
}

/* What was there before, to be put back. */
struct before {
	struct termios modes;
	bool raw;
	struct sigaction actions[4];
};

static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGWINCH };

static void take_signals(struct before *b)
{
	struct sigaction action = { .sa_handler = on_signal };

	ended_by = 0;
	resized = 0;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, &b->actions[i]);
}

static void restore(const struct before *b)
{
	if (b->raw)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &b->modes);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &b->actions[i], NULL);
}

/* Every key goes to the program: its own terminal makes the interrupt of ^C. */
static bool make_raw(struct before *b, struct err *e)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &b->modes) != 0)
		return err_sys(e, "the terminal");
	raw = b->modes;
	cfmakeraw(&raw);
	b->raw = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
	return b->raw || err_sys(e, "the terminal");
}

static void forget_credentials(void)
{
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t v = 0; v < PROVIDER_VARS && p->vars[v]; v++)
			unsetenv(p->vars[v]);
	}
}

_Noreturn static void become(const struct capture *c)
{
	syscall(SYS_close_range, 3U, ~0U, 0U);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		signal(signals[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	execv(c->path, (char *const *)c->argv);
	_exit(127);
}

/* Masks in place and keeps what belongs to a token. */
static void filter(struct mask *m, char *p, size_t n, struct secret *out)
{
	for (size_t i = 0; i < n; i++) {
		char byte = p[i];

		if (mask_byte(m, &p[i]))
			secret_set(out, m->prefix, strlen(m->prefix));
		else if (out->len && out->len < KEEP_BYTES)
			secret_insert(out, out->len, &byte, 1);
	}
}

/* False at the end of the program's output. */
static bool from_program(int pty, struct mask *m, struct secret *out)
{
	char bytes[1024];
	ssize_t n = read(pty, bytes, sizeof(bytes));
	bool ok;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	filter(m, bytes, (size_t)n, out);
	ok = n > 0 && fs_write_all(STDOUT_FILENO, bytes, (size_t)n, NULL);
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

/* False when the person's terminal is gone. A code that is pasted here is a secret, too. */
static bool from_person(int pty)
{
	char bytes[512];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	bool ok = n > 0 ? fs_write_all(pty, bytes, (size_t)n, NULL) : n < 0 && errno == EINTR;

	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

static void follow_size(int pty)
{
	struct winsize size;

	resized = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(pty, TIOCSWINSZ, &size);
}

/* The program on the other side. */
struct peer {
	pid_t pid;
	int pty;
	int status;
	bool gone; /* reaped */
};

static bool is_gone(struct peer *p)
{
	p->gone = p->gone || waitpid(p->pid, &p->status, WNOHANG) == p->pid;
	return p->gone;
}

/* A browser that the program opened may keep the terminal: its end is asked for, too. */
static void relay(struct peer *p, struct mask *m, struct secret *out)
{
	while (!ended_by) {
		struct pollfd fds[2] = { { .fd = p->pty, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN } };
		int ready = poll(fds, 2, 500);

		if (resized)
			follow_size(p->pty);
		if ((ready < 0 && errno != EINTR) || (ready == 0 && is_gone(p)))
			return;
		if (ready > 0 && fds[0].revents && !from_program(p->pty, m, out))
			return;
		if (ready > 0 && fds[1].revents && !from_person(p->pty))
			return;
	}
}

/* Closing its terminal hangs the program up; one that does not care is ended. */
static void end(struct peer *p)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	close(p->pty);
	for (int tries = 0; tries < 100 && !is_gone(p); tries++)
		nanosleep(&pause, NULL);
	if (p->gone)
		return;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
		;
}

bool capture_run(const struct capture *c, struct secret *out, int *status, struct err *e)
{
	struct mask mask = { .prefix = c->prefix };
	struct before before = { 0 };
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct peer peer = { 0 };
	bool ok = false;

	if (!secret_init(out, KEEP_BYTES, e))
		return false;
	take_signals(&before);
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	forget_credentials();
	if (!make_raw(&before, e))
		goto out;
	peer.pid = forkpty(&peer.pty, NULL, &before.modes, &size);
	if (peer.pid == 0)
		become(c);
	if (peer.pid < 0) {
		err_sys(e, "cannot start %s", c->path);
		goto out;
	}
	relay(&peer, &mask, out);
	end(&peer);
	*status = peer.status;
	ok = !ended_by || err_set(e, ERR_FAILED, "ended by signal %d", (int)ended_by);
out:
	restore(&before);
	if (!ok)
		secret_release(out);
	return ok;
}

bool capture_find(char *out, size_t cap, const char *name)
{
	const char *at = getenv("PATH");

	for (size_t n; at && *at; at += n + (at[n] == ':')) {
		struct str s = str_on(out, cap);

		n = strcspn(at, ":");
		/* An empty or relative entry is the current folder: nothing is run from there. */
		if (*at != '/')
			continue;
		str_addn(&s, at, n);
		str_fmt(&s, "/%s", name);
		if (!s.cut && access(out, X_OK) == 0)
			return true;
	}
	return false;
}
