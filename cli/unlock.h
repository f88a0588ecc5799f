/* SPDX-License-Identifier: MIT */
#ifndef CLI_UNLOCK_H
#define CLI_UNLOCK_H

#include "cli/opt.h"
#include "store/paths.h"
#include "store/vault_slots.h"

/*
 * Opening a vault for a command that a person runs.
 *
 * What was handed over on the command line (by descriptor or file, never as a
 * word) is the only thing that is tried; else what is here without a person, and
 * then a question on /dev/tty. Nothing is asked while the lock is held: a command
 * opens the vault, asks all its questions, takes the lock and reloads.
 */

/* The rows "--passphrase-fd" and so on; a command lists them as its second table. */
extern const struct opt unlock_opts[];

/* PASSPHRASE_FD and _FILE: in the table of a command whose --key-file means a credential. */
extern struct unlock_words {
	const char *passphrase_fd;
	const char *passphrase_file;
	const char *recovery_fd;
	const char *key_fd;
	const char *key_file;
} unlock_words;

/* clang-format off */
#define PASSPHRASE_FD \
	"the passphrase of the vault, from descriptor N", OPT_TEXT, \
	{ .text = &unlock_words.passphrase_fd }
#define PASSPHRASE_FILE \
	"the passphrase of the vault, in a file that only you can read", OPT_TEXT, \
	{ .text = &unlock_words.passphrase_file }
/* clang-format on */

struct unlock {
	const struct paths *paths;
	const char *except;  /* a slot that must not be the one, or NULL */
	bool tolerant;       /* single records, even when the file is not authentic as a whole */
	bool silent;         /* nobody is asked */
	const char *instead; /* what the hint names when nobody can be asked */
	struct secret passphrase; /* what was handed over, or typed */
	struct secret recovery;
	struct secret key;
	bool given; /* on the command line */
};

/* Reads what the options name; ERR_USAGE, ERR_REFUSED for a file that others can read. */
bool unlock_begin(struct unlock *u, const struct paths *paths, struct err *e);
/* The passphrase alone, for a command whose other options mean a credential or a capsule. */
bool unlock_begin_beside(struct unlock *u, const struct paths *paths, bool capsule, struct err *e);
void unlock_release(struct unlock *u); /* safe on { 0 } */

/* The passphrase that --passphrase-fd or -file hands over, or empty; *out is initialised here. */
bool unlock_passphrase(struct secret *out, struct err *e);

/* Loads and opens the vault; *v is initialised here and released by the caller in any case. */
bool unlock_open(struct unlock *u, struct vault *v, struct err *e);

/*
 * For a command that changes more than the vault, before it takes the lock: *v (empty, the
 * caller releases it) is the vault opened with the passphrase of the options, by itself, or by
 * asking for it; what is written later opens like this one. It stays closed where there is no
 * vault, and where neither a passphrase nor a recovery code can help: the change says why.
 */
struct ahead {
	const struct paths *paths;
	bool silent;  /* nobody is asked */
	bool capsule; /* --passphrase-file is a capsule's here: the vault's has "vault-" before it
		       */
};
bool unlock_ahead(struct vault *v, const struct ahead *how, struct err *e);

/* With what was handed over, and nothing else. */
bool unlock_given(struct unlock *u, struct vault *v, struct err *e);

/* The key of one slot of an open vault: from what is known already, from here, or asked for. */
bool unlock_slot_key(struct unlock *u, struct slot_key *k, const struct vault *v,
	const struct keyslot *slot, struct err *e);

/*
 * One line from a descriptor ("3") or a private file, without its line end; *out is
 * initialised here. option: its name, for the messages.
 */
bool unlock_read(
	struct secret *out, const char *option, const char *fd, const char *file, struct err *e);

/* For a vault that is damaged as a whole: what to type to get back to a copy. */
bool unlock_damage_hint(const struct paths *p, struct err *e);

/* "key file", "passphrase", "recovery code", "system credential". */
const char *slot_words(enum keyslot_type type);

/* Is there a terminal to ask on? */
bool unlock_can_ask(void);

/*
 * Would the vault without this slot (or with `left` unattended ones) need a person after every
 * restart? Then OFFLINE_SENTENCE has to be typed, or --yes-offline given.
 */
bool unlock_confirm_offline(bool yes, struct err *e);

#endif
