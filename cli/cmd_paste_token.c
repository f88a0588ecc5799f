/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/keysource.h"
#include "cli/quick.h"
#include "cli/screen.h"
#include "cli/unlock.h"

/* The family's name for what is pasted here: anthropic:manual, openrouter:manual. */
static struct quick given = { .default_name = "manual" };

static const struct opt opts[] = {
	{ "provider", "NAME", "the provider (required)", OPT_TEXT, { .text = &given.provider } },
	{ "profile-id", "ID", "profile (default: PROVIDER:manual)", OPT_TEXT,
		{ .text = &given.profile_id } },
	{ "expires-in", "DURATION", "when the token expires, for example 365d, 12h, 30m", OPT_TEXT,
		{ .text = &given.expires_in } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "keep", "HOW", "sealed (default) or plain", OPT_TEXT, { .text = &given.keep } },
	{ "no-verify", NULL, "save without the live check; it stays marked unverified", OPT_FLAG,
		{ .flag = &given.no_verify } },
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static bool run(struct cli *c, struct err *e)
{
	struct screen o = { .command = "models auth paste-token",
		.agent = given.agent,
		.provider = given.provider,
		.profile_id = given.profile_id,
		.start = SCREEN_PASTE };
	char profile[ID_CAP];

	if (!given.provider) {
		err_set(e, ERR_USAGE, "required option '--provider <name>' not specified");
		return err_hint(e, "for example --provider anthropic");
	}
	if (!quick_expiry(&given, &o.expires_ms, e))
		return false;
	if (!given.profile_id) {
		snprintf(profile, sizeof(profile), "%s:%s", given.provider, given.default_name);
		o.profile_id = profile;
	}
	keysource_take_pipe();
	if (keysource_given())
		return quick_save(&given, o.command, e);
	return screen_possible(
		       "thinkfleetbot models auth paste-token --provider NAME --key-stdin", e) &&
	       screen_run(&o, &c->status, e);
}

const struct cmd cmd_paste_token = {
	.name = "models auth paste-token",
	.args = "--provider P [--profile-id ID] [--expires-in DURATION] [OPTION...]",
	.summary = "paste a token or key for any provider; it is checked, then sealed",
	.detail =
		"On a terminal one screen asks for it, masked. Piped in, it is read from standard "
		"input.\n"
		"An API key is recognised and stored as one.",
	.opts = opts,
	.shared = keysource_opts,
	.run = run,
};
