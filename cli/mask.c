/* SPDX-License-Identifier: MIT */
#include "cli/mask.h"

#include <string.h>

static enum mask_in after_escape(unsigned char c)
{
	if (c == '[')
		return MASK_CSI;
	if (c && strchr("]PX^_", c))
		return MASK_STRING;
	return c >= 0x20 && c < 0x30 ? MASK_ESCAPE : MASK_TEXT;
}

static enum mask_in in_string(unsigned char c)
{
	if (c == 0x07)
		return MASK_TEXT;
	return c == 0x1b ? MASK_STRING_ESCAPE : MASK_STRING;
}

/* ECMA-48: an escape sequence belongs to no text. True while the byte is part of one. */
static bool in_escape(struct mask *m, unsigned char c)
{
	enum mask_in was = m->in;

	switch (was) {
	case MASK_ESCAPE:
		m->in = after_escape(c);
		break;
	case MASK_CSI:
		m->in = c >= 0x40 && c < 0x7f ? MASK_TEXT : MASK_CSI;
		break;
	case MASK_STRING:
		m->in = in_string(c);
		break;
	case MASK_STRING_ESCAPE:
		m->in = c == '\\' ? MASK_TEXT : MASK_STRING;
		break;
	default:
		m->in = c == 0x1b ? MASK_ESCAPE : MASK_TEXT;
	}
	return was != MASK_TEXT || m->in != MASK_TEXT;
}

static bool is_token(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* Blank lines, or words after a blank, are no longer the token. */
static void hide(struct mask *m, char *byte)
{
	unsigned char c = (unsigned char)*byte;

	if (c == '\n')
		m->hiding = ++m->newlines < 2;
	else if (c == ' ' || c == '\t')
		m->gap = !m->newlines;
	else if (is_token(c) && !m->gap) {
		*byte = '*';
		m->newlines = 0;
	} else if (c != '\r' && c < 0x80)
		m->hiding = false;
}

bool mask_byte(struct mask *m, char *byte)
{
	unsigned char c = (unsigned char)*byte;

	if (in_escape(m, c))
		return false;
	if (m->hiding)
		hide(m, byte);
	/* A prefix that is cut by a wrap is one, too. */
	if (m->matched && (c == '\r' || c == '\n'))
		return false;
	if (c != (unsigned char)m->prefix[m->matched])
		m->matched = 0;
	if (c == (unsigned char)m->prefix[m->matched])
		m->matched++;
	if (m->prefix[m->matched])
		return false;
	m->matched = 0;
	m->hiding = true;
	m->newlines = 0;
	m->gap = false;
	return true;
}
