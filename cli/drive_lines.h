/* SPDX-License-Identifier: MIT */
#ifndef CLI_DRIVE_LINES_H
#define CLI_DRIVE_LINES_H

#include "cli/lineio.h"
#include "cli/session.h"

/*
 * The wizard as a conversation: asks what its steps ask, one question at a time, with the same
 * effects as on a screen. Ctrl-C and the end of the input leave at once with nothing written;
 * another signal gives LEAVE_SIGNAL, and lineio_close() tells which.
 */
bool drive_lines(
	struct session *s, struct wizard *w, struct lineio *io, enum leave *how, struct err *e);

#endif
