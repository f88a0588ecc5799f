/* SPDX-License-Identifier: MIT */
#include "cli/secrets_facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out_base.h"
#include "cli/out_table.h"
#include "store/vault_rekey.h"

/* Is there anything to try this slot with, without a question? */
static bool at_hand(const struct unlock *u, const struct keyslot *slot)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	switch (slot->type) {
	case KEYSLOT_FILE:
		return true;
	case KEYSLOT_SYSTEMD_CRED:
		return u->key.bytes || (credentials && credentials[0]);
	case KEYSLOT_ARGON2ID:
		return u->passphrase.bytes;
	case KEYSLOT_RECOVERY:
		return u->recovery.bytes;
	}
	return false;
}

static void try_slots(struct secrets_facts *f, struct unlock *u)
{
	struct vault *v = &f->vault;

	for (size_t i = 0; i < v->slot_count; i++) {
		struct slot_key k = { 0 };

		f->tried[i] = at_hand(u, &v->slots[i]);
		f->opens[i] = f->tried[i] && unlock_slot_key(u, &k, v, &v->slots[i], NULL);
		slot_key_release(&k);
	}
}

static void try_records(struct secrets_facts *f)
{
	const struct vault *v = &f->vault;

	for (size_t i = 0; i < v->record_count; i++) {
		f->record_opens[i] = vault_record_opens(v, &v->records[i]);
		f->records_open += f->record_opens[i];
	}
}

/* The generation before: with the same master key, or an older one with what is here. */
static void try_backup(struct secrets_facts *f)
{
	struct vault bak = { 0 };
	struct fs_stamp stamp;

	if (!fs_stat(f->paths->vault_bak, &stamp, NULL) || !stamp.exists)
		return;
	f->has_backup = true;
	if (vault_load(&bak, f->paths->vault_bak, &f->backup)) {
		f->backup_gen = bak.gen;
		f->backup_opens =
			f->vault.open &&
			(vault_unlock_like(&bak, &f->vault, &f->backup) ||
				vault_unlock_unattended(&bak, f->paths->keys, &f->backup));
		/* What a person has to open it with is not a fault of the file. */
		if (f->backup_opens || !f->vault.open || f->backup.code == ERR_LOCKED)
			f->backup = (struct err){ 0 };
	}
	vault_release(&bak);
}

/* Without a question: what was handed over, else what is here. */
static bool open_quietly(struct secrets_facts *f, struct unlock *u, struct err *e)
{
	struct vault *v = &f->vault;
	bool ok;

	vault_tolerate(v);
	ok = u->given ? unlock_given(u, v, e) : vault_unlock_unattended(v, f->paths->keys, e);
	if (ok)
		vault_watch(v, f->paths->keys);
	else if (e->code == ERR_LOCKED)
		err_hint(e, "%s", u->instead);
	return ok;
}

bool secrets_facts_take(struct secrets_facts *f, struct unlock *u, struct err *e)
{
	*f = (struct secrets_facts){ .paths = u->paths };
	if (!vault_load(&f->vault, u->paths->vault, e)) {
		if (e && e->code == ERR_NOT_FOUND)
			err_hint(e, "thinkfleetbot onboard makes one with the first credential");
		return false;
	}
	f->pending = vault_rekey_pending(&f->vault, u->paths->keys);
	if (open_quietly(f, u, &f->closed)) {
		f->closed = (struct err){ 0 };
		try_records(f);
	}
	try_slots(f, u);
	try_backup(f);
	return true;
}

void secrets_facts_release(struct secrets_facts *f)
{
	vault_release(&f->vault);
}

void secrets_slot_text(struct str *out, const struct keyslot *slot)
{
	str_add(out, slot_words(slot->type));
	if (slot->type == KEYSLOT_ARGON2ID)
		str_fmt(out, " (%" PRIu64 " passes over %" PRIu64 " MiB)", slot->cost.ops,
			slot->cost.mem >> 20);
	if (slot->name[0])
		str_fmt(out, " %s", slot->name);
}

static const char *state_of(const struct secrets_facts *f, size_t i)
{
	if (!f->tried[i])
		return "not tried";
	return f->opens[i] ? "opens" : "does not open here";
}

bool secrets_slots_print(const struct secrets_facts *f, struct err *e)
{
	static const char *const head[] = { "SLOT", "OPENS WITH", "WITHOUT YOU", "NOW" };
	const struct vault *v = &f->vault;
	struct out_table t = { 0 };
	bool ok = out_table_row(&t, head, ARRAY_LEN(head), e);

	for (size_t i = 0; ok && i < v->slot_count; i++) {
		char kind[KEYSLOT_NAME_CAP + 64];
		struct str s = STR_OF(kind);

		secrets_slot_text(&s, &v->slots[i]);
		ok = out_table_row(&t,
			(const char *const[]){ v->slots[i].id, kind,
				keyslot_unattended(v->slots[i].type) ? "yes" : "no",
				state_of(f, i) },
			ARRAY_LEN(head), e);
	}
	if (ok)
		out_table_print(stdout, &t);
	out_table_release(&t);
	return ok;
}

struct json_object *secrets_slots_json(const struct secrets_facts *f)
{
	struct json_object *list = json_object_new_array();
	const struct vault *v = &f->vault;

	for (size_t i = 0; i < v->slot_count; i++) {
		const struct keyslot *slot = &v->slots[i];
		struct json_object *row = json_object_new_object();

		json_put(row, "id", json_text(slot->id));
		json_put(row, "type", json_text(keyslot_type_name(slot->type)));
		json_put(row, "name", slot->name[0] ? json_text(slot->name) : NULL);
		json_put(
			row, "unattended", json_object_new_boolean(keyslot_unattended(slot->type)));
		json_put(row, "opens", f->tried[i] ? json_object_new_boolean(f->opens[i]) : NULL);
		if (slot->type == KEYSLOT_ARGON2ID) {
			json_put(row, "ops", json_object_new_int64((int64_t)slot->cost.ops));
			json_put(row, "mem", json_object_new_int64((int64_t)slot->cost.mem));
		}
		json_append(list, row);
	}
	return list;
}

struct json_object *secrets_weakest_json(const struct secrets_facts *f)
{
	const struct keyslot *slot = vault_weakest(&f->vault);
	struct json_object *o = json_object_new_object();

	json_put(o, "id", json_text(slot->id));
	json_put(o, "type", json_text(keyslot_type_name(slot->type)));
	json_put(o, "words", json_text(vault_weakest_words(&f->vault, f->paths->keys)));
	return o;
}
