/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/hold.h"
#include "cli/out_audit.h"

static struct {
	bool check;
	bool json;
	bool fix;
	bool yes;
	bool deep;
	bool allow_exec;
} given;

static const struct opt opts[] = {
	{ "check", NULL, "exit 1 when anything was found", OPT_FLAG, { .flag = &given.check } },
	{ "json", NULL, "print JSON, with every file that was looked at", OPT_FLAG,
		{ .flag = &given.json } },
	{ "fix", NULL, "scrub what is safe to scrub, after showing it", OPT_FLAG,
		{ .flag = &given.fix } },
	{ "yes", NULL, "do not ask", OPT_FLAG, { .flag = &given.yes } },
	{ "deep", NULL, "also temporary folders, and the environment of this account's processes",
		OPT_FLAG, { .flag = &given.deep } },
	{ "allow-exec", NULL, "taken for the family's scripts; nothing is executed", OPT_FLAG,
		{ .flag = &given.allow_exec } },
	{ .kind = OPT_END },
};

static const char *what(enum audit_mend m)
{
	static const char *const texts[] = {
		[AUDIT_KEEP] = "",
		[AUDIT_DROP_LINE] = "take this line out: the value is sealed and delivered",
		[AUDIT_DROP_VALUE] = "take this value out: the reference beside it opens the same",
		[AUDIT_DROP_FILE] = "remove this file",
	};

	return texts[m];
}

/* Asks on the terminal. Without one, --fix alone is the answer, as for the doctor. */
static bool agreed(enum audit_mend m)
{
	char line[16] = "";

	fprintf(stderr, "  %s", what(m));
	if (given.yes || given.json || !isatty(STDIN_FILENO)) {
		fputc('\n', stderr);
		return true;
	}
	fputs("? [Y/n] ", stderr);
	if (!fgets(line, sizeof(line), stdin))
		return false;
	return line[0] != 'n' && line[0] != 'N';
}

/* False: it was to be done and could not be. */
static bool mend(const struct audit_finding *f, const struct audit_options *o)
{
	struct err e = { 0 };

	out_audit_finding(stderr, f, o->paths->home);
	if (!agreed(f->mend)) {
		fputs("  left as it is\n", stderr);
		return true;
	}
	if (audit_fix(f, o, &e)) {
		fputs("  done\n", stderr);
		return true;
	}
	fprintf(stderr, "  not done: %s\n", e.msg);
	return false;
}

static bool mend_all(struct audit *a, const struct audit_options *o, bool *failed, struct err *e)
{
	size_t mended = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (a->findings[i].mend == AUDIT_KEEP)
			continue;
		*failed |= !mend(&a->findings[i], o);
		mended++;
	}
	if (!mended)
		return true;
	audit_release(a);
	return audit_take(a, o, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct audit a = { 0 };
	struct place p = { 0 };
	struct audit_options o = { .paths = &p.paths, .deep = given.deep };
	bool failed = false;
	bool ok = false;

	if (!place_find(&p, NULL, given.fix ? PLACE_REPAIR : PLACE_READ, "secrets audit", e) ||
		(given.fix && !hold_settle(&p, e)) || !audit_take(&a, &o, e) ||
		(given.fix && !mend_all(&a, &o, &failed, e)))
		goto out;
	if (given.json)
		ok = out_audit_json(stdout, &a, e);
	else {
		out_audit_text(stdout, &a, p.paths.home);
		ok = !memory_ran_out() ||
		     err_set(e, ERR_MEMORY, "out of memory: a copy may have been overlooked");
	}
	c->status = audit_status(&a, given.check);
	/* What could not be read may hold the copy that was to go. */
	if (given.fix && !c->status && (failed || a.incomplete))
		c->status = 1;
out:
	audit_release(&a);
	place_release(&p);
	return ok;
}

const struct cmd cmd_secrets_audit = {
	.name = "secrets audit",
	.args = "[--check] [--json] [--deep] [--fix [--yes]]",
	.summary = "find plain copies of stored credentials, and references that lead nowhere",
	.detail =
		"Looks for the values themselves, not for patterns: in the state folder with its "
		"backups and\n"
		"generated files, shell histories and start files, unit files with their drop-ins "
		"and\n"
		"EnvironmentFiles. Says what it looked at and what it could not read. What others "
		"may have\n"
		"read must be rotated at the provider; scrubbing cannot undo that.\n\n"
		"Exit status 2 with unresolved references, 1 with --check and a finding, or when "
		"--fix could\nnot do or not read all of it, else 0.",
	.opts = opts,
	.run = run,
};
