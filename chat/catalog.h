/* SPDX-License-Identifier: MIT */
#ifndef CHAT_CATALOG_H
#define CHAT_CATALOG_H

#include "base/str.h"

/*
 * The models that a chat can name, and which of them a person means.
 *
 * Filled from the configuration and the table of providers by who has them; pure from there.
 * A configured list of models (agents.defaults.models) is an allow-list; without one every model
 * of a known provider may be used.
 */

#define MODEL_KEY_CAP 192
#define MODEL_ALIAS_CAP 64

struct chat_model {
	char key[MODEL_KEY_CAP];     /* "provider/model" */
	char alias[MODEL_ALIAS_CAP]; /* "" */
	bool allowed;
	bool near; /* something here speaks of its provider: a credential or the configuration */
};

struct catalog {
	struct chat_model *list; /* in the order of adding */
	size_t count, cap;
	bool restricted;          /* there is an allow-list */
	char main[MODEL_KEY_CAP]; /* the configured default, always allowed */
};

/* A model that is there already keeps its place; alias NULL or "": as it was. */
bool catalog_add(struct catalog *c, const struct chat_model *m, struct err *e);
void catalog_release(struct catalog *c);
const struct chat_model *catalog_find(const struct catalog *c, const char *key);

/* Its provider's id into out, cut off at cap. */
void model_provider(char *out, size_t cap, const char *key);
const char *model_name(const char *key); /* behind the first "/" */
bool model_of(const char *key, const char *provider);

enum select_outcome {
	SELECT_OK,
	SELECT_UNKNOWN,   /* not understood */
	SELECT_FORBIDDEN, /* not in the allow-list */
	SELECT_AMBIGUOUS, /* several fit as well: candidates */
};

#define SELECT_CANDIDATES 5

struct selection {
	enum select_outcome outcome;
	char key[MODEL_KEY_CAP];
	const char *alias; /* "" */
	bool is_default;
	const struct chat_model *candidates[SELECT_CANDIDATES];
	size_t count;
};

/*
 * typed: what was written; resolved: the "provider/model" that the configuration's rules make of
 * it (5.5: aliases, default provider, old names), or "". A name that is not exact is matched
 * against the allowed models by likeness (11.2): provider, id, alias; at least 120 points, or 90
 * where the provider was named.
 */
void catalog_select(
	struct selection *out, const struct catalog *c, const char *typed, const char *resolved);

/* The points of a model for a lower-case fragment, for the tests. */
int catalog_score(const struct catalog *c, const struct chat_model *m, const char *fragment);

#endif
