/* SPDX-License-Identifier: MIT */
#include "chat/clean.h"

#include <string.h>

#include "base/text.h"

#define MARKS_MAX 2

/* How many bytes the character needs that begins so; 1 for what begins none. */
static size_t length_of(unsigned char lead)
{
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	if (lead >= 0xE0 && lead < 0xF0)
		return 3;
	return lead >= 0xC2 && lead < 0xE0 ? 2 : 1;
}

/* A byte of a sequence. False: it belongs to the text. */
static bool in_sequence(struct clean *c, char byte)
{
	switch (c->state) {
	case CLEAN_TEXT:
		return false;
	case CLEAN_ESCAPE:
		c->state = byte == '['                     ? CLEAN_CSI
			   : byte && strchr("]P_^X", byte) ? CLEAN_STRING
							   : CLEAN_TEXT;
		return true;
	case CLEAN_CSI:
		if (byte >= 0x40 && byte <= 0x7E)
			c->state = CLEAN_TEXT;
		return true;
	case CLEAN_STRING:
		if (byte == '\a')
			c->state = CLEAN_TEXT;
		else if (byte == '\033')
			c->state = CLEAN_STRING_END;
		return true;
	case CLEAN_STRING_END:
		c->state = byte == '\\' || byte == '\a' ? CLEAN_TEXT
			   : byte == '\033'             ? CLEAN_STRING_END
							: CLEAN_STRING;
		return true;
	}
	return false;
}

static bool put_visible(struct clean *c, struct buf *out, const char *p, size_t n, struct err *e)
{
	size_t used;
	uint32_t cp = text_next(p, n, &used);
	int width = text_width(cp);

	if (cp == TEXT_BAD && used < n) /* no character after all: its bytes one by one */
		return buf_add(out, "?", 1, e) && put_visible(c, out, p + 1, n - 1, e);
	if (cp == 0x2028 || cp == 0x2029)
		return buf_add(out, "\n", 1, e);
	if (width < 0)
		return true;
	if (width == 0 && c->marks++ >= MARKS_MAX)
		return true;
	if (width > 0)
		c->marks = 0;
	return cp == TEXT_BAD ? buf_add(out, "?", 1, e) : buf_add(out, p, n, e);
}

static bool put_byte(struct clean *c, struct buf *out, char byte, struct err *e)
{
	if (byte == '\033') {
		c->state = CLEAN_ESCAPE;
		return true;
	}
	if (c->after_return && byte == '\n') { /* it was written for the CR already */
		c->after_return = false;
		return true;
	}
	c->after_return = byte == '\r';
	if (byte == '\r' || byte == '\n') {
		c->marks = MARKS_MAX; /* nothing to put a mark on */
		return buf_add(out, "\n", 1, e);
	}
	return byte == '\t' ? buf_add(out, "\t", 1, e) : put_visible(c, out, &byte, 1, e);
}

bool clean_end(struct clean *c, struct buf *out, struct err *e)
{
	size_t n = c->held_count;

	c->held_count = 0;
	return !n || put_visible(c, out, c->held, n, e);
}

bool clean_add(struct clean *c, struct buf *out, const char *p, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		bool continues = ((unsigned char)p[i] & 0xC0) == 0x80;
		bool ok = true;

		if (c->held_count && !continues)
			ok = clean_end(c, out, e);
		if (!ok)
			return false;
		if (in_sequence(c, p[i]))
			continue;
		if (!c->held_count && length_of((unsigned char)p[i]) == 1) {
			ok = put_byte(c, out, p[i], e);
		} else {
			c->after_return = false;
			c->held[c->held_count++] = p[i];
			if (c->held_count == length_of((unsigned char)c->held[0]))
				ok = clean_end(c, out, e);
		}
		if (!ok)
			return false;
	}
	return true;
}
