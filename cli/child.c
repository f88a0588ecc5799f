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
_Noreturn static void become(const char *const argv[], const char *dir, const struct pipes *p)
{
	static char *const no_environment[] = { NULL };
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || chdir(dir) != 0 || dup2(p->in[0], 0) < 0 || dup2(p->out[1], 1) < 0 ||
		dup2(null, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	signal(SIGPIPE, SIG_DFL);
	execve(argv[0], (char *const *)argv, no_environment);
	_exit(127);
}

/* One step of talking: writes what fits, reads what is there. False at the end of its output. */
static bool talk(struct pipes *p, const char **in, size_t *left, struct secret *out, int wait_ms,
	bool *too_much)
{
	struct pollfd fds[2] = {
		{ .fd = p->out[0], .events = POLLIN },
		{ .fd = p->in[1], .events = POLLOUT },
	};
	ssize_t n;

	if (poll(fds, 2, wait_ms) <= 0)
		return true;
	if (fds[1].revents) {
		n = write(p->in[1], *in, *left);
		if (n > 0) {
			*in += n;
			*left -= (size_t)n;
		}
		if (!*left || (n < 0 && errno != EAGAIN && errno != EINTR))
			close_one(&p->in[1]);
	}
	if (fds[0].revents) {
		n = read(p->out[0], out->bytes + out->len, out->cap - out->len);
		if (n > 0)
			out->len += (size_t)n;
		*too_much = out->len == out->cap;
		return n > 0 && !*too_much;
	}
	return true;
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

static bool converse(struct pipes *p, pid_t pid, const char *name, const char *in, size_t left,
	struct secret *out, int64_t until, struct err *e)
{
	bool too_much = false;
	int64_t now = clock_mono_ms();

	if (!left)
		close_one(&p->in[1]);
	while (now < until && talk(p, &in, &left, out, (int)(until - now), &too_much))
		now = clock_mono_ms();
	if (now >= until || too_much) {
		kill(pid, SIGKILL);
		reap(pid, name, NULL);
		return err_set(e, ERR_FAILED,
			too_much ? "%s wrote too much" : "%s did not answer in time", name);
	}
	return reap(pid, name, e);
}

bool child_run(const char *const argv[], const void *in, size_t in_n, struct secret *out,
	size_t out_cap, int timeout_ms, struct err *e)
{
	struct pipes p = { { -1, -1 }, { -1, -1 } };
	char dir[FS_PATH_MAX];
	bool ok = false;
	pid_t pid;

	fs_dirname(dir, sizeof(dir), argv[0]);
	if (!secret_init(out, out_cap, e))
		return false;
	if (!open_pipe(p.in) || !open_pipe(p.out) || fcntl(p.in[1], F_SETFL, O_NONBLOCK) != 0) {
		err_sys(e, "cannot make a pipe");
		goto out;
	}
	pid = fork();
	if (pid == 0)
		become(argv, dir, &p);
	if (pid < 0) {
		err_sys(e, "cannot start %s", argv[0]);
		goto out;
	}
	close_one(&p.in[0]);
	close_one(&p.out[1]);
	ok = converse(&p, pid, argv[0], in, in_n, out, clock_mono_ms() + timeout_ms, e);
out:
	pipes_close(&p);
	if (!ok)
		secret_release(out);
	return ok;
}
