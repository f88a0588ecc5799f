/* SPDX-License-Identifier: MIT */

/*
 * What a browser or a clipboard brings back. What must hold: a paste that is taken has a code or
 * an error in it, nothing of it can harm a terminal, and a request is never taken for another path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provider/oauth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void harmless(const struct oauth_grant *g)
{
	check(strlen(g->error) < sizeof(g->error));
	for (const char *p = g->error; *p; p++)
		check((unsigned char)*p >= 0x20 && *p != 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oauth_grant g;
	const char *text = (const char *)data;

	if (!crypto_start(NULL))
		return 0;
	if (oauth_read_paste(&g, text, size, NULL)) {
		check(g.code.len || g.error[0]);
		harmless(&g);
	} else {
		check(!g.code.bytes && !g.state.bytes);
	}
	oauth_grant_release(&g);
	if (oauth_read_request(&g, text, size, "/auth/callback") == OAUTH_REQUEST_GRANT)
		check(size > 18 && memcmp(text, "GET /auth/callback?", 19) == 0);
	harmless(&g);
	oauth_grant_release(&g);
	return 0;
}
