/* SPDX-License-Identifier: MIT */
#ifndef HEALTH_SURVEY_DATA_H
#define HEALTH_SURVEY_DATA_H

#include "health/survey.h"
#include "store/checks.h"
#include "store/config.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/vault.h"

/*
 * What a survey knows while it works: every file it read, and what went wrong
 * with each. Private to survey*.c and doctor*.c; gone before survey_take() returns.
 */

#define SURVEY_WARN_MS INT64_C(86400000)
#define SURVEY_EXPECTED 16                    /* keys that a gateway asks a login shell for */
#define SEALED_PREFIX "THINKFLEETBOT_SEALED_" /* vault-format.md, "What .env holds" */

/* One auth-profiles.json. */
struct survey_store {
	char agent_dir[PATHS_CAP];
	char path[PATHS_CAP];
	char state_path[PATHS_CAP];
	struct profiles profiles;
	struct err error; /* code ERR_NONE: read, or not there */
};

struct survey {
	const struct survey_options *o;
	const struct paths *paths;
	struct paths_env env;
	struct snapshot *s;

	struct config config;
	struct err config_error;
	struct survey_store own;  /* the agent's */
	struct survey_store main; /* what it inherits from, when layered */
	bool layered;
	struct dotenv dotenv;
	struct fs_stamp dotenv_stamp;
	struct err dotenv_error;
	struct vault vault;
	struct err vault_error;  /* of loading */
	struct err key_error;    /* of the key file itself */
	struct err unlock_error; /* of opening with it */
	bool unlocked;
	struct {
		struct credential list[SURVEY_EXPECTED];
		size_t count;
		struct err error;
		bool asked;
		bool applies; /* to this environment, not only to the service's */
	} shell;              /* what the login shell supplied (survey_shell.c) */
	struct secret opened; /* one record at a time, always the same memory */
	struct checks checks;
	struct err checks_error;

	/* Parallel to the first store_count credentials of the snapshot. */
	const struct profile **sources;
	size_t store_count;
	const struct config_profile **configured; /* auth.profiles, sorted by id */
	size_t credential_cap;

	/* The doctor's, while it runs. */
	size_t finding_cap;
	size_t found;          /* by this check */
	enum severity worst;   /* of this check */
	struct finding unseen; /* takes what is not kept */
	bool failed;           /* out of memory: the snapshot would not be complete */
};

/* survey_store.c: credentials of the store, and what the last checks said. */
bool survey_profiles(struct survey *v, struct err *e);
void survey_checks(struct survey *v);
struct credential *survey_add(struct survey *v); /* the next free one, zeroed */
const struct config_profile *survey_configured(const struct survey *v, const char *id);

/* survey_vault.c */
void survey_open_vault(struct survey *v);
void survey_open_record(struct survey *v, struct credential *c); /* c->ref is set */

/* survey_env.c: variables, and keys in the configuration. */
void survey_variables(struct survey *v);
/*
 * The value of a variable as the gateway would get it, described into *c (prefix,
 * tail, fingerprint, stored); false when nothing sets it.
 */
bool survey_variable(struct survey *v, const char *name, struct credential *c);

/* The same for a line that `thinkfleetbot run` opens, and for the configuration's env block. */
bool survey_sealed_variable(struct survey *v, const char *name, struct credential *c);
bool survey_config_variable(struct survey *v, const char *name, struct credential *c);

/*
 * survey_shell.c: asks the login shell, where that is turned on and nothing here sets one of the
 * expected keys; then what it supplied.
 */
void survey_shell(struct survey *v);
bool survey_shell_variable(struct survey *v, const char *name, struct credential *c);
const char *survey_expected(size_t i); /* NULL behind the last */

/* The same for the service, which lacks what this shell may have: asks if nobody did yet. */
void survey_shell_ask(struct survey *v);
bool survey_shell_value(const struct survey *v, const char *name, struct credential *c);

/* survey_service.c: the service beside this shell, and what the running gateway holds. */
bool survey_service(struct survey *v, struct err *e);

/* survey_models.c: models, providers; needs the credentials. */
bool survey_models(struct survey *v, struct err *e);
struct provider_state *survey_provider(const struct survey *v, const char *id);

/* survey_order.c: selected and selected_by of every credential. */
bool survey_select(struct survey *v, struct err *e);

/* survey_words.c */
void survey_protection(struct survey *v);

/* Prefix, tail and fingerprint of a key into the credential. */
void survey_describe(struct credential *c, const char *key, size_t n);

/* doctor.c: runs every check. */
void doctor_run(struct survey *v);

#endif
