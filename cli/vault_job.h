/* SPDX-License-Identifier: MIT */
#ifndef CLI_VAULT_JOB_H
#define CLI_VAULT_JOB_H

#include "cli/hold.h"
#include "cli/unlock.h"

/*
 * What the commands that change the keys of a vault share: a person opens it, is asked, and
 * only then is the lock taken and the vault read again.
 */
struct vault_job {
	struct place place;
	struct unlock unlock;
	struct hold hold;
};

#define VAULT_JOB_NONE ((struct vault_job){ .hold = { .lock = { .fd = -1 } } })

/* Finishes what was interrupted, then opens without the lock. except: see struct unlock. */
bool vault_job_open(struct vault_job *j, const char *command, const char *except, struct err *e);

/* The lock, and the vault as it is under it; an interrupted change of key files is finished. */
bool vault_job_lock(struct vault_job *j, struct err *e);
void vault_job_close(struct vault_job *j); /* safe on VAULT_JOB_NONE */

/* Their options: what stands in a command's own table after the name and the argument. */
struct vault_job_given {
	bool accept_rollback;
	bool yes_offline;
};
extern struct vault_job_given vault_job_given;

/* clang-format off */
#define ACCEPT_ROLLBACK \
	"write onto an older copy of the vault", OPT_FLAG, \
	{ .flag = &vault_job_given.accept_rollback }
#define YES_OFFLINE \
	"without the question: the vault may need a person after a restart", OPT_FLAG, \
	{ .flag = &vault_job_given.yes_offline }
/* clang-format on */

#endif
