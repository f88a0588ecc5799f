/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "provider/paste_parts.h"

enum role {
	ROLE_KEEP,
	ROLE_DROP,  /* invisible: gone */
	ROLE_BLANK, /* an odd blank: becomes a space, and is counted */
	ROLE_LINE,  /* an odd line end */
	ROLE_QUOTE,
};

struct range {
	uint32_t from, to;
	enum role role;
};

/* Sorted by nothing but meaning; pastes are short. */
static const struct range ranges[] = {
	{ 0x0A, 0x0D, ROLE_LINE },
	{ 0x85, 0x85, ROLE_LINE },
	{ 0x2028, 0x2029, ROLE_LINE },
	{ 0x00, 0x1F, ROLE_DROP },
	{ 0x7F, 0x9F, ROLE_DROP },
	{ 0xA0, 0xA0, ROLE_BLANK },
	{ 0x1680, 0x1680, ROLE_BLANK },
	{ 0x2000, 0x200A, ROLE_BLANK },
	{ 0x202F, 0x202F, ROLE_BLANK },
	{ 0x205F, 0x205F, ROLE_BLANK },
	{ 0x3000, 0x3000, ROLE_BLANK },
	/* The frame around it when it was copied out of a box. */
	{ 0x2500, 0x259F, ROLE_BLANK },
	{ 0xAD, 0xAD, ROLE_DROP },
	{ 0x34F, 0x34F, ROLE_DROP },
	{ 0x61C, 0x61C, ROLE_DROP },
	{ 0x180E, 0x180E, ROLE_DROP },
	{ 0x200B, 0x200F, ROLE_DROP },
	{ 0x202A, 0x202E, ROLE_DROP },
	{ 0x2060, 0x206F, ROLE_DROP },
	{ 0xFE00, 0xFE0F, ROLE_DROP },
	{ 0xFEFF, 0xFEFF, ROLE_DROP },
	{ 0xE0000, 0xE01EF, ROLE_DROP },
	{ 0x2018, 0x201F, ROLE_QUOTE },
	{ 0x2039, 0x203A, ROLE_QUOTE },
	{ 0xAB, 0xAB, ROLE_QUOTE },
	{ 0xBB, 0xBB, ROLE_QUOTE },
	{ 0x300C, 0x300F, ROLE_QUOTE },
	{ 0xFF02, 0xFF02, ROLE_QUOTE },
	{ 0xFF07, 0xFF07, ROLE_QUOTE },
};

static enum role role_of(uint32_t cp)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		if (cp >= ranges[i].from && cp <= ranges[i].to)
			return ranges[i].role;
	}
	return ROLE_KEEP;
}

/* The bytes of the parameters and the final byte of a control sequence, from after its "[". */
static size_t control_sequence(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] <= 0x3F)
		i++;
	return i < n && p[i] >= 0x40 && p[i] <= 0x7E ? i + 1 : i;
}

/* An operating system command and its like, from after the "]", or 0 when it does not end. */
static size_t string_sequence(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\a')
			return i + 1;
		if (p[i] == '\033' && i + 1 < n && p[i + 1] == '\\')
			return i + 2;
	}
	return 0;
}

/* How many bytes the escape at p takes; 1 when only the ESC itself is known to belong to it. */
static size_t escape_length(const char *p, size_t n)
{
	if (n < 2 || !p[1])
		return 1;
	if (p[1] == '[')
		return 2 + control_sequence(p + 2, n - 2);
	if (strchr("]P^_X", p[1])) {
		size_t body = string_sequence(p + 2, n - 2);

		return body ? 2 + body : 1;
	}
	if (strchr("()*+", p[1]))
		return n > 2 ? 3 : 2;
	return strchr("78=>", p[1]) ? 2 : 1;
}

static void put(struct secret *out, const char *p, size_t n)
{
	secret_insert(out, out->len, p, n);
}

/* Printable ASCII: kept as it is, and nearly all of it. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] <= 0x7E)
		i++;
	return i;
}

void paste_scrub(struct secret *out, const char *raw, size_t n, struct paste_report *r)
{
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;

		used = plain_run(raw + i, n - i);
		if (used) {
			put(out, raw + i, used);
			continue;
		}
		cp = text_next(raw + i, n - i, &used);
		if (cp == 0x1B || cp == 0x9B) {
			used = cp == 0x1B ? escape_length(raw + i, n - i)
					  : used + control_sequence(raw + i + used, n - i - used);
			r->removed++;
			continue;
		}
		if (cp == '\t') {
			put(out, " ", 1);
			continue;
		}
		switch (role_of(cp)) {
		case ROLE_KEEP:
			put(out, raw + i, used);
			break;
		case ROLE_DROP:
			r->removed++;
			break;
		case ROLE_BLANK:
			r->removed++;
			put(out, " ", 1);
			break;
		case ROLE_LINE:
			if (cp == '\r' && i + 1 < n && raw[i + 1] == '\n')
				used = 2;
			put(out, "\n", 1);
			break;
		case ROLE_QUOTE:
			put(out, "\"", 1);
			break;
		}
	}
}
