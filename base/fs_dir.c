/* SPDX-License-Identifier: MIT */
#include "base/fs_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int fs_open_dir(const char *dir, struct err *e)
{
	struct stat sb;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		err_sys(e, "cannot open the directory %s", dir);
		return -1;
	}
	if (fstat(fd, &sb) != 0) {
		err_sys(e, "%s", dir);
	} else if (sb.st_uid != geteuid() && sb.st_uid != 0) {
		err_set(e, ERR_REFUSED, "the directory %s belongs to uid %u, not to you", dir,
			(unsigned)sb.st_uid);
		err_hint(e, "run this as that user, or choose another --state-dir");
	} else if ((sb.st_mode & 022) && !(sb.st_mode & S_ISVTX)) {
		err_set(e, ERR_REFUSED, "others can write in the directory %s (mode %04o)", dir,
			(unsigned)(sb.st_mode & 07777));
		err_hint(e, "chmod go-w %s", dir);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

bool fs_sync_dir(int dir, struct err *e)
{
	if (fsync(dir) != 0 && errno != EINVAL)
		return err_sys(e, "cannot sync the directory");
	return true;
}

bool fs_mkdirs(const char *path, struct err *e)
{
	char up[FS_PATH_MAX];
	struct stat sb;
	int dir;
	bool ok;

	if (stat(path, &sb) == 0) {
		if (S_ISDIR(sb.st_mode))
			return true;
		return err_set(e, ERR_REFUSED, "%s is not a directory", path);
	}
	if (errno == ENOTDIR)
		return err_set(e, ERR_REFUSED, "%s: a part of the path is not a directory", path);
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	fs_dirname(up, sizeof(up), path);
	if (!fs_mkdirs(up, e))
		return false;
	dir = fs_open_dir(up, e);
	if (dir < 0)
		return false;
	ok = mkdirat(dir, fs_basename(path), 0700) == 0 || errno == EEXIST;
	if (!ok)
		err_sys(e, "cannot create the directory %s", path);
	else
		ok = fs_sync_dir(dir, e) || err_wrap(e, "%s", up);
	close(dir);
	return ok;
}

bool fs_unlink(const char *path, struct err *e)
{
	char dirname[FS_PATH_MAX];
	bool ok;
	int dir;

	if (unlink(path) != 0)
		return errno == ENOENT ? true : err_sys(e, "cannot remove %s", path);
	fs_dirname(dirname, sizeof(dirname), path);
	dir = fs_open_dir(dirname, e);
	if (dir < 0)
		return false;
	ok = fs_sync_dir(dir, e) || err_wrap(e, "%s", dirname);
	close(dir);
	return ok;
}
