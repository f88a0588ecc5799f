/* SPDX-License-Identifier: MIT */

/* Paths of every shape, names that do not fit, and what stands where a file should. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

static int setup(void **state)
{
	*state = temp_new();
	return 0;
}

static int teardown(void **state)
{
	temp_free(*state);
	return 0;
}

static void paths_are_joined_with_one_slash(void **state)
{
	static const char *const rows[][3] = {
		{ "a", "b", "a/b" },
		{ "a/", "b", "a/b" },
		{ "a//", "b", "a/b" },
		{ "/", "b", "/b" },
		{ "//", "b", "/b" },
		{ "/a", "b/c", "/a/b/c" },
		{ "a", "", "a" },
		{ "a/", "", "a" },
		{ "/", "", "/" },
		{ "b", "c", "b/c" },
	};
	char out[8];
	char small[4];
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(fs_join(out, sizeof(out), rows[i][0], rows[i][1], NULL));
		assert_string_equal(out, rows[i][2]);
	}
	assert_true(fs_join(small, sizeof(small), "a", "b", NULL));
	assert_err(fs_join(small, sizeof(small), "a", "bc", &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, "a/bc"));
}

static void a_path_has_a_folder_and_a_name(void **state)
{
	static const char *const rows[][3] = {
		{ "f", ".", "f" },
		{ "/f", "/", "f" },
		{ "a/f", "a", "f" },
		{ "/a/b/f", "/a/b", "f" },
		{ "a/", "a", "" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fs_dirname(out, sizeof(out), rows[i][0]);
		assert_string_equal(out, rows[i][1]);
		assert_string_equal(fs_basename(rows[i][0]), rows[i][2]);
	}
}

static void only_ones_own_home_is_a_tilde(void **state)
{
	static const char *const rows[][3] = {
		{ "/home/u/x", "/home/u", "~/x" },
		{ "/home/u", "/home/u", "~" },
		{ "/home/us", "/home/u", "/home/us" },
		{ "/home/v", "/home/u", "/home/v" },
		{ "/x", "/", "/x" },
		{ "/x", "", "/x" },
		{ "/x", NULL, "/x" },
		{ "a/b", "a", "a/b" },
		{ "ab/c", "ab", "~/c" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str s = STR_OF(out);

		fs_shorten(&s, rows[i][0], rows[i][1]);
		assert_string_equal(out, rows[i][2]);
	}
}

static void stamps_differ_in_each_of_their_parts(void **state)
{
	const struct fs_stamp a = { .exists = true, .dev = 1, .ino = 2, .size = 3, .mtime_ns = 4 };
	const struct fs_stamp none = { 0 };
	struct fs_stamp b = a;

	(void)state;
	assert_true(fs_same(&a, &b));
	assert_true(fs_same(&none, &none));
	assert_false(fs_same(&a, &none));
	assert_false(fs_same(&none, &a));
	b.dev++;
	assert_false(fs_same(&a, &b));
	b = a;
	b.ino++;
	assert_false(fs_same(&a, &b));
	b = a;
	b.size++;
	assert_false(fs_same(&a, &b));
	b = a;
	b.mtime_ns++;
	assert_false(fs_same(&a, &b));
}

static void a_stamp_says_what_is_there(void **state)
{
	const char *path = temp_path(*state, "f");
	struct timespec times[2] = { { .tv_sec = 1 },
		{ .tv_sec = 1700000000, .tv_nsec = 123456789 } };
	struct fs_stamp st;
	struct stat sb;

	temp_write(path, "hello");
	assert_int_equal(chmod(path, 02640), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(stat(path, &sb), 0);
	assert_true(fs_stat(path, &st, NULL));
	assert_true(st.exists);
	assert_false(st.link);
	assert_int_equal(st.size, 5);
	assert_int_equal(st.mode, 02640);
	assert_int_equal(st.uid, geteuid());
	assert_int_equal(st.mtime_ns, INT64_C(1700000000123456789));
	assert_int_equal(st.ino, sb.st_ino);
	assert_int_equal(st.dev, sb.st_dev);
	assert_int_equal(symlink("f", temp_path(*state, "l")), 0);
	assert_true(fs_stat(temp_path(*state, "l"), &st, NULL));
	assert_true(st.link);
	assert_int_equal(st.ino, sb.st_ino);
	assert_true(fs_stat(temp_path(*state, "none/at/all"), &st, NULL));
	assert_false(st.exists);
}

static void a_link_that_leads_in_a_circle_is_refused(void **state)
{
	struct fs_stamp st;
	struct err e;

	assert_int_equal(symlink("b", temp_path(*state, "a")), 0);
	assert_int_equal(symlink("a", temp_path(*state, "b")), 0);
	assert_err(fs_stat(temp_path(*state, "a"), &st, &e), e, ERR_REFUSED);
	temp_write(temp_path(*state, "f"), "");
	assert_false(fs_stat(temp_path(*state, "f/x"), &st, &e));
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
	char path[FS_PATH_MAX + 16];
	char name[NAME_MAX + 8];
	struct err e;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_err(fs_replace(path, "x", 1, NULL, &e), e, ERR_USAGE);
	/* The name fits, and that of its temporary file does not. */
	memset(name, 'n', sizeof(name));
	name[NAME_MAX - 30] = '\0';
	assert_err(fs_replace(temp_path(*state, name), "x", 1, NULL, &e), e, ERR_USAGE);
	assert_non_null(strstr(e.msg, *state));
	assert_int_equal(temp_count(*state), 0);
	name[NAME_MAX - 60] = '\0';
	assert_true(fs_replace(temp_path(*state, name), "x", 1, NULL, NULL));
}

static void relative_paths_work_as_well(void **state)
{
	char was[FS_PATH_MAX];
	struct fs_replace secret = { .secret = true };
	struct err e = { 0 };

	assert_non_null(getcwd(was, sizeof(was)));
	assert_int_equal(chdir(*state), 0);
	assert_ok(fs_can_replace("f", 1, &e), e);
	assert_ok(fs_replace("f", "one", 3, NULL, &e), e);
	assert_int_equal(symlink("f", "l"), 0);
	assert_ok(fs_replace("l", "two", 3, &secret, &e), e);
	assert_ok(fs_mkdirs("a/b", &e), e);
	assert_ok(fs_unlink("f", &e), e);
	assert_ok(fs_unlink("f", &e), e);
	assert_int_equal(temp_count(*state), 2);
	assert_int_equal(chdir(was), 0);
}

static void modes_never_widen_and_never_become_nothing(void **state)
{
	static const struct {
		mode_t there;
		mode_t asked;
		mode_t result;
	} rows[] = {
		{ 0640, 0, 0600 },
		{ 0400, 0, 0400 },
		{ 0640, 0644, 0640 },
		{ 0600, 0644, 0600 },
		{ 0040, 0600, 0600 },
		{ 0700, 0700, 0700 },
	};
	const char *path = temp_path(*state, "f");
	struct err e = { 0 };
	struct stat sb;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fs_replace how = { .mode = rows[i].asked };

		temp_write(path, "x");
		assert_int_equal(chmod(path, rows[i].there), 0);
		assert_ok(fs_replace(path, "y", 1, &how, &e), e);
		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, rows[i].result);
		unlink(path);
	}
}

static void an_empty_file_is_written_as_one(void **state)
{
	const char *path = temp_path(*state, "f");
	struct buf text = { 0 };
	struct err e = { 0 };

	assert_ok(fs_replace(path, "", 0, NULL, &e), e);
	assert_ok(fs_read(path, 0, &text, NULL, &e), e);
	assert_int_equal(text.len, 0);
	buf_release(&text);
}

static void a_private_file_has_no_bit_for_others(void **state)
{
	static const mode_t bad[] = { 0601, 0602, 0604, 0610, 0620, 0640 };
	const char *path = temp_path(*state, "f");
	struct fs_stamp st = { .exists = true, .link = true };
	struct buf text = { 0 };
	struct err e;

	temp_write(path, "key");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(chmod(path, bad[i]), 0);
		assert_err(fs_read_private(path, 0, &text, &e), e, ERR_REFUSED);
	}
	assert_err(fs_read(temp_path(*state, "none"), 0, &text, &st, &e), e, ERR_NOT_FOUND);
	assert_false(st.exists || st.link);
	buf_release(&text);
}

static void what_was_not_prepared_does_not_land(void **state)
{
	struct fs_pending f = { 0 };
	struct err e = { 0 };
	const char *path = temp_path(*state, "f");

	assert_err(fs_land(&f, &e), e, ERR_FAILED);
	fs_drop(&f);
	assert_ok(fs_prepare(&f, path, "x", 1, NULL, &e), e);
	assert_int_equal(temp_count(*state), 1);
	fs_drop(&f);
	fs_drop(&f);
	assert_int_equal(temp_count(*state), 0);
	assert_err(fs_land(&f, &e), e, ERR_FAILED);
	assert_ok(fs_prepare(&f, path, "x", 1, NULL, &e), e);
	assert_ok(fs_land(&f, &e), e);
	assert_err(fs_land(&f, &e), e, ERR_FAILED);
	assert_int_equal(temp_count(*state), 1);
}

static void a_change_between_preparing_and_landing_is_seen(void **state)
{
	struct fs_pending f;
	struct fs_stamp st;
	const struct fs_replace how = { .expect = &st };
	const char *path = temp_path(*state, "f");
	struct err e = { 0 };
	char *text;

	temp_write(path, "old");
	assert_ok(fs_stat(path, &st, &e), e);
	assert_ok(fs_prepare(&f, path, "new", 3, &how, &e), e);
	temp_write(path, "other");
	assert_err(fs_land(&f, &e), e, ERR_BUSY);
	text = temp_read(path);
	assert_string_equal(text, "other");
	free(text);
	assert_int_equal(temp_count(*state), 1);
}

static void only_temporary_files_of_the_dead_are_swept(void **state)
{
	static const char *const stay[] = { ".f.thinkfleetbot.x.00.tmp",
		".f.thinkfleetbot.0.00.tmp", ".f.thinkfleetbot.-5.00.tmp",
		".f.thinkfleetbot.99999999999.00.tmp", "f.thinkfleetbot.5.00.tmp",
		".f.other.5.00.tmp", ".thinkfleetbot.tmp" };
	char name[96];
	pid_t gone = fork();

	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(stay); i++)
		temp_write(temp_path(*state, stay[i]), "");
	snprintf(name, sizeof(name), ".f.thinkfleetbot.%d.00.tmp", (int)getpid());
	temp_write(temp_path(*state, name), "");
	snprintf(name, sizeof(name), ".f.thinkfleetbot.%d.00.tmpx", (int)gone);
	temp_write(temp_path(*state, name), "");
	snprintf(name, sizeof(name), ".f.thinkfleetbot.%dx00.tmp", (int)gone);
	temp_write(temp_path(*state, name), "");
	snprintf(name, sizeof(name), ".other.thinkfleetbot.%d.00.tmp", (int)gone);
	temp_write(temp_path(*state, name), "");
	fs_sweep(temp_path(*state, "f"));
	assert_int_equal(temp_count(*state), ARRAY_LEN(stay) + 3);
	assert_int_not_equal(access(temp_path(*state, name), F_OK), 0);
	fs_sweep(temp_path(*state, "no/such/f"));
	fs_sweep("/no/such/folder/f");
}

static void a_lock_of_unknown_text_is_named_without_a_pid(void **state)
{
	struct fs_lock mine = { .fd = -1 };
	struct fs_lock other = { .fd = -1 };
	const char *path = temp_path(*state, "lock");
	struct err e = { 0 };
	struct timespec from;
	struct timespec to;

	assert_ok(fs_lock(&mine, path, 0, &e), e);
	assert_int_equal(truncate(path, 0), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_err(fs_lock(&other, path, 120, &e), e, ERR_BUSY);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(
		(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 115);
	assert_null(strstr(e.msg, "pid"));
	assert_non_null(strstr(e.hint, "wait"));
	assert_int_equal(other.fd, -1);
	fs_unlock(&other);
	fs_unlock(&mine);
	assert_int_equal(mine.fd, -1);
	assert_err(fs_lock(&other, temp_path(*state, "no/lock"), 0, &e), e, ERR_NOT_FOUND);
	assert_int_equal(symlink("lock", temp_path(*state, "link")), 0);
	assert_err(fs_lock(&other, temp_path(*state, "link"), 0, &e), e, ERR_REFUSED);
}

static void a_file_where_a_folder_should_be_is_named(void **state)
{
	struct err e = { 0 };
	const char *path = temp_path(*state, "f");

	temp_write(path, "");
	assert_err(fs_mkdirs(path, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "is not a directory"));
	assert_err(fs_mkdirs(temp_path(*state, "f/a/b"), &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "a part of the path"));
	assert_ok(fs_mkdirs(*state, &e), e);
	assert_int_equal(chmod(*state, 0777), 0);
	assert_err(fs_mkdirs(temp_path(*state, "d"), &e), e, ERR_REFUSED);
	assert_int_equal(chmod(*state, 0700), 0);
	assert_err(fs_unlink(*state, &e), e, ERR_IO);
}

static void a_folder_of_another_user_is_refused(void **state)
{
	const char *dir = temp_path(*state, "d");
	struct err e = { 0 };
	pid_t pid;
	int status;

	if (geteuid() != 0) {
		print_message("needs root to become another user\n");
		skip();
	}
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_err(fs_replace(temp_path(*state, "d/f"), "x", 1, NULL, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "uid 65534"));
	/* Root's folder is anybody's, as far as owners go; writing is what the kernel refuses. */
	assert_int_equal(chmod(*state, 0755), 0);
	pid = fork();
	if (pid == 0) {
		bool ok = setuid(65534) == 0 &&
			  !fs_replace(temp_path(*state, "f"), "x", 1, NULL, &e) &&
			  !fs_can_replace(temp_path(*state, "f"), 1, &e) &&
			  strstr(e.msg, "cannot write in");

		_exit(ok ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void a_disk_without_room_is_known_before(void **state)
{
	struct err e;

	assert_err(fs_can_replace(temp_path(*state, "f"), SIZE_MAX / 8, &e), e, ERR_IO);
	assert_non_null(strstr(e.msg, *state));
	assert_true(fs_can_replace(temp_path(*state, "f"), 0, NULL));
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_joined_with_one_slash),
		cmocka_unit_test(a_path_has_a_folder_and_a_name),
		cmocka_unit_test(only_ones_own_home_is_a_tilde),
		cmocka_unit_test(stamps_differ_in_each_of_their_parts),
		with_folder(a_stamp_says_what_is_there),
		with_folder(a_link_that_leads_in_a_circle_is_refused),
		with_folder(a_name_that_does_not_fit_is_refused),
		with_folder(relative_paths_work_as_well),
		with_folder(modes_never_widen_and_never_become_nothing),
		with_folder(an_empty_file_is_written_as_one),
		with_folder(a_private_file_has_no_bit_for_others),
		with_folder(what_was_not_prepared_does_not_land),
		with_folder(a_change_between_preparing_and_landing_is_seen),
		with_folder(only_temporary_files_of_the_dead_are_swept),
		with_folder(a_lock_of_unknown_text_is_named_without_a_pid),
		with_folder(a_file_where_a_folder_should_be_is_named),
		with_folder(a_folder_of_another_user_is_refused),
		with_folder(a_disk_without_room_is_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
