/* SPDX-License-Identifier: MIT */
#include "base/user.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>

static void fill(struct user *u, const struct passwd *pw)
{
	str_copy(u->name, sizeof(u->name), pw->pw_name ? pw->pw_name : "");
	str_copy(u->home, sizeof(u->home), pw->pw_dir ? pw->pw_dir : "");
}

/* *found false: not there. False: no memory to look. */
static bool in_file(struct user *u, uid_t uid, bool *found, struct err *e)
{
	char buffer[4096];
	char line[4096];
	struct passwd entry;
	struct passwd *pw;
	FILE *f = fopen("/etc/passwd", "re");
	int error;

	*found = false;
	if (!f)
		return errno != ENOMEM || err_sys(e, "/etc/passwd");
	/* Its own buffer: stdio takes a failed malloc() for the end of the file. */
	setvbuf(f, buffer, _IOFBF, sizeof(buffer));
	while (!*found && ((error = fgetpwent_r(f, &entry, line, sizeof(line), &pw)) == 0 ||
				  error == ERANGE)) {
		*found = error == 0 && entry.pw_uid == uid;
		if (*found)
			fill(u, &entry);
	}
	fclose(f);
	return true;
}

bool user_find(struct user *u, uid_t uid, struct err *e)
{
	const struct passwd *pw;
	bool found;

	*u = (struct user){ 0 };
	if (!in_file(u, uid, &found, e))
		return false;
	if (found)
		return true;
	errno = 0;
	pw = getpwuid(uid); /* NOLINT(concurrency-mt-unsafe): one thread */
	if (!pw && errno == ENOMEM)
		return err_sys(e, "uid %u", (unsigned)uid);
	if (!pw)
		return err_set(e, ERR_NOT_FOUND, "no account has uid %u", (unsigned)uid);
	fill(u, pw);
	return true;
}
