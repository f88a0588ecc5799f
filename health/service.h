/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_H
#define HEALTH_SERVICE_H

#include <stdint.h>

#include "health/service_vars.h"

/*
 * The gateway as a service sees it: which unit starts it, as whom, with which variables, and what
 * the one that is running now was started with (user-pains.md P46, P47, P38).
 *
 * Found by reading alone: unit files and drop-ins with systemd's precedence, launchd property
 * lists, the gateways' lock files, control groups and /proc. Whatever cannot be read leaves a gap
 * that is said, never a guess.
 */

#define SERVICE_NAME_CAP 256

enum service_kind {
	SERVICE_NONE,
	SERVICE_USER,   /* a unit of this account's systemd */
	SERVICE_SYSTEM, /* a unit of the system's */
	SERVICE_LAUNCHD,
};

/* One of the family (gateway-family.md 1). */
struct family {
	const char *name; /* of the program, and in front of "-gateway" in its unit */
	const char *state_vars[3];
	const char *folders[3]; /* in HOME; the first that is there, else the first */
	bool january;           /* reads the .env of its working directory too */
};

/* What a command line starts. */
struct service_command {
	const struct family *family; /* NULL: none that is known */
	bool gateway;                /* a gateway of the family */
	bool run;                    /* through `thinkfleetbot run` */
	char state_dir[PATHS_CAP];   /* what follows run's --state-dir, or "" */
};

struct service_process {
	pid_t pid; /* 0: none was found */
	uid_t uid;
	int64_t started_ms;
	bool readable; /* its environment could be read */
	bool locked;   /* it is the one that the gateway's lock file names */
	struct service_command command;
	char unit[SERVICE_NAME_CAP]; /* of its control group, or "" */
	char state[PATHS_CAP];       /* its state folder as far as its variables say it, or "" */
	struct service_vars vars;
};

struct service {
	enum service_kind kind;
	char name[SERVICE_NAME_CAP]; /* "moltbot-gateway.service" */
	char path[PATHS_CAP];        /* its file */
	char user[64];               /* who it runs as */
	char home[PATHS_CAP];        /* of that account */
	char dir[PATHS_CAP];         /* the working directory, or "" */
	char state[PATHS_CAP];       /* its state folder */
	bool ours;                   /* that is this state folder */
	bool masked;
	pid_t main_pid;    /* as systemd says; 0: it was not asked, or there is none */
	char active[16];   /* "active", "failed"; "": it was not asked */
	size_t dropins;    /* that were read */
	bool needs_reload; /* its files are newer than what systemd has read */
	struct service_command command;
	struct service_vars vars; /* what a start now would give it */
	char gap[256];            /* what could not be told, or "" */
	struct service_process process;
};

struct service_options {
	const char *root; /* "": what stands in front of /etc, /usr, /run, /proc, /sys, in tests */
	const char *home; /* this account's */
	const char *user;
	uid_t uid;
	const struct paths_env *env; /* XDG_CONFIG_HOME and the like */
	const char *state;           /* the real path of the state folder that is asked about */
	bool ask_systemd;            /* run systemctl */
};

/* False: out of memory. Else service_release(). */
bool service_look(struct service *out, const struct service_options *o, struct err *e);
void service_release(struct service *s); /* safe on { 0 }, and twice */

#endif
