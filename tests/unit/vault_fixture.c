/* SPDX-License-Identifier: MIT */
#include "tests/unit/vault_fixture.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/temp.h"

int fixture_setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	if (!fx)
		return -1;
	snprintf(fx->dir, sizeof(fx->dir), "%s/tfb-vault-XXXXXX", temp_base());
	if (!mkdtemp(fx->dir))
		return -1;
	snprintf(fx->keys, sizeof(fx->keys), "%s/keys", fx->dir);
	snprintf(fx->path, sizeof(fx->path), "%s/secrets/vault.json", fx->dir);
	snprintf(fx->bak, sizeof(fx->bak), "%s/secrets/vault.json.bak", fx->dir);
	*state = fx;
	return 0;
}

static void remove_tree(char *dir)
{
	char *const roots[] = { dir, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(tree);
	while ((entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D)
			remove(entry->fts_accpath);
	}
	fts_close(tree);
}

int fixture_teardown(void **state)
{
	struct fixture *fx = *state;

	vault_release(&fx->v);
	remove_tree(fx->dir);
	free(fx);
	return 0;
}

int fixture_setup_three(void **state)
{
	struct err e = { 0 };
	struct fixture *fx;

	if (fixture_setup(state) != 0)
		return -1;
	fx = *state;
	assert_ok(vault_create(&fx->v, fx->keys, &e), e);
	fixture_put(&fx->v, "b", "value-of-b", false);
	fixture_put(&fx->v, "c", "value-of-c", false);
	fixture_put(&fx->v, "a", "value-of-a", false);
	assert_ok(vault_save(&fx->v, fx->path, &e), e);
	return 0;
}

struct secret fixture_secret(const char *text)
{
	struct err e = { 0 };
	struct secret s;

	assert_ok(secret_from(&s, text, strlen(text), &e), e);
	return s;
}

struct secret fixture_key(unsigned char first)
{
	unsigned char bytes[32];
	struct err e = { 0 };
	struct secret s;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(first + i);
	assert_ok(secret_from(&s, bytes, sizeof(bytes), &e), e);
	return s;
}

uint64_t fixture_put(struct vault *v, const char *name, const char *value, bool keep_previous)
{
	char id[VAULT_RECORD_ID_CAP];
	const struct vault_put put = {
		.id = id,
		.agent = "main",
		.profile = name,
		.provider = "example",
		.field = "key",
		.ts = 1760000000,
		.keep_previous = keep_previous,
	};
	struct secret s = fixture_secret(value);
	struct err e = { 0 };
	uint64_t rev = 0;

	assert_ok(vault_record_id(id, "main", name, "key", &e), e);
	assert_ok(vault_put(v, &put, &s, &rev, &e), e);
	secret_release(&s);
	return rev;
}

void fixture_expect(const struct vault *v, const char *id, const char *value)
{
	struct err e = { 0 };
	struct secret s;

	assert_ok(vault_get(v, id, &s, &e), e);
	assert_string_equal(s.bytes, value);
	secret_release(&s);
}

struct buf fixture_read(const char *path)
{
	struct buf text = { 0 };
	struct err e = { 0 };

	assert_ok(fs_read(path, VAULT_TEXT_MAX, &text, NULL, &e), e);
	return text;
}

void fixture_write(const char *path, const void *p, size_t n, mode_t mode)
{
	struct err e = { 0 };
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_ok(fs_write_all(fd, p, n, &e), e);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

struct secret fixture_key_of(const struct fixture *fx, const char *suffix)
{
	char path[FS_PATH_MAX];
	struct err e = { 0 };
	struct secret key;

	snprintf(path, sizeof(path), "%s/%s%s", fx->keys, fx->v.id, suffix);
	assert_ok(keyfile_read(path, &key, &e), e);
	return key;
}

struct vault fixture_reopen(const struct fixture *fx)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_true(v.mac_ok);
	fixture_expect(&v, "main/a/key", "value-of-a");
	fixture_expect(&v, "main/b/key", "value-of-b");
	fixture_expect(&v, "main/c/key", "value-of-c");
	return v;
}
