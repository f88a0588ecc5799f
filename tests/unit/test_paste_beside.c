/* SPDX-License-Identifier: MIT */

/*
 * A key beside something else, and a key in pieces: whatever stands around it, what is kept is one
 * of the keys that were pasted, whole, or nothing.
 */
#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/paste_fixtures.h"

static const char *const keys[] = { TOKEN, API, OR, PROJ, OPENAI_WHOLE, AIZA, GSK, XAI, MISTRAL,
	ZAI, DEEP, CSK, TGP, HEX64, FIREWORKS, HF, NVAPI, PPLX, VERCEL, VENICE, CHUTES, SYNTHETIC,
	BEDROCK, ELEVEN, KIMI, MINIMAX, MINIMAX_PLAN, QIANFAN, SVCACCT, JWT, DEEPGRAM, COHERE,
	ARK };

/* What else people copy along: keys without a prefix, and what is no key at all. */
static const char *const others[] = { MISTRAL, COHERE, DEEPGRAM, HEX64, ARK, BASE64, ZAI,
	"fb8a5f1b461595919cb589f6aec38bca", "hunter2Hunter", "a1B2c3D4", "2026-11-22", "Thanks",
	"ok", "12345", "claude-opus-4-5", "DEBUG=1" };

static const char *const between[] = { "\n", "\r\n", "\n\n", " \n", "\n    ", " ", "     ", "\t",
	"\nand the other one: ", "\nOTHER_KEY=", "\nexport OTHER_KEY=\"",
	"\nother=", "\nother: ", "\n- ", "\n# ", ", ", "; ", " | ", "\xE2\x80\xA8", "\n\"" };

static const char *const before[] = { "", "export SOME_API_KEY=", "my key: " };

static const struct {
	const char *provider, *method;
} wanted[] = { { NULL, NULL }, { "anthropic", "setup-token" }, { "openai", "api-key" },
	{ "mistral", "api-key" }, { "together", "api-key" } };

static bool kept(const struct str *raw, size_t w, struct secret *out, struct paste_report *r)
{
	const struct provider *p = provider_find(wanted[w].provider);
	struct err e = { 0 };

	assert_ok(paste_clean(out, raw->p, raw->len, p,
			  p ? provider_method(p, wanted[w].method) : NULL, r, &e),
		e);
	return out->len > 0;
}

static bool is_one_of(const struct secret *out, const char *a, const char *b)
{
	return strcmp(out->bytes, a) == 0 || strcmp(out->bytes, b) == 0;
}

/* All cases are for the night; a run by day tries one in so many, which is prime to every list. */
static bool all;

static bool is_tried(size_t i)
{
	return all || i % 211 == 0;
}

static void key_is_never_joined_to_what_stands_beside_it(void **state)
{
	char text[2048];
	size_t tried = 0, refused = 0;
	size_t total = ARRAY_LEN(keys) * ARRAY_LEN(others) * ARRAY_LEN(between) *
		       ARRAY_LEN(before) * ARRAY_LEN(wanted) * 2;

	(void)state;
	for (size_t i = 0; i < total; i++) {
		size_t at = i;
		bool swap = at % 2;
		const char *key = keys[(at /= 2) % ARRAY_LEN(keys)];
		const char *other = others[(at /= ARRAY_LEN(keys)) % ARRAY_LEN(others)];
		const char *gap = between[(at /= ARRAY_LEN(others)) % ARRAY_LEN(between)];
		const char *label = before[(at /= ARRAY_LEN(between)) % ARRAY_LEN(before)];
		struct str raw = STR_OF(text);
		struct secret out = { 0 };
		struct paste_report r;

		if (!is_tried(i))
			continue;
		str_fmt(&raw, "%s%s%s%s", label, swap ? other : key, gap, swap ? key : other);
		tried++;
		if (!kept(&raw, at / ARRAY_LEN(before) % ARRAY_LEN(wanted), &out, &r))
			refused++;
		else if (!is_one_of(&out, key, other))
			fail_msg("%s\n  gave: %s", raw.p, out.bytes);
		secret_release(&out);
	}
	print_message("%zu cases, %zu refused\n", tried, refused);
}

/* A piece of a key is not called good: it is refused, or a person is warned. */
static void key_in_two_pieces_is_whole_or_told(void **state)
{
	static const char *const after[] = { "", "\n", "\n" HEX64 "\n", "\n" MISTRAL, " (1 year)",
		"\nOTHER_KEY=" COHERE };
	size_t tried = 0, whole = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys) * ARRAY_LEN(after) * 256; i++) {
		const char *key = keys[i / 256 % ARRAY_LEN(keys)];
		const char *tail = after[i / 256 / ARRAY_LEN(keys)];
		size_t cut = i % 256;
		char text[2048];
		struct str raw = STR_OF(text);
		struct secret out = { 0 };
		struct paste_report r;

		if (cut < 16 || cut >= strlen(key) || !is_tried(i))
			continue;
		str_fmt(&raw, "%.*s\n%s%s", (int)cut, key, key + cut, tail);
		tried++;
		if (kept(&raw, i % ARRAY_LEN(wanted), &out, &r) && r.verdict == PASTE_GOOD &&
			!(r.steps & PASTE_ENDING) && !is_one_of(&out, key, COHERE))
			fail_msg("%s\n  gave: %s", raw.p, out.bytes);
		whole += strcmp(out.bytes, key) == 0;
		secret_release(&out);
	}
	print_message("%zu cases, %zu whole\n", tried, whole);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_never_joined_to_what_stands_beside_it),
		cmocka_unit_test(key_in_two_pieces_is_whole_or_told),
	};
	struct err e = { 0 };

	all = argc > 1 && strcmp(argv[1], "all") == 0;
	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
