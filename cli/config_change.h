/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_CHANGE_H
#define CLI_CONFIG_CHANGE_H

#include "cli/place.h"

/*
 * One edit of the configuration, for the commands that do nothing else: under our
 * lock, from what the file holds now, in one transaction. When something else
 * writes the file in between it starts over.
 */
struct config_change {
	struct place place;
	struct config config; /* for the edit: as it is now; afterwards: as it was written */
	bool changed;         /* the file was written */
};

/*
 * edit works on x->config.doc and may look at its lists, which show what was before. It may
 * be called more than once, each time with the file as it then is.
 */
bool config_change(struct config_change *x, const char *command,
	bool (*edit)(struct config_change *x, struct err *e), struct err *e);

/* The same without an edit, for commands that only look. */
bool config_look(struct config_change *x, const char *command, struct err *e);
void config_change_release(struct config_change *x);

/* "Updated ~/.thinkfleetbot/thinkfleetbot.json", as the family says it. */
void config_change_tell(const struct config_change *x);

/* "provider/model" for what a person typed: a reference or an alias. ERR_USAGE. */
#define MODEL_CAP 192
bool config_target(const struct config *c, const char *typed, char out[MODEL_CAP], struct err *e);

/* Do the two name the same model? The first as it is written in the file. */
bool config_same_model(const struct config *c, const char *raw, const char *model);

#endif
