/* SPDX-License-Identifier: MIT */
#include "base/provider_name.h"

#include <string.h>

#include "base/str.h"

static const char blanks[] = " \t\n\v\f\r";

static const char *const renamed[][2] = {
	{ "z.ai", "zai" },
	{ "z-ai", "zai" },
	{ "opencode-zen", "opencode" },
	{ "qwen", "qwen-portal" },
};

bool provider_name_normalise(char *out, size_t cap, const char *name)
{
	struct str s = str_on(out, cap);
	size_t n;

	name += strspn(name, blanks);
	n = strlen(name);
	while (n && strchr(blanks, name[n - 1]))
		n--;
	str_addn(&s, name, n);
	for (size_t i = 0; i < s.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] + ('a' - 'A'));
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++)
		if (strcmp(out, renamed[i][0]) == 0)
			return str_copy(out, cap, renamed[i][1]);
	return !s.cut;
}
