/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "health/doctor_impl.h"
#include "health/service_view.h"
#include "store/vault_slots.h"

/* Sealed keys: the vault, its key, the references to it, and the way a gateway gets at them. */

static size_t sealed_count(const struct survey *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->s->credential_count; i++)
		n += v->s->credentials[i].stored == STORED_SEALED;
	return n;
}

/* Profiles whose key a gateway asks the resolver for; one of January 2026 gets it from `run`. */
static size_t reference_count(const struct survey *v)
{
	size_t n = 0;

	if (paths_january(v->paths->config))
		return 0;

	for (size_t i = 0; i < v->store_count; i++)
		n += v->s->credentials[i].stored == STORED_SEALED;
	return n;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* Never over the damaged one: it may be all there is of a newer key. */
static void set_aside(struct survey *v, struct finding *f)
{
	char aside[PATHS_CAP];
	struct str name = STR_OF(aside);

	str_fmt(&name, "%s.damaged", v->paths->vault);
	if (!name.cut)
		finding_move(f, v->paths->vault, aside);
}

static void no_vault(struct survey *v, const struct check *c)
{
	bool backup = access(v->paths->vault_bak, R_OK) == 0;
	size_t sealed = sealed_count(v);
	struct finding *f;

	if (v->vault_error.code == ERR_NOT_FOUND)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the vault is missing, and %zu sealed key%s with it", sealed,
			plural(sealed));
	else
		f = finding_err(v, c, &v->vault_error);
	finding_evidence(v, f, v->paths->vault, 0);
	if (v->vault_error.code == ERR_NOT_FOUND && backup)
		finding_move(f, v->paths->vault_bak, v->paths->vault);
	else if (v->vault_error.code == ERR_NOT_FOUND)
		finding_fix(f, FIX_ONBOARD, NULL);
	else if (v->vault_error.code == ERR_DAMAGED)
		set_aside(v,
			f); /* then it is missing, and the backup, or a new one, takes its place */
	else if (v->vault_error.code == ERR_NEWER)
		finding_fix(f, FIX_KEYS, NULL);
	else
		finding_unread(v, f, v->paths->vault, &v->vault_error);
}

static void no_key(struct survey *v, const struct check *c)
{
	struct finding *f = finding_err(v, c, &v->key_error);
	char path[PATHS_CAP];
	struct fs_stamp st = { 0 };

	if (!keyfile_path(path, sizeof(path), v->paths->keys, v->vault.id, NULL))
		return;
	finding_evidence(v, f, path, 0);
	if (fs_stat(path, &st, NULL) && st.exists && st.uid == geteuid() && (st.mode & 077))
		finding_chmod(f, path, 0400);
	else
		finding_fix(f, FIX_KEYS, NULL);
}

/* It opened: by what; or not as it was left. */
static void opened_vault(struct survey *v, const struct check *c)
{
	struct finding *f = NULL;

	if (!v->vault.mac_ok)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the vault was changed by something else: it is not authentic as a whole");
	else if (v->vault.age == VAULT_AGE_OLDER)
		f = finding_add(v, c, SEVERITY_WARN,
			"this is an older copy of the vault: generation %" PRIu64 ", but %" PRIu64
			" was seen here",
			v->vault.gen, v->vault.anchor_gen);
	else if (v->vault.anchor_error.code)
		f = finding_add(v, c, SEVERITY_WARN, "an older copy would go unnoticed: %s",
			v->vault.anchor_error.msg);
	else if (v->vault.anchor_gen && v->vault.gen > v->vault.anchor_gen)
		f = finding_add(v, c, SEVERITY_INFO,
			"an older copy would go unnoticed until the next change: generation "
			"%" PRIu64 " of the vault was not noted in the key folder",
			v->vault.gen);
	if (f) {
		finding_evidence(v, f, v->paths->vault, 0);
		finding_fix(f, FIX_VERIFY, NULL);
		return;
	}
	f = finding_add(v, c, SEVERITY_OK, "the vault opens: %s", v->s->protection);
	finding_evidence(v, f, v->paths->vault, 0);
}

/* No fault: somebody chose what opens it. But a service cannot type. */
static void locked_vault(struct survey *v, const struct check *c)
{
	bool alone = vault_unattended(&v->vault) > 0;
	bool service = v->s->service && v->s->service->ours;
	struct finding *f;

	if (alone)
		f = finding_add(v, c, SEVERITY_INFO, "the vault was not tried here: it %s",
			vault_weakest_words(&v->vault, v->paths->keys));
	else
		f = finding_add(v, c, service ? SEVERITY_WARN : SEVERITY_INFO,
			service ? "after a restart the gateway's service has no keys: the vault %s"
				: "the vault %s; a gateway gets its keys through thinkfleetbot run",
			vault_weakest_words(&v->vault, v->paths->keys));
	finding_evidence(v, f, v->paths->vault, 0);
	if (!alone && service)
		finding_fix(f, "thinkfleetbot secrets slot add", "file");
	else
		finding_fix(f, FIX_KEYS, NULL);
}

bool check_vault(struct survey *v, const struct check *c)
{
	if (v->vault_error.code == ERR_NOT_FOUND && !sealed_count(v))
		return false;
	if (v->vault_error.code) {
		no_vault(v, c);
	} else if (!v->unlocked && v->unlock_error.code == ERR_LOCKED) {
		locked_vault(v, c);
	} else if (v->key_error.code) {
		no_key(v, c);
	} else if (!v->unlocked) {
		struct finding *f = finding_add(
			v, c, SEVERITY_FAIL, "the vault does not open: %s", v->unlock_error.msg);

		finding_evidence(v, f, v->paths->vault, 0);
		finding_fix(f, FIX_VERIFY, NULL);
	} else {
		opened_vault(v, c);
	}
	return true;
}

static void check_reference(struct survey *v, const struct check *c, const struct credential *cred)
{
	const struct vault_record *r = vault_find(&v->vault, cred->ref);
	struct finding *f = NULL;

	if (!r)
		f = finding_add(v, c, SEVERITY_FAIL,
			"%.80s refers to a record that the vault "
			"does not have",
			cred->id);
	else if (strcmp(r->provider, cred->provider) != 0)
		f = finding_add(v, c, SEVERITY_FAIL,
			"%.80s is for %.40s, but its record is a key of %.40s", cred->id,
			cred->provider, r->provider);
	else if (cred->opens == OPENS_DAMAGED)
		f = finding_add(v, c, SEVERITY_FAIL, "the record of %.80s is damaged", cred->id);
	if (!f)
		return;
	str_copy(f->evidence, sizeof(f->evidence), cred->ref);
	/* Nothing is written into a vault that is not authentic: it has to be put right first. */
	if (!v->vault.mac_ok)
		finding_fix(f, FIX_VERIFY, NULL);
	else if (cred->in_store)
		finding_rotate(v, f, cred);
	else
		finding_fix(f, FIX_ONBOARD, NULL);
}

bool check_references(struct survey *v, const struct check *c)
{
	if (v->vault_error.code || !v->unlocked || !sealed_count(v))
		return false; /* the vault's own finding says it all */
	for (size_t i = 0; i < v->s->credential_count; i++)
		if (v->s->credentials[i].stored == STORED_SEALED)
			check_reference(v, c, &v->s->credentials[i]);
	return true;
}

static unsigned line_of(const struct survey *v, size_t i)
{
	const struct credential *c = &v->s->credentials[i];
	uint32_t entry;

	if (i < v->store_count)
		return v->sources[i]->line;
	if (c->stored != STORED_PLAIN_ENV)
		return 0;
	entry = dotenv_find(&v->dotenv, c->var);
	return entry == DOTENV_NONE ? 0 : v->dotenv.entries[entry].line;
}

static const char *path_of(const struct survey *v, const struct credential *c)
{
	if (c->stored == STORED_PLAIN_ENV)
		return v->paths->env;
	return c->stored == STORED_PLAIN_CONFIG ? v->paths->config : v->s->store_path;
}

/* A sealed profile beside which its plain text was left. */
static bool has_residue(const struct survey *v, size_t i)
{
	return i < v->store_count && v->s->credentials[i].stored == STORED_SEALED &&
	       v->sources[i]->has_key;
}

bool check_plain(struct survey *v, const struct check *c)
{
	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *cred = &v->s->credentials[i];
		struct finding *f;
		char where[64];
		struct str words = STR_OF(where);

		if (has_residue(v, i)) {
			f = finding_add(v, c, SEVERITY_WARN,
				"%.80s is sealed, but a plain text of it was left behind",
				cred->id);
			finding_evidence(v, f, v->s->store_path, line_of(v, i));
			finding_rotate(v, f, cred);
			continue;
		}
		if (cred->kind == CRED_OAUTH || (cred->stored != STORED_PLAIN_PROFILES &&
							cred->stored != STORED_PLAIN_ENV &&
							cred->stored != STORED_PLAIN_CONFIG))
			continue;
		fact_stored(&words, cred);
		f = finding_add(v, c, SEVERITY_WARN, "%.80s is %s", cred->id, where);
		finding_evidence(v, f, path_of(v, cred), line_of(v, i));
		if (cred->stored == STORED_PLAIN_CONFIG)
			finding_edit(
				f, v->paths->config, 0); /* it stays there beside a sealed one */
		else
			finding_fix(f, FIX_ONBOARD, NULL);
	}
	return v->s->credential_count > 0;
}

static bool same_bytes(const char *a, const char *b)
{
	struct buf x = { 0 };
	struct buf y = { 0 };
	bool same = fs_read(a, 0, &x, NULL, NULL) && fs_read(b, 0, &y, NULL, NULL) &&
		    x.len == y.len && memcmp(x.p, y.p, x.len) == 0;

	buf_release(&x);
	buf_release(&y);
	return same;
}

/* The rules a gateway applies to a command that it gets secrets from (gateway-family.md 17.4). */
bool check_resolver(struct survey *v, const struct check *c)
{
	const char *path = v->paths->resolver;
	struct fs_stamp st = { 0 };
	struct finding *f = NULL;

	if (!reference_count(v))
		return false;
	if (!fs_stat(path, &st, NULL) || !st.exists)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the resolver is missing: a gateway cannot open %zu sealed key%s",
			reference_count(v), plural(reference_count(v)));
	else if (st.uid != geteuid())
		f = finding_add(v, c, SEVERITY_FAIL, "the resolver belongs to uid %u, not to you",
			(unsigned)st.uid);
	else if (st.mode & 022)
		f = finding_add(v, c, SEVERITY_FAIL, "others can replace the resolver (%04o)",
			(unsigned)st.mode);
	else if (!(st.mode & 0100))
		f = finding_add(v, c, SEVERITY_FAIL, "the resolver cannot be started (%04o)",
			(unsigned)st.mode);
	else if (v->o->resolver && !same_bytes(path, v->o->resolver))
		f = finding_add(v, c, SEVERITY_WARN, "the resolver is of another version");
	if (!f)
		return true;
	finding_evidence(v, f, path, 0);
	if (st.exists && st.uid != geteuid()) {
		finding_chown(f, path);
		return true;
	}
	finding_fix(f, FIX_DOCTOR, NULL);
	f->safe = true;
	if (st.exists && st.uid == geteuid() && (st.mode & 022))
		finding_chmod(f, path, 0700);
	return true;
}

static const char *not_set(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

/*
 * Where the resolver would look for the key file: what follows --key-dir in its arguments, else
 * what it finds by itself, because gateways start it with an empty environment.
 */
static bool resolver_keys(const struct survey *v, char *out, size_t cap)
{
	static const char *const args[] = { "secrets", "providers", "thinkfleetbot", "args", NULL };
	const struct paths_env none = { .get = not_set };
	const struct doc *d = &v->config.doc;
	bool next = false;

	for (uint32_t n = doc_first(d, doc_find(d, args)); n != DOC_NONE; n = doc_next(d, n)) {
		if (next)
			return doc_text(d, n, out, cap);
		next = doc_text_is(d, n, "--key-dir");
	}
	return paths_keys(out, cap, &none, NULL);
}

bool check_secrets_provider(struct survey *v, const struct check *c)
{
	const struct config_vault *entry = &v->config.vault;
	struct finding *f = NULL;
	char keys[PATHS_CAP] = "";

	if (!reference_count(v) || v->config_error.code)
		return false;
	if (!entry->present)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the configuration does not name the resolver for %zu sealed key%s",
			reference_count(v), plural(reference_count(v)));
	else if (strcmp(entry->command, v->paths->resolver) != 0)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the configuration names another resolver: %.120s", entry->command);
	else if (strcmp(entry->state_dir, v->paths->state) != 0)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the configuration gives the resolver another state folder: %.100s",
			entry->state_dir);
	else if (!resolver_keys(v, keys, sizeof(keys)) || strcmp(keys, v->paths->keys) != 0)
		f = finding_add(v, c, SEVERITY_FAIL,
			"the resolver looks for the key file in another folder: %.120s", keys);
	if (!f)
		return true;
	finding_evidence(v, f, v->paths->config, 0);
	finding_fix(f, FIX_DOCTOR, NULL);
	f->safe = true;
	return true;
}
