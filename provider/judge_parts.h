/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_JUDGE_PARTS_H
#define PROVIDER_JUDGE_PARTS_H

#include <json-c/json.h>

#include "provider/check.h"

/*
 * Between the files that judge an answer, for nobody else. judge.c decides;
 * judge_style.c knows how providers differ, judge_words.c what their errors
 * say, judge_body.c how a body is read, judge_account.c what it tells of the
 * account.
 */

/* What an error says, whoever says it. */
enum meaning {
	MEANS_NOTHING,
	MEANS_BAD_KEY,
	MEANS_NO_CREDIT,
	MEANS_RATE,
	MEANS_RESTRICTED,
	MEANS_BLOCKED, /* it is not about the key: this host, its country or its address */
};

/* A provider's own number for an error. Code 0 ends a list. */
struct error_code {
	int code;
	enum meaning means;
};

/*
 * An answer about the account instead of a model list. Paths are members with dots between
 * them: "data.usage"; of a list, its first thing.
 */
struct account {
	const char *proof;      /* a member that only an answer to a good key has */
	const char *name[2];    /* who it is; the first that is there */
	const char *left;       /* a number: what may still be spent... */
	const char *used;       /* ...less this one, when there is such a member */
	const char *unit;       /* "USD" */
	bool none_left_is_rate; /* nothing left: wait, do not pay */
};

/* How one judge style differs from the next. */
struct style {
	const char *code; /* where a 200 has its error number */
	const struct error_code *codes;
	bool account;         /* what proves is an answer about the account, never a list */
	bool list_is_public;  /* a model list may be used, and proves nothing */
	bool bad_key_400;     /* says "bad key" with 400 */
	bool quota_is_rate;   /* its quota text does not mean money */
	bool restricted_good; /* lacking a permission proves that the key is known */
};

const struct style *judge_style(enum judge_style s);

/* What the document is, of the answers about accounts that are known; NULL: none of them. */
const struct account *judge_shape(struct json_object *root);

struct judged {
	struct check_result *out;
	const struct check_answer *answer;
	const struct style *style;
	const struct secret *key;
	struct json_object *root;      /* NULL: not JSON */
	const struct account *account; /* NULL: the answer is not about the account */
	char code[160];                /* code, type and status of the error */
	char message[CHECK_TEXT_CAP * 2];
	bool html;
	bool challenge; /* a firewall wants to see a browser */
};

/* --- judge_body.c */

/* Fills root, code, message, html and challenge. */
void judge_read(struct judged *j);

/* The value at a path, or NULL. */
struct json_object *judge_at(struct json_object *o, const char *path);
const char *judge_text(struct json_object *o, const char *path);

/* A number, also one written as a text ("95.50"). */
bool judge_number(struct json_object *o, const char *path, double *n);

/* The array of models, or NULL. */
struct json_object *judge_list(struct json_object *root);
bool judge_is_list(struct json_object *root); /* also an empty one that is null */
void judge_models(struct judged *j);

/* Without case. */
bool judge_contains(const char *text, const char *words);

/*
 * A foreign text as this program shows it, cleaned and without pieces of the key. False when a
 * piece of the key was in it.
 */
bool judge_take(char *out, size_t cap, const char *p, size_t n, const struct secret *key);

/* --- judge_words.c */
enum meaning judge_meaning(const struct judged *j);

/* --- judge_account.c */

/* What may still be spent. False when the answer does not tell. */
bool judge_left(const struct judged *j, double *left);

/* Fills account, credit and limits of the result. */
void judge_account(const struct judged *j);

#endif
