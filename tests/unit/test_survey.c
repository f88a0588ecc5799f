/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/checks.h"
#include "tests/unit/survey_world.h"

#define KEY "sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE4f2Q"
#define KEY_B "sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEzz9Q"

/* --- gateway-family.md 8.5, over real files ---------------------------------------------- */

struct store_row {
	const char *profiles; /* "anthropic:a=k openai:b=t-1h", see profile_json() */
	const char *model;    /* NULL: no configuration file */
	const char *fallback; /* NULL: none */
	const char *env;      /* .env, or NULL */
	int want;
};

/*
 * k key · K blank key · r a foreign reference · t token, o oauth, each with an expiry from
 * now on ("+2h", "-1d"), none, "0" or "x" (a text). s: sealed, without a vault.
 */
static void credential_json(char what, const char *expiry, struct str *out)
{
	static const struct {
		char what;
		const char *text;
	} kinds[] = {
		{ 'k', "\"type\":\"api_key\",\"key\":\"" KEY "\"" },
		{ 'K', "\"type\":\"api_key\",\"key\":\"  \"" },
		{ 'r', "\"type\":\"api_key\",\"keyRef\":{\"source\":\"env\",\"provider\":"
		       "\"default\","
		       "\"id\":\"SOME_KEY\"}" },
		{ 's', "\"type\":\"api_key\",\"key\":\"\",\"keyRef\":{\"source\":\"exec\","
		       "\"provider\":\"thinkfleetbot\",\"id\":\"main/x/key\"}" },
		{ 't', "\"type\":\"token\",\"token\":\"sk-ant-oat01-EXAMPLEEXAMPLE\"" },
		{ 'o', "\"type\":\"oauth\",\"access\":\"a\",\"refresh\":\"r\"" },
	};
	int64_t ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].what == what)
			str_add(out, kinds[i].text);
	if (expiry[0] == '0')
		str_add(out, ",\"expires\":0");
	else if (expiry[0] == 'x')
		str_add(out, ",\"expires\":\"soon\"");
	if (expiry[0] != '+' && expiry[0] != '-')
		return;
	assert_true(clock_parse_duration(expiry + 1, "ms", &ms, NULL));
	str_fmt(out, ",\"expires\":%lld",
		(long long)(expiry[0] == '+' ? WORLD_NOW + ms : WORLD_NOW - ms));
}

static void write_profiles(struct world *w, const char *spec)
{
	char text[4096];
	struct str out = STR_OF(text);
	const char *between = "";

	str_add(&out, "{\"version\":1,\"profiles\":{");
	while (*spec) {
		size_t n = strcspn(spec, " ");
		size_t id = strcspn(spec, "=");
		size_t provider = strcspn(spec, ":");
		char expiry[16];

		snprintf(expiry, sizeof(expiry), "%.*s", (int)(n - id - 2), spec + id + 2);
		str_fmt(&out, "%s\"%.*s\":{\"provider\":\"%.*s\",", between, (int)id, spec,
			(int)provider, spec);
		credential_json(spec[id + 1], expiry, &out);
		str_add(&out, "}");
		between = ",";
		spec += n;
		spec += strspn(spec, " ");
	}
	str_add(&out, "}}\n");
	assert_false(out.cut);
	world_file(w, WORLD_STORE, text);
}

static void write_config(struct world *w, const char *model, const char *fallback)
{
	char text[512];
	struct str out = STR_OF(text);

	str_fmt(&out, "{ agents: { defaults: { model: { primary: \"%s\"", model);
	if (fallback)
		str_fmt(&out, ", fallbacks: [\"%s\"]", fallback);
	str_add(&out, " } } } } // JSON5\n");
	world_file(w, WORLD_CONFIG, text);
}

#define OPUS "anthropic/claude-opus-4-5"
#define GPT "openai/gpt-5.2"

static const struct store_row stores[] = {
	/* keys and nothing else */
	{ "", NULL, NULL, NULL, 1 },
	{ "anthropic:a=k", NULL, NULL, NULL, 0 },
	{ "anthropic:a=k", OPUS, NULL, NULL, 0 },
	{ "openai:a=k", NULL, NULL, NULL, 1 },
	{ "openai:a=k", GPT, NULL, NULL, 0 },
	{ "anthropic:a=K", OPUS, NULL, NULL, 0 }, /* presence counts, as in the family */
	{ "anthropic:a=r", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=k anthropic:b=k", OPUS, NULL, NULL, 0 },
	/* tokens */
	{ "anthropic:a=t", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=t0", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=tx", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=t+365d", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=t+25h", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=t+24h", OPUS, NULL, NULL, 2 },
	{ "anthropic:a=t+1ms", OPUS, NULL, NULL, 2 },
	{ "anthropic:a=t+0ms", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=t-1ms", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=t-30d", OPUS, NULL, NULL, 1 },
	/* logins */
	{ "anthropic:a=o+3d", OPUS, NULL, NULL, 0 },
	{ "anthropic:a=o+23h", OPUS, NULL, NULL, 2 },
	{ "anthropic:a=o-1h", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=o", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=o0", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=ox", OPUS, NULL, NULL, 1 },
	/* spares count */
	{ "anthropic:a=k anthropic:b=t-1h", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=k openai:b=t-1h", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=k openai:b=o", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=k openai:b=t+2h", OPUS, NULL, NULL, 2 },
	{ "anthropic:a=t+2h openai:b=t-2h", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=t+2h openai:b=o+2h", OPUS, NULL, NULL, 2 },
	{ "anthropic:a=t+30d openai:b=t", OPUS, NULL, NULL, 0 },
	/* providers in use */
	{ "anthropic:a=k", OPUS, GPT, NULL, 1 },
	{ "anthropic:a=k openai:b=k", OPUS, GPT, NULL, 0 },
	{ "anthropic:a=k openai:b=t+2h", OPUS, GPT, NULL, 2 },
	{ "anthropic:a=t+2h", OPUS, GPT, NULL, 1 },
	{ "anthropic:a=k", OPUS, OPUS, NULL, 0 },
	{ "", OPUS, NULL, "ANTHROPIC_API_KEY=" KEY "\n", 0 },
	{ "", OPUS, NULL, "ANTHROPIC_OAUTH_TOKEN=" KEY "\n", 0 },
	{ "", OPUS, NULL, "ANTHROPIC_API_KEY=\n", 1 },
	{ "", OPUS, NULL, "OPENAI_API_KEY=" KEY "\n", 1 },
	{ "", OPUS, GPT, "ANTHROPIC_API_KEY=" KEY "\nOPENAI_API_KEY=" KEY "\n", 0 },
	{ "openai:b=t-1h", OPUS, NULL, "ANTHROPIC_API_KEY=" KEY "\n", 1 },
	{ "openai:b=t+1h", OPUS, NULL, "ANTHROPIC_API_KEY=" KEY "\n", 2 },
	{ "", "ollama/llama3.2", NULL, NULL, 0 }, /* ours: a local server needs none */
	{ "", "nobody/knows-it", NULL, NULL, 1 },
	{ "nobody:a=k", "nobody/knows-it", NULL, NULL, 0 },
	{ "", "claude-opus-4-5", NULL, "ANTHROPIC_API_KEY=" KEY "\n", 0 },
	/* ours: sealed, and nothing to open it with */
	{ "anthropic:a=s", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=k openai:b=s", OPUS, NULL, NULL, 1 },
	{ "anthropic:a=k", OPUS, NULL, "THINKFLEETBOT_SEALED_OPENAI_API_KEY=main/x/key\n", 1 },
};

static void check_agrees_with_8_5_for_generated_stores(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
		const struct store_row *row = &stores[i];
		int got;

		world_reset(w);
		w->o.want_findings = false;
		write_profiles(w, row->profiles);
		if (row->model)
			write_config(w, row->model, row->fallback);
		if (row->env)
			world_file(w, ".env", row->env);
		world_take(w);
		got = snapshot_check(&w->s, MS_DAY);
		if (got != row->want)
			fail_msg("row %zu [%s] model %s fallback %s: %d, wanted %d", i,
				row->profiles, row->model ? row->model : "-",
				row->fallback ? row->fallback : "-", got, row->want);
	}
}

/* --- single facts ------------------------------------------------------------------------ */

static void an_empty_home_gives_an_empty_snapshot(void **state)
{
	struct world *w = *state;

	world_take(w);
	assert_int_equal(w->s.credential_count, 0);
	assert_false(w->s.state_exists);
	assert_string_equal(w->s.agent, "main");
	assert_string_equal(w->s.default_model, OPUS);
	assert_string_equal(w->s.protection, "nothing stored yet");
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 1);
}

static void a_plain_key_is_masked_and_fingerprinted(void **state)
{
	struct world *w = *state;
	const struct credential *c;

	write_profiles(w, "anthropic:default=k");
	world_take(w);
	c = world_find(w, "anthropic:default");
	assert_int_equal(c->stored, STORED_PLAIN_PROFILES);
	assert_string_equal(c->prefix, "sk-ant-api03-");
	assert_string_equal(c->tail, "4f2Q");
	assert_int_equal(strlen(c->fingerprint), 8);
	assert_int_equal(c->selected, SELECTED_FIRST);
	assert_true(c->in_store);
}

static void an_escaped_key_is_the_same_key(void **state)
{
	struct world *w = *state;
	char plain[FINGERPRINT_CAP];

	write_profiles(w, "anthropic:default=k");
	world_take(w);
	str_copy(plain, sizeof(plain), world_find(w, "anthropic:default")->fingerprint);
	world_file(w, WORLD_STORE,
		"{\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\",\"provider\":"
		"\"anthropic\",\"key\":\"\\u0073"
		"k-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE"
		"EXAMPLE4f2Q\"}}}");
	world_take(w);
	assert_string_equal(world_find(w, "anthropic:default")->fingerprint, plain);
}

static const char sealed_store[] =
	"{\"version\":1,\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\",\"provider\":"
	"\"anthropic\",\"key\":\"\",\"keyRef\":{\"source\":\"exec\",\"provider\":\"thinkfleetbot\","
	"\"id\":\"main/anthropic:default/key\"}}}}\n";

static void a_sealed_key_opens_and_is_masked(void **state)
{
	struct world *w = *state;
	const struct credential *c;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	world_take(w);
	c = world_find(w, "anthropic:default");
	assert_int_equal(c->stored, STORED_SEALED);
	assert_int_equal(c->opens, OPENS_YES);
	assert_string_equal(c->tail, "4f2Q");
	assert_int_equal(c->rev, 1);
	assert_int_equal(c->selected, SELECTED_FIRST);
	assert_string_equal(w->s.protection, "1 sealed, opens with a key file on this disk");
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 0);
}

static void remove_key_file(struct world *w)
{
	char command[2300];

	snprintf(command, sizeof(command), "rm -f %s/*.key", w->paths.keys);
	assert_int_equal(system(command), 0);
}

static void a_missing_key_file_is_not_a_wrong_key(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	remove_key_file(w);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_NO_KEY);
	assert_string_equal(w->s.protection, "1 sealed, not opening");
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 1);
}

static void another_key_is_a_wrong_key(void **state)
{
	struct world *w = *state;
	struct secret key = { 0 };
	char bytes[32];
	struct err e = { 0 };

	memset(bytes, 7, sizeof(bytes));
	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	assert_ok(secret_from(&key, bytes, sizeof(bytes), &e), e);
	w->o.key = &key;
	world_take(w);
	secret_release(&key);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_WRONG_KEY);
}

static void a_damaged_vault_leaves_the_rest_working(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, "secrets/vault.json", "{ \"format\": \"tfv\"");
	world_file(w, WORLD_STORE, sealed_store);
	world_file(w, ".env", "OPENAI_API_KEY=" KEY_B "\n");
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_DAMAGED);
	assert_int_equal(world_find(w, "OPENAI_API_KEY")->stored, STORED_PLAIN_ENV);
	assert_int_equal(world_finding(w, "vault")->severity, SEVERITY_FAIL);
}

static void a_reference_without_a_record_is_missing(void **state)
{
	struct world *w = *state;

	world_seal(w, "openai:default", "openai", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_MISSING);
	assert_int_equal(world_finding(w, "references")->severity, SEVERITY_FAIL);
}

static void an_older_vault_still_opens_and_says_so(void **state)
{
	struct world *w = *state;
	char command[2300];

	world_seal(w, "anthropic:default", "anthropic", KEY);
	snprintf(command, sizeof(command), "cp -p %s %s/old", w->paths.vault, w->home);
	assert_int_equal(system(command), 0);
	world_seal(w, "anthropic:default", "anthropic", KEY_B);
	world_file(w, WORLD_STORE, sealed_store);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_YES);
	snprintf(command, sizeof(command), "cp -p %s/old %s", w->home, w->paths.vault);
	assert_int_equal(system(command), 0);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:default")->opens, OPENS_OLDER);
	assert_string_equal(world_find(w, "anthropic:default")->tail, "4f2Q");
	assert_int_equal(world_finding(w, "vault")->severity, SEVERITY_WARN);
}

static void a_sealed_line_belongs_to_its_profile(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	world_file(
		w, ".env", "THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n");
	world_take(w);
	assert_int_equal(w->s.credential_count, 1);
	assert_string_equal(world_find(w, "anthropic:default")->var, "ANTHROPIC_API_KEY");
	assert_string_equal(world_provider(w, "anthropic")->env_var, "");
}

static void a_sealed_line_alone_is_a_credential(void **state)
{
	struct world *w = *state;
	const struct credential *c;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(
		w, ".env", "THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n");
	world_take(w);
	c = world_find(w, "ANTHROPIC_API_KEY");
	assert_int_equal(c->stored, STORED_SEALED);
	assert_int_equal(c->opens, OPENS_YES);
	assert_false(c->in_store);
	assert_string_equal(world_provider(w, "anthropic")->env_var, "ANTHROPIC_API_KEY");
	assert_string_equal(world_provider(w, "anthropic")->env_mask, "sk-ant-api03-...4f2Q");
}

static void the_process_wins_over_dotenv(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "# keys\nANTHROPIC_API_KEY=" KEY "\n");
	world_var(w, "ANTHROPIC_API_KEY", KEY_B);
	world_take(w);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->stored, STORED_ENVIRONMENT);
	assert_string_equal(world_find(w, "ANTHROPIC_API_KEY")->tail, "zz9Q");
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY (.env)")->stored, STORED_PLAIN_ENV);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY (.env)")->selected, SELECTED_SHADOWED);
}

static void an_empty_process_variable_blocks_dotenv(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "ANTHROPIC_API_KEY=" KEY "\n");
	world_var(w, "ANTHROPIC_API_KEY", "");
	world_take(w);
	assert_string_equal(world_provider(w, "anthropic")->env_var, "");
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 1);
}

static void the_configuration_fills_what_is_blank(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_CONFIG, "{ env: { vars: { ANTHROPIC_API_KEY: \"" KEY "\" } } }");
	world_var(w, "ANTHROPIC_API_KEY", " ");
	world_take(w);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->stored, STORED_PLAIN_CONFIG);
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 0);
}

static void the_tables_first_variable_shadows_the_second(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "ANTHROPIC_API_KEY=" KEY "\nANTHROPIC_OAUTH_TOKEN=" KEY_B "\n");
	world_take(w);
	assert_int_equal(world_find(w, "ANTHROPIC_OAUTH_TOKEN")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->selected, SELECTED_SHADOWED);
	assert_string_equal(
		world_find(w, "ANTHROPIC_API_KEY")->selected_by, "ANTHROPIC_OAUTH_TOKEN");
}

static void a_profile_stands_before_a_variable(void **state)
{
	struct world *w = *state;

	write_profiles(w, "anthropic:a=t+30d anthropic:b=k");
	world_file(w, ".env", "ANTHROPIC_API_KEY=" KEY_B "\n");
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:a")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "anthropic:b")->selected, SELECTED_BEHIND);
	assert_string_equal(world_find(w, "anthropic:b")->selected_by, "anthropic:a");
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->selected, SELECTED_BEHIND);
}

static void selected_tells_why_a_profile_loses(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{"
		"\"a:1\":{\"type\":\"api_key\",\"provider\":\"a\",\"key\":\"" KEY
		"\"},"
		"\"a:2\":{\"type\":\"api_key\",\"provider\":\"a\",\"key\":\"" KEY
		"\"},"
		"\"b:1\":{\"type\":\"token\",\"provider\":\"b\",\"token\":\"t\",\"expires\":5},"
		"\"c:1\":{\"type\":\"api_key\",\"provider\":\"c\",\"key\":\"" KEY
		"\"},"
		"\"d:1\":{\"type\":\"api_key\",\"provider\":\"d\",\"key\":\"\"}},"
		"\"order\":{\"a\":[\"a:2\"]},"
		"\"usageStats\":{\"c:1\":{\"cooldownUntil\":1795330060000,\"errorCount\":1}}}");
	world_take(w);
	assert_int_equal(world_find(w, "a:1")->selected, SELECTED_EXCLUDED);
	assert_int_equal(world_find(w, "a:2")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "b:1")->selected, SELECTED_UNUSABLE);
	assert_string_equal(world_find(w, "b:1")->selected_by, "expired");
	assert_int_equal(world_find(w, "c:1")->selected, SELECTED_COOLDOWN);
	assert_int_equal(world_find(w, "d:1")->selected, SELECTED_UNUSABLE);
	assert_int_equal(world_find(w, "d:1")->stored, STORED_MISSING);
}

static void the_configurations_order_and_profiles_count(void **state)
{
	struct world *w = *state;

	write_profiles(w, "a:1=k a:2=k b:1=k b:2=k c:1=k");
	world_file(w, WORLD_CONFIG,
		"{ auth: { order: { a: ['a:2', 'a:1'], c: [] }, profiles: {\n"
		"  'b:2': { provider: 'b', mode: 'api_key' },\n"
		"  'a:1': { provider: 'a', mode: 'token' } } } }");
	world_take(w);
	assert_int_equal(world_find(w, "a:2")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "a:1")->selected, SELECTED_EXCLUDED);
	assert_int_equal(world_find(w, "b:2")->selected, SELECTED_FIRST);
	assert_int_equal(world_find(w, "b:1")->selected, SELECTED_EXCLUDED);
	assert_int_equal(world_find(w, "c:1")->selected, SELECTED_EXCLUDED);
	assert_string_equal(world_find(w, "c:1")->selected_by, "auth.order in the configuration");
}

static void an_agent_inherits_from_main_entry_by_entry(void **state)
{
	struct world *w = *state;

	write_profiles(w, "anthropic:a=k anthropic:b=t");
	world_file(w, "agents/work/agent/auth-profiles.json",
		"{\"version\":1,\"profiles\":{"
		"\"anthropic:b\":{\"type\":\"api_key\",\"provider\":\"anthropic\",\"key\":\"" KEY_B
		"\"},\"openai:c\":{\"type\":\"api_key\",\"provider\":\"openai\",\"key\":\"" KEY
		"\"}}}");
	w->o.agent = "work";
	world_take(w);
	assert_int_equal(w->s.credential_count, 3);
	assert_string_equal(w->s.agent, "work");
	assert_string_equal(w->s.credentials[0].id, "anthropic:a");
	assert_int_equal(world_find(w, "anthropic:b")->kind, CRED_API_KEY);
	assert_string_equal(world_find(w, "anthropic:b")->tail, "zz9Q");
	assert_string_equal(w->s.credentials[2].id, "openai:c");
}

static void an_agents_own_notes_win_over_mains(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\"a:1\":{\"type\":\"api_key\",\"provider\":\"a\","
		"\"key\":\"x\"},\"a:2\":{\"type\":\"api_key\",\"provider\":\"a\",\"key\":\"y\"}},"
		"\"usageStats\":{\"a:1\":{\"cooldownUntil\":1795330060000},\"a:2\":{\"lastUsed\":9}"
		"}}");
	world_file(w, "agents/work/agent/auth-profiles.json",
		"{\"version\":1,\"profiles\":{},\"usageStats\":{\"a:1\":{\"lastUsed\":7}}}");
	w->o.agent = "work";
	world_take(w);
	assert_int_equal(world_find(w, "a:1")->cooldown_until_ms, 0);
	assert_int_equal(world_find(w, "a:1")->last_used_ms, 7);
	assert_int_equal(world_find(w, "a:2")->last_used_ms, 9);
	assert_int_equal(world_find(w, "a:1")->selected, SELECTED_FIRST);
}

static void a_configured_key_may_be_a_variable(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_CONFIG,
		"{ models: { providers: { mine: { baseUrl: 'https://x', apiKey: '${MY_KEY}' } } } "
		"}");
	world_take(w);
	assert_string_equal(world_provider(w, "mine")->config_key_mask, "");
	assert_int_equal(world_finding(w, "config")->severity, SEVERITY_WARN);
	world_file(w, ".env", "MY_KEY=" KEY "\n");
	world_take(w);
	assert_string_equal(world_provider(w, "mine")->config_key_mask, "sk-ant-api03-...4f2Q");
	assert_int_equal(world_finding(w, "config")->severity, SEVERITY_OK);
}

static void a_damaged_store_is_a_finding_and_never_empty(void **state)
{
	struct world *w = *state;
	const struct finding *f;

	world_file(w, WORLD_STORE, "{\"version\":1,\n\"profiles\":{,}}");
	world_file(w, ".env", "ANTHROPIC_API_KEY=" KEY "\n");
	world_take(w);
	f = world_finding(w, "profiles");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_FAIL);
	assert_non_null(strstr(f->text, "auth-profiles.json"));
	assert_true(w->s.store_exists);
	assert_int_equal(world_find(w, "ANTHROPIC_API_KEY")->selected, SELECTED_FIRST);
}

static void a_damaged_configuration_is_a_finding_with_its_line(void **state)
{
	struct world *w = *state;
	const struct finding *f;

	write_profiles(w, "anthropic:a=k");
	world_file(w, WORLD_CONFIG, "{\n  agents: {\n  defaults = {}\n}\n");
	world_take(w);
	f = world_finding(w, "config");
	assert_non_null(f);
	assert_int_equal(f->severity, SEVERITY_FAIL);
	assert_non_null(strstr(f->text, "line 3"));
	assert_int_equal(w->s.credential_count, 1);
	assert_string_equal(w->s.default_model, OPUS);
}

static void models_are_read_as_written(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_CONFIG,
		"{ agents: { defaults: { model: { primary: 'gpt', fallbacks: ['xai/grok-4'] },\n"
		"  imageModel: { primary: 'google/gemini-3-pro' },\n"
		"  models: { 'openai/gpt-5.2': { alias: 'gpt' }, 'groq/x': {} } } },\n"
		"  models: { providers: { mine: { baseUrl: 'http://127.0.0.1:4000/v1',\n"
		"    apiKey: '" KEY "' } } } }");
	world_take(w);
	assert_string_equal(w->s.default_model, GPT);
	assert_string_equal(w->s.default_raw, "gpt");
	assert_int_equal(w->s.fallback_count, 1);
	assert_string_equal(w->s.image_model, "google/gemini-3-pro");
	assert_int_equal(w->s.allowed_count, 2);
	assert_string_equal(w->s.aliases[0][0], "gpt");
	assert_true(world_provider(w, "openai")->in_use);
	assert_true(world_provider(w, "xai")->in_use);
	assert_true(world_provider(w, "google")->in_use);
	assert_false(world_provider(w, "groq")->in_use); /* the allowlist does not count */
	assert_string_equal(world_provider(w, "mine")->base_url, "http://127.0.0.1:4000/v1");
	assert_string_equal(world_provider(w, "mine")->config_key_mask, "sk-ant-api03-...4f2Q");
	assert_int_equal(
		world_find(w, "models.providers.mine.apiKey")->stored, STORED_PLAIN_CONFIG);
}

static void providers_are_sorted_and_unique(void **state)
{
	struct world *w = *state;

	write_profiles(w, "xai:a=k openai:b=k xai:c=t z.ai:d=k");
	world_take(w);
	for (size_t i = 1; i < w->s.provider_count; i++)
		assert_true(strcmp(w->s.providers[i - 1].id, w->s.providers[i].id) < 0);
	assert_int_equal(world_provider(w, "xai")->profiles, 2);
	assert_int_equal(world_provider(w, "xai")->token, 1);
	assert_int_equal(world_provider(w, "zai")->profiles, 1);
}

static void the_last_check_is_told_only_of_the_same_secret(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	char fingerprint[FINGERPRINT_CAP];
	struct check_note note = { .credential = "anthropic:a",
		.fingerprint = fingerprint,
		.verdict = "accepted",
		.reason = "",
		.expires_source = "estimate",
		.at_ms = WORLD_NOW - 5000,
		.latency_ms = 212 };

	write_profiles(w, "anthropic:a=t+30d");
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:a")->accepted, VERDICT_NONE);
	str_copy(fingerprint, sizeof(fingerprint), world_find(w, "anthropic:a")->fingerprint);
	assert_ok(fs_mkdirs(w->paths.secrets, &e), e);
	assert_ok(checks_record(w->paths.checks, &note, &e), e);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:a")->accepted, VERDICT_ACCEPTED);
	assert_int_equal(world_find(w, "anthropic:a")->accepted_latency_ms, 212);
	assert_int_equal(world_find(w, "anthropic:a")->expires_source, EXPIRY_ESTIMATE);
	str_copy(fingerprint, sizeof(fingerprint), "00000000");
	assert_ok(checks_record(w->paths.checks, &note, &e), e);
	world_take(w);
	assert_int_equal(world_find(w, "anthropic:a")->accepted, VERDICT_NONE);
}

static void a_local_server_is_a_row_without_a_key(void **state)
{
	struct world *w = *state;

	write_config(w, "ollama/llama3.2", NULL);
	world_take(w);
	assert_int_equal(world_find(w, "ollama:local")->stored, STORED_NOT_NEEDED);
	assert_int_equal(snapshot_check(&w->s, MS_DAY), 0);
}

static bool holds_key(const void *p, size_t n)
{
	static const char part[] = "EXAMPLE";

	for (size_t i = 0; i + sizeof(part) - 1 <= n; i++)
		if (memcmp((const char *)p + i, part, sizeof(part) - 1) == 0)
			return true;
	return false;
}

static void no_part_of_a_snapshot_holds_a_key(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, sealed_store);
	world_file(w, ".env", "OPENAI_API_KEY=" KEY_B "\n");
	world_take(w);
	for (size_t i = 0; i < w->s.credential_count; i++)
		assert_false(holds_key(&w->s.credentials[i], sizeof(w->s.credentials[i])));
	for (size_t i = 0; i < w->s.finding_count; i++)
		assert_false(holds_key(&w->s.findings[i], sizeof(w->s.findings[i])));
	assert_false(holds_key(&w->s, sizeof(w->s)));
}

/* 4,000 profiles in the store and the configuration: a quadratic step takes seconds here. */
static void many_profiles_stay_linear(void **state)
{
	enum {
		N = 4000
	};
	struct world *w = *state;
	struct buf store = { 0 };
	struct buf config = { 0 };
	struct err e = { 0 };
	int64_t start;

	assert_ok(buf_text(&store, "{\"version\":1,\"profiles\":{", &e), e);
	assert_ok(buf_text(&config, "{\"auth\":{\"profiles\":{", &e), e);
	for (int i = 0; i < N; i++) {
		assert_ok(buf_fmt(&store, &e,
				  "%s\n\"p%d:%d\":{\"type\":\"api_key\",\"provider\":\"p%d\","
				  "\"key\":\"" KEY "\"}",
				  i ? "," : "", i % 50, i, i % 50),
			e);
		assert_ok(buf_fmt(&config, &e,
				  "%s\n\"p%d:%d\":{\"provider\":\"p%d\",\"mode\":\"api_key\"}",
				  i ? "," : "", i % 50, i, i % 50),
			e);
	}
	assert_ok(buf_text(&store, "}}", &e), e);
	assert_ok(buf_text(&config, "}}}", &e), e);
	world_file(w, WORLD_STORE, store.p);
	world_file(w, WORLD_CONFIG, config.p);
	buf_release(&store);
	buf_release(&config);
	start = clock_mono_ms();
	world_take(w);
	assert_int_equal(w->s.credential_count, N);
	assert_int_equal(world_provider(w, "p7")->profiles, N / 50);
	assert_true(clock_mono_ms() - start < 1500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(check_agrees_with_8_5_for_generated_stores),
		TEST(an_empty_home_gives_an_empty_snapshot),
		TEST(a_plain_key_is_masked_and_fingerprinted),
		TEST(an_escaped_key_is_the_same_key),
		TEST(a_sealed_key_opens_and_is_masked),
		TEST(a_missing_key_file_is_not_a_wrong_key),
		TEST(another_key_is_a_wrong_key),
		TEST(a_damaged_vault_leaves_the_rest_working),
		TEST(a_reference_without_a_record_is_missing),
		TEST(an_older_vault_still_opens_and_says_so),
		TEST(a_sealed_line_belongs_to_its_profile),
		TEST(a_sealed_line_alone_is_a_credential),
		TEST(the_process_wins_over_dotenv),
		TEST(an_empty_process_variable_blocks_dotenv),
		TEST(the_configuration_fills_what_is_blank),
		TEST(the_tables_first_variable_shadows_the_second),
		TEST(a_profile_stands_before_a_variable),
		TEST(selected_tells_why_a_profile_loses),
		TEST(the_configurations_order_and_profiles_count),
		TEST(an_agent_inherits_from_main_entry_by_entry),
		TEST(an_agents_own_notes_win_over_mains),
		TEST(a_configured_key_may_be_a_variable),
		TEST(a_damaged_store_is_a_finding_and_never_empty),
		TEST(a_damaged_configuration_is_a_finding_with_its_line),
		TEST(models_are_read_as_written),
		TEST(providers_are_sorted_and_unique),
		TEST(the_last_check_is_told_only_of_the_same_secret),
		TEST(a_local_server_is_a_row_without_a_key),
		TEST(no_part_of_a_snapshot_holds_a_key),
		TEST(many_profiles_stay_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
