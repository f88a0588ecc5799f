/* SPDX-License-Identifier: MIT */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static void name_holder(int fd, const char *path, struct err *e)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	err_set(e, ERR_BUSY, "%s is held by another thinkfleetbot%s%s", path,
		pid[0] ? ", pid " : "", pid);
	err_hint(e, "wait for it to finish, then try again");
}

bool fs_lock(struct fs_lock *l, const char *path, int timeout_ms, struct err *e)
{
	int64_t until = clock_mono_ms() + timeout_ms;
	struct timespec nap = { .tv_nsec = 20000000 };
	char pid[24];
	int n;

	l->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (l->fd < 0)
		return err_sys(e, "cannot open the lock %s", path);
	while (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_sys(e, "cannot lock %s", path);
			goto fail;
		}
		if (clock_mono_ms() >= until) {
			name_holder(l->fd, path, e);
			goto fail;
		}
		nanosleep(&nap, NULL);
	}
	/* Only a help for the one who waits; its failure costs nothing. */
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(l->fd, 0) == 0)
		(void)!pwrite(l->fd, pid, (size_t)n, 0);
	return true;
fail:
	close(l->fd);
	l->fd = -1;
	return false;
}

void fs_unlock(struct fs_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
