/* SPDX-License-Identifier: MIT */
#include "tests/unit/fake_random.h"

#include <sodium.h>
#include <string.h>

#include "tests/unit/test.h"

static unsigned char queue[1024];
static size_t queued;
static size_t taken;
static size_t draws[256];
static unsigned draw_count;

static const char *name(void)
{
	return "queue";
}

static void fill(void *const p, const size_t n)
{
	if (n > queued - taken)
		fail_msg("%zu more random bytes than the test expects", n - (queued - taken));
	memcpy(p, queue + taken, n);
	taken += n;
	if (draw_count < sizeof(draws) / sizeof(draws[0]))
		draws[draw_count++] = n;
}

static uint32_t number(void)
{
	uint32_t x;

	fill(&x, sizeof(x));
	return x;
}

static struct randombytes_implementation fake = {
	.implementation_name = name,
	.random = number,
	.buf = fill,
};

void fake_random_begin(void)
{
	queued = 0;
	taken = 0;
	draw_count = 0;
	randombytes_set_implementation(&fake);
}

void fake_random_queue(unsigned char first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		queue[queued++] = (unsigned char)(first + i);
}

unsigned fake_random_end(void)
{
	randombytes_set_implementation(&randombytes_sysrandom_implementation);
	return draw_count;
}

unsigned fake_random_draws_of(size_t n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < draw_count; i++)
		count += draws[i] == n;
	return count;
}
