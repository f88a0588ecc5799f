/* SPDX-License-Identifier: MIT */
#include "store/profiles_entry.h"

#include <string.h>

static const char *const kind_names[] = { "none", "api_key", "token", "oauth" };

const char *profile_kind_name(enum profile_kind k)
{
	return kind_names[k];
}

/* --- one entry --- */

enum profile_kind entry_kind(const struct doc *d, uint32_t entry)
{
	uint32_t type = doc_get(d, entry, "type");

	if (doc_kind(d, type) == DOC_ABSENT)
		type = doc_get(d, entry, "mode");
	for (size_t k = PROFILE_API_KEY; k < ARRAY_LEN(kind_names); k++) {
		if (doc_text_is(d, type, kind_names[k]))
			return (enum profile_kind)k;
	}
	return doc_text_is(d, type, "apiKey") ? PROFILE_API_KEY : PROFILE_NO_KIND;
}

/* Where each kind keeps its secret, the member that counts first. */
static const struct entry_fields fields_of[] = {
	[PROFILE_NO_KIND] = { { NULL }, NULL },
	[PROFILE_API_KEY] = { { "key", "apiKey" }, "keyRef" },
	[PROFILE_TOKEN] = { { "token" }, "tokenRef" },
	[PROFILE_OAUTH] = { { "access", "refresh" }, NULL },
};

const struct entry_fields *entry_fields(enum profile_kind kind)
{
	return &fields_of[kind];
}

uint32_t entry_secret(const struct doc *d, uint32_t entry)
{
	const struct entry_fields *f = entry_fields(entry_kind(d, entry));

	for (size_t i = 0; i < ENTRY_FIELDS && f->plain[i]; i++) {
		uint32_t node = doc_get(d, entry, f->plain[i]);

		if (doc_filled(d, node))
			return node;
	}
	return DOC_NONE;
}

/* The reference, also where somebody put the object into the place of the secret itself. */
uint32_t entry_ref(const struct doc *d, uint32_t entry, enum profile_kind kind)
{
	const struct entry_fields *f = entry_fields(kind);
	uint32_t node;

	if (!f->ref)
		return DOC_NONE;
	node = doc_get(d, entry, f->ref);
	if (doc_kind(d, node) == DOC_OBJECT)
		return node;
	for (size_t i = 0; i < ENTRY_FIELDS && f->plain[i]; i++) {
		node = doc_get(d, entry, f->plain[i]);
		if (doc_kind(d, node) == DOC_OBJECT)
			return node;
	}
	return DOC_NONE;
}
