/* SPDX-License-Identifier: MIT */
#ifndef CLI_OAUTH_LOGIN_H
#define CLI_OAUTH_LOGIN_H

#include "cli/lineio.h"
#include "cli/oauth_ask.h"

/*
 * The conversation of a sign-in, in lines: what to open, where, and then one wait that hears
 * everything at once: the browser that comes back, a pasted address (never echoed), the
 * provider's answer to a device's code, Esc, and the time, which is shown.
 *
 * a->row, at and client are filled; the rest is this function's. Nothing is written anywhere.
 * False: *e says why; ERR_REFUSED when the person, here or in the browser, did not want it.
 */
bool oauth_login(struct oauth_attempt *a, struct lineio *io, struct oauth_tokens *t, struct err *e);

#endif
