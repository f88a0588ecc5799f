/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/look.h"
#include "cli/out_base.h"
#include "cli/out_table.h"

/* `models auth list`: what there is, in one line each. No secret, nothing is written. */

static struct {
	const char *provider;
	const char *agent;
	bool json;
} given;

static const struct opt opts[] = {
	{ "provider", "NAME", "only this provider's", OPT_TEXT, { .text = &given.provider } },
	{ "agent", "ID", "agent (default: the configured default agent)", OPT_TEXT,
		{ .text = &given.agent } },
	{ "json", NULL, "print JSON", OPT_FLAG, { .flag = &given.json } },
	{ .kind = OPT_END },
};

static bool wanted(const struct credential *c, const char *provider)
{
	return !provider[0] || strcmp(c->provider, provider) == 0;
}

static bool print_text(const struct snapshot *s, const char *provider, struct err *e)
{
	static const char *const head[] = { "PROFILE", "KIND", "STORED", "FINGERPRINT", "SELECTED",
		"EXPIRES" };
	struct out_table t = { 0 };
	bool ok = out_table_row(&t, head, ARRAY_LEN(head), e);
	size_t n = 0;

	for (size_t i = 0; ok && i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];
		char stored[120], selected[320], expires[120];
		struct str st = STR_OF(stored);
		struct str se = STR_OF(selected);
		struct str ex = STR_OF(expires);

		if (!wanted(c, provider))
			continue;
		fact_stored(&st, c);
		fact_selected(&se, c, s->now_ms);
		fact_expires(&ex, c, s->now_ms);
		n++;
		ok = out_table_row(&t,
			(const char *const[]){ c->id, cred_kind_name(c->kind), stored,
				c->fingerprint[0] ? c->fingerprint : "-", selected, expires },
			ARRAY_LEN(head), e);
	}
	if (ok && n)
		out_table_print(stdout, &t);
	else if (ok && !s->unread_count)
		puts(provider[0] ? "No credential of this provider is stored. thinkfleetbot "
				   "onboard adds one."
				 : "No credential is stored. thinkfleetbot onboard adds one.");
	out_table_release(&t);
	return ok;
}

static struct json_object *number_or_null(int64_t n)
{
	return n ? json_object_new_int64(n) : NULL;
}

static struct json_object *text_or_null(const char *text)
{
	return text[0] ? json_text(text) : NULL;
}

static struct json_object *row(const struct credential *c)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "profile", json_text(c->id));
	json_put(o, "provider", json_text(c->provider));
	json_put(o, "kind", json_text(cred_kind_name(c->kind)));
	json_put(o, "inStore", json_object_new_boolean(c->in_store));
	json_put(o, "stored", json_text(stored_name(c->stored)));
	json_put(o, "opens", json_text(opens_name(c->opens)));
	json_put(o, "fingerprint", text_or_null(c->fingerprint));
	json_put(o, "revision", number_or_null((int64_t)c->rev));
	json_put(o, "record", text_or_null(c->ref));
	json_put(o, "variable", text_or_null(c->var));
	json_put(o, "selected", json_text(selected_name(c->selected)));
	json_put(o, "selectedBy", text_or_null(c->selected_by));
	json_put(o, "expiresAt", number_or_null(c->expires_ms));
	json_put(o, "cooldownUntil", number_or_null(c->cooldown_until_ms));
	json_put(o, "disabledUntil", number_or_null(c->disabled_until_ms));
	json_put(o, "disabledReason", text_or_null(c->disabled_reason));
	return o;
}

static bool print_json(const struct snapshot *s, const char *provider, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_put(root, "agent", json_text(s->agent));
	json_put(root, "storePath", json_path(s->store_path, s->home));
	json_put(root, "provider", text_or_null(provider));
	for (size_t i = 0; i < s->credential_count; i++)
		if (wanted(&s->credentials[i], provider))
			json_append(list, row(&s->credentials[i]));
	json_put(root, "profiles", list);
	return json_finish(stdout, root, e);
}

static bool run(struct cli *c, struct err *e)
{
	char provider[PROVIDER_CAP] = "";
	struct snapshot s = { 0 };
	struct place place;
	bool ok;

	(void)c;
	if (given.provider && !provider_normalise(provider, sizeof(provider), given.provider))
		return err_set(e, ERR_USAGE, "no provider is called \"%.60s\"", given.provider);
	if (!place_find(&place, given.agent, PLACE_READ, "models auth list", e))
		return false;
	ok = look_take(&s, &place, &(struct look){ 0 }, e) &&
	     (given.json ? print_json(&s, provider, e) : print_text(&s, provider, e)) &&
	     look_complete(&s, e);
	snapshot_release(&s);
	place_release(&place);
	return ok;
}

const struct cmd cmd_list = {
	.name = "models auth list",
	.args = "[--provider P] [--agent ID] [--json]",
	.summary = "list the credentials: kind, where it is stored, fingerprint, expiry",
	.opts = opts,
	.run = run,
};
