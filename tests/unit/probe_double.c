/* SPDX-License-Identifier: MIT */
#include "tests/unit/probe_double.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "net/client.h"
#include "tests/unit/test.h"

static void server_exec(const struct server *s, const char *folder, int in, int out)
{
	char own[200];
	const char *argv[16] = { "python3", TFB_SOURCE_DIR "/tests/provider/server.py", "--log",
		s->log };
	size_t n = 4;

	snprintf(own, sizeof(own), "%s/%s", folder, s->name);
	for (size_t i = 0; i < ARRAY_LEN(s->words) && s->words[i]; i++)
		argv[n++] = s->words[i];
	if (s->makes_ca) {
		argv[n++] = "--ca-dir";
		argv[n++] = own;
		if (mkdir(own, 0700) < 0)
			_exit(1);
	}
	dup2(in, 0);
	dup2(out, 1);
	execvp("python3", (char *const *)argv);
	_exit(1);
}

void server_start(struct server *s, const char *folder)
{
	int to[2], from[2];

	snprintf(s->log, sizeof(s->log), "%s/%s.log", folder, s->name);
	snprintf(s->ca, sizeof(s->ca), "%s/%s/ca.pem", folder, s->name);
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid)
		server_exec(s, folder, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	s->in = to[1];
	s->out = from[0];
}

void server_ready(struct server *s)
{
	char text[400] = "";
	size_t n = 0;
	const char *port = NULL;

	while (!port || !strchr(port, '\n')) {
		struct pollfd p = { .fd = s->out, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, 20000) != 1)
			fail_msg("the test provider does not start");
		got = read(s->out, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			fail_msg("the test provider has stopped");
		n += (size_t)got;
		text[n] = '\0';
		port = strstr(text, "PORT=");
	}
	s->port = (int)strtol(port + 5, NULL, 10);
}

void server_stop(struct server *s)
{
	close(s->in);
	close(s->out);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

bool server_heard(const struct server *s, const char *text)
{
	struct buf log = { 0 };
	struct err e = { 0 };
	bool found;

	if (!fs_read(s->log, 0, &log, NULL, &e))
		return false;
	found = strstr(log.p, text) != NULL;
	buf_release(&log);
	return found;
}

int server_count(const struct server *s, const char *start)
{
	struct buf log = { 0 };
	struct err e = { 0 };
	int n = 0;

	if (!fs_read(s->log, 0, &log, NULL, &e))
		return 0;
	for (char *line = log.p; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += str_starts(line, start);
	}
	buf_release(&log);
	return n;
}

void probe_fill(struct wire_check *c, const char *provider, const char *method, const char *url)
{
	struct err e = { 0 };

	*c = (struct wire_check){ .id = 7, .timeout_ms = 3000 };
	str_copy(c->provider, sizeof(c->provider), provider);
	str_copy(c->method, sizeof(c->method), method);
	str_copy(c->base_url, sizeof(c->base_url), url);
	assert_ok(secret_from(&c->key, PROBE_KEY, strlen(PROBE_KEY), &e), e);
}

void probe_run(struct wire_check *c, struct check_result *out)
{
	struct err e = { 0 };

	assert_ok(client_check(c, out, &e), e);
	secret_release(&c->key);
}
