/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "health/doctor_impl.h"

/* Will a gateway get an answer with what is here? */

static bool can_renew(const struct survey *v, size_t i)
{
	const struct profile *p = v->sources[i];
	const struct doc *d = &v->own.profiles.doc;

	if (v->layered && profiles_find(&v->own.profiles, p->id) != p)
		d = &v->main.profiles.doc;
	return p->kind == PROFILE_OAUTH && doc_filled(d, doc_get(d, p->node, "refresh"));
}

/* A short-lived login that renews itself is no alarm (user-pains.md P58). */
static enum severity expiry_severity(const struct survey *v, size_t i, enum expiry_status st)
{
	if (can_renew(v, i))
		return SEVERITY_INFO;
	return st == EXPIRY_EXPIRING ? SEVERITY_WARN : SEVERITY_FAIL;
}

/* 2001 to 2286 in seconds; in milliseconds, the first months of 1970. */
static bool in_seconds(int64_t expires_ms)
{
	return expires_ms >= INT64_C(1000000000) && expires_ms < INT64_C(10000000000);
}

static void expiry_finding(struct survey *v, const struct check *c, size_t i, enum expiry_status st)
{
	const struct credential *cred = &v->s->credentials[i];
	char when[96];
	struct str words = STR_OF(when);
	struct finding *f;

	if (in_seconds(cred->expires_ms)) {
		f = finding_add(v, c, SEVERITY_FAIL,
			"%.80s expired in 1970 for a gateway: its date is in seconds, and belongs "
			"in "
			"milliseconds",
			cred->id);
		finding_evidence(v, f, v->s->store_path, v->sources[i]->line);
		finding_edit(f, v->s->store_path, v->sources[i]->line);
		return;
	}
	fact_expires(&words, cred, v->s->now_ms);
	if (st == EXPIRY_MISSING)
		f = finding_add(v, c, expiry_severity(v, i, st),
			"nobody knows when the login of %.80s expires", cred->id);
	else
		f = finding_add(v, c, expiry_severity(v, i, st), "%.80s %s%s%s", cred->id,
			st == EXPIRY_EXPIRING ? "expires " : "", when,
			can_renew(v, i) ? "; the gateway renews it" : "");
	finding_evidence(v, f, v->s->store_path, v->sources[i]->line);
	if (!can_renew(v, i))
		finding_rotate(v, f, cred);
}

/* What an external program kept for a gateway; releases of 2026 ignore both (13.2, note 5). */
bool check_deprecated(struct survey *v, const struct check *c)
{
	static const char *const ids[] = { "anthropic:claude-cli", "openai-codex:codex-cli" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct credential *cred = snapshot_find(v->s, ids[i]);
		struct finding *f;

		if (!cred || !cred->in_store)
			continue;
		f = finding_add(v, c, SEVERITY_WARN,
			"%s was borrowed from another program; no gateway uses such a profile any "
			"more",
			ids[i]);
		finding_evidence(
			v, f, v->s->store_path, v->sources[cred - v->s->credentials]->line);
		finding_profile(v, f, FIX_REMOVE, cred);
	}
	return v->store_count > 0;
}

/* The family's own lines, and until when. */
bool check_cooldowns(struct survey *v, const struct check *c)
{
	int64_t now = v->s->now_ms;

	for (size_t i = 0; i < v->store_count; i++) {
		const struct credential *cred = &v->s->credentials[i];
		bool disabled = cred->disabled_until_ms > now;
		char left[16];
		struct str s = STR_OF(left);
		struct finding *f;

		if (!disabled && cred->cooldown_until_ms <= now)
			continue;
		clock_remaining(
			&s, (disabled ? cred->disabled_until_ms : cred->cooldown_until_ms) - now);
		if (disabled)
			f = finding_add(v, c, SEVERITY_WARN,
				"%.80s: disabled:%.32s (%s); gateways leave it out until then",
				cred->id, cred->disabled_reason, left);
		else
			f = finding_add(v, c, SEVERITY_INFO,
				"%.80s: cooldown (%s); gateways use others until then", cred->id,
				left);
		finding_evidence(v, f, v->s->store_path, v->sources[i]->line);
		finding_profile(v, f, FIX_COOLDOWN, cred);
	}
	return v->store_count > 0;
}

bool check_expiry(struct survey *v, const struct check *c)
{
	for (size_t i = 0; i < v->store_count; i++) {
		enum expiry_status st =
			expiry_status(&v->s->credentials[i], v->s->now_ms, v->o->warn_ms);

		if (st != EXPIRY_STATIC && st != EXPIRY_OK)
			expiry_finding(v, c, i, st);
	}
	return v->store_count > 0;
}

/* A paste that a terminal broke, as somebody wrote it into a file by hand. */
static void broken_finding(struct survey *v, const struct check *c, size_t i)
{
	const struct credential *cred = &v->s->credentials[i];
	struct finding *f = finding_add(v, c, SEVERITY_FAIL,
		"%.80s holds a blank or a line end: no provider takes such a key", cred->id);

	if (cred->in_store) {
		finding_evidence(v, f, v->s->store_path, v->sources[i]->line);
		finding_rotate(v, f, cred);
	} else {
		str_copy(f->evidence, sizeof(f->evidence), cred->var);
		finding_fix(f, FIX_ONBOARD, NULL);
	}
}

static void verdict_finding(struct survey *v, const struct check *c, const struct credential *cred)
{
	bool rejected = cred->accepted == VERDICT_REJECTED;
	char words[128];
	struct str said = STR_OF(words);
	struct finding *f;

	fact_accepted(&said, cred, v->s->now_ms);
	f = finding_add(
		v, c, rejected ? SEVERITY_FAIL : SEVERITY_WARN, "%.80s: %s", cred->id, words);
	finding_evidence(v, f, v->paths->checks, 0);
	if (rejected && cred->in_store)
		finding_rotate(v, f, cred);
	else
		finding_fix(f, FIX_PROBE, NULL);
}

bool check_accepted(struct survey *v, const struct check *c)
{
	size_t unchecked = 0;
	struct finding *f;

	if (v->checks_error.code) {
		f = finding_add(v, c, SEVERITY_WARN, "what earlier checks said is lost: %s",
			v->checks_error.msg);
		finding_unread(v, f, v->paths->checks, &v->checks_error);
	}
	for (size_t i = 0; i < v->s->credential_count; i++) {
		const struct credential *cred = &v->s->credentials[i];

		if (cred->broken)
			broken_finding(v, c, i);
		unchecked += cred->accepted == VERDICT_NONE && cred->kind != CRED_NONE &&
			     cred->stored != STORED_MISSING;
		if (cred->accepted == VERDICT_REJECTED || cred->accepted == VERDICT_NO_CREDIT)
			verdict_finding(v, c, cred);
	}
	if (unchecked) {
		f = finding_add(v, c, SEVERITY_INFO,
			"%zu credential%s never checked with the provider", unchecked,
			unchecked == 1 ? " was" : "s were");
		finding_fix(f, FIX_PROBE, NULL);
	}
	return v->s->credential_count > 0 || v->checks_error.code;
}

/* The same variable twice in .env: only the last line counts. */
bool check_duplicates(struct survey *v, const struct check *c)
{
	for (uint32_t i = 0; i < v->dotenv.count; i++) {
		char name[80];
		uint32_t last;
		struct finding *f;

		if (!v->dotenv.entries[i].shadowed ||
			!dotenv_key(&v->dotenv, i, name, sizeof(name)))
			continue;
		last = dotenv_find(&v->dotenv, name);
		f = finding_add(v, c, SEVERITY_WARN, "%s has no effect here: line %u sets it again",
			name, last == DOTENV_NONE ? 0 : v->dotenv.entries[last].line);
		finding_evidence(v, f, v->paths->env, v->dotenv.entries[i].line);
		finding_edit(f, v->paths->env, v->dotenv.entries[i].line);
	}
	return v->s->env_exists && !v->dotenv_error.code;
}

/* What the process's environment says of the variable: another key than this one? */
static bool process_differs(const struct survey *v, const struct credential *cred)
{
	const char *value = cred->var[0] ? v->env.get(v->env.ctx, cred->var) : NULL;
	struct credential other = { 0 };

	if (!value)
		return false;
	survey_describe(&other, value, strlen(value));
	return strcmp(other.fingerprint, cred->fingerprint) != 0;
}

static unsigned line_of(const struct survey *v, uint32_t entry)
{
	return entry == DOTENV_NONE ? 0 : v->dotenv.entries[entry].line;
}

/* A variable of this process, and another key under its name among the sealed lines of .env. */
static bool hides_sealed(const struct survey *v, const struct credential *cred, uint32_t *entry)
{
	const struct credential *sealed = NULL;
	char name[sizeof(SEALED_PREFIX) + sizeof(cred->var)];
	char ref[ID_CAP];
	struct str s = STR_OF(name);

	str_fmt(&s, SEALED_PREFIX "%s", cred->var);
	*entry = dotenv_find(&v->dotenv, name);
	if (cred->stored != STORED_ENVIRONMENT || *entry == DOTENV_NONE ||
		!dotenv_text(&v->dotenv, name, ref, sizeof(ref)))
		return false;
	for (size_t i = 0; !sealed && i < v->store_count; i++)
		if (strcmp(v->s->credentials[i].ref, ref) == 0)
			sealed = &v->s->credentials[i];
	return sealed && sealed->fingerprint[0] &&
	       strcmp(sealed->fingerprint, cred->fingerprint) != 0;
}

static void shadow(struct survey *v, const struct check *c, const struct credential *cred)
{
	uint32_t plain = cred->var[0] ? dotenv_find(&v->dotenv, cred->var) : DOTENV_NONE;
	bool sealed = cred->stored == STORED_SEALED;
	uint32_t at = plain;
	struct finding *f;

	if (hides_sealed(v, cred, &at) ||
		((sealed || cred->stored == STORED_PLAIN_ENV) && process_differs(v, cred))) {
		f = finding_add(v, c, SEVERITY_WARN, "%s in this environment wins over the one %s",
			cred->var, cred->stored == STORED_PLAIN_ENV ? "in .env" : "that is sealed");
		finding_evidence(v, f, v->paths->env,
			line_of(v, cred->stored == STORED_ENVIRONMENT ? at : plain));
		finding_fix(f, "unset", cred->var);
	} else if (sealed && plain != DOTENV_NONE) {
		f = finding_add(v, c, SEVERITY_WARN,
			"%s is sealed, but a plain line in .env sets it too", cred->var);
		finding_evidence(v, f, v->paths->env, line_of(v, plain));
		finding_edit(f, v->paths->env, line_of(v, plain));
	}
}

bool check_shadows(struct survey *v, const struct check *c)
{
	for (size_t i = 0; i < v->s->credential_count; i++)
		shadow(v, c, &v->s->credentials[i]);
	return v->s->env_exists;
}

static bool works(const struct credential *c)
{
	if (c->stored == STORED_MISSING || c->selected == SELECTED_UNUSABLE ||
		c->selected == SELECTED_EXCLUDED || c->accepted == VERDICT_REJECTED)
		return false;
	return c->stored != STORED_SEALED || c->opens == OPENS_YES || c->opens == OPENS_OLDER ||
	       c->opens == OPENS_LOCKED;
}

static bool usable(const struct survey *v, const struct provider_state *p)
{
	if (p->local || p->config_key_mask[0])
		return true;
	for (size_t i = 0; i < v->s->credential_count; i++)
		if (strcmp(v->s->credentials[i].provider, p->id) == 0 &&
			works(&v->s->credentials[i]))
			return true;
	return false;
}

bool check_models(struct survey *v, const struct check *c)
{
	size_t in_use = 0;
	size_t good = 0;
	struct finding *f;

	for (size_t i = 0; i < v->s->provider_count; i++) {
		const struct provider_state *p = &v->s->providers[i];
		bool ok;

		if (!p->in_use)
			continue;
		ok = usable(v, p);
		in_use++;
		good += ok;
		if (ok)
			continue;
		f = finding_add(v, c, SEVERITY_FAIL, "%.64s is used by a model and has %s", p->id,
			provider_missing(p) ? "no credential" : "no credential that works");
		finding_evidence(v, f, v->paths->config, 0);
		finding_fix(f, FIX_ONBOARD, NULL);
	}
	if (in_use && !good) {
		f = finding_add(v, c, SEVERITY_FAIL,
			"the gateway will not answer: no model in use has a usable credential");
		finding_evidence(v, f, v->paths->config, 0);
		finding_fix(f, FIX_ONBOARD, NULL);
	}
	return in_use > 0;
}
