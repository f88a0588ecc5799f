/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "health/service_impl.h"

bool root_path(const struct service_options *o, char *out, size_t cap, const char *path)
{
	struct str s = str_on(out, cap);

	str_fmt(&s, "%s%s", o->root ? o->root : "", path);
	return !s.cut;
}

/* The field at *line, which is moved behind its colon. */
static void field(char *out, size_t cap, const char **line, const char *end)
{
	const char *stop = memchr(*line, ':', (size_t)(end - *line));
	struct str s = str_on(out, cap);

	stop = stop ? stop : end;
	str_addn(&s, *line, (size_t)(stop - *line));
	*line = stop < end ? stop + 1 : end;
}

/* name:password:uid:gid:comment:home:shell */
static bool account_line(struct account *a, const char *line, const char *end)
{
	char skipped[256];
	char uid[16];

	*a = (struct account){ 0 };
	field(a->name, sizeof(a->name), &line, end);
	field(skipped, sizeof(skipped), &line, end);
	field(uid, sizeof(uid), &line, end);
	field(skipped, sizeof(skipped), &line, end);
	field(skipped, sizeof(skipped), &line, end);
	field(a->home, sizeof(a->home), &line, end);
	field(a->shell, sizeof(a->shell), &line, end);
	if (!uid[0] || uid[strspn(uid, "0123456789")])
		return false;
	a->uid = (uid_t)strtoul(uid, NULL, 10);
	return a->name[0] != '\0';
}

bool account_find(struct account *a, const struct service_options *o, const char *name)
{
	bool number = name[0] && !name[strspn(name, "0123456789")];
	struct buf text = { 0 };
	char path[PATHS_CAP];
	bool found = false;
	const char *p;

	if (!root_path(o, path, sizeof(path), "/etc/passwd") ||
		!fs_read(path, 0, &text, NULL, NULL))
		return false;
	p = text.p;
	while (!found && p < text.p + text.len) {
		const char *end = memchr(p, '\n', (size_t)(text.p + text.len - p));

		end = end ? end : text.p + text.len;
		found = account_line(a, p, end) &&
			(number ? a->uid == (uid_t)strtoul(name, NULL, 10)
				: strcmp(a->name, name) == 0);
		p = end + 1;
	}
	buf_release(&text);
	return found;
}

bool file_text(struct buf *out, const char *path, bool *found, struct err *e)
{
	struct err why = { 0 };

	*found = fs_read(path, UNIT_FILE_MAX, out, NULL, &why);
	return *found || why.code != ERR_MEMORY || err_set(e, ERR_MEMORY, "%s", why.msg);
}

bool same_folder(const char *a, const char *b)
{
	struct stat x, y;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
