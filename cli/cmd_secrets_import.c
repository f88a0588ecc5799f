/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/agents.h"
#include "cli/ask.h"
#include "cli/capsule_io.h"
#include "cli/hold.h"
#include "cli/out_base.h"
#include "cli/restore.h"
#include "cli/save.h"
#include "cli/say.h"
#include "cli/unlock.h"
#include "store/profiles.h"

/*
 * `secrets import`: what the capsule holds and the vault does not, or holds with
 * another value. Each profile is saved as the wizard saves it, so that its reference, its
 * line in .env and the configuration are rebuilt and proven with it; all of them together or
 * none, like every save. Nothing is ever removed.
 */

#define COMMAND "secrets import"

static struct {
	bool merge;
	bool yes;
	bool dry_run;
	bool accept_rollback;
	bool json;
} given;

static const struct opt opts[] = {
	{ "passphrase-fd", "N", "read the capsule's passphrase from descriptor N", OPT_TEXT,
		{ .text = &capsule_given.fd } },
	{ "passphrase-file", "FILE", "read it from a file that only you can read", OPT_TEXT,
		{ .text = &capsule_given.file } },
	{ "vault-passphrase-fd", "N", PASSPHRASE_FD },
	{ "vault-passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "merge", NULL, "add to the vault that is here", OPT_FLAG, { .flag = &given.merge } },
	{ "yes", NULL, "replace values that differ without asking; the old ones stay sealed",
		OPT_FLAG, { .flag = &given.yes } },
	{ "dry-run", NULL, "show what would be added or replaced", OPT_FLAG,
		{ .flag = &given.dry_run } },
	{ "accept-rollback", NULL, "write although the vault is an older copy", OPT_FLAG,
		{ .flag = &given.accept_rollback } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

enum import_action {
	IMPORT_KEEP, /* it is here already, with this value */
	IMPORT_ADD,
	IMPORT_REPLACE,
};

static const char *const action_names[] = {
	[IMPORT_KEEP] = "same",
	[IMPORT_ADD] = "add",
	[IMPORT_REPLACE] = "replace",
};

/* One current record of the capsule (a previous revision goes with it). */
struct import_row {
	const struct capsule_record *record;
	enum import_action action;
	bool newer_here;
	bool is_profile; /* has a reference: a provider that is known, and no bare variable */
};

struct import {
	struct place place;
	struct capsule capsule;
	struct vault ahead; /* see unlock_ahead() */
	struct import_row *rows;
	size_t count;
	size_t actions[ARRAY_LEN(action_names)];
	bool had_vault;
	bool nothing_else; /* the vault here holds nothing that the capsule does not */
};

/* --- what would happen ------------------------------------------------------------------------ */

static const struct method *method_of(const struct capsule_record *r)
{
	const struct provider *p = provider_find(r->provider);
	enum cred_kind kind = strcmp(r->field, "token") == 0 ? CRED_TOKEN : CRED_API_KEY;

	if (!p || str_starts(r->profile, "env:"))
		return NULL;
	return provider_method_of_kind(p, kind);
}

static enum import_action action_for(
	const struct capsule_record *r, const struct vault *v, const struct secret *key)
{
	switch (capsule_compare(r, v, key)) {
	case CAPSULE_SAME:
		return IMPORT_KEEP;
	case CAPSULE_MISSING:
		return IMPORT_ADD;
	case CAPSULE_DIFFERS:
	case CAPSULE_UNREADABLE:
		break;
	}
	return IMPORT_REPLACE;
}

/* As when an earlier import was interrupted, or is repeated: there is nothing to merge with. */
static bool nothing_else(const struct capsule *c, const struct vault *v, const struct secret *key)
{
	for (size_t i = 0; i < v->record_count; i++) {
		const struct capsule_record *r = capsule_find(c, v->records[i].id);

		if (!r || capsule_compare(r, v, key) != CAPSULE_SAME)
			return false;
	}
	return true;
}

static bool plan(struct import *im, struct err *e)
{
	struct secret key = { 0 };
	struct vault v = { 0 };
	bool ok = false;

	im->rows = calloc(
		im->capsule.record_count ? im->capsule.record_count : 1, sizeof(im->rows[0]));
	if (!im->rows) {
		err_set(e, ERR_MEMORY, "out of memory");
		goto out;
	}
	if ((im->had_vault && !vault_open_at(&v, &im->place.paths, &im->ahead, e)) ||
		!random_key(&key, e))
		goto out;
	for (size_t i = 0; i < im->capsule.record_count; i++) {
		const struct capsule_record *r = &im->capsule.records[i];
		const struct vault_record *here = vault_find(&v, r->id);
		struct import_row *row = &im->rows[im->count];

		if (capsule_is_previous(r))
			continue;
		*row = (struct import_row){ .record = r,
			.action = action_for(r, &v, &key),
			.newer_here = here && here->ts > r->ts,
			.is_profile = method_of(r) != NULL };
		im->actions[row->action]++;
		im->count++;
	}
	im->nothing_else = nothing_else(&im->capsule, &v, &key);
	ok = true;
out:
	secret_release(&key);
	vault_release(&v);
	return ok;
}

static void print_plan(const struct import *im, FILE *out)
{
	char when[40];
	struct str s = STR_OF(when);

	clock_local(&s, (int64_t)im->capsule.head.made_s * 1000);
	fprintf(out, "The capsule was made on %s. It holds:\n", when);
	for (size_t i = 0; i < im->count; i++) {
		const struct import_row *row = &im->rows[i];

		assert(row->record); /* filled with the row */
		fprintf(out, "  %-8s ", action_names[row->action]);
		out_text(out, row->record->id);
		fputs(row->action == IMPORT_REPLACE && row->newer_here ? "  (the one here is newer)"
								       : "",
			out);
		fputs(row->is_profile ? "\n" : "  (the vault only)\n", out);
	}
}

/* --- doing it ----------------------------------------------------------------------------------
 */

static int64_t expires_of(const struct import *im, const struct capsule_record *r)
{
	for (size_t i = 0; i < im->capsule.profile_count; i++) {
		const struct capsule_profile *p = &im->capsule.profiles[i];

		if (strcmp(p->agent, r->agent) == 0 && strcmp(p->id, r->profile) == 0)
			return (int64_t)p->expires_ms;
	}
	return 0;
}

static bool plain_here(const struct import *im, const struct capsule_record *r)
{
	const struct profile *p;
	struct profiles list = { 0 };
	char path[FS_PATH_MAX];
	bool plain = false;

	if (agents_profiles(path, sizeof(path), &im->place, r->agent, NULL) &&
		profiles_load(&list, path, NULL, NULL)) {
		p = profiles_find(&list, r->profile);
		plain = p && p->has_key;
	}
	profiles_release(&list);
	return plain;
}

/* Everything that goes through a save, in its order, and what those point to. */
struct import_saves {
	const struct import *im;
	struct save *list;
	struct secret *keys; /* views of the capsule's memory: nothing is copied, or released */
	struct pool dirs;
	size_t count;
};

static void saves_release(struct import_saves *all)
{
	pool_release(&all->dirs);
	free(all->keys);
	free(all->list);
}

/* The folder of an agent; most records are of one that was asked for just before. */
static const char *dir_of(struct import_saves *all, const char *agent, struct err *e)
{
	char dir[FS_PATH_MAX];
	const char *kept;

	if (all->count && strcmp(all->list[all->count - 1].agent, agent) == 0)
		return all->list[all->count - 1].agent_dir;
	if (!agents_dir(dir, sizeof(dir), &all->im->place, agent, e))
		return NULL;
	kept = pool_copy(&all->dirs, dir);
	if (!kept)
		err_set(e, ERR_MEMORY, "out of memory");
	return kept;
}

/* The value of `from` under the name of `r`. */
static bool add_save(struct import_saves *all, const struct capsule_record *r,
	const struct capsule_record *from, struct err *e)
{
	const struct import *im = all->im;
	const char *dir = dir_of(all, r->agent, e);
	struct secret *key = &all->keys[all->count];
	struct save *s = &all->list[all->count];

	if (!dir)
		return false;
	*key = (struct secret){ .bytes = (char *)from->value, .len = from->len, .cap = from->len };
	*s = (struct save){ .paths = &im->place.paths,
		.agent = r->agent,
		.agent_dir = dir,
		.profile_id = r->profile,
		.provider = provider_find(r->provider),
		.method = method_of(r),
		.key = key,
		.keep = KEEP_SEALED,
		.accept_rollback = given.accept_rollback,
		.expires_ms = r == from ? expires_of(im, r) : 0 };
	s->expires_source = s->expires_ms ? EXPIRY_YOU : EXPIRY_NONE;
	all->count++;
	return true;
}

/*
 * The capsule's previous revision first, unless something here should rather become the
 * previous one: a record that is replaced, or a key in plain text.
 */
static bool add_profile(struct import_saves *all, const struct import_row *row, struct err *e)
{
	const struct import *im = all->im;
	const struct capsule_record *previous = restore_previous(&im->capsule, row->record);

	if (row->action == IMPORT_ADD && previous && !plain_here(im, row->record) &&
		!add_save(all, row->record, previous, e))
		return false;
	return add_save(all, row->record, row->record, e);
}

/* Is it the one that a variable carried there? */
static bool has_line(const struct import *im, const struct capsule_record *r)
{
	for (size_t i = 0; i < im->capsule.line_count; i++)
		if (strcmp(im->capsule.lines[i].record, r->id) == 0)
			return true;
	return false;
}

/* Of two profiles for one variable the first one gets the line: those that had it go first. */
static bool add_profiles(struct import_saves *all, bool with_line, struct err *e)
{
	const struct import *im = all->im;

	for (size_t i = 0; i < im->count; i++) {
		const struct import_row *row = &im->rows[i];

		if (row->is_profile && has_line(im, row->record) == with_line &&
			!add_profile(all, row, e))
			return false;
	}
	return true;
}

static bool is_bare(const struct import_row *row)
{
	return !row->is_profile && row->action != IMPORT_KEEP;
}

/* Keys of variables and of unknown providers: nothing refers to them but their names. */
static bool seal_bare(void *ctx, struct vault *v, struct err *e)
{
	const struct import *im = ctx;

	for (size_t i = 0; i < im->count; i++)
		if (is_bare(&im->rows[i]) &&
			!restore_record(v, &im->capsule, im->rows[i].record, e))
			return false;
	return true;
}

/* A capsule without a profile makes a vault where there is none, too. */
static bool has_bare(const struct import *im)
{
	for (size_t i = 0; i < im->count; i++)
		if (is_bare(&im->rows[i]))
			return true;
	return !im->had_vault;
}

static bool import_all(struct import *im, struct err *e)
{
	struct import_saves saves = { .im = im };
	struct save_all all = { .paths = &im->place.paths,
		.accept_rollback = given.accept_rollback,
		.ahead = &im->ahead,
		.seal = has_bare(im) ? seal_bare : NULL,
		.ctx = im };
	bool ok = false;

	/* At most two for each: the capsule's previous revision and its present one. */
	saves.list = calloc(2 * im->count + 1, sizeof(*saves.list));
	saves.keys = calloc(2 * im->count + 1, sizeof(*saves.keys));
	if (!saves.list || !saves.keys) {
		err_set(e, ERR_MEMORY, "out of memory");
		goto out;
	}
	if (!add_profiles(&saves, true, e) || !add_profiles(&saves, false, e))
		goto out;
	all.list = saves.list;
	all.count = saves.count;
	ok = save_apply_all(&all, &(struct save_progress){ .note = say_note }, e);
out:
	saves_release(&saves);
	return ok;
}

/* Everything that was to come is here now, by keyed hash, read from the disk. */
static bool prove(const struct import *im, struct err *e)
{
	struct secret key = { 0 };
	struct vault v = { 0 };
	bool ok = vault_open_at(&v, &im->place.paths, &im->ahead, e) && random_key(&key, e);

	for (size_t i = 0; ok && i < im->count; i++)
		if (capsule_compare(im->rows[i].record, &v, &key) != CAPSULE_SAME)
			ok = err_set(e, ERR_FAILED,
				"record %s is not in the vault as the capsule "
				"has it",
				im->rows[i].record->id);
	secret_release(&key);
	vault_release(&v);
	return ok;
}

/* --- what is said -------------------------------------------------------------------------------
 */

static bool print_json(const struct import *im, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < im->count; i++) {
		const struct import_row *row = &im->rows[i];
		struct json_object *o = json_object_new_object();

		assert(row->record); /* filled with the row */
		json_put(o, "record", json_text(row->record->id));
		json_put(o, "agent", json_text(row->record->agent));
		json_put(o, "profile", json_text(row->record->profile));
		json_put(o, "provider", json_text(row->record->provider));
		json_put(o, "action", json_text(action_names[row->action]));
		json_put(o, "newerHere", json_object_new_boolean(row->newer_here));
		json_put(o, "reference", json_object_new_boolean(row->is_profile));
		json_append(list, o);
	}
	json_put(root, "ok", json_object_new_boolean(true));
	json_put(root, "dryRun", json_object_new_boolean(given.dry_run));
	json_put(root, "newVault", json_object_new_boolean(!im->had_vault));
	json_put(root, "records", list);
	return json_finish(stdout, root, e);
}

static size_t sign_ins(const struct import *im)
{
	size_t n = 0;

	for (size_t i = 0; i < im->capsule.profile_count; i++)
		n += strcmp(im->capsule.profiles[i].kind, "oauth") == 0;
	return n;
}

static void print_done(const struct import *im)
{
	size_t oauth = sign_ins(im);

	printf("Imported: %zu added, %zu replaced, %zu were here already. Every record was read "
	       "back and compared.\n",
		im->actions[IMPORT_ADD], im->actions[IMPORT_REPLACE], im->actions[IMPORT_KEEP]);
	if (oauth)
		printf("The other machine also had %zu sign-in%s (oauth); sign in again here.\n",
			oauth, oauth == 1 ? "" : "s");
	puts("Next:\n"
	     "  thinkfleetbot status checks them at their providers\n"
	     "  restart the gateway: one that is running keeps the keys it has read\n"
	     "  the capsule still opens with its passphrase: keep it safe, or delete it");
}

static bool confirm(const struct import *im, struct err *e)
{
	if (!im->actions[IMPORT_REPLACE] || given.yes)
		return true;
	if (given.json)
		print_plan(im, stderr);
	return ask_typed(
		"Replace what differs? The values here stay sealed as previous revisions. "
		"Type yes: ",
		"yes", "confirm with --yes, or look first with --dry-run", e);
}

static bool import(struct import *im, const char *path, struct err *e)
{
	const struct ahead ahead = { .paths = &im->place.paths, .capsule = true };

	if (!given.dry_run && !hold_settle(&im->place, e))
		return false;
	im->had_vault = vault_exists(&im->place.paths);
	if (!capsule_read(&im->capsule, path, NULL, e) || !unlock_ahead(&im->ahead, &ahead, e) ||
		!plan(im, e))
		return false;
	if (im->had_vault && !given.merge && !im->nothing_else) {
		err_set(e, ERR_REFUSED, "there is a vault here already");
		return err_hint(e, "--merge adds what the capsule holds to it; nothing is removed");
	}
	if (!given.json)
		print_plan(im, stdout);
	fflush(stdout);
	if (given.dry_run)
		return !given.json || print_json(im, e);
	if (!confirm(im, e) || !import_all(im, e) || !prove(im, e))
		return false;
	if (given.json)
		return print_json(im, e);
	print_done(im);
	return true;
}

static bool run(struct cli *c, struct err *e)
{
	struct import im = { 0 };
	bool ok = place_find(&im.place, NULL, PLACE_WRITE, COMMAND, e);

	if (ok) {
		ok = import(&im, c->args.items[0], e);
		place_release(&im.place);
	}
	free(im.rows);
	capsule_release(&im.capsule);
	vault_release(&im.ahead);
	return ok;
}

const struct cmd cmd_secrets_import = {
	.name = "secrets import",
	.args = "FILE [--merge] [--dry-run] [--yes] [OPTION...]",
	.summary = "take over what a capsule holds; references are rebuilt, nothing is removed",
	.detail =
		"Makes a new vault where there is none. With --merge it adds to the one that is "
		"here;\n"
		"values that differ are shown first, and what they replace stays sealed as the "
		"previous\n"
		"revision. All of it is written, or nothing.",
	.opts = opts,
	.args_min = 1,
	.args_max = 1,
	.run = run,
};
