/* SPDX-License-Identifier: MIT */

/* Where a vault is put: paths with no room for what belongs beside it, and who is told of it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/vault_impl.h"
#include "tests/unit/temp.h"
#include "tests/unit/vault_fixture.h"

static int setup_group(void **state)
{
	(void)state;
	return crypto_start(NULL) ? 0 : -1;
}

/* A folder below the fixture's whose path has just this length. */
static void make_deep(const struct fixture *fx, size_t length, char out[FS_PATH_MAX])
{
	struct str s = str_on(out, FS_PATH_MAX);

	str_fmt(&s, "%s", fx->dir);
	while (s.len < length) {
		size_t left = length - s.len - 1;

		/* Never one character alone at the end, for which there would be no name. */
		str_fmt(&s, "/%0*d", (int)(left > 202 ? 200 : left), 0);
		assert_int_equal(mkdir(out, 0700), 0);
	}
	assert_int_equal(strlen(out), length);
}

static void a_folder_whose_path_leaves_no_room_gets_no_vault(void **state)
{
	struct fixture *fx = *state;
	char dir[FS_PATH_MAX];
	char path[FS_PATH_MAX + 2];
	struct err e;

	make_deep(fx, FS_PATH_MAX - sizeof(".gitignore"), dir);
	snprintf(path, sizeof(path), "%s/v", dir);
	assert_err(vault_prepare_dir(path, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "path too long"));
}

static void a_vault_whose_backup_would_have_no_name_is_not_written(void **state)
{
	struct fixture *fx = *state;
	struct secret key = fixture_key(3);
	char dir[FS_PATH_MAX];
	char path[FS_PATH_MAX + 16];
	struct vault v;
	struct err e = { 0 };

	make_deep(fx, FS_PATH_MAX - 16, dir);
	snprintf(path, sizeof(path), "%s/.gitignore", dir);
	fixture_write(path, "*\n", 2, 0600);
	snprintf(path, sizeof(path), "%s/vault12json", dir);
	assert_ok(vault_create_with_key(&v, &key, &e), e);
	assert_err(vault_save(&v, path, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "path too long"));
	assert_int_equal(access(path, F_OK), -1);
	vault_release(&v);
	secret_release(&key);
}

static bool note_id(const void *ctx, const char *id, struct err *e)
{
	char *const *out = ctx;

	(void)e;
	return str_copy(*out, FS_PATH_MAX, id);
}

static bool note_nothing(const void *ctx, const char *id, struct err *e)
{
	(void)ctx;
	(void)id;
	return err_set(e, ERR_IO, "nowhere to note it");
}

static void a_new_vault_is_noted_by_its_id(void **state)
{
	struct fixture *fx = *state;
	char noted[FS_PATH_MAX] = "";
	char *const to = noted;
	const struct vault_note note = { note_id, &to };
	struct vault v;
	struct err e = { 0 };

	assert_ok(vault_create_noted(&v, fx->keys, &note, &e), e);
	assert_string_equal(noted, v.id);
	vault_release(&v);
}

static void a_vault_that_could_not_be_noted_gets_no_key_file(void **state)
{
	struct fixture *fx = *state;
	const struct vault_note note = { note_nothing, NULL };
	unsigned before = temp_count(fx->keys);
	struct vault v;
	struct err e;

	assert_err(vault_create_noted(&v, fx->keys, &note, &e), e, ERR_IO);
	assert_false(v.open);
	assert_int_equal(temp_count(fx->keys), before);
}

#define with_vault(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, fixture_setup_three, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_vault(a_folder_whose_path_leaves_no_room_gets_no_vault),
		with_vault(a_vault_whose_backup_would_have_no_name_is_not_written),
		with_vault(a_new_vault_is_noted_by_its_id),
		with_vault(a_vault_that_could_not_be_noted_gets_no_key_file),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
