/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/say.h"
#include "cli/vault_job.h"
#include "store/vault_rekey.h"

/* `secrets rekey key-file|vault`: new keys for a vault that is there. */

static struct {
	struct opt_list drop;
	bool compromised;
} given;

static const struct opt file_opts[] = { { "accept-rollback", NULL, ACCEPT_ROLLBACK },
	{ .kind = OPT_END } };

static const struct opt vault_opts[] = {
	{ "drop", "ID", "give up this key slot (repeatable): its key is not at hand", OPT_LIST,
		{ .list = &given.drop } },
	{ "compromised", NULL,
		"others know the old keys: a new key file too, and no backup is kept", OPT_FLAG,
		{ .flag = &given.compromised } },
	{ "yes-offline", NULL, YES_OFFLINE },
	{ "accept-rollback", NULL, ACCEPT_ROLLBACK },
	{ .kind = OPT_END },
};

/* --- the key file ------------------------------------------------------------------------- */

static bool rekey_file(struct vault_job *j, struct err *e)
{
	return vault_job_lock(j, e) && vault_rekey_file(&j->hold.vault, j->place.paths.vault, e);
}

static bool run_file(struct cli *c, struct err *e)
{
	struct vault_job j = VAULT_JOB_NONE;
	char path[FS_PATH_MAX];
	bool ok;

	(void)c;
	ok = vault_job_open(&j, "secrets rekey key-file", NULL, e) && rekey_file(&j, e) &&
	     keyfile_path(path, sizeof(path), j.place.paths.keys, j.hold.vault.id, e);
	if (ok)
		printf("The key file was replaced: %s\n"
		       "The old key opens neither the vault nor its backup. Older copies of the "
		       "vault still\nopen with it.\n",
			path);
	vault_job_close(&j);
	return ok;
}

/* --- the master key ----------------------------------------------------------------------- */

/* The keys of the slots that stay. */
struct gathered {
	struct slot_key keys[VAULT_SLOTS_MAX];
	size_t count;
};

static bool dropped(const char *id)
{
	for (size_t i = 0; i < given.drop.count; i++)
		if (strcmp(given.drop.items[i], id) == 0)
			return true;
	return false;
}

static bool drops_exist(const struct vault *v, struct err *e)
{
	for (size_t i = 0; i < given.drop.count; i++)
		if (!vault_slot(v, given.drop.items[i])) {
			err_set(e, ERR_NOT_FOUND, "the vault has no key slot %.40s",
				given.drop.items[i]);
			return err_hint(e, "thinkfleetbot secrets slot list shows them");
		}
	return true;
}

/* What is missing is listed in one message. */
static bool gather(struct vault_job *j, struct gathered *g, struct err *e)
{
	const struct vault *v = &j->hold.vault;
	char missing[160];
	char drops[160];
	struct str m = STR_OF(missing);
	struct str d = STR_OF(drops);

	for (size_t i = 0; i < v->slot_count; i++) {
		const struct keyslot *slot = &v->slots[i];
		struct err why = { 0 };

		if (dropped(slot->id))
			continue;
		if (unlock_slot_key(&j->unlock, &g->keys[g->count], v, slot, &why)) {
			g->count++;
			continue;
		}
		say_warning("key slot %s (%s): %s", slot->id, slot_words(slot->type), why.msg);
		str_fmt(&m, "%s%s (%s)", m.len ? ", " : "", slot->id, slot_words(slot->type));
		str_fmt(&d, " --drop %s", slot->id);
	}
	if (!m.len)
		return true;
	err_set(e, ERR_KEY, "a new master key needs the key of every slot; not here: %s", missing);
	return err_hint(e, "hand them over, or give the slots up:%s", drops);
}

/* Would a service no longer open it, that could until now? */
static bool goes_offline(
	const struct vault_job *j, const struct gathered *g, bool *so, struct err *e)
{
	const struct keyslot *here;

	*so = false;
	if (!vault_slot_find_here(&j->hold.vault, j->place.paths.keys, &here, e))
		return false;
	for (size_t i = 0; i < g->count; i++)
		if (g->keys[i].slot.type == KEYSLOT_SYSTEMD_CRED ||
			(here && strcmp(g->keys[i].slot.id, here->id) == 0))
			return true;
	*so = vault_opens_by(&j->hold.vault, here, NULL);
	return true;
}

/* Under the lock: the slots are still those whose keys were gathered. */
static bool still_the_same(const struct vault *v, const struct gathered *g, struct err *e)
{
	size_t known = 0;

	for (size_t i = 0; i < v->slot_count; i++) {
		const struct slot_key *k = NULL;

		for (size_t n = 0; n < g->count; n++)
			if (strcmp(g->keys[n].slot.id, v->slots[i].id) == 0)
				k = &g->keys[n];
		if (k ? memcmp(k->slot.kc, v->slots[i].kc, MAC_BYTES) == 0
		      : dropped(v->slots[i].id))
			known++;
	}
	if (known == v->slot_count)
		return true;
	err_set(e, ERR_BUSY, "the key slots were changed meanwhile");
	return err_hint(e, "nothing was changed; run the command again");
}

/*
 * Before the keys are gathered: one key file, not two of an interrupted change; and a new one
 * when others know it, who would open the new vault with it.
 */
static bool settle_key_file(struct vault_job *j, struct err *e)
{
	struct err why = { 0 };
	bool ok;

	if (!given.compromised && !vault_rekey_pending(&j->hold.vault, j->place.paths.keys))
		return true;
	ok = given.compromised ? rekey_file(j, &why) : vault_job_lock(j, &why);
	fs_unlock(&j->hold.lock);
	if (ok || (given.compromised && why.code == ERR_NOT_FOUND))
		return true;
	*e = why;
	return false;
}

static void report(const struct vault *v)
{
	printf("The vault has a new master key (number %" PRIu32
	       "): %zu record%s sealed "
	       "anew and compared.\n",
		v->scope.epoch, v->record_count, v->record_count == 1 ? " was" : "s were");
	for (size_t i = 0; i < given.drop.count; i++)
		printf("Key slot %s was given up.\n", given.drop.items[i]);
	if (!given.compromised) {
		puts("The copy before it is beside it, with .bak at the end, and opens with the "
		     "same slots.");
		return;
	}
	puts("The old file still opens with the old key; change the keys at the providers too:\n"
	     "  thinkfleetbot models auth rotate PROFILE\n"
	     "No backup with the old key was kept. The vault is as before behind its passphrases "
	     "and\nrecovery codes: add new ones and remove the old slots when others know them.");
}

static bool rekey_vault(struct vault_job *j, struct gathered *g, struct err *e)
{
	struct rekey how = { .keys = g->keys, .compromised = given.compromised };
	bool offline;

	if (!vault_job_open(j, "secrets rekey vault", NULL, e) || !drops_exist(&j->hold.vault, e) ||
		!settle_key_file(j, e) || !gather(j, g, e))
		return false;
	if (!goes_offline(j, g, &offline, e))
		return false;
	if (offline && !unlock_confirm_offline(vault_job_given.yes_offline, e))
		return false;
	how.count = g->count;
	return vault_job_lock(j, e) && still_the_same(&j->hold.vault, g, e) &&
	       vault_rekey_master(&j->hold.vault, j->place.paths.vault, &how, e);
}

static bool run_vault(struct cli *c, struct err *e)
{
	struct vault_job j = VAULT_JOB_NONE;
	struct gathered g = { 0 };
	bool ok = rekey_vault(&j, &g, e);

	(void)c;
	if (ok)
		report(&j.hold.vault);
	for (size_t i = 0; i < g.count; i++)
		slot_key_release(&g.keys[i]);
	vault_job_close(&j);
	return ok;
}

const struct cmd cmd_rekey_file = {
	.name = "secrets rekey key-file",
	.args = "[OPTION...]",
	.summary = "replace the key file; it can be interrupted anywhere",
	.detail =
		"The vault opens at every moment. What an interruption leaves, the next run "
		"finishes.",
	.opts = file_opts,
	.shared = unlock_opts,
	.run = run_file,
};

const struct cmd cmd_rekey_vault = {
	.name = "secrets rekey vault",
	.args = "[--compromised] [--drop ID...] [OPTION...]",
	.summary = "give the vault a new master key: every record is sealed anew",
	.detail =
		"Needs the key of every slot; passphrases and recovery codes are asked for. What "
		"is "
		"not\nat hand has to be dropped by name.",
	.opts = vault_opts,
	.shared = unlock_opts,
	.run = run_vault,
};
