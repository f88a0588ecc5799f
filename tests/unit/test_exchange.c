/* SPDX-License-Identifier: MIT */

/* One request through the real probe, against tests/provider/server.py. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/client.h"
#include "net/exchange.h"
#include "tests/unit/probe_double.h"
#include "tests/unit/temp.h"

enum {
	PLAIN,
	GOOD,
	OTHER,
	SERVERS
};

static struct server servers[SERVERS] = {
	[PLAIN] = { .name = "plain" },
	[GOOD] = { .name = "good", .words = { "--tls", "good" }, .makes_ca = true },
	[OTHER] = { .name = "other", .words = { "--tls", "self-signed" }, .makes_ca = true },
};

static char *folder;
static struct exchange_answer answer;
static struct secret key, body;
static char url[300];

static int start_servers(void **state)
{
	struct err e = { 0 };

	(void)state;
	folder = temp_new();
	for (int i = 0; i < SERVERS; i++)
		server_start(&servers[i], folder);
	for (int i = 0; i < SERVERS; i++)
		server_ready(&servers[i]);
	return setenv("SSL_CERT_FILE", servers[GOOD].ca, 1) ||
	       !secret_from(&key, PROBE_KEY, strlen(PROBE_KEY), &e);
}

static int stop_servers(void **state)
{
	(void)state;
	for (int i = 0; i < SERVERS; i++)
		server_stop(&servers[i]);
	secret_release(&key);
	temp_free(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_answer_release(&answer);
	secret_release(&body);
	return 0;
}

static struct exchange to(const struct server *s, const char *path)
{
	snprintf(url, sizeof(url), "%s://%s:%d/%s", s->makes_ca ? "https" : "http",
		s->makes_ca ? "localhost" : "127.0.0.1", s->port, path);
	return (struct exchange){ .url = url, .timeout_ms = 10000 };
}

static struct exchange post_to(const struct server *s, const char *path, const char *text)
{
	struct exchange x = to(s, path);
	struct err e = { 0 };

	assert_ok(secret_from(&body, text, strlen(text), &e), e);
	x.body = &body;
	x.content_type = "application/x-www-form-urlencoded";
	return x;
}

static void run(const struct exchange *x)
{
	struct err e = { 0 };

	assert_ok(exchange_run(x, NULL, -1, &answer, &e), e);
}

static void ends_with(enum reason r)
{
	if (answer.reason != r)
		fail_msg("%s, wanted %s: %s", reason_name(answer.reason), reason_name(r),
			answer.text);
}

/* --- what is sent and what comes back --------------------------------------------------------- */

static void post_carries_body_headers_and_key(void **state)
{
	struct exchange x = post_to(&servers[GOOD], "mirror?a=b", "grant=code&x=1");

	(void)state;
	x.headers[0] = "x-own: yes";
	x.auth = AUTH_BEARER;
	x.key = &key;
	run(&x);
	ends_with(REASON_NONE);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body.bytes,
		"POST /mirror?a=b\napplication/x-www-form-urlencoded\napplication/json\nyes\n"
		"authorization\ngrant=code&x=1");
}

static void without_a_body_it_is_a_get(void **state)
{
	struct exchange x = to(&servers[PLAIN], "mirror");

	(void)state;
	run(&x);
	assert_string_equal(answer.body.bytes, "GET /mirror\n-\napplication/json\n-\n-\n");
}

static void post_of_nothing_is_a_post(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "mirror", "");

	(void)state;
	x.content_type = NULL;
	run(&x);
	assert_string_equal(answer.body.bytes, "POST /mirror\n-\napplication/json\n-\n-\n");
}

static unsigned crc32_of(const struct secret *s)
{
	unsigned crc = ~0U;

	for (size_t i = 0; i < s->len; i++) {
		crc ^= (unsigned char)s->bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
	}
	return ~crc;
}

static void body_of_a_mebibyte_arrives_whole(void **state)
{
	struct exchange x = to(&servers[PLAIN], "count");
	struct err e = { 0 };
	char wanted[40];

	(void)state;
	assert_ok(secret_init(&body, EXCHANGE_SEND_MAX, &e), e);
	for (size_t i = 0; i < EXCHANGE_SEND_MAX; i++)
		body.bytes[i] = (char)(i * 31 >> 3);
	body.len = EXCHANGE_SEND_MAX;
	x.body = &body;
	run(&x);
	snprintf(wanted, sizeof(wanted), "%zu %u", EXCHANGE_SEND_MAX, crc32_of(&body));
	assert_string_equal(answer.body.bytes, wanted);
}

static void larger_body_is_refused(void **state)
{
	struct exchange x = to(&servers[PLAIN], "count");
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_init(&body, EXCHANGE_SEND_MAX + 1, &e), e);
	body.len = EXCHANGE_SEND_MAX + 1;
	x.body = &body;
	assert_false(exchange_run(&x, NULL, -1, &answer, &e));
	assert_int_equal(e.code, ERR_USAGE);
}

static void error_answer_is_an_answer(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "events/429", "");

	(void)state;
	run(&x);
	ends_with(REASON_NONE);
	assert_int_equal(answer.status, 429);
	assert_int_equal(answer.retry_after_s, 7);
	assert_string_equal(answer.body.bytes, "data: one\n\ndata: two\n\ndata: three\n\n");
}

/* --- a stream --------------------------------------------------------------------------------- */

struct heard {
	char text[200];
	int64_t first, last; /* when */
	size_t bytes, stop_at;
};

static bool hear(void *context, const char *p, size_t n)
{
	struct heard *h = context;
	size_t had = strlen(h->text);
	struct str rest = str_on(h->text + had, sizeof(h->text) - had);

	str_addn(&rest, p, n);
	h->last = clock_mono_ms();
	if (!h->bytes)
		h->first = h->last;
	h->bytes += n;
	return !h->stop_at || h->bytes < h->stop_at;
}

static void run_heard(const struct exchange *x, struct heard *h, int cancel_fd)
{
	const struct exchange_reader reader = { hear, h };
	struct err e = { 0 };

	assert_ok(exchange_run(x, &reader, cancel_fd, &answer, &e), e);
}

static void stream_is_heard_piece_by_piece(void **state)
{
	struct exchange x = post_to(&servers[GOOD], "events/200", "");
	struct heard h = { 0 };

	(void)state;
	run_heard(&x, &h, -1);
	ends_with(REASON_NONE);
	assert_int_equal(answer.status, 200);
	assert_string_equal(h.text, "data: one\n\ndata: two\n\ndata: three\n\n");
	assert_int_equal(answer.body.len, 0);
	assert_true(h.last - h.first >= 150); /* not all at its end */
}

static void error_is_no_stream(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "reject", "");
	struct heard h = { 0 };

	(void)state;
	run_heard(&x, &h, -1);
	ends_with(REASON_NONE);
	assert_int_equal(answer.status, 401);
	assert_int_equal(h.bytes, 0);
	assert_non_null(strstr(answer.body.bytes, "invalid x-api-key"));
}

static void listener_may_stop_a_stream(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "flood", "");
	struct heard h = { .stop_at = 100000 };

	(void)state;
	run_heard(&x, &h, -1);
	ends_with(REASON_CANCELLED);
}

static void stream_without_end_is_cut(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "flood", "");
	struct heard h = { 0 };

	(void)state;
	x.timeout_ms = 60000;
	run_heard(&x, &h, -1);
	ends_with(REASON_TOO_MUCH);
	assert_true(h.bytes <= EXCHANGE_STREAM_MAX);
}

/* --- cancelling ------------------------------------------------------------------------------- */

/* A pipe that becomes readable after a while. */
static int cancel_in(int ms)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	if (!fork()) {
		usleep((useconds_t)ms * 1000);
		_exit(write(fd[1], "x", 1) != 1);
	}
	close(fd[1]);
	return fd[0];
}

static void cancelled_at(const char *path)
{
#ifdef TFB_SANITIZE
	const int limit_ms = 500; /* its shadow memory goes too */
#else
	const int limit_ms = 100;
#endif
	struct exchange x = post_to(&servers[PLAIN], path, "");
	struct heard h = { 0 };
	int64_t start = clock_mono_ms();
	int fd = cancel_in(200);

	run_heard(&x, &h, fd);
	ends_with(REASON_CANCELLED);
	assert_true(clock_mono_ms() - start < 200 + limit_ms);
	close(fd);
}

static void silent_server_is_left_at_once(void **state)
{
	(void)state;
	cancelled_at("stall");
}

static void slow_stream_is_left_at_once(void **state)
{
	(void)state;
	cancelled_at("drip");
}

/* --- what the network does -------------------------------------------------------------------- */

static void redirect_is_told_and_not_followed(void **state)
{
	struct exchange x = post_to(&servers[PLAIN], "redirect", "secret=1");

	(void)state;
	x.auth = AUTH_BEARER;
	x.key = &key;
	run(&x);
	ends_with(REASON_REDIRECT);
	assert_int_equal(answer.status, 302);
	assert_true(str_starts(answer.text, "moved to 127.0.0.1:"));
	assert_false(server_heard(&servers[PLAIN], "stolen"));
}

static void answer_that_never_ends_is_cut(void **state)
{
	struct exchange x = to(&servers[PLAIN], "huge-body");

	(void)state;
	run(&x);
	ends_with(REASON_TOO_MUCH);
	assert_true(answer.body.len <= EXCHANGE_TAKE_MAX);
}

static void closed_connection_is_told(void **state)
{
	struct exchange x = to(&servers[PLAIN], "close");

	(void)state;
	run(&x);
	ends_with(REASON_CLOSED);
	assert_int_equal(answer.status, 0);
}

static void time_has_an_end(void **state)
{
	struct exchange x = to(&servers[PLAIN], "drip");

	(void)state;
	x.timeout_ms = 300;
	run(&x);
	ends_with(REASON_TIMEOUT);
}

static void silence_has_an_end_of_its_own(void **state)
{
	struct exchange x = to(&servers[PLAIN], "stall");
	int64_t start = clock_mono_ms();

	(void)state;
	x.timeout_ms = 600000;
	x.idle_s = 1;
	run(&x);
	ends_with(REASON_TIMEOUT);
	assert_true(clock_mono_ms() - start < 10000);
}

static void unknown_authority_gets_nothing(void **state)
{
	struct exchange x = post_to(&servers[OTHER], "mirror", "secret=1");

	(void)state;
	run(&x);
	ends_with(REASON_TLS);
	assert_false(server_heard(&servers[OTHER], "mirror"));
}

static void nobody_there_is_told(void **state)
{
	struct exchange x = { .url = "http://127.0.0.1:1/", .timeout_ms = 3000 };

	(void)state;
	run(&x);
	ends_with(REASON_CONNECT);
}

/* --- what is never sent ----------------------------------------------------------------------- */

static void refused_address(const char *address)
{
	struct exchange x = { .url = address };

	run(&x);
	ends_with(REASON_INTERNAL);
	assert_non_null(strstr(answer.text, "refused"));
	exchange_answer_release(&answer);
}

static void addresses_of_no_single_meaning_are_refused(void **state)
{
	(void)state;
	refused_address("http://example.com/token");
	refused_address("ftp://127.0.0.1/token");
	refused_address("https://user:word@example.com/token");
	refused_address("https://example.com\\@127.0.0.1/");
	refused_address("http://localhost.example.com/");
	refused_address("https://example.com?x=1#y");
	refused_address("https://example.com/?x=1?y=2");
}

static void header_of_two_lines_is_refused(void **state)
{
	struct exchange x = to(&servers[PLAIN], "mirror");

	(void)state;
	x.headers[0] = "x-own: a\r\nx-other: b";
	run(&x);
	ends_with(REASON_INTERNAL);
	assert_non_null(strstr(answer.text, "no request can carry"));
}

static void key_of_two_lines_is_refused(void **state)
{
	struct exchange x = to(&servers[PLAIN], "mirror");
	struct secret two = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_from(&two, "a\r\nb", 4, &e), e);
	x.auth = AUTH_BEARER;
	x.key = &two;
	run(&x);
	ends_with(REASON_INTERNAL);
	secret_release(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(post_carries_body_headers_and_key, tear_down),
		cmocka_unit_test_teardown(without_a_body_it_is_a_get, tear_down),
		cmocka_unit_test_teardown(post_of_nothing_is_a_post, tear_down),
		cmocka_unit_test_teardown(body_of_a_mebibyte_arrives_whole, tear_down),
		cmocka_unit_test_teardown(larger_body_is_refused, tear_down),
		cmocka_unit_test_teardown(error_answer_is_an_answer, tear_down),
		cmocka_unit_test_teardown(stream_is_heard_piece_by_piece, tear_down),
		cmocka_unit_test_teardown(error_is_no_stream, tear_down),
		cmocka_unit_test_teardown(listener_may_stop_a_stream, tear_down),
		cmocka_unit_test_teardown(stream_without_end_is_cut, tear_down),
		cmocka_unit_test_teardown(silent_server_is_left_at_once, tear_down),
		cmocka_unit_test_teardown(slow_stream_is_left_at_once, tear_down),
		cmocka_unit_test_teardown(redirect_is_told_and_not_followed, tear_down),
		cmocka_unit_test_teardown(answer_that_never_ends_is_cut, tear_down),
		cmocka_unit_test_teardown(closed_connection_is_told, tear_down),
		cmocka_unit_test_teardown(time_has_an_end, tear_down),
		cmocka_unit_test_teardown(silence_has_an_end_of_its_own, tear_down),
		cmocka_unit_test_teardown(unknown_authority_gets_nothing, tear_down),
		cmocka_unit_test_teardown(nobody_there_is_told, tear_down),
		cmocka_unit_test_teardown(addresses_of_no_single_meaning_are_refused, tear_down),
		cmocka_unit_test_teardown(header_of_two_lines_is_refused, tear_down),
		cmocka_unit_test_teardown(key_of_two_lines_is_refused, tear_down),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
