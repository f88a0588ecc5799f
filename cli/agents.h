/* SPDX-License-Identifier: MIT */
#ifndef CLI_AGENTS_H
#define CLI_AGENTS_H

#include "cli/place.h"

/*
 * Every agent of a state folder: those the configuration lists, those with a folder
 * under agents/, and main. Normalised, each once, in that order.
 */
#define AGENTS_MAX 256

struct agents {
	char ids[AGENTS_MAX][AGENT_CAP];
	size_t count;
	bool more; /* there are others beyond the maximum */
};

bool agents_find(struct agents *a, const struct place *p, struct err *e);

/* Where this agent's profiles are. */
bool agents_dir(char *out, size_t cap, const struct place *p, const char *agent, struct err *e);
bool agents_profiles(
	char *out, size_t cap, const struct place *p, const char *agent, struct err *e);

#endif
