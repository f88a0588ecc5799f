/* SPDX-License-Identifier: MIT */
#include "base/fs_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool fs_join(char *out, size_t cap, const char *a, const char *b, struct err *e)
{
	struct str s = str_on(out, cap);
	size_t n = strlen(a);

	while (n > 1 && a[n - 1] == '/')
		n--;
	str_addn(&s, a, n);
	if (b[0]) {
		if (!(n == 1 && a[0] == '/'))
			str_add(&s, "/");
		str_add(&s, b);
	}
	if (s.cut)
		return err_set(e, ERR_USAGE, "path too long: %.80s/%.80s", a, b);
	return true;
}

void fs_dirname(char *out, size_t cap, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = str_on(out, cap);

	if (!slash)
		str_add(&s, ".");
	else if (slash == path)
		str_add(&s, "/");
	else
		str_addn(&s, path, (size_t)(slash - path));
}

const char *fs_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void fs_shorten(struct str *out, const char *path, const char *home)
{
	size_t n = home ? strlen(home) : 0;

	if (n > 1 && strncmp(path, home, n) == 0 && (path[n] == '/' || path[n] == '\0')) {
		str_add(out, "~");
		path += n;
	}
	str_add(out, path);
}

/* All but st->link, which fs_resolve() knows. */
void fs_stamp_of(const struct stat *sb, struct fs_stamp *st)
{
	st->exists = true;
	st->dev = sb->st_dev;
	st->ino = sb->st_ino;
	st->size = sb->st_size;
	st->mtime_ns = (int64_t)sb->st_mtim.tv_sec * 1000000000 + sb->st_mtim.tv_nsec;
	st->mode = sb->st_mode & 07777;
	st->uid = sb->st_uid;
}

bool fs_same(const struct fs_stamp *a, const struct fs_stamp *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns;
}

bool fs_resolve(const char *path, char out[FS_PATH_MAX], struct fs_stamp *st, struct err *e)
{
	char dir[FS_PATH_MAX];
	struct stat sb;

	*st = (struct fs_stamp){ 0 };
	if (lstat(path, &sb) == 0) {
		st->link = S_ISLNK(sb.st_mode);
		if (realpath(path, out)) {
			if (stat(out, &sb) != 0)
				return err_sys(e, "%s", path);
			fs_stamp_of(&sb, st);
			return true;
		}
		if (!st->link || errno != ENOENT)
			return err_sys(e, "%s", path);
		err_set(e, ERR_REFUSED, "%s is a symbolic link to a file that is missing", path);
		return err_hint(e, "create its target, or remove the link");
	}
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	fs_dirname(dir, sizeof(dir), path);
	if (!realpath(dir, out)) {
		if (errno != ENOENT)
			return err_sys(e, "%s", dir);
		return str_copy(out, FS_PATH_MAX, path);
	}
	memcpy(dir, out, FS_PATH_MAX);
	return fs_join(out, FS_PATH_MAX, dir, fs_basename(path), e);
}

bool fs_stat(const char *path, struct fs_stamp *st, struct err *e)
{
	char real[FS_PATH_MAX];

	return fs_resolve(path, real, st, e);
}
