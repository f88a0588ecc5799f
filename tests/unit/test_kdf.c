/* SPDX-License-Identifier: MIT */
#include "crypto/kdf.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/test.h"

#define MIB (UINT64_C(1) << 20)

static void fill_salt(unsigned char salt[KDF_SALT_BYTES])
{
	for (unsigned i = 0; i < KDF_SALT_BYTES; i++)
		salt[i] = (unsigned char)(0x10 + i);
}

static struct secret passphrase(const char *text)
{
	struct err e = { 0 };
	struct secret s;

	assert_ok(secret_from(&s, text, strlen(text), &e), e);
	return s;
}

static void passphrase_matches_the_vector(void **state)
{
	const struct kdf_cost cost = { .ops = 3, .mem = 64 * MIB };
	struct secret p = passphrase("correct horse battery staple");
	unsigned char salt[KDF_SALT_BYTES];
	struct err e = { 0 };
	struct secret key;
	char hex[65];

	(void)state;
	fill_salt(salt);
	assert_ok(kdf_passphrase(&key, &p, salt, &cost, &e), e);
	sodium_bin2hex(hex, sizeof(hex), (unsigned char *)key.bytes, key.len);
	assert_string_equal(
		hex, "1a563099620be88a73c7bd53da0b313e98060493b58ba22254a065c3d7db26c3");
	secret_release(&key);
	secret_release(&p);
}

static void cost_outside_the_limits_is_refused_before_any_memory(void **state)
{
	static const struct kdf_cost wrong[] = {
		{ .ops = 3, .mem = 19 * MIB - 1 },
		{ .ops = 1, .mem = 64 * MIB },
		{ .ops = 3, .mem = 1024 * MIB + 1 },
		{ .ops = 17, .mem = 64 * MIB },
		{ .ops = 3, .mem = UINT64_MAX },
		{ .ops = UINT64_MAX, .mem = 64 * MIB },
		{ .ops = 0, .mem = 0 },
	};
	struct secret p = passphrase("x");
	unsigned char salt[KDF_SALT_BYTES];
	struct secret key = { 0 };
	struct err e = { 0 };

	(void)state;
	fill_salt(salt);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_err(kdf_passphrase(&key, &p, salt, &wrong[i], &e), e, ERR_DAMAGED);
		assert_null(key.bytes);
	}
	secret_release(&p);
}

static void cost_at_the_limits_is_accepted(void **state)
{
	static const struct kdf_cost right[] = {
		{ .ops = 2, .mem = 19 * MIB },
		{ .ops = 16, .mem = 1024 * MIB },
	};
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(right); i++)
		assert_ok(kdf_cost_check(&right[i], &e), e);
}

static void cost_follows_the_memory_and_the_speed_of_the_machine(void **state)
{
	static const struct {
		uint64_t mib; /* available */
		uint64_t pass_us;
		bool low_memory;
		uint64_t mem; /* MiB; 0: refused */
		uint64_t ops;
	} rows[] = {
		{ 8192, 0, false, 256, 3 },
		{ 8192, 700, false, 256, 3 },  /* the machine this was measured on */
		{ 8192, 1302, false, 256, 3 }, /* the slowest that gets the best */
		{ 8192, 1303, false, 255, 3 }, { 8192, 2000, false, 166, 3 },
		{ 8192, 4000, false, 83, 3 }, { 8192, 5208, false, 64, 3 },
		{ 8192, 50000, false, 64, 3 }, /* the floor counts more than the time */
		{ 1024, 700, false, 256, 3 },
		{ 512, 700, false, 128, 3 }, /* the whole of a 512 MiB host */
		{ 512, 4000, false, 83, 3 },
		{ 300, 700, false, 75, 3 }, /* what such a host has free */
		{ 256, 700, false, 64, 3 }, { 200, 700, false, 64, 3 }, { 129, 700, false, 64, 3 },
		{ 128, 700, false, 0, 0 }, { 128, 700, true, 19, 2 }, { 20, 700, true, 19, 2 },
		{ 19, 700, true, 0, 0 }, { 0, 0, true, 0, 0 },
		{ 8192, 0, true, 256, 3 }, /* the flag is leave, not a wish */
	};
	struct kdf_cost cost;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct kdf_machine m = { rows[i].mib * MIB, rows[i].pass_us };

		if (!rows[i].mem) {
			assert_err(kdf_cost_for(&cost, &m, rows[i].low_memory, &e), e, ERR_MEMORY);
			assert_non_null(strstr(e.hint, "--low-memory"));
			continue;
		}
		assert_ok(kdf_cost_for(&cost, &m, rows[i].low_memory, &e), e);
		assert_int_equal(cost.mem, rows[i].mem * MIB);
		assert_int_equal(cost.ops, rows[i].ops);
		assert_ok(kdf_cost_check(&cost, &e), e);
	}
}

static void this_machine_gets_a_cost_within_the_limits(void **state)
{
	struct kdf_cost cost;
	struct err e = { 0 };

	(void)state;
	assert_ok(kdf_cost_choose(&cost, true, &e), e);
	assert_ok(kdf_cost_check(&cost, &e), e);
	assert_true(cost.mem <= 256 * MIB);
}

static rlim_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a child, because the limit cannot be taken back. */
static int starved_child(void)
{
	const struct kdf_cost cost = { .ops = 2, .mem = 512 * MIB };
	rlim_t limit = address_space() + 100 * MIB;
	const struct rlimit rl = { .rlim_cur = limit, .rlim_max = limit };
	unsigned char salt[KDF_SALT_BYTES];
	struct secret p = passphrase("x");
	struct secret key = { 0 };
	struct err e = { 0 };

	fill_salt(salt);
	if (setrlimit(RLIMIT_AS, &rl) != 0)
		return 1;
	if (kdf_passphrase(&key, &p, salt, &cost, &e))
		return 2;
	return e.code == ERR_MEMORY ? 0 : 3;
}

static void too_little_memory_is_not_a_wrong_passphrase(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(starved_child());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passphrase_matches_the_vector),
		cmocka_unit_test(cost_outside_the_limits_is_refused_before_any_memory),
		cmocka_unit_test(cost_at_the_limits_is_accepted),
		cmocka_unit_test(cost_follows_the_memory_and_the_speed_of_the_machine),
		cmocka_unit_test(this_machine_gets_a_cost_within_the_limits),
		cmocka_unit_test(too_little_memory_is_not_a_wrong_passphrase),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
