/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_PROBE_DOUBLE_H
#define TESTS_UNIT_PROBE_DOUBLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "net/wire.h"

/* tests/provider/server.py as a child of the test: a provider on loopback. */
struct server {
	const char *name;     /* its folder and log; NULL ends no list: every server has one */
	const char *words[6]; /* more arguments: "--tls", "expired" */
	bool makes_ca;
	pid_t pid;
	int out, in;
	int port;
	char log[160], ca[160];
};

/* Start several, then wait for each: they make certificates at the same time. */
void server_start(struct server *s, const char *folder);
void server_ready(struct server *s);
void server_stop(struct server *s);

/* Did it hear a request with this text in its line? */
bool server_heard(const struct server *s, const char *text);

/* Lines of its log that begin so. */
int server_count(const struct server *s, const char *start);

/* A check with an invented key; url "": the provider's own address. */
#define PROBE_KEY "sk-test-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X"
void probe_fill(struct wire_check *c, const char *provider, const char *method, const char *url);

/* One check by a probe of its own; wipes the key. */
void probe_run(struct wire_check *c, struct check_result *out);

#endif
