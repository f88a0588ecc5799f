/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "provider/paste_parts.h"

/*
 * What the provider table does not tell about a prefix: that every key has one length or usually
 * one ending, a name of its own, or that it is of no use for models. Sources:
 * gateway-family.md 14.2 and 16; lengths also gitleaks (config/gitleaks.toml) and trufflehog
 * (nvapi, elevenlabs/v2). Every other prefix comes from the table (add_provider()). "sk-" and "eyJ"
 * belong to many: they name no one, and the row of the wanted provider decides.
 */
#define MIDDLE "T3BlbkFJ" /* of the keys of OpenAI, of all lengths: gitleaks, openai-api-key */

static const struct kind notable[] = {
	{ "sk-ant-oat01-", "Anthropic setup-token", "anthropic", "setup-token", 0, "AA", true },
	{ "sk-ant-api03-", "Anthropic API key", "anthropic", "api-key", 0, "AA", true },
	{ "sk-ant-ort01-", "Anthropic refresh token", "anthropic", NULL, 0, NULL, true },
	{ "sk-ant-admin", "Anthropic admin key", "anthropic", NULL, 0, NULL, true },
	{ "sk-ant-", "Anthropic key of an unknown kind", "anthropic", "api-key", 0, NULL, true },
	{ "sk-or-v1-", "OpenRouter API key", "openrouter", "api-key", 73, NULL, true },
	{ "sk-proj-", "OpenAI project key", "openai", "api-key", 0, NULL, true, MIDDLE },
	{ "sk-svcacct-", "OpenAI service account key", "openai", "api-key", 0, NULL, true, MIDDLE },
	{ "sk-admin-", "OpenAI admin key", "openai", NULL, 0, NULL, true, MIDDLE },
	{ "sk-cp-", "MiniMax coding plan key", "minimax", "api-key", 0, NULL, false },
	{ "sk-", "", NULL, NULL, 0, NULL, false, MIDDLE },
	{ "eyJ", "", NULL, NULL, 0, NULL, false },
	{ "AIza", "Google API key", "google", "api-key", 39, NULL, false },
	{ "AQ.", "Google API key", "google", "api-key", 0, NULL, false },
	{ "ya29.", "Google access token", "google", NULL, 0, NULL, false },
	{ "xai-", "xAI API key", "xai", "api-key", 84, NULL, false },
	{ "gsk_", "Groq API key", "groq", "api-key", 56, NULL, false },
	{ "hf_", "Hugging Face token", "huggingface", "api-key", 37, NULL, false },
	{ "nvapi-", "NVIDIA API key", "nvidia", "api-key", 70, NULL, true },
	{ "pplx-", "Perplexity API key", "perplexity", "api-key", 53, NULL, true },
	{ "sk_", "ElevenLabs API key", "elevenlabs", "api-key", 51, NULL, false },
	{ "sk_live_", "Stripe secret key", "stripe", NULL, 0, NULL, true },
	{ "sk_test_", "Stripe secret key", "stripe", NULL, 0, NULL, true },
	{ "AKIA", "AWS access key id", "amazon-bedrock", NULL, 20, NULL, false },
	{ "ASIA", "AWS access key id", "amazon-bedrock", NULL, 20, NULL, false },
	{ "ghp_", "GitHub token", "github-copilot", NULL, 40, NULL, false },
	{ "gho_", "GitHub token", "github-copilot", NULL, 40, NULL, false },
	{ "ghu_", "GitHub token", "github-copilot", NULL, 40, NULL, false },
	{ "ghs_", "GitHub token", "github-copilot", NULL, 40, NULL, false },
	{ "github_pat_", "GitHub token", "github-copilot", NULL, 0, NULL, true },
	{ "glpat-", "GitLab token", "gitlab", NULL, 0, NULL, true },
	{ "xoxb-", "Slack token", "slack", NULL, 0, NULL, false },
	{ "xoxp-", "Slack token", "slack", NULL, 0, NULL, false },
	{ "xapp-", "Slack token", "slack", NULL, 0, NULL, false },
};

/*
 * All kinds in the order of their first byte, made once from the rows above and the provider table.
 * It holds public prefixes only.
 */
#define KINDS_MAX 160

/* How long those that have an ending are; 108 is usual. */
#define ENDED_LEAST 100
#define ENDED_MOST 120

static struct {
	struct kind rows[KINDS_MAX];
	size_t count;
	size_t from[UCHAR_MAX + 2]; /* rows that begin with byte b: from[b] to from[b + 1] */
} kinds;

static void add_kind(const struct kind *k)
{
	size_t at = kinds.count;

	for (size_t i = 0; i < kinds.count; i++) {
		if (strcmp(kinds.rows[i].prefix, k->prefix) == 0)
			return; /* the first one names it */
	}
	if (kinds.count == KINDS_MAX)
		return;
	for (; at && (unsigned char)kinds.rows[at - 1].prefix[0] > (unsigned char)k->prefix[0];
		at--)
		kinds.rows[at] = kinds.rows[at - 1];
	kinds.rows[at] = *k;
	kinds.count++;
}

static void add_provider(const struct provider *p)
{
	for (size_t m = 0; m < provider_method_count(p); m++) {
		for (size_t i = 0; i < PROVIDER_PREFIXES && p->methods[m].prefixes[i]; i++) {
			const char *prefix = p->methods[m].prefixes[i];

			add_kind(&(struct kind){ .prefix = prefix,
				.provider = p->id,
				.method = p->methods[m].id,
				.strong = strlen(prefix) >= 7 });
		}
	}
}

static void make_kinds(void)
{
	for (size_t i = 0; i < ARRAY_LEN(notable); i++)
		add_kind(&notable[i]);
	for (size_t i = 0; i < provider_count(); i++)
		add_provider(provider_at(i));
	for (size_t i = 0; i < kinds.count; i++) {
		unsigned char b = (unsigned char)kinds.rows[i].prefix[0];

		for (size_t later = (size_t)b + 1; later < ARRAY_LEN(kinds.from); later++)
			kinds.from[later] = i + 1;
	}
}

void kind_name(struct str *out, const struct kind *k)
{
	const struct provider *p = k->name ? NULL : provider_find(k->provider);

	if (p)
		str_fmt(out, "%s %s", p->label, provider_method(p, k->method)->noun);
	else
		str_add(out, k->name);
}

bool byte_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool byte_blank(char c)
{
	return c == ' ' || c == '\n';
}

bool byte_key(char c)
{
	return byte_alnum(c) || (c && strchr("-_.~+/=", c));
}

int byte_class(char c)
{
	if (c >= 'a' && c <= 'z')
		return 1;
	if (c >= 'A' && c <= 'Z')
		return 2;
	return c >= '0' && c <= '9' ? 3 : 0;
}

bool looks_random(const char *p, size_t n)
{
	size_t changes = 0;
	bool digit = false;

	for (size_t i = 0; i < n; i++) {
		digit = digit || byte_class(p[i]) == 3;
		if (i && byte_class(p[i]) && byte_class(p[i - 1]))
			changes += byte_class(p[i]) != byte_class(p[i - 1]);
	}
	return n >= 8 && digit && changes >= n / 4;
}

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

bool starts_nocase(const char *p, size_t n, const char *word)
{
	for (; *word; p++, n--, word++) {
		if (!n || lower(*p) != lower(*word))
			return false;
	}
	return true;
}

static bool starts(const char *p, size_t n, const char *prefix)
{
	size_t len = strlen(prefix);

	return n >= len && memcmp(p, prefix, len) == 0;
}

const struct kind *kind_of(const char *p, size_t n)
{
	const struct kind *best = NULL;
	size_t length = 0;
	unsigned char b = n ? (unsigned char)*p : 0;

	if (!kinds.count)
		make_kinds();
	for (size_t i = kinds.from[b]; i < kinds.from[b + 1]; i++) {
		if (starts(p, n, kinds.rows[i].prefix) && strlen(kinds.rows[i].prefix) > length) {
			best = &kinds.rows[i];
			length = strlen(best->prefix);
		}
	}
	return best;
}

bool kind_glued(const char *p, size_t n)
{
	const struct kind *first = kind_of(p, n);
	size_t len = first ? first->full_len : 0;

	if (len && n >= len + 16 && kind_of(p + len, n - len))
		return true;
	for (size_t at = 1; at < n; at++) {
		const struct kind *k = kind_of(p + at, n - at);

		if (k && k->strong)
			return true;
	}
	return false;
}

bool kind_ends(const struct kind *k, const char *p, size_t n)
{
	size_t len = strlen(k->ending);

	return n >= len && memcmp(p + n - len, k->ending, len) == 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool looks_zai(const char *p, size_t n)
{
	if (n != 49 || p[32] != '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (i < 32 ? !is_hex(p[i]) : i > 32 && !byte_alnum(p[i]))
			return false;
	}
	return true;
}

/* p and more as if they were one text. */
static char byte_of(const char *p, size_t n, const char *more, size_t i)
{
	const char *byte = i < n ? p + i : more + (i - n);

	return *byte;
}

/* Where the middle of its kind stands in p and more; 0: nowhere. */
static size_t middle_at(const struct kind *k, const char *p, size_t n, const char *more, size_t m)
{
	size_t len = strlen(k->middle);

	for (size_t at = strlen(k->prefix) + 1; at + len <= n + m; at++) {
		size_t same = 0;

		while (same < len && byte_of(p, n, more, at + same) == k->middle[same])
			same++;
		if (same == len)
			return at;
	}
	return 0;
}

/* How long a complete one is whose beginning is p and more; 0: unknown. */
static size_t full_len(const struct kind *k, const char *p, size_t n, const char *more, size_t m)
{
	size_t middle = k->middle ? middle_at(k, p, n, more, m) : 0;

	if (middle)
		return 2 * middle + strlen(k->middle) - strlen(k->prefix);
	return k->full_len;
}

bool kind_complete(const char *p, size_t n)
{
	const struct kind *k = kind_of(p, n);
	size_t full = k ? full_len(k, p, n, "", 0) : 0;

	if (!k)
		return looks_zai(p, n);
	if (full)
		return n >= full;
	/* More than a cut at 80 leaves. */
	return k->ending && n >= ENDED_LEAST && kind_ends(k, p, n);
}

bool kind_completed_by(const char *p, size_t n, const char *more, size_t m)
{
	const struct kind *k = kind_of(p, n);
	size_t full = k ? full_len(k, p, n, more, m) : 0;

	if (!k)
		return false;
	if (full)
		return n + m == full;
	return k->ending && n + m >= ENDED_LEAST && n + m <= ENDED_MOST &&
	       more[m - 1] == k->ending[1] && (m > 1 ? more[m - 2] : p[n - 1]) == k->ending[0];
}

bool kind_allows(const char *p, size_t n, size_t m)
{
	const struct kind *k = kind_of(p, n);
	size_t full = k ? full_len(k, p, n, "", 0) : 0;

	if (full)
		return n + m < full;
	return k && k->ending && n + m <= ENDED_MOST;
}

bool kind_unfinished(const char *p, size_t n)
{
	const struct kind *k = kind_of(p, n);
	size_t full = k ? full_len(k, p, n, "", 0) : 0;

	if (full)
		return n != full;
	return k && k->ending && !kind_ends(k, p, n);
}

/* Is one of the words in it? Every one of them begins with a letter of `initials`. */
static bool contains_nocase(
	const char *p, size_t n, const char *const *words, size_t count, const char *initials)
{
	for (; n; p++, n--) {
		if (!*p || !strchr(initials, lower(*p)))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (starts_nocase(p, n, words[i]))
				return true;
		}
	}
	return false;
}

/* How many bytes of one value stand at p. */
static size_t repeated(const char *p, size_t n)
{
	size_t k = 1;

	while (k < n && p[k] == p[0])
		k++;
	return k;
}

static bool has_filler(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((p[i] == '.' || p[i] == '*') && repeated(p + i, n - i) >= 3)
			return true;
		if ((p[i] == 'x' || p[i] == 'X') && repeated(p + i, n - i) >= 5)
			return true;
	}
	return false;
}

/* "ANTHROPIC_API_KEY", "$KEY", "${KEY}", "<token>", "{{key}}", "%KEY%". */
static bool names_variable(const char *p, size_t n)
{
	bool underscore = false;

	if (strchr("$<{%", p[0]))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '_')
			underscore = true;
		else if (!(p[i] >= 'A' && p[i] <= 'Z'))
			return false;
	}
	return underscore;
}

bool looks_placeholder(const char *p, size_t n)
{
	static const char *const words[] = { "your_", "your-", "yourkey", "yourapi", "yourtoken",
		"placeholder", "changeme", "change-me", "change_me", "replace_me", "replace-me",
		"replaceme", "example", "redacted", "key-here", "key_here", "token-here",
		"token_here", "paste-here", "__openclaw_" };
	const struct kind *k;

	if (!n)
		return false;
	if (has_filler(p, n) || names_variable(p, n))
		return true;
	if (contains_nocase(p, n, words, ARRAY_LEN(words), "ypcrekt_"))
		return true;
	k = kind_of(p, n);
	if (k) {
		size_t skip = strlen(k->prefix);

		return n - skip >= 3 && repeated(p + skip, n - skip) == n - skip;
	}
	return n >= 3 && repeated(p, n) == n;
}

static size_t count(const char *p, size_t n, char c)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += p[i] == c;
	return k;
}

/* "console.anthropic.com/settings/keys": a lower-case host with a known ending. */
static bool starts_with_host(const char *p, size_t n)
{
	static const char *const endings[] = { ".com", ".ai", ".io", ".dev", ".net", ".org", ".xyz",
		".cn" };
	size_t host = 0;

	while (host < n &&
		((p[host] >= 'a' && p[host] <= 'z') || (p[host] >= '0' && p[host] <= '9') ||
			p[host] == '-' || p[host] == '.'))
		host++;
	if (host < n && p[host] != '/' && p[host] != ':')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t len = strlen(endings[i]);

		if (host > len && memcmp(p + host - len, endings[i], len) == 0)
			return true;
	}
	return false;
}

bool looks_address(const char *p, size_t n)
{
	for (size_t i = 0; i + 3 <= n && i < 16; i++) {
		if (memcmp(p + i, "://", 3) == 0)
			return true;
	}
	if (starts(p, n, "~/") || starts(p, n, "./") || starts(p, n, "../"))
		return true;
	/* Base64 may start with a slash: a path has two, or a dot, or is short. */
	if (n && p[0] == '/')
		return n < 20 || count(p, n, '.') || count(p, n, '/') > 2;
	if (n > 3 && byte_alnum(p[0]) && p[1] == ':' && p[2] == '\\')
		return true;
	return starts_with_host(p, n);
}
