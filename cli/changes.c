/* SPDX-License-Identifier: MIT */
#include "cli/changes.h"

#include <string.h>

#include "cli/diff.h"
#include "cli/out_base.h"

static bool equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->p, b->p, a->len) == 0);
}

static bool take(struct buf *to, const struct buf *from, struct err *e)
{
	return buf_add(to, from->p ? from->p : "", from->len, e);
}

bool changes_add(struct changes *c, const char *path, const struct fs_stamp *stamp,
	const struct buf *old, const struct buf *new, struct err *e)
{
	struct change *next = &c->list[c->count];

	if (equal(old, new))
		return true;
	if (c->count == CHANGES_MAX)
		return err_set(e, ERR_FAILED, "more than %d files would change", CHANGES_MAX);
	*next = (struct change){ .stamp = *stamp };
	c->count++;
	if (!str_copy(next->path, sizeof(next->path), path))
		return err_set(e, ERR_USAGE, "path too long: %.80s", path);
	return take(&next->old, old, e) && take(&next->new, new, e);
}

void changes_release(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		buf_release(&c->list[i].old);
		buf_release(&c->list[i].new);
	}
	c->count = 0;
}

bool changes_can(const struct changes *c, struct err *e)
{
	for (size_t i = 0; i < c->count; i++)
		if (!fs_can_replace(c->list[i].path, c->list[i].new.len + 65536, e))
			return false;
	return true;
}

bool changes_into(struct txn *t, const struct changes *c, const char *config, struct err *e)
{
	const struct peerlock_how peer = { .january = paths_january(config) };

	for (size_t i = 0; i < c->count; i++) {
		const struct change *f = &c->list[i];
		bool store = strcmp(fs_basename(f->path), "auth-profiles.json") == 0;

		if (!txn_add(t,
			    &(struct txn_change){ .path = f->path,
				    .p = f->new.p ? f->new.p : "",
				    .n = f->new.len,
				    .expect = &f->stamp,
				    .peer = store ? &peer : NULL },
			    e))
			return false;
	}
	return true;
}

bool changes_print(const struct changes *c, FILE *out, const char *home, bool diffs, struct err *e)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct change *f = &c->list[i];
		struct diff_counts counts;
		struct buf text = { 0 };
		char change[64];
		struct str s = STR_OF(change);
		bool ok = diff_lines(&f->old, &f->new, &counts, diffs ? &text : NULL, e);

		if (ok) {
			diff_summary(&s, &counts, !f->stamp.exists);
			fputs("  ", out);
			out_path(out, f->path, home);
			fprintf(out, "  %s\n%s", change, text.p ? text.p : "");
		}
		buf_release(&text);
		if (!ok)
			return false;
	}
	return true;
}

struct json_object *changes_json(const struct changes *c, const char *home)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < c->count; i++) {
		const struct change *f = &c->list[i];
		struct json_object *row = json_object_new_object();
		struct diff_counts counts = { 0 };
		char change[64];
		struct str s = STR_OF(change);

		if (diff_lines(&f->old, &f->new, &counts, NULL, NULL))
			diff_summary(&s, &counts, !f->stamp.exists);
		json_put(row, "path", json_path(f->path, home));
		json_put(row, "change", json_text(change));
		json_append(list, row);
	}
	return list;
}
