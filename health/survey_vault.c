/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/survey_data.h"
#include "store/vault_slots.h"

/*
 * Where nothing opens, the key file is read once by itself, so that "the key file is damaged" and
 * "the vault is damaged" stay two answers.
 */
static void read_key_file(struct survey *v)
{
	struct secret kek = { 0 };
	char path[PATHS_CAP];

	if (keyfile_path(path, sizeof(path), v->paths->keys, v->vault.id, &v->key_error))
		keyfile_read(path, &kek, &v->key_error);
	secret_release(&kek);
}

/* A vault that needs a person has no key here either, and says so in its own words. */
static void explain_closed(struct survey *v)
{
	if (!vault_unattended(&v->vault))
		v->key_error = v->unlock_error;
	else if (vault_weakest(&v->vault)->type == KEYSLOT_FILE)
		read_key_file(v);
}

void survey_open_vault(struct survey *v)
{
	if (!vault_load(&v->vault, v->paths->vault, &v->vault_error))
		return;
	vault_tolerate(&v->vault);
	if (v->o->key)
		v->unlocked = vault_unlock_key(&v->vault, v->o->key, &v->unlock_error);
	else
		v->unlocked = vault_unlock_unattended(&v->vault, v->paths->keys, &v->unlock_error);
	if (!v->unlocked && !v->o->key)
		explain_closed(v);
}

/* Why nothing opens. */
static enum opens closed_by(const struct survey *v)
{
	if (v->vault_error.code == ERR_NOT_FOUND)
		return OPENS_MISSING;
	if (v->vault_error.code == ERR_DAMAGED || v->vault_error.code == ERR_NEWER)
		return OPENS_DAMAGED;
	if (v->vault_error.code)
		return OPENS_UNREADABLE;
	if (v->unlock_error.code == ERR_LOCKED)
		return OPENS_LOCKED;
	if (v->key_error.code)
		return OPENS_NO_KEY;
	return v->unlock_error.code == ERR_KEY ? OPENS_WRONG_KEY : OPENS_DAMAGED;
}

static enum opens opened(const struct survey *v)
{
	return v->vault.age == VAULT_AGE_OLDER ? OPENS_OLDER : OPENS_YES;
}

void survey_open_record(struct survey *v, struct credential *c)
{
	const struct vault_record *r = v->vault_error.code ? NULL : vault_find(&v->vault, c->ref);
	struct err why = { 0 };

	if (r)
		c->rev = r->rev;
	if (r && r->ts <= INT64_MAX / 1000)
		c->sealed_at_ms = (int64_t)r->ts * 1000;
	if (!v->unlocked) {
		c->opens = closed_by(v);
		return;
	}
	if (!r) {
		c->opens = OPENS_MISSING;
		return;
	}
	if (vault_get_into(&v->vault, c->ref, &v->opened, &why)) {
		c->opens = opened(v);
		survey_describe(c, v->opened.bytes, v->opened.len);
	} else {
		c->opens = OPENS_DAMAGED;
		v->failed |= why.code == ERR_MEMORY;
	}
	secret_clear(&v->opened);
}
