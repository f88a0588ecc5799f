/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "store/peerlock.h"
#include "tests/unit/temp.h"

static const struct peerlock_how brief = { .timeout_ms = 1 };
static const struct peerlock_how as_file = { .kind = PEERLOCK_FILE, .timeout_ms = 1 };
static const struct peerlock_how as_dir = { .kind = PEERLOCK_DIR, .timeout_ms = 1 };

struct world {
	char *dir;
	char file[512];
	char lock[520];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	snprintf(w->file, sizeof(w->file), "%s/auth-profiles.json", w->dir);
	snprintf(w->lock, sizeof(w->lock), "%s.lock", w->file);
	temp_write(w->file, "{}");
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

static mode_t kind_of(const char *path)
{
	struct stat sb;

	return lstat(path, &sb) == 0 ? sb.st_mode & S_IFMT : 0;
}

static void age(const char *path, int seconds)
{
	struct timespec t[2] = { { .tv_sec = time(NULL) - seconds },
		{ .tv_sec = time(NULL) - seconds } };

	assert_int_equal(utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW), 0);
}

static void expect_taken(const struct world *w, const struct peerlock_how *how)
{
	struct peerlock l = { 0 };
	struct err e = { 0 };

	assert_ok(peerlock_take(&l, w->file, how, &e), e);
	assert_ok(peerlock_holds(&l, &e), e);
	peerlock_release(&l);
	assert_int_equal(temp_count(w->dir), 1);
}

static void expect_held(const struct world *w, const struct peerlock_how *how)
{
	struct peerlock l = { 0 };
	struct err e;

	assert_err(peerlock_take(&l, w->file, how, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, ".lock"));
	peerlock_release(&l);
}

static void each_kind_is_made_and_removed(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e = { 0 };

	assert_ok(peerlock_take(&l, w->file, &as_file, &e), e);
	assert_int_equal(kind_of(w->lock), S_IFREG);
	peerlock_release(&l);
	assert_int_equal(kind_of(w->lock), 0);
	assert_ok(peerlock_take(&l, w->file, &as_dir, &e), e);
	assert_int_equal(kind_of(w->lock), S_IFDIR);
	assert_int_equal(temp_count(w->lock), 0);
	peerlock_release(&l);
	peerlock_release(&l);
	assert_int_equal(temp_count(w->dir), 1);
}

static void a_lock_file_names_this_process_and_is_private(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e = { 0 };
	char pid[40];
	char *text;
	struct stat sb;

	assert_ok(peerlock_take(&l, w->file, &as_file, &e), e);
	text = temp_read(w->lock);
	snprintf(pid, sizeof(pid), "{\"pid\":%ld,\"createdAt\":\"20", (long)getpid());
	assert_memory_equal(text, pid, strlen(pid));
	assert_non_null(strstr(text, "\"starttime\":"));
	assert_null(strstr(text, "\"starttime\":0"));
	free(text);
	assert_int_equal(stat(w->lock, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
	peerlock_release(&l);
}

static void a_fresh_lock_of_either_kind_keeps_us_out(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(w->lock, 0755), 0);
	expect_held(w, &as_dir);
	expect_held(w, &as_file);
	assert_int_equal(rmdir(w->lock), 0);
	temp_write(w->lock, "");
	expect_held(w, &as_dir);
	expect_held(w, &as_file);
	assert_int_equal(kind_of(w->lock), S_IFREG);
}

static void a_lock_older_than_30_seconds_is_taken_over(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		const struct peerlock_how *how = i ? &as_dir : &as_file;

		assert_int_equal(mkdir(w->lock, 0755), 0);
		age(w->lock, 29);
		expect_held(w, how);
		age(w->lock, 32);
		expect_taken(w, how);
		temp_write(w->lock, "not json");
		age(w->lock, 29);
		expect_held(w, how);
		age(w->lock, 32);
		expect_taken(w, how);
	}
}

/* proper-lockfile rounds its mtime up to the next second. */
static void an_mtime_in_the_future_is_fresh(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(w->lock, 0755), 0);
	age(w->lock, -1);
	expect_held(w, &as_dir);
}

static pid_t dead_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void put_holder(const struct world *w, long pid, const char *created, const char *start)
{
	char text[200];

	snprintf(text, sizeof(text), "{\"pid\": %ld, \"createdAt\": \"%s\"%s%s}", pid, created,
		*start ? ", \"starttime\": " : "", start);
	temp_write(w->lock, text);
}

static void a_fresh_lock_file_of_a_dead_process_is_taken_over_at_once(void **state)
{
	struct world *w = *state;

	put_holder(w, (long)dead_process(), "2999-01-01T00:00:00.000Z", "");
	expect_taken(w, &brief);
}

static void a_living_process_keeps_its_lock(void **state)
{
	struct world *w = *state;

	put_holder(w, (long)getppid(), "2999-01-01T00:00:00.000Z", "");
	expect_held(w, &brief);
}

static void another_process_with_the_same_number_is_not_the_holder(void **state)
{
	struct world *w = *state;

	put_holder(w, (long)getpid(), "2999-01-01T00:00:00.000Z", "7");
	expect_taken(w, &brief);
}

static void a_lock_file_that_says_it_is_old_is_old(void **state)
{
	struct world *w = *state;

	put_holder(w, (long)getppid(), "2020-01-01T00:00:00.000Z", "");
	expect_taken(w, &brief);
}

static void what_is_no_lock_is_refused_and_stays(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e;

	assert_int_equal(mkfifo(w->lock, 0600), 0);
	assert_err(peerlock_take(&l, w->file, &brief, &e), e, ERR_REFUSED);
	assert_int_equal(kind_of(w->lock), S_IFIFO);
}

static void the_kind_follows_what_is_found(void **state)
{
	static const struct peerlock_how january = { .january = true };
	struct world *w = *state;
	char other[512];

	assert_int_equal(peerlock_choose(w->file, NULL), PEERLOCK_FILE);
	assert_int_equal(peerlock_choose(w->file, &january), PEERLOCK_DIR);
	assert_int_equal(peerlock_choose(w->file, &as_dir), PEERLOCK_DIR);
	assert_int_equal(mkdir(w->lock, 0755), 0);
	assert_int_equal(peerlock_choose(w->file, NULL), PEERLOCK_DIR);
	assert_int_equal(peerlock_choose(w->file, &as_file), PEERLOCK_FILE);
	assert_int_equal(rmdir(w->lock), 0);
	temp_write(w->lock, "");
	assert_int_equal(peerlock_choose(w->file, &january), PEERLOCK_FILE);
	assert_int_equal(unlink(w->lock), 0);
	snprintf(other, sizeof(other), "%s/auth-state.json", w->dir);
	temp_write(other, "{}");
	assert_int_equal(peerlock_choose(w->file, &january), PEERLOCK_FILE);
}

/* January's peers lock the file behind the link, April's the link. */
static void behind_a_link_both_names_are_locked(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e = { 0 };
	char real[600];
	char lock[700];

	snprintf(real, sizeof(real), "%s/real", w->dir);
	assert_int_equal(mkdir(real, 0700), 0);
	snprintf(real, sizeof(real), "%s/real/store.json", w->dir);
	snprintf(lock, sizeof(lock), "%s.lock", real);
	assert_int_equal(rename(w->file, real), 0);
	assert_int_equal(symlink(real, w->file), 0);
	assert_ok(peerlock_take(&l, w->file, &as_file, &e), e);
	assert_int_equal(kind_of(w->lock), S_IFREG);
	assert_int_equal(kind_of(lock), S_IFREG);
	peerlock_release(&l);
	assert_int_equal(mkdir(lock, 0755), 0);
	expect_held(w, &as_file);
	assert_int_equal(kind_of(w->lock), 0);
	assert_int_equal(kind_of(lock), S_IFDIR);
}

static void a_file_that_does_not_exist_yet_can_be_locked(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e = { 0 };

	assert_int_equal(unlink(w->file), 0);
	assert_ok(peerlock_take(&l, w->file, NULL, &e), e);
	assert_int_equal(kind_of(w->lock), S_IFREG);
	peerlock_release(&l);
}

static void a_lock_that_was_taken_from_us_is_noticed_and_left_alone(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world *w = *state;
		struct peerlock l = { 0 };
		struct err e = { 0 };

		assert_ok(peerlock_take(&l, w->file, i ? &as_dir : &as_file, &e), e);
		assert_int_equal(i ? rmdir(w->lock) : unlink(w->lock), 0);
		assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
		assert_int_equal(mkdir(w->lock, 0755), 0);
		assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
		peerlock_release(&l);
		assert_int_equal(kind_of(w->lock), S_IFDIR);
		assert_int_equal(rmdir(w->lock), 0);
	}
}

static void a_lock_held_for_too_long_no_longer_counts(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	struct err e = { 0 };

	assert_ok(peerlock_take(&l, w->file, NULL, &e), e);
	l.since_ms -= PEERLOCK_HOLD_MS + 1;
	assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
	peerlock_release(&l);
}

/* The child asks to be ended while it holds the lock; it must not be before it let go. */
static void no_signal_leaves_a_lock_behind(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct world *w = *state;
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			struct peerlock l = { 0 };

			signal(signals[i], SIG_DFL);
			if (!peerlock_take(&l, w->file, i % 2 ? &as_dir : &as_file, NULL))
				_exit(3);
			raise(signals[i]);
			if (kind_of(w->lock) == 0 || !peerlock_holds(&l, NULL))
				_exit(4);
			peerlock_release(&l);
			_exit(5);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_int_equal(temp_count(w->dir), 1);
	}
}

static void releasing_gives_the_signals_back(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	sigset_t now;

	assert_true(peerlock_take(&l, w->file, NULL, NULL));
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_true(sigismember(&now, SIGTERM));
	peerlock_release(&l);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_false(sigismember(&now, SIGTERM));
	temp_write(w->lock, "");
	expect_held(w, &brief);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_false(sigismember(&now, SIGTERM));
}

static void a_killed_holder_stops_nobody(void **state)
{
	struct world *w = *state;
	pid_t pid = fork();

	if (pid == 0) {
		struct peerlock l = { 0 };

		if (peerlock_take(&l, w->file, &as_file, NULL))
			raise(SIGKILL);
		_exit(3);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(kind_of(w->lock), S_IFREG);
	expect_taken(w, &brief);
}

static void a_lock_moved_aside_by_one_that_died_is_swept(void **state)
{
	struct world *w = *state;
	struct peerlock l = { 0 };
	char aside[600];

	snprintf(aside, sizeof(aside), "%s.thinkfleetbot.%ld.0123456789abcdef", w->lock,
		(long)getpid());
	temp_write(aside, "");
	assert_true(peerlock_take(&l, w->file, &brief, NULL));
	peerlock_release(&l);
	assert_int_equal(temp_count(w->dir), 2);
	assert_int_equal(unlink(aside), 0);
	snprintf(aside, sizeof(aside), "%s.thinkfleetbot.%ld.0123456789abcdef", w->lock,
		(long)dead_process());
	temp_write(aside, "");
	expect_taken(w, &brief);
	assert_int_equal(mkdir(aside, 0755), 0);
	expect_taken(w, &brief);
}

static void cleaning_removes_the_dead_and_spares_the_living(void **state)
{
	struct world *w = *state;

	put_holder(w, (long)getppid(), "2999-01-01T00:00:00.000Z", "");
	peerlock_clean(w->file);
	assert_int_equal(kind_of(w->lock), S_IFREG);
	put_holder(w, (long)dead_process(), "2999-01-01T00:00:00.000Z", "");
	peerlock_clean(w->file);
	assert_int_equal(temp_count(w->dir), 1);
	assert_int_equal(mkdir(w->lock, 0755), 0);
	peerlock_clean(w->file);
	assert_int_equal(kind_of(w->lock), S_IFDIR);
	age(w->lock, 32);
	peerlock_clean(w->file);
	assert_int_equal(temp_count(w->dir), 1);
}

/* Processes that add to one number: every addition counts only if they exclude each other. */
static void writers_exclude_each_other(void **state)
{
	enum {
		WRITERS = 4,
		TIMES = 6
	};
	struct world *w = *state;
	char *text;

	temp_write(w->file, "0");
	for (int i = 0; i < WRITERS; i++) {
		if (fork() != 0)
			continue;
		for (int k = 0; k < TIMES; k++) {
			struct peerlock l = { 0 };
			char next[24];

			if (!peerlock_take(&l, w->file, i % 2 ? &as_dir : NULL, NULL)) {
				k--;
				continue;
			}
			text = temp_read(w->file);
			snprintf(next, sizeof(next), "%ld", strtol(text, NULL, 10) + 1);
			free(text);
			temp_write(w->file, next);
			peerlock_release(&l);
		}
		_exit(0);
	}
	for (int i = 0; i < WRITERS; i++)
		wait(NULL);
	text = temp_read(w->file);
	assert_int_equal(strtol(text, NULL, 10), WRITERS * TIMES);
	free(text);
	assert_int_equal(temp_count(w->dir), 1);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(each_kind_is_made_and_removed),
		with_world(a_lock_file_names_this_process_and_is_private),
		with_world(a_fresh_lock_of_either_kind_keeps_us_out),
		with_world(a_lock_older_than_30_seconds_is_taken_over),
		with_world(an_mtime_in_the_future_is_fresh),
		with_world(a_fresh_lock_file_of_a_dead_process_is_taken_over_at_once),
		with_world(a_living_process_keeps_its_lock),
		with_world(another_process_with_the_same_number_is_not_the_holder),
		with_world(a_lock_file_that_says_it_is_old_is_old),
		with_world(what_is_no_lock_is_refused_and_stays),
		with_world(the_kind_follows_what_is_found),
		with_world(behind_a_link_both_names_are_locked),
		with_world(a_file_that_does_not_exist_yet_can_be_locked),
		with_world(a_lock_that_was_taken_from_us_is_noticed_and_left_alone),
		with_world(a_lock_held_for_too_long_no_longer_counts),
		with_world(no_signal_leaves_a_lock_behind),
		with_world(releasing_gives_the_signals_back),
		with_world(a_killed_holder_stops_nobody),
		with_world(a_lock_moved_aside_by_one_that_died_is_swept),
		with_world(cleaning_removes_the_dead_and_spares_the_living),
		with_world(writers_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
