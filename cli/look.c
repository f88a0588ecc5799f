/* SPDX-License-Identifier: MIT */
#include "cli/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/self.h"
#include "cli/say.h"
#include "health/survey.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/vault.h"

bool look_take(struct snapshot *out, const struct place *p, const struct look *how, struct err *e)
{
	char resolver[FS_PATH_MAX];
	bool installed = self_program(resolver, sizeof(resolver), "thinkfleetbot-resolve", NULL);
	struct survey_options o = { .paths = &p->paths,
		.agent = p->agent,
		.resolver = installed ? resolver : NULL,
		.want_findings = how->findings,
		.deep = how->deep,
		.now_ms = clock_now_ms(),
		.warn_ms = how->warn_ms };

	return survey_take(out, &o, e);
}

bool look_complete(const struct snapshot *s, struct err *e)
{
	for (size_t i = 1; i < s->unread_count; i++)
		say_warning("%s", s->unread[i].msg);
	if (s->unread_count && e)
		*e = s->unread[0];
	else if (memory_ran_out())
		err_set(e, ERR_MEMORY, "out of memory: the answer may lack something");
	return !s->unread_count && !memory_ran_out();
}

bool look_warn(const char *text, int64_t *ms, struct err *e)
{
	*ms = MS_DAY;
	return !text || clock_parse_duration(text, "d", ms, e) || err_wrap(e, "--warn-within");
}

static bool from_vault(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	struct vault v = { 0 };
	bool ok = false;

	if (vault_load(&v, p->paths.vault, e)) {
		vault_tolerate(&v);
		ok = vault_unlock_unattended(&v, p->paths.keys, e) && vault_get(&v, c->ref, out, e);
	}
	vault_release(&v);
	return ok;
}

static bool from_profiles(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	struct profiles list = { 0 };
	bool ok = profiles_load(&list, p->profiles, NULL, e) &&
		  profiles_secret(&list.doc, c->id, out, e);

	profiles_release(&list);
	return ok;
}

static bool from_env_file(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	struct dotenv env = { 0 };
	bool ok = dotenv_load(&env, p->paths.env, NULL, e) && dotenv_get(&env, c->var, out, e);

	dotenv_release(&env);
	return ok;
}

static bool from_environment(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	const char *value = getenv(c->var);

	(void)p;
	if (!value || !value[0])
		return err_set(e, ERR_NOT_FOUND, "%s is not set", c->var);
	return secret_from(out, value, strlen(value), e);
}

static bool not_needed(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	(void)p;
	(void)c;
	return secret_init(out, 0, e);
}

bool look_secret(
	struct secret *out, const struct place *p, const struct credential *c, struct err *e)
{
	static bool (*const ways[])(
		struct secret *, const struct place *, const struct credential *, struct err *) = {
		[STORED_SEALED] = from_vault,
		[STORED_PLAIN_ENV] = from_env_file,
		[STORED_PLAIN_PROFILES] = from_profiles,
		[STORED_ENVIRONMENT] = from_environment,
		[STORED_NOT_NEEDED] = not_needed,
	};

	*out = (struct secret){ 0 };
	if (c->stored >= ARRAY_LEN(ways) || !ways[c->stored])
		return err_set(e, ERR_NOT_FOUND, "%s has no stored secret", c->id);
	return ways[c->stored](out, p, c, e);
}
