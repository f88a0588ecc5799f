/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPENER_H
#define CLI_OPENER_H

#include "cli/place.h"
#include "health/health.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/vault.h"

/*
 * Opens the secrets of a snapshot's credentials, one after the other, wherever
 * each is stored. A file is read when the first credential needs it, and once.
 * Nothing is asked: a vault that needs a person stays closed.
 */

/* A file: read yet, and what came of it. */
struct opener_file {
	bool read;
	struct err error;
};

struct opener {
	const struct place *place;
	struct vault vault;
	struct profiles own, main; /* the agent's, and what it inherits from */
	struct dotenv env;
	struct opener_file vault_file, own_file, main_file, env_file;
};

void opener_init(struct opener *o, const struct place *place);
void opener_release(struct opener *o); /* safe on { 0 } */

/* *out is initialised here. ERR_NOT_FOUND when nothing is stored. */
bool opener_get(struct opener *o, struct secret *out, const struct credential *c, struct err *e);

/* A variable as a gateway gets it: from here, from .env, from the configuration. */
bool opener_variable(struct opener *o, struct secret *out, const char *name, struct err *e);

#endif
