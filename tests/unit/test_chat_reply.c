/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chat/reply.h"

/* The family's texts, word for word: gateway-family.md 11.2 and 11.3. */

#define NOW INT64_C(1795330000000)

static struct catalog catalog;
static struct buf out;
static struct err e;

static int end(void **state)
{
	(void)state;
	catalog_release(&catalog);
	buf_release(&out);
	return 0;
}

static void add(const char *key, const char *alias)
{
	struct chat_model m = { .allowed = true, .near = true };

	str_copy(m.key, sizeof(m.key), key);
	str_copy(m.alias, sizeof(m.alias), alias);
	assert_ok(catalog_add(&catalog, &m, &e), e);
}

static void add_many(const char *provider, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s/m%02u", provider, i);
		add(key, "");
	}
}

static void assert_models(const char *arguments, const char *want)
{
	out.len = 0;
	assert_ok(reply_models(&out, &catalog, arguments, &e), e);
	assert_string_equal(out.p, want);
}

/* The first line and what stands behind the models. */
static void assert_page(
	const char *arguments, const char *head, const char *first, const char *tail)
{
	out.len = 0;
	assert_ok(reply_models(&out, &catalog, arguments, &e), e);
	if (!str_starts(out.p, head) || !str_starts(out.p + strlen(head), first) ||
		!str_ends(out.p, tail))
		fail_msg("%s: %s", arguments, out.p);
}

static void model_alone_says_what_is_current(void **state)
{
	(void)state;
	assert_ok(reply_current(&out, "anthropic/claude-opus-4-5", &e), e);
	assert_string_equal(out.p,
		"Current: anthropic/claude-opus-4-5\n"
		"\n"
		"Switch: /model <provider/model>\n"
		"Browse: /models (providers) or /models <provider> (models)\n"
		"More: /model status");
}

static void number_is_not_supported(void **state)
{
	(void)state;
	assert_true(reply_is_number("3"));
	assert_false(reply_is_number("3x"));
	assert_false(reply_is_number(""));
	assert_ok(reply_number(&out, &e), e);
	assert_string_equal(out.p,
		"Numeric model selection is not supported in chat.\n"
		"\n"
		"Browse: /models or /models <provider>\n"
		"Switch: /model <provider/model>");
}

static void choices_are_acknowledged(void **state)
{
	struct selection s = { .key = "anthropic/claude-opus-4-5", .alias = "opus" };

	(void)state;
	assert_ok(reply_chosen(&out, &s, "anthropic:work", &e), e);
	assert_string_equal(out.p,
		"Model set to opus (anthropic/claude-opus-4-5). "
		"Auth profile set to anthropic:work.");
	out.len = 0;
	s.alias = "";
	assert_ok(reply_chosen(&out, &s, "", &e), e);
	assert_string_equal(out.p, "Model set to anthropic/claude-opus-4-5.");
	out.len = 0;
	s.is_default = true;
	assert_ok(reply_chosen(&out, &s, "", &e), e);
	assert_string_equal(out.p, "Model reset to default (anthropic/claude-opus-4-5).");
}

static void refusals_say_how_to_find_a_model(void **state)
{
	struct selection s = { .key = "p/m", .outcome = SELECT_FORBIDDEN };
	struct chat_model m[] = { { .key = "a/x", .alias = "ex" }, { .key = "a/y" } };

	(void)state;
	assert_ok(reply_refused(&out, &s, "p/m", &e), e);
	assert_string_equal(out.p,
		"Model \"p/m\" is not allowed. Use /models to list providers, "
		"or /models <provider> to list models.");
	out.len = 0;
	s.outcome = SELECT_UNKNOWN;
	assert_ok(reply_refused(&out, &s, "hm", &e), e);
	assert_string_equal(out.p,
		"Unrecognized model \"hm\". Use /models to list providers, or "
		"/models <provider> to list models.");
	out.len = 0;
	s.outcome = SELECT_AMBIGUOUS;
	s.candidates[0] = &m[0];
	s.candidates[1] = &m[1];
	s.count = 2;
	assert_ok(reply_refused(&out, &s, "a", &e), e);
	assert_string_equal(out.p,
		"\"a\" could be several models:\n- a/x (ex)\n- a/y\n\n"
		"Switch: /model <provider/model>");
}

static void providers_are_listed_with_their_counts(void **state)
{
	(void)state;
	add("openai/gpt-5.2", "gpt");
	add("anthropic/claude-opus-4-5", "");
	add("openai-codex/gpt-5.2", "");
	add("openai/gpt-5-mini", "");
	assert_models("",
		"Providers:\n- anthropic (1)\n- openai (2)\n- openai-codex (1)\n\nUse: /models "
		"<provider>\n"
		"Switch: /model <provider/model>");
}

static void models_of_a_provider_come_in_pages(void **state)
{
	(void)state;
	add_many("p", 45);
	add_many("q", 2);
	assert_page("p", "Models (p) — showing 1-20 of 45 (page 1/3)\n", "- p/m01\n",
		"- p/m20\n\nSwitch: /model <provider/model>\nMore: /models p 2\nAll: /models p "
		"all");
	assert_page("P page=3", "Models (p) — showing 41-45 of 45 (page 3/3)\n", "- p/m41\n",
		"- p/m45\n\nSwitch: /model <provider/model>\nAll: /models p all");
	assert_page("p --all", "Models (p) — showing 1-45 of 45 (page 1/1)\n", "- p/m01\n",
		"- p/m45\n\nSwitch: /model <provider/model>");
	assert_page("p 2 limit=10", "Models (p) — showing 11-20 of 45 (page 2/5)\n", "- p/m11\n",
		"More: /models p 3\nAll: /models p all");
	assert_page("p size=500", "Models (p) — showing 1-45 of 45 (page 1/1)\n", "- p/m01\n",
		"All: /models p all");
	assert_page("p page=0 limit=0 nonsense", "Models (p) — showing 1-20 of 45 (page 1/3)\n",
		"-", "All: /models p all");
}

static void page_that_is_not_there_is_said(void **state)
{
	(void)state;
	add_many("p", 45);
	assert_models("p 9",
		"Page out of range: 9 (valid: 1-3)\n\nTry: /models p 3\n"
		"All: /models p all");
}

static void provider_that_is_unknown_is_said(void **state)
{
	(void)state;
	assert_models("", "No models available.");
	add("openai/gpt-5.2", "");
	assert_models("x",
		"Unknown provider: x\n\nAvailable providers:\n- openai\n\n"
		"Use: /models <provider>");
	assert_models("mistral",
		"Models (mistral) — none\n\nBrowse: /models\n"
		"Switch: /model <provider/model>");
}

/* --- /model status ------------------------------------------------------------------------------
 */

static struct credential list[4];
static struct provider_state providers[3];
static struct snapshot world;

static struct credential *credential(
	const char *id, enum cred_kind kind, const char *prefix, unsigned rank)
{
	struct credential *c = &list[world.credential_count++];

	*c = (struct credential){
		.in_store = true, .kind = kind, .rank = rank, .stored = STORED_SEALED
	};
	str_copy(c->id, sizeof(c->id), id);
	str_copy(c->provider, sizeof(c->provider), "anthropic");
	str_copy(c->prefix, sizeof(c->prefix), prefix);
	str_copy(c->tail, sizeof(c->tail), "c1AA");
	return c;
}

static int begin_status(void **state)
{
	(void)state;
	world = (struct snapshot){ .credentials = list,
		.providers = providers,
		.provider_count = 2,
		.now_ms = NOW,
		.home = "/home/x",
		.agent = "main",
		.config_path = "/home/x/.tf/tf.json",
		.store_path = "/home/x/.tf/auth-profiles.json" };
	providers[0] = (struct provider_state){ .id = "anthropic", .profiles = 2 };
	providers[1] =
		(struct provider_state){ .id = "my-proxy", .base_url = "http://127.0.0.1:4000/v1" };
	add("anthropic/claude-opus-4-5", "opus");
	add("my-proxy/foo", "");
	str_copy(catalog.main, sizeof(catalog.main), "anthropic/claude-opus-4-5");
	return 0;
}

static const char *api(const void *ctx, const char *provider)
{
	(void)ctx;
	return strcmp(provider, "my-proxy") == 0 ? "openai-completions" : "";
}

static struct reply_status question(void)
{
	return (struct reply_status){ .s = &world,
		.catalog = &catalog,
		.current = "anthropic/claude-opus-4-5",
		.pinned = "",
		.api = api };
}

static void assert_status(const struct reply_status *q, const char *want)
{
	out.len = 0;
	assert_ok(reply_status(&out, q, &e), e);
	assert_string_equal(out.p, want);
}

#define HEAD                                                                                       \
	"Current: anthropic/claude-opus-4-5\nDefault: anthropic/claude-opus-4-5\nAgent: main\n"    \
	"Auth file: ~/.tf/auth-profiles.json"
#define PROXY                                                                                      \
	"\n\n[my-proxy] endpoint: http://127.0.0.1:4000/v1 api: openai-completions auth: "         \
	"missing\n  • my-proxy/foo"

static void status_shows_each_profile_with_its_flags(void **state)
{
	struct reply_status q = question();

	(void)state;
	credential("anthropic:default", CRED_API_KEY, "sk-ant-api03-", 1)->last_good = true;
	credential("anthropic:manual", CRED_TOKEN, "sk-ant-oat01-", 2)->expires_ms =
		NOW + 3 * MS_HOUR;
	list[1].cooldown_until_ms = NOW + 5 * MS_MINUTE;
	assert_status(&q, HEAD
		"\n\n[anthropic] endpoint: default auth: "
		"anthropic:default=sk-ant-api03-...c1AA (next, lastGood), "
		"anthropic:manual=token:sk-ant-oat01-...c1AA (cooldown 5m, exp 3h) "
		"(auth-profiles.json: ~/.tf/auth-profiles.json)\n"
		"  • anthropic/claude-opus-4-5 (opus)" PROXY);
}

static void status_puts_the_pinned_profile_first(void **state)
{
	struct reply_status q = question();

	(void)state;
	credential("anthropic:default", CRED_API_KEY, "", 1);
	credential("anthropic:work", CRED_OAUTH, "", 2)->expires_ms = NOW - 1;
	str_copy(list[1].email, sizeof(list[1].email), "me@x.org");
	q.pinned = "anthropic:work";
	q.source = PIN_USER;
	q.reset = true;
	assert_status(&q, HEAD
		"\nAuth profile: anthropic:work (pinned by you)"
		"\n(previous selection reset to default)"
		"\n\n[anthropic] endpoint: default auth: "
		"anthropic:work=OAuth (me@x.org) (next, expired), anthropic:default=...c1AA "
		"(auth-profiles.json: ~/.tf/auth-profiles.json)\n"
		"  • anthropic/claude-opus-4-5 (opus)" PROXY);
}

static void status_tells_a_disabled_and_an_empty_profile(void **state)
{
	struct reply_status q = question();

	(void)state;
	credential("anthropic:a", CRED_API_KEY, "", 1)->disabled_until_ms = NOW + MS_DAY;
	credential("anthropic:b", CRED_TOKEN, "", 2)->stored = STORED_MISSING;
	list[1].expires_ms = NOW + 10 * MS_SECOND;
	assert_status(&q, HEAD
		"\n\n[anthropic] endpoint: default auth: anthropic:a=...c1AA (next, cooldown), "
		"anthropic:b=missing (exp soon) (auth-profiles.json: ~/.tf/auth-profiles.json)\n"
		"  • anthropic/claude-opus-4-5 (opus)" PROXY);
}

static void status_without_profiles_says_what_is_used(void **state)
{
	static const struct {
		const char *var, *mask, *config, *want;
	} rows[] = {
		{ "ANTHROPIC_API_KEY", "sk-ant-...c1AA", "",
			"sk-ant-...c1AA (env: ANTHROPIC_API_KEY)" },
		{ "ANTHROPIC_OAUTH_TOKEN", "...", "", "OAuth (env) (env: ANTHROPIC_OAUTH_TOKEN)" },
		{ "", "", "sk-...c1AA", "sk-...c1AA (models.json: ~/.tf/tf.json)" },
		{ "", "", "", "missing" },
	};
	struct reply_status q = question();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[600];

		providers[0] = (struct provider_state){ .id = "anthropic" };
		str_copy(providers[0].env_var, sizeof(providers[0].env_var), rows[i].var);
		str_copy(providers[0].env_mask, sizeof(providers[0].env_mask), rows[i].mask);
		str_copy(providers[0].config_key_mask, sizeof(providers[0].config_key_mask),
			rows[i].config);
		snprintf(want, sizeof(want),
			HEAD
			"\n\n[anthropic] endpoint: default auth: %s\n"
			"  • anthropic/claude-opus-4-5 (opus)" PROXY,
			rows[i].want);
		assert_status(&q, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(model_alone_says_what_is_current, end),
		cmocka_unit_test_teardown(number_is_not_supported, end),
		cmocka_unit_test_teardown(choices_are_acknowledged, end),
		cmocka_unit_test_teardown(refusals_say_how_to_find_a_model, end),
		cmocka_unit_test_teardown(providers_are_listed_with_their_counts, end),
		cmocka_unit_test_teardown(models_of_a_provider_come_in_pages, end),
		cmocka_unit_test_teardown(page_that_is_not_there_is_said, end),
		cmocka_unit_test_teardown(provider_that_is_unknown_is_said, end),
		cmocka_unit_test_setup_teardown(
			status_shows_each_profile_with_its_flags, begin_status, end),
		cmocka_unit_test_setup_teardown(
			status_puts_the_pinned_profile_first, begin_status, end),
		cmocka_unit_test_setup_teardown(
			status_tells_a_disabled_and_an_empty_profile, begin_status, end),
		cmocka_unit_test_setup_teardown(
			status_without_profiles_says_what_is_used, begin_status, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
