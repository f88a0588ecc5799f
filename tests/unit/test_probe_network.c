/* SPDX-License-Identifier: MIT */

/*
 * Where a key goes and where it never does: redirects, certificates, proxies, address families.
 * The client and the real probe, on loopback.
 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client.h"
#include "net/proxy.h"
#include "tests/unit/probe_double.h"
#include "tests/unit/temp.h"

enum {
	PLAIN,
	GOOD,
	EXPIRED,
	WRONG_HOST,
	SELF_SIGNED,
	SIX,
	SIX_TLS,
	PROXY,
	SERVERS
};

static struct server servers[SERVERS] = {
	[PLAIN] = { .name = "plain" },
	[GOOD] = { .name = "good", .words = { "--tls", "good" }, .makes_ca = true },
	[EXPIRED] = { .name = "expired", .words = { "--tls", "expired" }, .makes_ca = true },
	[WRONG_HOST] = { .name = "wrong-host",
		.words = { "--tls", "wrong-host" },
		.makes_ca = true },
	[SELF_SIGNED] = { .name = "self-signed",
		.words = { "--tls", "self-signed" },
		.makes_ca = true },
	[SIX] = { .name = "six", .words = { "--host", "::1" } },
	[SIX_TLS] = { .name = "six-tls",
		.words = { "--host", "::1", "--tls", "good" },
		.makes_ca = true },
	[PROXY] = { .name = "proxy",
		.words = { "--names", "api.openai.com,llm.example" },
		.makes_ca = true },
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

static void key_is_never_sent_after_a_redirect(void **state)
{
	(void)state;
	check_at(&servers[PLAIN], "anthropic", "redirect");
	result_is(VERDICT_UNKNOWN, REASON_REDIRECT);
	assert_non_null(strstr(result.text, "moved to 127.0.0.1"));
	assert_false(server_heard(&servers[PLAIN], "stolen"));
}

static void key_travels_in_the_header_of_its_provider(void **state)
{
	(void)state;
	check_at(&servers[PLAIN], "google", "accept/g");
	check_at(&servers[PLAIN], "openai", "accept/o");
	check_at(&servers[PLAIN], "anthropic", "accept/a");
	assert_true(server_heard(&servers[PLAIN], "/accept/g/models?pageSize=100 x-goog-api-key"));
	assert_true(server_heard(&servers[PLAIN], "/accept/o/models authorization"));
	assert_true(server_heard(&servers[PLAIN], "/accept/a/v1/models?limit=100 x-api-key"));
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
		assert_false(server_heard(&servers[i], "GET"));
	}
}

static void unknown_authority_is_not_trusted(void **state)
{
	(void)state;
	unsetenv("SSL_CERT_FILE");
	check_at(&servers[GOOD], "openai", "accept/untrusted");
	setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
	result_is(VERDICT_UNKNOWN, REASON_TLS);
	assert_false(server_heard(&servers[GOOD], "untrusted"));
}

static void nobody_listening_is_a_connection_problem(void **state)
{
	struct wire_check c;

	(void)state;
	probe_fill(&c, "openai", "api-key", "http://127.0.0.1:1/v1");
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_CONNECT);
}

static void unknown_name_is_a_dns_problem(void **state)
{
	struct wire_check c;

	(void)state;
	probe_fill(&c, "openai", "api-key", "https://no-such-host.invalid/v1");
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
	probe_fill(&c, "openai", "api-key", "https://api.example.com/v1");
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
	probe_fill(&c, "openai", "api-key", "http://api.example.com/v1");
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
	probe_fill(&c, "openai", "api-key", url);
	secret_release(&c.key);
	assert_ok(secret_from(&c.key, "sk-a\r\nX-Evil: 1", 15, &e), e);
	run(&c);
	result_is(VERDICT_UNKNOWN, REASON_INTERNAL);
	assert_false(server_heard(&servers[PLAIN], "injected"));
}

/* --- address families ------------------------------------------------------------------------- */

static void ipv6_literal_is_this_machine_too(void **state)
{
	struct wire_check c;
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "http://[::1]:%d/accept/six", servers[SIX].port);
	probe_fill(&c, "openai", "api-key", url);
	run(&c);
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_string_equal(result.address, "::1");
	assert_true(str_starts(result.host, "[::1]:"));
	assert_true(server_heard(&servers[SIX], "/accept/six/models authorization"));
}

static void a_name_with_two_families_is_reached_by_the_one_that_answers(void **state)
{
	static const int by[] = { SIX_TLS, GOOD };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(by); i++) {
		setenv("SSL_CERT_FILE", servers[by[i]].ca, 1);
		check_at(&servers[by[i]], "openai", "accept");
		setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
		result_is(VERDICT_ACCEPTED, REASON_NONE);
		assert_string_equal(result.address, by[i] == SIX_TLS ? "::1" : "127.0.0.1");
	}
}

/* --- proxies ---------------------------------------------------------------------------------- */

static void use_proxy(const char *variable)
{
	char proxy[80];

	snprintf(proxy, sizeof(proxy), "http://me:hunter22@127.0.0.1:%d/", servers[PROXY].port);
	setenv(variable, proxy, 1);
	setenv("SSL_CERT_FILE", servers[PROXY].ca, 1);
}

static void drop_proxy(const char *variable)
{
	unsetenv(variable);
	setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
}

static void proxy_is_honoured_and_shown_without_its_password(void **state)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
		"ALL_PROXY" };
	char shown[40];

	(void)state;
	snprintf(shown, sizeof(shown), "127.0.0.1:%d", servers[PROXY].port);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct wire_check c;

		use_proxy(names[i]);
		/* The provider's own address: only the proxy makes it reachable here. */
		probe_fill(&c, "openai", "api-key", "");
		run(&c);
		drop_proxy(names[i]);
		result_is(VERDICT_ACCEPTED, REASON_NONE);
		assert_string_equal(result.host, "api.openai.com");
		assert_string_equal(result.proxy, shown);
		assert_string_equal(result.address, "");
	}
	assert_true(server_heard(&servers[PROXY], "CONNECT api.openai.com:443 -"));
	assert_true(server_heard(&servers[PROXY], "GET /v1/models authorization"));
}

static void proxy_that_is_not_there_is_a_proxy_problem(void **state)
{
	struct wire_check c;

	(void)state;
	setenv("https_proxy", "127.0.0.1:1", 1);
	probe_fill(&c, "openai", "api-key", "https://llm.example/v1");
	run(&c);
	unsetenv("https_proxy");
	result_is(VERDICT_UNKNOWN, REASON_PROXY);
	assert_string_equal(result.proxy, "127.0.0.1:1");
}

static void proxy_that_cannot_be_read_shows_no_password(void **state)
{
	static const char *const bad[] = { "http://me:hunter22@[zz", "http://me:hunter22@a:99999",
		"me:hunter22@", "gopher://me:hunter22@127.0.0.1:1", "http://me:hunter22@a b" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct wire_check c;

		setenv("https_proxy", bad[i], 1);
		probe_fill(&c, "openai", "api-key", "https://llm.example/v1");
		c.timeout_ms = 1000;
		run(&c);
		unsetenv("https_proxy");
		assert_int_equal(result.verdict, VERDICT_UNKNOWN);
		assert_null(strstr(result.text, "hunter22"));
		assert_null(strstr(result.proxy, "hunter22"));
	}
}

static void host_in_no_proxy_is_asked_directly(void **state)
{
	struct wire_check c;
	int before;

	(void)state;
	use_proxy("https_proxy");
	before = server_count(&servers[PROXY], "CONNECT");
	setenv("NO_PROXY", "localhost,llm.example", 1);
	probe_fill(&c, "openai", "api-key", "https://llm.example/v1");
	c.timeout_ms = 1000;
	run(&c);
	unsetenv("NO_PROXY");
	drop_proxy("https_proxy");
	result_is(VERDICT_UNKNOWN, REASON_DNS);
	assert_string_equal(result.proxy, "");
	assert_int_equal(server_count(&servers[PROXY], "CONNECT"), before);
}

static void http_proxy_is_never_asked(void **state)
{
	(void)state;
	use_proxy("http_proxy");
	setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
	check_at(&servers[PLAIN], "openai", "accept/direct");
	drop_proxy("http_proxy");
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_true(server_heard(&servers[PLAIN], "/accept/direct/models"));
	assert_false(server_heard(&servers[PROXY], "/accept/direct"));
}

static void exceptions_are_names_addresses_and_networks(void **state)
{
	static const struct {
		const char *list, *host;
		bool holds;
	} cases[] = {
		{ "", "a.example", false },
		{ "*", "a.example", true },
		{ "example.com", "example.com", true },
		{ "example.com", "api.example.com", true },
		{ ".example.com", "api.example.com", true },
		{ ".example.com", "example.com", true },
		{ "Example.COM", "api.example.com", true },
		{ "example.com", "badexample.com", false },
		{ "api.example.com", "example.com", false },
		{ "a.example, b.example", "b.example", true },
		{ "a.example b.example", "b.example", true },
		{ " , ,", "b.example", false },
		{ ".", "b.example", false },
		{ "10.0.0.0/8", "10.200.1.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "192.168.4.0/22", "192.168.7.255", true },
		{ "192.168.4.0/22", "192.168.8.0", false },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "10.0.0.0/33", "10.0.0.1", false },
		{ "10.0.0.0/", "10.0.0.0", false },
		{ "10.0.0.0/8", "a.example", false },
		{ "192.168.1.5", "192.168.1.5", true },
		{ "192.168.1.5", "192.168.1.55", false },
		{ "1.5", "192.168.1.5", false },
		{ "fd00::/8", "[fd12::1]", true },
		{ "[2001:db8::5]", "[2001:db8:0::5]", true },
		{ "2001:db8::5", "[2001:db8::6]", false },
		{ "10.0.0.0/8", "[::1]", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (proxy_excepts(cases[i].list, cases[i].host) != cases[i].holds)
			fail_msg("\"%s\" for %s", cases[i].list, cases[i].host);
	}
}

/* --- authorities ------------------------------------------------------------------------------ */

static void file_of_authorities_is_shown(void **state)
{
	(void)state;
	check_at(&servers[GOOD], "openai", "accept");
	result_is(VERDICT_ACCEPTED, REASON_NONE);
	assert_string_equal(result.trust, servers[GOOD].ca);
}

static void missing_file_of_authorities_is_no_permission(void **state)
{
	(void)state;
	setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1);
	check_at(&servers[GOOD], "openai", "accept/no-ca");
	setenv("SSL_CERT_FILE", servers[GOOD].ca, 1);
	result_is(VERDICT_UNKNOWN, REASON_TLS);
	assert_non_null(strstr(result.text, "/nonexistent/ca.pem"));
	assert_false(server_heard(&servers[GOOD], "no-ca"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_is_never_sent_after_a_redirect),
		cmocka_unit_test(key_travels_in_the_header_of_its_provider),
		cmocka_unit_test(untrusted_certificate_gets_no_key),
		cmocka_unit_test(unknown_authority_is_not_trusted),
		cmocka_unit_test(nobody_listening_is_a_connection_problem),
		cmocka_unit_test(unknown_name_is_a_dns_problem),
		cmocka_unit_test(refusing_proxy_is_a_proxy_problem),
		cmocka_unit_test(refused_address_is_a_result_not_a_request),
		cmocka_unit_test(key_with_a_line_end_is_not_sent),
		cmocka_unit_test(ipv6_literal_is_this_machine_too),
		cmocka_unit_test(a_name_with_two_families_is_reached_by_the_one_that_answers),
		cmocka_unit_test(proxy_is_honoured_and_shown_without_its_password),
		cmocka_unit_test(proxy_that_is_not_there_is_a_proxy_problem),
		cmocka_unit_test(proxy_that_cannot_be_read_shows_no_password),
		cmocka_unit_test(host_in_no_proxy_is_asked_directly),
		cmocka_unit_test(http_proxy_is_never_asked),
		cmocka_unit_test(exceptions_are_names_addresses_and_networks),
		cmocka_unit_test(file_of_authorities_is_shown),
		cmocka_unit_test(missing_file_of_authorities_is_no_permission),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
