/* SPDX-License-Identifier: MIT */
#include "cli/save_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/vault_files.h"
#include "store/vault_rekey.h"

const char *save_variable(const struct provider *p, const struct method *m)
{
	return m && m->var ? m->var : p->var;
}

bool item_keeps_secret(const struct job_item *it)
{
	return it->s->method && it->s->method->kind != CRED_NONE;
}

bool item_is_sealed(const struct job_item *it)
{
	return item_keeps_secret(it) && it->s->keep == KEEP_SEALED;
}

/* Only "thinkfleetbot run" delivers from a vault that waits for a person. */
bool item_is_referred(const struct job *j, const struct job_item *it)
{
	return item_is_sealed(it) && !j->needs_person;
}

static const char *field_of(const struct save *s)
{
	return s->method->kind == CRED_TOKEN ? "token" : "key";
}

static enum profile_kind kind_of(const struct method *m)
{
	return m->kind == CRED_TOKEN ? PROFILE_TOKEN : PROFILE_API_KEY;
}

bool file_was(struct job_file *f, const struct buf *text, const struct fs_stamp *st, struct err *e)
{
	f->stamp = *st;
	f->is_new = !st->exists;
	return f->is_new || buf_add(&f->old, text->p, text->len, e);
}

bool file_will_be(struct job_file *f, const struct buf *text, struct err *e)
{
	if (!buf_add(&f->new, text->p ? text->p : "", text->len, e))
		return false;
	f->changed = f->is_new ? text->len > 0
			       : f->old.len != text->len ||
					 (text->len && memcmp(f->old.p, text->p, text->len) != 0);
	return true;
}

/* --- what is there ------------------------------------------------------------------------- */

static bool any_item(const struct job *j, bool (*is)(const struct job_item *))
{
	for (size_t i = 0; i < j->all->count; i++)
		if (is(&j->items[i]))
			return true;
	return false;
}

static bool has_line(const struct job_item *it)
{
	return item_keeps_secret(it) && it->variable;
}

static bool open_config(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_CONFIG];

	str_copy(f->path, sizeof(f->path), j->paths->config);
	j->references = !paths_january(f->path) && !j->needs_person;
	return config_load(&j->config, f->path, e) &&
	       file_was(f, &j->config.doc.text, &j->config.stamp, e);
}

static bool open_env(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];
	struct fs_stamp stamp;

	if (!any_item(j, has_line))
		return true;
	str_copy(f->path, sizeof(f->path), j->paths->env);
	return dotenv_load(&j->env, f->path, &stamp, e) && file_was(f, &j->env.text, &stamp, e);
}

static bool store_open(
	struct job_store *store, const char *path, const char *agent_dir, struct err *e)
{
	char state[FS_PATH_MAX];

	store->file.id = FILE_PROFILES;
	store->file.mode = 0600;
	str_copy(store->file.path, sizeof(store->file.path), path);
	return paths_auth_state(state, sizeof(state), agent_dir, e) &&
	       profiles_load(&store->profiles, path, state, e) &&
	       file_was(&store->file, &store->profiles.doc.text, &store->profiles.stamp, e);
}

/* The agent's store: opened for the first item that needs it. */
static bool open_store(struct job *j, struct job_item *it, struct err *e)
{
	char path[FS_PATH_MAX];
	struct job_store **grown;

	if (!paths_profiles(path, sizeof(path), it->s->agent_dir, e))
		return false;
	for (size_t i = 0; i < j->store_count; i++)
		if (strcmp(j->stores[i]->file.path, path) == 0)
			it->store = j->stores[i];
	if (it->store)
		return true;
	grown = reallocarray(j->stores, j->store_count + 1, sizeof(struct job_store *));
	if (!grown)
		return err_set(e, ERR_MEMORY, "out of memory");
	j->stores = grown;
	it->store = calloc(1, sizeof(*it->store));
	if (!it->store)
		return err_set(e, ERR_MEMORY, "out of memory");
	j->stores[j->store_count++] = it->store;
	return store_open(it->store, path, it->s->agent_dir, e);
}

static bool open_items(struct job *j, struct err *e)
{
	j->items = calloc(j->all->count + 1, sizeof(*j->items));
	if (!j->items)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < j->all->count; i++) {
		struct job_item *it = &j->items[i];

		it->s = &j->all->list[i];
		if (!item_keeps_secret(it))
			continue;
		it->variable = save_variable(it->s->provider, it->s->method);
		snprintf(it->sealed_name, sizeof(it->sealed_name), SEALED_PREFIX "%s",
			it->variable ? it->variable : "");
		if (!vault_record_id(
			    it->record, it->s->agent, it->s->profile_id, field_of(it->s), e) ||
			!open_store(j, it, e))
			return false;
	}
	return true;
}

static bool open_vault(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_VAULT];
	struct fs_stamp stamp;

	str_copy(f->path, sizeof(f->path), j->paths->vault);
	if (!any_item(j, item_keeps_secret) && !j->all->seal)
		return true;
	if (!fs_stat(f->path, &stamp, e))
		return false;
	f->is_new = !stamp.exists;
	if (f->is_new) {
		j->needs_person = job_custody(j)->opener == OPENER_PASSPHRASE;
		return true;
	}
	if (!job_open_vault(j, f->path, e))
		return false;
	if (j->all->accept_rollback)
		vault_accept_rollback(&j->vault);
	return j->dry || vault_rekey_resume(&j->vault, f->path, NULL, e);
}

/* --- one credential ------------------------------------------------------------------------ */

static bool edit_profiles(const struct job *j, struct job_item *it, struct err *e)
{
	const struct save *s = it->s;
	struct doc *d = &it->store->profiles.doc;
	const struct profile *p = profiles_find(&it->store->profiles, s->profile_id);
	bool clear = p && profile_has_failures(p);
	struct err why = { 0 };

	if (p && p->has_key && p->kind != PROFILE_OAUTH) {
		/* Not found: an earlier item of the same profile has taken it already. */
		if (!profiles_secret(d, p->id, &it->old_profile_key, &why) &&
			why.code != ERR_NOT_FOUND) {
			*e = why;
			return false;
		}
		str_copy(it->store->file.note, sizeof(it->store->file.note),
			"the plain-text key goes; it stays as the previous revision");
	}
	if (!item_is_referred(j, it))
		return !p || profiles_remove(d, s->profile_id, e);
	if (!profiles_put_sealed(d,
		    &(struct profile_seal){ .id = s->profile_id,
			    .provider = s->provider->id,
			    .kind = kind_of(s->method),
			    .ref_id = it->record,
			    .expires_ms = s->expires_ms },
		    e))
		return false;
	return !clear || profiles_clear_failures(d, s->profile_id, e);
}

static bool edit_config(struct job *j, const struct job_item *it, struct err *e)
{
	struct doc *d = &j->config.doc;
	const struct save *s = it->s;

	if (item_is_sealed(it) && j->references && !save_name_resolver(d, j->paths, e))
		return false;
	if (item_is_referred(j, it) && !config_put_profile(d, s->profile_id, s->provider->id,
					       cred_kind_name(s->method->kind), e))
		return false;
	if (item_keeps_secret(it) && !item_is_referred(j, it) &&
		config_profile(&j->config, s->profile_id) &&
		!config_remove_profile(d, s->profile_id, e))
		return false;
	if (!job_put_endpoint(j, it, e))
		return false;
	return !s->model || !s->model[0] || config_put_model(d, s->model, s->keep_fallback, e);
}

/* The line that another credential of the same variable has, if its record still exists. */
static bool delivered_by_another(const struct job *j, const struct job_item *it)
{
	char record[VAULT_RECORD_ID_CAP];

	return dotenv_text(&j->env, it->sealed_name, record, sizeof(record)) &&
	       strcmp(record, it->record) != 0 && vault_find(&j->vault, record);
}

static bool seal_line(struct job *j, struct job_item *it, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];

	if (delivered_by_another(j, it)) {
		str_copy(f->note, sizeof(f->note),
			"another profile stays the one that the variable carries");
		return true;
	}
	if (dotenv_find(&j->env, it->variable) != DOTENV_NONE &&
		!dotenv_blank(&j->env, dotenv_find(&j->env, it->variable))) {
		if (!dotenv_get(&j->env, it->variable, &it->old_env_key, e) ||
			!dotenv_remove(&j->env, it->variable, e))
			return false;
		snprintf(f->note, sizeof(f->note), "the plain text of %.60s goes", it->variable);
	}
	return dotenv_set(&j->env, it->sealed_name, it->record, strlen(it->record), e);
}

static bool plain_line(struct job *j, const struct job_item *it, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];
	const struct secret *key = it->s->key;

	snprintf(f->note, sizeof(f->note), "%.50s in plain text", it->variable);
	return dotenv_set(&j->env, it->variable, key->bytes, key->len, e) &&
	       dotenv_remove(&j->env, it->sealed_name, e);
}

/* *changed: the vault does not hold this value yet. */
static bool put_record(struct job *j, const struct save *s, const char *profile, const char *id,
	const struct secret *value, struct err *e)
{
	struct vault_put put = { .id = id,
		.agent = s->agent,
		.profile = profile,
		.provider = s->provider->id,
		.field = field_of(s),
		.ts = (uint64_t)(clock_now_ms() / 1000),
		.keep_previous = true };
	struct secret now = { 0 };
	struct err why = { 0 };
	bool same = false;

	if (vault_find(&j->vault, id)) {
		/* Of one that does not open nothing can be kept; for lack of memory is another
		 * thing. */
		put.keep_previous = vault_get(&j->vault, id, &now, &why);
		if (why.code == ERR_MEMORY)
			return err_set(e, why.code, "%s", why.msg);
		same = put.keep_previous && secret_equal(&now, value);
		secret_release(&now);
	}
	if (same)
		return true;
	j->files[FILE_VAULT].changed = true;
	return vault_put(&j->vault, &put, value, NULL, e);
}

/* Another key of the variable, different from the new one and from the profile's own. */
static bool keep_env_key(struct job *j, const struct job_item *it, struct err *e)
{
	const struct save *s = it->s;
	char profile[128];
	char id[VAULT_RECORD_ID_CAP];

	if (!it->old_env_key.len || secret_equal(&it->old_env_key, s->key) ||
		secret_equal(&it->old_env_key, &it->old_profile_key))
		return true;
	snprintf(profile, sizeof(profile), "env:%s", it->variable);
	return vault_record_id(id, s->agent, profile, "key", e) &&
	       put_record(j, s, profile, id, &it->old_env_key, e);
}

static bool edit_vault(struct job *j, const struct job_item *it, struct err *e)
{
	const struct save *s = it->s;
	struct job_file *f = &j->files[FILE_VAULT];
	bool has = vault_find(&j->vault, it->record);

	if (!item_is_sealed(it)) {
		if (!has)
			return true;
		f->changed = true;
		str_copy(f->change, sizeof(f->change), "-1 record");
		return vault_remove(&j->vault, it->record, e);
	}
	if (j->dry && f->is_new)
		return true;
	str_copy(f->change, sizeof(f->change),
		f->is_new ? "new"
		: has     ? "new revision"
			  : "+1 record");
	if (it->old_profile_key.len && !has && !secret_equal(&it->old_profile_key, s->key) &&
		!put_record(j, s, s->profile_id, it->record, &it->old_profile_key, e))
		return false;
	return keep_env_key(j, it, e) && put_record(j, s, s->profile_id, it->record, s->key, e);
}

/* The line after the vault was opened: it is kept or replaced by what the vault holds. */
static bool edit_all(struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->all->count; i++) {
		struct job_item *it = &j->items[i];

		if (!edit_config(j, it, e))
			return false;
		if (!item_keeps_secret(it))
			continue;
		if (!edit_profiles(j, it, e))
			return false;
		if (has_line(it) &&
			!(item_is_sealed(it) ? seal_line(j, it, e) : plain_line(j, it, e)))
			return false;
		if (!edit_vault(j, it, e))
			return false;
	}
	return true;
}

/* The first sealed credential makes the vault, in memory, and its key file. */
static bool begin_vault(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_VAULT];
	struct job_file *key = &j->files[FILE_KEY];

	if (!f->is_new || (!any_item(j, item_is_sealed) && !j->all->seal))
		return true;
	f->changed = true;
	str_copy(f->change, sizeof(f->change), "new");
	key->changed = job_custody(j)->opener == OPENER_FILE;
	key->mode = 0400;
	str_copy(key->change, sizeof(key->change), "new");
	str_copy(key->note, sizeof(key->note),
		"opens the vault; keep it out of backups of the state folder");
	if (!fs_join(key->path, sizeof(key->path), j->paths->keys, "(new).key", e))
		return false;
	return j->dry || job_create_vault(j, e);
}

/* What does not come from a save. */
static bool seal_more(struct job *j, struct err *e)
{
	if (!j->all->seal || j->dry)
		return true;
	j->files[FILE_VAULT].changed = true;
	return j->all->seal(j->all->ctx, &j->vault, e);
}

static bool take_texts(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_CONFIG];
	const struct buf *config = &j->config.doc.text;

	/* A new file with nothing to say is not written. */
	if (!(f->is_new && strcmp(config->p ? config->p : "", DOC_EMPTY) == 0) &&
		!file_will_be(f, config, e))
		return false;
	for (size_t i = 0; i < j->store_count; i++)
		if (!file_will_be(&j->stores[i]->file, &j->stores[i]->profiles.doc.text, e))
			return false;
	return !j->files[FILE_ENV].path[0] || file_will_be(&j->files[FILE_ENV], &j->env.text, e);
}

bool item_has_note(const struct job_item *it)
{
	const struct check_result *r = it->s->check;

	return item_keeps_secret(it) && ((r && r->verdict != VERDICT_NONE) || it->s->expires_ms);
}

static void prepare_notes(struct job *j)
{
	struct job_file *f = &j->files[FILE_NOTES];
	struct fs_stamp stamp = { 0 };

	str_copy(f->path, sizeof(f->path), j->paths->checks);
	f->changed = any_item(j, item_has_note);
	if (f->changed && fs_stat(f->path, &stamp, NULL))
		f->is_new = !stamp.exists;
	str_copy(f->change, sizeof(f->change), f->is_new ? "new" : "~1 entry");
}

/* Every prefix is a working state: what is referred to comes before what refers to it. */
static const enum file_id sealed_order[] = { FILE_KEY, FILE_VAULT, FILE_RESOLVER, FILE_CONFIG,
	FILE_PROFILES, FILE_ENV, FILE_NOTES };

/* The plain line first, the sealed copy last: at no point is there no credential. */
static const enum file_id plain_order[] = { FILE_KEY, FILE_ENV, FILE_CONFIG, FILE_PROFILES,
	FILE_VAULT, FILE_RESOLVER, FILE_NOTES };

static bool put_in_order(struct job *j, struct err *e)
{
	bool plain = j->all->count && j->all->list[0].keep == KEEP_PLAIN;
	const enum file_id *order = plain ? plain_order : sealed_order;

	j->order = calloc(FILE_COUNT + j->store_count, sizeof(struct job_file *));
	if (!j->order)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (order[i] != FILE_PROFILES)
			j->order[j->order_count++] = &j->files[order[i]];
		for (size_t k = 0; order[i] == FILE_PROFILES && k < j->store_count; k++)
			j->order[j->order_count++] = &j->stores[k]->file;
	}
	return true;
}

bool job_prepare(struct job *j, struct err *e)
{
	j->paths = j->all->paths;
	for (size_t i = 0; i < FILE_COUNT; i++)
		j->files[i] = (struct job_file){ .id = (enum file_id)i, .mode = 0600 };
	if (!open_items(j, e) || !open_vault(j, e) || !open_config(j, e) || !open_env(j, e) ||
		!begin_vault(j, e) || !edit_all(j, e) || !seal_more(j, e) || !take_texts(j, e))
		return false;
	if (any_item(j, item_is_sealed) && j->references &&
		!resolver_file(&j->files[FILE_RESOLVER], j->paths, e))
		return false;
	prepare_notes(j);
	return put_in_order(j, e);
}

static void file_release(struct job_file *f)
{
	buf_release(&f->old);
	buf_release(&f->new);
}

void job_release(struct job *j)
{
	for (size_t i = 0; i < FILE_COUNT; i++)
		file_release(&j->files[i]);
	for (size_t i = 0; i < j->store_count; i++) {
		file_release(&j->stores[i]->file);
		profiles_release(&j->stores[i]->profiles);
		free(j->stores[i]);
	}
	for (size_t i = 0; j->items && i < j->all->count; i++) {
		secret_release(&j->items[i].old_profile_key);
		secret_release(&j->items[i].old_env_key);
	}
	free(j->stores);
	free(j->items);
	free(j->order);
	vault_release(&j->vault);
	for (size_t i = 0; i < j->made_count; i++)
		slot_key_release(&j->made[i]);
	config_release(&j->config);
	dotenv_release(&j->env);
}

void job_shown(char *out, size_t cap, const struct job *j, const struct job_file *f)
{
	struct str s = str_on(out, cap);

	fs_shorten(&s, f->path, j->paths->home);
}
