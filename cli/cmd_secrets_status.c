/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/place.h"
#include "cli/rehearse.h"
#include "cli/say.h"
#include "cli/secrets_facts.h"
#include "store/vault_rekey.h"

/* `secrets status`, `secrets verify`, `secrets slot list`: how the vault is, in facts. */

static struct {
	const char *capsule;
	bool json;
} given;

static const struct opt opts[] = {
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static const struct opt verify_opts[] = {
	{ "restore-test", "FILE",
		"rehearse a restore from this capsule; a passphrase is the capsule's then",
		OPT_TEXT, { .text = &given.capsule } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

/* The facts are large: on the heap. */
struct view {
	struct place place;
	struct unlock unlock;
	struct secrets_facts *facts;
};

static bool view_take(struct view *w, enum place_use use, const char *command, struct err *e)
{
	if (!place_find(&w->place, NULL, use, command, e) ||
		!unlock_begin(&w->unlock, &w->place.paths, e))
		return false;
	w->facts = calloc(1, sizeof(*w->facts));
	if (!w->facts)
		return err_set(e, ERR_MEMORY, "out of memory");
	return secrets_facts_take(w->facts, &w->unlock, e) ||
	       unlock_damage_hint(&w->place.paths, e);
}

static void view_release(struct view *w)
{
	if (w->facts)
		secrets_facts_release(w->facts);
	free(w->facts);
	unlock_release(&w->unlock);
	place_release(&w->place);
}

static const char *age_name(const struct vault *v)
{
	return v->age == VAULT_AGE_CURRENT ? "current"
	       : v->age == VAULT_AGE_OLDER ? "older"
					   : "unknown";
}

/* --- text --------------------------------------------------------------------------------- */

/* Messages name files: made harmless like everything foreign. */
static void print_line(const char *text)
{
	out_text(stdout, text);
	putchar('\n');
}

static void print_age(const struct secrets_facts *f)
{
	const struct vault *v = &f->vault;

	if (v->age == VAULT_AGE_OLDER)
		printf("  an older copy: generation %" PRIu64 ", last seen %" PRIu64
		       " (restored from a backup?); writing needs --accept-rollback\n",
			v->gen, v->anchor_gen);
	if (v->open && !v->mac_ok)
		puts("  changed by something else: not authentic as a whole; nothing is written "
		     "to it,\n  but what does not open can be entered again");
	if (v->open && !v->mac_ok && f->backup_opens) {
		fputs("  the copy before the last change is whole: cp ", stdout);
		out_path(stdout, f->paths->vault_bak, f->paths->home);
		putchar(' ');
		out_path(stdout, f->paths->vault, f->paths->home);
		putchar('\n');
	}
	if (v->anchor_error.code) {
		fputs("  an older copy would go unnoticed: ", stdout);
		print_line(v->anchor_error.msg);
	}
}

/* What cannot be opened can be entered again in its place. */
static void print_closed_records(const struct secrets_facts *f)
{
	const struct vault *v = &f->vault;

	for (size_t i = 0; i < v->record_count; i++) {
		const struct vault_record *r = &v->records[i];

		if (f->record_opens[i])
			continue;
		fputs("  does not open: ", stdout);
		out_text(stdout, r->id);
		fputs("\n    enter it again: thinkfleetbot models auth rotate ", stdout);
		out_text(stdout, r->profile);
		putchar('\n');
	}
}

/* Which file it is stands above already. */
static const char *after_path(const char *message, const char *path)
{
	size_t n = strlen(path);

	return strncmp(message, path, n) == 0 && str_starts(message + n, ": ") ? message + n + 2
									       : message;
}

static void print_records(const struct secrets_facts *f)
{
	const struct vault *v = &f->vault;

	if (!v->open) {
		printf("Sealed   %zu, not opened: ", v->record_count);
		print_line(after_path(f->closed.msg, f->paths->vault));
		return;
	}
	printf("Sealed   %zu, %zu of them open\n", v->record_count, f->records_open);
	print_closed_records(f);
}

static void print_backup(const struct secrets_facts *f)
{
	if (!f->has_backup) {
		puts("Backup   none");
	} else if (f->backup.code) {
		fputs("Backup   does not open: ", stdout);
		print_line(after_path(f->backup.msg, f->paths->vault_bak));
	} else {
		printf("Backup   generation %" PRIu64 ", %s\n", f->backup_gen,
			f->backup_opens ? "opens" : "not tried");
	}
}

static const char *alone_words(const struct secrets_facts *f)
{
	const struct vault *v = &f->vault;

	if (vault_slot_here(v, f->paths->keys))
		return "yes (tested)";
	for (size_t i = 0; i < v->slot_count; i++)
		if (v->slots[i].type == KEYSLOT_SYSTEMD_CRED)
			return f->opens[i] ? "yes (tested)"
					   : "inside its service (not tested here)";
	return vault_unattended(v) ? "no; its key file is not here"
				   : "no; after a restart it waits for you";
}

static bool print_status(const struct secrets_facts *f, struct err *e)
{
	const struct vault *v = &f->vault;
	fputs("Vault    ", stdout);
	out_path(stdout, f->paths->vault, f->paths->home);
	printf("\n         %s, master key %" PRIu32 ", generation %" PRIu64 "\n", v->id,
		v->scope.epoch, v->gen);
	print_age(f);
	printf("Opens    without you: %s\n         as strong as its weakest slot: it %s\n",
		alone_words(f), vault_weakest_words(v, f->paths->keys));
	print_records(f);
	print_backup(f);
	if (f->pending)
		puts("Rekey    a change of the key file was interrupted: thinkfleetbot secrets "
		     "verify finishes it");
	if (!secret_locked())
		puts("Memory   not locked: keys could be written to the swap (raise ulimit -l, or "
		     "LimitMEMLOCK= of the unit)");
	putchar('\n');
	if (!secrets_slots_print(f, e))
		return false;
	puts("\nEncryption protects copies of your files. It does not protect against programs "
	     "that\nrun as you, or against root.");
	if (vault_unattended(v))
		puts("Because the gateway must start without you, something on this computer can "
		     "unlock\nthe vault without you.");
	return true;
}

/* --- JSON --------------------------------------------------------------------------------- */

static struct json_object *error_json(const struct err *e)
{
	return e->code ? json_text(e->msg) : NULL;
}

static struct json_object *records_json(const struct secrets_facts *f)
{
	const struct vault *v = &f->vault;
	struct json_object *o = json_object_new_object();
	struct json_object *closed = json_object_new_array();

	for (size_t i = 0; i < v->record_count; i++) {
		struct json_object *row;

		if (f->record_opens[i])
			continue;
		row = json_object_new_object();
		json_put(row, "id", json_text(v->records[i].id));
		json_put(row, "agent", json_text(v->records[i].agent));
		json_put(row, "profile", json_text(v->records[i].profile));
		json_put(row, "provider", json_text(v->records[i].provider));
		json_put(row, "field", json_text(v->records[i].field));
		json_append(closed, row);
	}
	json_put(o, "total", json_object_new_int64((int64_t)v->record_count));
	json_put(o, "open", json_object_new_int64((int64_t)f->records_open));
	json_put(o, "closed", closed);
	return o;
}

static struct json_object *backup_json(const struct secrets_facts *f)
{
	struct json_object *o;

	if (!f->has_backup)
		return NULL;
	o = json_object_new_object();
	json_put(o, "gen", json_object_new_int64((int64_t)f->backup_gen));
	json_put(o, "opens", json_object_new_boolean(f->backup_opens));
	json_put(o, "error", error_json(&f->backup));
	return o;
}

static bool print_json(const struct secrets_facts *f, struct err *e)
{
	const struct vault *v = &f->vault;
	struct json_object *o = json_object_new_object();

	json_put(o, "path", json_path(f->paths->vault, f->paths->home));
	json_put(o, "vaultId", json_text(v->id));
	json_put(o, "epoch", json_object_new_int64(v->scope.epoch));
	json_put(o, "gen", json_object_new_int64((int64_t)v->gen));
	json_put(o, "newestSeen",
		v->anchor_gen ? json_object_new_int64((int64_t)v->anchor_gen) : NULL);
	json_put(o, "age", json_text(age_name(v)));
	json_put(o, "open", json_object_new_boolean(v->open));
	json_put(o, "openedBy", v->open ? json_text(v->opened_by) : NULL);
	json_put(o, "error", error_json(&f->closed));
	json_put(o, "authentic", v->open ? json_object_new_boolean(v->mac_ok) : NULL);
	json_put(o, "unattended",
		json_object_new_boolean(vault_opens_alone(v, f->paths->keys, NULL)));
	json_put(o, "weakest", secrets_weakest_json(f));
	json_put(o, "slots", secrets_slots_json(f));
	json_put(o, "records", records_json(f));
	json_put(o, "backup", backup_json(f));
	json_put(o, "unfinishedRekey", json_object_new_boolean(f->pending));
	json_put(o, "memoryLocked", json_object_new_boolean(secret_locked()));
	return json_finish(stdout, o, e);
}

static bool run_status(struct cli *c, struct err *e)
{
	struct view w = { 0 };
	bool ok;

	(void)c;
	ok = view_take(&w, PLACE_READ, "secrets status", e) &&
	     (given.json ? print_json(w.facts, e) : print_status(w.facts, e));
	view_release(&w);
	return ok;
}

/* --- slot list ---------------------------------------------------------------------------- */

static bool list_json(const struct secrets_facts *f, struct err *e)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "vaultId", json_text(f->vault.id));
	json_put(o, "weakest", secrets_weakest_json(f));
	json_put(o, "slots", secrets_slots_json(f));
	return json_finish(stdout, o, e);
}

static bool run_list(struct cli *c, struct err *e)
{
	struct view w = { 0 };
	bool ok;

	(void)c;
	ok = view_take(&w, PLACE_READ, "secrets slot list", e);
	if (ok && given.json) {
		ok = list_json(w.facts, e);
	} else if (ok) {
		ok = secrets_slots_print(w.facts, e);
		printf("\nThe vault is as strong as its weakest slot: it %s.\n",
			vault_weakest_words(&w.facts->vault, w.place.paths.keys));
	}
	view_release(&w);
	return ok;
}

/* --- verify ------------------------------------------------------------------------------- */

/* An interrupted change of the key file is brought to its end first: that is what was asked for. */
static bool finish_rekey(struct view *w, struct err *e)
{
	const struct paths *p = &w->place.paths;
	enum rekey_left what = REKEY_NOTHING;
	struct hold h = HOLD_NONE;
	bool ok;

	ok = hold_lock(&h, p, e) && vault_load(&h.vault, p->vault, e) &&
	     vault_unlock_keyfile(&h.vault, p->keys, e) &&
	     vault_rekey_resume(&h.vault, p->vault, &what, e);
	hold_release(&h);
	if (ok && what != REKEY_NOTHING && !given.json)
		puts(what == REKEY_FINISHED
				? "An interrupted change of the key file was finished."
				: "What an interrupted change of the key file left was removed.");
	return ok;
}

/* The first thing that is wrong decides the exit status; all of it was printed. */
static bool judge(const struct secrets_facts *f, struct err *e)
{
	const struct vault *v = &f->vault;

	if (f->closed.code) {
		*e = f->closed;
		return false;
	}
	if (!v->mac_ok) {
		err_set(e, ERR_DAMAGED,
			"the vault was changed by something else: it is not authentic as a whole");
		return unlock_damage_hint(f->paths, e);
	}
	if (f->records_open != v->record_count)
		return err_set(e, ERR_DAMAGED, "%zu of %zu records do not open",
			v->record_count - f->records_open, v->record_count);
	for (size_t i = 0; i < v->slot_count; i++)
		if (f->tried[i] && !f->opens[i] && v->slots[i].type != KEYSLOT_FILE)
			return err_set(e, ERR_KEY,
				"key slot %s (%s) does not open with what was given",
				v->slots[i].id, slot_words(v->slots[i].type));
	if (f->has_backup && f->backup.code)
		return err_set(e, ERR_DAMAGED, "the backup does not open: %.200s", f->backup.msg);
	if (v->age == VAULT_AGE_OLDER)
		return err_set(e, ERR_REFUSED,
			"the vault is an older copy (generation %" PRIu64 ", last seen %" PRIu64
			")",
			v->gen, v->anchor_gen);
	return true;
}

static bool run_rehearsal(struct err *e)
{
	struct place place;
	struct unlock u;
	bool ok;

	if (!place_find(&place, NULL, PLACE_READ, "secrets verify", e))
		return false;
	ok = unlock_begin(&u, &place.paths, e) &&
	     rehearse(&(struct rehearse){ .paths = &place.paths,
			      .capsule = given.capsule,
			      .passphrase = &u.passphrase,
			      .json = given.json },
		     e);
	unlock_release(&u);
	place_release(&place);
	return ok;
}

static bool run_verify(struct cli *c, struct err *e)
{
	struct view w = { 0 };
	bool ok;

	(void)c;
	if (given.capsule)
		return run_rehearsal(e);
	ok = view_take(&w, PLACE_REPAIR, "secrets verify", e);
	if (ok && w.facts->pending) {
		ok = finish_rekey(&w, e);
		secrets_facts_release(w.facts);
		ok = ok && secrets_facts_take(w.facts, &w.unlock, e);
	}
	ok = ok && (given.json ? print_json(w.facts, e) : print_status(w.facts, e)) &&
	     judge(w.facts, e);
	if (ok && !given.json)
		puts("\nEverything that was tried opens.");
	view_release(&w);
	return ok;
}

const struct cmd cmd_secrets_status = {
	.name = "secrets status",
	.args = "[--json] [OPTION...]",
	.summary = "how the vault is: what opens it, what does not open",
	.detail = "Nothing is asked and nothing is changed.",
	.opts = opts,
	.shared = unlock_opts,
	.run = run_status,
};

const struct cmd cmd_secrets_verify = {
	.name = "secrets verify",
	.args = "[--restore-test FILE] [--json] [OPTION...]",
	.summary = "open every record and every slot whose key is at hand, and the backup",
	.detail =
		"Fails when anything does not open. A passphrase or recovery code is tried when it "
		"is\nhanded over. An interrupted change of the key file is finished first.\n"
		"With --restore-test nothing here is changed: a vault is made from the capsule in "
		"a "
		"scratch\nfolder (TMPDIR), under a key that exists in memory only, and every "
		"record "
		"is compared.\nStatus 1: the capsule opens, but is out of date.",
	.opts = verify_opts,
	.shared = unlock_opts,
	.run = run_verify,
};

const struct cmd cmd_slot_list = {
	.name = "secrets slot list",
	.args = "[--json] [OPTION...]",
	.summary = "the ways to open the vault",
	.opts = opts,
	.shared = unlock_opts,
	.run = run_list,
};
