/* SPDX-License-Identifier: MIT */

/*
 * From memory to text to disk. A text is believed only after it was read back:
 * vault_encode() proves it before anything is replaced, vault_committed() what
 * the disk holds afterwards.
 */
#include <inttypes.h>
#include <string.h>

#include "crypto/b64.h"
#include "crypto/seal.h"
#include "store/vault_impl.h"

/* A builder that stops at its first error, so that a line reads as what it writes. */
struct writer {
	struct buf *out;
	struct err *e;
	bool ok;
};

static void put(struct writer *w, const char *text)
{
	w->ok = w->ok && buf_text(w->out, text, w->e);
}

static void put_text(struct writer *w, const char *name, const char *text)
{
	put(w, "\"");
	put(w, name);
	put(w, "\":\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(w, "\\");
		w->ok = w->ok && buf_add(w->out, text, 1, w->e);
	}
	put(w, "\"");
}

static void put_number(struct writer *w, const char *name, uint64_t x)
{
	w->ok = w->ok && buf_fmt(w->out, w->e, "\"%s\":%" PRIu64, name, x);
}

static void put_bytes(struct writer *w, const char *name, const void *p, size_t n)
{
	put(w, "\"");
	put(w, name);
	put(w, "\":\"");
	w->ok = w->ok && b64_add(w->out, p, n, w->e);
	put(w, "\"");
}

static void put_slot(struct writer *w, const struct keyslot *slot)
{
	put(w, "\n    {");
	put_text(w, "id", slot->id);
	put(w, ",");
	put_text(w, "type", keyslot_type_name(slot->type));
	put(w, ",");
	put_text(w, "name", slot->name);
	if (keyslot_type_salted(slot->type)) {
		put(w, ",");
		put_bytes(w, "salt", slot->salt, sizeof(slot->salt));
	}
	put(w, ",");
	put_number(w, "ops", slot->cost.ops);
	put(w, ",");
	put_number(w, "mem", slot->cost.mem);
	put(w, ",\n     ");
	put_bytes(w, "kc", slot->kc, sizeof(slot->kc));
	put(w, ",\n     ");
	put_bytes(w, "n", slot->n, sizeof(slot->n));
	put(w, ",");
	put_bytes(w, "w", slot->w, sizeof(slot->w));
	put(w, "}");
}

static void put_record(struct writer *w, const struct vault_record *r)
{
	put(w, "\n    {");
	put_text(w, "id", r->id);
	put(w, ",");
	put_text(w, "agent", r->agent);
	put(w, ",");
	put_text(w, "profile", r->profile);
	put(w, ",");
	put_text(w, "provider", r->provider);
	put(w, ",");
	put_text(w, "field", r->field);
	put(w, ",");
	put_number(w, "rev", r->rev);
	put(w, ",");
	put_number(w, "ts", r->ts);
	put(w, ",\n     ");
	put_bytes(w, "n", r->n, sizeof(r->n));
	put(w, ",");
	put_bytes(w, "c", r->c, r->c_len);
	put(w, "}");
}

bool vault_format(const struct vault *v, uint64_t gen, const unsigned char mac[MAC_BYTES],
	struct buf *out, struct err *e)
{
	struct writer w = { .out = out, .e = e, .ok = true };

	put(&w, "{\n  \"format\":\"tfv\",\n  \"v\":1,\n  ");
	put_bytes(&w, "vaultId", v->scope.vault_id, sizeof(v->scope.vault_id));
	put(&w, ",\n  ");
	put_number(&w, "epoch", v->scope.epoch);
	put(&w, ",\n  ");
	put_number(&w, "gen", gen);
	put(&w, ",\n  ");
	put_bytes(&w, "kc", v->kc, sizeof(v->kc));
	put(&w, ",\n  \"slots\":[");
	for (size_t i = 0; i < v->slot_count; i++) {
		put(&w, i ? "," : "");
		put_slot(&w, &v->slots[i]);
	}
	put(&w, "],\n  \"records\":[");
	for (size_t i = 0; i < v->record_count; i++) {
		put(&w, i ? "," : "");
		put_record(&w, &v->records[i]);
	}
	put(&w, "],\n  ");
	put_bytes(&w, "mac", mac, MAC_BYTES);
	put(&w, "\n}\n");
	return w.ok;
}

/* A record that does not open is carried along as it is, unless it was sealed just now. */
static bool carried(
	const struct vault *v, const struct vault_record *a, const struct vault_record *b)
{
	return !a->fresh && !vault_record_opens(v, a) && a->rev == b->rev && a->ts == b->ts &&
	       a->c_len == b->c_len && bytes_equal(a->n, b->n, sizeof(a->n)) &&
	       bytes_equal(a->c, b->c, a->c_len);
}

bool vault_records_equal(const struct vault *a, const struct vault *b, struct err *e)
{
	struct secret x = { 0 };
	struct secret y = { 0 };
	bool same = a->record_count == b->record_count;

	for (size_t i = 0; same && i < a->record_count; i++) {
		const struct vault_record *mine = &a->records[i];
		const struct vault_record *theirs = &b->records[i];

		same = strcmp(mine->id, theirs->id) == 0 &&
		       ((record_open(a, mine, &x, e) && record_open(b, theirs, &y, e) &&
				secret_equal(&x, &y)) ||
			       carried(a, mine, theirs));
	}
	secret_release(&x);
	secret_release(&y);
	return same;
}

bool vault_mend(struct vault *v, const char *id, struct err *e)
{
	const struct vault_record *r = vault_find(v, id);

	if (!vault_is_open(v, e))
		return false;
	v->mended = r && !vault_record_opens(v, r);
	return v->mended || v->mac_ok ||
	       err_set(e, ERR_DAMAGED, "the vault was changed by something else, not in %s", id);
}

/* The text, read and opened afresh, is this vault at its next generation. */
static bool prove(const struct vault *v, const char *p, size_t n, struct err *e)
{
	struct vault back = { 0 };
	struct secret vmk = { 0 };
	struct err why = { 0 };
	bool ok = false;

	if (!vault_parse(&back, p, n, &why) || !secret_copy(&vmk, &v->vmk, &why) ||
		!vault_open_with(&back, &vmk, &why))
		goto out;
	/* The MAC, true for both, stands for generation and slots; the values are compared. */
	ok = bytes_equal(back.mac, v->next_mac, MAC_BYTES) && vault_records_equal(v, &back, &why);
	if (!ok && !why.code)
		err_set(&why, ERR_FAILED, "the vault's text does not say what it should");
out:
	if (!ok && e)
		*e = why;
	secret_release(&vmk);
	vault_release(&back);
	return ok;
}

static bool may_write(const struct vault *v, struct err *e)
{
	if (!vault_is_open(v, e))
		return false;
	if (!v->mac_ok && !v->mended) {
		err_set(e, ERR_DAMAGED,
			"the vault was changed by something else and is not "
			"written to");
		vault_blame(v, e);
		return err_hint(e, "restore the copy with .bak at the end");
	}
	if (v->age == VAULT_AGE_OLDER && !v->rollback_accepted) {
		err_set(e, ERR_REFUSED,
			"the vault is an older copy (generation %" PRIu64 ", last seen %" PRIu64
			")",
			v->gen, v->anchor_gen);
		vault_blame(v, e);
		return err_hint(e,
			"what was saved since then is not in it; put the newer file "
			"back, or write anyway with --accept-rollback");
	}
	return true;
}

bool vault_encode(struct vault *v, struct buf *out, struct err *e)
{
	uint64_t last = v->gen > v->anchor_gen ? v->gen : v->anchor_gen;
	size_t start = out->len;

	if (!may_write(v, e))
		return false;
	if (last >= VAULT_NUMBER_MAX) {
		err_set(e, ERR_REFUSED, "the vault has used up its generations");
		return vault_blame(v, e);
	}
	v->next_gen = last + 1;
	vault_mac(v, v->next_gen, v->next_mac);
	return (vault_format(v, v->next_gen, v->next_mac, out, e) &&
		       (out->len - start <= VAULT_TEXT_MAX ||
			       err_set(e, ERR_USAGE, "the vault would be larger than %d MiB",
				       VAULT_TEXT_MAX >> 20)) &&
		       prove(v, out->p + start, out->len - start, e)) ||
	       vault_blame(v, e);
}

static void advance_anchor(struct vault *v)
{
	struct anchor a = { .exists = true, .gen = v->gen };

	if (!v->key_dir[0])
		return;
	memcpy(a.mac, v->mac, sizeof(a.mac));
	v->anchor_error = (struct err){ 0 };
	if (anchor_write(v->key_dir, v->id, &a, &v->anchor_error)) {
		v->anchor_gen = v->gen;
		v->age = VAULT_AGE_CURRENT;
	}
}

bool vault_committed(struct vault *v, const char *path, struct err *e)
{
	struct buf text = { 0 };
	struct fs_stamp stamp;
	bool ok;

	ok = fs_read(path, VAULT_TEXT_MAX, &text, &stamp, e);
	if (ok && !prove(v, text.p, text.len, e)) {
		err_wrap(e, "%s", path);
		ok = err_hint(e, "the generation before is beside it, with .bak at the end");
	}
	buf_release(&text);
	if (!ok)
		return false;
	v->gen = v->next_gen;
	v->mac_ok = true;
	v->mended = false;
	memcpy(v->mac, v->next_mac, sizeof(v->mac));
	v->stamp = stamp;
	str_copy(v->file, sizeof(v->file), path);
	advance_anchor(v);
	return true;
}

bool vault_prepare_dir(const char *path, struct err *e)
{
	char dir[FS_PATH_MAX];
	char ignore[FS_PATH_MAX];
	struct fs_stamp st;

	fs_dirname(dir, sizeof(dir), path);
	if (!fs_mkdirs(dir, e) || !fs_join(ignore, sizeof(ignore), dir, ".gitignore", e) ||
		!fs_stat(ignore, &st, e))
		return false;
	return st.exists || fs_replace(ignore, "*\n", 2, NULL, e);
}

static bool backup_path(char *out, size_t cap, const char *path, struct err *e)
{
	struct str s = str_on(out, cap);

	str_fmt(&s, "%s.bak", path);
	return !s.cut || err_set(e, ERR_USAGE, "path too long: %.80s", path);
}

static bool keep_previous(const char *path, const char *bak, struct err *e)
{
	struct buf text = { 0 };
	bool ok = fs_read(path, VAULT_TEXT_MAX, &text, NULL, e) &&
		  fs_replace(bak, text.p, text.len, NULL, e);

	buf_release(&text);
	return ok;
}

static bool make_backup(const struct vault *v, const char *path, enum vault_backup backup,
	const struct buf *next, struct err *e)
{
	char bak[FS_PATH_MAX];

	if (!backup_path(bak, sizeof(bak), path, e))
		return false;
	switch (backup) {
	case BACKUP_NONE:
		return fs_unlink(bak, e);
	case BACKUP_NEXT:
		return fs_replace(bak, next->p, next->len, NULL, e);
	case BACKUP_PREVIOUS:
		break;
	}
	return !v->stamp.exists || keep_previous(path, bak, e);
}

bool vault_save(struct vault *v, const char *path, struct err *e)
{
	return vault_write(v, path, BACKUP_PREVIOUS, e);
}

bool vault_write(struct vault *v, const char *path, enum vault_backup backup, struct err *e)
{
	const struct fs_replace how = { .expect = &v->stamp };
	struct buf text = { 0 };
	struct fs_stamp now;
	bool ok = false;

	if (!vault_prepare_dir(path, e) || !fs_stat(path, &now, e))
		return false;
	/* Asked before .bak is touched: it must stay the generation before this one. */
	if (!fs_same(&now, &v->stamp)) {
		err_set(e, ERR_BUSY,
			v->stamp.exists ? "%s was changed by another program meanwhile"
					: "%s exists already",
			path);
		return err_hint(e, "nothing was changed; run the command again");
	}
	ok = vault_encode(v, &text, e) && make_backup(v, path, backup, &text, e) &&
	     fs_replace(path, text.p, text.len, &how, e) && vault_committed(v, path, e);
	buf_release(&text);
	return ok;
}
