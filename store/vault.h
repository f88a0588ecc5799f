/* SPDX-License-Identifier: MIT */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include <stdint.h>

#include "base/fs.h"
#include "crypto/canon.h"
#include "crypto/keyslot.h"
#include "crypto/secret.h"
#include "store/keyfile.h"

/*
 * The vault of vault-format.md: sealed credentials with open metadata.
 *
 * Loading needs no key and shows everything but the secrets. Unlocking checks,
 * in this order, the slot's commitment (ERR_KEY), the vault's commitment and
 * the MAC over the whole file (ERR_DAMAGED). Nothing is served or written
 * before that; only a vault that was marked vault_tolerate() serves, for
 * reading, the records that still open although the MAC is wrong.
 *
 * A write never trusts itself: the new text is parsed and every record opened
 * and compared before it replaces the old one, and again from disk afterwards.
 * The caller holds the lock (secrets/.lock).
 *
 * Rotation: the new value is written only after the check accepted it. The old
 * one stays, sealed, as the record "<id>/prev" with the field "<field>.prev"
 * and its old rev, until vault_drop_previous().
 */

enum {
	VAULT_TEXT_MAX = 16 << 20, /* 10,000 profiles, each with a previous revision: 9 MiB */
	VAULT_RECORDS_MAX = 32768,
	VAULT_SLOTS_MAX = 16,
	VAULT_RECORD_ID_CAP = 257,
	VAULT_AGENT_CAP = 129,
	VAULT_PROFILE_CAP = 257,
	VAULT_PROVIDER_CAP = 129,
	VAULT_FIELD_CAP = 65,
};

/* One sealed credential. The texts live as long as the record stays unchanged. */
struct vault_record {
	const char *id;
	const char *agent;
	const char *profile;
	const char *provider;
	const char *field;
	uint64_t rev;
	uint64_t ts; /* seconds since the epoch */
	unsigned char n[SEAL_NONCE_BYTES];
	unsigned char *c;
	size_t c_len;
	char *block; /* holds the texts and c */
	bool fresh;  /* sealed by this process: it must open, whatever else does not */
};

enum vault_age {
	VAULT_AGE_UNKNOWN, /* no anchor: a first use, or another machine */
	VAULT_AGE_CURRENT,
	VAULT_AGE_OLDER, /* an older copy, or another one of the same generation */
};

/* Callers read the first part; the rest belongs to store/vault*.c. */
struct vault {
	struct scope scope;
	char id[VAULT_ID_CAP];
	uint64_t gen;
	struct keyslot slots[VAULT_SLOTS_MAX];
	size_t slot_count;
	struct vault_record *records; /* sorted by id */
	size_t record_count;
	bool open;               /* unlocked */
	bool mac_ok;             /* the whole file is authentic */
	enum vault_age age;      /* after unlocking with a key folder */
	uint64_t anchor_gen;     /* the newest generation ever seen, or 0 */
	struct err anchor_error; /* the anchor could not be read or moved: a note, not a failure */

	size_t record_cap;
	unsigned char kc[MAC_BYTES];
	unsigned char mac[MAC_BYTES];
	bool tolerant;
	bool mended; /* vault_mend() */
	bool rollback_accepted;
	char opened_by[KEYSLOT_ID_CAP]; /* the slot that opened it; "" for a new vault */
	char not_by[KEYSLOT_ID_CAP];    /* a slot that must not open it: vault_avoid_slot() */
	char key_dir[FS_PATH_MAX];      /* "": no anchor is kept */
	struct fs_stamp stamp;          /* of the file it came from */
	char file[FS_PATH_MAX];         /* that file, for messages; "" while there is none */
	struct secret vmk;
	struct secret k_rec;
	struct secret k_mac;
	uint64_t next_gen; /* of the text that vault_encode() made last */
	unsigned char next_mac[MAC_BYTES];
};

void vault_release(struct vault *v); /* safe on { 0 }, and twice */

/* "<agent>/<profile>/<field>"; every byte of the profile outside [A-Za-z0-9._:-] becomes _xHH. */
bool vault_record_id(char out[VAULT_RECORD_ID_CAP], const char *agent, const char *profile,
	const char *field, struct err *e);
bool vault_record_id_valid(const char *id);

/*
 * A new vault in memory, unlocked, epoch 1, with the slot s1 for a key file that is
 * made first and is durable. The first vault_save() writes it, and only where no file is.
 */
bool vault_create(struct vault *v, const char *key_dir, struct err *e);

/* The same; the new vault's id is told before its key file is there. */
struct vault_note {
	bool (*take)(const void *ctx, const char *id, struct err *e);
	const void *ctx;
};

bool vault_create_noted(
	struct vault *v, const char *key_dir, const struct vault_note *note, struct err *e);

/* The same with a key from elsewhere (--key-fd); no key folder, no anchor. */
bool vault_create_with_key(struct vault *v, const struct secret *kek, struct err *e);

/*
 * Structure only, without a key. ERR_NOT_FOUND; ERR_DAMAGED with a text for empty, foreign,
 * cut off and damaged; ERR_NEWER for another format version. The file is never touched.
 */
bool vault_load(struct vault *v, const char *path, struct err *e);
bool vault_parse(struct vault *v, const char *p, size_t n, struct err *e);

/* Before unlocking: serve single records even when the file as a whole is not authentic. */
void vault_tolerate(struct vault *v);

/* Before unlocking: as if this slot were not there, to prove that another one opens the vault. */
void vault_avoid_slot(struct vault *v, const char *id);

/*
 * With the key file of key_dir, or the one beside it that an interrupted `rekey key-file` left
 * (.key.new). ERR_NOT_FOUND names the file, ERR_KEY, ERR_DAMAGED. Sets v->age.
 */
bool vault_unlock_keyfile(struct vault *v, const char *key_dir, struct err *e);

/*
 * With what is here without a person: the systemd credential that a slot names, when
 * CREDENTIALS_DIRECTORY is set, else the key file. ERR_LOCKED when the vault opens only with
 * something that a person has. Sets v->age.
 */
bool vault_unlock_unattended(struct vault *v, const char *key_dir, struct err *e);

/* With the credentials in dir ($CREDENTIALS_DIRECTORY) that slots name. v->age is UNKNOWN. */
bool vault_unlock_credential(struct vault *v, const char *dir, struct err *e);

/* With the bytes of a key, from a descriptor or a systemd credential. v->age is UNKNOWN. */
bool vault_unlock_key(struct vault *v, const struct secret *kek, struct err *e);

/* With a passphrase; ERR_KEY wrong, ERR_MEMORY the KDF found too little, ERR_NOT_FOUND no slot. */
bool vault_unlock_passphrase(struct vault *v, const struct secret *passphrase, struct err *e);

/* With a recovery code as recovery_read() gives it; ERR_KEY wrong, ERR_NOT_FOUND no slot. */
bool vault_unlock_recovery(struct vault *v, const struct secret *code, struct err *e);

/* After unlocking without a key folder: judges v->age by its anchor, and moves that on writing. */
void vault_watch(struct vault *v, const char *key_dir);

/*
 * With the master key of an open vault: another generation of the same one. ERR_BUSY when that
 * has another master key.
 */
bool vault_unlock_like(struct vault *v, const struct vault *open, struct err *e);

/*
 * The file as it is now, under the lock, with the master key that is already known.
 * ERR_BUSY when that no longer opens it: the vault was rekeyed meanwhile.
 */
bool vault_reload(struct vault *v, const char *path, struct err *e);

/* NULL when there is none. */
const struct vault_record *vault_find(const struct vault *v, const char *id);

/* *out is initialised here. ERR_NOT_FOUND, ERR_KEY (locked), ERR_DAMAGED (this record only). */
bool vault_get(const struct vault *v, const char *id, struct secret *out, struct err *e);

/*
 * The same into a secret that is used again and again ({ 0 } at first): new memory only when
 * the old is too small, so that a survey of 10,000 records costs no system calls. On failure
 * *reused is empty; the caller releases it once.
 */
bool vault_get_into(const struct vault *v, const char *id, struct secret *reused, struct err *e);

/* Does this record open? For a list of what a damaged vault still holds. */
bool vault_record_opens(const struct vault *v, const struct vault_record *r);

struct vault_put {
	const char *id;
	const char *agent;
	const char *profile;
	const char *provider;
	const char *field;
	uint64_t ts;        /* seconds since the epoch */
	bool keep_previous; /* the old value becomes "<id>/prev"; without it an old /prev goes */
};

/*
 * Seals a value of 1..SECRET_MAX bytes without NUL as the next revision (in *rev, may be NULL),
 * in memory. On failure the vault is unchanged. An id that another profile already has is refused.
 */
bool vault_put(struct vault *v, const struct vault_put *put, const struct secret *value,
	uint64_t *rev, struct err *e);

/* With its /prev. ERR_NOT_FOUND. */
bool vault_remove(struct vault *v, const char *id, struct err *e);

/* The gateway was seen using the new value. No previous one is success. */
bool vault_drop_previous(struct vault *v, const char *id, struct err *e);

/*
 * A damaged record is about to be entered again: a tolerant vault that is not authentic may be
 * written for that. Only while this record does not open (else ERR_DAMAGED, as for any write):
 * then its damage is what is wrong, as far as the key can tell. Others that do not open stay in
 * the file, byte for byte; their turn comes.
 */
bool vault_mend(struct vault *v, const char *id, struct err *e);

/* An explicit --accept-rollback: writing onto an older copy is no longer refused. */
void vault_accept_rollback(struct vault *v);

/*
 * The complete text with the next generation and its MAC, proven: parsed again, every record
 * opened and compared. The vault is unchanged until vault_committed(). ERR_REFUSED for an older
 * copy, ERR_DAMAGED for one that is not authentic.
 */
bool vault_encode(struct vault *v, struct buf *out, struct err *e);

/* The text of vault_encode() is at path: read back, prove it again, then move the anchor. */
bool vault_committed(struct vault *v, const char *path, struct err *e);

/* Makes the folder of path (0700) with its .gitignore. */
bool vault_prepare_dir(const char *path, struct err *e);

/* All of it: folder, vault_encode(), path.bak, replace, vault_committed(). ERR_BUSY: changed. */
bool vault_save(struct vault *v, const char *path, struct err *e);

#endif
