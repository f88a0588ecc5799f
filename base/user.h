/* SPDX-License-Identifier: MIT */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <limits.h>
#include <sys/types.h>

#include "base/str.h"

/*
 * An account of this machine.
 *
 * /etc/passwd is read here first: glibc's getpwuid() loads its name services, and
 * ends the process when it gets no memory for that. It is asked only about an
 * account that is not in the file.
 */

struct user {
	char name[64];
	char home[PATH_MAX]; /* may be "" */
};

/* ERR_NOT_FOUND: nobody has this uid. ERR_MEMORY; another error of reading the file is none. */
bool user_find(struct user *u, uid_t uid, struct err *e);

#endif
