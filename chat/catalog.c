/* SPDX-License-Identifier: MIT */
#include "chat/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "provider/provider.h"

/* --- the list ------------------------------------------------------------------------------- */

static struct chat_model *find(const struct catalog *c, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->list[i].key, key) == 0)
			return &c->list[i];
	return NULL;
}

const struct chat_model *catalog_find(const struct catalog *c, const char *key)
{
	return find(c, key);
}

bool catalog_add(struct catalog *c, const struct chat_model *m, struct err *e)
{
	struct chat_model *had = find(c, m->key);

	if (had) {
		had->allowed = had->allowed || m->allowed;
		had->near = had->near || m->near;
		if (m->alias[0])
			str_copy(had->alias, sizeof(had->alias), m->alias);
		return true;
	}
	if (c->count == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct chat_model *grown = realloc(c->list, cap * sizeof(*grown));

		if (!grown)
			return err_set(e, ERR_MEMORY, "out of memory");
		c->list = grown;
		c->cap = cap;
	}
	c->list[c->count++] = *m;
	return true;
}

void catalog_release(struct catalog *c)
{
	free(c->list);
	*c = (struct catalog){ 0 };
}

void model_provider(char *out, size_t cap, const char *key)
{
	struct str s = str_on(out, cap);

	str_addn(&s, key, strcspn(key, "/"));
}

const char *model_name(const char *key)
{
	const char *slash = strchr(key, '/');

	return slash ? slash + 1 : key;
}

bool model_of(const char *key, const char *provider)
{
	size_t n = strlen(provider);

	return strncmp(key, provider, n) == 0 && key[n] == '/';
}

/* --- likeness: how many points a model has for what was typed --------------------------------- */

struct weights {
	int exact, starts, includes;
};

static const struct weights whole_weights = { 220, 140, 110 };
static const struct weights provider_weights = { 180, 120, 90 };
static const struct weights model_weights = { 160, 110, 80 };
static const struct weights alias_weights = { 140, 90, 60 };

#define TYPO_MAX 3
#define TYPO_POINTS 70   /* for every letter that is less wrong than that */
#define WORDS_POINTS 130 /* every word that was typed is one of the model's... */
#define WORD_TYPO 10     /* ...less this for a letter that is wrong in one */
#define WORD_TYPO_FROM 4 /* letters; in a shorter one a wrong letter is another word */
#define DEFAULT_POINTS 20
#define FAMILY_POINTS 30 /* "claude/claude-x": the model carries its provider's name */
#define MINIMUM 120
#define MINIMUM_WITH_PROVIDER 90
#define CLOSE 30 /* two that are nearer than that are equally good */

/* Small and fast relatives: meant only when they are named. */
static const struct {
	const char *word;
} variants[] = { { "lightning" }, { "preview" }, { "mini" }, { "fast" }, { "turbo" }, { "lite" },
	{ "beta" }, { "small" }, { "nano" } };

#define VARIANT_MISSED 30
#define VARIANT_MATCHED 40
#define VARIANT_OTHER 20

static void lower(char *out, size_t cap, const char *text)
{
	str_copy(out, cap, text);
	for (; *out; out++)
		if (*out >= 'A' && *out <= 'Z')
			*out = (char)(*out + 32);
}

static int points(const char *value, const char *fragment, const struct weights *w)
{
	if (strcmp(value, fragment) == 0)
		return w->exact;
	if (str_starts(value, fragment))
		return w->starts;
	return strstr(value, fragment) ? w->includes : 0;
}

/* How many letters must be changed, added or left out; more than TYPO_MAX is TYPO_MAX + 1. */
static int distance(const char *a, const char *b)
{
	int row[MODEL_KEY_CAP];
	size_t n = strlen(b);

	if (n >= MODEL_KEY_CAP || strlen(a) > n + TYPO_MAX || n > strlen(a) + TYPO_MAX)
		return TYPO_MAX + 1;
	for (size_t j = 0; j <= n; j++)
		row[j] = (int)j;
	for (size_t i = 0; a[i]; i++) {
		int corner = row[0]; /* of the row before, one column to the left */

		row[0] = (int)i + 1;
		for (size_t j = 0; j < n; j++) {
			int changed = corner + (a[i] != b[j]);
			int best = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;

			corner = row[j + 1];
			row[j + 1] = changed < best ? changed : best;
		}
	}
	return row[n] > TYPO_MAX ? TYPO_MAX + 1 : row[n];
}

/* The next run of letters and digits of *p, which goes behind it; false at the end. */
static bool next_word(const char **p, char out[MODEL_KEY_CAP])
{
	static const char parts[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct str s = str_on(out, MODEL_KEY_CAP);
	size_t n;

	*p += strcspn(*p, parts);
	n = strspn(*p, parts);
	str_addn(&s, *p, n);
	*p += n;
	return n > 0;
}

/* How wrong the word is as one of the text's: 0 or 1, or 2 when it is none of them. */
static int word_in(const char *text, const char *word)
{
	char other[MODEL_KEY_CAP];
	int best = 2;

	while (best && next_word(&text, other)) {
		int wrong = strlen(word) < WORD_TYPO_FROM ? 2 * (strcmp(word, other) != 0)
							  : distance(word, other);

		best = wrong < best ? wrong : best;
	}
	return best;
}

static int word_points(const char *key, const char *alias, const char *fragment)
{
	int score = WORDS_POINTS;
	bool any = false;
	char word[MODEL_KEY_CAP];

	for (; next_word(&fragment, word); any = true) {
		int wrong = word_in(key, word);
		int in_alias = word_in(alias, word);

		wrong = in_alias < wrong ? in_alias : wrong;
		if (wrong > 1)
			return 0;
		score -= wrong * WORD_TYPO;
	}
	return any ? score : 0;
}

static int variant_points(const char *model, const char *fragment)
{
	int named = 0;
	int matched = 0;
	int has = 0;

	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		bool in_model = strstr(model, variants[i].word) != NULL;
		bool in_fragment = strstr(fragment, variants[i].word) != NULL;

		has += in_model;
		named += in_fragment;
		matched += in_model && in_fragment;
	}
	if (!named)
		return -has * VARIANT_MISSED;
	return matched ? matched * VARIANT_MATCHED : -VARIANT_OTHER;
}

int catalog_score(const struct catalog *c, const struct chat_model *m, const char *fragment)
{
	char key[MODEL_KEY_CAP];
	char provider[MODEL_KEY_CAP];
	char alias[MODEL_ALIAS_CAP];
	const char *model;
	int typos;
	int score;

	lower(key, sizeof(key), m->key);
	lower(alias, sizeof(alias), m->alias);
	model_provider(provider, sizeof(provider), key);
	model = model_name(key);
	typos = distance(fragment, model);
	score = points(key, fragment, &whole_weights) +
		points(provider, fragment, &provider_weights) +
		points(model, fragment, &model_weights) + word_points(key, alias, fragment) +
		variant_points(model, fragment);
	if (typos < TYPO_MAX)
		score += (TYPO_MAX - typos) * TYPO_POINTS;
	if (alias[0])
		score += points(alias, fragment, &alias_weights);
	if (str_starts(model, provider))
		score += FAMILY_POINTS;
	if (strcmp(m->key, c->main) == 0)
		score += DEFAULT_POINTS;
	return score;
}

/* --- choosing ------------------------------------------------------------------------------- */

static void take(struct selection *out, const struct catalog *c, const char *key)
{
	const struct chat_model *m = find(c, key);

	out->outcome = SELECT_OK;
	str_copy(out->key, sizeof(out->key), key);
	out->alias = m ? m->alias : "";
	out->is_default = strcmp(key, c->main) == 0;
}

/* Which models are looked at. */
struct search {
	const char *provider; /* NULL: any */
	const char *fragment; /* lower case */
	bool near_only;
};

static bool sought(const struct search *s, const struct chat_model *m)
{
	return m->allowed && (!s->near_only || m->near) &&
	       (!s->provider || model_of(m->key, s->provider));
}

static int best_score(const struct catalog *c, const struct search *s)
{
	int best = 0;

	for (size_t i = 0; i < c->count; i++) {
		int score = sought(s, &c->list[i]) ? catalog_score(c, &c->list[i], s->fragment) : 0;

		best = score > best ? score : best;
	}
	return best;
}

/* False: nothing is like it. */
static bool select_alike(struct selection *out, const struct catalog *c, const struct search *s)
{
	int minimum = s->provider ? MINIMUM_WITH_PROVIDER : MINIMUM;
	int best = s->fragment[0] ? best_score(c, s) : 0;

	if (best < minimum)
		return false;
	for (size_t i = 0; i < c->count && out->count < SELECT_CANDIDATES; i++) {
		int score = sought(s, &c->list[i]) ? catalog_score(c, &c->list[i], s->fragment) : 0;

		if (score >= minimum && best - score < CLOSE)
			out->candidates[out->count++] = &c->list[i];
	}
	if (out->count == 1)
		take(out, c, out->candidates[0]->key);
	else
		out->outcome = SELECT_AMBIGUOUS;
	return true;
}

/* What something here speaks of goes before what the table merely knows. */
static bool select_fragment(
	struct selection *out, const struct catalog *c, const char *provider, const char *fragment)
{
	char lowered[MODEL_KEY_CAP];
	struct search s = { .provider = provider, .fragment = lowered, .near_only = true };

	lower(lowered, sizeof(lowered), fragment);
	if (select_alike(out, c, &s))
		return true;
	s.near_only = false;
	return select_alike(out, c, &s);
}

static bool known_provider(const char *key)
{
	char id[MODEL_KEY_CAP];

	model_provider(id, sizeof(id), key);
	return provider_find(id) != NULL;
}

void catalog_select(
	struct selection *out, const struct catalog *c, const char *typed, const char *resolved)
{
	const struct chat_model *m = find(c, resolved);
	const char *slash = strchr(typed, '/');
	char provider[MODEL_KEY_CAP];

	*out = (struct selection){ .outcome = SELECT_UNKNOWN, .alias = "" };
	str_copy(out->key, sizeof(out->key), resolved);
	model_provider(provider, sizeof(provider), resolved);
	if (resolved[0] && ((m && m->allowed) || strcmp(resolved, c->main) == 0)) {
		take(out, c, resolved);
		return;
	}
	if (!c->restricted && slash && resolved[0] && known_provider(resolved)) {
		take(out, c, resolved);
		return;
	}
	if (slash && resolved[0] && select_fragment(out, c, provider, slash + 1))
		return;
	if (select_fragment(out, c, NULL, typed))
		return;
	if (c->restricted && slash && resolved[0])
		out->outcome = SELECT_FORBIDDEN;
}
