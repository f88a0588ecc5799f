/* SPDX-License-Identifier: MIT */
#ifndef STORE_DOTENV_H
#define STORE_DOTENV_H

#include <stdint.h>

#include "base/fs.h"
#include "crypto/secret.h"

/*
 * A .env file: read as dotenv 17 reads it, changed one value at a time.
 *
 * Everything that is not the edited value stays byte for byte: comments, order,
 * blank lines, CRLF, BOM, `export`, duplicates, a missing final newline. Every
 * edit is read back before it counts: the value must come out as it went in and
 * every other variable must be what it was; otherwise nothing changes. Not
 * UTF-8 or a NUL is ERR_DAMAGED. Messages name keys and lines, never values.
 */

struct dotenv_entry {
	uint32_t at; /* start of its first line */
	uint32_t key_at, key_len;
	uint32_t value_at, value_len; /* as written, with quotes, without blanks around */
	unsigned line;                /* of the key; 1-based */
	char quote;                   /* ' " ` or 0 */
	bool exported;
	bool shadowed; /* a later line sets the same key: this one has no effect */
};

struct dotenv {
	struct buf text;
	char name[256]; /* for messages */
	struct dotenv_entry *entries;
	uint32_t count, cap;
};

#define DOTENV_NONE UINT32_MAX

/* Takes over the bytes of *text. On failure *env is released. */
bool dotenv_parse(struct dotenv *env, struct buf *text, const char *name, struct err *e);

/* A missing file is an empty one; st (may be NULL) says which. */
bool dotenv_load(struct dotenv *env, const char *path, struct fs_stamp *st, struct err *e);
void dotenv_release(struct dotenv *env); /* wipes; safe on { 0 }, and twice */

/* The entry in force (the last one), or DOTENV_NONE. */
uint32_t dotenv_find(const struct dotenv *env, const char *key);
bool dotenv_key(const struct dotenv *env, uint32_t entry, char *out, size_t cap);
bool dotenv_key_is(const struct dotenv *env, uint32_t entry, const char *key);
bool dotenv_blank(const struct dotenv *env, uint32_t entry); /* its value is empty or blanks */

/* The value of the entry in force. ERR_NOT_FOUND when no line sets it. */
bool dotenv_get(const struct dotenv *env, const char *key, struct secret *out, struct err *e);
bool dotenv_value(const struct dotenv *env, uint32_t entry, struct secret *out, struct err *e);

/* The same for values that are no secrets (record names); false when it does not fit. */
bool dotenv_text(const struct dotenv *env, const char *key, char *out, size_t cap);

/*
 * Changes the value in force in place (keeping `export`, spacing and comment)
 * or appends one line. Quoted only when it has to be (security.md 2.5); a value
 * that no quoting can carry is ERR_REFUSED.
 */
bool dotenv_set(struct dotenv *env, const char *key, const char *value, size_t n, struct err *e);

/* Takes out every line that sets the key. None is success. */
bool dotenv_remove(struct dotenv *env, const char *key, struct err *e);

#endif
