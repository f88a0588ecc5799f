/* SPDX-License-Identifier: MIT */

/* Every system call and allocation of every act on a vault fails once. No act loses a secret. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "tests/unit/fault.h"
#include "tests/unit/vault_fixture.h"

/* What the disk held before, so that each run begins there without making it anew. */
struct file {
	char path[FS_PATH_MAX];
	struct buf text;
	mode_t mode;
};

struct world {
	struct fixture *fx;
	struct file files[4]; /* vault, backup, key, anchor */
	char next[FS_PATH_MAX];
	struct slot_key spare; /* a second key file, kept elsewhere */
	bool compromised;
};

static void keep(struct world *w, size_t i, const char *path)
{
	struct file *f = &w->files[i];
	struct stat sb;

	str_copy(f->path, sizeof(f->path), path);
	f->text = fixture_read(path);
	assert_int_equal(stat(path, &sb), 0);
	f->mode = sb.st_mode & 07777;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[FS_PATH_MAX];
	struct secret key;
	struct err e = { 0 };
	void *fx;

	assert_non_null(w);
	crypto_start(NULL);
	assert_int_equal(fixture_setup_three(&fx), 0);
	w->fx = fx;
	key = fixture_key(7);
	assert_ok(slot_key_file(&w->spare, &key, &e), e);
	secret_release(&key);
	assert_ok(vault_slot_install(&w->fx->v, w->fx->path, &w->spare, &e), e);
	keep(w, 0, w->fx->path);
	keep(w, 1, w->fx->bak);
	snprintf(path, sizeof(path), "%s/%s.key", w->fx->keys, w->fx->v.id);
	snprintf(w->next, sizeof(w->next), "%s/%s.key.new", w->fx->keys, w->fx->v.id);
	keep(w, 2, path);
	snprintf(path, sizeof(path), "%s/%s.anchor", w->fx->keys, w->fx->v.id);
	keep(w, 3, path);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *fx = w->fx;

	for (size_t i = 0; i < ARRAY_LEN(w->files); i++)
		buf_release(&w->files[i].text);
	slot_key_release(&w->spare);
	fixture_teardown(&fx);
	free(w);
	return 0;
}

static void put_files(const struct world *w)
{
	for (size_t i = 0; i < ARRAY_LEN(w->files); i++)
		fixture_write(w->files[i].path, w->files[i].text.p, w->files[i].text.len,
			w->files[i].mode);
	unlink(w->next);
}

static void start(void *world)
{
	struct world *w = world;
	struct vault *v = &w->fx->v;
	struct err e = { 0 };

	put_files(w);
	vault_release(v);
	assert_ok(vault_load(v, w->fx->path, &e), e);
	assert_ok(vault_unlock_keyfile(v, w->fx->keys, &e), e);
}

/* The next program, without failures, finds every secret. */
static void expect_all_there(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct err own = { 0 };
	struct vault now;

	(void)ok;
	(void)e;
	assert_ok(vault_load(&now, w->fx->path, &own), own);
	if (!vault_unlock_keyfile(&now, w->fx->keys, &own))
		fail_msg("%s failed: %s", fault_name(), own.msg);
	assert_true(now.mac_ok);
	fixture_expect(&now, "main/b/key", "value-of-b");
	fixture_expect(&now, "main/c/key", "value-of-c");
	assert_ok(vault_rekey_resume(&now, w->fx->path, NULL, &own), own);
	assert_false(vault_rekey_pending(&now, w->fx->keys));
	vault_release(&now);
	assert_ok(vault_load(&now, w->fx->path, &own), own);
	assert_ok(vault_unlock_keyfile(&now, w->fx->keys, &own), own);
	vault_release(&now);
}

static void sweep(struct world *w, bool (*act)(void *, struct err *), unsigned least)
{
	struct fault_sweep s = { start, act, expect_all_there, EIO, false, NULL };

	assert_true(fault_sweep(&s, w) >= least);
}

/* --- reading -------------------------------------------------------------------------- */

static bool open_it(void *world, struct err *e)
{
	struct world *w = world;
	struct secret s = { 0 };
	struct vault v;
	bool ok = vault_load(&v, w->fx->path, e);

	ok = ok && vault_unlock_keyfile(&v, w->fx->keys, e) && vault_get(&v, "main/a/key", &s, e);
	if (ok)
		assert_string_equal(s.bytes, "value-of-a");
	secret_release(&s);
	vault_release(&v);
	return ok;
}

static void opening_gives_the_secret_or_a_reason(void **state)
{
	sweep(*state, open_it, 20);
}

static bool open_spare(void *world, struct err *e)
{
	struct world *w = world;
	struct vault v;
	bool ok = vault_load(&v, w->fx->path, e) && vault_unlock_key(&v, &w->spare.kek, e);

	vault_release(&v);
	return ok;
}

static void opening_with_a_key_from_elsewhere_does_too(void **state)
{
	sweep(*state, open_spare, 10);
}

static bool reload(void *world, struct err *e)
{
	struct world *w = world;

	return vault_reload(&w->fx->v, w->fx->path, e);
}

static void reloading_that_fails_empties_nothing(void **state)
{
	struct world *w = *state;

	sweep(w, reload, 10);
	fixture_expect(&w->fx->v, "main/a/key", "value-of-a");
}

/* --- writing -------------------------------------------------------------------------- */

static bool put_and_save(void *world, struct err *e)
{
	struct world *w = world;
	const struct vault_put put = { .id = "main/a/key",
		.agent = "main",
		.profile = "a",
		.provider = "example",
		.field = "key",
		.keep_previous = true };
	struct secret s = { 0 };
	bool ok = secret_from(&s, "another-a", 9, e) && vault_put(&w->fx->v, &put, &s, NULL, e) &&
		  vault_save(&w->fx->v, w->fx->path, e);

	secret_release(&s);
	return ok;
}

static void expect_one_of_two(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct err own = { 0 };
	struct vault now;
	struct secret s;

	expect_all_there(world, ok, e);
	assert_ok(vault_load(&now, w->fx->path, &own), own);
	assert_ok(vault_unlock_keyfile(&now, w->fx->keys, &own), own);
	assert_ok(vault_get(&now, "main/a/key", &s, &own), own);
	if (strcmp(s.bytes, ok ? "another-a" : "value-of-a") != 0)
		assert_true(!ok && strcmp(s.bytes, "another-a") == 0);
	secret_release(&s);
	vault_release(&now);
}

static void a_value_is_the_old_or_the_new_one(void **state)
{
	struct fault_sweep s = { start, put_and_save, expect_one_of_two, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 80);
	s.error = ENOSPC;
	s.on = true;
	assert_true(fault_sweep(&s, *state) >= 80);
}

static bool put_many(void *world, struct err *e)
{
	struct world *w = world;
	struct vault v = { 0 };
	struct secret s = { 0 };
	bool ok = secret_from(&s, "x", 1, e) && vault_create_with_key(&v, &w->spare.kek, e);

	for (unsigned i = 0; ok && i < 20; i++) {
		char id[16];
		const struct vault_put put = {
			.id = id, .agent = "m", .profile = "p", .provider = "x", .field = "f"
		};
		size_t was = v.record_count;

		snprintf(id, sizeof(id), "m/%02u/f", 19 - i);
		ok = vault_put(&v, &put, &s, NULL, e);
		assert_int_equal(v.record_count, was + ok);
	}
	secret_release(&s);
	vault_release(&v);
	return ok;
}

static void a_put_without_memory_changes_nothing(void **state)
{
	struct fault_sweep s = { start, put_many, expect_all_there, ENOMEM, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 40);
}

static bool create(void *world, struct err *e)
{
	struct world *w = world;
	char path[FS_PATH_MAX];
	struct vault v = { 0 };
	bool ok;

	snprintf(path, sizeof(path), "%s/other/secrets/vault.json", w->fx->dir);
	ok = vault_create(&v, w->fx->keys, e) && vault_save(&v, path, e);
	vault_release(&v);
	return ok;
}

/* A first save leaves a vault that opens, or none. */
static void expect_new_or_none(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	char path[FS_PATH_MAX];
	struct err own = { 0 };
	struct vault v;

	expect_all_there(world, ok, e);
	snprintf(path, sizeof(path), "%s/other/secrets/vault.json", w->fx->dir);
	if (access(path, F_OK) == 0) {
		assert_ok(vault_load(&v, path, &own), own);
		assert_ok(vault_unlock_keyfile(&v, w->fx->keys, &own), own);
		vault_release(&v);
		unlink(path);
	} else {
		assert_false(ok);
	}
	snprintf(path, sizeof(path), "%s/other/secrets/.gitignore", w->fx->dir);
	unlink(path);
}

static void a_first_save_leaves_a_vault_that_opens_or_none(void **state)
{
	struct fault_sweep s = { start, create, expect_new_or_none, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 80);
}

/* --- slots and keys ------------------------------------------------------------------- */

static bool add_slot(void *world, struct err *e)
{
	struct world *w = world;
	struct secret code = { 0 };
	struct slot_key k = { 0 };
	bool ok;

	ok = recovery_new(&code, e) && slot_key_recovery(&k, &code, e) &&
	     vault_slot_install(&w->fx->v, w->fx->path, &k, e);
	secret_release(&code);
	slot_key_release(&k);
	return ok;
}

static void a_slot_is_added_and_proven_or_there_is_a_reason(void **state)
{
	sweep(*state, add_slot, 80);
}

static bool discard_slot(void *world, struct err *e)
{
	struct world *w = world;

	return vault_slot_discard(&w->fx->v, w->fx->path, w->spare.slot.id, e);
}

static void a_slot_that_goes_takes_nothing_along(void **state)
{
	sweep(*state, discard_slot, 80);
}

static bool rekey_file(void *world, struct err *e)
{
	struct world *w = world;

	return vault_rekey_file(&w->fx->v, w->fx->path, e);
}

static void a_new_key_file_opens_or_the_old_one_does(void **state)
{
	sweep(*state, rekey_file, 200);
}

static bool rekey_master(void *world, struct err *e)
{
	struct world *w = world;
	struct slot_key keys[2] = { [1].slot.id = "" };
	struct rekey how = { .keys = keys, .count = 2, .compromised = w->compromised };
	struct secret file = { 0 };
	const struct vault *v = &w->fx->v;
	bool ok = keyfile_read(w->files[2].path, &file, e) &&
		  slot_key_for(&keys[0], v, &v->slots[0], &file, e) &&
		  slot_key_for(&keys[1], v, &v->slots[1], &w->spare.kek, e) &&
		  vault_rekey_master(&w->fx->v, w->fx->path, &how, e);

	slot_key_release(&keys[0]);
	slot_key_release(&keys[1]);
	secret_release(&file);
	return ok;
}

static void a_new_master_key_opens_or_the_old_one_does(void **state)
{
	struct world *w = *state;

	sweep(w, rekey_master, 100);
	w->compromised = true;
	sweep(w, rekey_master, 100);
}

static bool discard_own(void *world, struct err *e)
{
	struct world *w = world;
	struct vault *v = &w->fx->v;

	str_copy(v->opened_by, sizeof(v->opened_by), w->spare.slot.id);
	return vault_slot_discard(v, w->fx->path, "s1", e);
}

/* By the key file while its slot is there, by the spare key after that. */
static void expect_opens_somehow(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct err own = { 0 };
	struct vault now;

	(void)e;
	assert_ok(vault_load(&now, w->fx->path, &own), own);
	if (vault_slot(&now, "s1")) {
		assert_false(ok);
		assert_ok(vault_unlock_keyfile(&now, w->fx->keys, &own), own);
	}
	assert_ok(vault_unlock_key(&now, &w->spare.kek, &own), own);
	fixture_expect(&now, "main/b/key", "value-of-b");
	vault_release(&now);
}

static void a_slot_goes_with_its_key_file_or_neither_does(void **state)
{
	struct fault_sweep s = { start, discard_own, expect_opens_somehow, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 80);
}

static bool ask_here(void *world, struct err *e)
{
	struct world *w = world;
	const struct keyslot *slot;

	return vault_slot_find_here(&w->fx->v, w->fx->keys, &slot, e);
}

static void which_slot_opens_here_is_known_or_there_is_a_reason(void **state)
{
	sweep(*state, ask_here, 10);
}

static bool mend_and_save(void *world, struct err *e)
{
	struct world *w = world;
	struct vault *v = &w->fx->v;
	const struct vault_put put = { .id = "main/a/key",
		.agent = "main",
		.profile = "a",
		.provider = "example",
		.field = "key" };
	struct secret s = { 0 };
	bool ok;

	v->records[0].c[0] ^= 1;
	v->mac_ok = false;
	ok = secret_from(&s, "another-a", 9, e) && vault_mend(v, put.id, e) &&
	     vault_put(v, &put, &s, NULL, e) && vault_save(v, w->fx->path, e);
	secret_release(&s);
	return ok;
}

static void a_record_that_is_mended_takes_nothing_along(void **state)
{
	sweep(*state, mend_and_save, 80);
}

static void start_interrupted(void *world)
{
	struct world *w = world;
	struct slot_key k = { 0 };
	struct secret next = { 0 };
	struct err e = { 0 };

	start(w);
	assert_ok(keyfile_create_next(w->fx->keys, w->fx->v.id, &next, &e), e);
	assert_ok(slot_key_file(&k, &next, &e), e);
	assert_ok(vault_slot_install(&w->fx->v, w->fx->path, &k, &e), e);
	slot_key_release(&k);
	secret_release(&next);
}

static bool resume(void *world, struct err *e)
{
	struct world *w = world;

	return vault_rekey_resume(&w->fx->v, w->fx->path, NULL, e);
}

static void a_change_of_the_key_file_is_finished_or_can_be(void **state)
{
	struct fault_sweep s = { start_interrupted, resume, expect_all_there, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 80);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(opening_gives_the_secret_or_a_reason),
		with_world(opening_with_a_key_from_elsewhere_does_too),
		with_world(reloading_that_fails_empties_nothing),
		with_world(a_value_is_the_old_or_the_new_one),
		with_world(a_put_without_memory_changes_nothing),
		with_world(a_first_save_leaves_a_vault_that_opens_or_none),
		with_world(a_slot_is_added_and_proven_or_there_is_a_reason),
		with_world(a_slot_that_goes_takes_nothing_along),
		with_world(a_new_key_file_opens_or_the_old_one_does),
		with_world(a_slot_goes_with_its_key_file_or_neither_does),
		with_world(which_slot_opens_here_is_known_or_there_is_a_reason),
		with_world(a_record_that_is_mended_takes_nothing_along),
		with_world(a_change_of_the_key_file_is_finished_or_can_be),
		with_world(a_new_master_key_opens_or_the_old_one_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
