/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/chat.h"
#include "cli/out_base.h"
#include "cli/out_table.h"

/* `chat --list`: the sessions of an agent with their models and pins. Nothing is written. */

static void model_text(struct str *out, const struct session_entry *s)
{
	if (!s->model[0])
		str_add(out, "default");
	else
		str_fmt(out, "%s%s%s", s->provider, s->provider[0] ? "/" : "", s->model);
}

static void pin_text(struct str *out, const struct session_entry *s)
{
	if (!s->profile[0])
		str_add(out, "-");
	else
		str_fmt(out, "%s (%s)", s->profile,
			pin_source_name(pin_source_of(s->source, s->counted)));
}

static bool list_text(const struct sessions *s, struct err *e)
{
	static const char *const head[] = { "SESSION", "MODEL", "AUTH PROFILE", "UPDATED" };
	struct out_table t = { 0 };
	bool ok = out_table_row(&t, head, ARRAY_LEN(head), e);

	for (size_t i = 0; ok && i < s->count; i++) {
		const struct session_entry *entry = &s->list[i];
		char model[MODEL_KEY_CAP], pin[ID_CAP + 16], when[40];
		struct str m = STR_OF(model);
		struct str p = STR_OF(pin);
		struct str w = STR_OF(when);

		model_text(&m, entry);
		pin_text(&p, entry);
		if (entry->updated_ms > 0)
			clock_local(&w, entry->updated_ms);
		else
			str_add(&w, "-");
		ok = out_table_row(&t, (const char *const[]){ entry->key, model, pin, when },
			ARRAY_LEN(head), e);
	}
	if (ok && s->count)
		out_table_print(stdout, &t);
	else if (ok)
		puts("No sessions.");
	out_table_release(&t);
	return ok;
}

static struct json_object *text_or_null(const char *text)
{
	return text[0] ? json_text(text) : NULL;
}

static struct json_object *entry_json(const struct session_entry *s)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "key", json_text(s->key));
	json_put(o, "sessionId", text_or_null(s->id));
	json_put(o, "updatedAt", s->updated_ms ? json_object_new_int64(s->updated_ms) : NULL);
	json_put(o, "providerOverride", text_or_null(s->provider));
	json_put(o, "modelOverride", text_or_null(s->model));
	json_put(o, "authProfileOverride", text_or_null(s->profile));
	json_put(o, "authProfileOverrideSource",
		s->profile[0] ? json_text(pin_source_name(pin_source_of(s->source, s->counted)))
			      : NULL);
	return o;
}

static bool list_json(
	const struct sessions *s, const struct place *p, const char *path, struct err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->count; i++)
		json_append(list, entry_json(&s->list[i]));
	json_put(root, "agentId", json_text(p->agent));
	json_put(root, "path", json_path(path, p->paths.home));
	json_put(root, "sessions", list);
	return json_finish(stdout, root, e);
}

bool chat_list(const char *agent, bool json, struct err *e)
{
	char path[FS_PATH_MAX];
	struct sessions s = { 0 };
	struct place p;
	bool ok = false;

	if (!place_find(&p, agent, PLACE_READ, "chat --list", e))
		return false;
	if (sessions_path(path, sizeof(path), &p.paths, p.agent, e) && sessions_load(&s, path, e))
		ok = json ? list_json(&s, &p, path, e) : list_text(&s, e);
	sessions_release(&s);
	place_release(&p);
	return ok;
}
