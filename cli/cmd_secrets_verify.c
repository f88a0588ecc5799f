/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/capsule_io.h"
#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/restore.h"

/*
 * `secrets verify`: opens every record and says which do not. With a capsule it is a
 * rehearsal: a vault is really made from it, written, read back and compared.
 */

static struct {
	const char *capsule;
	bool json;
} given;

static const struct opt opts[] = {
	{ "restore-test", "FILE", "restore this capsule into a scratch folder and compare",
		OPT_TEXT, { .text = &given.capsule } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

/* --- the vault itself ------------------------------------------------------------------------ */

static size_t count_opening(const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->record_count; i++)
		n += vault_record_opens(v, &v->records[i]);
	return n;
}

static void print_vault(const struct place *p, const struct vault *v, size_t opened)
{
	out_path(stdout, p->paths.vault, p->paths.home);
	printf(": generation %" PRIu64 ", %zu of %zu records open, %s\n", v->gen, opened,
		v->record_count, v->mac_ok ? "authentic as a whole" : "changed by something else");
	if (v->age == VAULT_AGE_OLDER)
		printf("  an older copy: generation %" PRIu64 " was seen here before\n",
			v->anchor_gen);
	for (size_t i = 0; i < v->record_count; i++) {
		const struct vault_record *r = &v->records[i];

		if (vault_record_opens(v, r))
			continue;
		fputs("  does not open: ", stdout);
		out_text(stdout, r->id);
		fputs(", profile ", stdout);
		out_text(stdout, r->profile);
		putchar('\n');
	}
}

static struct json_object *vault_json(const struct place *p, const struct vault *v, size_t opened)
{
	struct json_object *o = json_object_new_object();
	struct json_object *failed = json_object_new_array();

	for (size_t i = 0; i < v->record_count; i++)
		if (!vault_record_opens(v, &v->records[i]))
			json_object_array_add(failed, json_text(v->records[i].id));
	json_put(o, "path", json_path(p->paths.vault, p->paths.home));
	json_put(o, "generation", json_object_new_int64((int64_t)v->gen));
	json_put(o, "authentic", json_object_new_boolean(v->mac_ok));
	json_put(o, "olderCopy", json_object_new_boolean(v->age == VAULT_AGE_OLDER));
	json_put(o, "records", json_object_new_int64((int64_t)v->record_count));
	json_put(o, "opened", json_object_new_int64((int64_t)opened));
	json_put(o, "failed", failed);
	return o;
}

static bool vault_bad(const struct vault *v, size_t opened, struct err *e)
{
	if (opened < v->record_count) {
		err_set(e, ERR_DAMAGED, "%zu of %zu records do not open", v->record_count - opened,
			v->record_count);
		return err_hint(e,
			"give each its key again: thinkfleetbot models auth rotate "
			"PROFILE; or put the vault's .bak in its place");
	}
	if (!v->mac_ok) {
		err_set(e, ERR_DAMAGED, "the vault was changed by something else");
		return err_hint(e, "restore the copy with .bak at the end");
	}
	return true;
}

static bool verify_vault(const struct place *p, struct err *e)
{
	struct vault v = { 0 };
	size_t opened;
	bool ok = false;

	if (!vault_load(&v, p->paths.vault, e))
		goto out;
	vault_tolerate(&v);
	if (!vault_unlock_keyfile(&v, p->paths.keys, e))
		goto out;
	opened = count_opening(&v);
	ok = true;
	if (given.json)
		ok = json_finish(stdout, vault_json(p, &v, opened), e);
	else
		print_vault(p, &v, opened);
	ok = ok && vault_bad(&v, opened, e);
out:
	vault_release(&v);
	return ok;
}

/* --- the rehearsal -----------------------------------------------------------------------------
 */

struct rehearsal {
	struct capsule capsule;
	struct vault here;
	bool have_here;
	struct secret key; /* of the comparisons, of this run only */
	size_t restored;   /* records that came out of the scratch vault as they went in */
	size_t same, differ, gone, missing;
};

/* A folder below TMPDIR, mode 0700, in which only a sealed file is ever written. */
static bool scratch_make(char *dir, size_t cap, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct str s = str_on(dir, cap);

	str_fmt(&s, "%s/tfb-restore-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (s.cut)
		return err_set(e, ERR_USAGE, "TMPDIR is too long");
	return mkdtemp(dir) || err_sys(e, "%s", dir);
}

static void scratch_remove(const char *dir)
{
	static const char *const names[] = { "vault.json", "vault.json.bak", ".gitignore" };
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (fs_join(path, sizeof(path), dir, names[i], NULL))
			fs_unlink(path, NULL);
	rmdir(dir);
}

static size_t count_same(const struct rehearsal *r, const struct vault *v)
{
	size_t n = 0;

	for (size_t i = 0; i < r->capsule.record_count; i++)
		n += capsule_compare(&r->capsule.records[i], v, &r->key) == CAPSULE_SAME;
	return n;
}

/* The scratch vault's key is in memory only: what is left of it after a crash opens never. */
static bool restore_at(struct rehearsal *r, const char *path, struct err *e)
{
	struct secret kek = { 0 };
	struct vault made = { 0 };
	struct vault back = { 0 };
	bool ok = random_key(&kek, e) && vault_create_with_key(&made, &kek, e) &&
		  restore_records(&made, &r->capsule, e) && vault_save(&made, path, e) &&
		  vault_load(&back, path, e) && vault_unlock_key(&back, &kek, e);

	if (ok)
		r->restored = count_same(r, &back);
	vault_release(&back);
	vault_release(&made);
	secret_release(&kek);
	return ok;
}

static bool restore(struct rehearsal *r, struct err *e)
{
	char path[FS_PATH_MAX];
	char dir[FS_PATH_MAX];
	bool ok;

	if (!scratch_make(dir, sizeof(dir), e))
		return false;
	ok = fs_join(path, sizeof(path), dir, "vault.json", e) && restore_at(r, path, e);
	scratch_remove(dir);
	return ok;
}

static void compare_here(struct rehearsal *r)
{
	for (size_t i = 0; i < r->capsule.record_count; i++) {
		switch (capsule_compare(&r->capsule.records[i], &r->here, &r->key)) {
		case CAPSULE_SAME:
			r->same++;
			break;
		case CAPSULE_DIFFERS:
		case CAPSULE_UNREADABLE:
			r->differ++;
			break;
		case CAPSULE_MISSING:
			r->gone++;
			break;
		}
	}
	for (size_t i = 0; i < r->here.record_count; i++)
		r->missing += !capsule_find(&r->capsule, r->here.records[i].id);
}

static void list_differences(const struct rehearsal *r)
{
	for (size_t i = 0; i < r->here.record_count; i++) {
		const struct capsule_record *c = capsule_find(&r->capsule, r->here.records[i].id);

		if (c && capsule_compare(c, &r->here, &r->key) == CAPSULE_SAME)
			continue;
		fputs(c ? "  other value here: " : "  not in the capsule: ", stdout);
		out_text(stdout, r->here.records[i].id);
		putchar('\n');
	}
}

static void print_rehearsal(const struct rehearsal *r)
{
	printf("Restored into a scratch vault and read back: %zu of %zu records are the same.\n",
		r->restored, r->capsule.record_count);
	if (!r->have_here) {
		puts("There is no vault here to compare it with.");
		return;
	}
	printf("Compared with the vault here: %zu the same, %zu with another value, "
	       "%zu only in the capsule, %zu only here.\n",
		r->same, r->differ, r->gone, r->missing);
	list_differences(r);
}

static bool rehearsal_json(const struct rehearsal *r, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *here = NULL;

	json_put(root, "records", json_object_new_int64((int64_t)r->capsule.record_count));
	json_put(root, "restored", json_object_new_int64((int64_t)r->restored));
	json_put(root, "profiles", json_object_new_int64((int64_t)r->capsule.profile_count));
	json_put(root, "madeAt", json_object_new_int64((int64_t)r->capsule.head.made_s * 1000));
	if (r->have_here) {
		here = json_object_new_object();
		json_put(here, "same", json_object_new_int64((int64_t)r->same));
		json_put(here, "differ", json_object_new_int64((int64_t)r->differ));
		json_put(here, "onlyInCapsule", json_object_new_int64((int64_t)r->gone));
		json_put(here, "onlyHere", json_object_new_int64((int64_t)r->missing));
	}
	json_put(root, "comparedWithVault", here);
	return json_finish(stdout, root, e);
}

static bool rehearsal_bad(const struct rehearsal *r, struct err *e)
{
	if (r->restored < r->capsule.record_count)
		return err_set(e, ERR_DAMAGED, "%zu of %zu records were not restored",
			r->capsule.record_count - r->restored, r->capsule.record_count);
	if (r->differ || r->missing) {
		err_set(e, ERR_FAILED, "the capsule opens, but is not what the vault holds now");
		return err_hint(e, "make a new one: thinkfleetbot secrets export FILE");
	}
	return true;
}

static bool rehearse(struct rehearsal *r, const struct place *p, struct err *e)
{
	bool ok;

	r->have_here = vault_exists(&p->paths);
	if (r->have_here && !vault_open_at(&r->here, &p->paths, e))
		return false;
	if (!capsule_read(&r->capsule, given.capsule, e) || !random_key(&r->key, e) ||
		!restore(r, e))
		return false;
	if (r->have_here)
		compare_here(r);
	ok = true;
	if (given.json)
		ok = rehearsal_json(r, e);
	else
		print_rehearsal(r);
	return ok && rehearsal_bad(r, e);
}

static bool restore_test(const struct place *p, struct err *e)
{
	struct rehearsal r = { 0 };
	bool ok = rehearse(&r, p, e);

	capsule_release(&r.capsule);
	vault_release(&r.here);
	secret_release(&r.key);
	return ok;
}

static bool run(struct cli *c, struct err *e)
{
	struct place place;
	bool ok;

	(void)c;
	if (!place_find(&place, NULL, PLACE_READ, "secrets verify", e))
		return false;
	ok = given.capsule ? restore_test(&place, e) : verify_vault(&place, e);
	place_release(&place);
	return ok;
}

const struct cmd cmd_secrets_verify = {
	.name = "secrets verify",
	.args = "[--restore-test FILE [--passphrase-file FILE | --passphrase-fd N]] [--json]",
	.summary = "open every record; or rehearse a restore from a capsule",
	.detail =
		"Nothing is changed. The rehearsal makes a vault in a scratch folder (TMPDIR), "
		"whose key\n"
		"exists in memory only, and compares every record by keyed hash. Status 1: the "
		"capsule\n"
		"opens but is out of date; 65: damaged; 66: not found; 71: too little memory; 76: "
		"another\n"
		"version; 77: locked, or the wrong passphrase.",
	.opts = opts,
	.shared = capsule_opts,
	.run = run,
};
