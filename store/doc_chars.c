/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "store/doc_scan.h"

/* The smallest parts of a document: blanks, comments, and the characters of a text. */

static bool is_break(uint32_t cp)
{
	return cp == '\n' || cp == '\r' || cp == 0x2028 || cp == 0x2029;
}

/* White space of JSON5 outside ASCII: BOM, NBSP, line separators, category Zs. */
bool doc_wide_blank(uint32_t cp)
{
	return cp == 0xFEFF || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
	       cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

/* Past the comment at `at`; `at` itself when there is none, or it is not closed. */
static size_t comment_end(const char *p, size_t n, size_t at)
{
	if (n - at < 2 || p[at] != '/')
		return at;
	if (p[at + 1] == '*') {
		for (size_t i = at + 2; i + 1 < n; i++) {
			if (p[i] == '*' && p[i + 1] == '/')
				return i + 2;
		}
		return at;
	}
	if (p[at + 1] != '/')
		return at;
	for (size_t i = at + 2, used; i < n; i += used) {
		if (is_break(text_next(p + i, n - i, &used)))
			return i;
	}
	return n;
}

size_t doc_blank(const struct doc *d, size_t at)
{
	const char *p = d->text.p;
	size_t n = d->text.len;
	size_t used;

	if (at >= n)
		return at;
	if (p[at] == ' ' || p[at] == '\n' || p[at] == '\r' || p[at] == '\t')
		return at + 1;
	if (d->dialect == DOC_JSON)
		return at;
	if (p[at] == '\v' || p[at] == '\f')
		return at + 1;
	if (p[at] == '/')
		return comment_end(p, n, at);
	if ((unsigned char)p[at] >= 0x80 && doc_wide_blank(text_next(p + at, n - at, &used)))
		return at + used;
	return at;
}

size_t doc_blanks(const struct doc *d, size_t at)
{
	const char *p = d->text.p;
	size_t n = d->text.len;
	size_t next;

	/* Indents are long, and nearly all blanks of a file. */
	for (;; at = next) {
		while (at < n && (p[at] == ' ' || p[at] == '\n' || p[at] == '\r' || p[at] == '\t'))
			at++;
		next = doc_blank(d, at);
		if (next == at)
			return at;
	}
}

int doc_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct doc_chars doc_chars(const struct doc *d, uint32_t at, uint32_t len)
{
	const char *p = d->text.p + at;
	size_t quote = len && (*p == '"' || *p == '\'') ? 1 : 0;

	return (struct doc_chars){ .p = p + quote, .end = p + len - quote };
}

static uint32_t unit(const char *p, size_t n)
{
	uint32_t u = 0;

	for (size_t i = 0; i < n; i++)
		u = u << 4 | (uint32_t)doc_hex(p[i]);
	return u;
}

/* After "\u": a pair of surrogates is one character. */
static uint32_t unicode(struct doc_chars *c)
{
	uint32_t high = unit(c->p, 4);
	uint32_t low;

	c->p += 4;
	if (high < 0xD800 || high > 0xDFFF)
		return high;
	if (high < 0xDC00 && c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u') {
		low = unit(c->p + 2, 4);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			c->p += 6;
			return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	c->lone = true;
	return TEXT_BAD;
}

/* The tokens were checked by escape(): nothing here can run over the end. */
uint32_t doc_chars_next(struct doc_chars *c)
{
	static const char names[] = "bfnrtv0";
	static const char codes[] = "\b\f\n\r\t\v";
	const char *name;
	uint32_t cp;
	size_t used;

	while (c->p < c->end) {
		cp = text_next(c->p, (size_t)(c->end - c->p), &used);
		c->p += used;
		if (cp != '\\')
			return cp;
		cp = text_next(c->p, (size_t)(c->end - c->p), &used);
		c->p += used;
		if (cp == 'u')
			return unicode(c);
		if (cp == 'x') {
			c->p += 2;
			return unit(c->p - 2, 2);
		}
		if (is_break(cp)) {
			if (cp == '\r' && c->p < c->end && *c->p == '\n')
				c->p++;
			continue;
		}
		name = cp < 0x80 ? strchr(names, (int)cp) : NULL;
		return name && *name ? (unsigned char)codes[name - names] : cp;
	}
	return DOC_CHARS_END;
}
