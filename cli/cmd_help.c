/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "provider/provider.h"

static const struct opt opts[] = { { .kind = OPT_END } };

/* The two sentences of security.md 1.1 and what follows from them. */
static const char security[] =
	"What is protected, and what is not\n"
	"\n"
	"Encryption protects copies of your files. It does not protect against programs\n"
	"that run as you, or against root. Because the gateway must start without you,\n"
	"something on this computer can unlock the vault without you.\n"
	"\n"
	"  Sealed keys stay closed when someone gets ...\n"
	"    the state folder alone (backup, git, a support zip, sync)      yes\n"
	"    a file that was left readable, or printed by a tool            yes\n"
	"    another user's account on this machine                         yes\n"
	"    your whole home or disk (the key file is in it)                no\n"
	"    a program that runs as you, or root                            no\n"
	"\n"
	"The vault is <state>/secrets/vault.json: XChaCha20-Poly1305 for each record, a\n"
	"BLAKE2b code over the whole file. Its key is one file outside the state folder,\n"
	"in ~/.local/share/thinkfleetbot/keys. Keep the two apart in backups.\n"
	"A key that was ever in plain text on this disk may still be found in free space,\n"
	"snapshots or backups: rotate it at the provider.\n";

/* "setup-token, API key", or how it is signed in. */
static void print_ways(const struct provider *p)
{
	if (p->methods[0].kind == CRED_OAUTH)
		fputs(p->methods[0].note, stdout);
	for (size_t i = 0; p->methods[0].kind != CRED_OAUTH && i < provider_method_count(p); i++)
		printf("%s%s", i ? ", " : "", p->methods[i].noun);
	if (!p->base_url)
		fputs(", at your own address", stdout);
	putchar('\n');
}

/* The rows of one group stand together, under the first of them. */
static void print_group(size_t first)
{
	const char *group = provider_at(first)->group;

	for (size_t i = 0; i < first; i++) {
		if (strcmp(provider_at(i)->group, group) == 0)
			return;
	}
	for (size_t i = first; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		if (strcmp(p->group, group) != 0)
			continue;
		printf("  %-18s %-22s ", i == first ? group : "", p->id);
		print_ways(p);
	}
}

static void print_providers(void)
{
	puts("Providers, by the name that --provider takes\n");
	for (size_t i = 0; i < provider_count(); i++)
		print_group(i);
}

static bool run(struct cli *c, struct err *e)
{
	const struct cmd *cmd;
	size_t used;

	if (!c->args.count) {
		cmd_help(NULL);
		return true;
	}
	if (strcmp(c->args.items[0], "security") == 0) {
		fputs(security, stdout);
		return true;
	}
	if (strcmp(c->args.items[0], "providers") == 0) {
		print_providers();
		return true;
	}
	cmd = cmd_find(c->args.items, c->args.count, &used);
	if (!cmd || used != c->args.count) {
		err_set(e, ERR_USAGE, "there is no command \"%.60s\"", c->args.items[0]);
		return err_hint(e, "thinkfleetbot help lists the commands");
	}
	cmd_help(cmd);
	return true;
}

const struct cmd cmd_help_row = {
	.name = "help",
	.args = "[COMMAND|providers|security]",
	.summary = "explain a command, the providers, or what is protected",
	.opts = opts,
	.args_max = 4,
	.run = run,
};
