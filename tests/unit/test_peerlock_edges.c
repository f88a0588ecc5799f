/* SPDX-License-Identifier: MIT */

/* Locks of every sort that others may leave, and names that are too long for one. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "store/peerlock_impl.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

static const struct peerlock_how brief = { .kind = PEERLOCK_FILE, .timeout_ms = 1 };

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

static pid_t dead(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* Is a lock file that says this, made just now, in the way? */
static bool keeps_out(const struct world *w, const char *says)
{
	struct peerlock l;
	bool taken;

	temp_write(w->lock, says);
	taken = peerlock_take(&l, w->file, &brief, NULL);
	peerlock_release(&l);
	unlink(w->lock);
	return !taken;
}

static void a_lock_file_that_says_little_keeps_us_out_while_it_is_fresh(void **state)
{
	static const char *const texts[] = { "", "no json", "{}", "[]", "{\"pid\":0}",
		"{\"pid\":-1}", "{\"pid\":2147483648}", "{\"pid\":\"x\"}", "{\"createdAt\":5}",
		"{\"createdAt\":\"yesterday\"}", "{\"createdAt\":\"2999-01-01T00:00:00.000Z\"}",
		"{\"createdAt\":\"a text that is far too long to be a point in time\"}" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!keeps_out(*state, texts[i]))
			fail_msg("%s", texts[i]);
}

static void a_lock_file_of_nobody_or_of_another_time_does_not(void **state)
{
	char text[200];

	snprintf(text, sizeof(text), "{\"pid\":%d}", (int)dead());
	assert_false(keeps_out(*state, text));
	assert_false(keeps_out(*state, "{\"pid\":2147483647}"));
	assert_false(keeps_out(*state, "{\"createdAt\":\"2020-01-01T00:00:00.000Z\"}"));
	snprintf(text, sizeof(text), "{\"pid\":%d,\"starttime\":1}", (int)getpid());
	assert_false(keeps_out(*state, text));
	snprintf(text, sizeof(text), "{\"pid\":%d,\"startTime\":1}", (int)getpid());
	assert_false(keeps_out(*state, text));
	snprintf(text, sizeof(text), "{\"pid\":%d,\"starttime\":0}", (int)getpid());
	assert_true(keeps_out(*state, text));
	peerlock_text(text, sizeof(text));
	assert_true(keeps_out(*state, text));
}

static void what_a_lock_file_says_fits_its_room(void **state)
{
	char whole[200];
	char cut[20];
	int n = peerlock_text(whole, sizeof(whole));

	(void)state;
	assert_int_equal(n, strlen(whole));
	assert_int_equal(whole[n - 1], '\n');
	assert_int_equal(peerlock_text(cut, sizeof(cut)), sizeof(cut) - 1);
	assert_memory_equal(cut, whole, 8);
}

/* Field 22 of /proc/self/stat, by another way, and the time of day. */
static void what_a_lock_file_says_is_true(void **state)
{
	struct tm tm = { 0 };
	unsigned long long start = 0;
	char text[200];
	char want[64];
	char *stat = temp_read("/proc/self/stat");
	long off;

	(void)state;
	assert_non_null(stat);
	assert_int_equal(
		sscanf(strrchr(stat, ')'),
			") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			"%*s %*s %*s %llu",
			&start),
		1);
	free(stat);
	peerlock_text(text, sizeof(text));
	snprintf(want, sizeof(want), "\"starttime\":%llu,\"startTime\":%llu}", start, start);
	assert_non_null(strstr(text, want));
	assert_non_null(strptime(strstr(text, "createdAt") + 12, "%Y-%m-%dT%H:%M:%S", &tm));
	/* time() reads a coarser clock, which may still be in the second before. */
	off = (long)(time(NULL) - timegm(&tm));
	assert_true(off >= -1 && off <= 10);
	assert_int_equal(strstr(text, "Z\"")[-4], '.');
}

static void behind_a_link_the_one_that_is_held_is_named(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e;

	temp_write(temp_path(w->dir, "real"), "{}");
	assert_int_equal(symlink("real", temp_path(w->dir, "link")), 0);
	temp_write(temp_path(w->dir, "real.lock"), "{\"pid\":1}");
	assert_err(peerlock_take(&l, temp_path(w->dir, "link"), &brief, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, "/real.lock is held by process 1"));
	assert_int_not_equal(access(temp_path(w->dir, "link.lock"), F_OK), 0);
}

static void the_holder_is_named_when_it_is_known(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	char text[64];
	struct err e;

	snprintf(text, sizeof(text), "{\"pid\":%d}", (int)getpid());
	temp_write(w->lock, text);
	assert_err(peerlock_take(&l, w->file, &brief, &e), e, ERR_BUSY);
	snprintf(text, sizeof(text), "held by process %d", (int)getpid());
	assert_non_null(strstr(e.msg, text));
	temp_write(w->lock, "{}");
	assert_err(peerlock_take(&l, w->file, &brief, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, "held by another program"));
	assert_non_null(strstr(e.hint, "gateway"));
}

static void a_name_that_is_too_long_gets_no_lock(void **state)
{
	struct world *w = *state;
	char path[FS_PATH_MAX + 300];
	struct peerlock l;
	struct err e;
	int n = snprintf(path, sizeof(path), "%s", w->dir);

	/* A folder so deep that the file fits, and neither the lock nor the name beside it. */
	memset(path + n, 'x', sizeof(path) - (size_t)n);
	path[n] = '/';
	path[n + 300] = '\0';
	assert_err(peerlock_take(&l, path, &brief, &e), e, ERR_IO);
	peerlock_release(&l);
	while (n + 202 < FS_PATH_MAX - 4) {
		path[n] = '/';
		memset(path + n + 1, 'd', 200);
		n += 201;
		path[n] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
	}
	memset(path + n + 1, 'f', sizeof(path) - (size_t)n - 1);
	path[n] = '/';
	path[FS_PATH_MAX - 3] = '\0';
	assert_err(peerlock_take(&l, path, &brief, &e), e, ERR_USAGE);
	path[FS_PATH_MAX + 40] = '\0';
	assert_err(peerlock_take(&l, path, &brief, &e), e, ERR_USAGE);
	assert_int_equal(peerlock_choose(path, NULL), PEERLOCK_FILE);
	/* Room for the name, and none for a longer one beside it. */
	str_copy(path + FS_PATH_MAX - 12, 3, "/f");
	assert_int_equal(peerlock_choose(path, NULL), PEERLOCK_FILE);
	assert_int_equal(
		peerlock_choose(path, &(struct peerlock_how){ .january = true }), PEERLOCK_DIR);
}

/* The lock fits and the name beside it does not: it is made under its own name. */
static void without_room_for_a_draft_the_lock_is_made_plainly(void **state)
{
	struct world *w = *state;
	char path[FS_PATH_MAX];
	struct peerlock l;
	struct err e = { 0 };
	int n = snprintf(path, sizeof(path), "%s", w->dir);

	while (n + 222 < FS_PATH_MAX) {
		int part = FS_PATH_MAX - n - 20 < 201 ? FS_PATH_MAX - n - 20 : 201;

		path[n] = '/';
		memset(path + n + 1, 'd', (size_t)part - 1);
		n += part;
		path[n] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
	}
	memset(path + n, 'f', sizeof(path) - (size_t)n);
	path[n] = '/';
	path[FS_PATH_MAX - 6] = '\0';
	assert_ok(peerlock_take(&l, path, &brief, &e), e);
	assert_ok(peerlock_holds(&l, &e), e);
	peerlock_release(&l);
	assert_ok(peerlock_take(&l, path, &brief, &e), e);
	peerlock_release(&l);
}

/* A folder whose real name leaves `room` bytes, as a link "deep" in the test's folder. */
static void make_deep(const struct world *w, size_t room)
{
	char path[FS_PATH_MAX];
	size_t n = (size_t)snprintf(path, sizeof(path), "%s", w->dir);

	while (n < FS_PATH_MAX - 1 - room) {
		size_t part = FS_PATH_MAX - 1 - room - n;

		part = part > 240 ? 200 : part;
		path[n] = '/';
		memset(path + n + 1, 'd', part - 1);
		n += part;
		path[n] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
	}
	unlink(temp_path(w->dir, "deep"));
	assert_int_equal(symlink(path, temp_path(w->dir, "deep")), 0);
}

static void a_short_name_of_a_long_one_gets_no_lock(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e;

	make_deep(w, 3);
	assert_err(peerlock_take(&l, temp_path(w->dir, "deep/file"), &brief, &e), e, ERR_USAGE);
	temp_write(temp_path(w->dir, "deep/f"), "{}");
	assert_err(peerlock_take(&l, temp_path(w->dir, "deep/f"), &brief, &e), e, ERR_USAGE);
	assert_int_equal(symlink("deep/f", temp_path(w->dir, "near")), 0);
	assert_err(peerlock_take(&l, temp_path(w->dir, "near"), &brief, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "path too long"));
}

static void an_abandoned_lock_without_room_beside_it_stays(void **state)
{
	struct world *w = *state;
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct peerlock l;
	struct err e;

	make_deep(w, 12);
	temp_write(temp_path(w->dir, "deep/f.lock"), "{}");
	assert_int_equal(utimensat(AT_FDCWD, temp_path(w->dir, "deep/f.lock"), old, 0), 0);
	assert_err(peerlock_take(&l, temp_path(w->dir, "deep/f"), &brief, &e), e, ERR_BUSY);
	assert_int_equal(access(temp_path(w->dir, "deep/f.lock"), F_OK), 0);
}

static void what_is_no_lock_is_refused_without_a_listener_too(void **state)
{
	struct world *w = *state;
	struct peerlock l;

	assert_int_equal(symlink("nowhere", w->lock), 0);
	assert_false(peerlock_take(&l, w->file, &brief, NULL));
	assert_int_equal(peerlock_choose(w->file, NULL), PEERLOCK_FILE);
	peerlock_release(&l);
}

static void a_folder_that_is_not_there_has_no_lock(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e;

	assert_err(peerlock_take(&l, temp_path(w->dir, "no/file"), &brief, &e), e, ERR_NOT_FOUND);
	assert_false(peerlock_take(&l, temp_path(w->dir, "no/file"), NULL, NULL));
	assert_err(peerlock_holds(&l, &e), e, ERR_FAILED);
	peerlock_clean(temp_path(w->dir, "no/file"));
	peerlock_sweep(temp_path(w->dir, "no/file.lock"));
}

static void a_lock_is_judged_by_itself(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	assert_true(peerlock_take_over(w->lock, &e));
	temp_write(w->lock, "");
	assert_false(peerlock_take_over(w->lock, &e));
	assert_int_equal(access(w->lock, F_OK), 0);
	temp_write(w->lock, "{\"pid\":2147483647}");
	assert_true(peerlock_take_over(w->lock, &e));
	assert_int_not_equal(access(w->lock, F_OK), 0);
	assert_false(peerlock_take_over(temp_path(w->file, "no.lock"), &e));
	assert_int_equal(e.code, 0);
}

static void either_of_two_names_can_be_taken_from_us(void **state)
{
	struct world *w = *state;
	const char *real = temp_path(w->dir, "real");

	assert_int_equal(rename(w->file, real), 0);
	assert_int_equal(symlink("real", w->file), 0);
	for (int i = 0; i < 2; i++) {
		struct peerlock l;
		struct err e = { 0 };

		assert_ok(peerlock_take(&l, w->file, &brief, &e), e);
		assert_int_equal(l.count, 2);
		assert_ok(peerlock_holds(&l, &e), e);
		assert_int_equal(unlink(l.names[i].path), 0);
		assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
		assert_non_null(strstr(e.msg, l.names[i].path));
		/* What is gone already is no failure, and the other one goes. */
		assert_ok(peerlock_drop(&l, &e), e);
		assert_int_equal(temp_count(w->dir), 2);
	}
}

static void only_names_of_dead_makers_are_swept(void **state)
{
	static const char *const stay[] = { "x", ".", "-5.00", "0.00", "99999999999.00" };
	struct world *w = *state;
	char name[128];
	pid_t gone = dead();

	for (size_t i = 0; i < ARRAY_LEN(stay); i++) {
		snprintf(name, sizeof(name), "auth-profiles.json.lock.thinkfleetbot.%s", stay[i]);
		temp_write(temp_path(w->dir, name), "");
	}
	snprintf(name, sizeof(name), "auth-profiles.json.lock.thinkfleetbot.%d.00", (int)getpid());
	temp_write(temp_path(w->dir, name), "");
	snprintf(name, sizeof(name), "auth-profiles.json.lock.thinkfleetbot.%d.00", (int)gone);
	temp_write(temp_path(w->dir, name), "");
	snprintf(name, sizeof(name), "auth-profiles.json.lock.thinkfleetbot.%d.01", (int)gone);
	assert_int_equal(mkdir(temp_path(w->dir, name), 0700), 0);
	temp_write(temp_path(w->dir, "auth-profiles.json.lock.thinkfleetbot.2147483647.00"), "");
	snprintf(name, sizeof(name), "other.lock.thinkfleetbot.%d.01", (int)gone);
	temp_write(temp_path(w->dir, name), "");
	peerlock_clean(w->file);
	assert_int_equal(temp_count(w->dir), 1 + ARRAY_LEN(stay) + 2);
}

static void a_lock_with_another_name_of_ours_is_not_ours(void **state)
{
	struct world *w = *state;
	struct peerlock l;
	struct err e = { 0 };

	assert_ok(peerlock_take(&l, w->file, &brief, &e), e);
	assert_int_equal(unlink(w->lock), 0);
	assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
	temp_write(w->lock, "another's");
	assert_err(peerlock_holds(&l, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, w->lock));
	peerlock_release(&l);
	assert_int_equal(access(w->lock, F_OK), 0);
}

static void waiting_ends_when_the_holder_does(void **state)
{
	struct world *w = *state;
	const struct peerlock_how how = { .kind = PEERLOCK_FILE, .timeout_ms = 5000 };
	struct timespec nap = { .tv_nsec = 150000000 };
	struct peerlock l;
	struct err e = { 0 };
	pid_t pid;

	temp_write(w->lock, "{}");
	pid = fork();
	if (pid == 0) {
		nanosleep(&nap, NULL);
		unlink(w->lock);
		_exit(0);
	}
	assert_ok(peerlock_take(&l, w->file, &how, &e), e);
	peerlock_release(&l);
	waitpid(pid, NULL, 0);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_lock_file_that_says_little_keeps_us_out_while_it_is_fresh),
		with_world(a_lock_file_of_nobody_or_of_another_time_does_not),
		with_world(what_a_lock_file_says_fits_its_room),
		with_world(what_a_lock_file_says_is_true),
		with_world(behind_a_link_the_one_that_is_held_is_named),
		with_world(the_holder_is_named_when_it_is_known),
		with_world(a_name_that_is_too_long_gets_no_lock),
		with_world(without_room_for_a_draft_the_lock_is_made_plainly),
		with_world(a_short_name_of_a_long_one_gets_no_lock),
		with_world(an_abandoned_lock_without_room_beside_it_stays),
		with_world(what_is_no_lock_is_refused_without_a_listener_too),
		with_world(a_folder_that_is_not_there_has_no_lock),
		with_world(a_lock_is_judged_by_itself),
		with_world(either_of_two_names_can_be_taken_from_us),
		with_world(only_names_of_dead_makers_are_swept),
		with_world(a_lock_with_another_name_of_ours_is_not_ours),
		with_world(waiting_ends_when_the_holder_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
