/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/user.h"
#include "health/service.h"
#include "health/service_view.h"
#include "health/survey_data.h"

/*
 * The gateway beside this shell: which variables its service gets, what the running one holds, and
 * whether that is what is stored now (gateway-family.md 6.1; the sixth fact).
 */

/* --- one variable ------------------------------------------------------------------------------
 */

struct look {
	struct survey *v;
	struct service service;
	struct dotenv dir_env; /* of the service's working folder */
	char dir_env_path[PATHS_CAP];
	bool has_dir_env;
	bool import; /* the gateway asks a login shell */
};

static void cell_of(const struct survey *v, struct service_cell *c, const struct service_var *var)
{
	struct str from = STR_OF(c->from);

	if (!var)
		return;
	c->state = var->blank ? CELL_BLANK : CELL_SET;
	str_copy(c->fingerprint, sizeof(c->fingerprint), var->fingerprint);
	if (var->file)
		fs_shorten(&from, var->file, v->paths->home);
	if (var->file && var->line)
		str_fmt(&from, ":%u", var->line);
}

static void cell_text(struct service_cell *c, const char *value, size_t n)
{
	struct credential described = { 0 };

	c->state = CELL_BLANK;
	for (size_t i = 0; i < n && c->state == CELL_BLANK; i++)
		if (!strchr(" \t\r\n", value[i]))
			c->state = CELL_SET;
	if (c->state != CELL_SET)
		return;
	survey_describe(&described, value, n);
	str_copy(c->fingerprint, sizeof(c->fingerprint), described.fingerprint);
}

static void cell_dotenv(const struct survey *v, struct service_cell *c, const struct dotenv *env,
	const char *path, const char *name)
{
	uint32_t entry = dotenv_find(env, name);
	struct str from = STR_OF(c->from);
	struct secret value = { 0 };

	if (entry == DOTENV_NONE)
		return;
	c->state = CELL_UNKNOWN;
	if (dotenv_value(env, entry, &value, NULL))
		cell_text(c, value.bytes, value.len);
	secret_release(&value);
	fs_shorten(&from, path, v->paths->home);
	str_fmt(&from, ":%u", env->entries[entry].line);
}

/* A sealed line of .env, which only `thinkfleetbot run` opens. */
static void cell_sealed(struct survey *v, struct service_cell *c, const char *name)
{
	struct credential found = { 0 };
	struct str from = STR_OF(c->from);

	if (!survey_sealed_variable(v, name, &found))
		return;
	c->state = found.fingerprint[0] ? CELL_SET : CELL_UNKNOWN;
	str_copy(c->fingerprint, sizeof(c->fingerprint), found.fingerprint);
	str_add(&from, found.ref);
}

static void cell_config(struct survey *v, struct service_cell *c, const char *name)
{
	struct credential found = { 0 };

	if (!survey_config_variable(v, name, &found))
		return;
	c->state = CELL_SET;
	str_copy(c->fingerprint, sizeof(c->fingerprint), found.fingerprint);
}

static void cell_import(struct survey *v, struct service_cell *c, const char *name)
{
	struct credential found = { 0 };

	if (!survey_shell_value(v, name, &found))
		return;
	c->state = CELL_SET;
	str_copy(c->fingerprint, sizeof(c->fingerprint), found.fingerprint);
}

/*
 * What a start now gives it, in the order of gateway-family.md 6.1. A .env does not replace what is
 * set at all, be it to nothing; the configuration and the login shell replace what is blank.
 */
static void find_winner(struct look *l, struct service_row *row)
{
	struct survey *v = l->v;
	bool present = row->unit.state != CELL_UNSET;
	struct service_cell cells[] = { [WINS_SHELL] = { 0 } };

	cells[WINS_UNIT] = row->unit;
	if (row->unit.state != CELL_SET && l->service.command.run)
		cell_sealed(v, &cells[WINS_SEALED], row->name);
	if (!present && l->has_dir_env)
		cell_dotenv(v, &cells[WINS_DIR_ENV], &l->dir_env, l->dir_env_path, row->name);
	present |= cells[WINS_DIR_ENV].state != CELL_UNSET;
	if (!present)
		cells[WINS_DOTENV] = row->dotenv;
	cell_config(v, &cells[WINS_CONFIG], row->name);
	if (l->import)
		cell_import(v, &cells[WINS_SHELL], row->name);
	for (size_t i = WINS_UNIT; i < ARRAY_LEN(cells); i++) {
		if (cells[i].state != CELL_SET && cells[i].state != CELL_UNKNOWN)
			continue;
		row->wins = (enum service_wins)i;
		row->next = cells[i];
		return;
	}
}

static bool fill_row(
	struct look *l, struct service_row *row, const char *name, const char *provider)
{
	struct survey *v = l->v;
	const struct service *s = &l->service;
	const char *shell = v->env.get(v->env.ctx, name);

	*row = (struct service_row){ 0 };
	str_copy(row->name, sizeof(row->name), name);
	str_copy(row->provider, sizeof(row->provider), provider);
	if (shell)
		cell_text(&row->shell, shell, strlen(shell));
	cell_dotenv(v, &row->dotenv, &v->dotenv, v->paths->env, name);
	cell_of(v, &row->unit, vars_find(&s->vars, name));
	cell_of(v, &row->process, vars_find(&s->process.vars, name));
	if (s->process.pid && !s->process.readable)
		row->process.state = CELL_UNKNOWN;
	if (s->kind && s->ours)
		find_winner(l, row);
	return row->shell.state || row->dotenv.state || row->unit.state ||
	       row->process.state == CELL_SET || row->wins;
}

static bool has_row(const struct service_view *view, const char *name)
{
	return service_row(view, name) != NULL;
}

static void add_row(
	struct look *l, struct service_view *view, const char *name, const char *provider)
{
	if (!has_row(view, name) && fill_row(l, &view->rows[view->row_count], name, provider))
		view->row_count++;
}

static void add_rows(struct look *l, struct service_view *view)
{
	const struct config *c = &l->v->config;

	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t k = 0; k < PROVIDER_VARS && p->vars[k]; k++)
			add_row(l, view, p->vars[k], p->id);
	}
	for (size_t i = 0; i < c->provider_count; i++)
		if (c->providers[i].key == CONFIG_KEY_VARIABLE)
			add_row(l, view, c->providers[i].variable, c->providers[i].id);
}

/* --- the view ----------------------------------------------------------------------------------
 */

static const char *kind_name(enum service_kind k)
{
	static const char *const names[] = {
		[SERVICE_NONE] = "",
		[SERVICE_USER] = "systemd-user",
		[SERVICE_SYSTEM] = "systemd-system",
		[SERVICE_LAUNCHD] = "launchd",
	};

	return names[k];
}

/* Files of mode 0600 are read by their owner and by root. */
static bool can_read(const struct survey *v, const struct service *s)
{
	struct user owner = { 0 };
	struct stat st;

	if (!s->user[0] || strcmp(s->user, "root") == 0 || stat(v->paths->real, &st) != 0)
		return true;
	if (!user_find(&owner, st.st_uid, NULL))
		return true;
	return strcmp(owner.name, s->user) == 0;
}

static void describe_service(
	struct service_view *view, const struct survey *v, const struct service *s)
{
	view->kind = kind_name(s->kind);
	str_copy(view->name, sizeof(view->name), s->name);
	str_copy(view->path, sizeof(view->path), s->path);
	str_copy(view->user, sizeof(view->user), s->user);
	str_copy(view->home, sizeof(view->home), s->home);
	str_copy(view->dir, sizeof(view->dir), s->dir);
	str_copy(view->state, sizeof(view->state), s->state);
	str_copy(view->gap, sizeof(view->gap), s->gap);
	view->ours = s->ours;
	view->masked = s->masked;
	str_copy(view->active, sizeof(view->active), s->active);
	view->needs_reload = s->needs_reload;
	view->run = s->command.run;
	view->readable_state = can_read(v, s);
}

static void describe_process(struct service_view *view, const struct service *s)
{
	const struct service_process *p = &s->process;
	struct user account = { 0 };

	if (!p->pid)
		return;
	view->pid = (int)p->pid;
	view->started_ms = p->started_ms;
	view->readable = p->readable;
	view->own_unit = s->kind && (strcmp(p->unit, s->name) == 0 || p->pid == s->main_pid);
	if (user_find(&account, p->uid, NULL))
		str_copy(view->process_user, sizeof(view->process_user), account.name);
}

/* Releases of January read it; later ones take no credentials from there. */
static void load_dir_env(struct look *l)
{
	const struct service *s = &l->service;
	char *path = l->dir_env_path;

	if (!s->dir[0] || !s->command.family || !s->command.family->january ||
		!fs_join(path, sizeof(l->dir_env_path), s->dir, ".env", NULL) ||
		strcmp(path, l->v->paths->env) == 0)
		return;
	l->has_dir_env = dotenv_load(&l->dir_env, path, NULL, NULL);
}

/* It asks unless one of the expected keys is there by other means (gateway-family.md 6.5). */
static void ask_shell(struct look *l)
{
	const char *name;

	if (!l->v->s->shell_env || !l->service.kind || !l->service.ours)
		return;
	for (size_t i = 0; (name = survey_expected(i)); i++) {
		struct service_row row;

		fill_row(l, &row, name, "");
		if (row.wins)
			return;
	}
	survey_shell_ask(l->v);
	l->import = true;
}

static bool make_view(struct look *l, struct err *e)
{
	size_t rows = provider_count() * PROVIDER_VARS + l->v->config.provider_count;
	struct service_view *view;

	if (!l->service.kind && !l->service.process.pid)
		return true;
	view = calloc(1, sizeof(*view) + rows * sizeof(view->rows[0]));
	if (!view)
		return err_set(e, ERR_MEMORY, "out of memory");
	describe_service(view, l->v, &l->service);
	describe_process(view, &l->service);
	load_dir_env(l);
	ask_shell(l);
	add_rows(l, view);
	l->v->s->service = view;
	return true;
}

/* --- the sixth fact ----------------------------------------------------------------------------
 */

/* It was read after the gateway started; a whole second is as exact as the vault's dates are. */
static enum in_use by_time(int64_t started_ms, int64_t changed_ms)
{
	if (!started_ms || !changed_ms)
		return IN_USE_UNKNOWN;
	if (started_ms >= changed_ms + MS_SECOND)
		return IN_USE_CURRENT;
	return started_ms < changed_ms ? IN_USE_OLDER : IN_USE_UNKNOWN;
}

/* A file is younger than a key in it when something else in it changed: no proof that it is old. */
static enum in_use by_file(int64_t started_ms, const struct fs_stamp *stamp)
{
	enum in_use u = by_time(started_ms, stamp->mtime_ns / 1000000);

	return stamp->exists && u == IN_USE_CURRENT ? u : IN_USE_UNKNOWN;
}

/* In the process's own variables. A value that a restart does not bring is no older one. */
static enum in_use by_variable(const struct credential *c, const struct service_row *row)
{
	if (strcmp(row->process.fingerprint, c->fingerprint) == 0)
		return IN_USE_CURRENT;
	if (!row->wins && c->stored != STORED_ENVIRONMENT)
		return IN_USE_OLDER;
	return strcmp(row->next.fingerprint, c->fingerprint) == 0 ? IN_USE_OLDER : IN_USE_OTHER;
}

/* A gateway that resolves references takes the profile before any variable (6.6). */
static bool by_reference(const struct survey *v, const struct credential *c)
{
	return c->in_store && c->stored == STORED_SEALED && !paths_january(v->paths->config);
}

/* No variable of the process tells: by the dates of what it read at its start. */
static enum in_use by_dates(const struct survey *v, const struct credential *c)
{
	int64_t started = v->s->service->started_ms;
	enum in_use u;

	switch (c->stored) {
	case STORED_SEALED:
		u = by_time(started, c->sealed_at_ms);
		/* Not a reference, and not among its variables: then it has none at all. */
		return by_reference(v, c) || !v->s->service->readable || u == IN_USE_OLDER
			       ? u
			       : IN_USE_UNKNOWN;
	case STORED_PLAIN_ENV:
		return by_file(started, &v->dotenv_stamp);
	case STORED_PLAIN_CONFIG:
		return by_file(started, &v->config.stamp);
	case STORED_PLAIN_PROFILES:
		/* Read again for every request there; later ones keep what they started with. */
		return paths_january(v->paths->config) ? IN_USE_CURRENT : IN_USE_UNKNOWN;
	default:
		return IN_USE_UNKNOWN;
	}
}

static enum in_use judge(const struct survey *v, const struct credential *c)
{
	const struct service_row *row = c->var[0] ? service_row(v->s->service, c->var) : NULL;
	enum in_use u = IN_USE_UNKNOWN;

	if (row && row->process.state == CELL_SET && c->fingerprint[0])
		u = by_variable(c, row);
	if (u == IN_USE_UNKNOWN || (u != IN_USE_CURRENT && by_reference(v, c)))
		return by_dates(v, c);
	return u;
}

static void judge_all(struct survey *v)
{
	if (!v->s->service || !v->s->service->pid)
		return;
	for (size_t i = 0; i < v->s->credential_count; i++)
		v->s->credentials[i].in_use = judge(v, &v->s->credentials[i]);
}

bool survey_service(struct survey *v, struct err *e)
{
	struct look *l = calloc(1, sizeof(*l));
	struct service_options o = { .root = v->o->root ? v->o->root : "",
		.home = v->paths->home,
		.user = v->s->user,
		.uid = geteuid(),
		.env = &v->env,
		.state = v->paths->real,
		.ask_systemd = v->o->ask_systemd };
	bool ok;

	if (!l)
		return err_set(e, ERR_MEMORY, "out of memory");
	l->v = v;
	ok = service_look(&l->service, &o, e) && make_view(l, e);
	if (ok)
		judge_all(v);
	dotenv_release(&l->dir_env);
	service_release(&l->service);
	free(l);
	return ok;
}
