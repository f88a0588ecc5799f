/* SPDX-License-Identifier: MIT */
#ifndef PROVIDER_TABLE_H
#define PROVIDER_TABLE_H

#include "provider/provider.h"

/* The rows, in the order of the wizard's list; provider_at() is the door for everybody else. */
extern const struct provider provider_table[];
extern const size_t provider_table_len;

#endif
