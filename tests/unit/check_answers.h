/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHECK_ANSWERS_H
#define TESTS_UNIT_CHECK_ANSWERS_H

#include <json-c/json.h>

#include "provider/check.h"

/*
 * Every situation of every provider of the table, from tests/provider/answers.
 *
 * A file holds the answers of one provider, each with its source; what it does
 * not hold is taken from the file that it is "like", and at last from
 * common.json, which also names the situations and the verdict of each. A
 * provider without a file is like one of the shapes, so that a new row of the
 * table is tested at once. Answers that are no common situation are cases too.
 */
struct answer_case {
	const struct provider *provider;
	const struct method *method;
	const char *file; /* where the answer is: the server of the tests is told so */
	const char *situation;
	struct json_object *answer;
	enum verdict verdict;
	enum reason reason;
};

/* The key of the cases: OpenRouter's masked label of it is in an answer. */
#define ANSWER_KEY "sk-or-v1-4vT9Qw7eXz1Lb8Kc2Rm5"

/* Loads all; fails the test when a file is not as it should be. */
void answers_load(void);
void answers_release(void);

size_t answers_count(void);
const struct answer_case *answers_at(size_t i);

/* A text of the answer itself, or NULL. */
const char *answer_text(const struct answer_case *c, const char *name);

/* "openai/api-key limited" */
void answer_name(char out[128], const struct answer_case *c);

/* Is the result what the case says? If not, prints how it differs. */
bool answer_right(const struct answer_case *c, const struct check_result *r);

#endif
