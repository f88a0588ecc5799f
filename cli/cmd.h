/* SPDX-License-Identifier: MIT */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/opt.h"

/*
 * Commands as rows. One file per command holds its options, its function and
 * its row; the table in cmd.c lists the rows. Help, the manual's test and the
 * completions read the same rows.
 */

/* What a command gets, and where it puts its exit status. */
struct cli {
	const struct cmd *cmd;
	struct args args;
	int status; /* beside success: `models status --check` answers 1 or 2 here */
	int argc;   /* the whole command line, for what opt_parse() does not own */
	char **argv;
};

struct cmd {
	const char *name;    /* "models auth order get" */
	const char *args;    /* "--provider P [PROFILE...]", for usage */
	const char *summary; /* one line, lower case, no period */
	const char *detail;  /* paragraphs for help, or NULL */
	const struct opt *opts;
	const struct opt *shared; /* a table of another module, or NULL */
	size_t args_min, args_max;
	bool own_words; /* `run`: everything after the name (and its options) belongs to the child
			 */
	bool (*run)(struct cli *c, struct err *e);
};

/* In the order that help shows them; ends with NULL. */
extern const struct cmd *const commands[];

/* The options that every command takes (--state-dir, --help, ...), and their values. */
extern const struct opt global_opts[];

struct globals {
	const char *state_dir;
	const char *color;  /* auto, always, never */
	const char *glyphs; /* unicode, cp437, ascii */
	bool plain;
	bool help;
	bool version;
};

extern struct globals globals;

/* The longest row that the words begin with, and how many words its name has; NULL: none. */
const struct cmd *cmd_find(char **words, size_t n, size_t *used);

/* Usage and options of one command, or the overview of all when cmd is NULL. */
void cmd_help(const struct cmd *cmd);

#endif
