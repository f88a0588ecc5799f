/* SPDX-License-Identifier: MIT */

/* What an interrupted process left in <root>: carried to its end, or removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/txn_impl.h"

/* What is to be done about one file. */
enum step {
	STEP_DONE,
	STEP_REPLACE,
	STEP_FOREIGN, /* neither what was nor what should be */
	STEP_FAILED,
};

static bool same_hash(const struct txn_hash *a, const struct txn_hash *b)
{
	return a->exists == b->exists && (!a->exists || bytes_equal(a->h, b->h, sizeof(a->h)));
}

/* Leaves the stamp of what was looked at in f->before, its bytes in f->old. */
static enum step judge(const struct txn *t, struct txn_file *f, struct err *e)
{
	struct txn_hash now;

	buf_release(&f->old);
	if (!txn_read_now(f->path, &f->old, &f->before, e) ||
		!txn_hash_of(&now, &t->key, f->before.exists, f->old.p, f->old.len, e))
		return STEP_FAILED;
	if (same_hash(&now, &f->new_hash))
		return STEP_DONE;
	return same_hash(&now, &f->old_hash) ? STEP_REPLACE : STEP_FOREIGN;
}

/* The copy must be what the intent promised: a damaged one replaces nothing. */
static bool load_copy(const struct txn *t, size_t i, struct err *e)
{
	struct txn_file *f = &t->files[i];
	char path[FS_PATH_MAX];
	struct txn_hash hash;

	buf_release(&f->next);
	if (f->removes)
		return true;
	if (!journal_copy_path(path, t, i, e))
		return false;
	if (!fs_read(path, TXN_FILE_LIMIT, &f->next, NULL, e))
		return e->code == ERR_NOT_FOUND ? err_set(e, ERR_DAMAGED, "%s is missing", path)
						: false;
	/* GCOVR_EXCL_BR_START: read_head() takes no key of another length. */
	if (!txn_hash_of(&hash, &t->key, true, f->next.p, f->next.len, e))
		return false;
	/* GCOVR_EXCL_BR_STOP */
	return same_hash(&hash, &f->new_hash) || err_set(e, ERR_DAMAGED, "%s is damaged", path);
}

static bool replace(struct txn *t, struct txn_file *f, struct err *e)
{
	struct fs_replace how = { .expect = &f->before, .mode = f->mode, .secret = f->secret };
	enum step now;
	bool ok = false;

	if (!f->removes &&
		!fs_prepare(&f->pending, f->path, f->next.p ? f->next.p : "", f->next.len, &how, e))
		return false;
	if (f->has_peer && !peerlock_take(&f->lock, f->path, &f->peer, e))
		goto out;
	now = judge(t, f, e);
	if (now == STEP_FAILED)
		goto out;
	if (now != STEP_REPLACE) {
		err_set(e, ERR_BUSY, "%s was changed by another program meanwhile", f->path);
		goto out;
	}
	if (f->has_peer && !peerlock_holds(&f->lock, e))
		goto out;
	ok = f->removes ? fs_unlink(f->path, e) : fs_land(&f->pending, e);
out:
	fs_drop(&f->pending);
	peerlock_drop(&f->lock, &t->note);
	return ok;
}

/* A damaged copy, or a file that a gateway changed just now; anything else is tried again later. */
static bool ends_here(const struct txn *t, struct txn_file *f, const struct err *why)
{
	return why->code == ERR_DAMAGED ||
	       (why->code == ERR_BUSY && judge(t, f, NULL) == STEP_FOREIGN);
}

/* With `look` it only says what would become of it. */
static bool roll_forward(struct txn *t, bool look, struct txn_report *r, struct err *e)
{
	for (size_t i = 0; i < t->count; i++) {
		struct txn_file *f = &t->files[i];
		struct err why = { 0 };

		if (!look)
			fs_sweep(f->path);
		switch (judge(t, f, e)) {
		case STEP_DONE:
			continue;
		case STEP_FAILED:
			return false;
		case STEP_REPLACE:
			if (look || (load_copy(t, i, &why) && replace(t, f, &why)))
				continue;
			if (e)
				*e = why;
			if (!ends_here(t, f, &why))
				return false;
			break;
		case STEP_FOREIGN:
			break;
		}
		r->stopped++;
		str_copy(r->path, sizeof(r->path), f->path);
		return true;
	}
	r->completed++;
	return true;
}

/* The change is at its end. What stays of it is told, with the lock first: it is in others' way. */
static bool put_away(struct txn *t, struct txn_report *r, struct err *e)
{
	struct err left = { 0 };

	if (!journal_remove(t, &left)) {
		if (e)
			*e = left;
		return false;
	}
	if (t->note.code || left.code)
		str_copy(r->note, sizeof(r->note), t->note.code ? t->note.msg : left.msg);
	return true;
}

static bool recover_one(struct txn *t, bool look, struct txn_report *r, struct err *e)
{
	struct err why = { 0 };

	if (journal_read(t, &why)) {
		if (!roll_forward(t, look, r, e))
			return false;
	} else if (why.code == ERR_NOT_FOUND) {
		r->cleaned++;
	} else if (why.code == ERR_DAMAGED) {
		r->stopped++;
		str_copy(r->path, sizeof(r->path), t->dir);
	} else {
		if (e)
			*e = why;
		return false;
	}
	return look || put_away(t, r, e);
}

static bool visit(const char *root, bool look, struct txn_report *r, struct err *e)
{
	const struct dirent *entry;
	DIR *d = opendir(root);
	bool ok = true;

	*r = (struct txn_report){ 0 };
	if (!d)
		return errno == ENOENT || err_sys(e, "%s", root);
	while (ok && (entry = readdir(d))) {
		struct stat sb;
		struct txn t;

		if (entry->d_name[0] == '.')
			continue;
		if (fstatat(dirfd(d), entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0) {
			ok = err_sys(e, "%s/%s", root, entry->d_name);
			continue;
		}
		if (!S_ISDIR(sb.st_mode))
			continue;
		txn_begin(&t, root);
		ok = fs_join(t.dir, sizeof(t.dir), root, entry->d_name, e) &&
		     recover_one(&t, look, r, e);
		txn_release(&t);
	}
	closedir(d);
	return ok;
}

bool txn_recover(const char *root, struct txn_report *r, struct err *e)
{
	struct txn_report own;

	if (visit(root, false, r ? r : &own, e))
		return true;
	return err_wrap(e, "an interrupted change could not be completed");
}

bool txn_pending(const char *root, struct txn_report *r)
{
	struct txn_report own;

	if (!r)
		r = &own;
	if (!visit(root, true, r, NULL)) {
		r->stopped++;
		str_copy(r->path, sizeof(r->path), root);
	}
	return r->cleaned || r->completed || r->stopped;
}

void txn_report_text(struct str *out, const struct txn_report *r)
{
	if (r->completed)
		str_add(out, "an interrupted change was completed");
	if (r->stopped)
		str_fmt(out,
			"%san interrupted change ended before %s, which had been changed "
			"meanwhile: "
			"run the command again",
			out->len ? "; " : "", r->path);
	if (r->cleaned)
		str_fmt(out, "%sthe copies of a change that had not begun were removed",
			out->len ? "; " : "");
	if (r->note[0])
		str_fmt(out, "%s%s", out->len ? "; " : "", r->note);
}
