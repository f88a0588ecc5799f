/* SPDX-License-Identifier: MIT */
#include "cli/hygiene.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostile.h"

extern char **environ;

#define REMOVED_MAX 64 /* more is no environment of a person */

/* What to give back; the only other mutable state is the terminal's. */
static struct {
	char *removed[REMOVED_MAX + 1];
	struct rlimit core;
	mode_t mask;
	void (*sigpipe)(int);
} before;

static void open_standard_descriptors(void)
{
	int fd;

	/* A file opened as descriptor 2 would receive our messages. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	if (fd > 2)
		close(fd);
}

static void no_core(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_CORE, &before.core);
	/* 1, not 0: a core_pattern pipe ignores 0, the kernel honours this value (core(5)). */
	limit = before.core;
	limit.rlim_cur = limit.rlim_max == 0 ? 0 : 1;
	setrlimit(RLIMIT_CORE, &limit);
#ifndef TFB_SANITIZE
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Out of environ, in place; the entries themselves stay for hygiene_removed(). */
static void remove_hostile(void)
{
	char **to = environ;
	size_t taken = 0;

	for (char **from = environ; from && *from; from++) {
		if (!hostile_variable(*from))
			*to++ = *from;
		else if (taken < REMOVED_MAX)
			before.removed[taken++] = *from;
	}
	if (to)
		*to = NULL;
}

void hygiene_start(void)
{
	no_core();
	before.mask = umask(077);
	open_standard_descriptors();
	remove_hostile();
	before.sigpipe = signal(SIGPIPE, SIG_IGN);
}

bool hygiene_confine(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void hygiene_undo(void)
{
	setrlimit(RLIMIT_CORE, &before.core);
	umask(before.mask);
	signal(SIGPIPE, before.sigpipe == SIG_ERR ? SIG_DFL : before.sigpipe);
}

char *const *hygiene_removed(void)
{
	return before.removed;
}
