/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_PASSPHRASE_H
#define WIZARD_PASSPHRASE_H

#include "crypto/secret.h"

/*
 * How hard a new passphrase is to guess, as a word. No score and no bar: what
 * Argon2id makes of it depends on the machine that guesses.
 */

enum {
	PASSPHRASE_CHARS_MIN = 10,
	PASSPHRASE_WORDS_MIN = 4,
};

enum strength {
	STRENGTH_SHORT, /* refused: neither ten characters nor four words */
	STRENGTH_NAMED, /* refused: it is little more than a name that this computer shows */
	STRENGTH_WEAK,
	STRENGTH_FAIR,
	STRENGTH_STRONG,
};

/* names: what others can read here (profile, provider, user, host), ended by NULL. */
enum strength passphrase_strength(const struct secret *text, const char *const names[]);

/* "weak", "fair", "strong"; for what is refused a sentence that says why. */
const char *strength_words(enum strength s);

static inline bool strength_refused(enum strength s)
{
	return s <= STRENGTH_NAMED;
}

#endif
