/* SPDX-License-Identifier: MIT */
#ifndef CLI_SAVE_FILES_H
#define CLI_SAVE_FILES_H

#include "cli/save.h"
#include "store/config.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/txn.h"
#include "store/vault_slots.h"

/*
 * The inside of cli/save: what each file will hold, worked out in memory.
 * save_files.c opens the files and works out every credential of a job,
 * save_resolver.c the resolver; save.c shows a job, save_apply.c writes it.
 */

enum file_id {
	FILE_KEY, /* only shown: vault_new() makes it */
	FILE_VAULT,
	FILE_RESOLVER,
	FILE_CONFIG,
	FILE_PROFILES, /* one for each agent */
	FILE_ENV,
	FILE_NOTES, /* secrets/checks.json */
	FILE_COUNT
};

struct job_file {
	enum file_id id;
	char path[FS_PATH_MAX];
	struct fs_stamp stamp;
	struct buf old, new; /* text files only */
	bool changed;
	bool is_new;
	bool begun; /* told to be under way */
	mode_t mode;
	char change[64]; /* when it cannot be told from old and new */
	char note[96];
};

/* The profiles of one agent. */
struct job_store {
	struct job_file file;
	struct profiles profiles;
};

/* What is worked out for one credential. */
struct job_item {
	const struct save *s;
	char record[VAULT_RECORD_ID_CAP];
	const char *variable; /* NULL: none carries it */
	char sealed_name[96];
	struct job_store *store;
	struct secret old_profile_key; /* plain text that gets sealed; empty when none */
	struct secret old_env_key;
};

struct job {
	const struct save_all *all;
	const struct paths *paths;
	bool dry; /* planning: create nothing */
	struct job_item *items;
	struct job_store **stores; /* each once, in the order of the items */
	size_t store_count;
	struct job_file files[FILE_COUNT]; /* FILE_PROFILES is not used */
	struct job_file **order;           /* all of them, as they are written */
	size_t order_count;
	bool references; /* this gateway's configuration knows SecretRefs */
	struct vault vault;
	struct slot_key made[2]; /* slots of a new vault, to be proven from the disk */
	size_t made_count;
	bool needs_person; /* no resolver can open the vault: nothing may refer to it */
	struct config config;
	struct dotenv env;
};

/* The vault that is there, opened; what a person has is tried where nothing else opens it. */
bool job_open_vault(struct job *j, const char *path, struct err *e);

/* A new vault with the slots that were chosen; nothing is written but a key file. */
bool job_create_vault(struct job *j, struct err *e);

/* Every slot that was made opens the vault on the disk. */
bool job_slots_proven(const struct job *j, struct err *e);

/* models.providers: what an endpoint of the user's own needs there; nothing for other providers. */
bool job_put_endpoint(struct job *j, const struct job_item *it, struct err *e);

/* Will a gateway read it from the vault? Else "thinkfleetbot run" or .env delivers it. */
bool item_is_referred(const struct job *j, const struct job_item *it);

/* What the vault opens with, asked of a job of one; many change nothing about it. */
const struct save *job_custody(const struct job *j);

bool job_prepare(struct job *j, struct err *e);
void job_release(struct job *j);

void job_shown(char *out, size_t cap, const struct job *j, const struct job_file *f);

bool item_keeps_secret(const struct job_item *it);
bool item_is_sealed(const struct job_item *it);

/* Is there something for checks.json to remember? */
bool item_has_note(const struct job_item *it);

/* What the file held, and will hold: sets is_new and changed. */
bool file_was(struct job_file *f, const struct buf *text, const struct fs_stamp *st, struct err *e);
bool file_will_be(struct job_file *f, const struct buf *text, struct err *e);

/* The copy in <state>/bin is what the gateway runs: its own user's, and this version's. */
bool resolver_file(struct job_file *f, const struct paths *p, struct err *e);
bool resolver_into(struct txn *t, const struct job_file *f, struct err *e);

#endif
