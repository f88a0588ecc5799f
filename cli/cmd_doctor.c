/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/look.h"
#include "cli/out_doctor.h"
#include "cli/repair.h"

static struct {
	bool fix;
	bool repair;
	bool yes;
	bool non_interactive;
	bool deep;
	bool json;
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "fix", NULL, "mend what is safe to mend (modes, the resolver)", OPT_FLAG,
		{ .flag = &given.fix } },
	{ "repair", NULL, "the same as --fix", OPT_FLAG, { .flag = &given.repair } },
	{ "yes", NULL, "do not ask", OPT_FLAG, { .flag = &given.yes } },
	{ "non-interactive", NULL, "never ask; with --fix the safe fixes are applied", OPT_FLAG,
		{ .flag = &given.non_interactive } },
	{ "deep", NULL, "also the files of every other agent", OPT_FLAG, { .flag = &given.deep } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ .kind = OPT_END },
};

/* Asks on the terminal. Without one, --fix alone is the answer. */
static bool agreed(const struct finding *f)
{
	char line[16] = "";

	if (given.yes || given.non_interactive || given.json || !isatty(STDIN_FILENO))
		return true;
	fprintf(stderr, "Fix it (%s)? [Y/n] ", f->fix);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	return line[0] != 'n' && line[0] != 'N';
}

static void mend(const struct place *p, const struct finding *f)
{
	struct err e = { 0 };

	out_finding(stderr, f);
	if (!agreed(f))
		fputs("  left as it is\n", stderr);
	else if (repair(p, f, &e))
		fputs("  fixed\n", stderr);
	else
		fprintf(stderr, "  not fixed: %s\n", e.msg);
}

/* One pass over the findings; each fix may make another finding go or appear. */
static bool mend_all(
	struct snapshot *s, const struct place *p, const struct look *how, struct err *e)
{
	for (size_t i = 0; i < s->finding_count; i++)
		if (s->findings[i].severity >= SEVERITY_WARN && repair_possible(&s->findings[i]))
			mend(p, &s->findings[i]);
	snapshot_release(s);
	return look_take(s, p, how, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct look how = { .findings = true, .deep = given.deep, .ask_systemd = true };
	struct snapshot s = { 0 };
	struct place p = { 0 };
	bool fix = given.fix || given.repair;
	bool ok = false;

	if (!place_find(&p, given.agent, fix ? PLACE_REPAIR : PLACE_READ, "doctor", e) ||
		!look_take(&s, &p, &how, e) || (fix && !mend_all(&s, &p, &how, e)))
		goto out;
	if (given.json)
		ok = out_doctor_json(stdout, &s, e);
	else {
		out_doctor_text(stdout, &s);
		ok = !memory_ran_out() ||
		     err_set(e, ERR_MEMORY, "out of memory: a check may be wrong");
	}
	c->status = doctor_ok(&s) ? 0 : 1;
out:
	snapshot_release(&s);
	place_release(&p);
	return ok;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "[--fix [--yes]] [--deep] [--json] [--agent ID]",
	.summary = "find what is wrong with credentials, files and environment, and mend it",
	.detail = "Exit status 0 when nothing failed and nothing warns, else 1.",
	.opts = opts,
	.run = run,
};
