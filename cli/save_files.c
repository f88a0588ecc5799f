/* SPDX-License-Identifier: MIT */
#include "cli/save_files.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/self.h"

const char *save_variable(const struct provider *p, const struct method *m)
{
	return m && m->var ? m->var : p->var;
}

/* Releases before the SecretRef (January 2026) refuse a configuration with a member "secrets". */
bool save_knows_references(const char *config_path)
{
	static const char *const older[] = { "clawdbot.json", "moltbot.json" };

	for (size_t i = 0; i < ARRAY_LEN(older); i++)
		if (strcmp(fs_basename(config_path), older[i]) == 0)
			return false;
	return true;
}

static const char *not_set(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

static bool keeps_secret(const struct job *j)
{
	return j->s->method && j->s->method->kind != CRED_NONE;
}

static bool sealed(const struct job *j)
{
	return keeps_secret(j) && j->s->keep == KEEP_SEALED;
}

/* Only "thinkfleetbot run" delivers from a vault that waits for a person. */
static bool referred(const struct job *j)
{
	return sealed(j) && !j->needs_person;
}

static enum profile_kind kind_of(const struct method *m)
{
	return m->kind == CRED_TOKEN ? PROFILE_TOKEN : PROFILE_API_KEY;
}

/*
 * The gateway runs the resolver with an empty environment: what it would not find by
 * itself then must be said in its arguments. "" when nothing has to be said.
 */
static bool key_dir_to_say(const struct paths *p, char *out, size_t cap, struct err *e)
{
	struct paths_env none = { .get = not_set };
	struct paths bare;

	out[0] = '\0';
	if (!paths_resolve(&bare, p->state, &none, e))
		return false;
	return strcmp(bare.keys, p->keys) == 0 || str_copy(out, cap, p->keys);
}

static bool remember_old(
	struct job_file *f, const struct buf *text, const struct fs_stamp *stamp, struct err *e)
{
	f->stamp = *stamp;
	f->is_new = !stamp->exists;
	return f->is_new || buf_add(&f->old, text->p, text->len, e);
}

static bool take_new(struct job_file *f, const struct buf *text, struct err *e)
{
	if (!buf_add(&f->new, text->p ? text->p : "", text->len, e))
		return false;
	f->changed = f->is_new ? text->len > 0
			       : f->old.len != text->len ||
					 (text->len && memcmp(f->old.p, text->p, text->len) != 0);
	return true;
}

static bool has_failures(const struct profile *p)
{
	return p->usage.cooldown_until_ms || p->usage.disabled_until_ms || p->usage.error_count;
}

static bool prepare_profiles(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_PROFILES];
	char state[FS_PATH_MAX];
	const struct profile *p;
	struct doc *d = &j->profiles.doc;
	bool clear;

	if (!keeps_secret(j))
		return true;
	if (!paths_profiles(f->path, sizeof(f->path), j->s->agent_dir, e) ||
		!paths_auth_state(state, sizeof(state), j->s->agent_dir, e) ||
		!profiles_load(&j->profiles, f->path, state, e) ||
		!remember_old(f, &d->text, &j->profiles.stamp, e))
		return false;
	p = profiles_find(&j->profiles, j->s->profile_id);
	clear = p && has_failures(p);
	if (p && p->has_key && p->kind != PROFILE_OAUTH) {
		if (!profiles_secret(d, p->id, &j->old_profile_key, e))
			return false;
		str_copy(f->note, sizeof(f->note),
			"the plain-text key goes; it stays as the previous revision");
	}
	if (!referred(j)) {
		if (!p)
			return true;
		return profiles_remove(d, j->s->profile_id, e) && take_new(f, &d->text, e);
	}
	if (!profiles_put_sealed(d,
		    &(struct profile_seal){ .id = j->s->profile_id,
			    .provider = j->s->provider->id,
			    .kind = kind_of(j->s->method),
			    .ref_id = j->record,
			    .expires_ms = j->s->expires_ms },
		    e))
		return false;
	if (clear && !profiles_clear_failures(d, j->s->profile_id, e))
		return false;
	return take_new(f, &d->text, e);
}

bool save_name_resolver(struct doc *d, const struct paths *p, struct err *e)
{
	char key_dir[PATHS_CAP];

	return key_dir_to_say(p, key_dir, sizeof(key_dir), e) &&
	       config_put_vault(d, p->resolver, p->state, key_dir, e);
}

static bool prepare_config(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_CONFIG];
	struct doc *d = &j->config.doc;
	const struct save *s = j->s;

	str_copy(f->path, sizeof(f->path), s->paths->config);
	j->references = save_knows_references(f->path) && !j->needs_person;
	if (!config_load(&j->config, f->path, e) || !remember_old(f, &d->text, &j->config.stamp, e))
		return false;
	if (sealed(j) && j->references && !save_name_resolver(d, s->paths, e))
		return false;
	if (referred(j) && !config_put_profile(d, s->profile_id, s->provider->id,
				   cred_kind_name(s->method->kind), e))
		return false;
	if (keeps_secret(j) && !referred(j) && config_profile(&j->config, s->profile_id) &&
		!config_remove_profile(d, s->profile_id, e))
		return false;
	if (s->model && s->model[0] && !config_put_model(d, s->model, s->keep_fallback, e))
		return false;
	/* A new file with nothing to say is not written. */
	if (f->is_new && strcmp(d->text.p ? d->text.p : "", DOC_EMPTY) == 0)
		return true;
	return take_new(f, &d->text, e);
}

/* The line that another credential of the same variable has, if its record still exists. */
static bool delivered_by_another(const struct job *j)
{
	char record[VAULT_RECORD_ID_CAP];

	return dotenv_text(&j->env, j->sealed_name, record, sizeof(record)) &&
	       strcmp(record, j->record) != 0 && vault_find(&j->vault, record);
}

static bool seal_line(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];

	if (delivered_by_another(j)) {
		str_copy(f->note, sizeof(f->note),
			"another profile stays the one that the variable carries");
		return true;
	}
	if (dotenv_find(&j->env, j->variable) != DOTENV_NONE &&
		!dotenv_blank(&j->env, dotenv_find(&j->env, j->variable))) {
		if (!dotenv_get(&j->env, j->variable, &j->old_env_key, e) ||
			!dotenv_remove(&j->env, j->variable, e))
			return false;
		snprintf(f->note, sizeof(f->note), "the plain text of %.60s goes", j->variable);
	}
	return dotenv_set(&j->env, j->sealed_name, j->record, strlen(j->record), e);
}

static bool plain_line(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];

	snprintf(f->note, sizeof(f->note), "%.50s in plain text", j->variable);
	return dotenv_set(&j->env, j->variable, j->s->key->bytes, j->s->key->len, e) &&
	       dotenv_remove(&j->env, j->sealed_name, e);
}

/* After the vault was read: a sealed line is kept or replaced by what the vault holds. */
static bool prepare_env(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_ENV];
	struct fs_stamp stamp;

	if (!keeps_secret(j) || !j->variable)
		return true;
	str_copy(f->path, sizeof(f->path), j->s->paths->env);
	if (!dotenv_load(&j->env, f->path, &stamp, e) || !remember_old(f, &j->env.text, &stamp, e))
		return false;
	return (sealed(j) ? seal_line(j, e) : plain_line(j, e)) && take_new(f, &j->env.text, e);
}

/* *changed: the vault does not hold this value yet. */
static bool put_record(struct job *j, const char *profile, const char *id,
	const struct secret *value, bool *changed, struct err *e)
{
	struct vault_put put = { .id = id,
		.agent = j->s->agent,
		.profile = profile,
		.provider = j->s->provider->id,
		.field = j->s->method->kind == CRED_TOKEN ? "token" : "key",
		.ts = (uint64_t)(clock_now_ms() / 1000),
		.keep_previous = true };
	struct secret now = { 0 };
	bool same = false;

	if (vault_find(&j->vault, id) &&
		!vault_record_opens(&j->vault, vault_find(&j->vault, id))) {
		put.keep_previous = false; /* nothing of it can be kept */
	} else if (vault_find(&j->vault, id)) {
		if (!vault_get(&j->vault, id, &now, e))
			return false;
		same = secret_equal(&now, value);
		secret_release(&now);
	}
	if (same)
		return true;
	*changed = true;
	return vault_put(&j->vault, &put, value, NULL, e);
}

/* Another key of the variable, different from the new one and from the profile's own. */
static bool keep_env_key(struct job *j, bool *changed, struct err *e)
{
	char profile[128];
	char id[VAULT_RECORD_ID_CAP];

	if (!j->old_env_key.len || secret_equal(&j->old_env_key, j->s->key) ||
		secret_equal(&j->old_env_key, &j->old_profile_key))
		return true;
	snprintf(profile, sizeof(profile), "env:%s", j->variable);
	return vault_record_id(id, j->s->agent, profile, "key", e) &&
	       put_record(j, profile, id, &j->old_env_key, changed, e);
}

static bool seal_values(struct job *j, bool *changed, struct err *e)
{
	bool has = vault_find(&j->vault, j->record) != NULL;

	if (j->old_profile_key.len && !has && !secret_equal(&j->old_profile_key, j->s->key) &&
		!put_record(j, j->s->profile_id, j->record, &j->old_profile_key, changed, e))
		return false;
	return keep_env_key(j, changed, e) &&
	       put_record(j, j->s->profile_id, j->record, j->s->key, changed, e);
}

static bool open_vault(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_VAULT];
	struct fs_stamp stamp;

	str_copy(f->path, sizeof(f->path), j->s->paths->vault);
	if (!keeps_secret(j))
		return true;
	if (!fs_stat(f->path, &stamp, e))
		return false;
	f->is_new = !stamp.exists;
	if (f->is_new) {
		j->needs_person = sealed(j) && j->s->opener == OPENER_PASSPHRASE;
		return true;
	}
	if (!job_open_vault(j, f->path, e))
		return false;
	if (j->s->accept_rollback)
		vault_accept_rollback(&j->vault);
	return true;
}

static bool prepare_vault(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_VAULT];
	struct job_file *key = &j->files[FILE_KEY];

	if (!sealed(j)) {
		if (!f->is_new && vault_find(&j->vault, j->record)) {
			f->changed = true;
			str_copy(f->change, sizeof(f->change), "-1 record");
			return vault_remove(&j->vault, j->record, e);
		}
		return true;
	}
	if (f->is_new) {
		f->changed = true;
		str_copy(f->change, sizeof(f->change), "new");
		key->changed = j->s->opener == OPENER_FILE;
		key->mode = 0400;
		str_copy(key->change, sizeof(key->change), "new");
		str_copy(key->note, sizeof(key->note),
			"opens the vault; keep it out of backups of the state folder");
		if (!fs_join(key->path, sizeof(key->path), j->s->paths->keys, "(new).key", e))
			return false;
		if (j->dry)
			return true;
		if (!job_create_vault(j, e))
			return false;
	}
	snprintf(f->change, sizeof(f->change), "%s",
		f->is_new                          ? "new"
		: vault_find(&j->vault, j->record) ? "new revision"
						   : "+1 record");
	return seal_values(j, &f->changed, e);
}

/* The copy in <state>/bin is what the gateway runs: its own user's, and this version's. */
static bool prepare_resolver(struct job *j, struct err *e)
{
	struct job_file *f = &j->files[FILE_RESOLVER];
	char source[FS_PATH_MAX];
	struct err missing = { 0 };

	if (!sealed(j) || !j->references)
		return true;
	f->mode = 0700;
	str_copy(f->path, sizeof(f->path), j->s->paths->resolver);
	if (!self_program(source, sizeof(source), "thinkfleetbot-resolve", e) ||
		!fs_read(source, BUF_MAX - 4096, &f->new, NULL, e))
		return false;
	if (!fs_read(f->path, BUF_MAX - 4096, &f->old, &f->stamp, &missing) && f->stamp.exists) {
		*e = missing;
		return false;
	}
	f->is_new = !f->stamp.exists;
	f->changed = f->is_new || f->old.len != f->new.len ||
		     memcmp(f->old.p, f->new.p, f->new.len) != 0 || (f->stamp.mode & 0777) != 0700;
	str_copy(f->change, sizeof(f->change), f->is_new ? "new" : "updated");
	return true;
}

static void prepare_notes(struct job *j)
{
	struct job_file *f = &j->files[FILE_NOTES];
	const struct check_result *r = j->s->check;
	struct fs_stamp stamp = { 0 };

	str_copy(f->path, sizeof(f->path), j->s->paths->checks);
	f->changed = keeps_secret(j) && ((r && r->verdict != VERDICT_NONE) || j->s->expires_ms);
	if (f->changed && fs_stat(f->path, &stamp, NULL))
		f->is_new = !stamp.exists;
	str_copy(f->change, sizeof(f->change), f->is_new ? "new" : "~1 entry");
}

bool job_prepare(struct job *j, struct err *e)
{
	const struct save *s = j->s;

	for (size_t i = 0; i < FILE_COUNT; i++)
		j->files[i].mode = 0600;
	if (keeps_secret(j)) {
		const char *field = s->method->kind == CRED_TOKEN ? "token" : "key";

		if (!vault_record_id(j->record, s->agent, s->profile_id, field, e))
			return false;
		j->variable = save_variable(s->provider, s->method);
		snprintf(j->sealed_name, sizeof(j->sealed_name), SEALED_PREFIX "%s",
			j->variable ? j->variable : "");
	}
	if (!open_vault(j, e) || !prepare_config(j, e) || !prepare_profiles(j, e) ||
		!prepare_env(j, e) || !prepare_vault(j, e) || !prepare_resolver(j, e))
		return false;
	prepare_notes(j);
	return true;
}

void job_release(struct job *j)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		buf_release(&j->files[i].old);
		buf_release(&j->files[i].new);
	}
	vault_release(&j->vault);
	for (size_t i = 0; i < j->made_count; i++)
		slot_key_release(&j->made[i]);
	profiles_release(&j->profiles);
	config_release(&j->config);
	dotenv_release(&j->env);
	secret_release(&j->old_profile_key);
	secret_release(&j->old_env_key);
}

/* Every prefix is a working state: what is referred to comes before what refers to it. */
static const enum file_id sealed_order[] = { FILE_KEY, FILE_VAULT, FILE_RESOLVER, FILE_CONFIG,
	FILE_PROFILES, FILE_ENV, FILE_NOTES };

/* The plain line first, the sealed copy last: at no point is there no credential. */
static const enum file_id plain_order[] = { FILE_KEY, FILE_ENV, FILE_CONFIG, FILE_PROFILES,
	FILE_VAULT, FILE_RESOLVER, FILE_NOTES };

const enum file_id *job_order(const struct save *s)
{
	return s->keep == KEEP_PLAIN ? plain_order : sealed_order;
}

void job_shown(char *out, size_t cap, const struct job *j, const struct job_file *f)
{
	struct str s = str_on(out, cap);

	fs_shorten(&s, f->path, j->s->paths->home);
}
