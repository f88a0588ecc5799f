/* SPDX-License-Identifier: MIT */
#ifndef CLI_TOLD_H
#define CLI_TOLD_H

#include "cli/lineio.h"
#include "wizard/lines.h"

/*
 * What a person in a conversation was told. Nothing that was said can be taken back, so only
 * what is new of a page is said: all of it when the step is another one, its choices when they
 * are others.
 */
struct told {
	struct lineio *io;
	struct wizard *w;
	struct page page, said; /* what it is now, and what was said last */
	size_t from;            /* the first choice that is said; the others come with "more" */
	bool taught;            /* back, help and quit were named once */
};

void told_release(struct told *t);

/* The page as it is now. */
bool told_look(struct told *t, struct err *e);

/* All of it was said; its message with it. */
bool told_said(struct told *t, struct err *e);

void told_page(struct told *t);
void told_texts(struct told *t, bool all); /* without its message */
void told_message(struct told *t, enum severity severity, const char *text);
void told_list(struct told *t);
size_t told_choices(const struct told *t); /* how many of them told_list() says */
void told_help(struct told *t);
void told_prompt(const struct told *t, struct str *out);

/* A text is asked for, so words of ours need a colon before them. */
bool told_is_text(const struct page *p);

#endif
