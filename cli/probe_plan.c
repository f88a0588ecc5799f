/* SPDX-License-Identifier: MIT */
#include "cli/probe.h"

#include <stdlib.h>
#include <string.h>

#include "cli/status_view.h"
#include "provider/own.h"

#define EXCLUDED_TEXT "Excluded by auth.order for this provider."
#define INELIGIBLE_TEXT "Auth profile credentials are missing or expired.\n↳ Auth reason "
#define NO_MODEL_TEXT "No model available for probe"
#define MODELS_MAX (3 * SNAPSHOT_LIST_CAP + 2)

struct plan {
	struct probe_report *r;
	const struct snapshot *s;
	const struct place *place;
	const struct probe_ask *ask;
	size_t cap;
	char models[MODELS_MAX][192]; /* what is configured, resolved, in the family's order */
	size_t model_count;
};

/* --- models -----------------------------------------------------------------------------------
 */

static void add_model(struct plan *p, const char *raw)
{
	if (raw[0] && p->model_count < MODELS_MAX &&
		config_resolve_model(
			&p->place->config, raw, p->models[p->model_count], sizeof(p->models[0])))
		p->model_count++;
}

static void collect_models(struct plan *p)
{
	const struct snapshot *s = p->s;

	add_model(p, s->default_model);
	for (size_t i = 0; i < s->fallback_count; i++)
		add_model(p, s->fallbacks[i]);
	add_model(p, s->image_model);
	for (size_t i = 0; i < s->image_fallback_count; i++)
		add_model(p, s->image_fallbacks[i]);
	for (size_t i = 0; i < s->allowed_count; i++)
		add_model(p, s->allowed[i]);
}

/* The first that is configured for the provider, else the first of the table, else "". */
static const char *model_for(const struct plan *p, const char *provider)
{
	const struct provider *known = provider_find(provider);
	size_t n = strlen(provider);

	for (size_t i = 0; i < p->model_count; i++)
		if (strncmp(p->models[i], provider, n) == 0 && p->models[i][n] == '/')
			return p->models[i];
	return known && known->models[0] ? known->models[0] : "";
}

/* --- what may be asked ------------------------------------------------------------------------
 */

/* The family's reason codes (8.6, 8.7), with its words for each. */
static const struct {
	const char *code;
	const char *text;
} ineligible[] = {
	{ "missing_credential", "no inline credential or SecretRef is configured." },
	{ "invalid_expires", "token expires must be a positive Unix ms timestamp." },
	{ "expired", "token credentials are expired." },
	{ "unresolved_ref", "configured SecretRef could not be resolved." },
	{ "ineligible_profile", "profile is incompatible with provider config." },
};

void probe_refuse(struct probe_row *row, const char *code)
{
	struct str s = STR_OF(row->error);

	row->target = false;
	row->status = PROBE_UNKNOWN;
	row->reason_code = code;
	for (size_t i = 0; i < ARRAY_LEN(ineligible); i++)
		if (strcmp(ineligible[i].code, code) == 0)
			str_fmt(&s, INELIGIBLE_TEXT "[%s]: %s", code, ineligible[i].text);
}

static const char *why_not(const struct credential *c, int64_t now_ms)
{
	if (c->excluded == EXCLUDED_DIFFERS)
		return "ineligible_profile";
	if (c->stored == STORED_MISSING)
		return "missing_credential";
	if (c->expires_invalid)
		return "invalid_expires";
	if (c->kind == CRED_TOKEN && c->expires_ms > 0 && c->expires_ms <= now_ms)
		return "expired";
	if (c->stored == STORED_REFERENCE ||
		(c->stored == STORED_SEALED && c->opens != OPENS_YES && c->opens != OPENS_OLDER))
		return "unresolved_ref";
	return NULL;
}

bool probe_method(const struct probe_row *row, const struct config *config,
	const struct provider **p, const struct method **m)
{
	const struct credential *c = row->credential;
	enum cred_kind kind = c ? c->kind : CRED_API_KEY;
	const struct config_provider *from = config_provider(config, row->provider->id);

	*p = provider_find(row->provider->id);
	if (!*p && from && from->base_url[0]) /* no name of ours, or an address that is refused */
		*p = own_provider_like(from->api);
	*m = *p ? provider_method_of_kind(*p, kind) : NULL;
	/* A token that was pasted for a provider of keys goes where its keys go. */
	if (*p && !*m && kind == CRED_TOKEN)
		*m = provider_method_of_kind(*p, CRED_API_KEY);
	if (*p && !*m && (*p)->local)
		*m = provider_method_of_kind(*p, CRED_NONE);
	return *m != NULL;
}

static void judge(struct plan *p, struct probe_row *row)
{
	const struct credential *c = row->credential;
	const char *code = c ? why_not(c, p->s->now_ms) : NULL;
	const struct provider *known;
	const struct method *m;

	if (c && c->excluded == EXCLUDED_ORDER) {
		probe_refuse(row, "excluded_by_auth_order");
		str_copy(row->error, sizeof(row->error), EXCLUDED_TEXT);
	} else if (code) {
		probe_refuse(row, code);
	} else if (probe_method(row, &p->place->config, &known, &m)) {
		row->target = true;
		p->r->targets++;
	} else if (!row->model[0]) {
		row->status = PROBE_NO_MODEL;
		row->reason_code = "no_model";
		str_copy(row->error, sizeof(row->error), NO_MODEL_TEXT);
	} else {
		str_copy(row->error, sizeof(row->error),
			c && c->kind == CRED_OAUTH
				? "A login is not asked for here: the gateway renews it."
				: "No live check is known for this provider.");
	}
}

/* --- rows -------------------------------------------------------------------------------------
 */

static struct probe_row *add_row(
	struct plan *p, const struct provider_state *provider, const struct credential *c)
{
	struct probe_report *r = p->r;
	struct probe_row *row;

	if (r->count == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		struct probe_row *grown = realloc(r->rows, cap * sizeof(*grown));

		if (!grown)
			return NULL;
		r->rows = grown;
		p->cap = cap;
	}
	row = &r->rows[r->count++];
	*row = (struct probe_row){ .provider = provider,
		.credential = c,
		.status = PROBE_UNKNOWN,
		.mode = cred_kind_name(c ? c->kind : CRED_API_KEY),
		.latency_ms = -1 };
	str_copy(row->model, sizeof(row->model), model_for(p, provider->id));
	return row;
}

static bool add_profile(
	struct plan *p, const struct provider_state *provider, const struct credential *c)
{
	struct probe_row *row = add_row(p, provider, c);
	struct str label = row ? STR_OF(row->label) : (struct str){ 0 };

	if (!row)
		return false;
	row->source = "profile";
	str_copy(row->profile_id, sizeof(row->profile_id), c->id);
	status_display(&label, c);
	judge(p, row);
	return true;
}

/* Not of the store: those come after the profiles. */
static const struct credential *other_credential(
	const struct snapshot *s, const char *provider, const char *id)
{
	for (size_t i = s->credential_count; i > 0 && !s->credentials[i - 1].in_store; i--) {
		const struct credential *c = &s->credentials[i - 1];

		if (strcmp(c->provider, provider) == 0 && (!id || strcmp(c->id, id) == 0))
			return c;
	}
	return NULL;
}

/* What a provider without profiles has: a variable, a configured key, a server on this machine. */
static bool add_other(struct plan *p, const struct provider_state *provider)
{
	const char *var = provider->env_var[0] ? provider->env_var : NULL;
	const struct credential *c = other_credential(p->s, provider->id, var);
	struct probe_row *row;

	if (!c && !provider->config_key_mask[0])
		return true;
	row = add_row(p, provider, c);
	if (!row)
		return false;
	row->source = var ? "env" : "models.json";
	if (var && strstr(var, "OAUTH_TOKEN"))
		row->mode = "oauth";
	if (c && c->kind == CRED_NONE)
		row->source = "local";
	str_copy(row->label, sizeof(row->label), row->source);
	judge(p, row);
	return true;
}

static bool wanted(const struct opt_list *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->items[i], id) == 0)
			return true;
	return ids->count == 0;
}

static bool add_provider(
	struct plan *p, const struct status_view *v, const struct provider_state *provider)
{
	struct status_group g = status_group(v, v->by_file, provider);
	bool any = false;

	for (size_t i = 0; i < g.count; i++) {
		if (!wanted(p->ask->profiles, g.rows[i]->id))
			continue;
		any = true;
		if (!add_profile(p, provider, g.rows[i]))
			return false;
	}
	return any || p->ask->profiles->count || add_other(p, provider);
}

bool probe_plan(struct probe_report *r, const struct snapshot *s, const struct place *place,
	const struct probe_ask *ask, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));
	struct status_view v = { 0 };
	bool ok = p && status_view_init(&v, s, 0, NULL);

	*r = (struct probe_report){ .provider = ask->provider,
		.profile_ids = ask->profiles->items,
		.profile_count = ask->profiles->count,
		.timeout_ms = ask->timeout_ms,
		.concurrency = ask->concurrency,
		.max_tokens = ask->max_tokens };
	if (ok) {
		*p = (struct plan){ .r = r, .s = s, .place = place, .ask = ask };
		collect_models(p);
	}
	for (size_t i = 0; ok && i < s->provider_count; i++)
		if (!ask->provider[0] || strcmp(ask->provider, s->providers[i].id) == 0)
			ok = add_provider(p, &v, &s->providers[i]);
	status_view_release(&v);
	free(p);
	return ok || err_set(e, ERR_MEMORY, "out of memory");
}

void probe_release(struct probe_report *r)
{
	free(r->rows);
	*r = (struct probe_report){ 0 };
}
