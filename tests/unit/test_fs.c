/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <signal.h>

#include "base/fs.h"
#include "tests/unit/temp.h"

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

static mode_t mode_of(const char *path)
{
	struct stat sb;

	assert_int_equal(lstat(path, &sb), 0);
	return sb.st_mode & 07777;
}

static void expect_content(const char *path, const char *want)
{
	char *text = temp_read(path);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void a_new_file_is_private_whatever_the_umask(void **state)
{
	const char *path = temp_path(*state, "new");
	struct err e = { 0 };
	mode_t old = umask(0);

	assert_ok(fs_replace(path, "hello", 5, NULL, &e), e);
	umask(old);
	assert_int_equal(mode_of(path), 0600);
	expect_content(path, "hello");
	assert_int_equal(temp_count(*state), 1);
}

static void a_long_file_is_read_whole(void **state)
{
	const char *path = temp_path(*state, "long");
	const size_t n = 100001;
	char *want = malloc(n);
	struct buf text = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		want[i] = (char)(i * 7 % 251);
	assert_ok(fs_replace(path, want, n, NULL, &e), e);
	assert_ok(fs_read(path, n, &text, NULL, &e), e);
	assert_int_equal(text.len, n);
	assert_memory_equal(text.p, want, n);
	buf_release(&text);
	free(want);
}

static void a_narrower_mode_stays_and_a_wider_one_narrows(void **state)
{
	const char *path = temp_path(*state, "f");
	struct err e = { 0 };

	temp_write(path, "old");
	chmod(path, 0400);
	assert_ok(fs_replace(path, "new", 3, NULL, &e), e);
	assert_int_equal(mode_of(path), 0400);
	chmod(path, 0644);
	assert_ok(fs_replace(path, "newer", 5, NULL, &e), e);
	assert_int_equal(mode_of(path), 0600);
}

static void a_symbolic_link_survives_and_its_target_changes(void **state)
{
	char target[FS_PATH_MAX];
	const char *link = temp_path(*state, "link");
	struct stat sb;
	struct err e = { 0 };

	mkdir(temp_path(*state, "real"), 0700);
	str_copy(target, sizeof(target), temp_path(*state, "real/file"));
	temp_write(target, "old");
	assert_int_equal(symlink("real/file", link), 0);
	assert_ok(fs_replace(link, "new", 3, NULL, &e), e);
	lstat(link, &sb);
	assert_true(S_ISLNK(sb.st_mode));
	expect_content(target, "new");
	assert_int_equal(temp_count(temp_path(*state, "real")), 1);
}

static void a_dangling_link_is_refused(void **state)
{
	const char *link = temp_path(*state, "link");
	struct err e;

	assert_int_equal(symlink("nowhere", link), 0);
	assert_err(fs_replace(link, "new", 3, NULL, &e), e, ERR_REFUSED);
	assert_int_equal(temp_count(*state), 1);
}

static void a_hard_linked_file_is_refused_with_advice(void **state)
{
	const char *a = temp_path(*state, "a");
	struct err e;

	temp_write(a, "old");
	assert_int_equal(link(a, temp_path(*state, "b")), 0);
	assert_err(fs_replace(a, "new", 3, NULL, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "hard links"));
	assert_non_null(strstr(e.hint, "-inum"));
	expect_content(a, "old");
}

static void a_fifo_and_a_folder_are_refused(void **state)
{
	struct buf b = { 0 };
	struct err e;

	assert_int_equal(mkfifo(temp_path(*state, "fifo"), 0600), 0);
	assert_err(fs_read(temp_path(*state, "fifo"), 0, &b, NULL, &e), e, ERR_REFUSED);
	assert_err(fs_replace(temp_path(*state, "fifo"), "x", 1, NULL, &e), e, ERR_REFUSED);
	assert_err(fs_read(*state, 0, &b, NULL, &e), e, ERR_REFUSED);
	buf_release(&b);
}

static void a_folder_others_can_write_is_refused(void **state)
{
	const char *dir = temp_path(*state, "open");
	struct err e;

	mkdir(dir, 0700);
	chmod(dir, 0777);
	assert_err(fs_replace(temp_path(dir, "f"), "x", 1, NULL, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "chmod go-w"));
	assert_int_equal(temp_count(dir), 0);
	chmod(dir, 01777); /* sticky, as /tmp: allowed */
	assert_ok(fs_replace(temp_path(dir, "f"), "x", 1, NULL, &e), e);
}

static void a_link_into_a_git_tree_gets_no_secret(void **state)
{
	struct fs_replace secret = { .secret = true };
	struct err e;

	mkdir(temp_path(*state, "dots"), 0700);
	mkdir(temp_path(*state, "dots/deep"), 0700);
	temp_write(temp_path(*state, "dots/deep/env"), "old");
	assert_int_equal(symlink("dots/deep/env", temp_path(*state, ".env")), 0);
	assert_ok(fs_replace(temp_path(*state, ".env"), "old", 3, &secret, &e), e);
	mkdir(temp_path(*state, "dots/.git"), 0700);
	assert_err(fs_replace(temp_path(*state, ".env"), "k", 1, &secret, &e), e, ERR_REFUSED);
	expect_content(temp_path(*state, "dots/deep/env"), "old");
	assert_ok(fs_can_replace(temp_path(*state, ".env"), 1, &e), e);
	assert_ok(fs_replace(temp_path(*state, ".env"), "n", 1, NULL, &e), e);
}

static void a_file_that_changed_since_it_was_read_is_not_overwritten(void **state)
{
	const char *path = temp_path(*state, "f");
	struct fs_stamp st;
	struct fs_replace expect = { .expect = &st };
	struct buf b = { 0 };
	struct err e = { 0 };

	temp_write(path, "old");
	assert_ok(fs_read(path, 0, &b, &st, &e), e);
	temp_write(path, "peer's");
	assert_err(fs_replace(path, "mine", 4, &expect, &e), e, ERR_BUSY);
	expect_content(path, "peer's");
	assert_int_equal(temp_count(*state), 1);
	buf_release(&b);
}

static void a_file_that_appeared_meanwhile_is_not_overwritten(void **state)
{
	const char *path = temp_path(*state, "f");
	struct fs_stamp st;
	struct fs_replace expect = { .expect = &st };
	struct buf b = { 0 };
	struct err e;

	assert_err(fs_read(path, 0, &b, &st, &e), e, ERR_NOT_FOUND);
	assert_false(st.exists);
	temp_write(path, "peer's");
	assert_err(fs_replace(path, "mine", 4, &expect, &e), e, ERR_BUSY);
	buf_release(&b);
}

static void a_full_disk_leaves_the_old_file_and_no_temporary(void **state)
{
	const char *path = temp_path(*state, "f");
	struct rlimit small = { .rlim_cur = 64, .rlim_max = RLIM_INFINITY };
	struct rlimit old;
	struct err e;
	char big[200];

	temp_write(path, "old");
	memset(big, 'x', sizeof(big));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_err(fs_replace(path, big, sizeof(big), NULL, &e), e, ERR_IO);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(e.msg, path));
	expect_content(path, "old");
	assert_int_equal(temp_count(*state), 1);
}

static void a_key_file_others_can_read_is_refused(void **state)
{
	const char *path = temp_path(*state, "k");
	struct buf b = { 0 };
	struct err e = { 0 };

	temp_write(path, "key");
	assert_ok(fs_read_private(path, 0, &b, &e), e);
	buf_release(&b);
	chmod(path, 0640);
	assert_err(fs_read_private(path, 0, &b, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "chmod go-rwx"));
	assert_null(b.p);
}

static void a_foreign_owner_is_refused(void **state)
{
	const char *path = temp_path(*state, "k");
	struct buf b = { 0 };
	struct err e;

	if (geteuid() != 0) {
		print_message("needs root to give a file away\n");
		skip();
	}
	temp_write(path, "key");
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_err(fs_read_private(path, 0, &b, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.hint, "owner"));
	assert_err(fs_replace(path, "x", 1, NULL, &e), e, ERR_REFUSED);
	expect_content(path, "key");
}

static void a_larger_file_than_allowed_is_refused(void **state)
{
	const char *path = temp_path(*state, "f");
	struct buf b = { 0 };
	struct err e;

	temp_write(path, "0123456789");
	assert_err(fs_read(path, 9, &b, NULL, &e), e, ERR_DAMAGED);
	buf_release(&b);
	assert_ok(fs_read(path, 10, &b, NULL, &e), e);
	assert_int_equal(b.len, 10);
	buf_release(&b);
}

static void folders_are_made_private_and_deep(void **state)
{
	struct err e = { 0 };

	assert_ok(fs_mkdirs(temp_path(*state, "a/b/c"), &e), e);
	assert_int_equal(mode_of(temp_path(*state, "a")), 0700);
	assert_int_equal(mode_of(temp_path(*state, "a/b/c")), 0700);
	assert_ok(fs_mkdirs(temp_path(*state, "a/b/c"), &e), e);
	temp_write(temp_path(*state, "file"), "");
	assert_err(fs_mkdirs(temp_path(*state, "file/x"), &e), e, ERR_REFUSED);
}

static void asking_whether_one_could_write_changes_nothing(void **state)
{
	struct err e = { 0 };

	assert_ok(fs_can_replace(temp_path(*state, "no/such/dir/file"), 10, &e), e);
	assert_int_equal(temp_count(*state), 0);
	chmod(*state, 0777);
	assert_err(fs_can_replace(temp_path(*state, "f"), 10, &e), e, ERR_REFUSED);
}

static void a_lock_excludes_and_names_its_holder(void **state)
{
	struct fs_lock mine = { .fd = -1 };
	struct fs_lock other = { .fd = -1 };
	const char *path = temp_path(*state, ".lock");
	char pid[32];
	struct err e = { 0 };

	assert_ok(fs_lock(&mine, path, 0, &e), e);
	assert_err(fs_lock(&other, path, 30, &e), e, ERR_BUSY);
	snprintf(pid, sizeof(pid), "pid %d", (int)getpid());
	assert_non_null(strstr(e.msg, pid));
	fs_unlock(&mine);
	assert_ok(fs_lock(&other, path, 0, &e), e);
	fs_unlock(&other);
	fs_unlock(&other);
}

static void a_lock_dies_with_its_process(void **state)
{
	struct fs_lock l = { .fd = -1 };
	const char *path = temp_path(*state, ".lock");
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		fs_lock(&l, path, 0, NULL);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
	assert_ok(fs_lock(&l, path, 0, &e), e);
	fs_unlock(&l);
}

static void home_is_shown_as_a_tilde(void **state)
{
	char out[64];
	struct str s = STR_OF(out);

	(void)state;
	fs_shorten(&s, "/home/u/.thinkfleetbot/x", "/home/u");
	assert_string_equal(out, "~/.thinkfleetbot/x");
	s = STR_OF(out);
	fs_shorten(&s, "/home/us", "/home/u");
	assert_string_equal(out, "/home/us");
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(a_new_file_is_private_whatever_the_umask),
		with_folder(a_long_file_is_read_whole),
		with_folder(a_narrower_mode_stays_and_a_wider_one_narrows),
		with_folder(a_symbolic_link_survives_and_its_target_changes),
		with_folder(a_dangling_link_is_refused),
		with_folder(a_hard_linked_file_is_refused_with_advice),
		with_folder(a_fifo_and_a_folder_are_refused),
		with_folder(a_folder_others_can_write_is_refused),
		with_folder(a_link_into_a_git_tree_gets_no_secret),
		with_folder(a_file_that_changed_since_it_was_read_is_not_overwritten),
		with_folder(a_file_that_appeared_meanwhile_is_not_overwritten),
		with_folder(a_full_disk_leaves_the_old_file_and_no_temporary),
		with_folder(a_key_file_others_can_read_is_refused),
		with_folder(a_foreign_owner_is_refused),
		with_folder(a_larger_file_than_allowed_is_refused),
		with_folder(folders_are_made_private_and_deep),
		with_folder(asking_whether_one_could_write_changes_nothing),
		with_folder(a_lock_excludes_and_names_its_holder),
		with_folder(a_lock_dies_with_its_process),
		with_folder(home_is_shown_as_a_tilde),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
