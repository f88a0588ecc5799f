/* SPDX-License-Identifier: MIT */
#include "health/residue_impl.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

#define FILES_MAX 50000
#define FILE_MAX ((uint64_t)256 << 20)
#define BYTES_MAX ((uint64_t)2 << 30)
#define UNIT_MAX ((size_t)1 << 20)

const char *residue_place_text(enum residue_place p)
{
	static const char *const texts[] = {
		[PLACE_IN_STATE] = "state folder",
		[PLACE_OTHER_STATE] = "other gateways' state folders",
		[PLACE_SHELL] = "shell histories and start files",
		[PLACE_UNIT] = "unit files",
		[PLACE_ENVIRONMENT] = "environment files",
		[PLACE_TEMP] = "temporary folders",
		[PLACE_PROCESS] = "processes",
	};

	return texts[p];
}

/* --- the places --------------------------------------------------------------------------------
 */

static bool in_home(const struct search *s, char *out, size_t cap, const char *name)
{
	return fs_join(out, cap, s->o->home, name, NULL);
}

static bool in_root(const struct search *s, char *out, size_t cap, const char *path)
{
	struct str text = str_on(out, cap);

	str_fmt(&text, "%s%s", s->o->root ? s->o->root : "", path);
	return !text.cut;
}

static void search_state(struct search *s)
{
	for (size_t i = 0; s->o->extra && s->o->extra[i]; i++)
		search_file(s, s->o->extra[i], PLACE_IN_STATE);
	search_folder(s, s->o->state, &(struct search_walk){ .place = PLACE_IN_STATE });
	for (size_t i = 0; s->o->folders && s->o->folders[i]; i++)
		search_folder(
			s, s->o->folders[i], &(struct search_walk){ .place = PLACE_IN_STATE });
}

static void search_other_states(struct search *s)
{
	static const char *const names[] = { ".thinkfleetbot", ".openclaw", ".moltbot",
		".clawdbot" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[FS_PATH_MAX];

		if (in_home(s, path, sizeof(path), names[i]))
			search_folder(s, path, &(struct search_walk){ .place = PLACE_OTHER_STATE });
	}
}

static const char *const shell_files[] = { ".bash_history", ".zsh_history", ".histfile",
	".zhistory", ".history", ".sh_history", ".python_history", ".node_repl_history", ".lesshst",
	".viminfo", ".profile", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases",
	".bashrc", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".kshrc", ".pam_environment",
	".envrc", ".env", ".xprofile", ".xsessionrc", ".tmux.conf" };

static const char *const shell_folders[] = { ".config/fish", ".local/share/fish",
	".local/state/nvim/shada", ".local/share/nvim/shada" };

/* ".bashrc", ".bashrc~", ".bashrc.bak.1", "..bashrc.swp" */
static bool is_shell_file(const char *name)
{
	const char *from = name[0] == '.' && name[1] == '.' ? name + 1 : name;

	for (size_t i = 0; i < ARRAY_LEN(shell_files); i++) {
		size_t n = strlen(shell_files[i]);

		if (strncmp(from, shell_files[i], n) == 0 &&
			(!from[n] || from[n] == '~' || from[n] == '.' || from[n] == '-'))
			return true;
	}
	return false;
}

static void search_shells(struct search *s)
{
	const struct dirent *entry;
	DIR *d = opendir(s->o->home);

	while (d && (entry = readdir(d))) {
		char path[FS_PATH_MAX];

		if (is_shell_file(entry->d_name) && in_home(s, path, sizeof(path), entry->d_name))
			search_file(s, path, PLACE_SHELL);
	}
	if (d)
		closedir(d);
	for (size_t i = 0; i < ARRAY_LEN(shell_folders); i++) {
		char path[FS_PATH_MAX];

		if (in_home(s, path, sizeof(path), shell_folders[i]))
			search_folder(s, path, &(struct search_walk){ .place = PLACE_SHELL });
	}
}

static void search_environment_dirs(struct search *s)
{
	static const char *const files[] = { "/etc/environment", "/etc/default/thinkfleetbot",
		"/etc/default/openclaw", "/etc/default/moltbot", "/etc/default/clawdbot" };
	const struct search_walk how = { .place = PLACE_ENVIRONMENT, .follow = true };
	char path[FS_PATH_MAX];

	if (in_home(s, path, sizeof(path), ".config/environment.d"))
		search_folder(s, path, &how);
	if (in_root(s, path, sizeof(path), "/etc/environment.d"))
		search_folder(s, path, &how);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (in_root(s, path, sizeof(path), files[i]))
			search_file(s, path, PLACE_ENVIRONMENT);
}

static void search_temp(struct search *s)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/dev/shm" };
	const struct search_walk how = { .place = PLACE_TEMP, .own = true };
	char run[64];
	struct str name = STR_OF(run);
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (in_root(s, path, sizeof(path), dirs[i]))
			search_folder(s, path, &how);
	str_fmt(&name, "/run/user/%u", (unsigned)geteuid());
	if (in_root(s, path, sizeof(path), run))
		search_folder(s, path, &how);
}

/* What /proc shows of one process of this account. Of ourselves it would be our own work. */
static void search_process(struct search *s, const char *proc, const char *pid)
{
	static const char *const names[] = { "environ", "cmdline" };
	char dir[FS_PATH_MAX];
	struct stat st;

	if (!fs_join(dir, sizeof(dir), proc, pid, NULL) || stat(dir, &st) != 0 ||
		st.st_uid != geteuid() || strtol(pid, NULL, 10) == (long)getpid())
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[FS_PATH_MAX];

		if (fs_join(path, sizeof(path), dir, names[i], NULL))
			search_file(s, path, PLACE_PROCESS);
	}
}

static void search_processes(struct search *s)
{
	const struct dirent *entry;
	char proc[FS_PATH_MAX];
	DIR *d;

	if (!in_root(s, proc, sizeof(proc), "/proc"))
		return;
	d = opendir(proc);
	while (d && (entry = readdir(d)) && !search_exhausted(s, proc))
		if (entry->d_name[strspn(entry->d_name, "0123456789")] == '\0')
			search_process(s, proc, entry->d_name);
	if (d)
		closedir(d);
}

/* --- units, and the files they name ------------------------------------------------------------
 */

/* "%h/x" and a leading "-"; other specifiers and patterns are noted. */
static void environment_file(struct search *s, const char *unit, const char *p, size_t n)
{
	char path[FS_PATH_MAX];
	struct str text = STR_OF(path);

	if (n && *p == '-')
		p++, n--;
	if (n >= 2 && (*p == '"' || *p == '\'') && p[n - 1] == *p)
		p++, n -= 2;
	if (n > 2 && memcmp(p, "%h", 2) == 0) {
		str_add(&text, s->o->home);
		p += 2, n -= 2;
	} else if (s->o->root) {
		str_add(&text, s->o->root);
	}
	str_addn(&text, p, n);
	if (text.cut || path[0] != '/' || strpbrk(path, "%*?["))
		search_note(s, unit, "names an EnvironmentFile by a pattern: not searched");
	else
		search_file(s, path, PLACE_ENVIRONMENT);
}

static void unit_line(struct search *s, const char *unit, const char *p, size_t n)
{
	static const char key[] = "EnvironmentFile=";
	size_t skip = sizeof(key) - 1;

	while (n && (*p == ' ' || *p == '\t'))
		p++, n--;
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		n--;
	if (n > skip && memcmp(p, key, skip) == 0)
		environment_file(s, unit, p + skip, n - skip);
}

static void read_unit(struct search *s, const char *path)
{
	struct buf text = { 0 };
	const char *line;
	const char *end;

	if (fs_read(path, UNIT_MAX, &text, NULL, NULL) && text.len) {
		line = text.p;
		end = text.p + text.len;
		while (line < end) {
			const char *stop = memchr(line, '\n', (size_t)(end - line));

			stop = stop ? stop : end;
			unit_line(s, path, line, (size_t)(stop - line));
			line = stop + 1;
		}
	}
	buf_release(&text);
}

static bool is_unit(const char *name)
{
	return str_ends(name, ".service") || str_ends(name, ".conf");
}

/* Unit folders have two levels: NAME.service, NAME.service.d/DROP-IN.conf. */
static void read_units(struct search *s, const char *dir, unsigned depth)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)) && !search_exhausted(s, dir)) {
		char path[FS_PATH_MAX];

		if (entry->d_name[0] == '.' ||
			!fs_join(path, sizeof(path), dir, entry->d_name, NULL))
			continue;
		if (is_unit(entry->d_name))
			read_unit(s, path);
		else if (!depth && str_ends(entry->d_name, ".service.d"))
			read_units(s, path, 1);
	}
	if (d)
		closedir(d);
}

static void search_unit_dir(struct search *s, const char *dir)
{
	search_folder(s, dir, &(struct search_walk){ .place = PLACE_UNIT, .follow = true });
	read_units(s, dir, 0);
}

static void search_units(struct search *s)
{
	static const char *const system[] = { "/etc/systemd/system", "/etc/systemd/user",
		"/run/systemd/system", "/run/systemd/transient", "/usr/local/lib/systemd/system" };
	static const char *const user[] = { ".config/systemd/user", ".local/share/systemd/user" };
	char transient[64];
	struct str name = STR_OF(transient);
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(user); i++)
		if (in_home(s, path, sizeof(path), user[i]))
			search_unit_dir(s, path);
	for (size_t i = 0; i < ARRAY_LEN(system); i++)
		if (in_root(s, path, sizeof(path), system[i]))
			search_unit_dir(s, path);
	str_fmt(&name, "/run/user/%u/systemd/transient", (unsigned)geteuid());
	if (in_root(s, path, sizeof(path), transient))
		search_unit_dir(s, path);
}

bool places_search(struct residue *r, const struct places_options *o,
	const struct places_events *events, struct err *e)
{
	struct search s = {
		.r = r,
		.o = o,
		.ev = events,
		.files_max = o->files_max ? o->files_max : FILES_MAX,
		.file_max = o->file_max ? o->file_max : FILE_MAX,
		.bytes_max = o->bytes_max ? o->bytes_max : BYTES_MAX,
		.until = clock_mono_ms() + (o->time_ms ? o->time_ms : 30 * MS_SECOND),
	};

	search_state(&s);
	search_shells(&s);
	search_units(&s);
	search_environment_dirs(&s);
	search_other_states(&s);
	if (o->deep) {
		search_processes(&s);
		search_temp(&s); /* last: these can be huge */
	}
	free(s.met);
	return s.failed ? err_set(e, ERR_MEMORY, "out of memory") : true;
}
