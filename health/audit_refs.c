/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "health/audit_impl.h"

/* References: which records are in use, and whether each reference leads to its value. */

#define SEALED_PREFIX "THINKFLEETBOT_SEALED_" /* vault-format.md, "What .env holds" */

static void deliver(struct audit_run *w, const char *record)
{
	size_t needle;

	if (!audit_open(w, record))
		return;
	needle = residue_known(&w->search, &w->opened);
	if (needle != RESIDUE_NONE)
		w->values[needle].delivered = true;
}

void audit_delivered(struct audit_run *w)
{
	for (size_t i = 0; i < w->agent_count; i++) {
		struct profiles list = { 0 };
		char path[PATHS_CAP];

		if (paths_profiles(path, sizeof(path), w->agent_dirs[i], NULL) &&
			profiles_load(&list, path, NULL, NULL))
			for (size_t k = 0; k < list.count; k++)
				if (list.list[k].ref_ours)
					deliver(w, list.list[k].ref_id);
		profiles_release(&list);
	}
	for (uint32_t i = 0; i < w->dotenv.count; i++) {
		char key[128];
		char record[VAULT_RECORD_ID_CAP];

		if (dotenv_key(&w->dotenv, i, key, sizeof(key)) && str_starts(key, SEALED_PREFIX) &&
			dotenv_text(&w->dotenv, key, record, sizeof(record)))
			deliver(w, record);
	}
}

static struct audit_finding *unresolved(
	struct audit_run *w, const struct audit_spot *at, const char *why)
{
	struct audit_finding *f =
		audit_add(w, AUDIT_REF_UNRESOLVED, SEVERITY_FAIL, at->file, "%s", why);

	f->line = at->line;
	str_copy(f->path, sizeof(f->path), at->path);
	str_copy(f->provider, sizeof(f->provider), at->provider);
	str_copy(f->profile, sizeof(f->profile), at->profile);
	return f;
}

/* Opened as the resolver would: NULL when it leads to a credential of this provider. */
static const char *check_record(struct audit_run *w, const char *record, const char *provider)
{
	const struct vault_record *r;

	if (!w->vault_exists)
		return "the vault that this refers to is missing";
	if (!w->unlocked)
		return "the vault that this refers to does not open";
	r = vault_find(&w->vault, record);
	if (!r)
		return "the vault has no such record";
	if (provider[0] && strcmp(r->provider, provider) != 0)
		return "the record is a credential of another provider";
	return audit_open(w, record) ? NULL : "the record does not open";
}

static bool is_set(const struct audit_run *w, const char *name)
{
	const char *value = w->env.get(w->env.ctx, name);
	uint32_t entry = dotenv_find(&w->dotenv, name);

	if (value && value[strspn(value, " \t\r\n")])
		return true;
	return entry != DOTENV_NONE && !dotenv_blank(&w->dotenv, entry);
}

void audit_reference(struct audit_run *w, const struct audit_spot *at, const struct profile *p)
{
	const char *why = NULL;

	if (p->ref_ours) {
		why = check_record(w, p->ref_id, p->provider);
	} else if (strcmp(p->ref_source, "env") == 0) {
		if (!is_set(w, p->ref_id))
			why = "the variable that this refers to is set neither here nor in .env";
	} else {
		w->a->refs_skipped++; /* another store: asking it means running its program */
		return;
	}
	w->a->refs_checked++;
	if (why)
		unresolved(w, at, why);
}

void audit_sealed_line(struct audit_run *w, uint32_t entry, const char *name)
{
	const char *variable = name + sizeof(SEALED_PREFIX) - 1;
	struct audit_spot at = { .file = w->o->paths->env,
		.line = w->dotenv.entries[entry].line,
		.provider = "",
		.profile = "" };
	char record[VAULT_RECORD_ID_CAP];
	struct audit_finding *f;
	char path[160];
	struct str text = STR_OF(path);
	const char *why;

	if (!str_starts(name, SEALED_PREFIX))
		return;
	str_fmt(&text, "$env.%s", name);
	at.path = path;
	w->a->refs_checked++;
	why = dotenv_text(&w->dotenv, name, record, sizeof(record)) ? check_record(w, record, "")
								    : "this names no record";
	if (why)
		unresolved(w, &at, why);
	if (dotenv_find(&w->dotenv, variable) == DOTENV_NONE)
		return;
	f = audit_add(w, AUDIT_REF_SHADOWED, SEVERITY_WARN, at.file,
		"%.80s is sealed, but a plain line sets it too and wins", variable);
	f->line = at.line;
	str_copy(f->path, sizeof(f->path), path);
}

static const struct profile *profile_of(const struct profiles *list, const char *provider)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->list[i].provider, provider) == 0)
			return &list->list[i];
	return NULL;
}

static void shadowed_by(struct audit_run *w, const struct config_provider *p, const char *id)
{
	struct audit_finding *f =
		audit_add(w, AUDIT_REF_SHADOWED, SEVERITY_WARN, w->o->paths->config,
			"profile %.80s takes precedence: this reference is never used", id);

	snprintf(f->path, sizeof(f->path), "models.providers.%.64s.apiKey", p->id);
	str_copy(f->provider, sizeof(f->provider), p->id);
}

/* A provider's key in the configuration is not asked for while main has a profile for it. */
void audit_shadowed(struct audit_run *w)
{
	struct profiles list = { 0 };
	char path[PATHS_CAP];

	if (!w->agent_count || !paths_profiles(path, sizeof(path), w->agent_dirs[0], NULL) ||
		!profiles_load(&list, path, NULL, NULL))
		return;
	for (size_t i = 0; i < w->config.provider_count; i++) {
		const struct config_provider *p = &w->config.providers[i];
		const struct profile *by = profile_of(&list, p->id);

		if (by && p->key == CONFIG_KEY_REF)
			shadowed_by(w, p, by->id);
	}
	profiles_release(&list);
}
