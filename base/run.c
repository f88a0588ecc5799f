/* SPDX-License-Identifier: MIT */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* A program that runs: what it has still to read, what it has printed, until when. */
struct talk {
	const struct run *r;
	int in; /* -1: it has read everything, or wants no more */
	int out;
	const char *rest;
	size_t left;
	char *got;
	size_t n;
	int64_t until;
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Only async-signal-safe calls: between fork and exec. */
_Noreturn static void become(const struct run *r, int in, int out)
{
	static const char *const no_environment[] = { NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	if (null < 0 || (r->dir && chdir(r->dir) != 0) || dup2(r->in_n ? in : null, 0) < 0 ||
		dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execve(r->argv[0], (char *const *)r->argv,
		(char *const *)(r->env ? r->env : no_environment));
	_exit(127);
}

static void talk_write(struct talk *t)
{
	ssize_t n = write(t->in, t->rest, t->left);

	if (n > 0) {
		t->rest += n;
		t->left -= (size_t)n;
	}
	if (!t->left || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_one(&t->in);
}

/* False at the end of its output, and when there is no more room for it. */
static bool talk_read(struct talk *t)
{
	ssize_t n = read(t->out, t->got + t->n, t->r->out_max + 1 - t->n);

	if (n > 0)
		t->n += (size_t)n;
	return n < 0 ? errno == EINTR || errno == EAGAIN : n > 0 && t->n <= t->r->out_max;
}

static bool talk(struct talk *t, struct err *e)
{
	struct pollfd fds[2] = { { .fd = t->out, .events = POLLIN } };

	do {
		int64_t left = t->until - clock_mono_ms();

		fds[0].revents = 0;
		fds[1] = (struct pollfd){ .fd = t->in, .events = POLLOUT };
		if (left <= 0 || poll(fds, ARRAY_LEN(fds), (int)left) == 0)
			return err_set(e, ERR_FAILED, "%s did not answer within %d ms",
				t->r->argv[0], t->r->timeout_ms);
		if (fds[1].revents)
			talk_write(t);
	} while (!fds[0].revents || talk_read(t));
	return t->n <= t->r->out_max || err_set(e, ERR_FAILED, "%s wrote too much", t->r->argv[0]);
}

static bool judge(const char *name, int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status))
		return err_set(e, ERR_FAILED, "%s was ended by signal %d", name, WTERMSIG(status));
	if (WEXITSTATUS(status) < 126)
		return err_set(e, ERR_FAILED, "%s ended with status %d", name, WEXITSTATUS(status));
	err_set(e, ERR_FAILED, "%s cannot be started", name);
	return err_hint(e, "may it be executed? is its file system mounted noexec?");
}

/* It closed its output; it has until the deadline to end, too. */
static bool reap(const struct talk *t, pid_t pid, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int status = 0;
	pid_t done;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0 && clock_mono_ms() < t->until)
		nanosleep(&pause, NULL);
	kill(-pid, SIGKILL);
	while (done == 0 || (done < 0 && errno == EINTR))
		done = waitpid(pid, &status, 0);
	return judge(t->r->argv[0], status, e);
}

/* The program's ends of both pipes are closed again; on failure all of them. */
static bool start(struct talk *t, pid_t *pid, struct err *e)
{
	int in[2] = { -1, -1 };
	int out[2] = { -1, -1 };
	bool ok = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
		  fcntl(in[1], F_SETFL, O_NONBLOCK) == 0;

	if (!ok) {
		err_sys(e, "cannot make a pipe");
		goto out;
	}
	*pid = fork();
	if (*pid == 0)
		become(t->r, in[0], out[1]);
	ok = *pid > 0 || err_sys(e, "cannot start %s", t->r->argv[0]);
out:
	t->in = in[1];
	t->out = out[0];
	close_one(&in[0]);
	close_one(&out[1]);
	if (!ok || !t->left)
		close_one(&t->in);
	if (!ok)
		close_one(&t->out);
	return ok;
}

bool run_into(const struct run *r, char *out, size_t *n, struct err *e)
{
	struct talk t = { .r = r,
		.rest = r->in,
		.left = r->in_n,
		.got = out,
		.until = clock_mono_ms() + r->timeout_ms };
	pid_t pid;
	bool ok;

	*n = 0;
	if (!start(&t, &pid, e))
		return false;
	ok = talk(&t, e);
	close_one(&t.in);
	close_one(&t.out);
	if (!ok)
		t.until = 0;
	*n = t.n;
	return reap(&t, pid, ok ? e : NULL) && ok;
}

bool run_program(const struct run *r, struct buf *out, struct err *e)
{
	size_t n;
	bool ok;

	if (!buf_reserve(out, r->out_max + 1, e))
		return false;
	ok = run_into(r, out->p + out->len, &n, e);
	out->len += n;
	out->p[out->len] = '\0';
	return ok;
}
