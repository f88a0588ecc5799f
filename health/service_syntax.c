/* SPDX-License-Identifier: MIT */
#include "health/service_syntax.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define LINE_MAX_BYTES ((size_t)1 << 20) /* LONG_LINE_MAX of systemd */
#define SECTION_CAP 64

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* --- lines -------------------------------------------------------------------------------------
 */

struct lines {
	const char *p, *end;
	unsigned line, from; /* the last one read; where the joined one began */
	struct buf joined;
	char section[SECTION_CAP];
	bool (*take)(void *ctx, const struct unit_setting *s, struct err *e);
	void *ctx;
};

static bool is_utf8(const char *p, size_t n)
{
	while (n) {
		size_t used;

		if (text_next(p, n, &used) == TEXT_BAD && used == 1)
			return false;
		p += used;
		n -= used;
	}
	return true;
}

/* An odd number of backslashes at the end: the next line belongs to this one. */
static bool is_continued(const struct buf *b)
{
	size_t n = 0;

	while (n < b->len && b->p[b->len - 1 - n] == '\\')
		n++;
	return n % 2;
}

static char *strip(char *text)
{
	size_t n;

	while (is_space(*text))
		text++;
	n = strlen(text);
	while (n && is_space(text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

static bool parse_line(struct lines *l, struct err *e)
{
	struct unit_setting s = { .section = l->section, .line = l->from };
	char *text = strip(l->joined.p);
	size_t n = strlen(text);
	char *equals;

	if (!n || !is_utf8(text, n))
		return true;
	if (*text == '[') {
		l->section[0] = '\0';
		if (text[n - 1] != ']')
			return true;
		text[n - 1] = '\0';
		if (!str_copy(l->section, sizeof(l->section), text + 1))
			l->section[0] = '\0'; /* too long to be one that is known */
		return true;
	}
	equals = strchr(text, '=');
	if (!equals || !l->section[0])
		return true;
	*equals = '\0';
	s.key = strip(text);
	s.value = strip(equals + 1);
	return l->take(l->ctx, &s, e);
}

/* One line of the file, its end not included; comments are skipped here, as systemd does. */
static bool next_line(struct lines *l, const char **start, size_t *n)
{
	while (l->p < l->end) {
		const char *p = l->p;
		const char *stop = memchr(p, '\n', (size_t)(l->end - p));

		stop = stop ? stop : l->end;
		l->p = stop < l->end ? stop + 1 : stop;
		l->line++;
		while (p < stop && is_space(*p))
			p++;
		while (stop > p && stop[-1] == '\r')
			stop--;
		if (p < stop && (*p == '#' || *p == ';'))
			continue;
		*start = p;
		*n = (size_t)(stop - p);
		return true;
	}
	return false;
}

static bool parse(struct lines *l, struct err *e)
{
	const char *p;
	size_t n;

	while (next_line(l, &p, &n)) {
		if (!l->joined.len)
			l->from = l->line;
		/* systemd gives the file up at such a line; so far it was read. */
		if (l->joined.len + n > LINE_MAX_BYTES || memchr(p, '\0', n))
			return true;
		if (!buf_add(&l->joined, p, n, e))
			return false;
		if (is_continued(&l->joined)) {
			l->joined.p[l->joined.len - 1] = ' ';
			continue;
		}
		if (l->joined.len && !parse_line(l, e))
			return false;
		l->joined.len = 0;
	}
	return !l->joined.len || parse_line(l, e);
}

bool unit_parse(const char *p, size_t n,
	bool (*take)(void *ctx, const struct unit_setting *s, struct err *e), void *ctx,
	struct err *e)
{
	struct lines l = { .p = p, .end = p + n, .take = take, .ctx = ctx };
	bool ok;

	if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		l.p += 3;
	ok = parse(&l, e);
	buf_release(&l.joined);
	return ok;
}

/* --- words -------------------------------------------------------------------------------------
 */

static int digit(char c, int base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : 99;

	return value < base ? value : -1;
}

/* Exactly n digits at *at. */
static bool number(const char **at, size_t n, int base, uint32_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++, (*at)++) {
		int d = digit(**at, base);

		if (d < 0)
			return false;
		*out = *out * (uint32_t)base + (uint32_t)d;
	}
	return *out != 0;
}

static enum unit_word put(struct buf *out, const char *p, size_t n)
{
	return buf_add(out, p, n, NULL) ? UNIT_WORD : UNIT_MEMORY;
}

static enum unit_word put_byte(struct buf *out, const char **at, size_t n, int base)
{
	uint32_t value;
	char c;

	if (!number(at, n, base, &value) || value > 255)
		return UNIT_INVALID;
	c = (char)value;
	return put(out, &c, 1);
}

static enum unit_word put_code_point(struct buf *out, const char **at, size_t n)
{
	char bytes[4];
	uint32_t value;

	if (!number(at, n, 16, &value) || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		return UNIT_INVALID;
	return put(out, bytes, text_put(value, bytes));
}

/* cunescape_one() of systemd; *at stands behind the backslash. */
static enum unit_word unescape(struct buf *out, const char **at)
{
	static const char from[] = "abfnrtv\\\"'s";
	static const char to[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *known = **at ? strchr(from, **at) : NULL;

	if (known) {
		(*at)++;
		return put(out, &to[known - from], 1);
	}
	switch (**at) {
	case 'x':
		(*at)++;
		return put_byte(out, at, 2, 16);
	case 'u':
		(*at)++;
		return put_code_point(out, at, 4);
	case 'U':
		(*at)++;
		return put_code_point(out, at, 8);
	default:
		return put_byte(out, at, 3, 8);
	}
}

enum unit_word unit_word(const char **at, struct buf *out)
{
	enum unit_word r = UNIT_WORD;
	char quote = '\0';

	out->len = 0;
	while (is_space(**at))
		(*at)++;
	if (!**at)
		return UNIT_END;
	if (!buf_text(out, "", NULL))
		return UNIT_MEMORY;
	while (r == UNIT_WORD && **at && (quote || !is_space(**at))) {
		char c = *(*at)++;

		if (c == '\\')
			r = unescape(out, at);
		else if (quote ? c == quote : c == '\'' || c == '"')
			quote = (char)(quote ? '\0' : c);
		else
			r = put(out, &c, 1);
	}
	return r == UNIT_WORD && quote ? UNIT_INVALID : r;
}

/* --- specifiers --------------------------------------------------------------------------------
 */

struct span {
	const char *p;
	size_t n;
};

static struct span whole(const char *text)
{
	return (struct span){ text ? text : "", text ? strlen(text) : 0 };
}

/* Of "a@b.service": 'n' all, 'N' "a@b", 'p' "a", 'i' "b", 'j' what follows the last "-" of p. */
static struct span name_part(const char *name, char which)
{
	const char *dot = strrchr(name, '.');
	size_t n = dot ? (size_t)(dot - name) : strlen(name);
	const char *sign = memchr(name, '@', n);
	size_t prefix = sign ? (size_t)(sign - name) : n;
	size_t last = prefix;

	while (last && name[last - 1] != '-')
		last--;
	switch (which) {
	case 'n':
		return whole(name);
	case 'N':
		return (struct span){ name, n };
	case 'i':
		return sign ? (struct span){ sign + 1, n - prefix - 1 } : whole("");
	case 'j':
		return (struct span){ name + last, prefix - last };
	default:
		return (struct span){ name, prefix };
	}
}

/* False: known to systemd, but not here. What systemd does not know stays as it is written. */
static bool resolve(char c, const struct unit_specifiers *s, struct span *out)
{
	const struct {
		char letter;
		const char *text;
	} rows[] = {
		{ 'u', s->user },
		{ 'h', s->home },
		{ 'U', s->uid },
		{ 's', s->shell },
		{ 't', s->runtime },
		{ 'S', s->state },
		{ 'C', s->cache },
		{ 'L', s->logs },
		{ 'E', s->config },
		{ 'H', s->host },
		{ 'l', s->host },
		{ 'T', "/tmp" },
		{ 'V', "/var/tmp" },
		{ '%', "%" },
	};

	if (strchr("nNpPijIJ", c)) {
		*out = name_part(s->name, (char)(c == 'P'    ? 'p'
						  : c == 'I' ? 'i'
						  : c == 'J' ? 'j'
							     : c));
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].letter != c)
			continue;
		*out = whole(rows[i].text);
		if (c == 'l')
			out->n = strcspn(out->p, ".");
		return out->n > 0;
	}
	*out = (struct span){ NULL, 0 };
	return !strchr("abABdDfgGmMoqvwWyY", c);
}

bool unit_expand(struct buf *out, const char *word, const struct unit_specifiers *s, struct err *e)
{
	while (*word) {
		size_t n = strcspn(word, "%");
		struct span text;

		if (!buf_add(out, word, n, e))
			return false;
		word += n;
		if (!*word)
			break;
		if (!word[1])
			return buf_text(out, "%", e);
		if (!resolve(word[1], s, &text))
			return false;
		if (!buf_add(out, text.p ? text.p : word, text.p ? text.n : 2, e))
			return false;
		word += 2;
	}
	return true;
}
