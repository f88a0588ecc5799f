/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chat/reply.h"
#include "provider/provider.h"

/* "/models" (gateway-family.md 11.3): "[provider] [page|page=N] [all|--all] [limit=N|size=N]". */

#define PAGE_SIZE 20
#define PAGE_SIZE_MAX 100
#define WORD_CAP 96
#define NUMBER_MAX 1000000

struct request {
	char provider[WORD_CAP]; /* normalised, or "" */
	size_t page, size;
	bool all;
};

/* Above 0, else the fallback; what is too large is cut off, it is out of any range anyway. */
static size_t number(const char *text, size_t fallback)
{
	size_t n = 0;

	for (; *text >= '0' && *text <= '9' && n < NUMBER_MAX; text++)
		n = n * 10 + (size_t)(*text - '0');
	return n ? n : fallback;
}

static void take_size(struct request *r, const char *text)
{
	r->size = number(text, r->size);
	if (r->size > PAGE_SIZE_MAX)
		r->size = PAGE_SIZE_MAX;
}

static void take_page(struct request *r, const char *text)
{
	r->page = number(text, r->page);
}

static void take_word(struct request *r, const char *word)
{
	static const struct {
		const char *prefix;
		void (*take)(struct request *r, const char *text);
	} rows[] = { { "page=", take_page }, { "limit=", take_size }, { "size=", take_size } };

	if (str_equal_nocase(word, "all") || str_equal_nocase(word, "--all")) {
		r->all = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].prefix);

		if (strncasecmp(word, rows[i].prefix, n) == 0) {
			rows[i].take(r, word + n);
			return;
		}
	}
	if (reply_is_number(word))
		take_page(r, word);
}

static void parse(struct request *r, const char *text)
{
	static const char blanks[] = " \t\r\n";
	bool first = true;

	*r = (struct request){ .page = 1, .size = PAGE_SIZE };
	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);
		char word[WORD_CAP];
		struct str s = STR_OF(word);

		str_addn(&s, text, n);
		if (!first)
			take_word(r, word);
		else if (!provider_normalise(r->provider, sizeof(r->provider), word))
			str_copy(r->provider, sizeof(r->provider), word);
		first = false;
		text += n;
	}
}

/* The models as they are listed: sorted, each once. */
struct listing {
	const char **keys;
	size_t count;
};

/* By provider first: "google" goes before "google-vertex", whatever "/" and "-" are. */
static int compare(const void *a, const void *b)
{
	const char *x = *(const char *const *)a;
	const char *y = *(const char *const *)b;

	for (; *x && *x == *y; x++, y++)
		;
	if ((*x == '/') != (*y == '/'))
		return *x == '/' ? -1 : 1;
	return (unsigned char)*x - (unsigned char)*y;
}

static bool listing_init(struct listing *l, const struct catalog *c, struct err *e)
{
	l->keys = calloc(c->count + 1, sizeof(*l->keys));
	if (!l->keys)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < c->count; i++)
		l->keys[l->count++] = c->list[i].key;
	qsort(l->keys, l->count, sizeof(*l->keys), compare);
	return true;
}

/* How many from `at` on have its provider, which is put into `provider`. */
static size_t group_at(const struct listing *l, size_t at, char provider[MODEL_KEY_CAP])
{
	size_t n = 0;

	model_provider(provider, MODEL_KEY_CAP, l->keys[at]);
	while (at + n < l->count && model_of(l->keys[at + n], provider))
		n++;
	return n;
}

static bool add_providers(struct buf *out, const struct listing *l, bool counted, struct err *e)
{
	char provider[MODEL_KEY_CAP];
	bool ok = true;
	size_t n;

	for (size_t i = 0; ok && i < l->count; i += n) {
		n = group_at(l, i, provider);
		ok = counted ? buf_fmt(out, e, "- %s (%zu)\n", provider, n)
			     : buf_fmt(out, e, "- %s\n", provider);
	}
	return ok;
}

static bool reply_providers(struct buf *out, const struct listing *l, struct err *e)
{
	return buf_text(out, "Providers:\n", e) && add_providers(out, l, true, e) &&
	       buf_text(out, "\nUse: /models <provider>\nSwitch: /model <provider/model>", e);
}

static bool reply_unknown(
	struct buf *out, const struct listing *l, const char *provider, struct err *e)
{
	const struct provider *known = provider_find(provider);

	if (known)
		return buf_fmt(out, e,
			"Models (%s) — none\n\nBrowse: /models\n"
			"Switch: /model <provider/model>",
			provider);
	return buf_fmt(out, e, "Unknown provider: %s\n\nAvailable providers:\n", provider) &&
	       add_providers(out, l, false, e) && buf_text(out, "\nUse: /models <provider>", e);
}

static bool reply_out_of_range(
	struct buf *out, const struct request *r, size_t pages, struct err *e)
{
	size_t near = r->page > pages ? pages : 1;

	return buf_fmt(out, e,
		"Page out of range: %zu (valid: 1-%zu)\n\nTry: /models %s %zu\nAll: /models %s all",
		r->page, pages, r->provider, near, r->provider);
}

static bool reply_page(struct buf *out, const struct request *r, const char *const *keys,
	size_t total, struct err *e)
{
	size_t size = r->all ? total : r->size;
	size_t pages = (total + size - 1) / size;
	size_t page = r->all ? 1 : r->page;
	size_t from = (page - 1) * size;
	size_t to = from + size < total ? from + size : total;
	bool ok;

	if (page > pages)
		return reply_out_of_range(out, r, pages, e);
	ok = buf_fmt(out, e, "Models (%s) — showing %zu-%zu of %zu (page %zu/%zu)\n", r->provider,
		from + 1, to, total, page, pages);
	for (size_t i = from; ok && i < to; i++)
		ok = buf_fmt(out, e, "- %s\n", keys[i]);
	ok = ok && buf_text(out, "\nSwitch: /model <provider/model>", e);
	if (ok && page < pages)
		ok = buf_fmt(out, e, "\nMore: /models %s %zu", r->provider, page + 1);
	return ok && (r->all || buf_fmt(out, e, "\nAll: /models %s all", r->provider));
}

bool reply_models(struct buf *out, const struct catalog *c, const char *arguments, struct err *e)
{
	struct listing l = { 0 };
	char provider[MODEL_KEY_CAP];
	struct request r;
	bool ok = listing_init(&l, c, e);
	size_t at = 0;
	size_t n = 0;

	parse(&r, arguments);
	for (; ok && r.provider[0] && at < l.count; at += n) {
		n = group_at(&l, at, provider);
		if (strcmp(provider, r.provider) == 0)
			break;
	}
	if (ok && !l.count)
		ok = buf_text(out, "No models available.", e);
	else if (ok && !r.provider[0])
		ok = reply_providers(out, &l, e);
	else if (ok && at == l.count)
		ok = reply_unknown(out, &l, r.provider, e);
	else if (ok && n)
		ok = reply_page(out, &r, l.keys + at, n, e);
	free(l.keys);
	return ok;
}
