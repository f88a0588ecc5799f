/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_SERVICE_H
#define CLI_OUT_SERVICE_H

#include <json-c/json.h>
#include <stdio.h>

#include "health/service_view.h"

/*
 * "Your shell / the service", side by side: the variables of one provider (NULL: of all), by
 * fingerprint. A NULL view says that no gateway was found.
 */
bool out_service_text(FILE *out, const struct service_view *v, const char *provider,
	const char *home, struct err *e);
struct json_object *out_service_json(
	const struct service_view *v, const char *provider, const char *home);

#endif
