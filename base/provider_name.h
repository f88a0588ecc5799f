/* SPDX-License-Identifier: MIT */
#ifndef BASE_PROVIDER_NAME_H
#define BASE_PROVIDER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A provider's id as the gateway family compares it (gateway-family.md 2.3): without
 * blanks around it, in lower case, an old name under its new one. Known here, because
 * the table of providers (provider/) and the files (store/) both need it and neither
 * may use the other. "" for a blank name. False when it does not fit.
 */
bool provider_name_normalise(char *out, size_t cap, const char *name);

#endif
