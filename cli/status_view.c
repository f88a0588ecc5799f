/* SPDX-License-Identifier: MIT */
#include "cli/status_view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "provider/oauth.h"

static int compare_provider(const struct credential *a, const struct credential *b)
{
	return strcmp(a->provider, b->provider);
}

/* The credentials are one array, so their addresses are the file's order. */
static int compare_file(const void *a, const void *b)
{
	const struct credential *x = *(const struct credential *const *)a;
	const struct credential *y = *(const struct credential *const *)b;
	int c = compare_provider(x, y);

	return c ? c : (x > y) - (x < y);
}

static int compare_id(const void *a, const void *b)
{
	const struct credential *x = *(const struct credential *const *)a;
	const struct credential *y = *(const struct credential *const *)b;
	int c = compare_provider(x, y);

	if (!c)
		c = strcasecmp(x->id, y->id);
	return c ? c : strcmp(x->id, y->id);
}

static int compare_end(const void *a, const void *b)
{
	const struct credential *x = *(const struct credential *const *)a;
	const struct credential *y = *(const struct credential *const *)b;
	int64_t left = status_unusable_until(x, 0);
	int64_t right = status_unusable_until(y, 0);

	return left == right ? (x > y) - (x < y) : (left > right) - (left < right);
}

static void find_unusable(struct status_view *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (status_unusable_until(v->by_file[i], v->s->now_ms))
			v->unusable[v->unusable_count++] = v->by_file[i];
	qsort(v->unusable, v->unusable_count, sizeof(const struct credential *), compare_end);
}

bool status_view_init(
	struct status_view *v, const struct snapshot *s, int64_t warn_ms, struct err *e)
{
	size_t room = s->credential_count + 1;

	*v = (struct status_view){
		.s = s,
		.warn_ms = warn_ms,
		.by_file = calloc(room, sizeof(const struct credential *)),
		.by_id = calloc(room, sizeof(const struct credential *)),
		.unusable = calloc(room, sizeof(const struct credential *)),
	};
	if (!v->by_file || !v->by_id || !v->unusable) {
		status_view_release(v);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < s->credential_count; i++)
		if (s->credentials[i].in_store)
			v->by_file[v->count++] = &s->credentials[i];
	memcpy(v->by_id, v->by_file, v->count * sizeof(const struct credential *));
	qsort(v->by_file, v->count, sizeof(const struct credential *), compare_file);
	qsort(v->by_id, v->count, sizeof(const struct credential *), compare_id);
	find_unusable(v);
	return true;
}

void status_view_release(struct status_view *v)
{
	free(v->by_file);
	free(v->by_id);
	free(v->unusable);
	*v = (struct status_view){ 0 };
}

struct status_group status_group(
	const struct status_view *v, const struct credential **list, const struct provider_state *p)
{
	size_t low = 0;
	size_t high = v->count;
	size_t end;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(list[mid]->provider, p->id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < v->count && strcmp(list[end]->provider, p->id) == 0;)
		end++;
	return (struct status_group){ .provider = p, .rows = list + low, .count = end - low };
}

bool status_has_any(const struct provider_state *p)
{
	return p->profiles || p->env_var[0] || p->config_key_mask[0];
}

bool status_env_is_oauth(const struct provider_state *p)
{
	return strstr(p->env_var, "OAUTH") != NULL;
}

const char *status_env_value(const struct provider_state *p)
{
	return status_env_is_oauth(p) ? "OAuth (env)" : p->env_mask;
}

unsigned status_oauth_count(const struct provider_state *p)
{
	return p->oauth + p->token + (status_env_is_oauth(p) ? 1 : 0);
}

const char *status_effective_kind(const struct provider_state *p)
{
	if (p->profiles)
		return "profiles";
	if (p->env_var[0])
		return "env";
	return p->config_key_mask[0] ? "models.json" : "missing";
}

bool status_dated(const struct credential *c)
{
	return c->kind == CRED_TOKEN || c->kind == CRED_OAUTH;
}

void status_hint(struct str *out, const struct provider_state *p)
{
	const struct provider *known = provider_find(p->id);

	if (known && provider_method(known, "setup-token"))
		str_fmt(out,
			"Run `claude setup-token`, then `thinkfleetbot models auth setup-token` "
			"or `thinkfleetbot onboard`.");
	else if (oauth_is_only_way(p->id))
		str_fmt(out, "Run `" OAUTH_COMMAND " %s`.", p->id);
	else
		str_add(out, "Run `thinkfleetbot onboard` or set an API key env var.");
}

int64_t status_unusable_until(const struct credential *c, int64_t now_ms)
{
	int64_t until = c->cooldown_until_ms > c->disabled_until_ms ? c->cooldown_until_ms
								    : c->disabled_until_ms;

	return until > now_ms ? until : 0;
}

static void add_mask(struct str *out, const struct credential *c)
{
	if (c->stored == STORED_MISSING)
		str_add(out, "missing");
	else
		credential_mask(out, c);
}

void status_label(struct str *out, const struct credential *c, int64_t now_ms)
{
	int64_t until = status_unusable_until(c, now_ms);

	str_fmt(out, "%s=", c->id);
	if (c->kind == CRED_OAUTH) {
		str_add(out, "OAuth");
		if (c->email[0])
			str_fmt(out, " (%s)", c->email);
	} else {
		str_add(out, c->kind == CRED_TOKEN ? "token:" : "");
		add_mask(out, c);
	}
	if (!until)
		return;
	if (c->disabled_until_ms > now_ms)
		str_fmt(out, " [disabled%s%s ", c->disabled_reason[0] ? ":" : "",
			c->disabled_reason);
	else
		str_add(out, " [cooldown ");
	clock_remaining(out, until - now_ms);
	str_add(out, "]");
}

void status_display(struct str *out, const struct credential *c)
{
	str_add(out, c->id);
	if (c->email[0])
		str_fmt(out, " (%s)", c->email);
}

/* Worse first; a provider is as bad as its worst OAuth or token profile. */
static const char *worst(bool expired, bool expiring, bool dated, size_t count)
{
	if (expired)
		return "expired";
	if (expiring)
		return "expiring";
	if (dated)
		return "ok";
	return count ? "static" : "missing";
}

struct status_health status_health(const struct status_group *g, int64_t now_ms, int64_t warn_ms)
{
	struct status_health h = { 0 };
	bool expired = false;
	bool expiring = false;
	bool dated = false;

	for (size_t i = 0; i < g->count; i++) {
		const struct credential *c = g->rows[i];
		enum expiry_status st = expiry_status(c, now_ms, warn_ms);

		if (!status_dated(c))
			continue;
		dated = true;
		expired |= st == EXPIRY_EXPIRED || st == EXPIRY_MISSING;
		expiring |= st == EXPIRY_EXPIRING;
		if (c->expires_ms > 0 && (!h.expires_ms || c->expires_ms < h.expires_ms))
			h.expires_ms = c->expires_ms;
	}
	h.status = worst(expired, expiring, dated, g->count);
	return h;
}
