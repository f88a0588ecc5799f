/* SPDX-License-Identifier: MIT */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/family.h"
#include "cli/hygiene.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "crypto/secret.h"

/* `run` hands over everything after its own options; the parser must not look at those words. */
static int words_for_parser(
	const struct opt *const tables[OPT_TABLES], const struct cli *c, int from)
{
	if (!c->cmd->own_words)
		return c->argc;
	for (int i = from; i < c->argc; i++) {
		if (c->argv[i][0] != '-' || strcmp(c->argv[i], "--") == 0)
			return i;
		i += opt_takes_next(tables, c->argv[i]);
	}
	return c->argc;
}

/* "models" begins other commands, too: words after it were meant as one of them. */
static bool is_group(const struct cmd *cmd)
{
	size_t n = strlen(cmd->name);

	for (const struct cmd *const *c = commands; *c; c++)
		if (strncmp((*c)->name, cmd->name, n) == 0 && (*c)->name[n] == ' ')
			return true;
	return false;
}

static bool unknown_command(char **words, size_t n, struct err *e)
{
	const char *instead = family_instead(words, n);
	char text[120];
	struct str s = STR_OF(text);

	for (size_t i = 0; i < n && i < 3 && words[i][0] != '-'; i++)
		str_fmt(&s, "%s%.30s", i ? " " : "", words[i]);
	err_set(e, ERR_USAGE, "there is no command \"%s\"", text);
	return err_hint(e, "%s", instead ? instead : "thinkfleetbot help lists the commands");
}

static bool check_count(const struct cmd *cmd, const struct args *args, struct err *e)
{
	if (args->count < cmd->args_min) {
		err_set(e, ERR_USAGE, "%s: missing argument", cmd->name);
		return err_hint(e, "usage: thinkfleetbot %s %s", cmd->name, cmd->args);
	}
	if (!cmd->own_words && args->count > cmd->args_max) {
		err_set(e, ERR_USAGE, "%s: unexpected argument %.40s", cmd->name,
			args->items[cmd->args_max]);
		return err_hint(e, "usage: thinkfleetbot %s %s", cmd->name, cmd->args);
	}
	return true;
}

static bool run_command(struct cli *c, int from, struct err *e)
{
	const struct opt *const tables[] = { c->cmd->opts, c->cmd->shared, global_opts };
	int end = words_for_parser(tables, c, from);

	/* "models scan --x": the name of a group is one word. */
	if (from < c->argc && c->argv[from][0] != '-' && is_group(c->cmd))
		return unknown_command(c->argv + from - 1, (size_t)(c->argc - from) + 1, e);
	if (!opt_parse(tables, from, end, c->argv, &c->args, e))
		return false;
	if (globals.help) {
		cmd_help(c->cmd);
		return true;
	}
	if (c->cmd->own_words) {
		if (end < c->argc && strcmp(c->argv[end], "--") == 0)
			end++;
		c->args.items = c->argv + end;
		c->args.count = (size_t)(c->argc - end);
	}
	return check_count(c->cmd, &c->args, e) && screen_choices(NULL, e) && c->cmd->run(c, e);
}

static bool dispatch(struct cli *c, struct err *e)
{
	const struct opt *const globals_only[OPT_TABLES] = { global_opts };
	struct args rest;
	size_t used = 0;
	size_t words = (size_t)c->argc - 1;

	if (words && c->argv[1][0] != '-') {
		c->cmd = cmd_find(c->argv + 1, words, &used);
		return c->cmd ? run_command(c, (int)used + 1, e)
			      : unknown_command(c->argv + 1, words, e);
	}
	/* Only global options, or nothing. "thinkfleetbot --state-dir X status" works too. */
	for (int i = 1; i < c->argc; i++) {
		c->cmd = cmd_find(c->argv + i, (size_t)(c->argc - i), &used);
		if (!c->cmd)
			continue;
		return opt_parse(globals_only, 1, i, c->argv, &rest, e) &&
		       run_command(c, i + (int)used, e);
	}
	if (!opt_parse(globals_only, 1, c->argc, c->argv, &rest, e))
		return false;
	if (rest.count)
		return unknown_command(rest.items, rest.count, e);
	if (globals.version) {
		puts("thinkfleetbot " TFB_VERSION);
		return true;
	}
	cmd_help(NULL);
	return true;
}

/* What to do about an error that says no more than what is wrong. */
static void complete_hint(const struct cli *c, struct err *e)
{
	static const char *const hints[] = {
		[ERR_FAILED] = "thinkfleetbot doctor looks for the cause",
		[ERR_REJECTED] = "make a new key at the provider",
		[ERR_DAMAGED] = "thinkfleetbot doctor looks at every file",
		[ERR_NOT_FOUND] =
			"is the name right? thinkfleetbot models status shows what there is",
		[ERR_UNREACHABLE] = "try again when the network is back",
		[ERR_MEMORY] = "end other programs and try again",
		[ERR_CREATE] = "is there room, and may the folder be written? df, ls -ld",
		[ERR_IO] = "is there room, and may the file be read and written? df, ls -l",
		[ERR_BUSY] = "try again in a moment",
		[ERR_LOCKED] = "thinkfleetbot secrets status says what opens the vault",
		[ERR_NEWER] = "install the newer version",
		[ERR_REFUSED] = "thinkfleetbot doctor says what has to change",
		[ERR_KEY] = "thinkfleetbot secrets status says what opens the vault",
		[ERR_CONFIG] = "thinkfleetbot doctor names the line",
	};

	if (e->hint[0])
		return;
	if (e->code == ERR_USAGE)
		err_hint(
			e, "thinkfleetbot help%s%s", c->cmd ? " " : "", c->cmd ? c->cmd->name : "");
	else if (e->code < ARRAY_LEN(hints) && hints[e->code])
		err_hint(e, "%s", hints[e->code]);
}

/* Full disk, closed pipe: output that was lost is a failure, not a success with less text. */
static bool flush_output(struct err *e)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(e, "cannot write the output");
	return true;
}

int main(int argc, char **argv)
{
	struct cli c = { .argc = argc, .argv = argv };
	struct err e = { 0 };

	hygiene_start();
	if (crypto_start(&e) && opt_refuse_secrets(argc, argv, &e) && dispatch(&c, &e) &&
		flush_output(&e))
		return c.status;
	complete_hint(&c, &e);
	say_error(&e);
	return err_exit_status(e.code);
}
