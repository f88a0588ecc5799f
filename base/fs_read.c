/* SPDX-License-Identifier: MIT */
#include "base/fs_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool fs_read_fd(int fd, size_t max, struct buf *out, struct err *e)
{
	for (;;) {
		ssize_t n;

		if (!buf_reserve(out, 4096, e))
			return false;
		n = read(fd, out->p + out->len, out->cap - 1 - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read");
		if (n == 0)
			break;
		out->len += (size_t)n;
		out->p[out->len] = '\0';
		if (out->len > max)
			return err_set(e, ERR_DAMAGED, "more than %zu bytes", max);
	}
	return true;
}

/* Opened, checked on the descriptor; -1 with *e filled. */
static int open_regular(const char *path, struct fs_stamp *st, struct err *e)
{
	char real[FS_PATH_MAX];
	struct stat sb;
	int fd;

	if (!fs_resolve(path, real, st, e))
		return -1;
	if (!st->exists) {
		err_set(e, ERR_NOT_FOUND, "%s does not exist", path);
		return -1;
	}
	/* O_NONBLOCK: a file swapped for a FIFO must not hang us. */
	fd = open(real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		bool denied = errno == EACCES;

		err_sys(e, "cannot open %s", path);
		if (denied)
			err_hint(e,
				"it belongs to another user or its mode forbids reading; look with "
				"ls -l");
		return -1;
	}
	if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
		err_set(e, ERR_REFUSED, "%s is not a regular file", path);
		err_hint(e, "a file is wanted, no folder, pipe or device: look with ls -ld");
		close(fd);
		return -1;
	}
	fs_stamp_of(&sb, st);
	return fd;
}

bool fs_read(const char *path, size_t max, struct buf *out, struct fs_stamp *st, struct err *e)
{
	struct fs_stamp own;
	bool ok;
	int fd;

	if (!st)
		st = &own;
	*st = (struct fs_stamp){ 0 };
	fd = open_regular(path, st, e);
	if (fd < 0)
		return false;
	ok = fs_read_fd(fd, max ? max : FS_FILE_MAX, out, e);
	if (!ok)
		err_wrap(e, "%s", path);
	close(fd);
	return ok;
}

bool fs_read_private(const char *path, size_t max, struct buf *out, struct err *e)
{
	struct fs_stamp st;

	if (!fs_read(path, max, out, &st, e))
		return false;
	if (st.uid != geteuid()) {
		err_set(e, ERR_REFUSED, "%s belongs to uid %u, not to you (uid %u)", path,
			(unsigned)st.uid, (unsigned)geteuid());
		err_hint(e, "run this as the owner of the file");
	} else if (st.mode & 077) {
		err_set(e, ERR_REFUSED, "%s can be read by others (mode %04o)", path,
			(unsigned)st.mode);
		err_hint(e, "chmod go-rwx %s", path);
	} else {
		return true;
	}
	buf_release(out);
	return false;
}
