/* SPDX-License-Identifier: MIT */
#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/unlock.h"

/* Filled once by opt_parse() before a command runs. */
struct globals globals;

const struct opt global_opts[] = {
	{ "state-dir", "DIR", "state folder, before THINKFLEETBOT_STATE_DIR and ~/.thinkfleetbot",
		OPT_TEXT, { .text = &globals.state_dir } },
	{ "plain", NULL, "ask line by line, never on the full screen", OPT_FLAG,
		{ .flag = &globals.plain } },
	{ "color", "WHEN", "auto, always or never (NO_COLOR is honoured too)", OPT_TEXT,
		{ .text = &globals.color } },
	{ "glyphs", "SET", "unicode, cp437 or ascii", OPT_TEXT, { .text = &globals.glyphs } },
	{ "help", NULL, "explain this command", OPT_FLAG, { .flag = &globals.help } },
	{ "version", NULL, "print the version", OPT_FLAG, { .flag = &globals.version } },
	{ .kind = OPT_END },
};

/* Do the words begin with the words of name? How many those are, or 0. */
static size_t words_of(const char *name, char **words, size_t n)
{
	size_t used = 0;

	while (*name) {
		size_t len = strcspn(name, " ");

		if (used == n || strlen(words[used]) != len || memcmp(words[used], name, len) != 0)
			return 0;
		used++;
		name += len;
		name += *name == ' ';
	}
	return used;
}

const struct cmd *cmd_find(char **words, size_t n, size_t *used)
{
	const struct cmd *best = NULL;

	*used = 0;
	for (const struct cmd *const *c = commands; *c; c++) {
		size_t len = words_of((*c)->name, words, n);

		if (len > *used) {
			best = *c;
			*used = len;
		}
	}
	return best;
}

static void print_options(const char *title, const struct opt *rows)
{
	if (!rows || rows->kind == OPT_END)
		return;
	printf("\n%s\n", title);
	for (; rows->kind != OPT_END; rows++) {
		char left[64];
		struct str s = STR_OF(left);

		str_fmt(&s, "--%s%s%s", rows->name, rows->arg ? " " : "",
			rows->arg ? rows->arg : "");
		printf("  %-26s %s\n", left, rows->help);
	}
}

static void overview(void)
{
	puts("usage: thinkfleetbot COMMAND [OPTION...]\n\n"
	     "Sets up, guards and explains the model credentials of a gateway host.\n");
	for (const struct cmd *const *c = commands; *c; c++)
		printf("  %-33s %s\n", (*c)->name, (*c)->summary);
	print_options("Options of every command:", global_opts);
	puts("\nthinkfleetbot help COMMAND explains one. No option takes a secret: keys come from "
	     "the\n"
	     "screen, --key-stdin, --key-file, --key-fd or --key-env. Screen readers: add "
	     "--plain.");
}

void cmd_help(const struct cmd *cmd)
{
	if (!cmd) {
		overview();
		return;
	}
	printf("usage: thinkfleetbot %s%s%s\n\n%s.\n", cmd->name, cmd->args[0] ? " " : "",
		cmd->args, cmd->summary);
	if (cmd->detail)
		printf("\n%s\n", cmd->detail);
	print_options("Options:", cmd->opts);
	print_options(
		cmd->shared == unlock_opts ? "What opens the vault:" : "Where the key comes from:",
		cmd->shared);
	print_options("Options of every command:", global_opts);
}

const struct cmd *const commands[] = {
	&cmd_onboard,
	&cmd_status,
	&cmd_doctor,
	&cmd_models,
	&cmd_models_status,
	&cmd_models_list,
	&cmd_models_set,
	&cmd_models_set_image,
	&cmd_aliases_list,
	&cmd_aliases_add,
	&cmd_aliases_remove,
	&cmd_fallbacks_list,
	&cmd_fallbacks_add,
	&cmd_fallbacks_remove,
	&cmd_fallbacks_clear,
	&cmd_image_fallbacks_list,
	&cmd_image_fallbacks_add,
	&cmd_image_fallbacks_remove,
	&cmd_image_fallbacks_clear,
	&cmd_add,
	&cmd_setup_token,
	&cmd_paste_token,
	&cmd_login,
	&cmd_login_copilot,
	&cmd_refresh,
	&cmd_list,
	&cmd_explain,
	&cmd_rotate,
	&cmd_remove,
	&cmd_order_get,
	&cmd_order_set,
	&cmd_order_clear,
	&cmd_cooldown_list,
	&cmd_cooldown_clear,
	&cmd_secrets_status,
	&cmd_secrets_verify,
	&cmd_secrets_export,
	&cmd_secrets_import,
	&cmd_slot_list,
	&cmd_slot_add,
	&cmd_slot_remove,
	&cmd_rekey_file,
	&cmd_rekey_vault,
	&cmd_secrets_audit,
	&cmd_run,
	&cmd_chat,
	&cmd_completion,
	&cmd_help_row,
	NULL,
};
