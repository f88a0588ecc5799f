/* SPDX-License-Identifier: MIT */

/* models.providers.<id> of an endpoint of the user's own, edited by span. */

#include "tests/unit/test.h"

#include <string.h>

#include "store/config.h"

static const char *const two[] = { "llama", "qwen" };

static const struct config_endpoint sealed = { .id = "my-llm",
	.base_url = "https://llm.example.org/v1",
	.api = "openai-completions",
	.own_key = "${MY_LLM_API_KEY}",
	.models = two,
	.model_count = 1 };

static struct doc parsed(const char *text)
{
	struct doc d = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(doc_parse(&d, &b, DOC_JSON5, "thinkfleetbot.json", &e), e);
	return d;
}

/* Written twice, so that the second time shows that nothing changes any more. */
static void becomes(const char *before, const struct config_endpoint *p, const char *after)
{
	struct doc d = parsed(before);
	struct err e = { 0 };

	for (int i = 0; i < 2; i++) {
		assert_ok(config_put_endpoint(&d, p, &e), e);
		assert_string_equal(d.text.p, after);
	}
	doc_release(&d);
}

static void a_new_one_has_address_protocol_and_model(void **state)
{
	(void)state;
	becomes("{models:{providers:{}}}", &sealed,
		"{models:{providers:{\"my-llm\":{\"baseUrl\":\"https://llm.example.org/v1\","
		"\"api\":\"openai-completions\",\"models\":[{\"id\":\"llama\",\"name\":"
		"\"llama\"}]}}}}");
}

static void what_a_person_wrote_in_it_stays(void **state)
{
	struct config_endpoint p = sealed;

	(void)state;
	p.model_count = 2;
	becomes("{models:{mode:'merge',providers:{/*mine*/'My-LLM':{baseUrl:'http://localhost:1',"
		"headers:{a:'b'},models:[{id:'llama',contextWindow:9}],},other:{}}}}",
		&p,
		"{models:{mode:'merge',providers:{/*mine*/'My-LLM':{baseUrl:"
		"\"https://llm.example.org/v1\",headers:{a:'b'},models:[{id:'llama',"
		"contextWindow:9},{\"id\":\"qwen\",\"name\":\"qwen\"}],api:\"openai-completions\",}"
		","
		"other:{}}}}");
}

static void the_header_follows_the_choice(void **state)
{
	struct config_endpoint p = sealed;

	(void)state;
	p.models = NULL;
	p.model_count = 0;
	p.bearer = true;
	becomes("{models:{providers:{'my-llm':{baseUrl:'https://llm.example.org/v1',"
		"api:'openai-completions',models:[]}}}}",
		&p,
		"{models:{providers:{'my-llm':{baseUrl:'https://llm.example.org/v1',"
		"api:'openai-completions',models:[],authHeader:true}}}}");
	p.bearer = false;
	becomes("{models:{providers:{'my-llm':{baseUrl:'https://llm.example.org/v1',"
		"api:'openai-completions',models:[],authHeader:true}}}}",
		&p,
		"{models:{providers:{'my-llm':{baseUrl:'https://llm.example.org/v1',"
		"api:'openai-completions',models:[]}}}}");
}

/* A profile carries the key: a reference beside it would be shadowed. */
static void only_a_key_of_ours_is_replaced(void **state)
{
	static const struct {
		const char *before, *key, *after;
	} rows[] = {
		{ "", NULL, "" },
		{ "", "${MY_LLM_API_KEY}", "\"apiKey\":\"${MY_LLM_API_KEY}\"" },
		{ "", CONFIG_NO_KEY, "\"apiKey\":\"n/a\"" },
		{ "apiKey:'${MY_LLM_API_KEY}'", NULL, "" },
		{ "apiKey:'${MY_LLM_API_KEY}'", CONFIG_NO_KEY, "apiKey:\"n/a\"" },
		{ "apiKey:'n/a'", NULL, "" },
		{ "apiKey:'none'", "${MY_LLM_API_KEY}", "apiKey:\"${MY_LLM_API_KEY}\"" },
		{ "apiKey:'${OTHER}'", NULL, "apiKey:'${OTHER}'" },
		{ "apiKey:'k-typed-by-hand'", "${MY_LLM_API_KEY}", "apiKey:'k-typed-by-hand'" },
		{ "apiKey:{source:'env'}", NULL, "apiKey:{source:'env'}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_endpoint p = {
			.id = "my-llm", .own_key = "${MY_LLM_API_KEY}", .key = rows[i].key
		};
		char before[160], after[160];
		struct str b = STR_OF(before), a = STR_OF(after);

		str_fmt(&b, "{models:{providers:{'my-llm':{%s}}}}", rows[i].before);
		str_fmt(&a, "{models:{providers:{'my-llm':{%s}}}}", rows[i].after);
		becomes(before, &p, after);
	}
}

static void forgetting_takes_our_variable_and_nothing_else(void **state)
{
	struct doc d =
		parsed("{models:{providers:{a:{apiKey:'${A_API_KEY}',api:'x'},"
		       "b:{apiKey:'${OTHER}'}}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(config_forget_key(&d, "a", "${A_API_KEY}", &e), e);
	assert_ok(config_forget_key(&d, "b", "${B_API_KEY}", &e), e);
	assert_ok(config_forget_key(&d, "c", "${C_API_KEY}", &e), e);
	assert_string_equal(d.text.p, "{models:{providers:{a:{api:'x'},b:{apiKey:'${OTHER}'}}}}");
	doc_release(&d);
}

static void an_included_part_is_not_edited(void **state)
{
	struct doc d = parsed("{models:{$include:'./models.json5'}}");
	struct err e = { 0 };

	(void)state;
	assert_false(config_put_endpoint(&d, &sealed, &e));
	assert_int_equal(e.code, ERR_REFUSED);
	assert_string_equal(d.text.p, "{models:{$include:'./models.json5'}}");
	doc_release(&d);
}

static void what_cannot_be_edited_leaves_the_text_as_it_was(void **state)
{
	static const char text[] = "{models:{providers:{'my-llm':{models:['text']}},x:1}}";
	struct doc d = parsed("{models:{providers:[]}}");
	struct err e = { 0 };

	(void)state;
	assert_false(config_put_endpoint(&d, &sealed, &e));
	assert_int_equal(e.code, ERR_DAMAGED);
	assert_string_equal(d.text.p, "{models:{providers:[]}}");
	doc_release(&d);
	d = parsed(text);
	e = (struct err){ 0 };
	assert_ok(config_put_endpoint(&d, &sealed, &e), e);
	assert_non_null(strstr(d.text.p, "'text'"));
	assert_non_null(strstr(d.text.p, "llama"));
	doc_release(&d);
}

static void a_text_that_stands_for_no_key_is_no_key(void **state)
{
	(void)state;
	assert_true(config_marks_no_key(CONFIG_NO_KEY));
	assert_true(config_marks_no_key("ollama-local"));
	assert_false(config_marks_no_key(""));
	assert_false(config_marks_no_key("N/A"));
	assert_false(config_marks_no_key("${MY_LLM_API_KEY}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_has_address_protocol_and_model),
		cmocka_unit_test(what_a_person_wrote_in_it_stays),
		cmocka_unit_test(the_header_follows_the_choice),
		cmocka_unit_test(only_a_key_of_ours_is_replaced),
		cmocka_unit_test(forgetting_takes_our_variable_and_nothing_else),
		cmocka_unit_test(an_included_part_is_not_edited),
		cmocka_unit_test(what_cannot_be_edited_leaves_the_text_as_it_was),
		cmocka_unit_test(a_text_that_stands_for_no_key_is_no_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
