/* SPDX-License-Identifier: MIT */

/* Every system call and allocation of a change of several files fails, alone or with all after. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/txn_impl.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

enum {
	REPLACED,
	LOCKED,
	MADE,
	REMOVED,
	FILES
};

static const char *const names[FILES] = { "config", "profiles", "made", "removed" };
static const char *const old[FILES] = { "old config\n", "old profiles\n", NULL, "old key\n" };
static const char *const new[FILES] = { "new config\n", "new profiles\n", "", NULL };

struct world {
	char *dir;
	char root[512];
	size_t files; /* how many take part */
	struct txn done;
	enum txn_outcome outcome;
	bool raced;
	bool begun; /* it came as far as txn_commit() */
	bool all;   /* everything fails from there: cleaning up as well */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	snprintf(w->root, sizeof(w->root), "%s/.txn", w->dir);
	w->files = FILES;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	txn_release(&w->done);
	temp_free(w->dir);
	free(w);
	return 0;
}

static const char *at(const struct world *w, size_t i)
{
	return temp_path(w->dir, names[i]);
}

static bool content_is(const struct world *w, size_t i, const char *want)
{
	char *text = temp_read(at(w, i));
	bool same = want && text ? strcmp(text, want) == 0 : !want && !text;

	free(text);
	return same;
}

static bool all_are(const struct world *w, const char *const *want)
{
	for (size_t i = 0; i < w->files; i++)
		if (!content_is(w, i, want[i]))
			return false;
	return true;
}

static void start(void *world)
{
	struct world *w = world;
	char *dir = strdup(w->dir);

	temp_free(w->dir);
	w->dir = dir;
	assert_int_equal(mkdir(w->dir, 0700), 0);
	assert_int_equal(mkdir(w->root, 0700), 0);
	for (size_t i = 0; i < FILES; i++)
		if (old[i])
			temp_write(at(w, i), old[i]);
}

static bool add_all(struct txn *t, const struct world *w, struct err *e)
{
	static const struct peerlock_how peer = { .timeout_ms = 1 };

	txn_begin(t, w->root);
	for (size_t i = 0; i < w->files; i++) {
		struct txn_change c = { .path = at(w, i),
			.p = new[i],
			.n = new[i] ? strlen(new[i]) : 0,
			.peer = i == LOCKED ? &peer : NULL };

		if (!txn_add(t, &c, e))
			return false;
	}
	return true;
}

static bool commit(void *world, struct err *e)
{
	struct world *w = world;
	struct txn t;
	bool ok;

	w->begun = add_all(&t, w, e);
	ok = w->begun && txn_commit(&t, e);

	w->outcome = t.outcome;
	w->raced = t.raced;
	txn_release(&t);
	return ok;
}

/* A lock that cannot be told from another's stays, and grows stale after 30 s. */
static void expect_no_lock(const struct world *w)
{
	if (w->all) /* not even the lock could be removed */
		unlink(temp_path(w->dir, "profiles.lock"));
	if (strcmp(fault_name(), "fstat64") != 0 && strcmp(fault_name(), "lstat64") != 0 &&
		access(temp_path(w->dir, "profiles.lock"), F_OK) == 0)
		fail_msg("%s failed: a lock stays", fault_name());
}

static void expect_new(const struct world *w)
{
	if (!all_are(w, new))
		fail_msg("%s failed: not all files are new", fault_name());
}

static void recover(const struct world *w)
{
	struct txn_report r;
	struct err e = { 0 };

	assert_ok(txn_recover(w->root, &r, &e), e);
	assert_int_equal(r.stopped, 0);
	assert_false(txn_pending(w->root, NULL));
	assert_int_equal(temp_count(w->root), 0);
}

/* The message of a failure says what became of the files, and what to do. */
static void expect_told(const struct world *w, const struct err *e)
{
	char want[64];
	size_t changed = 0;

	for (size_t i = 0; i < w->files; i++)
		changed += !content_is(w, i, old[i]);
	if (w->outcome == TXN_NOTHING) {
		assert_non_null(strstr(e->msg, "; nothing was changed"));
		return;
	}
	assert_false(w->raced);
	assert_non_null(strstr(e->hint, "the next command that writes completes the change; "));
	snprintf(want, sizeof(want), " of %zu files are written", w->files);
	assert_non_null(strstr(e->msg, want));
	/* A removal that could not be synced counts as done: it may come back. */
	assert_true(strtoul(strstr(e->msg, want) - 1, NULL, 10) >= changed);
	assert_true(strtoul(strstr(e->msg, want) - 1, NULL, 10) <= w->files);
}

/* After the next start, which meets no failure: all of it or nothing, as it was told. */
static void expect_all_or_nothing(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	bool had_all_old = all_are(w, old);

	if (ok) {
		assert_int_equal(w->outcome, TXN_DONE);
		expect_new(w);
	} else if (w->outcome == TXN_NOTHING && !had_all_old) {
		fail_msg("%s failed: \"%s\", but files have changed", fault_name(), e->msg);
	}
	if (!ok && w->begun)
		expect_told(w, e);
	expect_no_lock(w);
	recover(w);
	if (w->outcome == TXN_HALF)
		assert_true(all_are(w, new) || all_are(w, old));
	else
		assert_true(all_are(w, ok ? new : old));
}

static void several_files_change_together_or_not_at_all(void **state)
{
	struct fault_sweep s = { start, commit, expect_all_or_nothing, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 100);
}

static void so_they_do_when_everything_fails_from_there(void **state)
{
	struct fault_sweep s = { start, commit, expect_all_or_nothing, ENOSPC, true, NULL };
	struct world *w = *state;

	w->all = true;
	assert_true(fault_sweep(&s, w) >= 100);
}

static void a_single_file_needs_no_journal(void **state)
{
	struct fault_sweep s = { start, commit, expect_all_or_nothing, EIO, false, NULL };
	struct world *w = *state;

	w->files = 1;
	assert_true(fault_sweep(&s, w) >= 15);
	assert_int_equal(temp_count(w->root), 0);
}

static void start_committed(void *world)
{
	struct world *w = world;
	struct err e = { 0 };

	start(w);
	txn_release(&w->done);
	assert_ok(add_all(&w->done, w, &e), e);
	assert_ok(txn_commit(&w->done, &e), e);
}

static bool undo(void *world, struct err *e)
{
	struct world *w = world;

	return txn_undo(&w->done, e);
}

static void expect_undone(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	struct err own = { 0 };

	(void)e;
	assert_int_equal(w->done.outcome, ok ? TXN_NOTHING : TXN_HALF);
	for (size_t i = 0; i < FILES; i++)
		assert_true(content_is(w, i, old[i]) || (!ok && content_is(w, i, new[i])));
	expect_no_lock(w);
	unlink(temp_path(w->dir, "profiles.lock"));
	if (!txn_undo(&w->done, &own))
		fail_msg("%s failed, and a second time: %s", fault_name(), own.msg);
	assert_int_equal(w->done.outcome, TXN_NOTHING);
	assert_true(all_are(w, old));
}

static void undoing_gives_each_file_back_or_can_be_repeated(void **state)
{
	struct fault_sweep s = { start_committed, undo, expect_undone, EIO, false, NULL };

	assert_true(fault_sweep(&s, *state) >= 30);
}

static void start_journal(void *world)
{
	struct world *w = world;
	struct err e = { 0 };
	struct txn t;

	start(w);
	assert_ok(add_all(&t, w, &e), e);
	assert_ok(journal_stage(&t, &e) && journal_write(&t, &e), e);
	txn_release(&t);
}

static bool carry_on(void *world, struct err *e)
{
	struct world *w = world;

	return txn_recover(w->root, NULL, e);
}

static void expect_completed(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	if (!ok)
		assert_non_null(strstr(e->msg, "interrupted"));
	expect_no_lock(w);
	recover(w);
	expect_new(w);
}

static void recovery_that_failed_can_be_repeated(void **state)
{
	struct fault_sweep s = { start_journal, carry_on, expect_completed, EIO, false, NULL };
	struct world *w = *state;

	assert_true(fault_sweep(&s, w) >= 80);
	w->all = true;
	s.on = true;
	s.error = EMFILE;
	assert_true(fault_sweep(&s, w) >= 80);
}

static void looking_at_a_journal_changes_nothing_whatever_fails(void **state)
{
	struct world *w = *state;
	unsigned met = 0;

	for (unsigned nth = 1;; nth++, met++) {
		struct txn_report r;

		start_journal(w);
		fault_at(nth, EIO);
		if (!txn_pending(w->root, &r))
			fail_msg("%s failed: nothing seems to be left over", fault_name());
		if (!fault_end())
			break;
		assert_true(all_are(w, old));
	}
	assert_true(met >= 15);
	recover(w);
	expect_new(w);
}

static bool take_lock(void *world, struct err *e)
{
	struct world *w = world;
	struct fs_lock l = { .fd = -1 };
	struct paths p = { 0 };
	bool ok;

	str_copy(p.config, sizeof(p.config), temp_path(w->dir, "state/thinkfleetbot.json"));
	str_copy(p.vault, sizeof(p.vault), temp_path(w->dir, "state/secrets/vault.json"));
	str_copy(p.secrets, sizeof(p.secrets), temp_path(w->dir, "state/secrets"));
	str_copy(p.lock, sizeof(p.lock), temp_path(w->dir, "state/secrets/.lock"));
	str_copy(p.txn, sizeof(p.txn), w->root);
	str_copy(p.keys, sizeof(p.keys), temp_path(w->dir, "keys"));
	str_copy(p.resolver, sizeof(p.resolver), temp_path(w->dir, "bin/resolve"));
	ok = txn_lock(&l, &p, NULL, e);
	assert_int_equal(l.fd >= 0, ok);
	fs_unlock(&l);
	return ok;
}

static void start_journal_unlocked(void *world)
{
	start_journal(world);
}

static void expect_lock_or_reason(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	(void)e;
	if (ok)
		expect_new(w);
}

static void the_lock_is_held_only_when_nothing_is_left_over(void **state)
{
	struct fault_sweep s = { start_journal_unlocked, take_lock, expect_lock_or_reason, EIO,
		false };

	assert_true(fault_sweep(&s, *state) >= 80);
}

/* --- another program writes at every moment --------------------------------------------- */

static const char theirs[] = "a gateway's\n";

static void write_theirs(void *world)
{
	struct world *w = world;

	temp_write(at(w, LOCKED), theirs);
}

/* Seen up to the last look, which is just before the rename; nothing of theirs is lost. */
static void what_a_gateway_writes_meanwhile_is_never_lost(void **state)
{
	struct world *w = *state;
	unsigned nth = 1;

	for (;; nth++) {
		struct err e = { 0 };
		struct txn t;
		bool came;
		bool ok;

		start(w);
		assert_ok(add_all(&t, w, &e), e);
		fault_before("lstat64", nth, write_theirs, w);
		ok = txn_commit(&t, &e);
		came = fault_moment_came();
		w->outcome = t.outcome;
		w->raced = t.raced;
		txn_release(&t);
		if (!came)
			break;
		if (!content_is(w, LOCKED, theirs))
			fail_msg("look %u: what the gateway wrote is gone", nth);
		if (!ok) {
			assert_int_equal(e.code, ERR_BUSY);
			assert_int_equal(w->outcome, TXN_NOTHING);
			assert_true(w->raced);
			assert_true(content_is(w, REPLACED, old[REPLACED]));
			assert_true(content_is(w, REMOVED, old[REMOVED]));
		}
		assert_int_equal(temp_count(w->root), 0);
		expect_no_lock(w);
	}
	assert_true(nth > 20);
}

static void nor_is_it_by_a_recovery(void **state)
{
	struct world *w = *state;
	unsigned stopped = 0;
	unsigned nth = 1;

	for (;; nth++) {
		struct txn_report r;
		struct err e = { 0 };

		start_journal(w);
		fault_before("lstat64", nth, write_theirs, w);
		assert_ok(txn_recover(w->root, &r, &e), e);
		if (!fault_moment_came())
			break;
		assert_true(content_is(w, LOCKED, theirs));
		assert_int_equal(r.stopped + r.completed, 1);
		assert_int_equal(temp_count(w->root), 0);
		stopped += r.stopped;
	}
	assert_true(nth > 10);
	assert_true(stopped > 2);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(several_files_change_together_or_not_at_all),
		with_world(so_they_do_when_everything_fails_from_there),
		with_world(a_single_file_needs_no_journal),
		with_world(undoing_gives_each_file_back_or_can_be_repeated),
		with_world(recovery_that_failed_can_be_repeated),
		with_world(looking_at_a_journal_changes_nothing_whatever_fails),
		with_world(what_a_gateway_writes_meanwhile_is_never_lost),
		with_world(nor_is_it_by_a_recovery),
		with_world(the_lock_is_held_only_when_nothing_is_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
