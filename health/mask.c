/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/health.h"

#define TAIL_FROM 20 /* a shorter key shows nothing of its end */

/* The longest public prefix of the provider table that the key starts with, or "". */
static size_t public_prefix(const char *key, size_t n, const char **prefix)
{
	size_t best = 0;

	*prefix = "";
	for (size_t i = 0; i < provider_count(); i++) {
		const struct provider *p = provider_at(i);

		for (size_t m = 0; m < provider_method_count(p) * PROVIDER_PREFIXES; m++) {
			const struct method *of = &p->methods[m / PROVIDER_PREFIXES];
			const char *text = of->prefixes[m % PROVIDER_PREFIXES];
			size_t len = text ? strlen(text) : 0;

			if (len <= best || len >= n || *text != *key)
				continue;
			if (memcmp(key, text, len) != 0)
				continue;
			best = len;
			*prefix = text;
		}
	}
	return best;
}

void mask_make(struct mask *m, const char *key, size_t n)
{
	const char *prefix;
	size_t len;

	*m = (struct mask){ 0 };
	if (n < TAIL_FROM)
		return;
	memcpy(m->tail, key + n - 4, 4);
	len = public_prefix(key, n, &prefix);
	if (len < sizeof(m->prefix) && (len + 4) * 3 <= n)
		str_copy(m->prefix, sizeof(m->prefix), prefix);
}

void mask_print(struct str *out, const char *prefix, const char *tail)
{
	str_fmt(out, "%s...%s", prefix, tail);
}

void credential_mask(struct str *out, const struct credential *c)
{
	mask_print(out, c->prefix, c->tail);
}
