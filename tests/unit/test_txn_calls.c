/* SPDX-License-Identifier: MIT */

/* A change in which one call fails, or another program acts; and what killed writers left. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/txn_impl.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

struct world {
	char *dir;
	struct paths p;
	pid_t gone; /* a process that is no more */
};

static int setup(void **state)
{
	static const char *const folders[] = { "bin", "secrets", "keys", "txn", "agents",
		"agents/main", "agents/main/agent", "agents/other", "agents/other/agent",
		"agents/.hidden", "agents/.hidden/agent" };
	struct world *w = calloc(1, sizeof(*w));
	char *real;

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		assert_int_equal(mkdir(temp_path(w->dir, folders[i]), 0700), 0);
	real = realpath(w->dir, NULL);
	assert_non_null(real);
	assert_true(str_copy(w->p.state, sizeof(w->p.state), real));
	free(real);
	str_copy(w->p.config, sizeof(w->p.config), temp_path(w->p.state, "thinkfleetbot.json"));
	str_copy(w->p.env, sizeof(w->p.env), temp_path(w->p.state, ".env"));
	str_copy(w->p.secrets, sizeof(w->p.secrets), temp_path(w->p.state, "secrets"));
	str_copy(w->p.vault, sizeof(w->p.vault), temp_path(w->p.state, "secrets/vault.json"));
	str_copy(w->p.lock, sizeof(w->p.lock), temp_path(w->p.state, "secrets/.lock"));
	str_copy(w->p.txn, sizeof(w->p.txn), temp_path(w->p.state, "txn"));
	str_copy(w->p.resolver, sizeof(w->p.resolver), temp_path(w->p.state, "bin/resolve"));
	str_copy(w->p.keys, sizeof(w->p.keys), temp_path(w->p.state, "keys"));
	w->gone = fork();
	if (w->gone == 0)
		_exit(0);
	waitpid(w->gone, NULL, 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	temp_free(w->dir);
	free(w);
	return 0;
}

/* Two files, "a" and "b". */
static void begin_two(const struct world *w, struct txn *t)
{
	struct err e = { 0 };

	txn_begin(t, w->p.txn);
	for (int i = 0; i < 2; i++) {
		const struct txn_change c = {
			.path = temp_path(w->p.state, i ? "b" : "a"), .p = "new", .n = 3
		};

		temp_write(c.path, "old");
		assert_ok(txn_add(t, &c, &e), e);
	}
}

/* --- one call fails ------------------------------------------------------------------- */

static void a_copy_that_cannot_be_written_stages_nothing(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct err e;

	begin_two(w, &t);
	fault_only("write");
	fault_at(2, ENOSPC);
	assert_err(journal_stage(&t, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_true(journal_remove(&t, NULL));
	txn_release(&t);
}

static void a_journal_without_a_folder_is_none(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct err e = { 0 };

	begin_two(w, &t);
	fault_only("mkdirat");
	fault_at(1, EIO);
	assert_err(journal_stage(&t, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_string_equal(t.dir, "");
	assert_ok(journal_remove(&t, &e), e);
	txn_release(&t);
	/* Made, but its parent not synced: it goes again. */
	begin_two(w, &t);
	fault_only("fsync");
	fault_at(1, EIO);
	assert_err(journal_stage(&t, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_string_equal(t.dir, "");
	assert_int_equal(temp_count(w->p.txn), 0);
	txn_release(&t);
}

static void a_removal_that_was_not_synced_has_happened(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct err e = { 0 };

	begin_two(w, &t);
	assert_ok(journal_stage(&t, &e) && journal_write(&t, &e), e);
	fault_only("fsync");
	fault_at(1, EIO);
	assert_true(journal_remove(&t, NULL));
	assert_true(fault_end());
	assert_int_equal(temp_count(w->p.txn), 0);
	txn_release(&t);
}

static void fill(void *const p, const size_t n)
{
	memset(p, 0xab, n);
}

static const char *name(void)
{
	return "one byte";
}

static void a_journal_has_a_name_by_chance(void **state)
{
	static struct randombytes_implementation one = { .implementation_name = name, .buf = fill };
	struct world *w = *state;
	struct txn t;
	struct err e = { 0 };

	begin_two(w, &t);
	randombytes_set_implementation(&one);
	assert_ok(journal_stage(&t, &e), e);
	randombytes_set_implementation(&randombytes_sysrandom_implementation);
	assert_true(str_ends(t.dir, "/abababababababab"));
	assert_ok(journal_remove(&t, &e), e);
	txn_release(&t);
}

/* Where no folder can be read, as when there are too many open files. */
static void what_a_journal_wrote_it_removes_by_name(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct err e = { 0 };

	begin_two(w, &t);
	assert_ok(journal_stage(&t, &e), e);
	assert_int_equal(temp_count(t.dir), 2);
	fault_only("opendir");
	fault_at(1, EMFILE);
	fault_on();
	assert_ok(journal_remove(&t, &e), e);
	fault_end();
	assert_int_not_equal(access(t.dir, F_OK), 0);
	txn_release(&t);
}

static void a_race_says_what_to_do_and_no_more(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct err e;

	begin_two(w, &t);
	temp_write(temp_path(w->p.state, "b"), "theirs");
	assert_err(txn_commit(&t, &e), e, ERR_BUSY);
	assert_true(t.raced);
	assert_string_equal(e.hint, "run the command again");
	txn_release(&t);
}

static void take_lock_away(void *world)
{
	struct world *w = world;

	unlink(temp_path(w->p.state, "auth-profiles.json.lock"));
}

/* At every moment of a change: where that stops it, it can be tried again. */
static void a_lock_that_was_taken_away_is_a_race(void **state)
{
	struct world *w = *state;
	char path[FS_PATH_MAX];
	unsigned stopped = 0;

	str_copy(path, sizeof(path), temp_path(w->p.state, "auth-profiles.json"));
	for (unsigned nth = 1;; nth++) {
		const struct peerlock_how peer = { .kind = PEERLOCK_FILE, .timeout_ms = 1 };
		const struct txn_change c = { .path = path, .p = "new", .n = 3, .peer = &peer };
		struct err e = { 0 };
		struct txn t;

		temp_write(path, "old");
		txn_begin(&t, w->p.txn);
		assert_ok(txn_add(&t, &c, &e), e);
		fault_before("lstat64", nth, take_lock_away, w);
		if (!txn_commit(&t, &e)) {
			assert_true(t.raced);
			assert_int_equal(e.code, ERR_BUSY);
			assert_int_equal(t.outcome, TXN_NOTHING);
			stopped++;
		}
		txn_release(&t);
		if (!fault_moment_came())
			break;
	}
	assert_true(stopped > 0);
}

static void a_recovery_without_its_lock_replaces_nothing(void **state)
{
	struct world *w = *state;
	char path[FS_PATH_MAX];
	unsigned stopped = 0;

	str_copy(path, sizeof(path), temp_path(w->p.state, "auth-profiles.json"));
	for (unsigned nth = 1;; nth++) {
		const struct txn_change c = { .path = path, .p = "new", .n = 3 };
		struct err e = { 0 };
		struct txn t;

		temp_write(path, "old");
		txn_begin(&t, w->p.txn);
		assert_ok(txn_add(&t, &c, &e) && journal_stage(&t, &e) && journal_write(&t, &e), e);
		txn_release(&t);
		fault_before("lstat64", nth, take_lock_away, w);
		if (!txn_recover(w->p.txn, NULL, &e)) {
			char *text = temp_read(path);

			assert_non_null(strstr(e.msg, "taken away"));
			assert_string_equal(text, "old");
			free(text);
			stopped++;
		}
		assert_ok(txn_recover(w->p.txn, NULL, &e), e);
		if (!fault_moment_came())
			break;
	}
	assert_true(stopped > 0);
}

static void a_journal_whose_root_is_gone_is_neither_written_nor_read(void **state)
{
	struct world *w = *state;
	struct txn t;
	struct txn again;
	struct err e = { 0 };

	begin_two(w, &t);
	assert_ok(journal_stage(&t, &e) && journal_write(&t, &e), e);
	txn_begin(&again, temp_path(w->p.state, "gone"));
	str_copy(again.dir, sizeof(again.dir), t.dir);
	assert_err(journal_read(&again, &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "gone"));
	str_copy(t.root, sizeof(t.root), again.root);
	e = (struct err){ 0 };
	assert_err(journal_write(&t, &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "gone"));
	assert_true(journal_remove(&t, NULL));
	txn_release(&t);
	txn_release(&again);
}

/* A change of locked profiles that has begun, and its recovery in which the nth call and all after
 * it fail. */
static bool recover_failing(
	const struct world *w, const char *call, unsigned nth, struct txn_report *r)
{
	static const struct peerlock_how folder = { .kind = PEERLOCK_DIR };
	const struct txn_change c = { .path = temp_path(w->p.state, "auth-profiles.json"),
		.p = "new",
		.n = 3,
		.peer = &folder };
	struct err e = { 0 };
	struct txn t;
	bool fired;

	temp_write(c.path, "old");
	txn_begin(&t, w->p.txn);
	assert_ok(txn_add(&t, &c, &e) && journal_stage(&t, &e), e);
	t.files[0].lock.kind = PEERLOCK_DIR; /* as txn_commit() had taken it */
	assert_ok(journal_write(&t, &e), e);
	txn_release(&t);
	fault_only(call);
	fault_at(nth, EIO);
	fault_on();
	if (!txn_recover(w->p.txn, r, &e))
		*r = (struct txn_report){ 0 };
	fired = fault_end();
	rmdir(temp_path(w->p.state, "auth-profiles.json.lock"));
	e = (struct err){ 0 };
	assert_ok(txn_recover(w->p.txn, NULL, &e), e);
	return fired;
}

static void what_a_recovery_leaves_over_is_told(void **state)
{
	static const char *const calls[] = { "fsync", "rmdir" };
	struct world *w = *state;
	struct txn_report r;
	unsigned journals = 0;
	unsigned locks = 0;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		for (unsigned nth = 1; recover_failing(w, calls[i], nth, &r); nth++) {
			if (!r.note[0])
				continue;
			assert_int_equal(r.completed, 1);
			journals += strstr(r.note, "/txn/") != NULL;
			locks += strstr(r.note, ".lock") != NULL;
		}
		assert_string_equal(r.note, "");
	}
	assert_true(journals > 0);
	assert_true(locks > 0);
}

static const char *numbered(const struct world *w, int i)
{
	char name[12];

	snprintf(name, sizeof(name), "%d", i);
	return temp_path(w->p.state, name);
}

static void of_the_most_files_it_is_told_how_many_are_written(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	txn_begin(&t, w->p.txn);
	for (int i = 0; i < TXN_FILES_MAX; i++) {
		const struct txn_change change = { .path = numbered(w, i), .p = "new", .n = 3 };

		temp_write(change.path, "old");
		assert_ok(txn_add(&t, &change, &e), e);
	}
	/* The copies and the intent are there, and three files. */
	fault_only("renameat");
	fault_at(TXN_FILES_MAX + 1 + 4, EIO);
	fault_on();
	assert_err(txn_commit(&t, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_int_equal(t.outcome, TXN_HALF);
	assert_non_null(strstr(e.msg, "of 64 files are written"));
	txn_release(&t);
	assert_ok(txn_recover(w->p.txn, NULL, &e), e);
	for (int i = 0; i < TXN_FILES_MAX; i++) {
		char *text = temp_read(numbered(w, i));

		assert_string_equal(text, "new");
		free(text);
	}
}

/* --- what killed writers left beside the files ---------------------------------------- */

static void leave(const struct world *w, const char *name, char *path)
{
	snprintf(
		path, FS_PATH_MAX, "%s/%s.thinkfleetbot.%d.00.tmp", w->p.state, name, (int)w->gone);
	temp_write(path, "");
}

static bool there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void what_is_left_beside_any_file_is_found_and_swept(void **state)
{
	static const char *const names[] = { ".x", "bin/.x", "secrets/.x", "keys/.x",
		"agents/main/agent/.x", "agents/other/agent/.x" };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char found[FS_PATH_MAX] = "";
		char path[FS_PATH_MAX];
		struct fs_lock l;
		struct err e = { 0 };

		assert_false(txn_left(&w->p, found, sizeof(found)));
		leave(w, names[i], path);
		assert_true(txn_left(&w->p, found, sizeof(found)));
		assert_string_equal(found, path);
		assert_true(there(path));
		assert_ok(txn_lock(&l, &w->p, NULL, &e), e);
		fs_unlock(&l);
		if (there(path))
			fail_msg("%s stays", path);
	}
}

static void a_hidden_folder_is_no_agent(void **state)
{
	struct world *w = *state;
	char found[FS_PATH_MAX];
	char path[FS_PATH_MAX];
	struct fs_lock l;
	struct err e = { 0 };

	leave(w, "agents/.hidden/agent/.x", path);
	assert_false(txn_left(&w->p, found, sizeof(found)));
	assert_ok(txn_lock(&l, &w->p, NULL, &e), e);
	fs_unlock(&l);
	assert_true(there(path));
}

static void only_the_locks_of_profiles_are_cleaned(void **state)
{
	struct world *w = *state;
	const char *profiles = temp_path(w->p.state, "agents/main/agent/auth-profiles.json.lock");
	const char *config = temp_path(w->p.state, "thinkfleetbot.json.lock");
	struct fs_lock l;
	struct err e = { 0 };
	char says[40];

	snprintf(says, sizeof(says), "{\"pid\":%d}", (int)w->gone);
	temp_write(profiles, says);
	temp_write(config, says);
	assert_ok(txn_lock(&l, &w->p, NULL, &e), e);
	fs_unlock(&l);
	assert_false(there(profiles));
	assert_true(there(config));
}

static void names_that_are_too_long_hide_nothing(void **state)
{
	struct world *w = *state;
	char found[FS_PATH_MAX];
	struct paths p = w->p;

	memset(p.state, 'x', sizeof(p.state) - 1);
	p.state[0] = '/';
	p.state[sizeof(p.state) - 1] = '\0';
	assert_false(txn_left(&p, found, sizeof(found)));
	p = w->p;
	memset(p.keys, 'x', sizeof(p.keys) - 1);
	p.keys[0] = '/';
	p.keys[sizeof(p.keys) - 1] = '\0';
	assert_false(txn_left(&p, found, sizeof(found)));
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_copy_that_cannot_be_written_stages_nothing),
		with_world(a_journal_without_a_folder_is_none),
		with_world(a_removal_that_was_not_synced_has_happened),
		with_world(a_journal_has_a_name_by_chance),
		with_world(what_a_journal_wrote_it_removes_by_name),
		with_world(a_race_says_what_to_do_and_no_more),
		with_world(a_lock_that_was_taken_away_is_a_race),
		with_world(a_recovery_without_its_lock_replaces_nothing),
		with_world(a_journal_whose_root_is_gone_is_neither_written_nor_read),
		with_world(what_a_recovery_leaves_over_is_told),
		with_world(of_the_most_files_it_is_told_how_many_are_written),
		with_world(what_is_left_beside_any_file_is_found_and_swept),
		with_world(a_hidden_folder_is_no_agent),
		with_world(only_the_locks_of_profiles_are_cleaned),
		with_world(names_that_are_too_long_hide_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
