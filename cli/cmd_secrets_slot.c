/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/reveal.h"
#include "cli/say.h"
#include "cli/vault_job.h"
#include "crypto/recovery.h"
#include "store/vault_rekey.h"

/*
 * `secrets slot add|remove`: the ways into the vault. Everything is asked before the lock is
 * taken; the vault is read again under it.
 */

#define PASSPHRASE_MIN 10
#define COMMAND_REMOVE "secrets slot remove"

static struct {
	const char *to;
	const char *name;
	const char *new_fd;
	const char *new_file;
	const char *code_fd;
	bool low_memory;
} given;

static const struct opt add_opts[] = {
	{ "to", "FILE", "file: make the key file here, not in the key folder", OPT_TEXT,
		{ .text = &given.to } },
	{ "name", "NAME", "systemd-cred: the credential (default: thinkfleetbot.kek)", OPT_TEXT,
		{ .text = &given.name } },
	{ "new-passphrase-fd", "N", "passphrase: read the new one from descriptor N", OPT_TEXT,
		{ .text = &given.new_fd } },
	{ "new-passphrase-file", "FILE", "passphrase: read the new one from a private file",
		OPT_TEXT, { .text = &given.new_file } },
	{ "low-memory", NULL, "passphrase: accept 19 MiB where 64 MiB do not fit (weaker)",
		OPT_FLAG, { .flag = &given.low_memory } },
	{ "code-fd", "N", "recovery: write the code to descriptor N instead of showing it",
		OPT_TEXT, { .text = &given.code_fd } },
	{ "accept-rollback", NULL, ACCEPT_ROLLBACK },
	{ .kind = OPT_END },
};

static const struct opt remove_opts[] = { { "yes-offline", NULL, YES_OFFLINE },
	{ "accept-rollback", NULL, ACCEPT_ROLLBACK }, { .kind = OPT_END } };

struct addition {
	struct vault_job job;
	struct slot_key key;
	char made[FS_PATH_MAX]; /* the new key file, or "" */
};

/* --- what a new slot is made of ------------------------------------------------------------ */

/* In the key folder: its file and its slot come together, under the lock. */
static bool add_key_file(struct addition *a, struct err *e)
{
	struct vault *v = &a->job.hold.vault;
	const struct paths *p = &a->job.place.paths;

	if (vault_slot_here(v, p->keys)) {
		err_set(e, ERR_REFUSED, "the key file in %s opens this vault already", p->keys);
		return err_hint(e,
			"--to FILE makes another one; thinkfleetbot secrets rekey key-file "
			"replaces it");
	}
	return vault_slot_install_file(v, p->vault, &a->key, e) &&
	       keyfile_path(a->made, sizeof(a->made), p->keys, v->id, e);
}

/* A run that was killed before the slot was written leaves its file, which nobody else knows of. */
static void say_whose(const struct vault *v, const char *path, struct err *e)
{
	struct secret key = { 0 };

	if (e->code == ERR_CREATE && keyfile_read(path, &key, NULL) && !vault_slot_of(v, &key))
		err_hint(e,
			"it does not open this vault: if an interrupted run left it, remove it; "
			"else choose another name");
	secret_release(&key);
}

static bool make_file(struct addition *a, struct err *e)
{
	struct secret kek = { 0 };
	char path[FS_PATH_MAX];
	bool ok;

	if (!given.to)
		return true;
	if (!paths_absolute(path, sizeof(path), given.to, a->job.place.paths.home, e))
		return false;
	ok = keyfile_create_at(path, &kek, e);
	if (!ok)
		say_whose(&a->job.hold.vault, path, e);
	ok = ok && str_copy(a->made, sizeof(a->made), path) && slot_key_file(&a->key, &kek, e);
	secret_release(&kek);
	return ok;
}

static bool make_passphrase(struct addition *a, struct err *e)
{
	static const char instead[] =
		"hand it over: --new-passphrase-fd N or "
		"--new-passphrase-file FILE";
	struct secret passphrase = { 0 };
	bool ok;

	ok = given.new_fd || given.new_file
		     ? unlock_read(&passphrase,
			       given.new_fd ? "new-passphrase-fd" : "new-passphrase-file",
			       given.new_fd, given.new_file, e)
		     : ask_hidden_twice(&passphrase,
			       "New passphrase for the vault: ", "The same again: ", instead, e);
	if (ok && passphrase.len < PASSPHRASE_MIN) {
		ok = err_set(e, ERR_USAGE, "the passphrase is shorter than %d characters",
			PASSPHRASE_MIN);
		err_hint(e, "five or six random words are easy to type and hard to guess");
	}
	ok = ok && slot_key_passphrase(&a->key, &passphrase, given.low_memory, e);
	secret_release(&passphrase);
	return ok;
}

static bool write_code(const struct secret *code, struct err *e)
{
	char *end;
	long fd = strtol(given.code_fd, &end, 10);
	bool ok;

	if (*given.code_fd == '\0' || *end || fd < 0 || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0)
		return err_set(
			e, ERR_USAGE, "--code-fd %.20s is not an open descriptor", given.code_fd);
	ok = fs_write_all((int)fd, code->bytes, code->len, e) && fs_write_all((int)fd, "\n", 1, e);
	/* The standard ones are ours to keep: what else is said goes there. */
	if (fd > STDERR_FILENO && close((int)fd) != 0 && ok)
		ok = err_sys(e, "--code-fd");
	return ok;
}

static bool make_recovery(struct addition *a, struct err *e)
{
	struct secret code = { 0 };
	bool ok;

	ok = recovery_new(&code, e) &&
	     (given.code_fd ? write_code(&code, e)
			    : reveal_recovery(
				      &code, "--code-fd N writes the code to a descriptor", e)) &&
	     slot_key_recovery(&a->key, &code, e);
	secret_release(&code);
	return ok;
}

static bool make_credential(struct addition *a, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	const char *name = given.name ? given.name : "thinkfleetbot.kek";

	if (!credential_name_valid(name))
		return err_set(e, ERR_USAGE,
			"a credential's name is made of letters, digits, '.', '_' and '-'");
	if (!dir || !dir[0]) {
		err_set(e, ERR_REFUSED,
			"CREDENTIALS_DIRECTORY is not set: this does not run inside a unit with "
			"LoadCredential=%s",
			name);
		return err_hint(e,
			"only systemd hands out credentials, and before version 258 only system "
			"units get encrypted ones: give the gateway's unit "
			"LoadCredentialEncrypted=%s:FILE, then run this in it (systemd-run -P -p "
			"...)",
			name);
	}
	return slot_key_credential(&a->key, dir, name, e);
}

static const struct slot_kind {
	const char *name;
	bool locked; /* made under the lock: it leaves a file */
	bool (*make)(struct addition *a, struct err *e);
} slot_kinds[] = {
	{ "file", true, make_file },
	{ "passphrase", false, make_passphrase },
	{ "recovery", false, make_recovery },
	{ "systemd-cred", false, make_credential },
};

static const struct slot_kind *kind_find(const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(slot_kinds); i++)
		if (strcmp(slot_kinds[i].name, name) == 0)
			return &slot_kinds[i];
	err_set(e, ERR_USAGE, "there is no kind of key slot \"%.40s\"", name);
	err_hint(e, "one of: file, passphrase, recovery, systemd-cred");
	return NULL;
}

/* The new key file elsewhere opens nothing when the disk did not get its slot. */
static void remove_made(struct addition *a)
{
	struct vault *v = &a->job.hold.vault;
	const struct keyslot *slot;

	if (a->made[0] && vault_reload(v, a->job.place.paths.vault, NULL) &&
		vault_slot_match(v, &a->key.kek, &slot, NULL) && !slot)
		fs_unlink(a->made, NULL);
}

static void report_added(const struct addition *a)
{
	const struct vault *v = &a->job.hold.vault;
	const struct keyslot *slot = &a->key.slot;
	/* Who asked for the code on standard output reads nothing else there. */
	FILE *out = given.code_fd && strcmp(given.code_fd, "1") == 0 ? stderr : stdout;

	fprintf(out, "Key slot %s (%s) was added; the vault was opened with it from the disk.\n",
		slot->id, slot_words(slot->type));
	if (slot->type == KEYSLOT_ARGON2ID)
		fprintf(out, "Its cost: %" PRIu64 " passes over %" PRIu64 " MiB.\n", slot->cost.ops,
			slot->cost.mem >> 20);
	if (a->made[0])
		fprintf(out, "Its key file: %s\n", a->made);
	fprintf(out, "The vault is as strong as its weakest slot: it %s.\n",
		vault_weakest_words(v, a->job.place.paths.keys));
	if (slot->type == KEYSLOT_SYSTEMD_CRED && vault_weakest(v)->type == KEYSLOT_FILE)
		say_warning(
			"while key slot %s (key file) is there, the credential gains nothing: "
			"add a recovery code, then thinkfleetbot secrets slot remove %s",
			vault_weakest(v)->id, vault_weakest(v)->id);
}

/* Elsewhere, or with no file at all: the slot is made, then written. */
static bool add_made(struct addition *a, const struct slot_kind *kind, struct err *e)
{
	if ((kind->locked && !kind->make(a, e)) ||
		!vault_slot_install(&a->job.hold.vault, a->job.place.paths.vault, &a->key, e)) {
		remove_made(a);
		return false;
	}
	return true;
}

static bool run_add(struct cli *c, struct err *e)
{
	const struct slot_kind *kind = kind_find(c->args.items[0], e);
	struct addition a = { .job = VAULT_JOB_NONE };
	bool ok;

	ok = kind && vault_job_open(&a.job, "secrets slot add", NULL, e) &&
	     (kind->locked || kind->make(&a, e)) && vault_job_lock(&a.job, e) &&
	     (kind->make == make_file && !given.to ? add_key_file(&a, e) : add_made(&a, kind, e));
	if (ok)
		report_added(&a);
	slot_key_release(&a.key);
	vault_job_close(&a.job);
	return ok;
}

/* --- remove ------------------------------------------------------------------------------- */

/* Would the vault need a person after a restart, and did not before? */
static bool goes_offline(const struct vault_job *j, const char *id)
{
	const struct vault *v = &j->hold.vault;
	const char *keys = j->place.paths.keys;

	return vault_opens_alone(v, keys, NULL) && !vault_opens_alone(v, keys, id);
}

/* Before anything is asked for: the last slot, or one that is not there. */
static bool looks_removable(const struct paths *p, const char *id, struct err *e)
{
	struct vault v = { 0 };
	bool ok = vault_load(&v, p->vault, e);

	if (ok && !vault_slot(&v, id)) {
		err_set(e, ERR_NOT_FOUND, "the vault has no key slot %.40s", id);
		ok = err_hint(e, "thinkfleetbot secrets slot list shows them");
	} else if (ok && v.slot_count == 1) {
		err_set(e, ERR_REFUSED,
			"%.40s is the last key slot: without it nothing opens the vault", id);
		ok = err_hint(e, "add another one first: thinkfleetbot secrets slot add");
	}
	vault_release(&v);
	return ok;
}

static bool run_remove(struct cli *c, struct err *e)
{
	const char *id = c->args.items[0];
	struct vault_job j = VAULT_JOB_NONE;
	enum keyslot_type type;
	bool asked = false;
	bool ok = false;

	if (!place_find(&j.place, NULL, PLACE_REPAIR, COMMAND_REMOVE, e) ||
		!hold_settle(&j.place, e) || !looks_removable(&j.place.paths, id, e))
		goto out;
	place_release(&j.place);
	/* It opens with another slot now, or it does not lose this one. */
	if (!vault_job_open(&j, COMMAND_REMOVE, id, e)) {
		err_wrap(e, "without key slot %.40s", id);
		goto out;
	}
	type = vault_slot(&j.hold.vault, id)->type;
	asked = goes_offline(&j, id);
	if ((asked && !unlock_confirm_offline(vault_job_given.yes_offline, e)) ||
		!vault_job_lock(&j, e))
		goto out;
	if (!asked && goes_offline(&j, id)) {
		err_set(e, ERR_BUSY, "another slot was removed meanwhile");
		err_hint(e, "nothing was changed; run the command again");
		goto out;
	}
	ok = vault_slot_discard(&j.hold.vault, j.place.paths.vault, id, e);
	if (!ok)
		goto out;
	printf("Key slot %s (%s) was removed; the vault was opened with slot %s instead.\n"
	       "Older copies of the vault still open with it.\nThe vault now %s.\n",
		id, slot_words(type), j.hold.vault.opened_by,
		vault_weakest_words(&j.hold.vault, j.place.paths.keys));
out:
	vault_job_close(&j);
	return ok;
}

const struct cmd cmd_slot_add = {
	.name = "secrets slot add",
	.args = "file|passphrase|recovery|systemd-cred [OPTION...]",
	.summary = "add a way to open the vault",
	.detail =
		"The new slot is written and the vault opened with it from the disk before the\n"
		"command says so. A recovery code is shown once and has to be typed back.\n"
		"systemd-cred works inside a unit with LoadCredential= only.",
	.opts = add_opts,
	.shared = unlock_opts,
	.args_min = 1,
	.args_max = 1,
	.run = run_add,
};

const struct cmd cmd_slot_remove = {
	.name = "secrets slot remove",
	.args = "ID [--yes-offline] [OPTION...]",
	.summary = "remove a way to open the vault, never the last one",
	.detail =
		"The vault has to open with another slot first: here and now. When nothing is "
		"left\nthat opens it without you, a sentence has to be typed.",
	.opts = remove_opts,
	.shared = unlock_opts,
	.args_min = 1,
	.args_max = 1,
	.run = run_remove,
};
