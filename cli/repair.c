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

/* Only an abandoned one: one that was renewed meanwhile stays, and is found again. */
static bool remove_lock(const struct place *p, struct err *e)
{
	(void)e;
	txn_tidy(p->profiles);
	return true;
}

struct repair_row {
	const char *check;
	bool (*run)(const struct place *p, struct err *e);
	bool edits_config;
};

static const struct repair_row rows[] = {
	{ "resolver", install_resolver, false },
	{ "secrets-provider", name_resolver, true },
	{ "interrupted", finish_change, false },
	{ "locks", remove_lock, false },
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

/* botToken, apiKey, auth.token, password: what it is called is all there is to go by. */
static bool is_secret_name(const char *name)
{
	static const char *const ends[] = { "key", "token", "password", "passphrase", "secret" };
	char lower[64] = "";

	for (size_t i = 0; name[i] && i + 1 < sizeof(lower); i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(lower, ends[i]))
			return true;
	return false;
}

/* A text under such a name, anywhere; "${NAME}" is no secret, and neither is what cannot be read.
 */
static bool holds_secret(const struct doc *d)
{
	for (uint32_t n = 0; n < d->count; n++) {
		char name[64];

		if (doc_kind(d, n) == DOC_STRING && doc_key(d, n, name, sizeof(name)) &&
			is_secret_name(name) && doc_filled(d, n) &&
			d->text.p[d->nodes[n].at + 1] != '$') /* behind its quote */
			return true;
	}
	return false;
}

static bool copy_config(const struct place *p, char *out, size_t cap, struct err *e)
{
	struct str path = str_on(out, cap);
	struct config c = { 0 };
	bool ok = true;

	if (!config_load(&c, p->paths.config, NULL))
		return true; /* what cannot be read is not changed either */
	if (c.exists && !holds_secret(&c.doc)) {
		str_fmt(&path, "%s" REPAIR_BACKUP, p->paths.config);
		ok = path.cut ? err_set(e, ERR_USAGE, "the name of a backup is too long")
			      : fs_replace(out, c.doc.text.p, c.doc.text.len, NULL, e);
	}
	config_release(&c);
	if (!ok)
		out[0] = '\0';
	return ok;
}

bool repair_noted(
	const struct place *p, const struct finding *f, char *backup, size_t cap, struct err *e)
{
	const struct repair_row *row = find(f);
	struct fs_lock lock = { .fd = -1 };
	bool ok;

	backup[0] = '\0';
	if (doctor_can_fix(f))
		return doctor_fix(f, e);
	if (!row)
		return err_set(e, ERR_USAGE, "%s: this is not mended by itself", f->check);
	/* Not own_lock(): the panel is on the screen, and its warning would be too. */
	ok = vault_lock(&lock, &p->paths, NULL, e) &&
	     (!row->edits_config || copy_config(p, backup, cap, e)) && row->run(p, e);
	fs_unlock(&lock);
	return ok;
}

bool repair(const struct place *p, const struct finding *f, struct err *e)
{
	char backup[FS_PATH_MAX];

	return repair_noted(p, f, backup, sizeof(backup), e);
}
