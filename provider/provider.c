/* SPDX-License-Identifier: MIT */
#include "provider/provider.h"

#include <string.h>

#include "base/provider_name.h"
#include "base/str.h"
#include "provider/own.h"

static const char *const kind_names[] = {
	[CRED_NONE] = "none",
	[CRED_API_KEY] = "api_key",
	[CRED_TOKEN] = "token",
	[CRED_OAUTH] = "oauth",
};

const char *cred_kind_name(enum cred_kind k)
{
	return (size_t)k < ARRAY_LEN(kind_names) ? kind_names[k] : "none";
}

bool cred_kind_parse(const char *name, enum cred_kind *k)
{
	if (strcmp(name, "apiKey") == 0)
		name = "api_key";
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
		if (strcmp(name, kind_names[i]) == 0) {
			*k = (enum cred_kind)i;
			return true;
		}
	}
	return false;
}

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

bool provider_normalise(char *out, size_t cap, const char *id)
{
	return provider_name_normalise(out, cap, id) && out[0];
}

const struct provider *provider_find(const char *id)
{
	char name[65];

	if (!id || !provider_normalise(name, sizeof(name), id))
		return NULL;
	for (size_t i = 0; i < provider_known_count(); i++) {
		if (strcmp(provider_known_at(i)->id, name) == 0)
			return provider_known_at(i);
	}
	return NULL;
}

size_t provider_method_count(const struct provider *p)
{
	size_t n = 0;

	while (n < PROVIDER_METHODS && p->methods[n].id)
		n++;
	return n;
}

const struct method *provider_method(const struct provider *p, const char *method_id)
{
	for (size_t i = 0; i < provider_method_count(p); i++) {
		if (strcmp(p->methods[i].id, method_id) == 0)
			return &p->methods[i];
	}
	return NULL;
}

const struct method *provider_method_of_kind(const struct provider *p, enum cred_kind k)
{
	for (size_t i = 0; i < provider_method_count(p); i++) {
		if (p->methods[i].kind == k && k != CRED_OAUTH)
			return &p->methods[i];
	}
	return NULL;
}

bool provider_offered(const struct provider *p, const char **why)
{
	*why = p->methods[0].kind == CRED_OAUTH ? p->methods[0].note : NULL;
	return !*why;
}

/* --- search ----------------------------------------------------------------------------- */

enum rank {
	RANK_NONE,
	RANK_INSIDE,
	RANK_KEY_PREFIX,
	RANK_WORD,
	RANK_NAME,
	RANK_ALL, /* nothing typed */
};

#define SQUEEZE_CAP 160

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Only letters and digits, lower case: what is compared. */
static void squeeze(char out[SQUEEZE_CAP], const char *text)
{
	size_t n = 0;

	for (; *text && n < SQUEEZE_CAP - 1; text++) {
		if (is_alnum(*text))
			out[n++] = lower(*text);
	}
	out[n] = '\0';
}

static enum rank rank_text(const char *text, const char *typed, enum rank at_start)
{
	char squeezed[SQUEEZE_CAP];

	squeeze(squeezed, text);
	if (str_starts(squeezed, typed))
		return at_start;
	for (const char *p = text; *p; p++) {
		if (p > text && is_alnum(*p) && !is_alnum(p[-1])) {
			squeeze(squeezed, p);
			if (str_starts(squeezed, typed))
				return RANK_WORD;
		}
	}
	squeeze(squeezed, text);
	return strstr(squeezed, typed) ? RANK_INSIDE : RANK_NONE;
}

static enum rank rank_prefixes(const struct provider *p, const char *typed)
{
	char squeezed[SQUEEZE_CAP];

	if (strlen(typed) < 2)
		return RANK_NONE;
	for (size_t m = 0; m < provider_method_count(p); m++) {
		for (size_t i = 0; i < PROVIDER_PREFIXES && p->methods[m].prefixes[i]; i++) {
			squeeze(squeezed, p->methods[m].prefixes[i]);
			if (str_starts(squeezed, typed))
				return RANK_KEY_PREFIX;
		}
	}
	return RANK_NONE;
}

int provider_match(const struct provider *p, const char *typed)
{
	char wanted[SQUEEZE_CAP];
	enum rank best;
	const struct {
		const char *text;
		enum rank at_start;
	} places[] = {
		{ p->label, RANK_NAME },
		{ p->id, RANK_NAME },
		{ p->aliases, RANK_WORD },
		{ p->models_hint, RANK_WORD },
		{ p->group, RANK_WORD },
	};

	squeeze(wanted, typed);
	if (!wanted[0])
		return typed[strspn(typed, " \t")] ? RANK_NONE : RANK_ALL;
	best = rank_prefixes(p, wanted);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		enum rank r = rank_text(places[i].text, wanted, places[i].at_start);

		if (r > best)
			best = r;
	}
	return (int)best;
}
