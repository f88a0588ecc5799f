/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

/* cmocka wants these four, in this order, before itself. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/err.h"

/* The call succeeds; otherwise the test shows the message. */
#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		if (!(call))                                                                       \
			fail_msg("%s: %s", #call, (e).msg);                                        \
	} while (0)

/* The call fails with this code. */
#define assert_err(call, e, want)                                                                  \
	do {                                                                                       \
		(e) = (struct err){ 0 };                                                           \
		if (call)                                                                          \
			fail_msg("%s succeeded, wanted %s", #call, #want);                         \
		assert_int_equal((e).code, (want));                                                \
	} while (0)

#endif
