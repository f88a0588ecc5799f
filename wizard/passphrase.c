/* SPDX-License-Identifier: MIT */
#include "wizard/passphrase.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MIN 3 /* a shorter name is part of many words */

struct counted {
	size_t words;
	size_t distinct; /* different bytes */
	unsigned kinds;  /* of lower, upper, digit, other */
};

static unsigned kind_of(unsigned char c)
{
	return islower(c) ? 1 : isupper(c) ? 2 : isdigit(c) ? 4 : 8;
}

static struct counted count(const struct secret *text)
{
	bool seen[256] = { false };
	struct counted n = { 0 };
	unsigned kinds = 0;
	bool inside = false;

	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)text->bytes[i];
		bool blank = c == ' ' || c == '-' || c == '_' || c == '.';

		n.words += !blank && !inside;
		inside = !blank;
		n.distinct += !seen[c];
		seen[c] = true;
		kinds |= kind_of(c);
	}
	for (; kinds; kinds >>= 1)
		n.kinds += kinds & 1;
	/* What is left here would tell which letters the passphrase has. */
	explicit_bzero(seen, sizeof(seen));
	return n;
}

/* The characters that one occurrence of a name explains; 0: it is not there. */
static size_t named(const struct secret *text, const char *name)
{
	size_t n = strlen(name);

	if (n < NAME_MIN)
		return 0;
	for (size_t i = 0; i + n <= text->len; i++)
		if (strncasecmp(text->bytes + i, name, n) == 0)
			return n;
	return 0;
}

enum strength passphrase_strength(const struct secret *text, const char *const names[])
{
	struct counted n = count(text);

	if (text->len < PASSPHRASE_CHARS_MIN && n.words < PASSPHRASE_WORDS_MIN)
		return STRENGTH_SHORT;
	for (; *names; names++) {
		size_t known = named(text, *names);

		if (known && text->len - known < PASSPHRASE_CHARS_MIN)
			return STRENGTH_NAMED;
	}
	if (n.distinct < 6)
		return STRENGTH_WEAK;
	if (n.words >= PASSPHRASE_WORDS_MIN + 1 || text->len >= 24 ||
		(text->len >= 16 && n.kinds >= 3))
		return STRENGTH_STRONG;
	return n.words >= PASSPHRASE_WORDS_MIN || text->len >= 14 ? STRENGTH_FAIR : STRENGTH_WEAK;
}

const char *strength_words(enum strength s)
{
	static const char *const words[] = {
		[STRENGTH_SHORT] = "It needs ten characters or four words.",
		[STRENGTH_NAMED] = "It is little more than a name that this computer shows.",
		[STRENGTH_WEAK] = "weak",
		[STRENGTH_FAIR] = "fair",
		[STRENGTH_STRONG] = "strong",
	};

	return words[s];
}
