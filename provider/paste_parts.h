/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_PASTE_PARTS_H
#define PROVIDER_PASTE_PARTS_H

#include <stdint.h>

#include "provider/paste.h"

/*
 * What the files behind provider/paste.h share; nobody else includes this.
 *
 * Three stages: scrub (bytes to plain text), extract (text to one candidate),
 * judge (is the candidate what was asked for). Text that may hold a secret is
 * always inside struct secret here, or the caller's own raw bytes.
 */

/* --- kinds: what can be recognised by its look --------------------------------------------- */

struct kind {
	const char *prefix;
	const char *name; /* "Anthropic setup-token"; NULL: as kind_name() makes it */
	const char *provider;
	const char *method; /* of that provider; NULL: no use for models */
	size_t full_len;    /* every one has this length; 0: they vary */
	const char *ending; /* complete ones usually end so, or NULL */
	bool strong;        /* so long that it cannot occur inside another key by chance */
};

/* "Groq API key" */
void kind_name(struct str *out, const struct kind *k);

/* The longest known prefix that this starts with, or NULL. */
const struct kind *kind_of(const char *p, size_t n);

/* Two keys glued together: a strong prefix inside, or any where the first key must end. */
bool kind_glued(const char *p, size_t n);

/* Does it end as complete ones of this kind do? The kind must have an ending. */
bool kind_ends(const struct kind *k, const char *p, size_t n);

/* Nothing can follow: the known length or ending is reached. */
bool kind_complete(const char *p, size_t n);

/* What follows (more, of m > 0 bytes) makes it complete. */
bool kind_completed_by(const char *p, size_t n, const char *more, size_t m);

/* 32 hexadecimal digits, a dot, 16 letters and digits: a key of Z.AI has no prefix. */
bool looks_zai(const char *p, size_t n);

bool looks_placeholder(const char *p, size_t n);
bool looks_address(const char *p, size_t n);

/* --- scrub -------------------------------------------------------------------------------- */

/*
 * Copies raw into *out (capacity at least n): line ends become \n, other blanks a space, curly
 * quotes ", and everything invisible goes (counted in r->removed). Other characters stay.
 */
void paste_scrub(struct secret *out, const char *raw, size_t n, struct paste_report *r);

/* --- extract ------------------------------------------------------------------------------ */

enum extract {
	EXTRACT_NONE, /* no candidate */
	EXTRACT_ONE,
	EXTRACT_TWO,         /* at least two different ones */
	EXTRACT_PLACEHOLDER, /* nothing but a shortened or stand-in key */
	EXTRACT_BAD,         /* a character that no key has; *bad_cp, r->bad_at */
};

/* From scrubbed text to the one candidate in *out; fills steps, lines, name. */
enum extract paste_extract(struct secret *out, const struct secret *text, struct paste_report *r,
	uint32_t *bad_cp, struct err *e);

/* --- carriers: what says where a value begins ----------------------------------------------- */

struct text {
	const char *p;
	size_t n;
};

struct carrier {
	size_t value; /* where the value begins */
	enum paste_step step;
	size_t name, name_len; /* of the variable or member; 0: a header has none */
};

/* Does one begin at this place? */
bool carrier_at(const struct text *t, size_t at, struct carrier *c);

/* --- small questions about bytes ---------------------------------------------------------- */

bool byte_alnum(char c);
bool byte_blank(char c); /* a space or a line end: what paste_scrub() leaves of blanks */

/* 1 lower case, 2 upper case, 3 digit, 0 anything else. */
int byte_class(char c);

/* As mixed as only a key is: words, dates and host names are not. */
bool looks_random(const char *p, size_t n);

bool byte_key(char c); /* letters, digits and - _ . ~ + / = */

/* Does the text at p start with word, ignoring case? */
bool starts_nocase(const char *p, size_t n, const char *word);

#endif
