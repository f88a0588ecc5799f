/* SPDX-License-Identifier: MIT */

/* <root>/<id>/: N.new for each file with a new content, and intent.json. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/b64.h"
#include "store/doc.h"
#include "store/txn_impl.h"

#define FORMAT "tfv-txn"
#define VERSION 1

bool txn_hash_of(struct txn_hash *out, const struct secret *key, bool exists, const void *p,
	size_t n, struct err *e)
{
	*out = (struct txn_hash){ .exists = exists };
	if (!exists || mac_of(out->h, key, p ? p : "", n))
		return true;
	return err_set(e, ERR_FAILED, "the journal's key has the wrong length");
}

bool journal_copy_path(char out[FS_PATH_MAX], const struct txn *t, size_t i, struct err *e)
{
	struct str s = str_on(out, FS_PATH_MAX);

	str_fmt(&s, "%s/%zu.new", t->dir, i);
	return !s.cut || err_set(e, ERR_USAGE, "path too long: %.80s", t->dir);
}

static bool intent_path(char out[FS_PATH_MAX], const struct txn *t, struct err *e)
{
	return fs_join(out, FS_PATH_MAX, t->dir, TXN_INTENT, e);
}

/* --- writing -------------------------------------------------------------------------- */

static bool make_folder(struct txn *t, struct err *e)
{
	struct str s = STR_OF(t->dir);
	uint64_t id;

	random_bytes(&id, sizeof(id));
	str_fmt(&s, "%s/%016" PRIx64, t->root, id);
	if (!s.cut && fs_mkdirs(t->dir, e))
		return true;
	if (s.cut)
		err_set(e, ERR_USAGE, "path too long: %.80s", t->root);
	else
		rmdir(t->dir);
	t->dir[0] = '\0';
	return false;
}

bool journal_stage(struct txn *t, struct err *e)
{
	char path[FS_PATH_MAX];

	if (!random_key(&t->key, e) || !make_folder(t, e))
		return false;
	for (size_t i = 0; i < t->count; i++) {
		const struct txn_file *f = &t->files[i];

		if (!f->removes && (!journal_copy_path(path, t, i, e) ||
					   !fs_replace(path, f->next.p ? f->next.p : "",
						   f->next.len, NULL, e)))
			return false;
	}
	return true;
}

static void put_bytes(struct doc_value *v, const char *key, const unsigned char h[MAC_BYTES])
{
	char text[B64_32 + 1];

	b64_encode(text, sizeof(text), h, MAC_BYTES);
	doc_value_key(v, key);
	doc_value_string(v, text);
}

/* An absent file has no hash. */
static bool put_hash(struct doc_value *v, const char *name, const struct secret *key, bool exists,
	const struct buf *text, struct err *e)
{
	struct txn_hash hash;

	if (!exists)
		return true;
	/* GCOVR_EXCL_BR_START: the key is of random_key(), and has its length. */
	if (!txn_hash_of(&hash, key, true, text->p, text->len, e))
		return false;
	/* GCOVR_EXCL_BR_STOP */
	put_bytes(v, name, hash.h);
	return true;
}

static const char *const lock_words[] = {
	[PEERLOCK_AUTO] = "",
	[PEERLOCK_FILE] = "file",
	[PEERLOCK_DIR] = "folder",
};

static bool put_file(
	struct doc_value *v, const struct txn *t, const struct txn_file *f, struct err *e)
{
	doc_value_object(v);
	doc_value_key(v, "path");
	doc_value_string(v, f->path);
	if (!put_hash(v, "old", &t->key, f->before.exists, &f->old, e) ||
		!put_hash(v, "new", &t->key, !f->removes, &f->next, e))
		return false;
	doc_value_key(v, "mode");
	doc_value_int(v, f->mode);
	if (f->secret) {
		doc_value_key(v, "secret");
		doc_value_bool(v, true);
	}
	if (f->has_peer) {
		doc_value_key(v, "lock");
		doc_value_string(v, lock_words[f->lock.kind]);
	}
	doc_value_end(v);
	return true;
}

static bool compose(struct doc_value *v, const struct txn *t, const char *root, struct err *e)
{
	doc_value_object(v);
	doc_value_key(v, "format");
	doc_value_string(v, FORMAT);
	doc_value_key(v, "v");
	doc_value_int(v, VERSION);
	doc_value_key(v, "root");
	doc_value_string(v, root);
	put_bytes(v, "key", (const unsigned char *)t->key.bytes);
	doc_value_key(v, "files");
	doc_value_array(v);
	for (size_t i = 0; i < t->count; i++)
		if (!put_file(v, t, &t->files[i], e))
			return false;
	doc_value_end(v);
	doc_value_end(v);
	return doc_value_good(v, t->dir, e);
}

bool journal_write(struct txn *t, struct err *e)
{
	char path[FS_PATH_MAX];
	char real[FS_PATH_MAX];
	struct doc_value v = { 0 };
	bool ok = false;

	if (!realpath(t->root, real)) {
		err_sys(e, "%s", t->root);
		goto out;
	}
	if (!compose(&v, t, real, e) || !intent_path(path, t, e))
		goto out;
	t->intended = true;
	ok = fs_replace(path, v.text.p, v.text.len, NULL, e);
out:
	doc_value_release(&v);
	return ok;
}

/* --- reading -------------------------------------------------------------------------- */

static bool read_bytes(
	const struct doc *d, uint32_t object, const char *key, unsigned char out[MAC_BYTES])
{
	char text[B64_32 + 1];

	return doc_text(d, doc_get(d, object, key), text, sizeof(text)) &&
	       b64_decode(out, MAC_BYTES, text, strlen(text));
}

/* False for a hash that is there and is none. */
static bool read_hash(const struct doc *d, uint32_t object, const char *key, struct txn_hash *out)
{
	*out = (struct txn_hash){ .exists = doc_get(d, object, key) != DOC_NONE };
	return !out->exists || read_bytes(d, object, key, out->h);
}

static bool read_lock(const struct doc *d, uint32_t object, struct txn_file *f)
{
	uint32_t lock = doc_get(d, object, "lock");

	f->has_peer = lock != DOC_NONE;
	for (size_t k = 0; f->has_peer && k < ARRAY_LEN(lock_words); k++)
		if (doc_text_is(d, lock, lock_words[k])) {
			f->peer.kind = (enum peerlock_kind)k;
			return true;
		}
	return !f->has_peer;
}

static bool read_file(const struct doc *d, uint32_t object, struct txn_file *f)
{
	int64_t mode = 0;

	doc_bool(d, doc_get(d, object, "secret"), &f->secret);
	if (!doc_text(d, doc_get(d, object, "path"), f->path, sizeof(f->path)) ||
		f->path[0] != '/' || !doc_int(d, doc_get(d, object, "mode"), &mode) || mode < 0 ||
		mode > 0777 || !read_hash(d, object, "old", &f->old_hash) ||
		!read_hash(d, object, "new", &f->new_hash) || !read_lock(d, object, f))
		return false;
	f->mode = (mode_t)mode;
	f->removes = !f->new_hash.exists;
	return true;
}

/* A journal acts only where it was made: a copied state folder must not change the original. */
static bool is_at_home(const struct doc *d, const struct txn *t, struct err *e)
{
	char root[FS_PATH_MAX];
	char real[FS_PATH_MAX];

	/* Not known is not elsewhere: a damaged journal is removed, this one waits. */
	if (!realpath(t->root, real))
		return err_sys(e, "%s", t->root);
	if (doc_text(d, doc_get(d, DOC_ROOT, "root"), root, sizeof(root)) &&
		strcmp(root, real) == 0)
		return true;
	return err_set(e, ERR_DAMAGED, "%s/%s was made in another folder", t->dir, TXN_INTENT);
}

static bool read_head(const struct doc *d, struct txn *t, struct err *e)
{
	unsigned char key[MAC_BYTES];
	int64_t version = 0;

	if (!doc_text_is(d, doc_get(d, DOC_ROOT, "format"), FORMAT) ||
		!doc_int(d, doc_get(d, DOC_ROOT, "v"), &version) ||
		!read_bytes(d, DOC_ROOT, "key", key))
		return err_set(e, ERR_DAMAGED, "%s is not a journal", d->name);
	if (version != VERSION) {
		err_set(e, ERR_NEWER, "%s was made by a newer version", d->name);
		return err_hint(e, "complete the change with the version that began it");
	}
	return is_at_home(d, t, e) && secret_from(&t->key, key, sizeof(key), e);
}

static bool read_files(const struct doc *d, struct txn *t, struct err *e)
{
	uint32_t list = doc_get(d, DOC_ROOT, "files");

	if (doc_count(d, list) > TXN_FILES_MAX)
		return err_set(e, ERR_DAMAGED, "%s lists too many files", d->name);
	t->files = calloc(TXN_FILES_MAX, sizeof(*t->files));
	if (!t->files)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (uint32_t m = doc_first(d, list); m != DOC_NONE; m = doc_next(d, m))
		if (!read_file(d, m, &t->files[t->count++]))
			return err_set(e, ERR_DAMAGED, "%s: line %u makes no sense", d->name,
				doc_line(d, m));
	return true;
}

bool journal_read(struct txn *t, struct err *e)
{
	char path[FS_PATH_MAX];
	struct buf text = { 0 };
	struct doc d = { 0 };
	bool ok;

	if (!intent_path(path, t, e))
		return false;
	if (!fs_read_private(path, 0, &text, e)) {
		buf_release(&text);
		return false;
	}
	ok = doc_parse(&d, &text, DOC_JSON, path, e) && read_head(&d, t, e) && read_files(&d, t, e);
	doc_release(&d);
	return ok;
}

/* --- removing ------------------------------------------------------------------------- */

/* What other things may lie there: temporary files of a writer that was killed. */
static void remove_rest(const char *dir)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
}

bool journal_remove(const struct txn *t, struct err *e)
{
	char path[FS_PATH_MAX];

	if (!t->dir[0])
		return true;
	if (!intent_path(path, t, e))
		return false;
	/* Where only the sync of its removal failed, nothing but a power cut brings it back. */
	if (!fs_unlink(path, e) && (access(path, F_OK) == 0 || errno != ENOENT))
		return false;
	/* By name first: that works when no file can be opened any more. */
	for (size_t i = 0; i < t->count; i++)
		if (journal_copy_path(path, t, i, NULL))
			unlink(path);
	if (rmdir(t->dir) != 0 && errno != ENOENT) {
		remove_rest(t->dir);
		rmdir(t->dir);
	}
	return true;
}
