/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "net/wire.h"

#define KEY "sk-4vT9Qw7eXz1Lb8Kc2Rm5"

static struct wire_reader reader;
static struct secret frame;
static struct wire_message message;

static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	message = (struct wire_message){ 0 };
	return wire_reader_init(&reader, &e) && secret_init(&frame, WIRE_MAX, &e) ? 0 : 1;
}

static int tear_down(void **state)
{
	(void)state;
	wire_message_release(&message);
	wire_reader_release(&reader);
	secret_release(&frame);
	return 0;
}

static void feed(const void *p, size_t n)
{
	struct err e = { 0 };

	assert_ok(wire_feed(&reader, p, n, &e), e);
}

static bool take(void)
{
	struct err e = { 0 };
	bool got;

	wire_message_release(&message);
	assert_ok(wire_take(&reader, &message, &got, &e), e);
	return got;
}

static void put_check(const char *key, size_t n)
{
	struct wire_check c = { .id = 0xFFFFFFFE,
		.timeout_ms = 1234,
		.provider = "openai",
		.method = "api-key",
		.base_url = "https://llm.example/v1" };
	struct err e = { 0 };

	assert_ok(secret_from(&c.key, key, n, &e), e);
	assert_ok(wire_put_check(&frame, &c, &e), e);
	secret_release(&c.key);
}

static struct check_result full_result(void)
{
	struct check_result r = { .verdict = VERDICT_UNKNOWN,
		.reason = REASON_INTERNAL,
		.status = 529,
		.at_ms = INT64_C(1795336800000),
		.latency_ms = 291,
		.dns_ms = 12,
		.tls_ms = 48,
		.answer_ms = -1,
		.skew_ms = INT64_MIN,
		.model_count = CHECK_MODELS + 5 };

	memset(r.host, 'h', sizeof(r.host) - 1);
	memset(r.address, 'a', sizeof(r.address) - 1);
	memset(r.proxy, 'p', sizeof(r.proxy) - 1);
	memset(r.trust, 'c', sizeof(r.trust) - 1);
	memset(r.text, 't', sizeof(r.text) - 1);
	memset(r.account, 'o', sizeof(r.account) - 1);
	memset(r.credit, 'u', sizeof(r.credit) - 1);
	memset(r.limits, 'l', sizeof(r.limits) - 1);
	for (size_t i = 0; i < CHECK_MODELS; i++)
		memset(r.models[i], 'm', CHECK_MODEL_CAP - 1);
	return r;
}

static void check_comes_back_whole(void **state)
{
	(void)state;
	put_check(KEY, strlen(KEY));
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.type, WIRE_CHECK);
	assert_int_equal(message.id, 0xFFFFFFFE);
	assert_int_equal(message.check.timeout_ms, 1234);
	assert_string_equal(message.check.provider, "openai");
	assert_string_equal(message.check.method, "api-key");
	assert_string_equal(message.check.base_url, "https://llm.example/v1");
	assert_string_equal(message.check.key.bytes, KEY);
	assert_false(take());
}

static void check_without_a_key_is_a_check(void **state)
{
	(void)state;
	put_check("", 0);
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.check.key.len, 0);
}

static void longest_key_fits(void **state)
{
	static char key[SECRET_MAX];

	(void)state;
	memset(key, 'k', sizeof(key));
	put_check(key, sizeof(key));
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.check.key.len, SECRET_MAX);
}

static void fullest_result_comes_back_whole(void **state)
{
	struct check_result r = full_result();
	struct err e = { 0 };

	(void)state;
	assert_ok(wire_put_result(&frame, 3, &r, &e), e);
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.type, WIRE_RESULT);
	assert_int_equal(message.id, 3);
	assert_int_equal(message.result.verdict, r.verdict);
	assert_int_equal(message.result.reason, r.reason);
	assert_int_equal(message.result.status, 529);
	assert_true(message.result.at_ms == r.at_ms && message.result.skew_ms == INT64_MIN);
	assert_int_equal(message.result.latency_ms, 291);
	assert_int_equal(message.result.dns_ms, 12);
	assert_int_equal(message.result.tls_ms, 48);
	assert_int_equal(message.result.answer_ms, -1);
	assert_string_equal(message.result.host, r.host);
	assert_string_equal(message.result.address, r.address);
	assert_string_equal(message.result.proxy, r.proxy);
	assert_string_equal(message.result.trust, r.trust);
	assert_string_equal(message.result.text, r.text);
	assert_string_equal(message.result.account, r.account);
	assert_string_equal(message.result.credit, r.credit);
	assert_string_equal(message.result.limits, r.limits);
	assert_int_equal(message.result.model_count, CHECK_MODELS + 5);
	assert_memory_equal(message.result.models, r.models, sizeof(r.models));
}

static void put_exchange(void)
{
	struct wire_exchange x = { .id = 5,
		.timeout_ms = 600000,
		.idle_s = 60,
		.body_len = 1234,
		.auth = AUTH_BEARER,
		.posts = true,
		.url = "https://auth.example/oauth/token",
		.content_type = "application/json",
		.headers = { "x-first: 1", "x-second: 2" } };
	struct err e = { 0 };

	assert_ok(secret_from(&x.key, KEY, strlen(KEY), &e), e);
	assert_ok(wire_put_exchange(&frame, &x, &e), e);
	secret_release(&x.key);
}

static void exchange_comes_back_whole(void **state)
{
	const struct wire_exchange *x = &message.exchange;

	(void)state;
	put_exchange();
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.type, WIRE_EXCHANGE);
	assert_int_equal(x->id, 5);
	assert_int_equal(x->timeout_ms, 600000);
	assert_int_equal(x->idle_s, 60);
	assert_int_equal(x->body_len, 1234);
	assert_int_equal(x->auth, AUTH_BEARER);
	assert_true(x->posts);
	assert_false(x->streams);
	assert_string_equal(x->url, "https://auth.example/oauth/token");
	assert_string_equal(x->content_type, "application/json");
	assert_string_equal(x->headers[0], "x-first: 1");
	assert_string_equal(x->headers[1], "x-second: 2");
	assert_string_equal(x->headers[2], "");
	assert_string_equal(x->key.bytes, KEY);
}

static void largest_part_comes_back_whole(void **state)
{
	static char piece[WIRE_PART_MAX];
	struct err e = { 0 };

	(void)state;
	memset(piece, 'p', sizeof(piece));
	assert_ok(wire_put_part(&frame, 5, 200, piece, sizeof(piece), &e), e);
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.type, WIRE_PART);
	assert_int_equal(message.part.id, 5);
	assert_int_equal(message.part.status, 200);
	assert_int_equal(message.part.bytes.len, WIRE_PART_MAX);
	assert_memory_equal(message.part.bytes.bytes, piece, sizeof(piece));
	assert_false(wire_put_part(&frame, 5, 200, piece, sizeof(piece) + 1, &e));
}

static void end_of_an_exchange_comes_back_whole(void **state)
{
	struct wire_exchanged x = {
		.id = 5, .status = 429, .reason = REASON_TIMEOUT, .retry_after_s = 7, .text = "slow"
	};
	struct err e = { 0 };

	(void)state;
	assert_ok(wire_put_exchanged(&frame, &x, &e), e);
	feed(frame.bytes, frame.len);
	assert_true(take());
	assert_int_equal(message.type, WIRE_EXCHANGED);
	assert_int_equal(message.exchanged.status, 429);
	assert_int_equal(message.exchanged.reason, REASON_TIMEOUT);
	assert_int_equal(message.exchanged.retry_after_s, 7);
	assert_string_equal(message.exchanged.text, "slow");
}

static void bytes_may_come_one_at_a_time(void **state)
{
	(void)state;
	put_check(KEY, strlen(KEY));
	for (size_t i = 0; i < frame.len; i++) {
		assert_false(take());
		feed(frame.bytes + i, 1);
	}
	assert_true(take());
}

static void several_messages_may_come_at_once(void **state)
{
	struct err e = { 0 };

	(void)state;
	for (int s = STAGE_DNS; s <= STAGE_ANSWER; s++) {
		assert_ok(wire_put_stage(&frame, 9, (enum check_stage)s, &e), e);
		feed(frame.bytes, frame.len);
	}
	for (int s = STAGE_DNS; s <= STAGE_ANSWER; s++) {
		assert_true(take());
		assert_int_equal(message.stage, s);
	}
	assert_false(take());
}

static void refused(const char *bytes, size_t n)
{
	struct err e = { 0 };
	bool got;

	secret_clear(&reader.in);
	assert_false(wire_feed(&reader, bytes, n, &e) && wire_take(&reader, &message, &got, &e));
	assert_int_equal(e.code, ERR_DAMAGED);
	assert_null(message.check.key.bytes);
}

static void length_beyond_the_limit_is_refused_at_once(void **state)
{
	(void)state;
	refused("\xff\xff\xff\xff", 4);
	refused("\x00\x01\x00\x01", 4);
	refused("\x00\x00\x00\x04", 4);
}

static void unknown_type_is_refused(void **state)
{
	(void)state;
	refused("\0\0\0\x06\x09\0\0\0\x01\0", 10);
	refused("\0\0\0\x06\x03\0\0\0\x01\x03", 10);   /* a stage that does not exist */
	refused("\0\0\0\x07\x03\0\0\0\x01\x01\0", 11); /* a byte too many */
}

static void check_cut_anywhere_is_refused(void **state)
{
	(void)state;
	put_check(KEY, strlen(KEY));
	for (size_t n = 5; n < frame.len - 4; n++) {
		char bytes[300];

		memcpy(bytes, frame.bytes, n + 4);
		bytes[2] = (char)(unsigned char)(n >> 8);
		bytes[3] = (char)(unsigned char)n;
		refused(bytes, n + 4);
	}
}

static void exchange_cut_anywhere_is_refused(void **state)
{
	(void)state;
	put_exchange();
	for (size_t n = 5; n < frame.len - 4; n++) {
		char bytes[300];

		memcpy(bytes, frame.bytes, n + 4);
		bytes[2] = (char)(unsigned char)(n >> 8);
		bytes[3] = (char)(unsigned char)n;
		refused(bytes, n + 4);
		assert_null(message.exchange.key.bytes);
	}
}

static void body_without_a_post_is_refused(void **state)
{
	const size_t flags = 4 + 1 + 4 + 3 * 4 + 1;

	(void)state;
	put_exchange();
	assert_int_equal(frame.bytes[flags], 1);
	frame.bytes[flags] = 0;
	refused(frame.bytes, frame.len);
}

static void text_with_a_nul_is_refused(void **state)
{
	(void)state;
	put_check(KEY, strlen(KEY));
	((char *)memchr(frame.bytes, 'o', frame.len))[1] = '\0';
	refused(frame.bytes, frame.len);
}

static void key_bytes_are_wiped_once_taken(void **state)
{
	(void)state;
	put_check(KEY, strlen(KEY));
	feed(frame.bytes, frame.len);
	assert_true(take());
	for (size_t i = 0; i < frame.len; i++)
		assert_int_equal(reader.in.bytes[i], 0);
}

static void key_that_does_not_fit_is_an_error(void **state)
{
	struct wire_check c = { .id = 1 };
	struct secret small = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(secret_init(&small, 16, &e), e);
	assert_false(wire_put_check(&small, &c, &e));
	assert_int_equal(e.code, ERR_FAILED);
	secret_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(check_comes_back_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(check_without_a_key_is_a_check, set_up, tear_down),
		cmocka_unit_test_setup_teardown(longest_key_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fullest_result_comes_back_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exchange_comes_back_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(largest_part_comes_back_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			end_of_an_exchange_comes_back_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			exchange_cut_anywhere_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(body_without_a_post_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bytes_may_come_one_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			several_messages_may_come_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			length_beyond_the_limit_is_refused_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unknown_type_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(check_cut_anywhere_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(text_with_a_nul_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(key_bytes_are_wiped_once_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			key_that_does_not_fit_is_an_error, set_up, tear_down),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
