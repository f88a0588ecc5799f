/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/config.h"

static const char before_path[] = TFB_SOURCE_DIR "/tests/unit/data/config.before.json5";
static const char after_path[] = TFB_SOURCE_DIR "/tests/unit/data/config.after.json5";

static struct config loaded(const char *path)
{
	struct config c = { 0 };
	struct err e = { 0 };

	assert_ok(config_load(&c, path, &e), e);
	return c;
}

static struct doc parsed(const char *text)
{
	struct doc d = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(doc_parse(&d, &b, DOC_JSON5, "thinkfleetbot.json", &e), e);
	return d;
}

/* A configuration from text, through a file as everywhere. */
static struct config from_text(const char *text)
{
	char dir[] = "/tmp/tfb-config-XXXXXX";
	char path[64];
	struct config c;
	struct err e = { 0 };

	assert_non_null(mkdtemp(dir));
	assert_true(fs_join(path, sizeof(path), dir, "c.json", &e));
	assert_ok(fs_replace(path, text, strlen(text), NULL, &e), e);
	c = loaded(path);
	unlink(path);
	rmdir(dir);
	return c;
}

static void expect_text(struct doc *d, const char *want)
{
	assert_string_equal(d->text.p, want);
	doc_release(d);
}

/* --- reading --- */

static void a_commented_configuration_is_read(void **state)
{
	struct config c = loaded(before_path);
	struct secret s = { 0 };
	struct err e = { 0 };
	char model[64];

	(void)state;
	assert_true(c.exists && !c.has_includes && c.shell_env && !c.vault.present);
	assert_string_equal(c.model.primary, "openai/gpt-5.2");
	assert_false(c.model.is_text);
	assert_int_equal(c.model.fallback_count, 1);
	assert_string_equal(c.model.fallbacks[0], "groq/x");
	assert_false(c.image_model.present);
	assert_int_equal(c.allowed_count, 1);
	assert_string_equal(c.allowed[0].alias, "gpt");
	assert_string_equal(config_default_agent(&c), "main");
	assert_string_equal(config_profile(&c, "openai:default")->mode, "api_key");
	assert_int_equal(config_order(&c, "anthropic")->count, 2);
	assert_null(config_order(&c, "openai"));
	assert_int_equal(c.env_count, 1);
	assert_string_equal(c.env[0].name, "GROQ_API_KEY");
	assert_ok(config_env_value(&c, &c.env[0], &s, &e), e);
	assert_string_equal(s.bytes, "gsk_EXAMPLE");
	secret_release(&s);
	assert_true(config_default_model(&c, model, sizeof(model)));
	assert_string_equal(model, "openai/gpt-5.2");
	config_release(&c);
	config_release(&c);
}

static void a_missing_configuration_has_the_family_s_defaults(void **state)
{
	struct config c = loaded("/tmp/tfb-no-such-folder/thinkfleetbot.json");
	char model[64];

	(void)state;
	assert_false(c.exists);
	assert_string_equal(config_default_agent(&c), "main");
	assert_true(config_default_model(&c, model, sizeof(model)));
	assert_string_equal(model, "anthropic/claude-opus-4-5");
	config_release(&c);
}

static void providers_say_how_their_key_is_given(void **state)
{
	struct config c = from_text(
		"{models:{providers:{"
		"a:{baseUrl:'http://127.0.0.1:1/v1',api:'openai-completions',apiKey:'$ecret'},"
		"'Z.ai':{apiKey:'${MY_KEY}'},b:{apiKey:'$OTHER'},c:{apiKey:{source:'env'}},"
		"d:{apiKey:' '},e:{apiKey:'plain'}}}}");
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_string_equal(config_provider(&c, "a")->base_url, "http://127.0.0.1:1/v1");
	assert_int_equal(config_provider(&c, "a")->key, CONFIG_KEY_PLAIN);
	assert_int_equal(config_provider(&c, "zai")->key, CONFIG_KEY_VARIABLE);
	assert_string_equal(config_provider(&c, "zai")->variable, "MY_KEY");
	assert_string_equal(config_provider(&c, "b")->variable, "OTHER");
	assert_int_equal(config_provider(&c, "c")->key, CONFIG_KEY_REF);
	assert_int_equal(config_provider(&c, "d")->key, CONFIG_KEY_NONE);
	assert_ok(config_provider_key(&c, "e", &s, &e), e);
	assert_string_equal(s.bytes, "plain");
	secret_release(&s);
	assert_err(config_provider_key(&c, "zai", &s, &e), e, ERR_NOT_FOUND);
	assert_err(config_provider_key(&c, "nobody", &s, &e), e, ERR_NOT_FOUND);
	config_release(&c);
}

static void agents_and_env_are_read(void **state)
{
	struct config c = from_text(
		"{agents:{list:[{id:'One'},5,{id:'Two Words',default:true,agentDir:'~/x'}]},"
		"env:{A:'1',vars:{B:'2',C:''},shellEnv:{enabled:false},D:7}}");

	(void)state;
	assert_int_equal(c.agent_count, 2);
	assert_string_equal(c.agents[0].id, "one");
	assert_string_equal(config_default_agent(&c), "two-words");
	assert_string_equal(config_agent(&c, "two-words")->agent_dir, "~/x");
	assert_int_equal(c.env_count, 2);
	assert_string_equal(c.env[0].name, "B");
	assert_string_equal(c.env[1].name, "A");
	assert_false(c.shell_env);
	config_release(&c);
}

static void models_resolve_as_in_the_family(void **state)
{
	static const char *const rows[][2] = { { "openrouter/moonshotai/kimi-k2",
						       "openrouter/moonshotai/kimi-k2" },
		{ " opus ", "anthropic/claude-opus-4-5" }, { "FAST", "groq/llama" },
		{ "sonnet", "anthropic/sonnet" }, { "claude-x", "anthropic/claude-x" },
		{ "anthropic/opus-4.5", "anthropic/claude-opus-4-5" },
		{ "google/gemini-3-pro", "google/gemini-3-pro-preview" },
		{ "Z.AI/glm-5", "zai/glm-5" }, { "sonnet-4.5", "anthropic/claude-sonnet-4-5" } };
	struct config c = from_text(
		"{agents:{defaults:{models:{'anthropic/claude-opus-4-5':{},"
		"'groq/llama':{alias:'fast'}}}}}");
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(config_resolve_model(&c, rows[i][0], out, sizeof(out)));
		assert_string_equal(out, rows[i][1]);
	}
	assert_false(config_resolve_model(&c, "  ", out, sizeof(out)));
	assert_false(config_resolve_model(&c, "/x", out, sizeof(out)));
	assert_false(config_resolve_model(&c, "anthropic/", out, sizeof(out)));
	assert_false(config_resolve_model(&c, "anthropic/claude", out, 8));
	config_release(&c);
}

/* --- editing --- */

static void a_commented_configuration_keeps_every_other_byte(void **state)
{
	struct config c = loaded(before_path);
	struct buf after = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(fs_read(after_path, 0, &after, NULL, &e), e);
	for (int twice = 0; twice < 2; twice++) {
		assert_ok(
			config_put_profile(&c.doc, "anthropic:default", "anthropic", "api_key", &e),
			e);
		assert_ok(config_put_model(&c.doc, "anthropic/claude-opus-4-5", true, &e), e);
		assert_ok(
			config_put_vault(&c.doc, "/home/u/.thinkfleetbot/bin/thinkfleetbot-resolve",
				"/home/u/.thinkfleetbot", NULL, &e),
			e);
		assert_string_equal(c.doc.text.p, after.p);
	}
	buf_release(&after);
	config_release(&c);
	c = loaded(after_path);
	assert_true(c.vault.present);
	assert_string_equal(c.vault.state_dir, "/home/u/.thinkfleetbot");
	config_release(&c);
}

static void a_new_configuration_is_plain_json(void **state)
{
	struct doc d = parsed(DOC_EMPTY);
	struct err e = { 0 };

	(void)state;
	assert_ok(config_put_profile(&d, "groq:default", "groq", "api_key", &e), e);
	assert_ok(config_put_model(&d, "groq/llama", true, &e), e);
	expect_text(&d,
		"{\n"
		"  \"auth\": {\n"
		"    \"profiles\": {\n"
		"      \"groq:default\": {\n"
		"        \"provider\": \"groq\",\n"
		"        \"mode\": \"api_key\"\n"
		"      }\n"
		"    }\n"
		"  },\n"
		"  \"agents\": {\n"
		"    \"defaults\": {\n"
		"      \"model\": {\n"
		"        \"primary\": \"groq/llama\"\n"
		"      }\n"
		"    }\n"
		"  }\n"
		"}\n");
}

static void no_order_is_made_where_none_was(void **state)
{
	struct doc d = parsed("{auth:{order:{openai:['x']}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(config_put_profile(&d, "groq:default", "groq", "api_key", &e), e);
	assert_null(strstr(d.text.p, "groq:["));
	assert_ok(config_put_profile(&d, "openai:default", "openai", "api_key", &e), e);
	assert_non_null(strstr(d.text.p, "order:{openai:[\"openai:default\",'x']}"));
	doc_release(&d);
}

static void an_existing_profile_keeps_its_other_members(void **state)
{
	struct doc d = parsed("{auth:{profiles:{a:{provider:'x',mode:'oauth',email:'m@x'}}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(config_put_profile(&d, "a", "x", "token", &e), e);
	assert_string_equal(
		d.text.p, "{auth:{profiles:{a:{provider:'x',mode:\"token\",email:'m@x'}}}}");
	assert_ok(config_remove_profile(&d, "a", &e), e);
	expect_text(&d, "{auth:{profiles:{}}}");
}

static void a_model_keeps_its_form(void **state)
{
	static const struct {
		const char *before;
		bool keep_old;
		const char *after;
	} rows[] = {
		{ "{agents:{defaults:{model:'a/b'}}}", false,
			"{agents:{defaults:{model:\"n/m\"}}}" },
		{ "{agents:{defaults:{model:'a/b'}}}", true,
			"{agents:{defaults:{model:{\"primary\":\"n/m\",\"fallbacks\":[\"a/"
			"b\"]}}}}" },
		{ "{agents:{defaults:{model:{primary:'a/b',fallbacks:['n/m','c/d']}}}}", true,
			"{agents:{defaults:{model:{primary:\"n/m\",fallbacks:[\"a/b\",'c/d']}}}}" },
		{ "{agents:{defaults:{model:{primary:'a/b'}}}}", false,
			"{agents:{defaults:{model:{primary:\"n/m\"}}}}" },
		{ "{agents:{defaults:{model:{primary:'n/m'}, models:{}}}}", true,
			"{agents:{defaults:{model:{primary:'n/m'}, models:{}}}}" },
		{ "{agents:{defaults:{model:{primary:'n/m'}, models:{'a/b':{}}}}}", true,
			"{agents:{defaults:{model:{primary:'n/m'}, "
			"models:{'a/b':{},\"n/m\":{}}}}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = parsed(rows[i].before);
		struct err e = { 0 };

		assert_ok(config_put_model(&d, "n/m", rows[i].keep_old, &e), e);
		assert_string_equal(d.text.p, rows[i].after);
		doc_release(&d);
	}
}

static void fallbacks_are_added_where_the_model_stands(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "{agents:{defaults:{model:'a/b'}}}",
			"{agents:{defaults:{model:{\"primary\":\"a/b\",\"fallbacks\":[\"n/"
			"m\"]}}}}" },
		{ "{agents:{defaults:{model:{primary:'a/b', /* two */ fallbacks:['x/y']}}}}",
			"{agents:{defaults:{model:{primary:'a/b', /* two */ "
			"fallbacks:['x/y',\"n/m\"]}}}}" },
		{ "{agents:{defaults:{model:{primary:'a/b'},models:{'a/b':{}}}}}",
			"{agents:{defaults:{model:{primary:'a/b',fallbacks:[\"n/m\"]},"
			"models:{'a/b':{},\"n/m\":{}}}}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc d = parsed(rows[i].before);
		struct err e = { 0 };

		assert_ok(config_add_fallback(&d, CONFIG_SLOT_MODEL, "n/m", &e), e);
		expect_text(&d, rows[i].after);
	}
}

static void the_lists_of_the_two_slots_are_apart(void **state)
{
	struct doc d =
		parsed("{agents:{defaults:{model:{fallbacks:['a/b']},"
		       "imageModel:{primary:'i/j',fallbacks:['a/b','c/d']}}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(config_remove_fallback(&d, CONFIG_SLOT_IMAGE, "a/b", &e), e);
	assert_ok(config_put_image(&d, "n/m", &e), e);
	assert_ok(config_clear_fallbacks(&d, CONFIG_SLOT_MODEL, &e), e);
	expect_text(&d,
		"{agents:{defaults:{model:{fallbacks:[]},"
		"imageModel:{primary:\"n/m\",fallbacks:['c/d']}}}}");
}

static void nothing_to_take_away_changes_nothing(void **state)
{
	static const char before[] = "{agents:{defaults:{model:'a/b'}}}";
	struct doc d = parsed(before);
	struct err e = { 0 };

	(void)state;
	assert_ok(config_clear_fallbacks(&d, CONFIG_SLOT_MODEL, &e), e);
	assert_ok(config_clear_fallbacks(&d, CONFIG_SLOT_IMAGE, &e), e);
	assert_ok(config_remove_fallback(&d, CONFIG_SLOT_MODEL, "x/y", &e), e);
	assert_ok(config_remove_alias(&d, "x/y", &e), e);
	expect_text(&d, before);
}

static void an_alias_stands_beside_what_its_entry_has(void **state)
{
	struct doc d = parsed("{agents:{defaults:{models:{'a/b':{params:{x:0x10}}}}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(config_put_alias(&d, "a/b", "fast", &e), e);
	assert_string_equal(
		d.text.p, "{agents:{defaults:{models:{'a/b':{params:{x:0x10},alias:\"fast\"}}}}}");
	assert_ok(config_remove_alias(&d, "a/b", &e), e);
	expect_text(&d, "{agents:{defaults:{models:{'a/b':{params:{x:0x10}}}}}}");
}

static void what_an_include_may_hold_is_not_edited(void **state)
{
	static const char before[] = "{\n  $include: './auth.json5',\n  agents: {}\n}\n";
	struct doc d = parsed(before);
	struct config c = from_text(before);
	struct err e = { 0 };

	(void)state;
	assert_true(c.has_includes);
	config_release(&c);
	assert_err(config_put_profile(&d, "a:b", "a", "token", &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "line 2"));
	assert_string_equal(d.text.p, before);
	assert_ok(config_put_model(&d, "a/b", false, &e), e);
	doc_release(&d);
	d = parsed("{agents:{$include:'./agents.json5'}}");
	assert_err(config_put_image(&d, "a/b", &e), e, ERR_REFUSED);
	assert_err(config_add_fallback(&d, CONFIG_SLOT_MODEL, "a/b", &e), e, ERR_REFUSED);
	assert_err(config_put_alias(&d, "a/b", "x", &e), e, ERR_REFUSED);
	doc_release(&d);
}

static void the_vault_entry_is_left_when_it_says_the_same(void **state)
{
	static const char before[] =
		"{secrets:{providers:{thinkfleetbot:{jsonOnly:true,source:'exec',command:'/b',"
		"args:['--state-dir','/s'],passEnv:['CREDENTIALS_DIRECTORY'],timeoutMs:5000}}}}";
	struct doc d = parsed(before);
	struct err e = { 0 };

	(void)state;
	assert_ok(config_put_vault(&d, "/b", "/s", NULL, &e), e);
	assert_string_equal(d.text.p, before);
	assert_ok(config_put_vault(&d, "/b", "/other", NULL, &e), e);
	assert_non_null(strstr(d.text.p, "/other"));
	assert_err(config_put_vault(&d, "/b\xFF", "/s", NULL, &e), e, ERR_REFUSED);
	doc_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commented_configuration_is_read),
		cmocka_unit_test(a_missing_configuration_has_the_family_s_defaults),
		cmocka_unit_test(providers_say_how_their_key_is_given),
		cmocka_unit_test(agents_and_env_are_read),
		cmocka_unit_test(models_resolve_as_in_the_family),
		cmocka_unit_test(a_commented_configuration_keeps_every_other_byte),
		cmocka_unit_test(a_new_configuration_is_plain_json),
		cmocka_unit_test(no_order_is_made_where_none_was),
		cmocka_unit_test(an_existing_profile_keeps_its_other_members),
		cmocka_unit_test(a_model_keeps_its_form),
		cmocka_unit_test(fallbacks_are_added_where_the_model_stands),
		cmocka_unit_test(the_lists_of_the_two_slots_are_apart),
		cmocka_unit_test(nothing_to_take_away_changes_nothing),
		cmocka_unit_test(an_alias_stands_beside_what_its_entry_has),
		cmocka_unit_test(what_an_include_may_hold_is_not_edited),
		cmocka_unit_test(the_vault_entry_is_left_when_it_says_the_same),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
