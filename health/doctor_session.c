/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"
#include "health/doctor_impl.h"

/* The session that the doctor runs in, and whether a service outlives it. */

static const char *variable(const struct survey *v, const char *name)
{
	const char *value = v->env.get(v->env.ctx, name);

	return value && value[0] ? value : NULL;
}

/* --- TERM ---------------------------------------------------------------------------------------
 */

/* One folder of compiled entries: "x/xterm", or "78/xterm" where names have no case. */
static bool has_entry(const char *dir, const char *term)
{
	char path[PATHS_CAP];
	struct str plain = STR_OF(path);

	str_fmt(&plain, "%s/%c/%s", dir, term[0], term);
	if (!plain.cut && access(path, F_OK) == 0)
		return true;
	plain.len = 0;
	plain.cut = false;
	str_fmt(&plain, "%s/%02x/%s", dir, (unsigned)(unsigned char)term[0], term);
	return !plain.cut && access(path, F_OK) == 0;
}

/* Each folder of a list with colons. */
static bool list_has_entry(const char *list, const char *term)
{
	while (list && *list) {
		size_t n = strcspn(list, ":");
		char dir[PATHS_CAP];
		struct str s = STR_OF(dir);

		str_addn(&s, list, n);
		if (n && !s.cut && has_entry(dir, term))
			return true;
		list += n + (list[n] == ':');
	}
	return false;
}

#define TERMINFO_FOLDERS                                                                           \
	"/etc/terminfo:/lib/terminfo:/usr/share/terminfo:/usr/lib/terminfo:"                       \
	"/usr/local/share/terminfo"

static bool is_known(const struct survey *v, const char *term)
{
	char own[PATHS_CAP] = "";

	if (strchr(term, '/'))
		return false;
	fs_join(own, sizeof(own), v->paths->home, ".terminfo", NULL);
	return list_has_entry(variable(v, "TERMINFO"), term) || list_has_entry(own, term) ||
	       list_has_entry(variable(v, "TERMINFO_DIRS"), term) ||
	       list_has_entry(TERMINFO_FOLDERS, term);
}

/* Our own screens fall back to an entry that will do; other programs end with an error (P69). */
bool check_term(struct survey *v, const struct check *c)
{
	const char *term = variable(v, "TERM");
	struct finding *f;

	if (!term || strcmp(term, "dumb") == 0 || strcmp(term, "unknown") == 0)
		return false; /* a service, a job or an editor: nobody sees a screen there */
	if (!is_known(v, term) && list_has_entry(TERMINFO_FOLDERS, "xterm")) {
		f = finding_add(v, c, SEVERITY_WARN,
			"TERM=%.40s is not described on this machine: full screens are guessed",
			term);
		str_copy(f->evidence, sizeof(f->evidence), "TERM of this session");
		str_copy(f->fix, sizeof(f->fix), "export TERM=xterm-256color");
	}
	return true;
}

/* --- size ---------------------------------------------------------------------------------------
 */

#define COLS_MIN 40
#define ROWS_MIN 12

bool check_window(struct survey *v, const struct check *c)
{
	struct winsize size = { 0 };
	struct finding *f;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 &&
		ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 &&
		ioctl(STDIN_FILENO, TIOCGWINSZ, &size) != 0)
		return false; /* no terminal */
	if (!size.ws_col || !size.ws_row)
		return true; /* nobody told it: 80x24 is taken */
	if (size.ws_col >= COLS_MIN && size.ws_row >= ROWS_MIN)
		return true;
	f = finding_add(v, c, SEVERITY_INFO, "the terminal is %ux%u, full screens need %dx%d",
		size.ws_col, size.ws_row, COLS_MIN, ROWS_MIN);
	str_copy(f->evidence, sizeof(f->evidence), "size of this terminal");
	str_copy(f->fix, sizeof(f->fix), "thinkfleetbot status --once");
	return true;
}

/* --- locale -------------------------------------------------------------------------------------
 */

bool check_locale(struct survey *v, const struct check *c)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value = NULL;
	const char *name = NULL;
	struct finding *f = NULL;
	locale_t there;

	for (size_t i = 0; !value && i < ARRAY_LEN(names); i++) {
		name = names[i];
		value = variable(v, name);
	}
	if (!value)
		return false;
	there = newlocale(LC_CTYPE_MASK, value, (locale_t)0);
	if (!there)
		f = finding_add(v, c, SEVERITY_WARN, "%s=%.60s is not installed on this machine",
			name, value);
	else if (strcmp(value, "C") == 0 || strcmp(value, "POSIX") == 0)
		f = finding_add(v, c, SEVERITY_INFO, "%s=%s shows plain ASCII only", name, value);
	if (there)
		freelocale(there);
	if (!f)
		return true;
	snprintf(f->evidence, sizeof(f->evidence), "%s of this session", name);
	snprintf(f->fix, sizeof(f->fix), "export %s=C.UTF-8", name);
	return true;
}

/* --- linger -------------------------------------------------------------------------------------
 */

static bool is_gateway_unit(const char *name)
{
	return str_ends(name, ".service") &&
	       (strstr(name, "-gateway") || str_starts(name, "thinkfleetbot"));
}

/* A gateway's unit that this account's systemd starts by itself. */
static bool enabled_unit(const struct survey *v, char *out, size_t cap)
{
	const char *given = variable(v, "XDG_CONFIG_HOME");
	char base[PATHS_CAP];
	char dir[PATHS_CAP];
	const struct dirent *entry;
	bool found = false;
	DIR *d;

	if (!(given ? str_copy(base, sizeof(base), given)
		    : fs_join(base, sizeof(base), v->paths->home, ".config", NULL)) ||
		!fs_join(dir, sizeof(dir), base, "systemd/user/default.target.wants", NULL))
		return false;
	d = opendir(dir);
	while (d && !found && (entry = readdir(d)))
		found = is_gateway_unit(entry->d_name) &&
			fs_join(out, cap, dir, entry->d_name, NULL);
	if (d)
		closedir(d);
	return found;
}

static bool under_root(const struct survey *v, char *out, size_t cap, const char *path)
{
	struct str s = str_on(out, cap);

	str_fmt(&s, "%s%s", v->o->root ? v->o->root : "", path);
	return !s.cut && access(out, F_OK) == 0;
}

/* Without it systemd ends an account's services at its last logout (user-pains.md P53). */
bool check_linger(struct survey *v, const struct check *c)
{
	char unit[PATHS_CAP];
	char path[PATHS_CAP];
	char name[160];
	struct user account;
	struct finding *f;

	if (!under_root(v, path, sizeof(path), "/run/systemd/system") ||
		!enabled_unit(v, unit, sizeof(unit)) || !user_find(&account, geteuid(), NULL))
		return false;
	snprintf(name, sizeof(name), "/var/lib/systemd/linger/%s", account.name);
	if (under_root(v, path, sizeof(path), name))
		return true;
	f = finding_add(v, c, SEVERITY_WARN,
		"the gateway stops when you log out: lingering is off for %s", account.name);
	finding_evidence(v, f, unit, 0);
	finding_fix(f, geteuid() == 0 ? "loginctl enable-linger" : "sudo loginctl enable-linger",
		account.name);
	return true;
}
