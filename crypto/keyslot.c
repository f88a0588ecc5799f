/* SPDX-License-Identifier: MIT */
#include "crypto/keyslot.h"

#include <string.h>

#include "base/str.h"

static const char context[] = "tfvSlotK";

enum {
	SUBKEY_WRAP = 1,
	SUBKEY_COMMIT = 2
};

struct type_row {
	const char *name;
	bool salted;
	bool costly; /* ops and mem mean something */
	bool named;
};

static const struct type_row types[] = {
	[KEYSLOT_FILE] = { .name = "file" },
	[KEYSLOT_ARGON2ID] = { .name = "argon2id", .salted = true, .costly = true },
	[KEYSLOT_SYSTEMD_CRED] = { .name = "systemd-cred", .named = true },
	[KEYSLOT_RECOVERY] = { .name = "recovery", .salted = true },
};

const char *keyslot_type_name(enum keyslot_type type)
{
	return types[type].name;
}

bool keyslot_type_find(enum keyslot_type *type, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*type = (enum keyslot_type)i;
			return true;
		}
	}
	return false;
}

bool keyslot_type_salted(enum keyslot_type type)
{
	return types[type].salted;
}

bool keyslot_check(const struct keyslot *slot, struct err *e)
{
	const struct type_row *row = &types[slot->type];

	if (row->costly && !kdf_cost_check(&slot->cost, e))
		return false;
	if (!row->costly && (slot->cost.ops || slot->cost.mem))
		return err_set(e, ERR_DAMAGED, "slot %s has a cost, but a slot of type %s has none",
			slot->id, row->name);
	/* The name is authenticated only where it is the parameter. */
	if (row->named != (slot->name[0] != '\0'))
		return err_set(e, ERR_DAMAGED, "slot %s of type %s %s", slot->id, row->name,
			row->named ? "lacks its name" : "must not have a name");
	return true;
}

void keyslot_aad(struct canon *out, const struct keyslot *slot, const struct scope *scope)
{
	const struct type_row *row = &types[slot->type];

	canon_start(out, "tfv1/slot", scope);
	canon_text(out, slot->id);
	canon_text(out, row->name);
	if (row->salted)
		canon_lp(out, slot->salt, sizeof(slot->salt));
	else
		canon_text(out, slot->name);
	canon_u64(out, slot->cost.ops);
	canon_u64(out, slot->cost.mem);
}

static bool commitment(unsigned char out[MAC_BYTES], const struct canon *aad,
	const struct secret *kek, struct err *e)
{
	struct secret key = { 0 };
	bool ok;

	ok = key_derive(&key, kek, SUBKEY_COMMIT, context, e) &&
	     mac_of(out, &key, aad->p, aad->len);
	secret_release(&key);
	return ok;
}

static bool is_damaged(const struct keyslot *slot, struct err *e)
{
	return err_set(e, ERR_DAMAGED, "key slot %s was changed", slot->id);
}

bool keyslot_unwrap(const struct keyslot *slot, const struct scope *scope, const struct secret *kek,
	struct secret *vmk, struct err *e)
{
	struct secret key = { 0 };
	struct canon aad;
	struct aead a = { .key = &key, .nonce = slot->n, .aad = aad.p };
	unsigned char kc[MAC_BYTES];
	bool ok = false;

	if (!keyslot_check(slot, e))
		return false;
	keyslot_aad(&aad, slot, scope);
	a.aad_len = aad.len;
	if (!commitment(kc, &aad, kek, e) || !key_derive(&key, kek, SUBKEY_WRAP, context, e))
		goto out;
	if (!bytes_equal(kc, slot->kc, sizeof(kc))) {
		err_set(e, ERR_KEY, "the key does not fit key slot %s", slot->id);
		goto out;
	}
	if (!secret_init(vmk, SEAL_KEY_BYTES, e))
		goto out;
	if (!aead_open(&a, vmk->bytes, slot->w, sizeof(slot->w))) {
		secret_release(vmk);
		is_damaged(slot, e);
		goto out;
	}
	vmk->len = SEAL_KEY_BYTES;
	ok = true;
out:
	secret_release(&key);
	return ok;
}

static bool wrap(struct keyslot *slot, const struct canon *aad, const struct secret *kek,
	const struct secret *vmk, struct err *e)
{
	struct secret key = { 0 };
	struct aead a = { .key = &key, .nonce = slot->n, .aad = aad->p, .aad_len = aad->len };
	bool ok;

	random_bytes(slot->n, sizeof(slot->n));
	ok = key_derive(&key, kek, SUBKEY_WRAP, context, e) &&
	     aead_seal(&a, slot->w, vmk->bytes, vmk->len);
	secret_release(&key);
	return ok;
}

bool keyslot_wrap(struct keyslot *slot, const struct scope *scope, const struct secret *kek,
	const struct secret *vmk, struct err *e)
{
	struct secret back = { 0 };
	struct canon aad;
	bool ok = false;

	if (!keyslot_check(slot, e))
		return false;
	if (vmk->len != SEAL_KEY_BYTES)
		return err_set(e, ERR_KEY, "a master key has %d bytes", SEAL_KEY_BYTES);
	keyslot_aad(&aad, slot, scope);
	if (!commitment(slot->kc, &aad, kek, e) || !wrap(slot, &aad, kek, vmk, e) ||
		!keyslot_unwrap(slot, scope, kek, &back, e))
		goto out;
	ok = secret_equal(&back, vmk) || is_damaged(slot, e);
out:
	secret_release(&back);
	return ok;
}
