/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include "cli/keysource.h"
#include "cli/quick.h"
#include "cli/screen.h"

static struct {
	bool non_interactive;
	const char *rotate;
	struct quick quick;
} given;

static const struct opt opts[] = {
	{ "provider", "NAME", "the provider", OPT_TEXT, { .text = &given.quick.provider } },
	{ "provider-id", "NAME", "your name for a custom endpoint", OPT_TEXT,
		{ .text = &given.quick.provider_id } },
	{ "base-url", "URL", "its address; the key goes there and nowhere else", OPT_TEXT,
		{ .text = &given.quick.base_url } },
	{ "method", "NAME", "setup-token, api-key, bearer or none", OPT_TEXT,
		{ .text = &given.quick.method } },
	{ "profile-id", "ID", "profile (default: PROVIDER:default)", OPT_TEXT,
		{ .text = &given.quick.profile_id } },
	{ "rotate", "PROFILE", "replace the key of this profile", OPT_TEXT,
		{ .text = &given.rotate } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.quick.agent } },
	{ "non-interactive", NULL, "no questions; what is missing is an error", OPT_FLAG,
		{ .flag = &given.non_interactive } },
	{ "keep", "HOW", "sealed (default) or plain", OPT_TEXT, { .text = &given.quick.keep } },
	{ "model", "MODEL", "set the default model (provider/model)", OPT_TEXT,
		{ .text = &given.quick.model } },
	{ "expires-in", "DURATION", "when a token expires, for example 365d", OPT_TEXT,
		{ .text = &given.quick.expires_in } },
	{ "no-verify", NULL, "save without the live check; it stays marked unverified", OPT_FLAG,
		{ .flag = &given.quick.no_verify } },
	{ "accept-rollback", NULL, "write although the vault is an older copy", OPT_FLAG,
		{ .flag = &given.quick.accept_rollback } },
	{ "json", NULL, "print JSON (with --non-interactive)", OPT_FLAG,
		{ .flag = &given.quick.json } },
	{ .kind = OPT_END },
};

static bool run(struct cli *c, struct err *e)
{
	const struct quick *q = &given.quick;
	struct screen o = { .command = "onboard",
		.agent = q->agent,
		.provider = q->provider,
		.method = q->method,
		.profile_id = q->profile_id,
		.rotate = given.rotate,
		.start = SCREEN_ONBOARD };

	if (given.rotate && (q->provider || q->profile_id))
		return err_set(e, ERR_USAGE,
			"--rotate names the profile; leave out --provider and --profile-id");
	if (given.rotate && (given.non_interactive || keysource_given())) {
		err_set(e, ERR_USAGE, "--rotate needs the screen");
		return err_hint(e,
			"without one, name what it replaces: --provider NAME --profile-id %.80s",
			given.rotate);
	}
	if (given.non_interactive || keysource_given())
		return quick_save(q, "onboard", e);
	return screen_possible(
		       "thinkfleetbot onboard --non-interactive --provider NAME --key-stdin", e) &&
	       screen_run(&o, &c->status, e);
}

const struct cmd cmd_onboard = {
	.name = "onboard",
	.args = "[--provider NAME] [--method NAME] [--rotate PROFILE] [OPTION...]",
	.summary = "the wizard: choose a provider, paste the key, see it tested, have it sealed",
	.detail =
		"Run it again to add, rotate or repair. Nothing is written before you confirm; "
		"quitting\n"
		"changes nothing and ends with status 130. With --non-interactive it asks "
		"nothing:\n"
		"    printf %s \"$KEY\" | thinkfleetbot onboard --non-interactive \\\n"
		"        --provider anthropic --method api-key --key-stdin",
	.opts = opts,
	.shared = keysource_opts,
	.run = run,
};
