/* SPDX-License-Identifier: MIT */
#include "tests/unit/survey_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/vault.h"

static const char *get(void *ctx, const char *name)
{
	struct world *w = ctx;

	if (strcmp(name, "HOME") == 0)
		return w->home;
	for (size_t i = 0; i < w->var_count; i++)
		if (strcmp(w->vars[i].name, name) == 0)
			return w->vars[i].value;
	return NULL;
}

static void defaults(struct world *w)
{
	w->o = (struct survey_options){
		.paths = &w->paths,
		.env = &w->env,
		.want_findings = true,
		.root = w->home, /* nothing of this machine's services */
		.now_ms = WORLD_NOW,
	};
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { 0 };

	assert_non_null(w);
	assert_ok(crypto_start(&e), e);
	snprintf(w->home, sizeof(w->home), "/tmp/tfb-survey-XXXXXX");
	assert_non_null(mkdtemp(w->home));
	w->env = (struct paths_env){ .get = get, .ctx = w };
	assert_ok(paths_resolve(&w->paths, NULL, &w->env, &e), e);
	defaults(w);
	*state = w;
	return 0;
}

/* Only below /tmp/tfb-survey-: the tests make every path themselves. */
static void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char child[PATHS_CAP];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!fs_join(child, sizeof(child), path, entry->d_name, NULL))
			continue;
		if (unlink(child) != 0)
			remove_tree(child);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

int world_teardown(void **state)
{
	struct world *w = *state;

	snapshot_release(&w->s);
	remove_tree(w->home);
	free(w);
	return 0;
}

void world_reset(struct world *w)
{
	snapshot_release(&w->s);
	remove_tree(w->paths.state);
	remove_tree(w->paths.keys);
	w->var_count = 0;
	defaults(w);
}

void world_path(struct world *w, const char *name, char *out, size_t cap)
{
	struct err e = { 0 };

	assert_ok(fs_join(out, cap, w->paths.state, name, &e), e);
}

void world_file(struct world *w, const char *name, const char *text)
{
	char path[PATHS_CAP];
	char dir[PATHS_CAP];
	struct err e = { 0 };
	FILE *f;

	world_path(w, name, path, sizeof(path));
	fs_dirname(dir, sizeof(dir), path);
	assert_ok(fs_mkdirs(dir, &e), e);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

void world_mode(struct world *w, const char *name, unsigned mode)
{
	char path[PATHS_CAP];

	world_path(w, name, path, sizeof(path));
	assert_int_equal(chmod(path, mode), 0);
}

void world_var(struct world *w, const char *name, const char *value)
{
	assert_true(w->var_count < ARRAY_LEN(w->vars));
	w->vars[w->var_count].name = name;
	w->vars[w->var_count++].value = value;
}

static void load_vault(struct world *w, struct vault *v)
{
	struct err e = { 0 };

	assert_ok(vault_load(v, w->paths.vault, &e), e);
	assert_ok(vault_unlock_keyfile(v, w->paths.keys, &e), e);
}

static void make_vault(struct world *w, struct vault *v)
{
	struct err e = { 0 };

	assert_ok(fs_mkdirs(w->paths.secrets, &e), e);
	assert_ok(keydir_prepare(w->paths.keys, &e), e);
	assert_ok(vault_create(v, w->paths.keys, &e), e);
}

void world_seal(struct world *w, const char *profile, const char *provider, const char *value)
{
	char id[VAULT_RECORD_ID_CAP];
	struct vault v = { 0 };
	struct secret s = { 0 };
	struct vault_put put = { .id = id,
		.agent = "main",
		.profile = profile,
		.provider = provider,
		.field = "key",
		.ts = WORLD_NOW / 1000 };
	struct err e = { 0 };

	assert_ok(vault_record_id(id, "main", profile, "key", &e), e);
	if (access(w->paths.vault, F_OK) == 0)
		load_vault(w, &v);
	else
		make_vault(w, &v);
	assert_ok(secret_from(&s, value, strlen(value), &e), e);
	assert_ok(vault_put(&v, &put, &s, NULL, &e), e);
	assert_ok(vault_save(&v, w->paths.vault, &e), e);
	secret_release(&s);
	vault_release(&v);
}

void world_take(struct world *w)
{
	struct err e = { 0 };

	snapshot_release(&w->s);
	assert_ok(survey_take(&w->s, &w->o, &e), e);
}

const struct credential *world_find(const struct world *w, const char *id)
{
	const struct credential *c = snapshot_find(&w->s, id);

	if (!c)
		fail_msg("no credential %s", id);
	return c;
}

const struct provider_state *world_provider(const struct world *w, const char *id)
{
	for (size_t i = 0; i < w->s.provider_count; i++)
		if (strcmp(w->s.providers[i].id, id) == 0)
			return &w->s.providers[i];
	fail_msg("no provider %s", id);
	return NULL;
}

const struct finding *world_finding(const struct world *w, const char *check)
{
	for (size_t i = 0; i < w->s.finding_count; i++)
		if (strcmp(w->s.findings[i].check, check) == 0)
			return &w->s.findings[i];
	return NULL;
}
