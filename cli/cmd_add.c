/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include "cli/keysource.h"
#include "cli/quick.h"
#include "cli/screen.h"
#include "cli/unlock.h"

/*
 * `models auth add` (gateway-family.md 9.6): the family asks for a provider, a method, a
 * profile and an expiry in turn; here the wizard asks, from the provider on.
 */

static struct quick given;

static const struct opt opts[] = {
	{ "provider", "NAME", "the provider (default: asked)", OPT_TEXT,
		{ .text = &given.provider } },
	{ "profile-id", "ID", "profile (default: the method's usual name)", OPT_TEXT,
		{ .text = &given.profile_id } },
	{ "expires-in", "DURATION", "when a token expires, for example 365d, 12h, 30m", OPT_TEXT,
		{ .text = &given.expires_in } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "keep", "HOW", "sealed (default) or plain; on the screen it is asked", OPT_TEXT,
		{ .text = &given.keep } },
	{ "no-verify", NULL, "save without the live check; it stays marked unverified", OPT_FLAG,
		{ .flag = &given.no_verify } },
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static bool run(struct cli *c, struct err *e)
{
	struct screen o = { .command = c->cmd->name,
		.agent = given.agent,
		.provider = given.provider,
		.profile_id = given.profile_id,
		.start = SCREEN_ADD };

	if (!quick_expiry(&given, &o.expires_ms, e))
		return false;
	if (keysource_given())
		return quick_save(&given, c->cmd->name, e);
	return screen_possible("thinkfleetbot models auth add --provider NAME --key-stdin", e) &&
	       screen_run(&o, &c->status, e);
}

const struct cmd cmd_add = {
	.name = "models auth add",
	.args = "[--provider NAME] [--profile-id ID] [--expires-in DURATION] [OPTION...]",
	.summary = "add a credential, asking for what is not given",
	.detail =
		"On a terminal the wizard opens at the choice of a provider. Without one, name the "
		"provider\n"
		"and hand the key over with the options below.",
	.opts = opts,
	.shared = keysource_opts,
	.run = run,
};
