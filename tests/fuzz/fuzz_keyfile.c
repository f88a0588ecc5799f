/* SPDX-License-Identifier: MIT */

/* The text of a key file: accepted only with its checksum, and then exactly 32 bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "store/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct secret key = { 0 };
	struct err e = { 0 };

	if (!started)
		started = crypto_start(NULL);
	if (keyfile_parse((const char *)data, size, &key, &e)) {
		if (key.len != SEAL_KEY_BYTES || size < 59 || size > 60)
			abort();
	} else if (e.code != ERR_DAMAGED || !e.msg[0] || key.bytes) {
		abort();
	}
	secret_release(&key);
	return 0;
}
