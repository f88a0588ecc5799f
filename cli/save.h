/* SPDX-License-Identifier: MIT */
#ifndef CLI_SAVE_H
#define CLI_SAVE_H

#include "store/paths.h"
#include "wizard/wizard.h"

/*
 * One credential into the files of the state folder (vault-format.md).
 *
 * The files are written in an order in which every prefix is a working state:
 *
 *   sealed  vault, resolver, (proof), configuration, profiles, .env, notes
 *   plain   .env, configuration, profiles, vault (the sealed copy goes last), notes
 *
 * The proof runs the installed resolver as a gateway would and compares its
 * answer byte for byte: a reference is written only after it can be resolved.
 * Plain text that the new credential replaces is sealed before it goes: the old
 * key of the profile as its previous revision, another key of the same variable
 * as the record "<agent>/env:NAME/key". Nothing is lost.
 *
 * save_plan() writes nothing; save_apply() takes the lock, finishes what an
 * interrupted change (of files, or of the key file) left, works everything out again from the
 * disk and writes it in transactions (store/txn.h), with the gateways' lock on the profiles. When a
 * gateway changes a file in between it starts over, up to five times. A failure
 * has changed nothing, or the message says what. A file that did not change is
 * not touched.
 */
struct vault;

struct save {
	const struct paths *paths;
	const char *agent;     /* normalised */
	const char *agent_dir; /* absolute */
	const char *profile_id;
	const struct provider *provider;
	const struct method *method;
	const struct secret *key; /* empty for local providers: only the model is set */
	enum keep keep;
	/* What a new vault opens with; a vault that is there keeps its slots (cli/save_slots.c). */
	enum opener opener;
	bool weak_passphrase; /* the low-memory setting was accepted */
	const struct secret
		*passphrase;       /* the new one, or of the vault that is there; may be NULL */
	const struct vault *ahead; /* that vault, opened already (unlock_ahead()); may be NULL */
	const struct secret *recovery; /* a code that was typed back; may be NULL or empty */
	const char *model;             /* "" or NULL: leave as it is */
	bool endpoint; /* of the user's own (provider/own.h): its address and models are written */
	bool keep_fallback;
	bool accept_rollback;
	int64_t expires_ms; /* tokens: 0 none */
	enum expiry_source expires_source;
	const struct check_result *check; /* NULL or VERDICT_NONE: stays unverified */
};

/*
 * Many of them, together or not at all: `secrets import`. All have the same paths; only one
 * alone may be kept in plain text. A later one of the same profile replaces the earlier, which
 * stays as its previous revision.
 */
struct save_all {
	const struct paths *paths;
	const struct save *list;
	size_t count;
	bool accept_rollback;
	const struct vault *ahead; /* see above: the one for all of them */
	/* More for the vault, after the list; NULL when there is nothing. */
	bool (*seal)(void *ctx, struct vault *v, struct err *e);
	void *ctx;
};

/* Told before and after each file; failed is NULL unless it failed. */
struct save_progress {
	void (*file)(void *ctx, const char *shown_path, bool done, const struct err *failed);
	void (*note)(
		void *ctx, const char *text); /* what was found and finished first; may be NULL */
	void *ctx;
};

bool save_plan(const struct save *s, struct plan *out, struct err *e);
void plan_release(struct plan *p);

/* progress may be NULL. On failure the message says what was and what was not written. */
bool save_apply(const struct save *s, const struct save_progress *progress, struct err *e);

bool save_apply_all(
	const struct save_all *all, const struct save_progress *progress, struct err *e);

/* The variable that carries this kind of credential ("ANTHROPIC_API_KEY"). */
const char *save_variable(const struct provider *p, const struct method *m);

/* Mended alone, under our lock: the resolver's copy, and its entry in the configuration. */
bool save_resolver(const struct paths *p, struct err *e);
bool save_resolver_entry(const struct paths *p, struct err *e);

/* That entry, with the arguments the resolver needs on this host. */
struct doc;
bool save_name_resolver(struct doc *d, const struct paths *p, struct err *e);

/* What the .env line of a sealed credential is called: "THINKFLEETBOT_SEALED_" + variable. */
#define SEALED_PREFIX "THINKFLEETBOT_SEALED_"

#endif
