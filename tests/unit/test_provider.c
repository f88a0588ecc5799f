/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "base/str.h"
#include "provider/provider.h"

static void check_is_known_or_its_lack_is_explained(
	const struct provider *p, const struct method *m)
{
	if (m->kind == CRED_OAUTH) {
		assert_null(m->check_path);
		assert_null(m->check_url);
		return;
	}
	if (m->check_path)
		assert_int_equal(m->check_path[0], '/');
	if (m->check_url)
		assert_true(str_starts(m->check_url, "https://"));
	if (!m->check_path && !m->check_url)
		assert_non_null(strstr(p->source, "no free"));
	if (m->judge == JUDGE_PUBLIC)
		assert_non_null(strstr(p->source, "the model list is public"));
}

static void key_is_complete(const struct method *m)
{
	assert_int_not_equal(m->auth, AUTH_NO_HEADER);
	assert_in_range(m->auth, AUTH_BEARER, AUTH_STYLES - 1);
	assert_true(m->min_len == 0 || m->min_len >= 16);
	assert_true(m->max_len == 0 || m->max_len > m->min_len);
	for (size_t i = 0; i < PROVIDER_HEADERS && m->headers[i]; i++)
		assert_non_null(strstr(m->headers[i], ": "));
	for (size_t i = 0; i < PROVIDER_PREFIXES && m->prefixes[i]; i++)
		assert_true(strlen(m->prefixes[i]) >= 3);
}

static void method_is_complete(const struct provider *p, const struct method *m)
{
	assert_non_null(m->label);
	assert_non_null(m->note);
	assert_non_null(m->noun);
	assert_non_null(m->how[0]);
	assert_non_null(m->profile_name);
	assert_in_range(m->judge, JUDGE_STATUS, JUDGE_STYLES - 1);
	check_is_known_or_its_lack_is_explained(p, m);
	if (m->kind == CRED_NONE) {
		assert_true(p->local || p->custom);
		assert_int_equal(m->auth, AUTH_NO_HEADER);
		assert_null(m->prefixes[0]);
	} else {
		key_is_complete(m);
	}
	if (m->kind == CRED_OAUTH) {
		assert_int_equal(provider_method_count(p), 1);
		assert_non_null(strstr(m->note, "sign in "));
	}
}

static bool is_variable(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z' && strchr(name, '_') &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(name);
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		char normal[65];

		assert_true(provider_normalise(normal, sizeof(normal), p->id));
		assert_string_equal(normal, p->id);
		assert_non_null(p->label);
		assert_true(strlen(p->label) <= 18 || strcmp(p->id, "cloudflare-ai-gateway") == 0);
		assert_non_null(p->aliases);
		assert_non_null(p->models_hint);
		assert_non_null(p->group);
		assert_non_null(p->source);
		assert_true(provider_method_count(p) >= 1);
		for (size_t m = 0; m < provider_method_count(p); m++)
			method_is_complete(p, &p->methods[m]);
		for (size_t v = 0; v < PROVIDER_VARS && p->vars[v]; v++)
			assert_true(is_variable(p->vars[v]));
	}
}

/* gateway-family.md 12.3 and 16, and the list of issue 4. */
static void every_provider_of_the_family_is_there(void **state)
{
	static const char *const ids[] = { "anthropic", "openai", "openai-codex", "google",
		"google-vertex", "google-gemini-cli", "google-antigravity", "github-copilot",
		"copilot-proxy", "groq", "cerebras", "xai", "openrouter", "vercel-ai-gateway",
		"mistral", "zai", "minimax", "minimax-cn", "minimax-portal", "moonshot",
		"kimi-code", "synthetic", "venice", "opencode", "qwen-portal", "chutes", "deepgram",
		"amazon-bedrock", "ollama", "lmstudio", "deepseek", "together", "fireworks",
		"huggingface", "nvidia", "perplexity", "cohere", "elevenlabs", "litellm",
		"cloudflare-ai-gateway", "qianfan", "modelstudio", "volcengine", "xiaomi",
		"kilocode", "custom-openai", "custom-anthropic" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		if (!provider_find(ids[i]))
			fail_msg("no row for %s", ids[i]);
	}
	assert_int_equal(provider_count(), ARRAY_LEN(ids));
}

/* What is the user's is not in the table, and what is not the user's is. */
static void every_address_is_https_or_loopback(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		bool here;

		assert_int_equal(p->custom, !p->base_url);
		if (p->custom)
			continue;
		here = str_starts(p->base_url, "http://127.0.0.1:") ||
		       str_starts(p->base_url, "http://localhost:");
		assert_true(here || str_starts(p->base_url, "https://"));
		assert_true(here || !p->local);
		assert_int_not_equal(p->base_url[strlen(p->base_url) - 1], '/');
	}
}

static void every_key_has_a_variable_and_a_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		bool listed = false;

		if (!provider_method_of_kind(p, CRED_API_KEY) || p->custom)
			continue;
		assert_non_null(p->var);
		assert_non_null(p->keys_page);
		assert_null(strstr(p->keys_page, "://"));
		for (size_t v = 0; v < PROVIDER_VARS && p->vars[v]; v++)
			listed = listed || strcmp(p->vars[v], p->var) == 0;
		assert_true(listed);
	}
}

static void no_variable_belongs_to_two_providers(void **state)
{
	const char *seen[200];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t v = 0; v < PROVIDER_VARS && p->vars[v]; v++) {
			for (size_t k = 0; k < n; k++)
				assert_string_not_equal(seen[k], p->vars[v]);
			seen[n++] = p->vars[v];
		}
	}
}

static void every_model_names_its_provider(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		size_t n = strlen(p->id);

		/* Without: the user's server, or not for chat, and the row says which. */
		if (!p->models[0])
			assert_true(p->custom || strstr(p->source, "(speech") ||
				    strstr(p->source, "no models"));
		for (size_t m = 0; m < PROVIDER_MODELS && p->models[m]; m++) {
			assert_memory_equal(p->models[m], p->id, n);
			assert_int_equal(p->models[m][n], '/');
			assert_true(strlen(p->models[m]) > n + 1);
		}
	}
}

static void what_cannot_be_set_up_here_says_how_it_is(void **state)
{
	const char *why;

	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		bool oauth = p->methods[0].kind == CRED_OAUTH;

		assert_int_equal(provider_offered(p, &why), !oauth);
		assert_int_equal(!why, !oauth);
	}
}

static void ids_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++)
		assert_ptr_equal(provider_find(provider_at(i)->id), provider_at(i));
}

/* The best match for a text is this row, or shares its rank with rows of the same word. */
static void found_by(const struct provider *p, const char *text)
{
	int mine = provider_match(p, text);

	assert_true(mine > 0);
	for (size_t i = 0; i < provider_count(); i++)
		assert_true(provider_match(provider_at(i), text) <= mine);
}

static void every_row_is_found_by_label_id_alias_group_and_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);
		char words[128];
		char *rest = words, *word;

		found_by(p, p->label);
		found_by(p, p->id);
		assert_true(provider_match(p, p->group) > 0);
		for (size_t k = 0; k < PROVIDER_PREFIXES && p->methods[0].prefixes[k]; k++)
			assert_true(provider_match(p, p->methods[0].prefixes[k]) > 0);
		assert_true(str_copy(words, sizeof(words), p->aliases));
		while ((word = strtok_r(rest, " ", &rest)))
			assert_true(provider_match(p, word) > 0);
	}
}

static const struct provider *best(const char *typed)
{
	const struct provider *found = NULL;
	int rank = 0;

	for (size_t i = 0; i < provider_count(); i++) {
		if (provider_match(provider_at(i), typed) > rank) {
			rank = provider_match(provider_at(i), typed);
			found = provider_at(i);
		}
	}
	return found;
}

static void search_ignores_case_blanks_and_punctuation(void **state)
{
	(void)state;
	assert_string_equal(best("CLAUDE")->id, "anthropic");
	assert_string_equal(best("lm-studio")->id, "lmstudio");
	assert_string_equal(best(" z ai")->id, "zai");
	assert_string_equal(best("grok")->id, "xai");
	assert_null(best("acme"));
	assert_null(best("!?"));
}

static void search_finds_key_prefixes(void **state)
{
	(void)state;
	assert_string_equal(best("sk-or")->id, "openrouter");
	assert_string_equal(best("gsk_")->id, "groq");
	assert_string_equal(best("AIza")->id, "google");
	assert_int_equal(provider_match(provider_find("openai"), "sk-or"), 0);
}

static void name_beats_word_beats_inside(void **state)
{
	int name = provider_match(provider_find("google"), "goo");
	int word = provider_match(provider_find("google"), "gemini");
	int inside = provider_match(provider_find("google"), "mini");

	(void)state;
	assert_true(name > word && word > inside && inside > 0);
}

static void nothing_typed_matches_all_equally(void **state)
{
	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		assert_true(provider_match(provider_at(i), "") > 0);
		assert_int_equal(
			provider_match(provider_at(i), ""), provider_match(provider_at(0), " "));
	}
}

static void ids_are_normalised_as_the_family_does(void **state)
{
	static const char *const cases[][2] = {
		{ " Anthropic\t", "anthropic" },
		{ "Z.AI", "zai" },
		{ "z-ai", "zai" },
		{ "OpenCode-Zen", "opencode" },
		{ "qwen", "qwen-portal" },
		{ "my_own", "my_own" },
	};
	char out[65];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(provider_normalise(out, sizeof(out), cases[i][0]));
		assert_string_equal(out, cases[i][1]);
	}
	assert_false(provider_normalise(out, sizeof(out), "  "));
	assert_false(provider_normalise(out, 5, "openai"));
	assert_false(provider_normalise(out, 6, "qwen"));
}

static void unknown_providers_are_not_found(void **state)
{
	(void)state;
	assert_null(provider_find("acme"));
	assert_null(provider_find(""));
	assert_null(provider_find(NULL));
	assert_null(provider_at(provider_count()));
}

static void setup_token_is_the_first_method_of_anthropic(void **state)
{
	const struct provider *p = provider_find("anthropic");

	(void)state;
	assert_string_equal(p->methods[0].id, "setup-token");
	assert_int_equal(p->methods[0].kind, CRED_TOKEN);
	assert_ptr_equal(provider_method(p, "api-key"), &p->methods[1]);
	assert_ptr_equal(provider_method_of_kind(p, CRED_API_KEY), &p->methods[1]);
	assert_null(provider_method(p, "none"));
	assert_null(provider_method_of_kind(p, CRED_OAUTH));
}

static void kinds_have_the_family_names(void **state)
{
	enum cred_kind k;

	(void)state;
	for (int i = CRED_NONE; i <= CRED_OAUTH; i++) {
		assert_true(cred_kind_parse(cred_kind_name((enum cred_kind)i), &k));
		assert_int_equal(k, i);
	}
	assert_true(cred_kind_parse("apiKey", &k));
	assert_int_equal(k, CRED_API_KEY);
	assert_false(cred_kind_parse("apikey", &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		cmocka_unit_test(every_provider_of_the_family_is_there),
		cmocka_unit_test(no_variable_belongs_to_two_providers),
		cmocka_unit_test(what_cannot_be_set_up_here_says_how_it_is),
		cmocka_unit_test(every_address_is_https_or_loopback),
		cmocka_unit_test(every_key_has_a_variable_and_a_page),
		cmocka_unit_test(every_model_names_its_provider),
		cmocka_unit_test(ids_are_unique),
		cmocka_unit_test(every_row_is_found_by_label_id_alias_group_and_prefix),
		cmocka_unit_test(search_ignores_case_blanks_and_punctuation),
		cmocka_unit_test(search_finds_key_prefixes),
		cmocka_unit_test(name_beats_word_beats_inside),
		cmocka_unit_test(nothing_typed_matches_all_equally),
		cmocka_unit_test(ids_are_normalised_as_the_family_does),
		cmocka_unit_test(unknown_providers_are_not_found),
		cmocka_unit_test(setup_token_is_the_first_method_of_anthropic),
		cmocka_unit_test(kinds_have_the_family_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
