/* SPDX-License-Identifier: MIT */
#ifndef STORE_PROFILES_ENTRY_H
#define STORE_PROFILES_ENTRY_H

#include "store/profiles.h"

/*
 * Inside of the profiles module: what one entry of "profiles" is made of, for
 * the reader and the editor alike.
 */

#define ENTRY_FIELDS 2

struct entry_fields {
	const char *plain[ENTRY_FIELDS]; /* members that hold the secret itself */
	const char *ref;                 /* member that holds the reference, or NULL */
};

enum profile_kind entry_kind(const struct doc *d, uint32_t entry);
const struct entry_fields *entry_fields(enum profile_kind kind);

/* The first member with a plain-text secret that is not blank, or DOC_NONE. */
uint32_t entry_secret(const struct doc *d, uint32_t entry);

/* The reference, wherever it stands, or DOC_NONE. */
uint32_t entry_ref(const struct doc *d, uint32_t entry, enum profile_kind kind);

#endif
