/* SPDX-License-Identifier: MIT */
#include "cli/save.h"

#include <string.h>

#include "cli/diff.h"
#include "cli/save_files.h"

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

static bool plan_row(struct plan *out, const struct job *j, const struct job_file *f, struct err *e)
{
	struct plan_file *row = &out->files[out->count++];
	struct str change = STR_OF(row->change);

	job_shown(row->path, sizeof(row->path), j, f);
	row->mode = f->stamp.exists && !f->is_new && f->id != FILE_RESOLVER
			    ? f->stamp.mode & f->mode
			    : f->mode;
	str_copy(row->note, sizeof(row->note), f->note);
	if (is_text(f->id))
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
	const struct save_all all = { .paths = s->paths,
		.list = s,
		.count = 1,
		.accept_rollback = s->accept_rollback,
		.ahead = s->ahead };
	struct job j = { .all = &all, .dry = true };
	bool ok = false;

	*out = (struct plan){ 0 };
	if (!job_prepare(&j, e))
		goto out;
	for (size_t i = 0; i < j.order_count; i++)
		if (j.order[i]->changed && !plan_row(out, &j, j.order[i], e))
			goto out;
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
