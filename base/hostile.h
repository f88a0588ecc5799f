/* SPDX-License-Identifier: MIT */
#ifndef BASE_HOSTILE_H
#define BASE_HOSTILE_H

#include <stdbool.h>

/*
 * Variables of the environment that make libc, libcurl, OpenSSL or ncurses write
 * secrets to a file, load code, or behave as someone else likes. One list for
 * every program of ours. entry: "NAME=value".
 */
bool hostile_variable(const char *entry);

#endif
