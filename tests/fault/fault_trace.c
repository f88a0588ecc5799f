/* SPDX-License-Identifier: MIT */

/*
 * fault_trace: one run of a program with one thing done to it.
 *
 *   fault_trace [--under DIR] [--report FILE] MODE ARGUMENTS -- COMMAND...
 *
 *   count                     how many syscall stops there are, and how many calls of each group
 *   kill N                    SIGKILL to all of its processes at the N-th stop
 *   fail GROUP K HOW ERROR    the K-th call of a group fails; HOW is "once" or "on" (and all after)
 *   record FILE               every call about the files, with the bytes of each change
 *   scan NEEDLES              where a secret is in the memory of a process about to end
 *
 * The report is one JSON object. The command's own descriptors are left alone. Exit status: 0 when
 * the run was observed, whatever became of the command; 125 when it could not be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/scan.h"
#include "tests/fault/trace.h"

static void nothing(struct tracer *t, struct task *k)
{
	(void)t;
	(void)k;
}

static void no_result(struct tracer *t, struct task *k, long result)
{
	(void)t;
	(void)k;
	(void)result;
}

static void no_words(struct tracer *t)
{
	(void)t;
}

static void json_text(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++)
		if (*s == '"' || *s == '\\' || (unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			fputc(*s, f);
	fputc('"', f);
}

/* --- count ------------------------------------------------------------------------------- */

#define GROUPS 32

static struct {
	const char *name;
	uint64_t n;
} groups[GROUPS];

static void count_entry(struct tracer *t, struct task *k)
{
	size_t i = 0;

	if (!k->call || !trace_about(t, k))
		return;
	while (i < GROUPS - 1 && groups[i].name && strcmp(groups[i].name, k->call->group) != 0)
		i++;
	groups[i].name = k->call->group;
	groups[i].n++;
}

static void count_finish(struct tracer *t)
{
	fputs(",\"groups\":{", t->report);
	for (size_t i = 0; i < GROUPS && groups[i].name; i++)
		fprintf(t->report, "%s\"%s\":%llu", i ? "," : "", groups[i].name,
			(unsigned long long)groups[i].n);
	fputc('}', t->report);
}

/* --- kill -------------------------------------------------------------------------------- */

static uint64_t kill_at;

static bool kill_start(struct tracer *t, char **args)
{
	(void)t;
	kill_at = strtoull(args[0], NULL, 10);
	return kill_at > 0;
}

static void kill_entry(struct tracer *t, struct task *k)
{
	(void)k;
	if (t->stops == kill_at)
		trace_kill_all(t);
}

static void kill_leave(struct tracer *t, struct task *k, long result)
{
	(void)result;
	kill_entry(t, k);
}

/* --- fail -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "ENOSPC", ENOSPC },
	{ "EDQUOT", EDQUOT },
	{ "EIO", EIO },
	{ "EINTR", EINTR },
	{ "EACCES", EACCES },
	{ "EROFS", EROFS },
	{ "EMFILE", EMFILE },
	{ "EAGAIN", EAGAIN },
	{ "ENOMEM", ENOMEM },
	{ "SHORT", 0 },
};

static struct {
	const char *group;
	uint64_t at;
	bool on;
	int error; /* 0: a short count */
	uint64_t seen;
	uint64_t fired;
	char call[32];
	char path[PATH_MAX];
	uint64_t changes; /* before it fired, and the last of them: */
	char last_group[32];
	char last[PATH_MAX];
} fault;

static bool fail_start(struct tracer *t, char **args)
{
	(void)t;
	fault.group = args[0];
	fault.at = strtoull(args[1], NULL, 10);
	fault.on = strcmp(args[2], "on") == 0;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, args[3]) == 0) {
			fault.error = errors[i].value;
			return fault.at > 0;
		}
	return false;
}

static void fail_entry(struct tracer *t, struct task *k)
{
	if (!k->call || strcmp(k->call->group, fault.group) != 0 || !trace_about(t, k))
		return;
	fault.seen++;
	if (fault.seen < fault.at || (fault.seen > fault.at && !fault.on))
		return;
	if (!fault.fired++) {
		snprintf(fault.call, sizeof(fault.call), "%s", k->call->name);
		snprintf(fault.path, sizeof(fault.path), "%s", k->path);
	}
	if (!fault.error) {
		if (k->arg[2] > 1)
			trace_set_arg2(k, k->arg[2] / 2);
	} else if (k->nr == SYS_close) {
		/* Linux closes the descriptor whatever close() returns. */
		trace_replace_result(k, -fault.error);
	} else {
		trace_skip(k, fault.error);
	}
}

static void fail_leave(struct tracer *t, struct task *k, long result)
{
	(void)result;
	if (fault.fired || t->mutations == fault.changes)
		return;
	fault.changes = t->mutations;
	snprintf(fault.last_group, sizeof(fault.last_group), "%s", k->call->group);
	snprintf(fault.last, sizeof(fault.last), "%s", k->to[0] ? k->to : k->path);
}

static void fail_finish(struct tracer *t)
{
	fprintf(t->report,
		",\"seen\":%llu,\"fired\":%llu,\"call\":", (unsigned long long)fault.seen,
		(unsigned long long)fault.fired);
	json_text(t->report, fault.call);
	fputs(",\"path\":", t->report);
	json_text(t->report, fault.path);
	fputs(",\"last\":[", t->report);
	json_text(t->report, fault.last_group);
	fputc(',', t->report);
	json_text(t->report, fault.last);
	fputc(']', t->report);
}

/* --- record ------------------------------------------------------------------------------ */

static FILE *journal;

static bool record_start(struct tracer *t, char **args)
{
	(void)t;
	journal = fopen(args[0], "we");
	return journal != NULL;
}

static long position(const struct task *k)
{
	char path[64];
	char line[64];
	long pos = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)k->pid, (int)k->arg[0]);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && strncmp(line, "pos:", 4) == 0)
		pos = strtol(line + 4, NULL, 10);
	if (f)
		fclose(f);
	return pos;
}

/* The bytes as they were at the call: after it the position has moved already. */
static void record_data(const struct task *k, long n)
{
	unsigned char *p = malloc(n > 0 ? (size_t)n : 1);
	long at = k->nr == SYS_pwrite64 ? (long)k->arg[3] : position(k) - n;

	if (p && trace_read(k->pid, k->arg[1], p, (size_t)n)) {
		fprintf(journal, ",\"at\":%ld,\"data\":\"", at);
		for (long i = 0; i < n; i++)
			fprintf(journal, "%02x", p[i]);
		fputc('"', journal);
	}
	free(p);
}

static void record_leave(struct tracer *t, struct task *k, long result)
{
	const struct call *c = k->call;

	if (!c || result < 0 || !trace_about(t, k))
		return;
	fprintf(journal, "{\"call\":\"%s\",\"group\":\"%s\",\"path\":", c->name, c->group);
	json_text(journal, k->path);
	if (c->to_path != TRACE_NO_ARG) {
		fputs(",\"to\":", journal);
		json_text(journal, k->to);
	}
	if (strcmp(c->group, "write") == 0)
		record_data(k, result);
	if (strcmp(c->group, "open") == 0)
		fprintf(journal, ",\"flags\":%llu,\"mode\":%llu",
			(unsigned long long)(c->dir == 0 ? k->arg[2] : k->arg[1]),
			(unsigned long long)(c->dir == 0 ? k->arg[3] : k->arg[2]));
	if (k->nr == SYS_renameat2)
		fprintf(journal, ",\"flags\":%llu", (unsigned long long)k->arg[4]);
	if (strcmp(c->group, "chmod") == 0 || strcmp(c->group, "truncate") == 0 ||
		strcmp(c->group, "mkdir") == 0)
		fprintf(journal, ",\"value\":%llu",
			(unsigned long long)k->arg[c->dir == 0 ? 2 : 1]);
	fputs("}\n", journal);
}

static void record_finish(struct tracer *t)
{
	(void)t;
	fclose(journal);
}

/* --- scan -------------------------------------------------------------------------------- */

static bool scan_mode_start(struct tracer *t, char **args)
{
	(void)t;
	return scan_load(args[0]);
}

static bool is_leader(pid_t pid)
{
	char path[64];
	char line[128];
	long leader = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && !leader && fgets(line, sizeof(line), f))
		if (strncmp(line, "Tgid:", 5) == 0)
			leader = strtol(line + 5, NULL, 10);
	if (f)
		fclose(f);
	return leader == pid;
}

/* However it ends: the probe is killed when the screen closes. A thread has no memory of its own.
 */
static void scan_dying(struct tracer *t, struct task *k)
{
	if (is_leader(k->pid))
		scan_process(k->pid, t->under ? t->under : "");
}

static void scan_mode_finish(struct tracer *t)
{
	scan_print(t->report);
}

/* ----------------------------------------------------------------------------------------- */

static bool no_arguments(struct tracer *t, char **args)
{
	(void)t;
	(void)args;
	return true;
}

static const struct trace_mode modes[] = {
	{ "count", 0, true, "", no_arguments, count_entry, no_result, count_finish, NULL },
	{ "kill", 1, false, "N", kill_start, kill_entry, kill_leave, no_words, NULL },
	{ "fail", 4, true, "GROUP K once|on ERROR", fail_start, fail_entry, fail_leave, fail_finish,
		NULL },
	{ "record", 1, true, "FILE", record_start, nothing, record_leave, record_finish, NULL },
	{ "scan", 1, false, "NEEDLES", scan_mode_start, nothing, no_result, scan_mode_finish,
		scan_dying },
};

static int usage(void)
{
	fputs("usage: fault_trace [--under DIR] [--report FILE] MODE -- COMMAND...\n", stderr);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		fprintf(stderr, "  %s %s\n", modes[i].name, modes[i].usage);
	return 125;
}

static void print_report(const struct tracer *t)
{
	fprintf(t->report, "{\"stops\":%llu,\"mutations\":%llu,\"exit\":%d,\"signal\":%d",
		(unsigned long long)t->stops, (unsigned long long)t->mutations,
		WIFEXITED(t->status) ? WEXITSTATUS(t->status) : -1,
		WIFSIGNALED(t->status) ? WTERMSIG(t->status) : 0);
}

int main(int argc, char **argv)
{
	struct tracer t = { .report = stdout };
	int i = 1;

	for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
		if (strcmp(argv[i], "--under") == 0)
			t.under = argv[i + 1];
		else if (strcmp(argv[i], "--report") != 0 || !(t.report = fopen(argv[i + 1], "we")))
			return usage();
	}
	for (size_t m = 0; i < argc && m < sizeof(modes) / sizeof(modes[0]); m++)
		if (strcmp(modes[m].name, argv[i]) == 0)
			t.mode = &modes[m];
	if (!t.mode || i + 1 + t.mode->args + 1 >= argc ||
		strcmp(argv[i + 1 + t.mode->args], "--") != 0 || !t.mode->start(&t, argv + i + 1))
		return usage();
	if (!trace_run(&t, argv + i + t.mode->args + 2)) {
		fputs("fault_trace: cannot trace\n", stderr);
		return 125;
	}
	print_report(&t);
	t.mode->finish(&t);
	fputs("}\n", t.report);
	return 0;
}
