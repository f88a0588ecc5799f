/* SPDX-License-Identifier: MIT */
#include "store/vault_rekey.h"

#include <string.h>

#include "store/vault_impl.h"

/* The two files of the key folder, and the slots that they open. */
struct pair {
	struct secret key;  /* .key */
	struct secret next; /* .key.new */
	bool has_next;
	const struct keyslot *by_key;
	const struct keyslot *by_next;
};

static void pair_release(struct pair *p)
{
	secret_release(&p->key);
	secret_release(&p->next);
	*p = (struct pair){ 0 };
}

/* A key file that is not there opens nothing; one that cannot be read is an error. */
static bool read_optional(const char *path, struct secret *key, struct err *e)
{
	struct err why = { 0 };

	if (keyfile_read(path, key, &why) || why.code == ERR_NOT_FOUND)
		return true;
	if (e)
		*e = why;
	return false;
}

static bool pair_match(struct pair *p, const struct vault *v, struct err *e)
{
	p->by_key = NULL;
	p->by_next = NULL;
	return (!p->key.bytes || vault_slot_match(v, &p->key, &p->by_key, e)) &&
	       (!p->has_next || vault_slot_match(v, &p->next, &p->by_next, e));
}

static bool pair_read(struct pair *p, const struct vault *v, struct err *e)
{
	char key[FS_PATH_MAX];
	char next[FS_PATH_MAX];

	*p = (struct pair){ 0 };
	if (!v->key_dir[0])
		return err_set(e, ERR_NOT_FOUND, "no key folder");
	if (!keyfile_path(key, sizeof(key), v->key_dir, v->id, e) ||
		!keyfile_next_path(next, sizeof(next), v->key_dir, v->id, e) ||
		!read_optional(next, &p->next, e))
		return false;
	p->has_next = p->next.bytes;
	/* Beside a successor that opens the vault, a damaged key file is about to go anyway. */
	if (!read_optional(key, &p->key, p->has_next ? NULL : e) && !p->has_next)
		return false;
	return pair_match(p, v, e);
}

static bool drop_next(const struct vault *v, struct err *e)
{
	char next[FS_PATH_MAX];

	return keyfile_next_path(next, sizeof(next), v->key_dir, v->id, e) && fs_unlink(next, e);
}

/* The vault without this slot, on the disk and in its backup. */
static bool retire(struct vault *v, const char *path, const struct keyslot *slot, struct err *e)
{
	char id[KEYSLOT_ID_CAP];

	/* A copy: the slot moves while it is removed. */
	str_copy(id, sizeof(id), slot->id);
	return vault_slot_remove(v, id, e) && vault_write(v, path, BACKUP_NEXT, e);
}

/* Steps 3 to 5, from a vault that both keys open; the slot that was added later is the new one. */
static bool finish(struct vault *v, const char *path, const struct pair *p, struct err *e)
{
	bool swapped = p->by_key > p->by_next;
	const struct keyslot *old = swapped ? p->by_next : p->by_key;

	if (!swapped && !keyfile_exchange(v->key_dir, v->id, &swapped, e))
		return false;
	if (!retire(v, path, old, e))
		return false;
	return swapped ? drop_next(v, e) : keyfile_promote(v->key_dir, v->id, e);
}

static bool resume(struct vault *v, const char *path, const struct pair *p, enum rekey_left *what,
	struct err *e)
{
	/*
	 * An older copy may need the key that the newer one did without: nothing is thrown away.
	 * A successor alone, that opens nothing, came or went with a slot; but two files that
	 * open nothing are somebody else's.
	 */
	if (!p->has_next || v->age == VAULT_AGE_OLDER ||
		(!p->by_key && !p->by_next && (p->key.bytes || v->age != VAULT_AGE_CURRENT)))
		return true;
	if (!p->by_next || p->by_next == p->by_key) {
		*what = REKEY_CLEANED;
		return drop_next(v, e);
	}
	*what = REKEY_FINISHED;
	if (!p->by_key)
		return keyfile_promote(v->key_dir, v->id, e);
	return finish(v, path, p, e);
}

bool vault_rekey_resume(struct vault *v, const char *path, enum rekey_left *what, struct err *e)
{
	enum rekey_left own = REKEY_NOTHING;
	struct pair p = { 0 };
	bool ok;

	ok = !v->key_dir[0] || (pair_read(&p, v, e) && resume(v, path, &p, &own, e));
	pair_release(&p);
	if (what)
		*what = own;
	return ok || err_wrap(e, "finishing the change of the key file");
}

bool vault_rekey_pending(const struct vault *v, const char *key_dir)
{
	char next[FS_PATH_MAX];
	struct fs_stamp st;

	return keyfile_next_path(next, sizeof(next), key_dir, v->id, NULL) &&
	       fs_stat(next, &st, NULL) && st.exists;
}

/* Steps 1 and 2. A failure leaves the successor only where the disk has a slot for it. */
static bool introduce(struct vault *v, const char *path, struct pair *p, struct err *e)
{
	struct slot_key k = { 0 };
	const struct keyslot *slot;
	bool ok;

	if (!keyfile_create_next(v->key_dir, v->id, &p->next, e))
		return false;
	p->has_next = true;
	ok = slot_key_file(&k, &p->next, e) && vault_slot_install(v, path, &k, e);
	slot_key_release(&k);
	if (!ok) {
		if (vault_reload(v, path, NULL) && vault_slot_match(v, &p->next, &slot, NULL) &&
			!slot)
			drop_next(v, NULL);
		return false;
	}
	if (!pair_match(p, v, e))
		return false;
	if (!p->by_next)
		err_set(e, ERR_FAILED, "the new key file opens no key slot of %s", path);
	return p->by_next != NULL;
}

bool vault_slot_install_file(struct vault *v, const char *path, struct slot_key *k, struct err *e)
{
	char key[FS_PATH_MAX];
	struct fs_stamp st;
	struct pair p = { 0 };
	bool ok = false;

	*k = (struct slot_key){ 0 };
	if (!keyfile_path(key, sizeof(key), v->key_dir, v->id, e) || !fs_stat(key, &st, e))
		goto out;
	if (st.exists) {
		err_set(e, ERR_CREATE, "the key file %s exists already", key);
		err_hint(
			e, "it opens another copy of the vault, or nothing: look where it is from");
		goto out;
	}
	if (!introduce(v, path, &p, e))
		goto out;
	k->slot = *p.by_next;
	ok = keyfile_promote(v->key_dir, v->id, e);
out:
	pair_release(&p);
	return ok;
}

bool vault_rekey_file(struct vault *v, const char *path, struct err *e)
{
	struct pair p = { 0 };
	bool ok = false;

	if (!vault_rekey_resume(v, path, NULL, e) || !pair_read(&p, v, e))
		goto out;
	if (!p.by_key) {
		err_set(e, ERR_NOT_FOUND, "no key file in %s opens this vault", v->key_dir);
		err_hint(e, "thinkfleetbot secrets slot list shows what does");
		goto out;
	}
	if (p.has_next) {
		err_set(e, ERR_REFUSED, "a key file with .new at the end is in the way in %s",
			v->key_dir);
		goto out;
	}
	ok = introduce(v, path, &p, e) && finish(v, path, &p, e);
out:
	pair_release(&p);
	return ok;
}

/* The same vault one epoch on, empty, with another master key. */
static bool begin_epoch(struct vault *next, const struct vault *v, struct err *e)
{
	struct secret vmk = { 0 };

	*next = (struct vault){ 0 };
	next->scope = v->scope;
	next->scope.epoch++;
	next->gen = v->gen;
	next->age = v->age;
	next->anchor_gen = v->anchor_gen;
	next->rollback_accepted = v->rollback_accepted;
	next->stamp = v->stamp;
	str_copy(next->id, sizeof(next->id), v->id);
	str_copy(next->key_dir, sizeof(next->key_dir), v->key_dir);
	str_copy(next->file, sizeof(next->file), v->file);
	str_copy(next->opened_by, sizeof(next->opened_by), v->opened_by);
	if (!next->scope.epoch)
		return err_set(e, ERR_REFUSED, "the vault has used up its master keys");
	if (!random_key(&vmk, e) || !vault_set_key(next, &vmk, e) ||
		!vault_commitment(next, next->kc, e))
		return false;
	next->open = true;
	next->mac_ok = true;
	return true;
}

/* In the vault's own order, so that nothing else about it changes. */
static bool wrap_slots(
	struct vault *next, const struct vault *v, const struct rekey *how, struct err *e)
{
	for (size_t i = 0; i < v->slot_count; i++) {
		const struct slot_key *k = NULL;
		struct keyslot *slot = &next->slots[next->slot_count];

		for (size_t j = 0; j < how->count; j++)
			if (strcmp(how->keys[j].slot.id, v->slots[i].id) == 0)
				k = &how->keys[j];
		if (!k)
			continue;
		*slot = v->slots[i];
		if (!keyslot_wrap(slot, &next->scope, &k->kek, &next->vmk, e))
			return false;
		next->slot_count++;
	}
	if (!next->slot_count)
		return err_set(e, ERR_REFUSED, "no key slot would be left");
	return true;
}

static bool reseal_one(
	struct vault *next, const struct vault *v, const struct vault_record *r, struct err *e)
{
	struct secret value = { 0 };
	bool ok = record_open(v, r, &value, e) && vault_append(next, r, e) &&
		  record_seal(next, &next->records[next->record_count - 1], &value, e);

	secret_release(&value);
	return ok;
}

static bool build(struct vault *next, const struct vault *v, const struct rekey *how, struct err *e)
{
	if (!begin_epoch(next, v, e) || !wrap_slots(next, v, how, e))
		return false;
	for (size_t i = 0; i < v->record_count; i++)
		if (!reseal_one(next, v, &v->records[i], e))
			return false;
	return true;
}

/* Before the rename: the text opens through every slot to what the old vault holds. */
static bool prove_all(
	struct vault *next, const struct vault *v, const struct rekey *how, struct err *e)
{
	struct buf text = { 0 };
	struct vault back = { 0 };
	struct err why = { 0 };
	bool ok;

	ok = vault_encode(next, &text, e) && vault_parse(&back, text.p, text.len, e);
	for (size_t i = 0; ok && i < next->slot_count; i++) {
		struct secret vmk = { 0 };
		size_t k = 0;

		while (strcmp(how->keys[k].slot.id, back.slots[i].id) != 0)
			k++;
		ok = keyslot_unwrap(&back.slots[i], &back.scope, &how->keys[k].kek, &vmk, e) &&
		     vault_open_with(&back, &vmk, e);
		secret_release(&vmk);
	}
	if (ok && !vault_records_equal(v, &back, &why)) {
		ok = why.code == ERR_MEMORY
			     ? err_set(e, why.code, "%s", why.msg)
			     : err_set(e, ERR_FAILED,
				       "the vault with the new key does not say the same");
	}
	buf_release(&text);
	vault_release(&back);
	return ok;
}

bool vault_rekey_master(struct vault *v, const char *path, const struct rekey *how, struct err *e)
{
	struct vault next = { 0 };

	if (!vault_is_open(v, e))
		return false;
	if (!v->mac_ok)
		return err_set(e, ERR_DAMAGED,
			"the vault %s was changed by something else and is not written to", path);
	if (build(&next, v, how, e) && prove_all(&next, v, how, e) &&
		vault_write(&next, path, how->compromised ? BACKUP_NONE : BACKUP_PREVIOUS, e)) {
		vault_release(v);
		*v = next;
		return true;
	}
	vault_release(&next);
	return false;
}
