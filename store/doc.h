/* SPDX-License-Identifier: MIT */
#ifndef STORE_DOC_H
#define STORE_DOC_H

#include <stdint.h>

#include "base/fs.h"
#include "crypto/secret.h"

/*
 * A JSON or JSON5 file that keeps every byte we did not mean to change.
 *
 * The text stays as it was read; parsing adds a flat table of nodes with byte
 * offsets into it. An edit replaces spans of the text, parses the result and
 * checks that all other bytes are identical before it counts: an edit that
 * fails leaves the document as it was. Comments, key order, number spelling,
 * duplicate keys, BOM, CRLF and a missing final newline survive.
 *
 * Refused as ERR_DAMAGED, with line and column: anything that is not strict
 * UTF-8, NUL, more than 64 levels, more than 4 MiB. No message ever contains a
 * value. Nodes are numbers, valid until the next edit.
 */

#define DOC_NONE UINT32_MAX
#define DOC_ROOT 0u
#define DOC_DEPTH_MAX 64
#define DOC_NAME_CAP 256
#define DOC_EMPTY "{\n}\n" /* what a new file starts from */

enum doc_dialect {
	DOC_JSON,  /* RFC 8259, nothing more */
	DOC_JSON5, /* comments, trailing commas, unquoted keys, single quotes, hex, Infinity */
};

enum doc_kind {
	DOC_ABSENT, /* the kind of DOC_NONE */
	DOC_NULL,
	DOC_BOOL,
	DOC_NUMBER,
	DOC_STRING,
	DOC_ARRAY,
	DOC_OBJECT,
};

struct doc_node {
	uint32_t key_at, key_len; /* the key as written, with its quotes; 0, 0 without key */
	uint32_t at, len;         /* the value as written */
	uint32_t parent, next, first, last;
	uint32_t count; /* members or elements */
	uint32_t line;  /* of the key, else of the value; 1-based */
	enum doc_kind kind;
};

struct doc {
	struct buf text; /* what goes to the file */
	enum doc_dialect dialect;
	char name[DOC_NAME_CAP]; /* for messages: the path, its end if it is long */
	struct doc_node *nodes;
	uint32_t count, cap;
};

/*
 * Takes over the bytes of *text (which becomes empty) and parses them. On
 * failure *d is released. name is for messages.
 */
bool doc_parse(
	struct doc *d, struct buf *text, enum doc_dialect dialect, const char *name, struct err *e);

/*
 * Reads and parses a file. A file that does not parse is read again 5 times at
 * 50 ms, because some gateways write in place; after that it is ERR_DAMAGED,
 * never "empty". st (may be NULL) is the identity to give fs_replace().
 *
 * fresh NULL: a missing file is ERR_NOT_FOUND. Else a missing or zero-byte
 * file starts as that text (DOC_EMPTY), with st telling which it was.
 */
bool doc_load(struct doc *d, const char *path, enum doc_dialect dialect, const char *fresh,
	struct fs_stamp *st, struct err *e);
void doc_release(struct doc *d); /* wipes; safe on { 0 }, and twice */

/*
 * Edits of several steps: copy first, edit, then settle. When the steps failed
 * (ok false) the document becomes what it was. Returns ok; *was is released.
 */
bool doc_copy(struct doc *to, const struct doc *from, struct err *e);
bool doc_settle(struct doc *d, struct doc *was, bool ok);

/*
 * Reading. Every function takes DOC_NONE as a node and answers "absent", so
 * that lookups chain. Paths are arrays of keys that end with NULL.
 */
enum doc_kind doc_kind(const struct doc *d, uint32_t node);
const char *doc_kind_text(enum doc_kind k); /* "an object", for messages */
unsigned doc_line(const struct doc *d, uint32_t node);

/* Of several members with the key, the last, as JSON.parse does. */
uint32_t doc_get(const struct doc *d, uint32_t object, const char *key);
uint32_t doc_find(const struct doc *d, const char *const *path); /* from the root */

/* for (n = doc_first(d, o); n != DOC_NONE; n = doc_next(d, n)), in file order, duplicates too */
uint32_t doc_first(const struct doc *d, uint32_t container);
uint32_t doc_next(const struct doc *d, uint32_t node);
uint32_t doc_count(const struct doc *d, uint32_t container);

/*
 * The decoded key, or the decoded string, with a NUL. False (and "") when there
 * is none, it does not fit, it is not a string, or it contains U+0000. Lone
 * surrogates become U+FFFD.
 */
bool doc_key(const struct doc *d, uint32_t node, char *out, size_t cap);
bool doc_text(const struct doc *d, uint32_t node, char *out, size_t cap);
bool doc_key_is(const struct doc *d, uint32_t node, const char *key);
bool doc_text_is(const struct doc *d, uint32_t node, const char *text);

/* Upper limits for doc_key() and doc_text(): bytes of the token as written, and a NUL. */
size_t doc_key_cap(const struct doc *d, uint32_t node);
size_t doc_text_cap(const struct doc *d, uint32_t node);

/* A string with at least one character that is not a blank. Decodes nothing into memory. */
bool doc_filled(const struct doc *d, uint32_t node);

/* Straight into guarded memory; no copy is left anywhere. Refuses U+0000 and lone surrogates. */
bool doc_secret(const struct doc *d, uint32_t node, struct secret *out, struct err *e);

/* False when it is not a number, has a fraction, or does not fit. 1e3 and 5.0 are integers. */
bool doc_int(const struct doc *d, uint32_t node, int64_t *out);
bool doc_bool(const struct doc *d, uint32_t node, bool *out);

/*
 * A new value. Built in one go and laid out only when it is put into a
 * document, in the manner of its neighbours. Running out of memory is
 * remembered and reported by the edit that uses it.
 */
struct doc_value {
	struct buf text; /* JSON with a newline and one tab per level */
	unsigned depth;
	uint64_t lists; /* a bit per level: it is an array */
	bool more;      /* a comma is due */
	bool keyed;     /* a key waits for its value */
	bool failed;    /* not UTF-8, or too deep */
	bool no_memory;
};

void doc_value_object(struct doc_value *v);
void doc_value_array(struct doc_value *v);
void doc_value_end(struct doc_value *v); /* of the innermost object or array */
void doc_value_key(struct doc_value *v, const char *key);
void doc_value_string(struct doc_value *v, const char *text);
void doc_value_stringn(struct doc_value *v, const char *p, size_t n);
void doc_value_int(struct doc_value *v, int64_t n);
void doc_value_bool(struct doc_value *v, bool b);
void doc_value_embed(struct doc_value *v, const struct doc_value *inner);
void doc_value_release(struct doc_value *v); /* wipes */

/* Can it be put anywhere? ERR_MEMORY, or ERR_REFUSED with `what` it was for. */
bool doc_value_good(const struct doc_value *v, const char *what, struct err *e);

/*
 * Edits. Each is all or nothing. A missing parent object is created; a parent
 * that is something else is ERR_DAMAGED with its key and line.
 *
 * doc_put changes the (last) member in place or adds it after the last one, with
 * the neighbours' indent, newline, colon, trailing comma and key quoting.
 * doc_remove takes every duplicate of the member with its comma (and the line,
 * when nothing else is on it), but no comment; an absent member is success.
 * doc_remove_node does the same to one member or element.
 */
bool doc_put(struct doc *d, const char *const *path, const struct doc_value *v, struct err *e);
bool doc_put_text(struct doc *d, const char *const *path, const char *text, struct err *e);
bool doc_put_int(struct doc *d, const char *const *path, int64_t n, struct err *e);
bool doc_set(struct doc *d, uint32_t node, const struct doc_value *v, struct err *e);
bool doc_append(struct doc *d, uint32_t array, const struct doc_value *v, struct err *e);
bool doc_remove(struct doc *d, const char *const *path, struct err *e);
bool doc_remove_node(struct doc *d, uint32_t node, struct err *e);

/* Strings in an array. list_put replaces or creates the whole array. */
bool doc_list_put(
	struct doc *d, const char *const *path, const char *const *texts, size_t n, struct err *e);
bool doc_list_prepend(struct doc *d, uint32_t array, const char *text, struct err *e);
bool doc_list_append(struct doc *d, uint32_t array, const char *text, struct err *e);
bool doc_list_remove(struct doc *d, uint32_t array, const char *text, struct err *e); /* all */

#endif
