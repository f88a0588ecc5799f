/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/run.h"

/* What a line of shell prints. */
static bool shell(const char *line, struct run r, struct buf *out, struct err *e)
{
	const char *argv[] = { "/bin/sh", "-c", line, NULL };

	r.argv = argv;
	r.out_max = r.out_max ? r.out_max : 1 << 20;
	r.timeout_ms = r.timeout_ms ? r.timeout_ms : 20000;
	return run_program(&r, out, e);
}

static void what_is_given_is_read_and_what_is_printed_is_kept(void **state)
{
	size_t n = 300000; /* more than a pipe holds, in both directions at once */
	struct buf out = { 0 };
	struct err e = { 0 };
	char *in = malloc(n);

	(void)state;
	assert_non_null(in);
	memset(in, 'x', n);
	assert_ok(shell("cat", (struct run){ .in = in, .in_n = n }, &out, &e), e);
	assert_int_equal(out.len, n);
	assert_memory_equal(out.p, in, n);
	free(in);
	buf_release(&out);
}

static void who_does_not_read_is_no_failure(void **state)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	static char in[200000];

	(void)state;
	assert_ok(shell("exec 0<&-; sleep 0.05; echo done",
			  (struct run){ .in = in, .in_n = sizeof(in) }, &out, &e),
		e);
	assert_string_equal(out.p, "done\n");
	buf_release(&out);
}

static void it_gets_an_empty_environment_its_folder_and_three_descriptors(void **state)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

	(void)state;
	assert_true(leak > 2);
	assert_ok(
		shell("pwd; echo \"[$HOME]\"; for f in 3 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$f ]"
		      " || echo $f; done; cat",
			(struct run){ .dir = "/usr" }, &out, &e),
		e);
	/* The shell's own list of them is open while it looks; nothing else is. */
	assert_string_equal(out.p, "/usr\n[]\n");
	close(leak);
	buf_release(&out);
}

static void its_variables_are_those_that_were_given(void **state)
{
	static const char *const env[] = { "COLOUR=green", NULL };
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(shell("echo $COLOUR", (struct run){ .env = env }, &out, &e), e);
	assert_string_equal(out.p, "green\n");
	buf_release(&out);
}

static void each_bad_end_is_told(void **state)
{
	static const struct {
		const char *line;
		struct run r;
		const char *says;
	} rows[] = {
		{ "exit 3", { 0 }, "ended with status 3" },
		{ "kill -TERM $$", { 0 }, "ended by signal 15" },
		{ "exit 127", { 0 }, "cannot be started" },
		{ "cat /dev/zero", { .out_max = 1000 }, "wrote too much" },
		{ "sleep 60", { .timeout_ms = 50 }, "did not answer within 50 ms" },
		{ "exec >&-; sleep 60", { .timeout_ms = 50 }, "ended by signal 9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { 0 };
		struct err e = { 0 };

		assert_false(shell(rows[i].line, rows[i].r, &out, &e));
		assert_non_null(strstr(e.msg, rows[i].says));
		assert_true(out.len <= 1001);
		buf_release(&out);
	}
}

static void as_much_as_it_may_print_is_not_too_much(void **state)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(shell("printf 12345", (struct run){ .out_max = 5 }, &out, &e), e);
	assert_string_equal(out.p, "12345");
	buf_release(&out);
}

/* What it has started ends with it, whether it was in time or not. */
static void nothing_of_it_stays_behind(void **state)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	int tries = 0;
	pid_t child;

	(void)state;
	assert_ok(shell("sleep 600 >/dev/null & echo $!", (struct run){ 0 }, &out, &e), e);
	child = (pid_t)strtol(out.p, NULL, 10);
	assert_true(child > 1);
	while (kill(child, 0) == 0 && tries++ < 400)
		usleep(5000); /* its new parent reaps it */
	assert_int_not_equal(kill(child, 0), 0);
	buf_release(&out);
}

static void what_is_no_program_cannot_be_started(void **state)
{
	static const char *const argv[] = { "/nowhere/at/all", NULL };
	const struct run r = { .argv = argv, .out_max = 10, .timeout_ms = 20000 };
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_false(run_program(&r, &out, &e));
	assert_string_equal(e.msg, "/nowhere/at/all cannot be started");
	assert_non_null(strstr(e.hint, "noexec"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_is_read_and_what_is_printed_is_kept),
		cmocka_unit_test(who_does_not_read_is_no_failure),
		cmocka_unit_test(it_gets_an_empty_environment_its_folder_and_three_descriptors),
		cmocka_unit_test(its_variables_are_those_that_were_given),
		cmocka_unit_test(each_bad_end_is_told),
		cmocka_unit_test(as_much_as_it_may_print_is_not_too_much),
		cmocka_unit_test(nothing_of_it_stays_behind),
		cmocka_unit_test(what_is_no_program_cannot_be_started),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
