/* SPDX-License-Identifier: MIT */
#ifndef CLI_EFFECTS_H
#define CLI_EFFECTS_H

#include "cli/session.h"

/*
 * What the wizard wants done, done: checks, plans, writing. The same for the screen and for
 * lines; only what is shown meanwhile belongs to the loop.
 */
struct effects {
	struct session *s;
	struct wizard *w;
	void (*moved)(void *ctx); /* after each file: show it; or NULL */
	void *ctx;
	struct plan shown; /* paths only: what wizard_file() counts by */
};

/* Before the first event: tells the wizard what this host can do. */
void effects_begin(struct effects *x);

/* True when it was one of FX_CHECK, FX_CANCEL_CHECK, FX_PLAN and FX_APPLY. */
bool effects_perform(struct effects *x, enum effect fx);

/* FX_RECOVERY, on a terminal that no screen covers. */
void effects_recovery(struct effects *x);

/* What the probe has sent. */
void effects_hear(struct effects *x);

#endif
