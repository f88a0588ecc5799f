/* SPDX-License-Identifier: MIT */

/* Journals that no writer makes, changes that are too many or too long, and what is said of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/b64.h"
#include "store/txn_impl.h"
#include "tests/unit/temp.h"
#include "tests/unit/test.h"

struct world {
	char *dir;
	char root[512];
	char real[FS_PATH_MAX];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	snprintf(w->root, sizeof(w->root), "%s/.txn", w->dir);
	assert_int_equal(mkdir(w->root, 0700), 0);
	assert_non_null(realpath(w->root, w->real));
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

/* A journal with this intent.json, in the folder "1". */
static void put_journal(const struct world *w, const char *intent)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/1", w->root);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/1/intent.json", w->root);
	temp_write(path, intent);
}

#define KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* A head that is right, and these files. */
static void put_files(const struct world *w, const char *files)
{
	char intent[8192];

	snprintf(intent, sizeof(intent),
		"{\"format\":\"tfv-txn\",\"v\":1,\"root\":\"%s\",\"key\":\"" KEY "\",\"files\":%s}",
		w->real, files);
	put_journal(w, intent);
}

static struct txn_report recovered(const struct world *w)
{
	struct txn_report r;
	struct err e = { 0 };

	assert_ok(txn_recover(w->root, &r, &e), e);
	return r;
}

/* Such a journal is removed, says where it lay, and changes nothing. */
static void expect_stopped(const struct world *w)
{
	struct txn_report r;
	char text[600];
	struct str s = STR_OF(text);

	assert_true(txn_pending(w->root, &r));
	assert_int_equal(r.stopped, 1);
	r = recovered(w);
	assert_int_equal(r.stopped, 1);
	assert_int_equal(r.completed + r.cleaned, 0);
	assert_non_null(strstr(r.path, w->root));
	assert_int_equal(temp_count(w->root), 0);
	txn_report_text(&s, &r);
	assert_non_null(strstr(text, "ended before"));
	assert_non_null(strstr(text, w->root));
}

static void a_head_that_is_not_one_stops_the_journal(void **state)
{
	static const char *const heads[] = {
		"{",
		"[]",
		"{\"v\":1,\"root\":\"R\",\"key\":\"" KEY "\",\"files\":[]}",
		"{\"format\":\"other\",\"v\":1,\"root\":\"R\",\"key\":\"" KEY "\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"root\":\"R\",\"key\":\"" KEY "\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":\"1\",\"root\":\"R\",\"key\":\"" KEY
		"\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":1,\"root\":\"R\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":1,\"root\":\"R\",\"key\":\"AAAA\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":1,\"root\":\"R\",\"key\":\"" KEY "A\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":1,\"key\":\"" KEY "\",\"files\":[]}",
		"{\"format\":\"tfv-txn\",\"v\":1,\"root\":\"/elsewhere\",\"key\":\"" KEY
		"\",\"files\":[]}",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		put_journal(w, heads[i]);
		expect_stopped(w);
	}
}

static void a_file_of_a_journal_that_makes_no_sense_stops_it(void **state)
{
	static const char *const files[] = {
		"[1]",
		"[{}]",
		"[{\"path\":\"relative\",\"mode\":0}]",
		"[{\"path\":\"\",\"mode\":0}]",
		"[{\"path\":\"/x/none\"}]",
		"[{\"path\":\"/x/none\",\"mode\":-1}]",
		"[{\"path\":\"/x/none\",\"mode\":512}]",
		"[{\"path\":\"/x/none\",\"mode\":\"0\"}]",
		"[{\"path\":\"/x/none\",\"mode\":0,\"old\":1}]",
		"[{\"path\":\"/x/none\",\"mode\":0,\"old\":\"AAAA\"}]",
		"[{\"path\":\"/x/none\",\"mode\":0,\"new\":\"!\"}]",
		"[{\"path\":\"/x/none\",\"mode\":0,\"lock\":\"other\"}]",
		"[{\"path\":\"/x/none\",\"mode\":0,\"lock\":1}]",
		"[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		put_files(w, files[i]);
		expect_stopped(w);
	}
}

static void a_hash_takes_a_key_of_its_length_and_an_empty_file(void **state)
{
	struct txn_hash hash;
	struct txn_hash again;
	struct secret key;
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_from(&key, "short", 5, &e), e);
	assert_err(txn_hash_of(&hash, &key, true, "x", 1, &e), e, ERR_FAILED);
	assert_ok(txn_hash_of(&hash, &key, false, NULL, 0, &e), e);
	assert_false(hash.exists);
	secret_release(&key);
	assert_ok(random_key(&key, &e), e);
	assert_ok(txn_hash_of(&hash, &key, true, NULL, 0, &e), e);
	assert_ok(txn_hash_of(&again, &key, true, "", 0, &e), e);
	assert_memory_equal(hash.h, again.h, sizeof(hash.h));
	secret_release(&key);
}

static void a_journal_of_too_many_files_stops(void **state)
{
	char files[3 * (TXN_FILES_MAX + 1) + 2] = "[";

	for (size_t i = 0; i <= TXN_FILES_MAX; i++)
		memcpy(files + 1 + 3 * i, i < TXN_FILES_MAX ? "{}," : "{}]", 4);
	put_files(*state, files);
	expect_stopped(*state);
}

static void a_journal_of_no_files_or_of_finished_ones_is_completed(void **state)
{
	static const char *const files[] = {
		"[]",
		"{}",
		"[{\"path\":\"/nowhere/at/all\",\"mode\":0}]",
		"[{\"path\":\"/nowhere/at/all\",\"mode\":511,\"lock\":\"\",\"secret\":true}]",
		"[{\"path\":\"/nowhere/a\",\"mode\":384,\"lock\":\"file\"}]",
		"[{\"path\":\"/nowhere/b\",\"mode\":384,\"lock\":\"folder\",\"secret\":false}]",
	};
	struct world *w = *state;
	char text[200];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct str s = STR_OF(text);
		struct txn_report r;

		put_files(w, files[i]);
		r = recovered(w);
		assert_int_equal(r.completed, 1);
		assert_int_equal(r.cleaned + r.stopped, 0);
		assert_int_equal(temp_count(w->root), 0);
		txn_report_text(&s, &r);
		assert_string_equal(text, "an interrupted change was completed");
	}
}

static void what_is_no_journal_in_the_folder_stays(void **state)
{
	struct world *w = *state;
	struct txn_report r;

	temp_write(temp_path(w->root, "note"), "mine");
	assert_int_equal(mkdir(temp_path(w->root, ".hidden"), 0700), 0);
	assert_int_equal(symlink(w->dir, temp_path(w->root, "link")), 0);
	assert_false(txn_pending(w->root, &r));
	r = recovered(w);
	assert_int_equal(r.cleaned + r.completed + r.stopped, 0);
	assert_int_equal(temp_count(w->root), 3);
}

static void what_a_killed_writer_left_in_a_journal_goes_with_it(void **state)
{
	struct world *w = *state;
	char path[600];
	struct txn_report r;
	char text[200];
	struct str s = STR_OF(text);

	snprintf(path, sizeof(path), "%s/2", w->root);
	assert_int_equal(mkdir(path, 0700), 0);
	temp_write(temp_path(path, ".0.new.thinkfleetbot.1.00.tmp"), "half");
	temp_write(temp_path(path, "0.new"), "whole");
	r = recovered(w);
	assert_int_equal(r.cleaned, 1);
	assert_int_equal(temp_count(w->root), 0);
	txn_report_text(&s, &r);
	assert_string_equal(text, "the copies of a change that had not begun were removed");
}

static void a_report_names_all_that_happened(void **state)
{
	struct txn_report r = { .cleaned = 1, .completed = 2, .stopped = 1, .path = "/x/f" };
	char text[400];
	struct str s = STR_OF(text);

	(void)state;
	txn_report_text(&s, &r);
	assert_string_equal(text,
		"an interrupted change was completed; an interrupted change ended "
		"before /x/f, which had been changed meanwhile: run the command "
		"again; the copies of a change that had not begun were removed");
	s = STR_OF(text);
	txn_report_text(&s, &(struct txn_report){ .completed = 1, .note = "cannot remove /x" });
	assert_string_equal(text, "an interrupted change was completed; cannot remove /x");
	s = STR_OF(text);
	txn_report_text(&s, &(struct txn_report){ 0 });
	assert_string_equal(text, "");
}

static void a_change_has_at_most_sixteen_files(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char name[16];
	struct txn t;

	txn_begin(&t, w->root);
	for (int i = 0; i <= TXN_FILES_MAX; i++) {
		struct txn_change c = { .path = temp_path(w->dir, name), .p = "x", .n = 1 };

		snprintf(name, sizeof(name), "f%d", i);
		c.path = temp_path(w->dir, name);
		if (i < TXN_FILES_MAX)
			assert_ok(txn_add(&t, &c, &e), e);
		else
			assert_err(txn_add(&t, &c, &e), e, ERR_FAILED);
	}
	assert_ok(txn_commit(&t, &e), e);
	assert_int_equal(temp_count(w->dir), TXN_FILES_MAX + 1);
	txn_release(&t);
}

static void a_path_that_is_too_long_is_refused_before_anything_happens(void **state)
{
	struct world *w = *state;
	char path[FS_PATH_MAX + 64];
	struct txn_change c = { .path = path, .p = "x", .n = 1 };
	struct err e;
	struct txn t;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_err(txn_write(w->root, &c, &e), e, ERR_USAGE);
	/* Room for the folder, and none for the journal in it. */
	path[FS_PATH_MAX - 8] = '\0';
	c.path = temp_path(w->dir, "f");
	txn_begin(&t, path);
	assert_true(txn_add(&t, &c, &e));
	c.path = temp_path(w->dir, "g");
	assert_true(txn_add(&t, &c, &e));
	assert_err(txn_commit(&t, &e), e, ERR_USAGE);
	assert_int_equal(t.outcome, TXN_NOTHING);
	txn_release(&t);
	assert_int_equal(temp_count(w->dir), 1);
}

static void a_change_without_a_listener_still_fails(void **state)
{
	struct world *w = *state;
	struct fs_stamp none = { 0 };
	struct txn_change c = {
		.path = temp_path(w->dir, "f"), .p = "new", .n = 3, .expect = &none
	};
	struct txn t;
	char *text;

	temp_write(c.path, "old");
	assert_false(txn_write(w->root, &c, NULL));
	c.expect = NULL;
	txn_begin(&t, w->root);
	assert_true(txn_add(&t, &c, NULL));
	temp_write(c.path, "other");
	assert_false(txn_commit(&t, NULL));
	assert_true(t.raced);
	assert_int_equal(t.outcome, TXN_NOTHING);
	txn_release(&t);
	text = temp_read(c.path);
	assert_string_equal(text, "other");
	free(text);
	assert_false(txn_recover(w->dir, NULL, NULL) && temp_count(w->root));
}

static void a_path_that_is_no_text_gets_no_journal(void **state)
{
	struct world *w = *state;
	struct txn_change c = { .p = "x", .n = 1 };
	struct err e = { 0 };
	struct txn t;

	txn_begin(&t, w->root);
	c.path = temp_path(w->dir, "a");
	assert_ok(txn_add(&t, &c, &e), e);
	c.path = temp_path(w->dir, "bad\xff");
	assert_ok(txn_add(&t, &c, &e), e);
	assert_false(txn_commit(&t, &e));
	assert_non_null(strstr(e.msg, "nothing was changed"));
	assert_int_equal(t.outcome, TXN_NOTHING);
	txn_release(&t);
	assert_int_equal(temp_count(w->dir), 1);
	assert_int_equal(temp_count(w->root), 0);
}

static void a_secret_stays_one_through_a_recovery(void **state)
{
	struct world *w = *state;
	struct txn_change c = { .p = "new", .n = 3, .secret = true };
	struct err e = { 0 };
	struct txn t;
	char *text;

	/* Behind a link into a git tree: refused as secret when it is carried out, too. */
	assert_int_equal(mkdir(temp_path(w->dir, "repo"), 0700), 0);
	temp_write(temp_path(w->dir, "repo/env"), "old");
	assert_int_equal(symlink("repo/env", temp_path(w->dir, "link")), 0);
	txn_begin(&t, w->root);
	c.path = temp_path(w->dir, "link");
	assert_ok(txn_add(&t, &c, &e), e);
	assert_ok(journal_stage(&t, &e) && journal_write(&t, &e), e);
	txn_release(&t);
	assert_int_equal(mkdir(temp_path(w->dir, "repo/.git"), 0700), 0);
	assert_err(txn_recover(w->root, NULL, &e), e, ERR_REFUSED);
	text = temp_read(temp_path(w->dir, "repo/env"));
	assert_string_equal(text, "old");
	free(text);
	assert_int_equal(rmdir(temp_path(w->dir, "repo/.git")), 0);
	assert_int_equal(recovered(w).completed, 1);
	text = temp_read(temp_path(w->dir, "repo/env"));
	assert_string_equal(text, "new");
	free(text);
}

static void a_journal_whose_paths_do_not_fit_is_refused(void **state)
{
	struct world *w = *state;
	struct txn_change c = { .path = temp_path(w->dir, "f"), .p = "x", .n = 1 };
	struct txn_hash hash;
	struct secret half;
	char path[FS_PATH_MAX];
	struct err e = { 0 };
	struct txn t;

	txn_begin(&t, w->root);
	assert_ok(txn_add(&t, &c, &e), e);
	assert_ok(journal_stage(&t, &e), e);
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	str_copy(t.dir, sizeof(t.dir), path);
	assert_err(journal_write(&t, &e), e, ERR_USAGE);
	assert_err(journal_read(&t, &e), e, ERR_USAGE);
	assert_err(journal_copy_path(path, &t, 0, &e), e, ERR_USAGE);
	assert_err(journal_remove(&t, &e), e, ERR_USAGE);
	str_copy(t.dir, sizeof(t.dir), w->dir);
	str_copy(t.dir, sizeof(t.dir), temp_path(w->dir, "gone"));
	assert_ok(journal_remove(&t, &e), e);
	txn_release(&t);
	/* A key of another length makes no hash. */
	assert_ok(secret_from(&half, "sixteen bytes...", 16, &e), e);
	assert_true(txn_hash_of(&hash, &half, false, NULL, 0, &e));
	assert_false(hash.exists);
	assert_err(txn_hash_of(&hash, &half, true, "x", 1, &e), e, ERR_FAILED);
	secret_release(&half);
}

static void a_change_worked_out_from_what_is_there_lands(void **state)
{
	struct world *w = *state;
	struct fs_stamp st;
	struct txn_change c = {
		.path = temp_path(w->dir, "f"), .p = "new", .n = 3, .expect = &st, .mode = 0640
	};
	struct err e = { 0 };
	struct stat sb;
	char *text;

	assert_ok(fs_stat(c.path, &st, &e), e);
	assert_ok(txn_write(w->root, &c, &e), e);
	text = temp_read(c.path);
	assert_string_equal(text, "new");
	free(text);
	assert_int_equal(stat(c.path, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0640);
}

static void a_recovery_without_a_listener_still_stops(void **state)
{
	struct world *w = *state;
	struct txn_change c = { .path = temp_path(w->dir, "f"), .p = "new", .n = 3 };
	struct txn_report r;
	struct err e = { 0 };
	struct txn t;
	char path[FS_PATH_MAX];

	txn_begin(&t, w->root);
	assert_ok(txn_add(&t, &c, &e), e);
	assert_ok(journal_stage(&t, &e) && journal_write(&t, &e), e);
	assert_true(journal_copy_path(path, &t, 0, &e));
	assert_int_equal(unlink(path), 0);
	txn_release(&t);
	assert_true(txn_recover(w->root, NULL, NULL));
	assert_int_equal(temp_count(w->root), 0);
	assert_int_not_equal(access(c.path, F_OK), 0);
	temp_write(temp_path(w->dir, "file"), "");
	assert_err(txn_recover(temp_path(w->dir, "file"), NULL, &e), e, e.code);
	assert_true(txn_pending(temp_path(w->dir, "file"), NULL));
	assert_true(txn_pending(temp_path(w->dir, "file"), &r));
	assert_int_equal(r.stopped, 1);
	assert_string_equal(r.path, temp_path(w->dir, "file"));
}

static void a_race_is_tried_eight_times_and_for_a_second(void **state)
{
	struct txn_patience p = { 0 };

	(void)state;
	assert_false(txn_again(&(struct txn_patience){ 0 }, false));
	for (unsigned n = 1; n <= 8; n++)
		assert_true(txn_again(&p, true));
	p.since_ms -= 1000;
	assert_false(txn_again(&p, true));
	p = (struct txn_patience){ 0 };
	assert_true(txn_again(&p, true));
	p.since_ms -= 1000;
	for (unsigned n = 2; n < 8; n++)
		assert_true(txn_again(&p, true));
	assert_false(txn_again(&p, true));
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_world(a_head_that_is_not_one_stops_the_journal),
		with_world(a_file_of_a_journal_that_makes_no_sense_stops_it),
		cmocka_unit_test(a_hash_takes_a_key_of_its_length_and_an_empty_file),
		with_world(a_journal_of_too_many_files_stops),
		with_world(a_journal_of_no_files_or_of_finished_ones_is_completed),
		with_world(what_is_no_journal_in_the_folder_stays),
		with_world(what_a_killed_writer_left_in_a_journal_goes_with_it),
		with_world(a_report_names_all_that_happened),
		with_world(a_change_has_at_most_sixteen_files),
		with_world(a_path_that_is_too_long_is_refused_before_anything_happens),
		with_world(a_change_without_a_listener_still_fails),
		with_world(a_path_that_is_no_text_gets_no_journal),
		with_world(a_secret_stays_one_through_a_recovery),
		with_world(a_journal_whose_paths_do_not_fit_is_refused),
		with_world(a_change_worked_out_from_what_is_there_lands),
		with_world(a_recovery_without_a_listener_still_stops),
		cmocka_unit_test(a_race_is_tried_eight_times_and_for_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
