/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/paste_fixtures.h"

static const struct fixture_set *const sets[] = { &fixtures_pastes, &fixtures_sources,
	&fixtures_kinds };

static const struct {
	const char *provider, *method;
} wants[WANTED_COUNT] = {
	[SETUP] = { "anthropic", "setup-token" },
	[APIKEY] = { "anthropic", "api-key" },
	[OPENAI] = { "openai", "api-key" },
	[OPENROUTER] = { "openrouter", "api-key" },
	[GOOGLE] = { "google", "api-key" },
	[MIST] = { "mistral", "api-key" },
	[DEEPSEEK] = { "deepseek", "api-key" },
	[ZHIPU] = { "zai", "api-key" },
	[TOGETHER] = { "together", "api-key" },
	[GROQ] = { "groq", "api-key" },
	[XAI_] = { "xai", "api-key" },
	[MOONSHOT] = { "moonshot", "api-key" },
	[KIMI_] = { "kimi-code", "api-key" },
	[MINI] = { "minimax", "api-key" },
	[MINI_CN] = { "minimax-cn", "api-key" },
	[QWEN] = { "modelstudio", "api-key" },
	[BAIDU] = { "qianfan", "api-key" },
	[VOLC] = { "volcengine", "api-key" },
	[FIRE] = { "fireworks", "api-key" },
	[CEREB] = { "cerebras", "api-key" },
	[COHERE_] = { "cohere", "api-key" },
	[PERPLEX] = { "perplexity", "api-key" },
	[VENICE_] = { "venice", "api-key" },
	[SYNTH] = { "synthetic", "api-key" },
	[HUGGING] = { "huggingface", "api-key" },
	[NVIDIA] = { "nvidia", "api-key" },
	[CHUTES_] = { "chutes", "api-key" },
	[VERCEL_] = { "vercel-ai-gateway", "api-key" },
	[ZEN] = { "opencode", "api-key" },
	[KILO] = { "kilocode", "api-key" },
	[AWS] = { "amazon-bedrock", "api-key" },
	[LITELLM] = { "litellm", "api-key" },
	[DG] = { "deepgram", "api-key" },
	[LABS] = { "elevenlabs", "api-key" },
};

/* clang-format off */
static const struct sample samples[] = {
	{ TOKEN, "Anthropic setup-token", "anthropic" },
	{ TOKEN2, "Anthropic setup-token", "anthropic" },
	{ API, "Anthropic API key", "anthropic" },
	{ OR, "OpenRouter API key", "openrouter" },
	{ PROJ, "OpenAI project key", "openai" },
	{ OPENAI_WHOLE, "OpenAI project key", "openai" },
	{ AIZA, "Google API key", "google" },
	{ GSK, "Groq API key", "groq" },
	{ XAI, "xAI API key", "xai" },
	{ MISTRAL, "", NULL },
	{ ZAI, "Z.AI API key", "zai" },
	{ DEEP, "", NULL },
	{ CSK, "Cerebras API key", "cerebras" },
	{ TGP, "Together AI API key", "together" },
	{ HEX64, "", NULL },
	{ BASE64, "", NULL },
	{ FIREWORKS, "Fireworks AI API key", "fireworks" },
	{ HF, "Hugging Face token", "huggingface" },
	{ NVAPI, "NVIDIA API key", "nvidia" },
	{ PPLX, "Perplexity API key", "perplexity" },
	{ VERCEL, "Vercel AI Gateway API key", "vercel-ai-gateway" },
	{ VENICE, "Venice AI API key", "venice" },
	{ CHUTES, "Chutes API key", "chutes" },
	{ SYNTHETIC, "Synthetic API key", "synthetic" },
	{ BEDROCK, "Amazon Bedrock API key", "amazon-bedrock" },
	{ ELEVEN, "ElevenLabs API key", "elevenlabs" },
	{ KIMI, "Kimi Code API key", "kimi-code" },
	{ MINIMAX, "MiniMax API key", "minimax" },
	{ MINIMAX_PLAN, "MiniMax coding plan key", "minimax" },
	{ QIANFAN, "Baidu Qianfan API key", "qianfan" },
	{ SVCACCT, "OpenAI service account key", "openai" },
	{ JWT, "", NULL },
	{ DEEPGRAM, "", NULL },
	{ COHERE, "", NULL },
	{ ARK, "", NULL },
	{ ADMIN, "Anthropic admin key", "anthropic" },
	{ OPENAI_ADMIN, "OpenAI admin key", "openai" },
	{ REFRESH, "Anthropic refresh token", "anthropic" },
	{ GHP, "GitHub token", "github-copilot" },
	{ GITHUB_PAT, "GitHub token", "github-copilot" },
	{ SLACK, "Slack token", NULL },
	{ STRIPE, "Stripe secret key", NULL },
	{ AWS_ID, "AWS access key id", "amazon-bedrock" },
	{ YA29, "Google access token", "google" },
	{ "QUJDREVG=R0hJSktMTU5PUFFSU1Q0", "", NULL },
	{ "abc_def=ghijklmnop12345", "", NULL },
	{ "AB_CD==", "", NULL },
	{ "tok_4vT9Qw7eXz1Lb8Kc2Rm5", "", NULL },
	{ "p@ss!word#1", "", NULL },
	{ HEX64 "0" HEX64 "1", "", NULL },
	{ "sk-ant-admin01-4vT9Qw7eXz1Lb8Kc2Rm5", "Anthropic admin key", "anthropic" },
	{ "sk-ant-ort01-4vT9Qw7eXz1Lb8Kc2Rm5", "Anthropic refresh token", "anthropic" },
	{ "ghp_4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", "GitHub token", "github-copilot" },
	{ "AKIA4VT9QW7EXZ1LB8KC", "AWS access key id", "amazon-bedrock" },
	{ "pplx-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", "Perplexity API key", "perplexity" },
	{ "gsk_lhY1tZeUJDgVJhYkMzDcccGLgAPSiAK1wexUQUkx", "Groq API key", "groq" },
	{ "AIzaAjL-Sc_lz-JMlzr8IDMema", "Google API key", "google" },
	/* cut setup-tokens */
	{ P0, "Anthropic setup-token", "anthropic" },
	{ "sk-ant-oat01-", "Anthropic setup-token", "anthropic" },
	{ "sk-ant-oat01-799NksnRH9u4cA5Us7d5MlH4UvTC672QCyEZDz41TddJ8HyS5SUkCnD8zRA9a9SkpX",
		"Anthropic setup-token", "anthropic" },
};
/* clang-format on */

static void wanted(enum wanted w, const struct provider **p, const struct method **m)
{
	*p = wants[w].provider ? provider_find(wants[w].provider) : NULL;
	*m = *p ? provider_method(*p, wants[w].method) : NULL;
}

static bool is_subsequence(const struct secret *s, const char *raw, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < s->len; i++)
		at += raw[i] == s->bytes[at];
	return at == s->len;
}

static const struct sample *sample_of(const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		if (strcmp(samples[i].value, value) == 0)
			return &samples[i];
	}
	return NULL;
}

/* What is kept is recognised: by its look, or else as what was asked for when that fits. */
static bool recognised(const struct fixture *f, const struct paste_report *r,
	const struct provider *p, const struct method *m)
{
	const struct sample *s = sample_of(f->out);
	const struct provider *provider;
	char kind[64];
	struct str k = STR_OF(kind);
	bool fits;

	if (!s)
		return !f->out[0];
	str_add(&k, s->kind);
	provider = provider_find(s->provider);
	fits = f->verdict == PASTE_GOOD || f->verdict == PASTE_SHORT || f->verdict == PASTE_LONG;
	if (fits && p && provider != p) {
		k = STR_OF(kind);
		str_fmt(&k, "%s %s", p->label, m->noun);
		provider = p;
	}
	return strcmp(r->kind, kind) == 0 && r->provider == provider;
}

static bool fixture_holds(const struct fixture *f, size_t i)
{
	size_t n = f->raw_len ? f->raw_len : strlen(f->raw);
	struct secret out = { 0 }, again = { 0 };
	struct paste_report r, r2;
	const struct provider *p;
	const struct method *m;
	struct err e = { 0 };
	bool ok;

	wanted(f->want, &p, &m);
	assert_ok(paste_clean(&out, f->raw, n, p, m, &r, &e), e);
	assert_ok(paste_clean(&again, out.bytes, out.len, p, m, &r2, &e), e);
	ok = r.verdict == f->verdict && r.steps == f->steps && strcmp(out.bytes, f->out) == 0 &&
	     secret_equal(&out, &again) && is_subsequence(&out, f->raw, n) &&
	     (r.verdict == PASTE_GOOD) == (r.message[0] == '\0') && recognised(f, &r, p, m);
	if (!ok)
		print_message(
			"fixture %zu: verdict %d (wanted %d), steps %x (wanted %x)\n  %s\n"
			"  %s\n  %s\n  %s of %s\n",
			i, r.verdict, f->verdict, r.steps, f->steps, f->raw, out.bytes, r.message,
			r.kind, r.provider ? r.provider->id : "-");
	secret_release(&out);
	secret_release(&again);
	return ok;
}

static void every_fixture_gives_exactly_its_key(void **state)
{
	size_t wrong = 0, count = 0;

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
		for (size_t i = 0; i < sets[s]->count; i++)
			wrong += !fixture_holds(&sets[s]->rows[i], i);
		count += sets[s]->count;
	}
	print_message("%zu fixtures\n", count);
	assert_true(count >= 200);
	assert_int_equal(wrong, 0);
}

static void every_prefix_of_the_table_names_its_provider_or_no_one(void **state)
{
	static const char body[] = "7nXYZ0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6gH";
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < provider_count(); i++) {
		const struct method *m = &provider_at(i)->methods[0];

		for (size_t k = 0; k < PROVIDER_PREFIXES && m->prefixes[k]; k++) {
			char raw[160];
			struct str text = STR_OF(raw);
			struct secret s = { 0 };
			struct paste_report r = { 0 };

			str_fmt(&text, "%s%s", m->prefixes[k], body);
			assert_ok(secret_from(&s, raw, text.len, &e), e);
			/* Where it is asked for, it fits, whoever else uses the prefix. */
			paste_judge(&s, provider_at(i), m, &r);
			assert_int_not_equal(r.verdict, PASTE_OTHER);
			assert_int_not_equal(r.verdict, PASTE_UNUSUAL);
			/* Where nothing is, the longest prefix decides; "sk-" names no one. */
			paste_judge(&s, NULL, NULL, &r);
			if (strcmp(m->prefixes[k], "sk-") == 0 ||
				strcmp(m->prefixes[k], "eyJ") == 0)
				assert_null(r.provider);
			else
				assert_string_equal(r.provider->group, provider_at(i)->group);
			secret_release(&s);
		}
	}
}

static void cut_at_every_width_joins_to_the_same_token(void **state)
{
	static const char *const breaks[] = { "\n", "\r\n", "\n   ", "   \n" };
	const struct provider *p = provider_find("anthropic");
	char raw[400];
	struct err e = { 0 };

	(void)state;
	for (size_t at = 20; at < strlen(TOKEN); at += 3) {
		for (size_t b = 0; b < ARRAY_LEN(breaks); b++) {
			struct str s = STR_OF(raw);
			struct secret out = { 0 };
			struct paste_report r;

			str_addn(&s, TOKEN, at);
			str_add(&s, breaks[b]);
			str_add(&s, &TOKEN[at]);
			assert_ok(paste_clean(&out, raw, s.len, p, &p->methods[0], &r, &e), e);
			if (strcmp(out.bytes, TOKEN) != 0)
				fail_msg("cut at %zu: %s", at, out.bytes);
			secret_release(&out);
		}
	}
}

static void clean(struct paste_report *r, enum wanted w, const char *raw)
{
	const struct provider *p;
	const struct method *m;
	struct secret out = { 0 };
	struct err e = { 0 };

	wanted(w, &p, &m);
	assert_ok(paste_clean(&out, raw, strlen(raw), p, m, r, &e), e);
	secret_release(&out);
}

static void recognised_key_names_its_kind(void **state)
{
	struct paste_report r;

	(void)state;
	clean(&r, ANY, TOKEN);
	assert_string_equal(r.kind, "Anthropic setup-token");
	assert_string_equal(r.prefix, "sk-ant-oat01-");
	assert_string_equal(r.provider->id, "anthropic");
	assert_string_equal(r.method->id, "setup-token");
	clean(&r, DEEPSEEK, DEEP);
	assert_string_equal(r.kind, "DeepSeek API key");
	assert_string_equal(r.provider->id, "deepseek");
	clean(&r, MIST, MISTRAL);
	assert_string_equal(r.kind, "Mistral API key");
	assert_string_equal(r.prefix, "");
}

static void another_kind_says_what_it_is(void **state)
{
	struct paste_report r;

	(void)state;
	clean(&r, SETUP, PROJ);
	assert_string_equal(
		r.message, "This is an OpenAI project key, not an Anthropic setup-token.");
	assert_string_equal(r.provider->id, "openai");
	assert_string_equal(r.method->id, "api-key");
	clean(&r, SETUP, API);
	assert_string_equal(
		r.message, "This is an Anthropic API key, not an Anthropic setup-token.");
	assert_string_equal(r.method->id, "api-key");
	clean(&r, APIKEY, "sk-ant-admin01-4vT9Qw7eXz1Lb8Kc2Rm5");
	assert_string_equal(
		r.message, "This is an Anthropic admin key: it cannot be used for models.");
	assert_null(r.method);
}

static void short_token_says_how_long_it_should_be(void **state)
{
	struct paste_report r;

	(void)state;
	clean(&r, SETUP, "sk-ant-oat01-4vT9Qw7eXz1Lb8Kc2Rm5");
	assert_string_equal(r.message, "33 characters. A complete setup-token has 80 or more.");
	clean(&r, SETUP, "tok_4vT9Qw7eXz1Lb8Kc2Rm5");
	assert_string_equal(r.message, "Does not start with sk-ant-oat01-.");
}

static void bad_character_names_its_place(void **state)
{
	struct paste_report r;

	(void)state;
	clean(&r, OPENROUTER,
		"sk-or-v1-b1ecb19dd8b7c46b26a2\xC3\xA9"
		"2eccdf03eeddf52ecf40");
	assert_int_equal(r.bad_at, 30);
	assert_string_equal(r.message, "Character 30 (\"\xC3\xA9\") cannot be part of a key.");
}

static void typed_secret_is_judged_without_cleaning(void **state)
{
	const struct provider *p = provider_find("mistral");
	struct secret s = { 0 };
	struct paste_report r = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_from(&s, "two words", 9, &e), e);
	paste_judge(&s, p, &p->methods[0], &r);
	assert_int_equal(r.verdict, PASTE_BAD_CHARACTER);
	assert_int_equal(r.bad_at, 4);
	secret_release(&s);
	assert_ok(secret_from(&s, MISTRAL, 32, &e), e);
	paste_judge(&s, p, &p->methods[0], &r);
	assert_int_equal(r.verdict, PASTE_GOOD);
	secret_release(&s);
}

static void too_much_text_is_not_kept(void **state)
{
	static char big[1200000];
	struct secret out = { 0 };
	struct paste_report r;
	struct err e = { 0 };

	(void)state;
	memset(big, 'a', sizeof(big));
	assert_ok(paste_clean(&out, big, sizeof(big), NULL, NULL, &r, &e), e);
	assert_int_equal(r.verdict, PASTE_TOO_MUCH);
	assert_int_equal(out.len, 0);
	assert_string_equal(r.message, "That is 1.2 MB of text, not a secret. Nothing was kept.");
	secret_release(&out);
	assert_ok(paste_clean(&out, big, SECRET_MAX, NULL, NULL, &r, &e), e);
	assert_int_not_equal(r.verdict, PASTE_TOO_MUCH);
	secret_release(&out);
}

static void notes_say_what_was_done(void **state)
{
	struct paste_report r;
	char lines[4][80];

	(void)state;
	clean(&r, APIKEY,
		"\xEF\xBB\xBF"
		"export ANTHROPIC_API_KEY=\"" API "\"\n");
	assert_int_equal(paste_notes(&r, lines, 4), 4);
	assert_string_equal(lines[0], "Removed 1 invisible character");
	assert_string_equal(lines[1], "Removed blanks or line ends around it");
	assert_string_equal(lines[2], "Took the value of ANTHROPIC_API_KEY");
	assert_string_equal(lines[3], "Removed quotes");
	assert_int_equal(paste_notes(&r, lines, 0), 4);
	clean(&r, SETUP, P0 "\n" P1 "\n" P2 P3);
	assert_int_equal(paste_notes(&r, lines, 4), 1);
	assert_string_equal(lines[0], "Joined 3 lines");
}

static void every_verdict_blocks_warns_or_is_good(void **state)
{
	(void)state;
	for (int v = PASTE_GOOD; v <= PASTE_ADDRESS; v++)
		assert_int_equal((v == PASTE_GOOD) + paste_blocks((enum paste_verdict)v) +
					 paste_warns((enum paste_verdict)v),
			1);
}

static void secret_is_seen_where_none_was_asked_for(void **state)
{
	static const char *const secrets[] = { TOKEN, OR, MISTRAL, "export A_KEY=" XAI, ZAI,
		TOKEN "\n" TOKEN2, P0 "\n" P1 P2 P3, HEX64, DEEP };
	static const char *const others[] = { "anthropic", "sk-or", "claude opus", "y", "",
		"https://openrouter.ai/keys", "gateway-01.example.net", "ThinkFleetBotSetupWizard",
		"anthropic/claude-opus-4-5-20251101", "550e8400" };
	const struct provider *which;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
		assert_true(paste_looks_secret(secrets[i], strlen(secrets[i]), &which));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (paste_looks_secret(others[i], strlen(others[i]), &which))
			fail_msg("looks secret: %s", others[i]);
	}
	assert_true(paste_looks_secret(OR, strlen(OR), &which));
	assert_string_equal(which->id, "openrouter");
}

static const char *hint_of(const char *value, size_t len, int columns, const struct method *m)
{
	static char text[100];
	struct str s = STR_OF(text);
	struct secret secret = { 0 };
	struct err e = { 0 };

	assert_ok(secret_from(&secret, value, len, &e), e);
	paste_cut_hint(&s, &secret, columns, m);
	secret_release(&secret);
	return text;
}

static void length_of_a_line_gives_a_hint(void **state)
{
	const struct method *m = &provider_find("cerebras")->methods[0];
	static const struct {
		size_t len;
		int columns;
		bool hint;
	} cases[] = { { 80, 132, true }, { 100, 0, true }, { 120, 0, true }, { 92, 93, true },
		{ 95, 93, true }, { 108, 80, false }, { 90, 0, false } };
	char key[128];

	(void)state;
	memset(key, 'k', sizeof(key));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
			hint_of(key, cases[i].len, cases[i].columns, m)[0] != '\0', cases[i].hint);
}

static void missing_ending_or_length_gives_a_hint(void **state)
{
	const struct provider *anthropic = provider_find("anthropic");
	const struct method *router = &provider_find("openrouter")->methods[0];

	(void)state;
	assert_string_equal(hint_of(TOKEN, 90, 0, &anthropic->methods[0]),
		"90 characters without the usual ending: looks cut at your terminal width");
	assert_string_equal(hint_of(TOKEN, strlen(TOKEN), 108, &anthropic->methods[0]), "");
	assert_string_equal(hint_of(OR, 72, 0, router),
		"72 characters instead of 73: looks cut at your terminal width");
	assert_string_equal(hint_of(OR, 73, 73, router), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture_gives_exactly_its_key),
		cmocka_unit_test(every_prefix_of_the_table_names_its_provider_or_no_one),
		cmocka_unit_test(cut_at_every_width_joins_to_the_same_token),
		cmocka_unit_test(recognised_key_names_its_kind),
		cmocka_unit_test(another_kind_says_what_it_is),
		cmocka_unit_test(short_token_says_how_long_it_should_be),
		cmocka_unit_test(bad_character_names_its_place),
		cmocka_unit_test(typed_secret_is_judged_without_cleaning),
		cmocka_unit_test(too_much_text_is_not_kept),
		cmocka_unit_test(notes_say_what_was_done),
		cmocka_unit_test(every_verdict_blocks_warns_or_is_good),
		cmocka_unit_test(secret_is_seen_where_none_was_asked_for),
		cmocka_unit_test(length_of_a_line_gives_a_hint),
		cmocka_unit_test(missing_ending_or_length_gives_a_hint),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
