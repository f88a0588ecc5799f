/* SPDX-License-Identifier: MIT */
#ifndef CLI_REPAIR_H
#define CLI_REPAIR_H

#include "cli/place.h"
#include "health/health.h"

/*
 * Performs the fix of one safe finding: what health/doctor knows itself (modes of
 * our own files), and what needs this layer (the resolver's copy and its entry in
 * the configuration). True means it was looked at again and is so now.
 */
bool repair_possible(const struct finding *f);
bool repair(const struct place *p, const struct finding *f, struct err *e);

#endif
