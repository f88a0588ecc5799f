/* SPDX-License-Identifier: MIT */

/*
 * The client and the real probe against tests/provider/server.py: hostile and
 * honest answers, certificates, time bounds. No network beyond loopback.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "net/client.h"

#define KEY "sk-test-4vT9Qw7eXz1Lb8Kc2Rm5Jh3Gf6Ds9Aq1Wz2X"

/* --- the servers ------------------------------------------------------------------------------ */

struct server {
	const char *tls; /* NULL: http */
	pid_t pid;
	int out, in;
	int port;
	char log[160], ca[160];
};

enum {
	PLAIN,
	GOOD,
	EXPIRED,
	WRONG_HOST,
	SELF_SIGNED,
	SERVERS
};

static struct server servers[SERVERS] = {
	[GOOD] = { .tls = "good" },
	[EXPIRED] = { .tls = "expired" },
	[WRONG_HOST] = { .tls = "wrong-host" },
	[SELF_SIGNED] = { .tls = "self-signed" },
};

static char scratch[] = "/tmp/tfb-probe-XXXXXX";

static void server_exec(const struct server *s, int in, int out)
{
	char folder[200];
	const char *argv[12] = { "python3", TFB_SOURCE_DIR "/tests/provider/server.py", "--log",
		s->log };

	snprintf(folder, sizeof(folder), "%s/%s", scratch, s->tls ? s->tls : "plain");
	if (s->tls) {
		argv[4] = "--tls";
		argv[5] = s->tls;
		argv[6] = "--ca-dir";
		argv[7] = folder;
		if (mkdir(folder, 0700) < 0)
			_exit(1);
	}
	dup2(in, 0);
	dup2(out, 1);
	execvp("python3", (char *const *)argv);
	_exit(1);
}

static void server_start(struct server *s)
{
	int to[2], from[2];

	snprintf(s->log, sizeof(s->log), "%s/%s.log", scratch, s->tls ? s->tls : "plain");
	snprintf(s->ca, sizeof(s->ca), "%s/%s/ca.pem", scratch, s->tls ? s->tls : "plain");
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid)
		server_exec(s, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	s->in = to[1];
	s->out = from[0];
}

static void server_ready(struct server *s)
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

static int start_servers(void **state)
{
	(void)state;
	if (!mkdtemp(scratch))
		return 1;
	for (int i = 0; i < SERVERS; i++)
		server_start(&servers[i]);
	for (int i = 0; i < SERVERS; i++)
		server_ready(&servers[i]);
	return setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
}

static int stop_servers(void **state)
{
	char command[200];

	(void)state;
	for (int i = 0; i < SERVERS; i++) {
		close(servers[i].in);
		close(servers[i].out);
		kill(servers[i].pid, SIGKILL);
		waitpid(servers[i].pid, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	return system(command); /* NOLINT(cert-env33-c): our own path */
}

static bool log_contains(const struct server *s, const char *text)
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

/* --- one check -------------------------------------------------------------------------------- */

static struct check_result result;

static void fill(struct wire_check *c, const char *provider, const char *method, const char *url)
{
	struct err e = { 0 };

	*c = (struct wire_check){ .id = 7, .timeout_ms = 3000 };
	str_copy(c->provider, sizeof(c->provider), provider);
	str_copy(c->method, sizeof(c->method), method);
	str_copy(c->base_url, sizeof(c->base_url), url);
	assert_ok(secret_from(&c->key, KEY, strlen(KEY), &e), e);
}

static void run(struct wire_check *c)
{
	struct err e = { 0 };

	assert_ok(client_check(c, &result, &e), e);
	secret_release(&c->key);
}

static void check_at(const struct server *s, const char *provider, const char *path)
{
	struct wire_check c;
	char url[200];

	snprintf(url, sizeof(url), "%s://%s:%d/%s", s->tls ? "https" : "http",
		s->tls ? "localhost" : "127.0.0.1", s->port, path);
	fill(&c, provider, "api-key", url);
	run(&c);
}

static void result_is(enum verdict v, enum reason r)
{
	if (result.verdict != v || result.reason != r)
		fail_msg("%s/%s, wanted %s/%s: %s", verdict_name(result.verdict),
			reason_name(result.reason), verdict_name(v), reason_name(r), result.text);
}

/* --- tests ------------------------------------------------------------------------------------ */

struct behaviour {
	const char *path, *provider;
	enum verdict verdict;
	enum reason reason;
};

static const struct behaviour behaviours[] = {
	{ "accept", "anthropic", VERDICT_ACCEPTED, REASON_NONE },
	{ "accept", "openai", VERDICT_ACCEPTED, REASON_NONE },
	{ "accept", "google", VERDICT_ACCEPTED, REASON_NONE },
	{ "accept", "openrouter", VERDICT_ACCEPTED, REASON_NONE },
	{ "accept", "zai", VERDICT_ACCEPTED, REASON_NONE },
	{ "reject", "anthropic", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "restricted", "anthropic", VERDICT_UNKNOWN, REASON_RESTRICTED },
	{ "openai-restricted", "openai", VERDICT_ACCEPTED, REASON_RESTRICTED },
	{ "limited", "openai", VERDICT_LIMITED, REASON_RATE_LIMIT },
	{ "no-credit", "deepseek", VERDICT_NO_CREDIT, REASON_BILLING },
	{ "insufficient-quota", "openai", VERDICT_NO_CREDIT, REASON_BILLING },
	{ "google-bad", "google", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "xai-bad", "xai", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "zai-bad", "zai", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "zai-no-credit", "zai", VERDICT_NO_CREDIT, REASON_BILLING },
	{ "claude-code", "anthropic", VERDICT_REJECTED, REASON_CLAUDE_CODE },
	{ "server", "anthropic", VERDICT_UNKNOWN, REASON_SERVER },
	{ "overloaded", "anthropic", VERDICT_UNKNOWN, REASON_SERVER },
	{ "garbage", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
	{ "empty", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
	{ "html", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
	{ "object", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
	{ "deep", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
	{ "close", "openai", VERDICT_UNKNOWN, REASON_CLOSED },
	{ "redirect", "anthropic", VERDICT_UNKNOWN, REASON_REDIRECT },
	{ "echo", "openai", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "huge-body", "openai", VERDICT_UNKNOWN, REASON_TOO_MUCH },
	{ "huge-header", "openai", VERDICT_UNKNOWN, REASON_TOO_MUCH },
	{ "stall", "openai", VERDICT_UNKNOWN, REASON_TIMEOUT },
	{ "drip", "openai", VERDICT_UNKNOWN, REASON_TIMEOUT },
};

static void take_next(struct client *c, struct wire_message *m)
{
	struct err e = { 0 };
	bool got = false;

	while (!got) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };

		assert_ok(client_take(c, m, &got, &e), e);
		if (!got && poll(&p, 1, 10000) != 1)
			fail_msg("no message from the probe");
	}
}

static void judge_behaviour(const struct wire_message *m)
{
	const struct behaviour *b = &behaviours[m->id];

	if (m->result.verdict != b->verdict || m->result.reason != b->reason)
		fail_msg("%s %s: %s/%s: %s", b->provider, b->path, verdict_name(m->result.verdict),
			reason_name(m->result.reason), m->result.text);
	assert_null(strstr(m->result.text, "4vT9Qw7e"));
	assert_null(strstr(m->result.text, "Ds9Aq1Wz"));
}

static void send_one(struct client *c, uint32_t id, const char *provider, const char *path)
{
	struct wire_check k;
	struct err e = { 0 };
	char url[100];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s", servers[PLAIN].port, path);
	fill(&k, provider, "api-key", url);
	k.id = id;
	k.timeout_ms = 1500;
	assert_ok(client_send(c, &k, &e), e);
	secret_release(&k.key);
}

static void every_behaviour_gives_its_verdict_all_at_once(void **state)
{
	static struct wire_message m;
	struct client c;
	struct err e = { 0 };
	int64_t start = clock_mono_ms();

	(void)state;
	assert_ok(client_start(&c, &e), e);
	for (uint32_t i = 0; i < ARRAY_LEN(behaviours); i++)
		send_one(&c, i, behaviours[i].provider, behaviours[i].path);
	while (c.pending) {
		take_next(&c, &m);
		if (m.type == WIRE_RESULT)
			judge_behaviour(&m);
		wire_message_release(&m);
	}
	client_stop(&c);
	assert_true(clock_mono_ms() - start < 4000);
}

static void key_is_never_sent_after_a_redirect(void **state)
{
	(void)state;
	check_at(&servers[PLAIN], "anthropic", "redirect");
	result_is(VERDICT_UNKNOWN, REASON_REDIRECT);
	assert_non_null(strstr(result.text, "moved to 127.0.0.1"));
	assert_false(log_contains(&servers[PLAIN], "stolen"));
}

static void key_travels_in_the_header_of_its_provider(void **state)
{
	(void)state;
	check_at(&servers[PLAIN], "google", "accept/g");
	check_at(&servers[PLAIN], "openai", "accept/o");
	check_at(&servers[PLAIN], "anthropic", "accept/a");
	assert_true(log_contains(&servers[PLAIN], "/accept/g/models?pageSize=100 x-goog-api-key"));
	assert_true(log_contains(&servers[PLAIN], "/accept/o/models authorization"));
	assert_true(log_contains(&servers[PLAIN], "/accept/a/v1/models?limit=100 x-api-key"));
}

static void setup_token_travels_as_bearer(void **state)
{
	struct wire_check c;
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://localhost:%d/accept/s", servers[PLAIN].port);
	fill(&c, "anthropic", "setup-token", url);
	run(&c);
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_int_equal(result.model_count, 3);
	assert_string_equal(result.models[0], "claude-opus-4-5");
	assert_true(log_contains(&servers[PLAIN], "/accept/s/v1/models?limit=100 authorization"));
}

static void local_server_needs_no_key(void **state)
{
	struct wire_check c;
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/accept/l/v1", servers[PLAIN].port);
	fill(&c, "ollama", "none", url);
	run(&c);
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_true(log_contains(&servers[PLAIN], "/accept/l/v1/models -"));
}

static void result_carries_times_and_the_peer(void **state)
{
	(void)state;
	check_at(&servers[GOOD], "openai", "accept");
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_true(result.dns_ms >= 0 && result.tls_ms >= 0 && result.answer_ms >= 0);
	assert_true(result.latency_ms >= result.answer_ms);
	assert_true(result.at_ms > 0);
	assert_true(llabs(result.skew_ms) < 5000);
	assert_true(str_starts(result.host, "localhost:"));
	assert_true(strcmp(result.address, "127.0.0.1") == 0 || strcmp(result.address, "::1") == 0);
}

static void wrong_clock_is_seen(void **state)
{
	(void)state;
	check_at(&servers[PLAIN], "openai", "old-date");
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_true(llabs(result.skew_ms - 2 * MS_HOUR) < 10 * MS_SECOND);
}

static void untrusted_certificate_gets_no_key(void **state)
{
	(void)state;
	for (int i = EXPIRED; i <= SELF_SIGNED; i++) {
		setenv("SSL_CERT_FILE", servers[i].ca, 1);
		check_at(&servers[i], "openai", "accept");
		setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
		result_is(VERDICT_UNKNOWN, REASON_TLS);
		assert_true(result.text[0]);
		assert_false(log_contains(&servers[i], "GET"));
	}
}

static void unknown_authority_is_not_trusted(void **state)
{
	(void)state;
	unsetenv("SSL_CERT_FILE");
	check_at(&servers[GOOD], "openai", "accept/untrusted");
	setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
	result_is(VERDICT_UNKNOWN, REASON_TLS);
	assert_false(log_contains(&servers[GOOD], "untrusted"));
}

static void nobody_listening_is_a_connection_problem(void **state)
{
	struct wire_check c;

	(void)state;
	fill(&c, "openai", "api-key", "http://127.0.0.1:1/v1");
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_CONNECT);
}

static void unknown_name_is_a_dns_problem(void **state)
{
	struct wire_check c;

	(void)state;
	fill(&c, "openai", "api-key", "https://no-such-host.invalid/v1");
	c.timeout_ms = 1000;
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_DNS);
}

static void refusing_proxy_is_a_proxy_problem(void **state)
{
	struct wire_check c;
	char proxy[60];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://me:hunter22@127.0.0.1:%d", servers[PLAIN].port);
	setenv("https_proxy", proxy, 1);
	fill(&c, "openai", "api-key", "https://api.example.com/v1");
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_PROXY);
	assert_null(strstr(result.text, "hunter22"));
	/* What is meant for this machine does not pass through it. */
	check_at(&servers[GOOD], "openai", "accept");
	unsetenv("https_proxy");
	result_is(VERDICT_ACCEPTED, REASON_NONE);
}

static void refused_address_is_a_result_not_a_request(void **state)
{
	struct wire_check c;

	(void)state;
	fill(&c, "openai", "api-key", "http://api.example.com/v1");
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_INTERNAL);
	assert_non_null(strstr(result.text, "http is for this machine only"));
}

static void key_with_a_line_end_is_not_sent(void **state)
{
	struct wire_check c;
	struct err e = { 0 };
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/accept/injected", servers[PLAIN].port);
	fill(&c, "openai", "api-key", url);
	secret_release(&c.key);
	assert_ok(secret_from(&c.key, "sk-a\r\nX-Evil: 1", 15, &e), e);
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_INTERNAL);
	assert_false(log_contains(&servers[PLAIN], "injected"));
}

static void start_stalled(struct client *c)
{
	struct wire_check k;
	struct err e = { 0 };
	char url[100];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/stall", servers[PLAIN].port);
	fill(&k, "openai", "api-key", url);
	assert_ok(client_start(c, &e), e);
	assert_ok(client_send(c, &k, &e), e);
	secret_release(&k.key);
}

static void stages_are_told_in_their_order(void **state)
{
	static struct wire_message m;
	struct client c;
	int last = -1;

	(void)state;
	start_stalled(&c);
	while (last != STAGE_ANSWER) {
		take_next(&c, &m);
		assert_int_equal(m.type, WIRE_STAGE);
		assert_int_equal(m.id, 7);
		assert_true((int)m.stage > last);
		last = (int)m.stage;
	}
	client_stop(&c);
}

static void cancelling_takes_no_time(void **state)
{
	struct client c;
	int64_t start;

	(void)state;
	start_stalled(&c);
	usleep(50000);
	start = clock_mono_ms();
	client_stop(&c);
	assert_true(clock_mono_ms() - start < 100);
	assert_int_equal(c.fd, -1);
	client_stop(&c);
}

static void dead_probe_with_work_pending_is_an_error(void **state)
{
	static struct wire_message m;
	struct client c;
	struct err e = { 0 };
	bool ok = true, got;

	(void)state;
	start_stalled(&c);
	kill(c.pid, SIGKILL);
	for (int i = 0; ok && i < 200; i++) {
		ok = client_take(&c, &m, &got, &e);
		usleep(10000);
	}
	assert_false(ok);
	assert_int_equal(e.code, ERR_FAILED);
	assert_int_equal(c.fd, -1);
}

static void probe_leaves_when_its_client_is_gone(void **state)
{
	struct client c;
	int status;

	(void)state;
	start_stalled(&c);
	usleep(50000);
	close(c.fd);
	for (int i = 0; i < 200 && waitpid(c.pid, &status, WNOHANG) == 0; i++)
		usleep(10000);
	assert_true(WIFEXITED(status));
	c.pid = 0;
	client_stop(&c);
}

static void probe_inherits_nothing(void **state)
{
	char path[64], link[256];
	struct client c;
	struct buf env = { 0 };
	struct err e = { 0 };
	int leaked = open("/dev/zero", O_RDONLY); /* without O_CLOEXEC, on purpose */

	(void)state;
	setenv("TFB_TEST_LEAK", "1", 1);
	start_stalled(&c);
	usleep(150000);
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)c.pid);
	/* Unreadable is better still: that is the build without sanitizers. */
	if (fs_read(path, 0, &env, NULL, &e))
		assert_null(memmem(env.p, env.len, "TFB_TEST_LEAK", 13));
	for (int fd = 0; fd < 64; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c.pid, fd);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		assert_null(strstr(link, "/dev/zero"));
	}
	buf_release(&env);
	client_stop(&c);
	close(leaked);
	unsetenv("TFB_TEST_LEAK");
}

static void many_checks_take_as_long_as_the_slowest(void **state)
{
	static struct wire_message m;
	struct client c;
	struct err e = { 0 };
	int64_t start;
	int slowest = 0, took;

	(void)state;
	assert_ok(client_start(&c, &e), e);
	start = clock_mono_ms();
	for (uint32_t i = 0; i < 32; i++)
		send_one(&c, i, "openai", "sleep200");
	while (c.pending) {
		take_next(&c, &m);
		if (m.type != WIRE_RESULT)
			continue;
		assert_int_equal(m.result.verdict, VERDICT_ACCEPTED);
		slowest = m.result.latency_ms > slowest ? m.result.latency_ms : slowest;
	}
	took = (int)(clock_mono_ms() - start);
	client_stop(&c);
	print_message("32 checks of 200 ms: %d ms, slowest %d ms, ratio %.2f\n", took, slowest,
		(double)took / slowest);
	/* One after the other would be 6400 ms; the ratio itself is a benchmark's business. */
	assert_true(took < 2500);
}

static void one_check_from_start_to_end_is_quick(void **state)
{
	int64_t start = clock_mono_ms();

	(void)state;
	check_at(&servers[PLAIN], "openai", "accept");
	print_message("probe start and one check: %d ms\n", (int)(clock_mono_ms() - start));
	result_is(VERDICT_ACCEPTED, REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_behaviour_gives_its_verdict_all_at_once),
		cmocka_unit_test(key_is_never_sent_after_a_redirect),
		cmocka_unit_test(key_travels_in_the_header_of_its_provider),
		cmocka_unit_test(setup_token_travels_as_bearer),
		cmocka_unit_test(local_server_needs_no_key),
		cmocka_unit_test(result_carries_times_and_the_peer),
		cmocka_unit_test(wrong_clock_is_seen),
		cmocka_unit_test(untrusted_certificate_gets_no_key),
		cmocka_unit_test(unknown_authority_is_not_trusted),
		cmocka_unit_test(nobody_listening_is_a_connection_problem),
		cmocka_unit_test(unknown_name_is_a_dns_problem),
		cmocka_unit_test(refusing_proxy_is_a_proxy_problem),
		cmocka_unit_test(refused_address_is_a_result_not_a_request),
		cmocka_unit_test(key_with_a_line_end_is_not_sent),
		cmocka_unit_test(stages_are_told_in_their_order),
		cmocka_unit_test(cancelling_takes_no_time),
		cmocka_unit_test(dead_probe_with_work_pending_is_an_error),
		cmocka_unit_test(probe_leaves_when_its_client_is_gone),
		cmocka_unit_test(probe_inherits_nothing),
		cmocka_unit_test(many_checks_take_as_long_as_the_slowest),
		cmocka_unit_test(one_check_from_start_to_end_is_quick),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
