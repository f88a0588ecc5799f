/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_OWN_H
#define PROVIDER_OWN_H

#include "provider/provider.h"

/*
 * Endpoints of the user's own: compatible with a row of the table, at an address that only the
 * configuration knows. One that is learned is found by provider_find() like any row, so that
 * what works for a provider works for them: status, live checks, rotation, removal.
 */

#define OWN_NAME_MAX 40
#define OWN_URL_CAP 512

/* Where a row's texts live that no table has. Must not move while its row is in use. */
struct own_provider {
	struct provider row;
	char id[OWN_NAME_MAX + 1];
	char base_url[OWN_URL_CAP];
	char var[OWN_NAME_MAX + 24]; /* "MY_LLM_API_KEY" */
};

/* Does the row ask for an address? It is then what an endpoint is made from, and no provider yet.
 */
bool own_provider_wanted(const struct provider *p);

/* ...and for a name? A row that is one provider at many addresses keeps its own. */
bool own_provider_unnamed(const struct provider *p);

/*
 * like: a row with `custom`. name: unused where the row has its own. ERR_USAGE: a name that
 * cannot be one, or that another provider has; ERR_CONFIG: an address that no key may be sent to
 * (provider/url.h).
 */
bool own_provider_make(struct own_provider *o, const struct provider *like, const char *name,
	const char *base_url, struct err *e);

/* The row to follow for a value of models.providers.<id>.api; NULL: no check speaks it. */
const struct provider *own_provider_like(const char *api);

/* That value for an endpoint like this one: "openai-completions". */
const char *own_provider_api(const struct provider *p);

/*
 * What the configuration says of a provider that the table does not have. keyless: it asks for
 * no key. Rows stay where they are until the program ends; learning one again renews it.
 */
struct own_facts {
	const char *id, *base_url, *api;
	bool keyless;
};

/* False: the facts do not make one; nothing is wrong with that. */
bool provider_learn(const struct own_facts *f);

/* The table, then what was learned. */
size_t provider_known_count(void);
const struct provider *provider_known_at(size_t i);

/* Which row of the table a check is told of: a probe knows nothing of the configuration. */
const struct provider *provider_row(const struct provider *p);

#endif
