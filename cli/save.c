/* SPDX-License-Identifier: MIT */
#include "cli/save.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/child.h"
#include "cli/diff.h"
#include "cli/resolve.h"
#include "cli/save_files.h"
#include "store/checks.h"

#define LOCK_TIMEOUT_MS 10000
#define RESOLVER_TIMEOUT_MS 5000 /* the gateway's own patience */

/* Every prefix is a working state: what is referred to comes before what refers to it. */
static const enum file_id sealed_order[] = { FILE_KEY, FILE_VAULT, FILE_RESOLVER, FILE_CONFIG,
	FILE_PROFILES, FILE_ENV, FILE_NOTES };

/* The plain line first, the sealed copy last: at no point is there no credential. */
static const enum file_id plain_order[] = { FILE_KEY, FILE_ENV, FILE_CONFIG, FILE_PROFILES,
	FILE_VAULT, FILE_RESOLVER, FILE_NOTES };

static const enum file_id *order_of(const struct save *s)
{
	return s->keep == KEEP_PLAIN ? plain_order : sealed_order;
}

static void shown_path(char *out, size_t cap, const struct job *j, const struct job_file *f)
{
	struct str s = str_on(out, cap);

	fs_shorten(&s, f->path, j->s->paths->home);
}

static bool is_text(enum file_id id)
{
	return id == FILE_CONFIG || id == FILE_PROFILES || id == FILE_ENV;
}

static bool plan_diff(struct plan *out, const struct plan_file *row, const struct job_file *f,
	struct str *change, struct err *e)
{
	struct diff_counts counts;

	if (!buf_fmt(&out->diff, e, "%s\n", row->path) ||
		!diff_lines(&f->old, &f->new, &counts, &out->diff, e) ||
		!buf_text(&out->diff, "\n", e))
		return false;
	diff_summary(change, &counts, f->is_new);
	return true;
}

static bool plan_row(struct plan *out, const struct job *j, enum file_id id, struct err *e)
{
	const struct job_file *f = &j->files[id];
	struct plan_file *row = &out->files[out->count++];
	struct str change = STR_OF(row->change);

	shown_path(row->path, sizeof(row->path), j, f);
	row->mode = f->stamp.exists && !f->is_new && id != FILE_RESOLVER ? f->stamp.mode & f->mode
									 : f->mode;
	str_copy(row->note, sizeof(row->note), f->note);
	if (is_text(id))
		return plan_diff(out, row, f, &change, e);
	str_add(&change, f->change);
	return true;
}

void plan_release(struct plan *p)
{
	buf_release(&p->diff);
	*p = (struct plan){ 0 };
}

bool save_plan(const struct save *s, struct plan *out, struct err *e)
{
	struct job j = { .s = s, .dry = true };
	bool ok = false;

	*out = (struct plan){ 0 };
	if (!job_prepare(&j, e))
		goto out;
	for (size_t i = 0; i < FILE_COUNT; i++) {
		enum file_id id = order_of(s)[i];

		if (j.files[id].changed && !plan_row(out, &j, id, e))
			goto out;
	}
	if (out->count)
		str_copy(out->notes[out->note_count++], sizeof(out->notes[0]),
			"A gateway that is running keeps what it has read until it restarts.");
	else
		str_copy(out->notes[out->note_count++], sizeof(out->notes[0]),
			"Nothing changes: everything is already so.");
	ok = true;
out:
	job_release(&j);
	if (!ok)
		plan_release(out);
	return ok;
}

/* --- apply ------------------------------------------------------------------------------ */

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
	struct child child = { .argv = argv,
		.in = request,
		.in_n = (size_t)n,
		.out_max = RESOLVE_ANSWER_MAX,
		.timeout_ms = RESOLVER_TIMEOUT_MS };

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

static bool write_text(const struct job *j, const struct job_file *f, bool secret, struct err *e)
{
	struct fs_replace o = { .expect = &f->stamp, .mode = f->mode, .secret = secret };

	(void)j;
	return fs_replace(f->path, f->new.p ? f->new.p : "", f->new.len, &o, e);
}

/* fs_replace() never widens a mode; a resolver that lost its x bit must get it back. */
static bool write_resolver(const struct job_file *f, struct err *e)
{
	struct fs_replace o = { .mode = 0700 };

	return (f->is_new || (f->stamp.mode & 0700) == 0700 || fs_unlink(f->path, e)) &&
	       fs_replace(f->path, f->new.p, f->new.len, &o, e);
}

static bool write_one(struct job *j, enum file_id id, struct err *e)
{
	const struct job_file *f = &j->files[id];

	switch (id) {
	case FILE_KEY:
		return true;
	case FILE_VAULT:
		return vault_save(&j->vault, f->path, e);
	case FILE_RESOLVER:
		return write_resolver(f, e);
	case FILE_NOTES:
		return write_notes(j, f, e);
	case FILE_ENV:
		return write_text(j, f, j->s->keep == KEEP_PLAIN, e);
	case FILE_CONFIG:
	case FILE_PROFILES:
	case FILE_COUNT:
		break;
	}
	return write_text(j, f, false, e);
}

static void tell(const struct save_progress *progress, const struct job *j,
	const struct job_file *f, bool done, const struct err *failed)
{
	char path[FS_PATH_MAX];

	if (!progress || !progress->file)
		return;
	shown_path(path, sizeof(path), j, f);
	progress->file(progress->ctx, path, done, failed);
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

static bool write_all(struct job *j, const struct save_progress *progress, struct err *e)
{
	const enum file_id *order = order_of(j->s);
	unsigned written = 0;
	bool proven = j->s->keep == KEEP_PLAIN || !j->files[FILE_RESOLVER].path[0];

	for (size_t i = 0; i < FILE_COUNT; i++) {
		struct job_file *f = &j->files[order[i]];
		bool ok = true;

		/* Everything from the configuration on may hold a reference. */
		if (!proven && order[i] == FILE_CONFIG) {
			ok = prove(j, e);
			proven = true;
		}
		if (!f->changed && ok)
			continue;
		tell(progress, j, f, false, NULL);
		ok = ok && write_one(j, order[i], e);
		tell(progress, j, f, true, ok ? NULL : e);
		if (!ok) {
			remove_unused_key(j);
			if (written && !e->hint[0])
				err_hint(e,
					"what was written before it works; run the command again "
					"to finish");
			return false;
		}
		written++;
	}
	return true;
}

bool save_apply(const struct save *s, const struct save_progress *progress, struct err *e)
{
	struct job first = { .s = s, .dry = true };
	struct job j = { .s = s };
	struct fs_lock lock = { .fd = -1 };
	bool ok = false;

	/* What cannot work fails here, before a folder or a key file is made. */
	if (!job_prepare(&first, e) || !can_write_all(&first, e) || !make_folders(&first, e) ||
		!fs_lock(&lock, s->paths->lock, LOCK_TIMEOUT_MS, e))
		goto out;
	ok = job_prepare(&j, e) && can_write_all(&j, e) && write_all(&j, progress, e);
	if (!ok)
		remove_unused_key(&j);
out:
	fs_unlock(&lock);
	job_release(&first);
	job_release(&j);
	return ok;
}
