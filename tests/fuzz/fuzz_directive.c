/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chat/clean.h"
#include "chat/directive.h"

/*
 * What a person writes into a chat. A directive lies inside of the text, its halves hold no more
 * than was written, and the rest is never longer; what a terminal gets has no control character.
 */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void split(const char *text, enum pin_rule rule)
{
	static const char *const aliases[] = { "opus", "a.b", "" };
	struct directive d;
	struct buf rest = { 0 };

	if (directive_find(&d, text, aliases, ARRAY_LEN(aliases), rule) && d.found) {
		must(d.at + d.len <= strlen(text));
		must(strlen(d.model) + strlen(d.profile) <= d.len);
		must(directive_rest(&rest, text, &d, NULL));
		must(rest.len + d.len <= strlen(text) + 1);
	}
	buf_release(&rest);
}

static void clean(const char *p, size_t n)
{
	struct clean c = { 0 };
	struct buf out = { 0 };

	must(clean_add(&c, &out, p, n / 2, NULL));
	must(clean_add(&c, &out, p + n / 2, n - n / 2, NULL) && clean_end(&c, &out, NULL));
	for (size_t i = 0; i < out.len; i++)
		must((unsigned char)out.p[i] >= ' ' || out.p[i] == '\n' || out.p[i] == '\t');
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);

	must(text);
	memcpy(text, p, n);
	text[n] = '\0';
	split(text, PIN_JANUARY);
	split(text, PIN_APRIL);
	clean(text, n);
	free(text);
	return 0;
}
