/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/hold.h"
#include "cli/out_order.h"
#include "cli/place.h"
#include "health/health.h"
#include "store/profiles.h"
#include "store/txn.h"

/*
 * `models auth order`: the explicit order of one agent, kept in its
 * auth-profiles.json. Texts and checks are the family's (gateway-family.md 9.1-9.3).
 */

static struct {
	const char *provider;
	const char *agent;
	bool json;
} given;

static const struct opt get_opts[] = {
	{ "provider", "NAME", "the provider (required)", OPT_TEXT, { .text = &given.provider } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static const struct opt change_opts[] = {
	{ "provider", "NAME", "the provider (required)", OPT_TEXT, { .text = &given.provider } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ .kind = OPT_END },
};

/* What the three commands begin with. */
struct order {
	struct place place;
	struct profiles profiles;
	struct profiles inherited; /* main's, as `get` shows it for an agent without an order */
	char provider[PROVIDER_CAP];
};

static bool order_open(struct order *o, enum place_use use, const char *command, struct err *e)
{
	char state[FS_PATH_MAX];

	*o = (struct order){ 0 };
	if (!given.provider ||
		!provider_normalise(o->provider, sizeof(o->provider), given.provider) ||
		!o->provider[0])
		return err_set(e, ERR_USAGE, "Missing --provider.");
	if (!place_find(&o->place, given.agent, use, command, e))
		return false;
	/* Which agent is the default stands there. */
	if (o->place.config_error.code && !given.agent) {
		*e = o->place.config_error;
		return false;
	}
	return paths_auth_state(state, sizeof(state), o->place.agent_dir, e) &&
	       profiles_load(&o->profiles, o->place.profiles, state, e);
}

/* An agent that has no order of its own follows main's (gateway-family.md 4). */
static bool load_inherited(struct order *o, struct err *e)
{
	char path[FS_PATH_MAX];
	char state[FS_PATH_MAX];
	struct place main = { 0 };
	bool ok;

	if (profiles_order(&o->profiles, o->provider) || strcmp(o->place.agent, AGENT_DEFAULT) == 0)
		return true;
	ok = place_find(&main, AGENT_DEFAULT, PLACE_READ, "models auth order get", e) &&
	     paths_profiles(path, sizeof(path), main.agent_dir, e) &&
	     paths_auth_state(state, sizeof(state), main.agent_dir, e) &&
	     profiles_load(&o->inherited, path, state, e);
	place_release(&main);
	return ok;
}

static void order_close(struct order *o)
{
	profiles_release(&o->inherited);
	profiles_release(&o->profiles);
	place_release(&o->place);
}

static void view_of(const struct order *o, struct order_view *view)
{
	const struct profile_order *row = profiles_order(&o->profiles, o->provider);

	if (!row)
		row = profiles_order(&o->inherited, o->provider);
	*view = (struct order_view){ .agent = o->place.agent,
		.agent_dir = o->place.agent_dir,
		.provider = o->provider,
		.store_path = o->place.profiles,
		.home = o->place.paths.home,
		.ids = row ? row->ids : NULL,
		.count = row ? row->count : 0 };
}

static bool run_get(struct cli *c, struct err *e)
{
	struct order_view view;
	struct order o;
	bool ok = false;

	(void)c;
	if (!order_open(&o, PLACE_READ, "models auth order get", e) || !load_inherited(&o, e))
		goto out;
	view_of(&o, &view);
	if (given.json) {
		ok = out_order_get_json(stdout, &view, e);
	} else {
		out_order_get(stdout, &view);
		ok = true;
	}
out:
	order_close(&o);
	return ok;
}

struct change_of {
	struct order *o;
	bool (*edit)(struct order *, struct err *);
};

/* One edit of the store as it is now, written under the gateways' lock when it changed something.
 */
static bool change_once(void *ctx, struct txn *t, struct err *e)
{
	const struct change_of *of = ctx;
	struct order *o = of->o;
	const struct peerlock_how peer = { .january = paths_january(o->place.paths.config) };
	struct txn_change c = {
		.path = o->place.profiles, .expect = &o->profiles.stamp, .peer = &peer
	};
	struct buf before = { 0 };
	struct doc *d = &o->profiles.doc;
	char state[FS_PATH_MAX];
	bool ok = false;

	profiles_release(&o->profiles);
	if (!paths_auth_state(state, sizeof(state), o->place.agent_dir, e) ||
		!profiles_load(&o->profiles, o->place.profiles, state, e) ||
		!buf_add(&before, d->text.p, d->text.len, e) || !of->edit(o, e))
		goto out;
	c.p = d->text.p;
	c.n = d->text.len;
	ok = (o->profiles.exists && before.len == d->text.len &&
		     memcmp(before.p, d->text.p, before.len) == 0) ||
	     (txn_add(t, &c, e) && txn_commit(t, e));
out:
	buf_release(&before);
	return ok;
}

static bool change(struct order *o, bool (*edit)(struct order *, struct err *), struct err *e)
{
	struct change_of of = { .o = o, .edit = edit };

	return fs_mkdirs(o->place.agent_dir, e) &&
	       hold_change(&o->place.paths, o->place.profiles, change_once, &of, e);
}

/* Distinct, trimmed of blanks by the shell; what the edit and the answer both use. */
static const char *wanted[OPT_LIST_CAP];
static size_t wanted_count;

static bool collect(const struct args *args, struct err *e)
{
	for (size_t i = 0; i < args->count; i++) {
		bool again = args->items[i][0] == '\0';

		for (size_t k = 0; k < wanted_count && !again; k++)
			again = strcmp(wanted[k], args->items[i]) == 0;
		if (again)
			continue;
		if (wanted_count == OPT_LIST_CAP)
			return err_set(e, ERR_USAGE, "more than %d profile ids", OPT_LIST_CAP);
		wanted[wanted_count++] = args->items[i];
	}
	if (wanted_count)
		return true;
	return err_set(e, ERR_USAGE, "Missing profile ids. Provide one or more profile ids.");
}

static bool check_ids(const struct order *o, struct err *e)
{
	for (size_t i = 0; i < wanted_count; i++) {
		const struct profile *p = profiles_find(&o->profiles, wanted[i]);

		if (!p) {
			err_set(e, ERR_NOT_FOUND, "Auth profile \"%.100s\" not found in %s.",
				wanted[i], o->place.agent_dir);
			return err_hint(e, "thinkfleetbot models status lists the profiles");
		}
		if (strcmp(p->provider, o->provider) != 0)
			return err_set(e, ERR_USAGE, "Auth profile \"%.100s\" is for %s, not %s.",
				wanted[i], p->provider, o->provider);
	}
	return true;
}

static bool edit_set(struct order *o, struct err *e)
{
	return check_ids(o, e) &&
	       profiles_order_set(&o->profiles.doc, o->provider, wanted, wanted_count, e);
}

static bool run_set(struct cli *c, struct err *e)
{
	struct order_view view;
	struct order o = { 0 };
	bool ok = false;

	if (!collect(&c->args, e) || !order_open(&o, PLACE_WRITE, "models auth order set", e) ||
		!check_ids(&o, e) || !change(&o, edit_set, e))
		goto out;
	view_of(&o, &view);
	view.ids = wanted;
	view.count = wanted_count;
	out_order_set(stdout, &view);
	ok = true;
out:
	order_close(&o);
	return ok;
}

static bool edit_clear(struct order *o, struct err *e)
{
	return profiles_order_clear(&o->profiles.doc, o->provider, e);
}

static bool run_clear(struct cli *c, struct err *e)
{
	struct order_view view;
	struct order o = { 0 };
	bool ok = false;

	(void)c;
	if (!order_open(&o, PLACE_WRITE, "models auth order clear", e) ||
		!change(&o, edit_clear, e))
		goto out;
	view_of(&o, &view);
	out_order_clear(stdout, &view);
	ok = true;
out:
	order_close(&o);
	return ok;
}

const struct cmd cmd_order_get = {
	.name = "models auth order get",
	.args = "--provider P [--agent ID] [--json]",
	.summary = "show the order in which an agent tries a provider's profiles",
	.opts = get_opts,
	.run = run_get,
};

const struct cmd cmd_order_set = {
	.name = "models auth order set",
	.args = "--provider P [--agent ID] PROFILE...",
	.summary = "set that order for one agent",
	.opts = change_opts,
	.args_max = OPT_LIST_CAP,
	.run = run_set,
};

const struct cmd cmd_order_clear = {
	.name = "models auth order clear",
	.args = "--provider P [--agent ID]",
	.summary = "forget it: back to the configured or automatic order",
	.opts = change_opts,
	.run = run_clear,
};
