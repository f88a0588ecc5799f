/* SPDX-License-Identifier: MIT */
#include "chat/reply.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"

bool reply_current(struct buf *out, const char *model, struct err *e)
{
	return buf_fmt(out, e,
		"Current: %s\n\n"
		"Switch: /model <provider/model>\n"
		"Browse: /models (providers) or /models <provider> (models)\n"
		"More: /model status",
		model);
}

bool reply_is_number(const char *model)
{
	return model[0] && strspn(model, "0123456789") == strlen(model);
}

bool reply_number(struct buf *out, struct err *e)
{
	return buf_text(out,
		"Numeric model selection is not supported in chat.\n\n"
		"Browse: /models or /models <provider>\n"
		"Switch: /model <provider/model>",
		e);
}

static bool add_candidates(
	struct buf *out, const struct selection *s, const char *typed, struct err *e)
{
	bool ok = buf_fmt(out, e, "\"%s\" could be several models:\n", typed);

	for (size_t i = 0; ok && i < s->count; i++) {
		const struct chat_model *m = s->candidates[i];

		ok = buf_fmt(out, e, m->alias[0] ? "- %s (%s)\n" : "- %s\n", m->key, m->alias);
	}
	return ok && buf_text(out, "\nSwitch: /model <provider/model>", e);
}

bool reply_refused(struct buf *out, const struct selection *s, const char *typed, struct err *e)
{
	static const char where[] =
		"Use /models to list providers, or /models <provider> to list models.";

	switch (s->outcome) {
	case SELECT_AMBIGUOUS:
		return add_candidates(out, s, typed, e);
	case SELECT_FORBIDDEN:
		return buf_fmt(out, e, "Model \"%s\" is not allowed. %s", s->key, where);
	case SELECT_UNKNOWN:
	case SELECT_OK:
		break;
	}
	return buf_fmt(out, e, "Unrecognized model \"%s\". %s", typed, where);
}

bool reply_chosen(struct buf *out, const struct selection *s, const char *profile, struct err *e)
{
	bool ok;

	if (s->is_default)
		ok = buf_fmt(out, e, "Model reset to default (%s).", s->key);
	else if (s->alias[0])
		ok = buf_fmt(out, e, "Model set to %s (%s).", s->alias, s->key);
	else
		ok = buf_fmt(out, e, "Model set to %s.", s->key);
	return ok && (!profile[0] || buf_fmt(out, e, " Auth profile set to %s.", profile));
}

/* --- /model status ---------------------------------------------------------------------------- */

/* Like clock_remaining(), but what ends within the minute ends "soon" (7.5). */
static void add_until(struct str *out, const char *what, int64_t ms)
{
	str_add(out, what);
	if (ms < MS_MINUTE / 2)
		str_add(out, "soon");
	else
		clock_remaining(out, ms);
}

/* Flags in the family's order: next, lastGood, cooldown, exp. */
static void add_flags(struct str *out, const struct credential *c, bool next, int64_t now_ms)
{
	char flags[160];
	struct str s = STR_OF(flags);

	if (next)
		str_add(&s, ", next");
	if (c->last_good)
		str_add(&s, ", lastGood");
	if (c->disabled_until_ms > now_ms)
		str_add(&s, ", cooldown");
	else if (c->cooldown_until_ms > now_ms)
		add_until(&s, ", cooldown ", c->cooldown_until_ms - now_ms);
	if (c->kind != CRED_API_KEY && c->expires_ms > 0) {
		if (c->expires_ms <= now_ms)
			str_add(&s, ", expired");
		else
			add_until(&s, ", exp ", c->expires_ms - now_ms);
	}
	if (s.len)
		str_fmt(out, " (%s)", flags + 2);
}

static void add_profile(struct str *out, const struct credential *c, bool next, int64_t now_ms)
{
	str_fmt(out, "%s=", c->id);
	if (c->stored == STORED_MISSING) {
		str_add(out, "missing");
	} else if (c->kind == CRED_OAUTH) {
		str_add(out, "OAuth");
		if (c->email[0])
			str_fmt(out, " (%s)", c->email);
	} else {
		str_add(out, c->kind == CRED_TOKEN ? "token:" : "");
		credential_mask(out, c);
	}
	add_flags(out, c, next, now_ms);
}

/* The pinned profile goes first where it is in the order (10.1, step 7). */
static const struct credential *pinned_of(const struct reply_status *q, const char *provider)
{
	const struct credential *c = q->pinned[0] ? snapshot_find(q->s, q->pinned) : NULL;

	return c && c->in_store && c->rank && strcmp(c->provider, provider) == 0 ? c : NULL;
}

static bool add_profiles(struct buf *out, const struct reply_status *q, const char *provider,
	bool *any, struct err *e)
{
	const struct credential *pinned = pinned_of(q, provider);

	*any = false;
	for (unsigned rank = pinned ? 0 : 1;; rank++) {
		const struct credential *c = rank ? pin_ranked(q->s, provider, rank) : pinned;
		char text[ID_CAP + 512];
		struct str s = STR_OF(text);

		if (!c || !c->in_store)
			return true;
		if (rank && c == pinned)
			continue;
		if (*any)
			str_add(&s, ", ");
		add_profile(&s, c, !*any, q->s->now_ms);
		*any = true;
		if (!buf_text(out, text, e))
			return false;
	}
}

/* What stands where a provider has no profile: a variable, a configured key, nothing. */
static void add_other(struct str *out, const struct reply_status *q, const struct provider_state *p)
{
	if (p->env_var[0]) {
		str_add(out, strstr(p->env_var, "OAUTH_TOKEN") ? "OAuth (env)" : p->env_mask);
		str_fmt(out, " (env: %s)", p->env_var);
	} else if (p->config_key_mask[0]) {
		str_fmt(out, "%s (models.json: ", p->config_key_mask);
		fs_shorten(out, q->s->config_path, q->s->home);
		str_add(out, ")");
	} else {
		str_add(out, p->local ? "not needed" : "missing");
	}
}

static bool add_auth(struct buf *out, const struct reply_status *q, const struct provider_state *p,
	struct err *e)
{
	char text[2200];
	struct str s = STR_OF(text);
	bool any;

	if (!add_profiles(out, q, p->id, &any, e))
		return false;
	if (any) {
		str_add(&s, " (auth-profiles.json: ");
		fs_shorten(&s, q->s->store_path, q->s->home);
		str_add(&s, ")");
	} else {
		add_other(&s, q, p);
	}
	return buf_text(out, text, e);
}

static bool add_models(
	struct buf *out, const struct reply_status *q, const char *provider, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < q->catalog->count; i++) {
		const struct chat_model *m = &q->catalog->list[i];

		if (m->allowed && model_of(m->key, provider))
			ok = buf_fmt(out, e, m->alias[0] ? "\n  • %s (%s)" : "\n  • %s", m->key,
				m->alias);
	}
	return ok;
}

static bool add_provider(struct buf *out, const struct reply_status *q,
	const struct provider_state *p, struct err *e)
{
	const char *api = q->api(q->ctx, p->id);

	return buf_fmt(out, e, "\n\n[%s] endpoint: %s", p->id,
		       p->base_url[0] ? p->base_url : "default") &&
	       (!api[0] || buf_fmt(out, e, " api: %s", api)) && buf_text(out, " auth: ", e) &&
	       add_auth(out, q, p, e) && add_models(out, q, p->id, e);
}

static bool add_head(struct buf *out, const struct reply_status *q, struct err *e)
{
	char path[1100];
	struct str s = STR_OF(path);

	fs_shorten(&s, q->s->store_path, q->s->home);
	return buf_fmt(out, e, "Current: %s\nDefault: %s\nAgent: %s\nAuth file: %s", q->current,
		       q->catalog->main, q->s->agent, path) &&
	       (!q->pinned[0] || buf_fmt(out, e, "\nAuth profile: %s (%s)", q->pinned,
					 q->source == PIN_USER ? "pinned by you"
							       : "chosen for this session")) &&
	       (!q->reset || buf_text(out, "\n(previous selection reset to default)", e));
}

static bool has_models(const struct catalog *c, const char *provider)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].allowed && model_of(c->list[i].key, provider))
			return true;
	return false;
}

bool reply_status(struct buf *out, const struct reply_status *q, struct err *e)
{
	bool ok = add_head(out, q, e);

	for (size_t i = 0; ok && i < q->s->provider_count; i++) {
		const struct provider_state *p = &q->s->providers[i];

		if (p->profiles || has_models(q->catalog, p->id))
			ok = add_provider(out, q, p, e);
	}
	return ok;
}
