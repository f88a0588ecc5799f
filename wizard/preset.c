/* SPDX-License-Identifier: MIT */

/* Starting with answers that were given on the command line. */

#include <string.h>

#include "wizard/steps.h"

static bool unknown_provider(const char *id, struct err *e)
{
	err_set(e, ERR_USAGE, "no provider is called \"%.60s\"", id);
	return err_hint(e, "thinkfleetbot help providers lists them");
}

static bool unknown_method(const struct provider *p, const char *id, struct err *e)
{
	char valid[120];
	struct str s = STR_OF(valid);

	for (size_t i = 0; i < provider_method_count(p); i++)
		str_fmt(&s, "%s%s", i ? ", " : "", p->methods[i].id);
	err_set(e, ERR_USAGE, "%s has no sign-in method \"%.60s\"", p->label, id);
	return err_hint(e, "one of %s", valid);
}

static const struct provider *find_provider(const char *id, struct err *e)
{
	char normal[PROVIDER_CAP];
	const struct provider *p = NULL;

	if (provider_normalise(normal, sizeof(normal), id))
		p = provider_find(normal);
	if (!p)
		unknown_provider(id, e);
	return p;
}

static bool is_offered(const struct provider *p, struct err *e)
{
	const char *why;

	if (provider_offered(p, &why))
		return true;
	err_set(e, ERR_USAGE, "%s cannot be set up here", p->label);
	return err_hint(e, "%s", why);
}

bool wizard_preset(struct wizard *w, const char *provider, const char *method,
	const char *profile_id, struct err *e)
{
	const struct provider *p = provider ? find_provider(provider, e) : NULL;
	const struct method *m = NULL;

	if (provider && !p)
		return false;
	if (p && !is_offered(p, e))
		return false;
	if (method && !p)
		return err_set(e, ERR_USAGE, "a sign-in method needs a provider");
	if (method) {
		m = provider_method(p, method);
		if (!m)
			return unknown_method(p, method, e);
	}
	if (profile_id && strlen(profile_id) >= ID_CAP)
		return err_set(e, ERR_USAGE, "the profile id is too long");
	if (p) {
		choose_provider(w, p);
		w->fixed_provider = true;
	}
	if (m) {
		choose_method(w, m);
		w->fixed_method = true;
	}
	if (profile_id && profile_id[0]) {
		str_copy(w->draft.profile_id, sizeof(w->draft.profile_id), profile_id);
		w->fixed_profile = true;
	}
	return true;
}

bool wizard_rotate(struct wizard *w, const char *profile_id, struct err *e)
{
	const struct credential *c = snapshot_find(w->world, profile_id);
	char why[100];
	struct str s = STR_OF(why);

	if (!c) {
		err_set(e, ERR_NOT_FOUND, "no profile is called \"%.120s\"", profile_id);
		return err_hint(e, "thinkfleetbot models status lists them");
	}
	if (!rotatable(c, &s))
		return err_set(e, ERR_USAGE, "%.120s cannot be rotated here: %s", profile_id, why);
	w->flow = FLOW_ROTATE;
	choose_profile(w, c);
	w->fixed_profile = true;
	w->at = STEP_SECRET;
	w->trail_len = 0;
	return true;
}

static void preset_expiry(struct wizard *w, int64_t expires_ms)
{
	w->draft.expires_ms = expires_ms;
	w->draft.expires_source = expires_ms ? EXPIRY_YOU : EXPIRY_NONE;
}

bool wizard_add(struct wizard *w, const char *provider, const char *profile_id, int64_t expires_ms,
	struct err *e)
{
	if (!wizard_preset(w, provider, NULL, profile_id, e))
		return false;
	if (w->draft.method && w->draft.method->kind == CRED_NONE)
		return err_set(e, ERR_USAGE, "%s needs no key", w->draft.provider->label);
	preset_expiry(w, expires_ms);
	for (w->at = STEP_PROVIDER; steps[w->at]->wanted && !steps[w->at]->wanted(w);)
		w->at++;
	return true;
}

bool wizard_paste_only(struct wizard *w, const char *provider, const char *profile_id,
	int64_t expires_ms, struct err *e)
{
	const struct method *m;

	if (!wizard_preset(w, provider, NULL, profile_id, e))
		return false;
	if (!w->draft.provider)
		return err_set(e, ERR_USAGE, "a provider is needed");
	if (own_provider_wanted(w->draft.provider) && !w->draft.base_url[0]) {
		err_set(e, ERR_USAGE, "%s has no address yet", w->draft.provider->id);
		return err_hint(e, "thinkfleetbot onboard --provider %s asks for it",
			w->draft.provider->id);
	}
	m = provider_method_of_kind(w->draft.provider, CRED_TOKEN);
	if (m && !w->draft.provider->like)
		choose_method(w, m);
	if (w->draft.method->kind == CRED_NONE)
		return err_set(e, ERR_USAGE, "%s needs no key", w->draft.provider->label);
	w->fixed_method = true;
	w->flow = FLOW_PASTE;
	preset_expiry(w, expires_ms);
	w->at = STEP_SECRET;
	w->trail_len = 0;
	return true;
}
