/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_DOCTOR_H
#define HEALTH_DOCTOR_H

#include "health/health.h"

/*
 * The doctor's checks, as rows of one table: a check is a function and a row.
 *
 * survey_take() runs them all when it is asked for findings. A check without a
 * finding becomes one of severity ok; one that does not apply leaves nothing.
 * No check writes, waits for the network, or shows a secret. Of many findings
 * of one check twenty are kept, and one that says how many more there are.
 */
struct survey;

struct check {
	const char *id;    /* stable: "vault" */
	const char *title; /* what is true when it finds nothing: "the vault opens" */
	bool (*run)(struct survey *v, const struct check *c); /* false: does not apply here */
};

size_t doctor_count(void);
const struct check *doctor_at(size_t i);

/* Does doctor_fix() know how? The rest of the safe ones is the caller's (the resolver). */
bool doctor_can_fix(const struct finding *f);

/*
 * Takes away the permissions of others from a file or folder of ours, and looks
 * again: true means it is so now. Never widens a mode, never follows a link that
 * was put there meanwhile. ERR_REFUSED, ERR_NOT_FOUND, or ERR_FAILED when it did not hold.
 */
bool doctor_fix(const struct finding *f, struct err *e);

#endif
