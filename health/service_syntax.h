/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SERVICE_SYNTAX_H
#define HEALTH_SERVICE_SYNTAX_H

#include "base/str.h"

/*
 * The syntax of unit files (systemd.syntax(7), systemd.unit(5) "Specifiers"): sections,
 * assignments, continued lines, comments, words with quotes and C escapes, %-specifiers.
 *
 * A line that systemd would ignore with a warning is ignored here. A unit may hold secrets
 * (Environment=): every copy is in a struct buf, which wipes.
 */

struct unit_setting {
	const char *section; /* "Service" */
	const char *key;
	const char *value;
	unsigned line; /* where the assignment begins */
};

/* Calls take() for each assignment that stands in a section. False: no memory, or take() said so.
 */
bool unit_parse(const char *p, size_t n,
	bool (*take)(void *ctx, const struct unit_setting *s, struct err *e), void *ctx,
	struct err *e);

enum unit_word {
	UNIT_WORD,
	UNIT_END,     /* no more words */
	UNIT_INVALID, /* quotes or an escape that systemd refuses */
	UNIT_MEMORY,
};

/* The next word at *at, without its quotes, into out (emptied first). Moves *at behind it. */
enum unit_word unit_word(const char **at, struct buf *out);

/* What the specifiers of one unit stand for. "" : not known here. */
struct unit_specifiers {
	const char *name;                      /* "moltbot-gateway.service" */
	const char *user, *home, *uid, *shell; /* of the service manager, not of User= */
	const char *runtime, *state, *cache, *logs, *config;
	const char *host;
};

/* Adds word to out. False: a specifier that is not known here, or no memory (then e is set). */
bool unit_expand(struct buf *out, const char *word, const struct unit_specifiers *s, struct err *e);

#endif
