/* SPDX-License-Identifier: MIT */
#include "cli/opener.h"

#include <stdlib.h>
#include <string.h>

#include "cli/agents.h"

void opener_init(struct opener *o, const struct place *place)
{
	*o = (struct opener){ .place = place };
}

void opener_release(struct opener *o)
{
	vault_release(&o->vault);
	profiles_release(&o->own);
	profiles_release(&o->main);
	dotenv_release(&o->env);
	*o = (struct opener){ 0 };
}

/* --- files, each at most once -----------------------------------------------------------------
 */

static bool settled(const struct opener_file *f, struct err *e)
{
	if (f->error.code && e)
		*e = f->error;
	return !f->error.code;
}

static bool need_vault(struct opener *o, struct err *e)
{
	const struct paths *p = &o->place->paths;
	struct opener_file *f = &o->vault_file;

	if (!f->read && vault_load(&o->vault, p->vault, &f->error)) {
		vault_tolerate(&o->vault);
		vault_unlock_unattended(&o->vault, p->keys, &f->error);
	}
	f->read = true;
	return settled(f, e);
}

static bool need_own(struct opener *o, struct err *e)
{
	struct opener_file *f = &o->own_file;

	if (!f->read)
		profiles_load(&o->own, o->place->profiles, NULL, &f->error);
	f->read = true;
	return settled(f, e);
}

static bool need_main(struct opener *o, struct err *e)
{
	struct opener_file *f = &o->main_file;
	char path[FS_PATH_MAX];

	if (!f->read && agents_profiles(path, sizeof(path), o->place, AGENT_DEFAULT, &f->error))
		profiles_load(&o->main, path, NULL, &f->error);
	f->read = true;
	return settled(f, e);
}

static bool need_env(struct opener *o, struct err *e)
{
	struct opener_file *f = &o->env_file;

	if (!f->read)
		dotenv_load(&o->env, o->place->paths.env, NULL, &f->error);
	f->read = true;
	return settled(f, e);
}

/* --- where a secret can be ---------------------------------------------------------------------
 */

static bool from_vault(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	return need_vault(o, e) && vault_get(&o->vault, c->ref, out, e);
}

static bool from_profiles(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	if (!need_own(o, e))
		return false;
	if (profiles_find(&o->own, c->id))
		return profiles_secret(&o->own.doc, c->id, out, e);
	return need_main(o, e) && profiles_secret(&o->main.doc, c->id, out, e);
}

static bool from_env_file(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	return need_env(o, e) && dotenv_get(&o->env, c->var, out, e);
}

static const struct config_env *config_variable(const struct config *c, const char *name)
{
	for (size_t i = c->env_count; i > 0; i--)
		if (strcmp(c->env[i - 1].name, name) == 0)
			return &c->env[i - 1];
	return NULL;
}

bool opener_variable(struct opener *o, struct secret *out, const char *name, struct err *e)
{
	const struct config_env *row = config_variable(&o->place->config, name);
	const char *value = getenv(name);

	*out = (struct secret){ 0 };
	if (value && value[0])
		return secret_from(out, value, strlen(value), e);
	if (need_env(o, e) && dotenv_find(&o->env, name) != DOTENV_NONE)
		return dotenv_get(&o->env, name, out, e);
	if (row)
		return config_env_value(&o->place->config, row, out, e);
	return err_set(e, ERR_NOT_FOUND, "%s is not set", name);
}

static bool from_environment(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	return opener_variable(o, out, c->var, e);
}

static bool from_config(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	const struct config *config = &o->place->config;
	const struct config_env *row = c->var[0] ? config_variable(config, c->var) : NULL;

	return row ? config_env_value(config, row, out, e)
		   : config_provider_key(config, c->provider, out, e);
}

static bool not_needed(
	struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	(void)o;
	(void)c;
	return secret_init(out, 0, e);
}

bool opener_get(struct opener *o, struct secret *out, const struct credential *c, struct err *e)
{
	static bool (*const ways[])(
		struct opener *, struct secret *, const struct credential *, struct err *) = {
		[STORED_SEALED] = from_vault,
		[STORED_PLAIN_ENV] = from_env_file,
		[STORED_PLAIN_PROFILES] = from_profiles,
		[STORED_ENVIRONMENT] = from_environment,
		[STORED_NOT_NEEDED] = not_needed,
		[STORED_PLAIN_CONFIG] = from_config,
	};

	*out = (struct secret){ 0 };
	if (c->stored >= ARRAY_LEN(ways) || !ways[c->stored])
		return err_set(e, ERR_NOT_FOUND, "%s has no stored secret", c->id);
	return ways[c->stored](o, out, c, e);
}
