/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "health/doctor.h"

bool doctor_can_fix(const struct finding *f)
{
	return f->safe && f->target[0] && f->mode;
}

/* Through the descriptor that was looked at: nobody can swap the file in between. */
static bool narrow(int fd, const char *path, unsigned mode, struct err *e)
{
	char self[64];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_REFUSED, "%s is neither a file nor a folder", path);
	if (st.st_uid != geteuid())
		return err_set(e, ERR_REFUSED, "%s belongs to uid %u, not to you", path,
			(unsigned)st.st_uid);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (chmod(self, st.st_mode & mode) != 0)
		return err_sys(e, "cannot change the mode of %s", path);
	if (fstat(fd, &st) != 0)
		return err_sys(e, "%s", path);
	if (st.st_mode & 07777 & ~mode)
		return err_set(e, ERR_FAILED, "%s still has mode %04o", path,
			(unsigned)(st.st_mode & 07777));
	return true;
}

bool doctor_fix(const struct finding *f, struct err *e)
{
	char *real;
	bool ok = false;
	int fd = -1;

	if (!doctor_can_fix(f))
		return err_set(e, ERR_USAGE, "%s: nothing to repair here", f->check);
	real = realpath(f->target, NULL);
	if (real)
		fd = open(real, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		err_sys(e, "%s", f->target);
	else
		ok = narrow(fd, real, f->mode, e);
	if (fd >= 0)
		close(fd);
	free(real);
	return ok;
}
