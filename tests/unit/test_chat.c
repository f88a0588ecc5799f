/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chat.h"
#include "cli/cmd.h"
#include "tests/unit/temp.h"

/* What a word to a chat does to the session, in a state folder of its own. No network, no vault. */

static char *folder;
static struct chat chat;
static struct chat_reply reply;
static struct err e;

static const char store[] =
	"{\"version\":1,\"profiles\":{"
	"\"anthropic:default\":{\"type\":\"api_key\",\"provider\":\"anthropic\",\"key\":\"invented-"
	"1\"},"
	"\"anthropic:work\":{\"type\":\"api_key\",\"provider\":\"anthropic\",\"key\":\"invented-"
	"2\"},"
	"\"anthropic:spare\":{\"type\":\"api_key\",\"provider\":\"anthropic\",\"key\":\"invented-"
	"3\"},"
	"\"openai:default\":{\"type\":\"api_key\",\"provider\":\"openai\",\"key\":\"invented-4\"}},"
	"\"order\":{\"anthropic\":[\"anthropic:default\",\"anthropic:work\"]},"
	"\"usageStats\":{\"anthropic:work\":{\"cooldownUntil\":4102444800000}}}";

static const char *sessions_file(void)
{
	return temp_path(folder, "agents/main/sessions/sessions.json");
}

static void put(const char *name, const char *text)
{
	temp_write(temp_path(folder, name), text);
}

static int begin(void **state)
{
	(void)state;
	folder = temp_new();
	assert_true(fs_mkdirs(temp_path(folder, "agents/main/agent"), NULL));
	assert_true(fs_mkdirs(temp_path(folder, "agents/main/sessions"), NULL));
	put("agents/main/agent/auth-profiles.json", store);
	globals.state_dir = folder;
	e = (struct err){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	chat_reply_release(&reply);
	chat_close(&chat);
	temp_free(folder);
	return 0;
}

static void start(void)
{
	chat_close(&chat);
	assert_ok(chat_open(&chat, NULL, NULL, &e), e);
}

static const char *hear(const char *text)
{
	chat_reply_release(&reply);
	assert_ok(chat_hear(&chat, text, &reply, &e), e);
	return reply.text.p ? reply.text.p : "";
}

static void assert_entry(const char *member, const char *want)
{
	const char *const path[] = { "agent:main:main", member, NULL };
	struct sessions s;
	char text[256] = "";

	assert_ok(sessions_load(&s, sessions_file(), &e), e);
	doc_text(&s.doc, doc_find(&s.doc, path), text, sizeof(text));
	sessions_release(&s);
	assert_string_equal(text, want);
}

static void pin_is_written_and_read_again(void **state)
{
	(void)state;
	start();
	assert_string_equal(hear("/model sonnet@anthropic:default"),
		"Model set to anthropic/claude-sonnet-4-5. "
		"Auth profile set to anthropic:default.");
	assert_int_equal(reply.code, ERR_NONE);
	assert_int_equal(reply.rest.len, 0);
	assert_entry("authProfileOverride", "anthropic:default");
	assert_entry("authProfileOverrideSource", "user");
	start();
	assert_string_equal(chat.model, "anthropic/claude-sonnet-4-5");
	assert_string_equal(chat.pin, "anthropic:default");
	assert_int_equal(chat.source, PIN_USER);
}

static void another_model_of_the_provider_keeps_the_pin(void **state)
{
	(void)state;
	start();
	hear("/model sonnet@anthropic:default");
	hear("/model haiku");
	assert_entry("modelOverride", "claude-haiku-4-5");
	assert_entry("authProfileOverride", "anthropic:default");
}

static void another_provider_ends_the_pin(void **state)
{
	(void)state;
	start();
	hear("/model sonnet@anthropic:default");
	hear("/model gpt-5.2");
	assert_entry("providerOverride", "openai");
	assert_entry("authProfileOverride", "");
	assert_entry("authProfileOverrideSource", "");
}

static void default_model_ends_everything_but_a_pin_with_it(void **state)
{
	(void)state;
	start();
	hear("/model sonnet@anthropic:default");
	hear("/model opus");
	assert_entry("modelOverride", "");
	assert_entry("providerOverride", "");
	assert_entry("authProfileOverride", "");
	hear("/model opus@anthropic:default");
	assert_entry("modelOverride", "");
	assert_entry("authProfileOverride", "anthropic:default");
}

static void profile_that_the_order_leaves_out_is_not_pinned(void **state)
{
	(void)state;
	start();
	assert_true(str_starts(hear("/model opus@anthropic:spare"),
		"Auth profile \"anthropic:spare\" is left out by the order"));
	assert_int_equal(reply.code, ERR_USAGE);
	assert_null(temp_read(sessions_file()));
}

static void profile_in_a_cooldown_is_pinned_with_a_warning(void **state)
{
	(void)state;
	start();
	assert_non_null(
		strstr(hear("/model opus@anthropic:work"), "It cannot be used now: in cooldown"));
	assert_entry("authProfileOverride", "anthropic:work");
}

static void new_session_passes_the_pin_on(void **state)
{
	(void)state;
	start();
	hear("/model sonnet@anthropic:default");
	assert_string_equal(hear("/new"),
		"New session. Model: anthropic/claude-sonnet-4-5. "
		"Auth profile: anthropic:default (automatic).");
	/* the other one is in a cooldown */
	assert_entry("authProfileOverride", "anthropic:default");
	assert_entry("authProfileOverrideSource", "auto");
}

static void refused_directive_sends_nothing(void **state)
{
	static const char a_key[] =
		"here: sk-ant-api03-0123456789012345678901234567890123456789012345678901234567890"
		"1234567890123456789012345678901AA";
	static const char *const texts[] = { "/model nosuchthing hello", "/model 3 hello",
		"/model opus@openai:default hello", "/model @x hello", "/modle opus", a_key };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		hear(texts[i]);
		if (reply.code == ERR_NONE || reply.rest.len || !reply.text.len)
			fail_msg("%s: %s", texts[i], reply.rest.p);
	}
}

static void what_is_no_directive_is_sent_as_it_is(void **state)
{
	static const char *const texts[] = { "hello", "two\n  lines\n", "/etc/passwd: what is it?",
		" /modle", "what does a/model mean?" };

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_string_equal(hear(texts[i]), "");
		assert_string_equal(reply.rest.p, texts[i]);
	}
	hear("  \n ");
	assert_int_equal(reply.rest.len, 0);
}

static void directive_in_a_text_leaves_the_rest(void **state)
{
	(void)state;
	start();
	hear("hello /model sonnet how   are you");
	assert_string_equal(reply.rest.p, "hello how are you");
	assert_entry("modelOverride", "claude-sonnet-4-5");
}

static void releases_split_as_they_do(void **state)
{
	(void)state;
	start();
	assert_true(str_starts(hear("/model cf/@cf/x"), "Unrecognized model \"cf/@cf/x\"."));
	put("moltbot.json", "{}"); /* January's */
	start();
	assert_true(str_starts(hear("/model cf/@cf/x"), "Unrecognized model \"cf/\"."));
}

static void model_that_is_not_allowed_any_more_is_reset(void **state)
{
	(void)state;
	put("thinkfleetbot.json",
		"{agents:{defaults:{models:{'anthropic/claude-haiku-4-5':{alias:'h'}}}}}");
	put("agents/main/sessions/sessions.json",
		"{\"agent:main:main\":{\"sessionId\":\"x\",\"providerOverride\":\"openai\","
		"\"modelOverride\":\"gpt-5.2\",\"authProfileOverride\":\"openai:default\"}}");
	start();
	assert_string_equal(chat.model, "anthropic/claude-opus-4-5");
	assert_string_equal(chat.pin, "");
	assert_non_null(strstr(hear("/model status"), "(previous selection reset to default)"));
	assert_true(str_starts(hear("/h"), "Model set to h (anthropic/claude-haiku-4-5)."));
	assert_entry("authProfileOverride", ""); /* it went with its model */
	start();
	assert_string_equal(chat.model, "anthropic/claude-haiku-4-5");
}

static void pin_that_cannot_be_goes_before_a_model_is_asked(void **state)
{
	(void)state;
	put("agents/main/sessions/sessions.json",
		"{\"agent:main:main\":{\"sessionId\":\"x\",\"authProfileOverride\":"
		"\"openai:default\",\"authProfileOverrideCompactionCount\":1}}");
	start();
	assert_int_equal(chat.source, PIN_AUTO);
	chat_settle(&chat);
	assert_string_equal(chat.pin, "");
	assert_entry("authProfileOverride", "");
	assert_entry("sessionId", "x");
}

static void model_for_a_run_leaves_the_session_alone(void **state)
{
	(void)state;
	start();
	assert_ok(chat_choose(&chat, "sonnet@anthropic:default", &e), e);
	assert_string_equal(chat.pin, "anthropic:default");
	hear("hello");
	assert_string_equal(chat.model, "anthropic/claude-sonnet-4-5");
	assert_null(temp_read(sessions_file()));
	assert_err(chat_choose(&chat, "nosuchthing", &e), e, ERR_USAGE);
	assert_err(chat_choose(&chat, "opus@nosuch", &e), e, ERR_NOT_FOUND);
	assert_err(chat_choose(&chat, "@anthropic:default", &e), e, ERR_USAGE);
}

static void session_keys_name_their_agent(void **state)
{
	static const struct {
		const char *session, *agent, *want;
	} rows[] = {
		{ NULL, "main", "agent:main:main" },
		{ "main", "work", "agent:work:main" },
		{ "telegram:42", "main", "agent:main:telegram:42" },
		{ "agent:work:x", "work", "agent:work:x" },
	};
	char key[SESSION_KEY_CAP];
	char agent[AGENT_CAP];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(chat_session_key(key, rows[i].session, rows[i].agent, &e), e);
		assert_string_equal(key, rows[i].want);
	}
	assert_err(chat_session_key(key, "agent:work:x", "main", &e), e, ERR_USAGE);
	assert_true(chat_session_agent(agent, "agent:Work:x"));
	assert_string_equal(agent, "work");
	assert_false(chat_session_agent(agent, "agent:work"));
	assert_false(chat_session_agent(agent, "main"));
}

static int crypto(void **state)
{
	(void)state;
	return crypto_start(&e) ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pin_is_written_and_read_again),
		TEST(another_model_of_the_provider_keeps_the_pin),
		TEST(another_provider_ends_the_pin),
		TEST(default_model_ends_everything_but_a_pin_with_it),
		TEST(profile_that_the_order_leaves_out_is_not_pinned),
		TEST(profile_in_a_cooldown_is_pinned_with_a_warning),
		TEST(new_session_passes_the_pin_on),
		TEST(refused_directive_sends_nothing),
		TEST(what_is_no_directive_is_sent_as_it_is),
		TEST(directive_in_a_text_leaves_the_rest),
		TEST(releases_split_as_they_do),
		TEST(model_that_is_not_allowed_any_more_is_reset),
		TEST(pin_that_cannot_be_goes_before_a_model_is_asked),
		TEST(model_for_a_run_leaves_the_session_alone),
		TEST(session_keys_name_their_agent),
	};

	return cmocka_run_group_tests(tests, crypto, NULL);
}
