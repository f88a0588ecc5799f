/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/changes.h"
#include "cli/hold.h"
#include "cli/look.h"
#include "cli/out_base.h"
#include "cli/out_status.h"
#include "cli/out_table.h"
#include "cli/status_view.h"
#include "store/profiles.h"

/*
 * `models auth cooldown`: which profiles a gateway leaves alone for a while, and
 * putting an end to it (gateway-family.md 10.2). The notes stand in usageStats of
 * the agent's auth-profiles.json, in later gateways in auth-state.json beside it.
 */

static struct {
	const char *provider;
	const char *agent;
	bool json;
	bool all;
} given;

static const struct opt list_opts[] = {
	{ "provider", "NAME", "only this provider's", OPT_TEXT, { .text = &given.provider } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static const struct opt clear_opts[] = {
	{ "provider", "NAME", "every profile of this provider", OPT_TEXT,
		{ .text = &given.provider } },
	{ "all", NULL, "every profile of the agent", OPT_FLAG, { .flag = &given.all } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ .kind = OPT_END },
};

static bool read_provider(char provider[PROVIDER_CAP], struct err *e)
{
	provider[0] = '\0';
	return !given.provider || provider_normalise(provider, PROVIDER_CAP, given.provider) ||
	       err_set(e, ERR_USAGE, "no provider is called \"%.60s\"", given.provider);
}

/* --- list ---------------------------------------------------------------------------------------
 */

static bool listed(const struct snapshot *s, const struct credential *c, const char *provider)
{
	return c->in_store && status_unusable_until(c, s->now_ms) &&
	       (!provider[0] || strcmp(c->provider, provider) == 0);
}

static const char *kind_of(const struct snapshot *s, const struct credential *c)
{
	return c->disabled_until_ms > s->now_ms ? "disabled" : "cooldown";
}

static bool print_text(const struct snapshot *s, const char *provider, struct err *e)
{
	static const char *const head[] = { "PROFILE", "KIND", "REASON", "UNTIL", "LEFT" };
	struct out_table t = { 0 };
	bool ok = out_table_row(&t, head, ARRAY_LEN(head), e);
	size_t n = 0;

	for (size_t i = 0; ok && i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];
		int64_t until = status_unusable_until(c, s->now_ms);
		char when[40];
		char left[24];
		struct str w = STR_OF(when);
		struct str l = STR_OF(left);

		if (!listed(s, c, provider))
			continue;
		n++;
		clock_local(&w, until);
		clock_remaining(&l, until - s->now_ms);
		ok = out_table_row(&t,
			(const char *const[]){ c->id, kind_of(s, c),
				c->disabled_reason[0] ? c->disabled_reason : "-", when, left },
			ARRAY_LEN(head), e);
	}
	if (ok && n)
		out_table_print(stdout, &t);
	else if (ok)
		puts("No profile is in cooldown or disabled.");
	out_table_release(&t);
	return ok;
}

/* The members of auth.unusableProfiles in `models status --json`. */
static bool print_json(const struct snapshot *s, const char *provider, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->credential_count; i++)
		if (listed(s, &s->credentials[i], provider))
			json_append(list, status_unusable_json(&s->credentials[i], s));
	json_put(root, "agent", json_text(s->agent));
	json_put(root, "storePath", json_path(s->store_path, s->home));
	json_put(root, "unusableProfiles", list);
	return json_finish(stdout, root, e);
}

static bool run_list(struct cli *c, struct err *e)
{
	char provider[PROVIDER_CAP];
	struct snapshot s = { 0 };
	struct place place = { 0 };
	bool ok = false;

	if (read_provider(provider, e) &&
		place_find(&place, given.agent, PLACE_READ, c->cmd->name, e) &&
		look_take(&s, &place, &(struct look){ 0 }, e) &&
		(given.json ? print_json(&s, provider, e) : print_text(&s, provider, e)))
		ok = look_complete(&s, e);
	snapshot_release(&s);
	place_release(&place);
	return ok;
}

/* --- clear --------------------------------------------------------------------------------------
 */

struct clearing {
	struct place place;
	char provider[PROVIDER_CAP];
	const struct args *args;
	struct profiles profiles;
	struct changes changes;
	size_t cleared; /* profiles that had something to clear */
};

static bool named(const struct clearing *x, const char *id)
{
	for (size_t i = 0; i < x->args->count; i++)
		if (strcmp(x->args->items[i], id) == 0)
			return true;
	return false;
}

static bool wanted(const struct clearing *x, const struct profile *p)
{
	return given.all || named(x, p->id) ||
	       (x->provider[0] && strcmp(x->provider, p->provider) == 0);
}

/* An agent notes failures of profiles, too, that it has from main. */
static bool noted(const struct doc *d, const char *id)
{
	return d->count && doc_find(d, (const char *const[]){ "usageStats", id, NULL }) != DOC_NONE;
}

/* One of the two files; the lists of x->profiles stay valid, they are copies. */
static bool clear_in(struct clearing *x, struct doc *d, const char *path,
	const struct fs_stamp *stamp, struct err *e)
{
	struct buf before = { 0 };
	bool ok = !d->count || buf_add(&before, d->text.p, d->text.len, e);

	for (size_t i = 0; ok && d->count && i < x->profiles.count; i++)
		if (wanted(x, &x->profiles.list[i]))
			ok = profiles_clear_failures(d, x->profiles.list[i].id, e);
	for (size_t i = 0; ok && d->count && i < x->args->count; i++)
		ok = profiles_clear_failures(d, x->args->items[i], e);
	ok = ok && (!d->count || changes_add(&x->changes, path, stamp, &before, &d->text, e));
	buf_release(&before);
	return ok;
}

static bool all_exist(const struct clearing *x, struct err *e)
{
	for (size_t i = 0; i < x->args->count; i++) {
		const char *id = x->args->items[i];

		if (profiles_find(&x->profiles, id) || noted(&x->profiles.doc, id) ||
			noted(&x->profiles.state, id))
			continue;
		err_set(e, ERR_NOT_FOUND, "Auth profile \"%.100s\" not found in %s.", id,
			x->place.agent_dir);
		return err_hint(e, "thinkfleetbot models auth cooldown list shows them");
	}
	return true;
}

static bool clear_once(void *ctx, struct txn *t, struct err *e)
{
	struct clearing *x = ctx;
	char state[FS_PATH_MAX];

	profiles_release(&x->profiles);
	changes_release(&x->changes);
	x->cleared = 0;
	if (!paths_auth_state(state, sizeof(state), x->place.agent_dir, e) ||
		!profiles_load(&x->profiles, x->place.profiles, state, e) || !all_exist(x, e))
		return false;
	for (size_t i = 0; i < x->profiles.count; i++)
		x->cleared += wanted(x, &x->profiles.list[i]) &&
			      profile_has_failures(&x->profiles.list[i]);
	return clear_in(x, &x->profiles.state, state, &x->profiles.state_stamp, e) &&
	       clear_in(x, &x->profiles.doc, x->place.profiles, &x->profiles.stamp, e) &&
	       changes_can(&x->changes, e) &&
	       changes_into(t, &x->changes, x->place.paths.config, e) &&
	       (!x->changes.count || txn_commit(t, e));
}

static bool choose(const struct args *args, struct err *e)
{
	int ways = (args->count > 0) + (given.provider != NULL) + given.all;

	if (ways == 1)
		return true;
	err_set(e, ERR_USAGE,
		ways ? "choose one of PROFILE..., --provider and --all"
		     : "Missing profile ids. Provide one or more profile ids.");
	return err_hint(e, "or --provider NAME, or --all");
}

static bool run_clear(struct cli *c, struct err *e)
{
	struct clearing x = { .args = &c->args };
	bool ok = choose(&c->args, e) && read_provider(x.provider, e) &&
		  place_find(&x.place, given.agent, PLACE_WRITE, c->cmd->name, e) &&
		  hold_change(&x.place.paths, x.place.profiles, clear_once, &x, e);

	if (ok) {
		printf("Agent: %s\n", x.place.agent);
		printf("Cleared cooldowns of %zu profile%s.\n", x.cleared,
			x.cleared == 1 ? "" : "s");
	}
	changes_release(&x.changes);
	profiles_release(&x.profiles);
	place_release(&x.place);
	return ok;
}

const struct cmd cmd_cooldown_list = {
	.name = "models auth cooldown list",
	.args = "[--provider P] [--agent ID] [--json]",
	.summary = "list the profiles that a gateway leaves alone for now, and until when",
	.opts = list_opts,
	.run = run_list,
};

const struct cmd cmd_cooldown_clear = {
	.name = "models auth cooldown clear",
	.args = "PROFILE...|--provider P|--all [--agent ID]",
	.summary = "let a gateway try them again at once",
	.detail =
		"Takes the notes about failures out of the agent's files. A gateway that is "
		"running may\nhold its own copy until its next attempt.",
	.opts = clear_opts,
	.args_max = OPT_LIST_CAP,
	.run = run_clear,
};
