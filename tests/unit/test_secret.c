/* SPDX-License-Identifier: MIT */
#include "crypto/secret.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void empty_secret_may_be_used_and_released(void **state)
{
	struct secret s = { 0 };
	struct secret other = { 0 };

	(void)state;
	assert_true(secret_equal(&s, &other));
	assert_true(secret_set(&s, "", 0));
	assert_true(secret_insert(&s, 0, "", 0));
	assert_false(secret_set(&s, "x", 1));
	assert_false(secret_insert(&s, 0, "x", 1));
	secret_remove(&s, 0, 5);
	secret_clear(&s);
	secret_release(&s);
	secret_release(&s);
	assert_null(s.bytes);
}

static void text_that_does_not_fit_changes_nothing(void **state)
{
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_init(&s, 4, &e), e);
	assert_true(secret_set(&s, "abc", 3));
	assert_false(secret_set(&s, "abcde", 5));
	assert_false(secret_insert(&s, 1, "xy", 2));
	assert_false(secret_insert(&s, 4, "x", 1));
	assert_string_equal(s.bytes, "abc");
	assert_int_equal(s.len, 3);
	secret_release(&s);
}

static void editing_in_the_middle(void **state)
{
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_init(&s, 8, &e), e);
	assert_true(secret_insert(&s, 0, "ad", 2));
	assert_true(secret_insert(&s, 1, "bc", 2));
	assert_string_equal(s.bytes, "abcd");
	secret_remove(&s, 1, 2);
	assert_string_equal(s.bytes, "ad");
	secret_remove(&s, 1, 100);
	assert_string_equal(s.bytes, "a");
	secret_remove(&s, 1, 1);
	assert_int_equal(s.len, 1);
	secret_release(&s);
}

static void removed_and_cleared_bytes_are_wiped(void **state)
{
	static const char zeros[9];
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_init(&s, 8, &e), e);
	secret_set(&s, "12345678", 8);
	secret_remove(&s, 2, 6);
	assert_memory_equal(s.bytes + 2, zeros, 6);
	secret_set(&s, "12345678", 8);
	secret_set(&s, "1", 1);
	assert_memory_equal(s.bytes + 1, zeros, 7);
	secret_set(&s, "12345678", 8);
	secret_clear(&s);
	assert_memory_equal(s.bytes, zeros, 9);
	assert_int_equal(s.len, 0);
	assert_int_equal(s.cap, 8);
	secret_release(&s);
}

static void moving_empties_the_giver(void **state)
{
	struct err e = { 0 };
	struct secret a;
	struct secret b;

	(void)state;
	assert_ok(secret_from(&a, "one", 3, &e), e);
	assert_ok(secret_from(&b, "two", 3, &e), e);
	secret_move(&b, &a);
	assert_string_equal(b.bytes, "one");
	assert_null(a.bytes);
	secret_move(&b, &b);
	assert_string_equal(b.bytes, "one");
	assert_ok(secret_copy(&a, &b, &e), e);
	assert_true(secret_equal(&a, &b));
	assert_ptr_not_equal(a.bytes, b.bytes);
	secret_release(&a);
	secret_release(&b);
}

static void equality_looks_at_length_and_every_byte(void **state)
{
	struct err e = { 0 };
	struct secret a;
	struct secret b;

	(void)state;
	assert_ok(secret_from(&a, "abcdef", 6, &e), e);
	assert_ok(secret_from(&b, "abcdef", 6, &e), e);
	assert_true(secret_equal(&a, &b));
	b.bytes[5] = 'g';
	assert_false(secret_equal(&a, &b));
	secret_set(&b, "abcde", 5);
	assert_false(secret_equal(&a, &b));
	secret_release(&a);
	secret_release(&b);
}

static void fingerprints_compare_and_do_not_reveal(void **state)
{
	char first[FINGERPRINT_CAP];
	char second[FINGERPRINT_CAP];
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_from(&s, "sk-example-0001", 15, &e), e);
	secret_fingerprint(first, &s);
	secret_fingerprint(second, &s);
	assert_string_equal(first, second);
	assert_int_equal(strlen(first), 8);
	assert_int_equal(strspn(first, "0123456789abcdef"), 8);
	s.bytes[14] = '2';
	secret_fingerprint(second, &s);
	assert_string_not_equal(first, second);
	secret_release(&s);
}

static void tail_is_shown_only_of_long_secrets(void **state)
{
	char tail[TAIL_CAP];
	struct err e = { 0 };
	struct secret s;

	(void)state;
	assert_ok(secret_from(&s, "0123456789012345ABCD", 20, &e), e);
	secret_tail(tail, &s);
	assert_string_equal(tail, "ABCD");
	s.len = 19;
	secret_tail(tail, &s);
	assert_string_equal(tail, "");
	secret_release(&s);
}

/* The promise of the header: guard pages. A child touches the byte after the end. */
static void byte_after_the_memory_kills(void **state)
{
	struct err e = { 0 };
	struct secret s;
	int status;
	pid_t pid;

	(void)state;
	assert_ok(secret_init(&s, 31, &e), e);
	pid = fork();
	if (pid == 0) {
		volatile char *p = s.bytes;

		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		p[32] = 'x';
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	secret_release(&s);
}

/* The other direction: release finds the damage and ends the program. */
static void byte_before_the_memory_is_noticed(void **state)
{
	struct err e = { 0 };
	struct secret s;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		volatile char *p;

		signal(SIGABRT, SIG_DFL);
		if (!secret_init(&s, 31, &e))
			_exit(1);
		p = s.bytes;
		p[-1] = (char)(p[-1] + 1);
		secret_release(&s);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void a_forked_child_sees_zeros_and_may_release(void **state)
{
	static const char zeros[32];
	struct err e = { 0 };
	struct secret s;
	int status;
	pid_t pid;

	(void)state;
	assert_ok(secret_from(&s, "0123456789012345678901234567890", 31, &e), e);
	pid = fork();
	if (pid == 0) {
		int seen = memcmp(s.bytes, zeros, sizeof(zeros)) != 0;

		secret_release(&s);
		_exit(seen);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(s.bytes, "0123456789012345678901234567890");
	secret_release(&s);
}

/* What /proc/self/smaps says of the mapping: locked, no core, wiped in forks. */
static void the_kernel_knows_what_the_pages_are(void **state)
{
	struct err e = { 0 };
	struct secret s;
	char line[256];
	bool here = false;
	bool flags = false;
	FILE *maps = fopen("/proc/self/smaps", "r");

	(void)state;
	assert_non_null(maps);
	assert_ok(secret_from(&s, "x", 1, &e), e);
	while (!flags && fgets(line, sizeof(line), maps)) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (unsigned long)s.bytes >= from && (unsigned long)s.bytes < to;
		flags = here && strncmp(line, "VmFlags:", 8) == 0;
	}
	fclose(maps);
	assert_true(flags);
	assert_non_null(strstr(line, " dd "));
	assert_non_null(strstr(line, " wf "));
#ifndef TFB_SANITIZE /* AddressSanitizer turns mlock() into nothing that succeeds */
	assert_true(secret_locked() == (strstr(line, " lo ") != NULL));
#endif
	secret_release(&s);
}

/* Without the right to lock and without a limit: the truth, not a promise. */
static void a_failing_mlock_is_told(void **state)
{
	int status;
	pid_t pid;

	(void)state;
#ifdef TFB_SANITIZE
	skip(); /* AddressSanitizer turns mlock() into nothing that succeeds */
#endif
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		struct err e = { 0 };
		struct secret s;

		if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
			(geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) ||
			!secret_from(&s, "x", 1, &e))
			_exit(1);
		secret_release(&s);
		_exit(secret_locked() ? 2 : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(secret_locked());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_secret_may_be_used_and_released),
		cmocka_unit_test(text_that_does_not_fit_changes_nothing),
		cmocka_unit_test(editing_in_the_middle),
		cmocka_unit_test(removed_and_cleared_bytes_are_wiped),
		cmocka_unit_test(moving_empties_the_giver),
		cmocka_unit_test(equality_looks_at_length_and_every_byte),
		cmocka_unit_test(fingerprints_compare_and_do_not_reveal),
		cmocka_unit_test(tail_is_shown_only_of_long_secrets),
		cmocka_unit_test(byte_after_the_memory_kills),
		cmocka_unit_test(byte_before_the_memory_is_noticed),
		cmocka_unit_test(a_forked_child_sees_zeros_and_may_release),
		cmocka_unit_test(the_kernel_knows_what_the_pages_are),
		cmocka_unit_test(a_failing_mlock_is_told),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
