/* SPDX-License-Identifier: MIT */
#include "cli/unlock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/say.h"
#include "crypto/recovery.h"
#include "wizard/wizard.h"

#define TRIES 3
#define LINE_MAX_BYTES ((size_t)4096)

struct unlock_words unlock_words;

const struct opt unlock_opts[] = {
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "recovery-fd", "N", "with the recovery code from descriptor N", OPT_TEXT,
		{ .text = &unlock_words.recovery_fd } },
	{ "key-fd", "N", "with a key (the text of a key file) from descriptor N", OPT_TEXT,
		{ .text = &unlock_words.key_fd } },
	{ "key-file", "FILE", "with another key file than the one in the key folder", OPT_TEXT,
		{ .text = &unlock_words.key_file } },
	{ .kind = OPT_END },
};

static const char instead[] =
	"hand it over: --passphrase-fd N, --passphrase-file FILE, "
	"--recovery-fd N, --key-fd N or --key-file FILE";

const char *slot_words(enum keyslot_type type)
{
	static const char *const words[] = {
		[KEYSLOT_FILE] = "key file",
		[KEYSLOT_ARGON2ID] = "passphrase",
		[KEYSLOT_SYSTEMD_CRED] = "system credential",
		[KEYSLOT_RECOVERY] = "recovery code",
	};

	return words[type];
}

bool unlock_can_ask(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool read_descriptor(struct buf *raw, const char *option, const char *text, struct err *e)
{
	char *end;
	long fd = strtol(text, &end, 10);
	bool ok;

	if (*text == '\0' || *end || fd < 0 || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0)
		return err_set(e, ERR_USAGE, "--%s %.20s is not an open descriptor", option, text);
	ok = fs_read_fd((int)fd, LINE_MAX_BYTES, raw, e);
	close((int)fd);
	return ok || err_wrap(e, "--%s", option);
}

bool unlock_read(
	struct secret *out, const char *option, const char *fd, const char *file, struct err *e)
{
	struct buf raw = { 0 };
	bool ok;

	*out = (struct secret){ 0 };
	ok = fd ? read_descriptor(&raw, option, fd, e)
		: fs_read_private(file, LINE_MAX_BYTES, &raw, e);
	if (!ok)
		goto out;
	if (raw.len && raw.p[raw.len - 1] == '\n')
		raw.len--;
	if (raw.len && raw.p[raw.len - 1] == '\r')
		raw.len--;
	ok = raw.len ? secret_from(out, raw.p, raw.len, e)
		     : err_set(e, ERR_USAGE, "--%s gave nothing", option);
out:
	buf_release(&raw);
	return ok;
}

/* The bytes of a key, or the text of a key file. */
static bool read_key(struct secret *key, struct err *e)
{
	struct buf raw = { 0 };
	bool ok;

	if (unlock_words.key_file)
		return keyfile_read(unlock_words.key_file, key, e);
	ok = read_descriptor(&raw, "key-fd", unlock_words.key_fd, e) &&
	     (raw.len == SEAL_KEY_BYTES ? secret_from(key, raw.p, raw.len, e)
					: keyfile_parse(raw.p ? raw.p : "", raw.len, key, e) ||
						  err_wrap(e, "--key-fd"));
	buf_release(&raw);
	return ok;
}

static bool read_recovery(struct secret *code, struct err *e)
{
	struct secret typed = { 0 };
	bool ok = unlock_read(&typed, "recovery-fd", unlock_words.recovery_fd, NULL, e) &&
		  recovery_read(code, typed.bytes, typed.len, e);

	secret_release(&typed);
	return ok;
}

/* before: what the options' names begin with. */
static bool read_passphrase(struct secret *out, const char *before, struct err *e)
{
	const struct unlock_words *w = &unlock_words;
	char option[40];
	struct str s = STR_OF(option);

	*out = (struct secret){ 0 };
	if (w->passphrase_fd && w->passphrase_file)
		return err_set(e, ERR_USAGE,
			"choose one of --%spassphrase-fd and --%spassphrase-file", before, before);
	if (!w->passphrase_fd && !w->passphrase_file)
		return true;
	str_fmt(&s, "%spassphrase-%s", before, w->passphrase_fd ? "fd" : "file");
	return unlock_read(out, option, w->passphrase_fd, w->passphrase_file, e);
}

bool unlock_passphrase(struct secret *out, struct err *e)
{
	return read_passphrase(out, "", e);
}

bool unlock_begin(struct unlock *u, const struct paths *paths, struct err *e)
{
	const struct unlock_words *w = &unlock_words;

	*u = (struct unlock){ .paths = paths, .instead = instead };
	u->given = w->passphrase_fd || w->passphrase_file || w->recovery_fd || w->key_fd ||
		   w->key_file;
	if (w->key_fd && w->key_file)
		return err_set(e, ERR_USAGE, "choose one of --key-fd and --key-file");
	if (!unlock_passphrase(&u->passphrase, e))
		return false;
	return (!w->recovery_fd || read_recovery(&u->recovery, e)) &&
	       ((!w->key_fd && !w->key_file) || read_key(&u->key, e));
}

bool unlock_begin_beside(struct unlock *u, const struct paths *paths, bool capsule, struct err *e)
{
	*u = (struct unlock){ .paths = paths,
		.given = unlock_words.passphrase_fd || unlock_words.passphrase_file,
		.instead = capsule ? "hand it over: --vault-passphrase-fd N or "
				     "--vault-passphrase-file FILE"
				   : "hand it over: --passphrase-fd N or --passphrase-file FILE" };
	return read_passphrase(&u->passphrase, capsule ? "vault-" : "", e);
}

void unlock_release(struct unlock *u)
{
	secret_release(&u->passphrase);
	secret_release(&u->recovery);
	secret_release(&u->key);
	*u = (struct unlock){ 0 };
}

/* Each thing that was handed over; the first that opens decides, the last error stays. */
bool unlock_given(struct unlock *u, struct vault *v, struct err *e)
{
	return (u->key.bytes && vault_unlock_key(v, &u->key, e)) ||
	       (u->recovery.bytes && vault_unlock_recovery(v, &u->recovery, e)) ||
	       (u->passphrase.bytes && vault_unlock_passphrase(v, &u->passphrase, e));
}

static bool has(const struct vault *v, enum keyslot_type type)
{
	for (size_t i = 0; i < v->slot_count; i++)
		if (v->slots[i].type == type && strcmp(v->slots[i].id, v->not_by) != 0)
			return true;
	return false;
}

/* What was typed may be either: a recovery code has a shape that no passphrase has by chance. */
static bool open_typed(struct unlock *u, struct vault *v, struct secret *typed, struct err *e)
{
	struct secret code = { 0 };

	if (has(v, KEYSLOT_RECOVERY)) {
		if (recovery_read(&code, typed->bytes, typed->len, e)) {
			secret_move(&u->recovery, &code);
			return vault_unlock_recovery(v, &u->recovery, e);
		}
		if (!has(v, KEYSLOT_ARGON2ID))
			return false;
	}
	secret_move(&u->passphrase, typed);
	return vault_unlock_passphrase(v, &u->passphrase, e);
}

static bool open_asking(struct unlock *u, struct vault *v, struct err *e)
{
	bool both = has(v, KEYSLOT_ARGON2ID) && has(v, KEYSLOT_RECOVERY);
	const char *prompt = both ? "Passphrase or recovery code of the vault: "
			     : has(v, KEYSLOT_ARGON2ID) ? "Passphrase of the vault: "
							: "Recovery code of the vault: ";

	for (int i = 0; i < TRIES; i++) {
		struct secret typed = { 0 };
		struct err why = { 0 };
		bool ok;

		if (!ask_hidden(&typed, prompt, u->instead, e))
			return false;
		ok = open_typed(u, v, &typed, &why);
		secret_release(&typed);
		if (ok)
			return true;
		if ((why.code != ERR_KEY && why.code != ERR_USAGE) || i + 1 == TRIES) {
			*e = why;
			return false;
		}
		say_warning("%s", why.msg);
	}
	return false;
}

static bool person_helps(const struct vault *v)
{
	return has(v, KEYSLOT_ARGON2ID) || has(v, KEYSLOT_RECOVERY);
}

/* By itself where that works; else by asking, where there is something to ask for. */
static bool open_here(struct unlock *u, struct vault *v, struct err *e)
{
	struct err why = { 0 };

	if (vault_unlock_unattended(v, u->paths->keys, &why))
		return true;
	if (!u->silent && person_helps(v) && unlock_can_ask()) {
		if (why.code != ERR_LOCKED)
			say_warning("%s", why.msg);
		return open_asking(u, v, e);
	}
	*e = why;
	if (why.code == ERR_LOCKED || why.code == ERR_KEY || why.code == ERR_NOT_FOUND)
		err_hint(e, "%s", u->instead);
	return false;
}

/* Not by itself: which copy is the right one, and what was saved since, only a person knows. */
bool unlock_damage_hint(const struct paths *p, struct err *e)
{
	struct vault bak = { 0 };
	struct err why = { 0 };
	char path[FS_PATH_MAX];
	struct str shown = STR_OF(path);

	if (!e || e->code != ERR_DAMAGED)
		return false;
	fs_shorten(&shown, p->vault, p->home);
	if (vault_load(&bak, p->vault_bak, &why) &&
		(vault_unlock_unattended(&bak, p->keys, &why) || why.code == ERR_LOCKED))
		err_hint(e, "the copy before the last change is whole: cp %.120s.bak %.120s", path,
			path);
	else
		err_hint(e,
			"move it away (mv %.100s %.100s.damaged), then thinkfleetbot secrets "
			"import "
			"FILE reads a capsule",
			path, path);
	vault_release(&bak);
	return false;
}

bool unlock_open(struct unlock *u, struct vault *v, struct err *e)
{
	if (!vault_load(v, u->paths->vault, e)) {
		if (e->code == ERR_NOT_FOUND)
			err_hint(e, "thinkfleetbot onboard makes one with the first credential");
		return unlock_damage_hint(u->paths, e);
	}
	if (u->except)
		vault_avoid_slot(v, u->except);
	if (u->tolerant)
		vault_tolerate(v);
	if (!(u->given ? unlock_given(u, v, e) : open_here(u, v, e)))
		return unlock_damage_hint(u->paths, e);
	vault_watch(v, u->paths->keys);
	return true;
}

static bool no_vault_hint(struct err *e)
{
	if (e->code != ERR_NOT_FOUND)
		return false;
	return err_hint(e, "thinkfleetbot onboard --opens-with passphrase makes one");
}

bool unlock_ahead(struct vault *v, const struct ahead *how, struct err *e)
{
	struct unlock u;
	bool ok = unlock_begin_beside(&u, how->paths, how->capsule, e);

	u.silent = how->silent;
	if (ok && u.given)
		ok = vault_load(v, how->paths->vault, e) || no_vault_hint(e);
	else if (ok)
		vault_load(v, how->paths->vault, NULL);
	vault_tolerate(v);
	if (ok && (u.given || person_helps(v)))
		ok = u.given ? unlock_given(&u, v, e) : open_here(&u, v, e);
	if (ok && v->open)
		vault_watch(v, how->paths->keys);
	unlock_release(&u);
	return ok;
}

/* The key file in the key folder, or its successor. */
static bool key_from_folder(struct slot_key *k, const struct unlock *u, const struct vault *v,
	const struct keyslot *slot, struct err *e)
{
	char path[FS_PATH_MAX];
	struct secret key = { 0 };
	bool ok;

	ok = keyfile_path(path, sizeof(path), u->paths->keys, v->id, e) &&
	     keyfile_read(path, &key, e) && slot_key_for(k, v, slot, &key, e);
	secret_release(&key);
	return ok;
}

static bool key_from_credential(
	struct slot_key *k, const struct vault *v, const struct keyslot *slot, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct secret key = { 0 };
	bool ok;

	if (!dir || !dir[0])
		return err_set(e, ERR_KEY, "CREDENTIALS_DIRECTORY is not set here");
	ok = credential_read(dir, slot->name, &key, e) && slot_key_for(k, v, slot, &key, e);
	secret_release(&key);
	return ok;
}

static bool key_from_person(
	struct slot_key *k, const struct vault *v, const struct keyslot *slot, struct err *e)
{
	char prompt[96];
	struct str s = STR_OF(prompt);
	struct secret typed = { 0 };
	struct secret code = { 0 };
	bool ok;

	if (!unlock_can_ask())
		return err_set(e, ERR_KEY, "there is no terminal to ask on");
	str_fmt(&s, "%s of key slot %s (empty line: not at hand): ",
		slot->type == KEYSLOT_RECOVERY ? "Recovery code" : "Passphrase", slot->id);
	if (!ask_hidden(&typed, prompt, instead, e))
		return false;
	ok = slot->type == KEYSLOT_RECOVERY ? recovery_read(&code, typed.bytes, typed.len, e) &&
						      slot_key_for(k, v, slot, &code, e)
					    : slot_key_for(k, v, slot, &typed, e);
	secret_release(&typed);
	secret_release(&code);
	return ok;
}

bool unlock_slot_key(struct unlock *u, struct slot_key *k, const struct vault *v,
	const struct keyslot *slot, struct err *e)
{
	const struct secret *known = slot->type == KEYSLOT_ARGON2ID   ? &u->passphrase
				     : slot->type == KEYSLOT_RECOVERY ? &u->recovery
								      : &u->key;

	*k = (struct slot_key){ 0 };
	if (known->bytes && slot_key_for(k, v, slot, known, NULL))
		return true;
	switch (slot->type) {
	case KEYSLOT_FILE:
		return key_from_folder(k, u, v, slot, e);
	case KEYSLOT_SYSTEMD_CRED:
		return key_from_credential(k, v, slot, e);
	case KEYSLOT_ARGON2ID:
	case KEYSLOT_RECOVERY:
		break;
	}
	return key_from_person(k, v, slot, e);
}

bool unlock_confirm_offline(bool yes, struct err *e)
{
	if (yes)
		return true;
	return ask_typed(
		"Then nothing on this computer opens the vault without you: after every "
		"restart an\nalways-on service stays offline until somebody opens it.\n"
		"Type \"" OFFLINE_SENTENCE "\" to go on: ",
		OFFLINE_SENTENCE, "add --yes-offline when that is what you want", e);
}
