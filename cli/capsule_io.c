/* SPDX-License-Identifier: MIT */
#include "cli/capsule_io.h"

#include <stdlib.h>
#include <string.h>

#include "cli/agents.h"
#include "cli/ask.h"
#include "cli/save.h"
#include "cli/unlock.h"
#include "store/dotenv.h"
#include "store/profiles.h"

struct capsule_given capsule_given;

#define INSTEAD "hand the passphrase over with --passphrase-file FILE or --passphrase-fd N"

/* --- the passphrase -------------------------------------------------------------------------- */

bool capsule_passphrase(struct secret *out, bool twice, struct err *e)
{
	const struct capsule_given *given = &capsule_given;

	*out = (struct secret){ 0 };
	if (given->fd && given->file)
		return err_set(e, ERR_USAGE, "choose one of --passphrase-fd and --passphrase-file");
	if (given->fd || given->file)
		return unlock_read(out, given->fd ? "passphrase-fd" : "passphrase-file", given->fd,
			given->file, e);
	if (twice)
		return ask_hidden_twice(
			out, "Passphrase for the capsule: ", "The same again: ", INSTEAD, e);
	return ask_hidden(out, "Passphrase of the capsule: ", INSTEAD, e);
}

/* --- the file ----------------------------------------------------------------------------------
 */

bool capsule_read(
	struct capsule *c, const char *path, const struct secret *passphrase, struct err *e)
{
	struct secret asked = { 0 };
	struct capsule_head head;
	struct buf file = { 0 };
	bool ok = false;

	*c = (struct capsule){ 0 };
	if (!fs_read(path, CAPSULE_MAX, &file, NULL, e))
		goto out;
	if (!capsule_check(&head, file.p ? file.p : "", file.len, e)) {
		err_wrap(e, "%s", path);
		goto out;
	}
	if (!passphrase || !passphrase->len) {
		if (!capsule_passphrase(&asked, false, e))
			goto out;
		passphrase = &asked;
	}
	ok = capsule_open(c, file.p, file.len, passphrase, e) || err_wrap(e, "%s", path);
out:
	secret_release(&asked);
	buf_release(&file);
	return ok;
}

bool capsule_is_previous(const struct capsule_record *r)
{
	return str_ends(r->id, "/prev");
}

/* --- what goes in ------------------------------------------------------------------------------
 */

static void *grown(void *list, size_t n, size_t size, struct err *e)
{
	void *more = reallocarray(list, n, size);

	if (!more)
		err_set(e, ERR_MEMORY, "out of memory");
	return more;
}

static bool add_profile(
	struct capsule_lists *l, const char *agent, const struct profile *p, struct err *e)
{
	struct capsule_profile *list = grown(l->profiles, l->profile_count + 1, sizeof(*list), e);
	struct capsule_profile *row;

	if (!list)
		return false;
	l->profiles = list;
	row = &list[l->profile_count];
	*row = (struct capsule_profile){ .agent = pool_copy(&l->pool, agent),
		.id = pool_copy(&l->pool, p->id),
		.provider = pool_copy(&l->pool, p->provider),
		.kind = profile_kind_name(p->kind),
		.email = pool_copy(&l->pool, p->email),
		.expires_ms = p->expires_valid ? (uint64_t)p->expires_ms : 0 };
	if (!row->agent || !row->id || !row->provider || !row->email)
		return err_set(e, ERR_MEMORY, "out of memory");
	l->profile_count++;
	return true;
}

static bool gather_agent(
	struct capsule_lists *l, const struct place *p, const char *agent, struct err *e)
{
	struct profiles list = { 0 };
	char path[FS_PATH_MAX];
	bool ok = agents_profiles(path, sizeof(path), p, agent, e) &&
		  profiles_load(&list, path, NULL, e);

	for (size_t i = 0; ok && i < list.count; i++)
		ok = add_profile(l, agent, &list.list[i], e);
	profiles_release(&list);
	return ok;
}

static bool gather_line(
	struct capsule_lists *l, const struct dotenv *env, uint32_t entry, struct err *e)
{
	struct capsule_line *list;
	char record[VAULT_RECORD_ID_CAP];
	char key[128];

	if (env->entries[entry].shadowed || !dotenv_key(env, entry, key, sizeof(key)) ||
		!str_starts(key, SEALED_PREFIX) || !dotenv_text(env, key, record, sizeof(record)))
		return true;
	list = grown(l->lines, l->line_count + 1, sizeof(*list), e);
	if (!list)
		return false;
	l->lines = list;
	list += l->line_count;
	list->variable = pool_copy(&l->pool, key + strlen(SEALED_PREFIX));
	list->record = pool_copy(&l->pool, record);
	if (!list->variable || !list->record)
		return err_set(e, ERR_MEMORY, "out of memory");
	l->line_count++;
	return true;
}

static bool gather_lines(struct capsule_lists *l, const struct place *p, struct err *e)
{
	struct dotenv env = { 0 };
	bool ok = dotenv_load(&env, p->paths.env, NULL, e);

	for (uint32_t i = 0; ok && i < env.count; i++)
		ok = gather_line(l, &env, i, e);
	dotenv_release(&env);
	return ok;
}

bool capsule_gather(struct capsule_lists *l, const struct place *p, struct err *e)
{
	struct agents all;

	*l = (struct capsule_lists){ 0 };
	if (!agents_find(&all, p, e))
		return false;
	for (size_t i = 0; i < all.count; i++)
		if (!gather_agent(l, p, all.ids[i], e))
			return false;
	return gather_lines(l, p, e);
}

void capsule_lists_release(struct capsule_lists *l)
{
	free(l->profiles);
	free(l->lines);
	pool_release(&l->pool);
	*l = (struct capsule_lists){ 0 };
}
