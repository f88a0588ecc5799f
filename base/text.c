/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* Unicode 15 general categories Mn, Me and the Hangul medial/final jamo, abridged to whole blocks.
 */
static const struct range combining[] = {
	{ 0x0300, 0x036F },
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05BD },
	{ 0x0610, 0x061A },
	{ 0x064B, 0x065F },
	{ 0x06D6, 0x06DC },
	{ 0x0730, 0x074A },
	{ 0x0900, 0x0902 },
	{ 0x093C, 0x093C },
	{ 0x0941, 0x0948 },
	{ 0x094D, 0x094D },
	{ 0x0E31, 0x0E31 },
	{ 0x0E34, 0x0E3A },
	{ 0x0E47, 0x0E4E },
	{ 0x1160, 0x11FF },
	{ 0x1AB0, 0x1AFF },
	{ 0x1DC0, 0x1DFF },
	{ 0x20D0, 0x20FF },
	{ 0x302A, 0x302D },
	{ 0x3099, 0x309A },
	{ 0xFE20, 0xFE2F },
};

/* East Asian Wide and Fullwidth (EastAsianWidth.txt 15), abridged to whole blocks. */
static const struct range wide[] = {
	{ 0x1100, 0x115F },
	{ 0x2E80, 0x303E },
	{ 0x3041, 0x33FF },
	{ 0x3400, 0x4DBF },
	{ 0x4E00, 0x9FFF },
	{ 0xA000, 0xA4CF },
	{ 0xA960, 0xA97F },
	{ 0xAC00, 0xD7A3 },
	{ 0xF900, 0xFAFF },
	{ 0xFE30, 0xFE6F },
	{ 0xFF00, 0xFF60 },
	{ 0xFFE0, 0xFFE6 },
	{ 0x1F300, 0x1F64F },
	{ 0x1F900, 0x1F9FF },
	{ 0x20000, 0x3FFFD },
};

/* Controls, bidi and zero-width formatting, private use, non-characters. */
static const struct range never[] = {
	{ 0x0000, 0x001F },
	{ 0x007F, 0x009F },
	{ 0x00AD, 0x00AD },
	{ 0x061C, 0x061C },
	{ 0x180B, 0x180F },
	{ 0x200B, 0x200F },
	{ 0x2028, 0x202E },
	{ 0x2060, 0x206F },
	{ 0xD800, 0xF8FF },
	{ 0xFE00, 0xFE0F },
	{ 0xFEFF, 0xFEFF },
	{ 0xFFF0, 0xFFFB },
	{ 0xFFFE, 0xFFFF },
	{ 0xE0000, 0x10FFFF },
};

static bool within(const struct range *r, size_t n, uint32_t cp)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (cp > r[mid].last)
			lo = mid + 1;
		else if (cp < r[mid].first)
			n = mid;
		else
			return true;
	}
	return false;
}

int text_width(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7F)
		return 1;
	if (within(never, ARRAY_LEN(never), cp))
		return -1;
	if (within(combining, ARRAY_LEN(combining), cp))
		return 0;
	return within(wide, ARRAY_LEN(wide), cp) ? 2 : 1;
}

/* Length of the sequence that a lead byte announces, 0 for none; *min is its smallest code point.
 */
static size_t announced(unsigned char lead, uint32_t *cp, uint32_t *min)
{
	if (lead < 0x80) {
		*cp = lead;
		*min = 0;
		return 1;
	}
	if (lead >= 0xC2 && lead <= 0xDF) {
		*cp = lead & 0x1Fu;
		*min = 0x80;
		return 2;
	}
	if ((lead & 0xF0) == 0xE0) {
		*cp = lead & 0x0Fu;
		*min = 0x800;
		return 3;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		*cp = lead & 0x07u;
		*min = 0x10000;
		return 4;
	}
	return 0;
}

uint32_t text_next(const char *p, size_t n, size_t *used)
{
	uint32_t cp = 0;
	uint32_t min = 0;
	size_t len = announced((unsigned char)p[0], &cp, &min);

	*used = 1;
	if (!len || len > n)
		return TEXT_BAD;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c & 0xC0) != 0x80)
			return TEXT_BAD;
		cp = cp << 6 | (c & 0x3Fu);
	}
	if (cp < min || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return TEXT_BAD;
	*used = len;
	return cp;
}

size_t text_put(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

size_t text_cells(const char *text)
{
	size_t n = strlen(text);
	size_t cells = 0;

	while (n) {
		size_t used;
		int w = text_width(text_next(text, n, &used));

		cells += w < 0 ? 1 : (size_t)w;
		text += used;
		n -= used;
	}
	return cells;
}

/*
 * Bytes of an escape sequence at p, from its ESC: CSI to its final byte, OSC,
 * DCS, APC and PM to BEL or ST, anything else two bytes. Never past n.
 */
static size_t escape_length(const char *p, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (p[1] == '[') {
		while (i < n && !(p[i] >= 0x40 && p[i] <= 0x7E))
			i++;
		return i < n ? i + 1 : n;
	}
	if (!strchr("]P_^X", p[1]))
		return 2;
	while (i < n && p[i] != '\a' && !(p[i] == '\033' && i + 1 < n && p[i + 1] == '\\'))
		i++;
	if (i >= n)
		return n;
	return p[i] == '\a' ? i + 1 : i + 2;
}

/* Where text_clean() is in its output. */
struct cleaning {
	struct str *out;
	size_t cells;
	size_t max;
	int marks; /* combining marks on the last character */
};

static void clean_blank(struct cleaning *c)
{
	bool again = !c->out->len || c->out->p[c->out->len - 1] == ' ';

	if (again || c->cells >= c->max)
		return;
	str_add(c->out, " ");
	c->cells++;
}

/* False when the text is full. */
static bool clean_visible(struct cleaning *c, const char *p, size_t n, uint32_t cp)
{
	size_t width = (size_t)text_width(cp);

	if (!width) {
		if (c->cells && c->marks++ < 2)
			str_addn(c->out, p, n);
		return true;
	}
	if (c->cells + width > c->max) {
		str_add(c->out, "...");
		return false;
	}
	if (cp == TEXT_BAD)
		str_add(c->out, "?");
	else
		str_addn(c->out, p, n);
	c->cells += width;
	c->marks = 0;
	return true;
}

static bool is_blank(uint32_t cp)
{
	return cp == '\t' || cp == '\n' || cp == '\r' || cp == 0x2028 || cp == 0x2029;
}

void text_clean(struct str *out, const char *p, size_t n, size_t max_cells)
{
	struct cleaning c = { .out = out, .max = max_cells };

	while (n) {
		size_t used;
		uint32_t cp = text_next(p, n, &used);

		if (cp == 0x1B)
			used = escape_length(p, n);
		else if (is_blank(cp))
			clean_blank(&c);
		else if (text_width(cp) >= 0 && !clean_visible(&c, p, used, cp))
			return;
		p += used;
		n -= used;
	}
}
