/* SPDX-License-Identifier: MIT */
#ifndef WIZARD_LINES_H
#define WIZARD_LINES_H

#include "wizard/wizard.h"

/*
 * The wizard without a screen: the same steps as lines of text, for screen readers, for
 * terminals that cannot move a cursor, and for a person on a serial line.
 *
 * A step draws its body once (wizard/body.h); where a screen gets cells, a page gets lines:
 * sentences, choices, fields. The words that can be said beside an answer come from the same key
 * table as the footer. So a new step needs nothing more to be asked here, too; what its row may
 * add is the question that a plain Enter must not answer (`ask`) and when there is nothing to
 * decide (`settled`).
 */

enum line_kind {
	LINE_TEXT,
	LINE_NOTE, /* explains the choice before it */
	LINE_CHOICE,
	LINE_FIELD
};

struct line {
	enum line_kind kind;
	size_t at, len; /* of its text in lines.text, with a NUL behind it */
	size_t label;   /* LINE_CHOICE: bytes of the text that name it */
	bool selected;  /* LINE_CHOICE */
	bool masked;    /* LINE_FIELD: not to be shown while it is typed */
	bool filled;    /* LINE_FIELD: it holds something */
	bool search;    /* LINE_FIELD: what is typed narrows the choices */
};

struct lines {
	struct line *list;
	size_t count, room;
	struct buf text;
	bool open;    /* the last line is being written */
	size_t parts; /* of that one */
	bool lost;    /* there was no memory for a part of it */
};

const char *line_text(const struct lines *l, size_t i);
void lines_release(struct lines *l);

/*
 * How body.c writes them. Parts of a line become "first: second, third"; a part without a line
 * begins one of LINE_TEXT, and a line without parts does not count, unless it is a field.
 */
void lines_begin(struct lines *l, enum line_kind kind);
void lines_part(struct lines *l, const char *text);
void lines_mark(struct lines *l, const char *word); /* "Warning: " before the first part */
void lines_end(struct lines *l);

/* Said instead of an answer: "details" or its letter. */
struct page_word {
	char name[24];
	char letter; /* 0: none */
	const char *help;
	struct event key;
};

#define PAGE_WORDS 6

/* What is shown and asked now. */
struct page {
	const char *step; /* its id */
	char head[96];    /* "Step 3 of 7: Secret" */
	const char *about;
	struct lines lines;
	size_t choices, chosen;
	const struct line *field; /* that has the focus; NULL: none */
	struct page_word words[PAGE_WORDS];
	size_t word_count;
	const char *ask;   /* only yes is yes; NULL: Enter goes on */
	const char *enter; /* what Enter does, from the key table */
	bool overlay;      /* lies over the step: a question (ask), or something to read */
	bool settled;      /* nothing to decide: Enter goes on */
	bool busy;
	const char *message; /* of the wizard, until its next event; "": none */
	enum severity severity;
};

/* ERR_MEMORY when a part of it may be missing. */
bool wizard_page(const struct wizard *w, struct page *out, int64_t now_ms, struct err *e);
void page_release(struct page *p);

/* The message was shown: it does not come again. */
void wizard_heard(struct wizard *w);

/* The line of choice i. */
const struct line *page_choice(const struct page *p, size_t i);

/* --- answers ------------------------------------------------------------------------------ */

enum effect wizard_enter(struct wizard *w, int64_t now_ms);
enum effect wizard_choose(struct wizard *w, size_t i, int64_t now_ms);
enum effect wizard_back(struct wizard *w, int64_t now_ms);
enum effect wizard_leave(struct wizard *w, int64_t now_ms); /* asks first */
enum effect wizard_yes_no(struct wizard *w, bool yes, int64_t now_ms);
enum effect wizard_word(struct wizard *w, const struct page_word *word, int64_t now_ms);

/* In place of what the field holds; nothing is submitted. total: bytes that came, if more. */
void wizard_fill(struct wizard *w, const struct secret *text, size_t total, int64_t now_ms);

#endif
