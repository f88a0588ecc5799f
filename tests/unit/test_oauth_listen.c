/* SPDX-License-Identifier: MIT */

/* The listener that a browser comes back to, with real sockets. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/oauth_listen.h"

#define STATE "0123456789abcdef0123456789abcdef"
#define PATH "/auth/callback"

static const struct pkce pkce = { .state = STATE };
static struct oauth_listener listener;
static struct oauth_grant grant;
static unsigned port;

/* A port that is free now: bound, asked for, and given back. */
static unsigned free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	/* Another program may take the port in between. */
	for (int i = 0; i < 10; i++) {
		port = free_port();
		if (oauth_listen(&listener, port, PATH, &e))
			return 0;
	}
	return 1;
}

static int tear_down(void **state)
{
	(void)state;
	oauth_listen_close(&listener);
	oauth_grant_release(&grant);
	return 0;
}

static int connect_to(uint32_t ip)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(ip) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Turns until something was brought, or for so long. */
static bool turns(int ms)
{
	int64_t until = clock_mono_ms() + ms;
	struct pollfd p = { .fd = listener.fd, .events = POLLIN };

	while (clock_mono_ms() < until) {
		poll(&p, 1, 10);
		if (oauth_listen_turn(&listener, &pkce, &grant))
			return true;
	}
	return false;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void hears(int fd, const char *status, const char *words)
{
	char text[2000];
	size_t n = 0;
	ssize_t got;

	while ((got = recv(fd, text + n, sizeof(text) - 1 - n, 0)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	if (!str_starts(text, status) || !strstr(text, words))
		fail_msg("%s", text);
	assert_null(strstr(text, "ac_1"));
	close(fd);
}

/* A request, whether it brought a code, and what was answered. */
static void asks(const char *line, bool brings, const char *status, const char *words)
{
	int fd = connect_to(INADDR_LOOPBACK);

	assert_true(fd >= 0);
	say(fd, line);
	shutdown(fd, SHUT_WR);
	assert_int_equal(turns(brings ? 5000 : 100), brings);
	hears(fd, status, words);
}

static void browser_brings_the_code(void **state)
{
	(void)state;
	asks("GET " PATH "?code=ac_1&state=" STATE " HTTP/1.1\r\nHost: localhost\r\n\r\n", true,
		"HTTP/1.1 200 ", "Go back to the terminal");
	assert_string_equal(grant.code.bytes, "ac_1");
}

static void browser_brings_a_refusal(void **state)
{
	(void)state;
	asks("GET " PATH "?error=access_denied&state=" STATE " HTTP/1.1\r\n\r\n", true,
		"HTTP/1.1 200 ", "refused");
	assert_string_equal(grant.error, "access_denied");
}

static void what_is_wrong_is_answered_and_waited_on(void **state)
{
	(void)state;
	asks("GET /favicon.ico HTTP/1.1\r\n\r\n", false, "HTTP/1.1 404 ", "Not found");
	asks("GET " PATH " HTTP/1.1\r\n\r\n", false, "HTTP/1.1 400 ", "No code");
	asks("GET " PATH "?code=ac_1&state=other HTTP/1.1\r\n\r\n", false, "HTTP/1.1 400 ",
		"State mismatch");
	asks("GET " PATH "?code=ac_1 HTTP/1.1\r\n\r\n", false, "HTTP/1.1 400 ", "State mismatch");
	asks("GET " PATH "?error=access_denied HTTP/1.1\r\n\r\n", false, "HTTP/1.1 400 ",
		"State mismatch");
	asks("POST " PATH "?code=ac_1&state=" STATE " HTTP/1.1\r\n\r\n", false, "HTTP/1.1 400 ",
		"Bad request");
	asks("\x16\x03\x01\x02\n", false, "HTTP/1.1 400 ", "Bad request");
	assert_null(grant.code.bytes);
	asks("GET " PATH "?code=ac_1&state=" STATE " HTTP/1.1\r\n\r\n", true, "HTTP/1.1 200 ",
		"Approved");
}

static void line_may_come_in_pieces(void **state)
{
	int fd = connect_to(INADDR_LOOPBACK);

	(void)state;
	say(fd, "GET " PATH "?code=ac");
	assert_false(turns(50));
	say(fd, "_1&state=" STATE " HTT");
	assert_false(turns(50));
	say(fd, "P/1.1\r\n");
	shutdown(fd, SHUT_WR);
	assert_true(turns(5000));
	assert_string_equal(grant.code.bytes, "ac_1");
	hears(fd, "HTTP/1.1 200 ", "Approved");
}

static void endless_line_is_cut(void **state)
{
	static char line[OAUTH_PASTE_MAX + 1];
	int fd = connect_to(INADDR_LOOPBACK);

	(void)state;
	memset(line, 'a', sizeof(line) - 1);
	say(fd, line);
	shutdown(fd, SHUT_WR);
	assert_false(turns(100));
	hears(fd, "HTTP/1.1 400 ", "Bad request");
}

static void silent_clients_keep_nobody_out(void **state)
{
	int silent[LISTEN_CLIENTS * 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
		silent[i] = connect_to(INADDR_LOOPBACK);
		assert_true(silent[i] >= 0);
		turns(10);
	}
	asks("GET " PATH "?code=ac_1&state=" STATE " HTTP/1.1\r\n\r\n", true, "HTTP/1.1 200 ",
		"Approved");
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		close(silent[i]);
}

static void port_that_is_taken_is_told(void **state)
{
	struct oauth_listener second;
	struct err e = { 0 };

	(void)state;
	assert_false(oauth_listen(&second, port, PATH, &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(second.fd, -1);
	assert_non_null(strstr(e.msg, "taken by another program"));
}

static void only_this_machine_is_let_in(void **state)
{
	struct sockaddr_in a = { 0 };
	socklen_t n = sizeof(a);

	(void)state;
	assert_int_equal(getsockname(listener.sock, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(ntohl(a.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(connect_to(INADDR_LOOPBACK + 1), -1); /* 127.0.0.2 */
}

static void closed_listener_is_gone(void **state)
{
	(void)state;
	oauth_listen_close(&listener);
	oauth_listen_close(&listener);
	assert_int_equal(connect_to(INADDR_LOOPBACK), -1);
	assert_false(oauth_listen_turn(&listener, &pkce, &grant));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(browser_brings_the_code),
		T(browser_brings_a_refusal),
		T(what_is_wrong_is_answered_and_waited_on),
		T(line_may_come_in_pieces),
		T(endless_line_is_cut),
		T(silent_clients_keep_nobody_out),
		T(port_that_is_taken_is_told),
		T(only_this_machine_is_let_in),
		T(closed_listener_is_gone),
	};
#undef T
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
