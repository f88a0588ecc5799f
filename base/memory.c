/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

extern bool wipe_refused __attribute__((weak));

bool memory_ran_out(void)
{
	return &wipe_refused && wipe_refused;
}
