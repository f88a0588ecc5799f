/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "health/health.h"

#define TAIL_FROM 20 /* a shorter key shows nothing of its end */

/* The longest of the method's public prefixes that the key starts with, if longer than *best. */
static void try_method(const struct method *m, const char *key, size_t n, const char **best)
{
	for (size_t i = 0; i < PROVIDER_PREFIXES && m->prefixes[i]; i++) {
		const char *prefix = m->prefixes[i];
		size_t len;

		if (*prefix != *key)
			continue;
		len = strlen(prefix);
		if (len > strlen(*best) && len < n && memcmp(key, prefix, len) == 0)
			*best = prefix;
	}
}

static const char *public_prefix(const char *key, size_t n)
{
	const struct provider *p;
	const char *best = "";

	for (size_t i = 0; (p = provider_at(i)); i++) {
		for (size_t k = 0; k < PROVIDER_METHODS && p->methods[k].id; k++)
			try_method(&p->methods[k], key, n, &best);
	}
	return best;
}

void mask_make(struct mask *m, const char *key, size_t n)
{
	const char *prefix;

	*m = (struct mask){ 0 };
	if (n < TAIL_FROM)
		return;
	memcpy(m->tail, key + n - 4, 4);
	prefix = public_prefix(key, n);
	if (strlen(prefix) < sizeof(m->prefix) && (strlen(prefix) + 4) * 3 <= n)
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
