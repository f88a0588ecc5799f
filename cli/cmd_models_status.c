/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/look.h"
#include "cli/out_status.h"
#include "cli/probe.h"
#include "cli/say.h"
#include "tui/term_names.h"

#define MAX_TOKENS 8     /* the family's default; nothing is spent here */
#define PIPE_COLUMNS 100 /* of a table that no terminal limits */

static struct {
	bool json;
	bool plain;
	bool check;
	bool probe;
	const char *probe_provider;
	struct opt_list probe_profiles;
	const char *probe_timeout;
	const char *probe_concurrency;
	const char *probe_max_tokens;
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
	{ "probe", NULL, "ask the providers now: one free request for each credential", OPT_FLAG,
		{ .flag = &given.probe } },
	{ "probe-provider", "NAME", "only this provider's", OPT_TEXT,
		{ .text = &given.probe_provider } },
	{ "probe-profile", "ID", "only these profiles (repeated, or with commas)", OPT_LIST,
		{ .list = &given.probe_profiles } },
	{ "probe-timeout", "MS", "of one request (default 8000)", OPT_TEXT,
		{ .text = &given.probe_timeout } },
	{ "probe-concurrency", "N", "requests at once (default 32)", OPT_TEXT,
		{ .text = &given.probe_concurrency } },
	{ "probe-max-tokens", "N", "taken and ignored: a request costs no tokens", OPT_TEXT,
		{ .text = &given.probe_max_tokens } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	/* `thinkfleetbot models` takes the family's short forms. */
	{ "status-json", NULL, "the same as --json", OPT_FLAG, { .flag = &given.json } },
	{ "status-plain", NULL, "the same as --plain", OPT_FLAG, { .flag = &given.plain } },
	{ .kind = OPT_END },
};

/* --- what is asked for --------------------------------------------------------------------------
 */

/* Digits alone; NULL leaves the default. wrong: the family's words. */
static bool read_number(const char *text, int64_t *n, const char *wrong, struct err *e)
{
	size_t len = text ? strlen(text) : 0;
	int64_t value = 0;

	if (!text)
		return true;
	for (size_t i = 0; i < len && len <= 9; i++) {
		if (text[i] < '0' || text[i] > '9')
			return err_set(e, ERR_USAGE, "%s", wrong);
		value = value * 10 + (text[i] - '0');
	}
	if (value <= 0)
		return err_set(e, ERR_USAGE, "%s", wrong);
	*n = value;
	return true;
}

/* "a,b" is two; the words stay where they are, in argv, with a NUL for each comma. */
static bool split_profiles(struct opt_list *list, struct err *e)
{
	struct opt_list all = { .count = 0 };

	for (size_t i = 0; i < list->count; i++) {
		/* The parser took these out of argv, which is ours to write to. */
		for (char *at = (char *)list->items[i]; at;) {
			char *comma = strchr(at, ',');

			if (comma)
				*comma = '\0';
			at += strspn(at, " ");
			if (*at && all.count == OPT_LIST_CAP)
				return err_set(e, ERR_USAGE, "--probe-profile: more than %d",
					OPT_LIST_CAP);
			if (*at)
				all.items[all.count++] = at;
			at = comma ? comma + 1 : NULL;
		}
	}
	*list = all;
	return true;
}

static bool read_probe(struct probe_ask *ask, char provider[PROVIDER_CAP], struct err *e)
{
	*ask = (struct probe_ask){ .provider = provider,
		.profiles = &given.probe_profiles,
		.timeout_ms = PROBE_TIMEOUT_MS,
		.concurrency = PROBE_CONCURRENCY,
		.max_tokens = MAX_TOKENS };
	provider[0] = '\0';
	if (given.probe && given.plain)
		return err_set(e, ERR_USAGE, "--probe cannot be used with --plain output.");
	if (given.probe_provider &&
		!provider_normalise(provider, PROVIDER_CAP, given.probe_provider))
		return err_set(
			e, ERR_USAGE, "no provider is called \"%.60s\"", given.probe_provider);
	if (!read_number(given.probe_timeout, &ask->timeout_ms,
		    "--probe-timeout must be a positive number (ms).", e) ||
		!read_number(given.probe_concurrency, &ask->concurrency,
			"--probe-concurrency must be > 0.", e) ||
		!read_number(given.probe_max_tokens, &ask->max_tokens,
			"--probe-max-tokens must be > 0.", e) ||
		!split_profiles(&given.probe_profiles, e))
		return false;
	if (ask->concurrency > PROBE_CONCURRENCY_MAX)
		ask->concurrency = PROBE_CONCURRENCY_MAX;
	return true;
}

static void warn_of_strangers(const struct snapshot *s)
{
	for (size_t i = 0; i < given.probe_profiles.count; i++)
		if (!snapshot_find(s, given.probe_profiles.items[i]))
			say_warning("there is no profile \"%.100s\" to probe",
				given.probe_profiles.items[i]);
}

/* A signal ends us as it would have without the probe: the shell sees which one. */
static void end_by(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static bool probe(struct probe_report *r, struct snapshot *s, const struct place *p,
	const struct probe_ask *ask, struct err *e)
{
	warn_of_strangers(s);
	if (!probe_plan(r, s, p, ask, e) || !probe_run(r, s, p, isatty(STDERR_FILENO) == 1, e))
		return false;
	if (r->caught)
		end_by(r->caught);
	return true;
}

/* A memory for next time: that it cannot be written does not make the answer wrong. */
static void keep(const struct probe_report *r, const struct snapshot *s, const struct place *p)
{
	struct err e = { 0 };

	if (s->state_exists && !probe_keep(r, p, &e))
		say_warning("the answers are shown, but not kept: %s", e.msg);
}

/* --- what is said -------------------------------------------------------------------------------
 */

static void choose_look(struct probe_look *look)
{
	const char *term = getenv("TERM");
	struct winsize size = { 0 };

	look->ascii = globals.glyphs ? strcmp(globals.glyphs, "unicode") != 0
				     : term_choose_glyphs(term ? term : "") == GLYPHS_ASCII;
	look->columns = PIPE_COLUMNS;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		look->columns = size.ws_col;
}

static bool print(
	const struct snapshot *s, int64_t warn_ms, const struct probe_report *r, struct err *e)
{
	struct probe_look look;

	if (given.json)
		return out_status_json(stdout, s, warn_ms, r, e);
	if (given.plain) {
		out_status_plain(stdout, s);
		return true;
	}
	choose_look(&look);
	return out_status_text(stdout, s, warn_ms, e) &&
	       (!r || out_probe_text(stdout, r, &look, e));
}

/* The exit status of --check: what a provider has just refused is as bad as expired. */
static int check_status(const struct snapshot *s, int64_t warn_ms, const struct probe_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].status == PROBE_AUTH)
			return 1;
	return snapshot_check(s, warn_ms);
}

static bool run(struct cli *c, struct err *e)
{
	struct probe_report report = { 0 };
	char provider[PROVIDER_CAP];
	struct snapshot s = { 0 };
	struct place p = { 0 };
	struct probe_ask ask;
	int64_t warn_ms;
	bool ok = false;

	/* Here --plain is the family's "only the default model", not the line mode. */
	given.plain = given.plain || globals.plain;
	if (given.json && given.plain)
		return err_set(e, ERR_USAGE, "Choose either --json or --plain, not both.");
	if (!read_probe(&ask, provider, e) || !look_warn(given.warn_within, &warn_ms, e) ||
		!place_find(&p, given.agent, PLACE_READ, "models status", e))
		goto out;
	if (!look_take(&s, &p, &(struct look){ .warn_ms = warn_ms }, e) ||
		(given.probe && !probe(&report, &s, &p, &ask, e)) ||
		!print(&s, warn_ms, given.probe ? &report : NULL, e))
		goto out;
	if (given.probe)
		keep(&report, &s, &p);
	if (given.check)
		c->status = check_status(&s, warn_ms, &report);
	ok = look_complete(&s, e);
out:
	probe_release(&report);
	snapshot_release(&s);
	place_release(&p);
	return ok;
}

#define STATUS_ARGS "[--json|--plain] [--check] [--warn-within DURATION] [--probe] [--agent ID]"

const struct cmd cmd_models_status = {
	.name = "models status",
	.args = STATUS_ARGS,
	.summary = "every credential: where it is, whether it works, when it expires",
	.detail =
		"With --check the exit status is 0, 1 (a token is expired or missing, a sealed "
		"one\n"
		"cannot be opened, a provider in use has no credential, or with --probe a\n"
		"credential was rejected) or 2 (expiring).",
	.opts = opts,
	.run = run,
};

const struct cmd cmd_models = {
	.name = "models",
	.args = STATUS_ARGS,
	.summary = "the same as models status",
	.opts = opts,
	.run = run,
};
