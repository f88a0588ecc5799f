/* SPDX-License-Identifier: MIT */
#ifndef CLI_SAVE_FILES_H
#define CLI_SAVE_FILES_H

#include "cli/save.h"
#include "store/config.h"
#include "store/dotenv.h"
#include "store/profiles.h"
#include "store/vault_slots.h"

/*
 * The inside of cli/save: what each file will hold, worked out in memory.
 * save_files.c fills a job, save.c shows it, save_apply.c writes it.
 */

enum file_id {
	FILE_KEY, /* only shown: vault_create() makes it */
	FILE_VAULT,
	FILE_RESOLVER,
	FILE_CONFIG,
	FILE_PROFILES,
	FILE_ENV,
	FILE_NOTES, /* secrets/checks.json */
	FILE_COUNT
};

struct job_file {
	char path[FS_PATH_MAX];
	struct fs_stamp stamp;
	struct buf old, new; /* text files only */
	bool changed;
	bool is_new;
	mode_t mode;
	char change[64]; /* when it cannot be told from old and new */
	char note[96];
};

struct job {
	const struct save *s;
	bool dry; /* planning: create nothing */
	struct job_file files[FILE_COUNT];
	char record[VAULT_RECORD_ID_CAP];
	const char *variable;
	char sealed_name[96];
	bool references; /* this gateway's configuration knows SecretRefs */
	struct vault vault;
	bool vault_created;
	struct slot_key made[2]; /* slots of a new vault, to be proven from the disk */
	size_t made_count;
	bool needs_person; /* no resolver can open the vault: nothing may refer to it */
	struct profiles profiles;
	struct config config;
	struct dotenv env;
	struct secret old_profile_key; /* plain text that gets sealed; empty when none */
	struct secret old_env_key;
};

/* The vault that is there, opened; what a person has is tried where nothing else opens it. */
bool job_open_vault(struct job *j, const char *path, struct err *e);

/* A new vault with the slots that were chosen; nothing is written but a key file. */
bool job_create_vault(struct job *j, struct err *e);

/* Every slot that was made opens the vault on the disk. */
bool job_slots_proven(const struct job *j, struct err *e);

bool job_prepare(struct job *j, struct err *e);
void job_release(struct job *j);

/* FILE_COUNT files, in the order in which they are written. */
const enum file_id *job_order(const struct save *s);
void job_shown(char *out, size_t cap, const struct job *j, const struct job_file *f);

#endif
