/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "health/order.h"
#include "health/survey_data.h"

/*
 * `selected` of every credential: the profiles of each provider through the one
 * order function, then what the gateway would take without them
 * (gateway-family.md 6.6): a variable, then a key in the configuration.
 */

/* All profiles and all entries of auth.profiles, each sorted by provider, then as filed. */
struct select {
	struct survey *v;
	struct credential **members;
	size_t member_count;
	const struct config_profile **configured;
	size_t configured_at; /* entries of earlier providers */
	struct order_profile *profiles;
	const char **ids;
};

/* One provider's round. */
struct group {
	struct credential **members;
	size_t count;
	struct order_input in;
	const char *order_by; /* where the explicit order stands */
};

static int compare_members(const void *a, const void *b)
{
	const struct credential *x = *(const struct credential *const *)a;
	const struct credential *y = *(const struct credential *const *)b;
	int c = strcmp(x->provider, y->provider);

	return c ? c : (x > y) - (x < y);
}

static int compare_configured(const void *a, const void *b)
{
	const struct config_profile *x = *(const struct config_profile *const *)a;
	const struct config_profile *y = *(const struct config_profile *const *)b;
	int c = strcmp(x->provider, y->provider);

	return c ? c : (x > y) - (x < y);
}

static bool select_init(struct select *w, struct survey *v, struct err *e)
{
	size_t n = v->s->credential_count;
	size_t listed = v->config.profile_count;

	*w = (struct select){
		.v = v,
		.members = calloc(n + 1, sizeof(struct credential *)),
		.configured = calloc(listed + 1, sizeof(const struct config_profile *)),
		.profiles = calloc(n + 1, sizeof(*w->profiles)),
		.ids = calloc(listed + 1, sizeof(const char *)),
	};
	if (!w->members || !w->configured || !w->profiles || !w->ids)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < n; i++)
		w->members[w->member_count++] = &v->s->credentials[i];
	for (size_t i = 0; i < listed; i++)
		w->configured[i] = &v->config.profiles[i];
	qsort(w->members, n, sizeof(struct credential *), compare_members);
	qsort(w->configured, listed, sizeof(const struct config_profile *), compare_configured);
	return true;
}

static void select_release(struct select *w)
{
	free(w->members);
	free(w->configured);
	free(w->profiles);
	free(w->ids);
}

static void describe_profile(struct select *w, struct order_profile *p, struct credential *c)
{
	const struct profile *from = w->v->sources[c - w->v->s->credentials];
	const struct config_profile *listed = survey_configured(w->v, from->id);

	*p = (struct order_profile){
		.id = from->id,
		.provider = from->provider,
		.kind = c->kind,
		.has_secret = from->has_key || from->has_ref,
		.expires_ms = c->expires_ms,
		.last_used_ms = c->last_used_ms,
		.unusable_until_ms = c->cooldown_until_ms > c->disabled_until_ms
					     ? c->cooldown_until_ms
					     : c->disabled_until_ms,
		.configured = listed != NULL,
	};
	if (!listed)
		return;
	p->configured_provider = listed->provider;
	if (!cred_kind_parse(listed->mode, &p->configured_mode))
		p->configured_mode = CRED_NONE;
}

/* The store's order of this agent, else the inherited one, else the configuration's. */
static void find_order(struct survey *v, struct group *g)
{
	const struct profile_order *o = profiles_order(&v->own.profiles, g->in.provider);
	const struct config_order *c = config_order(&v->config, g->in.provider);

	if (!o && v->layered)
		o = profiles_order(&v->main.profiles, g->in.provider);
	if (o) {
		g->in.explicit_ids = o->ids;
		g->in.explicit_count = o->count;
		g->order_by = "the order in auth-profiles.json";
	} else if (c) {
		g->in.explicit_ids = c->ids;
		g->in.explicit_count = c->count;
		g->order_by = "auth.order in the configuration";
	}
	g->in.explicit_given = o || c;
}

/* Both lists are sorted by provider, so one walk serves all groups. */
static void find_configured(struct select *w, struct group *g)
{
	size_t total = w->v->config.profile_count;
	size_t n = 0;

	while (w->configured_at < total) {
		const struct config_profile *p = w->configured[w->configured_at];
		int c = strcmp(p->provider, g->in.provider);

		if (c > 0)
			break;
		if (c == 0)
			w->ids[n++] = p->id;
		w->configured_at++;
	}
	g->in.configured_ids = w->ids;
	g->in.configured_count = n;
}

struct outcome {
	enum selected selected;
	const char *by;
	enum excluded excluded;
};

static struct outcome outcome_of(const struct group *g, enum fate fate)
{
	switch (fate) {
	case FATE_NOT_LISTED:
		return (struct outcome){ SELECTED_EXCLUDED, g->order_by, EXCLUDED_ORDER };
	case FATE_NOT_CONFIGURED:
		return (struct outcome){ SELECTED_EXCLUDED, "auth.profiles in the configuration",
			EXCLUDED_OTHERS };
	case FATE_DIFFERS:
		return (struct outcome){ SELECTED_EXCLUDED,
			"another provider or mode in auth.profiles", EXCLUDED_DIFFERS };
	case FATE_NO_SECRET:
		return (struct outcome){ SELECTED_UNUSABLE, "no key", EXCLUDED_NOT };
	case FATE_EXPIRED:
		return (struct outcome){ SELECTED_UNUSABLE, "expired", EXCLUDED_NOT };
	case FATE_COOLING:
		return (struct outcome){ SELECTED_COOLDOWN, "", EXCLUDED_NOT };
	case FATE_USABLE:
	case FATE_OTHER_PROVIDER:
		break;
	}
	return (struct outcome){ SELECTED_BEHIND, "", EXCLUDED_NOT };
}

static void apply(struct group *g, const struct order_result *r)
{
	const char *first = r->ranked_count ? g->in.profiles[r->ranked[0]].id : "";

	for (size_t i = 0; i < g->in.count; i++) {
		struct outcome o = outcome_of(g, r->fates[i]);

		if (o.selected == SELECTED_BEHIND)
			o.by = first;
		g->members[i]->selected = o.selected;
		g->members[i]->excluded = o.excluded;
		str_copy(g->members[i]->selected_by, sizeof(g->members[i]->selected_by), o.by);
	}
	for (size_t i = 0; i < r->ranked_count; i++)
		g->members[r->ranked[i]]->rank = (unsigned)i + 1;
	if (r->ranked_count && r->fates[r->ranked[0]] == FATE_USABLE) {
		struct credential *c = g->members[r->ranked[0]];

		c->selected = SELECTED_FIRST;
		c->selected_by[0] = '\0';
	}
}

static void set_selected(struct credential *c, enum selected selected, const char *by)
{
	c->selected = selected;
	str_copy(c->selected_by, sizeof(c->selected_by), by);
}

/* In .env, but the process's environment has the variable, maybe empty (survey_env.c). */
static bool hidden(const struct credential *c)
{
	return c->var[0] && strcmp(c->id, c->var) != 0;
}

/*
 * Variables and configured keys, behind any profile. Of several variables the
 * table's first wins and the others are shadowed.
 */
static void select_rest(struct group *g, const char *profile, size_t ranked)
{
	const struct credential *first = NULL;
	unsigned rank = (unsigned)ranked;

	for (size_t i = g->in.count; i < g->count; i++) {
		struct credential *c = g->members[i];
		bool variables = first && first->var[0] && c->var[0];

		if (hidden(c))
			set_selected(c, SELECTED_SHADOWED, c->var);
		else if (profile)
			set_selected(c, SELECTED_BEHIND, profile);
		else if (first)
			set_selected(c, variables ? SELECTED_SHADOWED : SELECTED_BEHIND, first->id);
		else
			set_selected(c, SELECTED_FIRST, "");
		if (c->selected != SELECTED_SHADOWED)
			c->rank = ++rank;
		if (!first && !hidden(c))
			first = c;
	}
}

static bool select_group(struct select *w, struct group *g, struct err *e)
{
	struct order_result r;
	const char *profile = NULL;

	g->in.provider = g->members[0]->provider;
	g->in.now_ms = w->v->o->now_ms;
	g->in.profiles = w->profiles;
	while (g->in.count < g->count && g->members[g->in.count]->in_store) {
		describe_profile(w, &w->profiles[g->in.count], g->members[g->in.count]);
		g->in.count++;
	}
	find_order(w->v, g);
	find_configured(w, g);
	if (!order_resolve(&r, &g->in, e))
		return false;
	apply(g, &r);
	if (r.ranked_count)
		profile = g->in.profiles[r.ranked[0]].id;
	select_rest(g, profile, r.ranked_count);
	order_release(&r);
	return true;
}

bool survey_select(struct survey *v, struct err *e)
{
	struct select w;
	bool ok = select_init(&w, v, e);

	for (size_t at = 0; ok && at < w.member_count;) {
		struct group g = { .members = w.members + at };

		while (at < w.member_count &&
			strcmp(w.members[at]->provider, g.members[0]->provider) == 0) {
			g.count++;
			at++;
		}
		ok = select_group(&w, &g, e);
	}
	select_release(&w);
	return ok;
}
