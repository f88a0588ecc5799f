/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/look.h"
#include "cli/out_status.h"

static struct {
	bool json;
	bool plain;
	bool check;
	const char *warn_within;
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ "plain", NULL, "print the default model only", OPT_FLAG, { .flag = &given.plain } },
	{ "check", NULL, "exit 1 when something is expired or missing, 2 when expiring", OPT_FLAG,
		{ .flag = &given.check } },
	{ "warn-within", "DURATION", "what counts as expiring (default 24h)", OPT_TEXT,
		{ .text = &given.warn_within } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	/* `thinkfleetbot models` takes the family's short forms. */
	{ "status-json", NULL, "the same as --json", OPT_FLAG, { .flag = &given.json } },
	{ "status-plain", NULL, "the same as --plain", OPT_FLAG, { .flag = &given.plain } },
	{ .kind = OPT_END },
};

static bool print(const struct snapshot *s, int64_t warn_ms, struct err *e)
{
	if (given.json)
		return out_status_json(stdout, s, warn_ms, e);
	if (given.plain) {
		out_status_plain(stdout, s);
		return true;
	}
	return out_status_text(stdout, s, warn_ms, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct snapshot s = { 0 };
	struct place p = { 0 };
	int64_t warn_ms;
	bool ok = false;

	/* Here --plain is the family's "only the default model", not the line mode. */
	given.plain = given.plain || globals.plain;
	if (given.json && given.plain)
		return err_set(e, ERR_USAGE, "Choose either --json or --plain, not both.");
	if (!look_warn(given.warn_within, &warn_ms, e) ||
		!place_find(&p, given.agent, PLACE_READ, "models status", e))
		goto out;
	if (!look_take(&s, &p, &(struct look){ .warn_ms = warn_ms }, e) || !print(&s, warn_ms, e))
		goto out;
	if (given.check)
		c->status = snapshot_check(&s, warn_ms);
	ok = look_complete(&s, e);
out:
	snapshot_release(&s);
	place_release(&p);
	return ok;
}

const struct cmd cmd_models_status = {
	.name = "models status",
	.args = "[--json|--plain] [--check] [--warn-within DURATION] [--agent ID]",
	.summary = "every credential: where it is, whether it works, when it expires",
	.detail =
		"With --check the exit status is 0, 1 (a token is expired or missing, a sealed "
		"one\n"
		"cannot be opened, or a provider in use has no credential) or 2 (expiring).",
	.opts = opts,
	.run = run,
};

const struct cmd cmd_models = {
	.name = "models",
	.args = "[--json|--plain] [--check] [--warn-within DURATION] [--agent ID]",
	.summary = "the same as models status",
	.opts = opts,
	.run = run,
};
