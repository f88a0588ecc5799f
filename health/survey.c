/* SPDX-License-Identifier: MIT */
#include "health/survey.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"
#include "health/survey_data.h"
#include "provider/own.h"

/* Who, where, and which agent: before anything is read. */
static void describe_place(struct survey *v)
{
	struct snapshot *s = v->s;
	const char *user = v->env.get(v->env.ctx, "USER");
	struct user account;

	if (!user || !user[0]) {
		user_find(&account, geteuid(), NULL); /* a name for people: "" costs nothing */
		user = account.name;
	}
	str_copy(s->user, sizeof(s->user), user);
	str_copy(s->home, sizeof(s->home), v->paths->home);
	if (gethostname(s->host, sizeof(s->host) - 1) != 0)
		s->host[0] = '\0';
	str_copy(s->state_dir, sizeof(s->state_dir), v->paths->state);
	str_copy(s->config_path, sizeof(s->config_path), v->paths->config);
	str_copy(s->env_path, sizeof(s->env_path), v->paths->env);
	str_copy(s->vault_path, sizeof(s->vault_path), v->paths->vault);
	s->now_ms = v->o->now_ms;
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* One store. Only paths that do not fit fail; a bad file is remembered. */
static bool load_store(
	struct survey *v, struct survey_store *store, const char *agent, struct err *e)
{
	const struct config_agent *listed = config_agent(&v->config, agent);

	if (!paths_agent_dir(store->agent_dir, sizeof(store->agent_dir), v->paths, agent,
		    listed ? listed->agent_dir : "", e))
		return false;
	if (!paths_profiles(store->path, sizeof(store->path), store->agent_dir, e) ||
		!paths_auth_state(
			store->state_path, sizeof(store->state_path), store->agent_dir, e))
		return false;
	profiles_load(&store->profiles, store->path, store->state_path, &store->error);
	return true;
}

static bool load_stores(struct survey *v, struct err *e)
{
	struct snapshot *s = v->s;
	const char *agent = v->o->agent;

	if (!agent || !agent[0])
		agent = config_default_agent(&v->config);
	agent_normalise(s->agent, agent);
	v->layered = strcmp(s->agent, AGENT_DEFAULT) != 0;
	if (!load_store(v, &v->own, s->agent, e))
		return false;
	if (v->layered && !load_store(v, &v->main, AGENT_DEFAULT, e))
		return false;
	str_copy(s->agent_dir, sizeof(s->agent_dir), v->own.agent_dir);
	str_copy(s->store_path, sizeof(s->store_path), v->own.path);
	return true;
}

/*
 * What is there and could not be read: the snapshot goes on without it and says so. Without
 * memory there is none, because nothing in it could be told from what is not there.
 */
static bool note_unread(struct survey *v, struct err *e)
{
	const struct err *const all[] = { &v->config_error, &v->own.error, &v->main.error,
		&v->dotenv_error, &v->vault_error, &v->checks_error };
	struct snapshot *s = v->s;

	_Static_assert(ARRAY_LEN(all) == SNAPSHOT_UNREAD, "one place for each file");
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i]->code == ERR_MEMORY)
			return err_set(e, ERR_MEMORY, "%s", all[i]->msg);
		if (all[i]->code && all[i]->code != ERR_NOT_FOUND)
			s->unread[s->unread_count++] = *all[i];
	}
	return v->unlock_error.code != ERR_MEMORY && v->key_error.code != ERR_MEMORY
		       ? true
		       : err_set(e, ERR_MEMORY, "%s: out of memory", v->paths->vault);
}

void survey_learn(const struct config *c)
{
	for (size_t i = 0; i < c->provider_count; i++) {
		const struct config_provider *p = &c->providers[i];

		provider_learn(&(struct own_facts){ .id = p->id,
			.base_url = p->base_url,
			.api = p->api,
			.keyless = p->key == CONFIG_KEY_MARKER });
	}
}

static bool load(struct survey *v, struct err *e)
{
	struct snapshot *s = v->s;

	s->state_exists = exists(v->paths->state);
	config_load(&v->config, v->paths->config, &v->config_error);
	survey_learn(&v->config);
	if (!load_stores(v, e))
		return false;
	dotenv_load(&v->dotenv, v->paths->env, &v->dotenv_stamp, &v->dotenv_error);
	checks_load(&v->checks, v->paths->checks, &v->checks_error);
	survey_open_vault(v);
	s->config_exists = exists(v->paths->config);
	s->store_exists = exists(v->own.path);
	s->env_exists = exists(v->paths->env);
	s->vault_exists = exists(v->paths->vault);
	return note_unread(v, e);
}

static bool gather(struct survey *v, struct err *e)
{
	if (!load(v, e) || !survey_profiles(v, e))
		return false;
	survey_shell(v);
	survey_variables(v);
	survey_checks(v);
	if (!survey_models(v, e) || !survey_select(v, e))
		return false;
	survey_protection(v);
	if (!survey_service(v, e))
		return false;
	if (v->o->want_findings)
		doctor_run(v);
	return v->failed ? err_set(e, ERR_MEMORY, "out of memory") : true;
}

static void release(struct survey *v)
{
	config_release(&v->config);
	profiles_release(&v->own.profiles);
	profiles_release(&v->main.profiles);
	dotenv_release(&v->dotenv);
	vault_release(&v->vault);
	secret_release(&v->opened);
	checks_release(&v->checks);
	free(v->sources);
	free(v->configured);
}

bool survey_take(struct snapshot *out, const struct survey_options *o, struct err *e)
{
	struct survey_options options = *o;
	struct survey *v;
	bool ok;

	*out = (struct snapshot){ 0 };
	v = calloc(1, sizeof(*v));
	if (!v)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (options.warn_ms <= 0)
		options.warn_ms = SURVEY_WARN_MS;
	v->o = &options;
	v->paths = options.paths;
	v->env = options.env ? *options.env : paths_env_process();
	v->s = out;
	describe_place(v);
	ok = gather(v, e);
	release(v);
	free(v);
	if (!ok)
		snapshot_release(out);
	return ok;
}
