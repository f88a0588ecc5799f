/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_FAULT_H
#define TESTS_UNIT_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * System calls and allocations that fail when a test wants it. The linker puts
 * these in front of libc's (fault_test() in cmake/Layers.cmake names the calls);
 * the program under test is built as it always is. They count guarded memory as well: a test
 * program that ends with a secret in it has failed.
 */

/* The nth call from now fails (1: the next) with this errno; fault_on() fails all after it too. */
void fault_at(unsigned nth, int error);
void fault_on(void);

#define FAULT_SHORT 0 /* as the error of write(): half of it */

/* Before fault_at(): only calls of this name count ("fsync"); NULL: every one. */
void fault_only(const char *name);

/* Just before the nth call of this name from now, once: what another program does then. */
void fault_before(const char *name, unsigned nth, void (*act)(void *arg), void *arg);
bool fault_moment_came(void);

/* Ends it. Did one fail, and of which name was the last that did? */
bool fault_end(void);
const char *fault_name(void);

/* statvfs() tells of this room from now on; blocks of 0 bytes end it. */
void fault_disk(uint64_t free_blocks, uint64_t block);

/*
 * From now on a nap takes no time, and the monotonic clock moves by naps alone. Ends it: how many
 * there were, and the first `max` of them, in nanoseconds.
 */
void fault_sleepless(void);

/* The time of day, until fault_naps(). */
void fault_wall(int64_t seconds, long nanoseconds);
unsigned fault_naps(int64_t *ns, unsigned max);

/*
 * The same act again and again: its first call fails, then its second, until a run
 * meets no failure, which must succeed. `after` looks at what a run left; a failed one
 * must have said why. With `forgiven`, a call that is not in it must fail the act. No run may leave
 * a descriptor or a secret behind, or open what a child would inherit.
 */
struct fault_sweep {
	void (*before)(void *world);
	bool (*act)(void *world, struct err *e);
	void (*after)(void *world, bool ok, const struct err *e);
	int error;            /* 0: EIO */
	bool on;              /* all calls after the first that fails do, too */
	const char *forgiven; /* calls that may fail without the act failing: " close unlink " */
};

/* How many runs met a failure. */
unsigned fault_sweep(const struct fault_sweep *s, void *world);

#endif
