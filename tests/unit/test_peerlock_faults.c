/* SPDX-License-Identifier: MIT */

/* Every system call of taking, asking and releasing a gateway's lock fails once. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/peerlock.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

struct world {
	char *dir;
	char file[512];
	char lock[520];
	struct peerlock_how how;
	bool stale; /* somebody's abandoned lock lies there */
	bool link;  /* the file is behind a link */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	snprintf(w->file, sizeof(w->file), "%s/auth-profiles.json", w->dir);
	snprintf(w->lock, sizeof(w->lock), "%s.lock", w->file);
	w->how.timeout_ms = 1;
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

static void start(void *world)
{
	struct world *w = world;
	const struct timespec times[2] = { { .tv_sec = time(NULL) - 60 },
		{ .tv_sec = time(NULL) - 60 } };
	char *dir = strdup(w->dir);

	temp_free(w->dir);
	w->dir = dir;
	assert_int_equal(mkdir(w->dir, 0700), 0);
	if (w->link) {
		temp_write(temp_path(w->dir, "real"), "{}");
		assert_int_equal(symlink("real", w->file), 0);
	} else {
		temp_write(w->file, "{}");
	}
	if (!w->stale)
		return;
	if (w->how.kind == PEERLOCK_DIR)
		assert_int_equal(mkdir(w->lock, 0755), 0);
	else
		temp_write(w->lock, "{\"pid\":1}");
	assert_int_equal(utimensat(AT_FDCWD, w->lock, times, 0), 0);
}

static bool take_and_release(void *world, struct err *e)
{
	struct world *w = world;
	struct peerlock l;
	bool ok = peerlock_take(&l, w->file, &w->how, e) && peerlock_holds(&l, e);

	peerlock_release(&l);
	peerlock_release(&l);
	return ok;
}

/* Where a lock cannot be told from another's it stays, and grows stale: 30 s, not for ever. */
static bool may_stay(void)
{
	static const char *const calls[] = { "fstat64", "lstat64" };

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (strcmp(fault_name(), calls[i]) == 0)
			return true;
	return false;
}

static void expect_free(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	unsigned own = w->link ? 2 : 1;
	sigset_t now;

	(void)e;
	sigprocmask(SIG_SETMASK, NULL, &now);
	assert_false(sigismember(&now, SIGTERM));
	if (may_stay() || (w->stale && !ok))
		return;
	/* What was moved aside may stay beside it: no gateway looks at that name. */
	if (access(w->lock, F_OK) == 0 || (!w->stale && temp_count(w->dir) != own))
		fail_msg("%s failed: a lock stays", fault_name());
}

static void sweep(struct world *w, enum peerlock_kind kind, unsigned least)
{
	static const int errors[] = { EIO, EEXIST, EINVAL };
	struct fault_sweep s = { start, take_and_release, expect_free, 0, false, NULL };

	w->how.kind = kind;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		s.error = errors[i];
		assert_true(fault_sweep(&s, w) >= least);
	}
}

static void a_lock_file_is_taken_and_gone_whatever_fails(void **state)
{
	sweep(*state, PEERLOCK_FILE, 10);
}

static void a_lock_folder_is_taken_and_gone_whatever_fails(void **state)
{
	sweep(*state, PEERLOCK_DIR, 8);
}

static void behind_a_link_both_are(void **state)
{
	struct world *w = *state;

	w->link = true;
	sweep(w, PEERLOCK_FILE, 20);
	sweep(w, PEERLOCK_DIR, 14);
}

static void an_abandoned_one_is_taken_over_or_stays(void **state)
{
	struct world *w = *state;

	w->stale = true;
	sweep(w, PEERLOCK_FILE, 12);
	sweep(w, PEERLOCK_DIR, 10);
}

static bool clean(void *world, struct err *e)
{
	struct world *w = world;

	(void)e;
	peerlock_clean(w->file);
	return true;
}

static void expect_file(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	(void)ok;
	(void)e;
	assert_int_equal(access(w->file, F_OK), 0);
}

static void cleaning_is_silent_when_it_fails(void **state)
{
	struct fault_sweep s = { start, clean, expect_file, EIO, false, NULL };
	struct world *w = *state;

	w->stale = true;
	w->how.kind = PEERLOCK_FILE;
	assert_true(fault_sweep(&s, w) >= 5);
	assert_int_not_equal(access(w->lock, F_OK), 0);
}

/* A file system without RENAME_NOREPLACE: the name is made first, and then its text. */
static void without_an_exclusive_rename_the_lock_is_made_plainly(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e = { 0 };
	static const int errors[] = { EINVAL, ENOSYS };

	w->how.kind = PEERLOCK_FILE;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		char *text;

		start(w);
		fault_only("renameat2");
		fault_at(1, errors[i]);
		fault_on();
		assert_ok(peerlock_take(&l, w->file, &w->how, &e), e);
		assert_true(fault_end());
		text = temp_read(w->lock);
		assert_non_null(strstr(text, "\"pid\":"));
		free(text);
		assert_int_equal(temp_count(w->dir), 2);
		assert_ok(peerlock_holds(&l, &e), e);
		peerlock_release(&l);
		assert_int_equal(temp_count(w->dir), 1);
	}
}

static void a_lock_that_cannot_be_removed_at_first_is_removed_then(void **state)
{
	struct world *w = *state;
	static const char *const calls[] = { "unlink", "rmdir" };
	struct peerlock l;
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++) {
		start(w);
		w->how.kind = i ? PEERLOCK_DIR : PEERLOCK_FILE;
		assert_ok(peerlock_take(&l, w->file, &w->how, &e), e);
		fault_only(calls[i]);
		fault_at(1, EINTR);
		peerlock_release(&l);
		assert_true(fault_end());
		assert_int_equal(temp_count(w->dir), 1);
	}
}

/* --- what others do meanwhile --------------------------------------------------------- */

static void renew(void *world)
{
	struct world *w = world;

	assert_int_equal(utimensat(AT_FDCWD, w->lock, NULL, 0), 0);
}

static void replace(void *world)
{
	struct world *w = world;

	assert_int_equal(unlink(w->lock), 0);
	temp_write(temp_path(w->dir, "keeps the number"), "");
	temp_write(w->lock, "another's");
}

static void make_new(void *world)
{
	struct world *w = world;

	temp_write(w->lock, "a third one's");
}

static bool try_it(struct world *w)
{
	struct peerlock l;
	bool taken = peerlock_take(&l, w->file, &w->how, NULL);

	peerlock_release(&l);
	return taken;
}

static void a_lock_renewed_while_it_was_judged_goes_back(void **state)
{
	struct world *w = *state;
	char *text;

	w->stale = true;
	w->how.kind = PEERLOCK_FILE;
	start(w);
	fault_before("rename", 1, renew, w);
	assert_false(try_it(w));
	text = temp_read(w->lock);
	assert_non_null(text);
	assert_string_equal(text, "{\"pid\":1}");
	free(text);
	assert_int_equal(temp_count(w->dir), 2);
	start(w);
	fault_before("rename", 1, replace, w);
	assert_false(try_it(w));
	text = temp_read(w->lock);
	assert_non_null(text);
	assert_string_equal(text, "another's");
	free(text);
	assert_int_equal(temp_count(w->dir), 3);
}

static void make_new_at_the_move_back(void *world)
{
	renew(world);
	fault_before("renameat2", 1, make_new, world);
}

static void a_lock_made_by_a_third_one_meanwhile_stays(void **state)
{
	struct world *w = *state;
	char *text;

	w->stale = true;
	w->how.kind = PEERLOCK_DIR;
	start(w);
	fault_before("rename", 1, make_new_at_the_move_back, w);
	assert_false(try_it(w));
	text = temp_read(w->lock);
	assert_non_null(text);
	assert_string_equal(text, "a third one's");
	free(text);
	assert_int_equal(temp_count(w->dir), 2);
}

static void take_away(void *world)
{
	struct world *w = world;

	unlink(w->lock);
	rmdir(w->lock);
}

static void a_lock_that_goes_while_it_is_judged_is_free(void **state)
{
	struct world *w = *state;

	w->stale = true;
	for (int kind = PEERLOCK_FILE; kind <= PEERLOCK_DIR; kind++) {
		w->how.kind = (enum peerlock_kind)kind;
		start(w);
		fault_before("lstat64", 1, take_away, w);
		assert_true(try_it(w));
		assert_int_equal(temp_count(w->dir), 1);
	}
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_lock_file_is_taken_and_gone_whatever_fails),
		with_world(a_lock_folder_is_taken_and_gone_whatever_fails),
		with_world(behind_a_link_both_are),
		with_world(an_abandoned_one_is_taken_over_or_stays),
		with_world(cleaning_is_silent_when_it_fails),
		with_world(without_an_exclusive_rename_the_lock_is_made_plainly),
		with_world(a_lock_that_cannot_be_removed_at_first_is_removed_then),
		with_world(a_lock_renewed_while_it_was_judged_goes_back),
		with_world(a_lock_made_by_a_third_one_meanwhile_stays),
		with_world(a_lock_that_goes_while_it_is_judged_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
