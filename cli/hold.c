/* SPDX-License-Identifier: MIT */
#include "cli/hold.h"

#include "cli/say.h"
#include "cli/vault_files.h"
#include "store/vault_rekey.h"

bool vault_exists(const struct paths *p)
{
	struct fs_stamp stamp;

	return fs_stat(p->vault, &stamp, NULL) && stamp.exists;
}

bool vault_open_at(struct vault *v, const struct paths *p, const struct vault *ahead, struct err *e)
{
	if (!vault_load(v, p->vault, e))
		return false;
	if (!ahead || !ahead->open)
		return vault_unlock_unattended(v, p->keys, e);
	if (!vault_unlock_like(v, ahead, e))
		return false;
	vault_watch(v, p->keys);
	return true;
}

bool own_lock(struct fs_lock *l, const struct paths *p, struct err *e)
{
	char text[FS_PATH_MAX + 160];
	struct str s = STR_OF(text);
	struct txn_report report;

	if (!vault_lock(l, p, &report, e))
		return false;
	txn_report_text(&s, &report);
	if (s.len)
		say_warning("%s", text);
	return true;
}

bool hold_settle(const struct place *place, struct err *e)
{
	struct fs_lock lock = { .fd = -1 };

	/* A run that finds all in order touches nothing. */
	if (!vault_unsettled(&place->paths, place->profiles))
		return true;
	if (!own_lock(&lock, &place->paths, e))
		return false;
	txn_tidy(place->profiles);
	fs_unlock(&lock);
	return true;
}

bool hold_change(const struct paths *p, const char *profiles,
	bool (*once)(void *ctx, struct txn *t, struct err *e), void *ctx, struct err *e)
{
	struct fs_lock lock = { .fd = -1 };
	struct txn_patience patience = { 0 };
	bool raced;
	bool ok;

	if (!own_lock(&lock, p, e))
		return false;
	if (profiles)
		txn_tidy(profiles);
	do {
		struct txn t;

		*e = (struct err){ 0 };
		txn_begin(&t, p->txn);
		ok = once(ctx, &t, e);
		raced = t.raced;
		if (ok && t.note.code)
			say_warning("%s", t.note.msg);
		txn_release(&t);
	} while (!ok && txn_again(&patience, raced));
	fs_unlock(&lock);
	return ok;
}

bool hold_lock(struct hold *h, const struct paths *p, struct err *e)
{
	return own_lock(&h->lock, p, e);
}

bool hold_open(struct hold *h, const struct paths *p, const struct vault *ahead,
	bool accept_rollback, struct err *e)
{
	struct fs_stamp stamp;

	if (!fs_stat(p->vault, &stamp, e))
		return false;
	if (!stamp.exists) {
		err_set(e, ERR_NOT_FOUND, "there is no vault at %s", p->vault);
		return err_hint(e, "thinkfleetbot onboard makes one with the first credential");
	}
	if (!hold_lock(h, p, e) || !vault_open_at(&h->vault, p, ahead, e))
		return false;
	if (accept_rollback)
		vault_accept_rollback(&h->vault);
	return vault_rekey_resume(&h->vault, p->vault, NULL, e);
}

void hold_release(struct hold *h)
{
	char text[320];
	struct str s = STR_OF(text);

	vault_anchor_text(&s, &h->vault);
	if (s.len)
		say_warning("%s", text);
	fs_unlock(&h->lock);
	vault_release(&h->vault);
}
