/* SPDX-License-Identifier: MIT */
#ifndef BASE_FS_IMPL_H
#define BASE_FS_IMPL_H

#include "base/fs.h"

struct stat;

/* What the parts of base/fs.h share; nobody else includes this. */

void fs_stamp_of(const struct stat *sb, struct fs_stamp *st);

/* The path with every link resolved; a missing last component is kept as it is. */
bool fs_resolve(const char *path, char out[FS_PATH_MAX], struct fs_stamp *st, struct err *e);

/*
 * The directory that will receive a new name: ours or root's, and nobody else
 * may write there. -1 with *e filled.
 */
int fs_open_dir(const char *dir, struct err *e);

/* Some file systems (NFS, 9p) cannot sync a directory: EINVAL is no failure. */
bool fs_sync_dir(int dir, struct err *e);

#endif
