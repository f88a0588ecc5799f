/* SPDX-License-Identifier: MIT */

/*
 * Signals become bytes in a pipe that the loop polls; nothing else happens in
 * a handler. Only a crash does more: it gives the terminal back and lets the
 * default action end the process.
 */
/* For pipe2(). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tui/term_parts.h"

#define CRASH_STACK 65536 /* a stack overflow has no room for its own handler */

static const struct {
	int signal;
	unsigned seen;
} told[] = {
	{ SIGINT, SEEN_INT },
	{ SIGTERM, SEEN_TERM },
	{ SIGHUP, SEEN_HUP },
	{ SIGTSTP, SEEN_STOP },
	{ SIGCONT, SEEN_CONT },
	{ SIGWINCH, SEEN_SIZE },
};

static const int crashes[] = {
	SIGQUIT,
	SIGABRT,
#ifndef TFB_SANITIZE /* there these belong to the sanitizer, which has more to say */
	SIGSEGV,
	SIGBUS,
	SIGFPE,
	SIGILL,
#endif
};

static int pipe_fds[2] = { -1, -1 };
static struct sigaction old_told[ARRAY_LEN(told)];
static struct sigaction old_crashes[ARRAY_LEN(crashes)];
static struct sigaction old_pipe;
static bool installed;

static void on_told(int signal)
{
	int saved_errno = errno;
	unsigned char c = (unsigned char)signal;

	/* A full pipe already holds this signal many times over. */
	(void)!write(pipe_fds[1], &c, 1);
	errno = saved_errno;
}

static void on_crash(int signo)
{
	tty_leave();
	/* SA_RESETHAND: this time the default action. */
	raise(signo);
}

static void install(void)
{
	static char stack[CRASH_STACK];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_handler = on_told, .sa_flags = SA_RESTART };

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		sigaction(told[i].signal, &sa, &old_told[i]);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, &old_pipe);
#ifndef TFB_SANITIZE
	sigaltstack(&alternate, NULL);
#else
	(void)alternate;
#endif
	sa.sa_handler = on_crash;
	sa.sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &sa, &old_crashes[i]);
	installed = true;
}

bool signals_open(struct err *e)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, "cannot make a pipe for signals");
	install();
	return true;
}

void signals_close(void)
{
	if (installed) {
		for (size_t i = 0; i < ARRAY_LEN(told); i++)
			sigaction(told[i].signal, &old_told[i], NULL);
		for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
			sigaction(crashes[i], &old_crashes[i], NULL);
		sigaction(SIGPIPE, &old_pipe, NULL);
	}
	installed = false;
	for (size_t i = 0; i < ARRAY_LEN(pipe_fds); i++) {
		if (pipe_fds[i] >= 0)
			close(pipe_fds[i]);
		pipe_fds[i] = -1;
	}
}

int signals_fd(void)
{
	return pipe_fds[0];
}

unsigned signals_take(void)
{
	unsigned char c[64];
	unsigned seen = 0;
	ssize_t n;

	while ((n = read(pipe_fds[0], c, sizeof(c))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			for (size_t k = 0; k < ARRAY_LEN(told); k++)
				seen |= told[k].signal == c[i] ? told[k].seen : 0;
		}
	}
	return seen;
}

void signals_stop(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction ours;

	sigemptyset(&usual.sa_mask);
	sigaction(SIGTSTP, &usual, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
}
