/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_SURVEY_WORLD_H
#define TESTS_UNIT_SURVEY_WORLD_H

#include "health/survey.h"
#include "tests/unit/test.h"

/*
 * A home folder under /tmp with a state folder, a key folder and an environment of
 * its own, for tests that read real files.
 */
#define WORLD_NOW INT64_C(1795330000000)
#define WORLD_STORE "agents/main/agent/auth-profiles.json"
#define WORLD_CONFIG "thinkfleetbot.json"

struct world {
	char home[64];
	struct paths paths;
	struct paths_env env;
	struct {
		const char *name;
		const char *value;
	} vars[8];
	size_t var_count;
	struct survey_options o; /* as it will be asked; change it before world_take() */
	struct snapshot s;
};

/* For cmocka. */
int world_setup(void **state);
int world_teardown(void **state);

/* Empties the state folder and forgets variables and snapshot: a new world in the same place. */
void world_reset(struct world *w);

/* A file of the state folder, 0600, with its folders (0700). */
void world_file(struct world *w, const char *name, const char *text);
void world_mode(struct world *w, const char *name, unsigned mode);
void world_path(struct world *w, const char *name, char *out, size_t cap);
void world_var(struct world *w, const char *name, const char *value);

/* A record of the vault; the first one makes the vault. */
void world_seal(struct world *w, const char *profile, const char *provider, const char *value);

/* Takes the snapshot into w->s. */
void world_take(struct world *w);

const struct credential *world_find(const struct world *w, const char *id);
const struct provider_state *world_provider(const struct world *w, const char *id);

/* The first finding of a check, of any severity; NULL when the check did not apply. */
const struct finding *world_finding(const struct world *w, const char *check);

#endif
