/* SPDX-License-Identifier: MIT */
#include "health/residue_places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

#define DEPTH_MAX 16
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

/* --- one search --------------------------------------------------------------------------------
 */

struct identity {
	dev_t dev;
	ino_t ino;
};

struct search {
	struct residue *r;
	const struct places_options *o;
	const struct places_events *ev;
	struct identity *met; /* open addressing; ino 0: free */
	size_t met_count, met_cap;
	size_t files_max, files;
	uint64_t file_max, bytes_max, bytes;
	int64_t until;
	bool full; /* a bound was reached, and said */
	bool failed;
	struct places_file now; /* for hit() */
};

static void note(const struct search *s, const char *path, const char *why)
{
	s->ev->note(s->ev->ctx, path, why);
}

static size_t place_in(const struct identity *met, size_t cap, struct identity id)
{
	size_t at = (size_t)((uint64_t)id.ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (cap - 1);

	while (met[at].ino && (met[at].ino != id.ino || met[at].dev != id.dev))
		at = (at + 1) & (cap - 1);
	return at;
}

static bool grow_met(struct search *s)
{
	size_t cap = s->met_cap ? 2 * s->met_cap : 256;
	struct identity *met = calloc(cap, sizeof(*met));

	if (!met)
		return false;
	for (size_t i = 0; i < s->met_cap; i++)
		if (s->met[i].ino)
			met[place_in(met, cap, s->met[i])] = s->met[i];
	free(s->met);
	s->met = met;
	s->met_cap = cap;
	return true;
}

/* True the first time; without memory everything is new, and the search fails at its end. */
static bool is_new(struct search *s, const struct stat *st)
{
	struct identity id = { st->st_dev, st->st_ino };
	size_t at;

	if (2 * s->met_count >= s->met_cap && !grow_met(s)) {
		s->failed = true;
		return true;
	}
	at = place_in(s->met, s->met_cap, id);
	if (s->met[at].ino)
		return false;
	s->met[at] = id;
	s->met_count++;
	return true;
}

static bool exhausted(struct search *s, const char *path)
{
	const char *why = s->files >= s->files_max     ? "stopped here: too many files"
			  : s->bytes >= s->bytes_max   ? "stopped here: too many bytes"
			  : clock_mono_ms() > s->until ? "stopped here: out of time"
						       : NULL;

	if (why && !s->full)
		note(s, path, why);
	s->full = s->full || why;
	return s->full;
}

static void pass_hit(void *ctx, const struct residue_hit *hit)
{
	struct search *s = ctx;

	s->ev->hit(s->ev->ctx, &s->now, hit);
}

static void search_fd(struct search *s, int fd)
{
	const char *path = s->now.path;
	struct err e = { 0 };

	s->now.read.max = s->file_max;
	s->ev->file(s->ev->ctx, &s->now);
	if (!residue_scan_fd(s->r, fd, &s->now.read, pass_hit, s, &e)) {
		s->failed = s->failed || e.code == ERR_MEMORY;
		if (s->now.place != PLACE_PROCESS) /* it ended meanwhile, or is the kernel's */
			note(s, path, e.msg);
	}
	s->files++;
	s->bytes += s->now.read.bytes;
	if (s->now.read.cut)
		note(s, path, "too large: only its beginning was searched");
	s->ev->done(s->ev->ctx, &s->now);
}

/* dir AT_FDCWD: path is absolute. follow: a link is somebody's own way to the file. */
static void search_at(struct search *s, int dir, const char *name, const char *path,
	enum residue_place place, bool follow)
{
	struct stat st;
	int fd;

	if (exhausted(s, path))
		return;
	fd = openat(dir, name,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		note(s, path, strerror(errno));
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_new(s, &st)) {
		s->now = (struct places_file){
			.path = path,
			.place = place,
			.private = !(st.st_mode & 077),
		};
		search_fd(s, fd);
	}
	close(fd);
}

static void search_file(struct search *s, const char *path, enum residue_place place)
{
	search_at(s, AT_FDCWD, path, path, place, true);
}

/* --- folders -----------------------------------------------------------------------------------
 */

struct walk {
	enum residue_place place;
	bool follow;                     /* links to files count as the files */
	bool own;                        /* only what belongs to this account */
	bool (*wants)(const char *name); /* NULL: every file */
	const char *root;                /* where it began, for links */
};

static void walk_folder(struct search *s, const struct walk *w, const char *dir, unsigned depth);

static bool starts_with_path(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Inside the tree it is met under its own name; outside it is said. */
static void walk_link(const struct search *s, const struct walk *w, const char *path)
{
	char *real = realpath(path, NULL);

	if (real && !starts_with_path(real, w->root))
		note(s, path, "a link out of this folder: not followed");
	free(real);
}

static void walk_entry(
	struct search *s, const struct walk *w, int dir, const char *path, unsigned depth)
{
	const char *name = fs_basename(path);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		if (!w->own || st.st_uid == geteuid())
			walk_folder(s, w, path, depth + 1);
		return;
	}
	if (w->own && st.st_uid != geteuid())
		return;
	if (S_ISLNK(st.st_mode) && !w->follow)
		walk_link(s, w, path);
	else if ((S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) && (!w->wants || w->wants(name)))
		search_at(s, dir, name, path, w->place, w->follow);
}

static void walk_folder(struct search *s, const struct walk *w, const char *dir, unsigned depth)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	DIR *d;

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		note(s, dir, strerror(errno));
	if (fd < 0)
		return;
	if (depth > DEPTH_MAX) {
		note(s, dir, "too deep: not searched");
		close(fd);
		return;
	}
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	while ((entry = readdir(d)) && !exhausted(s, dir)) {
		char path[FS_PATH_MAX];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (fs_join(path, sizeof(path), dir, entry->d_name, NULL))
			walk_entry(s, w, dirfd(d), path, depth);
		else
			note(s, dir, "a path in it is too long");
	}
	closedir(d);
}

static void walk(struct search *s, const char *dir, const struct walk *how)
{
	char *real = realpath(dir, NULL);
	struct walk w = *how;

	w.root = real;
	if (real)
		walk_folder(s, &w, real, 0);
	else if (errno != ENOENT && errno != ENOTDIR)
		note(s, dir, strerror(errno));
	free(real);
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
	walk(s, s->o->state, &(struct walk){ .place = PLACE_IN_STATE });
	for (size_t i = 0; s->o->folders && s->o->folders[i]; i++)
		walk(s, s->o->folders[i], &(struct walk){ .place = PLACE_IN_STATE });
}

static void search_other_states(struct search *s)
{
	static const char *const names[] = { ".thinkfleetbot", ".openclaw", ".moltbot",
		".clawdbot" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[FS_PATH_MAX];

		if (in_home(s, path, sizeof(path), names[i]))
			walk(s, path, &(struct walk){ .place = PLACE_OTHER_STATE });
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
			walk(s, path, &(struct walk){ .place = PLACE_SHELL });
	}
}

static void search_environment_dirs(struct search *s)
{
	static const char *const files[] = { "/etc/environment", "/etc/default/thinkfleetbot",
		"/etc/default/openclaw", "/etc/default/moltbot", "/etc/default/clawdbot" };
	const struct walk how = { .place = PLACE_ENVIRONMENT, .follow = true };
	char path[FS_PATH_MAX];

	if (in_home(s, path, sizeof(path), ".config/environment.d"))
		walk(s, path, &how);
	if (in_root(s, path, sizeof(path), "/etc/environment.d"))
		walk(s, path, &how);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (in_root(s, path, sizeof(path), files[i]))
			search_file(s, path, PLACE_ENVIRONMENT);
}

static void search_temp(struct search *s)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/dev/shm" };
	const struct walk how = { .place = PLACE_TEMP, .own = true };
	char run[64];
	struct str name = STR_OF(run);
	char path[FS_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (in_root(s, path, sizeof(path), dirs[i]))
			walk(s, path, &how);
	str_fmt(&name, "/run/user/%u", (unsigned)geteuid());
	if (in_root(s, path, sizeof(path), run))
		walk(s, path, &how);
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
	while (d && (entry = readdir(d)) && !exhausted(s, proc))
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
		note(s, unit, "names an EnvironmentFile by a pattern: not searched");
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

	while (d && (entry = readdir(d)) && !exhausted(s, dir)) {
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
	walk(s, dir, &(struct walk){ .place = PLACE_UNIT, .follow = true });
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
