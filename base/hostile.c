/* SPDX-License-Identifier: MIT */
#include "base/hostile.h"

#include "base/str.h"

/* With "=" the whole name, else everything that begins so. */
static const char *const hostile[] = { "SSLKEYLOGFILE=", "CURL_", "OPENSSL_",
	"NODE_OPTIONS=", "LD_", "GLIBC_TUNABLES=", "MALLOC_", "GCONV_PATH=", "NCURSES_TRACE=",
	"LOCPATH=", "NLSPATH=", "RES_OPTIONS=", "HOSTALIASES=", "LOCALDOMAIN=" };

bool hostile_variable(const char *entry)
{
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		if (str_starts(entry, hostile[i]))
			return true;
	return false;
}
