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

/* No key that is used for models is shorter. */
#define KEY_LEAST 16

/* --- kinds: what can be recognised by its look --------------------------------------------- */

struct kind {
	const char *prefix;
	const char *name; /* "Anthropic setup-token"; NULL: as kind_name() makes it */
	const char *provider;
	const char *method; /* of that provider; NULL: no use for models */
	size_t full_len;    /* every one has this length; 0: they vary */
	const char *ending; /* complete ones usually end so, or NULL */
	bool strong;        /* so long that it cannot occur inside another key by chance */
	const char *middle; /* what follows the prefix has this between two equal halves, or NULL */
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

/* Its kind tells when one is complete, and m bytes more are not too much for that. */
bool kind_allows(const char *p, size_t n, size_t m);

/* Its kind tells when one is complete, and this is not (or is too long). */
bool kind_unfinished(const char *p, size_t n);

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
	EXTRACT_UNCLEAR,     /* one in two pieces, or two: the text does not tell */
	EXTRACT_PLACEHOLDER, /* nothing but a shortened or stand-in key */
	EXTRACT_BAD,         /* a character that no key has; *bad_cp, r->bad_at */
};

/*
 * From scrubbed text to the one candidate in *out; fills steps, lines, name. What was wanted (NULL:
 * anything) says how long a whole one is.
 */
enum extract paste_extract(struct secret *out, const struct secret *text,
	const struct method *wanted, struct paste_report *r, uint32_t *bad_cp, struct err *e);

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

size_t text_skip_blanks(const struct text *t, size_t at);
size_t text_skip_spaces(const struct text *t, size_t at);

/* How many bytes that keys are made of stand there. */
size_t text_key_run(const struct text *t, size_t at);

/* Does a key of a known kind begin here? */
bool text_known_at(const struct text *t, size_t at);

/* --- breaks: does what stands behind a blank still belong to it? ----------------------------- */

enum rest {
	REST_NO,
	REST_YES,
	REST_UNCLEAR, /* its other half, or another key */
};

struct gap {
	const struct text *text;
	const struct secret *value;  /* as far as it was taken */
	const struct method *method; /* what was wanted, or NULL */
	unsigned lines;              /* that it stands on so far */
	char quote;                  /* that it stands behind, or '\0' */
};

/* The value has ended at a blank; *next is where the next piece begins. */
enum rest rest_at(const struct gap *g, size_t at, size_t *next);

/* --- small questions about bytes ---------------------------------------------------------- */

bool byte_alnum(char c);
bool byte_blank(char c); /* a space or a line end: what paste_scrub() leaves of blanks */

/* 1 lower case, 2 upper case, 3 digit, 0 anything else. */
int byte_class(char c);

/* As mixed as only a key is: words, dates and host names are not. */
bool looks_random(const char *p, size_t n);

bool byte_closer(char c); /* closes or separates what stands around a key */
bool byte_key(char c);    /* letters, digits and - _ . ~ + / = */

/* Does the text at p start with word, ignoring case? */
bool starts_nocase(const char *p, size_t n, const char *word);

#endif
