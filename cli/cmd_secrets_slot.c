/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/hold.h"
#include "cli/place.h"
#include "cli/reveal.h"
#include "cli/say.h"
#include "cli/unlock.h"
#include "crypto/recovery.h"
#include "store/vault_rekey.h"

/*
 * `secrets slot add|remove`: the ways into the vault. Everything is asked before the lock is
 * taken; the vault is read again under it.
 */

#define PASSPHRASE_MIN 10

static struct {
	const char *to;
	const char *name;
	const char *new_fd;
	const char *new_file;
	const char *code_fd;
	bool low_memory;
	bool accept_rollback;
	bool yes_offline;
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
	{ "accept-rollback", NULL, "write onto an older copy of the vault", OPT_FLAG,
		{ .flag = &given.accept_rollback } },
	{ .kind = OPT_END },
};

static const struct opt remove_opts[] = {
	{ "yes-offline", NULL, "without the question: the vault may need a person after a restart",
		OPT_FLAG, { .flag = &given.yes_offline } },
	{ "accept-rollback", NULL, "write onto an older copy of the vault", OPT_FLAG,
		{ .flag = &given.accept_rollback } },
	{ .kind = OPT_END },
};

/* What both commands work with. */
struct job {
	struct place place;
	struct unlock unlock;
	struct hold hold;
	struct slot_key key;
	char made[FS_PATH_MAX]; /* a key file made for this, or "" */
};

static bool job_open(struct job *j, const char *command, const char *except, struct err *e)
{
	*j = (struct job){ .hold = HOLD_NONE };
	if (!place_find(&j->place, NULL, PLACE_REPAIR, command, e) ||
		!unlock_begin(&j->unlock, &j->place.paths, e))
		return false;
	j->unlock.except = except;
	return unlock_open(&j->unlock, &j->hold.vault, e);
}

/* The lock, and the vault as it is under it; what an interrupted rekey left is finished. */
static bool job_lock(struct job *j, struct err *e)
{
	const struct paths *p = &j->place.paths;

	if (!hold_lock(&j->hold, p, e) || !vault_reload(&j->hold.vault, p->vault, e))
		return false;
	if (given.accept_rollback)
		vault_accept_rollback(&j->hold.vault);
	return vault_rekey_resume(&j->hold.vault, p->vault, NULL, e);
}

static void job_close(struct job *j)
{
	hold_release(&j->hold);
	unlock_release(&j->unlock);
	slot_key_release(&j->key);
	place_release(&j->place);
}

/* --- what a new slot is made of ------------------------------------------------------------ */

/* Already in the key folder: another one would have to go somewhere else. */
static bool own_key_file_opens(struct job *j, const char *path)
{
	struct secret key = { 0 };
	bool opens = keyfile_read(path, &key, NULL) && vault_slot_of(&j->hold.vault, &key);

	secret_release(&key);
	return opens;
}

static bool make_key_file(struct job *j, struct err *e)
{
	struct vault *v = &j->hold.vault;
	const char *dir = j->place.paths.keys;
	struct secret kek = { 0 };
	char path[FS_PATH_MAX];
	bool ok;

	if (given.to ? !paths_absolute(path, sizeof(path), given.to, j->place.paths.home, e)
		     : !keyfile_path(path, sizeof(path), dir, v->id, e))
		return false;
	if (!given.to && own_key_file_opens(j, path)) {
		err_set(e, ERR_REFUSED, "the key file %s opens this vault already", path);
		return err_hint(e,
			"--to FILE makes another one; thinkfleetbot secrets rekey key-file "
			"replaces it");
	}
	ok = given.to ? keyfile_create_at(path, &kek, e) : keyfile_create(dir, v->id, &kek, e);
	if (ok) {
		str_copy(j->made, sizeof(j->made), path);
		ok = slot_key_file(&j->key, &kek, e);
	}
	secret_release(&kek);
	return ok;
}

static bool make_passphrase(struct job *j, struct err *e)
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
	ok = ok && slot_key_passphrase(&j->key, &passphrase, given.low_memory, e);
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
	if (close((int)fd) != 0 && ok)
		ok = err_sys(e, "--code-fd");
	return ok;
}

static bool make_recovery(struct job *j, struct err *e)
{
	struct secret code = { 0 };
	bool ok;

	ok = recovery_new(&code, e) &&
	     (given.code_fd ? write_code(&code, e)
			    : reveal_recovery(
				      &code, "--code-fd N writes the code to a descriptor", e)) &&
	     slot_key_recovery(&j->key, &code, e);
	secret_release(&code);
	return ok;
}

static bool make_credential(struct job *j, struct err *e)
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
	return slot_key_credential(&j->key, dir, name, e);
}

static const struct slot_kind {
	const char *name;
	bool locked; /* made under the lock: it leaves a file */
	bool (*make)(struct job *j, struct err *e);
} slot_kinds[] = {
	{ "file", true, make_key_file },
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

/* The new key file opens nothing when the disk did not get its slot. */
static void remove_made(struct job *j)
{
	struct vault *v = &j->hold.vault;
	const struct keyslot *slot;

	if (j->made[0] && vault_reload(v, j->place.paths.vault, NULL) &&
		vault_slot_match(v, &j->key.kek, &slot, NULL) && !slot)
		fs_unlink(j->made, NULL);
}

static void report_added(const struct job *j)
{
	const struct vault *v = &j->hold.vault;
	const struct keyslot *slot = &j->key.slot;

	printf("Key slot %s (%s) was added; the vault was opened with it from the disk.\n",
		slot->id, slot_words(slot->type));
	if (slot->type == KEYSLOT_ARGON2ID)
		printf("Its cost: %" PRIu64 " passes over %" PRIu64 " MiB.\n", slot->cost.ops,
			slot->cost.mem >> 20);
	if (j->made[0])
		printf("Its key file: %s\n", j->made);
	printf("The vault is as strong as its weakest slot: it %s.\n",
		vault_weakest_words(v, j->place.paths.keys));
	if (slot->type == KEYSLOT_SYSTEMD_CRED && vault_weakest(v)->type == KEYSLOT_FILE)
		say_warning(
			"while key slot %s (key file) is there, the credential gains nothing: "
			"add a recovery code, then thinkfleetbot secrets slot remove %s",
			vault_weakest(v)->id, vault_weakest(v)->id);
}

static bool run_add(struct cli *c, struct err *e)
{
	const struct slot_kind *kind = kind_find(c->args.items[0], e);
	struct job j = { .hold = HOLD_NONE };
	bool ok = false;

	if (!kind || !job_open(&j, "secrets slot add", NULL, e) ||
		(!kind->locked && !kind->make(&j, e)) || !job_lock(&j, e) ||
		(kind->locked && !kind->make(&j, e)))
		goto out;
	ok = vault_slot_install(&j.hold.vault, j.place.paths.vault, &j.key, e);
	if (ok)
		report_added(&j);
out:
	if (!ok)
		remove_made(&j);
	job_close(&j);
	return ok;
}

/* --- remove ------------------------------------------------------------------------------- */

/* Would the vault need a person after a restart, and did not before? */
static bool goes_offline(const struct job *j, const char *id)
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
	struct job j = { .hold = HOLD_NONE };
	enum keyslot_type type;
	bool asked = false;
	bool ok = false;

	if (!place_find(&j.place, NULL, PLACE_REPAIR, "secrets slot remove", e) ||
		!looks_removable(&j.place.paths, id, e))
		goto out;
	place_release(&j.place);
	/* It opens with another slot now, or it does not lose this one. */
	if (!job_open(&j, "secrets slot remove", id, e)) {
		err_wrap(e, "without key slot %.40s", id);
		goto out;
	}
	type = vault_slot(&j.hold.vault, id)->type;
	asked = goes_offline(&j, id);
	if ((asked && !unlock_confirm_offline(given.yes_offline, e)) || !job_lock(&j, e))
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
	job_close(&j);
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
