/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include "provider/check.h"

/*
 * The credential in six facts, and everything else the table, --json, --check,
 * the panel, the wizard's first screen and the doctor show: one snapshot of
 * plain data, gathered once by health/survey, read by all. No secret is in it.
 */

enum stored {
	STORED_MISSING,
	STORED_SEALED,         /* in the vault */
	STORED_PLAIN_ENV,      /* in the state folder's .env */
	STORED_PLAIN_PROFILES, /* in auth-profiles.json */
	STORED_ENVIRONMENT,    /* only in this process's environment */
	STORED_NOT_NEEDED,     /* local provider */
	STORED_PLAIN_CONFIG,   /* in the gateway's configuration */
	STORED_REFERENCE,      /* a reference to another secret store */
};

enum opens {
	OPENS_UNTRIED, /* nothing to open: plain, environment, none */
	OPENS_YES,
	OPENS_NO_KEY, /* the key file is missing or unreadable */
	OPENS_WRONG_KEY,
	OPENS_DAMAGED,
	OPENS_OLDER,      /* opens, but an older copy of the vault (rollback) */
	OPENS_MISSING,    /* the reference names no record */
	OPENS_UNREADABLE, /* the vault's file cannot be read */
	OPENS_LOCKED,     /* as it was chosen: by a person, or inside its service, not here */
};

enum selected {
	SELECTED_FIRST,
	SELECTED_BEHIND,   /* behind `selected_by` */
	SELECTED_COOLDOWN, /* until cooldown_until */
	SELECTED_EXCLUDED, /* by an explicit order, or the config names others */
	SELECTED_UNUSABLE, /* missing, expired */
	SELECTED_SHADOWED, /* an environment variable wins: `selected_by` */
};

/* Of SELECTED_EXCLUDED: what leaves it out. */
enum excluded {
	EXCLUDED_NOT,
	EXCLUDED_ORDER,   /* an explicit order does not list it */
	EXCLUDED_OTHERS,  /* the configuration's auth.profiles names others of the provider */
	EXCLUDED_DIFFERS, /* auth.profiles has it under another provider or mode */
};

enum expiry_source {
	EXPIRY_NONE,
	EXPIRY_PROVIDER,
	EXPIRY_TOKEN,
	EXPIRY_YOU,
	EXPIRY_ESTIMATE
};

enum in_use {
	IN_USE_UNKNOWN,
	IN_USE_CURRENT,
	IN_USE_OLDER,
	IN_USE_OTHER, /* another key, which a restart will not replace by this one */
};

/* gateway-family.md 8.4 */
enum expiry_status {
	EXPIRY_STATIC,
	EXPIRY_OK,
	EXPIRY_EXPIRING,
	EXPIRY_EXPIRED,
	EXPIRY_MISSING,
};

#define ID_CAP 264 /* profile ids; 256 characters at most */
#define PROVIDER_CAP 65

struct credential {
	char id[ID_CAP]; /* profile id; "env" credentials: the variable's name */
	char provider[PROVIDER_CAP];
	enum cred_kind kind;
	bool in_store; /* an entry of auth-profiles.json (else: environment or .env only) */
	char email[128];
	char ref[ID_CAP]; /* the record's id, or "" */
	bool from_shell;  /* a login shell supplied it, as the gateway would ask one */
	char var[65];     /* variable that carries it, or "" */
	char prefix[24];  /* public prefix, for the mask */
	char tail[TAIL_CAP];
	char fingerprint[FINGERPRINT_CAP];
	bool broken; /* it holds a blank or a control character */
	uint64_t rev;
	int64_t sealed_at_ms; /* when this revision was sealed, to the second; 0: it is not */

	enum stored stored;
	enum opens opens;
	enum selected selected;
	char selected_by[ID_CAP];
	enum excluded excluded;
	unsigned rank; /* the gateway tries 1 first; 0: it never tries this one */
	enum verdict accepted;
	enum reason accepted_reason;
	int64_t accepted_at_ms; /* 0: never */
	int accepted_latency_ms;
	int64_t accepted_skew_ms; /* how far this host's clock was off then; 0: it did no harm */
	int64_t expires_ms;       /* 0: none */
	enum expiry_source expires_source;
	bool expires_invalid; /* it has a date that is none: some gateways then leave it out */
	enum in_use in_use;

	int64_t cooldown_until_ms; /* 0: none */
	int64_t disabled_until_ms;
	char disabled_reason[32];
	int64_t last_used_ms;
	bool last_good;
};

enum severity {
	SEVERITY_OK,
	SEVERITY_INFO,
	SEVERITY_WARN,
	SEVERITY_FAIL
};

struct finding {
	const char *check; /* stable id: "modes", "vault-opens" */
	enum severity severity;
	char text[240];     /* one line */
	char evidence[240]; /* file, line, what was read; or "" */
	char fix[320];      /* a command that exists, or "" */
	bool safe;          /* doctor --fix may do it without a question */
	char target[1024];  /* what doctor_fix() would change, or "" */
	unsigned mode;      /* and to which mode */
};

/* What one provider has, for models status and the wizard's list. */
struct provider_state {
	char id[PROVIDER_CAP];
	const char *label; /* from the table, or its id */
	unsigned profiles, oauth, token, api_key;
	char env_var[65]; /* variable found in the environment or .env, or "" */
	char env_mask[32];
	bool env_from_shell;          /* env_var comes from the login-shell import */
	char base_url[CHECK_URL_CAP]; /* from the configuration, or "" */
	char config_key_mask[32];     /* models.providers.<id>.apiKey, or "" */
	bool in_use;                  /* by the default model, a fallback or the image model */
	bool local;                   /* a server on this machine: needs no credential */
};

#define SNAPSHOT_LIST_CAP 64
#define SNAPSHOT_UNREAD 6 /* more files are not read */

struct snapshot {
	/* where you are */
	char user[64];
	char home[1024];
	char host[64];
	char state_dir[1024];
	char config_path[1024];
	char env_path[1024];
	char agent[65];
	char agent_dir[1024];
	char store_path[1024];
	char vault_path[1024];
	bool state_exists, config_exists, store_exists, vault_exists, env_exists;
	char protection[160]; /* "3 sealed, opens with a key file on this disk" */
	int64_t now_ms;

	/* Files that are there and could not be read: "absent" would be a guess. */
	struct err unread[SNAPSHOT_UNREAD];
	size_t unread_count;

	struct credential *credentials;
	size_t credential_count;
	struct provider_state *providers; /* sorted by id */
	size_t provider_count;
	struct finding *findings; /* failed first, then warnings */
	size_t finding_count;

	/* models */
	char default_model[192]; /* resolved "provider/model" */
	char default_raw[192];   /* as written, or "" */
	char image_model[192];
	char fallbacks[SNAPSHOT_LIST_CAP][192];
	size_t fallback_count;
	char image_fallbacks[SNAPSHOT_LIST_CAP][192];
	size_t image_fallback_count;
	char aliases[SNAPSHOT_LIST_CAP][2][192]; /* alias, model */
	size_t alias_count;
	char allowed[SNAPSHOT_LIST_CAP][192];
	size_t allowed_count;
	bool shell_env;

	struct service_view *service; /* health/service_view.h; NULL: no gateway was found */
};

void snapshot_release(struct snapshot *s);

const struct credential *snapshot_find(const struct snapshot *s, const char *profile_id);

/* gateway-family.md 8.4. warn_ms: usually one day. */
enum expiry_status expiry_status(const struct credential *c, int64_t now_ms, int64_t warn_ms);
const char *expiry_status_name(enum expiry_status s); /* "static", "ok", "expiring", ... */

/*
 * In use, and nothing to authenticate with: no profile, variable or configured key
 * (gateway-family.md 8.2). A local server is never missing.
 */
bool provider_missing(const struct provider_state *p);

/*
 * gateway-family.md 8.5: 0, 1 or 2. Ours on top: a sealed credential that cannot be
 * opened counts as missing.
 */
int snapshot_check(const struct snapshot *s, int64_t warn_ms);

/* Words for people: "sealed", "plain in .env"; "first in order", "behind X"; ... */
void fact_stored(struct str *out, const struct credential *c);
void fact_opens(struct str *out, const struct credential *c);
void fact_selected(struct str *out, const struct credential *c, int64_t now_ms);
void fact_accepted(struct str *out, const struct credential *c, int64_t now_ms);
void fact_expires(struct str *out, const struct credential *c, int64_t now_ms);
void fact_in_use(struct str *out, const struct credential *c);

/*
 * A mask that never shows a whole key: prefix, "…" or "...", last four ("sk-ant-api03-...4f2Q");
 * short or unknown ones show nothing but "...". Never more than a third of the key.
 */
void credential_mask(struct str *out, const struct credential *c);

/*
 * What of a key may be shown: its public prefix and its last four characters, together at
 * most a third of it; else only the tail; else nothing.
 */
struct mask {
	char prefix[24];
	char tail[TAIL_CAP];
};
void mask_make(struct mask *m, const char *key, size_t n);
void mask_print(struct str *out, const char *prefix, const char *tail); /* "sk-ant-...4f2Q" */

/* Stable names for JSON and scripts: "plain-env", "wrong-key", "behind", "estimate", ... */
const char *stored_name(enum stored s);
const char *opens_name(enum opens o);
const char *selected_name(enum selected s);
const char *expiry_source_name(enum expiry_source s);
const char *in_use_name(enum in_use u);
const char *severity_name(enum severity s); /* "ok", "info", "warning", "error" */

#endif
