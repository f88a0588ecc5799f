/* SPDX-License-Identifier: MIT */
#include "cli/oauth_save.h"

#include <string.h>

#include "cli/changes.h"
#include "cli/hold.h"
#include "cli/save.h"
#include "cli/say.h"
#include "cli/unlock.h"
#include "store/profiles.h"

bool oauth_is_sealed(const struct oauth_save *s)
{
	return s->row->token_only && !paths_january(s->place->paths.config);
}

static enum profile_kind kind_of(const struct oauth *o)
{
	return o->token_only ? PROFILE_TOKEN : PROFILE_OAUTH;
}

/* --- before ----------------------------------------------------------------------------------- */

static bool vault_can_take(const struct oauth_save *s, struct err *e)
{
	const struct paths *p = &s->place->paths;
	struct vault v = { 0 };
	bool ok;

	if (!oauth_is_sealed(s) || !vault_exists(p))
		return true;
	ok = unlock_ahead(s->ahead, &(struct ahead){ .paths = p }, e) &&
	     vault_open_at(&v, p, s->ahead, e);
	vault_release(&v);
	return ok;
}

bool oauth_can_save(const struct oauth_save *s, bool *exists, struct err *e)
{
	struct profiles list = { 0 };
	const struct profile *p = NULL;
	bool ok = profiles_load(&list, s->place->profiles, NULL, e);

	if (ok)
		p = profiles_find(&list, s->profile_id);
	*exists = p != NULL;
	if (p && p->kind != kind_of(s->row)) {
		ok = err_set(e, ERR_REFUSED,
			"%s: profile \"%.100s\" holds a credential of another kind",
			s->place->profiles, s->profile_id);
		err_hint(e, "choose another name for the login: --profile-id ID");
	}
	profiles_release(&list);
	return ok && vault_can_take(s, e);
}

/* --- sealed ----------------------------------------------------------------------------------- */

static bool save_sealed(const struct oauth_save *s, struct err *e)
{
	static const struct method device = { .id = "device",
		.kind = CRED_TOKEN,
		.label = "device sign-in",
		.noun = "token",
		.profile_name = "github",
		.auth = AUTH_BEARER };
	const struct save_progress progress = { .note = say_note };
	const struct save save = { .paths = &s->place->paths,
		.agent = s->place->agent,
		.agent_dir = s->place->agent_dir,
		.ahead = s->ahead,
		.profile_id = s->profile_id,
		.provider = provider_find(s->row->provider),
		.method = &device,
		.key = &s->tokens->access,
		.keep = KEEP_SEALED,
		.model = s->set_default ? s->row->model : NULL };

	return save_apply(&save, &progress, e);
}

/* --- plain ------------------------------------------------------------------------------------ */

/* The files of one attempt, as they are on the disk now. */
struct files {
	const struct oauth_save *s;
	struct profiles profiles;
	struct config config;
	struct buf was[3];
	struct changes changes;
};

static void files_release(struct files *f)
{
	for (size_t i = 0; i < ARRAY_LEN(f->was); i++)
		buf_release(&f->was[i]);
	changes_release(&f->changes);
	profiles_release(&f->profiles);
	config_release(&f->config);
}

static bool remember(struct buf *was, const struct doc *d, struct err *e)
{
	buf_release(was);
	return !d->count || buf_add(was, d->text.p, d->text.len, e);
}

static bool load(struct files *f, char state[FS_PATH_MAX], struct err *e)
{
	const struct place *p = f->s->place;

	return paths_auth_state(state, FS_PATH_MAX, p->agent_dir, e) &&
	       profiles_load(&f->profiles, p->profiles, state, e) &&
	       config_load(&f->config, p->paths.config, e) &&
	       remember(&f->was[0], &f->profiles.doc, e) &&
	       remember(&f->was[1], &f->profiles.state, e) &&
	       remember(&f->was[2], &f->config.doc, e);
}

static bool edit_profiles(struct files *f, struct err *e)
{
	const struct oauth_save *s = f->s;
	const struct profile_login login = { .id = s->profile_id,
		.provider = s->row->provider,
		.kind = kind_of(s->row),
		.access = &s->tokens->access,
		.refresh = &s->tokens->refresh,
		.expires_ms = s->tokens->expires_ms,
		.account = s->tokens->account,
		.email = s->tokens->user,
		.client_id = s->row->keeps_client ? s->client->id : "" };
	struct doc *state = &f->profiles.state;

	return profiles_put_login(&f->profiles.doc, &login, e) &&
	       profiles_clear_failures(&f->profiles.doc, s->profile_id, e) &&
	       (!state->count || profiles_clear_failures(state, s->profile_id, e));
}

static bool edit_config(struct files *f, struct err *e)
{
	const struct oauth_save *s = f->s;
	const struct oauth_endpoint *at = &s->row->endpoint;
	const char *address = s->tokens->base_url[0] ? s->tokens->base_url : at->base_url;
	struct config_endpoint endpoint = { .id = s->row->provider,
		.base_url = address,
		.api = at->api,
		.own_key = at->key,
		.key = at->key,
		.models = at->models };
	struct doc *d = &f->config.doc;

	while (endpoint.model_count < OAUTH_MODELS && at->models[endpoint.model_count])
		endpoint.model_count++;
	return config_put_profile(
		       d, s->profile_id, s->row->provider, profile_kind_name(kind_of(s->row)), e) &&
	       (!s->tokens->user[0] || doc_put_text(d,
					       (const char *const[]){ "auth", "profiles",
						       s->profile_id, "email", NULL },
					       s->tokens->user, e)) &&
	       (!at->base_url || config_put_endpoint(d, &endpoint, e)) &&
	       (!s->set_default || !s->row->model || config_put_model(d, s->row->model, false, e));
}

/* The profile first: a configuration that names one that is not there hides the others. */
static bool collect(struct files *f, const char *state, struct err *e)
{
	const struct place *p = f->s->place;
	struct changes *c = &f->changes;

	return changes_add(
		       c, p->profiles, &f->profiles.stamp, &f->was[0], &f->profiles.doc.text, e) &&
	       (!f->profiles.state.count || changes_add(c, state, &f->profiles.state_stamp,
						    &f->was[1], &f->profiles.state.text, e)) &&
	       changes_add(
		       c, p->paths.config, &f->config.stamp, &f->was[2], &f->config.doc.text, e);
}

static bool save_once(void *ctx, struct txn *t, struct err *e)
{
	struct files *f = ctx;
	char state[FS_PATH_MAX];
	const struct oauth_save *s = f->s;

	files_release(f);
	*f = (struct files){ .s = s };
	return fs_mkdirs(s->place->agent_dir, e) && load(f, state, e) && edit_profiles(f, e) &&
	       edit_config(f, e) && collect(f, state, e) && changes_can(&f->changes, e) &&
	       changes_into(t, &f->changes, s->place->paths.config, e) &&
	       (!f->changes.count || txn_commit(t, e));
}

bool oauth_save(const struct oauth_save *s, struct err *e)
{
	struct files f = { .s = s };
	bool ok;

	if (oauth_is_sealed(s))
		return save_sealed(s, e);
	ok = hold_change(&s->place->paths, s->place->profiles, save_once, &f, e);
	files_release(&f);
	return ok;
}
