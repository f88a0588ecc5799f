/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "health/doctor_impl.h"

/* Folders and files: there, ours, private, readable. */

static const char *shorten(struct survey *v, const char *path, struct str *out)
{
	fs_shorten(out, path, v->paths->home);
	return out->p;
}

/* Who keeps all keys in the environment needs no folder. */
static void no_state(struct survey *v, const struct check *c, const char *shown, int why)
{
	struct finding *f;

	if (why != ENOENT) {
		f = finding_add(v, c, SEVERITY_FAIL, "%s cannot be looked at", shown);
		finding_fix(f, "ls -ld", v->paths->state);
	} else if (v->s->credential_count) {
		f = finding_add(v, c, SEVERITY_INFO,
			"%s is missing: only the environment holds credentials", shown);
		finding_fix(f, FIX_ONBOARD, NULL);
	} else {
		f = finding_add(v, c, SEVERITY_WARN, "nothing is set up yet: %s is missing", shown);
		finding_fix(f, FIX_ONBOARD, NULL);
	}
	finding_evidence(v, f, v->paths->state, 0);
}

/* Who may rename there may put another folder in the place of this one. */
static void check_parent(struct survey *v, const struct check *c)
{
	char parent[PATHS_CAP];
	char text[PATHS_CAP];
	struct str dir = STR_OF(parent);
	struct str shown = STR_OF(text);
	const char *path = v->paths->state;
	const char *slash = strrchr(path, '/');
	struct finding *f;
	struct stat st;

	str_addn(&dir, path, slash && slash > path ? (size_t)(slash - path) : 1);
	if (stat(parent, &st) != 0 || !(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX))
		return;
	shorten(v, parent, &shown);
	f = finding_add(v, c, SEVERITY_FAIL,
		"everybody may write in %s, and so put another folder in the place of the state "
		"folder",
		text);
	finding_evidence(v, f, parent, 0);
	finding_fix(f, "chmod o-w", parent);
}

bool check_state(struct survey *v, const struct check *c)
{
	char text[PATHS_CAP];
	struct str shown = STR_OF(text);
	struct finding *f;
	struct stat st;

	shorten(v, v->paths->state, &shown);
	if (stat(v->paths->state, &st) != 0) {
		no_state(v, c, text, errno);
	} else if (!S_ISDIR(st.st_mode)) {
		char aside[PATHS_CAP];
		struct str name = STR_OF(aside);

		f = finding_add(v, c, SEVERITY_FAIL, "%s is not a folder", text);
		finding_evidence(v, f, v->paths->state, 0);
		str_fmt(&name, "%s.old", v->paths->state);
		if (!name.cut)
			finding_move(f, v->paths->state, aside);
	} else if (st.st_uid != geteuid()) {
		f = finding_add(v, c, SEVERITY_FAIL, "%s belongs to uid %u, not to you (uid %u)",
			text, (unsigned)st.st_uid, (unsigned)geteuid());
		finding_evidence(v, f, v->paths->state, 0);
		finding_chown(f, v->paths->state);
	} else if (access(v->paths->state, W_OK | X_OK) != 0) {
		f = finding_add(v, c, SEVERITY_FAIL, "%s cannot be written", text);
		finding_evidence(v, f, v->paths->state, 0);
		finding_fix(f, "chmod u+rwx", v->paths->state);
	}
	check_parent(v, c);
	return true;
}

/* What a file may hold decides how bad it is that others can read it. */
static void check_mode(
	struct survey *v, const struct check *c, const char *path, unsigned want, bool secret)
{
	char text[PATHS_CAP];
	struct str shown = STR_OF(text);
	struct finding *f;
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	shorten(v, path, &shown);
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		f = finding_add(v, c, SEVERITY_WARN, "%s belongs to uid %u, not to you", text,
			(unsigned)st.st_uid);
		finding_evidence(v, f, path, 0);
		finding_chown(f, path);
		return;
	}
	if (!(st.st_mode & 077) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return;
	f = finding_add(v, c, secret ? SEVERITY_FAIL : SEVERITY_WARN, "%s is %04o, should be %04o",
		text, (unsigned)(st.st_mode & 07777), want);
	finding_evidence(v, f, path, 0);
	if (st.st_uid == geteuid())
		finding_chmod(f, path, want);
}

static bool holds_plain(const struct survey *v, enum stored where)
{
	for (size_t i = 0; i < v->s->credential_count; i++)
		if (v->s->credentials[i].stored == where)
			return true;
	return false;
}

static void check_backups(struct survey *v, const struct check *c, const char *path, bool secret)
{
	static const char *const ends[] = { ".bak", ".bak.1", ".bak.2", ".bak.3", ".bak.4" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char name[PATHS_CAP];
		struct str out = STR_OF(name);

		str_fmt(&out, "%s%s", path, ends[i]);
		if (!out.cut)
			check_mode(v, c, name, 0600, secret);
	}
}

static void check_store(
	struct survey *v, const struct check *c, const struct survey_store *store, bool secret)
{
	check_mode(v, c, store->agent_dir, 0700, false);
	check_mode(v, c, store->path, 0600, secret);
	check_mode(v, c, store->state_path, 0600, false);
	check_backups(v, c, store->path, secret);
}

/* Every other agent has a store of its own. */
static void check_agents(struct survey *v, const struct check *c)
{
	char agents[PATHS_CAP];
	const struct dirent *entry;
	DIR *dir;

	if (!fs_join(agents, sizeof(agents), v->paths->state, "agents", NULL))
		return;
	dir = opendir(agents);
	while (dir && (entry = readdir(dir))) {
		struct survey_store store = { 0 };

		if (entry->d_name[0] == '.' || strcmp(entry->d_name, v->s->agent) == 0)
			continue;
		if (paths_agent_dir(store.agent_dir, sizeof(store.agent_dir), v->paths,
			    entry->d_name, "", NULL) &&
			paths_profiles(store.path, sizeof(store.path), store.agent_dir, NULL) &&
			paths_auth_state(
				store.state_path, sizeof(store.state_path), store.agent_dir, NULL))
			check_store(v, c, &store, true);
	}
	if (dir)
		closedir(dir);
}

static void check_keys(struct survey *v, const struct check *c)
{
	char path[PATHS_CAP];

	check_mode(v, c, v->paths->keys, 0700, true);
	if (v->vault.id[0] && keyfile_path(path, sizeof(path), v->paths->keys, v->vault.id, NULL))
		check_mode(v, c, path, 0400, true);
}

/* What every release of the family wants to be an object; it does not start on anything else. */
static void check_shape(struct survey *v, const struct check *c)
{
	static const char *const names[] = { "agents", "auth", "env", "gateway", "models",
		"secrets" };
	const struct doc *d = &v->config.doc;

	for (size_t i = 0; v->s->config_exists && i < ARRAY_LEN(names); i++) {
		uint32_t node = doc_find(d, (const char *const[]){ names[i], NULL });
		struct finding *f;

		if (node == DOC_NONE || d->nodes[node].kind == DOC_OBJECT)
			continue;
		f = finding_add(v, c, SEVERITY_FAIL,
			"%s is no object in the configuration: gateways refuse to start on it",
			names[i]);
		finding_evidence(v, f, v->paths->config, doc_line(d, node));
		finding_edit(f, v->paths->config, doc_line(d, node));
	}
}

bool check_modes(struct survey *v, const struct check *c)
{
	bool profiles = holds_plain(v, STORED_PLAIN_PROFILES);
	bool env = holds_plain(v, STORED_PLAIN_ENV);
	bool config = holds_plain(v, STORED_PLAIN_CONFIG);

	if (!v->s->state_exists)
		return false;
	check_mode(v, c, v->paths->state, 0700, false);
	check_mode(v, c, v->paths->config, 0600, config);
	check_backups(v, c, v->paths->config, config);
	check_mode(v, c, v->paths->env, 0600, env);
	check_store(v, c, &v->own, profiles);
	if (v->layered && !v->o->deep)
		check_store(v, c, &v->main, profiles);
	check_mode(v, c, v->paths->secrets, 0700, false);
	check_mode(v, c, v->paths->vault, 0600, false);
	check_mode(v, c, v->paths->vault_bak, 0600, false);
	check_mode(v, c, v->paths->checks, 0600, false);
	check_keys(v, c);
	if (v->o->deep)
		check_agents(v, c);
	return true;
}

/* apiKey: "${NAME}" with a NAME that nothing sets: the gateways refuse to start on it. */
static void check_config_keys(struct survey *v, const struct check *c)
{
	for (size_t i = 0; i < v->config.provider_count; i++) {
		const struct config_provider *p = &v->config.providers[i];
		struct credential value = { 0 };
		struct finding *f;

		if (p->key != CONFIG_KEY_VARIABLE || survey_variable(v, p->variable, &value))
			continue;
		f = finding_add(v, c, SEVERITY_WARN,
			"models.providers.%.64s.apiKey names %.64s, and nothing sets it", p->id,
			p->variable);
		finding_evidence(v, f, v->paths->config, 0);
		finding_edit(f, v->paths->config, 0);
	}
}

bool check_config(struct survey *v, const struct check *c)
{
	struct finding *f;

	if (!v->config_error.code) {
		check_shape(v, c);
		check_config_keys(v, c);
		return v->s->config_exists;
	}
	f = finding_err(v, c, &v->config_error);
	finding_unread(v, f, v->paths->config, &v->config_error);
	return true;
}

static void check_one_store(struct survey *v, const struct check *c, const struct survey_store *s)
{
	const struct profiles *p = &s->profiles;
	struct finding *f;

	if (s->error.code) {
		f = finding_err(v, c, &s->error);
		finding_unread(v, f, s->path, &s->error);
		return;
	}
	for (size_t i = 0; i < p->problem_count && i < PROFILE_PROBLEMS_MAX; i++) {
		f = finding_add(
			v, c, SEVERITY_WARN, "%.80s: %s", p->problems[i].id, p->problems[i].why);
		finding_evidence(v, f, s->path, p->problems[i].line);
		finding_edit(f, s->path, p->problems[i].line);
	}
	if (p->problem_count > PROFILE_PROBLEMS_MAX) {
		f = finding_add(v, c, SEVERITY_WARN, "no gateway will use %zu more entries",
			p->problem_count - PROFILE_PROBLEMS_MAX);
		finding_evidence(v, f, s->path, 0);
		finding_edit(f, s->path, 0);
	}
}

bool check_profiles(struct survey *v, const struct check *c)
{
	check_one_store(v, c, &v->own);
	if (v->layered)
		check_one_store(v, c, &v->main);
	return v->s->store_exists || v->found;
}

bool check_dotenv(struct survey *v, const struct check *c)
{
	struct finding *f;

	if (!v->dotenv_error.code)
		return v->s->env_exists;
	f = finding_err(v, c, &v->dotenv_error);
	finding_unread(v, f, v->paths->env, &v->dotenv_error);
	return true;
}

/* What the gateways before 2026 wrote; read by them only while there is no newer store. */
static void check_legacy(struct survey *v, const struct check *c)
{
	const struct {
		const char *dir;
		const char *name;
	} places[] = {
		{ v->own.agent_dir, "auth.json" },
		{ v->paths->state, "credentials/oauth.json" },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char path[PATHS_CAP];
		struct finding *f;

		if (!fs_join(path, sizeof(path), places[i].dir, places[i].name, NULL) ||
			access(path, F_OK) != 0)
			continue;
		f = finding_add(v, c, SEVERITY_INFO,
			"an older gateway's credentials are here; they are not counted until a "
			"gateway has moved them into auth-profiles.json");
		finding_evidence(v, f, path, 0);
		finding_fix(f, FIX_ONBOARD, NULL);
	}
}

/* Written by hand into a folder where no gateway looks (user-pains.md P32). */
bool check_misplaced(struct survey *v, const struct check *c)
{
	static const char *const places[] = { "auth-profiles.json",
		"credentials/auth-profiles.json", "agent/auth-profiles.json" };

	if (!v->s->state_exists)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char path[PATHS_CAP];
		struct fs_stamp st = { 0 };
		struct finding *f;

		if (!fs_join(path, sizeof(path), v->paths->state, places[i], NULL) ||
			!fs_stat(path, &st, NULL) || !st.exists)
			continue;
		if (strcmp(path, v->own.path) == 0)
			continue;
		f = finding_add(v, c, SEVERITY_WARN,
			"a store lies where no gateway looks; it belongs into the agent's folder");
		finding_evidence(v, f, path, 0);
		if (v->s->store_exists)
			finding_edit(f, path, 0); /* both have entries: a person has to choose */
		else
			finding_move(f, path, v->own.path);
	}
	if (!v->s->store_exists)
		check_legacy(v, c);
	return true;
}

#define DISK_FAIL ((uint64_t)4 << 20)
#define DISK_WARN ((uint64_t)64 << 20)

bool check_disk(struct survey *v, const struct check *c)
{
	struct statvfs fs;
	uint64_t free_bytes;
	struct finding *f;

	if (statvfs(v->s->state_exists ? v->paths->state : v->paths->home, &fs) != 0)
		return false;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes >= DISK_WARN)
		return true;
	f = finding_add(v, c, free_bytes < DISK_FAIL ? SEVERITY_FAIL : SEVERITY_WARN,
		"only %u MiB are free where the state folder is", (unsigned)(free_bytes >> 20));
	finding_evidence(v, f, v->paths->state, 0);
	finding_fix(f, "df -h", v->s->state_exists ? v->paths->state : v->paths->home);
	return true;
}
