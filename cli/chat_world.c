/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/chat.h"
#include "cli/hold.h"
#include "cli/say.h"

/* --- names of sessions ------------------------------------------------------------------------ */

#define KEY_PREFIX "agent:"

bool chat_session_agent(char out[AGENT_CAP], const char *session)
{
	const char *name = session + strlen(KEY_PREFIX);
	char raw[128];
	struct str s = STR_OF(raw);

	if (!str_starts(session, KEY_PREFIX) || !strchr(name, ':'))
		return false;
	str_addn(&s, name, strcspn(name, ":"));
	agent_normalise(out, raw);
	return true;
}

bool chat_session_key(
	char out[SESSION_KEY_CAP], const char *session, const char *agent, struct err *e)
{
	struct str s = str_on(out, SESSION_KEY_CAP);
	char named[AGENT_CAP];

	if (!session || !session[0])
		session = "main";
	if (chat_session_agent(named, session)) {
		if (strcmp(named, agent) != 0)
			return err_set(e, ERR_USAGE, "session %.100s belongs to agent %s, not %s",
				session, named, agent);
		str_add(&s, session);
	} else {
		str_fmt(&s, KEY_PREFIX "%s:%s", agent, session);
	}
	return !s.cut || err_set(e, ERR_USAGE, "the session's key is too long");
}

/* --- the models that can be named ------------------------------------------------------------- */

static bool is_near(const struct chat *c, const char *key)
{
	for (size_t i = 0; i < c->now.provider_count; i++)
		if (model_of(key, c->now.providers[i].id))
			return true;
	return false;
}

/* raw: as the configuration writes it. What cannot be read as a model is none. */
static bool add_model(
	struct chat *c, const char *raw, const char *alias, bool allowed, struct err *e)
{
	struct chat_model m = { .allowed = allowed };

	if (!raw[0] || !config_resolve_model(&c->place.config, raw, m.key, sizeof(m.key)))
		return true;
	m.near = is_near(c, m.key);
	str_copy(m.alias, sizeof(m.alias), alias ? alias : "");
	return catalog_add(&c->catalog, &m, e);
}

static bool add_listed(struct chat *c, struct err *e)
{
	const struct config *config = &c->place.config;
	bool ok = true;

	for (size_t i = 0; ok && i < config->allowed_count; i++) {
		const struct config_allowed *a = &config->allowed[i];
		char key[MODEL_KEY_CAP];
		const char *alias = a->alias;

		if (!alias[0] && config_resolve_model(config, a->model, key, sizeof(key)))
			alias = config_builtin_alias(key);
		ok = add_model(c, a->model, alias, true, e);
	}
	return ok;
}

/* The models of models.providers.<id>.models. */
static bool add_endpoints(struct chat *c, bool allowed, struct err *e)
{
	const struct doc *d = &c->place.config.doc;
	uint32_t from = doc_find(d, (const char *const[]){ "models", "providers", NULL });
	bool ok = true;

	for (uint32_t p = doc_first(d, from); p != DOC_NONE; p = doc_next(d, p)) {
		uint32_t models = doc_get(d, p, "models");
		char provider[PROVIDER_CAP];

		if (!doc_key(d, p, provider, sizeof(provider)))
			continue;
		for (uint32_t n = doc_first(d, models); ok && n != DOC_NONE; n = doc_next(d, n)) {
			char id[128];
			char key[MODEL_KEY_CAP];
			struct str s = STR_OF(key);

			if (!doc_text(d, doc_get(d, n, "id"), id, sizeof(id)))
				continue;
			str_fmt(&s, "%s/%s", provider, id);
			ok = s.cut || add_model(c, key, NULL, allowed, e);
		}
	}
	return ok;
}

static bool add_known(struct chat *c, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < provider_count(); i++)
		for (size_t m = 0; ok && m < PROVIDER_MODELS && provider_at(i)->models[m]; m++)
			ok = add_model(c, provider_at(i)->models[m], NULL, true, e);
	return ok;
}

static bool fill_catalog(struct chat *c, struct err *e)
{
	const struct snapshot *s = &c->now;
	bool ok;

	catalog_release(&c->catalog);
	c->catalog.restricted = c->place.config.allowed_count > 0;
	str_copy(c->catalog.main, sizeof(c->catalog.main), s->default_model);
	ok = add_model(c, s->default_model, NULL, true, e) && add_listed(c, e);
	for (size_t i = 0; ok && i < s->fallback_count; i++)
		ok = add_model(c, s->fallbacks[i], NULL, !c->catalog.restricted, e);
	return ok && add_endpoints(c, !c->catalog.restricted, e) &&
	       (c->catalog.restricted || add_known(c, e));
}

/* --- the session ------------------------------------------------------------------------------ */

/* False: the session has no model of its own. */
static bool own_model(const struct chat *c, const struct session_entry *s, char out[MODEL_KEY_CAP])
{
	char provider[PROVIDER_CAP];
	char raw[2 * MODEL_KEY_CAP];
	struct str key = STR_OF(raw);

	if (!s->model[0])
		return false;
	model_provider(provider, sizeof(provider), c->catalog.main);
	str_fmt(&key, "%s/%s", s->provider[0] ? s->provider : provider, s->model);
	return !key.cut && config_resolve_model(&c->place.config, raw, out, MODEL_KEY_CAP);
}

static void take_entry(struct chat *c, const struct session_entry *s)
{
	const struct chat_model *m;
	char key[MODEL_KEY_CAP];

	if (own_model(c, s, key)) {
		m = catalog_find(&c->catalog, key);
		c->reset = c->catalog.restricted && !(m && m->allowed);
		if (c->reset)
			return; /* its pin went with it */
		str_copy(c->model, sizeof(c->model), key);
	}
	str_copy(c->pin, sizeof(c->pin), s->profile);
	c->source = pin_source_of(s->source, s->counted);
	c->compacted = s->counted && s->compactions > s->count;
}

static bool read_session(struct chat *c, struct err *e)
{
	const struct session_entry *entry;
	struct sessions s;

	if (!sessions_load(&s, c->path, e))
		return err_hint(e,
			"nothing was changed; a gateway that runs repairs it, or move it "
			"away");
	if (c->fixed)
		goto out;
	str_copy(c->model, sizeof(c->model), c->catalog.main);
	c->pin[0] = '\0';
	c->reset = c->compacted = false;
	entry = sessions_find(&s, c->key);
	if (entry)
		take_entry(c, entry);
out:
	sessions_release(&s);
	return true;
}

bool chat_look(struct chat *c, struct err *e)
{
	place_release(&c->place);
	snapshot_release(&c->now);
	c->now = (struct snapshot){ 0 };
	c->looked = place_find(&c->place, c->agent, PLACE_WRITE, "chat", e) &&
		    look_take(&c->now, &c->place, &(struct look){ 0 }, e) &&
		    /* A profile in a file that cannot be read is not one that is gone. */
		    look_complete(&c->now, e) && fill_catalog(c, e) && read_session(c, e);
	return c->looked;
}

bool chat_open(struct chat *c, const char *agent, const char *session, struct err *e)
{
	static char named[AGENT_CAP];

	*c = (struct chat){ .agent = agent };
	if (!agent && session && chat_session_agent(named, session))
		c->agent = named;
	if (!place_find(&c->place, c->agent, PLACE_WRITE, "chat", e) ||
		!sessions_path(c->path, sizeof(c->path), &c->place.paths, c->place.agent, e) ||
		!chat_session_key(c->key, session, c->place.agent, e))
		return false;
	return chat_look(c, e) && unlock_begin(&c->unlock, &c->place.paths, e);
}

void chat_close(struct chat *c)
{
	unlock_release(&c->unlock);
	talk_release(&c->said);
	catalog_release(&c->catalog);
	snapshot_release(&c->now);
	place_release(&c->place);
	*c = (struct chat){ 0 };
}

/* --- changes ---------------------------------------------------------------------------------- */

struct change_of {
	const struct chat *c;
	const struct session_change *change;
};

static bool change_once(void *ctx, struct txn *t, struct err *e)
{
	/* Every release of the family locks this file with a file, never with a folder. */
	static const struct peerlock_how peer = { .kind = PEERLOCK_FILE };
	const struct change_of *of = ctx;
	struct txn_change w = { .path = of->c->path, .peer = &peer };
	struct sessions s;
	bool ok;

	if (!sessions_load(&s, of->c->path, e))
		return false;
	w.expect = &s.stamp;
	ok = sessions_put(&s.doc, of->change, e);
	w.p = s.doc.text.p;
	w.n = s.doc.text.len;
	ok = ok && txn_add(t, &w, e) && txn_commit(t, e);
	sessions_release(&s);
	return ok;
}

bool chat_change(struct chat *c, struct session_change change, struct err *e)
{
	struct change_of of = { c, &change };
	char dir[FS_PATH_MAX];

	change.key = c->key;
	change.now_ms = clock_now_ms();
	fs_dirname(dir, sizeof(dir), c->path);
	if (fs_mkdirs(dir, e) && hold_change(&c->place.paths, c->path, change_once, &of, e))
		return read_session(c, e);
	rmdir(dir); /* it goes only when it was made for nothing */
	return false;
}

/* The session is used as it was decided also when that cannot be written down. */
static void note_change(struct chat *c, struct session_change change)
{
	struct err e = { 0 };

	if (!c->fixed && !chat_change(c, change, &e))
		say_warning("%s", e.msg);
}

void chat_settle(struct chat *c)
{
	char provider[PROVIDER_CAP];
	struct pin_question q = { .s = &c->now,
		.provider = provider,
		.profile = c->pin,
		.source = c->source,
		.compacted = c->compacted };
	struct pin_answer a;

	if (c->reset) {
		say_warning("the session's model is not allowed any more: reset to default (%s)",
			c->model);
		note_change(
			c, (struct session_change){ .model = SESSION_CLEAR, .pin = SESSION_CLEAR });
	}
	if (!c->pin[0])
		return;
	model_provider(provider, sizeof(provider), c->model);
	pin_settle(&a, &q);
	if (a.fate == PIN_KEPT)
		return;
	if (a.fate == PIN_CLEARED) {
		say_warning("the session's auth profile %s %s: it is not pinned any more", c->pin,
			pin_reason_text(a.reason));
		note_change(c, (struct session_change){ .pin = SESSION_CLEAR });
		c->pin[0] = '\0';
		return;
	}
	note_change(c, (struct session_change){
			       .pin = SESSION_SET, .profile = a.to->id, .source = "auto" });
	str_copy(c->pin, sizeof(c->pin), a.to->id);
	c->source = PIN_AUTO;
}
