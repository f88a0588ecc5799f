/* SPDX-License-Identifier: MIT */
#ifndef CLI_REHEARSE_H
#define CLI_REHEARSE_H

#include "crypto/secret.h"
#include "store/paths.h"

/*
 * `secrets verify --restore-test`: a vault is really made from a capsule in a scratch
 * folder, written, read back, and compared with the capsule and with the vault that
 * is here, record by record, by keyed hash. The scratch vault's key exists in memory
 * only. ERR_FAILED: the capsule opens, but the vault holds something else by now.
 */
struct rehearse {
	const struct paths *paths;
	const char *capsule;             /* the file */
	const struct secret *passphrase; /* the capsule's, when it was handed over; or NULL */
	bool json;
};

bool rehearse(const struct rehearse *how, struct err *e);

#endif
