/* SPDX-License-Identifier: MIT */
#include "cli/repair.h"

#include <string.h>

#include "base/self.h"
#include "cli/save.h"
#include "health/doctor.h"

static bool install_resolver(const struct place *p, struct err *e)
{
	struct fs_replace o = { .mode = 0700 };
	struct buf program = { 0 };
	char source[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	bool ok;

	fs_dirname(dir, sizeof(dir), p->paths.resolver);
	/* Removed first: a replacement keeps a narrower mode, and this one must be executable. */
	ok = self_program(source, sizeof(source), "thinkfleetbot-resolve", e) &&
	     fs_read(source, BUF_MAX - 4096, &program, NULL, e) && fs_mkdirs(dir, e) &&
	     fs_unlink(p->paths.resolver, e) &&
	     fs_replace(p->paths.resolver, program.p, program.len, &o, e);
	buf_release(&program);
	return ok;
}

static bool name_resolver(const struct place *p, struct err *e)
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

struct repair_row {
	const char *check;
	bool (*run)(const struct place *p, struct err *e);
};

static const struct repair_row rows[] = {
	{ "resolver", install_resolver },
	{ "secrets-provider", name_resolver },
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

	if (doctor_can_fix(f))
		return doctor_fix(f, e);
	if (!row)
		return err_set(e, ERR_USAGE, "%s: this is not mended by itself", f->check);
	return row->run(p, e);
}
