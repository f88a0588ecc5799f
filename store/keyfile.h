/* SPDX-License-Identifier: MIT */
#ifndef STORE_KEYFILE_H
#define STORE_KEYFILE_H

#include <stdint.h>

#include "crypto/seal.h"

/*
 * What lives in the key folder, outside the state folder on purpose: the file
 * that opens a vault, and the anchor that remembers its newest generation.
 *
 *   <vaultId>.key     0400  tfkey1_<43: the key>_<8: checksum>\n
 *   <vaultId>.key.new 0400  the same, while the key file is being replaced (vault_rekey.h)
 *   <vaultId>.anchor  0600  tfanchor1_<43: mac>_<gen>\n
 *
 * The checksum is the first 6 bytes of BLAKE2b-256("tfv1/keyfile\0" || key),
 * unkeyed: it finds a file that was cut, mistyped or is not ours, before a
 * wrong key is blamed on the vault. A key file is never overwritten.
 */

enum {
	VAULT_ID_CAP = 23
}; /* 22 characters of base64 and the NUL */

/* Makes it: 0700, with .gitignore "*" and .nobackup. An existing wider mode is ERR_REFUSED. */
bool keydir_prepare(const char *dir, struct err *e);

/* "dir/<vaultId>.key". */
bool keyfile_path(char *out, size_t cap, const char *dir, const char *vault_id, struct err *e);

/* A new random key, durable on disk when it returns. ERR_CREATE when the file exists. */
bool keyfile_create(const char *dir, const char *vault_id, struct secret *kek, struct err *e);

/* The same for a file anywhere, in a folder that others cannot write. */
bool keyfile_create_at(const char *path, struct secret *kek, struct err *e);

/* "dir/<vaultId>.key.new": the successor, while the key file is being replaced. */
bool keyfile_next_path(char *out, size_t cap, const char *dir, const char *vault_id, struct err *e);
bool keyfile_create_next(const char *dir, const char *vault_id, struct secret *kek, struct err *e);

/*
 * The two files change places in one step: the successor is the key file, the old one lies at
 * .key.new. *done is false, and nothing happened, on a file system that cannot do that.
 */
bool keyfile_exchange(const char *dir, const char *vault_id, bool *done, struct err *e);

/* The successor replaces the key file, which is gone then. */
bool keyfile_promote(const char *dir, const char *vault_id, struct err *e);

/*
 * Every message names the file. ERR_NOT_FOUND missing; ERR_REFUSED not ours, or
 * others can read it; ERR_DAMAGED empty, cut off, foreign, or a wrong checksum.
 */
bool keyfile_read(const char *path, struct secret *kek, struct err *e);

/* The text of a key file from elsewhere (--key-fd, a paste); one final newline is allowed. */
bool keyfile_parse(const char *p, size_t n, struct secret *kek, struct err *e);

/*
 * A systemd credential: dir/NAME with dir = $CREDENTIALS_DIRECTORY, holding the text of a key
 * file or exactly 32 bytes. It belongs to root or to us (systemd uses either), and not to all.
 */
bool credential_name_valid(const char *name);
bool credential_read(const char *dir, const char *name, struct secret *kek, struct err *e);

struct anchor {
	bool exists;
	uint64_t gen;
	unsigned char mac[MAC_BYTES];
};

/* A missing one is success with exists false. */
bool anchor_read(const char *dir, const char *vault_id, struct anchor *a, struct err *e);

/* Replaces it; the caller has compared. */
bool anchor_write(const char *dir, const char *vault_id, const struct anchor *a, struct err *e);

#endif
