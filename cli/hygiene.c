/* SPDX-License-Identifier: MIT */
#include "cli/hygiene.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

extern char **environ;

/* Each makes a library write secrets to a file, load code, or behave as someone else likes. */
static const char *const hostile[] = {
	"SSLKEYLOGFILE",
	"CURL_HOME",
	"CURL_CA_BUNDLE",
	"OPENSSL_CONF",
	"OPENSSL_MODULES",
	"NODE_OPTIONS",
	"MALLOC_PERTURB_",
	"MALLOC_TRACE",
	"GCONV_PATH",
	"NCURSES_TRACE",
};

/* What to give back; the only other mutable state is the terminal's. */
static struct {
	char *removed[ARRAY_LEN(hostile) + 1];
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

/* The entry itself, "NAME=value"; unsetenv() takes it out of environ and leaves the string. */
static char *take_out(const char *name)
{
	size_t n = strlen(name);

	for (char **entry = environ; entry && *entry; entry++) {
		char *found = *entry;

		if (strncmp(found, name, n) == 0 && found[n] == '=') {
			unsetenv(name);
			return found;
		}
	}
	return NULL;
}

void hygiene_start(void)
{
	size_t taken = 0;

	no_core();
	before.mask = umask(077);
	open_standard_descriptors();
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		char *entry = take_out(hostile[i]);

		if (entry)
			before.removed[taken++] = entry;
	}
	before.sigpipe = signal(SIGPIPE, SIG_IGN);
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
