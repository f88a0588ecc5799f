/* SPDX-License-Identifier: MIT */

/*
 * A job onto the disk, in two transactions when something will be referred to:
 *
 *   1  the vault (with its .bak) and the resolver
 *      the proof: the installed resolver answers as a gateway will ask it
 *   2  what refers to them: configuration, profiles, .env
 *
 * Between the two the vault holds a record more than anybody asks for, which is a working
 * state; so a process that is killed there leaves nothing to finish. One that fails there
 * puts the first transaction back. The anchor moves last: a vault that was put back must
 * not look like an older copy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/child.h"
#include "cli/resolve.h"
#include "cli/save_files.h"
#include "store/checks.h"
#include "store/txn.h"

#define RESOLVER_TIMEOUT_MS 5000 /* the gateway's own patience */
#define ATTEMPTS 5               /* when a gateway changes a file between our read and our write */

/* What one attempt has under way. */
struct writing {
	struct job *job;
	const struct save_progress *progress;
	struct txn first, second;
	enum file_id told[FILE_COUNT]; /* in the order in which they were begun */
	size_t told_count;
	bool raced;
};

static bool make_folders(const struct job *j, struct err *e)
{
	const struct paths *p = j->s->paths;
	char dir[FS_PATH_MAX];

	for (size_t i = 0; i < FILE_COUNT; i++) {
		const struct job_file *f = &j->files[i];

		if (!f->changed || i == FILE_KEY)
			continue;
		fs_dirname(dir, sizeof(dir), f->path);
		if (!fs_mkdirs(dir, e))
			return false;
	}
	return fs_mkdirs(p->state, e) && vault_prepare_dir(p->vault, e);
}

static bool can_write_all(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		const struct job_file *f = &j->files[i];
		size_t room = f->new.len > 65536 ? f->new.len : 65536;

		if (f->changed && i != FILE_KEY && !fs_can_replace(f->path, room, e))
			return false;
	}
	return true;
}

/* The answer that the installed resolver must give, made by the same code in this process. */
static bool prove(const struct job *j, struct err *e)
{
	const struct paths *p = j->s->paths;
	const char *const argv[] = { p->resolver, "--state-dir", p->state, "--key-dir", p->keys,
		NULL };
	char *ids[] = { (char *)j->record };
	struct resolve_request rq = { .ids = ids, .count = 1 };
	struct secret want = { 0 };
	struct secret got = { 0 };
	char request[VAULT_RECORD_ID_CAP + 80];
	bool ok = false;
	int n = snprintf(request, sizeof(request),
		"{\"protocolVersion\":1,\"provider\":\"thinkfleetbot\",\"ids\":[\"%s\"]}",
		j->record);
	/* As inside the gateway's unit: it hands the variable on (passEnv). */
	char credentials[FS_PATH_MAX + 32];
	const char *const env[] = { credentials, NULL };
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct child child = { .argv = argv,
		.env = dir && dir[0] ? env : NULL,
		.in = request,
		.in_n = (size_t)n,
		.out_max = RESOLVE_ANSWER_MAX,
		.timeout_ms = RESOLVER_TIMEOUT_MS };

	snprintf(credentials, sizeof(credentials), "CREDENTIALS_DIRECTORY=%s", dir ? dir : "");
	if (!resolve_answer(&want, &rq, p->vault, p->keys, e))
		goto out;
	if (!child_run(&child, &got, e)) {
		err_wrap(e, "the resolver was tried as a gateway runs it");
		goto out;
	}
	ok = secret_equal(&want, &got);
	if (!ok)
		err_set(e, ERR_FAILED, "%s gives another answer than the vault", p->resolver);
out:
	secret_release(&want);
	secret_release(&got);
	return ok;
}

static bool write_notes(const struct job *j, const struct job_file *f, struct err *e)
{
	static const char *const sources[] = { [EXPIRY_NONE] = "",
		[EXPIRY_PROVIDER] = "provider",
		[EXPIRY_TOKEN] = "token",
		[EXPIRY_YOU] = "you",
		[EXPIRY_ESTIMATE] = "estimate" };
	const struct check_result *r = j->s->check;
	char fingerprint[FINGERPRINT_CAP];
	struct check_note note = { .credential = j->s->profile_id,
		.fingerprint = fingerprint,
		.verdict = verdict_name(r ? r->verdict : VERDICT_NONE),
		.reason = r ? reason_name(r->reason) : "",
		.expires_source = sources[j->s->expires_source],
		.at_ms = r ? r->at_ms : clock_now_ms(),
		.latency_ms = r ? r->latency_ms : 0 };
	char id[80];

	secret_fingerprint(fingerprint, j->s->key);
	if (j->s->keep == KEEP_PLAIN) {
		snprintf(id, sizeof(id), "env:%s", j->variable);
		note.credential = id;
	}
	return checks_record(f->path, &note, e);
}

static void tell(const struct writing *w, enum file_id id, bool done, const struct err *failed)
{
	char path[FS_PATH_MAX];

	if (!w->progress || !w->progress->file)
		return;
	job_shown(path, sizeof(path), w->job, &w->job->files[id]);
	w->progress->file(w->progress->ctx, path, done, failed);
}

/* A key file whose vault was never written opens nothing and would only puzzle. */
static void remove_unused_key(const struct job *j)
{
	char path[FS_PATH_MAX];
	struct fs_stamp stamp;

	if (!j->vault_created || !fs_stat(j->s->paths->vault, &stamp, NULL) || stamp.exists)
		return;
	if (keyfile_path(path, sizeof(path), j->s->paths->keys, j->vault.id, NULL))
		fs_unlink(path, NULL);
}

/* --- into a transaction ---------------------------------------------------------------- */

/* The generation that is on disk now becomes vault.json.bak, in the same transaction. */
static bool add_vault_bak(const struct job *j, struct txn *t, struct err *e)
{
	struct buf text = { 0 };
	struct fs_stamp stamp;
	bool ok;

	/* A damaged generation must not replace a copy that may be whole. */
	if (!j->vault.stamp.exists || j->vault.mended)
		return true;
	ok = fs_read(j->s->paths->vault, VAULT_TEXT_MAX, &text, &stamp, e) &&
	     txn_add(t,
		     &(struct txn_change){
			     .path = j->s->paths->vault_bak, .p = text.p, .n = text.len },
		     e);
	buf_release(&text);
	return ok;
}

static bool add_vault(struct job *j, struct txn *t, struct err *e)
{
	struct buf text = { 0 };
	bool ok = add_vault_bak(j, t, e) && vault_encode(&j->vault, &text, e) &&
		  txn_add(t,
			  &(struct txn_change){ .path = j->s->paths->vault,
				  .p = text.p,
				  .n = text.len,
				  .expect = &j->vault.stamp },
			  e);

	buf_release(&text);
	return ok;
}

/* A replacement keeps a narrower mode, and a gateway must be able to run this one. */
static bool make_executable(const struct job_file *f, struct err *e)
{
	if (f->is_new || (f->stamp.mode & 0700) == 0700 || chmod(f->path, 0700) == 0)
		return true;
	return err_sys(e, "cannot change the mode of %s", f->path);
}

static bool add_file(struct job *j, enum file_id id, struct txn *t, struct err *e)
{
	const struct job_file *f = &j->files[id];
	const struct peerlock_how peer = { .january = !j->references };
	struct txn_change c = { .path = f->path,
		.p = f->new.p ? f->new.p : "",
		.n = f->new.len,
		.expect = &f->stamp,
		.mode = f->mode,
		.peer = id == FILE_PROFILES ? &peer : NULL,
		.secret = id == FILE_ENV && j->s->keep == KEEP_PLAIN };

	if (id == FILE_VAULT)
		return add_vault(j, t, e);
	if (id == FILE_RESOLVER && !make_executable(f, e))
		return false;
	return txn_add(t, &c, e);
}

/* The changed files of one transaction; notes and the key file are in none. */
static bool add_files(struct writing *w, struct txn *t, bool (*wanted)(enum file_id), struct err *e)
{
	const enum file_id *order = job_order(w->job->s);

	txn_begin(t, w->job->s->paths->txn);
	for (size_t i = 0; i < FILE_COUNT; i++) {
		enum file_id id = order[i];

		if (id == FILE_KEY || id == FILE_NOTES || !w->job->files[id].changed || !wanted(id))
			continue;
		tell(w, id, false, NULL);
		w->told[w->told_count++] = id;
		if (!add_file(w->job, id, t, e))
			return false;
	}
	return true;
}

static bool is_referred_to(enum file_id id)
{
	return id == FILE_VAULT || id == FILE_RESOLVER;
}

static bool refers(enum file_id id)
{
	return !is_referred_to(id);
}

static bool is_any(enum file_id id)
{
	(void)id;
	return true;
}

/* --- writing ---------------------------------------------------------------------------- */

static bool commit(struct writing *w, struct txn *t, bool (*wanted)(enum file_id), struct err *e)
{
	if (add_files(w, t, wanted, e) && txn_commit(t, e))
		return true;
	w->raced = t->raced;
	return false;
}

/* The second failed: the first goes back, so that a failure has changed nothing at all. */
static bool take_back(struct writing *w, struct err *e)
{
	struct err why = { 0 };

	if (w->second.outcome == TXN_HALF)
		return false;
	if (!txn_undo(&w->first, &why)) {
		w->raced = false;
		err_hint(e,
			"the key is sealed in the vault already, and nothing refers to it (%s); "
			"run "
			"the command again to finish",
			why.msg);
	} else if (!strstr(e->msg, "nothing was changed")) {
		struct err was = *e;

		err_set(e, was.code, "%s; nothing was changed", was.msg);
		if (was.hint[0])
			err_hint(e, "%s", was.hint);
	}
	return false;
}

static bool write_proven(struct writing *w, struct err *e)
{
	if (!commit(w, &w->first, is_referred_to, e))
		return false;
	return (job_slots_proven(w->job, e) &&
		       (!w->job->files[FILE_RESOLVER].path[0] || prove(w->job, e)) &&
		       commit(w, &w->second, refers, e)) ||
	       take_back(w, e);
}

/* Losing the notes costs one more check of the key; the rest is written. */
static bool finish(struct writing *w, struct err *e)
{
	struct job *j = w->job;
	const struct job_file *notes = &j->files[FILE_NOTES];

	if (j->files[FILE_VAULT].changed && !vault_committed(&j->vault, j->s->paths->vault, e))
		return err_wrap(e, "everything is written, but the vault is not what it should be");
	/* Not a failure: the vault is whole, but an older copy of it would not be noticed. */
	if (j->vault.anchor_error.code && w->progress && w->progress->note)
		w->progress->note(w->progress->ctx, j->vault.anchor_error.msg);
	for (size_t i = 0; i < w->told_count; i++)
		tell(w, w->told[i], true, NULL);
	w->told_count = 0;
	if (!notes->changed)
		return true;
	tell(w, FILE_NOTES, false, NULL);
	w->told[w->told_count++] = FILE_NOTES;
	if (!write_notes(j, notes, e)) {
		err_wrap(e, "the key is stored, but not what its check said");
		return err_hint(e, "check it again when the cause is gone");
	}
	tell(w, FILE_NOTES, true, NULL);
	return true;
}

static bool write_all(struct writing *w, struct err *e)
{
	const struct job *j = w->job;
	bool proof = j->s->keep != KEEP_PLAIN && (j->files[FILE_RESOLVER].path[0] || j->made_count);

	return (proof ? write_proven(w, e) : commit(w, &w->first, is_any, e)) && finish(w, e);
}

/* The row of the file that the message names, else the one that was begun last. */
static void tell_failure(const struct writing *w, const struct err *e)
{
	size_t at = w->told_count - 1;

	if (!w->told_count)
		return;
	for (size_t i = 0; i < w->told_count; i++)
		if (strstr(e->msg, w->job->files[w->told[i]].path))
			at = i;
	tell(w, w->told[at], true, e);
}

/* Once, from what is on the disk now. *again: a gateway was quicker, and nothing was changed. */
static bool attempt(
	const struct save *s, const struct save_progress *progress, bool *again, struct err *e)
{
	struct job j = { .s = s };
	struct writing w = { .job = &j, .progress = progress };
	bool ok = job_prepare(&j, e) && can_write_all(&j, e) && write_all(&w, e);

	*again = !ok && w.raced && *again;
	/* A journal that will write the vault at the next start needs the key. */
	if (!ok && w.first.outcome != TXN_HALF)
		remove_unused_key(&j);
	if (!ok && !*again)
		tell_failure(&w, e);
	txn_release(&w.first);
	txn_release(&w.second);
	job_release(&j);
	return ok;
}

static void tell_recovery(const struct save_progress *progress, const struct txn_report *r)
{
	char text[FS_PATH_MAX + 160];
	struct str s = STR_OF(text);

	txn_report_text(&s, r);
	if (s.len && progress && progress->note)
		progress->note(progress->ctx, text);
}

bool save_apply(const struct save *s, const struct save_progress *progress, struct err *e)
{
	struct job first = { .s = s, .dry = true };
	struct fs_lock lock = { .fd = -1 };
	struct txn_report report;
	struct err own = { 0 };
	bool again = true;
	bool ok = false;

	if (!e)
		e = &own;
	/* What cannot work fails here, before a folder or a key file is made. */
	if (!job_prepare(&first, e) || !can_write_all(&first, e) || !make_folders(&first, e) ||
		!txn_lock(&lock, s->paths, &report, e))
		goto out;
	tell_recovery(progress, &report);
	if (first.files[FILE_PROFILES].path[0])
		txn_tidy(first.files[FILE_PROFILES].path);
	for (unsigned n = 1; !ok && again; n++) {
		*e = (struct err){ 0 };
		again = n < ATTEMPTS;
		ok = attempt(s, progress, &again, e);
	}
out:
	fs_unlock(&lock);
	job_release(&first);
	return ok;
}
