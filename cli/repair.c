/* SPDX-License-Identifier: MIT */
#include "cli/repair.h"

#include <string.h>
#include <sys/stat.h>

#include "base/self.h"
#include "cli/save.h"
#include "health/doctor.h"
#include "store/txn.h"

/* A replacement keeps a narrower mode, and this one must be executable: widened first. */
static bool make_executable(const char *path, struct err *e)
{
	struct fs_stamp now;

	if (!fs_stat(path, &now, e))
		return false;
	if (!now.exists || (now.mode & 0700) == 0700 || chmod(path, 0700) == 0)
		return true;
	return err_sys(e, "cannot change the mode of %s", path);
}

static bool install_resolver(const struct place *p, struct err *e)
{
	struct fs_replace o = { .mode = 0700 };
	struct buf program = { 0 };
	char source[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	bool ok;

	fs_dirname(dir, sizeof(dir), p->paths.resolver);
	ok = self_program(source, sizeof(source), "thinkfleetbot-resolve", e) &&
	     fs_read(source, BUF_MAX - 4096, &program, NULL, e) && fs_mkdirs(dir, e) &&
	     make_executable(p->paths.resolver, e) &&
	     fs_replace(p->paths.resolver, program.p, program.len, &o, e);
	buf_release(&program);
	return ok;
}

static bool name_once(const struct place *p, struct err *e)
{
	struct config c = { 0 };
	bool ok = false;

	if (config_load(&c, p->paths.config, e)) {
		struct fs_replace o = { .expect = &c.stamp };

		ok = save_name_resolver(&c.doc, &p->paths, e) &&
		     fs_replace(p->paths.config, c.doc.text.p, c.doc.text.len, &o, e);
	}
	config_release(&c);
	return ok;
}

/* A gateway that writes its configuration in between is read again. */
static bool name_resolver(const struct place *p, struct err *e)
{
	struct err why = { 0 };

	for (unsigned n = 0; n < 5; n++) {
		why = (struct err){ 0 };
		if (name_once(p, &why))
			return true;
		if (why.code != ERR_BUSY)
			break;
	}
	if (e)
		*e = why;
	return false;
}

/* Taking the lock finishes it; the caller does. */
static bool finish_change(const struct place *p, struct err *e)
{
	struct txn_report left;

	if (!txn_pending(p->paths.txn, &left))
		return true;
	return err_set(e, ERR_FAILED, "%s still holds an interrupted change", p->paths.txn);
}

struct repair_row {
	const char *check;
	bool (*run)(const struct place *p, struct err *e);
};

static const struct repair_row rows[] = {
	{ "resolver", install_resolver },
	{ "secrets-provider", name_resolver },
	{ "interrupted", finish_change },
};

static const struct repair_row *find(const struct finding *f)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].check, f->check) == 0)
			return &rows[i];
	return NULL;
}

bool repair_possible(const struct finding *f)
{
	return f->safe && (doctor_can_fix(f) || find(f));
}

bool repair(const struct place *p, const struct finding *f, struct err *e)
{
	const struct repair_row *row = find(f);
	struct fs_lock lock = { .fd = -1 };
	bool ok;

	if (doctor_can_fix(f))
		return doctor_fix(f, e);
	if (!row)
		return err_set(e, ERR_USAGE, "%s: this is not mended by itself", f->check);
	/* Not place_lock(): the panel is on the screen, and its warning would be too. */
	ok = txn_lock(&lock, &p->paths, NULL, e) && row->run(p, e);
	fs_unlock(&lock);
	return ok;
}
