/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health/audit_impl.h"
#include "provider/own.h"

/* What lies where a credential belongs, document by document (gateway-family.md 17.9). */

#define MODELS_MAX ((size_t)5 << 20)

/* --- the stores --------------------------------------------------------------------------------
 */

/* The value that its own reference names, so that nothing is lost without this copy. */
static bool is_own_value(struct audit_run *w, const struct profile *p, const struct secret *value)
{
	char previous[VAULT_RECORD_ID_CAP + 8];
	struct str name = STR_OF(previous);

	if (!p->ref_ours)
		return false;
	if (audit_open(w, p->ref_id) && secret_equal(&w->opened, value))
		return true;
	str_fmt(&name, "%s/prev", p->ref_id);
	return audit_open(w, p->ref_id) && audit_open(w, previous) &&
	       secret_equal(&w->opened, value);
}

static void plain_member(struct audit_run *w, const struct profiles *list, const struct profile *p,
	const char *file, const char *member)
{
	const struct doc *d = &list->doc;
	uint32_t node = doc_get(d, p->node, member);
	struct secret value = { 0 };
	struct audit_finding *f;
	char path[320];

	if (!doc_filled(d, node) || !doc_secret(d, node, &value, NULL))
		return;
	snprintf(path, sizeof(path), "profiles.%.256s.%s", p->id, member);
	f = audit_plain(w,
		&(struct audit_spot){ .file = file,
			.line = doc_line(d, node),
			.path = path,
			.provider = p->provider,
			.profile = p->id,
			.code = AUDIT_PLAINTEXT_FOUND,
			.severity = SEVERITY_WARN,
			.what = "the credential is stored as plain text" },
		&value);
	if (is_own_value(w, p, &value))
		f->mend = AUDIT_DROP_VALUE;
	secret_release(&value);
}

static void oauth_entry(struct audit_run *w, const struct profile *p, const char *file)
{
	struct audit_finding *f = audit_add(w, AUDIT_LEGACY_RESIDUE, SEVERITY_INFO, file,
		"a login that the gateway renews: it is plain text and stays so");

	f->line = p->line;
	snprintf(f->path, sizeof(f->path), "profiles.%.256s", p->id);
	str_copy(f->provider, sizeof(f->provider), p->provider);
	str_copy(f->profile, sizeof(f->profile), p->id);
}

static void profile_entry(
	struct audit_run *w, const struct profiles *list, const struct profile *p, const char *file)
{
	static const char *const members[] = { "key", "apiKey", "token" };
	char path[320];

	if (p->kind == PROFILE_OAUTH) {
		if (p->has_key)
			oauth_entry(w, p, file);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		plain_member(w, list, p, file, members[i]);
	if (!p->has_ref)
		return;
	snprintf(path, sizeof(path), "profiles.%.256s.%s", p->id,
		p->kind == PROFILE_TOKEN ? "tokenRef" : "keyRef");
	audit_reference(w,
		&(struct audit_spot){ .file = file,
			.line = p->line,
			.path = path,
			.provider = p->provider,
			.profile = p->id },
		p);
}

static void store(struct audit_run *w, const char *dir)
{
	struct profiles list = { 0 };
	char path[PATHS_CAP];
	struct err e = { 0 };

	if (!paths_profiles(path, sizeof(path), dir, NULL))
		return;
	if (!profiles_load(&list, path, NULL, &e))
		audit_unread(w, path, &e);
	for (size_t i = 0; i < list.count; i++)
		profile_entry(w, &list, &list.list[i], path);
	profiles_release(&list);
}

/* --- providers' keys in a configuration or a generated list of models --------------------------
 */

/* Texts that stand for a key: "${NAME}", the name of a variable, the family's own markers. */
static bool stands_for_key(const char *value)
{
	static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (value[0] == '$' || str_starts(value, "secretref"))
		return true;
	if (value[0] >= 'A' && value[0] <= 'Z' && strchr(value, '_') &&
		value[strspn(value, name_chars)] == '\0')
		return true;
	return config_marks_no_key(value);
}

static bool is_sensitive_header(const char *name)
{
	static const char *const parts[] = { "authorization", "x-api-key", "token", "secret",
		"password", "credential", "api-key" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

static void plain_node(
	struct audit_run *w, const struct doc *d, uint32_t node, const struct audit_spot *where)
{
	struct audit_spot spot = *where;
	struct secret value = { 0 };

	if (doc_filled(d, node) && doc_secret(d, node, &value, NULL) &&
		!stands_for_key(value.bytes)) {
		spot.line = doc_line(d, node);
		audit_plain(w, &spot, &value);
	}
	secret_release(&value);
}

static void headers(struct audit_run *w, const struct doc *d, uint32_t object, const char *prefix,
	const struct audit_spot *where)
{
	for (uint32_t n = doc_first(d, object); n != DOC_NONE; n = doc_next(d, n)) {
		struct audit_spot spot = *where;
		char name[100];
		char path[320];

		if (!doc_key(d, n, name, sizeof(name)) || !is_sensitive_header(name))
			continue;
		snprintf(path, sizeof(path), "%.200s.headers.%s", prefix, name);
		spot.path = path;
		spot.what = "a header holds a credential as plain text";
		plain_node(w, d, n, &spot);
	}
}

static void provider_entries(struct audit_run *w, const struct doc *d, uint32_t object,
	const char *prefix, const char *file)
{
	for (uint32_t n = doc_first(d, object); n != DOC_NONE; n = doc_next(d, n)) {
		char provider[PROVIDER_CAP];
		char name[100];
		char entry[200];
		char path[256];
		struct audit_spot spot = { .file = file,
			.profile = "",
			.code = AUDIT_PLAINTEXT_FOUND,
			.severity = SEVERITY_WARN,
			.what = "the provider's key is stored as plain text" };

		if (!doc_key(d, n, name, sizeof(name)))
			continue;
		if (!provider_normalise(provider, sizeof(provider), name))
			provider[0] = '\0';
		snprintf(entry, sizeof(entry), "%.64s.%.100s", prefix, name);
		snprintf(path, sizeof(path), "%s.apiKey", entry);
		spot.path = path;
		spot.provider = provider;
		plain_node(w, d, doc_get(d, n, "apiKey"), &spot);
		headers(w, d, doc_get(d, n, "headers"), entry, &spot);
	}
}

static void config_env(struct audit_run *w, const struct config_env *v)
{
	struct secret value = { 0 };
	char path[160];

	if (!audit_carries_key(v->name) || !config_env_value(&w->config, v, &value, NULL))
		return;
	snprintf(path, sizeof(path), "env.%.120s", v->name);
	if (value.len && !stands_for_key(value.bytes))
		audit_plain(w,
			&(struct audit_spot){ .file = w->o->paths->config,
				.line = v->line,
				.path = path,
				.provider = audit_carries_key(v->name),
				.profile = "",
				.code = AUDIT_PLAINTEXT_FOUND,
				.severity = SEVERITY_WARN,
				.what = "the configuration holds a key as plain text" },
			&value);
	secret_release(&value);
}

static void configuration(struct audit_run *w)
{
	const struct doc *d = &w->config.doc;
	const char *const path[] = { "models", "providers", NULL };

	if (!w->config.exists)
		return;
	provider_entries(w, d, doc_find(d, path), "models.providers", w->o->paths->config);
	for (size_t i = 0; i < w->config.env_count; i++)
		config_env(w, &w->config.env[i]);
}

/* False: not there, or not readable, which is noted. */
static bool load_json(
	struct audit_run *w, struct doc *d, char *path, const char *dir, const char *name)
{
	struct fs_stamp st = { 0 };
	struct err e = { 0 };

	if (!fs_join(path, PATHS_CAP, dir, name, NULL) || !fs_stat(path, &st, NULL) || !st.exists)
		return false;
	if (st.size > (off_t)MODELS_MAX) {
		audit_note(w, path, "too large: not read as a document");
		return false;
	}
	if (doc_load(d, path, DOC_JSON, NULL, NULL, &e))
		return true;
	audit_note(w, path, e.msg);
	return false;
}

static void model_list(struct audit_run *w, const char *dir)
{
	const char *const where[] = { "providers", NULL };
	struct doc d = { 0 };
	char path[PATHS_CAP];

	if (load_json(w, &d, path, dir, "models.json"))
		provider_entries(w, &d, doc_find(&d, where), "providers", path);
	doc_release(&d);
}

/* --- legacy files ------------------------------------------------------------------------------
 */

static void legacy_entry(struct audit_run *w, const struct doc *d, uint32_t n, const char *file)
{
	static const char *const members[] = { "key", "apiKey", "token", "access" };
	char provider[PROVIDER_CAP];
	char name[100];

	if (doc_kind(d, n) != DOC_OBJECT || !doc_key(d, n, name, sizeof(name)))
		return;
	if (!provider_normalise(provider, sizeof(provider), name))
		provider[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		bool login = strcmp(members[i], "access") == 0;
		char path[160];
		const struct audit_spot spot = { .file = file,
			.path = path,
			.provider = provider,
			.profile = "",
			.code = AUDIT_LEGACY_RESIDUE,
			.severity = login ? SEVERITY_INFO : SEVERITY_WARN,
			.what = login ? "a login in a file of an old layout"
				      : "a key in a file of an old layout" };

		snprintf(path, sizeof(path), "%s.%s", name, members[i]);
		plain_node(w, d, doc_get(d, n, members[i]), &spot);
	}
}

static void legacy(struct audit_run *w, const char *dir, const char *name)
{
	struct doc d = { 0 };
	char path[PATHS_CAP];

	if (load_json(w, &d, path, dir, name))
		for (uint32_t n = doc_first(&d, DOC_ROOT); n != DOC_NONE; n = doc_next(&d, n))
			legacy_entry(w, &d, n, path);
	doc_release(&d);
}

/* --- .env --------------------------------------------------------------------------------------
 */

const char *audit_carries_key(const char *name)
{
	for (size_t i = 0; i < provider_known_count(); i++) {
		const struct provider *p = provider_known_at(i);

		for (size_t k = 0; k < PROVIDER_VARS && p->vars[k]; k++)
			if (strcmp(p->vars[k], name) == 0)
				return p->id;
	}
	return NULL;
}

/* A line that carries a provider's key, or, under whatever name, a value that is sealed. */
static void env_line(struct audit_run *w, uint32_t i, const char *name)
{
	const char *provider = audit_carries_key(name);
	struct secret value = { 0 };
	struct audit_finding *f;
	size_t needle;
	char path[160];

	if (dotenv_blank(&w->dotenv, i) || !dotenv_value(&w->dotenv, i, &value, NULL))
		return;
	needle = residue_known(&w->search, &value);
	snprintf(path, sizeof(path), "$env.%.120s", name);
	if (needle != RESIDUE_NONE || (provider && !stands_for_key(value.bytes))) {
		f = audit_plain(w,
			&(struct audit_spot){ .file = w->o->paths->env,
				.line = w->dotenv.entries[i].line,
				.path = path,
				.provider = provider ? provider : w->values[needle].provider,
				.profile = "",
				.code = AUDIT_PLAINTEXT_FOUND,
				.severity = SEVERITY_WARN,
				.what = "a variable holds a credential as plain text" },
			&value);
		if (needle != RESIDUE_NONE && w->values[needle].sealed &&
			w->values[needle].delivered)
			f->mend = AUDIT_DROP_LINE;
	}
	secret_release(&value);
}

static void env_file(struct audit_run *w)
{
	for (uint32_t i = 0; i < w->dotenv.count; i++) {
		char name[128];

		if (!dotenv_key(&w->dotenv, i, name, sizeof(name)))
			continue;
		audit_sealed_line(w, i, name);
		env_line(w, i, name);
	}
}

void audit_collect(struct audit_run *w)
{
	char dir[PATHS_CAP];

	for (size_t i = 0; i < w->agent_count; i++) {
		store(w, w->agent_dirs[i]);
		model_list(w, w->agent_dirs[i]);
		legacy(w, w->agent_dirs[i], "auth.json");
	}
	configuration(w);
	env_file(w);
	if (fs_join(dir, sizeof(dir), w->o->paths->state, "credentials", NULL))
		legacy(w, dir, "oauth.json");
}
