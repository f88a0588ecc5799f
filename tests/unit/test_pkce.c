/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "crypto/pkce.h"

/* RFC 7636, appendix B */
static void challenge_is_the_rfc_s(void **state)
{
	static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	struct secret s = { 0 };
	struct err e = { 0 };
	char challenge[B64_32 + 1];

	(void)state;
	assert_ok(secret_from(&s, verifier, strlen(verifier), &e), e);
	pkce_challenge(challenge, &s);
	assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	secret_release(&s);
}

static void every_attempt_is_new(void **state)
{
	struct pkce a, b;
	struct err e = { 0 };
	char challenge[B64_32 + 1];

	(void)state;
	assert_ok(pkce_init(&a, &e) && pkce_init(&b, &e), e);
	assert_int_equal(a.verifier.len, 43);
	assert_int_equal(strlen(a.state), 32);
	assert_false(secret_equal(&a.verifier, &b.verifier));
	assert_string_not_equal(a.state, b.state);
	pkce_challenge(challenge, &a.verifier);
	assert_string_equal(challenge, a.challenge);
	pkce_release(&a);
	pkce_release(&b);
}

static void uuid_is_of_version_4(void **state)
{
	char a[UUID_CAP], b[UUID_CAP];

	(void)state;
	uuid_new(a);
	uuid_new(b);
	assert_int_equal(strlen(a), 36);
	assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenge_is_the_rfc_s),
		cmocka_unit_test(every_attempt_is_new),
		cmocka_unit_test(uuid_is_of_version_4),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
