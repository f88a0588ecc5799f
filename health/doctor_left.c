/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "health/doctor_impl.h"
#include "store/peerlock.h"
#include "store/txn.h"

/* What others left: half a change, temporary files, locks of processes that are gone. */

/* Written beside its file by a process that was killed: a .env in it has its plain keys. */
static void check_temporary(struct survey *v, const struct check *c)
{
	char path[FS_PATH_MAX];
	struct finding *f;

	if (!txn_left(v->paths, path, sizeof(path)) && !fs_left(v->own.path, path, sizeof(path)))
		return;
	f = finding_add(v, c, SEVERITY_WARN,
		"a temporary file of a write that was killed is left, and may hold a plain key");
	finding_evidence(v, f, path, 0);
	finding_fix(f, FIX_DOCTOR, NULL);
	f->safe = true;
}

/* The next command that writes finishes it too; until then the files are a working half. */
bool check_interrupted(struct survey *v, const struct check *c)
{
	struct txn_report left;
	struct finding *f;
	struct stat st;

	if (stat(v->paths->state, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	/* What cannot be looked at is no leftover. */
	if (access(v->paths->secrets, R_OK | X_OK) != 0 && errno != ENOENT)
		return true;
	check_temporary(v, c);
	if (!txn_pending(v->paths->txn, &left))
		return true;
	if (left.stopped)
		f = finding_add(v, c, SEVERITY_WARN,
			"a change was interrupted, and %.120s has changed since", left.path);
	else if (left.completed)
		f = finding_add(v, c, SEVERITY_WARN, "a change was interrupted half-way");
	else
		f = finding_add(v, c, SEVERITY_WARN, "copies of a change that never began");
	finding_evidence(v, f, v->paths->txn, 0);
	finding_fix(f, FIX_DOCTOR, NULL);
	f->safe = true;
	return true;
}

/*
 * A leftover folder makes a gateway of April wait for ever, a leftover file makes one of January
 * write without a lock (store/peerlock.h). The clock is the real one: lock times are file times.
 */
static void check_lock(struct survey *v, const struct check *c, const char *store)
{
	char path[PATHS_CAP];
	struct str name = STR_OF(path);
	struct finding *f;
	struct stat st;
	int64_t age_s;

	str_fmt(&name, "%s.lock", store);
	if (name.cut || lstat(path, &st) != 0)
		return;
	age_s = (int64_t)time(NULL) - st.st_mtim.tv_sec;
	if (age_s * 1000 < PEERLOCK_STALE_MS)
		return; /* a gateway is writing just now */
	f = finding_add(v, c, SEVERITY_WARN,
		"a gateway's lock was left behind: it is renewed every few seconds, and this one "
		"is %lld min old",
		(long long)(age_s / 60));
	finding_evidence(v, f, path, 0);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		finding_fix(f, "rm", path); /* no gateway makes such a lock */
		return;
	}
	finding_fix(f, FIX_DOCTOR, NULL);
	f->safe = true;
}

/* Ours is an empty file that stays; what else has its name keeps every command from saving. */
static void check_own_lock(struct survey *v, const struct check *c)
{
	char aside[PATHS_CAP];
	struct str name = STR_OF(aside);
	struct finding *f;
	struct stat st;

	if (stat(v->paths->lock, &st) != 0 || S_ISREG(st.st_mode))
		return;
	f = finding_add(
		v, c, SEVERITY_FAIL, "nothing can be saved: the lock of our commands is no file");
	finding_evidence(v, f, v->paths->lock, 0);
	str_fmt(&name, "%s.old", v->paths->lock);
	if (!name.cut)
		finding_move(f, v->paths->lock, aside);
}

bool check_locks(struct survey *v, const struct check *c)
{
	if (!v->s->state_exists)
		return false;
	check_own_lock(v, c);
	check_lock(v, c, v->own.path);
	if (v->layered)
		check_lock(v, c, v->main.path);
	return true;
}

/* Replacing the file would leave its content under the other name. */
static void check_names(
	struct survey *v, const struct check *c, const char *path, const struct stat *st)
{
	struct finding *f;

	if (!S_ISREG(st->st_mode) || st->st_nlink < 2)
		return;
	f = finding_add(v, c, SEVERITY_WARN,
		"%s has %lu names (hard links): nothing is saved to it", fs_basename(path),
		(unsigned long)st->st_nlink);
	finding_evidence(v, f, path, 0);
	finding_fix(f, "ls -li", path);
}

/* Followed, and kept as links; but who changes the other file changes this one. */
bool check_links(struct survey *v, const struct check *c)
{
	const char *const paths[] = { v->paths->state, v->paths->config, v->paths->env, v->own.path,
		v->paths->secrets, v->paths->vault };

	if (!v->s->state_exists)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct finding *f;
		struct stat st;

		if (lstat(paths[i], &st) != 0)
			continue;
		check_names(v, c, paths[i], &st);
		if (!S_ISLNK(st.st_mode))
			continue;
		f = finding_add(v, c, SEVERITY_INFO, "%s is a symbolic link",
			i == 0 ? "the state folder" : fs_basename(paths[i]));
		finding_evidence(v, f, paths[i], 0);
		finding_fix(f, "readlink -f", paths[i]);
	}
	return true;
}
