/* SPDX-License-Identifier: MIT */

/* Key files and their successors where the file system gives less than it should. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "tests/unit/fault.h"
#include "tests/unit/vault_fixture.h"

/* The vault of the fixture with a second slot, whose key is kept elsewhere. */
struct world {
	struct fixture *fx;
	struct secret spare;
	const char *call; /* the calls of this name fail */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w || !crypto_start(NULL))
		return -1;
	w->spare = fixture_key(0x44);
	*state = w;
	return 0;
}

static void drop_fixture(struct world *w)
{
	void *fx = w->fx;

	if (fx)
		fixture_teardown(&fx);
	w->fx = NULL;
}

static int teardown(void **state)
{
	struct world *w = *state;

	drop_fixture(w);
	secret_release(&w->spare);
	free(w);
	return 0;
}

/* Afresh, and opened by the spare key: the key file's slot s1 can go. */
static struct vault *begin(struct world *w)
{
	struct slot_key k = { 0 };
	struct err e = { 0 };
	struct vault *v;
	void *fx;

	drop_fixture(w);
	assert_int_equal(fixture_setup_three(&fx), 0);
	w->fx = fx;
	v = &w->fx->v;
	assert_ok(slot_key_file(&k, &w->spare, &e), e);
	assert_ok(vault_slot_install(v, w->fx->path, &k, &e), e);
	slot_key_release(&k);
	vault_release(v);
	assert_ok(vault_load(v, w->fx->path, &e), e);
	assert_ok(vault_unlock_key(v, &w->spare, &e), e);
	vault_watch(v, w->fx->keys);
	return v;
}

static void path_of(char out[FS_PATH_MAX], const struct world *w, const char *suffix)
{
	snprintf(out, FS_PATH_MAX, "%s/%s%s", w->fx->keys, w->fx->v.id, suffix);
}

static bool exists(const struct world *w, const char *suffix)
{
	char path[FS_PATH_MAX];

	path_of(path, w, suffix);
	return access(path, F_OK) == 0;
}

/* The vault as the next program finds it, opened by the key folder alone. */
static void expect_opens_here(const struct world *w)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, w->fx->path, &e), e);
	assert_ok(vault_unlock_keyfile(&v, w->fx->keys, &e), e);
	fixture_expect(&v, "main/a/key", "value-of-a");
	vault_release(&v);
}

/* As on a file system that cannot exchange two names: the old slot goes first, then the name. */
static void where_names_cannot_be_exchanged_the_new_key_takes_over(void **state)
{
	struct world *w = *state;
	struct vault *v = begin(w);
	struct secret old = { 0 };
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	path_of(path, w, ".key");
	assert_ok(keyfile_read(path, &old, &e), e);
	fault_only("renameat2");
	fault_at(1, EINVAL);
	assert_ok(vault_rekey_file(v, w->fx->path, &e), e);
	assert_true(fault_end());
	assert_null(vault_slot_of(v, &old));
	assert_false(exists(w, ".key.new"));
	expect_opens_here(w);
	secret_release(&old);
}

static void a_copy_of_the_key_file_is_no_successor(void **state)
{
	struct world *w = *state;
	struct vault *v = begin(w);
	enum rekey_left what;
	char path[FS_PATH_MAX];
	struct buf key;
	struct err e = { 0 };

	path_of(path, w, ".key");
	key = fixture_read(path);
	path_of(path, w, ".key.new");
	fixture_write(path, key.p, key.len, 0400);
	buf_release(&key);
	assert_ok(vault_rekey_resume(v, w->fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_CLEANED);
	assert_false(exists(w, ".key.new"));
	assert_int_equal(v->slot_count, 2);
	expect_opens_here(w);
}

/* A copy of the vault whose newest state nobody knows may need the key that this one does not. */
static void no_key_file_goes_while_the_age_is_unknown(void **state)
{
	struct world *w = *state;
	struct vault *v = begin(w);
	enum rekey_left what;
	struct secret next = { 0 };
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_ok(vault_slot_discard(v, w->fx->path, "s1", &e), e);
	assert_ok(keyfile_create_next(w->fx->keys, v->id, &next, &e), e);
	path_of(path, w, ".anchor");
	assert_int_equal(unlink(path), 0);
	vault_watch(v, w->fx->keys);
	assert_int_equal(v->age, VAULT_AGE_UNKNOWN);
	assert_ok(vault_rekey_resume(v, w->fx->path, &what, &e), e);
	assert_int_equal(what, REKEY_NOTHING);
	assert_true(exists(w, ".key.new"));
	secret_release(&next);
}

static void a_successor_that_cannot_be_looked_for_is_not_pending(void **state)
{
	struct world *w = *state;
	struct vault *v = begin(w);
	struct secret next = { 0 };
	struct err e = { 0 };

	assert_ok(keyfile_create_next(w->fx->keys, v->id, &next, &e), e);
	fault_only("lstat64");
	fault_at(1, EIO);
	assert_false(vault_rekey_pending(v, w->fx->keys));
	assert_true(fault_end());
	assert_true(vault_rekey_pending(v, w->fx->keys));
	secret_release(&next);
}

static void a_key_file_that_cannot_be_looked_for_is_not_made(void **state)
{
	struct world *w = *state;
	struct vault *v = begin(w);
	struct slot_key k;
	struct err e = { 0 };

	assert_ok(vault_slot_discard(v, w->fx->path, "s1", &e), e);
	fault_only("lstat64");
	fault_at(1, EIO);
	assert_err(vault_slot_install_file(v, w->fx->path, &k, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_false(exists(w, ".key"));
	assert_false(exists(w, ".key.new"));
	assert_int_equal(v->slot_count, 1);
	slot_key_release(&k);
}

/* --- a disk that fails, once or for good -------------------------------------------------- */

static void start_with_key(void *world)
{
	struct world *w = world;

	begin(w);
	fault_only(w->call);
}

static void start_without_key(void *world)
{
	struct world *w = world;
	struct vault *v = begin(w);
	struct err e = { 0 };

	assert_ok(vault_slot_discard(v, w->fx->path, "s1", &e), e);
	fault_only(w->call);
}

static bool install_file(void *world, struct err *e)
{
	struct world *w = world;
	struct slot_key k;
	bool ok = vault_slot_install_file(&w->fx->v, w->fx->path, &k, e);

	slot_key_release(&k);
	return ok;
}

/* Whatever was left is brought to its end by the next program; no key file is without a slot. */
static void expect_key_with_slot_or_neither(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct err own = { 0 };
	struct vault v;

	(void)e;
	assert_ok(vault_load(&v, w->fx->path, &own), own);
	assert_ok(vault_unlock_key(&v, &w->spare, &own), own);
	fixture_expect(&v, "main/b/key", "value-of-b");
	vault_watch(&v, w->fx->keys);
	assert_ok(vault_rekey_resume(&v, w->fx->path, NULL, &own), own);
	assert_false(exists(w, ".key.new"));
	assert_int_equal(vault_slot_here(&v, w->fx->keys) != NULL, v.slot_count == 2);
	assert_int_equal(exists(w, ".key"), v.slot_count == 2);
	if (ok)
		assert_int_equal(v.slot_count, 2);
	vault_release(&v);
}

static const char *const disk_calls[] = { "openat64", "open64", "renameat" };

static void a_key_file_that_comes_has_its_slot_at_the_end(void **state)
{
	struct world *w = *state;
	struct fault_sweep s = { start_without_key, install_file, expect_key_with_slot_or_neither,
		EIO, false, NULL };

	for (size_t i = 0; i < ARRAY_LEN(disk_calls); i++) {
		w->call = disk_calls[i];
		s.on = false;
		assert_true(fault_sweep(&s, w) >= 2);
		s.on = true;
		assert_true(fault_sweep(&s, w) >= 2);
	}
}

static bool discard(void *world, struct err *e)
{
	struct world *w = world;

	return vault_slot_discard(&w->fx->v, w->fx->path, "s1", e);
}

/* The slot is in the vault, and then a key file opens it, under the one name or the other. */
static void expect_slot_opens_while_it_is_there(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct err own = { 0 };
	struct vault v;

	(void)e;
	assert_ok(vault_load(&v, w->fx->path, &own), own);
	if (vault_slot(&v, "s1")) {
		assert_false(ok);
		assert_ok(vault_unlock_keyfile(&v, w->fx->keys, &own), own);
	}
	assert_ok(vault_unlock_key(&v, &w->spare, &own), own);
	fixture_expect(&v, "main/b/key", "value-of-b");
	vault_release(&v);
}

static void a_slot_that_stays_on_a_failing_disk_still_opens(void **state)
{
	struct world *w = *state;
	struct fault_sweep s = { start_with_key, discard, expect_slot_opens_while_it_is_there, EIO,
		false, NULL };

	for (size_t i = 0; i < ARRAY_LEN(disk_calls); i++) {
		w->call = disk_calls[i];
		s.on = false;
		assert_true(fault_sweep(&s, w) >= 2);
		s.on = true;
		assert_true(fault_sweep(&s, w) >= 2);
	}
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(where_names_cannot_be_exchanged_the_new_key_takes_over),
		with_world(a_copy_of_the_key_file_is_no_successor),
		with_world(no_key_file_goes_while_the_age_is_unknown),
		with_world(a_successor_that_cannot_be_looked_for_is_not_pending),
		with_world(a_key_file_that_cannot_be_looked_for_is_not_made),
		with_world(a_key_file_that_comes_has_its_slot_at_the_end),
		with_world(a_slot_that_stays_on_a_failing_disk_still_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
