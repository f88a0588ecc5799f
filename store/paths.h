/* SPDX-License-Identifier: MIT */
#ifndef STORE_PATHS_H
#define STORE_PATHS_H

#include <sys/types.h>

#include "base/fs.h"

/*
 * Where everything lives (vault-format.md "Files", gateway-family.md 1).
 *
 * Computed once from the command line and the environment, without creating or
 * reading a file. The environment comes through a function, so that tests and
 * the service's-eye view ask about an environment that is not ours.
 */

#define PATHS_CAP 1024
#define AGENT_CAP 65 /* a normalised agent id */
#define AGENT_DEFAULT "main"

struct paths_env {
	const char *(*get)(void *ctx, const char *name); /* NULL when it is not set */
	void *ctx;
};

/* This process's environment. */
struct paths_env paths_env_process(void);

struct paths {
	char home[PATHS_CAP];
	char state[PATHS_CAP]; /* as asked for: absolute, may be a symbolic link */
	char real[PATHS_CAP];  /* realpath of state when it exists, else the same: for comparing */
	char config[PATHS_CAP];
	char env[PATHS_CAP];
	char secrets[PATHS_CAP]; /* the directory */
	char vault[PATHS_CAP];
	char vault_bak[PATHS_CAP];
	char lock[PATHS_CAP];
	char txn[PATHS_CAP];
	char checks[PATHS_CAP];
	char resolver[PATHS_CAP]; /* <state>/bin/thinkfleetbot-resolve */
	char keys[PATHS_CAP];     /* the directory */
	bool foreign; /* another gateway's state folder, with its own configuration file */
};

/* state_dir: --state-dir, or NULL. */
bool paths_resolve(
	struct paths *p, const char *state_dir, const struct paths_env *env, struct err *e);

/* struct paths' keys alone: what the resolver asks for, mostly with an empty environment. */
bool paths_keys(char *out, size_t cap, const struct paths_env *env, struct err *e);

/*
 * Refuses to work for somebody else: root through sudo, or a home that is not
 * ours. command: what the person typed ("thinkfleetbot onboard"), so that the
 * hint is the exact line to type instead.
 */
bool paths_check(const struct paths *p, uid_t euid, const struct paths_env *env,
	const char *command, struct err *e);

/* "~" and "~/x" with home, "x" relative to the working directory; "a/./b//" becomes "a/b". */
bool paths_absolute(char *out, size_t cap, const char *path, const char *home, struct err *e);

/* gateway-family.md 1.5; blank or nothing usable is "main". NULL too. */
void agent_normalise(char out[AGENT_CAP], const char *id);

/* agent_dir: what agents.list[].agentDir says, or NULL or "". agent: normalised. */
bool paths_agent_dir(char *out, size_t cap, const struct paths *p, const char *agent,
	const char *agent_dir, struct err *e);

/* <agent dir>/auth-profiles.json and auth-state.json. */
bool paths_profiles(char *out, size_t cap, const char *agent_dir, struct err *e);
bool paths_auth_state(char *out, size_t cap, const char *agent_dir, struct err *e);

#endif
