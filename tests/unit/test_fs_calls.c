/* SPDX-License-Identifier: MIT */

/* One call fails, or another program acts at one moment, or the machine is an odd one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs_impl.h"
#include "tests/unit/fault.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

struct world {
	char *dir;
	char path[FS_PATH_MAX];
	const char *spoilt;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->dir = temp_new();
	snprintf(w->path, sizeof(w->path), "%s/file", w->dir);
	temp_write(w->path, "old");
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

static void expect_content(const char *path, const char *want)
{
	char *text = temp_read(path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static pid_t dead(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* --- replacing ------------------------------------------------------------------------ */

/* What stands beside the target is the temporary file that was just written. */
static void each_temp(struct world *w, void (*act)(struct world *w, const char *path))
{
	struct dirent *entry;
	DIR *d = opendir(w->dir);

	while ((entry = readdir(d)))
		if (strstr(entry->d_name, ".tmp"))
			act(w, temp_path(w->dir, entry->d_name));
	closedir(d);
}

static void spoil_one(struct world *w, const char *path)
{
	temp_write(path, w->spoilt);
}

static void spoil(void *world)
{
	each_temp(world, spoil_one);
}

static void a_disk_that_lies_is_found_out(void **state)
{
	static const char *const texts[] = { "nEw", "ne", "new and more", "" };
	struct world *w = *state;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		w->spoilt = texts[i];
		fault_before("openat64", 2, spoil, w);
		assert_false((e = (struct err){ 0 }, fs_replace(w->path, "new", 3, NULL, &e)));
		assert_true(fault_moment_came());
		assert_true(e.code == ERR_IO || e.code == ERR_DAMAGED);
		assert_non_null(strstr(e.msg, w->path));
		expect_content(w->path, "old");
		assert_int_equal(temp_count(w->dir), 1);
	}
}

static void link_one(struct world *w, const char *path)
{
	temp_write(temp_path(w->dir, "elsewhere"), "new");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
}

static void swap_for_a_link(void *world)
{
	each_temp(world, link_one);
}

static void a_temporary_file_swapped_for_a_link_takes_no_place(void **state)
{
	struct world *w = *state;
	struct err e;

	fault_before("openat64", 2, swap_for_a_link, w);
	assert_err(fs_replace(w->path, "new", 3, NULL, &e), e, ERR_REFUSED);
	assert_true(fault_moment_came());
	expect_content(w->path, "old");
}

static void a_file_that_cannot_be_closed_is_not_written(void **state)
{
	struct world *w = *state;
	struct err e;

	fault_only("close");
	fault_at(1, EDQUOT);
	assert_err(fs_replace(w->path, "new", 3, NULL, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_non_null(strstr(e.msg, "cannot close"));
	expect_content(w->path, "old");
}

/* By preparing alone, which must not promise what only landing finds out. */
static void the_first_thing_that_fails_is_the_one_that_is_told(void **state)
{
	static const struct {
		const char *call;
		const char *words;
	} rows[] = {
		{ "getrandom", "cannot get random bytes" },
		{ "openat64", "cannot create a temporary file" },
		{ "write", "cannot write" },
		{ "fsync", "cannot sync" },
	};
	struct world *w = *state;
	struct fs_pending f;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fault_only(rows[i].call);
		fault_at(1, EIO);
		assert_err(fs_prepare(&f, w->path, "new", 3, NULL, &e), e, ERR_IO);
		assert_true(fault_end());
		if (!strstr(e.msg, rows[i].words) || !strstr(e.msg, w->path))
			fail_msg("%s: %s", rows[i].call, e.msg);
		assert_false(f.ready);
		assert_int_equal(temp_count(w->dir), 1);
	}
}

static void a_mode_is_taken_to_the_last_bit(void **state)
{
	const struct fs_replace how = { .mode = 0601 };
	struct world *w = *state;
	struct err e = { 0 };
	struct stat sb;

	assert_ok(fs_replace(temp_path(w->dir, "other"), "x", 1, &how, &e), e);
	assert_int_equal(stat(temp_path(w->dir, "other"), &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0601);
}

/* A temporary name is the file's own and some more: it fits, or is refused, never cut. */
static void the_longest_name_that_can_be_replaced_is_known(void **state)
{
	struct world *w = *state;
	char pid[24];
	size_t longest = NAME_MAX - strlen("..thinkfleetbot..0123456789abcdef.tmp") -
			 (size_t)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	char name[NAME_MAX + 1];

	for (size_t n = longest - 1; n <= longest + 2; n++) {
		struct err e = { 0 };

		memset(name, 'n', n);
		name[n] = '\0';
		if (n <= longest)
			assert_ok(fs_replace(temp_path(w->dir, name), "x", 1, NULL, &e), e);
		else
			assert_err(fs_replace(temp_path(w->dir, name), "x", 1, NULL, &e), e,
				ERR_USAGE);
	}
}

static void a_disk_has_room_for_four_of_it_and_eight_blocks(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };

	fault_disk(8, 4095);
	assert_ok(fs_can_replace(w->path, 0, &e), e);
	fault_disk(7, 4095);
	assert_err(fs_can_replace(w->path, 0, &e), e, ERR_IO);
	assert_non_null(strstr(e.hint, "free some space"));
	fault_disk(48, 4095);
	assert_ok(fs_can_replace(w->path, 40960, &e), e);
	fault_disk(47, 4095);
	assert_err(fs_can_replace(w->path, 40960, &e), e, ERR_IO);
	fault_disk(0, 0);
}

static void what_cannot_be_replaced_is_known_before(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_int_equal(link(w->path, temp_path(w->dir, "second name")), 0);
	assert_err(fs_can_replace(w->path, 1, &e), e, ERR_REFUSED);
	assert_err(fs_can_replace(temp_path(w->dir, "file/below"), 1, &e), e, ERR_NOT_FOUND);
	assert_int_equal(chmod(w->dir, 0770), 0);
	assert_err(fs_can_replace(temp_path(w->dir, "new"), 1, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "(mode 0770)"));
	assert_int_equal(chmod(w->dir, 0700), 0);
}

/* --- descriptors and paths ------------------------------------------------------------ */

static void close_zero(void *nothing)
{
	(void)nothing;
	close(STDIN_FILENO);
}

static void expect_zero_free(void)
{
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
}

/* For a program that was started with standard input closed. */
static void descriptor_zero_is_as_good_as_any(void **state)
{
	struct world *w = *state;
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	struct fs_lock l = { .fd = -1 };
	struct buf text = { 0 };
	struct err e = { 0 };

	close(STDIN_FILENO);
	assert_ok(fs_read(w->path, 0, &text, NULL, &e), e);
	expect_zero_free();
	assert_ok(fs_replace(w->path, "new", 3, NULL, &e), e);
	expect_zero_free();
	assert_ok(fs_can_replace(w->path, 3, &e), e);
	expect_zero_free();
	assert_ok(fs_mkdirs(temp_path(w->dir, "a/b"), &e), e);
	expect_zero_free();
	assert_ok(fs_lock(&l, temp_path(w->dir, "lock"), 0, &e), e);
	assert_int_equal(l.fd, STDIN_FILENO);
	fs_unlock(&l);
	expect_zero_free();
	assert_ok(fs_unlink(w->path, &e), e);
	expect_zero_free();
	/* Here the folder has another number, and the temporary file has this one. */
	assert_int_equal(fcntl(saved, F_DUPFD_CLOEXEC, STDIN_FILENO), STDIN_FILENO);
	fault_before("openat64", 1, close_zero, NULL);
	assert_ok(fs_replace(w->path, "again", 5, NULL, &e), e);
	assert_true(fault_moment_came());
	expect_zero_free();
	expect_content(w->path, "again");
	dup2(saved, STDIN_FILENO);
	close(saved);
	buf_release(&text);
}

static void dropping_nothing_closes_nothing(void **state)
{
	struct fs_pending nothing = { 0 };
	bool closed = fcntl(STDIN_FILENO, F_GETFD) < 0;

	(void)state;
	if (closed)
		assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	fs_drop(&nothing);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	if (closed)
		close(STDIN_FILENO);
}

static void only_a_folder_is_opened_as_one(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_int_equal(fs_open_dir(w->path, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, w->path));
}

static void a_new_file_in_a_linked_folder_is_resolved(void **state)
{
	struct world *w = *state;
	char real[FS_PATH_MAX];
	char want[FS_PATH_MAX];
	struct fs_stamp st;
	struct err e = { 0 };

	assert_int_equal(mkdir(temp_path(w->dir, "target"), 0700), 0);
	assert_int_equal(symlink("target", temp_path(w->dir, "link")), 0);
	assert_ok(fs_resolve(temp_path(w->dir, "link/new"), real, &st, &e), e);
	assert_non_null(realpath(temp_path(w->dir, "target"), want));
	assert_true(strlen(want) + 5 < sizeof(want));
	memcpy(want + strlen(want), "/new", 5);
	assert_string_equal(real, want);
	assert_false(st.exists);
}

static void a_link_that_cannot_be_followed_is_not_one_to_nothing(void **state)
{
	struct world *w = *state;
	struct fs_stamp st;
	struct err e;

	assert_int_equal(symlink("file", temp_path(w->dir, "link")), 0);
	fault_only("realpath");
	fault_at(1, EIO);
	assert_err(fs_stat(temp_path(w->dir, "link"), &st, &e), e, ERR_IO);
	assert_true(fault_end());
	assert_null(strstr(e.msg, "missing"));
}

static void remove_it(void *world)
{
	struct world *w = world;

	assert_int_equal(unlink(w->path), 0);
}

/* Between the look at it and the resolving. */
static void a_file_that_goes_meanwhile_was_no_link(void **state)
{
	struct world *w = *state;
	struct fs_stamp st;
	struct err e;

	fault_before("realpath", 1, remove_it, w);
	assert_err(fs_stat(w->path, &st, &e), e, ERR_NOT_FOUND);
	assert_true(fault_moment_came());
	assert_null(strstr(e.msg, "link"));
}

/* --- what a dead writer left ---------------------------------------------------------- */

static void what_a_dead_writer_left_is_named(void **state)
{
	struct world *w = *state;
	char found[FS_PATH_MAX] = "";
	char name[96];
	char small[4];

	assert_false(fs_left(w->path, found, sizeof(found)));
	assert_false(fs_left(temp_path(w->dir, "no/folder"), found, sizeof(found)));
	snprintf(name, sizeof(name), ".file.thinkfleetbot.%d.00.tmp", (int)getpid());
	temp_write(temp_path(w->dir, name), "");
	assert_false(fs_left(w->path, found, sizeof(found)));
	snprintf(name, sizeof(name), ".file.thinkfleetbot.%d.00.tmp", (int)dead());
	temp_write(temp_path(w->dir, name), "");
	assert_true(fs_left(w->path, found, sizeof(found)));
	assert_string_equal(found, temp_path(w->dir, name));
	assert_false(fs_left(w->path, small, sizeof(small)));
	assert_int_equal(access(found, F_OK), 0);
}

static void the_shortest_name_that_could_be_ours_is_swept(void **state)
{
	struct world *w = *state;
	char name[96];

	/* No file has an empty name: what looks like its temporary file is not ours. */
	for (int dots = 0; dots < 2; dots++) {
		snprintf(name, sizeof(name), "%s.thinkfleetbot.%d.00.tmp", dots ? "." : "",
			(int)dead());
		temp_write(temp_path(w->dir, name), "");
		fs_sweep(w->path);
		assert_int_equal(access(temp_path(w->dir, name), F_OK), 0);
	}
	snprintf(name, sizeof(name), ".f.thinkfleetbot.%d.00.tmp", (int)dead());
	temp_write(temp_path(w->dir, name), "");
	fs_sweep(w->path);
	assert_int_not_equal(access(temp_path(w->dir, name), F_OK), 0);
}

/* --- locks ---------------------------------------------------------------------------- */

static void a_lock_is_private_and_says_whose_it_is(void **state)
{
	struct world *w = *state;
	const char *path = temp_path(w->dir, "lock");
	mode_t old = umask(0);
	struct fs_lock l;
	struct err e = { 0 };
	struct stat sb;
	char want[24];

	assert_ok(fs_lock(&l, path, 0, &e), e);
	umask(old);
	assert_int_equal(stat(path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0600);
	fs_unlock(&l);
	temp_write(path, "a longer text than any number\n");
	assert_ok(fs_lock(&l, path, 0, &e), e);
	snprintf(want, sizeof(want), "%ld\n", (long)getpid());
	expect_content(path, want);
	fs_unlock(&l);
}

static void a_lock_that_cannot_say_whose_it_is_says_nothing(void **state)
{
	struct world *w = *state;
	struct fs_lock l;
	struct err e = { 0 };

	temp_write(w->path, "12345\n");
	fault_only("pwrite64");
	fault_at(1, ENOSPC);
	assert_ok(fs_lock(&l, w->path, 0, &e), e);
	assert_true(fault_end());
	expect_content(w->path, "");
	fs_unlock(&l);
}

static void a_lock_is_asked_for_every_20_ms_until_the_time_is_over(void **state)
{
	struct world *w = *state;
	struct fs_lock mine;
	struct fs_lock other;
	struct err e = { 0 };
	int64_t naps[4];

	assert_ok(fs_lock(&mine, w->path, 0, &e), e);
	fault_sleepless();
	assert_err(fs_lock(&other, w->path, 60, &e), e, ERR_BUSY);
	assert_int_equal(fault_naps(naps, 4), 3);
	/* A number of one digit, as the first process of a container has. */
	temp_write(w->path, "7\n");
	assert_err(fs_lock(&other, w->path, 0, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, ", pid 7"));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(naps[i], 20000000);
	fs_unlock(&mine);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_disk_that_lies_is_found_out),
		with_world(a_temporary_file_swapped_for_a_link_takes_no_place),
		with_world(a_file_that_cannot_be_closed_is_not_written),
		with_world(the_first_thing_that_fails_is_the_one_that_is_told),
		with_world(a_mode_is_taken_to_the_last_bit),
		with_world(the_longest_name_that_can_be_replaced_is_known),
		with_world(a_disk_has_room_for_four_of_it_and_eight_blocks),
		with_world(what_cannot_be_replaced_is_known_before),
		with_world(descriptor_zero_is_as_good_as_any),
		with_world(dropping_nothing_closes_nothing),
		with_world(only_a_folder_is_opened_as_one),
		with_world(a_new_file_in_a_linked_folder_is_resolved),
		with_world(a_link_that_cannot_be_followed_is_not_one_to_nothing),
		with_world(a_file_that_goes_meanwhile_was_no_link),
		with_world(what_a_dead_writer_left_is_named),
		with_world(the_shortest_name_that_could_be_ours_is_swept),
		with_world(a_lock_is_private_and_says_whose_it_is),
		with_world(a_lock_that_cannot_say_whose_it_is_says_nothing),
		with_world(a_lock_is_asked_for_every_20_ms_until_the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
