/* SPDX-License-Identifier: MIT */
#include "cli/repair.h"

#include <string.h>

#include "cli/save.h"
#include "cli/vault_files.h"
#include "health/doctor.h"

static bool install_resolver(const struct place *p, struct err *e)
{
	return save_resolver(&p->paths, e);
}

static bool name_resolver(const struct place *p, struct err *e)
{
	return save_resolver_entry(&p->paths, e);
}

/* Taking the lock finishes it; the caller does. */
static bool finish_change(const struct place *p, struct err *e)
{
	char left[FS_PATH_MAX];

	txn_tidy(p->profiles);
	if (txn_pending(p->paths.txn, NULL))
		return err_set(e, ERR_FAILED, "%s still holds an interrupted change", p->paths.txn);
	return !txn_left(&p->paths, left, sizeof(left)) ||
	       err_set(e, ERR_FAILED, "%s cannot be removed", left);
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
	/* Not own_lock(): the panel is on the screen, and its warning would be too. */
	ok = vault_lock(&lock, &p->paths, NULL, e) && row->run(p, e);
	fs_unlock(&lock);
	return ok;
}
