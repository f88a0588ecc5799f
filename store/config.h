/* SPDX-License-Identifier: MIT */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include "store/pool.h"

/*
 * thinkfleetbot.json, or in a foreign state folder that gateway's own file: the
 * members that concern credentials and models (gateway-family.md 5.2), read from
 * JSON5, and the few edits we make. $include files are not followed:
 * has_includes says so, and an edit refuses where the parent object comes from
 * one. No secret is held; config_provider_key() and config_env_value() fetch one.
 */

#define CONFIG_DEFAULT_PROVIDER "anthropic"
#define CONFIG_DEFAULT_MODEL "anthropic/claude-opus-4-5"

struct config_model {
	const char *primary;    /* as written, "" when not set */
	const char **fallbacks; /* as written */
	size_t fallback_count;
	bool is_text; /* "model": "x" instead of { "primary": "x" } */
	bool present;
};

struct config_allowed {
	const char *model; /* key of agents.defaults.models, as written */
	const char *alias; /* "" */
};

struct config_agent {
	const char *id;        /* normalised */
	const char *agent_dir; /* as written, "" */
	bool is_default;
};

struct config_profile {
	const char *id;
	const char *provider; /* normalised */
	const char *mode;
	const char *email; /* "" */
};

struct config_order {
	const char *provider; /* normalised */
	const char **ids;
	size_t count;
};

enum config_key {
	CONFIG_KEY_NONE,
	CONFIG_KEY_PLAIN,
	CONFIG_KEY_REF,      /* a SecretRef object */
	CONFIG_KEY_VARIABLE, /* "${NAME}" or "$NAME": see `variable` */
	CONFIG_KEY_MARKER,   /* a text that says that no key is needed: "n/a" */
};

/* What the family writes where a key must stand and none is needed; ours is the first. */
#define CONFIG_NO_KEY "n/a"
bool config_marks_no_key(const char *text);

struct config_provider {
	const char *id;       /* normalised */
	const char *base_url; /* "" */
	const char *api;      /* "" */
	enum config_key key;
	const char *variable; /* "" */
};

struct config_env {
	const char *name;
	uint32_t node;
	unsigned line;
};

/* Our entry in secrets.providers, as far as it matters. */
struct config_vault {
	bool present;
	const char *command;   /* "" */
	const char *state_dir; /* what follows --state-dir in args, "" */
};

struct config {
	struct doc doc;
	struct fs_stamp stamp;
	bool exists;
	bool has_includes;
	struct config_model model, image_model;
	struct config_allowed *allowed;
	size_t allowed_count;
	struct config_agent *agents;
	size_t agent_count;
	struct config_profile *profiles; /* file order */
	size_t profile_count;
	struct config_order *orders;
	size_t order_count;
	struct config_provider *providers;
	size_t provider_count;
	struct config_env
		*env; /* env.vars, then other text members of env: the last of a name wins */
	size_t env_count;
	bool shell_env;
	struct config_vault vault;
	struct pool pool;
};

/* A missing or zero-byte file is an empty configuration, ready for edits. */
bool config_load(struct config *c, const char *path, struct err *e);
void config_release(struct config *c);

const struct config_profile *config_profile(const struct config *c, const char *id);
const struct config_order *config_order(const struct config *c, const char *provider);
const struct config_provider *config_provider(const struct config *c, const char *provider);

/* gateway-family.md 1.5: the entry with default true, else the first, else "main". */
const char *config_default_agent(const struct config *c);
const struct config_agent *config_agent(const struct config *c, const char *agent);

/*
 * gateway-family.md 5.5: "opus" -> "anthropic/claude-opus-4-5". Aliases, the default
 * provider and the built-in names. False when it does not fit or is blank.
 */
bool config_resolve_model(const struct config *c, const char *raw, char *out, size_t cap);
bool config_default_model(const struct config *c, char *out, size_t cap);

/* The plain-text key of models.providers.<id>.apiKey; ERR_NOT_FOUND when it is not plain. */
bool config_provider_key(
	const struct config *c, const char *provider, struct secret *out, struct err *e);

/* The value of an entry of c->env, as written (${...} is not replaced). */
bool config_env_value(
	const struct config *c, const struct config_env *v, struct secret *out, struct err *e);

/* Edits on the document. They make the lists above stale: load again to see them. */

/* auth.profiles[id]: provider and mode set, other members stay; id to the front of an existing
 * order. */
bool config_put_profile(
	struct doc *d, const char *id, const char *provider, const char *mode, struct err *e);
bool config_remove_profile(struct doc *d, const char *id, struct err *e);

/*
 * agents.defaults.model; keep_old puts the old primary in front of the fallbacks. A
 * model written as text stays text while it has no fallbacks. The model joins
 * agents.defaults.models only where that list exists and is not empty.
 */
bool config_put_model(struct doc *d, const char *model, bool keep_old, struct err *e);

/* An endpoint of the user's own in models.providers. Every other member of it stays. */
struct config_endpoint {
	const char *id;       /* normalised */
	const char *base_url; /* NULL: address, protocol and header stay as they are */
	const char *api;      /* "openai-completions" */
	bool bearer;          /* authHeader: sent as Authorization, whatever the protocol */
	const char *own_key;  /* "${MY_LLM_API_KEY}": of the keys that are there, this is ours */
	const char *key;      /* own_key, CONFIG_NO_KEY, or NULL: the profile carries the key */
	const char *const *models; /* ids without provider/; those that are missing join the list */
	size_t model_count;
};

/* A key that is not ours stays: apiKey is replaced only when it is own_key or marks no key. */
bool config_put_endpoint(struct doc *d, const struct config_endpoint *p, struct err *e);

/* models.providers.<id>.apiKey goes, if it is this text. */
bool config_forget_key(struct doc *d, const char *id, const char *own_key, struct err *e);

/* agents.defaults.model and agents.defaults.imageModel. */
enum config_slot {
	CONFIG_SLOT_MODEL,
	CONFIG_SLOT_IMAGE,
};

/* agents.defaults.imageModel, with what it already has beside its primary. */
bool config_put_image(struct doc *d, const char *model, struct err *e);

/*
 * The fallbacks of a slot. add appends, and turns a model written as text into an object;
 * remove takes the text out as it is written; clear leaves an empty list.
 */
bool config_add_fallback(struct doc *d, enum config_slot slot, const char *model, struct err *e);
bool config_remove_fallback(struct doc *d, enum config_slot slot, const char *raw, struct err *e);
bool config_clear_fallbacks(struct doc *d, enum config_slot slot, struct err *e);

/* The alias that a listed model has without one of its own, or NULL (gateway-family.md 5.5). */
const char *config_builtin_alias(const char *model);

/* agents.defaults.models[model].alias; the entry is made when it is not there. */
bool config_put_alias(struct doc *d, const char *model, const char *alias, struct err *e);
bool config_remove_alias(struct doc *d, const char *model, struct err *e);

/*
 * secrets.providers.thinkfleetbot exactly as in vault-format.md. Unchanged when already so.
 * key_dir NULL or "": where the resolver looks by itself; else "--key-dir" joins the arguments.
 */
bool config_put_vault(struct doc *d, const char *resolver, const char *state_dir,
	const char *key_dir, struct err *e);

#endif
