/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/unit/test.h"

/*
 * base/wipe.c, in the way of security.md 3.2: wipe_scan leaves copies in memory
 * without it (the positive control) and none with it.
 */

static long copies(const char *program, const char *use)
{
	char command[1024];
	FILE *out;
	long n = -1;
	int status;

	snprintf(command, sizeof(command), "exec '%s/%s' %s", TFB_PROGRAMS, program, use);
	out = popen(command, "r");
	assert_non_null(out);
	if (fscanf(out, "%ld", &n) != 1)
		n = -1;
	status = pclose(out);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || n < 0)
		fail_msg("%s: status %d", command, status);
	return n;
}

static void check(const char *use)
{
	assert_true(copies("wipe_scan_control", use) >= 1);
	assert_int_equal(copies("wipe_scan", use), 0);
}

static void json_leaves_no_copy(void **state)
{
	(void)state;
	check("json");
}

static void stdio_leaves_no_copy(void **state)
{
	(void)state;
	check("stdio");
}

static void getline_leaves_no_copy(void **state)
{
	(void)state;
	check("getline");
}

static void a_growing_block_leaves_no_copy_behind(void **state)
{
	(void)state;
	check("growth");
}

static void aligned_blocks_leave_no_copy(void **state)
{
	(void)state;
	check("aligned");
}

static void the_allocators_caches_hold_no_copy(void **state)
{
	(void)state;
	check("many");
}

static void the_scanner_finds_a_copy_that_is_still_there(void **state)
{
	(void)state;
	assert_int_equal(copies("wipe_scan", "leak"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_leaves_no_copy),
		cmocka_unit_test(stdio_leaves_no_copy),
		cmocka_unit_test(getline_leaves_no_copy),
		cmocka_unit_test(a_growing_block_leaves_no_copy_behind),
		cmocka_unit_test(aligned_blocks_leave_no_copy),
		cmocka_unit_test(the_allocators_caches_hold_no_copy),
		cmocka_unit_test(the_scanner_finds_a_copy_that_is_still_there),
	};

	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
