/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/service_impl.h"
#include "store/doc.h"

/*
 * The gateway that runs now. Told by its own lock file, by the control group of its unit, or by its
 * command line; of several the one that holds the lock, then one that is started as a gateway, then
 * the oldest. Of a process of another account only the start is known.
 */

#define PROC_FILE_MAX ((size_t)8 << 20)
#define HEAD_BYTES ((size_t)16384)
#define LOCKS_MAX 16
#define LISTED_MAX 64

struct lock {
	pid_t pid;
	int64_t ticks; /* its start, in clock ticks since the boot; 0: not noted */
};

struct search {
	struct service *s;
	const struct service_options *o;
	int proc;        /* the folder /proc: paths from there are short, and there are many */
	int64_t boot_ms; /* 0: not known */
	uid_t service_uid;
	struct lock locks[LOCKS_MAX];
	size_t lock_count;
	pid_t listed[LISTED_MAX]; /* that a lock, systemd or the unit's control group names */
	size_t listed_count;
	struct service_process at; /* that is looked at */
	struct buf text;
	struct err *e;
};

/* --- /proc -------------------------------------------------------------------------------------
 */

/* Its beginning is enough of everything but an environment: a scan of /proc is made of such reads.
 */
static bool read_head(struct search *x, int fd, struct err *e)
{
	ssize_t n;

	if (!buf_reserve(&x->text, HEAD_BYTES, e))
		return false;
	n = read(fd, x->text.p, HEAD_BYTES);
	x->text.len = n > 0 ? (size_t)n : 0;
	x->text.p[x->text.len] = '\0';
	return n >= 0;
}

/* Files of /proc have no size. *found false: gone, or not ours to read. */
static bool read_proc(struct search *x, const char *pid, const char *name, bool *found)
{
	char path[64];
	struct str s = STR_OF(path);
	struct err why = { 0 };
	int fd;

	x->text.len = 0;
	str_fmt(&s, "%s/%s", pid, name);
	fd = s.cut ? -1 : openat(x->proc, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	*found = fd >= 0 &&
		 (strcmp(name, "environ") == 0 ? fs_read_fd(fd, PROC_FILE_MAX, &x->text, &why)
					       : read_head(x, fd, &why));
	if (fd >= 0)
		close(fd);
	return why.code != ERR_MEMORY || err_set(x->e, ERR_MEMORY, "out of memory");
}

/* "btime 1795330000" of /proc/stat: what ps(1) counts from. */
static bool read_boot(struct search *x)
{
	const char *at;
	bool found;

	if (!read_proc(x, ".", "stat", &found))
		return false;
	at = found ? strstr(x->text.p, "\nbtime ") : NULL;
	if (at)
		x->boot_ms = strtoll(at + 7, NULL, 10) * MS_SECOND;
	return true;
}

/* Field 22 of /proc/PID/stat. The name in field 2 may hold blanks and parentheses. */
static int64_t start_ticks(const char *stat)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < 22; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoll(at, NULL, 10) : 0;
}

/* The innermost service of its control group: "/user.slice/.../app.slice/x.service/sub" */
static void find_unit(char out[SERVICE_NAME_CAP], const char *text)
{
	out[0] = '\0';
	while (*text) {
		size_t n = strcspn(text, "/\n");
		struct str part;

		if (n < SERVICE_NAME_CAP && n > 8 && memcmp(text + n - 8, ".service", 8) == 0 &&
			!str_starts(text, "user@")) {
			part = str_on(out, SERVICE_NAME_CAP);
			str_addn(&part, text, n);
		}
		text += n + (text[n] != '\0');
	}
}

/* --- locks -------------------------------------------------------------------------------------
 */

static void read_lock(struct search *x, const char *path)
{
	struct lock *lock = &x->locks[x->lock_count];
	struct buf text = { 0 };
	struct doc d = { 0 };
	int64_t pid = 0;

	/* Once: one that is being written is as good as none. */
	if (!fs_read(path, 0, &text, NULL, NULL) || !doc_parse(&d, &text, DOC_JSON5, path, NULL))
		return;
	*lock = (struct lock){ 0 };
	doc_int(&d, doc_get(&d, DOC_ROOT, "startTime"), &lock->ticks);
	if (doc_int(&d, doc_get(&d, DOC_ROOT, "pid"), &pid) && pid > 0 && pid <= INT32_MAX) {
		lock->pid = (pid_t)pid;
		x->lock_count++;
	}
	doc_release(&d);
}

static void read_locks_in(struct search *x, const char *tmp, const char *family)
{
	char dir[PATHS_CAP];
	struct str s = STR_OF(dir);
	const struct dirent *entry;
	DIR *d;

	str_fmt(&s, "%s/%s-%u", tmp, family, (unsigned)x->o->uid);
	d = s.cut ? NULL : opendir(dir);
	while (d && (entry = readdir(d)) && x->lock_count < LOCKS_MAX) {
		char path[PATHS_CAP];

		if (str_starts(entry->d_name, "gateway.") && str_ends(entry->d_name, ".lock") &&
			fs_join(path, sizeof(path), dir, entry->d_name, NULL))
			read_lock(x, path);
	}
	if (d)
		closedir(d);
}

/* gateway-family.md 1.4: <tmp>/moltbot-<uid>/gateway.<hash>.lock */
static void read_locks(struct search *x)
{
	const char *own = x->o->env->get(x->o->env->ctx, "TMPDIR");
	char tmp[PATHS_CAP];

	for (size_t i = 0; i < family_count(); i++) {
		if (root_path(x->o, tmp, sizeof(tmp), "/tmp"))
			read_locks_in(x, tmp, family_at(i)->name);
		if (own && *own == '/')
			read_locks_in(x, own, family_at(i)->name);
	}
}

static bool is_locked(const struct search *x, pid_t pid, int64_t ticks)
{
	for (size_t i = 0; i < x->lock_count; i++)
		if (x->locks[i].pid == pid && (!x->locks[i].ticks || x->locks[i].ticks == ticks))
			return true;
	return false;
}

/* --- who is named ------------------------------------------------------------------------------
 */

static void list_pid(struct search *x, long pid)
{
	if (pid > 0 && pid <= INT32_MAX && x->listed_count < LISTED_MAX)
		x->listed[x->listed_count++] = (pid_t)pid;
}

static void list_control_group(struct search *x, const char *path)
{
	struct err why = { 0 };
	const char *at;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	x->text.len = 0;
	for (at = read_head(x, fd, &why) ? x->text.p : ""; *at;) {
		list_pid(x, strtol(at, NULL, 10));
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	close(fd);
}

/* Where the services of an account and of the system usually are, with version 2 and before. */
static void list_control_groups(struct search *x)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/systemd" };

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		char name[PATHS_CAP];
		char path[PATHS_CAP];
		struct str s = STR_OF(name);
		unsigned uid = (unsigned)x->o->uid;

		str_add(&s, roots[i]);
		if (x->s->kind == SERVICE_USER)
			str_fmt(&s, "/user.slice/user-%u.slice/user@%u.service/app.slice", uid,
				uid);
		else
			str_add(&s, "/system.slice");
		str_fmt(&s, "/%s/cgroup.procs", x->s->name);
		if (!s.cut && root_path(x->o, path, sizeof(path), name))
			list_control_group(x, path);
	}
}

static void list_named(struct search *x)
{
	for (size_t i = 0; i < x->lock_count; i++)
		list_pid(x, x->locks[i].pid);
	list_pid(x, x->s->main_pid);
	if (x->s->kind == SERVICE_USER || x->s->kind == SERVICE_SYSTEM)
		list_control_groups(x);
}

/* --- candidates --------------------------------------------------------------------------------
 */

static bool is_of_unit(const struct search *x, const struct service_process *p)
{
	bool systemd = x->s->kind == SERVICE_USER || x->s->kind == SERVICE_SYSTEM;

	if (x->s->main_pid && p->pid == x->s->main_pid)
		return true;
	return systemd && p->unit[0] && strcmp(p->unit, x->s->name) == 0;
}

/* The environment of one that is a candidate, and the state folder that it says. */
static bool read_environment(struct search *x, const char *pid, struct service_process *p)
{
	const struct family *f = p->command.family ? p->command.family : x->s->command.family;
	const char *home;

	if (!read_proc(x, pid, "environ", &p->readable) ||
		(p->readable && !vars_block(&p->vars, x->text.p, x->text.len, x->e)))
		return false;
	buf_release(&x->text); /* wiped at once: these are other people's keys, too */
	if (!p->readable)
		return true;
	home = vars_value(&p->vars, "HOME");
	home = home ? home : x->o->home;
	for (size_t i = 0; i < family_count() && !p->state[0]; i++) {
		const struct family *each = f ? f : family_at(i);

		family_state(p->state, sizeof(p->state), each, &p->vars, home);
		if (!f && !same_folder(p->state, x->o->state))
			p->state[0] = '\0';
	}
	return true;
}

/* One that nothing names is told by its command line alone: nothing else of it is read. */
static bool fill(
	struct search *x, const char *pid, bool named, struct service_process *p, bool *candidate)
{
	bool found;
	int64_t ticks = 0;

	*candidate = false;
	if (!read_proc(x, pid, "cmdline", &found))
		return false;
	if (!found || x->text.len == 0)
		return true; /* gone, or the kernel's own */
	command_judge(&p->command, x->text.p, x->text.len);
	if (!named && !p->command.gateway)
		return true;
	if (!read_proc(x, pid, "stat", &found))
		return false;
	if (found)
		ticks = start_ticks(x->text.p);
	if (ticks && x->boot_ms)
		p->started_ms = x->boot_ms + ticks * MS_SECOND / sysconf(_SC_CLK_TCK);
	p->locked = is_locked(x, p->pid, ticks);
	if (!read_proc(x, pid, "cgroup", &found))
		return false;
	if (found)
		find_unit(p->unit, x->text.p);
	*candidate = p->locked || p->command.gateway || is_of_unit(x, p);
	return !*candidate || read_environment(x, pid, p);
}

/* Is it the gateway of this state folder, or the one that the unit started? */
static bool belongs(const struct search *x, const struct service_process *p)
{
	if (is_of_unit(x, p))
		return true;
	return p->readable && p->state[0] && same_folder(p->state, x->o->state);
}

static bool is_better(const struct service_process *p, const struct service_process *than)
{
	if (!than->pid || p->locked != than->locked)
		return !than->pid || p->locked;
	if (p->command.gateway != than->command.gateway)
		return p->command.gateway;
	return p->started_ms < than->started_ms;
}

static bool look_at(struct search *x, const char *pid, bool named)
{
	struct service_process *p = &x->at;
	struct stat st;
	bool candidate;
	bool ok;

	if (fstatat(x->proc, pid, &st, 0) != 0 ||
		(st.st_uid != x->o->uid && st.st_uid != x->service_uid))
		return true;
	*p = (struct service_process){ .pid = (pid_t)strtol(pid, NULL, 10), .uid = st.st_uid };
	if (p->pid == getpid())
		return true;
	ok = fill(x, pid, named, p, &candidate);
	if (ok && candidate && belongs(x, p) && is_better(p, &x->s->process)) {
		vars_release(&x->s->process.vars);
		x->s->process = *p;
		p->vars = (struct service_vars){ 0 };
	}
	vars_release(&p->vars);
	return ok;
}

static bool look_at_named(struct search *x)
{
	bool ok = true;

	for (size_t i = 0; ok && i < x->listed_count; i++) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%d", (int)x->listed[i]);
		ok = look_at(x, pid, true);
	}
	return ok;
}

static bool look_at_all(struct search *x)
{
	const struct dirent *entry;
	int fd = openat(x->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	bool ok = true;

	while (ok && d && (entry = readdir(d)))
		if (entry->d_name[0] && !entry->d_name[strspn(entry->d_name, "0123456789")])
			ok = look_at(x, entry->d_name, false);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
	return ok;
}

bool process_find(struct service *s, const struct service_options *o, struct err *e)
{
	struct search x = { .s = s, .o = o, .service_uid = o->uid, .e = e };
	struct account a;
	char proc[PATHS_CAP];
	bool ok;

	if (!root_path(o, proc, sizeof(proc), "/proc"))
		return true;
	x.proc = open(proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->kind == SERVICE_SYSTEM && account_find(&a, o, s->user))
		x.service_uid = a.uid;
	read_locks(&x);
	list_named(&x);
	ok = read_boot(&x) && look_at_named(&x);
	if (ok && !s->process.pid)
		ok = look_at_all(&x);
	if (x.proc >= 0)
		close(x.proc);
	buf_release(&x.text);
	return ok;
}
