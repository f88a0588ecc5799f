/* SPDX-License-Identifier: MIT */
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

/* --- settings ----------------------------------------------------------------------------------
 */

/* Expands into l->text, with its NUL. *known false: a specifier that is not known here. */
static bool expand(struct unit_loader *l, const char *text, bool *known, struct err *e)
{
	struct err why = { 0 };

	l->text.len = 0;
	*known = unit_expand(&l->text, text, &l->spec, &why) && buf_text(&l->text, "", &why);
	if (why.code)
		return err_set(e, ERR_MEMORY, "%s", why.msg);
	return true;
}

static void unknown_specifier(struct unit_loader *l, const struct unit_setting *s)
{
	service_gap(l->out, "%s:%u: a specifier of %s is not known here", fs_basename(l->file),
		s->line, s->key);
}

/* What a word of a list is done with. */
typedef bool (*word_use)(struct unit_loader *l, const struct unit_setting *s, struct err *e);

/* Every word of the value, unquoted and expanded, in l->text. What systemd refuses ends the list.
 */
static bool each_word(
	struct unit_loader *l, const struct unit_setting *s, word_use use, struct err *e)
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

static bool put_variable(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	const struct service_place at = { l->file, s->line };

	return vars_put(&l->set, l->text.p, l->text.len, &at, e);
}

static bool put_pass(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->pass, l->text.p, l->text.len + 1, e);
}

static bool put_unset(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->unset, l->text.p, l->text.len + 1, e);
}

static bool put_command(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	(void)s;
	return buf_add(&l->command, l->text.p, l->text.len + 1, e);
}

static bool take_environment(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	if (*s->value)
		return each_word(l, s, put_variable, e);
	vars_release(&l->set);
	return true;
}

/* The value is a path as it stands: no quotes are removed (systemd.exec(5)). */
static bool take_environment_file(
	struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	struct unit_env_file *f = &l->files[l->file_count];
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

static bool take_list(struct unit_loader *l, const struct unit_setting *s, struct buf *list,
	word_use use, struct err *e)
{
	if (*s->value)
		return each_word(l, s, use, e);
	list->len = 0;
	return true;
}

static bool take_pass(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	return take_list(l, s, &l->pass, put_pass, e);
}

static bool take_unset(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	return take_list(l, s, &l->unset, put_unset, e);
}

/* The first command after the last reset; "-", "@", ":", "+" and "!" in front are systemd's. */
static bool take_command(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	struct unit_setting line = *s;
	size_t marks = strspn(s->value, "-@:+!");

	if (*s->value && l->command.len)
		return true;
	line.value = s->value + marks;
	return take_list(l, &line, &l->command, put_command, e);
}

static bool take_text(
	struct unit_loader *l, const struct unit_setting *s, char *to, size_t cap, struct err *e)
{
	bool known;

	if (!expand(l, s->value, &known, e))
		return false;
	if (!known || !str_copy(to, cap, l->text.p))
		unknown_specifier(l, s);
	return true;
}

static bool take_user(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	return take_text(l, s, l->user, sizeof(l->user), e);
}

static bool take_dir(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	return take_text(l, s, l->dir, sizeof(l->dir), e);
}

static bool take_dynamic_user(struct unit_loader *l, const struct unit_setting *s, struct err *e)
{
	(void)e;
	l->dynamic_user = *s->value && strchr("1yYtTo", *s->value) && strcmp(s->value, "off") != 0;
	return true;
}

static bool take(void *ctx, const struct unit_setting *s, struct err *e)
{
	static const struct {
		const char *key;
		bool (*take)(struct unit_loader *l, const struct unit_setting *s, struct err *e);
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

static bool read_file(struct unit_loader *l, const char *path, struct err *e)
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

static bool read_files(struct unit_loader *l, const struct unit_ref *ref, struct err *e)
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
	for (size_t i = 0; ok && i < drop->count; i++) {
		if (is_masked(drop->list[i]))
			continue;
		l->out->dropins++;
		ok = read_file(l, drop->list[i], e);
	}
out:
	free(dirs);
	free(drop);
	return ok;
}

/* --- the whole
 * ------------------------------------------------------------------------------------
 */

/* Through `thinkfleetbot run` it is ours, whatever it starts; else a gateway by name or command. */
static bool is_gateway(const struct service *s, const struct unit_ref *ref)
{
	return ref->by_name || s->command.run || s->command.gateway;
}

static void loader_release(struct unit_loader *l)
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
	struct unit_loader *l = calloc(1, sizeof(*l));
	bool ok;

	if (!l)
		return err_set(e, ERR_MEMORY, "out of memory");
	l->out = out;
	l->o = o;
	out->kind = ref->kind;
	str_copy(out->name, sizeof(out->name), ref->name);
	str_copy(out->path, sizeof(out->path), ref->path);
	unit_describe(l, ref->name);
	ok = read_files(l, ref, e);
	if (ok && l->command.len)
		command_judge(&out->command, l->command.p, l->command.len);
	*gateway = is_gateway(out, ref);
	if (ok && *gateway)
		ok = unit_environment(l, e);
	if (!out->command.family)
		out->command.family = family_of_name(ref->name);
	loader_release(l);
	return ok;
}
