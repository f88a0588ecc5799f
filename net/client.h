/* SPDX-License-Identifier: MIT */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include <sys/types.h>

#include "net/wire.h"

/*
 * The main program's side of the probe: starts it, sends it a batch of checks,
 * reads results as they come, kills it. The caller polls client.fd together
 * with the terminal. Cancelling is killing: immediate in any network state.
 *
 * The probe is looked for in ../libexec/thinkfleetbot/ beside the running
 * program's own directory, then beside the program itself (build tree), never
 * in PATH. It gets a socket as its only descriptor beside 0-2, and an environment of
 * PATH, LANG and the proxy and CA variables, nothing else.
 */
struct client {
	int fd; /* poll for POLLIN; -1 when not running */
	pid_t pid;
	struct wire_reader reader;
	unsigned pending; /* checks and exchanges without a result yet */
};

#define CLIENT_NONE ((struct client){ .fd = -1 })

bool client_start(struct client *c, struct err *e);

/* Sends one check; the probe starts it at once. */
bool client_send(struct client *c, const struct wire_check *check, struct err *e);

/* Sends an exchange; its body follows with client_send_part(). */
bool client_send_exchange(struct client *c, const struct wire_exchange *x, struct err *e);
bool client_send_part(struct client *c, uint32_t id, const char *p, size_t n, struct err *e);

/*
 * Reads what is there without blocking and takes one message. *got false: none
 * complete yet. When the probe died with checks pending: ERR_FAILED.
 */
bool client_take(struct client *c, struct wire_message *m, bool *got, struct err *e);

/* Kills and reaps; safe on a stopped client. */
void client_stop(struct client *c);

/* One check from start to end, for commands without a screen. Never fails for the network. */
bool client_check(const struct wire_check *check, struct check_result *out, struct err *e);

#endif
