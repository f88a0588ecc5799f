/* SPDX-License-Identifier: MIT */

/*
 * Finding the credential in scrubbed text. The rules are:
 *
 * - A carrier (assignment, header line, JSON member) or a known prefix says
 *   where one begins. Only without any of them is the whole text considered.
 * - A candidate runs over a line end, or over blanks, only when what follows
 *   proves to be its other half (rest_at()).
 * - Placeholders and short values count only when nothing better is there.
 * - Two different ones of the best class: neither is taken.
 */
#include <string.h>

#include "base/text.h"
#include "provider/paste_parts.h"

enum class {
	CLASS_NONE,
	CLASS_SHORT, /* the value of some other variable */
	CLASS_PLACEHOLDER,
	CLASS_SOLID,
};

struct candidate {
	struct secret value;
	enum class class;
	unsigned steps;
	unsigned lines;
	char name[64];
	bool unclear;    /* what follows is its other half, or another key */
	uint32_t bad_cp; /* a character that cannot be part of a key follows */
	size_t from, to; /* where it was, with its carrier */
};

struct scan {
	struct text text;
	const struct method *wanted;
	struct candidate best;
	struct candidate now;
	bool twice;
	bool two;
};

/* --- taking one candidate -------------------------------------------------------------------- */

static bool append(struct scan *s, size_t at, size_t n)
{
	return secret_insert(&s->now.value, s->now.value.len, s->text.p + at, n);
}

/* Characters of a value whose shape is unknown: up to a blank or its own quote. */
static size_t free_run(const struct scan *s, size_t at, char quote)
{
	size_t n = 0;

	while (at + n < s->text.n) {
		char c = s->text.p[at + n];

		if (c < 0x21 || c > 0x7E || c == quote || (!quote && strchr("\"'`", c)))
			break;
		n++;
	}
	while (!quote && n && strchr(",;", s->text.p[at + n - 1]))
		n--;
	return n;
}

/* The stars of "**key**". */
static bool is_emphasis(const struct scan *s, size_t at)
{
	size_t from = s->now.from, stars = 0;

	while (at + stars < s->text.n && s->text.p[at + stars] == '*')
		stars++;
	return stars && stars <= from && stars <= 2 && s->text.p[from - stars] == '*' &&
	       s->text.p[from - 1] == '*' &&
	       (at + stars == s->text.n || byte_blank(s->text.p[at + stars]));
}

/* A byte right after a run that is neither an end nor punctuation around it. */
static bool is_foreign(const struct scan *s, size_t at, uint32_t *cp)
{
	size_t used;

	if (at >= s->text.n || byte_blank(s->text.p[at]) || byte_closer(s->text.p[at]) ||
		is_emphasis(s, at))
		return false;
	*cp = text_next(s->text.p + at, s->text.n - at, &used);
	if (*cp >= 0x80) /* ideographic and full-width punctuation ends a sentence */
		return !(*cp >= 0x3000 && *cp <= 0x303F) && !(*cp >= 0xFF00 && *cp <= 0xFF65);
	return strchr("!@$%^*?", s->text.p[at]) && at + 1 < s->text.n &&
	       (byte_alnum(s->text.p[at + 1]) || s->text.p[at + 1] == '*');
}

static bool is_ellipsis(uint32_t cp)
{
	return cp == 0x2026 || cp == 0x2022 || cp == 0x25CF || cp == 0xB7 || cp == '*';
}

static void end_candidate(struct scan *s, size_t at)
{
	uint32_t cp;
	struct candidate *c = &s->now;

	c->to = at;
	if (is_foreign(s, at, &cp))
		c->bad_cp = cp;
	if (is_ellipsis(c->bad_cp) || looks_placeholder(c->value.bytes, c->value.len))
		c->class = CLASS_PLACEHOLDER;
	else if (c->class == CLASS_NONE)
		c->class = c->value.len >= 16 || c->bad_cp ? CLASS_SOLID : CLASS_SHORT;
	if (is_ellipsis(c->bad_cp))
		c->bad_cp = 0;
}

/* One run of the value, to which what follows may be joined. Returns where it ends. */
static size_t take_run(struct scan *s, size_t at, bool known, char quote)
{
	size_t n = known ? text_key_run(&s->text, at) : free_run(s, at, quote);

	/* The full stop of a sentence. */
	while (known && n && s->text.p[at + n - 1] == '.' &&
		(n < 2 || s->text.p[at + n - 2] != '.'))
		n--;
	append(s, at, n);
	return at + n;
}

/* Does the value go on behind the blank at `at`? Its next piece begins at *next. */
static bool goes_on(struct scan *s, size_t at, char quote, size_t *next)
{
	struct gap g = { &s->text, &s->now.value, s->wanted, s->now.lines, quote };
	bool stop = at + 1 < s->text.n && s->text.p[at] == '.';
	enum rest rest;

	at += stop;
	if (at >= s->text.n || !byte_blank(s->text.p[at]))
		return false;
	rest = rest_at(&g, at, next);
	/* A full stop before more of a key may be the key's own. */
	s->now.unclear = rest == REST_UNCLEAR || (stop && rest == REST_YES);
	return rest == REST_YES && !stop;
}

/* Takes the value at `at` into s->now; the rest of s->now is set by the caller. */
static void take(struct scan *s, size_t at)
{
	bool known;
	char quote = '\0';
	size_t next;

	if (at < s->text.n && strchr("\"'`", s->text.p[at])) {
		quote = s->text.p[at++];
		s->now.steps |= PASTE_QUOTES;
	}
	at = text_skip_blanks(&s->text, at);
	known = at < s->text.n && text_known_at(&s->text, at);
	if (known)
		s->now.class = CLASS_SOLID;
	s->now.lines = 1;
	for (;;) {
		at = take_run(s, at, known, quote);
		if (!goes_on(s, at, quote, &next))
			break;
		for (; at < next; at++) {
			s->now.lines += s->text.p[at] == '\n';
			s->now.steps |= s->text.p[at] == '\n' ? PASTE_JOINED : PASTE_BLANKS;
		}
	}
	/* Pieces that do not make a whole one may well be pieces of two. */
	if (s->now.steps & (PASTE_JOINED | PASTE_BLANKS) &&
		kind_unfinished(s->now.value.bytes, s->now.value.len))
		s->now.unclear = true;
	end_candidate(s, at);
}

/* The same text several times without a gap: one copy is kept. */
static void unrepeat(struct candidate *c)
{
	struct secret *v = &c->value;

	for (size_t k = 8; k >= 2; k--) {
		size_t part = v->len / k;

		if (part < 16 || part * k != v->len ||
			memcmp(v->bytes, v->bytes + part, v->len - part) != 0)
			continue;
		secret_remove(v, part, v->len - part);
		c->steps |= PASTE_TWICE;
	}
}

/* --- choosing ------------------------------------------------------------------------------- */

/* Is the text from..to only what surrounds a single value anyway? */
static bool only_wrapping(const struct scan *s, size_t from, size_t to)
{
	for (; from < to; from++) {
		char c = s->text.p[from];

		if (c == '-' && from + 1 < to && s->text.p[from + 1] == 'H')
			from++;
		else if (!byte_blank(c) && !byte_closer(c) && !strchr("([{<", c))
			return false;
	}
	return true;
}

static void forget(struct scan *s)
{
	secret_clear(&s->now.value);
	s->now = (struct candidate){ .value = s->now.value };
}

/* Puts s->now against the best so far and empties it. */
static void offer(struct scan *s)
{
	struct candidate *a = &s->best, *b = &s->now;

	unrepeat(b);
	if (b->value.len && (b->class > a->class)) {
		struct secret old = a->value;

		*a = *b;
		*b = (struct candidate){ .value = old };
		s->twice = false;
		s->two = kind_glued(a->value.bytes, a->value.len);
	} else if (b->value.len && b->class == a->class) {
		if (secret_equal(&a->value, &b->value) && a->bad_cp == b->bad_cp) {
			s->twice = true;
			a->to = b->to;
		} else {
			s->two = true;
		}
	}
	forget(s);
}

static void note_name(struct scan *s, const struct carrier *c)
{
	struct str name = STR_OF(s->now.name);

	str_addn(&name, s->text.p + c->name, c->name_len);
}

static void scan_marked(struct scan *s)
{
	struct carrier c;

	for (size_t at = 0; at < s->text.n;) {
		size_t from = at;

		if (carrier_at(&s->text, at, &c)) {
			s->now.steps = c.step;
			note_name(s, &c);
			at = c.value;
		} else if (text_known_at(&s->text, at)) {
			if (at && strchr("\"'`", s->text.p[at - 1]))
				s->now.steps = PASTE_QUOTES;
		} else {
			at++;
			continue;
		}
		s->now.from = from;
		take(s, at);
		at = s->now.to > from ? s->now.to : from + 1;
		offer(s);
	}
}

/* Could this be a key, or the first piece of one, though of no known kind? */
static bool plausible(const char *p, size_t n, size_t least)
{
	bool digit = false, letter = false;

	for (size_t i = 0; i < n; i++) {
		digit = digit || byte_class(p[i]) == 3;
		letter = letter || byte_class(p[i]) % 3 != 0;
	}
	return n >= least && digit && letter && !looks_address(p, n);
}

/* Where the value in a word begins: behind what opens it, and behind "name=". */
static size_t value_in_word(const struct scan *s, size_t at)
{
	size_t n, equals;

	while (at < s->text.n && (byte_closer(s->text.p[at]) || s->text.p[at] == '('))
		at++;
	n = text_key_run(&s->text, at);
	for (equals = 0; equals < n && s->text.p[at + equals] != '=';)
		equals++;
	/* Behind it, an equals sign or the end is padding. */
	return equals + 1 < n && s->text.p[at + equals + 1] != '=' ? at + equals + 1 : at;
}

/* Several words, none marked: those that look like keys are the candidates. */
static void scan_words(struct scan *s)
{
	for (size_t at = text_skip_blanks(&s->text, 0); at < s->text.n;
		at = text_skip_blanks(&s->text, at)) {
		size_t from = at, piece = value_in_word(s, at);

		if (plausible(s->text.p + piece, text_key_run(&s->text, piece), 12)) {
			s->now.from = piece;
			take(s, piece);
			at = s->now.to;
			if (!s->now.bad_cp && plausible(s->now.value.bytes, s->now.value.len, 16))
				offer(s);
			else
				forget(s);
		}
		while (at < s->text.n && (at == from || !byte_blank(s->text.p[at])))
			at++;
	}
}

/* Does the text around the best candidate hold something else that could be a key? */
static bool is_beside_another(const struct scan *s)
{
	for (size_t at = 0; at < s->text.n; at++) {
		size_t n;

		if (at >= s->best.from && at < s->best.to)
			at = s->best.to;
		if (at >= s->text.n || (at && byte_key(s->text.p[at - 1])))
			continue;
		n = text_key_run(&s->text, at);
		if (n >= KEY_LEAST && looks_random(s->text.p + at, n) &&
			plausible(s->text.p + at, n, KEY_LEAST))
			return true;
	}
	return false;
}

/* One word and nothing else: it is meant to be the key, whatever it looks like. */
static bool scan_single(struct scan *s)
{
	size_t from = text_skip_blanks(&s->text, 0), to = s->text.n;

	while (to > from && byte_blank(s->text.p[to - 1]))
		to--;
	for (size_t i = from; i < to; i++) {
		if (byte_blank(s->text.p[i]))
			return false;
	}
	if (from == to)
		return true;
	s->now.class = CLASS_SOLID;
	s->now.from = from;
	take(s, from);
	/* Its last character may be one that take() leaves outside. */
	if (s->now.value.len)
		offer(s);
	return true;
}

/* A single address stays whole, so that it is called one, even with a key in its query. */
static bool is_lone_address(const struct scan *s)
{
	size_t from = text_skip_blanks(&s->text, 0), n = 0;

	while (from + n < s->text.n && !byte_blank(s->text.p[from + n]))
		n++;
	return text_skip_blanks(&s->text, from + n) == s->text.n &&
	       kind_of(s->text.p + from, n) == NULL && looks_address(s->text.p + from, n);
}

static void report(struct scan *s, struct paste_report *r)
{
	struct candidate *c = &s->best;

	r->steps |= c->steps;
	if (c->steps & PASTE_JOINED)
		r->lines = c->lines;
	if (s->twice)
		r->steps |= PASTE_TWICE;
	if (c->steps & (PASTE_ASSIGNMENT | PASTE_JSON))
		str_copy(r->name, sizeof(r->name), c->name);
	/* Quotes belong to JSON; the rest of the document is no prose. */
	if (c->steps & PASTE_JSON)
		r->steps &= ~(unsigned)PASTE_QUOTES;
	else if (c->class == CLASS_SOLID && !s->two && !c->unclear && !c->bad_cp &&
		 (!only_wrapping(s, 0, c->from) || !only_wrapping(s, c->to, s->text.n)))
		r->steps |= PASTE_PROSE;
	r->beside = c->class == CLASS_SOLID && is_beside_another(s);
	if (s->text.n && (byte_blank(s->text.p[0]) || byte_blank(s->text.p[s->text.n - 1])))
		r->steps |= PASTE_TRIMMED;
}

/* The scan is over: which answer is it? */
static enum extract decide(const struct scan *s)
{
	if (s->best.class == CLASS_NONE)
		return EXTRACT_NONE;
	if (s->best.class == CLASS_PLACEHOLDER)
		return EXTRACT_PLACEHOLDER;
	if (s->two)
		return EXTRACT_TWO;
	if (s->best.unclear)
		return EXTRACT_UNCLEAR;
	return s->best.bad_cp ? EXTRACT_BAD : EXTRACT_ONE;
}

enum extract paste_extract(struct secret *out, const struct secret *text,
	const struct method *wanted, struct paste_report *r, uint32_t *bad_cp, struct err *e)
{
	struct scan s = { .text = { text->bytes, text->len }, .wanted = wanted };
	enum extract result = EXTRACT_NONE;

	if (!secret_init(&s.now.value, text->len, e) || !secret_init(&s.best.value, text->len, e))
		goto out;
	if (!is_lone_address(&s))
		scan_marked(&s);
	if (s.best.class < CLASS_PLACEHOLDER && !scan_single(&s))
		scan_words(&s);
	result = decide(&s);
	if (result != EXTRACT_NONE)
		report(&s, r);
	if (result == EXTRACT_BAD) {
		*bad_cp = s.best.bad_cp;
		r->bad_at = s.best.value.len + 1;
	}
	if (result == EXTRACT_ONE)
		secret_set(out, s.best.value.bytes, s.best.value.len);
out:
	secret_release(&s.now.value);
	secret_release(&s.best.value);
	return result;
}
