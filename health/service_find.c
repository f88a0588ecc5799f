/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "health/service_impl.h"

/*
 * Where systemd looks for units, best first (systemd.unit(5) "Unit File Load Path"), and which of
 * what lies there may start a gateway: everything with a name of the family, and what an
 * administrator or the account wrote. The hundreds of units of packages are looked at by name
 * alone.
 */

/* Relative to ROOT; the first `own` of them are written by people. */
static const char *const system_dirs[] = { "/etc/systemd/system.control",
	"/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
	"/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system",
	"/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/run/systemd/generator.late" };

static const char *const user_dirs_after[] = { "/etc/xdg/systemd/user", "/etc/systemd/user",
	"@/systemd/user", "/run/systemd/user", "@/systemd/generator" };

static const char *const user_dirs_last[] = { "/usr/local/share/systemd/user",
	"/usr/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
	"@/systemd/generator.late" };

static void add_dir(struct unit_dirs *d, const char *path)
{
	if (d->count < ARRAY_LEN(d->list) && str_copy(d->list[d->count], sizeof(d->list[0]), path))
		d->count++;
}

/* "@" is the account's run-time folder. */
static void add_root_dir(struct unit_dirs *d, const struct service_options *o, const char *path)
{
	char name[PATHS_CAP];
	char full[PATHS_CAP];
	struct str s = STR_OF(name);

	if (*path == '@')
		str_fmt(&s, "/run/user/%u%s", (unsigned)o->uid, path + 1);
	else
		str_add(&s, path);
	if (root_path(o, full, sizeof(full), name))
		add_dir(d, full);
}

/* $XDG_x, when it is absolute, else ~/otherwise. */
static void add_home_dir(struct unit_dirs *d, const struct service_options *o, const char *variable,
	const char *otherwise, const char *below)
{
	const char *base = o->env->get(o->env->ctx, variable);
	char dir[PATHS_CAP];
	char full[PATHS_CAP];

	if (base && *base == '/' ? str_copy(dir, sizeof(dir), base)
				 : fs_join(dir, sizeof(dir), o->home, otherwise, NULL))
		if (fs_join(full, sizeof(full), dir, below, NULL))
			add_dir(d, full);
}

static void add_user_dirs(struct unit_dirs *d, const struct service_options *o)
{
	add_home_dir(d, o, "XDG_CONFIG_HOME", ".config", "systemd/user.control");
	add_root_dir(d, o, "@/systemd/user.control");
	add_root_dir(d, o, "@/systemd/transient");
	add_home_dir(d, o, "XDG_CONFIG_HOME", ".config", "systemd/user");
	for (size_t i = 0; i < ARRAY_LEN(user_dirs_after); i++)
		add_root_dir(d, o, user_dirs_after[i]);
	add_home_dir(d, o, "XDG_DATA_HOME", ".local/share", "systemd/user");
	for (size_t i = 0; i < ARRAY_LEN(user_dirs_last); i++)
		add_root_dir(d, o, user_dirs_last[i]);
}

void unit_dirs(struct unit_dirs *d, const struct service_options *o, enum service_kind kind)
{
	d->count = 0;
	if (kind == SERVICE_USER) {
		add_user_dirs(d, o);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++)
		add_root_dir(d, o, system_dirs[i]);
}

/* --- units -------------------------------------------------------------------------------------
 */

static bool is_listed(const struct unit_list *out, enum service_kind kind, const char *name)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->list[i].kind == kind && strcmp(out->list[i].name, name) == 0)
			return true;
	return false;
}

/* A template ("gateway@.service") starts nothing by itself. */
static bool is_service(const char *name)
{
	return str_ends(name, ".service") && !str_ends(name, "@.service") && name[0] != '.';
}

static bool is_packaged(const char *dir)
{
	return strstr(dir, "/usr/") != NULL;
}

static void list_unit(
	struct unit_list *out, enum service_kind kind, const char *dir, const char *name)
{
	bool by_name = family_of_name(name) != NULL;
	struct unit_ref *ref = &out->list[out->count];
	struct stat st;

	if (!is_service(name) || (!by_name && is_packaged(dir)) || out->count == UNIT_REFS_MAX ||
		is_listed(out, kind, name))
		return;
	if (!str_copy(ref->name, sizeof(ref->name), name) ||
		!fs_join(ref->path, sizeof(ref->path), dir, name, NULL))
		return;
	/* A link without our name is an enabled unit of a package. */
	if (!by_name && (lstat(ref->path, &st) != 0 || !S_ISREG(st.st_mode)))
		return;
	ref->kind = kind;
	ref->by_name = by_name;
	out->count++;
}

void unit_find(struct unit_list *out, const struct service_options *o, enum service_kind kind)
{
	struct unit_dirs *d = calloc(1, sizeof(*d));

	if (d)
		unit_dirs(d, o, kind);
	for (size_t i = 0; d && i < d->count; i++) {
		DIR *dir = opendir(d->list[i]);
		const struct dirent *entry;

		while (dir && (entry = readdir(dir)))
			list_unit(out, kind, d->list[i], entry->d_name);
		if (dir)
			closedir(dir);
	}
	free(d);
}

/* --- drop-ins ----------------------------------------------------------------------------------
 */

/* The first one with a name counts: in the better folder, or for the more exact unit name. */
static void add_dropin(struct dropins *out, const char *dir, const char *name)
{
	size_t at = 0;

	if (!str_ends(name, ".conf") || name[0] == '.')
		return;
	while (at < out->count && strcmp(fs_basename(out->list[at]), name) < 0)
		at++;
	if (at < out->count && strcmp(fs_basename(out->list[at]), name) == 0)
		return;
	out->cut |= out->count == DROPINS_MAX;
	if (out->cut)
		return;
	memmove(&out->list[at + 1], &out->list[at], (out->count - at) * sizeof(out->list[0]));
	if (fs_join(out->list[at], sizeof(out->list[0]), dir, name, NULL))
		out->count++;
	else
		memmove(&out->list[at], &out->list[at + 1],
			(out->count - at) * sizeof(out->list[0]));
}

void dropins_read(struct dropins *out, const struct unit_dirs *d, const char *folder)
{
	for (size_t i = 0; i < d->count; i++) {
		char path[PATHS_CAP];
		const struct dirent *entry;
		DIR *dir;

		if (!fs_join(path, sizeof(path), d->list[i], folder, NULL))
			continue;
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			add_dropin(out, path, entry->d_name);
		if (dir)
			closedir(dir);
	}
}

/* "a-b@c.service": a-b@c.service.d, a-b@.service.d, a-.service.d, service.d; exact ones first. */
void unit_dropins(struct dropins *out, const struct unit_dirs *d, const char *name)
{
	char folder[SERVICE_NAME_CAP + 16];
	struct str s = STR_OF(folder);
	const char *sign = strchr(name, '@');
	size_t n = strlen(name) - strlen(".service");

	out->count = 0;
	out->cut = false;
	str_fmt(&s, "%s.d", name);
	dropins_read(out, d, folder);
	if (sign && (size_t)(sign - name) < n) {
		n = (size_t)(sign - name);
		s = STR_OF(folder);
		str_fmt(&s, "%.*s@.service.d", (int)n, name);
		dropins_read(out, d, folder);
	}
	while (n) {
		while (n && name[n - 1] != '-')
			n--;
		if (!n)
			break;
		s = STR_OF(folder);
		str_fmt(&s, "%.*s.service.d", (int)n, name);
		dropins_read(out, d, folder);
		n--;
	}
	dropins_read(out, d, "service.d");
}
