/* SPDX-License-Identifier: MIT */
#include "provider/table.h"

#include "base/str.h"

static const struct table_part *const parts[] = { &table_first, &table_asia, &table_hosts,
	&table_gateways, &table_own, &table_signin };

size_t provider_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		n += parts[i]->count;
	return n;
}

const struct provider *provider_at(size_t i)
{
	for (size_t part = 0; part < ARRAY_LEN(parts); part++) {
		if (i < parts[part]->count)
			return &parts[part]->rows[i];
		i -= parts[part]->count;
	}
	return NULL;
}
