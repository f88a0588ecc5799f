/* SPDX-License-Identifier: MIT */

/* What an answer tells of the account beside yes or no: who, how much is left, how fast. */
#include <math.h>
#include <string.h>

#include "provider/judge_parts.h"

#define NUMBER_MAX 9 /* digits of a limit that is worth showing */

/* The headers that say it; several names for one thing, the first that comes wins. */
static const struct {
	const char *name;
	enum answer_header is;
} names[] = {
	{ "openai-organization", HEADER_ACCOUNT },
	{ "anthropic-organization-id", HEADER_ACCOUNT },
	{ "x-ratelimit-limit-requests", HEADER_LIMIT },
	{ "x-ratelimit-remaining-requests", HEADER_REMAINING },
	{ "anthropic-ratelimit-requests-limit", HEADER_LIMIT },
	{ "anthropic-ratelimit-requests-remaining", HEADER_REMAINING },
	{ "x-ratelimit-limit-req-minute", HEADER_LIMIT }, /* Mistral */
	{ "x-ratelimit-remaining-req-minute", HEADER_REMAINING },
	{ "x-ratelimit-limit-requests-day", HEADER_LIMIT }, /* Cerebras */
	{ "x-ratelimit-remaining-requests-day", HEADER_REMAINING },
	{ "x-ratelimit-limit", HEADER_LIMIT },
	{ "x-ratelimit-remaining", HEADER_REMAINING },
	{ "retry-after", HEADER_RETRY_AFTER },
	{ "cf-mitigated", HEADER_CHALLENGE },
	{ "x-amzn-errortype", HEADER_ERROR },
};

static void take_value(char *out, const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n && (unsigned char)p[n - 1] <= ' ')
		n--;
	if (n < CHECK_HEADER_CAP && !memchr(p, '\0', n))
		memcpy(out, p, n); /* its NUL is there: it was empty */
}

void check_take_header(struct check_headers *h, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	size_t length = colon ? (size_t)(colon - line) : 0;
	char name[48];

	if (!colon || length >= sizeof(name))
		return;
	memcpy(name, line, length);
	name[length] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *value = h->values[names[i].is];

		if (!value[0] && str_equal_nocase(name, names[i].name)) {
			take_value(value, colon + 1, n - length - 1);
			return;
		}
	}
}

bool judge_left(const struct judged *j, double *left)
{
	const struct account *a = j->account;
	double used;

	if (!a || !a->left || !judge_number(j->root, a->left, left) || !isfinite(*left))
		return false;
	if (a->used && judge_number(j->root, a->used, &used) && isfinite(used))
		*left -= used;
	return true;
}

/* A label that shows a piece of the key, as OpenRouter makes them, is nobody's name. */
static bool take_name(const struct judged *j, const char *name)
{
	char *out = j->out->account;

	if (judge_take(out, sizeof(j->out->account), name, strlen(name), j->key) && *out)
		return true;
	*out = '\0';
	return false;
}

static void take_account(const struct judged *j)
{
	const struct account *a = j->account;

	for (size_t i = 0; a && i < ARRAY_LEN(a->name) && a->name[i]; i++) {
		const char *name = judge_text(j->root, a->name[i]);

		if (name && take_name(j, name))
			return;
	}
	take_name(j, j->answer->headers.values[HEADER_ACCOUNT]);
}

static void take_credit(const struct judged *j)
{
	struct str out = STR_OF(j->out->credit);
	const char *unit = j->account ? j->account->unit : NULL;
	double left;

	if (!unit || !judge_left(j, &left) || fabs(left) > 1e12)
		return;
	if (strcmp(unit, "USD") == 0)
		str_fmt(&out, "%.2f USD left", left);
	else
		str_fmt(&out, "%.0f %s left", left, unit);
}

/* The value of a header that is a number, or NULL. */
static const char *number_of(const struct judged *j, enum answer_header which)
{
	const char(*values)[CHECK_HEADER_CAP] = j->answer->headers.values;
	size_t n = strspn(values[which], "0123456789");

	return n && n <= NUMBER_MAX && !values[which][n] ? values[which] : NULL;
}

static void take_limits(const struct judged *j)
{
	const char *limit = number_of(j, HEADER_LIMIT), *left = number_of(j, HEADER_REMAINING);
	const char *wait = number_of(j, HEADER_RETRY_AFTER);
	struct str out = STR_OF(j->out->limits);

	if (left && limit)
		str_fmt(&out, "%s of %s requests left", left, limit);
	else if (left)
		str_fmt(&out, "%s requests left", left);
	if (wait)
		str_fmt(&out, "%stry again in %s s", out.len ? ", " : "", wait);
}

void judge_account(const struct judged *j)
{
	take_account(j);
	take_credit(j);
	take_limits(j);
}
