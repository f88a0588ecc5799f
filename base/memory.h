/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>

/*
 * Did an allocation fail since the start of the process? For output that a library
 * puts together (json-c leaves out what it got no memory for, and does not say so).
 * Told by the programs' own allocator (base/wipe.c); always false without it, in unit
 * tests and in builds with sanitizers.
 */
bool memory_ran_out(void);

#endif
