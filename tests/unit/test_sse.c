/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "provider/sse.h"

/* Events of a stream, "a|b|" for two, however the network cuts it. */

struct seen {
	char text[512];
	unsigned stop_after;
	unsigned count;
};

static bool event(void *ctx, const char *data, size_t n, struct err *e)
{
	struct seen *s = ctx;
	size_t at = strlen(s->text);

	assert_int_equal(data[n], '\0');
	snprintf(s->text + at, sizeof(s->text) - at, "%s|", data);
	s->count++;
	return s->count != s->stop_after || err_set(e, ERR_FAILED, "enough");
}

static void assert_events(const char *stream, const char *want)
{
	size_t n = strlen(stream);

	for (size_t piece = 1; piece <= n; piece++) {
		struct seen seen = { 0 };
		struct sse_sink sink = { event, &seen };
		struct sse s = { 0 };
		struct err e = { 0 };

		for (size_t at = 0; at < n; at += piece)
			assert_ok(sse_take(&s, &sink, stream + at, n - at < piece ? n - at : piece,
					  &e),
				e);
		assert_ok(sse_end(&s, &sink, &e), e);
		sse_release(&s);
		if (strcmp(seen.text, want) != 0)
			fail_msg("pieces of %zu: %s", piece, seen.text);
	}
}

static void every_line_end_ends_a_line(void **state)
{
	(void)state;
	assert_events("data: a\n\ndata: b\n\n", "a|b|");
	assert_events("data: a\r\n\r\ndata: b\r\n\r\n", "a|b|");
	assert_events("data: a\r\rdata: b\r\r", "a|b|");
}

static void lines_of_an_event_are_joined(void **state)
{
	(void)state;
	assert_events("data: a\ndata: b\ndata\ndata:c\n\n", "a\nb\n\nc|");
}

static void only_data_counts(void **state)
{
	(void)state;
	assert_events(
		": keep alive\n\nevent: x\nid: 4\nretry: 3\n\ndataset: y\n\ndata: z\n\n", "z|");
	assert_events("data:\n\n", "|");
	assert_events("data:  two blanks\n\n", " two blanks|");
}

static void byte_order_mark_is_no_text(void **state)
{
	(void)state;
	assert_events(
		"\xEF\xBB\xBF"
		"data: a\n\n",
		"a|");
}

static void last_event_needs_no_blank_line(void **state)
{
	(void)state;
	assert_events("data: a\n\ndata: b\n", "a|b|");
	assert_events("data: a\n\ndata: b", "a|b|");
	assert_events("", "");
}

static void event_without_an_end_is_refused(void **state)
{
	static char line[SSE_EVENT_MAX / 4];
	struct seen seen = { 0 };
	struct sse_sink sink = { event, &seen };
	struct sse s = { 0 };
	struct err e = { 0 };
	bool ok = true;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (int i = 0; ok && i < 8; i++)
		ok = sse_take(&s, &sink, line, sizeof(line), &e);
	assert_false(ok);
	assert_int_equal(e.code, ERR_DAMAGED);
	sse_release(&s);
	ok = true;
	for (int i = 0; ok && i < 8; i++)
		ok = sse_take(&s, &sink, "data:", 5, &e) &&
		     sse_take(&s, &sink, line, sizeof(line), &e) &&
		     sse_take(&s, &sink, "\n", 1, &e);
	assert_false(ok);
	sse_release(&s);
}

static void sink_ends_the_reading(void **state)
{
	struct seen seen = { .stop_after = 1 };
	struct sse_sink sink = { event, &seen };
	struct sse s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_err(sse_take(&s, &sink, "data: a\n\ndata: b\n\n", 18, &e), e, ERR_FAILED);
	assert_string_equal(seen.text, "a|");
	sse_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_end_ends_a_line),
		cmocka_unit_test(lines_of_an_event_are_joined),
		cmocka_unit_test(only_data_counts),
		cmocka_unit_test(byte_order_mark_is_no_text),
		cmocka_unit_test(last_event_needs_no_blank_line),
		cmocka_unit_test(event_without_an_end_is_refused),
		cmocka_unit_test(sink_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
