/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/service_view.h"

const char *service_wins_text(enum service_wins w)
{
	static const char *const texts[] = {
		[WINS_NOTHING] = "nothing",
		[WINS_UNIT] = "the unit",
		[WINS_SEALED] = "the vault, through thinkfleetbot run",
		[WINS_DIR_ENV] = "the .env of its working folder",
		[WINS_DOTENV] = "this .env",
		[WINS_CONFIG] = "the configuration",
		[WINS_SHELL] = "a login shell",
	};

	return texts[w];
}

const char *service_wins_name(enum service_wins w)
{
	static const char *const names[] = {
		[WINS_NOTHING] = "nothing",
		[WINS_UNIT] = "unit",
		[WINS_SEALED] = "sealed",
		[WINS_DIR_ENV] = "workdir-env",
		[WINS_DOTENV] = "dotenv",
		[WINS_CONFIG] = "config",
		[WINS_SHELL] = "shell-import",
	};

	return names[w];
}

const char *cell_state_name(enum cell_state c)
{
	static const char *const names[] = {
		[CELL_UNSET] = "unset",
		[CELL_BLANK] = "blank",
		[CELL_SET] = "set",
		[CELL_UNKNOWN] = "unknown",
	};

	return names[c];
}

const struct service_row *service_row(const struct service_view *v, const char *name)
{
	for (size_t i = 0; v && i < v->row_count; i++)
		if (strcmp(v->rows[i].name, name) == 0)
			return &v->rows[i];
	return NULL;
}

void service_systemctl(struct str *out, const struct service_view *v, const char *verb)
{
	bool user = strcmp(v->kind, "systemd-user") == 0;

	if (user || strcmp(v->kind, "systemd-system") == 0)
		str_fmt(out, "systemctl %s%s %s", user ? "--user " : "", verb, v->name);
}
