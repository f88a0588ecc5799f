/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

extern bool wipe_refused __attribute__((weak));

static bool noted;

void memory_note(void)
{
	noted = true;
}

bool memory_ran_out(void)
{
	return noted || (&wipe_refused && wipe_refused);
}
