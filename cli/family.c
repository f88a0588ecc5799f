/* SPDX-License-Identifier: MIT */
#include "cli/family.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *words[3];
	const char *instead;
} rows[] = {
	{ { "configure" }, "thinkfleetbot onboard" },
	{ { "models", "auth", "logout" }, "thinkfleetbot models auth remove PROFILE" },
	{ { "models", "auth", "activate" },
		"thinkfleetbot models auth order set --provider NAME PROFILE" },
	{ { "models", "auth", "paste-api-key" },
		"thinkfleetbot models auth paste-token takes API keys, too" },
	{ { "models", "scan" }, "thinkfleetbot models list --all" },
	{ { "secrets", "configure" }, "thinkfleetbot onboard" },
	{ { "secrets", "reload" }, "the gateway reloads them itself: restart it" },
	{ { "security", "audit" }, "thinkfleetbot secrets audit, and thinkfleetbot doctor" },
};

const char *family_instead(char **words, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t at = 0;

		while (at < ARRAY_LEN(rows[i].words) && rows[i].words[at] && at < n &&
			strcmp(rows[i].words[at], words[at]) == 0)
			at++;
		if (at == ARRAY_LEN(rows[i].words) || !rows[i].words[at])
			return rows[i].instead;
	}
	return NULL;
}
