/* SPDX-License-Identifier: MIT */
#ifndef STORE_CONFIG_IMPL_H
#define STORE_CONFIG_IMPL_H

#include "store/config.h"

/* What the edits of a configuration share. Private to config_*.c. */

/* False (ERR_REFUSED) when a parent on the path may come from an $include file. */
bool config_may_edit(const struct doc *d, const char *const *path, struct err *e);

/* Changes nothing when the text is there already. */
bool config_put_text(struct doc *d, const char *const *path, const char *text, struct err *e);

/*
 * The model joins agents.defaults.models, but only where that list exists and is not
 * empty: an empty one allows every model, and one entry would forbid all others.
 */
bool config_allow(struct doc *d, const char *model, struct err *e);

#endif
