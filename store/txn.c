/* SPDX-License-Identifier: MIT */
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/txn_impl.h"

void txn_begin(struct txn *t, const char *root)
{
	*t = (struct txn){ 0 };
	str_copy(t->root, sizeof(t->root), root);
}

/* No draft and no lock outlives txn_commit() or txn_undo(). */
static void file_release(struct txn_file *f)
{
	buf_release(&f->old);
	buf_release(&f->next);
}

void txn_release(struct txn *t)
{
	for (size_t i = 0; i < t->count; i++)
		file_release(&t->files[i]);
	free(t->files);
	secret_release(&t->key);
	*t = (struct txn){ 0 };
}

bool txn_read_now(const char *path, struct buf *out, struct fs_stamp *st, struct err *e)
{
	struct err why = { 0 };

	if (fs_read(path, TXN_FILE_LIMIT, out, st, &why) || why.code == ERR_NOT_FOUND)
		return true;
	if (e)
		*e = why;
	return false;
}

static bool changed_meanwhile(struct txn *t, const char *path, struct err *e)
{
	t->raced = true;
	return err_set(e, ERR_BUSY, "%s was changed by another program meanwhile", path);
}

static bool fill(struct txn *t, struct txn_file *f, const struct txn_change *c, struct err *e)
{
	f->removes = !c->p;
	f->secret = c->secret;
	f->mode = c->mode;
	f->has_peer = c->peer || strcmp(fs_basename(c->path), "auth-profiles.json") == 0;
	if (c->peer)
		f->peer = *c->peer;
	if (!str_copy(f->path, sizeof(f->path), c->path))
		return err_set(e, ERR_USAGE, "path too long: %.80s", c->path);
	if (!txn_read_now(f->path, &f->old, &f->before, e))
		return false;
	if (c->expect && !fs_same(c->expect, &f->before))
		return changed_meanwhile(t, f->path, e);
	return f->removes || buf_add(&f->next, c->p, c->n, e);
}

bool txn_add(struct txn *t, const struct txn_change *c, struct err *e)
{
	struct txn_file *f;

	if (!t->files)
		t->files = calloc(TXN_FILES_MAX, sizeof(*t->files));
	if (!t->files)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (t->count == TXN_FILES_MAX)
		return err_set(e, ERR_FAILED, "more than %d files in one change", TXN_FILES_MAX);
	f = &t->files[t->count++];
	return fill(t, f, c, e);
}

/* --- committing ----------------------------------------------------------------------- */

static bool prepare_all(struct txn *t, struct err *e)
{
	for (size_t i = 0; i < t->count; i++) {
		struct txn_file *f = &t->files[i];
		struct fs_replace how = {
			.expect = &f->before, .mode = f->mode, .secret = f->secret
		};

		if (f->removes)
			continue;
		fs_sweep(f->path);
		if (!fs_prepare(&f->pending, f->path, f->next.p ? f->next.p : "", f->next.len, &how,
			    e)) {
			t->raced = e->code == ERR_BUSY;
			return false;
		}
	}
	return true;
}

static bool lock_all(struct txn *t, struct err *e)
{
	for (size_t i = 0; i < t->count; i++) {
		struct txn_file *f = &t->files[i];

		if (f->has_peer && !peerlock_take(&f->lock, f->path, &f->peer, e))
			return false;
	}
	return true;
}

static void unlock_all(struct txn *t)
{
	for (size_t i = t->count; i-- > 0;)
		peerlock_drop(&t->files[i].lock, &t->note);
}

static bool same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->p ? a->p : "", b->p ? b->p : "", a->len) == 0;
}

/* Some gateways write in place, and a clock tick is long: the bytes are compared as well. */
static bool unchanged(struct txn *t, const struct txn_file *f, struct err *e)
{
	struct buf now = { 0 };
	struct fs_stamp st;
	bool same;

	if (!txn_read_now(f->path, &now, &st, e)) {
		buf_release(&now);
		return false;
	}
	same = fs_same(&st, &f->before) && same_bytes(&now, &f->old);
	buf_release(&now);
	return same || changed_meanwhile(t, f->path, e);
}

static bool unchanged_all(struct txn *t, struct err *e)
{
	for (size_t i = 0; i < t->count; i++)
		if (!unchanged(t, &t->files[i], e))
			return false;
	return true;
}

static bool land(struct txn *t, struct txn_file *f, struct err *e)
{
	struct err why = { 0 };
	bool ok;

	if (f->has_peer && !peerlock_holds(&f->lock, e)) {
		t->raced = true;
		return false;
	}
	/* Counted from here: a rename whose directory could not be synced has happened. */
	f->landed = true;
	ok = f->removes ? fs_unlink(f->path, &why) : fs_land(&f->pending, &why);
	if (!ok && why.code == ERR_BUSY) {
		f->landed = false;
		t->raced = true;
	}
	if (!ok)
		*e = why;
	return fs_stat(f->path, &f->after, ok ? e : NULL) && ok;
}

/*
 * A rename whose folder could not be synced has happened: who undoes again begins with that file,
 * not with one that somebody else wrote.
 */
static void note_put_back(struct txn_file *f)
{
	struct buf now = { 0 };
	struct fs_stamp st;

	if (txn_read_now(f->path, &now, &st, NULL) && same_bytes(&now, &f->old))
		f->after = st;
	buf_release(&now);
}

static bool put_back(struct txn_file *f, struct err *e)
{
	struct fs_replace how = { .expect = &f->after, .mode = f->before.mode };
	struct fs_stamp now;

	if (!f->landed)
		return true;
	if (!fs_stat(f->path, &now, e))
		return false;
	if (fs_same(&now, &f->before)) {
		f->landed = false;
		return true;
	}
	if (f->before.exists) {
		if (!fs_replace(f->path, f->old.p ? f->old.p : "", f->old.len, &how, e)) {
			note_put_back(f);
			return false;
		}
	} else if (!fs_same(&now, &f->after)) {
		return err_set(e, ERR_BUSY, "%s was changed by another program meanwhile", f->path);
	} else if (!fs_unlink(f->path, e)) {
		return false;
	}
	f->landed = false;
	return true;
}

static bool put_all_back(struct txn *t, struct err *e)
{
	for (size_t i = t->count; i-- > 0;)
		if (!put_back(&t->files[i], e))
			return false;
	return true;
}

static size_t landed_count(const struct txn *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += t->files[i].landed;
	return n;
}

/* What became of the rest, after the message of what failed. */
static void say_outcome(const struct txn *t, struct err *e)
{
	static const char known[] = "nothing was changed; ";
	struct err why = *e;
	const char *hint = why.hint + (str_starts(why.hint, known) ? sizeof(known) - 1 : 0);

	if (t->outcome == TXN_NOTHING)
		err_set(e, why.code, "%s; nothing was changed", why.msg);
	else
		err_set(e, why.code, "%s; %zu of %zu files are written", why.msg, landed_count(t),
			t->count);
	if (t->outcome == TXN_HALF)
		err_hint(e, "the next command that writes completes the change; %s",
			*hint ? hint : "run it when the cause is gone");
	else if (*hint)
		err_hint(e, "%s", hint);
}

static bool fail(struct txn *t, struct err *e)
{
	bool clean = put_all_back(t, NULL);

	for (size_t i = 0; i < t->count; i++)
		fs_drop(&t->files[i].pending);
	unlock_all(t);
	/* An intent that cannot be removed is one that will be carried out. */
	if (clean)
		clean = journal_remove(t, NULL) || !t->intended;
	t->outcome = clean ? TXN_NOTHING : TXN_HALF;
	if (!clean)
		t->raced = false;
	say_outcome(t, e);
	return false;
}

bool txn_commit(struct txn *t, struct err *e)
{
	struct err own = { 0 };

	if (!e)
		e = &own;
	if (!prepare_all(t, e) || (t->count > 1 && !journal_stage(t, e)) || !lock_all(t, e) ||
		!unchanged_all(t, e) || (t->count > 1 && !journal_write(t, e)))
		return fail(t, e);
	for (size_t i = 0; i < t->count; i++)
		if (!land(t, &t->files[i], e))
			return fail(t, e);
	unlock_all(t);
	t->outcome = TXN_DONE;
	/*
	 * The files are written. A journal that stays finds them so at the next start; a lock
	 * that stays is in a gateway's way, and is what is told of the two.
	 */
	journal_remove(t, t->note.code ? NULL : &t->note);
	return true;
}

bool txn_write(const char *root, const struct txn_change *c, struct err *e)
{
	struct txn t;
	bool ok;

	txn_begin(&t, root);
	ok = txn_add(&t, c, e) && txn_commit(&t, e);
	txn_release(&t);
	return ok;
}

bool txn_undo(struct txn *t, struct err *e)
{
	bool ok = lock_all(t, e) && put_all_back(t, e);

	unlock_all(t);
	t->outcome = ok ? TXN_NOTHING : TXN_HALF;
	return ok;
}

#define ATTEMPTS 8
#define PATIENCE_MS 1000

bool txn_again(struct txn_patience *p, bool raced)
{
	int64_t now = clock_mono_ms();

	if (!p->attempts)
		p->since_ms = now;
	p->attempts++;
	return raced && (p->attempts < ATTEMPTS || now - p->since_ms < PATIENCE_MS);
}
