/* SPDX-License-Identifier: MIT */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "cli/opener.h"
#include "cli/opt.h"
#include "cli/out_probe.h"

/*
 * Many live checks at once: which credentials (the plan), and asking the
 * providers (the run). Each check is one free request to its provider's own host.
 */

#define PROBE_TIMEOUT_MS 8000
#define PROBE_TIMEOUT_MAX_MS 15000 /* of one check: the network side's own limit */
#define PROBE_CONCURRENCY 32
#define PROBE_CONCURRENCY_MAX 256

struct probe_ask {
	const char *provider;            /* normalised, or "": every one */
	const struct opt_list *profiles; /* only these ids; empty: every one */
	int64_t timeout_ms;              /* of one check */
	int64_t concurrency, max_tokens; /* max_tokens is only repeated in the answer */
};

/*
 * A row for everything that matches, in the order of the snapshot's providers. What
 * must not be asked (gateway-family.md 8.7) has its reason already.
 */
bool probe_plan(struct probe_report *r, const struct snapshot *s, const struct place *place,
	const struct probe_ask *ask, struct err *e);

/* Takes a row out of the targets, with a reason code of 8.7. */
void probe_refuse(struct probe_row *row, const char *code);

/* How a row is to be asked: the table's row and its method; false: nobody knows how. */
bool probe_method(const struct probe_row *row, const struct config *config,
	const struct provider **p, const struct method **m);

/*
 * Asks for every target, and returns when all have answered, when the deadline of all
 * passes (the timeout for each round of `concurrency` checks), or at SIGINT, SIGTERM and
 * SIGHUP (r->caught; the caller raises it again). What has no answer then says so.
 * The probe is not running any more in any case. progress: on a terminal.
 *
 * The verdicts are laid over the snapshot's credentials. Fails for memory only.
 */
bool probe_run(struct probe_report *r, struct snapshot *s, const struct place *place, bool progress,
	struct err *e);

/* Into checks.json, in one write under the lock. Nothing is made where no state folder is. */
bool probe_keep(const struct probe_report *r, const struct place *place, struct err *e);

void probe_release(struct probe_report *r); /* safe on { 0 } */

#endif
