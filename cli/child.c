/* SPDX-License-Identifier: MIT */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

struct pipes {
	int in[2];
	int out[2];
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pipes_close(struct pipes *p)
{
	close_one(&p->in[0]);
	close_one(&p->in[1]);
	close_one(&p->out[0]);
	close_one(&p->out[1]);
}

static bool open_pipe(int fd[2])
{
	if (pipe(fd) != 0)
		return false;
	return fcntl(fd[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd[1], F_SETFD, FD_CLOEXEC) == 0;
}

/* Only async-signal-safe calls: between fork and exec. */
_Noreturn static void become(const struct child *c, const char *dir, const struct pipes *p)
{
	static const char *const no_environment[] = { NULL };
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || chdir(dir) != 0 || dup2(p->in[0], 0) < 0 || dup2(p->out[1], 1) < 0 ||
		dup2(null, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	signal(SIGPIPE, SIG_DFL);
	execve(c->argv[0], (char *const *)c->argv,
		(char *const *)(c->env ? c->env : no_environment));
	_exit(127);
}

/* A conversation: what is left to write, what was read, until when. */
struct talk {
	struct pipes pipes;
	const char *in;
	size_t left;
	struct secret *out;
	bool too_much;
};

static void talk_write(struct talk *t)
{
	ssize_t n = write(t->pipes.in[1], t->in, t->left);

	if (n > 0) {
		t->in += n;
		t->left -= (size_t)n;
	}
	if (!t->left || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_one(&t->pipes.in[1]);
}

/* False at the end of its output. */
static bool talk_read(struct talk *t)
{
	struct secret *out = t->out;
	ssize_t n = read(t->pipes.out[0], out->bytes + out->len, out->cap - out->len);

	if (n > 0)
		out->len += (size_t)n;
	t->too_much = out->len == out->cap;
	return n > 0 && !t->too_much;
}

static bool talk_once(struct talk *t, int wait_ms)
{
	struct pollfd fds[2] = {
		{ .fd = t->pipes.out[0], .events = POLLIN },
		{ .fd = t->pipes.in[1], .events = POLLOUT },
	};

	if (poll(fds, 2, wait_ms) <= 0)
		return true;
	if (fds[1].revents)
		talk_write(t);
	return !fds[0].revents || talk_read(t);
}

static bool reap(pid_t pid, const char *name, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "%s", name);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126) {
		err_set(e, ERR_FAILED, "%s cannot be executed", name);
		return err_hint(e, "is its file system mounted noexec? is its mode 0700?");
	}
	if (WIFEXITED(status))
		return err_set(e, ERR_FAILED, "%s ended with status %d", name, WEXITSTATUS(status));
	return err_set(e, ERR_FAILED, "%s was killed by signal %d", name, WTERMSIG(status));
}

static bool converse(struct talk *t, pid_t pid, const struct child *c, struct err *e)
{
	int64_t now = clock_mono_ms();
	int64_t until = now + c->timeout_ms;

	if (!t->left)
		close_one(&t->pipes.in[1]);
	while (now < until && talk_once(t, (int)(until - now)))
		now = clock_mono_ms();
	if (now < until && !t->too_much)
		return reap(pid, c->argv[0], e);
	kill(pid, SIGKILL);
	reap(pid, c->argv[0], NULL);
	return err_set(e, ERR_FAILED, "%s %s", c->argv[0],
		t->too_much ? "wrote too much" : "did not answer in time");
}

bool child_run(const struct child *c, struct secret *out, struct err *e)
{
	struct talk t = {
		.pipes = { { -1, -1 }, { -1, -1 } }, .in = c->in, .left = c->in_n, .out = out
	};
	char dir[FS_PATH_MAX];
	bool ok = false;
	pid_t pid;

	fs_dirname(dir, sizeof(dir), c->argv[0]);
	if (!secret_init(out, c->out_max + 1, e))
		return false;
	if (!open_pipe(t.pipes.in) || !open_pipe(t.pipes.out) ||
		fcntl(t.pipes.in[1], F_SETFL, O_NONBLOCK) != 0) {
		err_sys(e, "cannot make a pipe");
		goto out;
	}
	pid = fork();
	if (pid == 0)
		become(c, dir, &t.pipes);
	if (pid < 0) {
		err_sys(e, "cannot start %s", c->argv[0]);
		goto out;
	}
	close_one(&t.pipes.in[0]);
	close_one(&t.pipes.out[1]);
	ok = converse(&t, pid, c, e);
out:
	pipes_close(&t.pipes);
	if (!ok)
		secret_release(out);
	return ok;
}
