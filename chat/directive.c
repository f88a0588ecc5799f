/* SPDX-License-Identifier: MIT */
#include "chat/directive.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c != '\0' && strchr(" \t\n\v\f\r", c) != NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t skip_blanks(const char *p)
{
	size_t n = 0;

	while (is_blank(p[n]))
		n++;
	return n;
}

/* --- splitting ------------------------------------------------------------------------------ */

static bool ends_part(char c)
{
	return c == '\0' || c == '@';
}

/* "20250514": the date in the name of a Vertex model. */
static bool is_date(const char *p)
{
	size_t n = 0;

	while (n < 8 && is_digit(p[n]))
		n++;
	return n == 8 && ends_part(p[n]);
}

/* "q4", "q4_k_m", "iq3_xs", "4bit". */
static bool is_quantisation(const char *p)
{
	size_t n = 0;

	if (is_digit(*p)) {
		while (is_digit(p[n]))
			n++;
		return strncasecmp(p + n, "bit", 3) == 0 && ends_part(p[n + 3]);
	}
	n += *p == 'i' || *p == 'I';
	if ((p[n] != 'q' && p[n] != 'Q') || !is_digit(p[n + 1]))
		return false;
	for (n++; is_digit(p[n]); n++)
		;
	while (p[n] == '_' && is_alnum(p[n + 1]))
		for (n++; is_alnum(p[n]); n++)
			;
	return ends_part(p[n]);
}

static const char *find_april(const char *argument)
{
	const char *slash = strrchr(argument, '/');
	const char *at = strchr(slash ? slash : argument, '@');

	if (slash && at == slash + 1) /* "@cf/..." behind its provider: a name may begin so */
		at = strchr(at + 1, '@');
	while (at && at != argument && (is_date(at + 1) || is_quantisation(at + 1)))
		at = strchr(at + 1, '@');
	return at;
}

bool directive_split(char *model, char *profile, const char *argument, enum pin_rule rule)
{
	const char *at = rule == PIN_JANUARY ? strchr(argument, '@') : find_april(argument);
	struct str left = str_on(model, DIRECTIVE_CAP);
	struct str right = str_on(profile, DIRECTIVE_CAP);

	str_addn(&left, argument, at ? (size_t)(at - argument) : strlen(argument));
	str_add(&right, at ? at + 1 : "");
	return !left.cut && !right.cut;
}

/* --- finding -------------------------------------------------------------------------------- */

/* Does "/name" stand here as a word of its own? How many bytes, or 0. */
static size_t word_at(const char *text, size_t at, const char *name)
{
	size_t n = strlen(name);
	char behind;

	if (text[at] != '/' || (at > 0 && !is_blank(text[at - 1])) || !n ||
		strncasecmp(text + at + 1, name, n) != 0)
		return 0;
	behind = text[at + 1 + n];
	return behind == '\0' || behind == ':' || is_blank(behind) ? n + 1 : 0;
}

/* The blanks and the colon behind the word. */
static size_t skip_colon(const char *p)
{
	size_t n = skip_blanks(p);

	if (p[n] != ':')
		return n;
	return n + 1 + skip_blanks(p + n + 1);
}

static size_t name_length(const char *p)
{
	size_t n = 0;

	while (is_alnum(p[n]) || (p[n] != '\0' && strchr("_.:@-", p[n])))
		n++;
	return n;
}

/* Names with single slashes between them. */
static size_t argument_length(const char *p)
{
	size_t n = name_length(p);

	while (n && p[n] == '/' && name_length(p + n + 1))
		n += 1 + name_length(p + n + 1);
	return n;
}

static bool take_model(struct directive *d, const char *text, size_t word, enum pin_rule rule)
{
	const char *p = text + d->at + word;
	size_t skipped = skip_colon(p);
	size_t n = argument_length(p + skipped);
	char argument[DIRECTIVE_CAP];
	struct str s = STR_OF(argument);

	str_addn(&s, p + skipped, n);
	d->found = true;
	/* Blanks behind stay: the rest has one for each run anyway. */
	d->len = word + skipped + n;
	return !s.cut && directive_split(d->model, d->profile, argument, rule);
}

static bool take_alias(struct directive *d, const char *text, size_t word)
{
	const char *p = text + d->at + word;
	size_t blanks = skip_blanks(p);
	struct str s = STR_OF(d->model);

	d->found = true;
	str_addn(&s, text + d->at + 1, word - 1);
	d->len = word + (p[blanks] == ':' ? blanks + 1 : 0);
	return !s.cut;
}

bool directive_find(struct directive *d, const char *text, const char *const *aliases, size_t n,
	enum pin_rule rule)
{
	*d = (struct directive){ 0 };
	for (d->at = 0; text[d->at]; d->at++) {
		size_t word = word_at(text, d->at, "model");

		if (word)
			return take_model(d, text, word, rule);
	}
	for (d->at = 0; text[d->at]; d->at++) {
		for (size_t i = 0; i < n; i++) {
			size_t word = word_at(text, d->at, aliases[i]);

			if (word)
				return take_alias(d, text, word);
		}
	}
	return true;
}

/* Every run of blanks becomes one, also where two pieces meet; none in front. */
static void add_squeezed(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool again = !out->len || out->p[out->len - 1] == ' ';

		if (is_blank(p[i]) && again)
			continue;
		out->p[out->len++] = (char)(is_blank(p[i]) ? ' ' : p[i]);
	}
}

bool directive_rest(struct buf *out, const char *text, const struct directive *d, struct err *e)
{
	size_t behind = d->at + d->len;

	if (!d->found)
		return buf_text(out, text, e);
	if (!buf_reserve(out, strlen(text) + 1, e))
		return false;
	add_squeezed(out, text, d->at);
	add_squeezed(out, " ", 1);
	add_squeezed(out, text + behind, strlen(text + behind));
	while (out->len && out->p[out->len - 1] == ' ')
		out->len--;
	out->p[out->len] = '\0';
	return true;
}
