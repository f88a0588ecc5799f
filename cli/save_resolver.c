/* SPDX-License-Identifier: MIT */

/* The resolver: the copy that gateways run, and the entry by which they find it. */
#include <string.h>
#include <sys/stat.h>

#include "base/self.h"
#include "cli/save_files.h"

static const char *not_set(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/*
 * The gateway runs the resolver with an empty environment: what it would not find by
 * itself then must be said in its arguments. "" when nothing has to be said.
 */
static bool key_dir_to_say(const struct paths *p, char *out, size_t cap, struct err *e)
{
	struct paths_env none = { .get = not_set };
	struct paths bare;

	out[0] = '\0';
	if (!paths_resolve(&bare, p->state, &none, e))
		return false;
	return strcmp(bare.keys, p->keys) == 0 || str_copy(out, cap, p->keys);
}

bool save_name_resolver(struct doc *d, const struct paths *p, struct err *e)
{
	char key_dir[PATHS_CAP];

	return key_dir_to_say(p, key_dir, sizeof(key_dir), e) &&
	       config_put_vault(d, p->resolver, p->state, key_dir, e);
}

bool resolver_file(struct job_file *f, const struct paths *p, struct err *e)
{
	char source[FS_PATH_MAX];
	struct err missing = { 0 };

	*f = (struct job_file){ .id = FILE_RESOLVER, .mode = 0700 };
	str_copy(f->path, sizeof(f->path), p->resolver);
	if (!self_program(source, sizeof(source), "thinkfleetbot-resolve", e) ||
		!fs_read(source, BUF_MAX - 4096, &f->new, NULL, e))
		return false;
	if (!fs_read(f->path, BUF_MAX - 4096, &f->old, &f->stamp, &missing) && f->stamp.exists) {
		*e = missing;
		return false;
	}
	f->is_new = !f->stamp.exists;
	f->changed = f->is_new || f->old.len != f->new.len ||
		     memcmp(f->old.p, f->new.p, f->new.len) != 0 || (f->stamp.mode & 0777) != 0700;
	str_copy(f->change, sizeof(f->change), f->is_new ? "new" : "updated");
	return true;
}

/* A replacement keeps a narrower mode, and a gateway must be able to run this one. */
static bool make_executable(const struct job_file *f, struct err *e)
{
	if (f->is_new || (f->stamp.mode & 0700) == 0700 || chmod(f->path, 0700) == 0)
		return true;
	return err_sys(e, "cannot change the mode of %s", f->path);
}

bool resolver_into(struct txn *t, const struct job_file *f, struct err *e)
{
	return make_executable(f, e) && txn_add(t,
						&(struct txn_change){ .path = f->path,
							.p = f->new.p,
							.n = f->new.len,
							.expect = &f->stamp,
							.mode = f->mode },
						e);
}

bool save_resolver(const struct paths *p, struct err *e)
{
	char dir[FS_PATH_MAX];
	struct job_file f;
	struct txn t;
	bool ok;

	txn_begin(&t, p->txn);
	fs_dirname(dir, sizeof(dir), p->resolver);
	ok = resolver_file(&f, p, e) &&
	     (!f.changed || (fs_mkdirs(dir, e) && resolver_into(&t, &f, e) && txn_commit(&t, e)));
	txn_release(&t);
	buf_release(&f.old);
	buf_release(&f.new);
	return ok;
}

static bool name_once(const struct paths *p, bool *raced, struct err *e)
{
	struct config c = { 0 };
	struct txn t;
	bool ok;

	txn_begin(&t, p->txn);
	ok = config_load(&c, p->config, e) && save_name_resolver(&c.doc, p, e) &&
	     txn_add(&t,
		     &(struct txn_change){ .path = p->config,
			     .p = c.doc.text.p,
			     .n = c.doc.text.len,
			     .expect = &c.stamp },
		     e) &&
	     txn_commit(&t, e);
	*raced = t.raced;
	txn_release(&t);
	config_release(&c);
	return ok;
}

bool save_resolver_entry(const struct paths *p, struct err *e)
{
	struct err why = { 0 };
	struct txn_patience patience = { 0 };
	bool raced;
	bool ok;

	do {
		why = (struct err){ 0 };
		ok = name_once(p, &raced, &why);
	} while (!ok && txn_again(&patience, raced));
	if (!ok && e)
		*e = why;
	return ok;
}
