/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "provider/paste.h"

/* Invented keys. The setup-token is in four parts, for cuts at 80, 88, 100 columns. */
#define P0 "sk-ant-oat01-799NksnRH9u4cA5Us7d5MlH4UvTC672QCyEZDz41TddJ8HyS5SUkCnD8zRA9a9SkpXz"
#define P1 "9w3QlY7Z"
#define P2 "kuvqdt7s8St8"
#define P3 "8qcbn5AA"
#define TOKEN P0 P1 P2 P3
#define TOKEN2                                                                                     \
	"sk-ant-oat01-11kGD2VD1eR1UYzaL2iA1zNyD7CHLn1xC01hsYgBds1ghxY5OokvQyx57eNWVQ4vnakJkS1p9A"  \
	"WTN3lg8zV75yPU8d0FZAA"
#define API                                                                                        \
	"sk-ant-api03-iY5IPj7CHH8S49_Csi5U5A5vUEwt6wfPWU2p0tGWnUT44M5lJYL5o59w4taqU04EV4RWGc9za_"  \
	"HhwN7JPGEH4l51lzq2LAA"
#define OR "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"
#define PROJ                                                                                       \
	"sk-proj-r0gsPQyaxJHlOXGMY1gNMFW3GNzqgAV7-sURz6gObi0PeJC4LzA6Z4AAhx3pgrj_xbv_CLBusAm7mzlg" \
	"1CG42thrfu5LDOtNHPBtDYePWtLClz7tx3QZoeTp"
#define AIZA "AIzaAjL-Sc_lz-JMlzr8IDMemaSytMgwQS59FQU"
#define GSK "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"
#define XAI "xai-jqgg4phjFrIIhuDpkKIcGqx8mszJni6pU3IGp4gag8dFYYSKnSVofWkj1qbBzNHhsK4hfQLnopMXYGT0"
#define MISTRAL "d0peMvgcnNXSl0tvfZWDL6lau87AYAcf"
#define ZAI "7454b4667a20f1fa2261bd2b5ff4891e.1YZRLkBy0OY83GtV"
#define DEEP "sk-328776e7f1ccacc27ad909f03fdd9e4a"
#define CSK "csk-8nfwz3csvfrl208phncylyrvjxkowzt5u6mkz7aalgp3qwg9"
#define TGP "tgp_v1_WrG1jQ4ILUNWh__UchpW5Nt6eP9raIsyfYwJELd10kW"
#define HEX64 "fb8a5f1b461595919cb589f6aec38bcacf836ed5a148fd28cbc938e019bb8723"
#define BASE64 "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0MTIzNDU2Nzg5MA=="

enum wanted {
	ANY,
	SETUP,
	APIKEY,
	OPENAI,
	OPENROUTER,
	GOOGLE,
	MIST,
	DEEPSEEK,
	ZHIPU,
	TOGETHER
};

static const struct {
	const char *provider, *method;
} wants[] = {
	[SETUP] = { "anthropic", "setup-token" },
	[APIKEY] = { "anthropic", "api-key" },
	[OPENAI] = { "openai", "api-key" },
	[OPENROUTER] = { "openrouter", "api-key" },
	[GOOGLE] = { "google", "api-key" },
	[MIST] = { "mistral", "api-key" },
	[DEEPSEEK] = { "deepseek", "api-key" },
	[ZHIPU] = { "zai", "api-key" },
	[TOGETHER] = { "together", "api-key" },
};

struct fixture {
	const char *raw;
	enum wanted want;
	enum paste_verdict verdict;
	const char *out; /* exactly, "" when nothing may be kept */
	unsigned steps;
	size_t raw_len; /* 0: strlen */
};

#define N_(text) text, .raw_len = sizeof(text) - 1

#define INV PASTE_INVISIBLE
#define JOIN PASTE_JOINED
#define TRIM PASTE_TRIMMED
#define GAP PASTE_BLANKS
#define ASSIGN PASTE_ASSIGNMENT
#define QUOTE PASTE_QUOTES
#define HEADER PASTE_HEADER
#define JSON PASTE_JSON
#define TWICE PASTE_TWICE
#define PROSE PASTE_PROSE
#define END PASTE_ENDING

static const struct fixture fixtures[] = {
	/* as it is */
	{ TOKEN, SETUP, PASTE_GOOD, TOKEN, 0 },
	{ API, APIKEY, PASTE_GOOD, API, 0 },
	{ PROJ, OPENAI, PASTE_GOOD, PROJ, 0 },
	{ OR, OPENROUTER, PASTE_GOOD, OR, 0 },
	{ AIZA, GOOGLE, PASTE_GOOD, AIZA, 0 },
	{ MISTRAL, MIST, PASTE_GOOD, MISTRAL, 0 },
	{ DEEP, DEEPSEEK, PASTE_GOOD, DEEP, 0 },
	{ ZAI, ZHIPU, PASTE_GOOD, ZAI, 0 },
	{ TGP, TOGETHER, PASTE_GOOD, TGP, 0 },
	{ HEX64, TOGETHER, PASTE_UNUSUAL, HEX64, 0 },
	{ TOKEN, ANY, PASTE_GOOD, TOKEN, 0 },
	{ GSK, ANY, PASTE_GOOD, GSK, 0 },
	{ XAI, ANY, PASTE_GOOD, XAI, 0 },
	{ CSK, ANY, PASTE_GOOD, CSK, 0 },
	{ MISTRAL, ANY, PASTE_UNUSUAL, MISTRAL, 0 },
	{ ZAI, ANY, PASTE_GOOD, ZAI, 0 },
	/* ends */
	{ TOKEN "\n", SETUP, PASTE_GOOD, TOKEN, TRIM },
	{ "  " TOKEN " \r\n", SETUP, PASTE_GOOD, TOKEN, TRIM },
	{ "\t\n\n" TOKEN "\n\n\n", SETUP, PASTE_GOOD, TOKEN, TRIM },
	/* cut by a terminal */
	{ P0 "\n" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 P1 P2 "\n" P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 "\r\n" P1 P2 P3 "\r\n", SETUP, PASTE_GOOD, TOKEN, JOIN | TRIM },
	{ P0 "\r" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 "\n    " P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN | GAP },
	{ P0 "    \n" P1 P2 P3 "   ", SETUP, PASTE_GOOD, TOKEN, JOIN | GAP | TRIM },
	{ P0 "     " P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, GAP },
	{ P0 "\t" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, GAP },
	{ P0 "\xE2\x80\xA8" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 "\xC2\xA0" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, GAP | INV },
	{ P0 "\xE2\x80\x8B" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, INV },
	{ P0 "\xEF\xBB\xBF\n" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN | INV },
	{ P0 "\n" P1 "\n" P2 "\n" P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 P1 P2 "8qcbn5\nAA", SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ P0 P1 P2 "8qcbn5A\nA (valid for 1 year)", SETUP, PASTE_GOOD, TOKEN, JOIN | PROSE },
	{ P0 "\n" P1 P2 P3 "\nDone\n", SETUP, PASTE_GOOD, TOKEN, JOIN | PROSE | TRIM },
	{ "sk-or-v1-b1ecb19dd8b7c46b26a22eccdf03eeddf52ecf4076c19ace327203f26e16af\n  1d\nDone",
		OPENROUTER, PASTE_GOOD, OR, JOIN | GAP | PROSE },
	{ P0 P1 "\n\n" P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN },
	{ "export CLAUDE_CODE_OAUTH_TOKEN=\"" P0 P1 "\n" P2 P3 "\"", SETUP, PASTE_GOOD, TOKEN,
		JOIN | ASSIGN | QUOTE },
	{ "\xE2\x94\x82 " P0 " \xE2\x94\x82\n\xE2\x94\x82 " P1 P2 P3 " \xE2\x94\x82", SETUP,
		PASTE_GOOD, TOKEN, JOIN | GAP | INV | TRIM },
	{ "sk-or-v1-b1ecb19dd8b7c46b26a22eccdf03eeddf52ecf40\n76c19ace327203f26e16af1d", OPENROUTER,
		PASTE_GOOD, OR, JOIN },
	{ "d0peMvgcnNXSl0tvfZWD\nL6lau87AYAcf", MIST, PASTE_GOOD, MISTRAL, JOIN },
	/* control characters */
	{ "\033[32m" TOKEN "\033[0m", SETUP, PASTE_GOOD, TOKEN, INV },
	{ P0 "\033[0m\n\033[32m" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN | INV },
	{ "\033[200~" TOKEN "\033[201~", SETUP, PASTE_GOOD, TOKEN, INV },
	{ P0 "\033[201~" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, INV },
	{ "\033]8;;https://a.example/\033\\" TOKEN "\033]8;;\033\\", SETUP, PASTE_GOOD, TOKEN,
		INV },
	{ "\033" TOKEN, SETUP, PASTE_GOOD, TOKEN, INV },
	{ "\xE2\x80\xAE" TOKEN "\xE2\x80\xAC", SETUP, PASTE_GOOD, TOKEN, INV },
	{ N_("\0" P0 "\0\x01" P1 P2 P3 "\x7F"), .want = SETUP, .verdict = PASTE_GOOD, .out = TOKEN,
		.steps = INV },
	{ N_("s\0k\0-\0o\0r\0-\0v\0001\0-\0"
	     "b1ecb19dd8b7c46b26a22eccdf03eeddf52ecf4076c19ace327203f26e16af1d"),
		.want = OPENROUTER, .verdict = PASTE_GOOD, .out = OR, .steps = INV },
	/* assignments */
	{ "export ANTHROPIC_API_KEY=" API, APIKEY, PASTE_GOOD, API, ASSIGN },
	{ "export ANTHROPIC_API_KEY=\"" API "\";", APIKEY, PASTE_GOOD, API, ASSIGN | QUOTE },
	{ "ANTHROPIC_API_KEY='" API "'\n", APIKEY, PASTE_GOOD, API, ASSIGN | QUOTE | TRIM },
	{ "ANTHROPIC_API_KEY = " API " ;", APIKEY, PASTE_GOOD, API, ASSIGN },
	{ "$env:ANTHROPIC_API_KEY=\"" API "\"", APIKEY, PASTE_GOOD, API, ASSIGN | QUOTE | PROSE },
	{ "ANTHROPIC_API_KEY: " API, APIKEY, PASTE_GOOD, API, ASSIGN },
	{ "export key=" MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN },
	{ "MISTRAL_API_KEY=" MISTRAL "\nNODE_ENV=production\n", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | TRIM | PROSE },
	{ "docker run -e MISTRAL_API_KEY=" MISTRAL " image", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | PROSE },
	{ "api_key = \"" PROJ "\"", OPENAI, PASTE_GOOD, PROJ, ASSIGN | QUOTE },
	/* base64 is not an assignment */
	{ BASE64, ANY, PASTE_UNUSUAL, BASE64, 0 },
	{ "QUJDREVG=R0hJSktMTU5PUFFSU1Q0", ANY, PASTE_UNUSUAL, "QUJDREVG=R0hJSktMTU5PUFFSU1Q0", 0 },
	{ "abc_def=ghijklmnop12345", ANY, PASTE_UNUSUAL, "abc_def=ghijklmnop12345", 0 },
	{ "AB_CD==", ANY, PASTE_UNUSUAL, "AB_CD==", 0 },
	/* headers */
	{ "Bearer " TOKEN, SETUP, PASTE_GOOD, TOKEN, HEADER },
	{ "Authorization: Bearer " TOKEN, SETUP, PASTE_GOOD, TOKEN, HEADER },
	{ "authorization:bearer " TOKEN "\r\n", SETUP, PASTE_GOOD, TOKEN, HEADER | TRIM },
	{ "x-api-key: " API, APIKEY, PASTE_GOOD, API, HEADER },
	{ "X-Goog-Api-Key: " AIZA, GOOGLE, PASTE_GOOD, AIZA, HEADER },
	{ "-H \"x-api-key: " API "\"", APIKEY, PASTE_GOOD, API, HEADER },
	{ "curl https://api.anthropic.com/v1/models -H 'x-api-key: " API
	  "' \\\n  -H 'anthropic-version: 2023-06-01'",
		APIKEY, PASTE_GOOD, API, HEADER | PROSE },
	{ "curl -H \"Authorization: Bearer " MISTRAL "\" https://api.mistral.ai/v1/models", MIST,
		PASTE_GOOD, MISTRAL, HEADER | PROSE },
	{ "curl -H \"Authorization: Bearer $MISTRAL_API_KEY\" https://api.mistral.ai/v1/models",
		MIST, PASTE_PLACEHOLDER, "", HEADER },
	/* JSON */
	{ "{ \"apiKey\": \"" API "\" }", APIKEY, PASTE_GOOD, API, JSON },
	{ "{\n  \"type\": \"token\",\n  \"provider\": \"mistral\",\n  \"key\": \"" MISTRAL
	  "\"\n}\n",
		MIST, PASTE_GOOD, MISTRAL, JSON | TRIM },
	{ "\"token\": \"" TOKEN "\",", SETUP, PASTE_GOOD, TOKEN, JSON },
	{ "{\"env\":{\"MISTRAL_API_KEY\":\"" MISTRAL "\"}}", MIST, PASTE_GOOD, MISTRAL, JSON },
	{ "{\"access\":\"" TOKEN "\",\"refresh\":\"sk-ant-ort01-4vT9Qw7eXz1Lb8Kc2Rm5\"}", SETUP,
		PASTE_TWO, "", JSON },
	/* quotes */
	{ "\"" TOKEN "\"", SETUP, PASTE_GOOD, TOKEN, QUOTE },
	{ "'" TOKEN "',", SETUP, PASTE_GOOD, TOKEN, QUOTE },
	{ "`" TOKEN "`", SETUP, PASTE_GOOD, TOKEN, QUOTE },
	{ "\xE2\x80\x9C" TOKEN "\xE2\x80\x9D", SETUP, PASTE_GOOD, TOKEN, QUOTE },
	{ "\xE2\x80\x98" MISTRAL "\xE2\x80\x99", MIST, PASTE_GOOD, MISTRAL, QUOTE },
	{ TOKEN ",", SETUP, PASTE_GOOD, TOKEN, 0 },
	/* prose */
	{ TOKEN " (valid for 30 days)", SETUP, PASTE_GOOD, TOKEN, PROSE },
	{ TOKEN " valid for 30 days", SETUP, PASTE_GOOD, TOKEN, PROSE },
	{ TOKEN " 2026-11-22", SETUP, PASTE_GOOD, TOKEN, PROSE },
	{ P0 "\n" P1 P2 P3 " (valid for 1 year)", SETUP, PASTE_GOOD, TOKEN, JOIN | PROSE },
	{ "Your OAuth token (valid for 1 year):\n\n" P0 "\n" P1 P2 P3
	  "\n\nStore this token securely. You won't be able to see it again.\n\n"
	  "Use this token by setting: export CLAUDE_CODE_OAUTH_TOKEN=<token>\n",
		SETUP, PASTE_GOOD, TOKEN, JOIN | PROSE | TRIM },
	{ TOKEN "\nDone", SETUP, PASTE_GOOD, TOKEN, PROSE },
	{ TOKEN "\nuser@gateway-01:~$ ", SETUP, PASTE_GOOD, TOKEN, PROSE | TRIM },
	{ "the key is " OR ".", OPENROUTER, PASTE_GOOD, OR, PROSE },
	{ "key: " PROJ "\nThanks", OPENAI, PASTE_GOOD, PROJ, PROSE },
	{ "Here is the key for the new server: " MISTRAL " bye", MIST, PASTE_GOOD, MISTRAL, PROSE },
	{ "\xE2\x9C\x93 Created\n" OR "\n", OPENROUTER, PASTE_GOOD, OR, PROSE | TRIM },
	{ OR "\xE3\x80\x82", OPENROUTER, PASTE_GOOD, OR, PROSE },
	/* more than one */
	{ TOKEN "\n" TOKEN, SETUP, PASTE_GOOD, TOKEN, TWICE },
	{ TOKEN TOKEN, SETUP, PASTE_GOOD, TOKEN, TWICE },
	{ TOKEN " " TOKEN " " TOKEN, SETUP, PASTE_GOOD, TOKEN, TWICE },
	{ P0 "\n" P1 P2 P3 "\n" P0 "\n" P1 P2 P3 "\n", SETUP, PASTE_GOOD, TOKEN,
		JOIN | TWICE | TRIM },
	{ P0 "\n" P1 P2 P3 P0 "\n" P1 P2 P3, SETUP, PASTE_GOOD, TOKEN, JOIN | TWICE },
	{ MISTRAL MISTRAL, MIST, PASTE_GOOD, MISTRAL, TWICE },
	{ MISTRAL "\n" MISTRAL, MIST, PASTE_GOOD, MISTRAL, TWICE | JOIN },
	{ TOKEN "\n" TOKEN2, SETUP, PASTE_TWO, "", 0 },
	{ TOKEN TOKEN2, SETUP, PASTE_TWO, "", 0 },
	{ P0 TOKEN, SETUP, PASTE_TWO, "", 0 },
	{ "ANTHROPIC_API_KEY=" API "\nOPENAI_API_KEY=" PROJ "\n", APIKEY, PASTE_TWO, "",
		ASSIGN | TRIM },
	/* another's */
	{ PROJ, SETUP, PASTE_OTHER, PROJ, 0 },
	{ OR, OPENAI, PASTE_OTHER, OR, 0 },
	{ API, SETUP, PASTE_OTHER, API, 0 },
	{ TOKEN, APIKEY, PASTE_OTHER, TOKEN, 0 },
	{ AIZA, OPENAI, PASTE_OTHER, AIZA, 0 },
	{ PROJ, DEEPSEEK, PASTE_OTHER, PROJ, 0 },
	{ TOKEN, OPENAI, PASTE_OTHER, TOKEN, 0 },
	{ "sk-ant-admin01-4vT9Qw7eXz1Lb8Kc2Rm5", APIKEY, PASTE_OTHER,
		"sk-ant-admin01-4vT9Qw7eXz1Lb8Kc2Rm5", 0 },
	{ "sk-ant-ort01-4vT9Qw7eXz1Lb8Kc2Rm5", SETUP, PASTE_OTHER,
		"sk-ant-ort01-4vT9Qw7eXz1Lb8Kc2Rm5", 0 },
	{ "ghp_4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", MIST, PASTE_OTHER,
		"ghp_4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", 0 },
	{ "AKIA4VT9QW7EXZ1LB8KC", OPENAI, PASTE_OTHER, "AKIA4VT9QW7EXZ1LB8KC", 0 },
	{ "pplx-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", OPENAI, PASTE_OTHER,
		"pplx-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X", 0 },
	{ DEEP, MIST, PASTE_UNUSUAL, DEEP, 0 },
	/* length */
	{ "sk-ant-oat01-799NksnRH9u4cA5Us7d5MlH4UvTC672QCyEZDz41TddJ8HyS5SUkCnD8zRA9a9SkpX", SETUP,
		PASTE_SHORT,
		"sk-ant-oat01-799NksnRH9u4cA5Us7d5MlH4UvTC672QCyEZDz41TddJ8HyS5SUkCnD8zRA9a9SkpX",
		0 },
	{ P0, SETUP, PASTE_GOOD, P0, END },
	{ "sk-ant-oat01-", SETUP, PASTE_SHORT, "sk-ant-oat01-", 0 },
	{ PROJ PROJ "x", OPENAI, PASTE_TWO, "", 0 },
	{ HEX64 "0" HEX64 "1", MIST, PASTE_LONG, HEX64 "0" HEX64 "1", 0 },
	/* nothing */
	{ "", SETUP, PASTE_EMPTY, "", 0 },
	{ " \n\t ", SETUP, PASTE_EMPTY, "", 0 },
	{ "\033[31m\xE2\x80\x8B", SETUP, PASTE_EMPTY, "", INV },
	{ "hello there, no key here", SETUP, PASTE_EMPTY, "", 0 },
	/* not the key itself */
	{ "YOUR_API_KEY", SETUP, PASTE_PLACEHOLDER, "", 0 },
	{ "<your key here>", SETUP, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-xxxxxxxxxxxxxxxx", OPENAI, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-ant-...", APIKEY, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-ant-api03-abcd...4f2Q", APIKEY, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-ant-api03-\xE2\x80\xA6"
	  "4f2Q",
		APIKEY, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-proj-\xE2\x80\xA2\xE2\x80\xA2\xE2\x80\xA2Zk3f", OPENAI, PASTE_PLACEHOLDER, "", 0 },
	{ "sk-proj-****************Zk3f", OPENAI, PASTE_PLACEHOLDER, "", 0 },
	{ "${ANTHROPIC_API_KEY}", APIKEY, PASTE_PLACEHOLDER, "", 0 },
	{ "export ANTHROPIC_API_KEY=\"...\"", APIKEY, PASTE_PLACEHOLDER, "", ASSIGN | QUOTE },
	{ "export X_KEY=<token>", APIKEY, PASTE_PLACEHOLDER, "", ASSIGN },
	{ "ANTHROPIC_API_KEY=your-key-here", APIKEY, PASTE_PLACEHOLDER, "", ASSIGN },
	/* addresses */
	{ "https://console.anthropic.com/settings/keys", APIKEY, PASTE_ADDRESS, "", 0 },
	{ "console.anthropic.com/settings/keys", APIKEY, PASTE_ADDRESS, "", 0 },
	{ "/home/me/key.txt", APIKEY, PASTE_ADDRESS, "", 0 },
	{ "~/.thinkfleetbot/.env", APIKEY, PASTE_ADDRESS, "", 0 },
	{ "C:\\keys\\a.txt", APIKEY, PASTE_ADDRESS, "", 0 },
	{ "op://vault/item/field", APIKEY, PASTE_ADDRESS, "", 0 },
	/* characters */
	{ "sk-or-v1-b1ecb19dd8b7c46b26a2\xC3\xA9"
	  "2eccdf03eeddf52ecf40",
		OPENROUTER, PASTE_BAD_CHARACTER, "", 0 },
	{ "sk-or-v1-b1ecb19dd8b7c46b26a2!eccdf03eeddf52ecf40", OPENROUTER, PASTE_BAD_CHARACTER, "",
		0 },
	{ "d0peMvgcnNXSl0tv\xD0\xB0"
	  "fZWDL6lau87AYAcf",
		MIST, PASTE_BAD_CHARACTER, "", 0 },
	{ "\xFF\xFE"
	  "d0peMvgcnNXSl0tvfZWD",
		MIST, PASTE_EMPTY, "", 0 },
	/* shapes that are not known */
	{ "tok_4vT9Qw7eXz1Lb8Kc2Rm5", SETUP, PASTE_UNUSUAL, "tok_4vT9Qw7eXz1Lb8Kc2Rm5", 0 },
	{ "p@ss!word#1", ANY, PASTE_UNUSUAL, "p@ss!word#1", 0 },
};

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

static bool fixture_holds(size_t i)
{
	const struct fixture *f = &fixtures[i];
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
	     (r.verdict == PASTE_GOOD) == (r.message[0] == '\0');
	if (!ok)
		print_message(
			"fixture %zu: verdict %d (wanted %d), steps %x (wanted %x)\n  %s\n"
			"  %s\n  %s\n",
			i, r.verdict, f->verdict, r.steps, f->steps, f->raw, out.bytes, r.message);
	secret_release(&out);
	secret_release(&again);
	return ok;
}

static void every_fixture_gives_exactly_its_key(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fixtures); i++)
		wrong += !fixture_holds(i);
	print_message("%zu fixtures\n", ARRAY_LEN(fixtures));
	assert_int_equal(wrong, 0);
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

static void length_of_a_line_gives_a_hint(void **state)
{
	const struct method *m = &provider_find("anthropic")->methods[0];
	static const struct {
		size_t len;
		int columns;
		bool hint;
	} cases[] = { { 80, 132, true }, { 100, 0, true }, { 120, 0, true }, { 92, 93, true },
		{ 95, 93, true }, { 108, 80, false }, { 90, 0, false } };
	char text[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str s = STR_OF(text);

		paste_cut_hint(&s, cases[i].len, cases[i].columns, m);
		assert_int_equal(s.len > 0, cases[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fixture_gives_exactly_its_key),
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
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
