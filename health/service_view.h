/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_VIEW_H
#define HEALTH_SERVICE_VIEW_H

#include "health/health.h"

/*
 * "Your shell / the service", as plain data in the snapshot: each variable that carries a
 * credential, where it is set and to what, by fingerprint alone.
 */

enum cell_state {
	CELL_UNSET,
	CELL_BLANK, /* set to nothing: it still keeps .env from setting it */
	CELL_SET,
	CELL_UNKNOWN, /* there, but it cannot be read */
};

struct service_cell {
	enum cell_state state;
	char fingerprint[FINGERPRINT_CAP];
	char from[320]; /* "~/.config/systemd/user/x.service:12", or "" */
};

/* What sets a variable of the service at its next start. */
enum service_wins {
	WINS_NOTHING,
	WINS_UNIT,
	WINS_SEALED, /* thinkfleetbot run, in front of it, opens the vault */
	WINS_DIR_ENV,
	WINS_DOTENV,
	WINS_CONFIG,
	WINS_SHELL, /* the gateway's own login-shell import */
};

struct service_row {
	char name[65];
	char provider[PROVIDER_CAP];
	struct service_cell shell, dotenv, unit, process;
	enum service_wins wins;
	struct service_cell next; /* what it then holds */
};

struct service_view {
	const char *kind; /* "systemd-user", "systemd-system", "launchd", or "" without a unit */
	char name[256];
	char path[1024];
	char user[64];
	char home[1024];
	char dir[1024];
	char state[1024];
	bool ours; /* uses this state folder */
	bool masked;
	char active[16];     /* what systemd says: "active", "failed"; "": it was not asked */
	bool needs_reload;   /* systemd has not read the files as they are now */
	bool run;            /* starts the gateway through `thinkfleetbot run` */
	bool readable_state; /* its account can read our files */
	char gap[256];

	int pid; /* 0: no gateway of this state folder runs */
	int64_t started_ms;
	bool readable; /* the process's environment could be read */
	bool own_unit; /* it was started by this unit */
	char process_user[64];

	size_t row_count;
	struct service_row rows[];
};

const char *service_wins_text(enum service_wins w); /* "the unit", "this .env" */
const char *service_wins_name(enum service_wins w); /* "unit", "dotenv" */
const char *cell_state_name(enum cell_state c);     /* "unset", "set" */

const struct service_row *service_row(const struct service_view *v, const char *name);

/* "systemctl --user VERB NAME", or "" without a unit of systemd. */
void service_systemctl(struct str *out, const struct service_view *v, const char *verb);

#endif
