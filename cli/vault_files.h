/* SPDX-License-Identifier: MIT */
#ifndef CLI_VAULT_FILES_H
#define CLI_VAULT_FILES_H

#include "store/paths.h"
#include "store/txn.h"
#include "store/vault.h"

/*
 * The vault among the other files of a state folder: how a command that writes begins, how a new
 * vault comes to be, and how one becomes a part of a transaction.
 */

/* txn_lock(), and the key file of a vault that was never written goes. r may be NULL. */
bool vault_lock(struct fs_lock *l, const struct paths *p, struct txn_report *r, struct err *e);

/* Is there anything for vault_lock() and txn_tidy(profiles) to finish or to remove? */
bool vault_unsettled(const struct paths *p, const char *profiles);

/*
 * A new vault, with its key file, under the lock. A note in the journal's folder says so before
 * the key file is there: whoever locks next knows which key file has no vault.
 */
bool vault_new(struct vault *v, const struct paths *p, struct err *e);

/* Under the lock: the key file goes when its vault was not written, and the note in any case. */
void vault_settle(const struct paths *p);

/* The vault and, as its .bak, the generation that is there now. Afterwards: vault_committed(). */
bool vault_into(struct txn *t, struct vault *v, const struct paths *p, struct err *e);

/*
 * A vault whose anchor could not be moved is whole, and an error would say otherwise: what was
 * asked for is done. But an older copy of it would not be noticed, and that is said. "" when
 * there is nothing to say.
 */
void vault_anchor_text(struct str *out, const struct vault *v);

#endif
