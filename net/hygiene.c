/* SPDX-License-Identifier: MIT */
#include "net/hygiene.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hostile.h"
#include "base/str.h"

/* HOME too: a library that looks for its settings finds none. */
static bool is_harmful(const char *entry)
{
	return hostile_variable(entry) || str_starts(entry, "HOME=");
}

static void drop_variables(void)
{
	char name[64];

	for (char **v = environ; v && *v;) {
		size_t n = strcspn(*v, "=");

		if (!is_harmful(*v) || n >= sizeof(name)) {
			v++;
			continue;
		}
		str_copy(name, n + 1, *v);
		unsetenv(name); /* shifts the rest to where v is */
	}
}

bool hygiene_apply(int fd, struct err *e)
{
	const struct rlimit none = { 0, 0 }, one = { 1, 1 };
	bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;

#ifndef TFB_SANITIZE
	ok = ok && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#endif
	/*
	 * 1, not 0: with a pipe as core_pattern the kernel ignores a limit of 0 and honours 1
	 * (core(5)). RLIMIT_FSIZE 0: a library that tries to write a file gets EFBIG.
	 */
	ok = ok && setrlimit(RLIMIT_CORE, &one) == 0 && setrlimit(RLIMIT_FSIZE, &none) == 0;
	if (!ok)
		return err_sys(e, "cannot protect the probe");
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (close_range((unsigned)fd + 1, ~0U, 0) != 0)
		return err_sys(e, "cannot close descriptors");
	drop_variables();
	return true;
}
