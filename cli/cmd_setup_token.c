/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/capture.h"
#include "cli/keysource.h"
#include "cli/quick.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/unlock.h"

/*
 * `models auth setup-token` (gateway-family.md 9.4), without the copying: where Claude
 * Code is installed its own command runs here and the token is taken from what it
 * prints. Everywhere else the paste page opens, and says what is needed.
 */

static struct quick given = { .method = "setup-token", .default_name = "manual" };
#define ONLY "anthropic"

static bool paste_only;
static bool yes;

static const struct opt opts[] = {
	{ "provider", "NAME", "anthropic, the only one that has them", OPT_TEXT,
		{ .text = &given.provider } },
	{ "paste", NULL, "paste a token; do not run claude setup-token", OPT_FLAG,
		{ .flag = &paste_only } },
	{ "profile-id", "ID", "profile (default: anthropic:manual)", OPT_TEXT,
		{ .text = &given.profile_id } },
	{ "expires-in", "DURATION", "when the token expires, for example 365d", OPT_TEXT,
		{ .text = &given.expires_in } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "keep", "HOW", "sealed (default) or plain", OPT_TEXT, { .text = &given.keep } },
	{ "no-verify", NULL, "save without the live check; it stays marked unverified", OPT_FLAG,
		{ .flag = &given.no_verify } },
	{ "yes", NULL, "accepted for scripts; there is no question", OPT_FLAG, { .flag = &yes } },
	{ "passphrase-fd", "N", PASSPHRASE_FD },
	{ "passphrase-file", "FILE", PASSPHRASE_FILE },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static bool check_provider(struct err *e)
{
	char id[PROVIDER_CAP];

	if (!given.provider ||
		(provider_normalise(id, sizeof(id), given.provider) && strcmp(id, ONLY) == 0)) {
		given.provider = ONLY;
		return true;
	}
	err_set(e, ERR_USAGE, "Only --provider anthropic is supported for setup-token.");
	return err_hint(
		e, "thinkfleetbot models auth paste-token --provider %.40s", given.provider);
}

/* The page of paste-token, for this kind and profile. */
static bool paste_page(struct cli *c, struct err *e)
{
	struct screen o = { .command = "models auth setup-token",
		.agent = given.agent,
		.provider = given.provider,
		.profile_id = given.profile_id ? given.profile_id : "anthropic:manual",
		.start = SCREEN_PASTE };

	return quick_expiry(&given, &o.expires_ms, e) &&
	       screen_possible("thinkfleetbot models auth setup-token --key-stdin", e) &&
	       screen_run(&o, &c->status, e);
}

static void explain_end(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		say_warning("claude setup-token printed no token; paste it here");
	else if (WIFEXITED(status))
		say_warning("claude setup-token ended with status %d and printed no token",
			WEXITSTATUS(status));
	else
		say_warning("claude setup-token was ended by signal %d", WTERMSIG(status));
}

/* *captured: a token was seen. */
static bool run_claude(const char *path, struct secret *raw, bool *captured, struct err *e)
{
	static const char *const argv[] = { "claude", "setup-token", NULL };
	const struct method *m = provider_method(provider_find(given.provider), given.method);
	const struct capture c = { .path = path, .argv = argv, .prefix = m->prefixes[0] };
	int status = 0;

	printf("Running %s setup-token. Its token goes straight into the vault: it is not shown.\n",
		path);
	fflush(stdout);
	if (!capture_run(&c, raw, &status, e))
		return false;
	*captured = raw->len > 0;
	if (!*captured)
		explain_end(status);
	return true;
}

static bool capture_and_save(struct cli *c, const char *path, struct err *e)
{
	struct secret raw = { 0 };
	bool captured = false;
	bool ok = run_claude(path, &raw, &captured, e);

	if (ok && captured) {
		given.raw = &raw;
		ok = quick_save(&given, c->cmd->name, e);
	}
	secret_release(&raw);
	return ok && (captured || paste_page(c, e));
}

static bool run(struct cli *c, struct err *e)
{
	char path[FS_PATH_MAX];

	if (!check_provider(e))
		return false;
	keysource_take_pipe();
	if (keysource_given())
		return quick_save(&given, c->cmd->name, e);
	if (paste_only)
		return paste_page(c, e);
	if (!isatty(STDOUT_FILENO)) {
		err_set(e, ERR_REFUSED, "setup-token requires an interactive TTY.");
		return err_hint(e, "hand the token over with --key-stdin or --key-file FILE");
	}
	if (capture_find(path, sizeof(path), "claude"))
		return capture_and_save(c, path, e);
	say_warning(
		"claude is not installed here (npm install -g @anthropic-ai/claude-code); run "
		"claude setup-token on any machine that has it and paste the token");
	return paste_page(c, e);
}

const struct cmd cmd_setup_token = {
	.name = "models auth setup-token",
	.args = "[--paste] [--profile-id ID] [--expires-in DURATION] [OPTION...]",
	.summary = "take the token of claude setup-token: run it here, or paste what it printed",
	.detail =
		"Needs a Claude Pro or Max plan. The token is masked on the screen, checked, then "
		"sealed.\nPiped in, it is read from standard input.",
	.opts = opts,
	.shared = keysource_opts,
	.run = run,
};
