/* SPDX-License-Identifier: MIT */
#include "store/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The members of an entry that are ours to change. */
#define PROVIDER "providerOverride"
#define MODEL "modelOverride"
#define PROFILE "authProfileOverride"
#define SOURCE "authProfileOverrideSource"
#define COUNT "authProfileOverrideCompactionCount"
#define COMPACTIONS "compactionCount"
#define UPDATED "updatedAt"
#define ID "sessionId"

bool sessions_path(char *out, size_t cap, const struct paths *p, const char *agent, struct err *e)
{
	struct str s = str_on(out, cap);

	str_fmt(&s, "%s/agents/%s/sessions/sessions.json", p->state, agent);
	return !s.cut || err_set(e, ERR_USAGE, "the path of the sessions is too long");
}

/* --- reading -------------------------------------------------------------------------------- */

static bool read_entry(struct sessions *s, struct session_entry *out, uint32_t node)
{
	const struct doc *d = &s->doc;

	*out = (struct session_entry){
		.key = pool_key(&s->pool, d, node),
		.id = pool_trimmed(&s->pool, d, doc_get(d, node, ID)),
		.provider = pool_trimmed(&s->pool, d, doc_get(d, node, PROVIDER)),
		.model = pool_trimmed(&s->pool, d, doc_get(d, node, MODEL)),
		.profile = pool_trimmed(&s->pool, d, doc_get(d, node, PROFILE)),
		.source = pool_trimmed(&s->pool, d, doc_get(d, node, SOURCE)),
	};
	doc_int(d, doc_get(d, node, UPDATED), &out->updated_ms);
	doc_int(d, doc_get(d, node, COMPACTIONS), &out->compactions);
	out->counted = doc_int(d, doc_get(d, node, COUNT), &out->count);
	return out->key && out->id && out->provider && out->model && out->profile && out->source;
}

/* Of several entries with one key the last counts, as JSON.parse has it. */
static bool is_last(const struct sessions *s, uint32_t node)
{
	const struct doc *d = &s->doc;
	size_t cap = doc_key_cap(d, node);
	char *key = malloc(cap);
	bool last = key && doc_key(d, node, key, cap) && doc_get(d, DOC_ROOT, key) == node;

	free(key);
	return last;
}

static bool read_list(struct sessions *s, struct err *e)
{
	const struct doc *d = &s->doc;
	uint32_t n = doc_count(d, DOC_ROOT);

	s->list = calloc((size_t)n + 1, sizeof(*s->list));
	if (!s->list)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (uint32_t node = doc_first(d, DOC_ROOT); node != DOC_NONE; node = doc_next(d, node)) {
		if (doc_kind(d, node) != DOC_OBJECT || !is_last(s, node))
			continue;
		if (!read_entry(s, &s->list[s->count], node))
			return err_set(e, ERR_MEMORY, "out of memory");
		s->count++;
	}
	return true;
}

bool sessions_load(struct sessions *s, const char *path, struct err *e)
{
	*s = (struct sessions){ 0 };
	if (!doc_load(&s->doc, path, DOC_JSON, SESSIONS_FRESH, &s->stamp, e))
		return false;
	s->exists = s->stamp.exists;
	if (doc_kind(&s->doc, DOC_ROOT) != DOC_OBJECT)
		err_set(e, ERR_DAMAGED, "%s is not a list of sessions", s->doc.name);
	else if (read_list(s, e))
		return true;
	sessions_release(s);
	return false;
}

void sessions_release(struct sessions *s)
{
	doc_release(&s->doc);
	free(s->list);
	pool_release(&s->pool);
	*s = (struct sessions){ 0 };
}

const struct session_entry *sessions_find(const struct sessions *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].key, key) == 0)
			return &s->list[i];
	return NULL;
}

/* --- changing ------------------------------------------------------------------------------- */

/* One member of the entry: NULL takes it away. */
static bool put_text(
	struct doc *d, const char *key, const char *member, const char *text, struct err *e)
{
	const char *const path[] = { key, member, NULL };

	if (!text)
		return doc_remove(d, path, e);
	/* What is there already in another spelling stays as it is. */
	return doc_text_is(d, doc_find(d, path), text) || doc_put_text(d, path, text, e);
}

static bool put_int(struct doc *d, const char *key, const char *member, int64_t n, struct err *e)
{
	const char *const path[] = { key, member, NULL };

	return doc_put_int(d, path, n, e);
}

static bool put_model(struct doc *d, const struct session_change *c, struct err *e)
{
	bool set = c->model == SESSION_SET;

	return c->model == SESSION_KEEP ||
	       (put_text(d, c->key, PROVIDER, set ? c->provider_name : NULL, e) &&
		       put_text(d, c->key, MODEL, set ? c->model_name : NULL, e));
}

static bool put_count(struct doc *d, const struct session_change *c, struct err *e)
{
	const char *const compactions[] = { c->key, COMPACTIONS, NULL };
	int64_t n = 0;

	if (c->pin != SESSION_SET || strcmp(c->source, "auto") != 0)
		return put_text(d, c->key, COUNT, NULL, e);
	doc_int(d, doc_find(d, compactions), &n);
	return put_int(d, c->key, COUNT, n, e);
}

static bool put_pin(struct doc *d, const struct session_change *c, struct err *e)
{
	bool set = c->pin == SESSION_SET;

	return c->pin == SESSION_KEEP ||
	       (put_text(d, c->key, PROFILE, set ? c->profile : NULL, e) &&
		       put_text(d, c->key, SOURCE, set ? c->source : NULL, e) &&
		       put_count(d, c, e));
}

static bool put_all(struct doc *d, const struct session_change *c, struct err *e)
{
	char fresh[SESSION_ID_CAP];
	const char *id = c->id;

	if (!id && !doc_filled(d, doc_find(d, (const char *const[]){ c->key, ID, NULL }))) {
		if (!session_new_id(fresh, e))
			return false;
		id = fresh;
	}
	return (!id || put_text(d, c->key, ID, id, e)) &&
	       put_int(d, c->key, UPDATED, c->now_ms, e) && put_model(d, c, e) && put_pin(d, c, e);
}

bool sessions_put(struct doc *d, const struct session_change *c, struct err *e)
{
	uint32_t node = doc_get(d, DOC_ROOT, c->key);
	struct doc was = { 0 };

	if (node != DOC_NONE && doc_kind(d, node) != DOC_OBJECT)
		return err_set(e, ERR_DAMAGED, "%s: line %u: the session is not an object", d->name,
			doc_line(d, node));
	return doc_copy(&was, d, e) && doc_settle(d, &was, put_all(d, c, e));
}

bool session_new_id(char out[SESSION_ID_CAP], struct err *e)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_sys(e, "cannot make a session id");
	b[6] = (unsigned char)((b[6] & 0x0F) | 0x40); /* version 4 */
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80); /* RFC 9562 */
	snprintf(out, SESSION_ID_CAP,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
	return true;
}
