/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/survey_data.h"
#include "provider/own.h"

/*
 * Variables, in the order a gateway gets them (gateway-family.md 6.1): the
 * process's, the record that `thinkfleetbot run` delivers, the state folder's
 * .env, the configuration's env block, the login shell. Each source is a function of the same
 * shape; the first that has a value wins.
 */

static bool blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static const char *process_value(const struct survey *v, const char *name)
{
	return v->env.get(v->env.ctx, name);
}

static bool from_process(struct survey *v, const char *name, struct credential *c)
{
	const char *value = process_value(v, name);

	if (!value || blank(value))
		return false;
	c->stored = STORED_ENVIRONMENT;
	survey_describe(c, value, strlen(value));
	return true;
}

bool survey_sealed_variable(struct survey *v, const char *name, struct credential *c)
{
	char key[sizeof(SEALED_PREFIX) + sizeof(c->var)];
	struct str s = STR_OF(key);

	str_fmt(&s, "%s%s", SEALED_PREFIX, name);
	if (s.cut || !dotenv_text(&v->dotenv, key, c->ref, sizeof(c->ref)) || !c->ref[0])
		return false;
	c->stored = STORED_SEALED;
	survey_open_record(v, c);
	return true;
}

/* run never replaces what is set. */
static bool from_sealed_line(struct survey *v, const char *name, struct credential *c)
{
	return !process_value(v, name) && survey_sealed_variable(v, name, c);
}

static bool from_dotenv(struct survey *v, const char *name, struct credential *c)
{
	struct secret value = { 0 };
	bool found = !process_value(v, name) && dotenv_get(&v->dotenv, name, &value, NULL) &&
		     !blank(value.bytes);

	if (found) {
		c->stored = STORED_PLAIN_ENV;
		survey_describe(c, value.bytes, value.len);
	}
	secret_release(&value);
	return found;
}

bool survey_config_variable(struct survey *v, const char *name, struct credential *c)
{
	bool found = false;

	/* From the end: a gateway lets the later row win. */
	for (size_t i = v->config.env_count; !found && i > 0; i--) {
		const struct config_env *row = &v->config.env[i - 1];
		struct secret value = { 0 };

		if (strcmp(row->name, name) != 0)
			continue;
		found = config_env_value(&v->config, row, &value, NULL) && !blank(value.bytes);
		if (found) {
			c->stored = STORED_PLAIN_CONFIG;
			survey_describe(c, value.bytes, value.len);
		}
		secret_release(&value);
	}
	return found;
}

typedef bool (*source)(struct survey *v, const char *name, struct credential *c);

static const source sources[] = { from_process, from_sealed_line, from_dotenv,
	survey_config_variable, survey_shell_variable };

bool survey_variable(struct survey *v, const char *name, struct credential *c)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (sources[i](v, name, c))
			return true;
	return false;
}

/* The profile of the store that the record of a sealed line belongs to. */
static struct credential *owner(struct survey *v, const char *ref)
{
	for (size_t i = 0; i < v->store_count; i++)
		if (strcmp(v->s->credentials[i].ref, ref) == 0)
			return &v->s->credentials[i];
	return NULL;
}

static void name_it(struct credential *c, const struct provider *p, const char *name)
{
	str_copy(c->id, sizeof(c->id), name);
	str_copy(c->var, sizeof(c->var), name);
	str_copy(c->provider, sizeof(c->provider), p->id);
	c->kind = strstr(name, "OAUTH_TOKEN") ? CRED_TOKEN : CRED_API_KEY;
}

static void add_variable(struct survey *v, const struct provider *p, const char *name)
{
	struct credential found = { 0 };
	struct credential *c;

	if (!survey_variable(v, name, &found))
		return;
	c = found.stored == STORED_SEALED ? owner(v, found.ref) : NULL;
	if (c) {
		str_copy(c->var, sizeof(c->var), name);
		return;
	}
	c = survey_add(v);
	if (!c)
		return;
	*c = found;
	name_it(c, p, name);
}

/* Plain text in .env that the process's own variable hides: still on the disk. */
static void add_hidden(struct survey *v, const struct provider *p, const char *name)
{
	struct secret value = { 0 };
	struct credential *c = NULL;

	if (process_value(v, name) && dotenv_get(&v->dotenv, name, &value, NULL) &&
		!blank(value.bytes))
		c = survey_add(v);
	if (c) {
		struct str id = STR_OF(c->id);

		name_it(c, p, name);
		id.len = strlen(c->id);
		str_add(&id, " (.env)");
		c->stored = STORED_PLAIN_ENV;
		survey_describe(c, value.bytes, value.len);
	}
	secret_release(&value);
}

/* models.providers.<id>.apiKey in plain text. */
static void add_config_key(struct survey *v, const struct config_provider *p)
{
	struct secret key = { 0 };
	struct credential *c;

	if (p->key != CONFIG_KEY_PLAIN || !config_provider_key(&v->config, p->id, &key, NULL))
		return;
	c = survey_add(v);
	if (c) {
		struct str id = STR_OF(c->id);

		str_fmt(&id, "models.providers.%s.apiKey", p->id);
		str_copy(c->provider, sizeof(c->provider), p->id);
		c->kind = CRED_API_KEY;
		c->stored = STORED_PLAIN_CONFIG;
		survey_describe(c, key.bytes, key.len);
	}
	secret_release(&key);
}

void survey_variables(struct survey *v)
{
	for (size_t i = 0; i < provider_known_count(); i++) {
		const struct provider *p = provider_known_at(i);

		for (size_t k = 0; k < PROVIDER_VARS && p->vars[k]; k++) {
			add_variable(v, p, p->vars[k]);
			add_hidden(v, p, p->vars[k]);
		}
	}
	for (size_t i = 0; i < v->config.provider_count; i++)
		add_config_key(v, &v->config.providers[i]);
}
