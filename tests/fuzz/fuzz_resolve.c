/* SPDX-License-Identifier: MIT */

/* The resolver's request: what a gateway, or anyone, writes to its standard input. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolve_request rq;
	struct secret out = { 0 };
	struct err e = { 0 };

	crypto_start(NULL);
	if (!resolve_parse(&rq, (const char *)data, size, &e)) {
		if (e.code != ERR_DAMAGED || rq.ids || rq.count)
			abort();
		return 0;
	}
	if (rq.count > RESOLVE_IDS_MAX)
		abort();
	/* No vault there: every id is answered, none with a value. */
	if (resolve_answer(&out, &rq, "/nonexistent/vault.json", "/nonexistent", &e) &&
		!strstr(out.bytes, "\"values\":{}"))
		abort();
	secret_release(&out);
	resolve_release(&rq);
	return 0;
}
