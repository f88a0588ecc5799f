/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>

/*
 * Did an allocation fail since the start of the process? For output that a library
 * puts together (json-c leaves out what it got no memory for, and does not say so), and
 * for facts whose absence is a fact. Told by guarded memory and by the programs' own
 * allocator (base/wipe.c), which is not in unit tests and builds with sanitizers.
 */
bool memory_ran_out(void);
void memory_note(void); /* an allocation that is not malloc()'s failed */

#endif
