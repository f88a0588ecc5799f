/* SPDX-License-Identifier: MIT */

/*
 * Ways to a key. Each yields the bytes that a slot was made with; the slot's
 * commitment says whether they are the right ones, vault_open_with() whether
 * the file is.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"
#include "store/vault_slots.h"

/* Is this a slot of these types, and one that may open it? */
static bool considered(const struct vault *v, const struct keyslot *slot, unsigned types)
{
	return (types & 1u << slot->type) && strcmp(slot->id, v->not_by) != 0;
}

static bool has_slot(const struct vault *v, unsigned types)
{
	for (size_t i = 0; i < v->slot_count; i++)
		if (considered(v, &v->slots[i], types))
			return true;
	return false;
}

static bool open_by(
	struct vault *v, const struct keyslot *slot, const struct secret *kek, struct err *e)
{
	struct secret vmk = { 0 };

	if (!keyslot_unwrap(slot, &v->scope, kek, &vmk, e) || !vault_open_with(v, &vmk, e))
		return false;
	return str_copy(v->opened_by, sizeof(v->opened_by), slot->id);
}

static bool no_slot(const struct vault *v, struct err *e, const char *what)
{
	err_set(e, ERR_NOT_FOUND, "the vault has no slot for %s", what);
	return vault_blame(v, e);
}

/* What of all that was tried is told. */
static bool closed(const struct vault *v, const struct err *why, struct err *e)
{
	if (e)
		*e = *why;
	return vault_blame(v, e);
}

/* A key may fit any slot of these types; the first that it fits decides. */
static bool unlock_slots(struct vault *v, const struct secret *kek, unsigned types, struct err *e)
{
	struct err why = { 0 };
	bool tried = false;

	for (size_t i = 0; i < v->slot_count; i++) {
		const struct keyslot *slot = &v->slots[i];
		struct err this = { 0 };

		if (!considered(v, slot, types))
			continue;
		if (open_by(v, slot, kek, &this))
			return true;
		/* Damage says more than a key that fits another slot. */
		if (!tried || this.code != ERR_KEY)
			why = this;
		tried = true;
	}
	if (!tried)
		return no_slot(v, e, "this kind of key");
	return closed(v, &why, e);
}

bool vault_unlock_key(struct vault *v, const struct secret *kek, struct err *e)
{
	v->age = VAULT_AGE_UNKNOWN;
	return unlock_slots(v, kek, 1u << KEYSLOT_FILE | 1u << KEYSLOT_SYSTEMD_CRED, e);
}

/* A salted slot: what a person typed yields another key for each. The first that fits decides. */
static bool unlock_typed(
	struct vault *v, const struct secret *typed, enum keyslot_type type, struct err *e)
{
	bool recovery = type == KEYSLOT_RECOVERY;
	struct err why = { 0 };
	bool ok = false;

	v->age = VAULT_AGE_UNKNOWN;
	no_slot(v, &why, recovery ? "a recovery code" : "a passphrase");
	for (size_t i = 0; i < v->slot_count && !ok; i++) {
		const struct keyslot *slot = &v->slots[i];
		struct secret kek = { 0 };

		if (!considered(v, slot, 1u << type))
			continue;
		ok = (recovery ? recovery_key(&kek, typed, slot->salt, &why)
			       : kdf_passphrase(&kek, typed, slot->salt, &slot->cost, &why)) &&
		     open_by(v, slot, &kek, &why);
		secret_release(&kek);
		/* Damage, or no memory for the cost: the next slot cannot make that good. */
		if (!ok && why.code != ERR_KEY)
			break;
	}
	if (!ok && why.code == ERR_KEY)
		err_set(&why, ERR_KEY,
			recovery ? "the recovery code does not open this vault"
				 : "wrong passphrase");
	return ok || closed(v, &why, e);
}

bool vault_unlock_passphrase(struct vault *v, const struct secret *passphrase, struct err *e)
{
	return unlock_typed(v, passphrase, KEYSLOT_ARGON2ID, e);
}

bool vault_unlock_recovery(struct vault *v, const struct secret *code, struct err *e)
{
	return unlock_typed(v, code, KEYSLOT_RECOVERY, e);
}

static bool unlock_with_file(struct vault *v, const char *path, struct err *e)
{
	struct secret kek = { 0 };
	bool ok = keyfile_read(path, &kek, e) && unlock_slots(v, &kek, 1u << KEYSLOT_FILE, e);

	secret_release(&kek);
	return ok;
}

bool vault_unlock_keyfile(struct vault *v, const char *key_dir, struct err *e)
{
	char path[FS_PATH_MAX];
	char next[FS_PATH_MAX];
	struct err why = { 0 };

	if (!keyfile_path(path, sizeof(path), key_dir, v->id, e) ||
		!keyfile_next_path(next, sizeof(next), key_dir, v->id, e))
		return false;
	if (unlock_with_file(v, path, &why) || unlock_with_file(v, next, NULL)) {
		vault_watch(v, key_dir);
		return true;
	}
	if (why.code == ERR_KEY) {
		err_set(&why, ERR_KEY, "the key in %s does not open %s", path,
			v->file[0] ? v->file : "this vault");
		err_hint(&why,
			"it belongs to another vault, or the vault's key slot was changed; restore "
			"one of them from a copy");
	}
	return closed(v, &why, e);
}

bool vault_unlock_credential(struct vault *v, const char *dir, struct err *e)
{
	struct err why = { 0 };

	v->age = VAULT_AGE_UNKNOWN;
	no_slot(v, &why, "a systemd credential");
	for (size_t i = 0; i < v->slot_count; i++) {
		const struct keyslot *slot = &v->slots[i];
		struct secret kek = { 0 };
		bool ok;

		if (!considered(v, slot, 1u << KEYSLOT_SYSTEMD_CRED))
			continue;
		ok = credential_read(dir, slot->name, &kek, &why) && open_by(v, slot, &kek, &why);
		secret_release(&kek);
		if (ok)
			return true;
	}
	return closed(v, &why, e);
}

bool vault_unlock_unattended(struct vault *v, const char *key_dir, struct err *e)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct err why = { 0 };

	if (credentials && credentials[0] && has_slot(v, 1u << KEYSLOT_SYSTEMD_CRED)) {
		if (vault_unlock_credential(v, credentials, &why)) {
			vault_watch(v, key_dir);
			return true;
		}
	}
	if (has_slot(v, 1u << KEYSLOT_FILE))
		return vault_unlock_keyfile(v, key_dir, e);
	if (!why.code) {
		err_set(&why, ERR_LOCKED, "the vault is locked: it %s",
			vault_weakest_words(v, key_dir));
		err_hint(&why,
			"thinkfleetbot secrets slot list shows what opens it; a service needs a "
			"slot of type file or systemd-cred");
	}
	return closed(v, &why, e);
}

bool vault_unlock_like(struct vault *v, const struct vault *open, struct err *e)
{
	struct secret vmk = { 0 };
	bool ok;

	if (v->scope.epoch != open->scope.epoch || strcmp(v->id, open->id) != 0) {
		err_set(e, ERR_BUSY, "the vault got another master key meanwhile");
		return vault_blame(v, e);
	}
	ok = secret_copy(&vmk, &open->vmk, e) && vault_open_with(v, &vmk, e);
	secret_release(&vmk);
	return ok;
}

bool vault_reload(struct vault *v, const char *path, struct err *e)
{
	struct vault now = { 0 };
	struct err why = { 0 };

	if (!vault_load(&now, path, e))
		return false;
	now.tolerant = v->tolerant;
	now.rollback_accepted = v->rollback_accepted;
	str_copy(now.opened_by, sizeof(now.opened_by), v->opened_by);
	str_copy(now.not_by, sizeof(now.not_by), v->not_by);
	if (!vault_unlock_like(&now, v, &why)) {
		if (why.code == ERR_BUSY)
			err_hint(&why, "nothing was changed; run the command again");
		if (e)
			*e = why;
		vault_release(&now);
		return false;
	}
	if (v->key_dir[0])
		vault_watch(&now, v->key_dir);
	vault_release(v);
	*v = now;
	return true;
}
