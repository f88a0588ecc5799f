/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/fs.h"
#include "cli/out_base.h"
#include "cli/out_status.h"
#include "cli/status_view.h"

/*
 * gateway-family.md 8.3: its members, in its order; optional ones are left out,
 * never null. Ours come last in their object: "protection", "facts".
 */

#define LABEL_CAP 1024

static struct json_object *texts(const char (*items)[192], size_t n)
{
	struct json_object *list = json_object_new_array_ext(n ? (int)n : 1);

	for (size_t i = 0; i < n; i++)
		json_append(list, json_text(items[i]));
	return list;
}

/* Keys come from the file, so they cannot be constant for json-c; the last of equals wins. */
static struct json_object *aliases(const struct snapshot *s)
{
	struct json_object *map = json_object_new_object();

	for (size_t i = 0; i < s->alias_count; i++)
		json_put_text(map, s->aliases[i][0], json_text(s->aliases[i][1]));
	return map;
}

static void put_dates(struct json_object *to, int64_t expires_ms, int64_t now_ms)
{
	if (expires_ms <= 0)
		return;
	json_put(to, "expiresAt", json_object_new_int64(expires_ms));
	json_put(to, "remainingMs", json_object_new_int64(expires_ms - now_ms));
}

static struct json_object *oauth_profile(const struct status_view *v, const struct credential *c)
{
	struct json_object *o = json_object_new_object();
	enum expiry_status st = expiry_status(c, v->s->now_ms, v->warn_ms);
	char text[LABEL_CAP];
	struct str s = STR_OF(text);

	json_put(o, "profileId", json_text(c->id));
	json_put(o, "provider", json_text(c->provider));
	json_put(o, "type", json_object_new_string(cred_kind_name(c->kind)));
	json_put(o, "status", json_object_new_string(expiry_status_name(st)));
	if (status_dated(c))
		put_dates(o, c->expires_ms, v->s->now_ms);
	json_put(o, "source", json_object_new_string("store"));
	status_display(&s, c);
	json_put(o, "label", json_text(text));
	return o;
}

static struct json_object *selected_fact(const struct credential *c, int64_t now_ms)
{
	struct json_object *o = json_object_new_object();
	int64_t until = status_unusable_until(c, now_ms);

	json_put(o, "state", json_object_new_string(selected_name(c->selected)));
	if (c->selected_by[0])
		json_put(o, "by", json_text(c->selected_by));
	if (until)
		json_put(o, "until", json_object_new_int64(until));
	return o;
}

static struct json_object *accepted_fact(const struct credential *c)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "verdict", json_object_new_string(verdict_name(c->accepted)));
	if (c->accepted_reason != REASON_NONE)
		json_put(o, "reason", json_object_new_string(reason_name(c->accepted_reason)));
	if (c->accepted_at_ms > 0) {
		json_put(o, "at", json_object_new_int64(c->accepted_at_ms));
		json_put(o, "latencyMs", json_object_new_int(c->accepted_latency_ms));
	}
	return o;
}

static struct json_object *expires_fact(const struct credential *c)
{
	struct json_object *o = json_object_new_object();

	if (c->expires_ms > 0)
		json_put(o, "at", json_object_new_int64(c->expires_ms));
	json_put(o, "source", json_object_new_string(expiry_source_name(c->expires_source)));
	return o;
}

static struct json_object *facts(const struct credential *c, int64_t now_ms)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "stored", json_object_new_string(stored_name(c->stored)));
	json_put(o, "opens", json_object_new_string(opens_name(c->opens)));
	json_put(o, "selected", selected_fact(c, now_ms));
	json_put(o, "accepted", accepted_fact(c));
	json_put(o, "expires", expires_fact(c));
	json_put(o, "inUse", json_object_new_string(in_use_name(c->in_use)));
	return o;
}

static struct json_object *profile_counts(
	const struct status_view *v, const struct provider_state *p)
{
	struct status_group g = status_group(v, v->by_file, p);
	struct json_object *o = json_object_new_object();
	struct json_object *labels = json_object_new_array();

	json_put(o, "count", json_object_new_int64(p->profiles));
	json_put(o, "oauth", json_object_new_int64(p->oauth));
	json_put(o, "token", json_object_new_int64(p->token));
	json_put(o, "apiKey", json_object_new_int64(p->api_key));
	for (size_t i = 0; i < g.count; i++) {
		char text[LABEL_CAP];
		struct str s = STR_OF(text);

		status_label(&s, g.rows[i], v->s->now_ms);
		json_append(labels, json_text(text));
	}
	json_put(o, "labels", labels);
	return o;
}

static struct json_object *effective(const struct snapshot *s, const struct provider_state *p)
{
	struct json_object *o = json_object_new_object();
	struct json_object *detail;

	if (p->profiles)
		detail = json_path(s->store_path, s->home);
	else if (p->env_var[0])
		detail = json_text(status_env_value(p));
	else
		detail = json_text(p->config_key_mask[0] ? p->config_key_mask : "missing");
	json_put(o, "kind", json_object_new_string(status_effective_kind(p)));
	json_put(o, "detail", detail);
	return o;
}

/* The facts of the credential that a variable carries, as far as it is one of its own. */
static void put_env_facts(
	struct json_object *to, const struct snapshot *s, const struct provider_state *p)
{
	for (size_t i = s->credential_count; i > 0; i--) {
		const struct credential *c = &s->credentials[i - 1];

		if (c->in_store)
			return; /* the file's come first: nothing more to find */
		if (strcmp(c->id, p->env_var) != 0)
			continue;
		json_put(to, "facts", facts(c, s->now_ms));
		return;
	}
}

static struct json_object *env_source(const struct snapshot *s, const struct provider_state *p)
{
	struct json_object *o = json_object_new_object();
	char text[96];
	struct str source = STR_OF(text);

	json_put(o, "value", json_text(status_env_value(p)));
	str_fmt(&source, "%senv: %s", p->env_from_shell ? "shell " : "", p->env_var);
	json_put(o, "source", json_text(text));
	put_env_facts(o, s, p);
	return o;
}

static struct json_object *config_source(const struct snapshot *s, const struct provider_state *p)
{
	struct json_object *o = json_object_new_object();
	char text[1100];
	struct str source = STR_OF(text);

	json_put(o, "value", json_text(p->config_key_mask));
	str_add(&source, "models.json: ");
	fs_shorten(&source, s->config_path, s->home);
	json_put(o, "source", json_text(text));
	return o;
}

static struct json_object *providers(const struct status_view *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->s->provider_count; i++) {
		const struct provider_state *p = &v->s->providers[i];
		struct json_object *o;

		if (!status_has_any(p))
			continue;
		o = json_object_new_object();
		json_put(o, "provider", json_text(p->id));
		json_put(o, "effective", effective(v->s, p));
		json_put(o, "profiles", profile_counts(v, p));
		if (p->env_var[0])
			json_put(o, "env", env_source(v->s, p));
		if (p->config_key_mask[0])
			json_put(o, "modelsJson", config_source(v->s, p));
		json_append(list, o);
	}
	return list;
}

static struct json_object *with_oauth(const struct snapshot *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->provider_count; i++) {
		unsigned n = status_oauth_count(&s->providers[i]);
		char text[PROVIDER_CAP + 16];
		struct str t = STR_OF(text);

		if (!n)
			continue;
		str_fmt(&t, "%s (%u)", s->providers[i].id, n);
		json_append(list, json_text(text));
	}
	return list;
}

static struct json_object *missing_in_use(const struct snapshot *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->provider_count; i++)
		if (provider_missing(&s->providers[i]))
			json_append(list, json_text(s->providers[i].id));
	return list;
}

struct json_object *status_unusable_json(const struct credential *c, const struct snapshot *s)
{
	struct json_object *o = json_object_new_object();
	int64_t until = status_unusable_until(c, s->now_ms);
	bool disabled = c->disabled_until_ms > s->now_ms;

	json_put(o, "profileId", json_text(c->id));
	json_put(o, "provider", json_text(c->provider));
	json_put(o, "kind", json_object_new_string(disabled ? "disabled" : "cooldown"));
	if (disabled && c->disabled_reason[0])
		json_put(o, "reason", json_text(c->disabled_reason));
	json_put(o, "until", json_object_new_int64(until));
	json_put(o, "remainingMs", json_object_new_int64(until - s->now_ms));
	return o;
}

static struct json_object *unusable(const struct status_view *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->unusable_count; i++)
		json_append(list, status_unusable_json(v->unusable[i], v->s));
	return list;
}

static struct json_object *plain_row(const void *view, size_t i)
{
	const struct status_view *v = view;

	return oauth_profile(v, v->by_id[i]);
}

static struct json_object *row_with_facts(const void *view, size_t i)
{
	const struct status_view *v = view;
	struct json_object *row = oauth_profile(v, v->by_id[i]);

	json_put(row, "facts", facts(v->by_id[i], v->s->now_ms));
	return row;
}

static struct json_object *oauth_providers(const struct status_view *v)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < v->s->provider_count; i++) {
		const struct provider_state *p = &v->s->providers[i];
		struct status_group g = status_group(v, v->by_id, p);
		struct status_health h = status_health(&g, v->s->now_ms, v->warn_ms);
		struct json_object *o = json_object_new_object();

		json_put(o, "provider", json_text(p->id));
		json_put(o, "status", json_object_new_string(h.status));
		json_put(o, "profiles",
			json_rows(plain_row, v, (size_t)(g.rows - v->by_id), g.count));
		put_dates(o, h.expires_ms, v->s->now_ms);
		json_append(list, o);
	}
	return list;
}

static struct json_object *oauth(const struct status_view *v)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "warnAfterMs", json_object_new_int64(v->warn_ms));
	json_put(o, "profiles", json_rows(row_with_facts, v, 0, v->count));
	json_put(o, "providers", oauth_providers(v));
	return o;
}

static struct json_object *shell_env(const struct snapshot *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < s->provider_count; i++)
		if (s->providers[i].env_from_shell)
			json_append(keys, json_text(s->providers[i].env_var));
	json_put(o, "enabled", json_object_new_boolean(s->shell_env));
	json_put(o, "appliedKeys", keys);
	return o;
}

static struct json_object *auth(const struct status_view *v, const struct probe_report *probes)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "storePath", json_text(v->s->store_path));
	json_put(o, "shellEnvFallback", shell_env(v->s));
	json_put(o, "providersWithOAuth", with_oauth(v->s));
	json_put(o, "missingProvidersInUse", missing_in_use(v->s));
	json_put(o, "providers", providers(v));
	json_put(o, "unusableProfiles", unusable(v));
	json_put(o, "oauth", oauth(v));
	if (probes)
		json_put(o, "probes", out_probe_json(probes));
	return o;
}

bool out_status_json(FILE *out, const struct snapshot *s, int64_t warn_ms,
	const struct probe_report *probes, struct err *e)
{
	struct json_object *root;
	struct status_view v;
	bool ok;
	const char *raw = s->default_raw[0] ? s->default_raw : s->default_model;

	if (!status_view_init(&v, s, warn_ms, e))
		return false;
	root = json_object_new_object();
	json_put(root, "configPath", json_text(s->config_path));
	json_put(root, "agentDir", json_text(s->agent_dir));
	json_put(root, "defaultModel", json_text(raw));
	json_put(root, "resolvedDefault", json_text(s->default_model));
	json_put(root, "fallbacks", texts(s->fallbacks, s->fallback_count));
	json_put(root, "imageModel", s->image_model[0] ? json_text(s->image_model) : NULL);
	json_put(root, "imageFallbacks", texts(s->image_fallbacks, s->image_fallback_count));
	json_put(root, "aliases", aliases(s));
	json_put(root, "allowed", texts(s->allowed, s->allowed_count));
	json_put(root, "auth", auth(&v, probes));
	json_put(root, "protection", json_text(s->protection));
	ok = json_finish(out, root, e); /* makes rows out of the view */
	status_view_release(&v);
	return ok;
}
