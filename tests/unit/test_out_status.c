/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/out_doctor.h"
#include "cli/out_order.h"
#include "cli/out_status.h"

/* The example of gateway-family.md 8.2 and 8.3, as far as a snapshot can say it. */

#define NOW INT64_C(1795330000000)
#define HOME "/home/u"
#define STATE HOME "/.thinkfleetbot"

static struct credential rows[] = {
	{ .id = "openai-codex:default",
		.provider = "openai-codex",
		.kind = CRED_OAUTH,
		.in_store = true,
		.email = "me@example.org",
		.stored = STORED_PLAIN_PROFILES,
		.expires_ms = NOW - 1000,
		.expires_source = EXPIRY_PROVIDER },
	{ .id = "anthropic:manual",
		.provider = "anthropic",
		.kind = CRED_TOKEN,
		.in_store = true,
		.prefix = "sk-ant-oat01-",
		.tail = "7QAA",
		.stored = STORED_PLAIN_PROFILES,
		.selected = SELECTED_COOLDOWN,
		.expires_ms = NOW + 5 * MS_HOUR,
		.expires_source = EXPIRY_YOU,
		.disabled_until_ms = NOW + 5 * MS_HOUR,
		.disabled_reason = "billing" },
	{ .id = "anthropic:default",
		.provider = "anthropic",
		.kind = CRED_API_KEY,
		.in_store = true,
		.prefix = "sk-ant-api03-",
		.tail = "4f2Q",
		.stored = STORED_SEALED,
		.opens = OPENS_YES,
		.accepted = VERDICT_ACCEPTED,
		.accepted_at_ms = NOW - 1000,
		.accepted_latency_ms = 212 },
	{ .id = "github-copilot:github",
		.provider = "github-copilot",
		.kind = CRED_TOKEN,
		.in_store = true,
		.stored = STORED_MISSING,
		.selected = SELECTED_UNUSABLE,
		.selected_by = "no key" },
	{ .id = "GROQ_API_KEY",
		.provider = "groq",
		.kind = CRED_API_KEY,
		.var = "GROQ_API_KEY",
		.stored = STORED_PLAIN_ENV },
};

static struct provider_state states[] = {
	{ .id = "anthropic", .profiles = 2, .token = 1, .api_key = 1, .in_use = true },
	{ .id = "github-copilot", .profiles = 1, .token = 1 },
	{ .id = "groq", .env_var = "GROQ_API_KEY", .env_mask = "gsk_...1234" },
	{ .id = "mistral", .in_use = true },
	{ .id = "my-proxy", .config_key_mask = "...9999" },
	{ .id = "openai-codex", .profiles = 1, .oauth = 1 },
	{ .id = "openrouter" },
};

static struct snapshot example(void)
{
	return (struct snapshot){
		.home = HOME,
		.config_path = STATE "/thinkfleetbot.json",
		.agent_dir = STATE "/agents/main/agent",
		.store_path = STATE "/agents/main/agent/auth-profiles.json",
		.protection = "1 sealed, opens with a key file on this disk",
		.now_ms = NOW,
		.credentials = rows,
		.credential_count = ARRAY_LEN(rows),
		.providers = states,
		.provider_count = ARRAY_LEN(states),
		.default_model = "anthropic/claude-opus-4-5",
		.fallbacks = { "mistral/mistral-large-latest" },
		.fallback_count = 1,
		.aliases = { { "Opus", "anthropic/claude-opus-4-5" } },
		.alias_count = 1,
		.allowed = { "anthropic/claude-opus-4-5", "openrouter/moonshotai/kimi-k2" },
		.allowed_count = 2,
	};
}

static char *text_of(const struct snapshot *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct err e = { 0 };

	assert_non_null(out);
	assert_ok(out_status_text(out, s, MS_DAY, &e), e);
	fclose(out);
	return text;
}

static struct json_object *json_of(const struct snapshot *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct json_object *root;
	struct err e = { 0 };

	assert_non_null(out);
	assert_ok(out_status_json(out, s, MS_DAY, NULL, &e), e);
	fclose(out);
	root = json_tokener_parse(text);
	free(text);
	assert_non_null(root);
	return root;
}

/* A step of a jq path: a name, or "0".."9" for an element. */
static struct json_object *at(struct json_object *o, const char *const *path)
{
	for (; *path; path++) {
		if (json_object_is_type(o, json_type_array))
			o = json_object_array_get_idx(o, (size_t)((*path)[0] - '0'));
		else if (!json_object_object_get_ex(o, *path, &o))
			return NULL;
	}
	return o;
}

#define PATH(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static void assert_members(struct json_object *o, const char *want)
{
	char got[512];
	struct str s = STR_OF(got);

	assert_non_null(o);
	json_object_object_foreach(o, key, value)
	{
		(void)value;
		str_fmt(&s, "%s%s", s.len ? " " : "", key);
	}
	assert_string_equal(got, want);
}

static void assert_text_at(struct json_object *o, const char *const *path, const char *want)
{
	struct json_object *found = at(o, path);

	assert_non_null(found);
	assert_string_equal(json_object_get_string(found), want);
}

static void text_is_the_familys_to_the_letter(void **state)
{
	static const char want[] =
		"Config        : ~/.thinkfleetbot/thinkfleetbot.json\n"
		"Agent dir     : ~/.thinkfleetbot/agents/main/agent\n"
		"Default       : anthropic/claude-opus-4-5\n"
		"Fallbacks (1) : mistral/mistral-large-latest\n"
		"Image model   : -\n"
		"Image fallbacks (0): -\n"
		"Aliases (1)   : Opus -> anthropic/claude-opus-4-5\n"
		"Configured models (2): anthropic/claude-opus-4-5, openrouter/moonshotai/kimi-k2\n"
		"\n"
		"Auth overview\n"
		"Auth store    : ~/.thinkfleetbot/agents/main/agent/auth-profiles.json\n"
		"Shell env     : off\n"
		"Protection    : 1 sealed, opens with a key file on this disk\n"
		"Providers w/ OAuth/tokens (3): anthropic (1), github-copilot (1), openai-codex "
		"(1)\n"
		"- anthropic "
		"effective=profiles:~/.thinkfleetbot/agents/main/agent/auth-profiles.json"
		" | profiles=2 (oauth=0, token=1, api_key=1)"
		" | anthropic:manual=token:sk-ant-oat01-...7QAA [disabled:billing 5h],"
		" anthropic:default=sk-ant-api03-...4f2Q\n"
		"- github-copilot effective=profiles:"
		"~/.thinkfleetbot/agents/main/agent/auth-profiles.json"
		" | profiles=1 (oauth=0, token=1, api_key=0) | "
		"github-copilot:github=token:missing\n"
		"- groq effective=env:gsk_...1234 | env=gsk_...1234 | source=env: GROQ_API_KEY\n"
		"- my-proxy effective=models.json:...9999 | models.json=...9999"
		" | source=models.json: ~/.thinkfleetbot/thinkfleetbot.json\n"
		"- openai-codex effective=profiles:"
		"~/.thinkfleetbot/agents/main/agent/auth-profiles.json"
		" | profiles=1 (oauth=1, token=0, api_key=0)"
		" | openai-codex:default=OAuth (me@example.org)\n"
		"\n"
		"Missing auth\n"
		"- mistral Run `thinkfleetbot onboard` or set an API key env var.\n"
		"\n"
		"OAuth/token status\n"
		"- anthropic\n"
		"  - anthropic:manual expiring expires in 5h\n"
		"- github-copilot\n"
		"  - github-copilot:github static\n"
		"- openai-codex\n"
		"  - openai-codex:default (me@example.org) expired expires in 0m\n";
	struct snapshot s = example();
	char *got = text_of(&s);

	(void)state;
	assert_string_equal(got, want);
	free(got);
}

static void empty_lists_are_dashes_and_all(void **state)
{
	struct snapshot s = { .default_model = "anthropic/claude-opus-4-5",
		.protection = "nothing stored yet" };
	char *got = text_of(&s);

	(void)state;
	assert_non_null(strstr(got, "Fallbacks (0) : -\n"));
	assert_non_null(strstr(got, "Aliases (0)   : -\n"));
	assert_non_null(strstr(got, "Configured models (0): all\n"));
	assert_non_null(strstr(got, "Providers w/ OAuth/tokens (0): -\n"));
	assert_null(strstr(got, "Missing auth"));
	assert_non_null(strstr(got, "\nOAuth/token status\n- none\n"));
	free(got);
}

static void default_says_what_it_was_resolved_from(void **state)
{
	struct snapshot s = example();
	char *got;

	(void)state;
	str_copy(s.default_raw, sizeof(s.default_raw), "opus");
	got = text_of(&s);
	assert_non_null(strstr(got, "Default       : anthropic/claude-opus-4-5 (from opus)\n"));
	free(got);
}

static void missing_anthropic_is_sent_to_the_setup_token(void **state)
{
	struct provider_state p = { .id = "anthropic", .in_use = true };
	struct snapshot s = { .providers = &p, .provider_count = 1 };
	char *got = text_of(&s);

	(void)state;
	assert_non_null(strstr(got,
		"- anthropic Run `claude setup-token`, then `thinkfleetbot models auth "
		"setup-token` "
		"or `thinkfleetbot onboard`.\n"));
	free(got);
}

static void cooldown_and_oauth_without_a_date_are_worded_as_the_family_does(void **state)
{
	struct credential c = { .id = "x:y",
		.provider = "x",
		.kind = CRED_OAUTH,
		.in_store = true,
		.stored = STORED_PLAIN_PROFILES,
		.cooldown_until_ms = NOW + MS_MINUTE };
	struct provider_state p = { .id = "x", .profiles = 1, .oauth = 1 };
	struct snapshot s = { .now_ms = NOW,
		.credentials = &c,
		.credential_count = 1,
		.providers = &p,
		.provider_count = 1 };
	char *got = text_of(&s);

	(void)state;
	assert_non_null(strstr(got, "x:y=OAuth [cooldown 1m]\n"));
	assert_non_null(strstr(got, "  - x:y unknown expires unknown\n"));
	free(got);
}

static void oauth_variables_are_not_masked_but_named(void **state)
{
	struct provider_state p = { .id = "anthropic",
		.env_var = "ANTHROPIC_OAUTH_TOKEN",
		.env_mask = "sk-ant-oat01-...1234" };
	struct snapshot s = { .providers = &p, .provider_count = 1 };
	char *got = text_of(&s);

	(void)state;
	assert_non_null(strstr(got, "tokens (1): anthropic (1)\n"));
	assert_non_null(strstr(got,
		"- anthropic effective=env:OAuth (env) | env=OAuth (env) | "
		"source=env: ANTHROPIC_OAUTH_TOKEN\n"));
	free(got);
}

static void foreign_text_cannot_move_the_cursor(void **state)
{
	struct credential c = { .id = "x:\033[31m\nred",
		.provider = "x",
		.kind = CRED_API_KEY,
		.in_store = true,
		.stored = STORED_PLAIN_PROFILES };
	struct provider_state p = { .id = "x", .profiles = 1, .api_key = 1 };
	struct snapshot s = { .now_ms = NOW,
		.credentials = &c,
		.credential_count = 1,
		.providers = &p,
		.provider_count = 1 };
	char *got = text_of(&s);

	(void)state;
	assert_null(strchr(got, '\033'));
	assert_null(strstr(got, "\nred"));
	free(got);
}

static void plain_is_one_line(void **state)
{
	struct snapshot s = example();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	out_status_plain(out, &s);
	fclose(out);
	assert_string_equal(text, "anthropic/claude-opus-4-5\n");
	free(text);
}

static void json_has_the_familys_members_in_its_order(void **state)
{
	struct snapshot s = example();
	struct json_object *o = json_of(&s);

	(void)state;
	assert_members(o,
		"configPath agentDir defaultModel resolvedDefault fallbacks imageModel "
		"imageFallbacks aliases allowed auth protection");
	assert_members(at(o, PATH("auth")),
		"storePath shellEnvFallback providersWithOAuth missingProvidersInUse providers "
		"unusableProfiles oauth");
	assert_members(at(o, PATH("auth", "shellEnvFallback")), "enabled appliedKeys");
	assert_members(at(o, PATH("auth", "providers", "0")), "provider effective profiles");
	assert_members(at(o, PATH("auth", "providers", "0", "effective")), "kind detail");
	assert_members(at(o, PATH("auth", "providers", "0", "profiles")),
		"count oauth token apiKey labels");
	assert_members(at(o, PATH("auth", "providers", "2")), "provider effective profiles env");
	assert_members(at(o, PATH("auth", "providers", "2", "env")), "value source facts");
	assert_members(
		at(o, PATH("auth", "providers", "3")), "provider effective profiles modelsJson");
	assert_members(at(o, PATH("auth", "providers", "3", "modelsJson")), "value source");
	assert_members(at(o, PATH("auth", "unusableProfiles", "0")),
		"profileId provider kind reason until remainingMs");
	assert_members(at(o, PATH("auth", "oauth")), "warnAfterMs profiles providers");
	json_object_put(o);
}

static void json_profiles_carry_the_six_facts(void **state)
{
	struct snapshot s = example();
	struct json_object *o = json_of(&s);

	(void)state;
	assert_members(at(o, PATH("auth", "oauth", "profiles", "0")),
		"profileId provider type status source label facts");
	assert_members(at(o, PATH("auth", "oauth", "profiles", "1")),
		"profileId provider type status expiresAt remainingMs source label facts");
	assert_members(at(o, PATH("auth", "oauth", "profiles", "0", "facts")),
		"stored opens selected accepted expires inUse");
	assert_text_at(o, PATH("auth", "oauth", "profiles", "0", "facts", "stored"), "sealed");
	assert_text_at(o, PATH("auth", "oauth", "profiles", "0", "facts", "opens"), "yes");
	assert_text_at(o, PATH("auth", "oauth", "profiles", "0", "facts", "accepted", "verdict"),
		"accepted");
	assert_text_at(
		o, PATH("auth", "oauth", "profiles", "0", "facts", "accepted", "latencyMs"), "212");
	assert_text_at(o, PATH("auth", "oauth", "profiles", "1", "facts", "selected", "state"),
		"cooldown");
	assert_text_at(
		o, PATH("auth", "oauth", "profiles", "2", "facts", "selected", "by"), "no key");
	assert_text_at(
		o, PATH("auth", "oauth", "profiles", "1", "facts", "expires", "source"), "you");
	json_object_put(o);
}

static void json_provider_health_is_the_worst_profile(void **state)
{
	struct snapshot s = example();
	struct json_object *o = json_of(&s);
	struct json_object *list = at(o, PATH("auth", "oauth", "providers"));

	(void)state;
	assert_int_equal(json_object_array_length(list), ARRAY_LEN(states));
	assert_members(at(list, PATH("0")), "provider status profiles expiresAt remainingMs");
	assert_members(at(list, PATH("2")), "provider status profiles");
	assert_members(at(list, PATH("0", "profiles", "1")),
		"profileId provider type status expiresAt remainingMs source label");
	assert_text_at(list, PATH("0", "status"), "expiring");
	assert_text_at(list, PATH("1", "status"), "ok");
	assert_text_at(list, PATH("2", "status"), "missing");
	assert_text_at(list, PATH("5", "status"), "expired");
	json_object_put(o);
}

/* gateway-family.md 15 and 21.4: what claude-auth-status.sh asks jq for. */
static void json_answers_the_monitor_scripts(void **state)
{
	struct snapshot s = example();
	struct json_object *o = json_of(&s);
	struct json_object *list = at(o, PATH("auth", "oauth", "profiles"));
	size_t dated = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *p = json_object_array_get_idx(list, i);

		assert_non_null(at(p, PATH("provider")));
		assert_non_null(at(p, PATH("type")));
		assert_non_null(at(p, PATH("profileId")));
		if (strcmp(json_object_get_string(at(p, PATH("provider"))), "anthropic") != 0 ||
			!at(p, PATH("expiresAt")))
			continue;
		assert_int_equal(
			json_object_get_int64(at(p, PATH("expiresAt"))), NOW + 5 * MS_HOUR);
		dated++;
	}
	assert_int_equal(dated, 1);
	assert_text_at(o, PATH("auth", "providers", "0", "provider"), "anthropic");
	assert_text_at(o, PATH("auth", "providers", "0", "profiles", "apiKey"), "1");
	json_object_put(o);
}

static void json_keeps_null_for_the_image_model_only(void **state)
{
	struct snapshot s = example();
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *hit;
	struct err e = { 0 };

	(void)state;
	assert_ok(out_status_json(out, &s, MS_DAY, NULL, &e), e);
	fclose(out);
	hit = strstr(text, "null");
	assert_non_null(hit);
	assert_null(strstr(hit + 1, "null"));
	assert_non_null(strstr(text, "\"imageModel\": null"));
	free(text);
}

static void json_default_is_as_written_and_resolved(void **state)
{
	struct snapshot s = example();
	struct json_object *o;

	(void)state;
	str_copy(s.default_raw, sizeof(s.default_raw), "opus");
	o = json_of(&s);
	assert_text_at(o, PATH("defaultModel"), "opus");
	assert_text_at(o, PATH("resolvedDefault"), "anthropic/claude-opus-4-5");
	json_object_put(o);
}

static char *order_text(
	void (*print)(FILE *out, const struct order_view *v), const struct order_view *v)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	print(out, v);
	fclose(out);
	return text;
}

static const char *const two_ids[] = { "anthropic:manual", "anthropic:default" };

static struct order_view order_of(size_t count)
{
	return (struct order_view){
		.agent = "main",
		.agent_dir = STATE "/agents/main/agent",
		.provider = "anthropic",
		.store_path = STATE "/agents/main/agent/auth-profiles.json",
		.home = HOME,
		.ids = two_ids,
		.count = count,
	};
}

static void order_prints_the_familys_lines(void **state)
{
	struct order_view v = order_of(2);
	struct order_view none = order_of(0);
	char *get = order_text(out_order_get, &none);
	char *set = order_text(out_order_set, &v);
	char *clear = order_text(out_order_clear, &v);

	(void)state;
	assert_string_equal(get,
		"Agent: main\nProvider: anthropic\n"
		"Auth file: ~/.thinkfleetbot/agents/main/agent/auth-profiles.json\n"
		"Order override: (none)\n");
	assert_string_equal(set,
		"Agent: main\nProvider: anthropic\n"
		"Order override: anthropic:manual, anthropic:default\n");
	assert_string_equal(clear,
		"Agent: main\nProvider: anthropic\n"
		"Cleared per-agent order override.\n");
	free(get);
	free(set);
	free(clear);
}

static struct json_object *order_json(const struct order_view *v)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct json_object *o;
	struct err e = { 0 };

	assert_ok(out_order_get_json(out, v, &e), e);
	fclose(out);
	o = json_tokener_parse(text);
	free(text);
	return o;
}

static void order_json_is_null_or_an_array(void **state)
{
	struct order_view v = order_of(2);
	struct order_view none = order_of(0);
	struct json_object *o = order_json(&v);

	(void)state;
	assert_members(o, "agentId agentDir provider authStorePath order");
	assert_text_at(o, PATH("order", "1"), "anthropic:default");
	assert_text_at(
		o, PATH("authStorePath"), "~/.thinkfleetbot/agents/main/agent/auth-profiles.json");
	json_object_put(o);
	o = order_json(&none);
	assert_true(json_object_object_get_ex(o, "order", NULL));
	assert_null(at(o, PATH("order")));
	json_object_put(o);
}

static struct finding found[] = {
	{ .check = "vault",
		.severity = SEVERITY_FAIL,
		.text = "the vault is missing",
		.evidence = "~/x",
		.fix = "thinkfleetbot onboard" },
	{ .check = "modes", .severity = SEVERITY_WARN, .text = "too open" },
	{ .check = "modes", .severity = SEVERITY_WARN, .text = "too open as well" },
	{ .check = "clock", .severity = SEVERITY_OK, .text = "fine" },
	{ .check = "disk", .severity = SEVERITY_OK, .text = "fine" },
};

static void doctor_lists_failures_first_and_folds_the_rest(void **state)
{
	struct snapshot s = { .findings = found, .finding_count = ARRAY_LEN(found) };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	out_doctor_text(out, &s);
	fclose(out);
	assert_string_equal(text,
		"fail  the vault is missing\n"
		"      read: ~/x\n"
		"      fix: thinkfleetbot onboard\n"
		"warn  too open\n"
		"warn  too open as well\n"
		"\n"
		"2 more ok\n"
		"1 failed, 2 warnings\n");
	free(text);
}

static void doctor_json_counts_checks_and_leaves_out_the_good(void **state)
{
	struct snapshot s = { .findings = found, .finding_count = ARRAY_LEN(found) };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct json_object *o;
	struct err e = { 0 };

	(void)state;
	assert_ok(out_doctor_json(out, &s, &e), e);
	fclose(out);
	o = json_tokener_parse(text);
	free(text);
	assert_members(o, "ok checksRun findings");
	assert_text_at(o, PATH("ok"), "false");
	assert_text_at(o, PATH("checksRun"), "4");
	assert_int_equal(json_object_array_length(at(o, PATH("findings"))), 3);
	assert_members(at(o, PATH("findings", "0")), "checkId severity message evidence fixHint");
	assert_text_at(o, PATH("findings", "0", "severity"), "error");
	assert_members(at(o, PATH("findings", "1")), "checkId severity message");
	json_object_put(o);
}

static void doctor_is_ok_with_notes_only(void **state)
{
	struct finding info = { .check = "x", .severity = SEVERITY_INFO, .text = "a note" };
	struct snapshot s = { .findings = &info, .finding_count = 1 };

	(void)state;
	assert_true(doctor_ok(&s));
	info.severity = SEVERITY_WARN;
	assert_false(doctor_ok(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_the_familys_to_the_letter),
		cmocka_unit_test(empty_lists_are_dashes_and_all),
		cmocka_unit_test(default_says_what_it_was_resolved_from),
		cmocka_unit_test(missing_anthropic_is_sent_to_the_setup_token),
		cmocka_unit_test(cooldown_and_oauth_without_a_date_are_worded_as_the_family_does),
		cmocka_unit_test(oauth_variables_are_not_masked_but_named),
		cmocka_unit_test(foreign_text_cannot_move_the_cursor),
		cmocka_unit_test(plain_is_one_line),
		cmocka_unit_test(json_has_the_familys_members_in_its_order),
		cmocka_unit_test(json_profiles_carry_the_six_facts),
		cmocka_unit_test(json_provider_health_is_the_worst_profile),
		cmocka_unit_test(json_answers_the_monitor_scripts),
		cmocka_unit_test(json_keeps_null_for_the_image_model_only),
		cmocka_unit_test(json_default_is_as_written_and_resolved),
		cmocka_unit_test(order_prints_the_familys_lines),
		cmocka_unit_test(order_json_is_null_or_an_array),
		cmocka_unit_test(doctor_lists_failures_first_and_folds_the_rest),
		cmocka_unit_test(doctor_json_counts_checks_and_leaves_out_the_good),
		cmocka_unit_test(doctor_is_ok_with_notes_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
