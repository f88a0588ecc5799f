/* SPDX-License-Identifier: MIT */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/str.h"

/*
 * Time. Points in time that files hold are milliseconds since the Unix epoch
 * (reference/gateway-family.md); timers run on the monotonic clock.
 */

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE INT64_C(60000)
#define MS_HOUR INT64_C(3600000)
#define MS_DAY INT64_C(86400000)

/* Wall clock. THINKFLEETBOT_TEST_NOW (milliseconds) pins it, for golden output. */
int64_t clock_now_ms(void);
int64_t clock_mono_ms(void);

/*
 * The gateway family's durations (gateway-family.md 7.4): a number, optionally
 * with a fraction, and ms, s, m, h or d; also w (7 d) and y (365 d), ours.
 * default_unit is used when there is none. The error text is the family's.
 */
bool clock_parse_duration(const char *text, const char *default_unit, int64_t *ms, struct err *e);

/* "unknown" never; <= 0 "0m", "42m", "5h", "41d" (gateway-family.md 7.5). */
void clock_remaining(struct str *out, int64_t ms);

/* "2026-11-22 12:04" in local time. */
void clock_local(struct str *out, int64_t epoch_ms);

#endif
