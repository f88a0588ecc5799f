/* SPDX-License-Identifier: MIT */
#include "health/survey_data.h"
#include "store/vault_slots.h"

/*
 * One line on how the keys are kept: counts, no adjectives. Plain text is never
 * counted as protected.
 */

struct counted {
	unsigned by[STORED_REFERENCE + 1];
	unsigned logins; /* OAuth: the gateway must rewrite them, so they stay plain */
	unsigned closed; /* sealed, and do not open */
};

static struct counted count(const struct snapshot *s)
{
	struct counted n = { 0 };

	for (size_t i = 0; i < s->credential_count; i++) {
		const struct credential *c = &s->credentials[i];

		if (c->stored == STORED_PLAIN_PROFILES && c->kind == CRED_OAUTH)
			n.logins++;
		else
			n.by[c->stored]++;
		if (c->stored == STORED_SEALED && c->opens != OPENS_YES && c->opens != OPENS_OLDER)
			n.closed++;
	}
	return n;
}

/* Closed on purpose: no key of it is meant to be here. */
static bool needs_person(const struct survey *v)
{
	return !v->unlocked && !v->vault_error.code && v->vault.slot_count &&
	       !vault_unattended(&v->vault);
}

static void sealed(struct str *out, const struct survey *v, const struct counted *n)
{
	if (!n->by[STORED_SEALED])
		return;
	str_fmt(out, "%u sealed, ", n->by[STORED_SEALED]);
	if (n->closed == n->by[STORED_SEALED] && !needs_person(v))
		str_add(out, "not opening");
	else if (n->closed && !needs_person(v))
		str_fmt(out, "%u not opening", n->closed);
	else if (v->o->key && !needs_person(v))
		str_add(out, "opens with the key you gave");
	else
		str_add(out, vault_weakest_words(&v->vault, v->paths->keys));
}

static void part(struct str *out, unsigned n, const char *what)
{
	if (n)
		str_fmt(out, "%s%u %s", out->len ? "; " : "", n, what);
}

void survey_protection(struct survey *v)
{
	struct counted n = count(v->s);
	struct str out = STR_OF(v->s->protection);

	sealed(&out, v, &n);
	part(&out, n.by[STORED_PLAIN_PROFILES], "plain in auth-profiles.json");
	part(&out, n.by[STORED_PLAIN_ENV], "plain in .env");
	part(&out, n.by[STORED_PLAIN_CONFIG], "plain in the configuration");
	part(&out, n.logins, n.logins == 1 ? "login plain" : "logins plain");
	part(&out, n.by[STORED_REFERENCE], "elsewhere");
	if (!out.len)
		str_add(&out, "nothing stored yet");
}
