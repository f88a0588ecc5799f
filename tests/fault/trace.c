/* SPDX-License-Identifier: MIT */
#include "tests/fault/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the registers below are those of x86-64"
#endif

#define NONE TRACE_NO_ARG

static const struct call calls[] = {
	{ SYS_open, "open", "open", NONE, 0, NONE, NONE, NONE },
	{ SYS_creat, "creat", "open", NONE, 0, NONE, NONE, NONE },
	{ SYS_openat, "openat", "open", 0, 1, NONE, NONE, NONE },
	{ SYS_read, "read", "read", NONE, NONE, 0, NONE, NONE },
	{ SYS_pread64, "pread", "read", NONE, NONE, 0, NONE, NONE },
	{ SYS_write, "write", "write", NONE, NONE, 0, NONE, NONE },
	{ SYS_pwrite64, "pwrite", "write", NONE, NONE, 0, NONE, NONE },
	{ SYS_writev, "writev", "write", NONE, NONE, 0, NONE, NONE },
	{ SYS_fsync, "fsync", "fsync", NONE, NONE, 0, NONE, NONE },
	{ SYS_fdatasync, "fdatasync", "fsync", NONE, NONE, 0, NONE, NONE },
	{ SYS_close, "close", "close", NONE, NONE, 0, NONE, NONE },
	{ SYS_rename, "rename", "rename", NONE, 0, NONE, NONE, 1 },
	{ SYS_renameat, "renameat", "rename", 0, 1, NONE, 2, 3 },
	{ SYS_renameat2, "renameat2", "rename", 0, 1, NONE, 2, 3 },
	{ SYS_link, "link", "link", NONE, 0, NONE, NONE, 1 },
	{ SYS_linkat, "linkat", "link", 0, 1, NONE, 2, 3 },
	{ SYS_unlink, "unlink", "unlink", NONE, 0, NONE, NONE, NONE },
	{ SYS_unlinkat, "unlinkat", "unlink", 0, 1, NONE, NONE, NONE },
	{ SYS_rmdir, "rmdir", "unlink", NONE, 0, NONE, NONE, NONE },
	{ SYS_mkdir, "mkdir", "mkdir", NONE, 0, NONE, NONE, NONE },
	{ SYS_mkdirat, "mkdirat", "mkdir", 0, 1, NONE, NONE, NONE },
	{ SYS_chmod, "chmod", "chmod", NONE, 0, NONE, NONE, NONE },
	{ SYS_fchmod, "fchmod", "chmod", NONE, NONE, 0, NONE, NONE },
	{ SYS_fchmodat, "fchmodat", "chmod", 0, 1, NONE, NONE, NONE },
	{ SYS_truncate, "truncate", "truncate", NONE, 0, NONE, NONE, NONE },
	{ SYS_ftruncate, "ftruncate", "truncate", NONE, NONE, 0, NONE, NONE },
	{ SYS_flock, "flock", "lock", NONE, NONE, 0, NONE, NONE },
	{ SYS_getrandom, "getrandom", "random", NONE, NONE, NONE, NONE, NONE },
	{ SYS_pipe2, "pipe2", "pipe", NONE, NONE, NONE, NONE, NONE },
	{ SYS_clone, "clone", "fork", NONE, NONE, NONE, NONE, NONE },
};

static const char *const mutating[] = { "write", "rename", "link", "unlink", "mkdir", "chmod",
	"truncate", "open" };

static const struct call *find_call(long nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

bool trace_read(pid_t pid, uint64_t at, void *to, size_t n)
{
	struct iovec local = { to, n };
	struct iovec remote = { (void *)(uintptr_t)at, n };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)n;
}

/* A path argument; page by page, for the next page may not be there. */
static void read_text(pid_t pid, uint64_t at, char *out, size_t cap)
{
	size_t n = 0;

	memset(out, 0, cap);
	while (n + 1 < cap && !memchr(out, '\0', n)) {
		size_t part = 4096 - ((at + n) & 4095);

		part = part < cap - 1 - n ? part : cap - 1 - n;
		if (!trace_read(pid, at + n, out + n, part))
			break;
		n += part;
	}
	out[cap - 1] = '\0';
}

static void path_of_fd(pid_t pid, int fd, char *out, size_t cap)
{
	char link[64];
	ssize_t n;

	if (fd == -100) /* AT_FDCWD */
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(link, out, cap - 1);
	out[n > 0 ? n : 0] = '\0';
}

static void path_of_name(const struct task *k, int dir, int path, char *out, size_t cap)
{
	char name[PATH_MAX];
	char base[PATH_MAX];

	read_text(k->pid, k->arg[path], name, sizeof(name));
	if (name[0] == '/') {
		snprintf(out, cap, "%s", name);
		return;
	}
	path_of_fd(k->pid, dir == NONE ? -100 : (int)k->arg[dir], base, sizeof(base));
	snprintf(out, cap, "%.2000s/%.2000s", base, name);
}

static void find_paths(struct task *k)
{
	const struct call *c = k->call;

	k->path[0] = '\0';
	k->to[0] = '\0';
	if (!c)
		return;
	if (c->fd != NONE)
		path_of_fd(k->pid, (int)k->arg[c->fd], k->path, sizeof(k->path));
	if (c->path != NONE)
		path_of_name(k, c->dir, c->path, k->path, sizeof(k->path));
	if (c->to_path != NONE)
		path_of_name(k, c->to_dir, c->to_path, k->to, sizeof(k->to));
}

bool trace_about(const struct tracer *t, const struct task *k)
{
	size_t n;

	if (!t->under)
		return true;
	n = strlen(t->under);
	return strncmp(k->path, t->under, n) == 0 && (k->path[n] == '/' || k->path[n] == '\0');
}

void trace_skip(struct task *k, int error)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, k->pid, NULL, &regs);
	regs.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, k->pid, NULL, &regs);
	k->instead = -error;
}

void trace_replace_result(struct task *k, long result)
{
	k->instead = result;
}

void trace_set_arg2(struct task *k, uint64_t value)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, k->pid, NULL, &regs);
	regs.rdx = value;
	ptrace(PTRACE_SETREGS, k->pid, NULL, &regs);
}

static void give_result(const struct task *k)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, k->pid, NULL, &regs);
	regs.rax = (unsigned long long)k->instead;
	ptrace(PTRACE_SETREGS, k->pid, NULL, &regs);
}

/*
 * LeakSanitizer cannot work under a tracer and ends the program with an error. A child that is
 * started with an empty environment (the resolver) is told so in the one way there is.
 */
static void give_options(struct task *k)
{
	static const char option[] = "ASAN_OPTIONS=detect_leaks=0";
	struct user_regs_struct regs;
	uint64_t first;
	struct data {
		uint64_t env[2];
		char text[sizeof(option)];
	} data = { { 0, 0 }, "" };
	struct iovec local = { &data, sizeof(data) };
	struct iovec remote = { NULL, sizeof(data) };

	if (!getenv("FAULT_SANITIZED") || !trace_read(k->pid, k->arg[2], &first, sizeof(first)) ||
		first)
		return;
	ptrace(PTRACE_GETREGS, k->pid, NULL, &regs);
	remote.iov_base = (void *)(uintptr_t)((regs.rsp - 4096) & ~15ULL);
	data.env[0] = (uint64_t)(uintptr_t)remote.iov_base + offsetof(struct data, text);
	memcpy(data.text, option, sizeof(option));
	if (process_vm_writev(k->pid, &local, 1, &remote, 1, 0) == (ssize_t)sizeof(data))
		trace_set_arg2(k, (uint64_t)(uintptr_t)remote.iov_base);
}

static bool changes_files(const struct task *k)
{
	if (k->call && strcmp(k->call->group, "open") == 0 &&
		!(k->arg[k->call->dir == 0 ? 2 : 1] & (O_CREAT | O_TRUNC)))
		return false;
	for (size_t i = 0; k->call && i < sizeof(mutating) / sizeof(mutating[0]); i++)
		if (strcmp(k->call->group, mutating[i]) == 0)
			return true;
	return false;
}

static void syscall_stop(struct tracer *t, struct task *k)
{
	struct __ptrace_syscall_info info;
	long result;

	t->stops++;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, k->pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		k->inside = true;
		k->nr = (long)info.entry.nr;
		k->call = find_call(k->nr);
		k->instead = 0;
		memcpy(k->arg, info.entry.args, sizeof(k->arg));
		if (t->mode->all_paths || changes_files(k))
			find_paths(k);
		if (k->nr == SYS_execve)
			give_options(k);
		t->mode->entry(t, k);
		return;
	}
	if (!k->inside)
		return;
	k->inside = false;
	result = (long)info.exit.rval;
	if (k->instead) {
		give_result(k);
		result = k->instead;
	}
	if (result >= 0 && changes_files(k) && trace_about(t, k))
		t->mutations++;
	t->mode->leave(t, k, result);
}

static struct task *task_of(struct tracer *t, pid_t pid, bool *fresh)
{
	struct task *empty = NULL;

	*fresh = false;
	for (size_t i = 0; i < TRACE_TASKS; i++) {
		if (t->tasks[i].pid == pid)
			return &t->tasks[i];
		if (!t->tasks[i].pid && !empty)
			empty = &t->tasks[i];
	}
	if (!empty)
		return NULL;
	*fresh = true;
	*empty = (struct task){ .pid = pid };
	return empty;
}

void trace_kill_all(struct tracer *t)
{
	for (size_t i = 0; i < TRACE_TASKS; i++)
		if (t->tasks[i].pid)
			kill(t->tasks[i].pid, SIGKILL);
}

static pid_t start(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0)
			execv(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Stopped by a signal, by one of ptrace's own events, or at a call. */
static void stopped(struct tracer *t, struct task *k, bool fresh, int status)
{
	int signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		syscall_stop(t, k);
		signal = 0;
	} else if (status >> 16 == PTRACE_EVENT_EXIT) {
		if (t->mode->dying)
			t->mode->dying(t, k);
		signal = 0;
	} else if (status >> 16 || (fresh && signal == SIGSTOP)) {
		signal = 0;
	}
	ptrace(PTRACE_SYSCALL, k->pid, NULL, (void *)(uintptr_t)signal);
}

bool trace_run(struct tracer *t, char *const argv[])
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL |
			     (t->mode->dying ? PTRACE_O_TRACEEXIT : 0);
	bool fresh;
	int status;

	t->root = start(argv);
	if (t->root < 0 || waitpid(t->root, &status, 0) != t->root || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, t->root, NULL, options) != 0)
		return false;
	task_of(t, t->root, &fresh);
	ptrace(PTRACE_SYSCALL, t->root, NULL, NULL);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		struct task *k;

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return errno == ECHILD;
		k = task_of(t, pid, &fresh);
		if (!k)
			return false;
		if (WIFSTOPPED(status)) {
			stopped(t, k, fresh, status);
			continue;
		}
		if (pid == t->root)
			t->status = status;
		*k = (struct task){ 0 };
	}
}
