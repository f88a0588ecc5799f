/* SPDX-License-Identifier: MIT */
#ifndef STORE_CAPSULE_H
#define STORE_CAPSULE_H

#include "store/vault.h"

/*
 * A capsule: everything that a vault holds, in one file under a passphrase, for
 * moving to another machine and for keeping in a safe place.
 *
 *   head     132 bytes: magic, version, cost, salt, vault id, time, nonce, length, kc
 *   sealed   XChaCha20-Poly1305 of the body, with the whole head as AAD
 *   sum      32 bytes: BLAKE2b-256 of everything before it, without a key
 *
 * The sum is at the end of every version: it finds a file that was cut or damaged on
 * its way before anybody types a passphrase. It protects against nothing else; that
 * is what kc (a wrong passphrase is ERR_KEY) and the AAD (a changed head is
 * ERR_DAMAGED) are for. Layout: vault-format.md "The capsule".
 *
 * The body is one struct secret, and all texts of a struct capsule point into it.
 */

enum {
	CAPSULE_VERSION = 1,
	CAPSULE_MAX = VAULT_TEXT_MAX,
	CAPSULE_HEAD_BYTES = 132,
	CAPSULE_PAD = 1024, /* the length is hidden to the next multiple */
	CAPSULE_PASSPHRASE_MIN = 10,
};

struct capsule_record {
	const char *id;
	const char *agent;
	const char *profile;
	const char *provider;
	const char *field;
	uint64_t rev;
	uint64_t ts; /* seconds since the epoch */
	const char *value;
	size_t len;
};

/* What auth-profiles.json said of a profile, without its secret. */
struct capsule_profile {
	const char *agent;
	const char *id;
	const char *provider;
	const char *kind; /* "api_key", "token", "oauth" */
	const char *email;
	uint64_t expires_ms; /* 0: none */
};

/* A sealed line of .env. */
struct capsule_line {
	const char *variable; /* "ANTHROPIC_API_KEY" */
	const char *record;
};

/* Readable without a passphrase, and not to be believed before the capsule is open. */
struct capsule_head {
	unsigned version;
	struct kdf_cost cost;
	unsigned char salt[KDF_SALT_BYTES];
	unsigned char vault_id[VAULT_ID_BYTES];
	uint64_t made_s;
	unsigned char nonce[SEAL_NONCE_BYTES];
	uint64_t sealed_len;
	unsigned char kc[MAC_BYTES];
};

struct capsule {
	struct capsule_head head;
	struct capsule_record *records; /* sorted by id */
	size_t record_count;
	struct capsule_profile *profiles;
	size_t profile_count;
	struct capsule_line *lines;
	size_t line_count;
	struct secret body;
};

void capsule_release(struct capsule *c); /* wipes; safe on { 0 }, and twice */

/* What goes in: every record of an open vault, and two lists that hold no secret. */
struct capsule_contents {
	const struct vault *vault;
	const struct capsule_profile *profiles;
	size_t profile_count;
	const struct capsule_line *lines;
	size_t line_count;
	uint64_t made_s;
};

/*
 * Appends the file's bytes. One record that does not open is an error that names it: a
 * capsule is complete or it is not made. ERR_USAGE for a passphrase that is too short,
 * ERR_MEMORY when its cost does not fit.
 */
bool capsule_make(struct buf *out, const struct capsule_contents *in,
	const struct secret *passphrase, const struct kdf_cost *cost, struct err *e);

/*
 * Without a passphrase: ERR_DAMAGED for a foreign, cut or damaged file and for a cost
 * outside the limits, ERR_NEWER for another version.
 */
bool capsule_check(struct capsule_head *head, const char *p, size_t n, struct err *e);

/* ERR_KEY: a wrong passphrase; ERR_MEMORY: its cost does not fit here; ERR_DAMAGED, ERR_NEWER. */
bool capsule_open(
	struct capsule *c, const char *p, size_t n, const struct secret *passphrase, struct err *e);

/* Of the list, or NULL. */
const struct capsule_record *capsule_find(const struct capsule *c, const char *id);

/* Is there such a record in an open vault, and does it say the same? */
enum capsule_match {
	CAPSULE_SAME,
	CAPSULE_DIFFERS, /* another value, or other metadata */
	CAPSULE_MISSING,
	CAPSULE_UNREADABLE, /* the vault has it and cannot open it */
};

/*
 * Compares keyed hashes over names and value, under a key that only this run knows:
 * no value is ever compared or kept byte by byte. Revision and time do not count: they
 * start anew where a capsule is opened.
 */
enum capsule_match capsule_compare(
	const struct capsule_record *r, const struct vault *v, const struct secret *key);

#endif
