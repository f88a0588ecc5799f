/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_TABLE_H
#define PROVIDER_TABLE_H

#include "provider/provider.h"

/*
 * The parts of the table, in the order of the wizard's list: by how many people ask for them,
 * then servers of the user's own, then what is signed in elsewhere. A provider is one row in
 * one part; nothing else lists them. Private to provider/.
 *
 * base_url is the address that models.providers.<id>.baseUrl replaces, so it has the family's
 * form: with the version where the family writes one. check_path starts where it ends, and a
 * version that an address of the user's already ends with is not repeated (check_build()).
 *
 * In `source`: FAMILY n is section n of reference/gateway-family.md; openclaw/NAME is
 * docs/providers/NAME.md of openclaw/openclaw; the rest is named in full. What no source
 * tells is NULL or 0.
 */
struct table_part {
	const struct provider *rows;
	size_t count;
};

extern const struct table_part table_first, table_asia, table_hosts, table_gateways, table_own,
	table_signin;

#define PASTE_STEP "Paste it here (Ctrl-Shift-V, Cmd-V, or right click)."
#define COPY_ONCE "Copy the whole key; it is shown once."

#endif
