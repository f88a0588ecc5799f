/* SPDX-License-Identifier: MIT */
#include "cli/vault_files.h"

#include <string.h>

#define NOTE "new-vault" /* in the journal's folder: one line, the vault's id */

static bool note_path(char out[FS_PATH_MAX], const struct paths *p, struct err *e)
{
	return fs_join(out, FS_PATH_MAX, p->txn, NOTE, e);
}

static bool note_write(const void *paths, const char *id, struct err *e)
{
	const struct paths *p = paths;
	char path[FS_PATH_MAX];

	return note_path(path, p, e) && fs_mkdirs(p->txn, e) &&
	       fs_replace(path, id, strlen(id), NULL, e);
}

/* False: there is none. An id is a part of a file's name: anything else is none. */
static bool note_read(const struct paths *p, char id[VAULT_ID_CAP])
{
	char path[FS_PATH_MAX];
	struct buf text = { 0 };
	bool ok = note_path(path, p, NULL) && fs_read_private(path, 0, &text, NULL) &&
		  text.len == VAULT_ID_CAP - 1 && !memchr(text.p, '/', text.len) &&
		  !memchr(text.p, '\0', text.len) && text.p[0] != '.';

	if (ok) {
		memcpy(id, text.p, text.len);
		id[text.len] = '\0';
	}
	buf_release(&text);
	return ok;
}

enum birth {
	BIRTH_UNKNOWN, /* the vault cannot be read now: nothing is thrown away */
	BIRTH_DONE,
	BIRTH_NEVER,
};

/* An anchor is written after its vault: with one, the vault was there and was moved away since. */
static enum birth judge(const struct paths *p, const char *id)
{
	struct vault v = { 0 };
	struct err why = { 0 };
	struct anchor a;
	enum birth found = BIRTH_UNKNOWN;

	if (vault_load(&v, p->vault, &why))
		found = strcmp(v.id, id) == 0 ? BIRTH_DONE : BIRTH_NEVER;
	else if (why.code == ERR_NOT_FOUND)
		found = BIRTH_NEVER;
	vault_release(&v);
	if (found != BIRTH_NEVER)
		return found;
	if (!anchor_read(p->keys, id, &a, NULL))
		return BIRTH_UNKNOWN;
	return a.exists ? BIRTH_DONE : BIRTH_NEVER;
}

void vault_settle(const struct paths *p)
{
	char id[VAULT_ID_CAP];
	char note[FS_PATH_MAX];
	char key[FS_PATH_MAX];
	enum birth birth = BIRTH_DONE;

	if (!note_path(note, p, NULL))
		return;
	fs_sweep(note);
	if (note_read(p, id))
		birth = judge(p, id);
	/* The key first: without its note nobody would know what it is. */
	if (birth == BIRTH_NEVER && keyfile_path(key, sizeof(key), p->keys, id, NULL) &&
		!fs_unlink(key, NULL))
		return;
	if (birth != BIRTH_UNKNOWN)
		fs_unlink(note, NULL);
}

bool vault_lock(struct fs_lock *l, const struct paths *p, struct txn_report *r, struct err *e)
{
	if (!txn_lock(l, p, r, e))
		return false;
	vault_settle(p);
	return true;
}

static bool is_there(const char *path)
{
	struct fs_stamp st;

	return fs_stat(path, &st, NULL) && st.exists;
}

bool vault_unsettled(const struct paths *p, const char *profiles)
{
	char path[FS_PATH_MAX];
	struct str lock = STR_OF(path);

	/* A living gateway's lock costs a look under ours. */
	str_fmt(&lock, "%s.lock", profiles);
	return is_there(path) || fs_left(profiles, path, sizeof(path)) ||
	       txn_left(p, path, sizeof(path)) || (note_path(path, p, NULL) && is_there(path)) ||
	       txn_pending(p->txn, NULL);
}

bool vault_new(struct vault *v, const struct paths *p, struct err *e)
{
	return vault_create_noted(
		v, p->keys, &(struct vault_note){ .take = note_write, .ctx = p }, e);
}

/* Not of the vault in memory: what a person could go back to is what the disk holds. */
static bool backup_into(struct txn *t, const struct vault *v, const struct paths *p, struct err *e)
{
	struct buf text = { 0 };
	bool ok;

	/* A damaged generation must not replace a copy that may be whole. */
	if (!v->stamp.exists || v->mended)
		return true;
	ok = fs_read(p->vault, VAULT_TEXT_MAX, &text, NULL, e) &&
	     txn_add(t, &(struct txn_change){ .path = p->vault_bak, .p = text.p, .n = text.len },
		     e);
	buf_release(&text);
	return ok;
}

bool vault_into(struct txn *t, struct vault *v, const struct paths *p, struct err *e)
{
	struct buf text = { 0 };
	bool ok =
		backup_into(t, v, p, e) && vault_encode(v, &text, e) &&
		txn_add(t,
			&(struct txn_change){
				.path = p->vault, .p = text.p, .n = text.len, .expect = &v->stamp },
			e);

	buf_release(&text);
	return ok;
}

void vault_anchor_text(struct str *out, const struct vault *v)
{
	if (v->anchor_error.code)
		str_fmt(out, "an older copy of the vault would go unnoticed: %s",
			v->anchor_error.msg);
}
