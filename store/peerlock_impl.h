/* SPDX-License-Identifier: MIT */
#ifndef STORE_PEERLOCK_IMPL_H
#define STORE_PEERLOCK_IMPL_H

#include "store/peerlock.h"

/* What the files of the lock share; nobody else includes this. peerlock_stale.c: locks of others.
 */

/* What a lock file of this process says; the length. */
int peerlock_text(char *out, size_t cap);

/* True when nothing lies there any more: it was abandoned. *e is filled only for what is no lock.
 */
bool peerlock_take_over(const char *lock, struct err *e);

/* A name beside the lock that no gateway looks at, with our pid in it; "" when it does not fit. */
void peerlock_aside(char out[FS_PATH_MAX], const char *lock);

/* Such names of a process that died: locks that were moved aside by a process that died before it
 * removed them. */
void peerlock_sweep(const char *lock);

/* ERR_BUSY, with what is known of the holder. */
bool peerlock_describe(char names[2][FS_PATH_MAX], size_t count, struct err *e);

#endif
