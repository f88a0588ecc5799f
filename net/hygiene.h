/* SPDX-License-Identifier: MIT */
#ifndef NET_HYGIENE_H
#define NET_HYGIENE_H

#include "base/err.h"

/*
 * The probe's first act: nobody may trace it, it leaves no core, writes no
 * file, gains no privilege, dies with its parent, keeps no descriptor but
 * 0 to 2 and `fd`, and hears nothing from the environment but proxies and CA.
 */
bool hygiene_apply(int fd, struct err *e);

#endif
