/* SPDX-License-Identifier: MIT */
#ifndef CLI_HYGIENE_H
#define CLI_HYGIENE_H

#include <stdbool.h>

/*
 * The first lines of main(), before anything else of the program runs
 * (security.md 3.1): not dumpable and not traceable by the same user, no core,
 * umask 077, descriptors 0-2 open, variables that make libraries leak or misbehave
 * removed, SIGPIPE ignored. Inherited descriptors stay as they are, for the target
 * of `run`; every other child gets none of them (base/run.h, net/client.h).
 *
 * Builds with TFB_SANITIZE stay dumpable, because LeakSanitizer attaches to
 * the process; nothing in the environment can ask for that.
 */
void hygiene_start(void);

/* For a program that never becomes another one: nothing it could start gains privileges. */
bool hygiene_confine(void);

/*
 * Before becoming the target of `run`: what was changed for ourselves is given back
 * (umask, core limit, SIGPIPE), because it is inherited and the target is not ours.
 */
void hygiene_undo(void);

/* Entries "NAME=value" that hygiene_start() took out of the environment; ends with NULL. */
char *const *hygiene_removed(void);

#endif
