/* SPDX-License-Identifier: MIT */

/* Every answer of every provider gets the right verdict: tests/unit/check_answers.h. */
#include "tests/unit/check_answers.h"
#include "tests/unit/test.h"

#include <string.h>

static struct secret key;

static int load(void **state)
{
	(void)state;
	answers_load();
	return 0;
}

static int release(void **state)
{
	(void)state;
	answers_release();
	return 0;
}

static void take_headers(struct check_headers *h, struct json_object *headers)
{
	if (!headers)
		return;
	json_object_object_foreach(headers, name, value)
	{
		char line[300];
		struct str s = STR_OF(line);

		str_fmt(&s, "%s: %s\r\n", name, json_object_get_string(value));
		check_take_header(h, line, s.len);
	}
}

static void judge_case(const struct answer_case *c, struct check_result *out)
{
	struct check_request rq = { .judge = c->method->judge };
	const char *raw = answer_text(c, "raw"), *body = raw ? raw : answer_text(c, "body");
	const char *transport = answer_text(c, "transport"), *own = answer_text(c, "key");
	struct check_answer a = { .body = body, .body_len = body ? strlen(body) : 0 };
	struct json_object *found;
	struct err e = { 0 };

	assert_true(json_object_object_get_ex(c->answer, "status", &found));
	a.status = json_object_get_int(found);
	if (transport)
		assert_true(reason_parse(transport, &a.transport));
	if (json_object_object_get_ex(c->answer, "headers", &found))
		take_headers(&a.headers, found);
	own = own ? own : ANSWER_KEY;
	assert_ok(secret_from(&key, own, strlen(own), &e), e);
	*out = (struct check_result){ .skew_ms = INT64_MIN };
	check_judge(out, &rq, &a, &key);
	secret_release(&key);
}

static void every_answer_of_every_provider_has_its_verdict(void **state)
{
	size_t right = 0;

	(void)state;
	for (size_t i = 0; i < answers_count(); i++) {
		static struct check_result r;

		judge_case(answers_at(i), &r);
		right += answer_right(answers_at(i), &r);
	}
	print_message("%zu of %zu verdicts are right\n", right, answers_count());
	assert_true(answers_count() >= 400);
	assert_int_equal(right, answers_count());
}

static void every_verdict_has_words_for_every_provider(void **state)
{
	(void)state;
	for (size_t i = 0; i < answers_count(); i++) {
		const struct answer_case *c = answers_at(i);
		static struct check_result r;
		char text[300];
		struct str s = STR_OF(text);

		judge_case(c, &r);
		check_headline(&s, &r, c->provider, c->method);
		assert_false(s.cut);
		assert_null(strchr(text, '%'));
		assert_null(strstr(text, "No clear answer"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_of_every_provider_has_its_verdict),
		cmocka_unit_test(every_verdict_has_words_for_every_provider),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, load, release);
}
