/* SPDX-License-Identifier: MIT */
#include "store/doc_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct scan {
	struct doc *d;
	const char *p;
	size_t n, at;
	unsigned depth;
	size_t line_at; /* newlines before this offset are counted in `line` */
	uint32_t line;
	struct err *e;
};

static bool fail(struct scan *s, size_t at, const char *what)
{
	unsigned line = 1;
	unsigned column = 1;
	size_t start = 0;

	for (size_t i = 0; i < at; i++) {
		if (s->p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	for (size_t i = start; i < at; i++)
		column += ((unsigned char)s->p[i] & 0xC0) != 0x80;
	return err_set(
		s->e, ERR_DAMAGED, "%s: line %u, column %u: %s", s->d->name, line, column, what);
}

static bool json5(const struct scan *s)
{
	return s->d->dialect == DOC_JSON5;
}

/* The byte here, or NUL at the end: NUL itself never gets past validate(). */
static char here(const struct scan *s)
{
	return (char)(s->at < s->n ? s->p[s->at] : '\0');
}

/* Eight bytes of ASCII without NUL: bit 7 of none is set, and taking 1 from each borrows from none.
 */
static bool plain_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080));
}

static bool validate(struct scan *s)
{
	size_t i = 0;

	while (i < s->n) {
		if (s->n - i >= sizeof(uint64_t) && plain_word(s->p + i)) {
			i += sizeof(uint64_t);
			continue;
		}
		unsigned char c = (unsigned char)s->p[i];
		size_t used = 1;

		if (c == 0)
			return fail(s, i, "a NUL byte");
		if (c >= 0x80 && text_next(s->p + i, s->n - i, &used) == TEXT_BAD && used == 1)
			return fail(s, i, "a byte that is not UTF-8");
		i += used;
	}
	return true;
}

static void skip(struct scan *s)
{
	s->at = doc_blanks(s->d, s->at);
}

/* What stands in the way, when it is an open comment, else what was expected. */
static bool unexpected(struct scan *s, const char *expected)
{
	if (json5(s) && s->n - s->at >= 2 && s->p[s->at] == '/' && s->p[s->at + 1] == '*')
		return fail(s, s->at, "a comment that is not closed");
	if (s->at >= s->n) {
		char text[128];
		struct str out = STR_OF(text);

		str_fmt(&out, "%s, found the end of the file", expected);
		return fail(s, s->n, text);
	}
	return fail(s, s->at, expected);
}

/* --- nodes --- */

static uint32_t line_of(struct scan *s, size_t at)
{
	const char *p = s->p + s->line_at;
	const char *end = s->p + at;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		s->line++;
		p++;
	}
	s->line_at = at;
	return s->line;
}

static uint32_t node_add(struct scan *s, uint32_t parent)
{
	struct doc *d = s->d;
	uint32_t node = d->count;

	if (d->count == d->cap) {
		uint32_t cap = d->cap ? d->cap * 2 : 64;
		struct doc_node *nodes = realloc(d->nodes, cap * sizeof(*nodes));

		if (!nodes) {
			err_set(s->e, ERR_MEMORY, "out of memory for %s", d->name);
			return DOC_NONE;
		}
		d->nodes = nodes;
		d->cap = cap;
	}
	d->nodes[node] = (struct doc_node){ .at = (uint32_t)s->at,
		.parent = parent,
		.next = DOC_NONE,
		.first = DOC_NONE,
		.last = DOC_NONE,
		.line = line_of(s, s->at) };
	d->count++;
	if (parent == DOC_NONE)
		return node;
	if (d->nodes[parent].last == DOC_NONE)
		d->nodes[parent].first = node;
	else
		d->nodes[d->nodes[parent].last].next = node;
	d->nodes[parent].last = node;
	d->nodes[parent].count++;
	return node;
}

/* --- tokens --- */

static bool hex_digits(const struct scan *s, size_t at, size_t n)
{
	if (s->n - at < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (doc_hex(s->p[at + i]) < 0)
			return false;
	}
	return true;
}

/* Past the escape whose backslash is at s->at. */
static bool escape(struct scan *s)
{
	size_t used = 1;
	char c;

	if (++s->at >= s->n)
		return unexpected(s, "expected an escape");
	c = s->p[s->at];
	if (c == 'u' || (c == 'x' && json5(s))) {
		size_t digits = c == 'u' ? 4 : 2;

		if (!hex_digits(s, s->at + 1, digits))
			return fail(s, s->at, "expected hexadecimal digits");
		s->at += 1 + digits;
		return true;
	}
	if (!json5(s)) {
		if (!strchr("\"\\/bfnrt", c))
			return fail(s, s->at, "expected one of the escapes of JSON");
		s->at++;
		return true;
	}
	if ((c >= '1' && c <= '9') ||
		(c == '0' && s->n - s->at > 1 && s->p[s->at + 1] >= '0' && s->p[s->at + 1] <= '9'))
		return fail(s, s->at, "expected an escape of JSON5");
	text_next(s->p + s->at, s->n - s->at, &used);
	if (c == '\r' && s->n - s->at > 1 && s->p[s->at + 1] == '\n')
		used = 2;
	s->at += used;
	return true;
}

static bool string(struct scan *s)
{
	size_t start = s->at;
	char quote = s->p[s->at++];

	for (;;) {
		char c;

		while (s->at < s->n && (unsigned char)s->p[s->at] >= ' ' && s->p[s->at] != quote &&
			s->p[s->at] != '\\')
			s->at++;
		c = here(s);
		if (s->at >= s->n)
			return fail(s, start, "a text that is not closed");
		if (c == quote)
			break;
		if (c == '\n' || c == '\r')
			return fail(s, start, "a text that is not closed on its line");
		if (!json5(s) && (unsigned char)c < 0x20)
			return fail(s, s->at, "a control character in a text");
		if (c != '\\')
			s->at++;
		else if (!escape(s))
			return false;
	}
	s->at++;
	return true;
}

static size_t digits(struct scan *s)
{
	size_t start = s->at;

	while (here(s) >= '0' && here(s) <= '9')
		s->at++;
	return s->at - start;
}

static bool word(struct scan *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n - s->at < n || memcmp(s->p + s->at, text, n) != 0)
		return false;
	s->at += n;
	return true;
}

static bool exponent(struct scan *s)
{
	if (here(s) != 'e' && here(s) != 'E')
		return true;
	s->at++;
	if (here(s) == '+' || here(s) == '-')
		s->at++;
	return digits(s) > 0 || unexpected(s, "expected the digits of an exponent");
}

static bool hex_number(struct scan *s)
{
	s->at += 2;
	if (doc_hex(here(s)) < 0)
		return unexpected(s, "expected hexadecimal digits");
	while (doc_hex(here(s)) >= 0)
		s->at++;
	return true;
}

static bool number(struct scan *s)
{
	size_t whole;
	size_t fraction = 0;
	char first;

	if (here(s) == '-' || (here(s) == '+' && json5(s)))
		s->at++;
	if (json5(s)) {
		if (word(s, "Infinity") || word(s, "NaN"))
			return true;
		if (here(s) == '0' && s->n - s->at > 1 && (s->p[s->at + 1] | 32) == 'x')
			return hex_number(s);
	}
	first = here(s);
	whole = digits(s);
	if (whole > 1 && first == '0')
		return fail(s, s->at - whole, "a number that starts with 0");
	if (here(s) == '.') {
		s->at++;
		fraction = digits(s);
		if (!fraction && !(json5(s) && whole))
			return unexpected(s, "expected digits after the point");
	}
	if (whole + fraction == 0 || (!whole && !json5(s)))
		return unexpected(s, "expected a value");
	return exponent(s);
}

/* --- values --- */

static bool value(struct scan *s, uint32_t node);

/* A character of an unquoted key. Outside ASCII we take what is not a blank: no tables. */
static size_t key_char(const struct scan *s, bool first)
{
	char c = here(s);
	size_t used = 1;

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '_')
		return 1;
	if (c >= '0' && c <= '9')
		return first ? 0 : 1;
	if (c == '\\')
		return s->n - s->at > 5 && s->p[s->at + 1] == 'u' && hex_digits(s, s->at + 2, 4)
			       ? 6
			       : 0;
	if ((unsigned char)c < 0x80 || doc_wide_blank(text_next(s->p + s->at, s->n - s->at, &used)))
		return 0;
	return used;
}

static bool key(struct scan *s, uint32_t node)
{
	struct doc_node *n = &s->d->nodes[node];
	size_t used;

	n->key_at = (uint32_t)s->at;
	if (here(s) == '"' || (here(s) == '\'' && json5(s))) {
		if (!string(s))
			return false;
	} else {
		if (!json5(s) || !(used = key_char(s, true)))
			return unexpected(s, json5(s) ? "expected a key or \"}\""
						      : "expected a key in double quotes");
		do
			s->at += used;
		while ((used = key_char(s, false)));
	}
	n->key_len = (uint32_t)s->at - n->key_at;
	skip(s);
	if (here(s) != ':')
		return unexpected(s, "expected \":\"");
	s->at++;
	skip(s);
	return true;
}

static bool child(struct scan *s, uint32_t parent, bool keyed)
{
	uint32_t node = node_add(s, parent);

	if (node == DOC_NONE || (keyed && !key(s, node)))
		return false;
	return value(s, node);
}

static bool container(struct scan *s, uint32_t node)
{
	bool keyed = here(s) == '{';
	char close = (char)(keyed ? '}' : ']');
	bool after_comma = false;

	if (++s->depth > DOC_DEPTH_MAX)
		return fail(s, s->at, "more than 64 levels");
	s->at++;
	for (skip(s); here(s) != close || (after_comma && !json5(s)); skip(s)) {
		if (!child(s, node, keyed))
			return false;
		skip(s);
		after_comma = here(s) == ',';
		if (after_comma)
			s->at++;
		else if (here(s) != close)
			return unexpected(
				s, keyed ? "expected \",\" or \"}\"" : "expected \",\" or \"]\"");
	}
	s->at++;
	s->depth--;
	return true;
}

static bool literal(struct scan *s, enum doc_kind *kind)
{
	if (word(s, "true") || word(s, "false"))
		*kind = DOC_BOOL;
	else if (word(s, "null"))
		*kind = DOC_NULL;
	else
		*kind = DOC_NUMBER;
	return *kind != DOC_NUMBER || number(s);
}

static bool value(struct scan *s, uint32_t node)
{
	size_t start = s->at;
	enum doc_kind kind;
	bool ok;

	switch (here(s)) {
	case '{':
		kind = DOC_OBJECT;
		ok = container(s, node);
		break;
	case '[':
		kind = DOC_ARRAY;
		ok = container(s, node);
		break;
	case '\'':
	case '"':
		kind = DOC_STRING;
		ok = here(s) == '"' || json5(s) ? string(s) : unexpected(s, "expected a value");
		break;
	default:
		ok = literal(s, &kind);
	}
	if (!ok)
		return false;
	s->d->nodes[node].kind = kind;
	s->d->nodes[node].at = (uint32_t)start;
	s->d->nodes[node].len = (uint32_t)(s->at - start);
	return true;
}

bool doc_scan(struct doc *d, struct err *e)
{
	struct scan s = { .d = d, .p = d->text.p, .n = d->text.len, .line = 1, .e = e };
	uint32_t root;
	bool ok = false;

	d->count = 0;
	if (s.n > FS_FILE_MAX) {
		err_set(e, ERR_DAMAGED, "%s: larger than %zu MiB", d->name, FS_FILE_MAX >> 20);
		goto out;
	}
	if (!validate(&s))
		goto out;
	if (s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0)
		s.at = 3;
	skip(&s);
	root = node_add(&s, DOC_NONE);
	if (root == DOC_NONE || !value(&s, root))
		goto out;
	skip(&s);
	if (s.at < s.n) {
		unexpected(&s, "expected the end of the file");
		goto out;
	}
	ok = true;
out:
	if (!ok) {
		free(d->nodes);
		d->nodes = NULL;
		d->count = d->cap = 0;
	}
	return ok;
}
