/* SPDX-License-Identifier: MIT */
#ifndef CLI_STATUS_WATCH_H
#define CLI_STATUS_WATCH_H

#include "base/err.h"

/*
 * `status --watch`: one line for each credential whose state changed ("12:07:10 google:work
 * expired"), and nothing else, until a signal ends it. It reads files and asks no provider.
 */
bool status_watch(const char *agent, struct err *e);

#endif
