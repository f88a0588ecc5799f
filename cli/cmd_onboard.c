/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/answers.h"
#include "cli/keysource.h"
#include "cli/quick_vault.h"
#include "cli/screen.h"
#include "cli/unlock.h"

static struct {
	bool non_interactive, print_answers;
	const char *rotate;
	const char *answers;
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
	{ "answers", "FILE", "no questions: the answers are in this JSON file", OPT_TEXT,
		{ .text = &given.answers } },
	{ "print-answers", NULL, "print such a file at the end, without secrets", OPT_FLAG,
		{ .flag = &given.print_answers } },
	{ "dry-run", NULL, "show what would change and write nothing", OPT_FLAG,
		{ .flag = &given.quick.dry_run } },
	{ "keep", "HOW", "sealed (default) or plain", OPT_TEXT, { .text = &given.quick.keep } },
	{ "opens-with", "WHAT", "a new vault: key-file (default), system-key or passphrase",
		OPT_TEXT, { .text = &given.quick.opens_with } },
	{ "passphrase-file", "FILE", "that passphrase, in a file that only you can read", OPT_TEXT,
		{ .text = &unlock_words.passphrase_file } },
	{ "passphrase-fd", "N", "that passphrase, from descriptor N", OPT_TEXT,
		{ .text = &unlock_words.passphrase_fd } },
	{ "weak-passphrase", NULL, "accept the setting for little memory", OPT_FLAG,
		{ .flag = &given.quick.weak_passphrase } },
	{ "yes-offline", NULL, "accept a service without keys after a restart", OPT_FLAG,
		{ .flag = &given.quick.yes_offline } },
	{ "model", "MODEL", "set the default model (provider/model)", OPT_TEXT,
		{ .text = &given.quick.model } },
	{ "keep-fallback", NULL, "the default model before becomes the first fallback", OPT_FLAG,
		{ .flag = &given.quick.keep_fallback } },
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

static const struct opt *const tables[] = { opts, keysource_opts, NULL };

static struct quick_chosen chosen;

/* The options become what was decided, and the file is made of the options. */
static bool print_answers(struct err *e)
{
	given.quick.method = chosen.method;
	given.quick.profile_id = chosen.profile_id;
	given.quick.keep = chosen.keep;
	return answers_print(stdout, tables, e);
}

static bool without_questions(struct err *e)
{
	if (given.print_answers && given.quick.json)
		return err_set(e, ERR_USAGE, "choose one of --json and --print-answers");
	given.quick.chosen = &chosen;
	given.quick.silent = given.non_interactive || given.answers;
	given.quick.to_stderr = given.print_answers;
	return quick_save(&given.quick, "onboard", e) && (!given.print_answers || print_answers(e));
}

/* The key itself was pasted: the file can only say where one is to be looked for. */
static bool print_draft(const struct draft *d, struct err *e)
{
	struct quick *q = &given.quick;

	q->provider = d->provider->id;
	if (d->endpoint && d->provider->like) { /* its name means nothing on another host */
		q->provider = d->provider->like->id;
		q->provider_id = d->provider->id;
		q->base_url = d->provider->base_url;
	}
	chosen = (struct quick_chosen){ .method = d->method->id,
		.keep = d->keep == KEEP_PLAIN ? "plain" : "sealed" };
	str_copy(chosen.profile_id, sizeof(chosen.profile_id), d->profile_id);
	if (d->method->kind != CRED_NONE) {
		keysource.env = save_variable(d->provider, d->method);
		fprintf(stderr,
			"The key is not in the answers: give it in %s, or name another place.\n",
			keysource.env);
	}
	q->opens_with = quick_vault_opener(d);
	q->weak_passphrase = d->weak_passphrase;
	q->yes_offline = d->keep == KEEP_SEALED && d->opener == OPENER_PASSPHRASE;
	q->model = d->model;
	q->keep_fallback = d->keep_fallback && d->model[0];
	q->no_verify = d->skip_verify;
	return print_answers(e);
}

static bool ask(struct cli *c, struct screen *o, struct err *e)
{
	if (given.quick.dry_run) {
		err_set(e, ERR_USAGE, "--dry-run is for --non-interactive and --answers");
		return err_hint(
			e, "with questions, the Review step shows it before anything is written");
	}
	if (given.print_answers)
		o->wrote = print_draft;
	return screen_possible(
		       "thinkfleetbot onboard --non-interactive --provider NAME --key-stdin", e) &&
	       screen_run(o, &c->status, e);
}

static bool run_given(struct cli *c, struct err *e)
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
	if (given.answers || given.non_interactive || keysource_given())
		return without_questions(e);
	return ask(c, &o, e);
}

static bool run(struct cli *c, struct err *e)
{
	struct answers a = { 0 };
	bool ok = (!given.answers || answers_read(&a, given.answers, tables, e)) && run_given(c, e);

	answers_release(&a);
	return ok;
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
		"        --provider anthropic --method api-key --key-stdin\n"
		"A terminal that cannot show the screen is asked line by line (--plain asks for "
		"that).\n"
		"--print-answers prints a file that --answers takes; secrets are named in it, not "
		"written.",
	.opts = opts,
	.shared = keysource_opts,
	.run = run,
};
