/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/mend.h"
#include "cli/out_base.h"
#include "cli/out_doctor.h"

static struct {
	bool fix;
	bool repair;
	bool dry_run;
	bool yes;
	bool non_interactive;
	bool deep;
	bool json;
	const char *agent;
} given;

static const struct opt opts[] = {
	{ "fix", NULL, "mend what is safe to mend (modes, the resolver, leftovers)", OPT_FLAG,
		{ .flag = &given.fix } },
	{ "dry-run", NULL, "with --fix: say what would be mended, and mend nothing", OPT_FLAG,
		{ .flag = &given.dry_run } },
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

static void tell(const struct mend_step *s)
{
	out_finding(stderr, &s->finding);
	fprintf(stderr, "  %s",
		s->result == MEND_FAILED ? "not fixed" : mend_result_name(s->result));
	if (s->result != MEND_DONE) {
		fputs(": ", stderr);
		out_text(stderr, s->why.msg);
		if (s->why.hint[0])
			fputs("; ", stderr);
		out_text(stderr, s->why.hint);
	}
	fputc('\n', stderr);
	if (s->backup[0]) {
		fputs("  the file before it: ", stderr);
		out_text(stderr, s->backup);
		fputc('\n', stderr);
	}
}

static void tell_plan(const struct mend *m)
{
	printf(m->count ? "\n--fix would mend %zu of them:\n" : "\n--fix would mend nothing here\n",
		m->count);
	for (size_t i = 0; i < m->count; i++) {
		fputs("  ", stdout);
		out_text(stdout, m->steps[i].finding.text);
		fputc('\n', stdout);
	}
}

static struct json_object *fixes(const struct mend *m)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < m->count; i++) {
		const struct mend_step *s = &m->steps[i];
		struct json_object *o = json_object_new_object();

		json_put(o, "checkId", json_text(s->finding.check));
		json_put(o, "message", json_text(s->finding.text));
		if (s->finding.evidence[0])
			json_put(o, "evidence", json_text(s->finding.evidence));
		json_put(o, "result", json_text(mend_result_name(s->result)));
		if (s->why.code)
			json_put(o, "error", json_text(s->why.msg));
		if (s->backup[0])
			json_put(o, "backup", json_text(s->backup));
		json_append(list, o);
	}
	return list;
}

static bool print(const struct snapshot *s, const struct mend *m, bool fix, struct err *e)
{
	if (given.json)
		return out_doctor_json(stdout, s, fix ? fixes(m) : NULL, e);
	out_doctor_text(stdout, s);
	if (fix && given.dry_run)
		tell_plan(m);
	return !memory_ran_out() || err_set(e, ERR_MEMORY, "out of memory: a check may be wrong");
}

static bool run(struct cli *c, struct err *e)
{
	const struct look look = { .findings = true, .deep = given.deep, .ask_systemd = true };
	const struct mend_how how = {
		.dry_run = given.dry_run, .agreed = agreed, .done = given.json ? NULL : tell
	};
	struct snapshot s = { 0 };
	struct mend m = { 0 };
	struct place p = { 0 };
	bool fix = given.fix || given.repair;
	bool writes = fix && !given.dry_run;
	bool ok = false;

	if (given.dry_run && !fix) {
		err_set(e, ERR_USAGE, "--dry-run goes with --fix");
		goto out;
	}
	if (!place_find(&p, given.agent, writes ? PLACE_REPAIR : PLACE_READ, "doctor", e) ||
		!look_take(&s, &p, &look, e) || (fix && !mend_run(&m, &s, &p, &look, &how, e)))
		goto out;
	ok = print(&s, &m, fix, e);
	c->status = doctor_ok(&s) ? 0 : 1;
out:
	mend_release(&m);
	snapshot_release(&s);
	place_release(&p);
	return ok;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "[--fix [--dry-run] [--yes]] [--deep] [--json] [--agent ID]",
	.summary = "find what is wrong with credentials, files and environment, and mend it",
	.detail =
		"Exit status 0 when nothing failed and nothing warns, else 1; with --fix of what "
		"is left\n"
		"then, with --dry-run of what is there now.",
	.opts = opts,
	.run = run,
};
