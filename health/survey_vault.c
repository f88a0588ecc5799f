/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/survey_data.h"

/*
 * The key file is read once by itself, so that "the key file is damaged" and
 * "the vault is damaged" stay two answers.
 */
static bool key_file_good(struct survey *v)
{
	struct secret kek = { 0 };
	char path[PATHS_CAP];
	bool ok = keyfile_path(path, sizeof(path), v->paths->keys, v->vault.id, &v->key_error) &&
		  keyfile_read(path, &kek, &v->key_error);

	secret_release(&kek);
	return ok;
}

void survey_open_vault(struct survey *v)
{
	if (!vault_load(&v->vault, v->paths->vault, &v->vault_error))
		return;
	vault_tolerate(&v->vault);
	if (v->o->key)
		v->unlocked = vault_unlock_key(&v->vault, v->o->key, &v->unlock_error);
	else if (key_file_good(v))
		v->unlocked = vault_unlock_keyfile(&v->vault, v->paths->keys, &v->unlock_error);
}

/* Why nothing opens. */
static enum opens closed_by(const struct survey *v)
{
	if (v->vault_error.code == ERR_NOT_FOUND)
		return OPENS_MISSING;
	if (v->vault_error.code)
		return OPENS_DAMAGED;
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

	if (r)
		c->rev = r->rev;
	if (!v->unlocked) {
		c->opens = closed_by(v);
		return;
	}
	if (!r) {
		c->opens = OPENS_MISSING;
		return;
	}
	if (vault_get_into(&v->vault, c->ref, &v->opened, NULL)) {
		c->opens = opened(v);
		survey_describe(c, v->opened.bytes, v->opened.len);
	} else {
		c->opens = OPENS_DAMAGED;
	}
	secret_clear(&v->opened);
}
