/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FAKE_RANDOM_H
#define TESTS_UNIT_FAKE_RANDOM_H

#include <stddef.h>

/*
 * Known answers need known nonces, and the program has no way to pass one, on
 * purpose. So the tests replace libsodium's source of random bytes: what was
 * queued comes out, in that order; more than that is a failed test.
 */
void fake_random_begin(void);

/* Queues the n bytes first, first + 1, ... */
void fake_random_queue(unsigned char first, size_t n);

/* How many draws there were; the real source is back. */
unsigned fake_random_end(void);

/* How many of them were of exactly n bytes. */
unsigned fake_random_draws_of(size_t n);

#endif
