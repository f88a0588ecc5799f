/* SPDX-License-Identifier: MIT */
#include "provider/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "provider/url.h"

#define OWN_MAX 64

/* As long as the program runs: rows are pointed at by whatever works with a provider. */
static struct own_provider *learned[OWN_MAX];
static size_t learned_count;

/* --- making one ---------------------------------------------------------------------------- */

static bool good_name(const char *id)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

	return id[0] >= 'a' && id[0] <= 'z' && id[strspn(id, chars)] == '\0' &&
	       strlen(id) <= OWN_NAME_MAX;
}

static bool in_table(const char *id)
{
	for (size_t i = 0; i < provider_count(); i++)
		if (strcmp(provider_at(i)->id, id) == 0)
			return true;
	return false;
}

static bool name_it(char id[OWN_NAME_MAX + 1], const char *name, struct err *e)
{
	if (!provider_normalise(id, OWN_NAME_MAX + 1, name) || !good_name(id)) {
		err_set(e, ERR_USAGE, "\"%.60s\" cannot be an endpoint's name", name);
		return err_hint(e,
			"a letter first; letters, digits, dots and dashes; %d at most, for "
			"example my-llm",
			OWN_NAME_MAX);
	}
	if (!in_table(id))
		return true;
	err_set(e, ERR_USAGE, "%s is the name of a provider that is known already", id);
	return err_hint(e, "choose another name, for example my-%s", id);
}

static bool table_has_variable(const char *name)
{
	for (size_t i = 0; i < provider_count(); i++)
		for (size_t k = 0; k < PROVIDER_VARS && provider_at(i)->vars[k]; k++)
			if (strcmp(provider_at(i)->vars[k], name) == 0)
				return true;
	return false;
}

static void name_variable(struct own_provider *o, const char *end)
{
	struct str s = STR_OF(o->var);

	str_fmt(&s, "%s%s", o->id, end);
	for (char *c = o->var; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (*c == '.' || *c == '-')
			*c = '_';
	}
}

static bool take_address(struct own_provider *o, const char *base_url, struct err *e)
{
	struct url url;
	size_t n = strlen(base_url);

	if (n >= sizeof(o->base_url))
		return err_set(e, ERR_CONFIG, "base address refused: longer than %zu characters",
			sizeof(o->base_url) - 1);
	if (!url_parse(&url, base_url, e))
		return false;
	str_copy(o->base_url, sizeof(o->base_url), base_url);
	while (n && o->base_url[n - 1] == '/')
		o->base_url[--n] = '\0';
	return true;
}

bool own_provider_wanted(const struct provider *p)
{
	return p->custom && !p->like;
}

bool own_provider_unnamed(const struct provider *p)
{
	return p->custom && !provider_row(p)->var;
}

bool own_provider_make(struct own_provider *o, const struct provider *like, const char *name,
	const char *base_url, struct err *e)
{
	struct own_provider made = { .row = *provider_row(like) };
	bool unnamed = own_provider_unnamed(like);

	if ((unnamed && !name_it(made.id, name, e)) || !take_address(&made, base_url, e))
		return false;
	*o = made;
	o->row.like = provider_row(like);
	o->row.base_url = o->base_url;
	o->row.before = NULL;
	if (!unnamed)
		return str_copy(o->id, sizeof(o->id), like->id);
	name_variable(o, "_API_KEY");
	if (table_has_variable(o->var)) /* "gemini": its key must not become Google's */
		name_variable(o, "_CUSTOM_API_KEY");
	o->row.id = o->row.label = o->id;
	o->row.var = o->row.vars[0] = o->var;
	return true;
}

/* --- the protocols ------------------------------------------------------------------------- */

/* The first of a kind is the one that is written. */
static const struct {
	const char *name;
	enum api_style api;
} apis[] = {
	{ "openai-completions", API_OPENAI },
	{ "openai-responses", API_OPENAI },
	{ "", API_OPENAI }, /* what gateways take when nothing is said */
	{ "anthropic-messages", API_ANTHROPIC },
};

const struct provider *own_provider_like(const char *api)
{
	size_t a = 0;

	while (a < ARRAY_LEN(apis) && strcmp(apis[a].name, api) != 0)
		a++;
	for (size_t i = 0; a < ARRAY_LEN(apis) && i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		if (own_provider_unnamed(p) && p->api == apis[a].api)
			return p;
	}
	return NULL;
}

const char *own_provider_api(const struct provider *p)
{
	for (size_t i = 0; i < ARRAY_LEN(apis); i++)
		if (apis[i].api == p->api)
			return apis[i].name;
	return apis[0].name;
}

/* --- what was learned ---------------------------------------------------------------------- */

bool provider_learn(const struct own_facts *f)
{
	const struct provider *like = own_provider_like(f->api);
	struct own_provider made;
	size_t i = 0;

	if (!like || !f->base_url[0] || !own_provider_make(&made, like, f->id, f->base_url, NULL))
		return false;
	while (i < learned_count && strcmp(learned[i]->id, made.id) != 0)
		i++;
	if (i == OWN_MAX)
		return false;
	if (i == learned_count) {
		learned[i] = malloc(sizeof(*learned[i]));
		if (!learned[i])
			return false;
		learned_count++;
	}
	if (!own_provider_make(learned[i], like, f->id, f->base_url, NULL))
		return false;
	learned[i]->row.local = f->keyless;
	return true;
}

size_t provider_known_count(void)
{
	return provider_count() + learned_count;
}

const struct provider *provider_known_at(size_t i)
{
	return i < provider_count() ? provider_at(i) : &learned[i - provider_count()]->row;
}

const struct provider *provider_row(const struct provider *p)
{
	return p->like ? p->like : p;
}
