/* SPDX-License-Identifier: MIT */

/* Waiting that takes no time: naps are counted, and the clock says that they were taken. */
#include <time.h>

#include "base/str.h"
#include "tests/unit/fault.h"
#include "tests/unit/test.h"

#define SECOND 1000000000

static bool awake;
static int64_t slept; /* in all, for the clock */
static int64_t naps[32];
static unsigned nap_count;
static struct timespec wall; /* 0: the true one */

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __real_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int result = __real_clock_gettime(id, now);

	/* It stands still between naps, so that a wait ends at the same nap every time. */
	if (awake && id == CLOCK_MONOTONIC)
		*now = (struct timespec){ .tv_sec = 1000 + slept / SECOND,
			.tv_nsec = slept % SECOND };
	if (wall.tv_sec && id == CLOCK_REALTIME)
		*now = wall;
	return result;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	if (!awake)
		return __real_nanosleep(wanted, left);
	assert_in_range(wanted->tv_nsec, 0, SECOND - 1);
	if (nap_count == ARRAY_LEN(naps))
		fail_msg("it sleeps for ever");
	naps[nap_count] = (int64_t)wanted->tv_sec * SECOND + wanted->tv_nsec;
	slept += naps[nap_count++];
	return 0;
}

void fault_sleepless(void)
{
	awake = true;
	slept = 0;
	nap_count = 0;
}

void fault_wall(int64_t seconds, long nanoseconds)
{
	wall = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
}

unsigned fault_naps(int64_t *ns, unsigned max)
{
	for (unsigned i = 0; i < max; i++)
		ns[i] = i < nap_count ? naps[i] : 0;
	awake = false;
	wall = (struct timespec){ 0 };
	return nap_count;
}
