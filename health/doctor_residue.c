/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <string.h>

#include "health/doctor_impl.h"

/*
 * Plain-text copies of what is sealed now (user-pains.md P35): the keys
 * themselves are looked for, not patterns, in the places where copies are made:
 * backups, caches of other gateways, shell history and start files, units. Only
 * with --deep: it reads files that are not ours.
 */

#define SECRETS_MAX 64

struct sweep {
	struct survey *v;
	const struct check *check;
	struct secret keys[SECRETS_MAX];
	const char *ids[SECRETS_MAX];
	size_t count;
};

static void open_keys(struct sweep *w)
{
	const struct snapshot *s = w->v->s;

	for (size_t i = 0; i < s->credential_count && w->count < SECRETS_MAX; i++) {
		const struct credential *c = &s->credentials[i];

		if (c->stored != STORED_SEALED ||
			!vault_get(&w->v->vault, c->ref, &w->keys[w->count], NULL))
			continue;
		w->ids[w->count++] = c->id;
	}
}

static const char *find(const struct buf *text, const struct secret *key)
{
	const char *p = text->p;
	const char *end = text->p + text->len;

	while ((size_t)(end - p) >= key->len) {
		p = memchr(p, key->bytes[0], (size_t)(end - p) - key->len + 1);
		if (!p)
			return NULL;
		if (memcmp(p, key->bytes, key->len) == 0)
			return p;
		p++;
	}
	return NULL;
}

static unsigned line_at(const struct buf *text, const char *at)
{
	unsigned line = 1;

	for (const char *p = text->p; p < at; p++)
		line += *p == '\n';
	return line;
}

static void sweep_file(struct sweep *w, const char *path)
{
	struct buf text = { 0 };

	if (fs_read(path, 0, &text, NULL, NULL) && text.len) {
		for (size_t i = 0; i < w->count; i++) {
			const char *at = find(&text, &w->keys[i]);
			struct finding *f;

			if (!at)
				continue;
			f = finding_add(w->v, w->check, SEVERITY_WARN,
				"a plain-text copy of %.80s lies outside the vault", w->ids[i]);
			finding_evidence(w->v, f, path, line_at(&text, at));
		}
	}
	buf_release(&text);
}

static void sweep_name(struct sweep *w, const char *dir, const char *name)
{
	char path[PATHS_CAP];

	if (fs_join(path, sizeof(path), dir, name, NULL))
		sweep_file(w, path);
}

/* Every file of the folder whose name contains the text. */
static void sweep_dir(struct sweep *w, const char *dir, const char *part)
{
	const struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d)))
		if (strstr(entry->d_name, part))
			sweep_name(w, dir, entry->d_name);
	if (d)
		closedir(d);
}

static void sweep_home(struct sweep *w)
{
	static const char *const names[] = { ".bash_history", ".zsh_history", ".histfile",
		".local/share/fish/fish_history", ".profile", ".bash_profile", ".bashrc", ".zshrc",
		".zshenv", ".zprofile", ".pam_environment" };
	const char *home = w->v->paths->home;
	char dir[PATHS_CAP];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		sweep_name(w, home, names[i]);
	if (fs_join(dir, sizeof(dir), home, ".config/systemd/user", NULL))
		sweep_dir(w, dir, ".service");
	if (fs_join(dir, sizeof(dir), home, ".config/environment.d", NULL))
		sweep_dir(w, dir, ".conf");
}

bool check_residue(struct survey *v, const struct check *c)
{
	struct sweep w = { .v = v, .check = c };

	if (!v->o->deep || !v->unlocked)
		return false;
	open_keys(&w);
	if (!w.count)
		return false;
	sweep_dir(&w, v->paths->state, ".bak");
	sweep_name(&w, v->paths->state, ".env");
	sweep_file(&w, v->paths->config);
	sweep_dir(&w, v->own.agent_dir, ".json");
	if (v->layered)
		sweep_dir(&w, v->main.agent_dir, ".json");
	sweep_home(&w);
	for (size_t i = 0; i < w.count; i++)
		secret_release(&w.keys[i]);
	return true;
}
