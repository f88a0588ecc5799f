/* SPDX-License-Identifier: MIT */

/* The gateway's lock at one moment: what another program does then, what fails then, what time it
 * is. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "store/peerlock_impl.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

#define MS 1000000

struct world {
	char *dir;
	char file[512];
	char lock[520];
	struct peerlock_how how;
	struct timespec renewed; /* the mtime that somebody gives the lock */
	unsigned times;
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
	w->how = (struct peerlock_how){ .kind = PEERLOCK_FILE, .timeout_ms = 1 };
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

static void set_mtime(const char *path, struct timespec when)
{
	const struct timespec times[2] = { when, when };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool try_it(struct world *w)
{
	struct peerlock l;
	bool taken = peerlock_take(&l, w->file, &w->how, NULL);

	peerlock_release(&l);
	return taken;
}

/* --- how long is waited --------------------------------------------------------------- */

static unsigned char every_byte;

static void fill(void *const p, const size_t n)
{
	memset(p, every_byte, n);
}

static const char *name(void)
{
	return "one byte";
}

/* libsodium's random bytes are all this one. */
static void random_is(unsigned char byte)
{
	static struct randombytes_implementation one = { .implementation_name = name, .buf = fill };

	every_byte = byte;
	randombytes_set_implementation(&one);
}

static void random_again(void)
{
	randombytes_set_implementation(&randombytes_sysrandom_implementation);
}

static void expect_naps(struct world *w, unsigned char byte, const int *ms, unsigned count)
{
	struct peerlock l;
	struct err e;
	int64_t naps[16];

	random_is(byte);
	fault_sleepless();
	assert_err(peerlock_take(&l, w->file, &w->how, &e), e, ERR_BUSY);
	random_again();
	assert_int_equal(fault_naps(naps, ARRAY_LEN(naps)), count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(naps[i], (int64_t)ms[i] * MS);
}

static void each_wait_is_twice_the_last_up_to_16_of_the_first_and_a_random_part(void **state)
{
	static const int least[] = { 100, 200, 400, 800, 1600, 1600, 1600, 1600, 1600, 500 };
	static const int most[] = { 200, 400, 800, 1600, 3200, 3200, 600 };
	struct world *w = *state;

	temp_write(w->lock, "somebody's");
	w->how.timeout_ms = 0; /* as long as it is without a word: 10 s */
	expect_naps(w, 0, least, ARRAY_LEN(least));
	expect_naps(w, 0xff, most, ARRAY_LEN(most));
	w->how.timeout_ms = 4999;
	expect_naps(w, 0xff, (const int[]){ 200, 400, 800, 1600, 1999 }, 5);
	w->how.timeout_ms = 150;
	expect_naps(w, 0, (const int[]){ 100, 50 }, 2);
}

static void make_stale(void *world)
{
	struct world *w = world;

	if (mkdir(w->lock, 0755) == 0)
		set_mtime(w->lock, (struct timespec){ .tv_sec = time(NULL) - 60 });
	w->times++;
	fault_before("mkdir", 1, make_stale, w);
}

/* Somebody makes locks and dies, faster than we are: the hundredth is waited for as a held one. */
static void abandoned_locks_are_not_removed_for_ever(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e;
	int64_t nap;

	w->how.kind = PEERLOCK_DIR;
	fault_before("mkdir", 1, make_stale, w);
	fault_sleepless();
	assert_err(peerlock_take(&l, w->file, &w->how, &e), e, ERR_BUSY);
	assert_int_equal(fault_naps(&nap, 1), 1);
	assert_int_equal(nap, MS);
	fault_before("mkdir", UINT_MAX, NULL, NULL);
	assert_false(fault_moment_came());
	assert_int_equal(w->times, 101);
}

/* --- what time it is ------------------------------------------------------------------ */

static bool is_free_at(struct world *w, struct timespec made)
{
	bool taken;

	set_mtime(w->lock, made);
	taken = try_it(w);
	if (taken)
		temp_write(w->lock, "{\"pid\":1}");
	return taken;
}

static void thirty_seconds_are_counted_to_the_millisecond(void **state)
{
	const int64_t now = 1767225600;
	struct world *w = *state;

	temp_write(w->lock, "{\"pid\":1}");
	for (int last = 0; last < 2; last++) {
		fault_wall(now, last ? 999999999 : 999 * MS);
		assert_false(is_free_at(w, (struct timespec){ now - 30, 999 * MS }));
		assert_true(is_free_at(w, (struct timespec){ now - 30, 999 * MS - 1 }));
	}
	fault_wall(now, 0);
	assert_false(is_free_at(w, (struct timespec){ now - 30, 0 }));
	assert_true(is_free_at(w, (struct timespec){ now - 31, 999999999 }));
	assert_false(is_free_at(w, (struct timespec){ now - 29, 0 }));
	temp_write(w->lock, "{\"createdAt\":\"2025-12-31T23:59:30.000Z\"}");
	assert_false(is_free_at(w, (struct timespec){ now, 0 }));
	temp_write(w->lock, "{\"createdAt\":\"2025-12-31T23:59:29.000Z\"}");
	assert_true(is_free_at(w, (struct timespec){ now, 0 }));
	fault_naps(NULL, 0);
}

static void a_lock_file_tells_the_millisecond_and_fits_to_the_byte(void **state)
{
	char text[200];
	char cut[200];
	int n;

	(void)state;
	setenv("THINKFLEETBOT_TEST_NOW", "1767225600999", 1);
	n = peerlock_text(text, sizeof(text));
	assert_non_null(strstr(text, "\"createdAt\":\"2026-01-01T00:00:00.999Z\""));
	assert_int_equal(peerlock_text(cut, (size_t)n + 1), n);
	assert_int_equal(peerlock_text(cut, (size_t)n), n - 1);
	unsetenv("THINKFLEETBOT_TEST_NOW");
}

/* --- what fails ----------------------------------------------------------------------- */

static const char *cleaning;

static void fail_cleaning(void *nothing)
{
	(void)nothing;
	fault_only(cleaning);
	fault_at(1, EBUSY);
	fault_on();
}

static void why_no_lock_was_made_is_told_although_cleaning_up_fails(void **state)
{
	static const struct {
		enum peerlock_kind kind;
		const char *fails;
		const char *cleans;
		unsigned nth; /* of the cleaning calls */
	} rows[] = {
		{ PEERLOCK_DIR, "open64", "rmdir", 1 },
		{ PEERLOCK_DIR, "futimens", "rmdir", 1 },
		{ PEERLOCK_DIR, "futimens", "close", 1 },
		{ PEERLOCK_FILE, "write", "unlink", 1 },
		{ PEERLOCK_FILE, "renameat2", "unlink", 1 },
		/* The first one ends the look at our own start time. */
		{ PEERLOCK_FILE, "renameat2", "close", 2 },
		{ PEERLOCK_FILE, "fsync", "close", 2 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct peerlock l;
		struct err e;

		w->how.kind = rows[i].kind;
		cleaning = rows[i].cleans;
		fault_before(rows[i].cleans, rows[i].nth, fail_cleaning, NULL);
		fault_only(rows[i].fails);
		fault_at(1, EACCES);
		assert_err(peerlock_take(&l, w->file, &w->how, &e), e, ERR_REFUSED);
		assert_true(fault_end());
		assert_true(fault_moment_came());
		assert_non_null(strstr(e.msg, w->lock));
		assert_int_equal(l.count, 0);
		rmdir(w->lock);
	}
}

/* A process whose start cannot be read is not one of another time. */
static void a_holder_that_cannot_be_looked_at_keeps_its_lock(void **state)
{
	struct world *w = *state;
	char text[200];

	peerlock_text(text, sizeof(text));
	for (unsigned nth = 1; nth <= 8; nth++) {
		temp_write(w->lock, text);
		fault_only("read");
		fault_at(nth, EIO);
		assert_false(try_it(w));
		fault_end();
	}
}

static void a_lock_file_too_long_to_be_one_keeps_us_out(void **state)
{
	struct world *w = *state;
	char text[5000];

	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	temp_write(w->lock, text);
	assert_false(try_it(w));
}

static void a_file_that_cannot_be_resolved_has_one_name(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e = { 0 };

	fault_only("realpath");
	fault_at(2, EACCES);
	assert_ok(peerlock_take(&l, w->file, &w->how, &e), e);
	assert_true(fault_end());
	assert_int_equal(l.count, 1);
	assert_int_equal(access(w->lock, F_OK), 0);
	peerlock_release(&l);
}

static void a_folder_that_is_not_there_is_the_reason(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e;

	assert_err(peerlock_take(&l, temp_path(w->dir, "no/file"), &w->how, &e), e, ERR_NOT_FOUND);
	assert_null(strstr(e.msg, "cannot create the lock"));
	assert_non_null(strstr(e.msg, temp_path(w->dir, "no")));
}

/* --- what others do at that moment ---------------------------------------------------- */

static void swap_for_a_link(void *world)
{
	struct world *w = world;

	assert_int_equal(mkdir(temp_path(w->dir, "elsewhere"), 0755), 0);
	assert_int_equal(rmdir(w->lock), 0);
	assert_int_equal(symlink("elsewhere", w->lock), 0);
}

static void swap_for_a_file(void *world)
{
	struct world *w = world;

	assert_int_equal(rmdir(w->lock), 0);
	temp_write(w->lock, "");
}

static void a_lock_folder_is_what_it_was_made_as(void **state)
{
	void (*const acts[])(void *) = { swap_for_a_link, swap_for_a_file };
	struct world *w = *state;

	w->how.kind = PEERLOCK_DIR;
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		struct peerlock l;

		fault_before("open64", 1, acts[i], w);
		assert_false(peerlock_take(&l, w->file, &w->how, NULL));
		assert_true(fault_moment_came());
		assert_int_equal(remove(w->lock), 0);
	}
}

static void renew(void *world)
{
	struct world *w = world;

	set_mtime(w->lock, w->renewed);
}

static void replace(void *world)
{
	struct world *w = world;

	assert_int_equal(rename(w->lock, temp_path(w->dir, "keeps the number")), 0);
	temp_write(w->lock, "another's");
	set_mtime(w->lock, w->renewed);
}

/* By a nanosecond, by a second, or another of the same time: none is the one that was judged. */
static void a_lock_that_is_not_the_judged_one_goes_back(void **state)
{
	struct world *w = *state;
	const time_t s = time(NULL) - 60;
	const struct {
		void (*act)(void *);
		struct timespec when;
	} rows[] = { { renew, { s, 6 } }, { renew, { s + 1, 5 } }, { replace, { s, 5 } } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };

		temp_write(w->lock, "{\"pid\":1}");
		set_mtime(w->lock, (struct timespec){ s, 5 });
		w->renewed = rows[i].when;
		fault_before("rename", 1, rows[i].act, w);
		assert_false(peerlock_take_over(w->lock, &e));
		assert_true(fault_moment_came());
		assert_int_equal(e.code, 0);
		assert_int_equal(access(w->lock, F_OK), 0);
		assert_int_equal(unlink(w->lock), 0);
	}
}

static void a_lock_that_went_is_told_by_its_first_name(void **state)
{
	struct world *w = *state;
	char names[2][FS_PATH_MAX];
	struct err e;

	snprintf(names[0], FS_PATH_MAX, "%s/near.lock", w->dir);
	snprintf(names[1], FS_PATH_MAX, "%s/far.lock", w->dir);
	assert_err(peerlock_describe(names, 2, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, names[0]));
	temp_write(names[1], "{\"pid\":77}");
	assert_err(peerlock_describe(names, 1, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, names[0]));
	assert_err(peerlock_describe(names, 2, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, names[1]));
	assert_non_null(strstr(e.msg, "process 77"));
}

static void the_name_beside_a_lock_is_random(void **state)
{
	char aside[FS_PATH_MAX];
	char want[64];

	(void)state;
	random_is(0xab);
	peerlock_aside(aside, "/x.lock");
	random_again();
	snprintf(want, sizeof(want), "/x.lock.thinkfleetbot.%ld.abababababababab", (long)getpid());
	assert_string_equal(aside, want);
}

static void a_lock_folder_is_open_to_be_seen(void **state)
{
	struct world *w = *state;
	mode_t old = umask(0);
	struct peerlock l;
	struct stat sb;

	w->how.kind = PEERLOCK_DIR;
	assert_true(peerlock_take(&l, w->file, &w->how, NULL));
	umask(old);
	assert_int_equal(stat(w->lock, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0755);
	peerlock_release(&l);
}

/* For a program that was started with standard input closed. */
static void descriptor_zero_is_as_good_as_any(void **state)
{
	struct world *w = *state;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	char text[200];

	close(STDIN_FILENO);
	peerlock_text(text, sizeof(text));
	assert_null(strstr(text, "\"starttime\":0,"));
	for (int i = 0; i < 3; i++) {
		struct peerlock l;
		struct err e = { 0 };

		w->how.kind = i == 0 ? PEERLOCK_DIR : PEERLOCK_FILE;
		fault_only("renameat2");
		fault_at(1, EINVAL);
		if (i < 2)
			fault_end();
		assert_ok(peerlock_take(&l, w->file, &w->how, &e), e);
		fault_end();
		assert_int_equal(l.names[0].fd, STDIN_FILENO);
		assert_ok(peerlock_holds(&l, &e), e);
		assert_ok(peerlock_drop(&l, &e), e);
		assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	}
	w->how.kind = PEERLOCK_DIR;
	fault_only("futimens");
	fault_at(1, EIO);
	assert_false(try_it(w));
	assert_true(fault_end());
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	assert_int_not_equal(access(w->lock, F_OK), 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(each_wait_is_twice_the_last_up_to_16_of_the_first_and_a_random_part),
		with_world(abandoned_locks_are_not_removed_for_ever),
		with_world(thirty_seconds_are_counted_to_the_millisecond),
		with_world(a_lock_file_tells_the_millisecond_and_fits_to_the_byte),
		with_world(why_no_lock_was_made_is_told_although_cleaning_up_fails),
		with_world(a_holder_that_cannot_be_looked_at_keeps_its_lock),
		with_world(a_lock_file_too_long_to_be_one_keeps_us_out),
		with_world(a_file_that_cannot_be_resolved_has_one_name),
		with_world(a_folder_that_is_not_there_is_the_reason),
		with_world(a_lock_folder_is_what_it_was_made_as),
		with_world(a_lock_that_is_not_the_judged_one_goes_back),
		with_world(a_lock_that_went_is_told_by_its_first_name),
		with_world(the_name_beside_a_lock_is_random),
		with_world(a_lock_folder_is_open_to_be_seen),
		with_world(descriptor_zero_is_as_good_as_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
