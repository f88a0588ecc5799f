/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUT_ORDER_H
#define CLI_OUT_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* `models auth order get|set|clear`: gateway-family.md 9.1 to 9.3, to the letter. */
struct order_view {
	const char *agent;
	const char *agent_dir;  /* absolute */
	const char *provider;   /* normalised */
	const char *store_path; /* absolute; shown with ~ */
	const char *home;
	const char *const *ids; /* the per-agent order; count 0: none */
	size_t count;
};

void out_order_get(FILE *out, const struct order_view *v);
bool out_order_get_json(FILE *out, const struct order_view *v, struct err *e);
void out_order_set(FILE *out, const struct order_view *v);
void out_order_clear(FILE *out, const struct order_view *v);

#endif
