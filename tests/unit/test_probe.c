/* SPDX-License-Identifier: MIT */

/*
 * The client and the real probe against tests/provider/server.py: hostile and
 * honest answers, certificates, time bounds. No network beyond loopback.
 */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "net/client.h"
#include "tests/unit/probe_double.h"
#include "tests/unit/temp.h"

/* --- the servers ------------------------------------------------------------------------------ */

enum {
	PLAIN,
	GOOD,
	SERVERS
};

static struct server servers[SERVERS] = {
	[PLAIN] = { .name = "plain" },
	[GOOD] = { .name = "good", .words = { "--tls", "good" }, .makes_ca = true },
};

static char *folder;

static int start_servers(void **state)
{
	(void)state;
	folder = temp_new();
	for (int i = 0; i < SERVERS; i++)
		server_start(&servers[i], folder);
	for (int i = 0; i < SERVERS; i++)
		server_ready(&servers[i]);
	return setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
}

static int stop_servers(void **state)
{
	(void)state;
	for (int i = 0; i < SERVERS; i++)
		server_stop(&servers[i]);
	temp_free(folder);
	return 0;
}

/* --- one check -------------------------------------------------------------------------------- */

static struct check_result result;

static void run(struct wire_check *c)
{
	probe_run(c, &result);
}

static void check_at(const struct server *s, const char *provider, const char *path)
{
	struct wire_check c;
	char url[200];

	snprintf(url, sizeof(url), "%s://%s:%d/%s", s->makes_ca ? "https" : "http",
		s->makes_ca ? "localhost" : "127.0.0.1", s->port, path);
	probe_fill(&c, provider, "api-key", url);
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
	{ "reset", "openai", VERDICT_UNKNOWN, REASON_CLOSED },
	{ "echo", "openai", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "escapes", "openai", VERDICT_REJECTED, REASON_BAD_KEY },
	{ "long-header", "openai", VERDICT_UNKNOWN, REASON_TOO_MUCH },
	{ "gzip-bomb", "openai", VERDICT_UNKNOWN, REASON_FORMAT },
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

/* Nothing in it moves the cursor, colours, hides or turns text around. */
static void assert_harmless(const char *text)
{
	static const char *const bad[] = { "\xC2\x9b", "\xE2\x80\xAE", "\xE2\x81\xA6",
		"\xE2\x81\xA9", "\xE2\x80\xAC" };
	int marks = 0;

	for (const char *p = text; *p; p++) {
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7F);
		marks += p[0] == '\xCC' && p[1] == '\x81';
	}
	assert_true(marks <= 2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(strstr(text, bad[i]));
}

static void judge_behaviour(const struct wire_message *m)
{
	const struct behaviour *b = &behaviours[m->id];

	if (m->result.verdict != b->verdict || m->result.reason != b->reason)
		fail_msg("%s %s: %s/%s: %s", b->provider, b->path, verdict_name(m->result.verdict),
			reason_name(m->result.reason), m->result.text);
	assert_harmless(m->result.text);
	assert_harmless(m->result.account);
	assert_null(strstr(m->result.text, "4vT9Qw7e"));
	assert_null(strstr(m->result.text, "Ds9Aq1Wz"));
}

static void send_one(struct client *c, uint32_t id, const char *provider, const char *path)
{
	struct wire_check k;
	struct err e = { 0 };
	char url[100];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s", servers[PLAIN].port, path);
	probe_fill(&k, provider, "api-key", url);
	k.id = id;
	/* Short only for those that never answer: a busy machine is slow with the others. */
	k.timeout_ms = strcmp(path, "stall") == 0 || strcmp(path, "drip") == 0 ? 1500 : 10000;
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
	assert_true(clock_mono_ms() - start < 10000);
}

static void setup_token_travels_as_bearer(void **state)
{
	struct wire_check c;
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://localhost:%d/accept/s", servers[PLAIN].port);
	probe_fill(&c, "anthropic", "setup-token", url);
	run(&c);
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_int_equal(result.model_count, 3);
	assert_string_equal(result.models[0], "claude-opus-4-5");
	assert_true(server_heard(&servers[PLAIN], "/accept/s/v1/models?limit=100 authorization"));
}

static void local_server_needs_no_key(void **state)
{
	struct wire_check c;
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/accept/l/v1", servers[PLAIN].port);
	probe_fill(&c, "ollama", "none", url);
	run(&c);
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_true(server_heard(&servers[PLAIN], "/accept/l/v1/models -"));
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

static void start_stalled(struct client *c)
{
	struct wire_check k;
	struct err e = { 0 };
	char url[100];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/stall", servers[PLAIN].port);
	probe_fill(&k, "openai", "api-key", url);
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

/* In every state of the network at once: names, connections, handshakes, answers. */
static void start_all_stalled(struct client *c)
{
	static const char *const urls[][2] = { { "http://127.0.0.1:", "/stall" },
		{ "https://127.0.0.1:", "" }, { "https://no-such-host-", ".invalid/v1" },
		{ "https://192.0.2.1:", "/v1" } };
	struct err e = { 0 };

	assert_ok(client_start(c, &e), e);
	for (uint32_t i = 0; i < 32; i++) {
		struct wire_check k;
		char url[100];

		snprintf(url, sizeof(url), "%s%d%s", urls[i % 4][0], servers[PLAIN].port,
			urls[i % 4][1]);
		probe_fill(&k, "openai", "api-key", url);
		k.id = i;
		assert_ok(client_send(c, &k, &e), e);
		secret_release(&k.key);
	}
}

static void cancelling_takes_no_time_and_leaves_no_child(void **state)
{
#ifdef TFB_SANITIZE
	const int limit_ms = 500; /* its shadow memory goes too */
#else
	const int limit_ms = 100;
#endif

	(void)state;
	for (int wait_us = 0; wait_us <= 200000; wait_us += 50000) {
		struct client c;
		int64_t start;
		pid_t pid;

		start_all_stalled(&c);
		pid = c.pid;
		usleep((useconds_t)wait_us);
		start = clock_mono_ms();
		client_stop(&c);
		assert_true(clock_mono_ms() - start < limit_ms);
		assert_int_equal(c.fd, -1);
		assert_int_equal(kill(pid, 0), -1);
		assert_int_equal(errno, ESRCH);
		client_stop(&c);
	}
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

/* 32 checks of 200 ms at once: the whole time as a part of the slowest, in percent. */
static int many_checks(void)
{
	static struct wire_message m;
	struct client c;
	struct err e = { 0 };
	int64_t start;
	int slowest = 1, took;

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
	print_message("32 checks of 200 ms: %d ms, slowest %d ms\n", took, slowest);
	return took * 100 / slowest;
}

static void many_checks_take_as_long_as_the_slowest(void **state)
{
#ifdef TFB_SANITIZE
	const int limit = 200; /* percent; the checks of the compiler cost more than the work */
#else
	const int limit = 125;
#endif
	int best = many_checks();

	(void)state;
	/* On a busy machine a probe may start late: that is the machine, not the probe. */
	for (int i = 0; i < 8 && best > limit; i++) {
		int again = many_checks();

		best = again < best ? again : best;
	}
	assert_true(best <= limit);
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
		cmocka_unit_test(setup_token_travels_as_bearer),
		cmocka_unit_test(local_server_needs_no_key),
		cmocka_unit_test(result_carries_times_and_the_peer),
		cmocka_unit_test(wrong_clock_is_seen),
		cmocka_unit_test(stages_are_told_in_their_order),
		cmocka_unit_test(cancelling_takes_no_time_and_leaves_no_child),
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
