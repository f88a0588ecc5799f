/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
	int status;
	const char *text;
};

static const struct row rows[] = {
#define X(code, status, text) [ERR_##code] = { status, text },
	ERR_LIST(X)
#undef X
};

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return false;
	e->code = code;
	e->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return false;
}

static enum err_code code_of_errno(int n)
{
	switch (n) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case ENOMEM:
		return ERR_MEMORY;
	case EACCES:
	case EPERM:
	case ELOOP:
		return ERR_REFUSED;
	case EROFS:
	case EEXIST:
		return ERR_CREATE;
	case EAGAIN:
	case EBUSY:
		return ERR_BUSY;
	default:
		return ERR_IO;
	}
}

static const char *hint_of_errno(int n)
{
	switch (n) {
	case ENOSPC:
		return "free some space on that disk, then try again; nothing was changed";
	case EDQUOT:
		return "your disk quota is used up; free some space, then try again";
	case ENOTDIR:
		return "something on the way to it is a file and no folder; look with ls -ld";
	case EROFS:
		return "the file system is mounted read-only; remount it or choose another "
		       "--state-dir";
	case EMFILE:
	case ENFILE:
		return "too many open files; raise the limit with ulimit -n";
	case EACCES:
		return "look at its owner and mode with ls -ld";
	case EPERM:
		return "the file may be immutable; look with lsattr";
	default:
		return "";
	}
}

bool err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(e, code_of_errno(saved), "%s: %s", what, strerror(saved));
	if (hint_of_errno(saved)[0])
		err_hint(e, "%s", hint_of_errno(saved));
	errno = saved;
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	char before[sizeof(e->msg)];
	char context[160];
	va_list ap;

	if (!e)
		return false;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	memcpy(before, e->msg, sizeof(before));
	before[sizeof(before) - 1] = '\0';
	if (snprintf(e->msg, sizeof(e->msg), "%s: %s", context, before) >= (int)sizeof(e->msg))
		memcpy(e->msg + sizeof(e->msg) - 4, "...", 4);
	return false;
}

bool err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return false;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return false;
}

int err_exit_status(enum err_code code)
{
	return rows[code].status;
}

const char *err_text(enum err_code code)
{
	return rows[code].text;
}
