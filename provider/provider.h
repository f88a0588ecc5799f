/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stddef.h>

#include "base/err.h"

/*
 * Everything that is known about a provider, as one row of a table.
 *
 * Adding a provider is adding a row. Nothing else in the program branches on a
 * provider's name. Facts and their sources: reference/gateway-family.md 6.4,
 * 12.3, 12.4 and 16, and the providers' own documentation where a row says so.
 */

/* The kinds of credential, with the family's names for them ("api_key", "token", "oauth"). */
enum cred_kind {
	CRED_NONE, /* local servers: no key needed */
	CRED_API_KEY,
	CRED_TOKEN,
	CRED_OAUTH,
};

const char *cred_kind_name(enum cred_kind k);              /* "none", "api_key", "token", "oauth" */
bool cred_kind_parse(const char *name, enum cred_kind *k); /* also "apiKey" */

/* How a credential travels in a request. */
enum auth_style {
	AUTH_NO_HEADER,
	AUTH_BEARER,    /* Authorization: Bearer K */
	AUTH_X_API_KEY, /* x-api-key: K */
	AUTH_GOOG,      /* x-goog-api-key: K */
	AUTH_TOKEN,     /* Authorization: Token K */
	AUTH_XI,        /* xi-api-key: K */
	AUTH_STYLES
};

/* How the body of an answer is to be read (provider/check.h). */
enum judge_style {
	JUDGE_STATUS, /* by HTTP status and the OpenAI error shape */
	JUDGE_ANTHROPIC,
	JUDGE_GOOGLE, /* a bad key is 400 API_KEY_INVALID */
	JUDGE_XAI,    /* a bad key may be 400 */
	JUDGE_ZAI,    /* errors may come as 200 with a code; a model list or GET …/quota/limit */
	JUDGE_OPENROUTER_KEY,
	JUDGE_LOCAL,   /* any well-formed model list */
	JUDGE_PUBLIC,  /* the list is public: a good answer proves nothing, a bad one does */
	JUDGE_MINIMAX, /* errors come as 200 with base_resp.status_code; a list or …/remains */
	JUDGE_HUGGINGFACE, /* GET /api/whoami-v2 */
	JUDGE_VERCEL,      /* GET /v1/credits */
	JUDGE_VENICE,      /* GET /api_keys/rate_limits */
	JUDGE_SYNTHETIC,   /* GET /v2/quotas */
	JUDGE_CHUTES,      /* GET /users/me */
	JUDGE_ELEVENLABS,  /* GET /user */
	JUDGE_DEEPGRAM,    /* GET /projects */
	JUDGE_ACCOUNT,     /* any JSON object of 2xx that is no error; it has no model list */
	JUDGE_STYLES
};

/* The protocol that the models speak; what a custom endpoint must be told. */
enum api_style {
	API_OPENAI,
	API_ANTHROPIC,
	API_GOOGLE,
};

#define PROVIDER_VARS 3
#define PROVIDER_METHODS 3
#define PROVIDER_PREFIXES 4
#define PROVIDER_HEADERS 2
#define PROVIDER_MODELS 6

/* One way to sign in. */
struct method {
	const char *id; /* "api-key", "setup-token", "none": --method takes it */
	enum cred_kind kind;
	const char *label;  /* "Claude setup-token" */
	const char *note;   /* one line under the label; for CRED_OAUTH how it is signed in */
	const char *noun;   /* "setup-token", "API key": what is pasted */
	const char *how[3]; /* numbered lines above the field, NULL-terminated if shorter */
	const char *prefixes[PROVIDER_PREFIXES]; /* hints, never a reason to refuse */
	size_t min_len;                          /* shorter "looks cut off"; 0: unknown */
	size_t max_len;
	const char *profile_name; /* default name after the colon: "default", "manual" */
	const char *var;          /* variable for this kind of credential; NULL: the provider's */
	enum auth_style auth;
	/* What proves the key: GET, costs nothing, needs it. Both NULL: no such request is known.
	 */
	const char *check_path; /* appended to the base address */
	const char *check_url;  /* or elsewhere, on the provider's own hosts; not asked when the
				   user's configuration moves the base address */
	const char *headers[PROVIDER_HEADERS]; /* "name: value", fixed */
	enum judge_style judge;
};

struct provider {
	const char *id; /* normalised: "anthropic" */
	const char
		*aliases;  /* words the search also finds, blank-separated: "claude sonnet opus" */
	const char *label; /* "Anthropic" */
	const char *models_hint; /* "Claude" */
	const char *group;     /* heading it is listed under, as the family's wizard groups them */
	const char *before;    /* what must be done first, one line; NULL: nothing */
	const char *base_url;  /* "https://api.anthropic.com", no slash at the end */
	const char *keys_page; /* where a person gets a key, without https:// */
	const char *vars[PROVIDER_VARS]; /* environment variables, first non-empty wins */
	const char *var;                 /* the one to write for a key: "ANTHROPIC_API_KEY" */
	/* First: the recommended one; id NULL ends. Beside CRED_OAUTH there is no other. */
	struct method methods[PROVIDER_METHODS];
	/* Default first, "provider/model"; NULL ends. None: not a provider of chat models. */
	const char *models[PROVIDER_MODELS];
	enum api_style api;
	bool local;
	bool custom; /* address and model are the user's: base_url, keys_page and models are NULL */
	/* An endpoint of the user's own (provider/own.h): the row it follows. NULL in the table. */
	const struct provider *like;
	const char *source; /* where the row's facts come from */
};

size_t provider_count(void);
const struct provider *provider_at(size_t i); /* in the order of the wizard's list */

/* By id, in the table and among the user's own (provider/own.h); NULL when unknown. */
const struct provider *provider_find(const char *id);

/* gateway-family.md 2.3: trim, lower case, "z.ai" -> "zai", "opencode-zen" -> "opencode". */
bool provider_normalise(char *out, size_t cap, const char *id);

const struct method *provider_method(const struct provider *p, const char *method_id);
/* How a credential of this kind is handled here; NULL for CRED_OAUTH, which the gateway handles. */
const struct method *provider_method_of_kind(const struct provider *p, enum cred_kind k);
size_t provider_method_count(const struct provider *p);

/* Can it be set up here? If not, *why says in a line how it is done instead. */
bool provider_offered(const struct provider *p, const char **why);

/*
 * Rank of a provider for what was typed: 0 no match, higher is better (prefix of
 * the name, then of a word, then anywhere; key prefixes count: "sk-or" finds
 * OpenRouter). Case, blanks and punctuation do not matter. "" matches all equally.
 */
int provider_match(const struct provider *p, const char *typed);

#endif
