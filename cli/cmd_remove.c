/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/agents.h"
#include "cli/ask.h"
#include "cli/changes.h"
#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/place.h"
#include "cli/save.h"
#include "cli/say.h"
#include "cli/unlock.h"
#include "cli/vault_files.h"
#include "provider/own.h"
#include "provider/provider.h"
#include "store/checks.h"
#include "store/dotenv.h"
#include "store/profiles.h"

/*
 * `models auth remove`: one transaction. What refers to the profile goes first, the sealed
 * record last, so that after any of the writes nothing names what is not there.
 */

#define COMMAND "models auth remove"

static struct {
	const char *agent;
	const char *yes;
	bool dry_run;
	bool accept_rollback;
	bool json;
} given;

static const struct opt opts[] = {
	{ "yes", "PROFILE", "the profile's name again: no question is asked", OPT_TEXT,
		{ .text = &given.yes } },
	{ "dry-run", NULL, "show what would change, and change nothing", OPT_FLAG,
		{ .flag = &given.dry_run } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "accept-rollback", NULL, "write although the vault is an older copy", OPT_FLAG,
		{ .flag = &given.accept_rollback } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

struct removal {
	const char *id;
	struct place place;
	char provider[PROVIDER_CAP];
	struct hold hold;   /* its vault is empty where there is none */
	struct vault ahead; /* see unlock_ahead(): opened while nothing is locked */
	struct changes files;
	struct buf records; /* ids with their NULs, as the vault has them now */
	size_t record_count;
	bool looking; /* only to show: no lock is taken, and the vault stays closed */
	bool in_store, in_config;
	char shared_with[AGENT_CAP]; /* another agent with a profile of this name, or "" */
	bool last_of_provider;
};

static void removal_clear(struct removal *r)
{
	hold_release(&r->hold);
	changes_release(&r->files);
	buf_release(&r->records);
	r->record_count = 0;
}

/* --- what there is ------------------------------------------------------------------------- */

static bool agent_has(const struct removal *r, const char *agent)
{
	struct profiles list = { 0 };
	char path[FS_PATH_MAX];
	bool has = agents_profiles(path, sizeof(path), &r->place, agent, NULL) &&
		   profiles_load(&list, path, NULL, NULL) && profiles_find(&list, r->id);

	profiles_release(&list);
	return has;
}

/* The configuration's entry is everybody's: it stays while another agent has such a profile. */
static bool find_sharers(struct removal *r, struct err *e)
{
	struct agents all;

	if (!agents_find(&all, &r->place, e))
		return false;
	for (size_t i = 0; i < all.count && !r->shared_with[0]; i++)
		if (strcmp(all.ids[i], r->place.agent) != 0 && agent_has(r, all.ids[i]))
			str_copy(r->shared_with, sizeof(r->shared_with), all.ids[i]);
	return true;
}

static bool is_ours(const struct removal *r, const struct vault_record *record)
{
	return strcmp(record->agent, r->place.agent) == 0 && strcmp(record->profile, r->id) == 0;
}

static bool find_records(struct removal *r, struct err *e)
{
	const struct vault *v = &r->hold.vault;

	for (size_t i = 0; i < v->record_count; i++) {
		const struct vault_record *record = &v->records[i];

		if (!is_ours(r, record))
			continue;
		if (!buf_add(&r->records, record->id, strlen(record->id) + 1, e))
			return false;
		r->record_count++;
		str_copy(r->provider, sizeof(r->provider), record->provider);
	}
	return true;
}

/* The next id of the list after `at`, or the first for NULL; NULL at its end. */
static const char *next_record(const struct removal *r, const char *at)
{
	const char *end = r->records.p ? r->records.p + r->records.len : NULL;

	at = at ? at + strlen(at) + 1 : r->records.p;
	return at && at < end ? at : NULL;
}

/* --- what changes in each file --------------------------------------------------------------- */

/* A variable that nothing sets any more keeps some gateways from starting. */
static bool forget_key(const struct removal *r, struct doc *d, struct err *e)
{
	char id[OWN_NAME_MAX + 1];
	char key[96];
	struct str s = STR_OF(id), k = STR_OF(key);
	const struct provider *p;

	str_addn(&s, r->id, strcspn(r->id, ":"));
	p = s.cut ? NULL : provider_find(id);
	if (!p || !p->like)
		return true;
	str_fmt(&k, "${%s}", p->var);
	return config_forget_key(d, p->id, key, e);
}

static bool edit_config(struct removal *r, struct err *e)
{
	struct config c = { 0 };
	struct buf was = { 0 };
	bool ok = false;

	if (!config_load(&c, r->place.paths.config, e))
		goto out;
	r->in_config = config_profile(&c, r->id) != NULL;
	if (r->in_config && !r->provider[0])
		str_copy(r->provider, sizeof(r->provider), config_profile(&c, r->id)->provider);
	/* A file that is not there has nothing to remove and must not be made. */
	ok = !c.exists || r->shared_with[0] ||
	     (buf_add(&was, c.doc.text.p ? c.doc.text.p : "", c.doc.text.len, e) &&
		     config_remove_profile(&c.doc, r->id, e) && forget_key(r, &c.doc, e) &&
		     changes_add(&r->files, r->place.paths.config, &c.stamp, &was, &c.doc.text, e));
out:
	buf_release(&was);
	config_release(&c);
	return ok;
}

static bool remove_from(struct removal *r, struct doc *d, const char *path,
	const struct fs_stamp *stamp, struct err *e)
{
	struct buf was = { 0 };
	bool ok = buf_add(&was, d->text.p ? d->text.p : "", d->text.len, e) &&
		  profiles_remove(d, r->id, e) &&
		  changes_add(&r->files, path, stamp, &was, &d->text, e);

	buf_release(&was);
	return ok;
}

static void look_around(struct removal *r, const struct profiles *p)
{
	const struct profile *mine = profiles_find(p, r->id);

	r->in_store = mine != NULL;
	if (mine)
		str_copy(r->provider, sizeof(r->provider), mine->provider);
	r->last_of_provider = r->provider[0] != '\0';
	for (size_t i = 0; i < p->count; i++)
		if (&p->list[i] != mine && strcmp(p->list[i].provider, r->provider) == 0)
			r->last_of_provider = false;
}

static bool edit_profiles(struct removal *r, struct err *e)
{
	struct profiles p = { 0 };
	char state[FS_PATH_MAX];
	bool ok = false;

	if (!paths_auth_state(state, sizeof(state), r->place.agent_dir, e) ||
		!profiles_load(&p, r->place.profiles, state, e))
		goto out;
	look_around(r, &p);
	ok = (!p.state.count || remove_from(r, &p.state, state, &p.state_stamp, e)) &&
	     (!p.exists || remove_from(r, &p.doc, r->place.profiles, &p.stamp, e));
out:
	profiles_release(&p);
	return ok;
}

static bool names_record(const struct removal *r, const char *record)
{
	for (const char *at = next_record(r, NULL); at; at = next_record(r, at))
		if (strcmp(at, record) == 0)
			return true;
	return false;
}

/* The first sealed line that delivers one of our records, or DOTENV_NONE. */
static uint32_t our_line(const struct removal *r, const struct dotenv *env, char *key, size_t cap)
{
	char record[VAULT_RECORD_ID_CAP];

	for (uint32_t i = 0; i < env->count; i++)
		if (dotenv_key(env, i, key, cap) && str_starts(key, SEALED_PREFIX) &&
			dotenv_text(env, key, record, sizeof(record)) && names_record(r, record))
			return i;
	return DOTENV_NONE;
}

static bool edit_env(struct removal *r, struct err *e)
{
	struct dotenv env = { 0 };
	struct buf was = { 0 };
	struct fs_stamp stamp;
	char key[128];
	bool ok = false;

	if (!dotenv_load(&env, r->place.paths.env, &stamp, e) ||
		!buf_add(&was, env.text.p ? env.text.p : "", env.text.len, e))
		goto out;
	while (our_line(r, &env, key, sizeof(key)) != DOTENV_NONE)
		if (!dotenv_remove(&env, key, e))
			goto out;
	ok = changes_add(&r->files, r->place.paths.env, &stamp, &was, &env.text, e);
out:
	buf_release(&was);
	dotenv_release(&env);
	return ok;
}

static bool unknown(const struct removal *r, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "agent %s has no profile \"%.120s\"", r->place.agent, r->id);
	if (!strchr(r->id, ':'))
		return err_hint(e, "a variable is no profile: take its line out of %.150s",
			r->place.paths.env);
	return err_hint(e, "thinkfleetbot models auth list shows them");
}

/* Only looking needs no lock: what is read is one whole file. */
static bool read_vault(struct removal *r, struct err *e)
{
	const struct paths *p = &r->place.paths;
	bool there = vault_exists(p);

	if (r->looking)
		return !there || vault_load(&r->hold.vault, p->vault, e);
	return there ? hold_open(&r->hold, p, &r->ahead, given.accept_rollback, e)
		     : hold_lock(&r->hold, p, e);
}

/* From the disk, in the order of the writes. */
static bool prepare(struct removal *r, struct err *e)
{
	removal_clear(r);
	r->in_store = r->in_config = false;
	if (!read_vault(r, e) || !find_records(r, e) || !edit_config(r, e) ||
		!edit_profiles(r, e) || !edit_env(r, e))
		return false;
	return r->in_store || r->in_config || r->record_count || unknown(r, e);
}

/* --- doing it -------------------------------------------------------------------------------- */

static bool remove_records(struct removal *r, struct txn *t, struct err *e)
{
	struct vault *v = &r->hold.vault;

	if (!r->record_count)
		return true;
	for (const char *at = next_record(r, NULL); at; at = next_record(r, at))
		if (vault_find(v, at) && !vault_remove(v, at, e))
			return false;
	return vault_into(t, v, &r->place.paths, e);
}

static bool write_all(struct removal *r, bool *raced, struct err *e)
{
	const struct paths *p = &r->place.paths;
	struct txn t;
	bool ok;

	txn_begin(&t, p->txn);
	ok = changes_into(&t, &r->files, p->config, e) && remove_records(r, &t, e) &&
	     txn_commit(&t, e);
	*raced = t.raced;
	if (ok && t.note.code)
		say_warning("%s", t.note.msg);
	txn_release(&t);
	if (!ok || !r->record_count)
		return ok;
	return vault_committed(&r->hold.vault, p->vault, e);
}

/* From what is on the disk now; a gateway that changed a file in between makes it start over. */
static bool apply(struct removal *r, struct err *e)
{
	const struct paths *p = &r->place.paths;
	struct txn_patience patience = { 0 };
	bool raced;
	bool ok;

	do {
		*e = (struct err){ 0 };
		raced = false;
		ok = prepare(r, e) && changes_can(&r->files, e) &&
		     (!r->record_count || fs_can_replace(p->vault, 65536, e)) &&
		     write_all(r, &raced, e);
	} while (!ok && txn_again(&patience, raced));
	return ok && checks_forget(p->checks, r->id, e);
}

static bool other_yes(const struct removal *r, struct err *e)
{
	err_set(e, ERR_REFUSED, "--yes names another profile; nothing was changed");
	return err_hint(e, "--yes %.200s confirms this one", r->id);
}

static bool confirm(const struct removal *r, struct err *e)
{
	char prompt[ID_CAP + 80];
	struct str s = STR_OF(prompt);

	if (given.yes)
		return strcmp(given.yes, r->id) == 0 || other_yes(r, e);
	str_add(&s, "Type the profile's name to remove it: ");
	return ask_typed(prompt, r->id, "confirm with --yes PROFILE", e);
}

/* --- what is said ------------------------------------------------------------------------------
 */

static size_t previous_count(const struct removal *r)
{
	size_t n = 0;

	for (const char *at = next_record(r, NULL); at; at = next_record(r, at))
		n += str_ends(at, "/prev");
	return n;
}

static bool print_files(const struct removal *r, FILE *out, bool diffs, struct err *e)
{
	const struct paths *p = &r->place.paths;
	size_t previous = previous_count(r);

	if (!changes_print(&r->files, out, p->home, diffs, e))
		return false;
	if (r->record_count) {
		fputs("  ", out);
		out_path(out, p->vault, p->home);
		fprintf(out, "  -%zu sealed record%s%s\n", r->record_count,
			r->record_count == 1 ? "" : "s",
			previous ? " (with the previous revision)" : "");
	}
	if (r->shared_with[0])
		fprintf(out,
			"  (the configuration's entry stays: agent %s has a profile of this "
			"name)\n",
			r->shared_with);
	return true;
}

static void print_next(const struct removal *r)
{
	const struct provider *p = provider_find(r->provider);

	puts("Next:\n  restart the gateway: one that is running keeps the key it has read");
	if (p && p->keys_page && p->keys_page[0])
		printf("  revoke the key at %s: removing it here does not\n", p->keys_page);
	if (r->last_of_provider)
		printf("  it was agent %s's last profile for %s\n", r->place.agent, r->provider);
}

static bool print_json(const struct removal *r, struct err *e)
{
	const struct provider *p = provider_find(r->provider);
	struct json_object *root = json_object_new_object();
	struct json_object *records = json_object_new_array();

	for (const char *at = next_record(r, NULL); at; at = next_record(r, at))
		json_append(records, json_text(at));
	json_put(root, "ok", json_object_new_boolean(true));
	json_put(root, "dryRun", json_object_new_boolean(given.dry_run));
	json_put(root, "profile", json_text(r->id));
	json_put(root, "agent", json_text(r->place.agent));
	json_put(root, "provider", r->provider[0] ? json_text(r->provider) : NULL);
	json_put(root, "files", changes_json(&r->files, r->place.paths.home));
	json_put(root, "records", records);
	json_put(root, "sharedWith", r->shared_with[0] ? json_text(r->shared_with) : NULL);
	json_put(root, "lastOfProvider", json_object_new_boolean(r->last_of_provider));
	json_put(root, "revokeAt", p && p->keys_page ? json_text(p->keys_page) : NULL);
	return json_finish(stdout, root, e);
}

/* What is asked about is shown first, where the question is. */
static bool show(const struct removal *r, FILE *out, const char *what, struct err *e)
{
	fprintf(out, "%s ", what);
	out_text(out, r->id);
	fprintf(out, " of agent %s:\n", r->place.agent);
	return print_files(r, out, given.dry_run, e);
}

static bool perform(struct removal *r, struct err *e)
{
	const struct ahead ahead = { .paths = &r->place.paths };

	if ((!given.dry_run && !hold_settle(&r->place, e)) || !find_sharers(r, e))
		return false;
	/* Shown without the lock, which nobody should hold while a person thinks. */
	r->looking = true;
	if (!prepare(r, e))
		return false;
	if (given.dry_run)
		return given.json ? print_json(r, e) : show(r, stdout, "Would remove", e);
	if (!given.yes && !show(r, stderr, "This removes", e))
		return false;
	r->looking = false;
	if (!confirm(r, e) || !unlock_ahead(&r->ahead, &ahead, e) || !apply(r, e))
		return false;
	if (given.json)
		return print_json(r, e);
	if (!show(r, stdout, "Removed", e))
		return false;
	print_next(r);
	return true;
}

static bool run(struct cli *c, struct err *e)
{
	struct removal *r = calloc(1, sizeof(*r));
	bool ok = false;

	if (!r)
		return err_set(e, ERR_MEMORY, "out of memory");
	r->hold = HOLD_NONE;
	r->id = c->args.items[0];
	if (place_find(&r->place, given.agent, PLACE_WRITE, COMMAND, e)) {
		ok = perform(r, e);
		place_release(&r->place);
	}
	removal_clear(r);
	vault_release(&r->ahead);
	free(r);
	return ok;
}

const struct cmd cmd_remove = {
	.name = "models auth remove",
	.args = "PROFILE [--yes PROFILE] [--dry-run] [--agent ID] [--json]",
	.summary = "remove a profile, every mention of it, and its sealed key",
	.detail =
		"Asks for the profile's name to be typed; --yes PROFILE answers beforehand.\n"
		"The key stays valid at the provider until it is revoked there.",
	.opts = opts,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
