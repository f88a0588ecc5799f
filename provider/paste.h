/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_PASTE_H
#define PROVIDER_PASTE_H

#include "base/str.h"
#include "crypto/secret.h"
#include "provider/provider.h"

/*
 * From what was pasted to the credential in it.
 *
 * Cleaning joins lines and takes the credential out of its wrapping
 * (assignment, header, quotes, JSON member, prose); it never changes a
 * character of the credential itself, and reports everything it did. When two
 * different candidates remain, or none, it refuses with the reason. It works
 * inside struct secret only; no text it returns contains a secret.
 */

enum paste_step {                 /* what was done, as bits; texts in paste_notes() */
	PASTE_INVISIBLE = 1 << 0, /* escapes, zero-width, bidi, NBSP removed */
	PASTE_JOINED = 1 << 1,    /* lines joined */
	PASTE_TRIMMED = 1 << 2,   /* blanks or a newline at an end removed */
	PASTE_BLANKS = 1 << 3,    /* blanks inside removed (padding of a wrap) */
	PASTE_ASSIGNMENT = 1 << 4,
	PASTE_QUOTES = 1 << 5,
	PASTE_HEADER = 1 << 6,
	PASTE_JSON = 1 << 7,
	PASTE_TWICE = 1 << 8,
	PASTE_PROSE = 1 << 9,   /* text around it dropped */
	PASTE_ENDING = 1 << 10, /* a hint: without the ending that complete ones have */
};

enum paste_verdict {
	PASTE_GOOD,          /* expected kind, plausible */
	PASTE_EMPTY,         /* blocks */
	PASTE_UNUSUAL,       /* unknown shape: a second Enter verifies it anyway */
	PASTE_SHORT,         /* looks cut: a second Enter verifies it anyway */
	PASTE_LONG,          /* a second Enter verifies it anyway */
	PASTE_OTHER,         /* another provider's or kind's: blocks, ^T switches */
	PASTE_TWO,           /* two different secrets: blocks */
	PASTE_BAD_CHARACTER, /* blocks */
	PASTE_TOO_MUCH,      /* over 16 KiB: blocks, nothing kept */
	PASTE_PLACEHOLDER,   /* blocks */
	PASTE_ADDRESS,       /* a URL or a path: blocks */
};

struct paste_report {
	enum paste_verdict verdict;
	unsigned steps;
	unsigned lines;                  /* how many lines were joined */
	unsigned removed;                /* invisible characters removed */
	bool beside;                     /* what was left out may hold another key */
	char name[64];                   /* variable or member it was taken from, or "" */
	const struct provider *provider; /* recognised, or NULL */
	const struct method *method;     /* recognised, or NULL */
	char kind[64];                   /* "Anthropic setup-token", "OpenAI project key", or "" */
	char prefix[24];   /* the public prefix, for the mask: "sk-ant-oat01-" or "" */
	size_t bad_at;     /* PASTE_BAD_CHARACTER: position from 1 */
	char message[160]; /* one line for the message line; "" when good */
};

/*
 * Cleans `raw` into *out (initialised here, capacity SECRET_MAX) for the wanted
 * provider and method; both may be NULL (recognise anything). Never fails for
 * what was pasted, only for memory.
 */
bool paste_clean(struct secret *out, const char *raw, size_t n, const struct provider *want,
	const struct method *method, struct paste_report *r, struct err *e);

/* Judges an already clean secret (a typed one): fills verdict, kind, message. */
void paste_judge(const struct secret *s, const struct provider *want, const struct method *method,
	struct paste_report *r);

/* Is it shaped like a credential at all? For pastes where none was asked for. */
bool paste_looks_secret(const char *p, size_t n, const struct provider **which);

bool paste_blocks(enum paste_verdict v); /* Enter stays */
bool paste_warns(enum paste_verdict v);  /* a second Enter goes on */

/* The lines under the field ("Joined 2 lines"), at most max; how many there are. */
size_t paste_notes(const struct paste_report *r, char lines[][80], size_t max);

/*
 * "... looks cut at your terminal width", when it is shorter than every key of its kind, or has not
 * their ending, or is as long as terminals are wide (80, 100, 120, or columns give or take 2).
 * Nothing is added otherwise.
 */
void paste_cut_hint(
	struct str *out, const struct secret *s, int columns, const struct method *method);

#endif
