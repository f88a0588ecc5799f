/* SPDX-License-Identifier: MIT */
#include "store/vault_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"

/* In the order of strength: what comes first is the easiest to get hold of. */
static const struct {
	enum keyslot_type type;
	bool unattended;
	const char *words;
} kinds[] = {
	{ KEYSLOT_FILE, true, "opens with a key file on this disk" },
	{ KEYSLOT_SYSTEMD_CRED, true, "opens with a system credential, inside its service" },
	{ KEYSLOT_ARGON2ID, false, "opens only when a passphrase is typed" },
	{ KEYSLOT_RECOVERY, false, "opens only with the recovery code" },
};

bool keyslot_unattended(enum keyslot_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].unattended;
	return false;
}

static const struct keyslot *first_of(const struct vault *v, enum keyslot_type type)
{
	for (size_t i = 0; i < v->slot_count; i++)
		if (v->slots[i].type == type)
			return &v->slots[i];
	return NULL;
}

const struct keyslot *vault_weakest(const struct vault *v)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct keyslot *slot = first_of(v, kinds[i].type);

		if (slot)
			return slot;
	}
	return NULL;
}

size_t vault_unattended(const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->slot_count; i++)
		n += keyslot_unattended(v->slots[i].type);
	return n;
}

bool vault_slot_find_here(
	const struct vault *v, const char *key_dir, const struct keyslot **slot, struct err *e)
{
	char path[FS_PATH_MAX];
	struct secret key = { 0 };
	struct err why = { 0 };
	bool ok;

	*slot = NULL;
	if (!keyfile_path(path, sizeof(path), key_dir, v->id, e))
		return false;
	ok = keyfile_read(path, &key, &why) ? vault_slot_match(v, &key, slot, e)
					    : why.code == ERR_NOT_FOUND || why.code == ERR_DAMAGED;
	if (why.code && !ok && e)
		*e = why;
	secret_release(&key);
	return ok;
}

const struct keyslot *vault_slot_here(const struct vault *v, const char *key_dir)
{
	const struct keyslot *slot;

	return vault_slot_find_here(v, key_dir, &slot, NULL) ? slot : NULL;
}

static bool other(const struct keyslot *slot, const char *without)
{
	return !without || strcmp(slot->id, without) != 0;
}

bool vault_opens_by(const struct vault *v, const struct keyslot *here, const char *without)
{
	if (here && other(here, without))
		return true;
	for (size_t i = 0; i < v->slot_count; i++)
		if (v->slots[i].type == KEYSLOT_SYSTEMD_CRED && other(&v->slots[i], without))
			return true;
	return false;
}

bool vault_opens_alone(const struct vault *v, const char *key_dir, const char *without)
{
	return vault_opens_by(v, vault_slot_here(v, key_dir), without);
}

const char *vault_weakest_words(const struct vault *v, const char *key_dir)
{
	const struct keyslot *slot = vault_weakest(v);

	if (slot && slot->type == KEYSLOT_FILE && !vault_slot_here(v, key_dir))
		return "opens with a key file that is kept elsewhere";
	for (size_t i = 0; slot && i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == slot->type)
			return kinds[i].words;
	return "";
}

void slot_key_release(struct slot_key *k)
{
	secret_release(&k->kek);
	*k = (struct slot_key){ 0 };
}

bool slot_key_file(struct slot_key *k, const struct secret *kek, struct err *e)
{
	*k = (struct slot_key){ .slot.type = KEYSLOT_FILE };
	if (kek->len != SEAL_KEY_BYTES)
		return err_set(e, ERR_USAGE, "a key has %d bytes", SEAL_KEY_BYTES);
	return secret_copy(&k->kek, kek, e);
}

bool slot_key_passphrase(
	struct slot_key *k, const struct secret *passphrase, bool low_memory, struct err *e)
{
	*k = (struct slot_key){ .slot.type = KEYSLOT_ARGON2ID };
	random_bytes(k->slot.salt, sizeof(k->slot.salt));
	return kdf_cost_choose(&k->slot.cost, low_memory, e) &&
	       kdf_passphrase(&k->kek, passphrase, k->slot.salt, &k->slot.cost, e);
}

bool slot_key_recovery(struct slot_key *k, const struct secret *code, struct err *e)
{
	*k = (struct slot_key){ .slot.type = KEYSLOT_RECOVERY };
	random_bytes(k->slot.salt, sizeof(k->slot.salt));
	return recovery_key(&k->kek, code, k->slot.salt, e);
}

bool slot_key_credential(struct slot_key *k, const char *dir, const char *name, struct err *e)
{
	*k = (struct slot_key){ .slot.type = KEYSLOT_SYSTEMD_CRED };
	return credential_read(dir, name, &k->kek, e) &&
	       str_copy(k->slot.name, sizeof(k->slot.name), name);
}

static bool key_from(
	struct secret *kek, const struct keyslot *slot, const struct secret *from, struct err *e)
{
	switch (slot->type) {
	case KEYSLOT_ARGON2ID:
		return kdf_passphrase(kek, from, slot->salt, &slot->cost, e);
	case KEYSLOT_RECOVERY:
		return recovery_key(kek, from, slot->salt, e);
	case KEYSLOT_FILE:
	case KEYSLOT_SYSTEMD_CRED:
		break;
	}
	return secret_copy(kek, from, e);
}

static bool fits(
	const struct vault *v, const struct keyslot *slot, const struct secret *kek, struct err *e)
{
	struct secret vmk = { 0 };
	bool ok = keyslot_unwrap(slot, &v->scope, kek, &vmk, e);

	secret_release(&vmk);
	return ok;
}

bool slot_key_for(struct slot_key *k, const struct vault *v, const struct keyslot *slot,
	const struct secret *from, struct err *e)
{
	*k = (struct slot_key){ .slot = *slot };
	if (key_from(&k->kek, slot, from, e) && fits(v, slot, &k->kek, e))
		return true;
	slot_key_release(k);
	return vault_blame(v, e);
}

const struct keyslot *vault_slot(const struct vault *v, const char *id)
{
	for (size_t i = 0; i < v->slot_count; i++)
		if (strcmp(v->slots[i].id, id) == 0)
			return &v->slots[i];
	return NULL;
}

bool vault_slot_match(
	const struct vault *v, const struct secret *kek, const struct keyslot **slot, struct err *e)
{
	*slot = NULL;
	for (size_t i = 0; i < v->slot_count; i++) {
		struct err why = { 0 };

		if (fits(v, &v->slots[i], kek, &why)) {
			*slot = &v->slots[i];
			return true;
		}
		if (why.code == ERR_MEMORY)
			return err_set(e, why.code, "%s", why.msg);
	}
	return true;
}

const struct keyslot *vault_slot_of(const struct vault *v, const struct secret *kek)
{
	const struct keyslot *slot;

	return vault_slot_match(v, kek, &slot, NULL) ? slot : NULL;
}

/* "s<n>" above all that are there: a removed slot's number is not given to another at once. */
static void choose_id(const struct vault *v, char id[KEYSLOT_ID_CAP])
{
	unsigned long last = 0;

	for (size_t i = 0; i < v->slot_count; i++) {
		unsigned long n = 0;

		if (v->slots[i].id[0] == 's')
			n = strtoul(v->slots[i].id + 1, NULL, 10);
		if (n > last && n < 1000000)
			last = n;
	}
	snprintf(id, KEYSLOT_ID_CAP, "s%lu", last + 1);
}

bool vault_slot_add(struct vault *v, struct slot_key *k, struct err *e)
{
	if (!vault_is_open(v, e))
		return false;
	if (v->slot_count == VAULT_SLOTS_MAX)
		return err_set(e, ERR_REFUSED, "a vault has at most %d key slots", VAULT_SLOTS_MAX);
	choose_id(v, k->slot.id);
	if (!keyslot_wrap(&k->slot, &v->scope, &k->kek, &v->vmk, e))
		return false;
	v->slots[v->slot_count++] = k->slot;
	return true;
}

bool vault_slot_remove(struct vault *v, const char *id, struct err *e)
{
	const struct keyslot *slot = vault_slot(v, id);
	size_t at;

	if (!vault_is_open(v, e))
		return false;
	if (!slot) {
		err_set(e, ERR_NOT_FOUND, "the vault has no key slot %.40s", id);
		vault_blame(v, e);
		return err_hint(e, "thinkfleetbot secrets slot list shows them");
	}
	if (v->slot_count == 1) {
		err_set(e, ERR_REFUSED,
			"%.40s is the last key slot: without it nothing opens the vault", id);
		vault_blame(v, e);
		return err_hint(e, "add another one first: thinkfleetbot secrets slot add");
	}
	at = (size_t)(slot - v->slots);
	v->slot_count--;
	memmove(&v->slots[at], &v->slots[at + 1], (v->slot_count - at) * sizeof(v->slots[0]));
	v->slots[v->slot_count] = (struct keyslot){ 0 };
	return true;
}

bool vault_slot_proven(
	const struct vault *v, const char *path, const struct slot_key *k, struct err *e)
{
	struct vault disk = { 0 };
	struct secret vmk = { 0 };
	const struct keyslot *slot;
	struct err why = { 0 };
	bool ok = false;

	if (!vault_load(&disk, path, e))
		return false;
	slot = vault_slot(&disk, k->slot.id);
	if (!slot)
		err_set(&why, ERR_FAILED, "%s has no key slot %s", path, k->slot.id);
	else
		ok = keyslot_unwrap(slot, &disk.scope, &k->kek, &vmk, &why) &&
		     vault_open_with(&disk, &vmk, &why) && vault_records_equal(v, &disk, &why);
	secret_release(&vmk);
	vault_release(&disk);
	if (ok)
		return true;
	if (!why.code)
		err_set(&why, ERR_FAILED, "%s does not hold what it should", path);
	if (e)
		*e = why;
	return false;
}

bool vault_slot_install(struct vault *v, const char *path, struct slot_key *k, struct err *e)
{
	return vault_slot_add(v, k, e) && vault_save(v, path, e) &&
	       vault_slot_proven(v, path, k, e);
}

/* Is the key file of v's key folder the one for this slot? */
static bool is_own_key(const struct vault *v, const struct keyslot *slot)
{
	char path[FS_PATH_MAX];
	struct secret kek = { 0 };
	bool ok = v->key_dir[0] && keyfile_path(path, sizeof(path), v->key_dir, v->id, NULL) &&
		  keyfile_read(path, &kek, NULL) && fits(v, slot, &kek, NULL);

	secret_release(&kek);
	return ok;
}

static bool disk_has_slot(const char *path, const char *id)
{
	struct vault disk = { 0 };
	bool has = vault_load(&disk, path, NULL) && vault_slot(&disk, id);

	vault_release(&disk);
	return has;
}

/*
 * The key file goes with its slot: aside, where it still opens the vault; the vault without the
 * slot; away. Killed in between, vault_rekey_resume() sees by the slot which way to go.
 */
static bool write_without_key(struct vault *v, const char *path, const char *id, struct err *e)
{
	char next[FS_PATH_MAX];

	if (!keyfile_next_path(next, sizeof(next), v->key_dir, v->id, e) ||
		!keyfile_set_aside(v->key_dir, v->id, e))
		return false;
	if (vault_write(v, path, BACKUP_NEXT, e))
		return fs_unlink(next, e);
	if (disk_has_slot(path, id))
		keyfile_promote(v->key_dir, v->id, NULL);
	return false;
}

bool vault_slot_discard(struct vault *v, const char *path, const char *id, struct err *e)
{
	const struct keyslot *slot = vault_slot(v, id);
	bool own;

	if (slot && strcmp(v->opened_by, id) == 0 && v->slot_count > 1) {
		err_set(e, ERR_REFUSED, "key slot %.40s is the one that opened the vault just now",
			id);
		return err_hint(e, "open it with another slot, so that one is known to work");
	}
	own = slot && is_own_key(v, slot);
	if (!vault_slot_remove(v, id, e))
		return false;
	return own ? write_without_key(v, path, id, e) : vault_write(v, path, BACKUP_NEXT, e);
}
