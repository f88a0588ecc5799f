/* SPDX-License-Identifier: MIT */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/service_impl.h"

/*
 * One unit with its drop-ins, and the environment that a start of it would give (systemd.exec(5)
 * "Environment variables"): the manager's, the account's, Environment=, the files of
 * EnvironmentFile=, without what UnsetEnvironment= names. The later wins.
 */

struct env_file {
	char path[PATHS_CAP]; /* a pattern, specifiers replaced */
	bool optional;        /* written with "-" */
	char from[PATHS_CAP];
	unsigned line;
};

struct loader {
	struct service *out;
	const struct service_options *o;
	struct unit_specifiers spec;
	const char *file; /* that is being read */
	struct service_vars set;
	struct env_file files[ENV_FILES_MAX];
	size_t file_count;
	struct buf pass, unset, command; /* words, each with its NUL */
	struct buf word, text;
	char user[64]; /* User= */
	char dir[PATHS_CAP];
	bool dynamic_user;
	char uid[16], runtime[64], config[PATHS_CAP], state[PATHS_CAP], cache[PATHS_CAP],
		logs[PATHS_CAP], host[128];
	struct account manager; /* whom the service manager runs as */
};

/* --- settings ----------------------------------------------------------------------------------
 */

/* Expands into l->text, with its NUL. *known false: a specifier that is not known here. */
static bool expand(struct loader *l, const char *text, bool *known, struct err *e)
{
	struct err why = { 0 };

	l->text.len = 0;
	*known = unit_expand(&l->text, text, &l->spec, &why) && buf_text(&l->text, "", &why);
	if (why.code)
		return err_set(e, ERR_MEMORY, "%s", why.msg);
	return true;
}

static void unknown_specifier(struct loader *l, const struct unit_setting *s)
{
	service_gap(l->out, "%s:%u: a specifier of %s is not known here", fs_basename(l->file),
		s->line, s->key);
}

/* What a word of a list is done with. */
typedef bool (*word_use)(struct loader *l, const struct unit_setting *s, struct err *e);

/* Every word of the value, unquoted and expanded, in l->text. What systemd refuses ends the list.
 */
static bool each_word(struct loader *l, const struct unit_setting *s, word_use use, struct err *e)
{
	const char *at = s->value;
	enum unit_word r;

	while ((r = unit_word(&at, &l->word)) == UNIT_WORD) {
		bool known;

		if (!expand(l, l->word.p, &known, e))
			return false;
		if (!known)
			unknown_specifier(l, s);
		else if (!use(l, s, e))
			return false;
	}
	if (r == UNIT_INVALID)
		service_gap(l->out, "%s:%u: systemd does not read all of %s", fs_basename(l->file),
			s->line, s->key);
	return r != UNIT_MEMORY || err_set(e, ERR_MEMORY, "out of memory");
}

static bool put_variable(struct loader *l, const struct unit_setting *s, struct err *e)
{
	const struct service_place at = { l->file, s->line };

	return vars_put(&l->set, l->text.p, l->text.len, &at, e);
}

static bool put_pass(struct loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->pass, l->text.p, l->text.len + 1, e);
}

static bool put_unset(struct loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->unset, l->text.p, l->text.len + 1, e);
}

static bool put_command(struct loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->command, l->text.p, l->text.len + 1, e);
}

static bool take_environment(struct loader *l, const struct unit_setting *s, struct err *e)
{
	if (*s->value)
		return each_word(l, s, put_variable, e);
	vars_release(&l->set);
	return true;
}

/* The value is a path as it stands: no quotes are removed (systemd.exec(5)). */
static bool take_environment_file(struct loader *l, const struct unit_setting *s, struct err *e)
{
	struct env_file *f = &l->files[l->file_count];
	bool optional = *s->value == '-';
	bool known;

	if (!*s->value) {
		l->file_count = 0;
		return true;
	}
	if (!expand(l, s->value + optional, &known, e))
		return false;
	if (!known || l->file_count == ENV_FILES_MAX) {
		unknown_specifier(l, s);
		return true;
	}
	if (l->text.p[0] != '/') {
		service_gap(l->out, "%s:%u: EnvironmentFile= is not an absolute path: ignored",
			fs_basename(l->file), s->line);
		return true;
	}
	if (str_copy(f->path, sizeof(f->path), l->text.p)) {
		str_copy(f->from, sizeof(f->from), l->file);
		f->optional = optional;
		f->line = s->line;
		l->file_count++;
	}
	return true;
}

static bool take_list(struct loader *l, const struct unit_setting *s, struct buf *list,
	word_use use, struct err *e)
{
	if (*s->value)
		return each_word(l, s, use, e);
	list->len = 0;
	return true;
}

static bool take_pass(struct loader *l, const struct unit_setting *s, struct err *e)
{
	return take_list(l, s, &l->pass, put_pass, e);
}

static bool take_unset(struct loader *l, const struct unit_setting *s, struct err *e)
{
	return take_list(l, s, &l->unset, put_unset, e);
}

/* The first command after the last reset; "-", "@", ":", "+" and "!" in front are systemd's. */
static bool take_command(struct loader *l, const struct unit_setting *s, struct err *e)
{
	struct unit_setting line = *s;
	size_t marks = strspn(s->value, "-@:+!");

	if (*s->value && l->command.len)
		return true;
	line.value = s->value + marks;
	return take_list(l, &line, &l->command, put_command, e);
}

static bool take_text(
	struct loader *l, const struct unit_setting *s, char *to, size_t cap, struct err *e)
{
	bool known;

	if (!expand(l, s->value, &known, e))
		return false;
	if (!known || !str_copy(to, cap, l->text.p))
		unknown_specifier(l, s);
	return true;
}

static bool take_user(struct loader *l, const struct unit_setting *s, struct err *e)
{
	return take_text(l, s, l->user, sizeof(l->user), e);
}

static bool take_dir(struct loader *l, const struct unit_setting *s, struct err *e)
{
	return take_text(l, s, l->dir, sizeof(l->dir), e);
}

static bool take_dynamic_user(struct loader *l, const struct unit_setting *s, struct err *e)
{
	(void)e;
	l->dynamic_user = *s->value && strchr("1yYtTo", *s->value) && strcmp(s->value, "off") != 0;
	return true;
}

static bool take(void *ctx, const struct unit_setting *s, struct err *e)
{
	static const struct {
		const char *key;
		bool (*take)(struct loader *l, const struct unit_setting *s, struct err *e);
	} rows[] = {
		{ "Environment", take_environment },
		{ "EnvironmentFile", take_environment_file },
		{ "PassEnvironment", take_pass },
		{ "UnsetEnvironment", take_unset },
		{ "ExecStart", take_command },
		{ "User", take_user },
		{ "WorkingDirectory", take_dir },
		{ "DynamicUser", take_dynamic_user },
	};

	if (strcmp(s->section, "Service") != 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(s->key, rows[i].key) == 0)
			return rows[i].take(ctx, s, e);
	return true;
}

/* --- files -------------------------------------------------------------------------------------
 */

static bool read_file(struct loader *l, const char *path, struct err *e)
{
	struct buf text = { 0 };
	bool found;
	bool ok;

	if (!file_text(&text, path, &found, e))
		return false;
	if (!found && access(path, F_OK) == 0)
		service_gap(l->out, "%s cannot be read", path);
	l->file = path;
	ok = !found || unit_parse(text.p, text.len, take, l, e);
	buf_release(&text);
	return ok;
}

/* A link to /dev/null, or an empty file: the unit is not to be started. */
static bool is_masked(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size == 0);
}

static bool read_files(struct loader *l, const struct unit_ref *ref, struct err *e)
{
	struct unit_dirs *dirs = calloc(1, sizeof(*dirs));
	struct dropins *drop = calloc(1, sizeof(*drop));
	bool ok = false;

	if (!dirs || !drop) {
		err_set(e, ERR_MEMORY, "out of memory");
		goto out;
	}
	unit_dirs(dirs, l->o, ref->kind);
	unit_dropins(drop, dirs, ref->name);
	if (drop->cut)
		service_gap(l->out, "%s has too many drop-ins", ref->name);
	l->out->masked = is_masked(ref->path);
	ok = read_file(l, ref->path, e);
	for (size_t i = 0; ok && i < drop->count; i++)
		if (!is_masked(drop->list[i]))
			ok = read_file(l, drop->list[i], e);
out:
	free(dirs);
	free(drop);
	return ok;
}

/* --- who, and where ----------------------------------------------------------------------------
 */

static void name_manager(struct loader *l)
{
	struct account *m = &l->manager;

	if (l->out->kind == SERVICE_USER) {
		char number[16];

		snprintf(number, sizeof(number), "%u", (unsigned)l->o->uid);
		if (!account_find(m, l->o, number))
			m->uid = l->o->uid;
		str_copy(m->home, sizeof(m->home), l->o->home);
		if (l->o->user[0])
			str_copy(m->name, sizeof(m->name), l->o->user);
	} else if (!account_find(m, l->o, "0")) {
		*m = (struct account){ .name = "root", .home = "/root", .shell = "/bin/sh" };
	}
}

static void fill_specifiers(struct loader *l, const char *name)
{
	const bool user = l->out->kind == SERVICE_USER;
	const char *config = l->o->env->get(l->o->env->ctx, "XDG_CONFIG_HOME");

	snprintf(l->uid, sizeof(l->uid), "%u", (unsigned)l->manager.uid);
	snprintf(l->runtime, sizeof(l->runtime), user ? "/run/user/%s" : "/run", l->uid);
	if (!user)
		str_copy(l->config, sizeof(l->config), "/etc");
	else if (config && *config == '/')
		str_copy(l->config, sizeof(l->config), config);
	else
		fs_join(l->config, sizeof(l->config), l->manager.home, ".config", NULL);
	str_copy(
		l->state, sizeof(l->state), user ? l->config : "/var/lib"); /* 252; 254: ~/.local */
	if (!user || !fs_join(l->cache, sizeof(l->cache), l->manager.home, ".cache", NULL))
		str_copy(l->cache, sizeof(l->cache), "/var/cache");
	if (!user || !fs_join(l->logs, sizeof(l->logs), l->config, "log", NULL))
		str_copy(l->logs, sizeof(l->logs), "/var/log");
	if (gethostname(l->host, sizeof(l->host) - 1) != 0)
		l->host[0] = '\0';
	l->spec = (struct unit_specifiers){ .name = name,
		.user = l->manager.name,
		.home = l->manager.home,
		.uid = l->uid,
		.shell = l->manager.shell,
		.runtime = l->runtime,
		.state = l->state,
		.cache = l->cache,
		.logs = l->logs,
		.config = l->config,
		.host = l->host };
}

/* The account that the service runs as; a system service without User= runs as root. */
static void resolve_account(struct loader *l, struct account *a)
{
	struct service *s = l->out;

	*a = l->manager;
	if (s->kind == SERVICE_SYSTEM && l->user[0] && !account_find(a, l->o, l->user)) {
		*a = (struct account){ .uid = (uid_t)-1 };
		str_copy(a->name, sizeof(a->name), l->user);
		if (!l->dynamic_user)
			service_gap(s, "User=%s is no account in /etc/passwd", l->user);
	}
	if (l->dynamic_user)
		service_gap(s, "DynamicUser= makes an account at each start");
	str_copy(s->user, sizeof(s->user), a->name);
	str_copy(s->home, sizeof(s->home), a->home);
}

static void resolve_dir(struct loader *l)
{
	const char *dir = l->dir + (l->dir[0] == '-');
	struct service *s = l->out;

	if (strcmp(dir, "~") == 0 || (!*dir && s->kind == SERVICE_USER))
		str_copy(s->dir, sizeof(s->dir), s->home);
	else
		str_copy(s->dir, sizeof(s->dir), *dir ? dir : "/");
}

/* --- the environment ---------------------------------------------------------------------------
 */

static bool put_text(struct service_vars *v, const char *name, const char *value, struct err *e)
{
	const struct service_place nowhere = { 0 };
	char text[PATHS_CAP + 16];
	struct str s = STR_OF(text);

	if (!*value)
		return true;
	str_fmt(&s, "%s=%s", name, value);
	return s.cut || vars_put(v, text, s.len, &nowhere, e);
}

/* systemd sets these for services of an account, not for those of root without User=. */
static bool put_account(struct loader *l, const struct account *a, struct err *e)
{
	struct service_vars *v = &l->out->vars;

	if (l->out->kind == SERVICE_SYSTEM && !l->user[0])
		return true;
	return put_text(v, "HOME", a->home, e) && put_text(v, "USER", a->name, e) &&
	       put_text(v, "LOGNAME", a->name, e) && put_text(v, "SHELL", a->shell, e);
}

static bool put_file(struct loader *l, const char *path, bool required, struct err *e)
{
	struct buf text = { 0 };
	bool found;
	bool ok;

	if (!file_text(&text, path, &found, e))
		return false;
	if (!found && (required || access(path, F_OK) == 0))
		service_gap(l->out, "%s cannot be read%s", path,
			required ? ": the service does not start without it" : "");
	ok = !found || vars_envfile(&l->out->vars, text.p, text.len, path, e);
	buf_release(&text);
	return ok;
}

/* The paths of a unit are the machine's; ROOT stands in front of those outside of HOME. */
static bool in_root(const struct loader *l, char *out, size_t cap, const char *path)
{
	size_t n = strlen(l->o->home);

	if (strncmp(path, l->o->home, n) == 0 && (path[n] == '/' || !path[n]))
		return str_copy(out, cap, path);
	return root_path(l->o, out, cap, path);
}

static bool put_env_file(struct loader *l, const struct env_file *f, struct err *e)
{
	char path[PATHS_CAP];
	glob_t found = { 0 };
	bool ok = true;
	int r;

	if (!in_root(l, path, sizeof(path), f->path))
		return true;
	if (!strpbrk(path, "*?["))
		return put_file(l, path, !f->optional, e);
	r = glob(path, 0, NULL, &found);
	if (r == GLOB_NOSPACE)
		return err_set(e, ERR_MEMORY, "out of memory");
	if (r != 0 && !f->optional)
		service_gap(l->out, "%s:%u: nothing is like %s: the service does not start",
			fs_basename(f->from), f->line, f->path);
	for (size_t i = 0; r == 0 && ok && i < found.gl_pathc; i++)
		ok = put_file(l, found.gl_pathv[i], !f->optional, e);
	globfree(&found);
	return ok;
}

/* environment.d(5): what this account's manager was started with, and hands on. */
static bool put_environment_d(struct loader *l, struct err *e)
{
	static const char *const roots[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib" };
	struct unit_dirs *dirs = calloc(1, sizeof(*dirs));
	struct dropins *files = calloc(1, sizeof(*files));
	bool ok = dirs && files;

	if (!ok)
		err_set(e, ERR_MEMORY, "out of memory");
	else
		str_copy(dirs->list[dirs->count++], PATHS_CAP, l->config);
	for (size_t i = 0; ok && i < ARRAY_LEN(roots); i++)
		if (root_path(l->o, dirs->list[dirs->count], PATHS_CAP, roots[i]))
			dirs->count++;
	if (ok)
		dropins_read(files, dirs, "environment.d");
	for (size_t i = 0; ok && i < files->count; i++)
		ok = put_file(l, files->list[i], false, e);
	free(dirs);
	free(files);
	return ok;
}

static void note_passed(struct loader *l)
{
	for (size_t at = 0; at < l->pass.len; at += strlen(l->pass.p + at) + 1)
		if (!vars_find(&l->out->vars, l->pass.p + at))
			service_gap(l->out,
				"PassEnvironment=%.60s: what systemd has is not known here",
				l->pass.p + at);
}

static bool build(struct loader *l, struct err *e)
{
	struct service *s = l->out;
	struct account a;

	resolve_account(l, &a);
	resolve_dir(l);
	if ((s->kind == SERVICE_USER && !put_environment_d(l, e)) || !put_account(l, &a, e))
		return false;
	note_passed(l);
	if (!vars_merge(&s->vars, &l->set, e))
		return false;
	for (size_t i = 0; i < l->file_count; i++)
		if (!put_env_file(l, &l->files[i], e))
			return false;
	for (size_t at = 0; at < l->unset.len; at += strlen(l->unset.p + at) + 1)
		vars_drop(&s->vars, l->unset.p + at, strlen(l->unset.p + at));
	return true;
}

/* Through `thinkfleetbot run` it is ours, whatever it starts; else a gateway by name or command. */
static bool is_gateway(const struct service *s, const struct unit_ref *ref)
{
	return ref->by_name || s->command.run || s->command.gateway;
}

static void loader_release(struct loader *l)
{
	vars_release(&l->set);
	buf_release(&l->pass);
	buf_release(&l->unset);
	buf_release(&l->command);
	buf_release(&l->word);
	buf_release(&l->text);
	free(l);
}

bool unit_load(struct service *out, const struct service_options *o, const struct unit_ref *ref,
	bool *gateway, struct err *e)
{
	struct loader *l = calloc(1, sizeof(*l));
	bool ok;

	if (!l)
		return err_set(e, ERR_MEMORY, "out of memory");
	l->out = out;
	l->o = o;
	out->kind = ref->kind;
	str_copy(out->name, sizeof(out->name), ref->name);
	str_copy(out->path, sizeof(out->path), ref->path);
	name_manager(l);
	fill_specifiers(l, ref->name);
	ok = read_files(l, ref, e);
	if (ok && l->command.len)
		command_judge(&out->command, l->command.p, l->command.len);
	*gateway = is_gateway(out, ref);
	if (ok && *gateway)
		ok = build(l, e);
	if (!out->command.family)
		out->command.family = family_of_name(ref->name);
	loader_release(l);
	return ok;
}
