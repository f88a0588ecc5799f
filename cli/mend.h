/* SPDX-License-Identifier: MIT */
#ifndef CLI_MEND_H
#define CLI_MEND_H

#include "cli/look.h"

/*
 * `doctor --fix`: plans, asks, makes a backup, repairs, looks again, and says of each finding what
 * became of it (user-pains.md P59). Only what repair_possible() is sure of; the rest is a person's.
 *
 * A repair can bring a finding to light that was hidden behind the first (a vault whose key file
 * was refused): the survey is taken again, and what is new is mended too, in a few passes. All of
 * it ends within MEND_TIME_MS and what one lock waits for; what was not begun then is left.
 */
#define MEND_TIME_MS 30000
#define MEND_PASSES 4

enum mend_result {
	MEND_PLANNED, /* --dry-run */
	MEND_DONE,    /* and not found any more */
	MEND_LEFT,    /* the person said no, or the time was over */
	MEND_FAILED,
};

struct mend_step {
	struct finding finding;
	enum mend_result result;
	char backup[FS_PATH_MAX]; /* of the file that was changed, or "" */
	struct err why;           /* of MEND_LEFT and MEND_FAILED */
};

/* { 0 } is empty and may be released. */
struct mend {
	struct mend_step *steps;
	size_t count, cap;
};

struct mend_how {
	bool dry_run;
	bool (*agreed)(const struct finding *f); /* NULL: everything is */
	void (*done)(const struct mend_step *s); /* told of each, when it is certain; may be NULL */
};

/* *s: the findings before, and afterwards those that are left. False: it could not look again. */
bool mend_run(struct mend *m, struct snapshot *s, const struct place *p, const struct look *look,
	const struct mend_how *how, struct err *e);
void mend_release(struct mend *m);

const char *mend_result_name(enum mend_result r); /* "planned", "fixed", "left", "failed" */

#endif
