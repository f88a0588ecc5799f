/* SPDX-License-Identifier: MIT */

/* Locks of others: whose is it, is it abandoned, and how only one takes it over. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/seal.h"
#include "store/doc.h"
#include "store/peerlock_impl.h"

#define LOCK_TEXT_MAX 4096
#define ASIDE ".thinkfleetbot."

/* Field 22 of /proc/PID/stat; 0 when there is no such process. */
static uint64_t start_time(long pid)
{
	struct buf text = { 0 };
	char path[48];
	uint64_t t = 0;
	const char *p;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/*
	 * The name in parentheses may hold blanks and parentheses: count from the last one. The
	 * kernel's line always has 52 fields, so that no test sees one that ends before.
	 */
	if (fs_read_fd(fd, LOCK_TEXT_MAX, &text, NULL) && (p = strrchr(text.p, ')'))) {
		for (int field = 2; p && field < 22; field++) /* GCOVR_EXCL_BR_LINE: as above */
			p = strchr(p + 1, ' ');
		if (p) /* GCOVR_EXCL_BR_LINE: as above */
			t = strtoull(p + 1, NULL, 10);
	}
	close(fd);
	buf_release(&text);
	return t;
}

/*
 * The 9.x releases spell it starttime, a draft of theirs startTime: both are written, both
 * are read.
 */
int peerlock_text(char *out, size_t cap)
{
	uint64_t start = start_time(getpid());
	int64_t now = clock_now_ms();
	time_t s = (time_t)(now / 1000);
	char when[32] = "";
	struct tm tm;
	int n;

	if (gmtime_r(&s, &tm)) /* GCOVR_EXCL_BR_LINE: fails only for years above 2^31 */
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(out, cap,
		"{\"pid\":%ld,\"createdAt\":\"%s.%03dZ\",\"starttime\":%" PRIu64
		",\"startTime\":%" PRIu64 "}\n",
		(long)getpid(), when, (int)(now % 1000), start, start);
	return n < 0 ? 0 : n < (int)cap ? n : (int)cap - 1;
}

/* What a lock file says; zeros where it says nothing. */
struct holder {
	int64_t pid;
	int64_t start;
	int64_t created_ms;
};

static int64_t parse_when(const char *text)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	return rest ? (int64_t)timegm(&tm) * 1000 : 0;
}

static void read_holder(const char *lock, struct holder *h)
{
	struct buf text = { 0 };
	struct doc d = { 0 };
	char when[40];

	*h = (struct holder){ 0 };
	if (!fs_read(lock, LOCK_TEXT_MAX, &text, NULL, NULL) ||
		!doc_parse(&d, &text, DOC_JSON, lock, NULL)) {
		buf_release(&text);
		return;
	}
	doc_int(&d, doc_get(&d, DOC_ROOT, "pid"), &h->pid);
	if (!doc_int(&d, doc_get(&d, DOC_ROOT, "starttime"), &h->start))
		doc_int(&d, doc_get(&d, DOC_ROOT, "startTime"), &h->start);
	if (doc_text(&d, doc_get(&d, DOC_ROOT, "createdAt"), when, sizeof(when)))
		h->created_ms = parse_when(when);
	doc_release(&d);
}

static bool holder_gone(const struct holder *h)
{
	uint64_t start;

	if (h->pid <= 0 || h->pid > INT32_MAX)
		return false;
	if (kill((pid_t)h->pid, 0) != 0 && errno == ESRCH)
		return true;
	start = h->start ? start_time((long)h->pid) : 0;
	return start && start != (uint64_t)h->start;
}

static int64_t wall_ms(void)
{
	struct timespec t;

	/* Not clock_now_ms(): a test that pins the time must not make fresh locks old. */
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t mtime_ms(const struct stat *sb)
{
	return (int64_t)sb->st_mtim.tv_sec * 1000 + sb->st_mtim.tv_nsec / 1000000;
}

/* An mtime in the future is fresh: proper-lockfile sets it up to a second ahead. */
static bool abandoned(const char *lock, const struct stat *sb)
{
	int64_t oldest = wall_ms() - PEERLOCK_STALE_MS;
	struct holder h;

	if (mtime_ms(sb) < oldest)
		return true;
	if (S_ISDIR(sb->st_mode))
		return false;
	read_holder(lock, &h);
	return holder_gone(&h) || (h.created_ms && h.created_ms < oldest);
}

void peerlock_aside(char out[FS_PATH_MAX], const char *lock)
{
	struct str s = str_on(out, FS_PATH_MAX);
	uint64_t r;

	random_bytes(&r, sizeof(r));
	str_fmt(&s, "%s" ASIDE "%ld.%016" PRIx64, lock, (long)getpid(), r);
	if (s.cut)
		out[0] = '\0';
}

static bool same_lock(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void discard(const char *path, mode_t mode)
{
	if (S_ISDIR(mode))
		rmdir(path);
	else
		unlink(path);
}

bool peerlock_take_over(const char *lock, struct err *e)
{
	char aside[FS_PATH_MAX];
	struct stat judged;
	struct stat moved;

	if (lstat(lock, &judged) != 0)
		return errno == ENOENT;
	if (!S_ISDIR(judged.st_mode) && !S_ISREG(judged.st_mode)) {
		err_set(e, ERR_REFUSED, "%s is neither a file nor a folder", lock);
		return err_hint(e, "no gateway makes such a lock; look at it, then remove it");
	}
	/* Where no name fits beside it, it is "", and nothing can be moved there. */
	peerlock_aside(aside, lock);
	if (!abandoned(lock, &judged) || rename(lock, aside) != 0)
		return false;
	/*
	 * Somebody renewed it between the look and the move. When a third one has made a new
	 * lock meanwhile it cannot go back: its owner then finds that it lost it, as we would.
	 */
	if (lstat(aside, &moved) == 0 && !same_lock(&judged, &moved) &&
		renameat2(AT_FDCWD, aside, AT_FDCWD, lock, RENAME_NOREPLACE) == 0)
		return false;
	discard(aside, judged.st_mode);
	return true;
}

static bool maker_gone(const char *digits)
{
	long pid = strtol(digits, NULL, 10);

	return pid > 0 && pid <= INT32_MAX && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* By the process in the name: a living one may be about to move a lock back. */
void peerlock_sweep(const char *lock)
{
	char dirname[FS_PATH_MAX];
	char prefix[FS_PATH_MAX];
	struct str s = STR_OF(prefix);
	const struct dirent *entry;
	struct stat sb;
	DIR *d;

	fs_dirname(dirname, sizeof(dirname), lock);
	str_fmt(&s, "%s" ASIDE, fs_basename(lock));
	d = opendir(dirname);
	while (d && (entry = readdir(d))) {
		if (str_starts(entry->d_name, prefix) && maker_gone(entry->d_name + s.len) &&
			fstatat(dirfd(d), entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
			unlinkat(dirfd(d), entry->d_name, S_ISDIR(sb.st_mode) ? AT_REMOVEDIR : 0);
	}
	if (d)
		closedir(d);
}

bool peerlock_describe(char names[2][FS_PATH_MAX], size_t count, struct err *e)
{
	const char *lock = names[0];
	struct holder h;
	struct stat sb;

	for (size_t i = 0; i < count; i++)
		if (lstat(names[i], &sb) == 0)
			lock = names[i];
	read_holder(lock, &h);
	if (h.pid > 0)
		err_set(e, ERR_BUSY, "%s is held by process %" PRId64, lock, h.pid);
	else
		err_set(e, ERR_BUSY, "%s is held by another program", lock);
	return err_hint(e, "a gateway is busy with the file; try again, or stop the gateway first");
}
