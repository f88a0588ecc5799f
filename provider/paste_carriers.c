/* SPDX-License-Identifier: MIT */

/* What carries a value in scrubbed text: assignments, commands, header lines, JSON members. */
#include <string.h>

#include "provider/paste_parts.h"

#define NAME_MAX_LEN 60

static bool is_name(char c)
{
	return byte_alnum(c) || c == '_';
}

size_t text_skip_blanks(const struct text *t, size_t at)
{
	while (at < t->n && byte_blank(t->p[at]))
		at++;
	return at;
}

size_t text_skip_spaces(const struct text *t, size_t at)
{
	while (at < t->n && t->p[at] == ' ')
		at++;
	return at;
}

static bool starts_word(const struct text *t, size_t at, const char *word)
{
	return starts_nocase(t->p + at, t->n - at, word);
}

static size_t name_end(const struct text *t, size_t at)
{
	while (at < t->n && is_name(t->p[at]))
		at++;
	return at;
}

/* ANTHROPIC_API_KEY; at least one underscore, or a key such as "QUJD=" would look like one. */
static bool is_env_name(const char *p, size_t n)
{
	bool underscore = false;

	for (size_t i = 0; i < n; i++) {
		underscore = underscore || p[i] == '_';
		if (!is_name(p[i]) || (p[i] >= 'a' && p[i] <= 'z'))
			return false;
	}
	return n && underscore && !(p[0] >= '0' && p[0] <= '9');
}

/* api_key, apiKey, accessToken, openai_api_key: how settings call a key. "key" alone is prose. */
static bool is_setting_name(const char *p, size_t n)
{
	static const char *const endings[] = { "api_key", "apikey", "_key", "_token", "authtoken",
		"accesstoken", "_secret" };

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t len = strlen(endings[i]);

		if (n >= len && starts_nocase(p + n - len, len, endings[i]))
			return true;
	}
	return false;
}

static bool is_assigned_name(const char *p, size_t n)
{
	return n && n <= NAME_MAX_LEN && (is_env_name(p, n) || is_setting_name(p, n));
}

static bool assignment_at(const struct text *t, size_t at, struct carrier *c)
{
	static const char word[] = "export ";
	size_t end, value;
	bool exported = starts_word(t, at, word);

	if (exported)
		at = text_skip_spaces(t, at + sizeof(word) - 1);
	end = name_end(t, at);
	if (end == at || end - at > NAME_MAX_LEN ||
		(!exported && !is_assigned_name(t->p + at, end - at)))
		return false;
	value = text_skip_spaces(t, end);
	if (value >= t->n)
		return false;
	/* "NAME: value" is YAML; without the blank it could be a key with a colon. */
	if (t->p[value] == ':' && !(value + 1 < t->n && t->p[value + 1] == ' '))
		return false;
	if (t->p[value] != '=' && t->p[value] != ':')
		return false;
	value = text_skip_spaces(t, value + 1);
	if (value >= t->n || t->p[value] == '=' || byte_blank(t->p[value]))
		return false;
	*c = (struct carrier){ value, PASTE_ASSIGNMENT, at, end - at };
	return true;
}

/* "setx NAME value", "set -gx NAME value", "setenv NAME value": without an equals sign. */
static bool command_at(const struct text *t, size_t at, struct carrier *c)
{
	static const char *const words[] = { "setx ", "setenv ", "set -gx ", "set -x ", "set -Ux ",
		"set --export " };
	size_t end, value;

	if ((t->p[at] | 0x20) != 's')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!starts_word(t, at, words[i]))
			continue;
		at = text_skip_spaces(t, at + strlen(words[i]));
		end = name_end(t, at);
		value = text_skip_spaces(t, end);
		if (value == end || value >= t->n || byte_blank(t->p[value]) ||
			!is_assigned_name(t->p + at, end - at))
			return false;
		*c = (struct carrier){ value, PASTE_ASSIGNMENT, at, end - at };
		return true;
	}
	return false;
}

static bool header_at(const struct text *t, size_t at, struct carrier *c)
{
	static const char *const names[] = { "x-api-key:", "x-goog-api-key:", "xi-api-key:",
		"api-key:", "cf-aig-authorization:", "authorization:", "proxy-authorization:" };
	static const char *const schemes[] = { "bearer ", "token " };
	size_t value = at;

	if (!strchr("xacpb", t->p[at] | 0x20))
		return false; /* none of them begins so */
	for (size_t i = 0; i < ARRAY_LEN(names) && value == at; i++) {
		if (starts_word(t, at, names[i]))
			value = text_skip_blanks(t, at + strlen(names[i]));
	}
	/* "token" outside a header is a word of prose. */
	for (size_t i = 0; i < (value == at ? 1 : ARRAY_LEN(schemes)); i++) {
		if (starts_word(t, value, schemes[i])) {
			value = text_skip_blanks(t, value + strlen(schemes[i]));
			break;
		}
	}
	if (value == at || value >= t->n)
		return false;
	*c = (struct carrier){ value, PASTE_HEADER, 0, 0 };
	return true;
}

static bool is_member_name(const char *p, size_t n)
{
	static const char *const names[] = { "key", "token", "access", "secret" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) == n && memcmp(names[i], p, n) == 0)
			return true;
	}
	return is_assigned_name(p, n);
}

static bool json_at(const struct text *t, size_t at, struct carrier *c)
{
	char quote = t->p[at];
	size_t end = name_end(t, at + 1), value;

	if (quote != '"' && quote != '\'')
		return false;
	if (end >= t->n || t->p[end] != quote || !is_member_name(t->p + at + 1, end - at - 1))
		return false;
	value = text_skip_blanks(t, end + 1);
	if (value >= t->n || t->p[value] != ':')
		return false;
	value = text_skip_blanks(t, value + 1);
	if (value >= t->n || (t->p[value] != '"' && t->p[value] != '\''))
		return false;
	*c = (struct carrier){ value, PASTE_JSON, at + 1, end - at - 1 };
	return true;
}

bool carrier_at(const struct text *t, size_t at, struct carrier *c)
{
	if (at && !byte_blank(t->p[at - 1]) && !strchr("\"'`;:({,", t->p[at - 1]))
		return false;
	if (!is_name(t->p[at]))
		return json_at(t, at, c);
	return header_at(t, at, c) || command_at(t, at, c) || assignment_at(t, at, c);
}
