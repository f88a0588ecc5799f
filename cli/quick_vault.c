/* SPDX-License-Identifier: MIT */
#include "cli/quick_vault.h"

#include <string.h>

#include "cli/custody.h"
#include "cli/unlock.h"
#include "wizard/passphrase.h"

static const char *const names[] = {
	[OPENER_FILE] = "key-file",
	[OPENER_SYSTEM] = "system-key",
	[OPENER_PASSPHRASE] = "passphrase",
};

/* A key file is what is meant without a word, and then the word does not ask for a new vault. */
const char *quick_vault_opener(const struct draft *d)
{
	return d->keep == KEEP_SEALED && d->opener != OPENER_FILE ? names[d->opener] : NULL;
}

static bool read_opener(struct quick_vault *v, const struct quick *q, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!q->opens_with || strcmp(q->opens_with, names[i]) == 0) {
			v->opener = (enum opener)i;
			return true;
		}
	return err_set(e, ERR_USAGE,
		"--opens-with is key-file, system-key or passphrase, not \"%.40s\"", q->opens_with);
}

static bool is_strong(const struct quick_vault *v, const struct quick *q, struct err *e)
{
	const char *const shown[] = { q->provider, q->profile_id ? q->profile_id : "",
		"thinkfleetbot", NULL };
	enum strength s = passphrase_strength(&v->passphrase, shown);

	return !strength_refused(s) ||
	       err_set(e, ERR_USAGE, "the passphrase: %s", strength_words(s));
}

static bool allows_passphrase(
	const struct quick_vault *v, const struct quick *q, const struct custody *c, struct err *e)
{
	if (c->no_passphrase[0])
		return err_set(e, ERR_REFUSED, "%s", c->no_passphrase);
	if (!v->passphrase.len) {
		err_set(e, ERR_USAGE, "--opens-with passphrase needs one");
		return err_hint(e, "--passphrase-file FILE or --passphrase-fd N");
	}
	if (c->weak_passphrase && !q->weak_passphrase) {
		err_set(e, ERR_REFUSED, "this computer has little free memory for a passphrase");
		return err_hint(e, "--weak-passphrase accepts the weaker setting");
	}
	if (c->always_on && !q->yes_offline) {
		err_set(e, ERR_REFUSED,
			"a gateway's service is installed here; with a passphrase alone it has no "
			"keys after a restart");
		return err_hint(e, "--yes-offline accepts that");
	}
	return is_strong(v, q, e);
}

static bool is_new(const struct place *place, struct err *e)
{
	struct fs_stamp st;

	if (!fs_stat(place->paths.vault, &st, e))
		return false;
	if (!st.exists)
		return true;
	err_set(e, ERR_USAGE, "--opens-with is for a new vault; there is one already");
	return err_hint(e, "thinkfleetbot secrets slot add changes what opens it");
}

bool quick_vault_read(
	struct quick_vault *v, const struct quick *q, const struct place *place, struct err *e)
{
	const struct ahead ahead = { .paths = &place->paths, .silent = q->silent };
	struct custody c = { 0 };

	if (!read_opener(v, q, e))
		return false;
	if (!q->opens_with)
		return unlock_ahead(&v->ahead, &ahead, e);
	if (!unlock_passphrase(&v->passphrase, e))
		return false;
	if (q->keep && strcmp(q->keep, "plain") == 0)
		return err_set(e, ERR_USAGE, "--opens-with is for --keep sealed");
	if (!is_new(place, e))
		return false;
	custody_find(&c, &place->paths);
	if (v->opener == OPENER_SYSTEM && c.no_system_key[0])
		return err_set(e, ERR_REFUSED, "%s", c.no_system_key);
	return v->opener != OPENER_PASSPHRASE || allows_passphrase(v, q, &c, e);
}

void quick_vault_release(struct quick_vault *v)
{
	secret_release(&v->passphrase);
	vault_release(&v->ahead);
}
