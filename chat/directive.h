/* SPDX-License-Identifier: MIT */
#ifndef CHAT_DIRECTIVE_H
#define CHAT_DIRECTIVE_H

#include "base/str.h"

/*
 * "/model opus@anthropic:work" in what a person wrote (gateway-family.md 11.1): anywhere in the
 * text, in any case, also as "/model: opus". Where the text has no /model, a configured alias may
 * stand for it: "/opus". Pure: what it means for the session is decided elsewhere.
 */

/* Where an argument is split into model and profile. */
enum pin_rule {
	/* At the first "@": a profile may have a "/", a model may not have an "@". */
	PIN_JANUARY,
	/*
	 * At the first "@" behind the last "/", unless that belongs to the model: eight digits
	 * (claude@20250514) or a quantisation (q4_k_m, 4bit) up to the end or the next "@".
	 */
	PIN_APRIL,
};

#define DIRECTIVE_CAP 512

struct directive {
	bool found;
	size_t at, len; /* what leaves the text */
	char model[DIRECTIVE_CAP];
	char profile[DIRECTIVE_CAP];
};

/* aliases: n names. False: an argument was too long, which no model's name is. */
bool directive_find(struct directive *d, const char *text, const char *const *aliases, size_t n,
	enum pin_rule rule);

/* The text without the directive, every run of blanks as one. */
bool directive_rest(struct buf *out, const char *text, const struct directive *d, struct err *e);

/* "model@profile" into its halves; where no model is named, model is "". Both of DIRECTIVE_CAP. */
bool directive_split(char *model, char *profile, const char *argument, enum pin_rule rule);

#endif
