/* SPDX-License-Identifier: MIT */

/* Every system call of every function of base/fs.h fails once, alone or with all that follow. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

struct world {
	char *dir;
	char path[FS_PATH_MAX];
	struct fs_stamp stamp;
	struct buf text;
	bool exists; /* before the act */
	bool all;    /* more than one call fails: cleaning up may fail as well */
	mode_t mode;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->dir = temp_new();
	snprintf(w->path, sizeof(w->path), "%s/file", w->dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	buf_release(&w->text);
	temp_free(w->dir);
	free(w);
	return 0;
}

static void expect_content(const char *path, const char *want)
{
	char *text = temp_read(path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

/* Memory, and a name that cannot be made, are nobody's path. */
static void expect_named(const struct world *w, const struct err *e)
{
	if (e->code != ERR_MEMORY && !strstr(e->msg, w->dir))
		fail_msg("no path in \"%s\" (%s failed)", e->msg, fault_name());
}

/* --- replacing ------------------------------------------------------------------------ */

static void put_old(void *world)
{
	struct world *w = world;

	temp_free(w->dir);
	w->dir = strdup(w->path);
	*strrchr(w->dir, '/') = '\0';
	assert_int_equal(mkdir(w->dir, 0700), 0);
	if (w->exists)
		temp_write(w->path, "old");
	w->stamp = (struct fs_stamp){ 0 };
	assert_true(fs_stat(w->path, &w->stamp, NULL));
}

static bool replace(void *world, struct err *e)
{
	struct world *w = world;
	const struct fs_replace how = { .expect = &w->stamp, .mode = w->mode, .secret = true };

	return fs_replace(w->path, "new", 3, &how, e);
}

static bool removed_badly(void)
{
	return strcmp(fault_name(), "unlinkat") == 0;
}

static void expect_old_or_new(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	char *text = temp_read(w->path);
	bool is_new = text && strcmp(text, "new") == 0;
	struct stat sb;

	if (ok && !is_new)
		fail_msg("it went well, and the file is not there (%s failed)", fault_name());
	if (!ok)
		expect_named(w, e);
	if (!is_new && w->exists)
		assert_string_equal(text, "old");
	if (!is_new && !w->exists)
		assert_null(text);
	if (ok && w->mode && lstat(w->path, &sb) == 0 && !w->exists)
		assert_int_equal(sb.st_mode & 07777, w->mode);
	free(text);
	if (!w->all && !removed_badly())
		assert_int_equal(temp_count(w->dir), w->exists || is_new);
}

static void a_file_is_the_old_or_the_new_one_whatever_fails(void **state)
{
	static const int errors[] = { EIO, ENOSPC, EACCES, EINVAL };
	struct fault_sweep s = { put_old, replace, expect_old_or_new, 0, false, NULL };
	struct world *w = *state;

	for (unsigned i = 0; i < 16; i++) {
		s.error = errors[i % 4];
		/* A folder that cannot be synced says EINVAL. */
		s.forgiven = s.error == EINVAL ? " close fsync " : " close ";
		w->exists = i & 4;
		w->mode = i & 8 ? 0640 : 0;
		assert_true(fault_sweep(&s, w) >= 12);
	}
}

static void a_file_is_the_old_or_the_new_one_when_all_fails_from_there(void **state)
{
	struct fault_sweep s = { put_old, replace, expect_old_or_new, EIO, true, " close " };
	struct world *w = *state;

	w->all = true;
	w->exists = true;
	assert_true(fault_sweep(&s, w) >= 12);
}

static void a_signal_interrupts_no_write_and_no_read(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	w->exists = true;
	put_old(w);
	fault_only("write");
	fault_at(1, EINTR);
	assert_ok(replace(w, &e), e);
	assert_true(fault_end());
	fault_only("read");
	fault_at(1, EINTR);
	assert_ok(fs_read(w->path, 0, &w->text, NULL, &e), e);
	assert_true(fault_end());
	assert_string_equal(w->text.p, "new");
}

static void a_folder_that_cannot_be_synced_is_no_failure(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	w->exists = true;
	put_old(w);
	fault_only("fsync");
	fault_at(2, EINVAL);
	assert_ok(replace(w, &e), e);
	assert_true(fault_end());
	fault_only("fsync");
	fault_at(1, EINVAL);
	assert_err(fs_replace(w->path, "newer", 5, NULL, &e), e, ERR_IO);
	assert_true(fault_end());
	expect_content(w->path, "new");
}

static void a_failure_without_anybody_to_tell_is_still_one(void **state)
{
	struct world *w = *state;

	w->exists = true;
	put_old(w);
	for (unsigned nth = 1;; nth++) {
		bool ok;

		fault_at(nth, EIO);
		ok = fs_replace(w->path, "new", 3, NULL, NULL);
		if (!fault_end()) {
			assert_true(ok);
			break;
		}
	}
	expect_content(w->path, "new");
}

static void a_short_write_is_carried_on(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	put_old(w);
	fault_only("write");
	fault_at(1, FAULT_SHORT);
	fault_on();
	assert_ok(fs_replace(w->path, "0123456789", 10, NULL, &e), e);
	assert_true(fault_end());
	expect_content(w->path, "0123456789");
}

static void swap_for_a_link(void *world)
{
	struct world *w = world;

	assert_int_equal(unlink(w->path), 0);
	temp_write(temp_path(w->dir, "elsewhere"), "not this");
	assert_int_equal(symlink("elsewhere", w->path), 0);
}

static void swap_for_another(void *world)
{
	struct world *w = world;

	assert_int_equal(unlink(w->path), 0);
	temp_write(temp_path(w->dir, "keeps the number"), "");
	temp_write(w->path, "another");
}

/* Between the look at the path and the opening. */
static void a_file_that_is_swapped_is_not_followed_and_its_stamp_is_its_own(void **state)
{
	struct world *w = *state;
	struct fs_stamp now;
	struct err e = { 0 };

	w->exists = true;
	put_old(w);
	fault_before("open64", 1, swap_for_a_link, w);
	assert_false(fs_read(w->path, 0, &w->text, &w->stamp, &e));
	assert_int_equal(w->text.len, 0);
	put_old(w);
	fault_before("open64", 1, swap_for_another, w);
	assert_ok(fs_read(w->path, 0, &w->text, &w->stamp, &e), e);
	assert_string_equal(w->text.p, "another");
	assert_true(fs_stat(w->path, &now, NULL));
	assert_true(fs_same(&now, &w->stamp));
}

/* --- the others ----------------------------------------------------------------------- */

static bool read_it(void *world, struct err *e)
{
	struct world *w = world;

	return fs_read(w->path, 0, &w->text, &w->stamp, e);
}

static bool read_private(void *world, struct err *e)
{
	struct world *w = world;

	return fs_read_private(w->path, 0, &w->text, e);
}

static void expect_text(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	if (ok)
		assert_string_equal(w->text.p, "old");
	else
		expect_named(w, e);
	buf_release(&w->text);
}

static void reading_gives_the_whole_text_or_a_reason(void **state)
{
	struct fault_sweep s = { put_old, read_it, expect_text, EIO, false, " close " };
	struct world *w = *state;

	w->exists = true;
	assert_true(fault_sweep(&s, w) >= 6);
	s.error = EACCES;
	assert_true(fault_sweep(&s, w) >= 6);
	s.act = read_private;
	assert_true(fault_sweep(&s, w) >= 6);
}

static bool look(void *world, struct err *e)
{
	struct world *w = world;

	return fs_stat(w->path, &w->stamp, e);
}

static void expect_stamp(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	if (ok)
		assert_int_equal(w->stamp.exists, w->exists);
	else
		expect_named(w, e);
}

static void looking_never_takes_an_error_for_a_missing_file(void **state)
{
	struct fault_sweep s = { put_old, look, expect_stamp, EIO, false, " " };
	struct world *w = *state;

	w->exists = true;
	assert_int_equal(fault_sweep(&s, w), 3);
	w->exists = false;
	assert_int_equal(fault_sweep(&s, w), 2);
}

static bool make_folders(void *world, struct err *e)
{
	struct world *w = world;
	char deep[FS_PATH_MAX];

	snprintf(deep, sizeof(deep), "%s/a/b", w->dir);
	return fs_mkdirs(deep, e);
}

static void expect_folders(void *world, bool ok, const struct err *e)
{
	struct world *w = world;
	struct stat sb;

	if (ok)
		assert_int_equal(stat(temp_path(w->dir, "a/b"), &sb), 0);
	else
		expect_named(w, e);
	rmdir(temp_path(w->dir, "a/b"));
	rmdir(temp_path(w->dir, "a"));
}

static void folders_are_made_or_the_one_that_is_not_is_named(void **state)
{
	struct fault_sweep s = { put_old, make_folders, expect_folders, EIO, false, " close " };

	assert_true(fault_sweep(&s, *state) >= 10);
	s.error = ENOTDIR;
	assert_true(fault_sweep(&s, *state) >= 10);
}

static bool take_away(void *world, struct err *e)
{
	struct world *w = world;

	return fs_unlink(w->path, e);
}

static void expect_gone(void *world, bool ok, const struct err *e)
{
	struct world *w = world;

	if (ok)
		assert_int_not_equal(access(w->path, F_OK), 0);
	else
		expect_named(w, e);
}

static void a_removed_file_is_gone_or_there_is_a_reason(void **state)
{
	struct fault_sweep s = { put_old, take_away, expect_gone, EIO, false, " close " };
	struct world *w = *state;

	w->exists = true;
	assert_true(fault_sweep(&s, w) >= 4);
}

static bool lock_it(void *world, struct err *e)
{
	struct world *w = world;
	struct fs_lock l = { .fd = -1 };
	bool ok = fs_lock(&l, w->path, 0, e);

	assert_int_equal(l.fd >= 0, ok);
	fs_unlock(&l);
	return ok;
}

static void expect_reason(void *world, bool ok, const struct err *e)
{
	if (!ok)
		expect_named(world, e);
}

static void a_lock_that_cannot_be_had_is_not_held(void **state)
{
	struct fault_sweep s = { put_old, lock_it, expect_reason, EIO, false,
		" ftruncate64 pwrite64 close " };

	assert_true(fault_sweep(&s, *state) >= 2);
}

static void a_signal_does_not_end_the_waiting_for_a_lock(void **state)
{
	struct world *w = *state;
	struct fs_lock l = { .fd = -1 };
	struct err e = { 0 };

	fault_only("flock");
	fault_at(1, EINTR);
	assert_ok(fs_lock(&l, w->path, 1000, &e), e);
	assert_true(fault_end());
	fs_unlock(&l);
}

static bool ask(void *world, struct err *e)
{
	struct world *w = world;

	return fs_can_replace(w->path, 3, e);
}

static void asking_whether_one_could_write_says_why_not(void **state)
{
	struct fault_sweep s = { put_old, ask, expect_reason, EACCES, false,
		" statvfs64 access close " };
	struct world *w = *state;

	w->exists = true;
	assert_true(fault_sweep(&s, w) >= 6);
}

static void sweeping_is_silent_when_it_fails(void **state)
{
	struct world *w = *state;

	for (unsigned nth = 1;; nth++) {
		fault_at(nth, EIO);
		fs_sweep(w->path);
		if (!fault_end())
			break;
	}
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_file_is_the_old_or_the_new_one_whatever_fails),
		with_world(a_file_is_the_old_or_the_new_one_when_all_fails_from_there),
		with_world(a_signal_interrupts_no_write_and_no_read),
		with_world(a_folder_that_cannot_be_synced_is_no_failure),
		with_world(a_failure_without_anybody_to_tell_is_still_one),
		with_world(a_short_write_is_carried_on),
		with_world(a_file_that_is_swapped_is_not_followed_and_its_stamp_is_its_own),
		with_world(reading_gives_the_whole_text_or_a_reason),
		with_world(looking_never_takes_an_error_for_a_missing_file),
		with_world(folders_are_made_or_the_one_that_is_not_is_named),
		with_world(a_removed_file_is_gone_or_there_is_a_reason),
		with_world(a_lock_that_cannot_be_had_is_not_held),
		with_world(a_signal_does_not_end_the_waiting_for_a_lock),
		with_world(asking_whether_one_could_write_says_why_not),
		with_world(sweeping_is_silent_when_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
