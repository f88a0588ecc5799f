/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/txn_impl.h"
#include "tests/unit/temp.h"

/* Four files of every sort: replaced, replaced under a gateway's lock, made, removed. */
enum {
	REPLACED,
	LOCKED,
	MADE,
	REMOVED,
	FILES
};

static const char *const names[FILES] = { "config", "profiles", "made", "removed" };
static const char *const before[FILES] = { "old config\n", "old profiles\n", NULL, "old key\n" };
static const char *const after[FILES] = { "new config\n", "new profiles\n", "", NULL };

struct world {
	char *dir;
	char root[512];
};

static const char *at(const struct world *w, size_t i)
{
	return temp_path(w->dir, names[i]);
}

static void put(const char *path, const char *text)
{
	if (text)
		temp_write(path, text);
	else
		unlink(path);
}

static void expect(const struct world *w, size_t i, const char *want)
{
	char *text = temp_read(at(w, i));

	if (want) {
		assert_non_null(text);
		assert_string_equal(text, want);
	} else {
		assert_null(text);
	}
	free(text);
}

static void expect_all(const struct world *w, const char *const *want)
{
	for (size_t i = 0; i < FILES; i++)
		expect(w, i, want[i]);
}

/* The targets, nothing beside them, and no journal. */
static void expect_tidy(const struct world *w, const char *const *want)
{
	unsigned there = 0;

	for (size_t i = 0; i < FILES; i++)
		there += want[i] != NULL;
	expect_all(w, want);
	assert_int_equal(temp_count(w->root), 0);
	assert_int_equal(temp_count(w->dir), there + 1);
}

static void reset(const struct world *w)
{
	for (size_t i = 0; i < FILES; i++)
		put(at(w, i), before[i]);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	crypto_start(NULL);
	w->dir = temp_new();
	snprintf(w->root, sizeof(w->root), "%s/.txn", w->dir);
	assert_int_equal(mkdir(w->root, 0700), 0);
	reset(w);
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

static bool add_all(struct txn *t, const struct world *w, struct err *e)
{
	static const struct peerlock_how peer = { .timeout_ms = 1 };

	txn_begin(t, w->root);
	for (size_t i = 0; i < FILES; i++) {
		struct txn_change c = { .path = at(w, i),
			.p = after[i],
			.n = after[i] ? strlen(after[i]) : 0,
			.peer = i == LOCKED ? &peer : NULL };

		if (!txn_add(t, &c, e))
			return false;
	}
	return true;
}

/* --- committing ----------------------------------------------------------------------- */

static void all_files_change_and_nothing_stays_behind(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	expect_all(w, before);
	assert_ok(txn_commit(&t, &e), e);
	assert_int_equal(t.outcome, TXN_DONE);
	expect_tidy(w, after);
	txn_release(&t);
	txn_release(&t);
}

static void undoing_gives_the_old_contents_back(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	assert_ok(txn_commit(&t, &e), e);
	assert_ok(txn_undo(&t, &e), e);
	expect_tidy(w, before);
	txn_release(&t);
}

static void undoing_leaves_what_another_program_wrote_since(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	assert_ok(txn_commit(&t, &e), e);
	put(at(w, REPLACED), "theirs\n");
	assert_err(txn_undo(&t, &e), e, ERR_BUSY);
	expect(w, REPLACED, "theirs\n");
	txn_release(&t);
}

static void a_file_that_changed_before_the_commit_stops_everything(void **state)
{
	for (size_t i = 0; i < FILES; i++) {
		struct world *w = *state;
		const char *want[FILES];
		struct err e = { 0 };
		struct txn t;

		memcpy(want, before, sizeof(want));
		want[i] = "theirs\n";
		assert_ok(add_all(&t, w, &e), e);
		put(at(w, i), "theirs\n");
		assert_err(txn_commit(&t, &e), e, ERR_BUSY);
		assert_non_null(strstr(e.msg, names[i]));
		assert_non_null(strstr(e.msg, "nothing was changed"));
		assert_true(t.raced);
		assert_int_equal(t.outcome, TXN_NOTHING);
		expect_tidy(w, want);
		txn_release(&t);
		reset(w);
	}
}

/* In place, same length, and the clock turned back: only the bytes tell. */
static void bytes_that_changed_under_the_same_stamp_are_seen(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct stat sb;
	struct txn t;

	assert_int_equal(stat(at(w, REPLACED), &sb), 0);
	assert_ok(add_all(&t, w, &e), e);
	put(at(w, REPLACED), "OLD config\n");
	assert_int_equal(utimensat(AT_FDCWD, at(w, REPLACED),
				 (struct timespec[]){ sb.st_atim, sb.st_mtim }, 0),
		0);
	assert_err(txn_commit(&t, &e), e, ERR_BUSY);
	expect(w, REPLACED, "OLD config\n");
	txn_release(&t);
}

static void a_file_that_is_not_what_was_read_is_not_even_added(void **state)
{
	struct world *w = *state;
	struct fs_stamp stamp;
	struct err e = { 0 };
	struct txn t;

	assert_ok(fs_stat(at(w, REPLACED), &stamp, &e), e);
	put(at(w, REPLACED), "theirs, longer\n");
	txn_begin(&t, w->root);
	assert_err(txn_add(&t,
			   &(struct txn_change){
				   .path = at(w, REPLACED), .p = "x", .n = 1, .expect = &stamp },
			   &e),
		e, ERR_BUSY);
	assert_true(t.raced);
	txn_release(&t);
}

static void a_gateway_that_holds_its_lock_stops_everything(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	assert_int_equal(mkdir(temp_path(w->dir, "profiles.lock"), 0755), 0);
	assert_ok(add_all(&t, w, &e), e);
	assert_err(txn_commit(&t, &e), e, ERR_BUSY);
	assert_non_null(strstr(e.msg, "profiles.lock"));
	assert_non_null(strstr(e.msg, "nothing was changed"));
	assert_false(t.raced);
	txn_release(&t);
	assert_int_equal(rmdir(temp_path(w->dir, "profiles.lock")), 0);
	expect_tidy(w, before);
}

/* Nobody can forget it. */
static void auth_profiles_is_written_under_the_gateways_lock_always(void **state)
{
	struct world *w = *state;
	const char *path = temp_path(w->dir, "auth-profiles.json");
	struct txn_change c = { .path = path, .p = "{}", .n = 2 };
	struct err e = { 0 };

	assert_int_equal(mkfifo(temp_path(w->dir, "auth-profiles.json.lock"), 0600), 0);
	assert_err(txn_write(w->root, &c, &e), e, ERR_REFUSED);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(unlink(temp_path(w->dir, "auth-profiles.json.lock")), 0);
	assert_ok(txn_write(w->root, &c, &e), e);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(temp_count(w->root), 0);
}

static void a_full_disk_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rlimit old;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4, old.rlim_max });
	assert_err(txn_commit(&t, &e), e, ERR_IO);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(e.msg, names[REPLACED]));
	assert_non_null(strstr(e.msg, "nothing was changed"));
	expect_tidy(w, before);
	txn_release(&t);
}

/* The copies fit but the intent does not. */
static void a_journal_that_cannot_be_written_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rlimit old;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 100, old.rlim_max });
	assert_err(txn_commit(&t, &e), e, ERR_IO);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_non_null(strstr(e.msg, "nothing was changed"));
	expect_tidy(w, before);
	txn_release(&t);
}

/* The last file turns into one that cannot be replaced, after everything was looked at. */
static void what_was_renamed_is_put_back_when_a_later_one_fails(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	/* The removal is the last step: make its path one that unlink() refuses. */
	assert_true(t.files[REMOVED].removes);
	snprintf(t.files[REMOVED].path, sizeof(t.files[REMOVED].path), "%s", w->dir);
	buf_release(&t.files[REMOVED].old);
	assert_err(txn_commit(&t, &e), e, ERR_REFUSED);
	assert_int_equal(t.outcome, TXN_NOTHING);
	expect_tidy(w, before);
	txn_release(&t);
}

static mode_t mode_of(const char *path)
{
	struct stat sb;

	assert_int_equal(stat(path, &sb), 0);
	return sb.st_mode & 0777;
}

static void links_survive_and_modes_never_widen(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	struct stat sb;
	struct txn t;

	assert_int_equal(rename(at(w, REPLACED), temp_path(w->dir, "real")), 0);
	assert_int_equal(symlink("real", at(w, REPLACED)), 0);
	assert_int_equal(chmod(temp_path(w->dir, "real"), 0400), 0);
	assert_ok(add_all(&t, w, &e), e);
	assert_ok(txn_commit(&t, &e), e);
	assert_int_equal(lstat(at(w, REPLACED), &sb), 0);
	assert_true(S_ISLNK(sb.st_mode));
	assert_int_equal(mode_of(temp_path(w->dir, "real")), 0400);
	assert_int_equal(mode_of(at(w, MADE)), 0600);
	txn_release(&t);
}

/* --- recovering ----------------------------------------------------------------------- */

/* The journal as it is on disk at the commit point, and nothing else done. */
static void begin_journal(const struct world *w, bool intent)
{
	struct err e = { 0 };
	struct txn t;

	assert_ok(add_all(&t, w, &e), e);
	assert_ok(journal_stage(&t, &e), e);
	if (intent)
		assert_ok(journal_write(&t, &e), e);
	txn_release(&t);
}

static void expect_report(
	const struct txn_report *r, unsigned cleaned, unsigned completed, unsigned stopped)
{
	assert_int_equal(r->cleaned, cleaned);
	assert_int_equal(r->completed, completed);
	assert_int_equal(r->stopped, stopped);
}

static void recover_to(const struct world *w, const char *const *want)
{
	struct txn_report r;
	struct err e = { 0 };

	assert_ok(txn_recover(w->root, NULL, &e), e);
	expect_tidy(w, want);
	assert_ok(txn_recover(w->root, &r, &e), e);
	expect_report(&r, 0, 0, 0);
	expect_tidy(w, want);
}

static void without_an_intent_nothing_had_begun(void **state)
{
	struct world *w = *state;
	struct txn_report r;
	struct err e = { 0 };

	begin_journal(w, false);
	assert_int_equal(temp_count(w->root), 1);
	assert_true(txn_pending(w->root, &r));
	expect_report(&r, 1, 0, 0);
	assert_ok(txn_recover(w->root, &r, &e), e);
	expect_report(&r, 1, 0, 0);
	expect_tidy(w, before);
}

static void with_an_intent_every_stage_reaches_the_end(void **state)
{
	for (size_t done = 0; done <= FILES; done++) {
		struct world *w = *state;
		struct txn_report r;

		reset(w);
		begin_journal(w, true);
		for (size_t i = 0; i < done; i++)
			put(at(w, i), after[i]);
		assert_true(txn_pending(w->root, &r));
		expect_report(&r, 0, 1, 0);
		assert_int_equal(temp_count(w->root), 1);
		recover_to(w, after);
	}
}

/* Renames that reached the disk in another order than they were made. */
static void any_set_of_files_may_have_reached_the_disk(void **state)
{
	for (unsigned set = 0; set < 1u << FILES; set++) {
		struct world *w = *state;

		reset(w);
		begin_journal(w, true);
		for (size_t i = 0; i < FILES; i++)
			if (set & (1u << i))
				put(at(w, i), after[i]);
		recover_to(w, after);
	}
}

static void a_file_that_something_else_changed_ends_the_change_there(void **state)
{
	for (size_t i = 0; i < FILES; i++) {
		struct world *w = *state;
		const char *want[FILES];
		struct txn_report r;
		struct err e = { 0 };
		char text[512];
		struct str s = STR_OF(text);

		reset(w);
		begin_journal(w, true);
		put(at(w, i), "theirs\n");
		for (size_t k = 0; k < FILES; k++)
			want[k] = k < i ? after[k] : k == i ? "theirs\n" : before[k];
		assert_ok(txn_recover(w->root, &r, &e), e);
		expect_report(&r, 0, 0, 1);
		assert_non_null(strstr(r.path, names[i]));
		txn_report_text(&s, &r);
		assert_non_null(strstr(text, names[i]));
		expect_tidy(w, want);
	}
}

static void a_damaged_or_missing_copy_replaces_nothing(void **state)
{
	struct world *w = *state;
	struct txn_report r;
	struct err e = { 0 };
	char path[1024];
	struct dirent **list;
	int n;

	for (int missing = 0; missing < 2; missing++) {
		begin_journal(w, true);
		n = scandir(w->root, &list, NULL, alphasort);
		assert_int_equal(n, 3);
		snprintf(path, sizeof(path), "%s/%s/0.new", w->root, list[2]->d_name);
		put(path, missing ? NULL : "something else\n");
		while (n--)
			free(list[n]);
		free(list);
		assert_ok(txn_recover(w->root, &r, &e), e);
		expect_report(&r, 0, 0, 1);
		expect_tidy(w, before);
	}
}

static char *intent_of(const struct world *w, char path[1024])
{
	struct dirent **list;
	int n = scandir(w->root, &list, NULL, alphasort);

	assert_int_equal(n, 3);
	snprintf(path, 1024, "%s/%s/" TXN_INTENT, w->root, list[2]->d_name);
	while (n--)
		free(list[n]);
	free(list);
	return temp_read(path);
}

static void a_journal_of_a_newer_version_is_left_alone(void **state)
{
	struct world *w = *state;
	struct err e;
	char path[1024];
	char *text;

	begin_journal(w, true);
	text = intent_of(w, path);
	*strstr(strstr(text, "\"v\""), "1") = '2';
	temp_write(path, text);
	free(text);
	assert_err(txn_recover(w->root, NULL, &e), e, ERR_NEWER);
	expect_all(w, before);
	assert_int_equal(access(path, F_OK), 0);
}

/* Somebody copied the state folder while a change was under way. */
static void a_copied_journal_does_not_change_the_original(void **state)
{
	struct world *w = *state;
	struct txn_report r;
	struct err e = { 0 };
	char copy[600];

	begin_journal(w, true);
	snprintf(copy, sizeof(copy), "%s/copy", w->dir);
	assert_int_equal(rename(w->root, copy), 0);
	assert_ok(txn_recover(copy, &r, &e), e);
	expect_report(&r, 0, 0, 1);
	expect_all(w, before);
}

static void a_journal_others_can_read_is_refused(void **state)
{
	struct world *w = *state;
	struct err e;
	char path[1024];

	begin_journal(w, true);
	free(intent_of(w, path));
	assert_int_equal(chmod(path, 0644), 0);
	assert_err(txn_recover(w->root, NULL, &e), e, ERR_REFUSED);
	expect_all(w, before);
}

static void the_journal_is_private_and_holds_no_content(void **state)
{
	struct world *w = *state;
	char path[1024];
	char dir[1024];
	char *text;

	begin_journal(w, true);
	text = intent_of(w, path);
	assert_null(strstr(text, "new config"));
	assert_null(strstr(text,
		"old"
		" config"));
	free(text);
	assert_int_equal(mode_of(path), 0600);
	fs_dirname(dir, sizeof(dir), path);
	assert_int_equal(mode_of(dir), 0700);
	assert_int_equal(mode_of(temp_path(dir, "0.new")), 0600);
}

static void an_idle_folder_and_a_missing_one_need_nothing(void **state)
{
	struct world *w = *state;
	struct txn_report r;
	struct err e = { 0 };

	assert_false(txn_pending(w->root, &r));
	assert_int_equal(rmdir(w->root), 0);
	assert_false(txn_pending(w->root, &r));
	assert_ok(txn_recover(w->root, &r, &e), e);
}

/* --- killed --------------------------------------------------------------------------- */

/* Runs `what` in a child that is killed at its n-th system call stop. False: it ended before. */
static bool killed_at(unsigned n, const struct world *w, bool (*what)(const struct world *w))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(what(w) ? 0 : 9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (; n && WIFSTOPPED(status); n--) {
		int sig = WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP
				  ? 0
				  : WSTOPSIG(status);

		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)sig);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return false;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

static bool commit_all(const struct world *w)
{
	struct err e = { 0 };
	struct txn t;
	bool ok = add_all(&t, w, &e) && txn_commit(&t, &e);

	txn_release(&t);
	return ok;
}

static bool recover_all(const struct world *w)
{
	return txn_recover(w->root, NULL, NULL);
}

static bool is_all(const struct world *w, const char *const *want)
{
	for (size_t i = 0; i < FILES; i++) {
		char *text = temp_read(at(w, i));
		bool same = want[i] ? text && strcmp(text, want[i]) == 0 : !text;

		free(text);
		if (!same)
			return false;
	}
	return true;
}

/* Old or new after recovery, and one more change leaves nothing of the dead process behind. */
static void expect_whole(const struct world *w)
{
	struct err e = { 0 };

	assert_ok(txn_recover(w->root, NULL, &e), e);
	assert_int_equal(temp_count(w->root), 0);
	assert_true(is_all(w, before) || is_all(w, after));
	reset(w);
	assert_true(commit_all(w));
	expect_tidy(w, after);
}

/* Every stop with "all", a sample that differs from run to run without. */
static unsigned stride = 97;

static unsigned first_stop(void)
{
	return 1 + (unsigned)getpid() % stride;
}

static void killed_anywhere_it_recovers_to_old_or_new(void **state)
{
	struct world *w = *state;
	unsigned n = first_stop();

	for (;; n += stride) {
		reset(w);
		if (!killed_at(n, w, commit_all))
			break;
		expect_whole(w);
	}
	/* The harness itself: a commit of four files is not done in a handful of calls. */
	assert_in_range(n, 150, 5000);
	print_message("about %u stops\n", n);
}

static void killed_anywhere_recovery_can_be_repeated(void **state)
{
	struct world *w = *state;
	unsigned n = first_stop();

	for (;; n += stride) {
		reset(w);
		begin_journal(w, true);
		if (!killed_at(n, w, recover_all))
			break;
		recover_all(w);
		expect_all(w, after);
		expect_whole(w);
	}
	assert_in_range(n, 60, 5000);
	print_message("about %u stops\n", n);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		with_world(all_files_change_and_nothing_stays_behind),
		with_world(undoing_gives_the_old_contents_back),
		with_world(undoing_leaves_what_another_program_wrote_since),
		with_world(a_file_that_changed_before_the_commit_stops_everything),
		with_world(bytes_that_changed_under_the_same_stamp_are_seen),
		with_world(a_file_that_is_not_what_was_read_is_not_even_added),
		with_world(a_gateway_that_holds_its_lock_stops_everything),
		with_world(auth_profiles_is_written_under_the_gateways_lock_always),
		with_world(a_full_disk_changes_nothing),
		with_world(a_journal_that_cannot_be_written_changes_nothing),
		with_world(what_was_renamed_is_put_back_when_a_later_one_fails),
		with_world(links_survive_and_modes_never_widen),
		with_world(without_an_intent_nothing_had_begun),
		with_world(with_an_intent_every_stage_reaches_the_end),
		with_world(any_set_of_files_may_have_reached_the_disk),
		with_world(a_file_that_something_else_changed_ends_the_change_there),
		with_world(a_damaged_or_missing_copy_replaces_nothing),
		with_world(a_journal_of_a_newer_version_is_left_alone),
		with_world(a_copied_journal_does_not_change_the_original),
		with_world(a_journal_others_can_read_is_refused),
		with_world(the_journal_is_private_and_holds_no_content),
		with_world(an_idle_folder_and_a_missing_one_need_nothing),
		with_world(killed_anywhere_it_recovers_to_old_or_new),
		with_world(killed_anywhere_recovery_can_be_repeated),
	};

	if (argc > 1 && strcmp(argv[1], "all") == 0)
		stride = 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
