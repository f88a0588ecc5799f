/* SPDX-License-Identifier: MIT */
#ifndef STORE_CAPSULE_BODY_H
#define STORE_CAPSULE_BODY_H

#include "store/capsule.h"

/*
 * The plain text of a capsule, which exists in a struct secret only; private to
 * store/capsule*.c. Integers are big-endian, a text ends with its NUL:
 *
 *   "tfc1/body"
 *   u32 n, n × { id agent profile provider field, u64 rev, u64 ts, u32 len, value, NUL }
 *   u32 n, n × { agent id provider kind email, u64 expires_ms }
 *   u32 n, n × { variable record }
 *   zeros to a multiple of CAPSULE_PAD
 */

/* *out is initialised here. */
bool body_write(struct secret *out, const struct capsule_contents *in, struct err *e);

/* Fills the lists of *c from c->body. ERR_DAMAGED for what body_write() would not have made. */
bool body_read(struct capsule *c, struct err *e);

#endif
