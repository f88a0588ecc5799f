/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/look.h"
#include "cli/oauth_login.h"
#include "cli/oauth_save.h"
#include "cli/out_base.h"

/*
 * `models auth login` (gateway-family.md 9.7, 9.8): signs in to a provider in a browser, here or
 * on any other machine, and ends with whether the gateway will use it (user-pains.md P22).
 */

static struct {
	const char *provider, *method, *profile_id, *agent;
	bool set_default, yes, no_browser;
} given;

static const struct opt opts[] = {
	{ "provider", "NAME", "where to sign in (default: asked)", OPT_TEXT,
		{ .text = &given.provider } },
	{ "method", "ID", "its way of signing in: oauth or device", OPT_TEXT,
		{ .text = &given.method } },
	{ "profile-id", "ID", "profile (default: the provider's usual name)", OPT_TEXT,
		{ .text = &given.profile_id } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "set-default", NULL, "make the provider's model the default model", OPT_FLAG,
		{ .flag = &given.set_default } },
	{ "yes", NULL, "do not ask before the login is kept as plain text", OPT_FLAG,
		{ .flag = &given.yes } },
	{ "no-browser", NULL, "accepted for scripts: no browser is ever started here", OPT_FLAG,
		{ .flag = &given.no_browser } },
	{ .kind = OPT_END },
};

static const struct opt copilot_opts[] = {
	{ "profile-id", "ID", "profile (default: github-copilot:github)", OPT_TEXT,
		{ .text = &given.profile_id } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "set-default", NULL, "make its model the default model", OPT_FLAG,
		{ .flag = &given.set_default } },
	{ "yes", NULL, "accepted for scripts: the token is sealed, so nothing is asked", OPT_FLAG,
		{ .flag = &given.yes } },
	{ .kind = OPT_END },
};

struct job {
	struct oauth_attempt attempt;
	struct lineio io;
	struct place place;
	struct oauth_tokens tokens;
	struct oauth_save save;
	struct vault ahead;
	bool exists; /* the profile: it is replaced */
	char profile_id[ID_CAP];
};

/* --- which ------------------------------------------------------------------------------------ */

static bool ask_line(struct lineio *io, const char *prompt, char *out, size_t cap, struct err *e)
{
	struct secret text = { 0 };
	size_t total = 0;
	bool ok = secret_init(&text, cap - 1, e);

	if (ok && lineio_ask(io, prompt, false, &text, &total) != HEARD_LINE)
		ok = err_set(e, ERR_REFUSED, "the sign-in was cancelled; nothing was changed");
	str_copy(out, cap, ok && text.bytes ? text.bytes : "");
	secret_release(&text);
	return ok;
}

static bool pick(struct lineio *io, const struct oauth **row, struct err *e)
{
	char answer[40], lead[24];
	size_t n = 0;
	long number;

	lineio_say(io, "Select a provider");
	for (; n < oauth_count() && oauth_at(n)->flow != OAUTH_ELSEWHERE; n++) {
		snprintf(lead, sizeof(lead), "%zu  ", n + 1);
		lineio_item(io, lead, oauth_at(n)->label);
	}
	do {
		if (!ask_line(io, "Number or name: ", answer, sizeof(answer), e))
			return false;
		number = strtol(answer, NULL, 10);
		*row = number > 0 && number <= (long)n ? oauth_at((size_t)number - 1)
						       : oauth_find(answer);
	} while (!*row);
	return true;
}

static bool unknown_provider(struct err *e)
{
	char list[200];
	struct str s = STR_OF(list);

	for (size_t i = 0; i < oauth_count(); i++)
		if (oauth_at(i)->flow != OAUTH_ELSEWHERE)
			str_fmt(&s, "%s%s", i ? ", " : "", oauth_at(i)->provider);
	err_set(e, ERR_USAGE, "there is no sign-in to \"%.40s\" from here", given.provider);
	return err_hint(e, "one of: %s; a key: thinkfleetbot models auth add", list);
}

static bool choose(struct job *j, struct err *e)
{
	const struct oauth *o = NULL;

	if (!given.provider && !pick(&j->io, &o, e))
		return false;
	if (given.provider)
		o = oauth_find(given.provider);
	if (!o)
		return unknown_provider(e);
	if (o->flow == OAUTH_ELSEWHERE) {
		err_set(e, ERR_USAGE, "%s cannot be signed in to from here", o->label);
		return err_hint(e, "%s", o->instead);
	}
	if (given.method && !oauth_has_method(o, given.method)) {
		err_set(e, ERR_USAGE, "Unknown auth method. Use --method <id> to select one.");
		return err_hint(e, "%s has %s", o->label, o->method);
	}
	j->attempt.row = o;
	return true;
}

/* --- as whom ---------------------------------------------------------------------------------- */

static const char *variable_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise ? otherwise : "";
}

/* Chutes' are the person's own (gateway-family.md 14.3); asked for when the environment has none.
 */
static bool take_own_client(struct job *j, struct err *e)
{
	struct oauth_client *c = &j->attempt.client;
	const char *key = variable_or("CHUTES_CLIENT_SECRET", "");

	if (!str_copy(c->id, sizeof(c->id), variable_or("CHUTES_CLIENT_ID", "")) ||
		!str_copy(c->redirect_uri, sizeof(c->redirect_uri),
			variable_or("CHUTES_OAUTH_REDIRECT_URI", j->attempt.row->redirect_uri)) ||
		!str_copy(c->scope, sizeof(c->scope),
			variable_or("CHUTES_OAUTH_SCOPES", j->attempt.row->scope)))
		return err_set(e, ERR_CONFIG, "a CHUTES_ variable is too long");
	if (*key && !secret_from(&c->key, key, strlen(key), e))
		return false;
	while (!c->id[0])
		if (!ask_line(&j->io, "Enter Chutes OAuth client id (cid_xxx): ", c->id,
			    sizeof(c->id), e))
			return false;
	return true;
}

static bool take_client(struct job *j, struct err *e)
{
	const struct oauth *o = j->attempt.row;
	struct oauth_client *c = &j->attempt.client;

	if (!o->client_id)
		return take_own_client(j, e);
	str_copy(c->id, sizeof(c->id), o->client_id);
	str_copy(c->scope, sizeof(c->scope), o->scope);
	str_copy(c->redirect_uri, sizeof(c->redirect_uri), o->redirect_uri ? o->redirect_uri : "");
	return true;
}

/* --- before ----------------------------------------------------------------------------------- */

static void home_path(struct str *out, const struct job *j)
{
	const char *home = j->place.paths.home;
	size_t n = strlen(home);
	bool below = n && str_starts(j->place.profiles, home) && j->place.profiles[n] == '/';

	str_fmt(out, "%s%s", below ? "~" : "", j->place.profiles + (below ? n : 0));
}

static bool agreed(struct job *j, struct err *e)
{
	char path[FS_PATH_MAX], answer[8];
	struct str s = STR_OF(path);

	home_path(&s, j);
	if (oauth_is_sealed(&j->save)) {
		lineio_say(&j->io, "The token does not expire. It will be sealed in the vault.");
		return true;
	}
	lineio_say(&j->io,
		"This login stays in plain text in %s, readable by you alone (0600). It cannot be "
		"sealed: the gateway writes it again itself each time it renews the login.",
		path);
	if (given.yes)
		return true;
	if (!ask_line(&j->io, "Go on? [y/N] ", answer, sizeof(answer), e))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y' ||
	       err_set(e, ERR_REFUSED, "the sign-in was not begun; nothing was changed");
}

static void name_profile(struct job *j)
{
	const struct oauth *o = j->attempt.row;
	const char *name = j->tokens.user[0] ? j->tokens.user : o->profile_name;

	if (given.profile_id)
		str_copy(j->profile_id, sizeof(j->profile_id), given.profile_id);
	else
		snprintf(j->profile_id, sizeof(j->profile_id), "%s:%s", o->provider, name);
}

static bool ask_where(struct job *j, struct err *e)
{
	const struct oauth *o;

	if (!choose(j, e))
		return false;
	o = j->attempt.row;
	if (given.profile_id && (!*given.profile_id || strlen(given.profile_id) >= ID_CAP))
		return err_set(e, ERR_USAGE, "--profile-id is empty or too long");
	if (!oauth_addresses(&j->attempt.at, o, e) || !take_client(j, e))
		return false;
	name_profile(j);
	j->save = (struct oauth_save){ .place = &j->place,
		.row = o,
		.client = &j->attempt.client,
		.tokens = &j->tokens,
		.profile_id = j->profile_id,
		.set_default = given.set_default,
		.ahead = &j->ahead };
	return true;
}

static bool sign_in(struct job *j, struct err *e)
{
	const struct oauth *o = j->attempt.row;

	lineio_say(&j->io, "Signing in to %s%s.", o->label,
		o->client_id ? " as the application that the gateways themselves use" : "");
	if (j->exists)
		lineio_say(&j->io, "Auth profile already exists: %s. It will be replaced.",
			j->profile_id);
	return agreed(j, e) && oauth_login(&j->attempt, &j->io, &j->tokens, e);
}

/* --- after ------------------------------------------------------------------------------------ */

static void print_order(const struct snapshot *s, const struct credential *mine)
{
	printf("Put it first: thinkfleetbot models auth order set --provider %s", mine->provider);
	if (given.agent)
		printf(" --agent %s", s->agent);
	putchar(' ');
	out_text(stdout, mine->id);
	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];

		if (c == mine || !c->in_store || strcmp(c->provider, mine->provider) != 0)
			continue;
		putchar(' ');
		out_text(stdout, c->id);
	}
	putchar('\n');
}

static bool print_selected(const struct job *j, struct err *e)
{
	struct snapshot s = { 0 };
	const struct credential *c = NULL;
	char why[160];
	struct str text = STR_OF(why);
	bool ok = look_take(&s, &j->place, &(struct look){ 0 }, e);

	if (ok)
		c = snapshot_find(&s, j->profile_id);
	if (c) {
		fact_selected(&text, c, s.now_ms);
		printf("Selected by the gateway: %s",
			c->selected == SELECTED_FIRST ? "yes, " : "no, ");
		out_text(stdout, why);
		putchar('\n');
	}
	if (c && c->selected != SELECTED_FIRST)
		print_order(&s, c);
	snapshot_release(&s);
	return ok;
}

static void print_saved(const struct job *j)
{
	const struct oauth *o = j->attempt.row;

	fputs("Updated ", stdout);
	out_path(stdout, j->place.paths.config, j->place.paths.home);
	fputs("\nAuth profile: ", stdout);
	out_text(stdout, j->profile_id);
	printf(" (%s/%s)\n", o->provider, o->token_only ? "token" : "oauth");
	if (o->model && given.set_default)
		printf("Default model set to %s\n", o->model);
	else if (o->model)
		printf("Default model available: %s (use --set-default to apply)\n", o->model);
	fputs(oauth_is_sealed(&j->save) ? "Sealed in "
					: "In plain text, for the gateway to renew: ",
		stdout);
	out_path(stdout, oauth_is_sealed(&j->save) ? j->place.paths.vault : j->place.profiles,
		j->place.paths.home);
	putchar('\n');
}

/* The configuration that was found at the start is not the one that was written. */
static bool look_again(struct job *j, const char *command, struct err *e)
{
	place_release(&j->place);
	return place_find(&j->place, given.agent, PLACE_READ, command, e);
}

/* --- the command ------------------------------------------------------------------------------ */

static bool needs_terminal(const char *what, struct err *e)
{
	if (isatty(STDIN_FILENO))
		return true;
	err_set(e, ERR_REFUSED, "%s requires an interactive TTY.", what);
	return err_hint(e,
		"over SSH: ssh -t HOST thinkfleetbot models auth login; a script uses an API key: "
		"thinkfleetbot models auth paste-token --provider NAME --key-stdin");
}

/* There is one conversation at a time, and asking for the vault's passphrase is another. */
static bool talk(
	struct job *j, bool (*part)(struct job *, struct err *), int *number, struct err *e)
{
	bool ok;

	if (!lineio_open(&j->io, STDIN_FILENO, -1, e))
		return false;
	ok = part(j, e);
	*number = lineio_close(&j->io);
	return ok && !*number;
}

static bool login(const struct cmd *cmd, const char *what, struct err *e)
{
	struct job j = { .attempt.cancel_fd = -1 };
	bool ok;
	int number = 0;

	if (!needs_terminal(what, e))
		return false;
	ok = place_find(&j.place, given.agent, PLACE_WRITE, cmd->name, e) &&
	     talk(&j, ask_where, &number, e) && oauth_can_save(&j.save, &j.exists, e) &&
	     talk(&j, sign_in, &number, e);
	if (ok) {
		name_profile(&j);
		ok = oauth_save(&j.save, e);
	}
	if (ok) {
		print_saved(&j);
		ok = look_again(&j, cmd->name, e) && print_selected(&j, e);
	}
	oauth_tokens_release(&j.tokens);
	oauth_attempt_release(&j.attempt);
	vault_release(&j.ahead);
	place_release(&j.place);
	if (number)
		raise(number);
	return ok;
}

static bool run(struct cli *c, struct err *e)
{
	return login(c->cmd, "models auth login", e);
}

static bool run_copilot(struct cli *c, struct err *e)
{
	given.provider = "github-copilot";
	return login(c->cmd, "github-copilot login", e);
}

const struct cmd cmd_login = {
	.name = "models auth login",
	.args = "[--provider NAME] [OPTION...]",
	.summary = "sign in to a provider in a browser, on this or any other machine",
	.detail =
		"Providers: openai-codex, qwen-portal, github-copilot, minimax-portal, "
		"chutes.\nSigns in with the client id that the gateways themselves use, so that "
		"they can renew the\nlogin. It stays in plain text (0600): a gateway writes it "
		"again at each renewal.",
	.opts = opts,
	.run = run,
};

const struct cmd cmd_login_copilot = {
	.name = "models auth login-github-copilot",
	.args = "[OPTION...]",
	.summary = "sign in to GitHub Copilot by a code; its token is sealed",
	.detail =
		"The same as models auth login --provider github-copilot. A gateway of January "
		"2026 cannot\nfollow a reference: for one the token stays in plain text.",
	.opts = copilot_opts,
	.run = run_copilot,
};
