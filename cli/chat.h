/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

#include <stdio.h>

#include "chat/catalog.h"
#include "chat/directive.h"
#include "chat/pin.h"
#include "cli/look.h"
#include "cli/unlock.h"
#include "provider/talk.h"
#include "store/sessions.h"

/*
 * A conversation with a model from the gateway host (`thinkfleetbot chat`). What was said is in
 * memory only; which model and which profile a session uses is the gateways' own sessions.json.
 *
 *   chat_world.c    the files as they are, and changes of the session
 *   chat_words.c    commands and directives
 *   chat_ask.c      asking a model, with one credential after the other
 *   chat_list.c     the sessions of an agent
 */

#define SESSION_KEY_CAP 256

struct chat {
	const char *agent; /* as it was given, or NULL */
	struct place place;
	struct snapshot now;
	struct catalog catalog;
	char path[FS_PATH_MAX]; /* sessions.json */
	char key[SESSION_KEY_CAP];
	struct unlock unlock;
	bool looked; /* since the last word that was heard */

	/* The session as it was last read; with `fixed` what --model says. */
	char model[MODEL_KEY_CAP]; /* "provider/model" */
	char pin[ID_CAP];          /* "" */
	enum pin_source source;
	bool compacted; /* since the pin was chosen */
	bool reset;     /* its model is not allowed any more */
	bool fixed;

	struct talk said;
};

/* agent, session: as given, or NULL. */
bool chat_open(struct chat *c, const char *agent, const char *session, struct err *e);
void chat_close(struct chat *c); /* safe on { 0 } */

/* Everything again, as the files are now. */
bool chat_look(struct chat *c, struct err *e);

/* An edit of the session's entry, under the gateways' lock; key and time are filled in. */
bool chat_change(struct chat *c, struct session_change change, struct err *e);

/*
 * Before a model is asked: a pin that cannot be is cleared, one that had its turn moves; a
 * warning says so.
 */
void chat_settle(struct chat *c);

/* "agent:main:main" for what was given; ERR_USAGE where it names another agent. */
bool chat_session_key(
	char out[SESSION_KEY_CAP], const char *session, const char *agent, struct err *e);

/* The agent in a session's key, or false. */
bool chat_session_agent(char out[AGENT_CAP], const char *session);

/* How a word to the chat ended. */
struct chat_reply {
	struct buf text;    /* to be shown, without a newline at its end */
	enum err_code code; /* ERR_NONE: done as asked */
	bool quit;
	struct buf rest; /* what is left to be sent to the model; empty: nothing */
};

/* Commands, directives, or plain text: what is to be done, and what was. */
bool chat_hear(struct chat *c, const char *text, struct chat_reply *out, struct err *e);
void chat_reply_release(struct chat_reply *r);

/* For --model: the same choice as /model, for this run only. */
bool chat_choose(struct chat *c, const char *reference, struct err *e);

/* An answer. */
struct chat_answer {
	struct buf text;           /* cleaned for a terminal */
	char profile[ID_CAP + 80]; /* what was used: a profile, a variable */
	bool cut;                  /* at the model's limit of length */
	bool cancelled;            /* ^C; nothing of it is kept */
};

struct chat_how {
	bool stream;
	bool show;     /* to stdout, as it comes */
	int cancel_fd; /* or -1 */
};

/* The question joins the conversation when it was answered. */
bool chat_ask(struct chat *c, const char *question, const struct chat_how *how,
	struct chat_answer *out, struct err *e);
void chat_answer_release(struct chat_answer *a);

/* Foreign text that may have many lines. */
bool chat_print(FILE *out, const char *p, size_t n, struct err *e);

bool chat_list(const char *agent, bool json, struct err *e);

#endif
