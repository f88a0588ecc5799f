/* SPDX-License-Identifier: MIT */

/*
 * A credential has run into a blank or a line end: is what stands behind it its other half (a
 * terminal wrapped it), another text, or another key? Only proof joins, and only what cannot be a
 * part of a key is dropped: a known length or ending, lines of one length, a value that is too
 * short to be whole. Two keys that could be one are told, never stored as one.
 */
#include <string.h>

#include "provider/paste_parts.h"

/* No key without a prefix is shorter. */
#define BARE_LEAST 32

struct piece {
	const char *p;
	size_t n;
	size_t at;       /* in the text */
	size_t newlines; /* between the value and it */
	size_t line;     /* length of the line that the value ends */
};

/* A prefix that cannot stand there by chance, in the middle of whatever else. */
static bool is_strong_at(const struct text *t, size_t at)
{
	const struct kind *k = kind_of(t->p + at, t->n - at);

	return k && k->strong;
}

size_t text_key_run(const struct text *t, size_t at)
{
	size_t n = 0;

	/* Two that were pasted without a blank between them are two runs. */
	while (at + n < t->n && byte_key(t->p[at + n]) && !(n && is_strong_at(t, at + n)))
		n++;
	return n;
}

bool text_known_at(const struct text *t, size_t at)
{
	const char *p = t->p + at;

	if (is_strong_at(t, at))
		return true;
	if (at && byte_key(p[-1]) && p[-1] != '=' && p[-1] != '/')
		return false;
	/* "sk-learn" in prose is not a key. */
	return kind_of(p, t->n - at) && text_key_run(t, at) >= KEY_LEAST;
}

bool byte_closer(char c)
{
	return c && strchr("\"'`,;)]}>|\\", c);
}

/* --- what a piece looks like ---------------------------------------------------------------------
 */

/* "done", "Done" or "DONE", and perhaps punctuation: not "dONe". */
static bool is_word(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int now = byte_class(p[i]), last = i ? byte_class(p[i - 1]) : 0;
		int before = i > 1 ? byte_class(p[i - 2]) : 0;

		if (now == 3 || strchr("+/=_", p[i]) || (now == 2 && last == 1) ||
			(now == 1 && last == 2 && before == 2))
			return false;
	}
	return true;
}

/* "2026-11-22", "claude-opus-4-5", "10.0.0.12": words and numbers with something between them. */
static bool is_compound(const struct piece *piece)
{
	size_t from = 0, separators = 0;
	int digits = -1;

	for (size_t i = 0; i <= piece->n; i++) {
		bool ends = i == piece->n || strchr("-./", piece->p[i]);

		if (!ends && digits >= 0 && digits != (byte_class(piece->p[i]) == 3))
			return false;
		if (!ends) {
			digits = byte_class(piece->p[i]) == 3;
			continue;
		}
		if (digits == 0 && !is_word(piece->p + from, i - from))
			return false;
		separators += i < piece->n;
		from = i + 1;
		digits = -1;
	}
	return piece->n >= 8 && separators;
}

/* "DEBUG=1": what stands behind an equals sign that is no padding. */
static bool is_assignment(const struct piece *piece)
{
	const char *equals = memchr(piece->p, '=', piece->n);
	const char *end = piece->p + piece->n;

	while (equals && equals < end && *equals == '=')
		equals++;
	return equals && equals < end;
}

static bool has_alnum(const struct piece *piece)
{
	for (size_t i = 0; i < piece->n; i++) {
		if (byte_class(piece->p[i]))
			return true;
	}
	return false;
}

/* Text that no key contains. */
static bool is_no_key(const struct piece *piece)
{
	if (!has_alnum(piece))
		return piece->n > 2 || piece->p[0] != '=';
	return is_assignment(piece) || is_compound(piece) || looks_address(piece->p, piece->n);
}

static unsigned alphabet(const char *p, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (byte_class(p[i]) == 1)
			seen |= p[i] > 'f' ? 2 : 1;
		else if (byte_class(p[i]) == 2)
			seen |= 4;
	}
	return seen;
}

/* So long a piece of a key has the letters of its other half: hexadecimal digits, say, or all. */
static bool has_other_alphabet(const struct secret *value, const struct piece *piece)
{
	const struct kind *k = kind_of(value->bytes, value->len);
	size_t skip = k ? strlen(k->prefix) : 0;

	return piece->n >= KEY_LEAST && value->len >= skip + KEY_LEAST &&
	       alphabet(piece->p, piece->n) != alphabet(value->bytes + skip, value->len - skip);
}

/* --- what the lines tell
 * -------------------------------------------------------------------------- */

static size_t line_start(const struct text *t, size_t at)
{
	while (at && t->p[at - 1] != '\n')
		at--;
	return at;
}

/* Nothing but closing punctuation stands between `at` and the end of its line, or a remark. */
static bool ends_line(const struct text *t, size_t at)
{
	while (at < t->n && (t->p[at] == ' ' || byte_closer(t->p[at])))
		at++;
	return at >= t->n || t->p[at] == '\n' || t->p[at] == '(';
}

static bool usual_width(size_t columns)
{
	return columns == 80 || columns == 100 || columns == 120;
}

/* The line that ends at `at` is as long as the one before it, with or without what indents them. */
static bool repeats_width(const struct text *t, size_t at)
{
	size_t from = line_start(t, at), before, end;

	if (!from)
		return false;
	before = line_start(t, from - 1);
	for (end = from - 1; end > before && t->p[end - 1] == ' ';)
		end--;
	return end - before == at - from || end - before == at - text_skip_spaces(t, from) ||
	       end - text_skip_spaces(t, before) == at - text_skip_spaces(t, from);
}

/*
 * A terminal cut the line: it is as long as the one before, or as terminals are, and holds nothing
 * but the value. A key that was labelled, or that nothing is known about, may be as long by chance.
 */
static bool is_wrapped(const struct gap *g, size_t at, const struct piece *piece)
{
	const struct kind *k = kind_of(g->value->bytes, g->value->len);
	size_t from = text_skip_spaces(g->text, at - piece->line);

	if (piece->newlines != 1 || piece->n > piece->line)
		return false;
	if (g->lines > 1)
		return repeats_width(g->text, at);
	return k && !k->middle && at - from == g->value->len &&
	       (usual_width(piece->line) || usual_width(g->value->len));
}

/* --- the decision
 * --------------------------------------------------------------------------------- */

/*
 * Shorter than this is no whole credential; 0: unknown. Without a prefix, what was wanted tells it,
 * but another provider's may have been pasted, and some have 32 characters.
 */
static size_t least_len(const struct gap *g)
{
	const struct kind *k = kind_of(g->value->bytes, g->value->len);
	const struct method *m = g->method;

	if (k && k->provider && k->method)
		return provider_method(provider_find(k->provider), k->method)->min_len;
	return !k && m && !m->prefixes[0] && m->min_len ? BARE_LEAST : 0;
}

/*
 * A value of no known kind, and a piece after a blank: another key rather than its rest? No
 * terminal is so narrow, and the last line of a wrap is shorter than the others; two keys of one
 * kind are equally long.
 */
static bool is_next_key(const struct gap *g, const struct piece *piece)
{
	return !kind_of(g->value->bytes, g->value->len) && piece->n >= KEY_LEAST &&
	       (g->value->len < KEY_LEAST || piece->newlines == 0 || piece->n >= piece->line);
}

/* A word after a key is prose, unless it is what a terminal left of the key on the last line. */
static enum rest word_rest(const struct gap *g, const struct piece *piece)
{
	size_t most = usual_width(piece->line) ? 8 : piece->line >= KEY_LEAST ? 4 : 0;

	if (piece->newlines != 1 || piece->n > most || !ends_line(g->text, piece->at + piece->n))
		return REST_NO;
	return REST_UNCLEAR;
}

static enum rest key_rest(const struct gap *g, size_t at, const struct piece *piece)
{
	size_t len = g->value->len;

	if (g->quote && piece->at + piece->n < g->text->n &&
		g->text->p[piece->at + piece->n] == g->quote)
		return REST_YES; /* both stand in one pair of quotes */
	if (has_other_alphabet(g->value, piece) ||
		(piece->newlines && piece->n > piece->line && piece->n >= KEY_LEAST))
		return REST_UNCLEAR;
	if (len < least_len(g) || kind_allows(g->value->bytes, len, piece->n) ||
		is_wrapped(g, at, piece))
		return REST_YES;
	return REST_UNCLEAR;
}

enum rest rest_at(const struct gap *g, size_t at, size_t *next)
{
	const char *value = g->value->bytes;
	struct carrier ignored;
	struct piece piece = { 0 };

	*next = text_skip_blanks(g->text, at);
	piece.at = *next;
	piece.p = g->text->p + piece.at;
	piece.n = text_key_run(g->text, piece.at);
	piece.line = at - line_start(g->text, at);
	for (size_t i = at; i < piece.at; i++)
		piece.newlines += g->text->p[i] == '\n';
	if (!piece.n || kind_complete(value, g->value->len) || text_known_at(g->text, piece.at) ||
		carrier_at(g->text, piece.at, &ignored))
		return REST_NO;
	if (kind_completed_by(value, g->value->len, piece.p, piece.n))
		return REST_YES;
	if (is_next_key(g, &piece) || is_no_key(&piece))
		return REST_NO;
	if (is_word(piece.p, piece.n))
		return word_rest(g, &piece);
	return key_rest(g, at, &piece);
}
