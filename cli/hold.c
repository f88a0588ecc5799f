/* SPDX-License-Identifier: MIT */
#include "cli/hold.h"

#include "store/vault_rekey.h"

#define LOCK_TIMEOUT_MS 10000

bool vault_exists(const struct paths *p)
{
	struct fs_stamp stamp;

	return fs_stat(p->vault, &stamp, NULL) && stamp.exists;
}

bool vault_open_at(struct vault *v, const struct paths *p, struct err *e)
{
	return vault_load(v, p->vault, e) && vault_unlock_unattended(v, p->keys, e);
}

bool hold_lock(struct hold *h, const struct paths *p, struct err *e)
{
	return fs_mkdirs(p->secrets, e) && fs_lock(&h->lock, p->lock, LOCK_TIMEOUT_MS, e);
}

bool hold_open(struct hold *h, const struct paths *p, bool accept_rollback, struct err *e)
{
	if (!vault_exists(p)) {
		err_set(e, ERR_NOT_FOUND, "there is no vault at %s", p->vault);
		return err_hint(e, "thinkfleetbot onboard makes one with the first credential");
	}
	if (!hold_lock(h, p, e) || !vault_open_at(&h->vault, p, e))
		return false;
	if (accept_rollback)
		vault_accept_rollback(&h->vault);
	return vault_rekey_resume(&h->vault, p->vault, NULL, e);
}

void hold_release(struct hold *h)
{
	fs_unlock(&h->lock);
	vault_release(&h->vault);
}
