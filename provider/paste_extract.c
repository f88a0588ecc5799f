/* SPDX-License-Identifier: MIT */

/*
 * Finding the credential in scrubbed text. The rules are:
 *
 * - A carrier (assignment, header line, JSON member) or a known prefix says
 *   where one begins. Only without any of them is the whole text considered.
 * - A candidate runs over a line end, or over blanks, only when what follows
 *   looks like its other half and not like words (continues()).
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
	uint32_t bad_cp; /* a character that cannot be part of a key follows */
	size_t from, to; /* where it was, with its carrier */
};

struct scan {
	struct text text;
	struct candidate best;
	struct candidate now;
	bool twice;
	bool two;
};

static bool is_closer(char c)
{
	return c && strchr("\"'`,;)]}>|\\", c);
}

static size_t skip_blanks(const struct scan *s, size_t at)
{
	while (at < s->text.n && byte_blank(s->text.p[at]))
		at++;
	return at;
}

static size_t skip_spaces(const struct scan *s, size_t at)
{
	while (at < s->text.n && s->text.p[at] == ' ')
		at++;
	return at;
}

static size_t key_run(const struct scan *s, size_t at)
{
	size_t n = 0;

	while (at + n < s->text.n && byte_key(s->text.p[at + n]))
		n++;
	return n;
}

/* Does a key of a known kind begin here? */
static bool known_at(const struct scan *s, size_t at)
{
	const char *p = s->text.p + at;
	const struct kind *k;

	if (at && byte_key(p[-1]) && p[-1] != '=' && p[-1] != '/')
		return false;
	k = kind_of(p, s->text.n - at);
	/* "sk-learn" in prose is not a key. */
	return k && (k->strong || key_run(s, at) >= 16);
}

/* --- does the text after a break belong to it? ---------------------------------------------- */

static bool is_word(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (byte_class(p[i]) == 3 || strchr("+/=_", p[i]))
			return false;
		if (i && byte_class(p[i]) == 2 && byte_class(p[i - 1]) == 1)
			return false;
	}
	return true;
}

static size_t line_start(const struct scan *s, size_t at)
{
	while (at && s->text.p[at - 1] != '\n')
		at--;
	return at;
}

static bool usual_width(size_t columns)
{
	static const unsigned char widths[] = { 40, 60, 72, 80, 90, 100, 110, 120, 132, 160 };

	return memchr(widths, (int)columns, columns < 256 ? sizeof(widths) : 0) != NULL;
}

/* Was the line that ends at `at` cut by a terminal: as long as the one before, or as terminals are?
 */
static bool is_cut_line(const struct scan *s, size_t at)
{
	size_t from = line_start(s, at), before, end;

	if (usual_width(at - from) || usual_width(at - skip_spaces(s, from)))
		return true;
	if (s->now.lines < 2 || !from)
		return false;
	before = line_start(s, from - 1);
	for (end = from - 1; end > before && s->text.p[end - 1] == ' ';)
		end--;
	return end - before == at - skip_spaces(s, from) || end - before == at - from ||
	       end - skip_spaces(s, before) == at - skip_spaces(s, from);
}

/* Nothing but closing punctuation stands between `at` and the end of its line. */
static bool ends_line(const struct scan *s, size_t at)
{
	while (at < s->text.n && (s->text.p[at] == ' ' || is_closer(s->text.p[at])))
		at++;
	return at >= s->text.n || s->text.p[at] == '\n';
}

/*
 * A value of no known kind, and a piece of m bytes after a blank: another key rather than its rest?
 * The last line of a wrap is shorter than the others; two keys of one kind are equally long.
 */
static bool is_next_key(const struct scan *s, size_t at, size_t newlines, size_t m)
{
	size_t line = at - line_start(s, at);

	if (kind_of(s->now.value.bytes, s->now.value.len) || m < 16 || s->now.value.len < 16)
		return false;
	return newlines == 0 || m > line || (m == line && (m >= 32 || !is_cut_line(s, at)));
}

/*
 * The run before `at` has ended at a blank. True, with the start of the next
 * piece in *next, when that piece is the rest of the same secret.
 */
static bool continues(const struct scan *s, size_t at, size_t *next)
{
	struct carrier ignored;
	size_t newlines = 0, n;
	const char *piece;

	*next = skip_blanks(s, at);
	for (size_t i = at; i < *next; i++)
		newlines += s->text.p[i] == '\n';
	n = key_run(s, *next);
	if (!n || kind_complete(s->now.value.bytes, s->now.value.len) || known_at(s, *next) ||
		carrier_at(&s->text, *next, &ignored) || is_next_key(s, at, newlines, n))
		return false;
	piece = s->text.p + *next;
	if (looks_random(piece, n) ||
		kind_completed_by(s->now.value.bytes, s->now.value.len, piece, n))
		return true;
	if (newlines != 1)
		return false;
	if (is_cut_line(s, at))
		return !is_word(piece, n) || n <= 4 || ends_line(s, *next + n);
	if (!ends_line(s, *next + n))
		return false;
	return is_word(piece, n) ? n <= 3 && at - line_start(s, at) >= 40
				 : at - line_start(s, at) >= n;
}

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

	if (at >= s->text.n || byte_blank(s->text.p[at]) || is_closer(s->text.p[at]) ||
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

/* Takes the value at `at` into s->now; the rest of s->now is set by the caller. */
static void take(struct scan *s, size_t at)
{
	bool known;
	char quote = '\0';
	size_t n, next;

	if (at < s->text.n && strchr("\"'`", s->text.p[at])) {
		quote = s->text.p[at++];
		s->now.steps |= PASTE_QUOTES;
	}
	at = skip_blanks(s, at);
	known = at < s->text.n && known_at(s, at);
	if (known)
		s->now.class = CLASS_SOLID;
	s->now.lines = 1;
	for (;;) {
		n = known ? key_run(s, at) : free_run(s, at, quote);
		/* The full stop of a sentence. */
		while (known && n && s->text.p[at + n - 1] == '.' &&
			(n < 2 || s->text.p[at + n - 2] != '.'))
			n--;
		append(s, at, n);
		at += n;
		if (at >= s->text.n || !byte_blank(s->text.p[at]) || !continues(s, at, &next))
			break;
		for (; at < next; at++) {
			s->now.lines += s->text.p[at] == '\n';
			s->now.steps |= s->text.p[at] == '\n' ? PASTE_JOINED : PASTE_BLANKS;
		}
	}
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
		else if (!byte_blank(c) && !is_closer(c) && !strchr("([{<", c))
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
		} else if (known_at(s, at)) {
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

/* Several words, none marked: those that look like keys are the candidates. */
static void scan_words(struct scan *s)
{
	for (size_t at = skip_blanks(s, 0); at < s->text.n; at = skip_blanks(s, at)) {
		size_t from = at, piece = at;

		while (piece < s->text.n &&
			(is_closer(s->text.p[piece]) || s->text.p[piece] == '('))
			piece++;
		if (plausible(s->text.p + piece, key_run(s, piece), 12)) {
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

/* One word and nothing else: it is meant to be the key, whatever it looks like. */
static bool scan_single(struct scan *s)
{
	size_t from = skip_blanks(s, 0), to = s->text.n;

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
	size_t from = skip_blanks(s, 0), n = 0;

	while (from + n < s->text.n && !byte_blank(s->text.p[from + n]))
		n++;
	return skip_blanks(s, from + n) == s->text.n && kind_of(s->text.p + from, n) == NULL &&
	       looks_address(s->text.p + from, n);
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
	else if (c->class == CLASS_SOLID && !s->two && !c->bad_cp &&
		 (!only_wrapping(s, 0, c->from) || !only_wrapping(s, c->to, s->text.n)))
		r->steps |= PASTE_PROSE;
	if (s->text.n && (byte_blank(s->text.p[0]) || byte_blank(s->text.p[s->text.n - 1])))
		r->steps |= PASTE_TRIMMED;
}

enum extract paste_extract(struct secret *out, const struct secret *text, struct paste_report *r,
	uint32_t *bad_cp, struct err *e)
{
	struct scan s = { .text = { text->bytes, text->len } };
	enum extract result = EXTRACT_NONE;

	if (!secret_init(&s.now.value, text->len, e) || !secret_init(&s.best.value, text->len, e))
		goto out;
	if (!is_lone_address(&s))
		scan_marked(&s);
	if (s.best.class < CLASS_PLACEHOLDER && !scan_single(&s))
		scan_words(&s);
	if (s.best.class == CLASS_NONE)
		goto out;
	report(&s, r);
	if (s.best.class == CLASS_PLACEHOLDER)
		result = EXTRACT_PLACEHOLDER;
	else
		result = s.two ? EXTRACT_TWO : EXTRACT_ONE;
	if (result == EXTRACT_ONE && s.best.bad_cp) {
		*bad_cp = s.best.bad_cp;
		r->bad_at = s.best.value.len + 1;
		result = EXTRACT_BAD;
	}
	if (result == EXTRACT_ONE)
		secret_set(out, s.best.value.bytes, s.best.value.len);
out:
	secret_release(&s.now.value);
	secret_release(&s.best.value);
	return result;
}
