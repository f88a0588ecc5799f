/* SPDX-License-Identifier: MIT */
#include "cli/vault_job.h"

#include "store/vault_rekey.h"

struct vault_job_given vault_job_given;

bool vault_job_open(struct vault_job *j, const char *command, const char *except, struct err *e)
{
	*j = VAULT_JOB_NONE;
	if (!place_find(&j->place, NULL, PLACE_REPAIR, command, e) || !hold_settle(&j->place, e) ||
		!unlock_begin(&j->unlock, &j->place.paths, e))
		return false;
	j->unlock.except = except;
	return unlock_open(&j->unlock, &j->hold.vault, e);
}

bool vault_job_lock(struct vault_job *j, struct err *e)
{
	const struct paths *p = &j->place.paths;

	if (!hold_lock(&j->hold, p, e) || !vault_reload(&j->hold.vault, p->vault, e))
		return false;
	if (vault_job_given.accept_rollback)
		vault_accept_rollback(&j->hold.vault);
	return vault_rekey_resume(&j->hold.vault, p->vault, NULL, e);
}

void vault_job_close(struct vault_job *j)
{
	hold_release(&j->hold);
	unlock_release(&j->unlock);
	place_release(&j->place);
}
