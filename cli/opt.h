/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "base/str.h"

/*
 * Options as rows: the parser, --help, the manual's test and the completions
 * read the same tables. The target's type is part of the row, so a wrong one
 * does not compile. No option carries a secret: those names are known and
 * refused with the way that works.
 */

enum opt_kind {
	OPT_END,
	OPT_FLAG,
	OPT_TEXT,
	OPT_LIST
};

#define OPT_LIST_CAP 64

/* A repeatable option, or one with commas. */
struct opt_list {
	const char *items[OPT_LIST_CAP];
	size_t count;
};

struct opt {
	const char *name; /* without the dashes */
	const char *arg;  /* "NAME", NULL for a flag */
	const char *help; /* one line, lower case */
	enum opt_kind kind;
	union {
		bool *flag;
		const char **text;
		struct opt_list *list;
	} to;
};

/* Positional arguments, in order; they point into argv. */
struct args {
	char **items;
	size_t count;
};

/*
 * Parses argv[from..argc) by the tables (NULL entries are skipped). Options may
 * stand anywhere; "--" ends them. A repeated single option, an unknown one, a
 * missing value or a value for a flag is ERR_USAGE. rest->items is argv itself,
 * reordered.
 */
#define OPT_TABLES 3
bool opt_parse(const struct opt *const tables[OPT_TABLES], int from, int argc, char **argv,
	struct args *rest, struct err *e);

/* Is this an option ("--agent") whose value is the next word? */
bool opt_takes_next(const struct opt *const tables[OPT_TABLES], const char *word);

/*
 * Looks over the command line before anything else: a secret in it (an option
 * that would carry one, or a word shaped like a key) is wiped from argv and
 * refused (ERR_USAGE), with advice to rotate it.
 */
bool opt_refuse_secrets(int argc, char **argv, struct err *e);

#endif
