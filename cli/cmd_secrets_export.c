/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/capsule_io.h"
#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/unlock.h"

/*
 * `secrets export`: the capsule is made in memory, written once where no file is, and
 * proven from the disk before anybody is told that it is there.
 */

static struct {
	bool low_memory;
	bool json;
} given;

static const struct opt opts[] = {
	{ "passphrase-fd", "N", "read the capsule's passphrase from descriptor N", OPT_TEXT,
		{ .text = &capsule_given.fd } },
	{ "passphrase-file", "FILE", "read it from a file that only you can read", OPT_TEXT,
		{ .text = &capsule_given.file } },
	{ "vault-passphrase-fd", "N", PASSPHRASE_FD },
	{ "vault-passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "low-memory", NULL, "accept a weaker setting where little memory is free", OPT_FLAG,
		{ .flag = &given.low_memory } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

struct export
{
	struct place place;
	struct vault vault;
	struct capsule_lists lists;
	char path[FS_PATH_MAX];
	unsigned oauth; /* sign-ins: their tokens are not in the vault and not in the capsule */
	unsigned plain; /* nor are keys that stand in plain text */
};

static bool may_create(const char *path, struct err *e)
{
	struct fs_stamp stamp;

	if (!fs_stat(path, &stamp, e))
		return false;
	if (stamp.exists) {
		err_set(e, ERR_CREATE, "%s exists already", path);
		return err_hint(e, "a capsule never replaces a file; choose another name");
	}
	return fs_can_replace(path, CAPSULE_MAX / 16, e);
}

/* Read back: it opens with the same passphrase and holds every record as it is here. */
static bool prove(const struct export *x, const struct secret *passphrase, struct err *e)
{
	struct capsule back = { 0 };
	struct secret key = { 0 };
	struct buf file = { 0 };
	bool ok = fs_read_private(x->path, CAPSULE_MAX, &file, e) && random_key(&key, e) &&
		  capsule_open(&back, file.p, file.len, passphrase, e);

	if (ok && back.record_count != x->vault.record_count)
		ok = err_set(e, ERR_FAILED, "%s does not hold every record", x->path);
	for (size_t i = 0; ok && i < back.record_count; i++)
		if (capsule_compare(&back.records[i], &x->vault, &key) != CAPSULE_SAME)
			ok = err_set(e, ERR_FAILED, "%s: record %s is not what was sealed", x->path,
				back.records[i].id);
	capsule_release(&back);
	secret_release(&key);
	buf_release(&file);
	return ok;
}

static bool write_capsule(const struct export *x, const struct secret *passphrase, struct err *e)
{
	const struct capsule_contents in = { .vault = &x->vault,
		.profiles = x->lists.profiles,
		.profile_count = x->lists.profile_count,
		.lines = x->lists.lines,
		.line_count = x->lists.line_count,
		.made_s = (uint64_t)(clock_now_ms() / 1000) };
	const struct fs_stamp absent = { 0 };
	const struct fs_replace how = { .expect = &absent, .mode = 0600 };
	struct kdf_cost cost;
	struct buf file = { 0 };
	bool ok = kdf_cost_choose(&cost, given.low_memory, e) &&
		  capsule_make(&file, &in, passphrase, &cost, e) &&
		  fs_replace(x->path, file.p, file.len, &how, e);

	/* What cannot be opened again is worse than none. */
	if (ok && !prove(x, passphrase, e)) {
		fs_unlink(x->path, NULL);
		ok = false;
	}
	buf_release(&file);
	return ok;
}

static void count_left_out(struct export *x, const struct vault *v)
{
	for (size_t i = 0; i < x->lists.profile_count; i++) {
		const struct capsule_profile *p = &x->lists.profiles[i];
		bool sealed = false;

		for (size_t k = 0; k < v->record_count && !sealed; k++)
			sealed = strcmp(v->records[k].agent, p->agent) == 0 &&
				 strcmp(v->records[k].profile, p->id) == 0;
		if (strcmp(p->kind, "oauth") == 0)
			x->oauth++;
		else if (!sealed)
			x->plain++;
	}
}

static bool print_json(const struct export *x, struct err *e)
{
	struct json_object *root = json_object_new_object();

	json_put(root, "ok", json_object_new_boolean(true));
	json_put(root, "file", json_path(x->path, x->place.paths.home));
	json_put(root, "vaultId", json_text(x->vault.id));
	json_put(root, "records", json_object_new_int64((int64_t)x->vault.record_count));
	json_put(root, "profiles", json_object_new_int64((int64_t)x->lists.profile_count));
	json_put(root, "signInsLeftOut", json_object_new_int64(x->oauth));
	json_put(root, "notSealed", json_object_new_int64(x->plain));
	return json_finish(stdout, root, e);
}

static void print_text(const struct export *x)
{
	fputs("Sealed into ", stdout);
	out_path(stdout, x->path, x->place.paths.home);
	printf(": %zu record%s of %zu profile%s.\nIt was read back and opens.\n",
		x->vault.record_count, x->vault.record_count == 1 ? "" : "s",
		x->lists.profile_count, x->lists.profile_count == 1 ? "" : "s");
	if (x->oauth)
		printf("Left out: %u sign-in%s (oauth); sign in again on the other machine.\n",
			x->oauth, x->oauth == 1 ? "" : "s");
	if (x->plain)
		printf("Left out: %u profile%s whose key is not in the vault.\n", x->plain,
			x->plain == 1 ? "" : "s");
	puts("Only the passphrase opens it: nobody can reset it.\n"
	     "  on the other machine: thinkfleetbot secrets import FILE\n"
	     "  from time to time:    thinkfleetbot secrets verify --restore-test FILE");
}

static bool export_to(struct export *x, struct err *e)
{
	struct unlock u = { 0 };
	struct secret passphrase = { 0 };
	bool ok = false;

	if (!may_create(x->path, e) || !capsule_gather(&x->lists, &x->place, e))
		goto out;
	if (!vault_exists(&x->place.paths)) {
		err_set(e, ERR_NOT_FOUND, "there is no vault at %s", x->place.paths.vault);
		err_hint(e, "thinkfleetbot onboard makes one with the first credential");
		goto out;
	}
	if (!unlock_begin_beside(&u, &x->place.paths, true, e) || !unlock_open(&u, &x->vault, e))
		goto out;
	count_left_out(x, &x->vault);
	ok = capsule_passphrase(&passphrase, true, e) && write_capsule(x, &passphrase, e);
out:
	unlock_release(&u);
	secret_release(&passphrase);
	return ok;
}

static bool run(struct cli *c, struct err *e)
{
	struct export x = { 0 };
	bool ok = false;

	if (!place_find(&x.place, NULL, PLACE_WRITE, "secrets export", e))
		return false;
	if (paths_absolute(x.path, sizeof(x.path), c->args.items[0], x.place.paths.home, e) &&
		export_to(&x, e)) {
		ok = true;
		if (given.json)
			ok = print_json(&x, e);
		else
			print_text(&x);
	}
	capsule_lists_release(&x.lists);
	vault_release(&x.vault);
	place_release(&x.place);
	return ok;
}

const struct cmd cmd_secrets_export = {
	.name = "secrets export",
	.args = "FILE [--passphrase-file FILE | --passphrase-fd N] [--low-memory] [--json]",
	.summary = "seal everything the vault holds into one file under a passphrase",
	.detail =
		"For another machine or a safe place. FILE must not exist; it is written with mode "
		"0600\n"
		"and opened again before the command ends. The passphrase has at least 10 "
		"characters.",
	.opts = opts,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
