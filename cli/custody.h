/* SPDX-License-Identifier: MIT */
#ifndef CLI_CUSTODY_H
#define CLI_CUSTODY_H

#include "store/paths.h"
#include "wizard/wizard.h"

/* What this host offers for keeping a vault, for the wizard's Protect step. Reads, never writes. */
void custody_find(struct custody *c, const struct paths *p);

/* Is a unit of a gateway installed in this folder? "moltbot-gateway-work.service" is one. */
bool custody_has_service(const char *dir);

#endif
