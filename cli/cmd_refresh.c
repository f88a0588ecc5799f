/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/changes.h"
#include "cli/hold.h"
#include "cli/oauth_ask.h"
#include "cli/out_base.h"
#include "cli/place.h"
#include "store/profiles.h"

/*
 * `models auth refresh`: renews a login as a gateway does when it has expired, so that one can be
 * tried before the gateway needs it.
 *
 * A refresh token is worth one use, and the gateway has the same one. So the provider is asked
 * under the gateways' lock, with what the file holds then; and what came is written only where
 * the token still stands that was used for it.
 */

static const char *agent_option;

static const struct opt opts[] = {
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &agent_option } },
	{ .kind = OPT_END },
};

struct renewal {
	struct place place;
	const char *wanted; /* NULL: the only one there is */
	char id[256];
	struct oauth_attempt attempt;
	struct secret used; /* the refresh token that was sent */
	struct oauth_tokens tokens;
	struct profiles profiles;
	struct changes changes;
	bool overtaken; /* a gateway renewed it meanwhile */
};

/* --- which ------------------------------------------------------------------------------------ */

static bool not_found(const struct renewal *r, size_t logins, struct err *e)
{
	if (r->wanted)
		err_set(e, ERR_NOT_FOUND, "Auth profile \"%.100s\" not found in %s.", r->wanted,
			r->place.agent_dir);
	else if (logins)
		err_set(e, ERR_USAGE, "there are %zu logins: name the profile", logins);
	else
		err_set(e, ERR_NOT_FOUND, "no login is in %s", r->place.profiles);
	return err_hint(e, logins || r->wanted ? "thinkfleetbot models auth list shows them"
					       : "thinkfleetbot models auth login makes one");
}

static const struct profile *choose(const struct renewal *r, struct err *e)
{
	const struct profile *only = NULL;
	size_t logins = 0;

	for (size_t i = 0; i < r->profiles.count; i++) {
		if (r->profiles.list[i].kind != PROFILE_OAUTH)
			continue;
		logins++;
		only = &r->profiles.list[i];
	}
	if (r->wanted)
		only = profiles_find(&r->profiles, r->wanted);
	if (!only || (!r->wanted && logins != 1)) {
		not_found(r, logins, e);
		return NULL;
	}
	if (only->kind == PROFILE_OAUTH)
		return only;
	err_set(e, ERR_USAGE, "%.100s is no login: nothing renews it", only->id);
	err_hint(e, "a new key: thinkfleetbot models auth rotate %.100s", only->id);
	return NULL;
}

static uint32_t member(const struct doc *d, const char *id, const char *key)
{
	return doc_find(d, (const char *const[]){ "profiles", id, key, NULL });
}

/* The client that the login was made with: its own, else the gateways'. */
static bool take_client(struct renewal *r, struct err *e)
{
	struct oauth_client *c = &r->attempt.client;
	const char *key = getenv("CHUTES_CLIENT_SECRET");
	const char *usual = r->attempt.row->client_id;

	if (!doc_text(&r->profiles.doc, member(&r->profiles.doc, r->id, "clientId"), c->id,
		    sizeof(c->id)) ||
		!c->id[0])
		str_copy(c->id, sizeof(c->id), usual ? usual : "");
	if (!c->id[0])
		return err_set(e, ERR_DAMAGED, "%s: profile \"%.100s\" has no clientId",
			r->place.profiles, r->id);
	return !r->attempt.row->keeps_client || !key || !*key ||
	       secret_from(&c->key, key, strlen(key), e);
}

static bool take_row(struct renewal *r, const struct profile *p, struct err *e)
{
	const struct oauth *o = oauth_find(p->provider);

	str_copy(r->id, sizeof(r->id), p->id);
	if (!o || strcmp(o->provider, p->provider) != 0 || !o->renews) {
		err_set(e, ERR_USAGE, "a login to %.40s cannot be renewed from here", p->provider);
		return err_hint(e, "the gateway renews it when it is needed");
	}
	r->attempt.row = o;
	return oauth_addresses(&r->attempt.at, o, e);
}

/* --- renewing --------------------------------------------------------------------------------- */

static bool load(struct renewal *r, struct err *e)
{
	char state[FS_PATH_MAX];

	profiles_release(&r->profiles);
	return paths_auth_state(state, sizeof(state), r->place.agent_dir, e) &&
	       profiles_load(&r->profiles, r->place.profiles, state, e);
}

static bool ask(struct renewal *r, struct err *e)
{
	const struct profile *p = load(r, e) ? choose(r, e) : NULL;

	if (!p || !take_row(r, p, e) || !take_client(r, e))
		return false;
	if (!doc_secret(&r->profiles.doc, member(&r->profiles.doc, r->id, "refresh"), &r->used, e))
		return err_wrap(e, "the refresh token of \"%.100s\"", r->id);
	if (oauth_ask_refresh(&r->attempt, &r->used, &r->tokens, e))
		return true;
	if (e->code == ERR_REJECTED)
		err_hint(e, "sign in again: " OAUTH_COMMAND " %s", r->attempt.row->provider);
	return false;
}

static bool ask_locked(struct renewal *r, struct err *e)
{
	const struct peerlock_how how = { .january = paths_january(r->place.paths.config) };
	struct fs_lock own = { .fd = -1 };
	struct peerlock peer = { 0 };
	/* A token that is spent and cannot be written is lost. */
	bool ok = own_lock(&own, &r->place.paths, e) &&
		  fs_can_replace(r->place.profiles, r->profiles.doc.text.len + 65536, e) &&
		  peerlock_take(&peer, r->place.profiles, &how, e) && ask(r, e);

	peerlock_release(&peer);
	fs_unlock(&own);
	return ok;
}

/* Does the file still hold what was sent? */
static bool is_current(const struct renewal *r)
{
	struct secret now = { 0 };
	bool same = doc_secret(&r->profiles.doc, member(&r->profiles.doc, r->id, "refresh"), &now,
			    NULL) &&
		    secret_equal(&now, &r->used);

	secret_release(&now);
	return same;
}

static bool write_once(void *ctx, struct txn *t, struct err *e)
{
	struct renewal *r = ctx;
	const struct profile_login login = { .id = r->id,
		.provider = r->attempt.row->provider,
		.kind = PROFILE_OAUTH,
		.access = &r->tokens.access,
		.refresh = &r->tokens.refresh,
		.expires_ms = r->tokens.expires_ms,
		.account = r->tokens.account };
	struct buf before = { 0 };
	struct doc *d = &r->profiles.doc;
	bool ok;

	changes_release(&r->changes);
	if (!load(r, e))
		return false;
	r->overtaken = !is_current(r);
	if (r->overtaken)
		return true;
	ok = buf_add(&before, d->text.p, d->text.len, e) && profiles_put_login(d, &login, e) &&
	     profiles_clear_failures(d, r->id, e) &&
	     changes_add(
		     &r->changes, r->place.profiles, &r->profiles.stamp, &before, &d->text, e) &&
	     changes_into(t, &r->changes, r->place.paths.config, e) &&
	     (!r->changes.count || txn_commit(t, e));
	buf_release(&before);
	return ok;
}

static bool renew(struct renewal *r, struct err *e)
{
	if (!ask_locked(r, e))
		return false;
	if (hold_change(&r->place.paths, r->place.profiles, write_once, r, e))
		return true;
	err_wrap(e, "the login was renewed, but could not be written");
	return err_hint(e, "sign in again: " OAUTH_COMMAND " %s", r->attempt.row->provider);
}

static void tell(const struct renewal *r)
{
	char left[24];
	struct str s = STR_OF(left);

	fputs("Auth profile: ", stdout);
	out_text(stdout, r->id);
	printf(" (%s/oauth)\n", r->attempt.row->provider);
	if (r->overtaken) {
		puts("A gateway renewed it meanwhile; its login stays.");
		return;
	}
	clock_remaining(&s, r->tokens.expires_ms - clock_now_ms());
	printf("Renewed; expires in %s\n", left);
}

static bool run(struct cli *c, struct err *e)
{
	struct renewal r = { .wanted = c->args.count ? c->args.items[0] : NULL,
		.attempt.cancel_fd = -1 };
	/* Before any lock, whether there is anything to renew. */
	bool ok = place_find(&r.place, agent_option, PLACE_WRITE, c->cmd->name, e) && load(&r, e) &&
		  choose(&r, e) && renew(&r, e);

	if (ok)
		tell(&r);
	changes_release(&r.changes);
	profiles_release(&r.profiles);
	oauth_tokens_release(&r.tokens);
	oauth_attempt_release(&r.attempt);
	secret_release(&r.used);
	place_release(&r.place);
	return ok;
}

const struct cmd cmd_refresh = {
	.name = "models auth refresh",
	.args = "[PROFILE] [--agent ID]",
	.summary = "renew a login now, as a gateway does when it has expired",
	.detail =
		"Asks under the gateways' lock, so that both never use the same refresh token. "
		"Logins of\nopenai-codex, qwen-portal and chutes.",
	.opts = opts,
	.args_max = 1,
	.run = run,
};
