/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/checks.h"

struct folder {
	char dir[32];
	char path[64];
};

static int make_folder(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	str_copy(f->dir, sizeof(f->dir), "/tmp/tfb-checks-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_true(fs_join(f->path, sizeof(f->path), f->dir, "checks.json", NULL));
	*state = f;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;

	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static const struct check_note accepted = { "anthropic:default", "0123abcd", "accepted", "", "you",
	INT64_C(1795347683788), 210, -420000 };
static const struct check_note rejected = { "env:GROQ_API_KEY", "ffffffff", "rejected", "bad key",
	"", 5, 7, 0 };

static void a_note_comes_back_as_it_was_written(void **state)
{
	const struct folder *f = *state;
	const struct check_note *note;
	struct checks c;
	struct stat sb;
	struct err e = { 0 };

	assert_ok(checks_record(f->path, &accepted, &e), e);
	assert_ok(checks_record(f->path, &rejected, &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 2);
	note = checks_find(&c, "anthropic:default", "0123abcd");
	assert_non_null(note);
	assert_string_equal(note->verdict, "accepted");
	assert_string_equal(note->reason, "");
	assert_string_equal(note->expires_source, "you");
	assert_int_equal(note->at_ms, 1795347683788);
	assert_int_equal(note->latency_ms, 210);
	assert_int_equal(note->skew_ms, -420000);
	assert_int_equal(checks_find(&c, "env:GROQ_API_KEY", NULL)->skew_ms, 0);
	assert_string_equal(checks_find(&c, "env:GROQ_API_KEY", NULL)->reason, "bad key");
	checks_release(&c);
	assert_int_equal(stat(f->path, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0600);
}

static void the_note_of_another_secret_says_nothing(void **state)
{
	const struct folder *f = *state;
	struct checks c;
	struct err e = { 0 };

	assert_ok(checks_record(f->path, &accepted, &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_null(checks_find(&c, "anthropic:default", "00000000"));
	assert_null(checks_find(&c, "openai:default", NULL));
	assert_non_null(checks_find(&c, "anthropic:default", ""));
	checks_release(&c);
}

static void a_second_note_replaces_the_first(void **state)
{
	const struct folder *f = *state;
	struct check_note later = accepted;
	struct checks c;
	struct err e = { 0 };

	later.verdict = "rejected";
	assert_ok(checks_record(f->path, &accepted, &e), e);
	assert_ok(checks_record(f->path, &later, &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 1);
	assert_string_equal(c.list[0].verdict, "rejected");
	checks_release(&c);
}

static void missing_or_damaged_notes_are_nothing_known_and_start_anew(void **state)
{
	const struct folder *f = *state;
	struct checks c;
	struct err e = { 0 };

	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 0);
	checks_release(&c);
	assert_ok(fs_replace(f->path, "{\"checks\":", 10, NULL, &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 0);
	checks_release(&c);
	assert_ok(checks_forget(f->path, "x", &e), e);
	assert_ok(checks_record(f->path, &accepted, &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 1);
	checks_release(&c);
}

static void a_forgotten_note_is_gone(void **state)
{
	const struct folder *f = *state;
	struct checks c;
	struct err e = { 0 };

	assert_ok(checks_record(f->path, &accepted, &e), e);
	assert_ok(checks_record(f->path, &rejected, &e), e);
	assert_ok(checks_forget(f->path, "anthropic:default", &e), e);
	assert_true(checks_load(&c, f->path, NULL));
	assert_int_equal(c.count, 1);
	assert_null(checks_find(&c, "anthropic:default", NULL));
	checks_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_note_comes_back_as_it_was_written, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			the_note_of_another_secret_says_nothing, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			a_second_note_replaces_the_first, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			missing_or_damaged_notes_are_nothing_known_and_start_anew, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			a_forgotten_note_is_gone, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
