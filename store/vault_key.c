/* SPDX-License-Identifier: MIT */

/*
 * What a key proves about a vault, in this order: the slot's commitment (the
 * key is the right one), the vault's commitment (the master key is), the MAC
 * (nothing was changed, added or removed), the anchor (nothing was taken back).
 */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "crypto/b64.h"
#include "crypto/seal.h"
#include "store/vault_impl.h"

enum {
	SUBKEY_RECORD = 1,
	SUBKEY_MAC = 2,
	SUBKEY_COMMIT = 3
};

static const char context_record[] = "tfvRecrd";
static const char context_mac[] = "tfvMacKy";
static const char context_commit[] = "tfvCommt";

bool vault_blame(const struct vault *v, struct err *e)
{
	if (!e || !v->file[0] || e->msg[0] == '/' || strstr(e->msg, " /"))
		return false;
	return err_wrap(e, "%s", v->file);
}

bool vault_is_open(const struct vault *v, struct err *e)
{
	if (v->open)
		return true;
	err_set(e, ERR_KEY, "the vault is locked");
	return vault_blame(v, e);
}

void vault_relock(struct vault *v)
{
	secret_release(&v->vmk);
	secret_release(&v->k_rec);
	secret_release(&v->k_mac);
	v->open = false;
	v->mac_ok = false;
}

bool vault_commitment(const struct vault *v, unsigned char out[MAC_BYTES], struct err *e)
{
	struct secret key = { 0 };
	struct canon c;
	bool ok;

	canon_start(&c, "tfv1/commit", &v->scope);
	ok = key_derive(&key, &v->vmk, SUBKEY_COMMIT, context_commit, e) &&
	     mac_of(out, &key, c.p, c.len);
	secret_release(&key);
	return ok;
}

static void mac_canon(struct mac *m, const struct canon *c)
{
	mac_add(m, c->p, c->len);
}

static void mac_u32(struct mac *m, size_t n)
{
	struct canon c = { .len = 0 };

	canon_u32(&c, (uint32_t)n);
	mac_canon(m, &c);
}

static void mac_record(struct mac *m, const struct vault_record *r, const struct scope *scope)
{
	struct canon c;

	record_aad(&c, r, scope);
	canon_u64(&c, r->ts);
	canon_bytes(&c, r->n, sizeof(r->n));
	canon_u32(&c, (uint32_t)r->c_len);
	mac_canon(m, &c);
	mac_add(m, r->c, r->c_len);
}

void vault_mac(const struct vault *v, uint64_t gen, unsigned char out[MAC_BYTES])
{
	struct canon c;
	struct mac m;

	mac_begin(&m, &v->k_mac);
	canon_start(&c, "tfv1/file", &v->scope);
	canon_u64(&c, gen);
	mac_canon(&m, &c);
	mac_u32(&m, v->slot_count);
	for (size_t i = 0; i < v->slot_count; i++) {
		keyslot_aad(&c, &v->slots[i], &v->scope);
		mac_canon(&m, &c);
		mac_add(&m, v->slots[i].n, sizeof(v->slots[i].n));
		mac_add(&m, v->slots[i].w, sizeof(v->slots[i].w));
		mac_add(&m, v->slots[i].kc, sizeof(v->slots[i].kc));
	}
	mac_u32(&m, v->record_count);
	for (size_t i = 0; i < v->record_count; i++)
		mac_record(&m, &v->records[i], &v->scope);
	mac_end(&m, out);
}

bool vault_set_key(struct vault *v, struct secret *vmk, struct err *e)
{
	vault_relock(v);
	secret_move(&v->vmk, vmk);
	return key_derive(&v->k_rec, &v->vmk, SUBKEY_RECORD, context_record, e) &&
	       key_derive(&v->k_mac, &v->vmk, SUBKEY_MAC, context_mac, e);
}

bool vault_open_with(struct vault *v, struct secret *vmk, struct err *e)
{
	unsigned char mine[MAC_BYTES];

	if (!vault_set_key(v, vmk, e) || !vault_commitment(v, mine, e))
		goto fail;
	if (!bytes_equal(mine, v->kc, sizeof(mine))) {
		err_set(e, ERR_DAMAGED, "the vault was changed: its head does not fit its key");
		goto fail;
	}
	vault_mac(v, v->gen, mine);
	v->mac_ok = bytes_equal(mine, v->mac, sizeof(mine));
	if (!v->mac_ok && !v->tolerant) {
		err_set(e, ERR_DAMAGED,
			"the vault was changed by something else: its records or "
			"slots do not fit its seal");
		err_hint(e,
			"nothing is read from it; the copy before the last change is beside "
			"it, with .bak at the end");
		goto fail;
	}
	v->open = true;
	return true;
fail:
	vault_relock(v);
	return vault_blame(v, e);
}

void vault_watch(struct vault *v, const char *key_dir)
{
	struct anchor a;

	v->age = VAULT_AGE_UNKNOWN;
	v->anchor_gen = 0;
	v->anchor_error = (struct err){ 0 };
	if (!str_copy(v->key_dir, sizeof(v->key_dir), key_dir)) {
		v->key_dir[0] = '\0';
		err_set(&v->anchor_error, ERR_USAGE, "path too long: %.80s", key_dir);
		return;
	}
	if (!v->mac_ok || !anchor_read(v->key_dir, v->id, &a, &v->anchor_error) || !a.exists)
		return;
	v->anchor_gen = a.gen;
	if (v->gen < a.gen || (v->gen == a.gen && !bytes_equal(v->mac, a.mac, sizeof(a.mac))))
		v->age = VAULT_AGE_OLDER;
	else
		v->age = VAULT_AGE_CURRENT;
}

void vault_tolerate(struct vault *v)
{
	v->tolerant = true;
}

void vault_avoid_slot(struct vault *v, const char *id)
{
	str_copy(v->not_by, sizeof(v->not_by), id);
}

void vault_accept_rollback(struct vault *v)
{
	v->rollback_accepted = true;
}

/* Everything but the id: a fresh master key, and slot s1 for this key. */
static bool create(struct vault *v, const struct secret *kek, struct err *e)
{
	struct secret vmk = { 0 };
	struct keyslot *slot = &v->slots[0];

	v->scope.epoch = 1;
	if (!random_key(&vmk, e) || !vault_set_key(v, &vmk, e) || !vault_commitment(v, v->kc, e))
		return false;
	*slot = (struct keyslot){ .id = "s1", .type = KEYSLOT_FILE };
	if (!keyslot_wrap(slot, &v->scope, kek, &v->vmk, e))
		return false;
	v->slot_count = 1;
	vault_mac(v, 0, v->mac);
	v->open = true;
	v->mac_ok = true;
	return true;
}

static void begin(struct vault *v)
{
	*v = (struct vault){ 0 };
	random_bytes(v->scope.vault_id, sizeof(v->scope.vault_id));
	b64_encode(v->id, sizeof(v->id), v->scope.vault_id, sizeof(v->scope.vault_id));
}

bool vault_create_with_key(struct vault *v, const struct secret *kek, struct err *e)
{
	begin(v);
	if (create(v, kek, e))
		return true;
	vault_release(v);
	return false;
}

bool vault_create(struct vault *v, const char *key_dir, struct err *e)
{
	return vault_create_noted(v, key_dir, &(struct vault_note){ 0 }, e);
}

bool vault_create_noted(
	struct vault *v, const char *key_dir, const struct vault_note *note, struct err *e)
{
	struct secret kek = { 0 };
	bool ok;

	begin(v);
	if (!str_copy(v->key_dir, sizeof(v->key_dir), key_dir)) {
		vault_release(v);
		return err_set(e, ERR_USAGE, "path too long: %.80s", key_dir);
	}
	ok = (!note->take || note->take(note->ctx, v->id, e)) &&
	     keyfile_create(key_dir, v->id, &kek, e) && create(v, &kek, e);
	secret_release(&kek);
	if (!ok)
		vault_release(v);
	return ok;
}
