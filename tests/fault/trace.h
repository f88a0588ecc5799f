/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAULT_TRACE_H
#define TESTS_FAULT_TRACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * A program and all of its processes, stopped at every system call.
 *
 * What the fault harnesses do to it stands in fault_trace.c; here is only the
 * loop, and the table of the calls that touch files. ptrace instead of a
 * preloaded library: it sees what libc does inside itself, works the same on a
 * sanitized build, and can kill between any two calls.
 */

enum {
	TRACE_TASKS = 64,
	TRACE_NO_ARG = -1,
};

/* Which argument is what; TRACE_NO_ARG where it has none. */
struct call {
	long nr;
	const char *name;
	const char *group; /* what a sweep names: "open", "write", "rename" ... */
	int dir;
	int path;
	int fd;
	int to_dir; /* of a rename or link */
	int to_path;
};

struct task {
	pid_t pid;
	bool inside;             /* between entry and exit of a call */
	const struct call *call; /* NULL: not in the table */
	long nr;
	uint64_t arg[6];
	char path[PATH_MAX]; /* what the call is about, absolute */
	char to[PATH_MAX];
	long instead; /* != 0: what the call returns instead of its own result */
};

struct tracer;

struct trace_mode {
	const char *name;
	int args;
	bool all_paths; /* else only those of calls that change files: each costs a system call */
	const char *usage;
	bool (*start)(struct tracer *t, char **args);
	void (*entry)(struct tracer *t, struct task *k);
	void (*leave)(struct tracer *t, struct task *k, long result);
	void (*finish)(struct tracer *t);
	void (*dying)(struct tracer *t, struct task *k); /* or NULL; its memory is still there */
};

struct tracer {
	const struct trace_mode *mode;
	const char *under; /* only calls about paths below this count as file calls */
	FILE *report;
	struct task tasks[TRACE_TASKS];
	pid_t root;
	int status;         /* of the root process, as from waitpid() */
	uint64_t stops;     /* syscall stops over all processes */
	uint64_t mutations; /* calls that changed something below `under` and returned */
};

/* Starts argv and follows it to its end. False: tracing itself failed. */
bool trace_run(struct tracer *t, char *const argv[]);

/* Is this call about a path below t->under (or is there no such limit)? */
bool trace_about(const struct tracer *t, const struct task *k);

/* At entry: the call is not made and returns -error; or only its result is replaced. */
void trace_skip(struct task *k, int error);
void trace_replace_result(struct task *k, long result);
void trace_set_arg2(struct task *k, uint64_t value);

/* Copies from the tracee; false when the memory is not there. */
bool trace_read(pid_t pid, uint64_t at, void *to, size_t n);

void trace_kill_all(struct tracer *t);

#endif
