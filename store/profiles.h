/* SPDX-License-Identifier: MIT */
#ifndef STORE_PROFILES_H
#define STORE_PROFILES_H

#include "store/pool.h"

/*
 * auth-profiles.json (and auth-state.json beside it), read without its secrets.
 *
 * Tolerant like the family's loader, and strict in what it reports: entries the
 * gateways would drop are left out here too, but counted with line and reason.
 * Edits work on the document and leave everything else in it as it was.
 * gateway-family.md 2 and 17.1, vault-format.md.
 */

enum profile_kind {
	PROFILE_NO_KIND,
	PROFILE_API_KEY,
	PROFILE_TOKEN,
	PROFILE_OAUTH,
};

const char *profile_kind_name(enum profile_kind k); /* "api_key", "token", "oauth" */

#define PROFILES_FRESH "{\n  \"version\": 1,\n  \"profiles\": {}\n}\n"
#define VAULT_REF_PROVIDER "thinkfleetbot" /* our name in secrets.providers */

/* Points in time are milliseconds; 0 is "not there". */
struct profile_usage {
	int64_t last_used_ms;
	int64_t cooldown_until_ms;
	int64_t disabled_until_ms;
	int64_t last_failure_ms;
	const char *disabled_reason; /* "" */
	int64_t error_count;
	bool present;
};

/* The texts belong to the struct profiles. */
struct profile {
	const char *id;
	const char *provider;     /* normalised */
	const char *provider_raw; /* as written */
	enum profile_kind kind;
	const char *email; /* "" */
	bool has_key;      /* a plain-text key or token; oauth: access or refresh; never blank */
	bool has_ref;      /* all three members of the reference are there */
	bool ref_ours;     /* source "exec", provider "thinkfleetbot" */
	const char *ref_source, *ref_provider, *ref_id; /* "" without a reference */
	bool expires_present;
	bool expires_valid; /* a number above 0 that is an integer */
	int64_t expires_ms; /* 0 unless valid */
	bool last_good;
	struct profile_usage usage;
	unsigned line;
	uint32_t node; /* valid until the first edit */
};

/* An entry that no gateway would use, and why. */
struct profile_problem {
	const char *id;
	const char *why; /* "its type \"apikey\" is none of api_key, token, oauth": no values */
	unsigned line;
};

struct profile_order {
	const char *provider; /* normalised */
	const char **ids;
	size_t count;
};

/* Where an id is in the list. */
struct profile_key {
	const char *id;
	size_t at;
};

#define PROFILE_PROBLEMS_MAX 16

struct profiles {
	struct doc doc;
	struct doc state; /* auth-state.json; count 0 when there is none */
	struct fs_stamp stamp, state_stamp;
	struct profile *list; /* file order; of duplicates the last */
	size_t count;
	struct profile_order *orders;
	size_t order_count;
	struct profile_problem problems[PROFILE_PROBLEMS_MAX];
	size_t problem_count;      /* may be above the maximum: that many were not kept */
	bool exists;               /* the file is there */
	struct profile_key *by_id; /* sorted */
	struct pool pool;
};

/*
 * A missing file is an empty store (exists false), ready for edits. A damaged
 * one is ERR_DAMAGED, never empty. state_path may be NULL.
 */
bool profiles_load(struct profiles *p, const char *path, const char *state_path, struct err *e);
void profiles_release(struct profiles *p);

const struct profile *profiles_find(const struct profiles *p, const char *id);

/* The explicit order of a provider (normalised name), or NULL. */
const struct profile_order *profiles_order(const struct profiles *p, const char *provider);

/* The plain-text key or token of a profile. ERR_NOT_FOUND when there is none. */
bool profiles_secret(const struct doc *d, const char *id, struct secret *out, struct err *e);

/*
 * Edits on the document. They make the lists above stale: load again to see
 * them. Keys of order and usageStats are compared after normalisation.
 */
struct profile_seal {
	const char *id;
	const char *provider;
	enum profile_kind kind; /* PROFILE_API_KEY or PROFILE_TOKEN */
	const char *ref_id;     /* vault_record_id(): "main/anthropic:default/key" */
	int64_t expires_ms;     /* tokens: 0 none */
};

/*
 * Writes the profile with an empty secret and a reference to the vault. Of an
 * existing entry every other member stays; every plain-text copy of its secret
 * goes (aliases, duplicate members, dead duplicates of the entry itself).
 */
bool profiles_put_sealed(struct doc *d, const struct profile_seal *s, struct err *e);

/* What a sign-in brought: in plain text, because the gateway renews it there itself. */
struct profile_login {
	const char *id;
	const char *provider;
	enum profile_kind kind; /* PROFILE_OAUTH; PROFILE_TOKEN for one that cannot be renewed */
	const struct secret *access;
	const struct secret *refresh;            /* PROFILE_OAUTH */
	int64_t expires_ms;                      /* 0: never */
	const char *account, *email, *client_id; /* "": what is there stays */
};

/*
 * Writes the profile; every member of it that is not named above stays. ERR_REFUSED when the id
 * is taken by a credential of another kind.
 */
bool profiles_put_login(struct doc *d, const struct profile_login *l, struct err *e);
bool profiles_remove(struct doc *d, const char *id, struct err *e);
bool profiles_order_set(
	struct doc *d, const char *provider, const char *const *ids, size_t n, struct err *e);
bool profiles_order_clear(struct doc *d, const char *provider, struct err *e);

/* After a rotation: errorCount 0, and no cooldown, disabled state or failure counts. */
bool profiles_clear_failures(struct doc *d, const char *id, struct err *e);

/* Is there anything that profiles_clear_failures() would clear and a person would miss? */
bool profile_has_failures(const struct profile *p);

#endif
