/* SPDX-License-Identifier: MIT */

/*
 * A job, of one credential or of many, onto the disk, in two transactions when something will be
 * referred to:
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

#include "base/clock.h"
#include "base/run.h"
#include "cli/resolve.h"
#include "cli/save_files.h"
#include "cli/vault_files.h"
#include "store/checks.h"

#define RESOLVER_TIMEOUT_MS 5000 /* the gateway's own patience */

#define PROOF_IDS 64 /* asked of the resolver at once: its answer has a limit */

/* What one attempt has under way. */
struct writing {
	struct job *job;
	const struct save_progress *progress;
	struct txn first, second;
	struct job_file *last; /* the one begun last */
	bool raced;
};

static bool make_folders(const struct job *j, struct err *e)
{
	char dir[FS_PATH_MAX];

	for (size_t i = 0; i < j->order_count; i++) {
		const struct job_file *f = j->order[i];

		if (!f->changed || f->id == FILE_KEY)
			continue;
		fs_dirname(dir, sizeof(dir), f->path);
		if (!fs_mkdirs(dir, e))
			return false;
	}
	return vault_prepare_dir(j->paths->vault, e);
}

static bool can_write_all(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->order_count; i++) {
		const struct job_file *f = j->order[i];
		size_t room = f->new.len > 65536 ? f->new.len : 65536;

		if (f->changed && f->id != FILE_KEY && !fs_can_replace(f->path, room, e))
			return false;
	}
	return true;
}

/* --- the proof ---------------------------------------------------------------------------- */

static bool compose_request(struct buf *out, char *const *ids, size_t n, struct err *e)
{
	bool ok =
		buf_text(out, "{\"protocolVersion\":1,\"provider\":\"thinkfleetbot\",\"ids\":[", e);

	/* A record's name has no byte that JSON would escape. */
	for (size_t i = 0; ok && i < n; i++)
		ok = buf_fmt(out, e, "%s\"%s\"", i ? "," : "", ids[i]);
	return ok && buf_text(out, "]}", e);
}

/* What the resolver answered instead of the value: one of its few words, never more of it. */
static bool answers_otherwise(const struct job *j, const struct secret *got, struct err *e)
{
	static const char mark[] = "\"code\":\"";
	const char *word = got->bytes ? strstr(got->bytes, mark) : NULL;
	int n;

	if (!word)
		return err_set(e, ERR_FAILED, "%s gives another answer than the vault",
			j->paths->resolver);
	word += sizeof(mark) - 1;
	n = (int)strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	err_set(e, ERR_FAILED, "%s cannot open what the vault holds: it answers %.*s",
		j->paths->resolver, n, word);
	return err_hint(
		e, "it runs as you do; can it read %s and %s?", j->paths->vault, j->paths->keys);
}

/* The answer that the installed resolver must give, made by the same code in this process. */
static bool prove_some(const struct job *j, char **ids, size_t n, struct err *e)
{
	const struct paths *p = j->paths;
	const char *const argv[] = { p->resolver, "--state-dir", p->state, "--key-dir", p->keys,
		NULL };
	struct resolve_request rq = { .ids = ids, .count = n, .must_open = true };
	struct secret want = { 0 };
	struct secret got = { 0 };
	struct buf request = { 0 };
	/* As inside the gateway's unit: it hands the variable on (passEnv). */
	char credentials[FS_PATH_MAX + 32];
	const char *const env[] = { credentials, NULL };
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char folder[FS_PATH_MAX];
	struct run gateway = { .argv = argv,
		.env = dir && dir[0] ? env : NULL,
		.dir = folder,
		.out_max = RESOLVE_ANSWER_MAX,
		.timeout_ms = RESOLVER_TIMEOUT_MS };
	bool ok = false;

	snprintf(credentials, sizeof(credentials), "CREDENTIALS_DIRECTORY=%s", dir ? dir : "");
	if (!compose_request(&request, ids, n, e) ||
		!resolve_answer(&want, &rq, p->vault, p->keys, e))
		goto out;
	fs_dirname(folder, sizeof(folder), p->resolver);
	gateway.in = request.p;
	gateway.in_n = request.len;
	if (!secret_init(&got, gateway.out_max + 1, e) ||
		!run_into(&gateway, got.bytes, &got.len, e)) {
		err_wrap(e, "the resolver was tried as a gateway runs it");
		goto out;
	}
	ok = secret_equal(&want, &got) || answers_otherwise(j, &got, e);
out:
	buf_release(&request);
	secret_release(&want);
	secret_release(&got);
	return ok;
}

static bool asked_already(char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

static bool prove(const struct job *j, struct err *e)
{
	char *ids[PROOF_IDS];
	size_t n = 0;

	for (size_t i = 0; i < j->all->count; i++) {
		struct job_item *it = &j->items[i];

		if (!item_is_sealed(it) || asked_already(ids, n, it->record))
			continue;
		ids[n++] = it->record;
		if (n < PROOF_IDS)
			continue;
		if (!prove_some(j, ids, n, e))
			return false;
		n = 0;
	}
	return !n || prove_some(j, ids, n, e);
}

/* --- notes and progress ------------------------------------------------------------------- */

static bool write_note(const struct job_item *it, const char *path, struct err *e)
{
	static const char *const sources[] = { [EXPIRY_NONE] = "",
		[EXPIRY_PROVIDER] = "provider",
		[EXPIRY_TOKEN] = "token",
		[EXPIRY_YOU] = "you",
		[EXPIRY_ESTIMATE] = "estimate" };
	const struct check_result *r = it->s->check;
	char fingerprint[FINGERPRINT_CAP];
	struct check_note note = { .credential = it->s->profile_id,
		.fingerprint = fingerprint,
		.verdict = verdict_name(r ? r->verdict : VERDICT_NONE),
		.reason = r ? reason_name(r->reason) : "",
		.expires_source = sources[it->s->expires_source],
		.at_ms = r ? r->at_ms : clock_now_ms(),
		.latency_ms = r ? r->latency_ms : 0,
		.skew_ms = r ? check_skew_ms(r) : 0 };
	char id[80];

	secret_fingerprint(fingerprint, it->s->key);
	if (it->s->keep == KEEP_PLAIN) {
		snprintf(id, sizeof(id), "env:%s", it->variable);
		note.credential = id;
	}
	return checks_record(path, &note, e);
}

static bool write_notes(const struct job *j, const char *path, struct err *e)
{
	for (size_t i = 0; i < j->all->count; i++)
		if (item_has_note(&j->items[i]) && !write_note(&j->items[i], path, e))
			return false;
	return true;
}

static void tell(struct writing *w, struct job_file *f, bool done, const struct err *failed)
{
	char path[FS_PATH_MAX];

	f->begun = !done;
	if (!done)
		w->last = f;
	if (!w->progress || !w->progress->file)
		return;
	job_shown(path, sizeof(path), w->job, f);
	w->progress->file(w->progress->ctx, path, done, failed);
}

static void say(const struct save_progress *progress, const struct str *text)
{
	if (text->len && progress && progress->note)
		progress->note(progress->ctx, text->p);
}

/* --- into a transaction ---------------------------------------------------------------- */

static bool add_file(struct job *j, const struct job_file *f, struct txn *t, struct err *e)
{
	const struct peerlock_how peer = { .january = !j->references };
	struct txn_change c = { .path = f->path,
		.p = f->new.p ? f->new.p : "",
		.n = f->new.len,
		.expect = &f->stamp,
		.mode = f->mode,
		.peer = f->id == FILE_PROFILES ? &peer : NULL,
		.secret = f->id == FILE_ENV && j->all->list[0].keep == KEEP_PLAIN };

	if (f->id == FILE_VAULT)
		return vault_into(t, &j->vault, j->paths, e);
	return f->id == FILE_RESOLVER ? resolver_into(t, f, e) : txn_add(t, &c, e);
}

/* The changed files of one transaction; notes and the key file are in none. */
static bool add_files(struct writing *w, struct txn *t, bool (*wanted)(enum file_id), struct err *e)
{
	struct job *j = w->job;

	txn_begin(t, j->paths->txn);
	for (size_t i = 0; i < j->order_count; i++) {
		struct job_file *f = j->order[i];

		if (f->id == FILE_KEY || f->id == FILE_NOTES || !f->changed || !wanted(f->id))
			continue;
		tell(w, f, false, NULL);
		if (!add_file(j, f, t, e))
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

static void note_rest(const struct writing *w, const struct txn *t)
{
	if (t->note.code && w->progress && w->progress->note)
		w->progress->note(w->progress->ctx, t->note.msg);
}

static void tell_all_done(struct writing *w)
{
	for (size_t i = 0; i < w->job->order_count; i++)
		if (w->job->order[i]->begun)
			tell(w, w->job->order[i], true, NULL);
}

/* Losing the notes costs one more check of the key; the rest is written. */
static bool finish(struct writing *w, struct err *e)
{
	struct job *j = w->job;
	struct job_file *notes = &j->files[FILE_NOTES];
	char text[320];
	struct str s = STR_OF(text);

	if (j->files[FILE_VAULT].changed) {
		if (!vault_committed(&j->vault, j->paths->vault, e))
			return err_wrap(
				e, "everything is written, but the vault is not what it should be");
		vault_anchor_text(&s, &j->vault);
		say(w->progress, &s);
	}
	note_rest(w, &w->first);
	note_rest(w, &w->second);
	tell_all_done(w);
	if (!notes->changed)
		return true;
	tell(w, notes, false, NULL);
	if (!write_notes(j, notes->path, e)) {
		err_wrap(e, "the key is stored, but not what its check said");
		return err_hint(e, "check it again when the cause is gone");
	}
	tell(w, notes, true, NULL);
	return true;
}

static bool write_all(struct writing *w, struct err *e)
{
	const struct job *j = w->job;
	bool proof = j->files[FILE_RESOLVER].path[0] || j->made_count;

	return (proof ? write_proven(w, e) : commit(w, &w->first, is_any, e)) && finish(w, e);
}

/* The row of the file that the message names, else the one that was begun last. */
static void tell_failure(struct writing *w, const struct err *e)
{
	struct job_file *at = w->last;

	for (size_t i = 0; i < w->job->order_count; i++)
		if (w->job->order[i]->begun && strstr(e->msg, w->job->order[i]->path))
			at = w->job->order[i];
	if (at)
		tell(w, at, true, e);
}

/* What cannot work fails here, before a folder or a key file is made. */
static bool possible(const struct save_all *all, struct err *e)
{
	struct job j = { .all = all, .dry = true };
	struct fs_stamp vault;
	struct fs_stamp lock;
	bool ok;

	if (!fs_stat(all->paths->vault, &vault, e) || !fs_stat(all->paths->lock, &lock, e))
		return false;
	/* Then nothing is made before the first attempt, which need not open the vault twice. */
	if (vault.exists && lock.exists)
		return true;
	ok = job_prepare(&j, e) && can_write_all(&j, e);
	job_release(&j);
	return ok;
}

/* Once, from what is on the disk now. *again: a gateway was quicker, and nothing was changed. */
static bool attempt(const struct save_all *all, const struct save_progress *progress,
	struct txn_patience *patience, bool *again, struct err *e)
{
	struct job j = { .all = all };
	struct writing w = { .job = &j, .progress = progress };
	bool ok = job_prepare(&j, e) && can_write_all(&j, e) && make_folders(&j, e);

	/* Of a store elsewhere; txn_lock() looks where agents usually are. */
	for (size_t i = 0; ok && i < j.store_count; i++)
		txn_tidy(j.stores[i]->file.path);
	ok = ok && write_all(&w, e);
	*again = !ok && txn_again(patience, w.raced);
	/* A journal that will write the vault at the next start needs the key. */
	if (w.first.outcome != TXN_HALF)
		vault_settle(all->paths);
	if (!ok && !*again)
		tell_failure(&w, e);
	txn_release(&w.first);
	txn_release(&w.second);
	job_release(&j);
	return ok;
}

bool save_apply_all(const struct save_all *all, const struct save_progress *progress, struct err *e)
{
	char text[FS_PATH_MAX + 160];
	struct str s = STR_OF(text);
	struct fs_lock lock = { .fd = -1 };
	struct txn_report report;
	struct err own = { 0 };
	struct txn_patience patience = { 0 };
	bool again;
	bool ok;

	if (!e)
		e = &own;
	if (!possible(all, e) || !vault_lock(&lock, all->paths, &report, e))
		return false;
	txn_report_text(&s, &report);
	say(progress, &s);
	do {
		*e = (struct err){ 0 };
		ok = attempt(all, progress, &patience, &again, e);
	} while (again);
	fs_unlock(&lock);
	return ok;
}

bool save_apply(const struct save *s, const struct save_progress *progress, struct err *e)
{
	const struct save_all all = { .paths = s->paths,
		.list = s,
		.count = 1,
		.accept_rollback = s->accept_rollback,
		.ahead = s->ahead };

	return save_apply_all(&all, progress, e);
}
