/* SPDX-License-Identifier: MIT */

/*
 * Answers of every provider through the real probe, at the provider's own address: the test's
 * server is an https proxy, and behind it every host of the table. Only what is on this machine, or
 * has a key of its own, is asked by a path. With the word "all" every answer, else of each provider
 * the good one and the bad one.
 */
#include "tests/unit/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/client.h"
#include "provider/url.h"
#include "tests/unit/check_answers.h"
#include "tests/unit/probe_double.h"
#include "tests/unit/temp.h"

#define CUSTOM "https://llm.example/v1"
#define AT_ONCE 32
#define TIMEOUT_MS 15000
#define SLOW_MS 2000 /* what is known not to answer */

static bool all;
static char names[4096] = "llm.example";
static struct server server = { .name = "all", .words = { "--names", names }, .makes_ca = true };
static char *folder;

static void add_host(struct str *list, const struct provider *p, const struct method *m)
{
	const char *address = check_address(p, m, NULL);
	struct url u;

	if (!address || !url_parse(&u, address, NULL) || u.loopback || strstr(names, u.host))
		return;
	str_fmt(list, ",%s", u.host);
}

static int start(void **state)
{
	struct str list = { names, strlen(names), sizeof(names), false };
	char proxy[60];

	(void)state;
	answers_load();
	for (size_t i = 0; i < answers_count(); i++)
		add_host(&list, answers_at(i)->provider, answers_at(i)->method);
	assert_false(list.cut);
	folder = temp_new();
	server_start(&server, folder);
	server_ready(&server);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", server.port);
	setenv("https_proxy", proxy, 1);
	return setenv("SSL_CERT_FILE", server.ca, 1);
}

static int stop(void **state)
{
	(void)state;
	server_stop(&server);
	temp_free(folder);
	answers_release();
	return 0;
}

static void hex(struct str *out, const char *text)
{
	for (; *text; text++)
		str_fmt(out, "%02x", (unsigned char)*text);
}

/* Is it reached by its own name? Else by a path on this machine. */
static bool by_name(const struct answer_case *c)
{
	const char *address = check_address(c->provider, c->method, NULL);

	return c->method->auth != AUTH_NO_HEADER && !answer_text(c, "key") &&
	       (!address || str_starts(address, "https://"));
}

static bool is_wanted(const struct answer_case *c)
{
	return all || strcmp(c->situation, "accept") == 0 || strcmp(c->situation, "reject") == 0;
}

static void send_case(struct client *client, uint32_t id)
{
	const struct answer_case *c = answers_at(id);
	struct wire_check k = { .id = id };
	struct str url = STR_OF(k.base_url);
	char key[300];
	struct str s = STR_OF(key);
	struct err e = { 0 };

	k.timeout_ms = c->reason == REASON_TIMEOUT ? SLOW_MS : TIMEOUT_MS;
	str_copy(k.provider, sizeof(k.provider), c->provider->id);
	str_copy(k.method, sizeof(k.method), c->method->id);
	str_add(&s, answer_text(c, "key") ? answer_text(c, "key") : ANSWER_KEY);
	if (by_name(c)) {
		str_add(&s, ".");
		hex(&s, c->file);
		hex(&s, "/");
		hex(&s, c->situation);
		str_add(&s, ".");
		str_add(&url, check_address(c->provider, c->method, NULL) ? "" : CUSTOM);
	} else
		str_fmt(&url, "http://127.0.0.1:%d/answers/%s/%s", server.port, c->file,
			c->situation);
	assert_ok(secret_from(&k.key, key, c->method->auth ? s.len : 0, &e), e);
	assert_ok(client_send(client, &k, &e), e);
	secret_release(&k.key);
}

static void take(struct client *c, struct wire_message *m)
{
	struct err e = { 0 };
	bool got = false;

	while (!got) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };

		assert_ok(client_take(c, m, &got, &e), e);
		if (!got && poll(&p, 1, 20000) != 1)
			fail_msg("no message from the probe");
	}
}

static void answers_through_the_probe_have_their_verdicts(void **state)
{
	static struct wire_message m;
	struct client c;
	struct err e = { 0 };
	size_t next = 0, sent = 0, right = 0;
	int64_t from = clock_mono_ms();

	(void)state;
	assert_ok(client_start(&c, &e), e);
	while (next < answers_count() || c.pending) {
		for (; next < answers_count() && c.pending < AT_ONCE; next++) {
			if (is_wanted(answers_at(next))) {
				send_case(&c, (uint32_t)next);
				sent++;
			}
		}
		if (!c.pending)
			break;
		take(&c, &m);
		if (m.type == WIRE_RESULT)
			right += answer_right(answers_at(m.id), &m.result);
		wire_message_release(&m);
	}
	client_stop(&c);
	print_message("%zu of %zu verdicts are right, %d ms\n", right, sent,
		(int)(clock_mono_ms() - from));
	assert_true(sent >= 2 * 14);
	assert_int_equal(right, sent);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_through_the_probe_have_their_verdicts),
	};
	struct err e = { 0 };

	all = argc > 1 && strcmp(argv[1], "all") == 0;
	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, start, stop);
}
