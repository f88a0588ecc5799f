/* SPDX-License-Identifier: MIT */

/*
 * What opens the vault of a job. A new vault gets all its slots in the one write that makes
 * it, so there is never a weaker one to take away again; each is proven from the disk before
 * anything refers to the vault.
 */
#include <stdlib.h>

#include "cli/save_files.h"
#include "cli/vault_files.h"

const struct save *job_custody(const struct job *j)
{
	static const struct save usual = { .opener = OPENER_FILE };

	return j->all->count == 1 ? &j->all->list[0] : &usual;
}

static bool has(const struct secret *s)
{
	return s && s->len;
}

/* A service cannot type: what would refer to such a vault could never be resolved. */
static bool needs_person(const struct vault *v)
{
	return vault_unattended(v) == 0;
}

static bool may_mend(struct job *j, struct err *e)
{
	if (j->vault.mac_ok || vault_mend(&j->vault, j->all->count ? j->items[0].record : "", e))
		return true;
	return err_hint(e, "thinkfleetbot secrets status says what does not open, and what to do");
}

bool job_open_vault(struct job *j, const char *path, struct err *e)
{
	const struct save *s = job_custody(j);
	struct err why = { 0 };

	if (!vault_load(&j->vault, path, e))
		return false;
	j->needs_person = needs_person(&j->vault);
	/* A damaged vault is written only to enter again what does not open in it. */
	vault_tolerate(&j->vault);
	if (j->all->ahead && j->all->ahead->open) {
		if (!vault_unlock_like(&j->vault, j->all->ahead, e))
			return false;
		vault_watch(&j->vault, j->paths->keys);
		return may_mend(j, e);
	}
	if (vault_unlock_unattended(&j->vault, j->paths->keys, &why))
		return may_mend(j, e);
	if (why.code != ERR_LOCKED || !has(s->passphrase)) {
		if (e)
			*e = why;
		return false;
	}
	if (!vault_unlock_passphrase(&j->vault, s->passphrase, e))
		return false;
	vault_watch(&j->vault, j->paths->keys);
	return may_mend(j, e);
}

/* Without a key file: the slot of the key that is in memory only goes before it was written. */
static bool create_without_file(struct job *j, struct err *e)
{
	struct secret kek = { 0 };
	bool ok = keydir_prepare(j->paths->keys, e) && random_key(&kek, e) &&
		  vault_create_with_key(&j->vault, &kek, e);

	secret_release(&kek);
	if (ok)
		vault_watch(&j->vault, j->paths->keys);
	return ok;
}

static bool make_slot(struct job *j, struct slot_key *k, struct err *e)
{
	const struct save *s = job_custody(j);
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	if (s->opener == OPENER_PASSPHRASE)
		return has(s->passphrase)
			       ? slot_key_passphrase(k, s->passphrase, s->weak_passphrase, e)
			       : err_set(e, ERR_USAGE, "there is no passphrase");
	if (!dir || !dir[0])
		return err_set(e, ERR_REFUSED, "CREDENTIALS_DIRECTORY is not set any more");
	return slot_key_credential(k, dir, CUSTODY_CREDENTIAL, e);
}

static bool add_slot(struct job *j, struct err *e)
{
	return vault_slot_add(&j->vault, &j->made[j->made_count++], e);
}

bool job_create_vault(struct job *j, struct err *e)
{
	const struct save *s = job_custody(j);

	if (s->opener == OPENER_FILE) {
		if (!vault_new(&j->vault, j->paths, e))
			return false;
	} else if (!create_without_file(j, e) || !make_slot(j, &j->made[0], e) || !add_slot(j, e) ||
		   !vault_slot_remove(&j->vault, "s1", e)) {
		return false;
	}
	return !has(s->recovery) ||
	       (slot_key_recovery(&j->made[j->made_count], s->recovery, e) && add_slot(j, e));
}

bool job_slots_proven(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->made_count; i++)
		if (!vault_slot_proven(&j->vault, j->paths->vault, &j->made[i], e))
			return err_wrap(e, "key slot %s", j->made[i].slot.id);
	return true;
}
