/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/look.h"
#include "cli/out_doctor.h"
#include "cli/out_status.h"
#include "cli/screen.h"
#include "cli/status_watch.h"

static struct {
	bool once;
	bool watch;
	bool json;
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "once", NULL, "print it and leave", OPT_FLAG, { .flag = &given.once } },
	{ "json", NULL, "print JSON and leave", OPT_FLAG, { .flag = &given.json } },
	{ "watch", NULL, "print a line when something changes, and nothing else", OPT_FLAG,
		{ .flag = &given.watch } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ .kind = OPT_END },
};

static bool print_once(struct err *e)
{
	struct snapshot s = { 0 };
	struct place p = { 0 };
	bool ok = false;

	if (!place_find(&p, given.agent, PLACE_READ, "status", e) ||
		!look_take(&s, &p, &(struct look){ .findings = true }, e))
		goto out;
	if (given.json) {
		ok = out_status_json(stdout, &s, MS_DAY, NULL, e) && look_complete(&s, e);
	} else if (out_status_text(stdout, &s, MS_DAY, e)) {
		putchar('\n');
		out_doctor_text(stdout, &s);
		ok = look_complete(&s, e);
	}
out:
	snapshot_release(&s);
	place_release(&p);
	return ok;
}

static bool run(struct cli *c, struct err *e)
{
	struct screen o = { .command = "status", .agent = given.agent, .start = SCREEN_PANEL };
	const char *why;

	if (given.watch && (given.once || given.json))
		return err_set(e, ERR_USAGE, "choose one of --watch, --once and --json");
	if (given.watch)
		return status_watch(given.agent, e);

	/* Without a screen the same facts are printed once; that is no error. */
	if (given.once || given.json || screen_mode(&why) != SCREEN_FULL)
		return print_once(e);
	return screen_run(&o, &c->status, e);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "[--once | --json | --watch] [--agent ID]",
	.summary = "the live status and doctor panel",
	.detail =
		"Checks every credential while you look. In a pipe, or with --once, it prints the "
		"facts\n"
		"and leaves.",
	.opts = opts,
	.run = run,
};
