/* SPDX-License-Identifier: MIT */
#include "health/service_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Only async-signal-safe calls: between fork and exec. */
_Noreturn static void become(const struct run *r, int out)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
		_exit(126);
	syscall(SYS_close_range, 3U, ~0U, 0U);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execve(r->argv[0], (char *const *)r->argv, r->envp);
	_exit(127);
}

/* Until its end; false at the deadline or beyond out_max. */
static bool drain(const struct run *r, int fd, struct buf *out, int64_t until, struct err *e)
{
	char bytes[4096];
	size_t start = out->len;
	bool ok = true;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = until - clock_mono_ms();
		ssize_t n;

		if (left <= 0 || (poll(&p, 1, (int)left) == 0)) {
			ok = err_set(e, ERR_FAILED, "%s did not answer within %d ms", r->argv[0],
				r->timeout_ms);
			break;
		}
		n = read(fd, bytes, sizeof(bytes));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		ok = out->len - start + (size_t)n <= r->out_max
			     ? buf_add(out, bytes, (size_t)n, e)
			     : err_set(e, ERR_FAILED, "%s wrote too much", r->argv[0]);
		if (!ok)
			break;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

/* It closed its output; it has until the deadline to end, too. */
static bool reap(const struct run *r, pid_t pid, int64_t until, struct err *e)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int status = 0;
	pid_t done;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0 && clock_mono_ms() < until)
		nanosleep(&pause, NULL);
	kill(-pid, SIGKILL);
	while (done == 0 || (done < 0 && errno == EINTR))
		done = waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status))
		return err_set(
			e, ERR_FAILED, "%s was ended by signal %d", r->argv[0], WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return err_set(e, ERR_FAILED, "%s cannot be started", r->argv[0]);
	return err_set(e, ERR_FAILED, "%s ended with status %d", r->argv[0], WEXITSTATUS(status));
}

bool run_program(const struct run *r, struct buf *out, struct err *e)
{
	int64_t until = clock_mono_ms() + r->timeout_ms;
	int fd[2];
	bool ok;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_sys(e, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		become(r, fd[1]);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return err_sys(e, "cannot start %s", r->argv[0]);
	}
	ok = drain(r, fd[0], out, until, e);
	close(fd[0]);
	if (!ok)
		until = 0;
	return reap(r, pid, until, ok ? e : NULL) && ok;
}
