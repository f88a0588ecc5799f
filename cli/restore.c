/* SPDX-License-Identifier: MIT */
#include "cli/restore.h"

#include "cli/capsule_io.h"

const struct capsule_record *restore_previous(
	const struct capsule *c, const struct capsule_record *r)
{
	char id[VAULT_RECORD_ID_CAP];
	struct str s = STR_OF(id);

	str_fmt(&s, "%s/prev", r->id);
	return s.cut ? NULL : capsule_find(c, id);
}

/* The value of `from` under the name of `r`. */
static bool put(struct vault *v, const struct capsule_record *r, const struct capsule_record *from,
	bool keep_previous, struct err *e)
{
	const struct vault_put how = { .id = r->id,
		.agent = r->agent,
		.profile = r->profile,
		.provider = from->provider,
		.field = r->field,
		.ts = from->ts,
		.keep_previous = keep_previous };
	struct secret value = { 0 };
	bool ok = secret_from(&value, from->value, from->len, e) &&
		  vault_put(v, &how, &value, NULL, e);

	secret_release(&value);
	return ok;
}

bool restore_record(
	struct vault *v, const struct capsule *c, const struct capsule_record *r, struct err *e)
{
	const struct capsule_record *previous = restore_previous(c, r);

	if (previous && !vault_find(v, r->id) && !put(v, r, previous, false, e))
		return false;
	return put(v, r, r, vault_find(v, r->id) != NULL, e);
}

bool restore_records(struct vault *v, const struct capsule *c, struct err *e)
{
	for (size_t i = 0; i < c->record_count; i++)
		if (!capsule_is_previous(&c->records[i]) &&
			!restore_record(v, c, &c->records[i], e))
			return false;
	return true;
}
